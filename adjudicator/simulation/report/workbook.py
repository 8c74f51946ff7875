"""The workbook of a simulation: every figure that the page shows, typed, and whether they add up.

Amounts are numbers in major units as far as a spreadsheet holds them exactly, and text beyond; the same
simulation gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import xlsxwriter

from adjudicator.simulation.actuarial.triangles import Triangle
from adjudicator.simulation.report.contents import (
    causes,
    changes_by,
    facility_changes,
    kind_of,
    said_figure,
    share_of,
    title_of,
)
from adjudicator.simulation.report.parameters import parameter_rows
from adjudicator.simulation.results import CAUSES, FIGURES, Simulation, VariantResult
from adjudicator.units import unscaled
from adjudicator.words import message, say

_EXACT_DIGITS: Final = 15
"""A number of more digits would be rounded by a spreadsheet, and is written as text."""

_WIDEST: Final = 60


@dataclass(frozen=True)
class Cell:
    """A cell: its value, and what that is: an amount, a count, a ratio, an index, or a text."""

    value: Any
    kind: str = "text"


def workbook(simulation: Simulation, language: str, triangle: Triangle | None = None) -> bytes:
    """Write the workbook.

    Args:
        simulation: what it is about.
        language: of headings and words, ``en`` or ``fr``.
        triangle: a loss triangle of the same scheme; none when left out.
    """
    return _Workbook(simulation, language).written(triangle)


class _Workbook:
    """A workbook that is being written."""

    def __init__(self, simulation: Simulation, language: str) -> None:
        self._simulation = simulation
        self._language = language
        self._file = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._file, {"in_memory": True, "strings_to_numbers": False})
        # A clock would make two workbooks of the same figures differ.
        self._book.set_properties({"created": dt.datetime(2000, 1, 1)})
        places = simulation.decimals
        patterns = {
            "amount": "#,##0" + ("." + "0" * places if places else ""),
            "count": "#,##0",
            "ratio": "0.00%",
            "index": "0.0000",
        }
        self._formats = {
            kind: self._book.add_format({"num_format": pattern}) for kind, pattern in patterns.items()
        }
        self._head = self._book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._bad = self._book.add_format({"bold": True, "font_color": "#b00020"})

    def _said(self, key: str, **values: Any) -> str:
        return say(message(f"simulation_report.{key}", **values), self._language)

    def written(self, triangle: Triangle | None) -> bytes:
        """Write all sheets; give the bytes."""
        self._overview()
        self._causes()
        self._groups()
        self._families()
        self._largest()
        self._facilities()
        self._tables("fund", ("product", "month"), ("contributions", "paid", "balance"))
        self._indexes()
        self._order()
        self._bands()
        if triangle is not None:
            self._triangle(triangle)
        self._parameters()
        self._hashes()
        self._control()
        self._book.close()
        return self._file.getvalue()

    @property
    def _all(self) -> tuple[VariantResult, ...]:
        return (self._simulation.base, *self._simulation.variants)

    def _title(self, variant: VariantResult) -> Cell:
        return Cell(title_of(variant, self._language))

    # Sheets.

    def _sheet(self, name: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """Write a sheet: headings that stay, typed cells, and columns as wide as what is in them."""
        sheet = self._book.add_worksheet(self._said(f"sheet.{name}"))
        widths = [min(max(len(head) + 2, 9), 24) for head in heads]
        for place, head in enumerate(heads):
            sheet.write_string(0, place, head, self._head)
        count = 0
        for count, row in enumerate(rows, 1):
            for place, cell in enumerate(row):
                written = self._write(sheet, count, place, cell)
                widths[place] = min(max(widths[place], written + 2), _WIDEST)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)
        sheet.freeze_panes(1, 0)
        if count:
            sheet.autofilter(0, 0, count, len(heads) - 1)

    def _write(self, sheet: Any, row: int, place: int, cell: Cell) -> int:
        """Write a cell of its own type; text is never taken for a formula or a number. Gives its width."""
        value = cell.value
        if value is None:
            return 0
        if cell.kind in ("text", "bad"):
            sheet.write_string(row, place, str(value), self._bad if cell.kind == "bad" else None)
            return len(str(value))
        places = {"amount": self._simulation.decimals, "ratio": 4, "index": 4}.get(cell.kind, 0)
        number = unscaled(int(value), places)
        if len(number.normalize().as_tuple().digits) > _EXACT_DIGITS:
            sheet.write_string(row, place, format(number, "f"))
        else:
            sheet.write_number(row, place, number, self._formats[cell.kind])
        return len(f"{Decimal(number):,}")

    def _heads(self, *names: str) -> list[str]:
        return [self._said(f"column.{name}") for name in names]

    def _overview(self) -> None:
        axes = [axis.path for axis in self._simulation.axes]
        heads = [*self._heads("variant"), *axes, *(self._said(f"figure.{name}") for name in FIGURES)]
        rows = [
            [
                self._title(variant),
                *(Cell(variant.settings.get(path)) for path in axes),
                *(Cell(variant.figures.get(name), kind_of(name)) for name in FIGURES),
            ]
            for variant in self._all
        ]
        self._sheet("overview", heads, rows)

    def _causes(self) -> None:
        base = self._simulation.base
        rows = [
            [
                self._title(variant),
                Cell(self._said(f"cause.{one.name}")),
                *_change(one.before, one.after),
            ]
            for variant in self._simulation.variants
            for one in causes(base, variant)
        ]
        self._sheet("causes", self._heads("variant", "cause", *_CHANGE), rows)

    def _groups(self) -> None:
        base = self._simulation.base
        rows = [
            [
                self._title(variant),
                Cell(self._said(f"dimension.{dimension}")),
                Cell(one.key),
                Cell(one.label),
                *_change(one.before, one.after),
            ]
            for variant in self._simulation.variants
            for dimension in self._simulation.dimensions
            for one in changes_by(dimension, base, variant, self._language)
        ]
        self._sheet("groups", self._heads("variant", "dimension", "key", "name", *_CHANGE), rows)

    def _families(self) -> None:
        kinds = {"above": "amount", "up_to": "amount", "families": "count", "amount": "amount"}
        rows = [
            [self._title(variant), *(Cell(row[name], kind) for name, kind in kinds.items())]
            for variant in self._simulation.variants
            for row in variant.families.histogram.to_pylist()
            if row["families"]
        ]
        self._sheet("families", self._heads("variant", *kinds), rows)

    def _largest(self) -> None:
        rows = [
            [
                self._title(variant),
                Cell(row["family"]),
                Cell(row["region"]),
                Cell(row["members"], "count"),
                Cell(row["claims"], "count"),
                *_change(row["base"], row["variant"]),
            ]
            for variant in self._simulation.variants
            for table in (variant.families.winners, variant.families.losers)
            for row in table.to_pylist()
        ]
        heads = self._heads("variant", "family", "region", "members", "claims", *_CHANGE)
        self._sheet("most", heads, rows)

    def _facilities(self) -> None:
        rows = [
            [self._title(variant), Cell(one.key), Cell(one.label), *_change(one.before, one.after)]
            for variant in self._simulation.variants
            for one in sorted(facility_changes(self._simulation.base, variant), key=lambda one: one.key)
        ]
        self._sheet("facilities", self._heads("variant", "facility", "name", *_CHANGE), rows)

    def _tables(self, name: str, texts: tuple[str, ...], amounts: tuple[str, ...]) -> None:
        rows = [
            [
                self._title(variant),
                *(Cell(row[column]) for column in texts),
                *(Cell(row[column], "amount") for column in amounts),
            ]
            for variant in self._all
            for row in _rows(getattr(variant, name))
        ]
        self._sheet(name, self._heads("variant", *texts, *amounts), rows)

    def _indexes(self) -> None:
        rows = [
            [
                self._title(variant),
                Cell(row["product"]),
                Cell(self._said(f"care.{row['care']}")),
                Cell(row["first_month"]),
                Cell(row["last_month"]),
                *(Cell(row[name], "amount") for name in ("allocated", "valuated", "paid")),
                Cell(row["index"], "index"),
            ]
            for variant in self._all
            for row in _rows(variant.indexes)
        ]
        names = ("product", "care", "first_month", "last_month", "allocated", "valuated", "paid", "index")
        self._sheet("indexes", self._heads("variant", *names), rows)

    def _order(self) -> None:
        texts, amounts = ("facility", "claim", "date_claimed"), ("valuated", "reversed", "difference")
        rows = [
            [
                self._title(variant),
                *(Cell(str(row[name])) for name in texts),
                *(Cell(row[name], "amount") for name in amounts),
            ]
            for variant in self._simulation.variants
            for row in _rows(variant.order_sensitive)
        ]
        self._sheet("order", self._heads("variant", *texts, *amounts), rows)

    def _bands(self) -> None:
        bootstrap = self._simulation.bootstrap
        if bootstrap is None:
            return
        titles = {name: title_of(one, self._language) for name, one in self._simulation.named.items()}
        values = ("value", "low", "high", "mean", "standard_error")
        rows = [
            [
                Cell(titles.get(row["variant"], row["variant"])),
                Cell(say(said_figure(row["figure"]), self._language)),
                *(Cell(row[name], kind_of(row["figure"])) for name in values),
            ]
            for row in bootstrap.bands.to_pylist()
        ]
        self._sheet("bands", self._heads("variant", "figure", *values), rows)

    def _triangle(self, triangle: Triangle) -> None:
        cells = triangle.cells.tolist()
        rows = [
            [
                Cell(origin),
                *(Cell(cells[row][age], "amount") for age in range(triangle.size - row)),
            ]
            for row, origin in enumerate(triangle.origins)
        ]
        ages = [str(age) for age in range(triangle.size)]
        self._sheet("triangle", [self._said("triangle.corner"), *ages], rows)

    def _parameters(self) -> None:
        rows = [[Cell(name), Cell(value)] for name, value in parameter_rows(self._simulation.parameters)]
        for variant in self._simulation.variants:
            rows += [[self._title(variant), Cell(say(one, self._language))] for one in variant.changes]
        self._sheet("parameters", self._heads("parameter", "value"), rows)

    def _hashes(self) -> None:
        rows = [[Cell(name), Cell(value)] for name, value in sorted(self._simulation.hashes.items())]
        self._sheet("hashes", self._heads("input", "hash"), rows)

    # Whether it adds up.

    def _control(self) -> None:
        rows = [
            [
                self._title(variant),
                Cell(what),
                Cell(left, "count" if counted else "amount"),
                Cell(right, "count" if counted else "amount"),
                Cell(self._said("control.yes")) if left == right else Cell(self._said("control.no"), "bad"),
            ]
            for variant in self._all
            for what, left, right, counted in self._checks(variant)
        ]
        self._sheet("control", self._heads("variant", "check", "left", "right", "holds"), rows)

    def _checks(self, variant: VariantResult) -> list[tuple[str, int, int, bool]]:
        """Give what must agree: what it is, the two sides, and whether they are counts."""
        base, totals, families = self._simulation.base, variant.totals, variant.families
        parts = sum(totals[cause] for cause in CAUSES) + totals["valuated"]
        checks = [(self._said("control.claimed"), totals["claimed"], parts, False)]
        if variant is not base:
            gained = totals["gained"] - totals["lost"]
            difference = totals["valuated"] - base.totals["valuated"]
            checks.append((self._said("control.difference"), gained, difference, False))
        drawn = _sum(families.histogram, "families")
        if len(families.histogram):
            checks.append((self._said("control.families"), drawn, families.families, True))
        for dimension, table in sorted(variant.breakdowns.items()):
            said = self._said("control.breakdown", dimension=self._said(f"dimension.{dimension}"))
            checks.append((said, _sum(table, "valuated"), totals["valuated"], False))
        paid = variant.figures.get("paid")
        if paid is not None and variant.facilities is not None:
            checks.append((self._said("control.facilities"), _sum(variant.facilities, "paid"), paid, False))
        if variant.fund is not None and len(variant.fund):
            fund = _sum(variant.fund, "contributions") - _sum(variant.fund, "paid")
            checks.append((self._said("control.fund"), fund, _sum(variant.fund, "balance"), False))
        return checks


_CHANGE: Final = ("before", "after", "difference", "share")


def _change(before: int, after: int) -> list[Cell]:
    """Give the cells of an amount before and after."""
    share = share_of(after - before, before)
    return [*(Cell(value, "amount") for value in (before, after, after - before)), Cell(share, "ratio")]


def _rows(table: pa.Table | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [] if table is None else table.to_pylist()
    return rows


def _sum(table: pa.Table, name: str) -> int:
    return sum(value or 0 for value in table[name].to_pylist())
