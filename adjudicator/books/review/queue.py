"""The queue of cases: claims that wait for a medical officer, each with one officer at a time.

A case is opened for a claim that was selected for review or flagged by a rule. All that happens to it is
an event, entered in the journal; the table ``case_states`` is what the replay of the events gives, kept so
that the next case is found at once. Every act takes its case first and the journal after it, so that
officers never wait for one another in a circle.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa
import yaml

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.books import Books
from adjudicator.books.ledger import current_decisions, rows_of_decisions
from adjudicator.books.review.applied import unapplied
from adjudicator.books.review.feedback import contradicted
from adjudicator.problems import Problem, Refused
from adjudicator.review.cases import (
    CLOSED,
    Event,
    Standing,
    State,
    What,
    after,
    clock_stops,
    releases,
    replay,
    same_person,
)
from adjudicator.review.decision import problems_of_reason
from adjudicator.review.ranking import SCORE_ALL, expected_minutes, expected_saving, rank
from adjudicator.review.reasons import Use
from adjudicator.review.working_days import due_date
from adjudicator.scheme import ReviewSettings
from adjudicator.store import bulk, journal, runs
from adjudicator.store.journal import Act
from adjudicator.store.schema import (
    CASE_EVENTS,
    CASE_STATES,
    CASES,
    CLAIM_DECISIONS,
    CLAIMS,
    FEEDBACK,
    FLAGS,
    JOURNAL,
    LINE_DECISIONS,
    LOADS,
    RULE_TEXTS,
    SELECTED,
    SELECTIONS,
)
from adjudicator.units import PERCENT_ALL
from adjudicator.vocabulary import ClaimStatus
from adjudicator.words import message

Int64s = npt.NDArray[np.int64]

ACTIVE: Final = "active"
"""The status of rules that are in use."""

_A_DAY: Final = dt.time(23, 59, 59, tzinfo=dt.UTC)
"""The end of a day that something is asked by."""


PATIENT_FEEDBACK: Final = "patient-feedback"
"""What a case is put down to that a patient's answers brought up, and its queue."""

FEEDBACK_SCORE: Final = 80
"""How likely something is wrong where a patient contradicts a claim, from 0 to 100."""


@dataclass(frozen=True)
class Case:
    """A case: what it is about, and how it stands."""

    case: int
    claim_id: int
    facility: str
    claim: str
    round: int
    run: int
    """The last run when it was opened."""
    rules: tuple[str, ...]
    """The rules that flagged the claim."""
    selections: tuple[int, ...]
    """The selections that drew it."""
    queue: str
    """That of the rule that is surest, else the way in which the claim was selected."""
    score: int
    saving: int
    """What a look at it is expected to save, in minor units."""
    minutes: int
    standing: Standing

    @property
    def name(self) -> str:
        """What the claim is called where several facilities may use one number."""
        return f"{self.facility}/{self.claim}"


