"""Lists of payments: made by one person, approved by another, each family once for a cycle of a plan.

A list is made of the families that a plan is for by the registers as they were loaded last, and that are on
no other list of the cycle: families that came late are on a second one. What was made does not change; a
list that is wrong is cancelled before it is handed over, and made again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.benefits.cycles import Cycle, cycle_of
from adjudicator.benefits.listing import entitled
from adjudicator.benefits.read import CompiledPlan
from adjudicator.benefits.universe import Families, Unreadable
from adjudicator.books.benefits.families import families_on, last_registers
from adjudicator.books.benefits.plans import find_plan, keep_plan
from adjudicator.books.books import Books
from adjudicator.books.officers.register import check_first_person
from adjudicator.problems import Refused, refused
from adjudicator.store import bulk, journal, lock
from adjudicator.store.digests import row_digests, table_hash, with_digest
from adjudicator.store.journal import Act
from adjudicator.store.loads import Load
from adjudicator.store.schema import (
    BENEFIT_EVENTS,
    BENEFIT_TRANSACTIONS,
    ENTITLED,
    JOURNAL,
    PAYROLL_APPROVALS,
    PAYROLL_CANCELLATIONS,
    PAYROLL_FILES,
    PAYROLLS,
    SETTLED_VOUCHERS,
)
from adjudicator.units import INT64_MAX, date_of, day_number
from adjudicator.words import moment

FAMILIES: Final = "families"
FACILITIES: Final = "facilities"

MAKE: Final = "make payroll"
APPROVE: Final = "approve payroll"
CANCEL: Final = "cancel payroll"
"""What the journal calls it."""


class State(Enum):
    """How far a list is."""

    MADE = "made"
    APPROVED = "approved"
    CANCELLED = "cancelled"
    EXPORTED = "exported"
    """Handed over; some payments are open or have failed."""
    SETTLED = "settled"
    """All of it was paid."""


@dataclass(frozen=True)
class Done:
    """Who did something, and when."""

    by: str
    at: str
    reason: str | None = None


@dataclass(frozen=True)
class Tally:
    """How many payments are in a state, and what they come to in minor units."""

    count: int
    amount: int


@dataclass(frozen=True)
class Payroll:
    """A list of payments."""

    payroll: int
    kind: str
    plan: str
    cycle: str
    first: int
    last: int
    """The days (day numbers) that the cycle spans."""
    transactions: int
    total: int
    """Minor units."""
    record: Mapping[str, Any]
    made: Done
    approved: Done | None
    cancelled: Done | None
    files: tuple[int, ...]
    tallies: Mapping[str, Tally]
    """By the last event: exported, paid, failed."""

    @property
    def state(self) -> State:
        """How far it is."""
        if self.cancelled:
            return State.CANCELLED
        if not self.files:
            return State.APPROVED if self.approved else State.MADE
        paid = self.tallies.get("paid")
        return State.SETTLED if paid and paid.count == self.transactions else State.EXPORTED


@dataclass(frozen=True)
class Proposal:
    """What making a list comes to."""

    plan: CompiledPlan
    cycle: Cycle
    load: Load
    families: int
    """How many there are in the register."""
    qualifying: int
    worthless: int
    """Qualify, and come to nothing."""
    listed: int
    """Are on another list of the cycle."""
    unpayable: tuple[str, ...]
    """Families without an account to pay to; they can be listed once they have one."""
    rows: pa.Table
    """Columns payee, name, account, amount; by payee."""
    unreadable: tuple[Unreadable, ...]
    payroll: int | None = None
    """The list that was made."""

    def record(self, adult_age: int) -> dict[str, Any]:
        """Give what the books keep of how the list came about."""
        return {
            "plan": self.plan.content_hash,
            "registers": {"load": self.load.load, "hash": self.load.content_hash},
            "adult_age": adult_age,
            "judged": date_of(self.cycle.judged).isoformat(),
            "families": self.families,
            "qualifying": self.qualifying,
            "worthless": self.worthless,
            "listed": self.listed,
            "unpayable": len(self.unpayable),
        }


def make(books: Books, by: str, plan: str, cycle: str, confirm: bool = False) -> Proposal:
    """Make the list of a plan for a cycle, or only show it.

    Args:
        books: the books.
        by: who makes it.
        plan: the code of a benefit plan.
        cycle: the name or number of a cycle of it.
        confirm: whether to put it into the books.

    Raises:
        Refused: there is no such plan or cycle, nobody is left to be listed, or the books are in use.
    """
    compiled = find_plan(books, plan, CompiledPlan)
    span = cycle_of(compiled.definition, cycle)
    if not confirm:
        with books.database.reading() as connection:
            return _proposed(books, connection, compiled, span)
    with lock.held(books.database, Act(by, MAKE)):
        with books.database.reading() as connection:
            proposal = _proposed(books, connection, compiled, span)
        if not len(proposal.rows):
            raise _nobody(proposal)
        with books.database.writing() as connection:
            keep_plan(connection, compiled)
            number = book(
                connection,
                by,
                New(FAMILIES, compiled.code, span.name, span.first, span.last),
                proposal.rows,
                proposal.record(books.settings.adult_age),
            )
    return Proposal(**(vars(proposal) | {"payroll": number}))


def _nobody(proposal: Proposal) -> Refused:
    values: dict[str, Any] = {"plan": proposal.plan.code, "cycle": proposal.cycle.name}
    values["listed"] = proposal.listed
    key = "benefits.all_listed" if proposal.listed else "benefits.nobody"
    return refused(key, **values)


def _proposed(books: Books, connection: sa.Connection, plan: CompiledPlan, cycle: Cycle) -> Proposal:
    load = last_registers(connection)
    _no_overlap(connection, plan.code, cycle)
    families = families_on(connection, load.load, cycle.judged, books.settings.adult_age, plan)
    table = ENTITLED
    query = sa.select(table.c.payee).where(table.c.plan == plan.code, table.c.cycle == cycle.name)
    return propose(plan, cycle, load, families, set(connection.execute(query).scalars()))


def propose(plan: CompiledPlan, cycle: Cycle, load: Load, families: Families, listed: set[str]) -> Proposal:
    """Say who is on a list: those whom the plan is for, on no other list, with an account where needed."""
    found = entitled(plan, families.universe)
    codes = np.array(families.codes(found.rows), object)
    free = np.array([code not in listed for code in codes.tolist()], np.bool_)
    accounts: list[str | None] = [None] * len(codes)
    if plan.definition.payment.account is not None:
        told = families.attribute(plan.definition.payment.account)
        accounts = [(told[row] or "").strip() or None for row in found.rows.tolist()]
    payable = np.ones(len(codes), np.bool_)
    if plan.definition.payment.by != "post":
        payable = np.array([account is not None for account in accounts], np.bool_)
    kept = np.flatnonzero(free & payable)
    rows = pa.table(
        {
            "payee": pa.array(codes[kept].tolist(), pa.string()),
            "name": pa.array(families.head_names(found.rows[kept]), pa.string()),
            "account": pa.array([accounts[place] for place in kept.tolist()], pa.string()),
            "amount": pa.array(found.amounts[kept], pa.int64()),
        }
    )
    return Proposal(
        plan,
        cycle,
        load,
        len(families),
        found.qualifying,
        found.qualifying - len(found.rows),
        int((~free).sum()),
        tuple(codes[free & ~payable].tolist()),
        rows,
        tuple(families.unreadable()),
    )


def _no_overlap(connection: sa.Connection, plan: str, cycle: Cycle) -> None:
    """Refuse a cycle of days that families were paid for under another name: its rhythm was changed."""
    cancelled = sa.select(PAYROLL_CANCELLATIONS.c.payroll)
    query = sa.select(PAYROLLS.c.payroll, PAYROLLS.c.cycle).where(
        PAYROLLS.c.plan == plan,
        PAYROLLS.c.kind == FAMILIES,
        PAYROLLS.c.payroll.not_in(cancelled),
        PAYROLLS.c.first <= date_of(cycle.last),
        PAYROLLS.c.last >= date_of(cycle.first),
    )
    for row in connection.execute(query.order_by(PAYROLLS.c.payroll)):
        same = _span(connection, row.payroll) == (cycle.first, cycle.last)
        if row.cycle != cycle.name or not same:
            values = {"plan": plan, "cycle": cycle.name, "other": row.cycle, "payroll": str(row.payroll)}
            raise refused("benefits.overlaps", **values)


def _span(connection: sa.Connection, payroll: int) -> tuple[int, int]:
    row = connection.execute(
        sa.select(PAYROLLS.c.first, PAYROLLS.c.last).where(PAYROLLS.c.payroll == payroll)
    ).one()
    return day_number(row.first), day_number(row.last)


@dataclass(frozen=True)
class New:
    """What a list that is to be booked is of."""

    kind: str
    plan: str
    cycle: str
    first: int
    last: int


def book(connection: sa.Connection, by: str, new: New, rows: pa.Table, record: Mapping[str, Any]) -> int:
    """Put a list into the books, with a number for each of its payments.

    Args:
        connection: of a transaction that writes, while the lock is held.
        by: who made it.
        new: what it is of.
        rows: columns payee, name, account, amount.
        record: how it came about.

    Returns:
        The number of the list.
    """
    number, first = (next_of(connection, c) for c in (PAYROLLS.c.payroll, BENEFIT_TRANSACTIONS.c.transaction))
    count = len(rows)
    total = sum(rows["amount"].to_pylist())
    if total > INT64_MAX:
        raise refused("benefits.total_too_large", plan=new.plan)
    numbered = numbered_rows(number, first, rows)
    content = {
        "payroll": number,
        "kind": new.kind,
        "plan": new.plan,
        "cycle": new.cycle,
        "first": date_of(new.first).isoformat(),
        "last": date_of(new.last).isoformat(),
        "transactions": count,
        "total": total,
        "record": dict(record) | {"first": first, "hash": table_hash([row_digests(numbered)])},
    }
    entry = journal.append(connection, Act(by, MAKE), content)
    connection.execute(
        sa.insert(PAYROLLS).values(
            **content
            | {
                "journal": entry,
                "by": by,
                "record": journal.canonical(content["record"]),
                "first": date_of(new.first),
                "last": date_of(new.last),
            }
        )
    )
    bulk.insert(connection, BENEFIT_TRANSACTIONS, with_digest(numbered))
    keys = pa.table(
        {
            "plan": pa.array([new.plan] * count, pa.string()),
            "cycle": pa.array([new.cycle] * count, pa.string()),
            "payee": numbered["payee"],
            "transaction": numbered["transaction"],
        }
    )
    bulk.insert(connection, ENTITLED, keys)
    return number


def numbered_rows(payroll: int, first: int, rows: pa.Table) -> pa.Table:
    """Give the rows of a list with the numbers of its payments, as the books keep them."""
    return pa.table(
        {
            "transaction": pa.array(np.arange(first, first + len(rows), dtype=np.int64)),
            "payroll": pa.array(np.full(len(rows), payroll, np.int64)),
            **{name: rows[name] for name in ("payee", "name", "account", "amount")},
        }
    )


def next_of(connection: sa.Connection, column: sa.Column[Any]) -> int:
    """Give the number after the largest of a column."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(column), 0))).scalar_one()) + 1


