"""Reviews that medical officers delivered, as the reviewed claims are decided anew."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.claims import Received
from adjudicator.store import bulk
from adjudicator.store.schema import REVIEW_LINES, REVIEWS

_VALUES = {"quantity_approved": "quantity_approved", "price_approved": "price_approved"}


def last_review(connection: sa.Connection) -> int:
    """Give the number of the last review, 0 where there is none."""
    query = sa.select(sa.func.coalesce(sa.func.max(REVIEWS.c.review), 0))
    return int(connection.execute(query).scalar_one())


def with_reviews(connection: sa.Connection, received: Received, upto: int) -> Received:
    """Put the values of the last review of each claim on its lines (law, section 7).

    Args:
        connection: of a transaction.
        received: the claims.
        upto: the number of the last review that counts.
    """
    if not upto or not len(received.claim_ids):
        return received
    wanted = bulk.wanted(connection, "wanted_reviews", pa.table({"claim_id": received.claim_ids}))
    last = (
        sa.select(REVIEWS.c.claim_id, sa.func.max(REVIEWS.c.review).label("review"))
        .join(wanted, wanted.c.claim_id == REVIEWS.c.claim_id)
        .where(REVIEWS.c.review <= upto)
        .group_by(REVIEWS.c.claim_id)
        .subquery()
    )
    columns = [REVIEW_LINES.c[name] for name in ("line", *_VALUES, "review_status")]
    query = sa.select(last.c.claim_id, *columns).join(last, last.c.review == REVIEW_LINES.c.review)
    return with_values(received, bulk.read(connection, query))


def with_values(received: Received, reviewed: pa.Table) -> Received:
    """Put reviewers' values on the lines of claims.

    Args:
        received: the claims.
        reviewed: ``claim_id``, ``line``, ``quantity_approved``, ``price_approved`` and ``review_status``.
    """
    if not len(reviewed):
        return received
    return Received(received.claim_ids, received.claims, _merged(received, reviewed), received.digests)


def _merged(received: Received, reviewed: pa.Table) -> pa.Table:
    lines = received.lines
    row = _rows(received, reviewed)
    found = row >= 0
    row = row[found]
    for name, source in {**_VALUES, "review": "review_status"}.items():
        values = lines[name].to_numpy(zero_copy_only=False).astype(object)
        given = reviewed[source].filter(pa.array(found)).to_pylist()
        values[row] = given
        kind = lines[name].type
        column = pa.array([None if _none(value) else int(value) for value in values], kind)
        lines = lines.set_column(lines.column_names.index(name), name, column)
    return lines


def _none(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 - NaN stands for none in Arrow's NumPy arrays


def _rows(received: Received, reviewed: pa.Table) -> npt.NDArray[np.int64]:
    """Give the row of each reviewed line among the lines received, -1 where the claim has no such line."""
    place = {
        (int(claim), int(line)): row
        for row, (claim, line) in enumerate(
            zip(
                received.claim_ids[received.lines["claim_index"].to_numpy()],
                received.lines["line"].to_numpy(),
                strict=True,
            )
        )
    }
    pairs = zip(reviewed["claim_id"].to_pylist(), reviewed["line"].to_pylist(), strict=True)
    return np.array([place.get(pair, -1) for pair in pairs], np.int64)