def this_moment() -> dt.datetime:
    """Give the moment, in UTC, to the second, as the journal has it."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


# Opening.


@dataclass
class _Wanted:
    """A claim that deserves a case."""

    rules: dict[str, int]
    """By rule, its highest score."""
    queues: dict[str, str]
    """By rule, the queue that it puts claims into."""
    lines: dict[int, int]
    """By line, the highest score of the flags on it; 0 is the claim."""
    selections: dict[int, str]
    """By selection, its method."""

    @property
    def queue(self) -> str:
        """The queue of the rule that is surest, else the way in which the claim was selected."""
        if self.rules:
            return self.queues[max(sorted(self.rules), key=lambda rule: self.rules[rule])]
        return next(iter(self.selections.values()))


def waiting_for_a_case(connection: sa.Connection) -> dict[int, _Wanted]:
    """Find the claims that deserve a case and have none.

    They were selected for review since their last case was closed (or never had one), were contradicted by
    their patient since then, or were flagged by a rule that had not flagged them when it was closed. Shadow
    rules and rules that reject put nobody in the queue. A rejected claim has nothing left to save, and is a
    case only where it was selected.
    """
    last = runs.last_run(connection)
    found: dict[int, _Wanted] = defaultdict(lambda: _Wanted({}, {}, {}, {}))
    closings = _Closings(connection)
    queues = queues_of_versions(connection)
    silent = [version for version, queue in queues.items() if queue is None]
    for row in connection.execute(_flags_since_cases(last, silent)):
        if row.has_case and closings.answered_flag(row.claim_id, row.rule, row.run):
            continue
        wanted = found[row.claim_id]
        wanted.rules[row.rule] = max(wanted.rules.get(row.rule, 0), row.score)
        wanted.queues[row.rule] = queues.get(row.version) or row.rule
        wanted.lines[row.line] = max(wanted.lines.get(row.line, 0), row.score)
    for row in connection.execute(_selections_since_cases(last)):
        if not (row.has_case and closings.answered_selection(row.claim_id, row.journal)):
            found[row.claim_id].selections[row.selection] = row.method
    for claim_id in _contradicted_by_patients(connection, closings):
        wanted = found[claim_id]
        wanted.rules[PATIENT_FEEDBACK] = FEEDBACK_SCORE
        wanted.queues[PATIENT_FEEDBACK] = PATIENT_FEEDBACK
        wanted.lines[0] = max(wanted.lines.get(0, 0), FEEDBACK_SCORE)
    return dict(found)


def _contradicted_by_patients(connection: sa.Connection, closings: _Closings) -> list[int]:
    """Find the claims that a patient contradicted since their last case was closed, or that never had one."""
    query = sa.select(
        FEEDBACK.c.claim_id,
        FEEDBACK.c.journal,
        sa.exists().where(CASES.c.claim_id == FEEDBACK.c.claim_id).label("has_case"),
    )
    said = [
        int(row.claim_id)
        for row in connection.execute(query.order_by(FEEDBACK.c.claim_id))
        if not (row.has_case and closings.answered_selection(row.claim_id, row.journal))
    ]
    # Amounts are only told in findings, which are not looked at here.
    found = contradicted(connection, np.array(said, np.int64), 0)
    return [claim_id for claim_id in said if found.get(claim_id)]


def queues_of_versions(connection: sa.Connection) -> dict[str, str | None]:
    """Tell into which queue each version of a rule puts what it flags; None: into none."""
    rows = connection.execute(sa.select(RULE_TEXTS.c.content_hash, RULE_TEXTS.c.text))
    return {row.content_hash: _queue_of(row.text) for row in rows}


@cache
def _queue_of(text: str) -> str | None:
    # The text was checked when it was kept: it has a shape that need not be read as a whole here.
    rule = yaml.load(text, yaml.BaseLoader)
    if rule.get("status", ACTIVE) != ACTIVE:
        return None
    then = rule["then"].get("flag") or rule["then"].get("sample")
    return str(then["queue"]) if then else None


def _flags_since_cases(last: int, silent: Sequence[str]) -> sa.Select[Any]:
    """Choose flags of accepted claims whose cases are all older than the flags are."""
    later, standing = CLAIM_DECISIONS.alias("later"), CLAIM_DECISIONS.alias("standing")
    rejected = sa.exists().where(
        standing.c.claim_id == FLAGS.c.claim_id,
        standing.c.entry == DECISION,
        standing.c.run <= last,
        standing.c.status == int(ClaimStatus.REJECTED),
        ~sa.exists().where(
            later.c.claim_id == standing.c.claim_id,
            later.c.entry == DECISION,
            later.c.run > standing.c.run,
            later.c.run <= last,
        ),
    )
    return (
        sa.select(
            FLAGS.c.claim_id,
            FLAGS.c.line,
            FLAGS.c.rule,
            FLAGS.c.version,
            FLAGS.c.score,
            FLAGS.c.run,
            sa.exists().where(CASES.c.claim_id == FLAGS.c.claim_id).label("has_case"),
        )
        .where(
            FLAGS.c.run <= last,
            FLAGS.c.version.not_in(silent),
            ~rejected,
            ~sa.exists().where(CASES.c.claim_id == FLAGS.c.claim_id, CASES.c.run >= FLAGS.c.run),
        )
        .order_by(FLAGS.c.claim_id, FLAGS.c.line, FLAGS.c.rule)
    )


def _selections_since_cases(last: int) -> sa.Select[Any]:
    """Choose selections for review of decided claims whose cases are all older than they are."""
    return (
        sa.select(
            SELECTED.c.claim_id,
            SELECTED.c.selection,
            SELECTIONS.c.journal,
            SELECTIONS.c.method,
            sa.exists().where(CASES.c.claim_id == SELECTED.c.claim_id).label("has_case"),
        )
        .join(SELECTIONS, SELECTIONS.c.selection == SELECTED.c.selection)
        .where(
            SELECTIONS.c.purpose == "review",
            sa.exists().where(
                CLAIM_DECISIONS.c.claim_id == SELECTED.c.claim_id, CLAIM_DECISIONS.c.run <= last
            ),
            ~sa.exists().where(
                CASES.c.claim_id == SELECTED.c.claim_id, CASES.c.journal > SELECTIONS.c.journal
            ),
        )
        .order_by(SELECTED.c.claim_id, SELECTED.c.selection)
    )


class _Closings:
    """Tells what the cases of claims that have some have answered already."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._found: dict[int, tuple[int, int] | None] = {}

    def answered_flag(self, claim_id: int, rule: str, run: int) -> bool:
        """Tell whether a case is open, or an officer who closed one knew that the rule had fired."""
        closing = self._closing(claim_id)
        if closing is None or run <= closing[0]:
            return True
        query = sa.select(FLAGS.c.run).where(
            FLAGS.c.run <= closing[0], FLAGS.c.claim_id == claim_id, FLAGS.c.rule == rule
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def answered_selection(self, claim_id: int, number: int) -> bool:
        """Tell whether a case is open, or one was closed after the journal's entry of a selection."""
        closing = self._closing(claim_id)
        return closing is None or closing[1] > number

    def _closing(self, claim_id: int) -> tuple[int, int] | None:
        """Give the last run and the journal's entry of the last closing; None while a case is open."""
        if claim_id not in self._found:
            opened = sa.select(CASE_STATES.c.case).where(CASE_STATES.c.claim_id == claim_id)
            query = (
                sa.select(CASE_EVENTS.c.content, CASE_EVENTS.c.journal)
                .join(CASES, CASES.c.case == CASE_EVENTS.c.case)
                .where(CASES.c.claim_id == claim_id)
                .order_by(CASES.c.round.desc(), CASE_EVENTS.c.number.desc())
                .limit(1)
            )
            is_open = self._connection.execute(opened).first() is not None
            row = None if is_open else self._connection.execute(query).first()
            self._found[claim_id] = (int(json.loads(row.content)["run"]), int(row.journal)) if row else None
        return self._found[claim_id]


def open_cases(books: Books, by: str, at: dt.datetime | None = None) -> int:
    """Open a case for every claim that deserves one and has none.

    Returns:
        How many were opened.
    """
    with books.database.reading() as connection:
        if not waiting_for_a_case(connection):
            return 0
    with books.database.writing() as connection:
        if connection.dialect.name == "postgresql":
            # Two who open cases would open the same ones.
            connection.exec_driver_sql("LOCK TABLE cases IN SHARE ROW EXCLUSIVE MODE")
        wanted = waiting_for_a_case(connection)
        if wanted:
            _open(connection, books.settings.review, wanted, by, at or this_moment())
    return len(wanted)


def _open(
    connection: sa.Connection,
    settings: ReviewSettings,
    wanted: Mapping[int, _Wanted],
    by: str,
    at: dt.datetime,
) -> None:
    last = runs.last_run(connection)
    numbers = _claim_numbers(connection, wanted)
    amounts = _amounts(connection, wanted, last)
    ordered = sorted(wanted, key=lambda claim_id: (numbers[claim_id][1], numbers[claim_id][0]))
    first = 1 + int(
        connection.execute(sa.select(sa.func.coalesce(sa.func.max(CASES.c.case), 0))).scalar_one()
    )
    rounds = _rounds(connection, wanted)
    due = due_date(at.date(), settings.days)
    event = Event(What.OPENED, by, at, {"due": due.isoformat()})
    standing = after(None, event)
    cases = [
        _case_row(first + place, claim_id, wanted[claim_id], amounts[claim_id], settings)
        | {"round": rounds.get(claim_id, 0) + 1, "run": last, "due": due}
        for place, claim_id in enumerate(ordered)
    ]
    content = {
        "cases": [first, first + len(cases) - 1],
        "run": last,
        "due": due.isoformat(),
        "saving": sum(case["saving"] for case in cases),
    }
    number = journal.append(connection, Act(by, "review opened"), content)
    for table, rows in (
        (CASES, [case | {"journal": number} for case in cases]),
        (CASE_EVENTS, [_event_row(case["case"], 1, number, event) for case in cases]),
        (
            CASE_STATES,
            [
                {
                    "case": case["case"],
                    "claim_id": case["claim_id"],
                    "rank": rank(case["saving"], case["minutes"]),
                    "claim": numbers[case["claim_id"]][1],
                    "queue": wanted[case["claim_id"]].queue,
                }
                | _state_columns(standing)
                for case in cases
            ],
        ),
    ):
        bulk.insert(connection, table, _arrow(table, rows))


def _arrow(table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    names = [column.name for column in table.columns if column.name in rows[0]]
    kinds = {name: bulk.arrow_type(table.c[name]) for name in names}
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()})


