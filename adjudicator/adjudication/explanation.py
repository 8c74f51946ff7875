"""A decision in words: from the reference's trace to sentences and steps.

Nothing is decided here. Sentences are messages of the catalogue; a face puts them in its reader's language.
Why something was turned down is told in :mod:`rejections`, why a line is paid what it is in
:mod:`valuations`; :mod:`steps` has the steps, which can be replayed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adjudicator.adjudication.reference import ClaimDecision, LineDecision, Step
from adjudicator.adjudication.rejections import why_claim, why_line
from adjudicator.adjudication.steps import ExplainedStep, steps_of
from adjudicator.adjudication.telling import PlaceOf, Sentence, Teller, asked_of, day, sentence
from adjudicator.adjudication.valuations import why_amount
from adjudicator.units import QUANTITY_ONE
from adjudicator.vocabulary import ClaimStatus, Cut, Kind, Reason, VisitType
from adjudicator.words import Message, Quantity, message


@dataclass(frozen=True)
class LineExplanation:
    """What was decided about a line, and why."""

    decided: LineDecision
    name: str | None
    title: Message
    sentences: tuple[Sentence, ...]
    steps: tuple[ExplainedStep, ...]
    """None where the line is rejected."""


@dataclass(frozen=True)
class Part:
    """One part of what a claim asked: where it went. Minor units; what is taken off is negative."""

    word: str
    label: Message
    amount: int


@dataclass(frozen=True)
class Explanation:
    """What was decided about a claim, and why."""

    decided: ClaimDecision
    decimals: int
    currency: str
    title: Message
    sentences: tuple[Sentence, ...]
    account: tuple[Part, ...]
    """From what was claimed (the first part) to what is paid (the last), which all others add up to."""
    lines: tuple[LineExplanation, ...]
    before_review: Explanation | None = None
    """For a reviewed claim, the explanation of the decision that stood before the review."""


def explain(
    decision: ClaimDecision,
    place_of: PlaceOf,
    decimals: int,
    currency: str,
    names: Mapping[tuple[Kind, str], str] | None = None,
) -> Explanation:
    """Explain a decision.

    Args:
        decision: the reference's, with its trace.
        place_of: tells where a product version says something.
        decimals: of the scheme's currency.
        currency: its ISO 4217 code.
        names: of provisions, by kind and code, for titles; without a name the code stands alone.
    """
    return _explain(decision, Teller(place_of, decimals, currency, names or {}))


def _explain(decision: ClaimDecision, teller: Teller) -> Explanation:
    claim, first = decision.claim, decision.as_claimed
    before = {line.line.number: line for line in first.lines} if first else {}
    return Explanation(
        decision,
        teller.decimals,
        teller.currency,
        message("explanation.title", claim=claim.claim, facility=claim.facility, insuree=claim.insuree),
        tuple(_about_claim(decision, teller)),
        tuple(_account(decision)),
        tuple(_explain_line(decision, line, before.get(line.line.number), teller) for line in decision.lines),
        _explain(first, teller) if first else None,
    )


# The claim.


def _about_claim(decision: ClaimDecision, teller: Teller) -> Iterator[Sentence]:
    claim = decision.claim
    yield _dates(decision)
    if claim.visit_type is not VisitType.OTHER:
        yield sentence(f"visit.{claim.visit_type.word}")
    yield _category(decision)
    yield from _outcome(decision, teller)
    for struck in decision.struck:
        yield from why_claim(struck, claim, teller)
    if decision.status is ClaimStatus.REJECTED and not decision.struck:
        yield sentence("outcome.no_line_accepted")
        if len({line.reason for line in decision.lines}) > 1:
            yield sentence("outcome.several_reasons", code=int(decision.reason))
    yield from _growth(decision, teller)
    if decision.as_claimed is not None:
        yield sentence(
            "review.claim",
            before=teller.money(decision.as_claimed.valuated),
            after=teller.plain(decision.valuated),
        )
    elif claim.reviewed and not claim.accepted_before and decision.status is ClaimStatus.REJECTED:
        yield sentence("review.not_heard")


def _dates(decision: ClaimDecision) -> Sentence:
    claim = decision.claim
    claimed = day(claim.date_claimed)
    if claim.target_date is None:
        return sentence("when.no_date", claimed=claimed)
    if claim.date_from is None or claim.date_to is None or claim.date_from == claim.date_to:
        return sentence("when.one_day", date=day(claim.target_date), claimed=claimed)
    key = "when.stay" if claim.in_patient else "when.reversed"
    return sentence(key, start=day(claim.date_from), end=day(claim.date_to), claimed=claimed)


def _category(decision: ClaimDecision) -> Sentence:
    line = decision.category_line
    if line is not None:
        return sentence("category.line", category=decision.category, code=line.code, line=line.number)
    key = "category.stay" if decision.claim.in_patient else "category.visit"
    return sentence(key, category=decision.category)


def _growth(decision: ClaimDecision, teller: Teller) -> Iterator[Sentence]:
    """Say of each policy whose ceiling grew with the family, or was held at its maximum (section 5.1)."""
    told = set()
    for line in decision.lines:
        for step in line.steps:
            if step.cut is Cut.CEILING_EXCESS and line.policy not in told:
                told.add(line.policy)
                yield from _growth_of(decision, line, step, teller)


def _growth_of(decision: ClaimDecision, line: LineDecision, step: Step, teller: Teller) -> Iterator[Sentence]:
    version = step.version
    assert version is not None
    assert version.ceiling is not None
    side = version.ceiling.side(line.facts["care"])
    assert side is not None
    amount, members = step.facts["ceiling_amount"], step.facts["members"]
    threshold = version.enrolment.members.threshold
    grows = side.extra_member and threshold is not None and members > threshold
    term = teller.term(version, step.path)
    values = {
        "policy": line.policy,
        "base": teller.money(side.amount),
        "extra": teller.plain(side.extra_member or 0),
        "threshold": threshold,
        "maximum": teller.plain(side.maximum or 0),
        "members": members,
        "date": day(decision.claim.target_date),
        "amount": teller.plain(amount),
    }
    if grows:
        yield sentence("growth.held" if amount == side.maximum else "growth.grown", term, **values)
    elif amount != side.amount:
        yield sentence("growth.maximum", term, **values)


def _outcome(decision: ClaimDecision, teller: Teller) -> Iterator[Sentence]:
    values: dict[str, Any] = {
        "paid": teller.money(decision.valuated),
        "claimed": teller.plain(decision.claimed),
    }
    if decision.status is ClaimStatus.REJECTED:
        told = {"code": int(decision.reason), "claimed": teller.money(decision.claimed)}
        # Code 1 stands for more than its name says: for no lines at all, and for lines with several codes.
        if decision.reason is Reason.NOT_IN_REGISTER and {line.reason for line in decision.lines} != {
            Reason.NOT_IN_REGISTER
        }:
            yield sentence("outcome.rejected_plainly", **told)
        else:
            yield sentence("outcome.rejected", **told, reason=decision.reason)
    elif decision.status is ClaimStatus.PROCESSED:
        yield sentence("outcome.accepted", **values)
        yield sentence("outcome.waits")
    elif decision.valuated == decision.claimed:
        yield sentence("outcome.in_full", paid=values["paid"])
    elif decision.valuated == 0:
        yield sentence("outcome.nothing", claimed=teller.money(decision.claimed))
    else:
        above = decision.valuated > decision.claimed
        yield sentence("outcome.above" if above else "outcome.paid", **values)


def _account(decision: ClaimDecision) -> Iterator[Part]:
    def part(word: str, amount: int) -> Part:
        return Part(word, message(f"explanation.account.{word}"), amount)

    accepted = [line for line in decision.lines if line.reason is Reason.ACCEPTED]
    asked = sum(asked_of(line) for line in accepted)
    yield part("claimed", decision.claimed)
    yield part("rejected", asked - decision.claimed)
    yield part("price_and_quantity", sum(line.gross for line in accepted) - asked)
    for cut in Cut:
        amount = sum(line.cuts[cut] for line in accepted)
        yield Part(cut.word, message("explanation.account.cut", cut=cut), -amount)
    waits = decision.status is ClaimStatus.PROCESSED
    label = message("explanation.account.accepted" if waits else "explanation.account.valuated")
    yield Part("valuated", label, decision.valuated)


# A line.


def _explain_line(
    claim: ClaimDecision, line: LineDecision, before: LineDecision | None, teller: Teller
) -> LineExplanation:
    asked = line.line
    name = teller.names.get((asked.kind, asked.code))
    values: dict[str, Any] = {"line": asked.number, "kind": asked.kind, "code": asked.code}
    title = message("explanation.line.title", **values)
    if name is not None:
        title = message("explanation.line.title_named", **values, name=name)
    told = [_what_was_asked(line, teller)]
    if line.reason is Reason.ACCEPTED:
        told += why_amount(claim, line, teller)
    elif claim.struck:
        told.append(sentence("line.rejected_with_claim", code=int(line.reason)))
    else:
        told.append(sentence("line.rejected", code=int(line.reason), reason=line.reason))
        for struck in line.struck:
            told += why_line(struck, claim.claim, asked, teller)
    if before is not None:
        told += _before_review(line, before, teller)
    return LineExplanation(line, name, title, tuple(told), tuple(steps_of(line, teller)))


def _what_was_asked(line: LineDecision, teller: Teller) -> Sentence:
    asked = line.line
    price = teller.money(asked.price_asked)
    if asked.quantity == QUANTITY_ONE:
        return sentence("line.asked_one", price=price)
    amount = teller.plain(asked_of(line))
    return sentence("line.asked", quantity=Quantity(asked.quantity), price=price, amount=amount)


def _before_review(line: LineDecision, before: LineDecision, teller: Teller) -> Iterator[Sentence]:
    if before.reason is not Reason.ACCEPTED:
        if before.reason is not line.reason:
            yield sentence("review.line_was_rejected", code=int(before.reason), reason=before.reason)
    elif before.valuated != line.valuated or line.reason is not Reason.ACCEPTED:
        yield sentence("review.line_was", before=teller.money(before.valuated))
