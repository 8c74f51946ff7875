"""Which claims were decided while some rules were left out, and which rules: work that waits at the counter.

A run of single claims records the rules that it left out. Its claims wait until these are asked about them,
once: as in a month's run, a rule that comes later, or says something else since, is not asked once more.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.store import bulk
from adjudicator.store.schema import CLAIM_DECISIONS, CLAIMS, RUN_CLAIMS, RUNS, UNASKED

Int64s = npt.NDArray[np.int64]

LEFT_OUT: Final = "left_out"
"""What a run's record calls the names of the rules that it left out."""


def note_unasked(connection: sa.Connection, claim_ids: Int64s) -> None:
    """Note claims that were decided without being asked about by all rules."""
    bulk.insert(connection, UNASKED, pa.table({"claim_id": claim_ids}))


def forget_asked(connection: sa.Connection, run: int) -> None:
    """Take out the claims that rules were asked about in a run."""
    asked = sa.select(RUN_CLAIMS.c.claim_id).where(RUN_CLAIMS.c.run == run)
    connection.execute(sa.delete(UNASKED).where(UNASKED.c.claim_id.in_(asked)))


def unasked(start: dt.date | None = None, end: dt.date | None = None) -> sa.Select[tuple[int]]:
    """Choose the claims that wait to be asked about, of those claimed from one day up to another."""
    query = sa.select(UNASKED.c.claim_id)
    if start is not None or end is not None:
        query = query.join(CLAIMS, CLAIMS.c.claim_id == UNASKED.c.claim_id)
    if start is not None:
        query = query.where(CLAIMS.c.date_claimed >= start)
    return query if end is None else query.where(CLAIMS.c.date_claimed <= end)


def count_unasked(connection: sa.Connection, start: dt.date | None = None, end: dt.date | None = None) -> int:
    """Count the claims that wait to be asked about."""
    chosen = unasked(start, end).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(chosen)).scalar_one())


def first_decisions(connection: sa.Connection, claim_ids: Int64s) -> pa.Table:
    """Read the decisions that were made when claims came in, in the order of the claims' numbers."""
    wanted = bulk.wanted(connection, "wanted_first", pa.table({"claim_id": claim_ids}))
    table = CLAIM_DECISIONS
    query = (
        sa.select(*table.c)
        .join(wanted, wanted.c.claim_id == table.c.claim_id)
        .where(table.c.version == 1, table.c.entry == DECISION)
    )
    return bulk.read(connection, query).sort_by("claim_id")


@dataclass(frozen=True)
class LeftOut:
    """The rules that were left out when some claims were decided."""

    kinds: tuple[frozenset[str], ...]
    """The different sets of names of rules."""
    kind: Int64s
    """(claims,): the place in :attr:`kinds` of each claim's."""

    @classmethod
    def of(cls, connection: sa.Connection, first: pa.Table) -> LeftOut:
        """Find the rules.

        Args:
            connection: of a transaction.
            first: the decisions that were made when the claims came in.
        """
        runs = pc.unique(first["run"]).to_numpy()
        wanted = bulk.wanted(connection, "wanted_runs", pa.table({"run": runs}))
        query = sa.select(RUNS.c.run, RUNS.c.record).join(wanted, wanted.c.run == RUNS.c.run)
        kinds: dict[frozenset[str], int] = {}
        of_run: dict[int, int] = {}
        for row in connection.execute(query):
            names = frozenset(json.loads(row.record).get(LEFT_OUT, ()))
            of_run[row.run] = kinds.setdefault(names, len(kinds))
        kind = np.array([of_run[run] for run in first["run"].to_pylist()], np.int64)
        return cls(tuple(kinds), kind)

    @property
    def names(self) -> frozenset[str]:
        """The names of all of them."""
        return frozenset().union(*self.kinds)

    def is_among(self, place: Int64s, rules: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Tell of pairs of a claim, by its place, and a rule whether the rule was left out then."""
        pairs = zip(self.kind[place].tolist(), rules, strict=True)
        return np.array([rule in self.kinds[kind] for kind, rule in pairs], np.bool_)
