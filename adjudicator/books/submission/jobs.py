"""Large intakes and exports that facilities asked for: kept in the books, so that no stop loses one."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.store.journal import canonical, now
from adjudicator.store.schema import BULK_JOBS

WAITING: Final = "waiting"
DONE: Final = "done"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"

IMPORT: Final = "import"
EXPORT: Final = "export"


@dataclass(frozen=True)
class Job:
    """A large intake or export."""

    job: str
    kind: str
    facility: str
    token: str
    at: str
    state: str
    request: Mapping[str, Any]
    """What was asked for."""
    record: Mapping[str, Any]
    """How far it is, or what came of it."""


def new_name() -> str:
    """Make a name for a job, which nobody can guess."""
    return secrets.token_hex(16)


def add_job(books: Books, name: str, kind: str, facility: str, token: str, request: Mapping[str, Any]) -> Job:
    """Put a job down, to be done."""
    job = Job(name, kind, facility, token, now(), WAITING, request, {})
    with books.database.writing() as connection:
        connection.execute(sa.insert(BULK_JOBS).values(**_row(job)))
    return job


def find_job(books: Books, name: str, facility: str) -> Job | None:
    """Find a job of a facility."""
    chosen = sa.and_(BULK_JOBS.c.job == name, BULK_JOBS.c.facility == facility)
    return next(iter(_jobs(books, chosen)), None)


def waiting_jobs(books: Books, facility: str | None = None) -> list[Job]:
    """Give the jobs that wait or are under way, in the order in which they came."""
    chosen = BULK_JOBS.c.state == WAITING
    if facility is not None:
        chosen = sa.and_(chosen, BULK_JOBS.c.facility == facility)
    return _jobs(books, chosen)


def names_of_jobs(books: Books) -> set[str]:
    """Give the names of all jobs, whoever asked for them and however far they are."""
    with books.database.reading() as connection:
        return set(connection.execute(sa.select(BULK_JOBS.c.job)).scalars())


def old_jobs(books: Books, before: str) -> list[Job]:
    """Give the jobs that are over and were asked for before a moment (ISO 8601)."""
    return _jobs(books, sa.and_(BULK_JOBS.c.state != WAITING, BULK_JOBS.c.at < before))


def note_job(books: Books, name: str, state: str, record: Mapping[str, Any]) -> bool:
    """Note how far a job is.

    Returns:
        Whether it was still to be done: one that was cancelled stays so.
    """
    with books.database.writing() as connection:
        change = (
            sa.update(BULK_JOBS)
            .where(BULK_JOBS.c.job == name, BULK_JOBS.c.state == WAITING)
            .values(state=state, record=canonical(record))
        )
        return connection.execute(change).rowcount == 1


def forget_job(books: Books, name: str) -> None:
    """Remove a job that is over."""
    with books.database.writing() as connection:
        connection.execute(sa.delete(BULK_JOBS).where(BULK_JOBS.c.job == name))


def _row(job: Job) -> dict[str, Any]:
    return {**vars(job), "request": canonical(job.request), "record": canonical(job.record)}


def _jobs(books: Books, chosen: sa.ColumnElement[bool]) -> list[Job]:
    query = sa.select(BULK_JOBS).where(chosen).order_by(BULK_JOBS.c.at, BULK_JOBS.c.job)
    with books.database.reading() as connection:
        return [
            Job(**{**row._mapping, "request": json.loads(row.request), "record": json.loads(row.record)})
            for row in connection.execute(query)
        ]