# Reading lists.


def all_payrolls(connection: sa.Connection, wanted: Sequence[int] | None = None) -> list[Payroll]:
    """Give lists in the order of their numbers: all, or some."""
    acts = {row.number: row for row in connection.execute(_acts())}

    def done(table: sa.Table) -> dict[int, Done]:
        reason = table.c.reason if "reason" in table.c else sa.null()
        found = connection.execute(sa.select(table.c.payroll, table.c.journal, reason.label("reason")))
        return {row.payroll: Done(acts[row.journal].by, acts[row.journal].at, row.reason) for row in found}

    approved, cancelled = done(PAYROLL_APPROVALS), done(PAYROLL_CANCELLATIONS)
    files: dict[int, list[int]] = {}
    listed = sa.select(PAYROLL_FILES.c.payroll, PAYROLL_FILES.c.file).order_by(PAYROLL_FILES.c.file)
    for row in connection.execute(listed):
        files.setdefault(row.payroll, []).append(row.file)
    query = sa.select(PAYROLLS).order_by(PAYROLLS.c.payroll)
    if wanted is not None:
        query = query.where(PAYROLLS.c.payroll.in_(wanted))
    rows = connection.execute(query).all()
    tallies = _tallies(connection, [row.payroll for row in rows if row.payroll in files])
    return [
        Payroll(
            *(row.payroll, row.kind, row.plan, row.cycle, day_number(row.first), day_number(row.last)),
            *(row.transactions, row.total, json.loads(row.record)),
            *(Done(row.by, acts[row.journal].at), approved.get(row.payroll), cancelled.get(row.payroll)),
            *(tuple(files.get(row.payroll, ())), tallies.get(row.payroll, {})),
        )
        for row in rows
    ]


