"""Which delivered reviews their claims were decided again by, and which still wait for that.

A review is delivered in a transaction of its own, whoever is at work on the books; the claim is decided
again after it. Should that not come about, the review waits here until somebody decides the claims
``reviewed`` again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.store import bulk, runs
from adjudicator.store.database import Database
from adjudicator.store.schema import APPLIED_REVIEWS, REVIEWS

Int64s = npt.NDArray[np.int64]

REVIEWED = "reviewed"
"""What claims are called together whose last review waits to be applied."""


def unapplied(connection: sa.Connection) -> Int64s:
    """Give the claims with a review that they were not decided again by, in order."""
    query = (
        sa.select(REVIEWS.c.claim_id)
        .where(~sa.exists().where(APPLIED_REVIEWS.c.review == REVIEWS.c.review))
        .distinct()
        .order_by(REVIEWS.c.claim_id)
    )
    return np.asarray(bulk.read(connection, query)["claim_id"].to_numpy(), np.int64)


def note_applied(database: Database, claim_ids: Int64s, upto: int) -> None:
    """Note that claims were decided again by their reviews, whether or not that changed anything.

    Args:
        database: the books.
        claim_ids: the claims.
        upto: the number of the last review that counted.
    """
    with database.reading() as connection:
        waiting = np.intersect1d(claim_ids, unapplied(connection))
    if not len(waiting):
        return
    with database.writing() as connection:
        wanted = bulk.wanted(connection, "wanted_applied", pa.table({"claim_id": waiting}))
        query = (
            sa.select(REVIEWS.c.review)
            .join(wanted, wanted.c.claim_id == REVIEWS.c.claim_id)
            .where(
                REVIEWS.c.review <= upto,
                ~sa.exists().where(APPLIED_REVIEWS.c.review == REVIEWS.c.review),
            )
        )
        run = runs.last_run(connection)
        rows = [{"review": review, "run": run} for review in connection.execute(query).scalars()]
        if rows:
            connection.execute(sa.insert(APPLIED_REVIEWS), rows)
