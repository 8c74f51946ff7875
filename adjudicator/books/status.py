"""In which state the books are: tables, contents, runs, and who is at work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from adjudicator.books.books import database_of
from adjudicator.books.officers.register import register_of, today
from adjudicator.books.submission.unasked import count_unasked
from adjudicator.problems import Refused
from adjudicator.store import journal, lock, migrate, runs
from adjudicator.store.database import Database, exists
from adjudicator.store.migrate import State
from adjudicator.store.runs import Run
from adjudicator.store.schema import CLAIMS, LOADS, METADATA, UNDECIDED
from adjudicator.words import Message, message

SHOWN: int = 12
"""How many runs a status shows: the last ones."""


@dataclass(frozen=True)
class Status:
    """The state of the books."""

    where: str
    migration: State
    decimals: int
    counts: Mapping[str, int] | None = None
    """Claims, loads, and claims that wait to be decided or asked about; None where there are no tables."""
    runs: tuple[Run, ...] = ()
    open_run: int | None = None
    """The number of a run that was not finished."""
    holder: Message | None = None
    """Who is at work now."""
    officers: int = 0
    """How many officers may act today; where there are none, names are taken at their word."""


def status_of(folder: Path) -> Status:
    """Tell the state of a scheme's books.

    Raises:
        Refused: the folder is no scheme, or the database cannot be used.
    """
    with database_of(folder) as (settings, database):
        if not exists(database):
            return Status(database.shown, State(None, migrate.newest(), True), settings.decimals)
        with database.reading() as connection:
            state = migrate.state(connection)
            if not state.current:
                return Status(database.shown, state, settings.decimals)
            counts = {
                "claims": _count(connection, CLAIMS),
                "waiting": _count(connection, UNDECIDED),
                "loads": _count(connection, LOADS),
                "unasked": count_unasked(connection),
            }
            plan = runs.open_plan(connection)
            done = runs.published(connection)
            day = today()
            acting = sum(one.stands(day) for one in register_of(connection).values())
        return Status(
            database.shown,
            state,
            settings.decimals,
            counts,
            tuple(done[-SHOWN:]),
            plan[0] if plan else None,
            _holder(database),
            acting,
        )


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _holder(database: Database) -> Message | None:
    """Tell who holds the lock; trying to take it is the only way to know."""
    try:
        with lock.tried(database):
            return None
    except Refused as refused:
        return refused.problems[0].what


def check_database(folder: Path) -> list[Message]:
    """Check what the database itself can tell: its file, its tables, and the chain of the journal.

    Quick, whatever the books hold; ``verify`` checks what they say.

    Raises:
        Refused: there are no books, or the database cannot be used.
    """
    found: list[Message] = []
    with database_of(folder) as (_, database), database.reading() as connection:
        if connection.dialect.name == "sqlite":
            said = connection.exec_driver_sql("PRAGMA quick_check").scalars().all()
            found += [message("books.check.file", said=line) for line in said if line != "ok"]
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            found += [message("books.check.reference", table=str(row[0])) for row in broken]
        state = migrate.state(connection)
        if not state.current:
            present = state.present or "–"
            return [*found, message("books.check.tables", present=present, wanted=state.wanted)]
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        found += [
            message("books.check.shape", what=str(difference[0]))
            for difference in compare_metadata(context, METADATA)
        ]
        found += [
            message("books.journal_broken", number=number) for number in journal.broken_links(connection)
        ]
    return found