def _claim_numbers(connection: sa.Connection, claim_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Give the facility and number of some claims."""
    keys = bulk.wanted(connection, "wanted_cases", pa.table({"claim_id": sorted(claim_ids)}))
    query = sa.select(CLAIMS.c.claim_id, CLAIMS.c.facility, CLAIMS.c.claim).join(
        keys, keys.c.claim_id == CLAIMS.c.claim_id
    )
    return {row.claim_id: (row.facility, row.claim) for row in connection.execute(query)}


def _rounds(connection: sa.Connection, claim_ids: Iterable[int]) -> dict[int, int]:
    """Give how many cases some claims had already."""
    keys = bulk.wanted(connection, "wanted_cases", pa.table({"claim_id": sorted(claim_ids)}))
    query = (
        sa.select(CASES.c.claim_id, sa.func.max(CASES.c.round).label("round"))
        .join(keys, keys.c.claim_id == CASES.c.claim_id)
        .group_by(CASES.c.claim_id)
    )
    return {row.claim_id: row.round for row in connection.execute(query)}


def _amounts(connection: sa.Connection, claim_ids: Iterable[int], last: int) -> dict[int, dict[int, int]]:
    """Give what the lines of some claims are valuated at, by claim and line."""
    decisions = current_decisions(connection, np.array(sorted(claim_ids), np.int64), last)
    rows = rows_of_decisions(connection, LINE_DECISIONS, decisions)
    found: dict[int, dict[int, int]] = {claim_id: {} for claim_id in claim_ids}
    columns = (rows[name].to_pylist() for name in ("claim_id", "line", "valuated"))
    for claim_id, line, valuated in zip(*columns, strict=True):
        found[claim_id][line] = valuated
    return found


def _case_row(
    case: int, claim_id: int, wanted: _Wanted, amounts: Mapping[int, int], settings: ReviewSettings
) -> dict[str, Any]:
    # A rule that draws a sample says nothing of how likely something is wrong, as a selection does.
    is_drawn = bool(wanted.selections) or 0 in wanted.rules.values()
    drawn = settings.selected_score * SCORE_ALL // PERCENT_ALL if is_drawn else 0
    of_claim = max(wanted.lines.get(0, 0), drawn)
    stakes = [(max(of_claim, wanted.lines.get(line, 0)), amount) for line, amount in amounts.items()]
    why = {"rules": wanted.rules, "selections": sorted(wanted.selections), "queue": wanted.queue}
    return {
        "case": case,
        "claim_id": claim_id,
        "why": journal.canonical(why),
        "score": max((of_claim, *wanted.lines.values())),
        "saving": expected_saving(stakes),
        "minutes": expected_minutes(len(amounts)),
    }


# Finding cases.


def _state_columns(standing: Standing) -> dict[str, Any]:
    """Give what the table ``case_states`` says of how a case stands."""
    return {
        "state": standing.state.value,
        "officer": standing.officer,
        "since": standing.since.isoformat(),
        "until": standing.until.isoformat() if standing.until else None,
        "due": standing.due,
    }


def _event_row(case: int, number: int, entry: int, event: Event) -> dict[str, Any]:
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


def _case_query() -> sa.Select[Any]:
    return sa.select(CASES, CLAIMS.c.facility, CLAIMS.c.claim).join(
        CLAIMS, CLAIMS.c.claim_id == CASES.c.claim_id
    )


def _case(row: Any, events: Sequence[Event]) -> Case:
    why = json.loads(row.why)
    return Case(
        row.case,
        row.claim_id,
        row.facility,
        row.claim,
        row.round,
        row.run,
        tuple(sorted(why["rules"])),
        tuple(why["selections"]),
        why["queue"],
        row.score,
        row.saving,
        row.minutes,
        replay(events),
    )


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
        raise _refused("review.no_case", name=name)
    if len({row.claim_id for row in rows}) > 1:
        names = sorted({f"{row.facility}/{row.claim}" for row in rows})
        raise _refused("review.case_of_several", name=name, names=names)
    return _case(rows[0], _events(connection, rows[0].case))


def case_of(connection: sa.Connection, number: int) -> Case:
    """Read the case of a number that is known to be there."""
    row = connection.execute(_case_query().where(CASES.c.case == number)).one()
    return _case(row, _events(connection, number))


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
        .where(*_chosen(states, officer, facility, due_by, queue))
        .order_by(CASE_STATES.c.rank, CASE_STATES.c.due, CASE_STATES.c.claim, CASE_STATES.c.case)
    )
    rows = connection.execute(query.limit(limit) if limit is not None else query).all()
    events = events_of(connection, [row.case for row in rows])
    return [_case(row, events[row.case]) for row in rows]


def count_open(
    connection: sa.Connection,
    states: Sequence[State] = (),
    officer: str | None = None,
    facility: str | None = None,
    due_by: dt.date | None = None,
    queue: str | None = None,
) -> int:
    """Count the cases that :func:`open_ones` would list without a limit."""
    query = (
        sa.select(sa.func.count())
        .select_from(CASE_STATES)
        .join(CLAIMS, CLAIMS.c.claim_id == CASE_STATES.c.claim_id)
        .where(*_chosen(states, officer, facility, due_by, queue))
    )
    return int(connection.execute(query).scalar_one())


def _chosen(
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
        chosen.append(sa.func.lower(CASE_STATES.c.officer) == officer.lower())
    if facility is not None:
        chosen.append(CLAIMS.c.facility == facility)
    if due_by is not None:
        chosen.append(CASE_STATES.c.due <= due_by)
    if queue is not None:
        chosen.append(CASE_STATES.c.queue == queue)
    return chosen


def held_claims(connection: sa.Connection) -> Int64s:
    """Give the claims that may not be paid yet, in order.

    They have a case that is open, in whatever state; or deserve one that was not opened yet; or have a
    delivered review by which they were not decided again yet. A claim leaves this list when its review is
    delivered and applied, or when somebody named releases it.
    """
    opened = connection.execute(sa.select(CASE_STATES.c.claim_id)).scalars().all()
    waiting = [*waiting_for_a_case(connection)]
    return np.unique(np.concatenate([np.array([*opened, *waiting], np.int64), unapplied(connection)]))


# What happens to a case.


def _refused(key: str, **values: Any) -> Refused:
    return Refused([Problem(message(key, **values), remedy=message(f"{key}.remedy", **values))])


def locked(connection: sa.Connection, number: int) -> Case:
    """Read a case that nobody else can change until the transaction ends."""
    connection.execute(sa.select(CASE_STATES.c.case).where(CASE_STATES.c.case == number).with_for_update())
    return case_of(connection, number)


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
        Refused: the case does not allow it now, or not of this person.
    """
    standing = after(case.standing, event)
    content = {
        "case": case.case,
        "claim": case.name,
        "before": _brief(case.standing),
        "after": _brief(standing),
        **event.content,
        **(more or {}),
    }
    number = journal.append(connection, Act(event.by, f"review {event.what.value}"), content)
    connection.execute(sa.insert(CASE_EVENTS).values(_event_row(case.case, standing.events, number, event)))
    of_case = CASE_STATES.c.case == case.case
    if standing.state in CLOSED:
        connection.execute(sa.delete(CASE_STATES).where(of_case))
    else:
        connection.execute(sa.update(CASE_STATES).where(of_case).values(_state_columns(standing)))
    return Case(**{**case.__dict__, "standing": standing}), number


def _brief(standing: Standing) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, dt.date) else value
        for name, value in _state_columns(standing).items()
        if value is not None and name != "since"
    }


