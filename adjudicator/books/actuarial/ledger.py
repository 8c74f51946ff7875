"""What was booked for claims, by month of service and month of booking, from the ledger as it stands.

Two ledgers tell of claims. *Decisions* (of runs) say what claims are worth, and when that was decided;
*closings* say what is owed for them, by the month whose statement says so. Sums over either are signed: a
decision that was taken back, and a month that was reopened, count with their minus.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.books.actuarial.known import Known, held
from adjudicator.encoding import days, integers, one_array
from adjudicator.problems import refused
from adjudicator.remuneration.months import last_day, month_number, months_of
from adjudicator.reporting.places import places_at
from adjudicator.simulation.actuarial.triangles import Entries
from adjudicator.store import bulk
from adjudicator.store.schema import (
    CLAIM_DECISIONS,
    CLAIMS,
    LINE_DECISIONS,
    REGISTERS,
    REMUNERATIONS,
)
from adjudicator.units import day_number
from adjudicator.vocabulary import ClaimStatus, LocationLevel, PriceOrigin

Int64s = npt.NDArray[np.int64]
Query = sa.Select[Any]


class Origin(Enum):
    """Which month of a claim its row in a triangle is."""

    SERVICE_MONTH = "service_month"
    CLAIM_MONTH = "claim_month"


class Booking(Enum):
    """Which month its column is."""

    PAYMENT_MONTH = "payment_month"
    """The month whose closing owes it: a reopened month takes back what it owed in that same month."""
    BOOKING_MONTH = "booking_month"
    """The month in which that closing, or its reopening, was booked."""
    DECISION_MONTH = "decision_month"
    """The month in which the run was published that decided it, or took the decision back."""
    CLAIM_MONTH = "claim_month"
    """The month in which it was claimed."""

    @property
    def of_closings(self) -> bool:
        """Whether it is closings that say when something was booked, and not runs."""
        return self in (Booking.PAYMENT_MONTH, Booking.BOOKING_MONTH)


class Measure(Enum):
    """What is added up."""

    PAID = "paid"
    """What closings owe, minor units; capitation is no claim's, and left out."""
    VALUATED = "valuated"
    """What claims are worth in nominal prices, minor units."""
    CLAIMS = "claims"
    """Claims that are worth something."""


class Group(Enum):
    """What triangles are made for, one each."""

    PRODUCT = "product"
    LEVEL = "level"
    """Of the facility."""
    REGION = "region"
    """In which the family lives."""


@dataclass(frozen=True)
class Chosen:
    """Which amounts, by which months, of which claims."""

    origin: Origin = Origin.SERVICE_MONTH
    booking: Booking = Booking.PAYMENT_MONTH
    measure: Measure = Measure.PAID
    by: Group | None = None
    product: str | None = None
    """Only what this product pays for."""
    first: int | None = None
    """The first month of origin; what is of earlier ones is left out."""


def entries_of(connection: sa.Connection, known: Known, chosen: Chosen) -> Entries:
    """Read what was booked for claims.

    Args:
        connection: of a transaction.
        known: the state of the books to read.
        chosen: what to read.

    Raises:
        Refused: what was paid is asked for by runs, which do not know it.
    """
    if chosen.measure is Measure.PAID and not chosen.booking.of_closings:
        raise refused("actuary.paid_by_runs")
    query = _of_closings(known, chosen) if chosen.booking.of_closings else _of_runs(known, chosen)
    rows = bulk.read(connection, query)
    rows = rows.filter(pc.not_equal(rows["amount"], 0))
    origin = months_of(days(rows["origin"]))
    booked, upto = _booked(rows, known, chosen)
    places, groups = _groups(connection, known, rows, chosen)
    kept = np.ones(len(rows), np.bool_) if chosen.first is None else origin >= chosen.first
    amounts = integers(rows["amount"], np.int64)
    return Entries(
        origin=origin[kept],
        booked=booked[kept],
        amount=amounts[kept],
        group=places[kept],
        groups=groups,
        upto=upto,
        over=_is_over(known, chosen.booking),
        began=int(booked.min()) if len(booked) else None,
    )


