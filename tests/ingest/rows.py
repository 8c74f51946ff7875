"""Rows for tests: small registers and claims that are good, as text, and ways to write and compare them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingest.tables import ClaimsReading, SetAside

Row = dict[str, Any]


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> Path:
    """Write rows as a CSV file, with the columns of the first where none are given."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns or list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def claim(number: str, **other: Any) -> Row:
    return {
        "claim": number,
        "facility": "H1",
        "insuree": "I1",
        "date_from": "2025-06-01",
        "date_to": "",
        "date_claimed": "2025-06-20",
        "diagnosis": "A00",
        "sequence": "",
    } | other


def line(number: str, of: int, **other: Any) -> Row:
    return {
        "claim": number,
        "facility": "H1",
        "line": str(of),
        "kind": "item",
        "code": "D1",
        "quantity": "2",
        "price_asked": "10.50",
    } | other


def facility(code: str, **other: Any) -> Row:
    return {"code": code, "name": code, "level": "hospital", "care_type": "both"} | other


def told(set_aside: SetAside, language: str = "en") -> list[str]:
    """Give every fault as a person reads it, with the file's name for its path."""
    lines = []
    for fault in set_aside:
        line = fault.problem().told(language)
        for path in set_aside.files:
            line = line.replace(str(path), path.name)
        lines.append(line)
    return lines


def claims_with_lines(reading: ClaimsReading) -> dict[tuple[str, str], Row]:
    """Give the claims that were kept by their key, with their lines in order."""
    claims: list[Row] = reading.claims.to_pylist()
    for one in claims:
        one["lines"] = []
    for one in reading.lines.to_pylist():
        claims[one.pop("claim_index")]["lines"].append(one)
    for one in claims:
        one["lines"].sort(key=lambda row: row["line"])
    return {(one["facility"], one["claim"]): one for one in claims}


def plain(table: pa.Table) -> pa.Table:
    """Hold all text as plain text."""
    return pa.table(
        {
            name: table[name].cast(pa.string()) if pa.types.is_dictionary(table[name].type) else table[name]
            for name in table.column_names
        }
    )
