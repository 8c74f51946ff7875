"""What was rejected, by reason and facility."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.joins import Condition, same_entry
from adjudicator.books.reports.about import check_code, check_period, report_of
from adjudicator.books.reports.chosen import Chosen
from adjudicator.books.sums import Query, asked, total
from adjudicator.reporting.rejections import rejections
from adjudicator.reporting.report import Report
from adjudicator.store import bulk
from adjudicator.store.runs import last_run
from adjudicator.store.schema import CLAIM_DECISIONS, CLAIM_LINES, CLAIMS, LINE_DECISIONS
from adjudicator.vocabulary import ClaimStatus, LineStatus


def rejections_report(books: Books, chosen: Chosen) -> Report:
    """Make the report of what was rejected, by reason and facility.

    Raises:
        Refused: the period ends before it begins, or there is no such facility.
    """
    check_period(chosen.start, chosen.end)
    with books.database.reading() as connection:
        check_code(connection, "facilities", chosen.facility)
        run, conditions = last_run(connection), chosen.conditions()
        parts = rejections(
            bulk.read(connection, _rejected_lines(run, conditions)),
            bulk.read(connection, _rejected_claims(run, conditions)),
            bulk.read(connection, _claimed(run, conditions)),
        )
        return report_of(books, connection, "rejections", chosen.parameters(), parts)


def _rejected_lines(run: int, conditions: Sequence[Condition]) -> Query:
    line, decision = LINE_DECISIONS, CLAIM_DECISIONS
    amount = asked()
    of_claim = (
        sa.select(
            CLAIMS.c.facility,
            line.c.reason,
            line.c.claim_id,
            total(line.c.entry, "lines"),
            total(line.c.entry * amount, "amount"),
        )
        .select_from(CLAIMS)
        .join(decision, decision.c.claim_id == CLAIMS.c.claim_id)
        .join(line, same_entry(line, decision))
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
            total(sa.literal_column("1"), "claims"),
            total(of_claim.c.lines, "lines"),
            total(of_claim.c.amount, "amount"),
        )
        .where(of_claim.c.lines > 0)
        .group_by(of_claim.c.facility, of_claim.c.reason)
    )


def _rejected_claims(run: int, conditions: Sequence[Condition]) -> Query:
    decision = CLAIM_DECISIONS
    return (
        sa.select(CLAIMS.c.facility, decision.c.reason, total(decision.c.entry, "claims"))
        .select_from(CLAIMS)
        .join(decision, decision.c.claim_id == CLAIMS.c.claim_id)
        .where(decision.c.run <= run, decision.c.status == int(ClaimStatus.REJECTED), *conditions)
        .group_by(CLAIMS.c.facility, decision.c.reason)
    )


def _claimed(run: int, conditions: Sequence[Condition]) -> Query:
    decision = CLAIM_DECISIONS
    return (
        sa.select(CLAIMS.c.facility, total(decision.c.claimed, "amount"))
        .select_from(CLAIMS)
        .join(decision, decision.c.claim_id == CLAIMS.c.claim_id)
        .where(decision.c.run <= run, *conditions)
        .group_by(CLAIMS.c.facility)
    )
