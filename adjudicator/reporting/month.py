"""A closed month in figures: what came in, what went out, what was cut, what waits, and who has what.

What was asked less every cut is paid for claims; with capitation, and what was taken back, it is what
facilities are owed. Nothing is left over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adjudicator.problems import DoesNotAddUp
from adjudicator.reporting.contributions import OfProduct
from adjudicator.reporting.remittance import Step
from adjudicator.reporting.report import Column, Part, Unit, part_of_rows
from adjudicator.vocabulary import Category, Cut, LineStatus, Reason, Word

LARGEST: Final = 10
"""Facilities that are shown as the largest."""

UNUSUAL: Final = 12
"""Facilities that are shown as unusual, at most."""

MATTERS: Final = 1000
"""A difference from last month is told where it is more than one part in so many of the month's total."""


@dataclass(frozen=True)
class Received:
    """Claims that came in, by the date on which they were claimed; minor units."""

    claims: int
    asked: int


@dataclass(frozen=True)
class Lines:
    """Settled lines of one kind, added up; minor units."""

    status: LineStatus
    reason: Reason
    relative: bool
    by_head: bool
    lines: int
    asked: int
    valuated: int
    cuts: Mapping[Cut, int]
    paid: int


@dataclass(frozen=True)
class OfCare:
    """What was paid for claims of a category."""

    category: Category
    claims: int
    paid: int


@dataclass(frozen=True)
class Waits:
    """Claims that are on no statement yet: why, how many, and what they are about, minor units."""

    why: str
    claims: int
    amount: int


@dataclass(frozen=True)
class OfFacility:
    """What a facility is owed for the month and was owed for the month before, minor units."""

    facility: str
    name: str
    before: int
    now: int

    @property
    def difference(self) -> int:
        """Minor units."""
        return self.now - self.before


@dataclass(frozen=True)
class OfIndex:
    """A relative index of the month."""

    product: str
    care: Word | None
    share: int
    """For the lines, minor units."""
    valuated: int
    shown: int
    """Its last decimal of four."""
    capped: bool


@dataclass(frozen=True)
class MonthFigures:
    """A closed month in figures; amounts in minor units."""

    month: int
    closings: tuple[tuple[int, str, str, str], ...]
    """Number, location, by whom, when."""
    open_at: tuple[str, ...]
    """Locations with products for which the month is not closed."""
    received: Received
    received_before: Received
    products: tuple[OfProduct, ...]
    collected_before: int
    allocated_before: int
    steps: tuple[Step, ...]
    """From what was asked to what facilities are owed."""
    care: tuple[OfCare, ...]
    capitation: int
    taken_back: int
    indexes: tuple[OfIndex, ...]
    waits: tuple[Waits, ...]
    facilities: tuple[OfFacility, ...]
    """All of them, the largest first."""
    state: tuple[tuple[str, str], ...]
    """Of the books: the last run, and the hash of the journal's last entry."""

    @property
    def collected(self) -> int:
        """Contributions that were paid in the month."""
        return sum(one.collected for one in self.products)

    @property
    def allocated(self) -> int:
        """Contributions that the closings counted."""
        return sum(one.allocated for one in self.products)

    @property
    def owed(self) -> int:
        """What facilities are owed."""
        return sum(one.now for one in self.facilities)

    @property
    def owed_before(self) -> int:
        """What they were owed for the month before."""
        return sum(one.before for one in self.facilities)

    @property
    def asked(self) -> int:
        """What the claims asked for that were settled."""
        return self.steps[0].amount

    @property
    def cut(self) -> int:
        """What was cut of it."""
        return -sum(step.amount for step in self.cuts)

    @property
    def cuts(self) -> list[Step]:
        """The steps that cut, in their order."""
        others = ("capitation", "taken_back")
        return [step for step in self.steps if not step.is_sum and step.step not in others]

    @property
    def largest(self) -> tuple[OfFacility, ...]:
        """The facilities that are owed most."""
        return self.facilities[:LARGEST]

    @property
    def unusual(self) -> tuple[OfFacility, ...]:
        """Facilities that are owed other than last month by more than half, where that matters."""
        return unusual_ones(self.facilities)[:UNUSUAL]


