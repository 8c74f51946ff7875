"""Reopening a month that is closed, by a closing that takes it back (law, section 6)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.closing.booking import insert_closing, next_closing
from adjudicator.books.closing.periods import REOPENED, ClosedMonth, closing_of, standing_closings
from adjudicator.books.closing.unsettled import give_back_settled
from adjudicator.problems import refused
from adjudicator.remuneration.months import written_month
from adjudicator.store import journal, lock
from adjudicator.store.journal import Act
from adjudicator.store.schema import (
    CLOSED_MONTHS,
    PAID_STATEMENTS,
    REMUNERATIONS,
    SETTLEMENTS,
    SHARES_HELD,
    STATEMENT_ROWS,
    STATEMENTS,
)


def reopen(books: Books, by: str, month: int, location: str, reason: str) -> ClosedMonth:
    """Reopen the last month that is closed for a location, by a closing that takes it back.

    Both stay in the books.

    Args:
        books: the books.
        by: who reopens it.
        month: the month.
        location: of the products; :data:`~adjudicator.books.closing.periods.NATIONAL` for those that are sold
            everywhere.
        reason: why, for the books.

    Returns:
        The closing that was taken back.

    Raises:
        Refused: the month is not closed, or a later one is; it is being paid; another closing goes by it;
            no reason is given; or the books are in use.
    """
    if not reason.strip():
        raise refused("closing.no_reason")
    with lock.held(books.database, Act(by, "reopen")), books.database.writing() as connection:
        closing = closing_of(connection, month, location)
        _check_last(standing_closings(connection), closing)
        _check_unpaid(connection, closing)
        _check_unused(connection, closing)
        number = next_closing(connection)
        key = {"month": written_month(month), "location": location, "version": closing.version}
        record = {"reason": reason.strip()}
        content = {"closing": number, **key, "entry": REOPENED, "reverses": closing.closing, "record": record}
        entry = journal.append(connection, Act(by, "reopen"), content)
        insert_closing(connection, number, entry, key, REOPENED, closing.closing, -closing.total, record)
        for table, amounts in (
            (REMUNERATIONS, ("entry", "valuated", "amount")),
            (STATEMENTS, ("amount",)),
            (STATEMENT_ROWS, ("valuated", "amount")),
        ):
            _take_back(connection, table, amounts, closing.closing, number)
        give_back_settled(connection, closing.closing)
        for table in (CLOSED_MONTHS, SETTLEMENTS, SHARES_HELD):
            connection.execute(sa.delete(table).where(table.c.closing == closing.closing))
    return closing


def _take_back(
    connection: sa.Connection, table: sa.Table, amounts: Sequence[str], closing: int, number: int
) -> None:
    """Book the rows of a closing again, under another number and with their amounts negated."""
    columns = [
        sa.literal(number).label("closing")
        if column.name == "closing"
        else (-column).label(column.name)
        if column.name in amounts
        else column
        for column in table.c
    ]
    query = sa.select(*columns).where(table.c.closing == closing)
    connection.execute(sa.insert(table).from_select([column.name for column in table.c], query))


def _check_last(standing: Collection[ClosedMonth], closing: ClosedMonth) -> None:
    later = [one for one in standing if one.location == closing.location and one.month > closing.month]
    if later:
        raise refused("closing.not_the_last", month=closing.name, last=later[-1].name)


def _check_unpaid(connection: sa.Connection, closing: ClosedMonth) -> None:
    count = connection.execute(
        sa.select(sa.func.count()).where(PAID_STATEMENTS.c.closing == closing.closing)
    ).scalar_one()
    if count:
        raise refused("closing.being_paid", month=closing.name, count=int(count))


def _check_unused(connection: sa.Connection, closing: ClosedMonth) -> None:
    """Make sure that no later closing settles claims by what this one gave or settled."""
    later = SETTLEMENTS.alias("later")
    used = [
        sa.select(later.c.closing)
        .join(table, table.c.claim_id == later.c.claim_id)
        .where(table.c.closing == closing.closing, later.c.closing > closing.closing)
        for table in (SETTLEMENTS, SHARES_HELD)
    ]
    found = connection.execute(sa.union(*used)).scalars().all()
    if found:
        names = [one.name for one in standing_closings(connection) if one.closing in found]
        raise refused("closing.used", month=closing.name, by=names)
