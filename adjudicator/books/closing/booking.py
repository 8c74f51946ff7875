"""Writing a closing into the books: its record, its entries, its statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.books.basis import keep_products
from adjudicator.books.books import Books
from adjudicator.books.closing.computing import Prepared
from adjudicator.books.closing.page import Page
from adjudicator.books.closing.periods import CLOSED
from adjudicator.books.closing.unsettled import keep_unsettled, seen_by_closings
from adjudicator.problems import DoesNotAddUp
from adjudicator.remuneration.months import written_month
from adjudicator.remuneration.statements import Statement
from adjudicator.store import bulk, journal
from adjudicator.store.journal import Act
from adjudicator.store.schema import (
    CLOSED_MONTHS,
    CLOSINGS,
    REMUNERATIONS,
    SETTLEMENTS,
    SHARES_HELD,
    STATEMENT_ROWS,
    STATEMENTS,
)


def book(
    books: Books, connection: sa.Connection, by: str, prepared: Prepared, proposed_by: str | None
) -> Page:
    """Book a closing.

    Args:
        books: the books.
        connection: of a transaction that writes.
        by: who closes.
        prepared: the closing.
        proposed_by: who proposed it, where a second person is asked for.

    Returns:
        Its page, with its number.

    Raises:
        DoesNotAddUp: statements, entries and the closing do not come to the same.
    """
    page = prepared.page
    key = {"month": written_month(page.month), "location": page.location, "version": prepared.version}
    total = sum(one.total for one in prepared.statements)
    if total != page.closing.total or total != pc.sum(prepared.entries["amount"], min_count=0).as_py():
        raise DoesNotAddUp(f"{page.closing.total} is owed, and {total} is on statements")
    number, seen = next_closing(connection), seen_by_closings(connection)
    content = {"closing": number, **key, "entry": CLOSED, "proposed_by": proposed_by, "record": page.record}
    entry = journal.append(connection, Act(by, "close"), content)
    insert_closing(connection, number, entry, key, CLOSED, None, total, page.record)
    connection.execute(
        sa.insert(CLOSED_MONTHS).values(
            location=page.location, month=written_month(page.month), closing=number
        )
    )
    keep_products(connection, prepared.sources, books.folder)
    _insert(connection, REMUNERATIONS, prepared.entries, number)
    _insert(connection, SETTLEMENTS, prepared.settlements, number)
    _insert(connection, SHARES_HELD, prepared.shares, number)
    _insert_statements(connection, number, prepared.statements)
    bulk.measure(connection, REMUNERATIONS, SETTLEMENTS, SHARES_HELD)
    keep_unsettled(connection, number, page.record["run"], seen)
    return replace(page, booked=number)


def next_closing(connection: sa.Connection) -> int:
    """Give the number of the next closing or reopening."""
    last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(CLOSINGS.c.closing), 0))).scalar_one()
    return int(last) + 1


def insert_closing(
    connection: sa.Connection,
    number: int,
    entry: int,
    key: Mapping[str, Any],
    sign: int,
    reverses: int | None,
    total: int,
    record: Mapping[str, Any],
) -> None:
    """Write the row of a closing, or of a reopening.

    Args:
        connection: of a transaction that writes.
        number: of the closing.
        entry: its number in the journal.
        key: ``month``, ``location`` and ``version``.
        sign: :data:`~adjudicator.books.closing.periods.CLOSED` or ``REOPENED``.
        reverses: the closing that is taken back.
        total: what all facilities are owed by it, minor units.
        record: how it came about.
    """
    connection.execute(
        sa.insert(CLOSINGS).values(
            closing=number,
            journal=entry,
            **key,
            entry=sign,
            reverses=reverses,
            total=total,
            record=journal.canonical(record),
        )
    )


def _insert(connection: sa.Connection, table: sa.Table, rows: pa.Table, closing: int) -> None:
    numbers = pa.array(np.full(len(rows), closing, np.int64))
    bulk.insert(connection, table, rows.append_column("closing", numbers))


def _insert_statements(connection: sa.Connection, closing: int, statements: Sequence[Statement]) -> None:
    heads = [{"facility": one.facility, "account": one.account, "amount": one.total} for one in statements]
    rows = [
        {
            "facility": one.facility,
            "product": row.product,
            "part": int(row.part),
            "origin": written_month(row.origin),
            "account": row.account,
            "claims": row.claims,
            "lines": row.lines,
            "valuated": row.valuated,
            "amount": row.amount,
        }
        for one in statements
        for row in one.rows
    ]
    for table, values in ((STATEMENTS, heads), (STATEMENT_ROWS, rows)):
        columns = {
            column.name: pa.array([row[column.name] for row in values], bulk.arrow_type(column))
            for column in table.c
            if column.name != "closing"
        }
        _insert(connection, table, pa.table(columns), closing)