def may_review(connection: sa.Connection, case: Case, officer: str) -> None:
    """Make sure that a person did not enter the claim that they review.

    Raises:
        Refused: they loaded it, or are the facility's administrator who made it out.
    """
    query = (
        sa.select(JOURNAL.c.by, CLAIMS.c.administrator)
        .join(LOADS, LOADS.c.load == CLAIMS.c.load)
        .join(JOURNAL, JOURNAL.c.number == LOADS.c.journal)
        .where(CLAIMS.c.claim_id == case.claim_id)
    )
    row = connection.execute(query).one()
    if same_person(row.by, officer) or same_person(row.administrator, officer):
        raise _refused("review.entered_by", officer=officer, claim=case.name)


def taken(connection: sa.Connection, settings: ReviewSettings, case: Case, by: str, at: dt.datetime) -> Case:
    """Give a case to an officer; a hold, or a facility's time, that has run out ends first.

    Raises:
        Refused: somebody else has it, or it is not to be had.
    """
    may_review(connection, case, by)
    standing = case.standing
    if standing.ran_out(at) and not (standing.state is State.HELD and same_person(standing.officer, by)):
        what = What.EXPIRED if standing.state is State.HELD else What.LAPSED
        content = {} if what is What.EXPIRED else _due_again(connection, settings, case, what, by, at)
        case, _ = record(connection, case, Event(what, by, at, content))
    until = at + dt.timedelta(minutes=settings.hold_minutes)
    case, _ = record(connection, case, Event(What.TAKEN, by, at, {"until": until.isoformat()}))
    return case


