"""Checking what was asked: which claims wait to be asked about, and that asking changed no amount."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.submission.asking import KIND
from adjudicator.books.submission.unasked import LEFT_OUT
from adjudicator.encoding import integers
from adjudicator.store import bulk
from adjudicator.store.runs import Run
from adjudicator.store.schema import CLAIM_DECISIONS, FLAGS, LEDGER, RUN_CLAIMS, UNASKED
from adjudicator.words import Message, message

Int64s = npt.NDArray[np.int64]


def check_asked(connection: sa.Connection, published: Sequence[Run]) -> list[Message]:
    """Check what was asked; give what is wrong.

    Waiting are the claims of the runs that left rules out, but those that were asked about since; and the
    runs that ask have added flags to the ledger, and nothing else.

    Args:
        connection: of a transaction.
        published: all published runs.
    """
    leaving = [one.run for one in published if one.record.get(LEFT_OUT)]
    asking = [one.run for one in published if one.kind == KIND]
    return [*_waiting(connection, leaving, asking), *_only_flags(connection, asking)]


def _waiting(connection: sa.Connection, leaving: Sequence[int], asking: Sequence[int]) -> Iterator[Message]:
    decided = CLAIM_DECISIONS
    first = _of_runs(connection, decided, leaving).where(decided.c.version == 1, decided.c.entry == DECISION)
    left_out = _claim_ids(connection, first)
    asked = _claim_ids(connection, _of_runs(connection, RUN_CLAIMS, asking))
    waiting = _claim_ids(connection, sa.select(UNASKED.c.claim_id))
    if count := len(np.setxor1d(waiting, np.setdiff1d(left_out, asked))):
        yield message("asking.check.waiting", count=count)
    if count := len(asked) - len(np.intersect1d(asked, left_out)):
        yield message("asking.check.twice", count=count)


def _claim_ids(connection: sa.Connection, query: sa.Select[tuple[int]]) -> Int64s:
    return integers(bulk.read(connection, query)["claim_id"], np.int64)


def _of_runs(connection: sa.Connection, table: sa.Table, runs: Sequence[int]) -> sa.Select[tuple[int]]:
    keys = pa.table({"run": pa.array(np.array(runs, np.int64))})
    wanted = bulk.wanted(connection, f"wanted_runs_of_{table.name}", keys)
    return sa.select(table.c.claim_id).join(wanted, wanted.c.run == table.c.run)


def _only_flags(connection: sa.Connection, asking: Sequence[int]) -> Iterator[Message]:
    for table in LEDGER:
        if table is FLAGS or not asking:
            continue
        query = sa.select(sa.func.count()).select_from(table).where(table.c.run.in_(asking))
        if count := int(connection.execute(query).scalar_one()):
            yield message("asking.check.decided", table=table.name, count=count)
