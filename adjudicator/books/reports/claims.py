"""The claim overview and the claim history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.eligibility import unknown_insuree
from adjudicator.books.joins import Condition, is_decision, is_owed
from adjudicator.books.reports.about import check_code, check_period, check_product, report_of
from adjudicator.books.reports.chosen import Chosen
from adjudicator.books.reports.settled import of_life, paid_statements
from adjudicator.books.sums import Query, asked, standing, total
from adjudicator.reporting.claims import overview
from adjudicator.reporting.report import Parameter, Part, Report
from adjudicator.store import bulk
from adjudicator.store.runs import last_run
from adjudicator.store.schema import (
    CLAIM_DECISIONS,
    CLAIM_LINES,
    CLAIMS,
    LINE_DECISIONS,
    REGISTERS,
    REMUNERATIONS,
    SETTLEMENTS,
)
from adjudicator.vocabulary import ClaimStatus, Cut

_OF_CLAIM: Final = (
    "facility",
    "claim",
    "insuree",
    "date_from",
    "date_to",
    "date_claimed",
    "visit_type",
    "diagnosis",
)


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
        Refused: the period ends before it begins, or there is no such facility or product.
        DoesNotAddUp: lines do not come to what the books say of their claim.
    """
    check_period(chosen.start, chosen.end)
    with books.database.reading() as connection:
        check_code(connection, "facilities", chosen.facility)
        check_product(books, product)
        parts = _overview(connection, chosen.conditions(), status, product, details)
        said = chosen.parameters()
        said += [Parameter("product", product)] if product else []
        said += [Parameter("status", status)] if status else []
        return report_of(books, connection, "claims", said, parts)


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
        return report_of(books, connection, "history", [Parameter("insuree", insuree)], parts)


def _overview(
    connection: sa.Connection,
    conditions: Sequence[Condition],
    status: ClaimStatus | None,
    product: str | None,
    details: bool,
) -> tuple[Part, ...]:
    held, paid = standing(last_run(connection)), paid_statements()
    decisions, settled, line, owed = CLAIM_DECISIONS, SETTLEMENTS, LINE_DECISIONS, REMUNERATIONS
    joined = (
        CLAIMS.outerjoin(held, held.c.claim_id == CLAIMS.c.claim_id)
        .outerjoin(decisions, is_decision(decisions, held))
        .outerjoin(settled, sa.and_(settled.c.claim_id == held.c.claim_id, settled.c.run == held.c.run))
        .outerjoin(paid, sa.and_(paid.c.closing == settled.c.closing, paid.c.facility == CLAIMS.c.facility))
    )
    life = of_life(decisions.c.status, settled.c.closing.is_not(None), paid.c.closing.is_not(None))
    wanted = list(conditions)
    if status is ClaimStatus.ENTERED:
        wanted.append(decisions.c.status.is_(None))
    elif status is not None:
        wanted.append(life == int(status))
    claims = bulk.read(
        connection,
        sa.select(
            CLAIMS.c.claim_id,
            *(CLAIMS.c[name] for name in _OF_CLAIM),
            life.label("status"),
            *(decisions.c[name] for name in ("reason", "claimed", "valuated")),
            _paid_for_claim().label("remunerated"),
            decisions.c.run,
        )
        .select_from(joined)
        .where(*wanted),
    )
    of_line = (
        joined.join(CLAIM_LINES, CLAIM_LINES.c.claim_id == CLAIMS.c.claim_id)
        .outerjoin(line, sa.and_(is_decision(line, decisions), line.c.line == CLAIM_LINES.c.line))
        .outerjoin(owed, sa.and_(is_owed(owed, settled), owed.c.line == CLAIM_LINES.c.line))
    )
    # Lines are many: unless they are looked at, they are added up where they are.
    query = _lines() if details or product is not None else _lines_of_claims()
    lines = bulk.read(connection, query.select_from(of_line).where(*wanted))
    return overview(claims, lines, product, details)


def _paid_for_claim() -> sa.ColumnElement[int]:
    """Give what is paid for a claim: by the closing that settled it, else by the decision, if it says."""
    owed = REMUNERATIONS
    by_closing = (
        sa.select(sa.func.coalesce(sa.func.sum(owed.c.amount), 0))
        .where(is_owed(owed, SETTLEMENTS))
        .scalar_subquery()
    )
    settled = SETTLEMENTS.c.closing.is_not(None)
    amount = sa.case((settled, by_closing), else_=CLAIM_DECISIONS.c.remunerated)
    return sa.type_coerce(amount, sa.BigInteger())


def _paid_for_line() -> sa.ColumnElement[int]:
    """Give what is paid for a line, likewise."""
    by_closing = sa.func.coalesce(REMUNERATIONS.c.amount, 0)
    settled = SETTLEMENTS.c.closing.is_not(None)
    amount = sa.case((settled, by_closing), else_=LINE_DECISIONS.c.remunerated)
    return sa.type_coerce(amount, sa.BigInteger())


def _lines() -> Query:
    """Give all that is told of lines."""
    line = LINE_DECISIONS
    decided = ("status", "reason", "product", "quantity", "unit_price", "valuated")
    return sa.select(
        CLAIM_LINES.c.claim_id,
        CLAIM_LINES.c.line,
        CLAIM_LINES.c.kind,
        CLAIM_LINES.c.code.label("provision"),
        CLAIM_LINES.c.quantity.label("quantity_asked"),
        CLAIM_LINES.c.price_asked,
        *(line.c[name].label("line_status" if name == "status" else name) for name in decided),
        _paid_for_line().label("remunerated"),
        *(line.c[cut.word].label(f"cut_{cut.word}") for cut in Cut),
    )


def _lines_of_claims() -> Query:
    """Give the figures of claims, added up over their lines."""
    line = LINE_DECISIONS
    approved = sum((line.c[cut.word] for cut in Cut), start=line.c.valuated)
    return sa.select(
        CLAIM_LINES.c.claim_id,
        total(asked(), "asked"),
        total(approved, "approved"),
        total(line.c.valuated, "valuated"),
        total(_paid_for_line(), "remunerated"),
    ).group_by(CLAIM_LINES.c.claim_id)
