"""Claims of a scheme's folder as facilities send them one by one."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from adjudicator.books.submission.counter import Counter
from adjudicator.books.submission.reading import NotReceived, Read, Sent
from adjudicator.fhir.systems import claim_response_id
from tests.web.fhir_claims import claim_resource

Row = dict[str, Any]


def sent(claim: Row, lines: Sequence[Row], scheme: str = "WORLD") -> Sent:
    """Give a claim as the counter takes it."""
    response = claim_response_id(scheme, str(claim["facility"]), str(claim["claim"]))
    return Sent({**claim, "sequence": None}, list(lines), response)


def taken(counter: Counter, claims: Sequence[Sent]) -> list[Read]:
    """Read the claims that can be received."""
    return [one for one in counter.read_many(claims) if not isinstance(one, NotReceived)]


class Village:
    """A scheme in a folder, and its claims.

    Args:
        folder: with its claims as CSV or Parquet, a folder a month.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def months(self) -> list[list[Sent]]:
        """The claims of each month, in adjudication order."""
        return [self._month(folder) for folder in sorted((self.folder / "claims").iterdir())]

    @cached_property
    def claims(self) -> list[Sent]:
        """All claims."""
        return [one for month in self.months for one in month]

    def _month(self, folder: Path) -> list[Sent]:
        lines: dict[tuple[Any, Any], list[Row]] = defaultdict(list)
        for row in _rows(folder, "claim_lines"):
            lines[row.get("facility"), row["claim"]].append(row)
        claims = _rows(folder, "claims")
        claims.sort(key=lambda row: (str(row["date_claimed"]), row["claim"], row["facility"]))
        return [
            sent(row, lines.get((row["facility"], row["claim"])) or lines[None, row["claim"]])
            for row in claims
        ]

    def resources(self, facility: str) -> list[dict[str, Any]]:
        """Give the claims of a facility that can be received as FHIR, those with a date and a diagnosis."""
        return [
            resource_of(one)
            for one in self.claims
            if one.claim["facility"] == facility and one.claim["date_from"] and one.lines
        ]


def resource_of(one: Sent) -> dict[str, Any]:
    """Write a claim as FHIR."""
    return claim_resource(one.claim, one.lines)


def _rows(folder: Path, name: str) -> list[Row]:
    if (path := folder / f"{name}.csv").is_file():
        with path.open(encoding="utf-8", newline="") as file:
            return [_filled(row) for row in csv.DictReader(file)]
    parts = [pq.read_table(path) for path in sorted(folder.glob(f"{name}*.parquet"))]
    rows: list[Row] = pa.concat_tables(parts).to_pylist()
    return rows


def _filled(row: dict[str, str]) -> Row:
    found: Row = {name: value or None for name, value in row.items()}
    for name in ("quantity", "price_asked", "quantity_approved", "price_approved"):
        if found.get(name) is not None:
            found[name] = Decimal(found[name])
    if found.get("line") is not None:
        found["line"] = int(found["line"])
    return found
