"""The report of an import as an Excel workbook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from adjudicator.openimis.report import Report, cause_of
from adjudicator.openimis.valuated import Comparison
from adjudicator.units import unscaled
from adjudicator.words import Amount, say, text


def write_workbook(report: Report, path: Path, language: str) -> None:
    """Write the report as a workbook for those who go through it."""
    # The words of a cell are words, also where they look like a formula or an address.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as file:
        # Without a clock: the same import has the same bytes.
        file.set_properties({"created": dt.datetime(2000, 1, 1)})
        book = _Book(file, report.decimals, language)
        _write_rows(book, report)
        _write_remarks(book, report)
        if report.comparison is not None:
            _write_causes(book, report.comparison)
            _write_lines(book, report.comparison)


class _Book:
    """A workbook that gets sheets, in the language of its reader."""

    def __init__(self, book: Any, decimals: int, language: str) -> None:
        self._book, self._decimals, self.language = book, decimals, language
        self._head = book.add_format({"bold": True, "bottom": 1})
        self._number = book.add_format({"num_format": "#,##0"})
        self._amount = book.add_format({"num_format": "#,##0" + ("." + "0" * decimals if decimals else "")})
        self._wrapped = book.add_format({"text_wrap": True, "valign": "top"})

    def words(self, *keys: str) -> list[str]:
        """Give texts of the report."""
        return [text(f"openimis.report.{key}", self.language) for key in keys]

    def money(self, minor: int) -> Amount:
        """Give an amount of minor units as a cell holds it."""
        return Amount(minor, self._decimals)

    def sheet(
        self, title: str, header: Sequence[str], rows: Iterable[Sequence[object]], widths: Sequence[int]
    ) -> None:
        """Add a sheet.

        Args:
            title: the key of its title.
            header: the headings of its columns.
            rows: amounts and numbers are written as such, what else there is as words.
            widths: of the columns, in signs.
        """
        page = self._book.add_worksheet(self.words(title)[0][:31])
        page.freeze_panes(1, 0)
        page.write_row(0, 0, header, self._head)
        for place, width in enumerate(widths):
            page.set_column(place, place, width)
        last = 0
        for last, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                self._write(page, last, place, value)
        page.autofilter(0, 0, last, len(header) - 1)

    def _write(self, page: Any, row: int, place: int, value: object) -> None:
        if isinstance(value, Amount):
            page.write_number(row, place, float(unscaled(value.minor, value.decimals)), self._amount)
        elif isinstance(value, int):
            page.write_number(row, place, value, self._number)
        elif value is not None:
            page.write_string(row, place, str(value), self._wrapped)


def _write_rows(book: _Book, report: Report) -> None:
    """Write what became of the rows of each table."""
    names = ("table", "read", "superseded", "current", "brought", "set_aside", "history")
    rows = [
        (one.table, one.read, one.superseded, one.current, one.brought, one.set_aside, one.as_history)
        for one in report.counts
    ]
    book.sheet("rows", book.words(*(f"column.{name}" for name in names)), rows, (24, *(14,) * 6))


def _write_remarks(book: _Book, report: Report) -> None:
    """Write what was set aside, and what is doubted."""
    names = ("table", "field", "rows", "ids", "reason", "proposal")
    for title, groups in (("set_aside", report.set_aside), ("doubts", report.doubts)):
        rows = [
            (
                group.table,
                group.field,
                group.rows,
                ", ".join(map(str, group.examples)),
                say(group.reason, book.language),
                say(group.remedy, book.language),
            )
            for group in groups
        ]
        book.sheet(title, book.words(*(f"column.{name}" for name in names)), rows, (24, 20, 8, 24, 60, 60))


def _write_causes(book: _Book, compared: Comparison) -> None:
    """Write the causes for which amounts differ."""
    names = ("cause", "lines", "difference")
    rows = [
        (say(cause_of(cause, reason), book.language), count, book.money(total))
        for (cause, reason), (count, total) in compared.totals.items()
    ]
    heads = book.words(*(f"comparison.{name}" for name in names))
    book.sheet("comparison.causes", heads, rows, (70, 10, 18))


def _write_lines(book: _Book, compared: Comparison) -> None:
    """Write the lines that came out otherwise."""
    names = ("facility", "claim", "line", "code", "theirs", "ours", "difference", "cause", "explained")
    rows = [
        (
            one.facility,
            one.claim,
            one.line,
            one.code,
            book.money(one.theirs),
            book.money(one.ours),
            book.money(one.difference),
            "; ".join(say(part.said, book.language) for part in one.parts),
            " ".join(say(sentence, book.language) for sentence in (*one.about_claim, *one.sentences)),
        )
        for one in compared.lines
    ]
    heads = book.words(*(f"comparison.{name}" for name in names))
    book.sheet("comparison.lines", heads, rows, (12, 16, 6, 10, 14, 14, 14, 50, 90))
