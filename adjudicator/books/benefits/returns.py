"""What the payer says of what was handed over: paid or failed, attempt by attempt.

Each row stands for itself: what can be booked is booked, and the others are told. The same file again, or in
another order, changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.benefits.numbers import read_payment_number
from adjudicator.books.books import Books
from adjudicator.books.reconciliation import Found, Reconciliation
from adjudicator.books.return_files import Row, amount_in, read_rows, said_in
from adjudicator.store import bulk, journal, lock
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.journal import Act
from adjudicator.store.schema import BENEFIT_EVENTS, BENEFIT_TRANSACTIONS

RECONCILE: Final = "reconcile payroll"

NEEDED: Final = ("transaction", "status")
"""The columns that a return file must have; it may have ``amount``, ``reference`` and ``reason``."""


BOOKED: Final = (Found.PAID, Found.FAILED, Found.AFTER_ALL)


@dataclass(frozen=True)
class Event:
    """Something that happened to a transaction."""

    number: int
    what: str
    attempt: int
    reference: str | None = None


@dataclass
class Known:
    """A transaction of the books, and what has happened to it."""

    payee: str
    amount: int
    payroll: int
    events: list[Event] = field(default_factory=list)

    def last_of(self, attempt: int) -> Event | None:
        """Give the last thing that happened to an attempt."""
        return next((event for event in reversed(self.events) if event.attempt == attempt), None)

    @property
    def paid(self) -> Event | None:
        """Give the event by which it was paid."""
        return self.events[-1] if self.events and self.events[-1].what == "paid" else None


@dataclass(frozen=True)
class Returned:
    """A row of a return file, and what it means."""

    row: int
    transaction: str
    found: Found
    payee: str | None = None
    payroll: int | None = None
    amount: int | None = None
    """Of the payment, minor units."""
    attempt: int | None = None
    reason: str | None = None


def reconcile(books: Books, by: str, path: Path) -> Reconciliation[Returned]:
    """Take in what the payer says of payments.

    Args:
        books: the books.
        by: who does it.
        path: a CSV file with the columns ``transaction``, as it was handed over (``B00000123-45``, and
            ``B00000123-45/2`` for a second attempt), and ``status``; perhaps ``amount`` in major units,
            ``reference`` and ``reason``.

    Raises:
        Refused: the file cannot be read; nothing was changed.
    """
    content = path.read_bytes()
    rows = read_rows(path, content, NEEDED)
    with lock.held(books.database, Act(by, RECONCILE)), books.database.writing() as connection:
        known = _known(connection, rows)
        told: list[Returned] = []
        booked: list[dict[str, Any]] = []
        for place, row in enumerate(rows, 2):
            one = _meant(place, row, known, books.decimals)
            told.append(one)
            if one.found in BOOKED:
                booked.append(_event(one, row, known))
        if booked:
            _book(connection, by, booked, hashlib.sha256(content).hexdigest())
        waiting = open_payments(connection)
    return Reconciliation(tuple(told), waiting)


def split_number(text: str) -> tuple[int | None, int]:
    """Read what was handed over as the number of a payment: its serial (None: mistyped) and the attempt."""
    number, slash, attempt = text.partition("/")
    if slash and not (attempt.strip().isdecimal() and 1 <= len(attempt.strip()) <= 4):
        return None, 1
    return read_payment_number(number), int(attempt) if slash else 1


def _known(connection: sa.Connection, rows: Sequence[Row]) -> dict[int, Known]:
    serials = {split_number(row["transaction"])[0] for row in rows} - {None}
    if not serials:
        return {}
    table, events = BENEFIT_TRANSACTIONS, BENEFIT_EVENTS
    numbers = pa.table({"number": pa.array(sorted(one for one in serials if one is not None), pa.int64())})
    wanted = bulk.wanted(connection, "asked_transactions", numbers)
    query = sa.select(table.c.transaction, table.c.payee, table.c.amount, table.c.payroll).join(
        wanted, wanted.c.number == table.c.transaction
    )
    found = {row.transaction: Known(row.payee, row.amount, row.payroll) for row in connection.execute(query)}
    happened = (
        sa.select(events)
        .join(wanted, wanted.c.number == events.c.transaction)
        .order_by(events.c.transaction, events.c.number)
    )
    for row in connection.execute(happened):
        event = Event(row.number, row.what, row.attempt, row.reference)
        found[row.transaction].events.append(event)
    return found


def _meant(place: int, row: Row, known: Mapping[int, Known], decimals: int) -> Returned:
    serial, attempt = split_number(row["transaction"])
    said = said_in(row)
    if serial is None or said is None:
        return Returned(place, row["transaction"], Found.UNREADABLE)
    one = known.get(serial)
    if one is None:
        return Returned(place, row["transaction"], Found.UNKNOWN)
    found = _found(one, row, said, attempt, decimals)
    reason = row.get("reason") or None
    return Returned(place, row["transaction"], found, one.payee, one.payroll, one.amount, attempt, reason)


def _found(one: Known, row: Row, said: str, attempt: int, decimals: int) -> Found:
    last = one.last_of(attempt)
    if last is None:
        return Found.NOT_HANDED_OVER
    if said == "failed":
        if last.what == "paid":
            return Found.CONTRADICTS
        # Of an attempt that came after the one that was paid, this is what had to be hoped for.
        return Found.DUPLICATE if last.what == "failed" or one.paid else Found.FAILED
    try:
        amount = amount_in(row, decimals)
    except ValueError:
        return Found.UNREADABLE
    if one.paid is not None:
        references = {row.get("reference") or None, one.paid.reference} - {None}
        same = one.paid.attempt == attempt and len(references) < 2
        return Found.DUPLICATE if same else Found.CONTRADICTS
    if amount not in (None, one.amount):
        return Found.DIFFERS
    return Found.PAID if last is one.events[-1] and last.what == "exported" else Found.AFTER_ALL


def _event(one: Returned, row: Row, known: Mapping[int, Known]) -> dict[str, Any]:
    """Make the event that a row is booked as, and let it have happened."""
    serial, attempt = split_number(one.transaction)
    assert serial is not None
    events = known[serial].events
    what = "failed" if one.found is Found.FAILED else "paid"
    reference = row.get("reference") or None
    before = events[-1]
    events.append(Event(before.number + 1, what, attempt, reference))
    return {
        "transaction": serial,
        "number": before.number + 1,
        "what": what,
        "attempt": attempt,
        "reference": reference,
        "reason": one.reason,
        "before": before.number,
        "came_to": before.what,
    }


_TYPES: Final = {
    "transaction": pa.int64(),
    "number": pa.int64(),
    "what": pa.string(),
    "attempt": pa.int64(),
    "reference": pa.string(),
    "reason": pa.string(),
    "before": pa.int64(),
    "came_to": pa.string(),
}


def _book(connection: sa.Connection, by: str, booked: Sequence[Mapping[str, Any]], digest: str) -> None:
    rows = pa.table({name: pa.array([one[name] for one in booked], type_) for name, type_ in _TYPES.items()})
    content = {
        "paid": sum(one["what"] == "paid" for one in booked),
        "failed": sum(one["what"] == "failed" for one in booked),
        "hash": table_hash([row_digests(rows)]),
        "file_hash": digest,
    }
    entry = journal.append(connection, Act(by, RECONCILE), content)
    entries = pa.array(np.full(len(rows), entry, np.int64))
    # What follows upon what was booked with the same file must find it there.
    for number in sorted({one["number"] for one in booked}):
        mine = pa.array([one["number"] == number for one in booked], pa.bool_())
        bulk.insert(connection, BENEFIT_EVENTS, rows.append_column("journal", entries).filter(mine))


def outcomes_of(connection: sa.Connection, entry: int) -> pa.Table:
    """Give the events that an entry of the journal booked, as it was hashed."""
    events = BENEFIT_EVENTS
    return bulk.read(
        connection, sa.select(*(events.c[name] for name in _TYPES)).where(events.c.journal == entry)
    )


def open_payments(connection: sa.Connection) -> int:
    """Count the payments that were handed over, and of which nothing is known yet."""
    events = BENEFIT_EVENTS
    later = events.alias("later")
    query = (
        sa.select(sa.func.count())
        .select_from(events)
        .where(
            events.c.what == "exported",
            ~sa.exists().where(
                later.c.transaction == events.c.transaction, later.c.number == events.c.number + 1
            ),
        )
    )
    return int(connection.execute(query).scalar_one())
