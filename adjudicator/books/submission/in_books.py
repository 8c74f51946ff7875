"""What the books have of claims that are sent one at a time, and what they note about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.opening import opened_with
from adjudicator.books.submission.reading import Read
from adjudicator.store.journal import now
from adjudicator.store.schema import CLAIMS, SUBMISSIONS, UNDECIDED

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class InBooks:
    """A claim of the books: its number, and the digest of its content."""

    claim_id: int
    digest: int


def held_in_books(connection: sa.Connection, batch: Sequence[Read]) -> dict[tuple[str, str], InBooks]:
    """Find the claims of the books that have the names of some, by these."""
    if not batch:
        return {}
    names = [one.name for one in batch]
    query = sa.select(CLAIMS.c.facility, CLAIMS.c.claim, CLAIMS.c.claim_id, CLAIMS.c.digest)
    query = query.where(sa.tuple_(CLAIMS.c.facility, CLAIMS.c.claim).in_(names))
    return {(row.facility, row.claim): InBooks(row.claim_id, row.digest) for row in connection.execute(query)}


def not_accepted_before(connection: sa.Connection, batch: Sequence[Read]) -> list[Read]:
    """Leave out claims that an earlier system accepted before the books began."""
    if not batch:
        return []
    accepted = opened_with(
        connection, pa.concat_tables([one.claims.select(["facility", "claim"]) for one in batch])
    )
    return [one for one, before in zip(batch, accepted.tolist(), strict=True) if not before]


def note(
    connection: sa.Connection, batch: Sequence[Read], present: Mapping[tuple[str, str], InBooks]
) -> None:
    """Note which claims were sent to be answered at once, those that are not noted yet."""
    ids = {present[one.name].claim_id: one.sent for one in batch}
    query = sa.select(SUBMISSIONS.c.claim_id).where(SUBMISSIONS.c.claim_id.in_(list(ids)))
    known = set(connection.execute(query).scalars())
    at = now()
    rows = [
        {"claim_id": number, "response": sent.response, "at": at, "token": sent.token, "echo": sent.echo}
        for number, sent in ids.items()
        if number not in known
    ]
    if rows:
        connection.execute(sa.insert(SUBMISSIONS), rows)


def waiting(connection: sa.Connection, most: int | None = None) -> Int64s:
    """Give the claims that were sent and wait, in the order in which they came; not those that are held."""
    query = (
        sa.select(SUBMISSIONS.c.claim_id)
        .join(UNDECIDED, UNDECIDED.c.claim_id == SUBMISSIONS.c.claim_id)
        .where(SUBMISSIONS.c.held.is_(None))
        .order_by(SUBMISSIONS.c.claim_id)
        .limit(most)
    )
    return np.array(connection.execute(query).scalars().all(), np.int64)


def undecided_among(connection: sa.Connection, claim_ids: Sequence[int]) -> dict[int, str | None]:
    """Give those of some claims that are not decided, each with why it is held, if it is."""
    query = (
        sa.select(UNDECIDED.c.claim_id, SUBMISSIONS.c.held)
        .outerjoin(SUBMISSIONS, SUBMISSIONS.c.claim_id == UNDECIDED.c.claim_id)
        .where(UNDECIDED.c.claim_id.in_(list(claim_ids)))
    )
    return {row.claim_id: row.held for row in connection.execute(query)}
