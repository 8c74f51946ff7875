"""What waits: to be decided, and for its month to be closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.books import Books
from adjudicator.books.joins import Condition
from adjudicator.books.reports.about import check_code, report_of
from adjudicator.books.sums import Query, asked, total
from adjudicator.reporting.ageing import ageing
from adjudicator.reporting.report import Parameter, Report
from adjudicator.store import bulk
from adjudicator.store.runs import last_run
from adjudicator.store.schema import CLAIM_DECISIONS, CLAIM_LINES, CLAIMS, SETTLEMENTS, UNDECIDED
from adjudicator.vocabulary import ClaimStatus


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
        check_code(connection, "facilities", facility)
        conditions = [CLAIMS.c.facility == facility] if facility else []
        parts = ageing(
            bulk.read(connection, _undecided(conditions)),
            bulk.read(connection, _waiting(last_run(connection), conditions)),
            on,
        )
        said = [Parameter("on", on)] + ([Parameter("facility", facility)] if facility else [])
        return report_of(books, connection, "ageing", said, parts)


def _undecided(conditions: Sequence[Condition]) -> Query:
    of_lines = (
        sa.select(CLAIM_LINES.c.claim_id, total(asked(), "amount"))
        .join(UNDECIDED, UNDECIDED.c.claim_id == CLAIM_LINES.c.claim_id)
        .group_by(CLAIM_LINES.c.claim_id)
        .subquery()
    )
    return (
        sa.select(
            CLAIMS.c.facility,
            CLAIMS.c.date_claimed,
            total(sa.literal_column("1"), "claims"),
            total(of_lines.c.amount, "amount"),
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
            total(decision.c.entry, "claims"),
            total(decision.c.valuated, "amount"),
        )
        .select_from(decision)
        .join(CLAIMS, CLAIMS.c.claim_id == decision.c.claim_id)
        .where(
            decision.c.run <= run,
            decision.c.status == int(ClaimStatus.PROCESSED),
            ~_settled(decision),
            *conditions,
        )
        .group_by(CLAIMS.c.facility, CLAIMS.c.date_claimed)
    )


def _settled(decision: sa.Table) -> Condition:
    """Tell whether a decision, or the one that a row takes back, is on a statement."""
    taken = decision.alias("taken")
    return sa.exists().where(
        taken.c.claim_id == decision.c.claim_id,
        taken.c.version == decision.c.version,
        taken.c.entry == DECISION,
        SETTLEMENTS.c.claim_id == taken.c.claim_id,
        SETTLEMENTS.c.run == taken.c.run,
    )
