"""What an earlier system left: balances, and accepted claims and lines, that the books begin with.

They are written once, before the first run, under run 0: every run looks back on them as on runs before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.books import Books
from adjudicator.claims import NAME_PARTS, claim_names
from adjudicator.problems import Place, refused
from adjudicator.run import read_carried
from adjudicator.store import bulk, journal, lock, runs
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.journal import Act
from adjudicator.store.schema import ACCEPTED_CLAIMS, ACCEPTED_LINES, BALANCES, OPENING_CLAIMS

RUN: Final = 0
"""The number of the run that there never was."""


@dataclass(frozen=True)
class OpeningLoad:
    """What the books begin with."""

    balances: int
    claims: int
    lines: int


def load_opening(books: Books, folder: Path, by: str) -> OpeningLoad:
    """Begin the books with what an earlier system left.

    Args:
        books: the books, before their first run.
        folder: with the tables ``balances``, ``earlier_claims`` and ``earlier_lines``; or that of a run.
        by: who has it done.

    Raises:
        Refused: the tables cannot be read, a run was booked, or the books were opened before; nothing was
            written.
    """
    carried = read_carried(folder, books.decimals)
    claims, ids = _numbered(carried["earlier_claims"], carried["earlier_lines"])
    balances = carried["balances"].append_column("run", _same(RUN, len(carried["balances"])))
    balances = balances.append_column("digest", pa.array(row_digests(carried["balances"])))
    act = Act(by, "load opening")
    with lock.held(books.database, act), books.database.writing() as connection:
        _check(connection, folder)
        bulk.insert(connection, OPENING_CLAIMS, claims)
        bulk.insert(connection, BALANCES, balances)
        accepted = _accepted(carried["earlier_claims"], ids, ("insuree", "target_date", "category"))
        bulk.insert(connection, ACCEPTED_CLAIMS, accepted)
        names = ("insuree", "line", "target_date", "kind", "code", "quantity")
        bulk.insert(connection, ACCEPTED_LINES, _accepted(carried["earlier_lines"], ids, names))
        sizes = {name: len(table) for name, table in sorted(carried.items())}
        hashes = {name: table_hash([row_digests(table)]) for name, table in sorted(carried.items())}
        journal.append(connection, act, {"rows": sizes, "hashes": hashes})
    return OpeningLoad(len(balances), len(accepted), len(carried["earlier_lines"]))


def opened_with(connection: sa.Connection, claims: pa.Table) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell which claims an earlier system accepted before the books began.

    Args:
        connection: of a transaction.
        claims: with the columns facility and claim.
    """
    keys = pa.table({name: claims[name].cast(pa.string()) for name in ("facility", "claim")})
    given = bulk.wanted(connection, "perhaps_before", keys)
    query = sa.select(OPENING_CLAIMS.c.facility, OPENING_CLAIMS.c.claim).join(
        given,
        sa.and_(given.c.facility == OPENING_CLAIMS.c.facility, given.c.claim == OPENING_CLAIMS.c.claim),
    )
    held = bulk.read(connection, query)
    found = pc.is_in(claim_names(keys), value_set=claim_names(held))
    return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)


def _check(connection: sa.Connection, folder: Path) -> None:
    before = sa.select(sa.func.count()).select_from(BALANCES).where(BALANCES.c.run == RUN)
    opened = connection.execute(sa.select(sa.func.count()).select_from(OPENING_CLAIMS)).scalar_one()
    if runs.last_run(connection):
        key = "books.opening_too_late"
    elif opened or connection.execute(before).scalar_one():
        key = "books.opening_twice"
    else:
        return
    raise refused(key, Place(folder))


def _numbered(claims: pa.Table, lines: pa.Table) -> tuple[pa.Table, dict[str, int]]:
    """Give earlier claims numbers below zero, by facility and number; lines may name further ones."""
    keys = pc.unique(pa.chunked_array([claim_names(claims), claim_names(lines)]))
    ordered = sorted(keys.to_pylist())
    ids = {key: -place for place, key in enumerate(ordered, 1)}
    named = [key.split(NAME_PARTS) for key in ordered]
    table = pa.table(
        {
            "claim_id": pa.array([ids[key] for key in ordered], pa.int64()),
            "facility": pa.array([facility for facility, _ in named], pa.string()),
            "claim": pa.array([claim for _, claim in named], pa.string()),
        }
    )
    return table, ids


def _accepted(table: pa.Table, ids: dict[str, int], names: tuple[str, ...]) -> pa.Table:
    columns: dict[str, Any] = {name: table[name] for name in names}
    columns["claim_id"] = pa.array([ids[key] for key in claim_names(table).to_pylist()], pa.int64())
    columns["run"] = _same(RUN, len(table))
    columns["entry"] = pa.array(np.full(len(table), DECISION, np.int8))
    return pa.table(columns)


def _same(value: int, count: int) -> pa.Array:
    return pa.array(np.full(count, value, np.int64))
