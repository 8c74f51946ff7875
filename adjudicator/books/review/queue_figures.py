"""How the queue stands, and what rules and selections have been worth."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.review.cases import events_of, this_moment
from adjudicator.review.cases import Event, State, What, seconds_held
from adjudicator.review.usefulness import Look, Usefulness, usefulness
from adjudicator.review.working_days import USUAL, Calendar, due_before
from adjudicator.store import runs
from adjudicator.store.schema import CASE_EVENTS, CASE_STATES, CASES, CLAIM_DECISIONS, SELECTIONS

_SECOND: Final = 2
"""The number of the event of a case with which something was done with it."""


@dataclass(frozen=True)
class Waiting:
    """The open cases in one state."""

    state: State
    cases: int
    overdue: int
    """Late by at least a working day; those that a facility has are never."""
    oldest: dt.date
    """When the one that waits longest was opened."""
    saving: int
    """What looks at all of them are expected to save, in minor units."""
    held_back: int
    """What their claims are valuated at, and are not paid while they wait."""


@dataclass(frozen=True)
class Figures:
    """The figures of the queue."""

    waiting: Sequence[Waiting]
    sources: Sequence[Usefulness]
    total: Usefulness


def figures(connection: sa.Connection, at: dt.datetime | None = None, calendar: Calendar = USUAL) -> Figures:
    """Tell how the queue stands, and what rules and selections have been worth."""
    sources, total = usefulness_of_sources(connection)
    late = due_before((at or this_moment()).date(), calendar)
    return Figures(_waiting(connection, late), sources, total)


def usefulness_of_sources(connection: sa.Connection) -> tuple[list[Usefulness], Usefulness]:
    """Tell what came of the cases of each rule and each way of selecting.

    A selection's source is called by its method, with a colon in front: no rule has such a name.

    Returns:
        The sources, those that saved most first, and the total.
    """
    methods = {
        row.selection: row.method
        for row in connection.execute(sa.select(SELECTIONS.c.selection, SELECTIONS.c.method))
    }
    return usefulness([*_untouched(connection, methods), *_touched(connection, methods)])


def _untouched(connection: sa.Connection, methods: Mapping[int, str]) -> Iterator[Look]:
    """Give the cases that were opened, and no more: many, and all that differs is what brought them in."""
    more = sa.exists().where(CASE_EVENTS.c.case == CASES.c.case, CASE_EVENTS.c.number == _SECOND)
    query = sa.select(CASES.c.why, sa.func.count().label("cases")).where(~more).group_by(CASES.c.why)
    for row in connection.execute(query.order_by(CASES.c.why)):
        yield Look(_sources(row.why, methods), False, cases=int(row.cases))


def _touched(connection: sa.Connection, methods: Mapping[int, str]) -> Iterator[Look]:
    more = sa.exists().where(CASE_EVENTS.c.case == CASES.c.case, CASE_EVENTS.c.number == _SECOND)
    rows = connection.execute(sa.select(CASES.c.case, CASES.c.why).where(more).order_by(CASES.c.case)).all()
    events = events_of(connection, [row.case for row in rows])
    return (_look(_sources(row.why, methods), events[row.case]) for row in rows)


def _sources(why: str, methods: Mapping[int, str]) -> tuple[str, ...]:
    put_down_to = json.loads(why)
    drawn = {f":{methods[number]}" for number in put_down_to["selections"]}
    return tuple(sorted({*put_down_to["rules"], *drawn}))


def _look(sources: tuple[str, ...], events: Sequence[Event]) -> Look:
    seconds = seconds_held(events)
    last = events[-1]
    if last.what not in (What.DECIDED, What.AGREED):
        return Look(sources, False, seconds=seconds, released=last.what is What.RELEASED)
    valuated = last.content["valuated"]
    return Look(sources, True, bool(last.content["changed"]), valuated["before"] - valuated["after"], seconds)


def _waiting(connection: sa.Connection, late: dt.date) -> list[Waiting]:
    last = runs.last_run(connection)
    decision, later, opened = CLAIM_DECISIONS, CLAIM_DECISIONS.alias("later"), CASE_EVENTS
    query = (
        sa.select(
            CASE_STATES.c.state,
            sa.func.count().label("cases"),
            sa.func.sum(sa.case((CASE_STATES.c.due < late, 1), else_=0)).label("overdue"),
            sa.func.min(opened.c.at).label("oldest"),
            sa.func.sum(CASES.c.saving).label("saving"),
            sa.func.sum(decision.c.valuated).label("held_back"),
        )
        .join(CASES, CASES.c.case == CASE_STATES.c.case)
        .join(opened, sa.and_(opened.c.case == CASE_STATES.c.case, opened.c.number == 1))
        .join(decision, decision.c.claim_id == CASE_STATES.c.claim_id)
        .where(
            decision.c.entry == DECISION,
            decision.c.run <= last,
            ~sa.exists().where(
                later.c.claim_id == decision.c.claim_id,
                later.c.entry == DECISION,
                later.c.run > decision.c.run,
                later.c.run <= last,
            ),
        )
        .group_by(CASE_STATES.c.state)
    )
    rows = {State(row.state): row for row in connection.execute(query)}
    return [
        Waiting(
            state,
            int(row.cases),
            int(row.overdue) if state is not State.RETURNED else 0,
            dt.datetime.fromisoformat(row.oldest).date(),
            int(row.saving),
            int(row.held_back),
        )
        for state in State
        if (row := rows.get(state)) is not None
    ]
