"""What the ledger says of the past: balances and accepted claims as a run finds them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.adjudication import opening as opening_room
from adjudicator.adjudication.adjudicate import CompiledScheme
from adjudicator.adjudication.booking import DECISION
from adjudicator.adjudication.opening import Opening
from adjudicator.books.claims import Received
from adjudicator.encoding import days
from adjudicator.store import bulk
from adjudicator.store.schema import (
    ACCEPTED_CLAIMS,
    ACCEPTED_LINES,
    BALANCE_ENTRIES,
    BALANCES,
    CLAIM_DECISIONS,
)
from adjudicator.tables import BALANCES as BALANCES_SHAPE
from adjudicator.units import NO_DATE, OPEN_END, date_of

Int64s = npt.NDArray[np.int64]

AMOUNTS: Final = tuple(column.name for column in BALANCES_SHAPE.columns[2:])
"""The amounts of a balance."""


def find_opening(
    connection: sa.Connection, scheme: CompiledScheme, claims: Received, upto: int, given_back: Int64s
) -> Opening:
    """Find what a batch of claims is opened with: what its own insurance periods reach back to, no more.

    Args:
        connection: of a transaction.
        scheme: that the batch is adjudicated by.
        claims: the batch.
        upto: the number of the last run whose decisions count.
        given_back: the claims whose own decisions do not count, because they are decided anew.
    """
    registers = scheme.registers
    policies, since_claims, since_lines = _reached(scheme, claims)
    balances = find_balances(connection, policies, upto)
    if len(given_back):
        decisions = current_decisions(connection, given_back, upto)
        balances = without_entries(balances, rows_of_decisions(connection, BALANCE_ENTRIES, decisions))
    insurees = pc.unique(claims.claims["insuree"].combine_chunks())
    wanted = bulk.wanted(connection, "wanted_insurees", pa.table({"insuree": insurees}))

    def standing_rows(table: sa.Table, key: tuple[str, ...], since: int) -> pa.Table:
        return _standing(connection, table, key, wanted, upto, since, given_back)

    return opening_room.encode(
        registers,
        balances,
        standing_rows(ACCEPTED_CLAIMS, ("insuree", "claim_id"), since_claims),
        standing_rows(ACCEPTED_LINES, ("insuree", "claim_id", "line"), since_lines),
    )


def _reached(scheme: CompiledScheme, claims: Received) -> tuple[pa.Array, int, int]:
    """Tell what a batch can look back on.

    Returns:
        The codes of the policies that cover its people on its target dates, whose balances others may have
        used; the first day of these covers, which counts and quantities begin with; and the first day that
        any frequency reaches as well.
    """
    registers = scheme.registers
    people, covers = registers.people, registers.covers
    date_from, date_to = (days(claims.claims[name]) for name in ("date_from", "date_to"))
    target = np.where(date_to != NO_DATE, date_to, date_from)
    insuree = registers.insuree_keys.encode(claims.claims["insuree"])
    dated = (insuree >= 0) & (target != NO_DATE)
    insuree, target = insuree[dated], target[dated]
    counts = people.end_cover[insuree] - people.first_cover[insuree]
    starts = np.repeat(people.first_cover[insuree] - np.cumsum(counts) + counts, counts)
    cover = starts + np.arange(counts.sum())
    day = np.repeat(target, counts)
    cover = np.unique(cover[(covers.effective[cover] <= day) & (day <= covers.expiry[cover])])
    policy = np.unique(covers.policy[cover])
    since = int(covers.effective[cover].min(initial=OPEN_END))
    farthest = int(registers.provisions.frequency.max(initial=0))
    first = int(target.min(initial=OPEN_END)) - farthest
    return registers.policy_keys.decode(registers.policy_code[policy]), since, min(since, first)


def find_balances(connection: sa.Connection, policies: pa.Array, upto: int) -> pa.Table:
    """Read the balances of some policies as they are after a run: one row for each policy and insuree."""
    wanted = bulk.wanted(connection, "wanted_policies", pa.table({"policy": policies}))
    later = BALANCES.alias("later")
    columns = [BALANCES.c[name] for name in ("policy", "insuree", *AMOUNTS)]
    query = (
        sa.select(*columns)
        .join(wanted, wanted.c.policy == BALANCES.c.policy)
        .where(
            BALANCES.c.run <= upto,
            ~sa.exists().where(
                later.c.policy == BALANCES.c.policy,
                later.c.insuree == BALANCES.c.insuree,
                later.c.run > BALANCES.c.run,
                later.c.run <= upto,
            ),
        )
    )
    return bulk.read(connection, query)


def latest(rows: pa.Table, key: tuple[str, ...]) -> pa.Table:
    """Keep of each key the row of the last run."""
    if not len(rows):
        return rows
    ordered = rows.take(pc.sort_indices(rows, [(name, "ascending") for name in (*key, "run")]))
    changes = np.zeros(len(ordered) - 1, np.bool_)
    for name in key:
        column = ordered[name].combine_chunks()
        changes |= pc.not_equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)
    return ordered.filter(pa.array(np.append(changes, True)))


def _standing(
    connection: sa.Connection,
    table: sa.Table,
    key: tuple[str, ...],
    wanted: sa.TableClause,
    upto: int,
    since: int,
    given_back: Int64s,
) -> pa.Table:
    """Read accepted claims or lines from a day on that no later decision took back."""
    query = sa.select(*table.c).join(wanted, wanted.c.insuree == table.c.insuree).where(table.c.run <= upto)
    rows = bulk.read(connection, query)
    if len(given_back):
        rows = rows.filter(pa.array(~np.isin(rows["claim_id"].to_numpy(), given_back)))
    return standing(rows, key)


def _date(day: int) -> dt.date:
    return date_of(day) if day < OPEN_END else dt.date.max


def standing(rows: pa.Table, key: tuple[str, ...]) -> pa.Table:
    """Keep rows that were booked and not taken back: in the last run of their key, the decision."""
    entry = rows["entry"].to_numpy()
    if (entry == DECISION).all():
        return rows
    # A run takes the old decision back before it books the new one, so that the last one is what stands.
    rank = pa.array(rows["run"].to_numpy() * 2 + (entry == DECISION))
    kept = latest(rows.set_column(rows.column_names.index("run"), "run", rank), key)
    return kept.filter(pa.array(kept["entry"].to_numpy() == DECISION))


def current_decisions(connection: sa.Connection, claim_ids: Int64s, upto: int) -> pa.Table:
    """Read the decisions about some claims that hold after a run: one row for each that was decided."""
    wanted = bulk.wanted(connection, "wanted_claims", pa.table({"claim_id": np.unique(claim_ids)}))
    table = CLAIM_DECISIONS
    query = (
        sa.select(*table.c)
        .join(wanted, wanted.c.claim_id == table.c.claim_id)
        .where(table.c.run <= upto, table.c.entry == DECISION)
    )
    return latest(bulk.read(connection, query), ("claim_id",))


def rows_of_decisions(connection: sa.Connection, table: sa.Table, decisions: pa.Table) -> pa.Table:
    """Read the rows of a table of the ledger that were booked with some decisions."""
    pairs = decisions.select(["run", "claim_id"])
    wanted = bulk.wanted(connection, "wanted_decisions", pairs)
    query = (
        sa.select(*table.c)
        .join(wanted, sa.and_(wanted.c.run == table.c.run, wanted.c.claim_id == table.c.claim_id))
        .where(table.c.entry == DECISION)
    )
    return bulk.read(connection, query)


def without_entries(balances: pa.Table, entries: pa.Table) -> pa.Table:
    """Take entries out of balances: what is left when their claims are given back."""
    return summed([balances, negated(entries, AMOUNTS)], ("policy", "insuree"), AMOUNTS)


def negated(rows: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Give rows with some amounts negated."""
    for name in columns:
        place = rows.column_names.index(name)
        rows = rows.set_column(place, name, pc.negate(rows[name]))
    return rows


def summed(parts: Sequence[pa.Table], key: tuple[str, ...], amounts: Sequence[str]) -> pa.Table:
    """Add up amounts by key, in the order of the keys."""
    columns = [*key, *amounts]
    together = pa.concat_tables([part.select(columns) for part in parts], promote_options="permissive")
    grouped: Any = together.group_by(list(key)).aggregate([(name, "sum") for name in amounts])
    grouped = grouped.rename_columns([name.removesuffix("_sum") for name in grouped.column_names])
    return grouped.select(columns).sort_by([(name, "ascending") for name in key])