def _acts() -> sa.Select[Any]:
    kinds = (MAKE, APPROVE, CANCEL)
    return sa.select(JOURNAL.c.number, JOURNAL.c.by, JOURNAL.c.at).where(JOURNAL.c.what.in_(kinds))


def _tallies(connection: sa.Connection, payrolls: Sequence[int]) -> dict[int, dict[str, Tally]]:
    """Count the payments of lists by their last event."""
    events, rows = BENEFIT_EVENTS, BENEFIT_TRANSACTIONS
    later = events.alias("later")
    last = ~sa.exists().where(
        later.c.transaction == events.c.transaction, later.c.number == events.c.number + 1
    )
    amount = sa.type_coerce(sa.cast(sa.func.sum(rows.c.amount), sa.BigInteger()), sa.BigInteger())
    query = (
        sa.select(rows.c.payroll, events.c.what, sa.func.count().label("count"), amount.label("amount"))
        .join(events, events.c.transaction == rows.c.transaction)
        .where(last, rows.c.payroll.in_(payrolls))
        .group_by(rows.c.payroll, events.c.what)
    )
    found: dict[int, dict[str, Tally]] = {}
    for row in connection.execute(query):
        found.setdefault(row.payroll, {})[row.what] = Tally(row._mapping["count"], int(row.amount))
    return found


