"""Checking closings: that they are what was booked, and that what is owed adds up."""

from __future__ import annotations

import json

import sqlalchemy as sa

from adjudicator.books.closing.periods import CLOSED, ClosedMonth, all_closings
from adjudicator.books.closing.unsettled import unsettled_is_right
from adjudicator.remuneration.months import written_month
from adjudicator.store import bulk
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.schema import (
    CLOSED_MONTHS,
    CLOSINGS,
    JOURNAL,
    PAID_STATEMENTS,
    PAYMENTS,
    REMUNERATIONS,
    STATEMENT_ROWS,
    STATEMENTS,
)
from adjudicator.words import Message, message


def check_closings(connection: sa.Connection) -> list[Message]:
    """Check all closings and payments; give what is wrong with them.

    A closing is what its entry in the journal says; its rows are those that were booked; statements add up
    to it, and its rows to the statements; a reopening takes all of it back; payments are the sum of the
    statements that they settle.
    """
    found: list[Message] = []
    closings = all_closings(connection)
    by_number = {one.closing: one for one in closings}
    for one in closings:
        found += _as_journaled(connection, one)
        found += _adds_up(connection, one)
        if one.entry == CLOSED:
            found += _as_booked(connection, one)
        else:
            before = by_number.get(one.reverses or 0)
            if before is None or before.total != -one.total:
                found.append(message("closing.check.reversal", closing=str(one.closing)))
    open_again = {one.reverses for one in closings}
    standing = {one.closing for one in closings if one.entry == CLOSED} - open_again
    if standing != set(connection.execute(sa.select(CLOSED_MONTHS.c.closing)).scalars()):
        found.append(message("closing.check.closed_months"))
    if not unsettled_is_right(connection):
        found.append(message("closing.check.unsettled"))
    return found + _payments(connection)


def _as_journaled(connection: sa.Connection, one: ClosedMonth) -> list[Message]:
    query = sa.select(JOURNAL.c.content).join(CLOSINGS, CLOSINGS.c.journal == JOURNAL.c.number)
    text = connection.execute(query.where(CLOSINGS.c.closing == one.closing)).scalar()
    said = json.loads(text) if text else {}
    wanted = {
        "closing": one.closing,
        "month": written_month(one.month),
        "location": one.location,
        "version": one.version,
        "entry": one.entry,
        "record": dict(one.record),
    }
    if {name: said.get(name) for name in wanted} == wanted:
        return []
    return [message("closing.check.journal", closing=str(one.closing))]


def _as_booked(connection: sa.Connection, one: ClosedMonth) -> list[Message]:
    """Check that the rows of a closing are those that its record speaks of."""
    table = REMUNERATIONS
    columns = [column for column in table.c if column.name != "closing"]
    held = bulk.read(connection, sa.select(*columns).where(table.c.closing == one.closing))
    if table_hash([row_digests(held)]) == one.record["entries"]["hash"]:
        return []
    return [message("closing.check.rows", closing=str(one.closing))]


def _adds_up(connection: sa.Connection, one: ClosedMonth) -> list[Message]:
    """Check that lines, rows of statements, statements and the closing come to the same by facility."""
    sums = []
    for table in (REMUNERATIONS, STATEMENT_ROWS, STATEMENTS):
        amount = sa.type_coerce(sa.cast(sa.func.sum(table.c.amount), sa.BigInteger()), sa.BigInteger())
        query = (
            sa.select(table.c.facility, amount.label("amount"))
            .where(table.c.closing == one.closing)
            .group_by(table.c.facility)
        )
        rows = connection.execute(query).all()
        sums.append({row.facility: int(row.amount) for row in rows if row.amount})
    if all(each == sums[0] for each in sums) and sum(sums[0].values()) == one.total:
        return []
    return [message("closing.check.sums", closing=str(one.closing))]


def _payments(connection: sa.Connection) -> list[Message]:
    """Check that payments are the sums of the statements that they settle."""
    paid, owed = PAID_STATEMENTS, STATEMENTS
    total = sa.type_coerce(sa.cast(sa.func.sum(owed.c.amount), sa.BigInteger()), sa.BigInteger())
    query = (
        sa.select(PAYMENTS.c.payment, PAYMENTS.c.amount, total.label("total"))
        .outerjoin(paid, paid.c.payment == PAYMENTS.c.payment)
        .outerjoin(owed, sa.and_(owed.c.closing == paid.c.closing, owed.c.facility == PAYMENTS.c.facility))
        .group_by(PAYMENTS.c.payment, PAYMENTS.c.amount)
    )
    wrong = [str(row.payment) for row in connection.execute(query) if row.amount != row.total]
    return [message("closing.check.payments", payments=wrong)] if wrong else []