def in_hand(
    connection: sa.Connection, settings: ReviewSettings, case: Case, by: str, at: dt.datetime
) -> Case:
    """Give a case to an officer who is about to act on it, where they do not have it already."""
    if case.standing.state is State.HELD and same_person(case.standing.officer, by):
        may_review(connection, case, by)
        return case
    return taken(connection, settings, case, by, at)


def _due_again(
    connection: sa.Connection, settings: ReviewSettings, case: Case, what: What, by: str, at: dt.datetime
) -> dict[str, Any]:
    """Give the due date of a case whose clock goes on."""
    stops = clock_stops([*_events(connection, case.case), Event(what, by, at)])
    return {"due": due_date(case.standing.opened, settings.days, stops).isoformat()}


def take_next(
    books: Books,
    by: str,
    at: dt.datetime | None = None,
    by_due_date: bool = False,
    queue: str | None = None,
) -> Case | None:
    """Give an officer the case that comes first, and nobody else.

    First what was assigned to them; then, of what is free, the highest expected saving for the time that it
    takes (or what is due first). What they entered themselves is passed over. A case whose hold has run
    out, or which a facility has not completed in time, is free.

    Args:
        books: the books.
        by: the officer.
        at: now, if left out.
        by_due_date: go by due date rather than by expected saving.
        queue: only of this queue.

    Returns:
        The case, or None where there is none for this officer.
    """
    now = at or this_moment()
    with books.database.writing() as connection:
        number = _next(connection, by, now, by_due_date, queue)
        if number is None:
            return None
        return taken(connection, books.settings.review, case_of(connection, number), by, now)


