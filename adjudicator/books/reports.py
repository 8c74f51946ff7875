"""Reports from the books: what is read, and by which published runs.

Whatever can be counted by the database is; every sum over the ledger is signed, so that decisions that were
taken back cancel out. Rows of an open run are never seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION, REVERSAL
from adjudicator.books.books import Books
from adjudicator.books.eligibility import unknown_insuree
from adjudicator.problems import Problem, Refused
from adjudicator.product.definition import Product
from adjudicator.product.meant import NEAR_CODE, nearest
from adjudicator.product.read import read_products
from adjudicator.reporting import enrolled as enrolled_room
from adjudicator.reporting.ageing import ageing
from adjudicator.reporting.claims import overview
from adjudicator.reporting.indicators import ClaimFigures, Cohort, GroupFigures, Grouping, indicators
from adjudicator.reporting.places import places_at
from adjudicator.reporting.rejections import rejections
from adjudicator.reporting.report import Parameter, Part, Report
from adjudicator.store import bulk
from adjudicator.store.runs import last_run
from adjudicator.store.schema import (
    CLAIM_DECISIONS,
    CLAIM_LINES,
    CLAIMS,
    JOURNAL,
    LINE_DECISIONS,
    REGISTERS,
    RUNS,
    UNDECIDED,
)
from adjudicator.units import LARGEST_AMOUNT, QUANTITY_ONE, day_number
from adjudicator.vocabulary import ClaimStatus, Cut, LineStatus, LocationLevel
from adjudicator.words import message

Query = sa.Select[Any]
Condition = sa.ColumnElement[bool]


class Dates(Enum):
    """Which date of a claim a period is about."""

    CLAIMED = "claimed"
    SERVICE = "service"


_LEVELS: Final = {
    Grouping.REGION: LocationLevel.REGION,
    Grouping.DISTRICT: LocationLevel.DISTRICT,
}


@dataclass(frozen=True)
class Chosen:
    """Which claims a report is about; what is None chooses all."""

    start: dt.date | None = None
    end: dt.date | None = None
    dates: Dates = Dates.CLAIMED
    facility: str | None = None

    def conditions(self) -> list[Condition]:
        """Give the conditions that a query puts on the table of claims."""
        date = _date(self.dates)
        conditions: list[Condition] = []
        if self.start is not None:
            conditions.append(date >= self.start)
        if self.end is not None:
            conditions.append(date <= self.end)
        if self.facility is not None:
            conditions.append(CLAIMS.c.facility == self.facility)
        return conditions

    def parameters(self) -> list[Parameter]:
        """Give what the report says of its choice."""
        dates = message(f"reporting.dates.{self.dates.value}")
        said = [Parameter("from", self.start), Parameter("to", self.end), Parameter("dates", dates)]
        if self.facility is not None:
            said.append(Parameter("facility", self.facility))
        return said


def _date(dates: Dates) -> sa.ColumnElement[dt.date]:
    if dates is Dates.CLAIMED:
        return CLAIMS.c.date_claimed
    return sa.func.coalesce(CLAIMS.c.date_from, CLAIMS.c.date_to)


# The reports.


def claims_report(
    books: Books, chosen: Chosen, product: str | None, status: ClaimStatus | None, details: bool
) -> Report:
    """Make the claim overview: what claims, and their lines, asked and came to.

    Args:
        books: the books.
        chosen: which claims.
        product: only what this product paid; the figures of claims are then of those lines alone.
        status: only claims in this state of their life.
        details: the lines as well.

    Raises:
        Refused: there is no such facility or product.
        DoesNotAddUp: lines do not come to what the books say of their claim.
    """
    with books.database.reading() as connection:
        _check_code(connection, "facilities", chosen.facility)
        _check_product(books, product)
        parts = _overview(connection, chosen.conditions(), status, product, details)
        said = chosen.parameters()
        said += [Parameter("product", product)] if product else []
        said += [Parameter("status", status)] if status else []
        return _report(books, connection, "claims", said, parts)


def history_report(books: Books, insuree: str) -> Report:
    """Make the claim history of an insuree.

    Raises:
        Refused: nobody of that code is in the register, nor has had a claim.
    """
    with books.database.reading() as connection:
        parts = _overview(connection, [CLAIMS.c.insuree == insuree], None, None, True)
        people = REGISTERS["insurees"]
        known = connection.execute(sa.select(people.c.insuree).where(people.c.insuree == insuree)).first()
        if known is None and not len(parts[0].rows):
            raise unknown_insuree(connection, insuree)
        return _report(books, connection, "history", [Parameter("insuree", insuree)], parts)


def rejections_report(books: Books, chosen: Chosen) -> Report:
    """Make the report of what was rejected, by reason and facility.

    Raises:
        Refused: there is no such facility.
    """
    with books.database.reading() as connection:
        _check_code(connection, "facilities", chosen.facility)
        run, conditions = last_run(connection), chosen.conditions()
        parts = rejections(
            bulk.read(connection, _rejected_lines(run, conditions)),
            bulk.read(connection, _rejected_claims(run, conditions)),
            bulk.read(connection, _claimed(run, conditions)),
        )
        return _report(books, connection, "rejections", chosen.parameters(), parts)


def ageing_report(books: Books, on: dt.date, facility: str | None = None) -> Report:
    """Make the report of what waits on a day.

    Args:
        books: the books.
        on: the day that ages are counted to; what waits is what waits now.
        facility: only what waits of this facility.

    Raises:
        Refused: there is no such facility.
    """
    with books.database.reading() as connection:
        _check_code(connection, "facilities", facility)
        conditions = [CLAIMS.c.facility == facility] if facility else []
        parts = ageing(
            bulk.read(connection, _undecided(conditions)),
            bulk.read(connection, _waiting(last_run(connection), conditions)),
            on,
        )
        said = [Parameter("on", on)] + ([Parameter("facility", facility)] if facility else [])
        return _report(books, connection, "ageing", said, parts)


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
    if end < start:
        what = message("reporting.period_reversed", start=start, end=end)
        raise Refused([Problem(what, remedy=message("reporting.period_reversed.remedy"))])
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
        )
        groups = [] if by is None else _groups(connection, enrolled, start, end, by, places)
        said = [Parameter("from", start), Parameter("to", end)]
        if by is not None:
            said.append(Parameter("by", message(f"reporting.by.{by.value}")))
        return _report(books, connection, "indicators", said, indicators(everybody, groups, by))


# What every report says of itself.


def _report(
    books: Books,
    connection: sa.Connection,
    name: str,
    parameters: Sequence[Parameter],
    parts: tuple[Part, ...],
) -> Report:
    settings = books.settings
    about = [
        Parameter("scheme", settings.scheme),
        Parameter("currency", settings.currency),
        *parameters,
        *_state(connection),
    ]
    return Report(name, tuple(about), parts, books.decimals)


def _state(connection: sa.Connection) -> list[Parameter]:
    """Name the state of the books: the last run, and the last entry of the journal."""
    query = sa.select(RUNS.c.run, RUNS.c.name).order_by(RUNS.c.run.desc()).limit(1)
    run = connection.execute(query).first()
    entry = connection.execute(
        sa.select(JOURNAL.c.number, JOURNAL.c.hash).order_by(JOURNAL.c.number.desc()).limit(1)
    ).first()
    said: list[Parameter] = []
    if run is None:
        said.append(Parameter("last_run", message("reporting.no_run")))
    else:
        said.append(Parameter("last_run", f"{run.run} ({run.name})"))
    if entry is not None:
        said += [Parameter("journal", entry.number), Parameter("journal_hash", entry.hash)]
    return said


def _check_code(connection: sa.Connection, register: str, code: str | None) -> None:
    """Make sure that a register has a code, or ever had it."""
    if code is None:
        return
    known = set(connection.execute(sa.select(REGISTERS[register].c.code).distinct()).scalars())
    if code not in known:
        raise _unknown("facility", code, sorted(known))


def _check_product(books: Books, code: str | None) -> None:
    if code is None:
        return
    sources = read_products(books.folder / books.settings.products, books.decimals)
    known = sorted({source.definition.product for source in sources})
    if code not in known:
        raise _unknown("product", code, known)


def _unknown(what: str, code: str, known: Sequence[str]) -> Refused:
    near = nearest(code, known, NEAR_CODE)
    remedy = message("reporting.did_you_mean", near=near) if near else None
    return Refused([Problem(message(f"reporting.unknown_{what}", code=code), remedy=remedy)])


# Claims and lines.


def _overview(
    connection: sa.Connection,
    conditions: Sequence[Condition],
    status: ClaimStatus | None,
    product: str | None,
    details: bool,
) -> tuple[Part, ...]:
    standing = _standing(last_run(connection))
    decisions, joined = (
        CLAIM_DECISIONS,
        CLAIMS.outerjoin(standing, standing.c.claim_id == CLAIMS.c.claim_id).outerjoin(
            CLAIM_DECISIONS,
            sa.and_(
                CLAIM_DECISIONS.c.run == standing.c.run,
                CLAIM_DECISIONS.c.claim_id == standing.c.claim_id,
                CLAIM_DECISIONS.c.entry == DECISION,
            ),
        ),
    )
    wanted = list(conditions)
    if status is ClaimStatus.ENTERED:
        wanted.append(decisions.c.status.is_(None))
    elif status is not None:
        wanted.append(decisions.c.status == int(status))
    of_claim = (
        "facility",
        "claim",
        "insuree",
        "date_from",
        "date_to",
        "date_claimed",
        "visit_type",
        "diagnosis",
    )
    claims = bulk.read(
        connection,
        sa.select(
            CLAIMS.c.claim_id,
            *(CLAIMS.c[name] for name in of_claim),
            *(
                decisions.c[name]
                for name in ("status", "reason", "claimed", "valuated", "remunerated", "run")
            ),
        )
        .select_from(joined)
        .where(*wanted),
    )
    of_line = joined.join(CLAIM_LINES, CLAIM_LINES.c.claim_id == CLAIMS.c.claim_id).outerjoin(
        LINE_DECISIONS,
        sa.and_(
            LINE_DECISIONS.c.run == decisions.c.run,
            LINE_DECISIONS.c.claim_id == decisions.c.claim_id,
            LINE_DECISIONS.c.entry == DECISION,
            LINE_DECISIONS.c.line == CLAIM_LINES.c.line,
        ),
    )
    # Lines are many: unless they are looked at, they are added up where they are.
    query = _lines() if details or product is not None else _lines_of_claims()
    lines = bulk.read(connection, query.select_from(of_line).where(*wanted))
    return overview(claims, lines, product, details)


def _lines() -> Query:
    """Give all that is told of lines."""
    line = LINE_DECISIONS
    decided = ("status", "reason", "product", "quantity", "unit_price", "valuated", "remunerated")
    return sa.select(
        CLAIM_LINES.c.claim_id,
        CLAIM_LINES.c.line,
        CLAIM_LINES.c.kind,
        CLAIM_LINES.c.code.label("provision"),
        CLAIM_LINES.c.quantity.label("quantity_asked"),
        CLAIM_LINES.c.price_asked,
        *(line.c[name].label("line_status" if name == "status" else name) for name in decided),
        *(line.c[cut.word].label(f"cut_{cut.word}") for cut in Cut),
    )


def _lines_of_claims() -> Query:
    """Give the figures of claims, added up over their lines."""
    line = LINE_DECISIONS
    approved = sum((line.c[cut.word] for cut in Cut), start=line.c.valuated)
    return sa.select(
        CLAIM_LINES.c.claim_id,
        _sum(_asked(), "asked"),
        _sum(approved, "approved"),
        _sum(line.c.valuated, "valuated"),
        _sum(line.c.remunerated, "remunerated"),
    ).group_by(CLAIM_LINES.c.claim_id)


def _standing(run: int) -> sa.Subquery:
    """Give the claims that a decision stands about, each with the run that took it."""
    table = CLAIM_DECISIONS
    taken_back = table.alias("taken_back")
    reversal = sa.exists().where(
        taken_back.c.claim_id == table.c.claim_id,
        taken_back.c.version == table.c.version,
        taken_back.c.entry == REVERSAL,
        taken_back.c.run <= run,
    )
    query = sa.select(table.c.claim_id, table.c.run)
    return query.where(table.c.run <= run, table.c.entry == DECISION, ~reversal).subquery("standing")


def _sum(expression: Any, name: str) -> sa.ColumnElement[int]:
    return sa.type_coerce(sa.func.coalesce(sa.func.sum(expression), 0), sa.BigInteger()).label(name)


def _asked() -> sa.ColumnElement[int]:
    """Give what a line asked for, in minor units; none where it cannot be counted."""
    quantity, price = CLAIM_LINES.c.quantity, CLAIM_LINES.c.price_asked
    most, half, one = (
        sa.literal_column(str(number), sa.BigInteger())
        for number in (LARGEST_AMOUNT * QUANTITY_ONE, QUANTITY_ONE // 2, QUANTITY_ONE)
    )
    # A product is only made where it cannot pass 64 bits.
    return sa.case(
        (quantity == 0, sa.literal_column("0", sa.BigInteger())),
        (price <= most // quantity, (price * quantity + half) // one),
    )


# Rejections.


def _rejected_lines(run: int, conditions: Sequence[Condition]) -> Query:
    line, decision = LINE_DECISIONS, CLAIM_DECISIONS
    amount = _asked()
    of_claim = (
        sa.select(
            CLAIMS.c.facility,
            line.c.reason,
            line.c.claim_id,
            _sum(line.c.entry, "lines"),
            _sum(line.c.entry * amount, "amount"),
        )
        .select_from(CLAIMS)
        .join(decision, decision.c.claim_id == CLAIMS.c.claim_id)
        .join(line, _same_entry(line, decision))
        .join(
            CLAIM_LINES,
            sa.and_(CLAIM_LINES.c.claim_id == line.c.claim_id, CLAIM_LINES.c.line == line.c.line),
        )
        .where(decision.c.run <= run, line.c.status == int(LineStatus.REJECTED), *conditions)
        .group_by(CLAIMS.c.facility, line.c.reason, line.c.claim_id)
        .subquery()
    )
    return (
        sa.select(
            of_claim.c.facility,
            of_claim.c.reason,
            _sum(sa.literal_column("1"), "claims"),
            _sum(of_claim.c.lines, "lines"),
            _sum(of_claim.c.amount, "amount"),
        )
        .where(of_claim.c.lines > 0)
        .group_by(of_claim.c.facility, of_claim.c.reason)
    )


def _same_entry(line: sa.Table, decision: sa.Table) -> Condition:
    return sa.and_(
        line.c.run == decision.c.run,
        line.c.claim_id == decision.c.claim_id,
        line.c.entry == decision.c.entry,
    )


def _rejected_claims(run: int, conditions: Sequence[Condition]) -> Query:
    decision = CLAIM_DECISIONS
    return (
        sa.select(CLAIMS.c.facility, decision.c.reason, _sum(decision.c.entry, "claims"))
        .select_from(CLAIMS)
        .join(decision, decision.c.claim_id == CLAIMS.c.claim_id)
        .where(decision.c.run <= run, decision.c.status == int(ClaimStatus.REJECTED), *conditions)
        .group_by(CLAIMS.c.facility, decision.c.reason)
    )


def _claimed(run: int, conditions: Sequence[Condition]) -> Query:
    decision = CLAIM_DECISIONS
    return (
        sa.select(CLAIMS.c.facility, _sum(decision.c.claimed, "amount"))
        .select_from(CLAIMS)
        .join(decision, decision.c.claim_id == CLAIMS.c.claim_id)
        .where(decision.c.run <= run, *conditions)
        .group_by(CLAIMS.c.facility)
    )


# What waits.


def _undecided(conditions: Sequence[Condition]) -> Query:
    of_lines = (
        sa.select(CLAIM_LINES.c.claim_id, _sum(_asked(), "amount"))
        .join(UNDECIDED, UNDECIDED.c.claim_id == CLAIM_LINES.c.claim_id)
        .group_by(CLAIM_LINES.c.claim_id)
        .subquery()
    )
    return (
        sa.select(
            CLAIMS.c.facility,
            CLAIMS.c.date_claimed,
            _sum(sa.literal_column("1"), "claims"),
            _sum(of_lines.c.amount, "amount"),
        )
        .select_from(UNDECIDED)
        .join(CLAIMS, CLAIMS.c.claim_id == UNDECIDED.c.claim_id)
        .outerjoin(of_lines, of_lines.c.claim_id == UNDECIDED.c.claim_id)
        .where(*conditions)
        .group_by(CLAIMS.c.facility, CLAIMS.c.date_claimed)
    )


def _waiting(run: int, conditions: Sequence[Condition]) -> Query:
    decision = CLAIM_DECISIONS
    return (
        sa.select(
            CLAIMS.c.facility,
            CLAIMS.c.date_claimed,
            _sum(decision.c.entry, "claims"),
            _sum(decision.c.valuated, "amount"),
        )
        .select_from(decision)
        .join(CLAIMS, CLAIMS.c.claim_id == decision.c.claim_id)
        .where(decision.c.run <= run, decision.c.status == int(ClaimStatus.PROCESSED), *conditions)
        .group_by(CLAIMS.c.facility, CLAIMS.c.date_claimed)
    )


# Indicators.


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
    codes = enrolled.groups.values.to_pylist()
    found = {*codes, *(group for of_cohort in rows.values() for group in of_cohort)}
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
        figures.append(GroupFigures(group, policies, claims))
    return figures


def _claim_figures(rows: Sequence[dict[str, Any]], cohort: Cohort, by: Grouping | None) -> ClaimFigures:
    def total(name: str) -> int:
        return sum(row[name] for row in rows)

    # A rejected claim, and one that is not decided, is no product's.
    of_product = by is Grouping.PRODUCT
    received = total("received") if cohort is Cohort.SERVICE and not of_product else None
    return ClaimFigures(
        claims=total("decided") if received is None else received,
        undecided=None if received is None else received - total("decided"),
        rejected=None if of_product else total("rejected"),
        waiting=total("waiting"),
        remunerated=total("remunerated"),
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
        return bulk.read(connection, _by_product(conditions))
    decided = bulk.read(connection, _by_claim(conditions, by))
    if cohort is Cohort.DECISION:
        return decided
    received = bulk.read(connection, _received(conditions[:2], by))
    together = pa.concat_tables([decided, received], promote_options="permissive")
    filled = [pc.fill_null(together[name], 0) for name in together.column_names if name != "key"]
    names = [name for name in together.column_names if name != "key"]
    return pa.table({"key": together["key"]} | dict(zip(names, filled, strict=True)))


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
    decision = CLAIM_DECISIONS
    query = (
        sa.select(
            key.label("key"),
            _sum(decision.c.entry, "decided"),
            _sum(_of_status(ClaimStatus.REJECTED, decision.c.entry), "rejected"),
            _sum(_of_status(ClaimStatus.PROCESSED, decision.c.valuated), "waiting"),
            _sum(decision.c.remunerated, "remunerated"),
        )
        .select_from(joined.join(decision, decision.c.claim_id == CLAIMS.c.claim_id))
        .where(*conditions)
    )
    return query if by is None else query.group_by(key)


def _received(conditions: Sequence[Condition], by: Grouping | None) -> Query:
    key, joined = _keyed(by)
    query = sa.select(key.label("key"), _sum(sa.literal_column("1"), "received")).select_from(joined)
    query = query.where(*conditions)
    return query if by is None else query.group_by(key)


def _by_product(conditions: Sequence[Condition]) -> Query:
    decision, line = CLAIM_DECISIONS, LINE_DECISIONS
    of_claim = (
        sa.select(
            line.c.product,
            line.c.claim_id,
            _sum(line.c.entry, "lines"),
            _sum(_of_status(ClaimStatus.PROCESSED, line.c.valuated), "waiting"),
            _sum(line.c.remunerated, "remunerated"),
        )
        .select_from(CLAIMS.join(decision, decision.c.claim_id == CLAIMS.c.claim_id))
        .join(line, _same_entry(line, decision))
        .where(*conditions, line.c.product.is_not(None))
        .group_by(line.c.product, line.c.claim_id)
        .subquery()
    )
    lines = of_claim.c.lines
    sign = sa.case((lines > 0, sa.literal_column("1")), (lines < 0, sa.literal_column("-1")), else_=0)
    return sa.select(
        of_claim.c.product.label("key"),
        _sum(sign, "decided"),
        _sum(of_claim.c.waiting, "waiting"),
        _sum(of_claim.c.remunerated, "remunerated"),
    ).group_by(of_claim.c.product)
