"""Which rows of the books belong together: the conditions that tables are joined by."""

from __future__ import annotations

import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION, REVERSAL
from adjudicator.books.closing.periods import CLOSED
from adjudicator.store.schema import CLAIM_DECISIONS

Condition = sa.ColumnElement[bool]


def same_entry(line: sa.Table, decision: sa.Table) -> Condition:
    """Tell that a row about a line belongs to a row about a claim: both decide it, or take it back."""
    return sa.and_(
        line.c.run == decision.c.run,
        line.c.claim_id == decision.c.claim_id,
        line.c.entry == decision.c.entry,
    )


def is_decision(decision: sa.FromClause, of: sa.FromClause) -> Condition:
    """Tell that a row of the ledger, about a claim or a line, is what a run decided, and takes nothing back.

    Args:
        decision: the table of the ledger.
        of: what has the claim as ``claim_id`` and the run as ``run``.
    """
    return sa.and_(
        decision.c.run == of.c.run, decision.c.claim_id == of.c.claim_id, decision.c.entry == DECISION
    )


def is_taken_back(decision: sa.Table, upto: int, after: int | None = None) -> Condition:
    """Tell that the decision about a claim is taken back.

    Args:
        decision: the table of decisions about claims.
        upto: the last run that counts.
        after: the last run of those before it that do not; none when left out.
    """
    reversal = CLAIM_DECISIONS.alias("taken_back")
    conditions = [
        reversal.c.claim_id == decision.c.claim_id,
        reversal.c.version == decision.c.version,
        reversal.c.entry == REVERSAL,
        reversal.c.run <= upto,
    ]
    if after is not None:
        conditions.append(reversal.c.run > after)
    return sa.exists().where(*conditions)


def is_owed(owed: sa.FromClause, settled: sa.FromClause) -> Condition:
    """Tell that an amount is one that a closing made of a decision that it settles.

    Args:
        owed: remunerations.
        settled: settlements.
    """
    return sa.and_(
        owed.c.closing == settled.c.closing, owed.c.claim_id == settled.c.claim_id, owed.c.entry == CLOSED
    )
