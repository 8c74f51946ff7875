"""Payments out of the books, claim by claim, as FHIR resources need them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.closing.payments import Payment, PaymentState, all_payments
from adjudicator.books.closing.periods import CLOSED, ClosedMonth, standing_closings
from adjudicator.books.registers import registers_at
from adjudicator.fhir.payments import Detail, FacilityPayment, State, What
from adjudicator.problems import DoesNotAddUp, Refused
from adjudicator.remuneration.statements import NO_CLAIM
from adjudicator.run_folder import unknown_facility
from adjudicator.store import bulk, loads
from adjudicator.store.schema import (
    CLAIMS,
    JOURNAL,
    PAID_STATEMENTS,
    PAYMENT_EVENTS,
    REMUNERATIONS,
    STATEMENTS,
)


def payments_of(
    books: Books,
    connection: sa.Connection,
    first: int | None = None,
    last: int | None = None,
    facilities: Sequence[str] | None = None,
) -> list[FacilityPayment]:
    """Give the payments of closed months, and the statements that wait for one, by facility.

    A payment that settles statements of several months is given whole.

    Args:
        books: the books.
        connection: of a transaction that reads.
        first: the first month, as :mod:`adjudicator.remuneration.months` counts them.
        last: the last month.
        facilities: their codes; all when left out.

    Raises:
        Refused: there is no such facility.
        DoesNotAddUp: what closings hold for claims does not come to what their statements say.
    """
    if facilities is not None:
        check_facilities(connection, facilities)
    standing = {one.closing: one for one in standing_closings(connection)}
    asked = {
        number
        for number, one in standing.items()
        if (first is None or one.month >= first) and (last is None or one.month <= last)
    }
    settings = books.settings

    def is_asked(closings: set[int], facility: str) -> bool:
        return bool(closings & asked) and (facilities is None or facility in facilities)

    payments = all_payments(connection)
    settled = {(one.closing, payment.facility) for payment in payments for one in payment.statements}
    payments = [one for one in payments if is_asked({owed.closing for owed in one.statements}, one.facility)]
    query = sa.select(STATEMENTS).where(STATEMENTS.c.amount != 0)
    due = [
        row
        for row in connection.execute(query)
        if (row.closing, row.facility) not in settled and is_asked({row.closing}, row.facility)
    ]
    needed = {owed.closing for one in payments for owed in one.statements} | {row.closing for row in due}
    details = _details(connection, {number: standing[number] for number in needed}, facilities)
    events, names = _last_events(connection), _facility_names(connection)
    found = [
        _payment(settings.scheme, settings.currency, payment, details, events[payment.payment])
        for payment in payments
    ]
    for row in due:
        closing = standing[row.closing]
        found.append(
            FacilityPayment(
                *(settings.scheme, settings.currency, row.facility, names.get(row.facility), None),
                *(State.DUE, dt.date.fromisoformat(closing.at[:10]), closing.at, row.amount),
                *(
                    ((row.closing, closing.name),),
                    _added_up(details, (row.closing, row.facility), row.amount),
                ),
            )
        )
    return sorted(found, key=lambda one: (one.facility.encode(), one.statements[0][0], one.payment or ""))


def _payment(
    scheme: str,
    currency: str,
    payment: Payment,
    details: dict[tuple[int, str], tuple[Detail, ...]],
    at: str,
) -> FacilityPayment:
    parts = [_added_up(details, (one.closing, payment.facility), one.amount) for one in payment.statements]
    return FacilityPayment(
        scheme=scheme,
        currency=currency,
        facility=payment.facility,
        name=payment.name,
        payment=str(payment.payment),
        state=State(payment.state.value),
        date=dt.date.fromisoformat(at[:10]),
        changed=at,
        amount=payment.amount,
        statements=tuple((one.closing, one.month) for one in payment.statements),
        details=tuple(detail for part in parts for detail in part),
        reference=payment.reference,
    )


def _added_up(
    details: dict[tuple[int, str], tuple[Detail, ...]], key: tuple[int, str], amount: int
) -> tuple[Detail, ...]:
    found = details.get(key, ())
    total = sum(detail.amount for detail in found)
    if total != amount:
        raise DoesNotAddUp(f"closing {key[0]}, {key[1]}: claims come to {total}, the statement says {amount}")
    return found


def _details(
    connection: sa.Connection, closings: Mapping[int, ClosedMonth], facilities: Sequence[str] | None
) -> dict[tuple[int, str], tuple[Detail, ...]]:
    """Read what closings hold for claims, by closing and facility, in the order of the claims' numbers."""
    table = REMUNERATIONS
    chosen = sa.true() if facilities is None else table.c.facility.in_(facilities)
    total = sa.type_coerce(sa.cast(sa.func.sum(table.c.amount), sa.BigInteger()), sa.BigInteger())
    keys = (table.c.closing, table.c.facility, table.c.claim_id, table.c.entry, CLAIMS.c.claim)
    of_claims = (
        sa.select(*keys, total.label("amount"))
        .join(CLAIMS, CLAIMS.c.claim_id == table.c.claim_id)
        .where(table.c.claim_id != NO_CLAIM, table.c.closing.in_(closings), chosen)
        .group_by(*keys)
    )
    found: dict[tuple[int, str], list[Detail]] = defaultdict(list)
    for row in bulk.read(connection, of_claims).to_pylist():
        what = What.CLAIM if row["entry"] == CLOSED else What.TAKEN_BACK
        of_claim = _detail(closings[row["closing"]], what, row["amount"], claim=row["claim"])
        found[row["closing"], row["facility"]].append(of_claim)
    by_head = sa.select(table.c.closing, table.c.facility, table.c.product, table.c.amount).where(
        table.c.claim_id == NO_CLAIM, table.c.closing.in_(closings), chosen
    )
    for row in bulk.read(connection, by_head).to_pylist():
        capitation = _detail(closings[row["closing"]], What.CAPITATION, row["amount"], product=row["product"])
        found[row["closing"], row["facility"]].append(capitation)
    order = list(What)
    return {
        key: tuple(
            sorted(
                details,
                key=lambda one: (order.index(one.what), (one.claim or one.product or "").encode()),
            )
        )
        for key, details in found.items()
    }