def _is_over(known: Known, booking: Booking) -> bool:
    """Tell whether the last month that may have entries is over, as far as the books can know."""
    if booking is Booking.PAYMENT_MONTH:
        return True
    of_run = known.last_run_day if booking is Booking.DECISION_MONTH else known.last_booking_day
    day = known.as_of or (None if booking is Booking.CLAIM_MONTH else of_run)
    return day is None or day_number(day) == last_day(month_number(day.year, day.month))


def origin_date(origin: Origin) -> sa.ColumnElement[dt.date]:
    """Give the date of a claim that is its origin; where it has no date of service, that of the claim."""
    if origin is Origin.CLAIM_MONTH:
        return CLAIMS.c.date_claimed
    return sa.func.coalesce(CLAIMS.c.date_from, CLAIMS.c.date_to, CLAIMS.c.date_claimed)


def total_of(expression: Any, name: str) -> sa.ColumnElement[int]:
    """Give a sum as a whole number of 64 bits; nothing where there is no row."""
    return sa.type_coerce(sa.func.coalesce(sa.func.sum(expression), 0), sa.BigInteger()).label(name)


def same_entry(line: sa.Table, decision: sa.Table) -> sa.ColumnElement[bool]:
    """Give the condition that a line's row was booked with a claim's."""
    return sa.and_(
        line.c.run == decision.c.run,
        line.c.claim_id == decision.c.claim_id,
        line.c.entry == decision.c.entry,
    )


def _booked(rows: pa.Table, known: Known, chosen: Chosen) -> tuple[Int64s, int]:
    """Give the months in which rows were booked, and the last that may have any."""
    if chosen.booking is Booking.CLAIM_MONTH:
        claimed = months_of(days(rows["booked"]))
        upto = int(claimed.max(initial=0))
        if known.as_of is not None:
            upto = min(upto, month_number(known.as_of.year, known.as_of.month))
        return claimed, upto
    of_number = {
        Booking.PAYMENT_MONTH: known.closing_months,
        Booking.BOOKING_MONTH: known.booking_months,
        Booking.DECISION_MONTH: known.run_months,
    }[chosen.booking]
    months = np.array([of_number[one] for one in rows["booked"].to_pylist()], np.int64)
    upto = max(of_number.values(), default=0)
    if known.as_of is not None and chosen.booking is not Booking.PAYMENT_MONTH:
        # Nothing that was booked since the last run or closing, until that day, is missing.
        upto = month_number(known.as_of.year, known.as_of.month)
    return months, upto


# Decisions.


def _of_runs(known: Known, chosen: Chosen) -> Query:
    decision, line = CLAIM_DECISIONS, LINE_DECISIONS
    key, joined = _keyed(chosen, known)
    by_claim = chosen.booking is Booking.CLAIM_MONTH
    booked = CLAIMS.c.date_claimed if by_claim else decision.c.run
    by_line = chosen.by is Group.PRODUCT or chosen.product is not None
    joined = joined.join(decision, decision.c.claim_id == CLAIMS.c.claim_id)
    conditions = [decision.c.run <= known.run, decision.c.status != int(ClaimStatus.REJECTED)]
    if by_line:
        joined = joined.join(line, same_entry(line, decision))
        conditions.append(line.c.product.is_not(None))
        if chosen.product is not None:
            conditions.append(line.c.product == chosen.product)
    keys = [origin_date(chosen.origin), booked, *([] if key is None else [key])]
    if chosen.measure is Measure.CLAIMS:
        return _claims_of_runs(keys, joined, conditions, line if by_line else None)
    amount = line.c.valuated if by_line else decision.c.valuated
    return _named(keys, total_of(amount, "amount")).select_from(joined).where(*conditions).group_by(*keys)


