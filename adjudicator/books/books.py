"""Opening the books: a scheme's folder, and the database that belongs to it."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from adjudicator.problems import Refused, refused
from adjudicator.scheme import Settings, open_scheme, read_settings
from adjudicator.store import journal, migrate
from adjudicator.store.database import Database, exists, named_database, open_database
from adjudicator.store.journal import Act
from adjudicator.store.schema import JOURNAL

PERSON: Final = "ADJUDICATOR_USER"
"""The environment variable that names who works."""


@dataclass(frozen=True)
class Books:
    """The books of a scheme, open, with the tables that this engine needs."""

    folder: Path
    settings: Settings
    database: Database

    @property
    def decimals(self) -> int:
        """How many decimals the currency's amounts have."""
        return self.settings.decimals


def who(given: str | None = None) -> str:
    """Name the person who works: as given, else as the environment says, else as the system knows them."""
    try:
        return given or os.environ.get(PERSON) or getpass.getuser()
    except (OSError, KeyError):  # before Python 3.13, an account without a name is a KeyError
        return "?"


@contextmanager
def database_of(folder: Path) -> Iterator[tuple[Settings, Database]]:
    """Open the database of a scheme, in whatever state it is.

    Raises:
        Refused: the folder is no scheme, or its database cannot be used.
    """
    settings = read_settings(folder)
    database = open_database(named_database(settings.database), folder)
    try:
        yield settings, database
    finally:
        database.close()


@contextmanager
def open_books(folder: Path) -> Iterator[Books]:
    """Open the books of a scheme.

    Raises:
        Refused: there are none, or they are of another engine.
    """
    with database_of(folder) as (settings, database):
        if not exists(database):
            raise _no_books(database)
        with database.reading() as connection:
            state = migrate.state(connection)
            if state.present is None:
                raise _no_books(database)
            if not state.current:
                key = "books.old" if state.known else "books.newer"
                values = {"where": database.shown, "present": state.present, "wanted": state.wanted}
                raise refused(key, **values)
            _check_scheme(connection, settings)
        yield Books(folder, settings, database)


def _no_books(database: Database) -> Refused:
    return refused("books.none", where=database.shown)


def _check_scheme(connection: sa.Connection, settings: Settings) -> None:
    """Make sure that the books are this scheme's, in its currency: amounts are kept in minor units."""
    first = connection.execute(sa.select(JOURNAL.c.content).where(JOURNAL.c.number == 1)).scalar()
    ours = journal.canonical(_about(settings))
    if first is not None and first != ours:
        raise refused("books.of_another", theirs=first, ours=ours)


def _about(settings: Settings) -> dict[str, str]:
    return {"scheme": settings.scheme, "currency": settings.currency}


def make_books(folder: Path, by: str) -> tuple[Database, bool]:
    """Make the books of a scheme, where there are none.

    Returns:
        The database (closed), and whether it was made.

    Raises:
        Refused: the scheme is not in order, or the database cannot be used.
    """
    open_scheme(folder)
    with database_of(folder) as (settings, database), database.writing() as connection:
        if migrate.state(connection).present is not None:
            return database, False
        migrate.upgrade(connection)
        journal.append(connection, Act(by, "init"), _about(settings))
    return database, True


def upgrade_books(folder: Path, by: str) -> migrate.State:
    """Bring the tables of older books to the newest state.

    Returns:
        The state before.

    Raises:
        Refused: there are no books, or they are of a newer engine.
    """
    with database_of(folder) as (_, database):
        if not exists(database):
            raise _no_books(database)
        with database.writing() as connection:
            before = migrate.state(connection)
            if before.present is None:
                raise _no_books(database)
            if not before.known:
                values = {"where": database.shown, "present": before.present, "wanted": before.wanted}
                raise refused("books.newer", **values)
            if not before.current:
                migrate.upgrade(connection)
                content = {"from": before.present, "to": before.wanted}
                journal.append(connection, Act(by, "upgrade"), content)
    return before
