"""Reports in every format: a table on a screen, CSV, XLSX, JSON and Parquet, always with the same figures.

What people read (tables, CSV, XLSX) has headings and words in their language. What programs read (JSON,
Parquet) has the project's own names, whatever the language. Ids and codes are left as they are; amounts are
exact decimals in major units, dates ISO dates. The same report gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
import xlsxwriter
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from adjudicator.files import csv_lines, replacing
from adjudicator.problems import Problem, Refused
from adjudicator.reporting.report import RATIO_DECIMALS, Column, Parameter, Part, Report, Unit
from adjudicator.vocabulary import Word
from adjudicator.words import Message, label, message, number, say, shown, text

FORMATS: Final = ("table", "csv", "xlsx", "html", "json", "parquet")

NEEDS_A_FILE: Final = ("xlsx", "html", "parquet")
"""Formats that no terminal shows, and that go into a file only."""

SHOWN_ROWS: Final = 100
"""Rows of a part that a table on a screen shows."""

SHEET_ROWS: Final = 1_048_575
"""Rows below the heading that a sheet of a workbook can hold."""

EXACT_DIGITS: Final = 15
"""A number of more digits would be rounded by a spreadsheet, and is written as text."""

_WIDEST: Final = 48
"""Of a workbook's columns, in signs."""

_WORDS: Final = 12
"""A column of words is not made narrower than this on a screen."""

_LOOKED_AT: Final = 1000
"""Rows by which the width of a workbook's column is found."""

_GAP: Final = 2
_NUMBERS: Final = (Unit.NUMBER, Unit.MONEY, Unit.QUANTITY, Unit.RATIO)


def decimals_of(column: Column, decimals: int) -> int | None:
    """Give the decimals of a column's numbers; None where it has no decimals or no numbers."""
    match column.unit:
        case Unit.MONEY:
            return decimals
        case Unit.QUANTITY:
            return 2
        case Unit.RATIO:
            return RATIO_DECIMALS
        case _:
            return None


def heading(column: Column, language: str) -> str:
    """Give a column's heading."""
    if column.said is not None:
        return say(column.said, language)
    return text(f"reporting.column.{column.name}", language)


# Typed tables.


def typed(part: Part, decimals: int, language: str | None) -> pa.Table:
    """Give a part with exact decimals instead of minor units, and texts instead of numbers for words.

    Args:
        part: a table of a report.
        decimals: of the currency.
        language: of headings and words; None for the project's own names and words.
    """
    arrays, names = [], []
    for column in part.columns:
        if column.told and language is None:
            continue
        values = part.rows[column.name].combine_chunks()
        arrays.append(_typed_column(column, values, decimals, language))
        names.append(column.name if language is None else heading(column, language))
    return pa.Table.from_arrays(arrays, names=names)


def _typed_column(column: Column, values: pa.Array, decimals: int, language: str | None) -> pa.Array:
    places = decimals_of(column, decimals)
    if places is not None:
        return _decimal(values, places)
    if column.unit is Unit.WORD:
        assert column.words is not None
        words = {int(word): word.word if language is None else label(word, language) for word in column.words}
        return _replaced(values, words)
    if column.unit is Unit.KEY:
        keys = values.unique().drop_null().to_pylist()
        return _replaced(values, {key: _word_of(key, language) for key in keys})
    return values


def _word_of(key: str, language: str | None) -> str:
    """Give the text of a report's own word, or, for programs, the word."""
    return key.partition(".")[2] if language is None else text(f"reporting.{key}", language)


def _decimal(values: pa.Array, places: int) -> pa.Array:
    """Give whole numbers of their last place as decimals, without going through a float."""
    given = np.asarray(values.fill_null(0).to_numpy(zero_copy_only=False), np.int64)
    halves = np.stack([given, given >> 63], axis=1)
    mask = pa.array(np.asarray(values.is_valid().to_numpy(zero_copy_only=False)))
    buffers = [mask.buffers()[1], pa.py_buffer(np.ascontiguousarray(halves))]
    return pa.Array.from_buffers(pa.decimal128(38, places), len(values), buffers)


def _replaced(values: pa.Array, by: Mapping[Any, str]) -> pa.Array:
    encoded = values.dictionary_encode()
    words = pa.array([by[value] for value in encoded.dictionary.to_pylist()], pa.string())
    return words.take(encoded.indices)


# For people, on a screen.


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
            justify: Any = "right" if column.unit in _NUMBERS else "left"
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


def cell_text(column: Column, value: Any, decimals: int, language: str) -> str:
    """Write a value of a typed table for people."""
    if value is None:
        return ""
    if column.unit is Unit.DATE:
        return str(value.isoformat())
    if column.name in ("code", "run", "line"):
        return str(value)
    if column.unit is Unit.QUANTITY:
        value = value.normalize()
        return number(value, max(0, -value.as_tuple().exponent), language)
    if column.unit in _NUMBERS:
        return number(value, decimals_of(column, decimals) or 0, language)
    return str(value)


def parameter_text(parameter: Parameter, language: str) -> tuple[str, Any]:
    """Give a parameter's name, and its value for people; dates stay dates, and numbers numbers."""
    value = parameter.value
    if value is None:
        value = message("reporting.all")
    if isinstance(value, Message):
        value = say(value, language)
    elif isinstance(value, Word):
        value = label(value, language)
    return text(f"reporting.parameter.{parameter.name}", language), value


