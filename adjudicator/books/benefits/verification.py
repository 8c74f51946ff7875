"""Checking benefits: that lists are what was booked and come out again, and that what is paid adds up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from adjudicator.benefits.cycles import cycle_of
from adjudicator.benefits.read import CompiledPlan
from adjudicator.books.benefits.families import families_on
from adjudicator.books.benefits.handing import EXPORT, file_rows
from adjudicator.books.benefits.payrolls import (
    APPROVE,
    FAMILIES,
    MAKE,
    Payroll,
    all_payrolls,
    numbered_rows,
    propose,
)
from adjudicator.books.benefits.plans import recorded_plan
from adjudicator.books.benefits.returns import RECONCILE, outcomes_of
from adjudicator.books.benefits.voucher_verification import check_vouchers
from adjudicator.books.books import Books
from adjudicator.problems import Refused
from adjudicator.store import bulk, loads
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.schema import (
    BENEFIT_TRANSACTIONS,
    ENTITLED,
    JOURNAL,
    PAYROLL_APPROVALS,
    PAYROLL_CANCELLATIONS,
    PAYROLL_FILES,
    PAYROLLS,
)
from adjudicator.units import date_of
from adjudicator.words import Message, message


def check_benefits(books: Books, connection: sa.Connection) -> list[Message]:
    """Check all lists and vouchers; give what is wrong with them.

    A list is what its entry in the journal says, its payments are those that were made, and come out again
    when its plan is asked by the registers of that time; who is entitled is who is on a list that stands;
    files, and what the payer said, are those of the journal; vouchers have the numbers that the seed gives
    them, and add up to what facilities are paid.
    """
    found: list[Message] = []
    entries = {
        row.number: (row.what, row.by, json.loads(row.content))
        for row in connection.execute(
            sa.select(JOURNAL).where(JOURNAL.c.what.in_((MAKE, APPROVE, EXPORT, RECONCILE)))
        )
    }
    payrolls = all_payrolls(connection)
    for one in payrolls:
        rows = _rows(connection, one.payroll)
        found += _as_journaled(connection, one, entries)
        found += _as_booked(one, rows)
        if one.kind == FAMILIES:
            found += _made_again(books, connection, one, rows, payrolls)
    return [
        *found,
        *_approvals(connection, entries),
        *_entitled(connection, payrolls),
        *_files(connection, entries),
        *_outcomes(connection, entries),
        *check_vouchers(connection),
    ]


_COLUMNS = ("transaction", "payroll", "payee", "name", "account", "amount")


def _rows(connection: sa.Connection, payroll: int) -> pa.Table:
    table = BENEFIT_TRANSACTIONS
    query = sa.select(*(table.c[name] for name in _COLUMNS)).where(table.c.payroll == payroll)
    return bulk.read(connection, query.order_by(table.c.transaction))


Entries = Mapping[int, tuple[str, str, Mapping[str, Any]]]


def _as_journaled(connection: sa.Connection, one: Payroll, entries: Entries) -> list[Message]:
    number = connection.execute(
        sa.select(PAYROLLS.c.journal).where(PAYROLLS.c.payroll == one.payroll)
    ).scalar_one()
    what, by, said = entries.get(number, ("", "", {}))
    wanted = {
        "payroll": one.payroll,
        "kind": one.kind,
        "plan": one.plan,
        "cycle": one.cycle,
        "first": date_of(one.first).isoformat(),
        "last": date_of(one.last).isoformat(),
        "transactions": one.transactions,
        "total": one.total,
        "record": dict(one.record),
    }
    if (what, by, said) == (MAKE, one.made.by, wanted):
        return []
    return [message("benefits.check.journal", payroll=str(one.payroll))]


def _as_booked(one: Payroll, rows: pa.Table) -> list[Message]:
    """Check that the payments of a list are those that its record speaks of, and add up."""
    total = sum(rows["amount"].to_pylist())
    if table_hash([row_digests(rows)]) == one.record["hash"] and total == one.total:
        return []
    return [message("benefits.check.rows", payroll=str(one.payroll))]


def _made_again(
    books: Books, connection: sa.Connection, one: Payroll, rows: pa.Table, payrolls: list[Payroll]
) -> list[Message]:
    """Make a list again, by its plan and the registers of that time."""
    record = one.record
    try:
        plan = recorded_plan(books, connection, record["plan"], CompiledPlan)
        load = loads.load_of(connection, record["registers"]["load"])
        if load is None:
            return [message("books.no_load", load=record["registers"]["load"])]
        cycle = cycle_of(plan.definition, one.cycle)
        families = families_on(connection, load.load, cycle.judged, record["adult_age"], plan)
    except Refused as refused:
        return [problem.what for problem in refused.problems]
    # Who was on other lists when this one was made: those made before it, unless they were cancelled by then.
    before = [
        other.payroll
        for other in payrolls
        if other.payroll < one.payroll and (other.plan, other.cycle) == (one.plan, one.cycle)
    ]
    listed = _listed_before(connection, one, before)
    again = propose(plan, cycle, load, families, listed)
    made = numbered_rows(one.payroll, record["first"], again.rows)
    if sorted(row_digests(made).tolist()) == sorted(row_digests(rows).tolist()):
        return []
    return [message("benefits.check.not_repeated", payroll=str(one.payroll))]


def _listed_before(connection: sa.Connection, one: Payroll, before: list[int]) -> set[str]:
    mine = sa.select(PAYROLLS.c.journal).where(PAYROLLS.c.payroll == one.payroll).scalar_subquery()
    gone = sa.select(PAYROLL_CANCELLATIONS.c.payroll).where(PAYROLL_CANCELLATIONS.c.journal < mine)
    table = BENEFIT_TRANSACTIONS
    query = sa.select(table.c.payee).where(table.c.payroll.in_(before), table.c.payroll.not_in(gone))
    return set(connection.execute(query).scalars())


def _approvals(connection: sa.Connection, entries: Entries) -> list[Message]:
    found = []
    for row in connection.execute(sa.select(PAYROLL_APPROVALS)):
        what, by, said = entries.get(row.journal, ("", "", {}))
        if (what, by, said.get("payroll")) != (APPROVE, row.by, row.payroll) or row.by == row.maker:
            found.append(message("benefits.check.approval", payroll=str(row.payroll)))
    return found


def _entitled(connection: sa.Connection, payrolls: list[Payroll]) -> list[Message]:
    """Check that who is entitled is who is on a list that stands, each once for a cycle."""
    standing = [one.payroll for one in payrolls if not one.cancelled]
    table, rows = ENTITLED, BENEFIT_TRANSACTIONS
    query = (
        sa.select(sa.func.count())
        .select_from(table)
        .join(rows, sa.and_(rows.c.transaction == table.c.transaction, rows.c.payee == table.c.payee))
        .join(
            PAYROLLS,
            sa.and_(
                PAYROLLS.c.payroll == rows.c.payroll,
                PAYROLLS.c.plan == table.c.plan,
                PAYROLLS.c.cycle == table.c.cycle,
            ),
        )
        .where(PAYROLLS.c.payroll.in_(standing))
    )
    right = connection.execute(query).scalar_one()
    held = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    wanted = sum(one.transactions for one in payrolls if not one.cancelled)
    return [] if right == held == wanted else [message("benefits.check.entitled")]


def _files(connection: sa.Connection, entries: Entries) -> list[Message]:
    found = []
    for row in connection.execute(sa.select(PAYROLL_FILES).order_by(PAYROLL_FILES.c.file)):
        rows = file_rows(connection, row.file)
        said = {name: row._mapping[name] for name in ("file", "payroll", "attempts", "total", "hash")}
        held = (len(rows), sum(rows["amount"].to_pylist()), table_hash([row_digests(rows)]))
        what, _, told = entries.get(row.journal, ("", "", {}))
        if (what, told) != (EXPORT, said) or held != (row.attempts, row.total, row.hash):
            found.append(message("benefits.check.file", file=str(row.file)))
    return found


def _outcomes(connection: sa.Connection, entries: Entries) -> list[Message]:
    found = []
    for number, (what, _, said) in sorted(entries.items()):
        if what == RECONCILE and table_hash([row_digests(outcomes_of(connection, number))]) != said["hash"]:
            found.append(message("benefits.check.outcomes", entry=number))
    return found
