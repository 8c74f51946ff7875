"""Cases as the books keep them: found, listed, and what happens to them put down.

All that happens to a case is an event, entered in the journal; the table ``case_states`` is what the replay
of the events gives, kept so that the next case is found at once.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.officers.register import check_first_person
from adjudicator.problems import Refused, refused
from adjudicator.review.cases import (
    Event,
    Standing,
    State,
    What,
    after,
    replay,
    same_person,
)
from adjudicator.review.grading import Grade
from adjudicator.store import bulk, journal
from adjudicator.store.journal import Act
from adjudicator.store.schema import (
    CASE_EVENTS,
    CASE_STATES,
    CASES,
    CLAIMS,
)

_IN_TURN: Final = tuple(CASE_STATES.c[name] for name in ("rank", "due", "claim", "case"))
"""The order in which cases are given out."""


@dataclass(frozen=True)
class Case:
    """A case: what it is about, and how it stands."""

    case: int
    claim_id: int
    facility: str
    claim: str
    round: int
    run: int
    """The last run when it was graded."""
    grade: Grade
    standing: Standing

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that flagged the claim."""
        return tuple(sorted(self.grade.rules))

    @property
    def selections(self) -> tuple[int, ...]:
        """The selections that drew it."""
        return self.grade.selections

    @property
    def queue(self) -> str:
        """Where it was routed; else that of the rule that is surest, or the way in which it was selected."""
        return self.standing.queue or self.grade.queue

    @property
    def score(self) -> int:
        """How likely something is wrong, from 0 to 100."""
        return self.grade.score

    @property
    def saving(self) -> int:
        """What a look at it is expected to save, in minor units."""
        return self.grade.saving

    @property
    def minutes(self) -> int:
        """What a look at it takes."""
        return self.grade.minutes

    @property
    def name(self) -> str:
        """What the claim is called where several facilities may use one number."""
        return f"{self.facility}/{self.claim}"


