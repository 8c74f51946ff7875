"""The operational indicators of a period: primary (P1–P12) and derived (D1–D9), as openIMIS names them.

Figures about claims are given twice. By *start of service*: the claims whose treatment began in the period,
with what was decided about them since. By *decision*: what the runs of the period decided, whenever the
treatment was; a decision that was taken back counts where it was taken back, with a minus, so that periods
add up. What a closing pays for a decision is that decision's, whenever its month was closed. What the books
cannot know is not available and says why; it is never 0.

A rejected claim has no line that a product pays: it is counted for each product that covered the patient on
the target date, and for none where nothing did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, Final

from adjudicator.reporting.report import Column, Part, Unit, part_of_rows, ratio_of, shown_ratio
from adjudicator.units import divide_rounded


class Grouping(Enum):
    """What the indicators are broken down by. Regions and districts are those in which families live."""

    REGION = "region"
    DISTRICT = "district"
    FACILITY = "facility"
    PRODUCT = "product"


class Cohort(Enum):
    """Which claims a figure is about."""

    SERVICE = "service"
    DECISION = "decision"


@dataclass(frozen=True)
class ClaimFigures:
    """What a cohort of claims comes to; None where it cannot be known."""

    claims: int
    """Those received, or decided."""
    undecided: int | None
    rejected: int
    waiting: int
    """Minor units: valuated, and waiting for the close of its period."""
    remunerated: int
    """Minor units."""


@dataclass(frozen=True)
class ServiceFigures:
    """What became of the claims whose treatment began in the period, and what patients say of it."""

    handed_over: int = 0
    """Claims whose payment was handed over."""
    days: int = 0
    """Days from the date claimed to that, of all of them."""
    marks: int = 0
    """Patients who gave a mark."""
    mark_sum: int = 0
    asked: int = 0
    """Claims that were drawn for feedback."""
    answered: int = 0
    """Those of them about which there is some."""


@dataclass(frozen=True)
class GroupFigures:
    """All that the indicators of one group, or of everybody, are made of."""

    group: str | None
    """The group's code; None for those who belong to none."""
    enrolled: Mapping[str, int] | None
    """P1 to P9 and P1_before; None where the grouping says nothing about policies."""
    claims: Mapping[Cohort, ClaimFigures]
    service: ServiceFigures = ServiceFigures()


COLUMNS: Final = (
    Column("indicator"),
    Column("meaning", Unit.KEY, told=True),
    Column("cohort", Unit.KEY),
    Column("count", Unit.NUMBER),
    Column("amount", Unit.MONEY),
    Column("ratio", Unit.RATIO),
    Column("not_available", Unit.KEY),
)
"""Each indicator has one of a count, an amount and a ratio, or a reason why it is not available."""

_MONEY: Final = ("P8", "P9")

Value = int | Fraction | None


@dataclass(frozen=True)
class Indicator:
    """One figure. ``value`` None: not available, for ``reason``, a key of the catalogue."""

    code: str
    unit: Unit
    value: Value
    reason: str | None = None
    cohort: Cohort | None = None


def indicators(
    everybody: GroupFigures, groups: Sequence[GroupFigures], by: Grouping | None
) -> tuple[Part, ...]:
    """Make the tables of the indicators: everybody's, and those of each group.

    Args:
        everybody: the figures of the whole scheme.
        groups: those of the groups, in the order in which they are shown.
        by: what the groups are.
    """
    parts = [part_of_rows("indicators", COLUMNS, [_row(one) for one in indicators_of(everybody)])]
    if by is not None:
        rows = [
            {"group": figures.group} | _row(one)
            for figures in groups
            for one in indicators_of(figures)
            # What no group can have is said once, among everybody's.
            if one.reason != "missing.of_groups"
        ]
        name = f"indicators_by_{by.value}"
        parts.append(part_of_rows(name, (Column("group"), *COLUMNS), rows))
    return tuple(parts)


def indicators_of(figures: GroupFigures) -> Iterator[Indicator]:
    """Give the indicators of a group in their order, the same of one kind beside one another."""
    for code in (f"P{number}" for number in range(1, 10)):
        unit = Unit.MONEY if code in _MONEY else Unit.NUMBER
        yield _of(code, unit, _given(figures, code), "missing.of_groups")
    for cohort in Cohort:
        yield from _claims(figures.claims[cohort], cohort)
    yield from _derived(figures)


def _claims(claims: ClaimFigures, cohort: Cohort) -> Iterator[Indicator]:
    yield Indicator("P10", Unit.NUMBER, claims.claims, None, cohort)
    if claims.undecided is not None:
        yield Indicator("P10a", Unit.NUMBER, claims.undecided, None, cohort)
    yield Indicator("P11", Unit.MONEY, claims.remunerated, None, cohort)
    yield Indicator("P11a", Unit.MONEY, claims.waiting, None, cohort)
    yield Indicator("P12", Unit.NUMBER, claims.rejected, None, cohort)


def _derived(figures: GroupFigures) -> Iterator[Indicator]:
    for cohort in Cohort:
        remunerated = figures.claims[cohort].remunerated
        yield _ratio("D1", remunerated, _given(figures, "P9"), "missing.no_contributions", cohort)
    yield _ratio("D2", _given(figures, "P5"), _given(figures, "P4"), "missing.none_expired")
    yield _ratio("D3", _given(figures, "P2"), _given(figures, "P1_before"), "missing.none_before")
    service = figures.service
    yield _ratio("D4", service.days, service.handed_over, "missing.none_handed_over")
    for cohort in Cohort:
        claims = figures.claims[cohort]
        yield _ratio("D5", claims.claims - claims.rejected, claims.claims, "missing.no_claims", cohort)
    for cohort in Cohort:
        claims = figures.claims[cohort]
        yield _ratio("D6", claims.claims, _given(figures, "P6"), "missing.none_covered", cohort)
    for cohort in Cohort:
        claims = figures.claims[cohort]
        cost = ratio_of(claims.remunerated, claims.claims)
        yield _of("D7", Unit.MONEY, cost, "missing.no_claims", cohort)
    yield _ratio("D8", service.mark_sum, service.marks, "missing.no_marks")
    yield _ratio("D9", service.answered, service.asked, "missing.none_asked")


def _given(figures: GroupFigures, code: str) -> int | None:
    return None if figures.enrolled is None else figures.enrolled[code]


def _of(code: str, unit: Unit, value: Value, why: str, cohort: Cohort | None = None) -> Indicator:
    return Indicator(code, unit, value, why if value is None else None, cohort)


def _ratio(
    code: str, above: int | None, below: int | None, why: str, cohort: Cohort | None = None
) -> Indicator:
    if below is None:
        return Indicator(code, Unit.RATIO, None, "missing.of_groups", cohort)
    return _of(code, Unit.RATIO, None if above is None else ratio_of(above, below), why, cohort)


def _row(indicator: Indicator) -> dict[str, Any]:
    row: dict[str, Any] = {
        "indicator": indicator.code,
        "meaning": f"indicator.{indicator.code}",
        "cohort": None if indicator.cohort is None else f"cohort.{indicator.cohort.value}",
        "not_available": indicator.reason,
    }
    value = indicator.value
    if value is None:
        return row
    if indicator.unit is Unit.RATIO:
        return row | {"ratio": shown_ratio(Fraction(value))}
    rounded = divide_rounded(value.numerator, value.denominator)
    return row | {"amount" if indicator.unit is Unit.MONEY else "count": rounded}
