"""Runs in the books: one open at a time, written in partitions, published by one small transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.problems import refused
from adjudicator.store import bulk, journal
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.journal import Act
from adjudicator.store.schema import (
    CLAIM_DECISIONS,
    JOURNAL,
    LEDGER,
    LINE_DECISIONS,
    OPEN_RUN,
    PARTITIONS,
    RUN_CLAIMS,
    RUNS,
    UNDECIDED,
)

DIGESTED: Final = frozenset(table.name for table in LEDGER if "digest" in table.c)
"""The tables of the ledger whose rows carry their digests; the others follow from them."""

MANY: Final = 1_000
"""A run of fewer claims changes little in what the database knows of its tables."""


@dataclass(frozen=True)
class Run:
    """A published run."""

    run: int
    kind: str
    name: str
    claims: int
    lines: int
    claimed: int
    valuated: int
    record: Mapping[str, Any]
    by: str
    at: str


def last_run(connection: sa.Connection) -> int:
    """Give the number of the last published run, 0 where there is none: rows up to it are in the books."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(RUNS.c.run), 0))).scalar_one())


def published(connection: sa.Connection, run: int | None = None) -> list[Run]:
    """Give the published runs in order, or the one of a number."""
    query = sa.select(RUNS, JOURNAL.c.by, JOURNAL.c.at).join(JOURNAL, JOURNAL.c.number == RUNS.c.journal)
    query = query.order_by(RUNS.c.run)
    if run is not None:
        query = query.where(RUNS.c.run == run)
    found = []
    for row in connection.execute(query):
        values = dict(row._mapping)
        del values["journal"]
        found.append(Run(**values | {"record": json.loads(values["record"])}))
    return found


def open_plan(connection: sa.Connection) -> tuple[int, str] | None:
    """Give the number and the plan of the run that is open, or was when its machine stopped."""
    row = connection.execute(sa.select(OPEN_RUN.c.run, OPEN_RUN.c.plan)).first()
    return (int(row.run), str(row.plan)) if row else None


def open_run(connection: sa.Connection, run: int, plan: str) -> dict[int, str]:
    """Open a run, or go on with it if it is open with the same plan.

    Returns:
        The hashes of the partitions that it has written already.
    """
    present = _claimed_plan(connection)
    if present == (run, plan):
        query = sa.select(PARTITIONS.c.partition, PARTITIONS.c.hash).where(PARTITIONS.c.run == run)
        return {int(row.partition): str(row.hash) for row in connection.execute(query)}
    abandon(connection)
    connection.execute(sa.insert(OPEN_RUN).values(one=1, run=run, plan=plan))
    return {}


def abandon(connection: sa.Connection) -> None:
    """Remove what an open run has written: nobody has ever seen it."""
    present = _claimed_plan(connection)
    if present is None:
        return
    run, _ = present
    if run <= last_run(connection):
        raise AssertionError(f"run {run} is published and open")
    for table in (*LEDGER, PARTITIONS, RUN_CLAIMS):
        connection.execute(sa.delete(table).where(table.c.run == run))
    connection.execute(sa.delete(OPEN_RUN))


def _claimed_plan(connection: sa.Connection) -> tuple[int, str] | None:
    """Give what :func:`open_plan` does, and keep others from the open run until the transaction ends.

    Partitions that are being written are waited for.
    """
    connection.execute(sa.select(OPEN_RUN.c.run).with_for_update())
    return open_plan(connection)


def _still_ours(connection: sa.Connection, run: int, plan: str) -> None:
    """Make sure that the open run is the one that was opened, and stays so until the transaction ends.

    A run that is cut off from its server loses its lock, and another may take its place while it goes on.

    Raises:
        Refused: another run has taken its place.
    """
    connection.execute(sa.select(OPEN_RUN.c.run).with_for_update(read=True))
    if open_plan(connection) != (run, plan):
        raise refused("store.taken_over")


def digested(rows: Mapping[str, pa.Table]) -> tuple[dict[str, pa.Table], dict[str, np.ndarray[Any, Any]]]:
    """Give rows of the ledger with their digests, and the digests by table."""
    digests = {name: row_digests(table) for name, table in rows.items()}
    stored = {
        name: table.append_column("digest", pa.array(digests[name])) if name in DIGESTED else table
        for name, table in rows.items()
    }
    return stored, digests


def partition_hash(digests: Mapping[str, np.ndarray[Any, Any]]) -> str:
    """Give the hash of all rows of a partition."""
    return table_hash([digests[name] for name in sorted(digests)])


def write_partition(
    connection: sa.Connection,
    run: int,
    plan: str,
    partition: int,
    rows: Mapping[str, pa.Table],
    digest: str,
) -> None:
    """Write the rows of a partition, and that they are written, within one transaction.

    Raises:
        Refused: another run has taken the place of this one.
    """
    _still_ours(connection, run, plan)
    for table in (*LEDGER, RUN_CLAIMS):
        if table.name in rows:
            bulk.insert(connection, table, in_key_order(table, rows[table.name]))
    counts = {name: len(rows.get(f"{word}_decisions", ())) for name, word in _COUNTED}
    connection.execute(sa.insert(PARTITIONS).values(run=run, partition=partition, hash=digest, **counts))


def in_key_order(table: sa.Table, rows: pa.Table) -> pa.Table:
    """Put rows in the order of their table's key: an index grows faster by rows that come in its order."""
    if "claim_id" in rows.column_names and "insuree" not in table.primary_key.columns:
        order = np.argsort(rows["claim_id"].to_numpy(), kind="stable")
    else:
        first = next(column.name for column in table.primary_key.columns if column.name != "run")
        order = pc.sort_indices(rows[first].cast(pa.string())).to_numpy()
    return rows.take(pa.array(order))


_COUNTED: Final = (("claims", "claim"), ("lines", "line"))


def publish(
    connection: sa.Connection, act: Act, run: int, plan: str, kind: str, name: str, record: Mapping[str, Any]
) -> int:
    """Publish the open run: from this transaction on, everybody sees it.

    Returns:
        The number of its entry in the journal.

    Raises:
        Refused: another run has taken the place of this one.
    """
    _still_ours(connection, run, plan)
    content = {"run": run, "kind": kind, "name": name, "record": record}
    number = journal.append(connection, act, content)
    connection.execute(
        sa.insert(RUNS).values(
            run=run,
            journal=number,
            kind=kind,
            name=name,
            **record["booked"],
            record=journal.canonical(record),
        )
    )
    decided = sa.select(CLAIM_DECISIONS.c.claim_id).where(CLAIM_DECISIONS.c.run == run)
    connection.execute(sa.delete(UNDECIDED).where(UNDECIDED.c.claim_id.in_(decided)))
    connection.execute(sa.delete(OPEN_RUN))
    if record["booked"]["claims"] >= MANY:
        # What reads a run next, such as closing its month, would take it for an empty one.
        bulk.measure(connection, CLAIM_DECISIONS, LINE_DECISIONS)
    return number
