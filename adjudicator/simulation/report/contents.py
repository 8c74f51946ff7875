"""What a report of a simulation says: figures side by side, who gains and who loses, and how sure that is.

Pure: from a simulation to rows, that the page and the workbook both show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from adjudicator.simulation.results import (
    CAUSES,
    COUNTS,
    FIGURES,
    RATIOS,
    Bootstrap,
    Simulation,
    VariantResult,
)
from adjudicator.vocabulary import Category, FacilityLevel, Sex, Word
from adjudicator.words import Message, label, message, text, unbroken

DETAILED: Final = 6
"""Variants that a page tells of one by one; of more, it draws curves and a table."""

CHANGE: Final = "_change"
"""What a band's figure ends with that is of a change from the base."""

_WORDS: Final[Mapping[str, type[Word]]] = {
    "facility_level": FacilityLevel,
    "category": Category,
    "sex": Sex,
}


@dataclass(frozen=True)
class Band:
    """Where a figure lies with a confidence."""

    value: int
    low: int
    high: int


@dataclass(frozen=True)
class Cause:
    """What takes away from what is claimed, before and after; minor units."""

    name: str
    before: int
    after: int


@dataclass(frozen=True)
class Change:
    """What a group gets before and after; minor units."""

    key: str
    label: str
    before: int
    after: int

    @property
    def difference(self) -> int:
        """What it gains; less than nothing where it loses."""
        return self.after - self.before

    @property
    def share(self) -> int | None:
        """The difference in hundredths of a percent of what it got before."""
        return share_of(self.difference, self.before)


@dataclass(frozen=True)
class Step:
    """A band of a distribution of gains and losses; bounds in minor units, None where open."""

    above: int | None
    up_to: int | None
    count: int
    amount: int

    @property
    def loses(self) -> bool:
        """Whether those in it lose."""
        return self.amount < 0


def share_of(part: int, whole: int) -> int | None:
    """Give a part in hundredths of a percent of a whole, rounded; None of nothing."""
    if whole == 0:
        return None
    sign = -1 if (part < 0) != (whole < 0) else 1
    return sign * ((abs(part) * 20_000 + abs(whole)) // (2 * abs(whole)))


def kind_of(figure: str) -> str:
    """Tell what a figure, or a change of one, is: an amount, a count or a ratio."""
    name = figure.removesuffix(CHANGE)
    return "ratio" if name in RATIOS else "count" if name in COUNTS else "amount"


def said_figure(figure: str) -> Message:
    """Name a figure, or a change of one."""
    named = message(f"simulation_report.figure.{figure.removesuffix(CHANGE)}")
    return message("simulation_report.change_of", figure=named) if figure.endswith(CHANGE) else named


def title_of(variant: VariantResult, language: str) -> str:
    """Give a variant's title."""
    return unbroken(getattr(variant.title, language), language)


def causes(before: VariantResult, after: VariantResult) -> list[Cause]:
    """Set what takes away from what is claimed side by side, and what is left at last."""
    names = [name for name in (*CAUSES, "valuated") if before.totals[name] or after.totals[name]]
    return [Cause(name, before.totals[name], after.totals[name]) for name in names]


def bands_of(bootstrap: Bootstrap | None) -> dict[tuple[str, str], Band]:
    """Give the bands of figures by variant and figure."""
    if bootstrap is None:
        return {}
    return {
        (row["variant"], row["figure"]): Band(row["value"], row["low"], row["high"])
        for row in bootstrap.bands.to_pylist()
        if row["low"] is not None and row["high"] is not None
    }


def figures_of(simulation: Simulation) -> list[str]:
    """Give the figures that are known of any variant."""
    variants = (simulation.base, *simulation.variants)
    return [name for name in FIGURES if any(one.figures.get(name) is not None for one in variants)]


def changes_by(
    dimension: str, before: VariantResult, after: VariantResult, language: str, measure: str = "valuated"
) -> list[Change]:
    """Set what groups get side by side, by a dimension; groups that get nothing are left out."""
    tables = [variant.breakdowns.get(dimension) for variant in (before, after)]
    amounts: dict[str, list[int]] = {}
    for place, table in enumerate(tables):
        if table is None:
            return []
        for row in table.select(["key", measure]).to_pylist():
            amounts.setdefault(row["key"] or "", [0, 0])[place] += row[measure]
    return [
        Change(key, key_label(dimension, key, language), *pair) for key, pair in amounts.items() if any(pair)
    ]


def key_label(dimension: str, key: str, language: str) -> str:
    """Give the label of a key of a dimension."""
    if not key:
        return text("simulation_report.unknown", language)
    if dimension in _WORDS:
        try:
            return label(_WORDS[dimension].of(key), language)
        except KeyError:
            return key
    if dimension == "age_band":
        return text("simulation_report.years", language, band=key.replace("-", "–"))
    return key


def facility_changes(before: VariantResult, after: VariantResult) -> list[Change]:
    """Set what facilities are paid side by side, those that lose most first."""
    if before.facilities is None or after.facilities is None:
        return []
    paid: dict[str, list[int]] = {}
    names: dict[str, str] = {}
    for place, table in enumerate((before.facilities, after.facilities)):
        for row in table.select(["facility", "name", "paid"]).to_pylist():
            paid.setdefault(row["facility"], [0, 0])[place] = row["paid"]
            names[row["facility"]] = row["name"] or row["facility"]
    found = [Change(code, names[code], *pair) for code, pair in paid.items()]
    return sorted(found, key=lambda one: (one.difference, one.key))


def extremes(changes: Sequence[Change], count: int) -> list[Change]:
    """Give those that gain and lose most, the largest gain first, without those that change nothing."""
    moved = sorted((one for one in changes if one.difference), key=lambda one: (-one.difference, one.key))
    if len(moved) <= 2 * count:
        return moved
    gains = [one for one in moved if one.difference > 0][:count]
    losses = [one for one in moved if one.difference < 0][-count:]
    return [*gains, *losses]


def steps(histogram: pa.Table) -> list[Step]:
    """Give the bands of a distribution from the first in which somebody gains or loses to the last."""
    rows = [Step(row["above"], row["up_to"], row["families"], row["amount"]) for row in histogram.to_pylist()]
    filled = [place for place, row in enumerate(rows) if row.count and row.amount]
    listed = rows[filled[0] : filled[-1] + 1] if filled else []
    return [row for row in listed if row.amount or not row.count]