def unusual_ones(facilities: Sequence[OfFacility]) -> tuple[OfFacility, ...]:
    """Find facilities that are owed other than last month by more than half, where that matters.

    Args:
        facilities: all of the month.

    Returns:
        Those, the largest difference first.
    """
    totals = (sum(getattr(one, name) for one in facilities) for name in ("now", "before"))
    floor = max(1, max(map(abs, totals)) // MATTERS)
    found = [
        one
        for one in facilities
        if abs(one.difference) >= floor and 2 * abs(one.difference) > abs(one.before)
    ]
    return tuple(sorted(found, key=lambda one: (-abs(one.difference), one.facility)))


def steps_of(lines: Sequence[Lines], capitation: int, taken_back: int, owed: int) -> tuple[Step, ...]:
    """Lead from what was asked to what facilities are owed.

    Args:
        lines: settled lines, added up by kind.
        capitation: what is paid by capitation, minor units.
        taken_back: what was paid for earlier months and is taken back; 0 or negative.
        owed: what statements come to.

    Raises:
        DoesNotAddUp: steps do not lead there.
    """
    accepted = [one for one in lines if one.status is LineStatus.ACCEPTED]
    steps = [Step("asked", sum(one.asked for one in lines), sum(one.lines for one in lines))]
    rejected: dict[Reason, list[Lines]] = {}
    for one in lines:
        if one.status is not LineStatus.ACCEPTED:
            rejected.setdefault(one.reason, []).append(one)
    for reason, mine in sorted(rejected.items(), key=lambda item: (-sum(o.asked for o in item[1]), item[0])):
        amount, count = sum(one.asked for one in mine), sum(one.lines for one in mine)
        steps.append(Step("rejected", -amount, count, reason))
    gross = sum(one.valuated + sum(one.cuts.values()) for one in accepted)
    amounts = {"price": sum(one.asked for one in accepted) - gross}
    amounts |= {cut.word: sum(one.cuts[cut] for one in accepted) for cut in Cut}
    amounts["index"] = sum(one.valuated - one.paid for one in accepted if one.relative and not one.by_head)
    amounts["by_head"] = sum(one.valuated - one.paid for one in accepted if one.by_head)
    steps += [Step(name, -amount) for name, amount in amounts.items() if amount]
    steps.append(Step("for_claims", sum(one.paid for one in lines)))
    if capitation:
        steps.append(Step("capitation", capitation))
    if taken_back:
        steps.append(Step("taken_back", taken_back))
    steps.append(Step("to_pay", owed))
    come_to = steps[0].amount + sum(step.amount for step in steps if not step.is_sum)
    if come_to != owed:
        raise DoesNotAddUp(f"the steps of the month come to {come_to}, its statements to {owed}")
    return tuple(steps)


def facilities_of(
    now: Mapping[str, int], before: Mapping[str, int], names: Mapping[str, str]
) -> tuple[OfFacility, ...]:
    """Put what facilities are owed beside last month's, the largest first."""
    found = [
        OfFacility(code, names.get(code, code), before.get(code, 0), now.get(code, 0))
        for code in {*now, *before}
    ]
    return tuple(sorted(found, key=lambda one: (-one.now, one.facility)))


_STEP: Final = (
    Column("step", Unit.KEY),
    Column("code", Unit.NUMBER),
    Column("reason", Unit.WORD, Reason),
    Column("lines", Unit.NUMBER),
    Column("amount", Unit.MONEY),
)


def parts_of(figures: MonthFigures) -> tuple[Part, ...]:
    """Give a month's figures as tables."""
    came_in: list[dict[str, Any]] = [
        {"product": one.product, "collected": one.collected, "allocated": one.allocated}
        for one in figures.products
    ]
    received: list[dict[str, Any]] = [
        {"when": f"when.{when}", "claims": one.claims, "asked": one.asked}
        for when, one in (("now", figures.received), ("before", figures.received_before))
    ]
    money = Unit.MONEY
    return (
        part_of_rows("month_steps", _STEP, [_step(one) for one in figures.steps]),
        part_of_rows(
            "month_contributions",
            (Column("product"), Column("collected", money), Column("allocated", money)),
            came_in,
        ),
        part_of_rows(
            "month_received",
            (Column("when", Unit.KEY), Column("claims", Unit.NUMBER), Column("asked", money)),
            received,
        ),
        part_of_rows(
            "month_care",
            (Column("category", Unit.WORD, Category), Column("claims", Unit.NUMBER), Column("paid", money)),
            [{"category": int(one.category), "claims": one.claims, "paid": one.paid} for one in figures.care],
        ),
        part_of_rows(
            "month_waits",
            (Column("why", Unit.KEY), Column("claims", Unit.NUMBER), Column("amount", money)),
            [
                {"why": f"waits.{one.why}", "claims": one.claims, "amount": one.amount}
                for one in figures.waits
            ],
        ),
        part_of_rows(
            "month_facilities",
            (
                *(Column("facility"), Column("facility_name", spare=True)),
                *(Column(name, money) for name in ("before", "now", "difference")),
                Column("remark", Unit.KEY),
            ),
            list(_facility_rows(figures)),
        ),
    )


def _step(step: Step) -> dict[str, Any]:
    code = None if step.reason is None else int(step.reason)
    return {
        "step": f"step.{step.step}",
        "code": code,
        "reason": code,
        "lines": step.lines,
        "amount": step.amount,
    }


def _facility_rows(figures: MonthFigures) -> Iterable[dict[str, Any]]:
    unusual = {one.facility for one in figures.unusual}
    for one in figures.facilities:
        yield {
            "facility": one.facility,
            "facility_name": one.name,
            "before": one.before,
            "now": one.now,
            "difference": one.difference,
            "remark": "remark.unusual" if one.facility in unusual else None,
        }
