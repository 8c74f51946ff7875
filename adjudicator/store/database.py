"""Sessions: one database, embedded or a server, with transactions that are whole and errors that are plain.

The embedded file is SQLite with a write-ahead log that is synchronised at each commit. Every transaction
that writes takes the write lock at its beginning: two that upgrade from reading to writing would refuse one
another. On PostgreSQL a transaction that reads sees one snapshot.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from adjudicator.problems import Problem, Refused, problem_of, refused

VARIABLE: Final = "ADJUDICATOR_DATABASE"
"""The environment variable that names the database, before ``scheme.yaml`` does."""

DEFAULT: Final = "sqlite:///books.db"
"""An embedded file in the scheme's folder."""

PATIENCE: Final = 20_000
"""How long a transaction waits for another one that writes, in milliseconds."""

_READING: Final = "adjudicator_reading"

_CAUSES: Final = (
    ("store.full", ("disk is full", "disk full", "no space left", "53100")),
    ("store.busy", ("database is locked", "lock timeout", "55p03")),
    ("store.denied", ("readonly database", "permission denied", "password authentication", "no password")),
    ("store.damaged", ("malformed", "not a database", "disk i/o error")),
    (
        "store.lost",
        (
            "connection to server",
            "server closed the connection",
            "terminating connection",
            "could not connect",
            "connection already closed",
            "could not translate host",
            "unable to open database file",
            "connection refused",
            "ssl syscall",
            "cursor already closed",
        ),
    ),
    ("store.constraint", ("constraint failed", "violates", "23505")),
    ("store.no_tables", ("no such table", "does not exist", "no such column")),
)
"""What a database's own words mean for its users; the first that fits."""


@dataclass(frozen=True)
class Database:
    """A database that the books are in."""

    engine: sa.Engine

    @property
    def url(self) -> URL:
        """Where it is."""
        return self.engine.url

    @property
    def shown(self) -> str:
        """Where it is, for people: without a password."""
        return self.url.render_as_string(hide_password=True)

    @property
    def embedded(self) -> Path | None:
        """The file of an embedded database; None for a server."""
        return Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give a transaction that writes; it is committed at the end, and undone by an error.

        Raises:
            Refused: the database could not do it; nothing was written.
        """
        with self._told(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a transaction that reads: everything in it is of one moment.

        Raises:
            Refused: the database could not do it.
        """
        options: dict[str, Any] = {_READING: True}
        if self.embedded is None:
            options |= {"isolation_level": "REPEATABLE READ"}
        with (
            self._told(),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def session(self) -> Iterator[sa.Connection]:
        """Give a session without a transaction, for a lock that is held as long as it lasts.

        Raises:
            Refused: the database could not be reached.
        """
        with self._told():
            connection = self.engine.connect()
        try:
            yield connection
        finally:
            with suppress(DBAPIError):
                connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise Refused([self._problem(error.orig or error)]) from error
        except _drivers_errors() as error:
            raise Refused([self._problem(error)]) from error

    def _problem(self, error: BaseException) -> Problem:
        said = " ".join(str(error).split())
        words = f"{said} {getattr(error, 'pgcode', '')}".lower()
        key = next((key for key, marks in _CAUSES if any(mark in words for mark in marks)), "store.failed")
        return problem_of(key, where=self.shown, said=said)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _drivers_errors() -> tuple[type[BaseException], ...]:
    """Give the errors of drivers that were used without SQLAlchemy, for bulk reading and writing."""
    import psycopg2  # noqa: PLC0415 - an embedded database does not need it

    return (sqlite3.Error, psycopg2.Error)


def open_database(url: str, folder: Path) -> Database:
    """Open a database; nothing is read or made yet.

    Args:
        url: as SQLAlchemy has it; a relative path of an embedded file is one in ``folder``.
        folder: the scheme's folder.

    Raises:
        Refused: the URL is none, or is of a database that the books cannot be in.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise refused("store.url", url=url) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise refused("store.in_memory", url=url)
        return Database(_embedded(parsed.set(database=str(folder / parsed.database))))
    if backend in ("postgresql", "postgres"):
        return Database(_server(parsed.set(drivername="postgresql+psycopg2")))
    raise refused("store.url", url=parsed.render_as_string(hide_password=True))


def _embedded(url: URL) -> sa.Engine:
    try:
        # Threads of a run write with connections of their own.
        engine = sa.create_engine(url, poolclass=NullPool, connect_args={"timeout": PATIENCE / 1000})
    except NoSuchModuleError:  # pragma: no cover - of a Python built without SQLite
        raise refused("store.url", url=str(url)) from None

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        # Transactions are begun below, not by the driver.
        connection.isolation_level = None
        cursor = connection.cursor()
        for setting in (
            f"busy_timeout={PATIENCE}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "cache_size=-131072",
        ):
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        reads = connection.get_execution_options().get(_READING)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _server(url: URL) -> sa.Engine:
    options: Mapping[str, Any] = {
        "application_name": "adjudicator",
        # A server notices within seconds that a client is gone, and gives its locks free.
        "options": "-c client_connection_check_interval=2000 -c timezone=UTC -c lock_timeout=20000",
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "connect_timeout": 10,
    }
    return sa.create_engine(url, connect_args=dict(options), pool_pre_ping=True)


def named_database(setting: str | None) -> str:
    """Give the URL of the database: of the environment, else of ``scheme.yaml``, else the embedded file."""
    return os.environ.get(VARIABLE) or setting or DEFAULT


def exists(database: Database) -> bool:
    """Tell whether an embedded file is there; a server is taken to be."""
    return database.embedded is None or database.embedded.is_file()
