"""Reports as files of every format: CSV, XLSX, HTML, JSON and Parquet, always with the same figures.

What people read (tables, CSV, XLSX) has headings and words in their language. What programs read (JSON,
Parquet) has the project's own names, whatever the language. Ids and codes are left as they are; amounts are
exact decimals in major units, dates ISO dates. The same report gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet

from adjudicator.files import csv_lines, replacing
from adjudicator.presentation.report_values import (
    parameter_text,
    typed,
)
from adjudicator.presentation.report_workbook import workbook
from adjudicator.reporting.report import Part, Report
from adjudicator.vocabulary import Word
from adjudicator.words import Message, text

FORMATS: Final = ("table", "csv", "xlsx", "html", "json", "parquet")

NEEDS_A_FILE: Final = ("xlsx", "html", "parquet")
"""Formats that no terminal shows, and that go into a file only."""


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
            files = {path: workbook(report, language)}
        case "html":
            # A page has charts, which nothing else of reports needs.
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