def payroll_of(connection: sa.Connection, number: int) -> Payroll:
    """Give the list of a number.

    Raises:
        Refused: there is none.
    """
    found = all_payrolls(connection, [number])
    if not found:
        raise refused("benefits.no_payroll", payroll=str(number))
    return found[0]


def rows_of(connection: sa.Connection, payroll: int) -> pa.Table:
    """Give the payments of a list: transaction, payee, name, account, amount, and their last event.

    Columns ``what`` (null before it is handed over), ``attempt``, ``reference`` and ``reason`` say how far
    each is.
    """
    table, events = BENEFIT_TRANSACTIONS, BENEFIT_EVENTS
    columns = [table.c[name] for name in ("transaction", "payee", "name", "account", "amount")]
    query = sa.select(*columns).where(table.c.payroll == payroll).order_by(table.c.transaction)
    rows = bulk.read(connection, query)
    names = ("transaction", "what", "attempt", "reference", "reason")
    happened = bulk.read(
        connection,
        sa.select(*(events.c[name] for name in names))
        .join(table, table.c.transaction == events.c.transaction)
        .where(table.c.payroll == payroll)
        .order_by(events.c.transaction, events.c.number),
    )
    # The last event of each transaction, by its place in the list.
    place = np.searchsorted(rows["transaction"].to_numpy(), happened["transaction"].to_numpy())
    last = np.full(len(rows), -1, np.int64)
    last[place] = np.arange(len(happened))
    taken = pa.array(last, pa.int64(), mask=last < 0)
    for name in names[1:]:
        rows = rows.append_column(name, happened[name].take(taken))
    return rows


# Deciding about lists.


def approve(books: Books, by: str, number: int) -> Payroll:
    """Approve a list for payment: somebody else than who made it.

    Raises:
        Refused: it is the maker, or the list was approved or cancelled before.
    """
    with lock.held(books.database, Act(by, APPROVE)), books.database.writing() as connection:
        payroll = payroll_of(connection, number)
        _not_cancelled(payroll)
        if payroll.approved:
            done = payroll.approved
            raise refused("benefits.approved", payroll=str(number), by=done.by, at=moment(done.at))
        if by.strip().casefold() == payroll.made.by.strip().casefold():
            raise refused("benefits.same_person", payroll=str(number), by=by)
        made = connection.execute(sa.select(PAYROLLS.c.journal).where(PAYROLLS.c.payroll == number))
        check_first_person(connection, made.scalar_one(), payroll.made.by)
        content = {"payroll": number, "hash": payroll.record["hash"], "total": payroll.total}
        entry = journal.append(connection, Act(by, APPROVE), content)
        values = {"payroll": number, "journal": entry, "maker": payroll.made.by, "by": by}
        connection.execute(sa.insert(PAYROLL_APPROVALS).values(**values))
        return payroll_of(connection, number)


def cancel(books: Books, by: str, number: int, reason: str) -> Payroll:
    """Cancel a list that was not handed over: its families can be on another one.

    Raises:
        Refused: it was handed over, or cancelled before, or there is no reason.
    """
    if not reason.strip():
        raise refused("benefits.no_reason")
    with lock.held(books.database, Act(by, CANCEL)), books.database.writing() as connection:
        payroll = payroll_of(connection, number)
        _not_cancelled(payroll)
        if payroll.files:
            raise refused("benefits.handed_over", payroll=str(number), file=str(payroll.files[0]))
        entry = journal.append(connection, Act(by, CANCEL), {"payroll": number, "reason": reason})
        values = {"payroll": number, "journal": entry, "reason": reason}
        connection.execute(sa.insert(PAYROLL_CANCELLATIONS).values(**values))
        theirs = sa.select(BENEFIT_TRANSACTIONS.c.transaction).where(BENEFIT_TRANSACTIONS.c.payroll == number)
        for table in (SETTLED_VOUCHERS, ENTITLED):
            connection.execute(sa.delete(table).where(table.c.transaction.in_(theirs)))
        return payroll_of(connection, number)


def _not_cancelled(payroll: Payroll) -> None:
    if payroll.cancelled:
        done = payroll.cancelled
        raise refused("benefits.cancelled", payroll=str(payroll.payroll), by=done.by, at=moment(done.at))


def approved_payroll(connection: sa.Connection, number: int) -> Payroll:
    """Give a list that may be handed over.

    Raises:
        Refused: there is none of that number, or it was not approved, or it was cancelled.
    """
    payroll = payroll_of(connection, number)
    _not_cancelled(payroll)
    if not payroll.approved:
        raise refused("benefits.not_approved", payroll=str(number), by=payroll.made.by)
    return payroll
