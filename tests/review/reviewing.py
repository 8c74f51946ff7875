"""Reviews for tests: delivered into the books and applied, as a queue would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from adjudicator.books.books import Books, open_books
from adjudicator.books.ledger import current_decisions
from adjudicator.books.readjudication import readjudicate
from adjudicator.store import journal
from adjudicator.store.journal import Act
from adjudicator.store.runs import last_run
from adjudicator.store.schema import CLAIM_LINES, REVIEW_LINES, REVIEWS
from adjudicator.vocabulary import ReviewStatus

BY = "doctor"


def deliver(books: Books, verdicts: Mapping[int, ReviewStatus]) -> None:
    """Deliver a review of each claim that accepts or rejects all its lines."""
    with books.database.writing() as connection:
        last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(REVIEWS.c.review), 0))).scalar_one()
        for number, (claim_id, verdict) in enumerate(sorted(verdicts.items()), int(last) + 1):
            entry = journal.append(connection, Act(BY, "review"), {"claim_id": claim_id})
            values = {"review": number, "journal": entry, "claim_id": claim_id, "officer": BY}
            connection.execute(sa.insert(REVIEWS).values(**values))
            lines = connection.execute(
                sa.select(CLAIM_LINES.c.line).where(CLAIM_LINES.c.claim_id == claim_id)
            ).scalars()
            rows = [{"review": number, "line": line, "review_status": int(verdict)} for line in lines.all()]
            connection.execute(sa.insert(REVIEW_LINES), rows)


def apply(books: Books) -> None:
    """Decide the reviewed claims again."""
    readjudicate(books, BY, ["reviewed"], "reviews")


def review(folder: Path, claim_ids: Sequence[int], rejected: Sequence[int]) -> None:
    """Deliver and apply reviews: some claims are rejected, the others left as they are."""
    with open_books(folder) as books:
        deliver(
            books,
            {
                claim: ReviewStatus.REJECTED if claim in set(rejected) else ReviewStatus.ACCEPTED
                for claim in claim_ids
            },
        )
        apply(books)


def valuated(folder: Path, claim_ids: Sequence[int]) -> dict[int, int]:
    """Give what claims are valued at now."""
    with open_books(folder) as books, books.database.reading() as connection:
        rows = current_decisions(connection, np.array(claim_ids, np.int64), last_run(connection))
    return dict(zip(rows["claim_id"].to_pylist(), rows["valuated"].to_pylist(), strict=True))
