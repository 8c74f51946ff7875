"""Reports as workbooks: a sheet for each part, in which numbers are numbers as long as they are exact."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any, Final

import pyarrow.compute as pc
import xlsxwriter

from adjudicator.presentation.report_values import (
    decimals_of,
    heading,
    parameter_text,
    typed,
)
from adjudicator.problems import refused
from adjudicator.reporting.report import RATIO_DECIMALS, Column, Part, Report, Unit
from adjudicator.words import text

SHEET_ROWS: Final = 1_048_575
"""Rows below the heading that a sheet of a workbook can hold."""

EXACT_DIGITS: Final = 15
"""A number of more digits would be rounded by a spreadsheet, and is written as text."""

_WIDEST: Final = 48
"""Of a workbook's columns, in signs."""

_LOOKED_AT: Final = 1000
"""Rows by which the width of a workbook's column is found."""


def workbook(report: Report, language: str) -> bytes:
    """Write a workbook: a sheet for each part, and one with the parameters."""
    for part in report.parts:
        if len(part.rows) > SHEET_ROWS:
            raise refused("reporting.too_many_rows", rows=len(part.rows), most=SHEET_ROWS)
    file = io.BytesIO()
    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "constant_memory": False, "strings_to_numbers": False}
    )
    # A clock would make two workbooks of the same figures differ.
    book.set_properties({"created": dt.datetime(2000, 1, 1)})
    formats = _Formats(book, report.decimals)
    for part in report.parts:
        _sheet(book, formats, part, report.decimals, language)
    about = book.add_worksheet(text("reporting.sheet.parameters", language))
    about.write_row(
        0, 0, [text(f"reporting.column.{n}", language) for n in ("parameter", "value")], formats.head
    )
    for row, parameter in enumerate(report.parameters, 1):
        name, value = parameter_text(parameter, language)
        about.write_string(row, 0, name)
        formats.write(about, row, 1, value, Unit.DATE if isinstance(value, dt.date) else Unit.TEXT)
    about.set_column(0, 0, 32)
    about.set_column(1, 1, 70)
    book.close()
    return file.getvalue()


class _Formats:
    """The formats of a workbook's cells, by unit."""

    def __init__(self, book: Any, decimals: int) -> None:
        def decimal(places: int) -> Any:
            return book.add_format({"num_format": "#,##0" + ("." + "0" * places if places else "")})

        self.head = book.add_format({"bold": True, "bottom": 1})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.of_unit: dict[Unit, Any] = {
            Unit.NUMBER: decimal(0),
            Unit.MONEY: decimal(decimals),
            Unit.QUANTITY: decimal(2),
            Unit.RATIO: decimal(RATIO_DECIMALS),
            Unit.DATE: book.add_format({"num_format": "yyyy-mm-dd"}),
        }

    def write_column(
        self, sheet: Any, place: int, column: Column, given: Any, values: Any, decimals: int
    ) -> None:
        """Write a column below its heading.

        Args:
            sheet: of the workbook.
            place: of the column.
            column: what it is.
            given: its values as a report holds them.
            values: the same as they are shown.
            decimals: of the currency.
        """
        places = decimals_of(column, decimals)
        largest = pc.max(pc.abs_checked(given)).as_py() if places is not None else None
        if places is None or (largest or 0) >= 10**EXACT_DIGITS:
            for row, value in enumerate(values.to_pylist(), 1):
                self.write(sheet, row, place, value, column.unit)
            return
        # A sheet holds a number of so few digits exactly as the float nearest to it.
        one, form, write = 10**places, self.of_unit[column.unit], sheet.write_number
        for row, number_ in enumerate(given.to_pylist(), 1):
            if number_ is not None:
                write(row, place, number_ / one, form)

    def write(self, sheet: Any, row: int, place: int, value: Any, unit: Unit) -> None:
        """Write a cell of its own type; text is never taken for a formula or a number."""
        if value is None:
            return
        if isinstance(value, dt.date):
            sheet.write_datetime(row, place, value, self.of_unit[Unit.DATE])
        elif not isinstance(value, Decimal | int):
            sheet.write_string(row, place, str(value))
        elif _digits(value) > EXACT_DIGITS:
            sheet.write_string(row, place, format(value, "f" if isinstance(value, Decimal) else "d"))
        else:
            sheet.write_number(row, place, value, self.of_unit.get(unit))


def _digits(value: Decimal | int) -> int:
    return len(Decimal(value).normalize().as_tuple().digits)


def _sheet(book: Any, formats: _Formats, part: Part, decimals: int, language: str) -> None:
    sheet = book.add_worksheet(text(f"reporting.sheet.{part.name}", language))
    table = typed(part, decimals, language)
    for place, (column, values) in enumerate(zip(part.columns, table.columns, strict=True)):
        title = heading(column, language)
        sheet.write_string(0, place, title, formats.head)
        formats.write_column(sheet, place, column, part.rows[column.name], values, decimals)
        cells = values.slice(0, _LOOKED_AT).to_pylist()
        widest = max((len(str(value)) for value in cells if value is not None), default=0)
        wraps = formats.wrapped if column.unit is Unit.KEY and widest > _WIDEST else None
        sheet.set_column(place, place, min(_WIDEST, max(8, len(title) + 2, widest + 2)), wraps)
    sheet.freeze_panes(1, 0)
    if len(part.rows):
        sheet.autofilter(0, 0, len(part.rows), len(part.columns) - 1)
