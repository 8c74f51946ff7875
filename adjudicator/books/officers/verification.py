"""Checking the register of officers against the journal, and the journal's names against the register."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from adjudicator.books.officers.proving import WRONG_KEY
from adjudicator.books.officers.register import events_of, journal_content, register_of
from adjudicator.officers.register import Event, What, plain_name
from adjudicator.problems import Refused
from adjudicator.store.schema import JOURNAL, OFFICER_EVENTS
from adjudicator.words import Message, message

_KINDS: Final = tuple(what.value for what in What)


def check_officers(connection: sa.Connection) -> list[Message]:
    """Check the register; give what is wrong with it.

    Its rows are those that the journal speaks of, and since there are officers nobody acted who was none.
    """
    found = list(_unlike_the_journal(connection))
    try:
        register_of(connection)
    except Refused as refused:
        return [*found, *(problem.what for problem in refused.problems)]
    return found + list(_strangers(connection))


def unproven(connection: sa.Connection) -> Message | None:
    """Say which names in the books were taken at their word; None where all were proven."""
    first = connection.execute(sa.select(sa.func.min(OFFICER_EVENTS.c.journal))).scalar()
    if first is None:
        return message("officers.none_proven")
    # The books are made by somebody before there can be an officer, and the first one by anybody.
    others = sa.select(sa.func.count()).where(JOURNAL.c.number < first, JOURNAL.c.what != "init")
    count = int(connection.execute(others).scalar_one())
    return message("officers.some_unproven", count=count, first=str(first)) if count else None


def _unlike_the_journal(connection: sa.Connection) -> Iterator[Message]:
    rows = {row.journal: row for row in connection.execute(sa.select(OFFICER_EVENTS))}
    query = sa.select(JOURNAL.c.number, JOURNAL.c.what, JOURNAL.c.content).where(JOURNAL.c.what.in_(_KINDS))
    for entry in connection.execute(query.order_by(JOURNAL.c.number)):
        row, said = rows.pop(entry.number, None), json.loads(entry.content)
        if row is None or row.what != entry.what or journal_content(dict(row._mapping)) != said:
            yield message("officers.check.row", officer=str(said.get("officer")), entry=str(entry.number))
    for number, row in rows.items():
        yield message("officers.check.row", officer=row.officer, entry=str(number))


def _strangers(connection: sa.Connection) -> Iterator[Message]:
    """Name those who acted, since there are officers, while they were none."""
    events = events_of(connection)
    if not events:
        return
    after = sa.and_(JOURNAL.c.number > events[0].number, JOURNAL.c.what != WRONG_KEY)
    names = connection.execute(sa.select(JOURNAL.c.by).where(after).distinct().order_by(JOURNAL.c.by))
    for name in names.scalars().all():
        served = [_within(first, last) for first, last in _terms(events, name)]
        count, entry = connection.execute(
            sa.select(sa.func.count(), sa.func.min(JOURNAL.c.number)).where(
                after, JOURNAL.c.by == name, *(sa.not_(term) for term in served)
            )
        ).one()
        if count:
            yield message("officers.check.stranger", name=name, count=int(count), entry=str(entry))


def _terms(events: list[Event], name: str) -> list[tuple[Event, int | None]]:
    """Give the times in which somebody was an officer: how each began, and the entry that closed it."""
    found: list[tuple[Event, int | None]] = []
    for event in events:
        if plain_name(event.officer) == plain_name(name):
            if event.what is What.ADDED:
                found.append((event, None))
            elif event.what is What.CLOSED:
                found[-1] = (found[-1][0], event.number)
    return found


def _within(added: Event, closed: int | None) -> sa.ColumnElement[bool]:
    """Tell whether an entry of the journal is of the time of an officer."""
    bounds = [JOURNAL.c.number > added.number]
    if closed is not None:
        # An administrator who closes themselves is an officer while they do.
        bounds.append(JOURNAL.c.number <= closed)
    if added.since is not None:
        bounds.append(JOURNAL.c.at >= added.since.isoformat())
    if added.until is not None:
        bounds.append(JOURNAL.c.at < (added.until + dt.timedelta(days=1)).isoformat())
    return sa.and_(*bounds)
