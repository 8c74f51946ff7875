"""The process-batch reports: what closed months paid, by facility and by product."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.closing.periods import CLOSED, ClosedMonth
from adjudicator.books.joins import Condition
from adjudicator.books.reports.about import check_code, check_product, report_of
from adjudicator.books.reports.months import Months, closings_of, load_of, seats
from adjudicator.books.reports.settled import settled_lines
from adjudicator.books.sums import asked, total
from adjudicator.remuneration.statements import Part
from adjudicator.reporting.process_batch import By, Paid, process_batch
from adjudicator.reporting.report import Parameter, Report
from adjudicator.store import bulk
from adjudicator.store.schema import (
    CLAIMS,
    LINE_DECISIONS,
    REMUNERATIONS,
    SETTLEMENTS,
    STATEMENT_ROWS,
)
from adjudicator.vocabulary import Cut


def process_batch_report(
    books: Books,
    months: Months,
    by: By,
    facility: str | None = None,
    product: str | None = None,
    with_claims: bool = False,
) -> Report:
    """Make the report of what closed months paid.

    Args:
        books: the books.
        months: which.
        by: what its rows are ordered by.
        facility: only what this one was paid.
        product: only what this one paid.
        with_claims: the claims as well.

    Raises:
        Refused: no such month is closed, or there is no such facility or product.
    """
    with books.database.reading() as connection:
        check_code(connection, "facilities", facility)
        check_product(books, product)
        closings = closings_of(connection, months)
        found = seats(connection, load_of(closings))
        parts = process_batch(
            _paid(connection, closings, facility, product),
            _claims(connection, closings, facility, product),
            {
                code: {
                    "region": seat.region,
                    "district": seat.district,
                    "facility_name": seat.name,
                    "facility_account": seat.account,
                }
                for code, seat in found.items()
            },
            by,
            _listed(connection, closings, facility, product) if with_claims else None,
        )
        said = months.parameters(closings)
        said += [Parameter("facility", facility)] if facility else []
        said += [Parameter("product", product)] if product else []
        return report_of(books, connection, "process_batch", said, parts)


def _numbers(closings: Sequence[ClosedMonth]) -> list[int]:
    return [one.closing for one in closings]


def _of(
    table: sa.Table, closings: Sequence[ClosedMonth], facility: str | None, product: str | None
) -> list[Condition]:
    conditions: list[Condition] = [table.c.closing.in_(_numbers(closings))]
    if facility is not None:
        conditions.append(table.c.facility == facility)
    if product is not None:
        conditions.append(table.c.product == product)
    return conditions


def _paid(
    connection: sa.Connection, closings: Sequence[ClosedMonth], facility: str | None, product: str | None
) -> list[Paid]:
    rows = STATEMENT_ROWS
    # The account of the last month is that of a product: months come in order.
    query = sa.select(rows).where(*_of(rows, closings, facility, product)).order_by(rows.c.closing.desc())
    return [
        Paid(
            *(row.facility, row.product, row.account, Part(row.part)),
            *(row.lines, row.valuated, row.amount),
        )
        for row in connection.execute(query)
    ]


def _claims(
    connection: sa.Connection, closings: Sequence[ClosedMonth], facility: str | None, product: str | None
) -> dict[tuple[str, str], int]:
    """Count the claims that are settled, by facility and product."""
    owed = REMUNERATIONS
    query = (
        sa.select(
            owed.c.facility, owed.c.product, sa.func.count(sa.distinct(owed.c.claim_id)).label("claims")
        )
        .where(*_of(owed, closings, facility, product), owed.c.claim_id > 0, owed.c.entry == CLOSED)
        .group_by(owed.c.facility, owed.c.product)
    )
    return {(row.facility, row.product): int(row.claims) for row in connection.execute(query)}


def _listed(
    connection: sa.Connection, closings: Sequence[ClosedMonth], facility: str | None, product: str | None
) -> pa.Table:
    """Read what is paid for each claim by each product; lines that were taken back are among it."""
    owed, decided, settled = REMUNERATIONS, LINE_DECISIONS, SETTLEMENTS
    paid = (
        sa.select(
            owed.c.closing,
            owed.c.claim_id,
            owed.c.facility,
            owed.c.product,
            sa.func.max(owed.c.origin).label("origin"),
            total(owed.c.amount, "remunerated"),
        )
        .where(*_of(owed, closings, facility, product), owed.c.claim_id > 0)
        .group_by(owed.c.closing, owed.c.claim_id, owed.c.facility, owed.c.product)
        .subquery("paid")
    )
    approved = sum((decided.c[cut.word] for cut in Cut), start=decided.c.valuated)
    of_lines = (
        sa.select(
            settled.c.closing,
            settled.c.claim_id,
            decided.c.product,
            total(asked(), "asked"),
            total(approved, "approved"),
            total(decided.c.valuated, "valuated"),
        )
        .select_from(settled_lines())
        .where(settled.c.closing.in_(_numbers(closings)), decided.c.product.is_not(None))
        .group_by(settled.c.closing, settled.c.claim_id, decided.c.product)
        .subquery("of_lines")
    )
    months = sa.case({one.closing: one.name for one in closings}, value=paid.c.closing, else_="")
    number = sa.BigInteger()
    query = (
        sa.select(
            paid.c.facility,
            paid.c.product,
            sa.type_coerce(months, sa.Text()).label("closed_month"),
            sa.type_coerce(paid.c.origin, sa.Text()).label("origin"),
            *(
                CLAIMS.c[name]
                for name in ("claim", "administrator", "insuree", "date_claimed", "date_from", "date_to")
            ),
            *(
                sa.type_coerce(sa.func.coalesce(of_lines.c[name], 0), number).label(name)
                for name in ("asked", "approved", "valuated")
            ),
            paid.c.remunerated,
        )
        .join(CLAIMS, CLAIMS.c.claim_id == paid.c.claim_id)
        .outerjoin(
            of_lines,
            sa.and_(
                of_lines.c.closing == paid.c.closing,
                of_lines.c.claim_id == paid.c.claim_id,
                of_lines.c.product == paid.c.product,
            ),
        )
    )
    return bulk.read(connection, query)
