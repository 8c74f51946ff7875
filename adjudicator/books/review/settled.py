"""Whether a claim in the queue is on a statement already, and how far its payment has come."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from adjudicator.books.closing.payments import PaymentState
from adjudicator.books.closing.periods import named
from adjudicator.remuneration.months import read_month
from adjudicator.store.schema import CLOSINGS, PAID_STATEMENTS, PAYMENT_EVENTS, SETTLEMENTS


@dataclass(frozen=True)
class Settled:
    """The last statement that a claim is on."""

    month: str
    state: PaymentState | None
    """How far the payment is; None where it was not handed over."""


def settled(connection: sa.Connection, claim_id: int, facility: str) -> Settled | None:
    """Tell which statement a claim is on; None where it is on none."""
    paid = sa.and_(PAID_STATEMENTS.c.closing == SETTLEMENTS.c.closing, PAID_STATEMENTS.c.facility == facility)
    query = (
        sa.select(CLOSINGS.c.month, CLOSINGS.c.location, PAID_STATEMENTS.c.payment)
        .select_from(SETTLEMENTS)
        .join(CLOSINGS, CLOSINGS.c.closing == SETTLEMENTS.c.closing)
        .outerjoin(PAID_STATEMENTS, paid)
        .where(SETTLEMENTS.c.claim_id == claim_id)
        .order_by(SETTLEMENTS.c.run.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    events = (
        sa.select(PAYMENT_EVENTS.c.what)
        .where(PAYMENT_EVENTS.c.payment == row.payment)
        .order_by(PAYMENT_EVENTS.c.number.desc())
        .limit(1)
    )
    what = connection.execute(events).scalar()
    return Settled(named(read_month(row.month), row.location), PaymentState(what) if what else None)
