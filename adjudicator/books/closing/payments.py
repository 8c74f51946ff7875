"""Paying what closed months owe: each statement is in one payment for good, and each payment has one number.

A payment is made when it is handed over (*exported*), of all statements of a facility that no payment
settles yet; what a facility owes is set off against what it is owed, and waits while it owes more. The
payer's return file says which were *paid* and which *failed*. One that failed keeps its number and is handed
over again with the next file, so that a bank can tell it from a new one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.closing.periods import standing_closings
from adjudicator.books.registers import registers_at
from adjudicator.problems import refused
from adjudicator.store import journal, loads, lock
from adjudicator.store.journal import Act
from adjudicator.store.schema import (
    CLOSED_MONTHS,
    JOURNAL,
    PAID_STATEMENTS,
    PAYMENT_EVENTS,
    PAYMENT_FILES,
    PAYMENTS,
    STATEMENT_ROWS,
    STATEMENTS,
)


class PaymentState(Enum):
    """In which state a payment is: that of its last event."""

    EXPORTED = "exported"
    PAID = "paid"
    FAILED = "failed"


@dataclass(frozen=True)
class Owed:
    """A statement that a payment settles, or that waits for one; amounts in minor units."""

    closing: int
    month: str
    amount: int


@dataclass(frozen=True)
class Due:
    """What a facility is owed and no payment settles yet."""

    facility: str
    statements: tuple[Owed, ...]

    @property
    def amount(self) -> int:
        """Minor units; negative where the facility owes it."""
        return sum(one.amount for one in self.statements)


@dataclass(frozen=True)
class Payment:
    """A payment to a facility."""

    payment: int
    facility: str
    name: str
    account: str | None
    """The account code of the facility."""
    amount: int
    state: PaymentState
    file: int
    """The last file that it was handed over with."""
    reference: str | None
    statements: tuple[Owed, ...]


@dataclass(frozen=True)
class Booking:
    """A part of a payment for the accounting system."""

    payment: int
    facility: str
    account: str | None
    product: str
    product_account: str | None
    amount: int


@dataclass(frozen=True)
class PaymentFile:
    """What is handed to the payer."""

    file: int
    at: str
    by: str
    payments: tuple[Payment, ...]
    bookings: tuple[Booking, ...]
    hash: str
    copy: bool = False

    @property
    def total(self) -> int:
        """Minor units."""
        return sum(payment.amount for payment in self.payments)


def due(connection: sa.Connection) -> list[Due]:
    """Give what facilities are owed by the months that are closed and no payment settles, by facility."""
    table, paid = STATEMENTS, PAID_STATEMENTS
    query = (
        sa.select(table.c.closing, table.c.facility, table.c.amount)
        .join(CLOSED_MONTHS, CLOSED_MONTHS.c.closing == table.c.closing)
        .where(
            table.c.amount != 0,
            ~sa.exists().where(paid.c.closing == table.c.closing, paid.c.facility == table.c.facility),
        )
        .order_by(table.c.facility, table.c.closing)
    )
    months = _months(connection)
    found: dict[str, list[Owed]] = {}
    for row in connection.execute(query):
        found.setdefault(row.facility, []).append(Owed(row.closing, months[row.closing], row.amount))
    return [Due(code, tuple(owed)) for code, owed in found.items()]


def last_month_due(connection: sa.Connection, waiting: Sequence[Due]) -> int | None:
    """Give the last month of what facilities are owed; None where nothing is due."""
    of = {one.closing for each in waiting for one in each.statements}
    return max((one.month for one in standing_closings(connection) if one.closing in of), default=None)


def _months(connection: sa.Connection) -> dict[int, str]:
    return {one.closing: one.name for one in standing_closings(connection)}


def all_payments(connection: sa.Connection, file: int | None = None) -> list[Payment]:
    """Give payments in the order of their numbers: all, or those that were handed over with a file."""
    events = PAYMENT_EVENTS
    last = sa.select(events.c.payment, sa.func.max(events.c.number).label("number")).group_by(
        events.c.payment
    )
    latest = last.subquery("latest")
    files = sa.select(events.c.payment, sa.func.max(events.c.file).label("file")).group_by(events.c.payment)
    of_file = files.subquery("of_file")
    query = (
        sa.select(PAYMENTS, events.c.what, events.c.reference, of_file.c.file)
        .join(latest, latest.c.payment == PAYMENTS.c.payment)
        .join(events, sa.and_(events.c.payment == latest.c.payment, events.c.number == latest.c.number))
        .join(of_file, of_file.c.payment == PAYMENTS.c.payment)
        .order_by(PAYMENTS.c.payment)
    )
    if file is not None:
        handed = sa.select(events.c.payment).where(events.c.file == file)
        query = query.where(PAYMENTS.c.payment.in_(handed))
    statements: dict[int, list[Owed]] = {}
    months = _months(connection)
    owed = (
        sa.select(PAID_STATEMENTS.c.payment, STATEMENTS.c.closing, STATEMENTS.c.amount)
        .join(
            STATEMENTS,
            sa.and_(
                STATEMENTS.c.closing == PAID_STATEMENTS.c.closing,
                STATEMENTS.c.facility == PAID_STATEMENTS.c.facility,
            ),
        )
        .order_by(PAID_STATEMENTS.c.payment, STATEMENTS.c.closing)
    )
    for row in connection.execute(owed):
        statements.setdefault(row.payment, []).append(Owed(row.closing, months[row.closing], row.amount))
    facilities = _facilities(connection)
    found = []
    for row in connection.execute(query):
        name, account = facilities.get(row.facility, (row.facility, None))
        state, settles = PaymentState(row.what), tuple(statements[row.payment])
        found.append(
            Payment(
                *(row.payment, row.facility, name, account, row.amount, state),
                *(row.file, row.reference, settles),
            )
        )
    return found


def _facilities(connection: sa.Connection) -> dict[str, tuple[str, str | None]]:
    """Give the names and account codes of facilities, as they were loaded last."""
    state = loads.last_load(connection, "registers")
    if state is None:
        return {}
    rows = registers_at(connection, state.load, ("facilities",))["facilities"].to_pylist()
    return {row["code"]: (row["name"], row["account_code"]) for row in rows}


def export(books: Books, by: str) -> PaymentFile:
    """Hand over all that is due, and what failed before: payments are made and numbered.

    The books know it before any file is written: a file that was lost is written again as a copy.

    Raises:
        Refused: nothing is due, or the books are in use.
    """
    with lock.held(books.database, Act(by, "export payments")), books.database.writing() as connection:
        new = [one for one in due(connection) if one.amount > 0]
        again = [one for one in all_payments(connection) if one.state is PaymentState.FAILED]
        if not new and not again:
            last = connection.execute(sa.select(sa.func.max(PAYMENT_FILES.c.file))).scalar()
            raise refused("payment.nothing_left", file=str(last)) if last else refused("payment.nothing_due")
        file, first = (_next(connection, column) for column in (PAYMENT_FILES.c.file, PAYMENTS.c.payment))
        numbered = dict(enumerate(new, first))
        listed = sorted(
            [(number, one.facility, one.amount) for number, one in numbered.items()]
            + [(one.payment, one.facility, one.amount) for one in again]
        )
        facilities = _facilities(connection)
        content = {
            "file": file,
            # With name and account as they are now: a copy is of what was handed over.
            "payments": [[*row, *facilities.get(row[1], (row[1], None))] for row in listed],
            "statements": [
                [number, owed.closing, one.facility]
                for number, one in numbered.items()
                for owed in one.statements
            ],
            "total": sum(amount for _, _, amount in listed),
        }
        digest = hashlib.sha256(journal.canonical(content).encode()).hexdigest()
        entry = journal.append(connection, Act(by, "export payments"), content | {"hash": digest})
        connection.execute(
            sa.insert(PAYMENT_FILES).values(
                file=file, journal=entry, payments=len(listed), total=content["total"], hash=digest
            )
        )
        for number, one in numbered.items():
            connection.execute(
                sa.insert(PAYMENTS).values(payment=number, facility=one.facility, amount=one.amount)
            )
        settled = [
            {"closing": owed.closing, "facility": one.facility, "payment": number}
            for number, one in numbered.items()
            for owed in one.statements
        ]
        if settled:
            connection.execute(sa.insert(PAID_STATEMENTS), settled)
        happened(connection, [number for number, _, _ in listed], PaymentState.EXPORTED, entry, file=file)
    return payment_file(books, file)


def _next(connection: sa.Connection, column: sa.Column[Any]) -> int:
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(column), 0))).scalar_one()) + 1


def happened(
    connection: sa.Connection,
    payments: Iterable[int],
    what: PaymentState,
    entry: int,
    file: int | None = None,
    references: Mapping[int, str | None] | None = None,
) -> None:
    """Put down what happened to payments.

    Args:
        connection: of a transaction that writes.
        payments: their numbers.
        what: the state that they are in now.
        entry: the number in the journal.
        file: that they were handed over with.
        references: of the payer, by payment.
    """
    events = PAYMENT_EVENTS
    query = sa.select(events.c.payment, sa.func.max(events.c.number)).group_by(events.c.payment)
    last = {int(payment): int(number) for payment, number in connection.execute(query)}
    rows = [
        {
            "payment": payment,
            "number": last.get(payment, 0) + 1,
            "journal": entry,
            "what": what.value,
            "file": file,
            "reference": (references or {}).get(payment),
        }
        for payment in payments
    ]
    if rows:
        connection.execute(sa.insert(events), rows)


def payment_file(books: Books, file: int, copy: bool = False) -> PaymentFile:
    """Give what was handed over with a file.

    Args:
        books: the books.
        file: its number.
        copy: whether it is given again, and is to be marked so.

    Raises:
        Refused: there is no such file.
    """
    with books.database.reading() as connection:
        query = sa.select(PAYMENT_FILES, JOURNAL.c.by, JOURNAL.c.at, JOURNAL.c.content).join(
            JOURNAL, JOURNAL.c.number == PAYMENT_FILES.c.journal
        )
        row = connection.execute(query.where(PAYMENT_FILES.c.file == file)).first()
        if row is None:
            raise refused("payment.no_file", file=str(file))
        handed = {number: about for number, _, _, *about in json.loads(row.content)["payments"]}
        listed = tuple(
            replace(one, name=handed[one.payment][0], account=handed[one.payment][1])
            for one in all_payments(connection, file)
        )
        bookings = _bookings(connection, listed)
    return PaymentFile(file, row.at, row.by, listed, bookings, row.hash, copy)


def _bookings(connection: sa.Connection, payments: Sequence[Payment]) -> tuple[Booking, ...]:
    """Give the parts of payments by product and account; they add up to the payments."""
    rows, paid = STATEMENT_ROWS, PAID_STATEMENTS
    query = (
        sa.select(paid.c.payment, rows.c.product, rows.c.account, rows.c.amount)
        .join(rows, sa.and_(rows.c.closing == paid.c.closing, rows.c.facility == paid.c.facility))
        .order_by(paid.c.payment, rows.c.product, rows.c.account)
    )
    by_number = {one.payment: one for one in payments}
    totals: dict[tuple[int, str, str | None], int] = {}
    for row in connection.execute(query):
        if row.payment in by_number:
            key = (row.payment, row.product, row.account)
            totals[key] = totals.get(key, 0) + row.amount
    return tuple(
        Booking(number, by_number[number].facility, by_number[number].account, product, account, amount)
        for (number, product, account), amount in totals.items()
        if amount
    )
