"""Frequency and severity, loss ratio, and adequacy of contributions, from the books."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.actuarial.exposure import covered, earned_contributions
from adjudicator.books.actuarial.known import Known, known_on
from adjudicator.books.actuarial.ledger import (
    Booking,
    Chosen,
    Group,
    Measure,
    Origin,
    entries_of,
    origin_date,
    same_entry,
    total_of,
    with_facility,
    with_person,
)
from adjudicator.books.actuarial.reports import (
    ASSUMED,
    Assumed,
    TriangleAsked,
    estimated,
    remarks_of,
    report_of,
)
from adjudicator.books.books import Books
from adjudicator.books.reports.about import check_period, check_product
from adjudicator.encoding import days as days_of
from adjudicator.remuneration.months import first_day, last_day
from adjudicator.reporting.report import Parameter, Part, Report
from adjudicator.simulation.actuarial import tables
from adjudicator.simulation.actuarial.adequacy import Adequacy, adequacy, counted
from adjudicator.simulation.actuarial.experience import (
    AGE_BANDS,
    Covered,
    Experience,
    band_name,
    band_of,
    covered_days,
    covered_days_by_band,
    months_of_products,
)
from adjudicator.simulation.actuarial.reserves import Method, Reserve
from adjudicator.store import bulk
from adjudicator.store.schema import CLAIM_DECISIONS, CLAIMS, LINE_DECISIONS, REGISTERS
from adjudicator.units import NO_DATE, date_of, day_number
from adjudicator.vocabulary import ClaimStatus
from adjudicator.words import Percentage, message

Int64s = npt.NDArray[np.int64]
Row = dict[str, Any]


def frequency_report(
    books: Books, start: dt.date, end: dt.date, product: str | None, as_of: dt.date | None
) -> Report:
    """Make the report of how often insured people claim in a period, and what a claim costs.

    Args:
        books: the books.
        start: the first day of service.
        end: the last one, included.
        product: only what this product covers and pays.
        as_of: the state of the books; None for now.

    Raises:
        Refused: the period ends before it begins, there is no such product, or nothing was loaded.
    """
    check_period(start, end)
    check_product(books, product)
    with books.database.reading() as connection:
        known = known_on(connection, as_of)
        rows = _experienced(connection, known, start, end, product)
        first, last = day_number(start), day_number(end)
        by = Group.PRODUCT if product is None else None
        of_products = covered(connection, known, by, product, (start, end))
        who = replace(of_products, group=np.zeros_like(of_products.group), groups=(None,))
        everybody = int(covered_days(who, first, last).sum())
        of_bands = covered_days_by_band(who, first, last)
        parts = [tables.experience_part([_experience(None, rows, everybody)], None)]
        if product is None:
            parts.append(_by_product(connection, known, of_products, start, end))
        for dimension, name in (("level", "level"), ("category", "category")):
            listed = [_experience(group, mine, everybody) for group, mine in _by(rows, name)]
            parts.append(tables.experience_part(listed, dimension))
        bands = dict(_by(rows, "band"))
        ages = [
            _experience(band_name(place) if place < len(of_bands) - 1 else None, bands.get(place, []), days)
            for place, days in enumerate(of_bands.tolist())
            if days or place in bands
        ]
        parts.append(tables.experience_part(ages, "age"))
        said = [
            Parameter("from", start),
            Parameter("to", end),
            Parameter("product", product),
            Parameter("as_of", as_of or message("actuary.now")),
        ]
        return report_of(
            books, connection, known, "frequency", said, parts, [message("actuary.remark.reported_only")]
        )


def _experience(group: str | int | None, rows: Sequence[Row], days: int) -> Experience:
    return Experience(group, sum(row["claims"] for row in rows), sum(row["amount"] for row in rows), days)


def _by(rows: Sequence[Row], name: str) -> list[tuple[Any, list[Row]]]:
    """Group rows by a value, in order; those without one come last."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[name], []).append(row)
    return sorted(groups.items(), key=lambda item: (item[0] is None, item[0] or 0))