def this_moment() -> dt.datetime:
    """Give the moment, in UTC, to the second, as the journal has it."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def state_columns(standing: Standing) -> dict[str, Any]:
    """Give what the table ``case_states`` says of how a case stands."""
    return {
        "state": standing.state.value,
        "officer": standing.officer,
        "since": standing.since.isoformat(),
        "until": standing.until.isoformat() if standing.until else None,
        "due": standing.due,
    }


def event_row(case: int, number: int, entry: int, event: Event) -> dict[str, Any]:
    """Give the row of the table ``case_events`` for an event: its number in the case, and in the journal."""
    return {
        "case": case,
        "number": number,
        "journal": entry,
        "at": event.at.isoformat(),
        "by": event.by,
        "what": event.what.value,
        "content": journal.canonical(event.content),
    }


def events_of(connection: sa.Connection, cases: Sequence[int]) -> dict[int, list[Event]]:
    """Read the events of some cases, in order."""
    found: dict[int, list[Event]] = {case: [] for case in cases}
    if not found:
        return found
    keys = bulk.wanted(connection, "wanted_events", pa.table({"key": sorted(found)}))
    query = (
        sa.select(CASE_EVENTS)
        .join(keys, keys.c.key == CASE_EVENTS.c.case)
        .order_by(CASE_EVENTS.c.case, CASE_EVENTS.c.number)
    )
    for row in connection.execute(query):
        found[row.case].append(_event(row))
    return found


def _event(row: Any) -> Event:
    moment = dt.datetime.fromisoformat(row.at)
    return Event(What(row.what), row.by, moment, json.loads(row.content))


def _events(connection: sa.Connection, case: int) -> list[Event]:
    """Read the events of one case, in order."""
    query = sa.select(CASE_EVENTS).where(CASE_EVENTS.c.case == case).order_by(CASE_EVENTS.c.number)
    return [_event(row) for row in connection.execute(query)]


def grade_of(row: Any) -> Grade:
    """Read how a case is graded, of its row in the table ``cases``."""
    figures = {"score": row.score, "saving": row.saving, "minutes": row.minutes}
    return Grade.of_record(json.loads(row.why) | figures)


def _case_query() -> sa.Select[Any]:
    return sa.select(CASES, CLAIMS.c.facility, CLAIMS.c.claim).join(
        CLAIMS, CLAIMS.c.claim_id == CASES.c.claim_id
    )


def _case(row: Any, events: Sequence[Event]) -> Case:
    standing = replay(events)
    return Case(row.case, row.claim_id, row.facility, row.claim, row.round, row.run, grade_of(row), standing)


def find_case(connection: sa.Connection, name: str) -> Case:
    """Find a case by its number, or by its claim's: the last one of that claim.

    Args:
        connection: of a transaction.
        name: the case's number, a claim's number, or ``facility/number``.

    Raises:
        Refused: there is none, or several claims have that number.
    """
    query = _case_query()
    if name.isascii() and name.isdigit() and len(name) < 19:
        row = connection.execute(query.where(CASES.c.case == int(name))).first()
        if row is not None:
            return _case(row, _events(connection, row.case))
    facility, slash, number = name.partition("/")
    of_claim = CLAIMS.c.claim == name
    if slash:
        of_claim = sa.or_(of_claim, sa.and_(CLAIMS.c.facility == facility, CLAIMS.c.claim == number))
    rows = connection.execute(query.where(of_claim).order_by(CASES.c.round.desc())).all()
    if not rows:
        raise refused("review.no_case", name=name)
    if len({row.claim_id for row in rows}) > 1:
        names = sorted({f"{row.facility}/{row.claim}" for row in rows})
        raise refused("review.case_of_several", name=name, names=names)
    return _case(rows[0], _events(connection, rows[0].case))


def case_of(connection: sa.Connection, number: int) -> Case:
    """Read the case of a number that is known to be there."""
    row = connection.execute(_case_query().where(CASES.c.case == number)).one()
    return _case(row, _events(connection, number))


def cases_of(connection: sa.Connection, numbers: Sequence[int]) -> list[Case]:
    """Read cases, in the order of their numbers."""
    keys = bulk.wanted(connection, "wanted_numbers", pa.table({"key": pa.array(numbers, pa.int64())}))
    query = _case_query().join(keys, keys.c.key == CASES.c.case).order_by(CASES.c.case)
    rows = connection.execute(query).all()
    events = events_of(connection, numbers)
    return [_case(row, events[row.case]) for row in rows]


def open_ones(
    connection: sa.Connection,
    states: Sequence[State] = (),
    officer: str | None = None,
    facility: str | None = None,
    due_by: dt.date | None = None,
    limit: int | None = None,
    queue: str | None = None,
) -> list[Case]:
    """List open cases in the order in which they are given out.

    Args:
        connection: of a transaction.
        states: only these; all if none is given.
        officer: only what this person has, or was assigned.
        facility: only claims of this facility.
        due_by: only what is due by this day.
        limit: not more than so many.
        queue: only this queue.
    """
    query = (
        _case_query()
        .join(CASE_STATES, CASE_STATES.c.case == CASES.c.case)
        .where(*_chosen(connection, states, officer, facility, due_by, queue))
        .order_by(*_IN_TURN)
    )
    rows = connection.execute(query.limit(limit) if limit is not None else query).all()
    events = events_of(connection, [row.case for row in rows])
    return [_case(row, events[row.case]) for row in rows]


def free_ones(connection: sa.Connection) -> list[int]:
    """Give the numbers of open cases that nobody was assigned, in the order in which they are given out."""
    query = sa.select(CASE_STATES.c.case).where(
        CASE_STATES.c.state == State.OPEN.value, CASE_STATES.c.officer.is_(None)
    )
    return list(connection.execute(query.order_by(*_IN_TURN)).scalars())


def queues_with_cases(connection: sa.Connection) -> list[str]:
    """Name the queues that open cases are in."""
    query = sa.select(CASE_STATES.c.queue).distinct().order_by(CASE_STATES.c.queue)
    return list(connection.execute(query).scalars())


def count_open(
    connection: sa.Connection,
    states: Sequence[State] = (),
    officer: str | None = None,
    facility: str | None = None,
    due_by: dt.date | None = None,
    queue: str | None = None,
) -> int:
    """Count the cases that :func:`open_ones` would list without a limit."""
    query = sa.select(sa.func.count()).select_from(CASE_STATES)
    if facility is not None:
        query = query.join(CLAIMS, CLAIMS.c.claim_id == CASE_STATES.c.claim_id)
    query = query.where(*_chosen(connection, states, officer, facility, due_by, queue))
    return int(connection.execute(query).scalar_one())


def names_of(connection: sa.Connection, officer: str) -> list[str]:
    """Give the ways in which open cases name an officer: databases do not fold the letters of all names."""
    query = sa.select(CASE_STATES.c.officer).where(CASE_STATES.c.officer.is_not(None)).distinct()
    return [name for name in connection.execute(query).scalars() if same_person(name, officer)]


def _chosen(
    connection: sa.Connection,
    states: Sequence[State],
    officer: str | None,
    facility: str | None,
    due_by: dt.date | None,
    queue: str | None,
) -> list[sa.ColumnElement[bool]]:
    chosen: list[sa.ColumnElement[bool]] = []
    if states:
        chosen.append(CASE_STATES.c.state.in_([state.value for state in states]))
    if officer is not None:
        chosen.append(CASE_STATES.c.officer.in_(names_of(connection, officer)))
    if facility is not None:
        chosen.append(CLAIMS.c.facility == facility)
    if due_by is not None:
        chosen.append(CASE_STATES.c.due <= due_by)
    if queue is not None:
        chosen.append(CASE_STATES.c.queue == queue)
    return chosen


def locked(connection: sa.Connection, number: int) -> Case:
    """Read a case that nobody else can change until the transaction ends."""
    connection.execute(sa.select(CASE_STATES.c.case).where(CASE_STATES.c.case == number).with_for_update())
    return case_of(connection, number)


def locked_together(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, Case]:
    """Read cases that nobody else can change until the transaction ends, by their numbers."""
    query = sa.select(CASE_STATES.c.case).where(CASE_STATES.c.case.in_(numbers)).order_by(CASE_STATES.c.case)
    connection.execute(query.with_for_update())
    return {case.case: case for case in cases_of(connection, numbers)}


def record(
    connection: sa.Connection, case: Case, event: Event, more: Mapping[str, Any] | None = None
) -> tuple[Case, int]:
    """Let something happen to a case, and put it down.

    Args:
        connection: of a transaction that writes, in which the case was locked.
        case: as it stands.
        event: what happens.
        more: what the journal says besides the event.

    Returns:
        The case after it, and the number of its entry in the journal.

    Raises:
        Refused: the case does not allow it now, or not of this person; or the first of two was not proven.
    """
    done = replace(case, standing=after(case.standing, event))
    if case.standing.state is State.SECOND_OPINION and event.what in (What.AGREED, What.RELEASED):
        _check_proposer(connection, case)
    [number] = _put_down(connection, [(case, event, done)], more or {})
    return done, number


def record_together(connection: sa.Connection, acts: Sequence[tuple[Case, Event]]) -> dict[int, Refused]:
    """Let something happen to cases, which closes none of them, and put each down as :func:`record` does.

    Args:
        connection: of a transaction that writes, in which the cases were locked.
        acts: cases as they stand, and what happens to each; in this order it is put down.

    Returns:
        Why it did not happen, of those cases that do not allow it now.
    """
    allowed, refusals = [], {}
    for case, event in acts:
        try:
            allowed.append((case, event, replace(case, standing=after(case.standing, event))))
        except Refused as refusal:
            refusals[case.case] = refusal
    _put_down(connection, allowed, {})
    return refusals


def _put_down(
    connection: sa.Connection, acts: Sequence[tuple[Case, Event, Case]], more: Mapping[str, Any]
) -> list[int]:
    """Put down what happened to cases, each before and after it; give the numbers of the entries."""
    entries = [
        (
            Act(event.by, f"review {event.what.value}"),
            {
                "case": case.case,
                "claim": case.name,
                "before": _brief(case.standing),
                "after": _brief(done.standing),
                **event.content,
                **more,
            },
        )
        for case, event, done in acts
    ]
    numbers = journal.append_all(connection, entries)
    if acts:
        events = [
            event_row(done.case, done.standing.events, number, event)
            for number, (_, event, done) in zip(numbers, acts, strict=True)
        ]
        connection.execute(sa.insert(CASE_EVENTS), events)
    of_case = CASE_STATES.c.case == sa.bindparam("number")
    if over := [{"number": done.case} for *_, done in acts if done.standing.closed]:
        connection.execute(sa.delete(CASE_STATES).where(of_case), over)
    states = [
        {"number": done.case, "queue": done.queue, **state_columns(done.standing)}
        for *_, done in acts
        if not done.standing.closed
    ]
    if states:
        connection.execute(sa.update(CASE_STATES).where(of_case), states)
    return numbers


def _check_proposer(connection: sa.Connection, case: Case) -> None:
    """Make sure that the name of the first of two officers was proven, where names are."""
    query = sa.select(CASE_EVENTS.c.journal, CASE_EVENTS.c.by).where(
        CASE_EVENTS.c.case == case.case, CASE_EVENTS.c.what == What.PROPOSED.value
    )
    row = connection.execute(query.order_by(CASE_EVENTS.c.number.desc()).limit(1)).one()
    check_first_person(connection, row.journal, row.by)


def _brief(standing: Standing) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, dt.date) else value
        for name, value in state_columns(standing).items()
        if value is not None and name != "since"
    }