def _claims_of_runs(
    keys: list[Any], joined: sa.FromClause, conditions: list[Any], line: sa.Table | None
) -> Query:
    """Count claims that are worth something, each once for each of its groups."""
    decision = CLAIM_DECISIONS
    if line is None:
        worth = [*conditions, decision.c.valuated != 0]
        counted = total_of(decision.c.entry, "amount")
        return _named(keys, counted).select_from(joined).where(*worth).group_by(*keys)
    per_claim = (
        _named(keys, decision.c.claim_id, decision.c.run, decision.c.entry)
        .select_from(joined)
        .where(*conditions, line.c.valuated != 0)
        .group_by(*keys, decision.c.claim_id, decision.c.run, decision.c.entry)
        .subquery()
    )
    names = [per_claim.c[name] for name in ("origin", "booked", "group")[: len(keys)]]
    return sa.select(*names, total_of(per_claim.c.entry, "amount")).group_by(*names)


def _named(keys: list[Any], *others: Any) -> Query:
    """Select keys by the names that they are read by: origin, booked, group."""
    named = [key.label(name) for key, name in zip(keys, ("origin", "booked", "group"), strict=False)]
    return sa.select(*named, *others)


# Closings.


def _of_closings(known: Known, chosen: Chosen) -> Query:
    owed = REMUNERATIONS
    key, joined = _keyed(chosen, known)
    joined = joined.join(owed, owed.c.claim_id == CLAIMS.c.claim_id)
    conditions = [owed.c.closing <= known.closing]
    if chosen.product is not None:
        conditions.append(owed.c.product == chosen.product)
    keys = [origin_date(chosen.origin), owed.c.closing, *([] if key is None else [key])]
    if chosen.measure is not Measure.CLAIMS:
        amount = owed.c.amount if chosen.measure is Measure.PAID else owed.c.valuated
        return _named(keys, total_of(amount, "amount")).select_from(joined).where(*conditions).group_by(*keys)
    # A correction takes the claim back with its old lines, and books it with its new ones.
    per_claim = (
        _named(keys, owed.c.claim_id, owed.c.entry)
        .select_from(joined)
        .where(*conditions, owed.c.valuated != 0)
        .group_by(*keys, owed.c.claim_id, owed.c.entry)
        .subquery()
    )
    names = [per_claim.c[name] for name in ("origin", "booked", "group")[: len(keys)]]
    return sa.select(*names, total_of(per_claim.c.entry, "amount")).group_by(*names)


# Groups.


def _keyed(chosen: Chosen, known: Known) -> tuple[sa.ColumnElement[Any] | None, sa.FromClause]:
    """Give the key that rows are grouped by, and the tables that it takes to find it."""
    match chosen.by:
        case None:
            return None, CLAIMS
        case Group.PRODUCT:
            table = REMUNERATIONS if chosen.booking.of_closings else LINE_DECISIONS
            return table.c.product, CLAIMS
        case Group.LEVEL:
            return REGISTERS["facilities"].c.level, with_facility(CLAIMS, known)
        case Group.REGION:
            return REGISTERS["families"].c.location, with_family(CLAIMS, known)


def with_facility(joined: sa.FromClause, known: Known) -> sa.FromClause:
    """Join claims with their facility, as it was on the day of service."""
    facilities = REGISTERS["facilities"]
    of_claim = sa.and_(facilities.c.code == CLAIMS.c.facility, held(facilities, known), _valid_on(facilities))
    return joined.outerjoin(facilities, of_claim)


def with_person(joined: sa.FromClause, known: Known) -> sa.FromClause:
    """Join claims with the person, as they were on the day of service."""
    people = REGISTERS["insurees"]
    of_claim = sa.and_(people.c.insuree == CLAIMS.c.insuree, held(people, known), _valid_on(people))
    return joined.outerjoin(people, of_claim)