def _detail(
    closing: ClosedMonth, what: What, amount: int, *, claim: str | None = None, product: str | None = None
) -> Detail:
    committed = dt.date.fromisoformat(closing.at[:10])
    return Detail(closing.closing, closing.name, what, amount, claim, product, committed)


def _facility_names(connection: sa.Connection) -> dict[str, str]:
    state = loads.last_load(connection, "registers")
    if state is None:
        return {}
    rows = registers_at(connection, state.load, ("facilities",))["facilities"]
    return dict(zip(rows["code"].to_pylist(), rows["name"].to_pylist(), strict=True))


def check_facilities(connection: sa.Connection, codes: Sequence[str]) -> None:
    """Make sure that facilities are in the register.

    Raises:
        Refused: with each that is not there, and the code that is near to it.
    """
    known = list(_facility_names(connection))
    if problems := [unknown_facility(code, known) for code in codes if code not in known]:
        raise Refused(problems)


def payments_made(connection: sa.Connection) -> dict[tuple[int, str], tuple[int, str]]:
    """Give the payments that were made, and when, by the closing and facility of what they settle."""
    made = {one.payment for one in all_payments(connection) if one.state is PaymentState.PAID}
    events = _last_events(connection)
    table = PAID_STATEMENTS
    query = sa.select(table.c.closing, table.c.facility, table.c.payment)
    return {
        (row.closing, row.facility): (row.payment, events[row.payment])
        for row in connection.execute(query)
        if row.payment in made
    }


def _last_events(connection: sa.Connection) -> dict[int, str]:
    """Give when each payment reached the state that it is in."""
    table = PAYMENT_EVENTS
    query = sa.select(table.c.payment, JOURNAL.c.at).join(JOURNAL, JOURNAL.c.number == table.c.journal)
    return {row.payment: row.at for row in connection.execute(query.order_by(table.c.number))}
