"""The difference of a line that two decided otherwise, cut into parts that add up to it, each with its cause.

It comes from the price, the quantity, the limitation, the deductible, the ceilings. Where openIMIS is known
to count otherwise than its own manual says, the cause is called by that name. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from adjudicator.units import times_quantity
from adjudicator.vocabulary import Cut, Kind, Reason
from adjudicator.words import Message, message
from ingest.openimis.theirs import TheirLine

Totals = Mapping[tuple[str, Reason | None], tuple[int, int]]
"""By cause: in how many lines, and how much more we pay."""

REJECTIONS: Final = ("rejected_here", "rejected_there", "other_reason")
"""Causes that come with the code of a rejection, where it has one that is known here."""


@dataclass(frozen=True)
class Part:
    """A part of a difference: its cause, and how much more (or less) we pay for it, in minor units."""

    cause: str
    """A key of the catalogue under ``openimis.cause``."""
    amount: int
    reason: Reason | None = None
    """The rejection that it comes from."""

    @property
    def said(self) -> Message:
        """The cause in words."""
        if self.reason is None:
            unknown = "_unknown" if self.cause in REJECTIONS else ""
            return message(f"openimis.cause.{self.cause}{unknown}")
        return message(f"openimis.cause.{self.cause}", code=int(self.reason), reason=self.reason)


@dataclass(frozen=True)
class LineDifference:
    """A line of a claim that came out otherwise. Amounts are minor units."""

    facility: str
    claim: str
    line: int
    kind: Kind
    code: str
    theirs: int
    ours: int
    parts: tuple[Part, ...]

    @property
    def difference(self) -> int:
        """How much more we pay."""
        return self.ours - self.theirs


Difference = TypeVar("Difference", bound=LineDifference)


def largest_first(differences: Iterable[Difference]) -> list[Difference]:
    """Put differences in order: by their size, then by facility, claim and line."""
    return sorted(differences, key=lambda one: (-abs(one.difference), one.facility, one.claim, one.line))


def totals_of(differences: Iterable[LineDifference]) -> Totals:
    """Add up the parts of differences by their causes, in the order of these."""
    totals: dict[tuple[str, Reason | None], list[int]] = defaultdict(lambda: [0, 0])
    for one in differences:
        for part in one.parts:
            totals[part.cause, part.reason][0] += 1
            totals[part.cause, part.reason][1] += part.amount
    in_order = sorted(totals.items(), key=lambda one: (one[0][0], one[0][1] or 0))
    return {key: (count, amount) for key, (count, amount) in in_order}


def known_reason(code: int) -> Reason | None:
    """Give the reason of a code; None for none, or for one that is not known here."""
    try:
        return Reason(code) or None
    except ValueError:
        return None


class Valued(Protocol):
    """A line with its amounts, in minor units."""

    @property
    def unit_price(self) -> int:
        """What a unit is valued at."""

    @property
    def gross(self) -> int:
        """Quantity × unit price."""

    @property
    def cuts(self) -> Mapping[Cut, int]:
        """What is taken off."""

    @property
    def valuated(self) -> int:
        """What is left."""


def parts_of(theirs: TheirLine, ours: Valued, unit: int) -> Iterator[Part]:
    """Cut the difference of a line that both accepted into parts that add up to it.

    Args:
        theirs: the line as openIMIS decided it.
        ours: the line as it is decided here.
        unit: minor units of a whole unit of the currency; openIMIS cuts amounts down to whole ones.
    """
    price = times_quantity(ours.unit_price, theirs.quantity) - theirs.gross
    yield Part("price", price)
    if theirs.quantity == 0 and theirs.valuated:
        # All that openIMIS paid, it paid for a quantity that its officer had brought down to nothing.
        yield Part("approved_zero_ignored", ours.valuated - theirs.valuated - price)
        return
    yield Part("quantity", ours.gross - theirs.gross - price)
    # openIMIS keeps no share of the patient, and most versions nothing that the ceiling of a category cut.
    by_category = Cut.CATEGORY_EXCESS if theirs.cuts[Cut.CATEGORY_EXCESS] == 0 else None
    rest = [cut for cut in Cut if cut in (Cut.LIMIT_EXCESS, Cut.CO_INSURANCE, by_category)]
    yield from _rest(theirs, sum(ours.cuts[cut] for cut in rest), sum(theirs.cuts[cut] for cut in rest), unit)
    for cut in Cut:
        if cut not in rest:
            amount = theirs.cuts[cut] - ours.cuts[cut]
            yield Part("whole_units" if 0 < abs(amount) < unit else _CAUSE[cut], amount)


_CAUSE: Final = {
    Cut.DEDUCTIBLE: "deductible",
    Cut.CATEGORY_EXCESS: "category_ceiling",
    Cut.CEILING_EXCESS: "ceiling",
}


def _rest(theirs: TheirLine, here: int, there: int, unit: int) -> Iterator[Part]:
    """Give what comes from what openIMIS does not keep: it is what is left between gross and valuated."""
    deducted = theirs.cuts[Cut.DEDUCTIBLE]
    if deducted and (there < 0 or deducted == theirs.valuated == _fixed(theirs, unit)):
        paid = min(deducted, theirs.valuated)
        yield Part("deductible_paid_as_well", -paid)
        there += paid
    if theirs.limit == 0 and theirs.valuated:
        yield Part("zero_percent" if theirs.limitation == "C" else "zero_fixed", there - here)
    else:
        yield Part("whole_units" if 0 < abs(there - here) < unit else "limitation", there - here)


def _fixed(theirs: TheirLine, unit: int) -> int | None:
    """Give what a fixed amount leaves of a line; None where there is none."""
    if theirs.limitation != "F" or theirs.limit is None:
        return None
    return min(theirs.gross, times_quantity(int(theirs.limit * unit), theirs.quantity))