def _experienced(
    connection: sa.Connection, known: Known, start: dt.date, end: dt.date, product: str | None
) -> list[Row]:
    """Read accepted claims of a period: by level of facility, category and band of ages."""
    decision, line = CLAIM_DECISIONS, LINE_DECISIONS
    facilities, people = REGISTERS["facilities"], REGISTERS["insurees"]
    service = origin_date(Origin.SERVICE_MONTH)
    joined = with_person(with_facility(CLAIMS, known), known)
    joined = joined.join(decision, decision.c.claim_id == CLAIMS.c.claim_id)
    conditions = [
        decision.c.run <= known.run,
        decision.c.status != int(ClaimStatus.REJECTED),
        service >= start,
        service <= end,
    ]
    keys = [
        service.label("day"),
        people.c.birth_date.label("birth"),
        facilities.c.level.label("level"),
        decision.c.category.label("category"),
    ]
    if product is None:
        query = sa.select(
            *keys, total_of(decision.c.entry, "claims"), total_of(decision.c.valuated, "amount")
        )
    else:
        of_claim = (
            sa.select(line.c.run, line.c.claim_id, line.c.entry, total_of(line.c.valuated, "amount"))
            .where(line.c.product == product)
            .group_by(line.c.run, line.c.claim_id, line.c.entry)
            .subquery()
        )
        same = sa.and_(
            of_claim.c.run == decision.c.run,
            of_claim.c.claim_id == decision.c.claim_id,
            of_claim.c.entry == decision.c.entry,
        )
        joined = joined.join(of_claim, same)
        query = sa.select(*keys, total_of(decision.c.entry, "claims"), total_of(of_claim.c.amount, "amount"))
    rows = bulk.read(connection, query.select_from(joined).where(*conditions).group_by(*keys))
    day, birth = (days_of(rows[name]).astype(np.int64) for name in ("day", "birth"))
    known_birth = birth != NO_DATE
    bands = np.where(known_birth, band_of(ages_on(np.where(known_birth, birth, day), day)), -1)
    bands = np.where(bands < 0, len(AGE_BANDS), bands)
    table = rows.drop_columns(["day", "birth"]).append_column("band", pa.array(bands))
    grouped = table.group_by(["level", "category", "band"]).aggregate([("claims", "sum"), ("amount", "sum")])
    return [
        {
            "level": row["level"],
            "category": row["category"],
            "band": row["band"],
            "claims": row["claims_sum"],
            "amount": row["amount_sum"],
        }
        for row in grouped.to_pylist()
        if row["claims_sum"] or row["amount_sum"]
    ]


def ages_on(birth: Int64s, day: Int64s) -> Int64s:
    """Give completed years on days: (n,)."""
    dates = [days.astype("datetime64[D]") for days in (birth, day)]
    years, months = ([date.astype(f"datetime64[{unit}]") for date in dates] for unit in "YM")
    of_year = [
        (m.astype(np.int64) % 12) * 31 + (d - m.astype("datetime64[D]")).astype(np.int64)
        for d, m in zip(dates, months, strict=True)
    ]
    ages: Int64s = (years[1] - years[0]).astype(np.int64) - (of_year[1] < of_year[0])
    return ages


def _by_product(connection: sa.Connection, known: Known, who: Covered, start: dt.date, end: dt.date) -> Part:
    """Give frequency and severity by product: a claim counts for each product that pays for it."""
    decision, line = CLAIM_DECISIONS, LINE_DECISIONS
    service = origin_date(Origin.SERVICE_MONTH)
    of_claim = (
        sa.select(
            line.c.product, line.c.claim_id, line.c.entry, line.c.run, total_of(line.c.valuated, "amount")
        )
        .select_from(
            CLAIMS.join(decision, decision.c.claim_id == CLAIMS.c.claim_id).join(
                line, same_entry(line, decision)
            )
        )
        .where(decision.c.run <= known.run, line.c.product.is_not(None), service >= start, service <= end)
        .group_by(line.c.product, line.c.claim_id, line.c.entry, line.c.run)
        .subquery()
    )
    query = sa.select(
        of_claim.c.product, total_of(of_claim.c.entry, "claims"), total_of(of_claim.c.amount, "amount")
    ).group_by(of_claim.c.product)
    happened = {row["product"]: row for row in bulk.read(connection, query).to_pylist()}
    days = dict(zip(who.groups, covered_days(who, day_number(start), day_number(end)).tolist(), strict=True))
    products = sorted({*happened, *(group for group in days if group is not None)})
    listed = [
        _experience(product, [happened[product]] if product in happened else [], days.get(product, 0))
        for product in products
    ]
    return tables.experience_part(listed, "product")


