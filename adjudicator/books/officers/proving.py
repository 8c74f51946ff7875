"""Proving that a name is its owner's, before anything is done in that name."""

from __future__ import annotations

import datetime as dt
import getpass
import json
from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import Final

import sqlalchemy as sa

from adjudicator.books.books import database_of
from adjudicator.books.officers.register import register_of, today
from adjudicator.officers.keys import fits
from adjudicator.officers.patience import wait
from adjudicator.officers.register import (
    Officer,
    Register,
    plain_name,
    problem_of_acting,
    problem_of_standing,
)
from adjudicator.officers.roles import roles_for
from adjudicator.problems import Refused, refused
from adjudicator.store import journal
from adjudicator.store.database import Database, exists
from adjudicator.store.journal import Act
from adjudicator.store.schema import JOURNAL, OFFICER_EVENTS

WRONG_KEY: Final = "wrong key"
"""The act of the journal."""

RENEW: Final = "officer renew"
"""The one command that a key is good for which somebody else gave out."""

_LOOKED_AT: Final = 1_000
"""The last entries of the journal, among which wrong keys are counted."""

Ask = Callable[[str], str]
"""Gives the key of an officer, by whatever way they have."""


def prove(
    folder: Path, name: str, act: str, ask: Ask, pause: Callable[[float], None] | None = None
) -> str | None:
    """Prove that a name is its owner's, and that they may give a command.

    Args:
        folder: of the scheme.
        name: that somebody goes by.
        act: the command, as in ``payroll approve``.
        ask: for the key; it is not asked where the books have no officers.
        pause: waits for some seconds; :func:`time.sleep`, if left out.

    Returns:
        The name as it is registered; None where the books have no officers, or there are no books.

    Raises:
        Refused: they are no officer, or not now; the key is not theirs; or they lack the role.
    """
    with database_of(folder) as (_, database):
        register = _register(database)
        if not register:
            return None
        day = today()
        if problem := problem_of_standing(register, name, day):
            raise Refused([problem])
        officer = register[plain_name(name)]
        _check_key(database, officer, ask(officer.name), act, pause or sleep)
        # Who renews their own key is told how, whatever key they have.
        if act != RENEW or officer.given_by is None:
            problem = problem_of_acting(register, name, roles_for(act), day)
            if problem is not None:
                raise Refused([problem])
        return officer.name


def _register(database: Database) -> Register:
    """Read the register; books that are not there, or are older than the register, have none."""
    if not exists(database):
        return {}
    with database.reading() as connection:
        if not sa.inspect(connection).has_table(OFFICER_EVENTS.name):
            return {}
        return register_of(connection)


def _check_key(
    database: Database, officer: Officer, key: str, act: str, pause: Callable[[float], None]
) -> None:
    with database.reading() as connection:
        tried = _wrong_keys(connection, officer)
    if seconds := wait(tried, dt.datetime.now(dt.UTC)):
        pause(seconds)
    if fits(key, officer.hash):
        return
    with database.writing() as connection:
        content = {"officer": officer.name, "command": act}
        journal.append(connection, Act(_account(), WRONG_KEY), content)
    raise refused("officers.wrong_key", officer=officer.name)


def _wrong_keys(connection: sa.Connection, officer: Officer) -> list[dt.datetime]:
    last = sa.select(sa.func.coalesce(sa.func.max(JOURNAL.c.number), 0)).scalar_subquery()
    query = sa.select(JOURNAL.c.at, JOURNAL.c.content).where(
        JOURNAL.c.number > last - _LOOKED_AT, JOURNAL.c.what == WRONG_KEY
    )
    return [
        dt.datetime.fromisoformat(row.at)
        for row in connection.execute(query)
        if json.loads(row.content).get("officer") == officer.name
    ]


def _account() -> str:
    """Name the account of the machine: whoever tried a wrong key is not known to be who they say."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # before Python 3.13, an account without a name is a KeyError
        return "?"
