"""Rows as CSV files: the cells as our readers take them, the rows as they come."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from adjudicator.files import replacing
from adjudicator.vocabulary import Word


def cell(value: object) -> str:
    """Write a value as a cell."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Word():
            return value.word
        case Decimal():
            return f"{value:f}"
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a CSV file, whole or not at all, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([cell(row.get(name)) for name in columns] for row in rows)
