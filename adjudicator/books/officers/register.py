"""The register of officers in the books: read, added to, and asked by other rooms."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.officers.keys import SALT, hashed, new_key
from adjudicator.officers.register import (
    Event,
    Officer,
    Register,
    What,
    nameable,
    plain_name,
    problem_of_standing,
    problems_of_adding,
    problems_of_closing,
    problems_of_renewing,
    replay,
    role_missing,
    tidy_name,
)
from adjudicator.officers.roles import Role
from adjudicator.problems import Refused, refused
from adjudicator.store import journal
from adjudicator.store.journal import Act
from adjudicator.store.schema import JOURNAL, OFFICER_EVENTS


def today() -> dt.date:
    """Give the day, in UTC, as the journal has it."""
    return dt.datetime.now(dt.UTC).date()


def events_of(connection: sa.Connection) -> list[Event]:
    """Read what happened to the register, in order."""
    query = sa.select(OFFICER_EVENTS, JOURNAL.c.by).join(
        JOURNAL, JOURNAL.c.number == OFFICER_EVENTS.c.journal
    )
    return [
        Event(
            row.journal,
            What(row.what),
            row.officer,
            row.by,
            tuple(Role(role) for role in (row.roles or "").split()),
            row.since,
            row.until,
            row.hash,
        )
        for row in connection.execute(query.order_by(OFFICER_EVENTS.c.journal))
    ]


def register_of(connection: sa.Connection) -> Register:
    """Read the register; it is empty where names are taken at their word.

    Raises:
        Refused: it is not as it was written, so that nobody can be known by it.
    """
    try:
        return replay(events_of(connection))
    except (KeyError, ValueError):
        raise refused("officers.damaged") from None


def officers(books: Books) -> list[Officer]:
    """List the officers of the books, those that were closed too, in the order in which they came."""
    with books.database.reading() as connection:
        return list(register_of(connection).values())


def add_officer(
    books: Books,
    name: str,
    roles: Sequence[Role],
    by: str,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> tuple[Officer, str]:
    """Add an officer. The first one may be added by anybody, later ones by an administrator.

    Args:
        books: the books.
        name: theirs.
        roles: at least one.
        by: who adds them; they must have been proven where there are officers.
        since: the first day on which they may act; today, if left out.
        until: the last one.

    Returns:
        The officer, and the key, which is kept nowhere.

    Raises:
        Refused: with everything that is wrong with it.
    """
    day, key = today(), new_key()
    wanted = tuple(role for role in Role if role in roles)
    with books.database.writing() as connection:
        _alone(connection)
        register = register_of(connection)
        kept = hashed(key, secrets.token_bytes(SALT))
        new = Officer(tidy_name(name), wanted, since or day, until, kept, None, 0)
        if problems := problems_of_adding(register, new, by, day, nameable(name)):
            raise Refused(problems)
        event = Event(0, What.ADDED, new.name, by, wanted, new.since, new.until, kept)
        _put_down(connection, event)
        return register_of(connection)[plain_name(name)], key


def renew_key(books: Books, name: str, by: str) -> tuple[Officer, str]:
    """Give an officer another key; the one that they had is good for nothing from then on.

    Args:
        books: the books.
        name: whose.
        by: who does it, proven: the officer, or an administrator for one who has lost theirs.

    Returns:
        The officer, and the key, which is kept nowhere.

    Raises:
        Refused: there is no such officer, or this person may not do it.
    """
    key = new_key()
    with books.database.writing() as connection:
        _alone(connection)
        register = register_of(connection)
        if problems := problems_of_renewing(register, name, by, today()):
            raise Refused(problems)
        officer = register[plain_name(name)]
        kept = hashed(key, secrets.token_bytes(SALT))
        _put_down(connection, Event(0, What.RENEWED, officer.name, by, hash=kept))
        return register_of(connection)[plain_name(name)], key


def close_officer(books: Books, name: str, by: str) -> Officer:
    """Close an officer, who acts no more from then on; what they did stays.

    Raises:
        Refused: there is no such officer, it is the last administrator, or ``by`` is none.
    """
    with books.database.writing() as connection:
        _alone(connection)
        register = register_of(connection)
        if problems := problems_of_closing(register, name, by, today()):
            raise Refused(problems)
        officer = register[plain_name(name)]
        _put_down(connection, Event(0, What.CLOSED, officer.name, by))
        return officer


def _alone(connection: sa.Connection) -> None:
    """See to it that two do not read the register before either has written to it."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE officer_events IN SHARE ROW EXCLUSIVE MODE")


def _put_down(connection: sa.Connection, event: Event) -> None:
    values = {
        "officer": event.officer,
        "what": event.what.value,
        "roles": " ".join(event.roles) or None,
        "since": event.since,
        "until": event.until,
        "hash": event.hash,
    }
    number = journal.append(connection, Act(event.by, event.what.value), journal_content(values))
    connection.execute(sa.insert(OFFICER_EVENTS).values(journal=number, **values))


def journal_content(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the journal says of a row of the register: of what is kept of a key, only a digest."""
    kept = values["hash"]
    days = {name: values[name].isoformat() if values[name] else None for name in ("since", "until")}
    return {
        "officer": values["officer"],
        "roles": (values["roles"] or "").split(),
        **days,
        "key": hashlib.sha256(kept.encode()).hexdigest() if kept else None,
    }


# What other rooms ask.


def names_with(connection: sa.Connection, role: Role) -> tuple[str, ...]:
    """Give the names of the officers who have a role today."""
    day = today()
    return tuple(
        one.name for one in register_of(connection).values() if role in one.roles and one.stands(day)
    )


def check_named(connection: sa.Connection, name: str, roles: Collection[Role]) -> None:
    """Make sure that somebody who is named, and does not act themselves, is an officer of some roles.

    Raises:
        Refused: they are none, and there are officers.
    """
    register = register_of(connection)
    if not register:
        return
    problem = problem_of_standing(register, name, today())
    officer = register.get(plain_name(name))
    if problem is None and officer is not None and not officer.may(roles):
        problem = role_missing(officer, roles)
    if problem is not None:
        raise Refused([problem])


def check_first_person(connection: sa.Connection, entry: int, by: str) -> None:
    """Make sure that what a second person agrees to was done by somebody whose name was proven.

    Args:
        connection: a transaction.
        entry: of the journal, by which the first person did their part.
        by: the first person.

    Raises:
        Refused: there are officers now, and there were none then: it may have been anybody.
    """
    first = connection.execute(sa.select(sa.func.min(OFFICER_EVENTS.c.journal))).scalar()
    if first is not None and entry < first:
        raise refused("officers.first_unproven", by=by)
