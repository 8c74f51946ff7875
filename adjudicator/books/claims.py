"""Claims in and out of the books: each is received once, and waits until a run decides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.opening import opened_with
from adjudicator.books.registers import registers_at
from adjudicator.books.set_aside import kept_rows
from adjudicator.claims import claim_names
from adjudicator.problems import refused
from adjudicator.store import bulk, loads
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.journal import Act
from adjudicator.store.loads import Load
from adjudicator.store.schema import CLAIM_LINES, CLAIMS, UNDECIDED
from adjudicator.tables import CLAIM_LINES as LINE_SHAPE
from adjudicator.tables import CLAIMS as CLAIM_SHAPE
from adjudicator.words import message
from ingest.tables import ClaimsReading, read_claims

Int64s = npt.NDArray[np.int64]

CLAIM_COLUMNS = tuple(column.name for column in CLAIM_SHAPE.columns)
LINE_COLUMNS = tuple(column.name for column in LINE_SHAPE.columns if column.name not in ("claim", "facility"))


@dataclass(frozen=True)
class ClaimsLoad:
    """A load of claims; ``load`` is None where nothing was new."""

    load: int | None
    added: int
    lines: int
    present: int
    """Claims that were in the books already, just the same."""
    reading: ClaimsReading
    """What was read; claims that came with another content than before are among those set aside."""


def load_claims(books: Books, sources: Sequence[Path], by: str) -> ClaimsLoad:
    """Load claims from folders or files.

    A claim that is in the books already with the same content is left alone; one with another content is
    set aside, as is everything that cannot be read. The same files again change nothing.

    Raises:
        Refused: files that cannot be read, or there are no registers yet; nothing was changed.
    """
    with books.database.reading() as connection:
        state = loads.last_load(connection, "registers")
        if state is None:
            raise refused("books.no_state")
        facilities = registers_at(connection, state.load, ("facilities",))["facilities"]
    # Files are read before the books are taken hold of: a run need not wait for them.
    reading = read_claims(sources, books.decimals, facilities)
    digests = claim_digests(reading.claims, reading.lines)
    with books.database.writing() as connection:
        loads.take_turns(connection)
        same, other = _received(connection, reading.claims, digests)
        if other.any():
            kept = ~other
            reading = reading.without(np.flatnonzero(other), message("books.claim_differs"))
            digests, same = digests[kept], same[kept]
        before_books = opened_with(connection, reading.claims)
        if before_books.any():
            kept = ~before_books
            reading = reading.without(np.flatnonzero(before_books), message("books.claim_before_books"))
            digests, same = digests[kept], same[kept]
        new = np.flatnonzero(~same)
        told = kept_rows(reading.set_aside)
        before = loads.last_load(connection, "claims")
        if not len(new) and (not len(told.told) or _set_aside_before(before, told)):
            return ClaimsLoad(None, 0, 0, int(same.sum()), reading)
        number = loads.next_load(connection)
        lines = add_claims(connection, reading.claims, reading.lines, new, digests, number)
        if lines:
            bulk.measure(connection, CLAIMS, CLAIM_LINES, UNDECIDED)
        totals = reading.totals
        summary = {"totals": totals.as_record(), "present": int(same.sum()), "set_aside": hash_of_told(told)}
        load = Load(
            number, "claims", table_hash([digests[new]]), len(new), 0, totals.set_aside.claims, summary
        )
        loads.record(connection, Act(by, "load claims"), load, told)
    return ClaimsLoad(number, len(new), lines, int(same.sum()), reading)


def claim_digests(claims: pa.Table, lines: pa.Table) -> Int64s:
    """Give the digest of each claim with its lines, whatever order the lines are in.

    Args:
        claims: the columns of the claims table.
        lines: the columns of the lines, with ``claim_index``, the row of their claim.
    """
    of_claims = row_digests(claims, CLAIM_COLUMNS).view(np.uint64).copy()
    of_lines = row_digests(lines, LINE_COLUMNS).view(np.uint64)
    np.add.at(of_claims, lines["claim_index"].to_numpy(), of_lines)
    return of_claims.view(np.int64)


def _received(
    connection: sa.Connection, claims: pa.Table, digests: Int64s
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell which claims are in the books just the same, and which with another content."""
    keys = pa.table({name: claims[name].cast(pa.string()) for name in ("facility", "claim")})
    given = bulk.wanted(connection, "given", keys)
    query = sa.select(CLAIMS.c.facility, CLAIMS.c.claim, CLAIMS.c.digest).join(
        given, sa.and_(given.c.facility == CLAIMS.c.facility, given.c.claim == CLAIMS.c.claim)
    )
    held = bulk.read(connection, query)
    place = pc.index_in(claim_names(held), value_set=claim_names(keys)).to_numpy(zero_copy_only=False)
    same = np.zeros(len(keys), np.bool_)
    found = np.zeros(len(keys), np.bool_)
    found[place] = True
    same[place] = held["digest"].to_numpy() == digests[place]
    return same, found & ~same