def with_family(joined: sa.FromClause, known: Known) -> sa.FromClause:
    """Join claims with the family of the day of service."""
    people, families = REGISTERS["insurees"], REGISTERS["families"]
    of_person = sa.and_(families.c.family == people.c.family, held(families, known))
    return with_person(joined, known).outerjoin(families, of_person)


def _valid_on(table: sa.Table) -> sa.ColumnElement[bool]:
    day = origin_date(Origin.SERVICE_MONTH)
    return sa.and_(
        sa.or_(table.c.valid_from.is_(None), table.c.valid_from <= day),
        sa.or_(table.c.valid_to.is_(None), table.c.valid_to >= day),
    )


def regions(connection: sa.Connection, known: Known) -> dict[str, str]:
    """Give the region that each location lies in."""
    table = REGISTERS["locations"]
    columns = [table.c[name] for name in ("code", "level", "parent")]
    rows = bulk.read(connection, sa.select(*columns).where(held(table, known)))
    return places_at(rows, LocationLevel.REGION)


def _groups(
    connection: sa.Connection, known: Known, rows: pa.Table, chosen: Chosen
) -> tuple[Int64s, tuple[str | int | None, ...]]:
    """Give the place of each row's group, and the groups in order, those of nobody last."""
    if chosen.by is None:
        return np.zeros(len(rows), np.int64), (None,)
    encoded = one_array(rows["group"]).dictionary_encode()
    words: list[Any] = [*encoded.dictionary.to_pylist(), None]
    if chosen.by is Group.REGION:
        of_location: Mapping[Any, str] = regions(connection, known)
        words = [of_location.get(word) for word in words]
    indices = encoded.indices.fill_null(len(words) - 1).to_numpy()
    present = {words[index] for index in np.unique(indices).tolist()}
    groups = (*sorted(present - {None}), *((None,) if None in present else ()))
    of_word = np.array([groups.index(word) if word in present else 0 for word in words], np.int64)
    return of_word[indices], groups


# Relative lines, for the forecast of the index.


@dataclass(frozen=True)
class RelativeLines:
    """What relative lines of a product are worth, by month of service and month of claim; (n,) each."""

    origin: Int64s
    claimed: Int64s
    in_patient: npt.NDArray[np.bool_]
    """Whether the claim was for a stay."""
    level: Int64s
    """Of the facility, -1 where it is not known."""
    valuated: Int64s


def relative_lines(connection: sa.Connection, known: Known, product: str) -> RelativeLines:
    """Read what the lines that a product pays by its index are worth."""
    decision, line, facilities = CLAIM_DECISIONS, LINE_DECISIONS, REGISTERS["facilities"]
    stays = sa.case((CLAIMS.c.date_to > CLAIMS.c.date_from, 1), else_=0)
    keys = [
        origin_date(Origin.SERVICE_MONTH).label("origin"),
        CLAIMS.c.date_claimed.label("claimed"),
        sa.type_coerce(stays, sa.SmallInteger()).label("stay"),
        facilities.c.level.label("level"),
    ]
    query = (
        sa.select(*keys, total_of(line.c.valuated, "valuated"))
        .select_from(
            with_facility(CLAIMS, known)
            .join(decision, decision.c.claim_id == CLAIMS.c.claim_id)
            .join(line, same_entry(line, decision))
        )
        .where(
            decision.c.run <= known.run,
            line.c.product == product,
            line.c.price_origin == int(PriceOrigin.RELATIVE),
        )
        .group_by(*keys)
    )
    rows = bulk.read(connection, query)
    return RelativeLines(
        origin=months_of(days(rows["origin"])),
        claimed=months_of(days(rows["claimed"])),
        in_patient=integers(rows["stay"], np.int64).astype(np.bool_),
        level=integers(rows["level"], np.int64, -1),
        valuated=integers(rows["valuated"], np.int64),
    )
