"""The operational indicators of a period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.closing.payments import PaymentState
from adjudicator.books.closing.registers import COVERING
from adjudicator.books.joins import Condition, is_decision, is_owed, same_entry
from adjudicator.books.reports.about import check_period, report_of
from adjudicator.books.reports.settled import amounts, amounts_by_product, is_original, original
from adjudicator.books.sums import ONE, Query, standing, total
from adjudicator.product.definition import Product
from adjudicator.product.read import read_products
from adjudicator.reporting import enrolled as enrolled_room
from adjudicator.reporting.indicators import (
    ClaimFigures,
    Cohort,
    GroupFigures,
    Grouping,
    ServiceFigures,
    indicators,
)
from adjudicator.reporting.places import places_at
from adjudicator.reporting.report import Parameter, Report
from adjudicator.store import bulk
from adjudicator.store.runs import last_run
from adjudicator.store.schema import (
    CLAIM_DECISIONS,
    CLAIMS,
    FEEDBACK,
    JOURNAL,
    LINE_DECISIONS,
    PAID_STATEMENTS,
    PAYMENT_EVENTS,
    REGISTERS,
    REMUNERATIONS,
    RUNS,
    SELECTED,
    SELECTIONS,
    SETTLEMENTS,
)
from adjudicator.units import day_number
from adjudicator.vocabulary import ClaimStatus, LocationLevel
from adjudicator.words import message

_LEVELS: Final = {
    Grouping.REGION: LocationLevel.REGION,
    Grouping.DISTRICT: LocationLevel.DISTRICT,
}


def indicators_report(books: Books, start: dt.date, end: dt.date, by: Grouping | None) -> Report:
    """Make the operational indicators of a period.

    Args:
        books: the books.
        start: the first day.
        end: the last day, included.
        by: what they are broken down by as well.

    Raises:
        Refused: the period ends before it begins, there are no registers, or a product cannot be read.
    """
    check_period(start, end)
    sources = read_products(books.folder / books.settings.products, books.decimals)
    products = [source.definition for source in sources]
    with books.database.reading() as connection:
        places = _places(connection, by)
        enrolled = _enrolled(connection, products, end, by, places)
        days = day_number(start), day_number(end)
        cohorts = {cohort: _cohort(connection, cohort, start, end, None) for cohort in Cohort}
        everybody = GroupFigures(
            None,
            enrolled_room.figures(enrolled, *days),
            {cohort: _claim_figures(table.to_pylist(), cohort, None) for cohort, table in cohorts.items()},
            _service_figures(_service(connection, start, end, None).get(None, [])),
        )
        groups = [] if by is None else _groups(connection, enrolled, start, end, by, places)
        said = [Parameter("from", start), Parameter("to", end)]
        if by is not None:
            said.append(Parameter("by", message(f"reporting.by.{by.value}")))
        return report_of(books, connection, "indicators", said, indicators(everybody, groups, by))


def _in_force(name: str, *columns: str) -> Query:
    table = REGISTERS[name]
    return sa.select(*(table.c[column] for column in columns)).where(table.c.until.is_(None))


def _places(connection: sa.Connection, by: Grouping | None) -> dict[str, str]:
    """Give the region or district of each location, where that is asked for."""
    if by not in _LEVELS:
        return {}
    locations = bulk.read(connection, _in_force("locations", "code", "level", "parent"))
    return places_at(locations, _LEVELS[by])


def _enrolled(
    connection: sa.Connection,
    products: Sequence[Product],
    end: dt.date,
    by: Grouping | None,
    places: dict[str, str],
) -> enrolled_room.Enrolled:
    """Read the registers of enrolment; what began after the period says nothing about it."""
    columns = ("policy", "family", "product", "enrolled", "effective", "expiry", "stage", "status")
    policies = bulk.read(connection, _in_force("policies", *columns))
    if by is Grouping.PRODUCT:
        group = policies["product"]
    elif by in _LEVELS:
        families = bulk.read(connection, _in_force("families", "family", "location"))
        at = pc.index_in(policies["family"], value_set=families["family"].combine_chunks())
        group = _mapped(families["location"].take(at), places)
    else:
        group = pa.nulls(len(policies), pa.string())
    covers, contributions = REGISTERS["covers"], REGISTERS["contributions"]
    began = _in_force("covers", "policy", "insuree", "effective", "expiry").where(covers.c.effective <= end)
    paid = _in_force("contributions", "policy", "paid", "amount").where(contributions.c.paid <= end)
    return enrolled_room.encode(
        policies.append_column("group", group),
        bulk.read(connection, began),
        bulk.read(connection, paid),
        products,
    )


def _mapped(locations: pa.ChunkedArray, places: dict[str, str]) -> pa.ChunkedArray:
    at = pc.index_in(locations, value_set=pa.array(list(places), pa.string()))
    return pa.array(list(places.values()), pa.string()).take(at)


def _groups(
    connection: sa.Connection,
    enrolled: enrolled_room.Enrolled,
    start: dt.date,
    end: dt.date,
    by: Grouping,
    places: dict[str, str],
) -> list[GroupFigures]:
    rows: dict[Cohort, dict[str | None, list[dict[str, Any]]]] = {cohort: {} for cohort in Cohort}
    for cohort in Cohort:
        for row in _cohort(connection, cohort, start, end, by).to_pylist():
            group = row["key"] if by not in _LEVELS else places.get(row["key"])
            rows[cohort].setdefault(group, []).append(row)
    services: dict[str | None, list[ServiceFigures]] = {}
    for key, counted in _service(connection, start, end, by).items():
        group = key if by not in _LEVELS else places.get(key or "")
        services.setdefault(group, []).extend(counted)
    codes = enrolled.groups.values.to_pylist()
    found = {*codes, *services, *(group for of_cohort in rows.values() for group in of_cohort)}
    has_none = by in _LEVELS and bool((enrolled.group < 0).any())
    found |= {None} if has_none else set()
    days = day_number(start), day_number(end)
    figures = []
    for group in sorted(found, key=lambda code: (code is None, code or "")):
        policies = None
        if by is not Grouping.FACILITY:
            place = codes.index(group) if group in codes else -1
            policies = enrolled_room.figures(enrolled, *days, place)
        claims = {cohort: _claim_figures(rows[cohort].get(group, []), cohort, by) for cohort in Cohort}
        service = _service_figures(services.get(group, []))
        figures.append(GroupFigures(group, policies, claims, service))
    return figures


def _claim_figures(rows: Sequence[dict[str, Any]], cohort: Cohort, by: Grouping | None) -> ClaimFigures:
    def summed(name: str) -> int:
        return sum(row[name] for row in rows)

    # One that is not decided yet is no product's.
    of_product = by is Grouping.PRODUCT
    received = summed("received") if cohort is Cohort.SERVICE and not of_product else None
    return ClaimFigures(
        claims=summed("decided") if received is None else received,
        undecided=None if received is None else received - summed("decided"),
        rejected=summed("rejected"),
        waiting=summed("waiting"),
        remunerated=summed("remunerated"),
    )


def _cohort(
    connection: sa.Connection, cohort: Cohort, start: dt.date, end: dt.date, by: Grouping | None
) -> pa.Table:
    """Read what a cohort of claims comes to, by the key of its groups."""
    run = last_run(connection)
    if cohort is Cohort.SERVICE:
        conditions = [CLAIMS.c.date_from >= start, CLAIMS.c.date_from <= end, CLAIM_DECISIONS.c.run <= run]
    else:
        conditions = [CLAIM_DECISIONS.c.run.in_(_runs_of(connection, start, end))]
    if by is Grouping.PRODUCT:
        return _together(
            bulk.read(connection, _by_product(conditions)), bulk.read(connection, _rejected(conditions))
        )
    decided = bulk.read(connection, _by_claim(conditions, by))
    if cohort is Cohort.DECISION:
        return decided
    received = bulk.read(connection, _received(conditions[:2], by))
    return _together(decided, received)


def _together(*tables: pa.Table) -> pa.Table:
    """Put counts of different things by the same keys together; what one of them lacks is 0."""
    rows = pa.concat_tables(tables, promote_options="permissive")
    names = [name for name in rows.column_names if name != "key"]
    return pa.table({"key": rows["key"]} | {name: pc.fill_null(rows[name], 0) for name in names})


def _runs_of(connection: sa.Connection, start: dt.date, end: dt.date) -> list[int]:
    """Give the published runs whose decisions were published in a period, in days of UTC."""
    after = (end + dt.timedelta(days=1)).isoformat()
    query = (
        sa.select(RUNS.c.run)
        .join(JOURNAL, JOURNAL.c.number == RUNS.c.journal)
        .where(JOURNAL.c.at >= start.isoformat(), JOURNAL.c.at < after)
    )
    return list(connection.execute(query).scalars())


def _keyed(by: Grouping | None) -> tuple[sa.ColumnElement[Any], sa.FromClause]:
    """Give the key that claims are grouped by, and the tables that it takes to find it."""
    if by is Grouping.FACILITY:
        return CLAIMS.c.facility, CLAIMS
    if by is None:
        return sa.cast(sa.null(), sa.Text()), CLAIMS
    people, families = REGISTERS["insurees"], REGISTERS["families"]
    # A person may have moved: the family is that of the day.
    on = sa.func.coalesce(CLAIMS.c.date_from, CLAIMS.c.date_claimed)
    joined = CLAIMS.outerjoin(
        people,
        sa.and_(
            people.c.insuree == CLAIMS.c.insuree,
            people.c.until.is_(None),
            sa.or_(people.c.valid_from.is_(None), people.c.valid_from <= on),
            sa.or_(people.c.valid_to.is_(None), people.c.valid_to >= on),
        ),
    ).outerjoin(families, sa.and_(families.c.family == people.c.family, families.c.until.is_(None)))
    return families.c.location, joined


def _of_status(status: ClaimStatus, value: Any) -> sa.ColumnElement[int]:
    return sa.case((CLAIM_DECISIONS.c.status == int(status), value))


def _by_claim(conditions: Sequence[Condition], by: Grouping | None) -> Query:
    key, joined = _keyed(by)
    decision, first, settled = CLAIM_DECISIONS, original(), amounts()
    query = (
        sa.select(
            key.label("key"),
            total(decision.c.entry, "decided"),
            total(_of_status(ClaimStatus.REJECTED, decision.c.entry), "rejected"),
            total(_waits(decision.c.valuated, settled), "waiting"),
            total(_paid(decision.c.remunerated, settled), "remunerated"),
        )
        .select_from(
            joined.join(decision, decision.c.claim_id == CLAIMS.c.claim_id)
            .join(first, is_original(first))
            .outerjoin(settled, _settles(settled, first))
        )
        .where(*conditions)
    )
    return query if by is None else query.group_by(key)


def _settles(settled: sa.Subquery, first: sa.FromClause) -> Condition:
    return sa.and_(settled.c.claim_id == first.c.claim_id, settled.c.run == first.c.run)


def _paid(remunerated: Any, settled: sa.Subquery) -> sa.ColumnElement[int]:
    """Give what a row of the ledger pays: what its closing gave, with its sign, else what it says itself."""
    by_closing = CLAIM_DECISIONS.c.entry * settled.c.amount
    return sa.case((settled.c.claim_id.is_not(None), by_closing), else_=remunerated)


def _waits(valuated: Any, settled: sa.Subquery) -> sa.ColumnElement[int]:
    return _of_status(ClaimStatus.PROCESSED, sa.case((settled.c.claim_id.is_(None), valuated)))


def _received(conditions: Sequence[Condition], by: Grouping | None) -> Query:
    key, joined = _keyed(by)
    query = sa.select(key.label("key"), total(ONE, "received")).select_from(joined)
    query = query.where(*conditions)
    return query if by is None else query.group_by(key)


def _by_product(conditions: Sequence[Condition]) -> Query:
    decision, line, first, settled = CLAIM_DECISIONS, LINE_DECISIONS, original(), amounts_by_product()
    of_claim = (
        sa.select(
            line.c.product,
            line.c.claim_id,
            first.c.run,
            decision.c.entry,
            total(_of_status(ClaimStatus.PROCESSED, line.c.valuated), "waiting"),
            total(line.c.remunerated, "remunerated"),
        )
        .select_from(CLAIMS.join(decision, decision.c.claim_id == CLAIMS.c.claim_id))
        .join(first, is_original(first))
        .join(line, same_entry(line, decision))
        .where(*conditions, line.c.product.is_not(None))
        .group_by(line.c.product, line.c.claim_id, first.c.run, decision.c.entry)
        .subquery("of_claim")
    )
    is_settled = settled.c.claim_id.is_not(None)
    waits = sa.case((is_settled, sa.literal_column("0")), else_=of_claim.c.waiting)
    paid = sa.case((is_settled, of_claim.c.entry * settled.c.amount), else_=of_claim.c.remunerated)
    return (
        sa.select(
            of_claim.c.product.label("key"),
            total(of_claim.c.entry, "decided"),
            total(waits, "waiting"),
            total(paid, "remunerated"),
        )
        .select_from(of_claim)
        .outerjoin(
            settled,
            sa.and_(
                settled.c.claim_id == of_claim.c.claim_id,
                settled.c.run == of_claim.c.run,
                settled.c.product == of_claim.c.product,
            ),
        )
        .group_by(of_claim.c.product)
    )


def _rejected(conditions: Sequence[Condition]) -> Query:
    """Count rejected claims by the products that covered the patient on the target date."""
    covers, policies, decision = REGISTERS["covers"], REGISTERS["policies"], CLAIM_DECISIONS
    target = sa.func.coalesce(CLAIMS.c.date_to, CLAIMS.c.date_from)

    def in_force(table: sa.Table) -> Condition:
        return sa.and_(table.c.until.is_(None), table.c.effective <= target, table.c.expiry >= target)

    covering = policies.c.status.in_([int(status) for status in COVERING])
    of_claim = (
        sa.select(policies.c.product, decision.c.claim_id, decision.c.run, decision.c.entry)
        .distinct()
        .select_from(CLAIMS)
        .join(decision, decision.c.claim_id == CLAIMS.c.claim_id)
        .join(covers, sa.and_(covers.c.insuree == CLAIMS.c.insuree, in_force(covers)))
        .join(policies, sa.and_(policies.c.policy == covers.c.policy, in_force(policies), covering))
        .where(*conditions, decision.c.status == int(ClaimStatus.REJECTED))
        .subquery("rejected")
    )
    counted = total(of_claim.c.entry, "rejected")
    return sa.select(of_claim.c.product.label("key"), counted, total(of_claim.c.entry, "decided")).group_by(
        of_claim.c.product
    )


# What became of claims, and what patients say.


def _service_figures(counted: Sequence[ServiceFigures]) -> ServiceFigures:
    """Add up what was counted of the same claims, figure by figure."""
    return ServiceFigures(
        *(sum(getattr(one, field.name) for one in counted) for field in fields(ServiceFigures))
    )


def _service(
    connection: sa.Connection, start: dt.date, end: dt.date, by: Grouping | None
) -> dict[str | None, list[ServiceFigures]]:
    """Read it of the claims whose treatment began in a period, by the key of their groups."""
    claims = _claims_by_key(last_run(connection), start, end, by)
    found: dict[str | None, list[ServiceFigures]] = {}
    for row in connection.execute(_handed_over(claims)):
        days = (dt.date.fromisoformat(row.day) - row.date_claimed).days
        found.setdefault(row.key, []).append(
            ServiceFigures(handed_over=row.claims, days=days * int(row.claims))
        )
    marks = (
        sa.select(
            claims.c.key, sa.func.count(FEEDBACK.c.mark).label("marks"), total(FEEDBACK.c.mark, "mark_sum")
        )
        .join(FEEDBACK, FEEDBACK.c.claim_id == claims.c.claim_id)
        .group_by(claims.c.key)
    )
    for row in connection.execute(marks):
        found.setdefault(row.key, []).append(ServiceFigures(marks=int(row.marks), mark_sum=int(row.mark_sum)))
    drawn = (
        sa.select(SELECTED.c.claim_id)
        .distinct()
        .join(SELECTIONS, SELECTIONS.c.selection == SELECTED.c.selection)
        .where(SELECTIONS.c.purpose == "feedback")
        .subquery("drawn")
    )
    asked = (
        sa.select(claims.c.key, total(ONE, "asked"), sa.func.count(FEEDBACK.c.claim_id).label("answered"))
        .join(drawn, drawn.c.claim_id == claims.c.claim_id)
        .outerjoin(FEEDBACK, FEEDBACK.c.claim_id == claims.c.claim_id)
        .group_by(claims.c.key)
    )
    for row in connection.execute(asked):
        found.setdefault(row.key, []).append(ServiceFigures(asked=int(row.asked), answered=int(row.answered)))
    return found


def _claims_by_key(run: int, start: dt.date, end: dt.date, by: Grouping | None) -> sa.Subquery:
    """Give the claims whose treatment began in a period, each with the key of its group."""
    inside = CLAIMS.c.date_from.between(start, end)
    if by is not Grouping.PRODUCT:
        key, joined = _keyed(by)
        query = sa.select(key.label("key"), CLAIMS.c.claim_id, CLAIMS.c.date_claimed).select_from(joined)
        return query.where(inside).subquery("claims_by_key")
    line, held = LINE_DECISIONS, standing(run)
    return (
        sa.select(line.c.product.label("key"), CLAIMS.c.claim_id, CLAIMS.c.date_claimed)
        .distinct()
        .select_from(CLAIMS)
        .join(held, held.c.claim_id == CLAIMS.c.claim_id)
        .join(line, is_decision(line, held))
        .where(inside, line.c.product.is_not(None))
        .subquery("claims_by_key")
    )


def _handed_over(claims: sa.Subquery) -> Query:
    """Count claims by the day on which the first payment for them was handed over, in days of UTC.

    A rejected claim is on a statement, and nothing is paid for it.
    """
    paid_for = sa.exists().where(is_owed(REMUNERATIONS, SETTLEMENTS))
    first = (
        sa.select(SETTLEMENTS.c.claim_id, sa.func.min(JOURNAL.c.at).label("at"))
        .join(CLAIMS, CLAIMS.c.claim_id == SETTLEMENTS.c.claim_id)
        .join(
            PAID_STATEMENTS,
            sa.and_(
                PAID_STATEMENTS.c.closing == SETTLEMENTS.c.closing,
                PAID_STATEMENTS.c.facility == CLAIMS.c.facility,
            ),
        )
        .join(PAYMENT_EVENTS, PAYMENT_EVENTS.c.payment == PAID_STATEMENTS.c.payment)
        .join(JOURNAL, JOURNAL.c.number == PAYMENT_EVENTS.c.journal)
        .where(PAYMENT_EVENTS.c.what == PaymentState.EXPORTED.value, paid_for)
        .group_by(SETTLEMENTS.c.claim_id)
        .subquery("first_payment")
    )
    day = sa.func.substr(first.c.at, 1, 10)
    return (
        sa.select(claims.c.key, claims.c.date_claimed, day.label("day"), total(ONE, "claims"))
        .join(first, first.c.claim_id == claims.c.claim_id)
        .group_by(claims.c.key, claims.c.date_claimed, day)
    )
