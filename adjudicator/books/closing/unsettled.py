"""Claims whose decision stands and is on no statement: reading them, and keeping the list of them.

The list makes a closing quick: the years before the last one are not looked at.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.closing.periods import CLOSED
from adjudicator.books.joins import is_decision, is_taken_back
from adjudicator.encoding import days, integers, one_array
from adjudicator.remuneration.months import last_day, months_of
from adjudicator.store import bulk
from adjudicator.store.schema import CLAIM_DECISIONS, CLAIMS, CLOSINGS, SETTLEMENTS, UNSETTLED
from adjudicator.units import NO_DATE, date_of

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Unsettled:
    """Claims whose decision stands and is on no statement, in the order of their numbers."""

    claim_id: Int64s
    run: Int64s
    """The run that took the decision."""
    valuated: Int64s
    """Minor units."""
    facility: pa.Array
    versions: pa.Array
    """The product versions that paid for each, as decisions name them."""
    in_patient: Bools
    target: Int64s
    """Days."""
    origin: Int64s
    """The months that they are of: those in which they were claimed."""
    settled_before: Bools
    """Whether an earlier decision about the claim is on a statement."""

    def only(self, kept: Bools) -> Unsettled:
        """Give some of them."""
        mask = pa.array(kept)
        return Unsettled(
            *(
                column.filter(mask) if isinstance(column, pa.Array) else column[kept]
                for column in (getattr(self, name) for name in self.__dataclass_fields__)
            )
        )


def _waiting(last: int, seen: int) -> sa.Subquery:
    """Choose the decisions that stand and are on no statement: ``claim_id``, ``run``.

    They are what the last closing left, and what was decided since; a decision that was taken back since is
    of neither. So the years before the last closing are not looked at.

    Args:
        last: the last run that counts.
        seen: the last run that the last closing went by.
    """
    table = CLAIM_DECISIONS
    left = sa.select(UNSETTLED.c.claim_id, UNSETTLED.c.run)
    since = sa.select(table.c.claim_id, table.c.run).where(
        table.c.run > seen, table.c.run <= last, table.c.entry == DECISION
    )
    both = sa.union_all(left, since).subquery("left_and_new")
    query = (
        sa.select(table.c.claim_id, table.c.run, table.c.valuated, table.c.product_versions, table.c.version)
        .join(both, sa.and_(both.c.run == table.c.run, both.c.claim_id == table.c.claim_id))
        .where(table.c.entry == DECISION, ~is_taken_back(table, last, after=seen))
    )
    return query.subquery("waiting")


def seen_by_closings(connection: sa.Connection) -> int:
    """Give the last run that the last closing went by; 0 where no month was closed yet."""
    query = sa.select(CLOSINGS.c.record).where(CLOSINGS.c.entry == CLOSED)
    record = connection.execute(query.order_by(CLOSINGS.c.closing.desc()).limit(1)).scalar()
    return int(json.loads(record)["run"]) if record else 0


def unsettled(connection: sa.Connection, last: int, month: int) -> Unsettled:
    """Read the claims up to a month whose decision waits to be settled.

    Args:
        connection: of a transaction.
        last: the last run that counts.
        month: claims that were claimed after it are left out.
    """
    waiting = _waiting(last, seen_by_closings(connection))
    upto: dt.date = date_of(last_day(month))
    query = (
        sa.select(*waiting.c, CLAIMS.c.facility, CLAIMS.c.date_from, CLAIMS.c.date_to, CLAIMS.c.date_claimed)
        .join(CLAIMS, CLAIMS.c.claim_id == waiting.c.claim_id)
        .where(CLAIMS.c.date_claimed <= upto)
    )
    rows = bulk.read(connection, query)
    rows = rows.take(pc.sort_indices(rows["claim_id"]))
    ids = integers(rows["claim_id"], np.int64)
    date_from, date_to = (days(rows[name]).astype(np.int64) for name in ("date_from", "date_to"))
    given = (date_from != NO_DATE) & (date_to != NO_DATE)
    # A claim that was decided once only is on no statement yet.
    again = ids[integers(rows["version"], np.int64) > 1]
    return Unsettled(
        claim_id=ids,
        run=integers(rows["run"], np.int64),
        valuated=integers(rows["valuated"], np.int64),
        facility=one_array(rows["facility"]),
        versions=one_array(rows["product_versions"]),
        in_patient=given & (date_to > date_from),
        target=np.where(date_to != NO_DATE, date_to, date_from),
        origin=months_of(days(rows["date_claimed"])),
        settled_before=np.isin(ids, _ever_settled(connection, again)),
    )


def _ever_settled(connection: sa.Connection, claims: Int64s) -> Int64s:
    """Give those of some claims that an earlier decision put on a statement."""
    if not len(claims):
        return claims
    wanted = bulk.wanted(connection, "decided_again", pa.table({"claim_id": claims}))
    query = sa.select(SETTLEMENTS.c.claim_id).join(wanted, wanted.c.claim_id == SETTLEMENTS.c.claim_id)
    return integers(bulk.read(connection, query)["claim_id"], np.int64)


def keep_unsettled(connection: sa.Connection, closing: int, last: int, seen: int) -> None:
    """Note what a closing leaves, after its settlements were written.

    Args:
        connection: of a transaction that writes.
        closing: its number.
        last: the last run that it went by.
        seen: the last run that the closing before it went by.
    """
    waiting = _waiting(last, seen)
    settled = sa.exists().where(
        SETTLEMENTS.c.closing == closing,
        SETTLEMENTS.c.claim_id == waiting.c.claim_id,
        SETTLEMENTS.c.run == waiting.c.run,
    )
    left = bulk.read(connection, sa.select(waiting.c.claim_id, waiting.c.run).where(~settled))
    connection.execute(sa.delete(UNSETTLED))
    bulk.insert(connection, UNSETTLED, left)
    bulk.measure(connection, UNSETTLED)


def give_back_settled(connection: sa.Connection, closing: int) -> None:
    """Put what a closing settled among what is not settled, before its settlements are taken out.

    What was decided again before the last closing is not: that closing knew that it does not stand.
    """
    table = CLAIM_DECISIONS
    reversal = is_taken_back(table, seen_by_closings(connection))
    settled = (
        sa.select(SETTLEMENTS.c.claim_id, SETTLEMENTS.c.run)
        .join(table, is_decision(table, SETTLEMENTS))
        .where(SETTLEMENTS.c.closing == closing, ~reversal)
    )
    connection.execute(sa.insert(UNSETTLED).from_select(["claim_id", "run"], settled))


def unsettled_is_right(connection: sa.Connection) -> bool:
    """Tell whether what the last closing left is what ledger and settlements say."""
    seen = seen_by_closings(connection)
    table = CLAIM_DECISIONS
    reversal = is_taken_back(table, seen)
    settled = sa.exists().where(SETTLEMENTS.c.claim_id == table.c.claim_id, SETTLEMENTS.c.run == table.c.run)
    should = sa.select(table.c.claim_id, table.c.run).where(
        table.c.run <= seen, table.c.entry == DECISION, ~reversal, ~settled
    )
    kept = sa.select(UNSETTLED.c.claim_id, UNSETTLED.c.run)
    return all(
        connection.execute(one.except_(other).limit(1)).first() is None
        for one, other in ((should, kept), (kept, should))
    )