def _next(
    connection: sa.Connection, by: str, now: dt.datetime, by_due_date: bool, queue: str | None
) -> int | None:
    states = CASE_STATES
    is_open = states.c.state == State.OPEN.value
    assigned = sa.and_(is_open, sa.func.lower(states.c.officer) == by.lower())
    ran_out = sa.and_(
        states.c.state.in_([State.HELD.value, State.RETURNED.value]), states.c.until < now.isoformat()
    )
    free = sa.or_(sa.and_(is_open, states.c.officer.is_(None)), ran_out)
    order = [states.c.rank, states.c.due, states.c.claim, states.c.case]
    if by_due_date:
        order = [states.c.due, states.c.rank, states.c.claim, states.c.case]
    wanted = [sa.or_(CLAIMS.c.administrator.is_(None), sa.func.lower(CLAIMS.c.administrator) != by.lower())]
    if loads := _loaded_by(connection, by):
        wanted.append(CLAIMS.c.load.not_in(loads))
    if queue is not None:
        wanted.append(states.c.queue == queue)
    for which in (assigned, free):
        query = (
            sa.select(states.c.case)
            .join(CLAIMS, CLAIMS.c.claim_id == states.c.claim_id)
            .where(which, *wanted)
            .order_by(*order)
            .limit(1)
            .with_for_update(of=states, skip_locked=True)
        )
        number = connection.execute(query).scalar()
        if number is not None:
            return int(number)
    return None