# Files.


def write_report(report: Report, form: str, path: Path, language: str) -> list[Path]:
    """Write a report into a file.

    A CSV or Parquet file holds one table: the first part goes into the file that is named, further ones
    beside it, with the name of the part behind its own; the parameters of a CSV file as well.

    Args:
        report: the report.
        form: ``csv``, ``xlsx``, ``html``, ``json`` or ``parquet``.
        path: the file; its folder is made.
        language: of headings and words for people.

    Returns:
        The files that were written.

    Raises:
        Refused: a workbook cannot hold that many rows.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    files: dict[Path, bytes]
    match form:
        case "csv":
            files = {where: _csv(part, report.decimals, language) for where, part in _beside(report, path)}
            files[path.with_stem(f"{path.stem}-parameters")] = _parameters_csv(report, language)
        case "parquet":
            files = {where: _parquet(report, part) for where, part in _beside(report, path)}
        case "json":
            files = {path: report_json(report).encode()}
        case "xlsx":
            files = {path: _workbook(report, language)}
        case "html":
            # A page is laid out with what is here, and has charts, which nothing else of reports needs.
            from adjudicator.presentation.report_page import report_page  # noqa: PLC0415

            files = {path: report_page(report, language).encode()}
        case _:
            raise ValueError(form)
    for where, content in files.items():
        with replacing(where) as temporary:
            temporary.write_bytes(content)
    return list(files)


def report_text(report: Report, form: str, language: str) -> str:
    """Give a report as the text of a format that is text: ``csv`` or ``json``."""
    if form == "json":
        return report_json(report)
    parts = [_csv(part, report.decimals, language).decode() for part in report.parts]
    return "\n".join(parts)


def _beside(report: Report, path: Path) -> list[tuple[Path, Part]]:
    first, *others = report.parts
    return [(path, first), *((path.with_stem(f"{path.stem}-{part.name}"), part) for part in others)]


def _csv(part: Part, decimals: int, language: str) -> bytes:
    return _csv_of(typed(part, decimals, language))


def _csv_of(table: pa.Table) -> bytes:
    headings = [pa.array([name], pa.string()) for name in table.column_names]
    lines = [*csv_lines(headings).to_pylist()]
    if len(table):
        lines += csv_lines([column.combine_chunks() for column in table.columns]).to_pylist()
    return "".join(lines).encode()


def _parameters_csv(report: Report, language: str) -> bytes:
    pairs = [parameter_text(parameter, language) for parameter in report.parameters]
    headings = [text(f"reporting.column.{name}", language) for name in ("parameter", "value")]
    columns = [[name for name, _ in pairs], [_plain(value) for _, value in pairs]]
    return _csv_of(
        pa.Table.from_arrays([pa.array(column, pa.string()) for column in columns], names=headings)
    )


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _parameters(report: Report) -> dict[str, Any]:
    """Give the parameters for programs: dates as ISO dates, words as the project's own."""

    def value_of(value: Any) -> Any:
        match value:
            case dt.date():
                return value.isoformat()
            case Word():
                return value.word
            case Message():
                return value.key.rpartition(".")[2]
            case _:
                return value

    return {parameter.name: value_of(parameter.value) for parameter in report.parameters}


def report_json(report: Report) -> str:
    """Write a report as JSON: names and words are the project's own, decimals are texts."""
    parts = []
    for part in report.parts:
        rows = [
            json.dumps(row, ensure_ascii=False) for row in _plain_rows(typed(part, report.decimals, None))
        ]
        listed = ",\n".join(f"   {row}" for row in rows)
        parts.append(f"  {json.dumps(part.name)}: [" + (f"\n{listed}\n  ]" if rows else "]"))
    parameters = json.dumps(_parameters(report), ensure_ascii=False)
    head = f'{{\n "report": {json.dumps(report.name)},\n "parameters": {parameters},\n "parts": {{\n'
    return head + ",\n".join(parts) + "\n }\n}\n"


def _plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    plain = [
        column.cast(pa.string())
        if pa.types.is_decimal(column.type) or pa.types.is_date(column.type)
        else column
        for column in table.columns
    ]
    rows: list[dict[str, Any]] = pa.Table.from_arrays(plain, names=table.column_names).to_pylist()
    return rows


def _parquet(report: Report, part: Part) -> bytes:
    about = {
        "report": report.name,
        "part": part.name,
        "parameters": json.dumps(_parameters(report), sort_keys=True),
    }
    sink = io.BytesIO()
    table = typed(part, report.decimals, None).replace_schema_metadata(about)
    pa.parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue()


# Workbooks.


def _workbook(report: Report, language: str) -> bytes:
    """Write a workbook: a sheet for each part, and one with the parameters."""
    for part in report.parts:
        if len(part.rows) > SHEET_ROWS:
            what = message("reporting.too_many_rows", rows=len(part.rows), most=SHEET_ROWS)
            raise Refused([Problem(what, remedy=message("reporting.too_many_rows.remedy"))])
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


def print_report(console: Console, report: Report, language: str) -> None:
    """Print a report as a table."""
    console.print(report_view(report, language))