def loss_ratio_report(books: Books, first: int, last: int, as_of: dt.date | None) -> Report:
    """Make the report of loss ratios: contributions earned and claims, by month of service and product.

    Args:
        books: the books.
        first: the first month.
        last: the last one.
        as_of: the state of the books; None for now.

    Raises:
        Refused: the last month is before the first, or nothing was loaded.
    """
    check_period(_first_date(first), _last_date(last))
    with books.database.reading() as connection:
        known = known_on(connection, as_of)
        valuated, paid = (
            _by_month(connection, known, measure, booking)
            for measure, booking in (
                (Measure.VALUATED, Booking.DECISION_MONTH),
                (Measure.PAID, Booking.PAYMENT_MONTH),
            )
        )
        earned = earned_contributions(connection, known, Group.PRODUCT, first, last)
        products = sorted({*valuated, *paid, *(group for group in earned.groups if group is not None)})
        by_product = {product: earned.of(product) for product in products}
        rows = months_of_products(products, first, last, by_product, valuated, paid)
        said = [
            Parameter("from", _first_date(first)),
            Parameter("to", _last_date(last)),
            Parameter("as_of", as_of or message("actuary.now")),
        ]
        remarks = [message("actuary.remark.reported_only")]
        return report_of(books, connection, known, "loss_ratio", said, tables.loss_ratio_parts(rows), remarks)


def _first_date(month: int) -> dt.date:
    return date_of(first_day(month))


def _last_date(month: int) -> dt.date:
    return date_of(last_day(month))


def _by_month(
    connection: sa.Connection, known: Known, measure: Measure, booking: Booking
) -> dict[str, dict[int, int]]:
    """Give what was booked, by product and month of service."""
    chosen = Chosen(booking=booking, measure=measure, by=Group.PRODUCT)
    entries = entries_of(connection, known, chosen)
    amounts: dict[str, dict[int, int]] = {}
    rows = zip(entries.group.tolist(), entries.origin.tolist(), entries.amount.tolist(), strict=True)
    for group, month, amount in rows:
        of_product = amounts.setdefault(str(entries.groups[group]), {})
        of_product[month] = of_product.get(month, 0) + amount
    return amounts


def adequacy_report(
    books: Books,
    asked: TriangleAsked,
    method: Method,
    margin: int,
    confidence: int,
    periods: int | None,
    assumed: Assumed = ASSUMED,
) -> Report:
    """Make the report of whether contributions are adequate, by product.

    Args:
        books: the books.
        asked: the triangle from which it is estimated what claims come to; it is read by product.
        method: how.
        margin: what contributions are to leave for other than claims, in hundredths of a percent of them.
        confidence: how sure claims are to be paid for, in hundredths of a percent; 5000 is the expected.
        periods: only the last so many periods of service; all when None.
        assumed: what the estimate assumes beside the triangle.

    Raises:
        Refused: a triangle cannot be projected, or the library is missing.
    """
    asked = replace(asked, by=Group.PRODUCT)
    check_product(books, asked.product)
    with books.database.reading() as connection:
        known = known_on(connection, asked.as_of)
        found = estimated(connection, known, asked, [method], replace(assumed, back_tests=0))
        rows: list[Adequacy] = []
        for one in found.reserves:
            row = _adequacy(connection, known, asked, one, margin, confidence, periods)
            rows += [] if row is None else [row]
        said = [
            *asked.parameters(),
            *assumed.parameters(),
            Parameter("method", message(f"reporting.method.{method.value}")),
            Parameter("margin", message("actuary.percent", share=Percentage(margin))),
            Parameter("confidence", message("actuary.percent", share=Percentage(confidence))),
        ]
        parts = [tables.adequacy_part(rows)]
        remarks = [*found.left_out, *remarks_of(found.reserves, asked.by)]
        return report_of(books, connection, known, "adequacy", said, parts, remarks)


def _adequacy(
    connection: sa.Connection,
    known: Known,
    asked: TriangleAsked,
    reserve: Reserve,
    margin: int,
    confidence: int,
    periods: int | None,
) -> Adequacy | None:
    """Compare the contributions of a product with what its claims come to."""
    months = {one.origin: asked.grain.months_of(one.origin) for one in reserve.origins}
    first, last = min(span[0] for span in months.values()), max(span[-1] for span in months.values())
    of_month = earned_contributions(connection, known, Group.PRODUCT, first, last).of(reserve.group)
    earned = {origin: sum(of_month.get(month, 0) for month in span) for origin, span in months.items()}
    chosen = counted(reserve, earned, periods)
    if not chosen:
        return None
    opens, closes = months[chosen[0].origin][0], months[chosen[-1].origin][-1]
    period = _first_date(opens), _last_date(closes)
    who = covered(connection, known, None, str(reserve.group), period)
    days = int(covered_days(who, first_day(opens), last_day(closes)).sum())
    return adequacy(reserve, chosen, earned, days, margin, confidence)
