"""The charts of reports that have some: a picture of what a table says, for those who do not read tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adjudicator.charts.bars import Bar, bars, to_both_sides
from adjudicator.charts.heat_map import heat_map
from adjudicator.charts.numbers import Numbers
from adjudicator.charts.palette import LIGHT, SAND, TEAL
from adjudicator.charts.shapes import Drawing
from adjudicator.charts.stacked import Stack, stacked
from adjudicator.reporting.report import Column, Part, Report, Unit
from adjudicator.words import label, text

WIDE: Final = 960.0
NARROW: Final = 480.0
"""How wide charts are: those of many periods, and those of a few bars, which a telephone shows whole."""

_MOST: Final = 6
"""Charts of groups; of more groups, the table tells."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """A chart and what it shows."""

    title: str
    drawing: Drawing


def figures_of(report: Report, part: Part, language: str) -> list[Figure]:
    """Give the charts that stand before a table of a report."""
    draw = _CHARTS.get(part.name)
    if draw is None or not len(part.rows):
        return []
    return list(draw(_Told(report, part, language)))


@dataclass(frozen=True)
class _Told:
    """A table, and how its words and numbers are written."""

    report: Report
    part: Part
    language: str

    @property
    def numbers(self) -> Numbers:
        return Numbers(self.language, self.report.decimals)

    @property
    def rows(self) -> list[Row]:
        rows: list[Row] = self.part.rows.to_pylist()
        return rows

    def said(self, key: str) -> str:
        return text(f"reporting.figure.{key}", self.language)

    def word(self, row: Row, name: str) -> str:
        return text(f"reporting.{row[name]}", self.language)

    def amount(self, name: str) -> Callable[[float], str]:
        """Give what writes the numbers of a column in few signs."""
        money = any(one.name == name and one.unit is Unit.MONEY for one in self.part.columns)
        return self.numbers.short_amount if money else self.numbers.short

    def tick(self, name: str) -> Callable[[float], str]:
        """Give what writes them on an axis."""
        money = any(one.name == name and one.unit is Unit.MONEY for one in self.part.columns)
        return self.numbers.tick_amount if money else self.numbers.tick

    @property
    def group(self) -> Column | None:
        """The column that says which group a row is of, if they are grouped."""
        first = self.part.columns[0]
        return first if first.name in ("product", "region", "level") else None

    def group_name(self, row: Row) -> str:
        """Name a row's group; nothing where rows are not grouped."""
        if self.group is None:
            return ""
        value = row[self.group.name]
        if value is None:
            return text("actuary.nobody", self.language)
        if self.group.words is not None:
            return label(self.group.words(value), self.language)
        return str(value)

    def by_group(self) -> dict[str, list[Row]]:
        groups: dict[str, list[Row]] = {}
        for row in self.rows:
            groups.setdefault(self.group_name(row), []).append(row)
        return groups


def _titled(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _still_to_come(told: _Told) -> Iterator[Figure]:
    """What is still to come by each method, and how far that may be off."""
    write = told.amount("ibnr")
    rows = []
    for row in told.rows[:24]:
        error = row["standard_error"]
        written = write(row["ibnr"]) + (f" ± {write(error)}" if error else "")
        rows.append(Bar(_titled(told.group_name(row), told.word(row, "method")), (row["ibnr"],), (written,)))
    drawn = bars(rows, NARROW, (TEAL,), label_width=200.0, thickness=16.0, size=12.0)
    yield Figure(told.said("still_to_come"), drawn)


def _by_period(told: _Told) -> Iterator[Figure]:
    """What is booked and what is still to come, period by period, by the first method."""
    write = told.tick("ibnr")
    names = (
        text("reporting.column.reported", told.language),
        text("reporting.column.ibnr", told.language),
    )
    for group, rows in list(told.by_group().items())[:_MOST]:
        method = rows[0]["method"]
        stacks = []
        for row in rows:
            if row["method"] != method:
                continue
            error, ultimate = row["standard_error"], row["ultimate"]
            whole = (ultimate - error, ultimate + error) if error and ultimate is not None else (None, None)
            stacks.append(Stack(row["period"], (row["reported"], row["ibnr"] or 0), *whole))
        title = _titled(told.said("by_period"), group, told.word(rows[0], "method"))
        yield Figure(title, stacked(stacks, names, (LIGHT, SAND), WIDE, write))


def _predicted(told: _Told) -> Iterator[Figure]:
    """By how much each method said too much or too little of what came."""
    for group, rows in list(told.by_group().items())[:_MOST]:
        listed = [
            (
                text(
                    "reporting.figure.left_out",
                    told.language,
                    method=told.word(row, "method"),
                    count=row["left_out"],
                ),
                row["difference_share"] / 100,
                told.numbers.signed(_percent(told.numbers, row["difference_share"]), row["difference_share"]),
            )
            for row in rows
            if row["difference_share"] is not None
        ]
        if listed:
            drawn = to_both_sides(listed, NARROW, lambda value: told.numbers.tick_percent(value * 100))
            yield Figure(_titled(told.said("predicted"), group), drawn)


def _percent(numbers: Numbers, hundredths: int) -> str:
    return numbers.percent(hundredths, 1 if abs(hundredths) >= 10 else 2)


def _triangle(told: _Told) -> Iterator[Figure]:
    """A triangle as a heat map."""
    ages = [column for column in told.part.columns if column.name.startswith("age_")]
    write = told.amount(ages[0].name) if ages else told.numbers.short
    if not 1 < len(ages) <= 24:
        return
    for group, rows in list(told.by_group().items())[:_MOST]:
        cells: Sequence[Sequence[float | None]] = [[row[age.name] for age in ages] for row in rows]
        drawn = heat_map(
            [row["period"] for row in rows],
            [age.name.removeprefix("age_") for age in ages],
            cells,
            WIDE,
            write,
            corner=text("reporting.column.period", told.language),
        )
        yield Figure(_titled(told.said("triangle"), group), drawn)


_CHARTS: Final[Mapping[str, Callable[[_Told], Iterator[Figure]]]] = {
    "reserves": _still_to_come,
    "reserves_by_origin": _by_period,
    "back_tests": _predicted,
    "triangle": _triangle,
    "triangle_cumulative": _triangle,
}
