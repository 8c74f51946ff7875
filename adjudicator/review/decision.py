"""What a medical officer decides about a claim: checked, and turned into the review that is delivered.

Follows section 7 of the law: an approved quantity and price per line, a line or the whole claim rejected,
each with a coded reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from adjudicator.problems import Problem, problem_of
from adjudicator.review.reasons import REASONS, Use
from adjudicator.vocabulary import ReviewStatus
from adjudicator.words import Amount, Quantity


class Verdict(StrEnum):
    """What is decided about the claim as a whole."""

    ACCEPT = "accept"
    """It stays as it stands."""
    CHANGE = "change"
    """Some of its lines are changed."""
    REJECT = "reject"


@dataclass(frozen=True)
class LineChange:
    """What is decided about a line; ``quantity`` in hundredths, ``price`` in minor units."""

    line: int
    quantity: int | None = None
    price: int | None = None
    rejected: bool = False
    reason: str | None = None
    words: str | None = None


@dataclass(frozen=True)
class Decision:
    """What is decided about a claim."""

    verdict: Verdict
    lines: tuple[LineChange, ...] = ()
    reason: str | None = None
    """Why the whole claim is rejected."""
    words: str | None = None
    afresh: bool = False
    """Whether an earlier review of the claim is dropped; else it stays where nothing else is said."""
    above_claimed: bool = False
    """Whether more may be approved than was claimed: it is said on purpose."""

    def as_record(self) -> dict[str, Any]:
        """Give it as plain values for the record."""
        return {**asdict(self), "verdict": self.verdict.value, "lines": [asdict(line) for line in self.lines]}

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Decision:
        """Read it back from the record."""
        lines = tuple(LineChange(**line) for line in record["lines"])
        return cls(**{**record, "verdict": Verdict(record["verdict"]), "lines": lines})


@dataclass(frozen=True)
class ClaimedLine:
    """What a line asks: ``quantity`` in hundredths, ``price`` in minor units."""

    line: int
    code: str
    quantity: int
    price: int


@dataclass(frozen=True)
class ReviewedLine:
    """What a delivered review says of a line."""

    line: int
    quantity: int | None
    price: int | None
    status: ReviewStatus
    reason: str | None
    words: str | None


def problems_of_reason(code: str | None, words: str | None, use: Use) -> Iterator[Problem]:
    """Find what is wrong with a coded reason and its words."""
    fitting = [reason.code for reason in REASONS.values() if use in reason.uses]
    if code is None:
        yield problem_of("review.no_reason", what=use.label, codes=fitting)
        return
    reason = REASONS.get(code)
    if reason is None:
        near = get_close_matches(code.upper(), REASONS, 3, 0.6) or fitting
        yield problem_of("review.unknown_reason", reason=code, codes=near)
    elif use not in reason.uses:
        yield problem_of(
            "review.reason_not_for", reason=code, label=reason.label, what=use.label, codes=fitting
        )
    elif reason.needs_words and not (words or "").strip():
        yield problem_of("review.words_missing", reason=code)


def problems_of(decision: Decision, claimed: Sequence[ClaimedLine], decimals: int) -> list[Problem]:
    """Find everything that is wrong with a decision.

    Args:
        decision: what an officer wants.
        claimed: the lines of the claim.
        decimals: of the currency.
    """
    problems: list[Problem] = []
    if decision.verdict is Verdict.REJECT:
        problems += problems_of_reason(decision.reason, decision.words, Use.REJECT)
    if decision.lines and decision.verdict is not Verdict.CHANGE:
        problems.append(problem_of("review.whole_and_lines"))
    if not decision.lines and decision.verdict is Verdict.CHANGE:
        problems.append(problem_of("review.nothing_decided"))
    lines = {line.line: line for line in claimed}
    seen: set[int] = set()
    for change in decision.lines:
        line = lines.get(change.line)
        if line is None:
            problems.append(
                problem_of("review.no_such_line", line=str(change.line), lines=list(map(str, lines)))
            )
        elif change.line in seen:
            problems.append(problem_of("review.line_twice", line=str(change.line)))
        else:
            problems += _problems_of_line(change, line, decision.above_claimed, decimals)
        seen.add(change.line)
    return list(dict.fromkeys(problems))


def _problems_of_line(
    change: LineChange, line: ClaimedLine, above_claimed: bool, decimals: int
) -> Iterator[Problem]:
    number = str(change.line)
    yield from problems_of_reason(change.reason, change.words, Use.REJECT if change.rejected else Use.REDUCE)
    if change.rejected:
        if change.quantity is not None or change.price is not None:
            yield problem_of("review.rejected_and_changed", line=number)
        return
    if change.quantity is None and change.price is None:
        yield problem_of("review.line_unchanged", line=number)
    if min(change.quantity or 0, change.price or 0) < 0:
        yield problem_of("review.below_zero", line=number)
    if change.quantity is not None and change.quantity > line.quantity and not above_claimed:
        given, most = Quantity(change.quantity), Quantity(line.quantity)
        yield problem_of("review.quantity_above", line=number, given=given, claimed=most)
    if change.price is not None and change.price > line.price and not above_claimed:
        price, asked = Amount(change.price, decimals), Amount(line.price, decimals)
        yield problem_of("review.price_above", line=number, given=price, claimed=asked)


def reviewed_lines(
    decision: Decision, claimed: Sequence[ClaimedLine], earlier: Mapping[int, ReviewedLine]
) -> list[ReviewedLine]:
    """Give the lines of the review that a decision delivers.

    The last review of a claim is the one that holds, so that what an earlier one said is said again unless
    the decision is made afresh.

    Args:
        decision: without problems.
        claimed: the lines of the claim.
        earlier: by line, what the claim's last review says.
    """
    if decision.verdict is Verdict.REJECT:
        status, reason, words = ReviewStatus.REJECTED, decision.reason, decision.words
        return [ReviewedLine(line.line, None, None, status, reason, words) for line in claimed]
    kept = {} if decision.afresh else dict(earlier)
    if decision.afresh:
        # Lines of which nothing is said stay as they came; these are to be taken back to that.
        kept = {
            number: ReviewedLine(number, None, None, ReviewStatus.ACCEPTED, None, None) for number in earlier
        }
    for change in decision.lines:
        before = kept.get(change.line)
        quantity, price = change.quantity, change.price
        if before is not None and not change.rejected:
            quantity = before.quantity if quantity is None else quantity
            price = before.price if price is None else price
        status = ReviewStatus.REJECTED if change.rejected else ReviewStatus.ACCEPTED
        kept[change.line] = ReviewedLine(change.line, quantity, price, status, change.reason, change.words)
    return [kept[number] for number in sorted(kept)]
