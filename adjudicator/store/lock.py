"""One run at a time: the lock of the books, and who holds it.

The lock is an advisory lock of a server's session, or a lock of the operating system on a file beside the
embedded database. Both are gone with the process that held them.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Final

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy.exc import DBAPIError

from adjudicator.problems import Problem, Refused
from adjudicator.store.database import Database
from adjudicator.store.journal import Act, now
from adjudicator.store.schema import HOLDER
from adjudicator.words import message

_KEY: Final = 0x41444A55
"""The number of the advisory lock; it holds within one database."""

PATIENCE: Final = 1.5
"""For so many seconds a command waits: who decides single claims is done in a moment, and makes way."""

_POLLED: Final = 0.005
"""Seconds between one try and the next."""


@contextmanager
def held(database: Database, act: Act) -> Iterator[None]:
    """Hold the lock of the books.

    Raises:
        Refused: somebody else holds it, and goes on doing so; the problem says who, since when and for what.
    """
    with tried(database, PATIENCE):
        with database.writing() as connection:
            connection.execute(sa.delete(HOLDER))
            connection.execute(
                sa.insert(HOLDER).values(
                    one=1,
                    by=act.by,
                    host=socket.gethostname(),
                    process=os.getpid(),
                    what=act.what,
                    since=now(),
                )
            )
        yield


def tried(database: Database, patience: float = 0.0) -> AbstractContextManager[None]:
    """Take the lock without saying who does.

    Args:
        database: of the books.
        patience: for how many seconds it is tried.

    Raises:
        Refused: on entering: somebody else holds it.
    """
    return _system_lock(database, patience) if database.embedded else _session_lock(database, patience)


@contextmanager
def _system_lock(database: Database, patience: float) -> Iterator[None]:
    path = database.embedded
    assert path is not None
    lock = FileLock(f"{path}.lock", timeout=patience)
    try:
        lock.acquire(poll_interval=_POLLED)
    except Timeout:
        raise _refused(database) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _session_lock(database: Database, patience: float) -> Iterator[None]:
    with database.session() as connection:
        # No transaction stays open for the time of a run, only the session.
        session = connection.execution_options(isolation_level="AUTOCOMMIT")
        until = time.monotonic() + patience
        while not session.execute(sa.select(sa.func.pg_try_advisory_lock(_KEY))).scalar():
            if time.monotonic() >= until:
                raise _refused(database)
            time.sleep(_POLLED)
        try:
            yield
        finally:
            # A session that was lost has given the lock back.
            with suppress(DBAPIError):
                session.execute(sa.select(sa.func.pg_advisory_unlock(_KEY)))


def _refused(database: Database) -> Refused:
    with database.reading() as connection:
        holder = connection.execute(sa.select(HOLDER)).first()
    what = (
        message("store.locked", **{key: str(holder._mapping[key]) for key in ("by", "host", "what", "since")})
        if holder
        else message("store.locked.unknown")
    )
    return Refused([Problem(what, remedy=message("store.locked.remedy"))])
