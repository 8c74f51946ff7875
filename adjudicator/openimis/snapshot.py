"""What is handed to openIMIS: the registers, the products, and decided claims of a run or of the books."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.claims import received
from adjudicator.books.closing.periods import month_given
from adjudicator.books.ledger import current_decisions, rows_of_decisions
from adjudicator.books.registers import registers_at
from adjudicator.explain import inputs_of_run
from adjudicator.problems import refused
from adjudicator.product.definition import Product
from adjudicator.product.read import read_products
from adjudicator.remuneration.months import first_day, last_day
from adjudicator.run_folder import decisions_of_run
from adjudicator.scheme import open_scheme
from adjudicator.store import bulk, loads, runs
from adjudicator.store.schema import CLAIMS, LINE_DECISIONS, REMUNERATIONS
from adjudicator.tables import REGISTERS
from adjudicator.units import date_of
from adjudicator.vocabulary import Cut
from ingest.tables import read_claims, read_registers

Row = dict[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True)
class Snapshot:
    """Registers, products and claims with their decisions. Rows hold typed values: words are integers."""

    scheme: Path
    decimals: int
    adult_age: int
    registers: Mapping[str, list[Row]]
    products: tuple[Product, ...]
    claims: list[Row]
    lines: Mapping[Key, list[Row]]
    """By facility and claim, in the order of their numbers."""
    claim_decisions: Mapping[Key, Row]
    line_decisions: Mapping[tuple[str, str, int], Row]
    month: str | None
    """Of the claims; None where they are of none."""


def of_run(run: Path) -> Snapshot:
    """Take what a run decided.

    Raises:
        Refused: there is no run, or what went into it is gone or has changed.
    """
    folder, sources, *_ = inputs_of_run(run)
    scheme = open_scheme(folder)
    decimals = scheme.settings.decimals
    registers = read_registers(scheme.registers, decimals).tables
    reading = read_claims(sources, decimals, registers["facilities"])
    decisions = decisions_of_run(run, decimals)
    by_claim = {(row["facility"], row["claim"]): row for row in _rows(decisions["claim_decisions"])}
    by_line = {
        (row["facility"], row["claim"], row["line"]): row for row in _rows(decisions["line_decisions"])
    }
    claims, lines = _claims(_rows(reading.claims), _rows(reading.lines))
    # Claims that the run set aside were never decided: their facility has them back.
    kept = [claim for claim in claims if (claim["facility"], claim["claim"]) in by_claim]
    months = {f"{claim['date_claimed']:%Y-%m}" for claim in kept}
    return Snapshot(
        folder,
        decimals,
        scheme.settings.adult_age,
        {name: _rows(registers[name]) if name in registers else [] for name in REGISTERS},
        tuple(source.definition for source in scheme.products),
        kept,
        lines,
        by_claim,
        by_line,
        max(months) if months else None,
    )


def of_books(books: Books, month: str | None) -> Snapshot:
    """Take the claims of a month as the books decide them now; all claims where none is named.

    Raises:
        Refused: it is no month, or no registers were loaded.
    """
    days = None
    if month is not None:
        number = month_given(month)
        days = date_of(int(first_day(number))), date_of(int(last_day(number)))
    with books.database.reading() as connection:
        state = loads.last_load(connection, "registers")
        if state is None:
            raise refused("books.no_state")
        registers = registers_at(connection, state.load, tuple(REGISTERS))
        query = sa.select(CLAIMS.c.claim_id)
        if days is not None:
            query = query.where(CLAIMS.c.date_claimed.between(*days))
        found = received(connection, query)
        decisions = current_decisions(connection, found.claim_ids, runs.last_run(connection))
        decided_lines = rows_of_decisions(connection, LINE_DECISIONS, decisions)
        paid = _paid(connection, found.claim_ids)
    claims, lines = _claims(_rows(found.claims), _rows(found.lines))
    keys = {
        int(id_): (claim["facility"], claim["claim"])
        for id_, claim in zip(found.claim_ids.tolist(), claims, strict=True)
    }
    by_claim = {keys[row["claim_id"]]: row for row in _rows(decisions)}
    asked = {(*key, line["line"]): line for key, own in lines.items() for line in own}
    by_line = {
        place: _whole(row, asked[place])
        for row in _rows(decided_lines)
        if (place := (*keys[row["claim_id"]], row["line"])) in asked
    }
    for (id_, number_of_line), amount in paid.items():
        if row := by_line.get((*keys[id_], number_of_line)):
            row["remunerated"] = amount
    for key in {keys[id_] for id_, _ in paid}:
        if key in by_claim:
            own = [row["remunerated"] or 0 for place, row in by_line.items() if place[:2] == key]
            by_claim[key]["remunerated"] = sum(own)
    settings = books.settings
    sources = read_products(books.folder / settings.products, books.decimals)
    return Snapshot(
        books.folder,
        books.decimals,
        settings.adult_age,
        {name: _with_attributes(_rows(table)) for name, table in registers.items()},
        tuple(source.definition for source in sources),
        claims,
        lines,
        by_claim,
        by_line,
        month,
    )


def _whole(decided: Row, asked: Row) -> Row:
    """Give a line's decision with what follows from the rest, which the books do not keep."""
    gross = decided["valuated"] + sum(decided[cut.word] for cut in Cut)
    return {**asked, "remunerated": None, **decided, "gross": gross}


def _paid(connection: sa.Connection, claim_ids: Any) -> dict[tuple[int, int], int]:
    """Give what closed months owe for lines."""
    wanted = bulk.wanted(connection, "paid_claims", pa.table({"claim_id": np.unique(claim_ids)}))
    table = REMUNERATIONS
    query = sa.select(table.c.claim_id, table.c.line, table.c.amount).join(
        wanted, wanted.c.claim_id == table.c.claim_id
    )
    paid: dict[tuple[int, int], int] = defaultdict(int)
    for row in _rows(bulk.read(connection, query)):
        paid[row["claim_id"], row["line"]] += row["amount"]
    return dict(paid)


def _rows(table: pa.Table) -> list[Row]:
    found: list[Row] = table.to_pylist()
    return found


def _with_attributes(rows: list[Row]) -> list[Row]:
    """Give further columns of a register, which the books keep together, by their names again."""
    return [
        {name: value for name, value in row.items() if name != "attributes"}
        | (json.loads(row["attributes"]) if row.get("attributes") else {})
        for row in rows
    ]


def _claims(claims: list[Row], lines: Iterable[Row]) -> tuple[list[Row], dict[Key, list[Row]]]:
    by_claim: dict[Key, list[Row]] = defaultdict(list)
    for line in lines:
        claim = claims[line["claim_index"]]
        by_claim[claim["facility"], claim["claim"]].append(line)
    for own in by_claim.values():
        own.sort(key=lambda line: line["line"])
    return claims, dict(by_claim)


def target_date(claim: Row) -> dt.date | None:
    """Give the target date of a claim (law, section 3)."""
    date: dt.date | None = claim["date_to"] or claim["date_from"]
    return date
