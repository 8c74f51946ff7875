"""Reports on a screen: tables that fit it, and say what they leave out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from adjudicator.presentation.report_values import (
    NUMBERS,
    cell_text,
    heading,
    parameter_text,
    typed,
)
from adjudicator.reporting.report import Column, Part, Report, Unit
from adjudicator.words import shown, text

SHOWN_ROWS: Final = 100
"""Rows of a part that a table on a screen shows."""

_WORDS: Final = 12
"""A column of words is not made narrower than this on a screen."""

_GAP: Final = 2


def report_view(report: Report, language: str) -> Group:
    """Lay out a report for a screen; long parts are cut, and say so."""
    return Group(*_views(report, language))


def _views(report: Report, language: str) -> list[RenderableType]:
    views: list[RenderableType] = [Text(text(f"reporting.report.{report.name}", language), style="bold")]
    about = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for parameter in report.parameters:
        name, value = parameter_text(parameter, language)
        about.add_row(Text(name, style="dim"), Text(str(shown(value, language)), style="dim"))
    views.append(about)
    for part in report.parts:
        views += [Text(), Text(text(f"reporting.part.{part.name}", language), style="bold")]
        if not len(part.rows):
            views.append(Text(text("reporting.nothing", language)))
            continue
        views.append(_Rows(part, report.decimals, language))
        if (more := len(part.rows) - SHOWN_ROWS) > 0:
            views.append(Text(text("reporting.more_rows", language, more=more), style="yellow"))
    return views


class _Rows:
    """The rows of a part as a table that fits a screen: columns that can be spared give way to the others."""

    def __init__(self, part: Part, decimals: int, language: str) -> None:
        rows = part.rows.slice(0, SHOWN_ROWS)
        filled = tuple(column for column in part.columns if rows[column.name].null_count < len(rows))
        short = Part(part.name, filled, rows.select([column.name for column in filled]))
        self._language = language
        self._columns = {
            column: [cell_text(column, value, decimals, language) for value in values.to_pylist()]
            for column, values in zip(filled, typed(short, decimals, language).columns, strict=True)
        }

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        kept = dict(self._columns)
        for column in reversed([column for column in kept if column.spare]):
            if self._width(kept) <= options.max_width:
                break
            del kept[column]
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, _GAP, 0, 0))
        widths = self._widths(kept, options.max_width)
        for column in kept:
            justify: Any = "right" if column.unit in NUMBERS else "left"
            title = heading(column, self._language)
            table.add_column(title, justify=justify, overflow="fold", width=widths[column])
        for row in zip(*kept.values(), strict=True):
            table.add_row(*map(Text, row))
        yield table

    def _width(self, columns: Iterable[Column]) -> int:
        return sum(self._least(column) + _GAP for column in columns)

    def _widths(self, columns: Iterable[Column], most: int) -> dict[Column, int]:
        """Share what a screen has room for: those that lack little are given it first."""
        widths = {column: self._least(column) for column in columns}
        room = most - self._width(widths)
        for column in sorted(widths, key=lambda column: self._natural(column) - widths[column]):
            wider = max(0, min(room, self._natural(column) - widths[column]))
            widths[column] += wider
            room -= wider
        return widths

    def _least(self, column: Column) -> int:
        """Give how narrow a column can be: numbers and codes are never broken, words at their spaces."""
        title = max(map(len, heading(column, self._language).split()))
        cells = max(map(len, self._columns[column]))
        return max(title, min(_WORDS, cells) if column.unit in (Unit.WORD, Unit.KEY) else cells)

    def _natural(self, column: Column) -> int:
        return max(len(heading(column, self._language)), *map(len, self._columns[column]))


def print_report(console: Console, report: Report, language: str) -> None:
    """Print a report as a table."""
    console.print(report_view(report, language))
