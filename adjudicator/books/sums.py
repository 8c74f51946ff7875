"""Sums over the ledger: signed, so that decisions that were taken back cancel out."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.joins import is_taken_back
from adjudicator.store.schema import CLAIM_DECISIONS, CLAIM_LINES
from adjudicator.units import LARGEST_AMOUNT, QUANTITY_ONE

Query = sa.Select[Any]

ONE: Final[sa.ColumnElement[int]] = sa.literal_column("1", sa.BigInteger())


def standing(run: int) -> sa.Subquery:
    """Give the claims that a decision stands about, each with the run that took it."""
    table = CLAIM_DECISIONS
    stands = sa.and_(table.c.run <= run, table.c.entry == DECISION, ~is_taken_back(table, run))
    return sa.select(table.c.claim_id, table.c.run).where(stands).subquery("standing")


def total(expression: Any, name: str) -> sa.ColumnElement[int]:
    """Give the sum of an expression, 0 over nothing, under a name."""
    return sa.type_coerce(sa.func.coalesce(sa.func.sum(expression), 0), sa.BigInteger()).label(name)


def asked() -> sa.ColumnElement[int]:
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
