"""How the queue stands, and what rules and selections have been worth."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.review.cases import events_of, this_moment
from adjudicator.review.cases import Event, State, What, seconds_held
from adjudicator.review.usefulness import Look, Usefulness, usefulness
from adjudicator.store import runs
from adjudicator.store.schema import CASE_EVENTS, CASE_STATES, CASES, CLAIM_DECISIONS, SELECTIONS


@dataclass(frozen=True)
class Waiting:
    """The open cases in one state."""

    state: State
    cases: int
    overdue: int
    """Past their due date; those that a facility has are never."""
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


def figures(connection: sa.Connection, at: dt.datetime | None = None) -> Figures:
    """Tell how the queue stands, and what rules and selections have been worth."""
    sources, total = usefulness_of_sources(connection)
    return Figures(_waiting(connection, (at or this_moment()).date()), sources, total)


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
    rows = connection.execute(sa.select(CASES.c.case, CASES.c.why).order_by(CASES.c.case)).all()
    events = events_of(connection, [row.case for row in rows])
    return usefulness(_look(json.loads(row.why), methods, events[row.case]) for row in rows)


def _look(why: Mapping[str, Any], methods: Mapping[int, str], events: Sequence[Event]) -> Look:
    drawn = {f":{methods[number]}" for number in why["selections"]}
    sources = tuple(sorted({*why["rules"], *drawn}))
    seconds = seconds_held(events)
    last = events[-1]
    if last.what not in (What.DECIDED, What.AGREED):
        return Look(sources, False, seconds=seconds)
    valuated = last.content["valuated"]
    return Look(sources, True, bool(last.content["changed"]), valuated["before"] - valuated["after"], seconds)


def _waiting(connection: sa.Connection, today: dt.date) -> list[Waiting]:
    last = runs.last_run(connection)
    decision, later, opened = CLAIM_DECISIONS, CLAIM_DECISIONS.alias("later"), CASE_EVENTS
    query = (
        sa.select(CASE_STATES.c.state, CASE_STATES.c.due, CASES.c.saving, opened.c.at, decision.c.valuated)
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
    )
    by_state: dict[State, list[Any]] = defaultdict(list)
    for row in connection.execute(query):
        by_state[State(row.state)].append(row)
    return [
        Waiting(
            state,
            len(found),
            sum(row.due < today for row in found) if state is not State.RETURNED else 0,
            min(dt.datetime.fromisoformat(row.at).date() for row in found),
            sum(row.saving for row in found),
            sum(row.valuated for row in found),
        )
        for state in State
        if (found := by_state.get(state))
    ]
