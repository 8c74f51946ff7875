"""A family traced: what it was to receive, cycle by cycle, how far each payment is, and who did what when."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from adjudicator.benefits.numbers import payment_number, read_payment_number
from adjudicator.books.benefits.payrolls import APPROVE, CANCEL, MAKE, Payroll, all_payrolls
from adjudicator.problems import refused
from adjudicator.store.schema import BENEFIT_EVENTS, BENEFIT_TRANSACTIONS, JOURNAL


@dataclass(frozen=True)
class Step:
    """Something that happened to a payment: made, approved, cancelled, exported, paid or failed."""

    what: str
    by: str
    at: str
    attempt: int | None = None
    file: int | None = None
    detail: str | None = None
    """The account that it went to, the payer's reference, or why."""


@dataclass(frozen=True)
class Trace:
    """A payment with all that happened to it."""

    transaction: int
    payee: str
    name: str | None
    amount: int
    payroll: Payroll
    steps: tuple[Step, ...]

    @property
    def number(self) -> str:
        """Its number as people write it."""
        return payment_number(self.transaction)

    @property
    def state(self) -> str:
        """What happened last."""
        return self.steps[-1].what


def trace(connection: sa.Connection, asked: str) -> list[Trace]:
    """Trace a family (or a facility that vouchers were paid to), or one payment.

    Args:
        connection: of a transaction.
        asked: the code of a family or facility, or the number of a payment.

    Raises:
        Refused: nothing was ever to be paid to anyone of that code or number.
    """
    table = BENEFIT_TRANSACTIONS
    serial = read_payment_number(asked.partition("/")[0])
    query = sa.select(table).where(table.c.payee == asked).order_by(table.c.transaction)
    rows = connection.execute(query).all()
    if not rows and serial is not None:
        rows = connection.execute(sa.select(table).where(table.c.transaction == serial)).all()
    if not rows:
        raise refused("benefits.nothing_traced", asked=asked)
    numbers = sorted({row.payroll for row in rows})
    payrolls = {one.payroll: one for one in all_payrolls(connection, numbers)}
    return [
        Trace(
            row.transaction,
            row.payee,
            row.name,
            row.amount,
            payrolls[row.payroll],
            (*_of_payroll(payrolls[row.payroll]), *_of_transaction(connection, row.transaction)),
        )
        for row in rows
    ]


def _of_payroll(payroll: Payroll) -> list[Step]:
    acts = ((MAKE, payroll.made), (APPROVE, payroll.approved), (CANCEL, payroll.cancelled))
    words = {MAKE: "made", APPROVE: "approved", CANCEL: "cancelled"}
    return [Step(words[what], done.by, done.at, detail=done.reason) for what, done in acts if done]


def _of_transaction(connection: sa.Connection, transaction: int) -> list[Step]:
    events = BENEFIT_EVENTS
    query = (
        sa.select(events, JOURNAL.c.by, JOURNAL.c.at)
        .join(JOURNAL, JOURNAL.c.number == events.c.journal)
        .where(events.c.transaction == transaction)
        .order_by(events.c.number)
    )
    return [
        Step(
            *(row.what, row.by, row.at, row.attempt, row.file),
            " ".join(part for part in (row.account, row.reference, row.reason) if part) or None,
        )
        for row in connection.execute(query)
    ]