def _loaded_by(connection: sa.Connection, person: str) -> list[int]:
    query = (
        sa.select(LOADS.c.load, JOURNAL.c.by)
        .join(JOURNAL, JOURNAL.c.number == LOADS.c.journal)
        .where(LOADS.c.what == "claims")
    )
    return [row.load for row in connection.execute(query) if same_person(row.by, person)]


def take(books: Books, name: str, by: str, at: dt.datetime | None = None) -> Case:
    """Give an officer a case that they name; one that they hold already, for the full time again.

    Raises:
        Refused: there is no such case, somebody else has it, or it is closed.
    """
    now = at or this_moment()
    with books.database.writing() as connection:
        case = locked(connection, find_case(connection, name).case)
        return taken(connection, books.settings.review, case, by, now)


def put_back(books: Books, name: str, by: str, at: dt.datetime | None = None) -> Case:
    """Put a case back into the queue undecided; or take back what one proposed, before anybody agreed.

    Raises:
        Refused: there is no such case, or this person does not have it.
    """
    with books.database.writing() as connection:
        case = locked(connection, find_case(connection, name).case)
        case, _ = record(connection, case, Event(What.PUT_BACK, by, at or this_moment()))
        return case


def assign(books: Books, name: str, to: str | None, by: str, at: dt.datetime | None = None) -> Case:
    """Reserve a case for an officer, or (``to`` is None) for nobody; whoever holds it loses it.

    Raises:
        Refused: there is no such case, it is not in the queue, or the officer entered the claim.
    """
    with books.database.writing() as connection:
        case = locked(connection, find_case(connection, name).case)
        if to is not None:
            may_review(connection, case, to)
        case, _ = record(connection, case, Event(What.ASSIGNED, by, at or this_moment(), {"to": to}))
        return case


