"""Checking the queue: every case stands as its events say, and its events are those of the journal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa

from adjudicator.books.review.cases import events_of, state_columns
from adjudicator.problems import Refused
from adjudicator.review.cases import Standing, What, replay
from adjudicator.store.schema import CASE_EVENTS, CASE_STATES, CASES, JOURNAL
from adjudicator.words import Message, message

_AT_A_TIME: Final = 2_000


def check_queue(connection: sa.Connection) -> list[Message]:
    """Check all cases; give what is wrong with them.

    A case stands as the replay of its events gives it; one that is over is not in the queue; and each event
    is what its entry in the journal says.
    """
    states = {row.case: row for row in connection.execute(sa.select(CASE_STATES))}
    numbers = list(connection.execute(sa.select(CASES.c.case).order_by(CASES.c.case)).scalars())
    found: list[Message] = []
    for first in range(0, len(numbers), _AT_A_TIME):
        some = numbers[first : first + _AT_A_TIME]
        for case, events in events_of(connection, some).items():
            try:
                standing = replay(events)
            except (Refused, ValueError, KeyError):
                found.append(message("review.check.events", case=str(case)))
                continue
            if not _stands(states.pop(case, None), standing):
                found.append(message("review.check.state", case=str(case)))
    found += [message("review.check.no_case", case=str(case)) for case in states]
    return found + list(_unlike_the_journal(connection))


def _stands(row: Any, standing: Standing) -> bool:
    if standing.closed or row is None:
        return standing.closed and row is None
    wanted = state_columns(standing)
    moved = standing.queue is None or standing.queue == row.queue
    return moved and all(getattr(row, name) == value for name, value in wanted.items())


def _unlike_the_journal(connection: sa.Connection) -> Iterator[Message]:
    """Name the cases with an event that its entry in the journal does not speak of."""
    query = (
        sa.select(
            CASE_EVENTS.c.case,
            CASE_EVENTS.c.what,
            CASE_EVENTS.c.content,
            CASE_EVENTS.c.by,
            JOURNAL.c.by.label("person"),
            JOURNAL.c.content.label("said"),
        )
        .outerjoin(JOURNAL, JOURNAL.c.number == CASE_EVENTS.c.journal)
        .order_by(CASE_EVENTS.c.case, CASE_EVENTS.c.number)
    )
    for row in connection.execute(query):
        said = json.loads(row.said) if row.said else {}
        if row.person != row.by or not _says(said, row.case, row.what, json.loads(row.content)):
            yield message("review.check.journal", case=str(row.case))


def _says(said: Mapping[str, Any], case: int, what: str, content: Mapping[str, Any]) -> bool:
    if what == What.OPENED.value:
        first, last = said.get("cases", (0, -1))
        return bool(first <= case <= last) and said.get("due") == content.get("due")
    return said.get("case") == case and all(said.get(name) == value for name, value in content.items())
