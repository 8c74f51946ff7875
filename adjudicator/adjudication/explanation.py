"""A decision in words: from the reference's trace to sentences, and to steps that can be replayed.

Nothing is decided here. Sentences are messages of the catalogue; a face puts them in its reader's language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from adjudicator.adjudication.reference import ClaimDecision, LineDecision, Option, Step
from adjudicator.adjudication.rejections import quantity_uses, this, why_claim, why_line
from adjudicator.adjudication.telling import PlaceOf, Sentence, Teller, Term, day, period, sentence
from adjudicator.product.definition import Product
from adjudicator.product.terms import Path
from adjudicator.units import OPEN_END, OPEN_START, PERCENT_ALL, QUANTITY_ONE, times_percentage, times_quantity
from adjudicator.vocabulary import (
    AgeGroup,
    Care,
    ClaimStatus,
    Cut,
    Kind,
    Level,
    Limitation,
    PriceOrigin,
    Reason,
    VisitType,
)
from adjudicator.words import Amount, Message, Percentage, Quantity, message


@dataclass(frozen=True)
class ExplainedStep:
    """A step from what was asked to what is paid: a row of the table, and all that its replay needs.

    Amounts are minor units, quantities hundredths, percentages hundredths of a percent. The first step has
    no ``cut``: it makes the gross amount of ``quantity`` and ``unit``. A fixed limit multiplies the same two;
    co-insurance takes ``percentage``; the others take from, or up to, the balance ``left_before``.
    """

    cut: Cut | None
    label: Message
    before: int | None
    taken: int
    after: int
    left_before: int | None = None
    left_after: int | None = None
    quantity: int | None = None
    unit: int | None = None
    percentage: int | None = None
    term: Term | None = None

    def replay(self, amount: int) -> int:
        """Do the step again, from its own values, on the amount that the step before gives."""
        match self.cut:
            case None:
                return times_quantity(_given(self.unit), _given(self.quantity))
            case Cut.LIMIT_EXCESS:
                return min(amount, times_quantity(_given(self.unit), _given(self.quantity)))
            case Cut.DEDUCTIBLE:
                return amount - min(amount, _given(self.left_before))
            case Cut.CO_INSURANCE:
                return times_percentage(amount, _given(self.percentage))
            case _:
                return min(amount, _given(self.left_before))


def _given(value: int | None) -> int:
    assert value is not None
    return value


def replay(steps: Iterable[ExplainedStep]) -> int:
    """Do all steps again, one after the other: gives the valuated amount of the line (minor units)."""
    amount = 0
    for step in steps:
        amount = step.replay(amount)
    return amount


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
        message(
            "explanation.title", claim=claim.claim, facility=claim.facility, insuree=claim.insuree
        ),
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
    if decision.as_claimed is not None:
        yield sentence(
            "review.claim",
            before=teller.money(decision.as_claimed.valuated),
            after=teller.plain(decision.valuated),
        )
    elif claim.reviewed and decision.status is ClaimStatus.REJECTED:
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


def _outcome(decision: ClaimDecision, teller: Teller) -> Iterator[Sentence]:
    values: dict[str, Any] = {
        "paid": teller.money(decision.valuated),
        "claimed": teller.plain(decision.claimed),
    }
    if decision.status is ClaimStatus.REJECTED:
        claimed = teller.money(decision.claimed)
        yield sentence("outcome.rejected", code=int(decision.reason), reason=decision.reason, claimed=claimed)
    elif decision.status is ClaimStatus.PROCESSED:
        yield sentence("outcome.nominal", **values)
        yield sentence("outcome.waits")
    elif decision.valuated == decision.claimed:
        yield sentence("outcome.in_full", paid=values["paid"])
    else:
        yield sentence("outcome.paid", **values)


def _account(decision: ClaimDecision) -> Iterator[Part]:
    def part(word: str, amount: int) -> Part:
        return Part(word, message(f"explanation.account.{word}"), amount)

    accepted = [line for line in decision.lines if line.reason is Reason.ACCEPTED]
    asked = sum(_asked(line) for line in accepted)
    yield part("claimed", decision.claimed)
    yield part("rejected", asked - decision.claimed)
    yield part("price_and_quantity", sum(line.gross for line in accepted) - asked)
    for cut in Cut:
        amount = sum(line.cuts[cut] for line in accepted)
        yield Part(cut.word, message("explanation.account.cut", cut=cut), -amount)
    nominal = decision.status is ClaimStatus.PROCESSED
    label = message("explanation.account.nominal" if nominal else "explanation.account.valuated")
    yield Part("valuated", label, decision.valuated)


def _asked(line: LineDecision) -> int:
    return times_quantity(line.line.price_asked, line.line.quantity)


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
        told += _accepted(claim, line, teller)
    elif claim.struck:
        told.append(sentence("line.rejected_with_claim", code=int(line.reason)))
    else:
        told.append(sentence("line.rejected", code=int(line.reason), reason=line.reason))
        for struck in line.struck:
            told += why_line(struck, claim.claim, asked, teller)
    if before is not None:
        told += _before_review(line, before, teller)
    return LineExplanation(line, name, title, tuple(told), tuple(_steps(line, teller)))


def _what_was_asked(line: LineDecision, teller: Teller) -> Sentence:
    asked = line.line
    price = teller.money(asked.price_asked)
    if asked.quantity == QUANTITY_ONE:
        return sentence("line.asked_one", price=price)
    amount = teller.plain(_asked(line))
    return sentence("line.asked", quantity=Quantity(asked.quantity), price=price, amount=amount)


def _before_review(line: LineDecision, before: LineDecision, teller: Teller) -> Iterator[Sentence]:
    if before.reason is not Reason.ACCEPTED:
        if before.reason is not line.reason:
            yield sentence("review.line_was_rejected", code=int(before.reason), reason=before.reason)
    elif before.valuated != line.valuated or line.reason is not Reason.ACCEPTED:
        yield sentence("review.line_was", before=teller.money(before.valuated))


def _accepted(claim: ClaimDecision, line: LineDecision, teller: Teller) -> Iterator[Sentence]:
    yield from _which_policy(claim, line, teller)
    yield _price(line, teller)
    yield from _quantity(line, teller)
    gross = teller.plain(line.gross)
    if line.gross == 0:
        yield sentence("line.no_gross")
    else:
        if line.quantity != QUANTITY_ONE:
            price = teller.money(_given(line.unit_price))
            yield sentence("line.gross", quantity=Quantity(line.quantity), price=price, gross=gross)
        yield from _cuts(line, claim, teller)
    yield _result(line, teller)


# Which policy pays, and which do not.


def _version(version: Product) -> Message:
    if version.valid.start == OPEN_START and version.valid.end == OPEN_END:
        return message("explanation.product", product=version.product)
    valid = period(version.valid.start, version.valid.end)
    return message("explanation.product_version", product=version.product, period=valid)


def _which_policy(claim: ClaimDecision, line: LineDecision, teller: Teller) -> Iterator[Sentence]:
    assert line.version is not None
    options: Sequence[Option] = line.facts["options"]
    paying = next(option for option in options if option.cover is line.facts["cover"])
    others = [option for option in options if option is not paying]
    values = {"policy": line.policy, "version": _version(line.version)}
    if not others:
        yield sentence("policy.only", **values)
    else:
        amounts = _exact([option.patient_pays for option in options], teller)
        pays = dict(zip((id(option) for option in options), amounts, strict=True))
        price = teller.money(line.facts["compared_price"])
        yield sentence("policy.least", **values, price=price, patient=pays[id(paying)])
        for other in others:
            told = {"policy": other.cover.policy.policy, "version": _version(other.version)}
            if other.patient_pays > paying.patient_pays:
                yield sentence("policy.more", **told, patient=pays[id(other)])
            else:
                yield sentence(f"policy.tie.{_tie(paying, other)}", **told, paying=line.policy)
    for struck in line.struck:
        yield from why_line(struck, claim.claim, line.line, teller)


def _tie(paying: Option, other: Option) -> str:
    """Say what decides between two policies that leave the patient the same (section 4.3)."""
    if paying.limit.limitation is not other.limit.limitation:
        return "fixed"
    if paying.cover.policy.effective != other.cover.policy.effective:
        return "effective"
    return "number"


def _exact(amounts: Sequence[Fraction], teller: Teller) -> list[Amount]:
    """Give amounts with as many decimals as it takes to show all of them unrounded."""
    further = 0
    while any((amount * 10**further).denominator != 1 for amount in amounts):
        further += 1
    return [Amount(int(amount * 10**further), teller.decimals + further) for amount in amounts]


# Price and quantity.


def _price(line: LineDecision, teller: Teller) -> Sentence:
    facts, asked, price = line.facts, line.line.price_asked, _given(line.unit_price)
    if facts["price_approved"] is None and line.price_origin is PriceOrigin.CLAIMED:
        return sentence("price.claimed", price=teller.money(price))
    how = "lower" if price < asked else "higher" if price > asked else "same"
    values = {
        "price": teller.money(price),
        "compared": message(f"explanation.price.{how}", asked=teller.plain(asked)),
    }
    if facts["price_approved"] is not None:
        return sentence("price.approved", **values)
    key = "price.listed" if facts["own_price"] else "price.of_register"
    return sentence(key, **values, list=facts["price_list"])


def _quantity(line: LineDecision, teller: Teller) -> Iterator[Sentence]:
    facts, asked = line.facts, Quantity(line.line.quantity)
    if facts["quantity_approved"] is not None:
        yield sentence("quantity.approved", quantity=Quantity(line.quantity), asked=asked)
    elif line.quantity < line.line.quantity:
        used, cover = facts["quantity_used"], facts["cover"]
        values = {
            "limit": Quantity(used["limit"]),
            "period": period(cover.effective, cover.end),
            "quantity": Quantity(line.quantity),
            "asked": asked,
            "this": this(line.line),
        }
        term = _term(line, facts["quantity_path"], teller)
        if uses := quantity_uses(used):
            yield sentence("quantity.cut", term, **values, uses=uses)
        else:
            yield sentence("quantity.cut_unused", term, **values)


def _term(line: LineDecision, path: Path | None, teller: Teller) -> Term | None:
    """Give the term at a path of the version that pays; by default at its coverage entry for the line."""
    assert line.version is not None
    return teller.term(line.version, path, line.facts["covered_path"])


# The cuts, one by one.


def _cuts(line: LineDecision, claim: ClaimDecision, teller: Teller) -> Iterator[Sentence]:
    paying = next(option for option in line.facts["options"] if option.cover is line.facts["cover"])
    if paying.limit.limitation is Limitation.FIXED and paying.limit.value is None:
        yield sentence("cut.no_limit", _term(line, paying.path, teller))
    for step in line.steps:
        if step.cut is None or step.before == 0:
            continue
        match step.cut:
            case Cut.LIMIT_EXCESS:
                yield _fixed_limit(line, step, teller)
            case Cut.DEDUCTIBLE:
                yield from _deductible(line, step, teller)
            case Cut.CO_INSURANCE:
                yield _co_insurance(line, step, teller)
            case _:
                yield from _ceiling(line, step, claim, teller)
    if (outside := line.facts["outside_path"]) is not None:
        yield sentence("cut.outside_ceiling", _term(line, outside, teller), this=this(line.line))


def _pays(line: LineDecision, step: Step) -> Message:
    """Say "the product pays", for whom, where adults and children differ."""
    if not step.facts["by_age"]:
        return message("explanation.pays.all")
    group = AgeGroup.ADULT if line.facts["adult"] else AgeGroup.CHILD
    return message(f"explanation.pays.{group.word}")


def _fixed_limit(line: LineDecision, step: Step, teller: Teller) -> Sentence:
    values = {"pays": _pays(line, step), "limit": teller.money(step.facts["limit"])}
    if step.taken == 0:
        return sentence("cut.limit.within", **values)
    values["taken"] = teller.plain(step.taken)
    if line.quantity == QUANTITY_ONE:
        return sentence("cut.limit.above_one", **values)
    most = teller.plain(step.facts["most"])
    return sentence("cut.limit.above", **values, quantity=Quantity(line.quantity), most=most)


def _deductible(line: LineDecision, step: Step, teller: Teller) -> Iterator[Sentence]:
    amount, left_before, left_after = step.facts["deductible_amount"], step.left_before, step.left_after
    if amount == 0:
        return
    assert step.version is not None
    assert step.version.deductible is not None
    values = {
        "amount": teller.money(amount),
        "per": _per(step.facts["deductible_per"], step.version.deductible.split, line.facts["care"]),
    }
    if left_before == 0:
        yield sentence("cut.deductible.gone", **values)
        return
    values |= {"taken": teller.plain(step.taken), "left_after": teller.plain(_given(left_after))}
    after = "used_up" if left_after == 0 else "some_left"
    if left_before == amount:
        yield sentence(f"cut.deductible.untouched_{after}", **values)
    else:
        yield sentence(f"cut.deductible.{after}", **values, left_before=teller.plain(_given(left_before)))


def _co_insurance(line: LineDecision, step: Step, teller: Teller) -> Sentence:
    percentage: int = step.facts["percentage"]
    before = teller.money(step.before)
    if percentage == PERCENT_ALL and step.path is None:
        return sentence("cut.co_insurance.unsaid", before=before)
    values = {"pays": _pays(line, step), "percentage": Percentage(percentage), "before": before}
    if percentage == PERCENT_ALL:
        return sentence("cut.co_insurance.whole", **values)
    if percentage == 0:
        return sentence("cut.co_insurance.nothing", **values)
    values["after"] = teller.plain(step.after)
    if step.taken == 0:
        return sentence("cut.co_insurance.rounded", **values)
    return sentence("cut.co_insurance.part", **values, taken=teller.plain(step.taken))


def _ceiling(line: LineDecision, step: Step, claim: ClaimDecision, teller: Teller) -> Iterator[Sentence]:
    version = step.version
    assert version is not None
    if step.cut is Cut.CATEGORY_EXCESS:
        amount = step.facts["category_ceiling"]
        per = message("explanation.per.category", category=step.facts["category"])
    else:
        assert version.ceiling is not None
        yield from _growth(line, step, claim, teller)
        amount = step.facts["ceiling_amount"]
        per = _per(step.facts["ceiling_per"], version.ceiling.split, line.facts["care"])
    left_before, left_after = _given(step.left_before), _given(step.left_after)
    values = {"amount": teller.money(amount), "per": per}
    if left_before == 0:
        yield sentence("cut.ceiling.gone", **values, taken=teller.plain(step.taken))
        return
    values["left_before"] = teller.plain(left_before)
    if step.taken:
        yield sentence("cut.ceiling.reached", **values, taken=teller.plain(step.taken))
    elif left_after == 0:
        yield sentence("cut.ceiling.just_reached", **values)
    else:
        yield sentence("cut.ceiling.within", **values, left_after=teller.plain(left_after))


def _growth(line: LineDecision, step: Step, claim: ClaimDecision, teller: Teller) -> Iterator[Sentence]:
    """Say how a ceiling grew with the family, or was held at its maximum (section 5.1)."""
    version = step.version
    assert version is not None
    assert version.ceiling is not None
    side = version.ceiling.side(line.facts["care"])
    assert side is not None
    amount, members = step.facts["ceiling_amount"], step.facts["members"]
    threshold = version.enrolment.members.threshold
    extra = side.extra_member if threshold is not None and members > threshold else None
    values = {"base": teller.money(side.amount), "maximum": teller.plain(side.maximum or 0)}
    if extra:
        values |= {"members": members, "threshold": threshold, "extra": teller.plain(extra)}
        key = "growth.held" if amount == side.maximum else "growth.grown"
        yield sentence(key, **values, amount=teller.plain(amount), date=day(claim.claim.target_date))
    elif amount != side.amount:
        yield sentence("growth.maximum", **values)


def _per(level: Level, split: bool, care: Care) -> Message:
    per = message(f"explanation.per.{level.word}")
    return message("explanation.per.split", per=per, care=care) if split else per


def _result(line: LineDecision, teller: Teller) -> Sentence:
    values = {"valuated": teller.money(line.valuated), "asked": teller.plain(_asked(line))}
    if line.price_origin is PriceOrigin.RELATIVE:
        return sentence("result.nominal", **values)
    if line.valuated == 0:
        return sentence("result.nothing")
    if line.valuated == _asked(line):
        return sentence("result.in_full", valuated=values["valuated"])
    return sentence("result.paid", **values)


# The steps.

_OF_COVER: Final = (Cut.LIMIT_EXCESS, Cut.CO_INSURANCE)
"""Cuts that a coverage entry makes: where none says a number, its silence does."""


def _steps(line: LineDecision, teller: Teller) -> Iterator[ExplainedStep]:
    for step in line.steps:
        if step.cut is None:
            yield _gross_step(line, step, teller)
            continue
        assert step.version is not None
        silent = line.facts["covered_path"] if step.cut in _OF_COVER else None
        percentage = step.facts.get("percentage")
        limit = step.facts.get("limit")
        yield ExplainedStep(
            step.cut,
            _step_label(step, teller),
            step.before,
            step.taken,
            step.after,
            step.left_before,
            step.left_after,
            quantity=line.quantity if limit is not None else None,
            unit=limit,
            percentage=percentage,
            term=teller.term(step.version, step.path, silent),
        )


def _gross_step(line: LineDecision, step: Step, teller: Teller) -> ExplainedStep:
    price = _given(line.unit_price)
    approved = line.facts["price_approved"] is not None
    return ExplainedStep(
        None,
        message("explanation.step.gross", quantity=Quantity(line.quantity), price=teller.plain(price)),
        None,
        0,
        step.after,
        quantity=line.quantity,
        unit=price,
        # A reviewer's price stands above what the product says of prices.
        term=None if approved else _term(line, line.facts["price_path"], teller),
    )


def _step_label(step: Step, teller: Teller) -> Message:
    match step.cut:
        case Cut.LIMIT_EXCESS:
            return message("explanation.step.limit_excess", limit=teller.plain(step.facts["limit"]))
        case Cut.CO_INSURANCE:
            percentage = Percentage(step.facts["percentage"])
            return message("explanation.step.co_insurance", percentage=percentage)
        case Cut.CATEGORY_EXCESS:
            return message("explanation.step.category_excess", category=step.facts["category"])
        case _:
            assert step.cut is not None
            return message(f"explanation.step.{step.cut.word}")