def return_to_facility(
    books: Books,
    name: str,
    reason: str | None,
    until: dt.date,
    words: str | None,
    by: str,
    at: dt.datetime | None = None,
) -> Case:
    """Ask the facility to complete a claim; the clock stands still until it does, or its time is over.

    Args:
        books: the books.
        name: of the case.
        reason: coded: what is missing.
        until: the last day on which the facility may answer.
        words: what is missing, in the officer's words.
        by: the officer.
        at: now, if left out.

    Raises:
        Refused: there is no such case, somebody else has it, the reason is none, or the day is past.
    """
    now = at or this_moment()
    problems = list(problems_of_reason(reason, words, Use.RETURN))
    if until < now.date():
        what, remedy = message("review.past_day", day=until), message("review.past_day.remedy")
        problems.append(Problem(what, remedy=remedy))
    if problems:
        raise Refused(problems)
    ends = dt.datetime.combine(until, _A_DAY)
    content = {"reason": reason, "words": words, "until": ends.isoformat()}
    with books.database.writing() as connection:
        case = locked(connection, find_case(connection, name).case)
        case = in_hand(connection, books.settings.review, case, by, now)
        case, _ = record(connection, case, Event(What.RETURNED, by, now, content))
        return case


def receive_back(
    books: Books, name: str, by: str, words: str | None = None, at: dt.datetime | None = None
) -> Case:
    """Note that the facility completed a claim: the clock goes on, and the officer who asked has it next.

    Raises:
        Refused: there is no such case, or the facility does not have it.
    """
    now = at or this_moment()
    with books.database.writing() as connection:
        case = locked(connection, find_case(connection, name).case)
        settings = books.settings.review
        content = {**_due_again(connection, settings, case, What.RECEIVED, by, now), "words": words}
        case, _ = record(connection, case, Event(What.RECEIVED, by, now, content))
        return case


def release(
    books: Books,
    name: str,
    reason: str | None,
    words: str | None,
    by: str,
    at: dt.datetime | None = None,
) -> Case:
    """Take a claim out of review, so that it may be paid as it stands.

    Above the amount that one officer may decide alone another one has to agree: the same command, given by
    them, releases it.

    Args:
        books: the books.
        name: of the case.
        reason: coded: why no review is wanted.
        words: why, in this person's words.
        by: who releases it.
        at: now, if left out.

    Raises:
        Refused: there is no such case, somebody else has it, the reason is none, or they proposed this.
    """
    now = at or this_moment()
    if problems := list(problems_of_reason(reason, words, Use.RELEASE)):
        raise Refused(problems)
    with books.database.writing() as connection:
        case = locked(connection, find_case(connection, name).case)
        settings = books.settings.review
        last = runs.last_run(connection)
        content: dict[str, Any] = {"reason": reason, "words": words, "run": last}
        agrees = case.standing.state is State.SECOND_OPINION and releases(case.standing)
        if agrees:
            may_review(connection, case, by)
        else:
            case = in_hand(connection, settings, case, by, now)
        amount = sum(_amounts(connection, [case.claim_id], last)[case.claim_id].values())
        content["amount"] = amount
        proposes = needs_second_opinion(settings, amount) and not agrees
        event = (
            Event(What.PROPOSED, by, now, {**content, "release": True})
            if proposes
            else Event(What.RELEASED, by, now, content)
        )
        case, _ = record(connection, case, event)
        return case


def needs_second_opinion(settings: ReviewSettings, amount: int) -> bool:
    """Tell whether an amount (minor units) is more than one officer may decide alone."""
    return settings.second_opinion_above is not None and amount > settings.second_opinion_above


def held_by(connection: sa.Connection, officer: str, now: dt.datetime) -> list[Case]:
    """Give the cases that an officer holds, and whose time is not over."""
    cases = open_ones(connection, [State.HELD], officer)
    return [case for case in cases if not case.standing.ran_out(now)]
