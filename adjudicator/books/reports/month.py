"""The month on one page: its figures, read out of the books."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.closing.held_back import entered, unread
from adjudicator.books.closing.periods import CLOSED, NATIONAL, REOPENED, ClosedMonth, standing_closings
from adjudicator.books.closing.unsettled import unsettled
from adjudicator.books.joins import is_decision, is_owed
from adjudicator.books.reports.about import report_of, state_of
from adjudicator.books.reports.contributions import products_of
from adjudicator.books.reports.months import Months, closings_of, load_of, seats
from adjudicator.books.reports.settled import settled_lines
from adjudicator.books.review.queue import held_claims
from adjudicator.books.sums import ONE, asked, total
from adjudicator.product.definition import Product
from adjudicator.product.read import read_products
from adjudicator.remuneration.capitation import sold_at
from adjudicator.remuneration.index import version_for
from adjudicator.remuneration.months import first_day, last_day, written_month
from adjudicator.remuneration.statements import Part
from adjudicator.reporting.month import (
    Lines,
    MonthFigures,
    OfCare,
    OfIndex,
    Received,
    Waits,
    facilities_of,
    parts_of,
    steps_of,
)
from adjudicator.reporting.report import Parameter, Report
from adjudicator.store.runs import last_run
from adjudicator.store.schema import (
    CLAIM_DECISIONS,
    CLAIM_LINES,
    CLAIMS,
    LINE_DECISIONS,
    REMUNERATIONS,
    SETTLEMENTS,
    STATEMENTS,
)
from adjudicator.units import PERCENT_ALL, date_of, divide_rounded
from adjudicator.vocabulary import Care, Category, Cut, LineStatus, PriceOrigin, Reason
from adjudicator.words import message


def month_figures(books: Books, month: int) -> MonthFigures:
    """Give the figures of a month that is closed, for all locations for which it is.

    Raises:
        Refused: the month is not closed for any.
        DoesNotAddUp: what was asked, less every cut, is not what statements owe.
    """
    with books.database.reading() as connection:
        return _figures(books, connection, month)


def month_report(books: Books, month: int) -> Report:
    """Give the same as a report, for every format that reports have.

    Raises:
        Refused: the month is not closed for any location.
        DoesNotAddUp: as above.
    """
    with books.database.reading() as connection:
        figures = _figures(books, connection, month)
        closings = closings_of(connection, Months(month, month))
        said = [Parameter("month", written_month(month)), *Months(month, month).parameters(closings)]
        if figures.open_at:
            places = [place or message("reporting.national") for place in figures.open_at]
            said.append(Parameter("open_at", message("reporting.places", places=places)))
        return report_of(books, connection, "month", said, parts_of(figures))


def _figures(books: Books, connection: sa.Connection, month: int) -> MonthFigures:
    closings = closings_of(connection, Months(month, month))
    standing = standing_closings(connection)
    before = [one for one in standing if one.month == month - 1]
    owed, owed_before = (_statements(connection, each) for each in (closings, before))
    names = {code: seat.name for code, seat in seats(connection, load_of(closings)).items()}
    capitation = _owed(connection, closings, REMUNERATIONS.c.claim_id == 0)
    taken_back = _owed(connection, closings, REMUNERATIONS.c.entry == REOPENED)
    products = products_of(books, connection, closings)
    last = products_of(books, connection, before)
    return MonthFigures(
        month=month,
        closings=tuple((one.closing, one.location, one.by, one.at) for one in closings),
        open_at=_open_at(books, closings, month),
        received=_received(connection, month),
        received_before=_received(connection, month - 1),
        products=tuple(products),
        collected_before=sum(one.collected for one in last),
        allocated_before=sum(one.allocated for one in last),
        steps=steps_of(_lines(connection, closings), capitation, taken_back, sum(owed.values())),
        care=_care(connection, closings),
        capitation=capitation,
        taken_back=taken_back,
        indexes=_indexes(closings),
        waits=_waits(books, connection, month),
        facilities=facilities_of(owed, owed_before, names),
        state=tuple((one.name, str(one.value)) for one in state_of(connection)),
    )


def _numbers(closings: Sequence[ClosedMonth]) -> list[int]:
    return [one.closing for one in closings]


def _statements(connection: sa.Connection, closings: Sequence[ClosedMonth]) -> dict[str, int]:
    """Give what facilities are owed by closings together."""
    table = STATEMENTS
    query = (
        sa.select(table.c.facility, total(table.c.amount, "amount"))
        .where(table.c.closing.in_(_numbers(closings)))
        .group_by(table.c.facility)
    )
    return {row.facility: int(row.amount) for row in connection.execute(query)}


def _owed(connection: sa.Connection, closings: Sequence[ClosedMonth], which: sa.ColumnElement[bool]) -> int:
    table = REMUNERATIONS
    query = sa.select(total(table.c.amount, "amount")).where(table.c.closing.in_(_numbers(closings)), which)
    return int(connection.execute(query).scalar_one())


def _received(connection: sa.Connection, month: int) -> Received:
    """Count what was claimed in a month, whatever became of it."""
    first, last = date_of(first_day(month)), date_of(last_day(month))
    inside = CLAIMS.c.date_claimed.between(first, last)
    count = sa.select(total(ONE, "claims")).where(inside)
    amount = (
        sa.select(total(asked(), "asked"))
        .select_from(CLAIMS.join(CLAIM_LINES, CLAIM_LINES.c.claim_id == CLAIMS.c.claim_id))
        .where(inside)
    )
    claims, money = (int(connection.execute(query).scalar_one()) for query in (count, amount))
    return Received(claims, money)


def _lines(connection: sa.Connection, closings: Sequence[ClosedMonth]) -> list[Lines]:
    """Add up the lines that closings settle, by what became of them."""
    settled, decided, owed = SETTLEMENTS, LINE_DECISIONS, REMUNERATIONS
    relative = decided.c.price_origin == int(PriceOrigin.RELATIVE)
    # A correction hides what it is of: a line that is paid nothing, and not by an index, is paid by head.
    hidden = sa.and_(owed.c.part == int(Part.CORRECTIONS), owed.c.amount == 0, ~relative)
    by_head = sa.or_(owed.c.part == int(Part.CAPITATION), hidden)
    keys = (
        decided.c.status.label("status"),
        sa.func.coalesce(decided.c.reason, 0).label("reason"),
        sa.case((relative, 1), else_=0).label("relative"),
        sa.case((by_head, 1), else_=0).label("by_head"),
    )
    query = (
        sa.select(
            *keys,
            total(ONE, "lines"),
            total(asked(), "asked"),
            total(decided.c.valuated, "valuated"),
            *(total(decided.c[cut.word], cut.word) for cut in Cut),
            total(owed.c.amount, "paid"),
        )
        .select_from(settled_lines())
        .outerjoin(owed, sa.and_(is_owed(owed, settled), owed.c.line == decided.c.line))
        .where(settled.c.closing.in_(_numbers(closings)))
        .group_by(*keys)
    )
    return [
        Lines(
            *(LineStatus(row.status), Reason(row.reason), bool(row.relative), bool(row.by_head)),
            *(int(row.lines), int(row.asked), int(row.valuated)),
            {cut: int(row._mapping[cut.word]) for cut in Cut},
            int(row.paid),
        )
        for row in connection.execute(query)
    ]


def _care(connection: sa.Connection, closings: Sequence[ClosedMonth]) -> tuple[OfCare, ...]:
    """Add up what is paid for claims by their categories."""
    settled, decided, owed = SETTLEMENTS, CLAIM_DECISIONS, REMUNERATIONS
    of_claim = (
        sa.select(owed.c.closing, owed.c.claim_id, total(owed.c.amount, "paid"))
        .where(owed.c.closing.in_(_numbers(closings)), owed.c.claim_id > 0, owed.c.entry == CLOSED)
        .group_by(owed.c.closing, owed.c.claim_id)
        .subquery("of_claim")
    )
    query = (
        sa.select(decided.c.category, total(ONE, "claims"), total(of_claim.c.paid, "paid"))
        .select_from(of_claim)
        .join(
            settled,
            sa.and_(settled.c.closing == of_claim.c.closing, settled.c.claim_id == of_claim.c.claim_id),
        )
        .join(decided, is_decision(decided, settled))
        .group_by(decided.c.category)
    )
    found = [
        OfCare(Category(row.category), int(row.claims), int(row.paid)) for row in connection.execute(query)
    ]
    return tuple(sorted(found, key=lambda one: -int(one.category)))


def _indexes(closings: Sequence[ClosedMonth]) -> tuple[OfIndex, ...]:
    found = []
    for closing in closings:
        for one in closing.record["indexes"]:
            index = Fraction(one["index"])
            for_lines = Fraction(max(one["allocated"], 0) * one["share"], PERCENT_ALL)
            full = for_lines / one["valuated"] if one["valuated"] else index
            found.append(
                OfIndex(
                    product=one["product"],
                    care=Care.of(one["care"]) if one["care"] else None,
                    share=int(for_lines),
                    valuated=one["valuated"],
                    shown=divide_rounded(index.numerator * 10_000, index.denominator),
                    capped=index < full,
                )
            )
    return tuple(found)


def _waits(books: Books, connection: sa.Connection, month: int) -> tuple[Waits, ...]:
    """Tell what of the claims up to a month is on no statement now, and why."""
    waiting = unsettled(connection, last_run(connection), month)
    held = np.isin(waiting.claim_id, held_claims(connection))
    received, aside = entered(connection, month), unread(connection, month, books.decimals)
    return (
        Waits("in_review", int(held.sum()), int(waiting.valuated[held].sum())),
        Waits("unread", aside.claims, aside.asked),
        Waits("entered", received.claims, received.asked),
        Waits("held_back", int((~held).sum()), int(waiting.valuated[~held].sum())),
    )


def _open_at(books: Books, closings: Sequence[ClosedMonth], month: int) -> tuple[str, ...]:
    """Give the locations with products for which the month is not closed."""
    versions: dict[str, list[Product]] = {}
    for source in read_products(books.folder / books.settings.products, books.decimals):
        versions.setdefault(source.definition.product, []).append(source.definition)
    closing = (version_for(each, month) for each in versions.values())
    found = {sold_at(version) or NATIONAL for version in closing if version is not None}
    return tuple(sorted(found - {one.location for one in closings}))
