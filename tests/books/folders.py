"""Schemes in folders for tests: random worlds as the files that a user would have."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from adjudicator.product.writing import write_product
from adjudicator.tables import CLAIM_LINES, CLAIMS, REGISTERS, Table
from tests.adjudication.worlds import RandomWorld, kinder, random_world

CURRENCIES = {0: "XAF", 2: "KES", 3: "TND"}
"""A currency for each number of decimals that worlds have."""

Row = Mapping[str, Any]


def write_world(folder: Path, world: RandomWorld) -> Path:
    """Write a world as a scheme's folder, without its claims; give the folder."""
    settings = {
        "scheme": "WORLD",
        "currency": CURRENCIES[world.decimals],
        "adult_age": world.adult_age,
    }
    (folder / "products").mkdir(parents=True)
    (folder / "registers").mkdir()
    lines = "".join(f"{key}: {value}\n" for key, value in settings.items())
    (folder / "scheme.yaml").write_text(lines, "utf-8")
    for number, product in enumerate(world.products):
        text = write_product(product, world.decimals)
        (folder / "products" / f"{number}.yaml").write_text(text, "utf-8")
    for name, rows in world.registers.items():
        write_rows(folder / "registers" / f"{name}.csv", REGISTERS[name], rows)
    return folder


def write_claims(folder: Path, claims: Sequence[Row], lines: Sequence[Row]) -> Path:
    """Write claims with those of the lines that are theirs; give the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = {(row["facility"], row["claim"]) for row in claims}
    write_rows(folder / "claims.csv", CLAIMS, claims)
    theirs = [row for row in lines if (row["facility"], row["claim"]) in keys]
    write_rows(folder / "claim_lines.csv", CLAIM_LINES, theirs)
    return folder


def write_rows(path: Path, table: Table, rows: Sequence[Row]) -> Path:
    """Write rows as CSV, with all columns that the table declares."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [column.name for column in table.columns], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return path


def _cell(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return "" if value is None else value


def in_order(world: RandomWorld) -> list[dict[str, Any]]:
    """Give a world's claims in adjudication order (law, section 3)."""
    return sorted(
        world.claims,
        key=lambda row: (row["sequence"] or 0, row["date_claimed"], row["claim"], row["facility"]),
    )


def write_village(folder: Path) -> Path:
    """Write a scheme of a few families whose claims compete for all that products limit."""
    world = kinder(random_world(Random(7), 160, 8), Random(8))
    write_world(folder, world)
    claims = in_order(world)
    half = len(claims) // 2
    for number, part in enumerate((claims[:half], claims[half:]), 1):
        write_claims(folder / "claims" / f"month-{number}", part, world.claim_lines)
    return folder