def _set_aside_before(before: Load | None, told: loads.SetAsideRows) -> bool:
    return before is not None and before.summary["set_aside"] == hash_of_told(told)


def hash_of_told(told: loads.SetAsideRows) -> str:
    """Give the hash of what was set aside, wherever its files lie."""
    names = [name for name in told.told.column_names if name not in ("file", "row")]
    return table_hash([row_digests(told.told, names)])


def add_claims(
    connection: sa.Connection, read: pa.Table, lines_read: pa.Table, new: Int64s, digests: Int64s, load: int
) -> int:
    """Put new claims into the books; their numbers follow from what they are, not from the rows' order.

    Args:
        connection: of a transaction that writes.
        read: the claims that were read, typed.
        lines_read: their lines, with ``claim_index``, the row of their claim.
        new: the rows of ``read`` that are new.
        digests: of each claim that was read.
        load: the number of the load.

    Returns:
        How many lines were added.
    """
    if not len(new):
        return 0
    claims = read.take(pa.array(new))
    # By facility and number, as their index is ordered, which is the quickest to add.
    plain = {name: claims[name].cast(pa.string()) for name in ("facility", "claim")}
    order = pc.sort_indices(pa.table(plain), [(name, "ascending") for name in plain]).to_numpy()
    last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(CLAIMS.c.claim_id), 0))).scalar_one()
    claim_ids = np.arange(last + 1, last + 1 + len(new), dtype=np.int64)
    claims = claims.take(pa.array(order))
    rows = {"claim_id": pa.array(claim_ids)} | {name: claims[name] for name in CLAIM_COLUMNS}
    rows["load"] = pa.array(np.full(len(new), load, np.int64))
    rows["digest"] = pa.array(digests[new][order])
    bulk.insert(connection, CLAIMS, pa.table(rows))
    id_of_row = np.zeros(len(read), np.int64)
    id_of_row[new[order]] = claim_ids
    claim_id = id_of_row[lines_read["claim_index"].to_numpy()]
    chosen = np.flatnonzero(claim_id)
    # In the order of the table's key, which is the quickest to add.
    chosen = chosen[np.argsort(claim_id[chosen], kind="stable")]
    taken = lines_read.take(pa.array(chosen))
    lines = {"claim_id": pa.array(claim_id[chosen])} | {name: taken[name] for name in LINE_COLUMNS}
    bulk.insert(connection, CLAIM_LINES, pa.table(lines))
    undecided = {"claim_id": rows["claim_id"], "date_claimed": rows["date_claimed"]}
    bulk.insert(connection, UNDECIDED, pa.table(undecided))
    return len(chosen)


@dataclass(frozen=True)
class Received:
    """Claims as the books have them, typed, in the order of their numbers."""

    claim_ids: Int64s
    claims: pa.Table
    lines: pa.Table
    """With ``claim_index``, the row of ``claims``."""
    digests: Int64s

    def only(self, kept: npt.NDArray[np.bool_]) -> Received:
        """Give some of the claims, with their lines."""
        index = (np.cumsum(kept) - 1).astype(np.int32)
        of_line = self.lines["claim_index"].to_numpy()
        lines = self.lines.filter(pa.array(kept[of_line]))
        lines = lines.set_column(0, "claim_index", pa.array(index[lines["claim_index"].to_numpy()]))
        return Received(self.claim_ids[kept], self.claims.filter(pa.array(kept)), lines, self.digests[kept])


def received(connection: sa.Connection, chosen: sa.Select[tuple[int]]) -> Received:
    """Read claims as they were received.

    Args:
        connection: of a transaction.
        chosen: a query that gives their numbers in a column ``claim_id``.
    """
    chosen_ids = chosen.subquery()
    columns = [CLAIMS.c[name] for name in CLAIM_COLUMNS]
    query = sa.select(CLAIMS.c.claim_id, CLAIMS.c.digest, *columns).join(
        chosen_ids, chosen_ids.c.claim_id == CLAIMS.c.claim_id
    )
    claims = bulk.read(connection, query)
    line_columns = [CLAIM_LINES.c[name] for name in LINE_COLUMNS]
    query = sa.select(CLAIM_LINES.c.claim_id, *line_columns).join(
        chosen_ids, chosen_ids.c.claim_id == CLAIM_LINES.c.claim_id
    )
    lines = bulk.read(connection, query)
    claims = claims.take(pc.sort_indices(claims["claim_id"]))
    claim_ids = np.asarray(claims["claim_id"].to_numpy(), np.int64)
    index = np.searchsorted(claim_ids, lines["claim_id"].to_numpy()).astype(np.int32)
    lines = lines.set_column(0, "claim_index", pa.array(index))
    return Received(
        claim_ids,
        claims.select(list(CLAIM_COLUMNS)),
        lines,
        np.asarray(claims["digest"].to_numpy(), np.int64),
    )
