"""Checking the queue: every case stands as its events say, and its events are those of the journal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, Final

import sqlalchemy as sa

from adjudicator.books.review.cases import events_of, grade_of, state_columns
from adjudicator.problems import Refused
from adjudicator.review.cases import Event, Standing, What, replay
from adjudicator.store.schema import CASE_EVENTS, CASE_STATES, CASES, JOURNAL
from adjudicator.words import Message, message

_AT_A_TIME: Final = 2_000


def check_queue(connection: sa.Connection) -> list[Message]:
    """Check all cases; give what is wrong with them.

    A case stands as the replay of its events gives it, and has the rank that its last grading gives; one
    that is over is not in the queue; and each event is what its entry in the journal says.
    """
    states = {row.case: row for row in connection.execute(sa.select(CASE_STATES))}
    numbers = list(connection.execute(sa.select(CASES.c.case).order_by(CASES.c.case)).scalars())
    found: list[Message] = []
    opened: dict[int, int] = {}
    for first in range(0, len(numbers), _AT_A_TIME):
        some = numbers[first : first + _AT_A_TIME]
        rows = connection.execute(sa.select(CASES).where(CASES.c.case.between(some[0], some[-1])))
        graded = {row.case: row for row in rows}
        for case, events in events_of(connection, some).items():
            try:
                standing, first_saving = replay(events), _saving_when_opened(graded[case], events)
            except (Refused, ValueError, KeyError):
                found.append(message("review.check.events", case=str(case)))
                continue
            opened[case] = first_saving
            stands = _stands(states.pop(case, None), standing, graded[case])
            if not stands or not _graded(graded[case], events):
                found.append(message("review.check.state", case=str(case)))
    found += [message("review.check.no_case", case=str(case)) for case in states]
    wrong = sorted({*_unlike_the_journal(connection), *_other_savings(connection, opened)})
    return found + [message("review.check.journal", case=str(case)) for case in wrong]


def _stands(row: Any, standing: Standing, graded: Any) -> bool:
    if standing.closed or row is None:
        return standing.closed and row is None
    of_case = grade_of(graded)
    wanted = state_columns(standing) | {
        "claim_id": graded.claim_id,
        "rank": of_case.rank,
        "queue": standing.queue or of_case.queue,
    }
    return all(getattr(row, name) == value for name, value in wanted.items())


def _gradings(events: Iterable[Event]) -> list[Event]:
    return [event for event in events if event.what is What.REGRADED]


def _graded(row: Any, events: Sequence[Event]) -> bool:
    """Tell whether a case is graded as it was last, and each grading began where the one before it ended."""
    gradings = _gradings(events)
    chained = all(one.content["is"] == following.content["was"] for one, following in pairwise(gradings))
    return chained and (not gradings or gradings[-1].content["is"] == grade_of(row).as_record())


def _saving_when_opened(row: Any, events: Sequence[Event]) -> int:
    gradings = _gradings(events)
    return int(gradings[0].content["was"]["saving"] if gradings else row.saving)


def _other_savings(connection: sa.Connection, opened: Mapping[int, int]) -> Iterator[int]:
    """Name the first of cases that were opened together with another expected saving than they have."""
    query = sa.select(JOURNAL.c.content).where(JOURNAL.c.what == f"review {What.OPENED.value}")
    for content in connection.execute(query).scalars():
        said = json.loads(content)
        first, last = said["cases"]
        together = [opened.get(case) for case in range(first, last + 1)]
        if None not in together and sum(saving or 0 for saving in together) != said["saving"]:
            yield first


def _unlike_the_journal(connection: sa.Connection) -> Iterator[int]:
    """Name the cases with an event that its entry in the journal does not speak of."""
    events = sa.select(CASE_EVENTS).order_by(CASE_EVENTS.c.journal, CASE_EVENTS.c.case)
    numbers = sa.select(CASE_EVENTS.c.journal)
    entries = sa.select(JOURNAL.c.number, JOURNAL.c.by, JOURNAL.c.content).where(
        JOURNAL.c.number.in_(numbers)
    )
    said = {row.number: row for row in connection.execute(entries)}
    for number, rows in groupby(connection.execute(events), key=lambda row: int(row.journal)):
        entry = said.get(number)
        content = json.loads(entry.content) if entry is not None else {}
        for row in rows:
            is_by = entry is not None and entry.by == row.by
            if not is_by or not _says(content, row.case, row.what, json.loads(row.content)):
                yield int(row.case)


def _says(said: Mapping[str, Any], number: int, what: str, content: Mapping[str, Any]) -> bool:
    match what:
        case What.OPENED.value:
            first, last = said.get("cases", (0, -1))
            return bool(first <= number <= last) and _has(said, content)
        case What.REGRADED.value:
            return bool(said.get("cases", {}).get(str(number)) == content)
        case _:
            return said.get("case") == number and _has(said, content)


def _has(said: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    return all(said.get(name) == value for name, value in content.items())
