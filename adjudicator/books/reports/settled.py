"""What closings have made of decisions: what a settled one is paid, and how far its claim has come.

A decision with a relative price says nothing of what is paid; the closing that settles it does (law, section
6). A facility that is paid by capitation is paid nothing for its lines.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.closing.payments import PaymentState
from adjudicator.books.joins import Condition, is_decision, is_owed
from adjudicator.books.sums import total
from adjudicator.store.schema import (
    CLAIM_DECISIONS,
    CLAIM_LINES,
    LINE_DECISIONS,
    PAID_STATEMENTS,
    PAYMENT_EVENTS,
    REMUNERATIONS,
    SETTLEMENTS,
)
from adjudicator.vocabulary import ClaimStatus


def settled_lines() -> sa.Join:
    """Give the lines that closings settle: settlements, with what was decided and what was claimed."""
    settled, decided = SETTLEMENTS, LINE_DECISIONS
    is_claimed = sa.and_(CLAIM_LINES.c.claim_id == decided.c.claim_id, CLAIM_LINES.c.line == decided.c.line)
    return settled.join(decided, is_decision(decided, settled)).join(CLAIM_LINES, is_claimed)


def amounts() -> sa.Subquery:
    """Give what settled decisions are paid: ``claim_id``, ``run``, ``closing``, ``amount``."""
    settled, owed = SETTLEMENTS, REMUNERATIONS
    query = (
        sa.select(settled.c.claim_id, settled.c.run, settled.c.closing, total(owed.c.amount, "amount"))
        .outerjoin(owed, is_owed(owed, settled))
        .group_by(settled.c.claim_id, settled.c.run, settled.c.closing)
    )
    return query.subquery("settled_amounts")


def amounts_by_product() -> sa.Subquery:
    """Give what products pay for settled decisions: ``claim_id``, ``run``, ``product``, ``amount``."""
    settled, owed = SETTLEMENTS, REMUNERATIONS
    query = (
        sa.select(settled.c.claim_id, settled.c.run, owed.c.product, total(owed.c.amount, "amount"))
        .join(owed, is_owed(owed, settled))
        .group_by(settled.c.claim_id, settled.c.run, owed.c.product)
    )
    return query.subquery("settled_products")


def paid_statements() -> sa.Subquery:
    """Give the statements whose payment the payer says was made: ``closing``, ``facility``."""
    events, later = PAYMENT_EVENTS, PAYMENT_EVENTS.alias("later")
    last = ~sa.exists().where(later.c.payment == events.c.payment, later.c.number > events.c.number)
    query = (
        sa.select(PAID_STATEMENTS.c.closing, PAID_STATEMENTS.c.facility)
        .join(events, events.c.payment == PAID_STATEMENTS.c.payment)
        .where(events.c.what == PaymentState.PAID.value, last)
    )
    return query.subquery("paid")


def of_life(status: sa.ColumnElement[Any], settled: Condition, paid: Condition) -> sa.ColumnElement[Any]:
    """Give how far a claim has come in its life, as decided, settled and paid (law, section 7)."""
    accepted = status.in_([int(ClaimStatus.PROCESSED), int(ClaimStatus.VALUATED)])
    word = sa.SmallInteger()
    return sa.type_coerce(
        sa.case(
            (sa.and_(accepted, paid), sa.literal_column(str(int(ClaimStatus.PAID)), word)),
            (sa.and_(accepted, settled), sa.literal_column(str(int(ClaimStatus.VALUATED)), word)),
            else_=status,
        ),
        word,
    )


def original() -> Any:
    """Give the table of decisions under another name: of a row that takes one back, the one taken back.

    A row that decides is its own.
    """
    return CLAIM_DECISIONS.alias("original")


def is_original(first: Any) -> Condition:
    """Tell that a row is the decision that a row of the ledger takes, or takes back."""
    table = CLAIM_DECISIONS
    return sa.and_(
        first.c.claim_id == table.c.claim_id,
        first.c.version == table.c.version,
        first.c.entry == DECISION,
    )
