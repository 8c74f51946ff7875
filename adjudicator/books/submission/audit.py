"""Who read or wrote what at the counter, and with which answer: written down before anything is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.store.database import Database
from adjudicator.store.schema import ACCESSES


@dataclass(frozen=True)
class Access:
    """One request."""

    at: str
    facility: str | None
    """None where it is not known who asked."""
    token: str | None
    what: str
    """read, search, submit, predetermine, …"""
    resource: str
    """What was asked for: the type, and the id where there is one."""
    subject: str | None
    """Whose: the insuree's code, or the numbers of claims."""
    status: int
    """The answer's HTTP status."""
    request: str
    """The name that the request went by, as its answer and the log say."""


def write_down(database: Database, accesses: Sequence[Access]) -> None:
    """Write accesses down, all in one transaction."""
    if accesses:
        with database.writing() as connection:
            connection.execute(sa.insert(ACCESSES), [asdict(access) for access in accesses])


def accesses(
    books: Books,
    facility: str | None = None,
    subject: str | None = None,
    since: str | None = None,
    most: int | None = None,
) -> list[Access]:
    """List accesses, the last ones last.

    Args:
        books: the books.
        facility: only of this one.
        subject: only about this insuree or claim.
        since: only from this day or moment on (ISO 8601, UTC).
        most: only the last so many.
    """
    table = ACCESSES
    query = sa.select(*(column for column in table.c if column.name != "number"))
    query = query.order_by(table.c.number.desc())
    if facility is not None:
        query = query.where(table.c.facility == facility)
    if subject is not None:
        query = query.where(table.c.subject == subject)
    if since is not None:
        query = query.where(table.c.at >= since)
    if most is not None:
        query = query.limit(most)
    with books.database.reading() as connection:
        rows = connection.execute(query).all()
    return [Access(**row._mapping) for row in reversed(rows)]
