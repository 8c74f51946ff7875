"""Opening cases, and grading open ones anew: which claims deserve a look, and what it is expected to save.

An open case follows what comes up about its claim: its grounds, its queue and its rank are those of today,
and what is graver makes it due sooner. Each such change is an event of the case, in the journal.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.review.cases import Case, cases_of, event_row, state_columns, this_moment
from adjudicator.books.review.grounds import (
    PATIENT_FEEDBACK,
    amounts_of_lines,
    grounds_of,
    waiting_for_a_case,
    with_later_grounds,
)
from adjudicator.review.cases import Event, Standing, What, after
from adjudicator.review.grading import Grade, Grounds, grade
from adjudicator.review.working_days import due_date
from adjudicator.scheme import ReviewSettings
from adjudicator.store import bulk, journal, runs
from adjudicator.store.journal import Act
from adjudicator.store.schema import CASE_EVENTS, CASE_STATES, CASES, CLAIMS

REGRADED_AT_A_TIME: Final = 100
"""How many cases an entry of the journal speaks of at most that are graded anew."""


@dataclass(frozen=True)
class Brought:
    """What was brought into the queue, or to another place in it."""

    opened: int
    regraded: int


def open_cases(books: Books, by: str, at: dt.datetime | None = None) -> Brought:
    """Open a case for every claim that deserves one and has none, and grade open ones anew.

    Args:
        books: the books.
        by: who looks at the queue.
        at: now, if left out.
    """
    with books.database.reading() as connection:
        if not waiting_for_a_case(connection) and not with_later_grounds(connection):
            return Brought(0, 0)
    now, settings = at or this_moment(), books.settings.review
    with books.database.writing() as connection:
        if connection.dialect.name == "postgresql":
            # Two who open cases would open the same ones. Officers who have one may go on with it meanwhile:
            # else they and whoever opens cases could wait for each other.
            connection.exec_driver_sql("LOCK TABLE cases IN SHARE UPDATE EXCLUSIVE MODE")
        regraded = regrade(connection, settings, by, now)
        wanted = waiting_for_a_case(connection)
        if wanted:
            _open(connection, settings, wanted, by, now)
    return Brought(len(wanted), len(regraded))


def _open(
    connection: sa.Connection,
    settings: ReviewSettings,
    wanted: Mapping[int, Grounds],
    by: str,
    at: dt.datetime,
) -> None:
    last = runs.last_run(connection)
    numbers = _claim_numbers(connection, wanted)
    amounts = amounts_of_lines(connection, wanted, last)
    rounds = _rounds(connection, wanted)
    grades = {
        claim_id: grade(grounds, amounts[claim_id], settings.selected_score)
        for claim_id, grounds in wanted.items()
    }
    within: dict[int, list[int]] = defaultdict(list)
    for claim_id in sorted(wanted, key=lambda claim_id: (numbers[claim_id][1], numbers[claim_id][0])):
        within[settings.days_for(grades[claim_id].severity)].append(claim_id)
    first = 1 + int(
        connection.execute(sa.select(sa.func.coalesce(sa.func.max(CASES.c.case), 0))).scalar_one()
    )
    for days, claim_ids in sorted(within.items()):
        due = due_date(at.date(), days, calendar=settings.calendar)
        event = Event(What.OPENED, by, at, {"due": due.isoformat(), "days": days})
        cases = [
            {
                "case": first + place,
                "claim_id": claim_id,
                "round": rounds.get(claim_id, 0) + 1,
                "run": last,
                "due": due,
                **_columns(grades[claim_id]),
            }
            for place, claim_id in enumerate(claim_ids)
        ]
        content = {
            "cases": [first, first + len(cases) - 1],
            "run": last,
            "saving": sum(case["saving"] for case in cases),
            **event.content,
        }
        number = journal.append(connection, Act(by, "review opened"), content)
        standing = after(None, event)
        states = [
            _state(case, numbers[case["claim_id"]][1], grades[case["claim_id"]], standing) for case in cases
        ]
        _insert(connection, CASES, [case | {"journal": number} for case in cases])
        _insert(connection, CASE_EVENTS, [event_row(case["case"], 1, number, event) for case in cases])
        _insert(connection, CASE_STATES, states)
        first += len(cases)
    if len(wanted) >= runs.MANY:
        bulk.measure(connection, CASES, CASE_EVENTS, CASE_STATES)


def _columns(of_case: Grade) -> dict[str, Any]:
    """Give what the table ``cases`` says of a grade."""
    return {
        "why": journal.canonical(of_case.why()),
        "score": of_case.score,
        "saving": of_case.saving,
        "minutes": of_case.minutes,
    }


def _state(case: Mapping[str, Any], claim: str, of_case: Grade, standing: Standing) -> dict[str, Any]:
    values = {"case": case["case"], "claim_id": case["claim_id"], "claim": claim}
    return values | {"rank": of_case.rank, "queue": of_case.queue} | state_columns(standing)


def _insert(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    names = [column.name for column in table.columns if column.name in rows[0]]
    kinds = {name: bulk.arrow_type(table.c[name]) for name in names}
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()}
    bulk.insert(connection, table, pa.table(columns))


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


# Later grounds.


def regrade(
    connection: sa.Connection,
    settings: ReviewSettings,
    by: str,
    at: dt.datetime,
    claim_ids: Collection[int] | None = None,
) -> dict[int, Case]:
    """Grade open cases anew about whose claims something came up since.

    Whoever has such a case keeps it, and what waits for a second opinion goes on waiting. A reason that
    brought a claim into the queue stays, whatever is said later.

    Args:
        connection: of a transaction that writes.
        settings: of reviews.
        by: whose look at the queue this is.
        at: now.
        claim_ids: only the cases of these claims; all, if left out.

    Returns:
        The cases that changed, as they stand now.
    """
    later = with_later_grounds(connection, claim_ids)
    if not later:
        return {}
    last = runs.last_run(connection)
    cases = cases_of(connection, _locked(connection, later))
    event = Event(What.REGRADED, by, at, {"run": last})
    grades = later_grades(connection, settings, cases)
    done = [_regraded(case, grades[case.case], settings, event) for case in cases if case.case in grades]
    for first in range(0, len(done), REGRADED_AT_A_TIME):
        _put_down(connection, by, last, done[first : first + REGRADED_AT_A_TIME])
    return {case.case: case for case, _ in done}


def later_grades(
    connection: sa.Connection, settings: ReviewSettings, cases: Sequence[Case]
) -> dict[int, Grade]:
    """Give what open cases would be graded now, by number; those that stay as they are are left out."""
    claims = [case.claim_id for case in cases]
    grounds, amounts = (
        grounds_of(connection, claims),
        amounts_of_lines(connection, claims, runs.last_run(connection)),
    )
    found = {}
    for case in cases:
        kept = _kept(grounds.get(case.claim_id, Grounds()), case.grade)
        now = grade(kept, amounts[case.claim_id], settings.selected_score)
        if now != case.grade:
            found[case.case] = now
    return found


def _locked(connection: sa.Connection, claim_ids: Sequence[int]) -> list[int]:
    """Lock the open cases of claims, in their order."""
    keys = bulk.wanted(connection, "wanted_regraded", pa.table({"claim_id": pa.array(claim_ids, pa.int64())}))
    query = (
        sa.select(CASE_STATES.c.case)
        .where(CASE_STATES.c.claim_id.in_(sa.select(keys.c.claim_id)))
        .order_by(CASE_STATES.c.case)
        .with_for_update()
    )
    return list(connection.execute(query).scalars())


def _kept(found: Grounds, before: Grade) -> Grounds:
    """Keep what a patient said before they corrected it."""
    if PATIENT_FEEDBACK in before.rules:
        score = before.rules[PATIENT_FEEDBACK]
        found.add(PATIENT_FEEDBACK, PATIENT_FEEDBACK, 0, score, before.severity)
    return found


def _regraded(case: Case, now: Grade, settings: ReviewSettings, event: Event) -> tuple[Case, Event]:
    days = settings.days_for(now.severity)
    due = min(case.standing.due, due_date(event.at.date(), days, calendar=settings.calendar))
    content = {
        **event.content,
        "due": due.isoformat(),
        "days": days,
        "was": case.grade.as_record(),
        "is": now.as_record(),
    }
    event = replace(event, content=content)
    return replace(case, grade=now, standing=after(case.standing, event)), event


def _put_down(connection: sa.Connection, by: str, last: int, done: Sequence[tuple[Case, Event]]) -> None:
    content = {"run": last, "cases": {str(case.case): event.content for case, event in done}}
    number = journal.append(connection, Act(by, f"review {What.REGRADED.value}"), content)
    events = [event_row(case.case, case.standing.events, number, event) for case, event in done]
    connection.execute(sa.insert(CASE_EVENTS), events)
    for case, _ in done:
        of_case = {"run": last, "journal": number, **_columns(case.grade)}
        connection.execute(sa.update(CASES).where(CASES.c.case == case.case).values(of_case))
        of_state = {"rank": case.grade.rank, "queue": case.queue, "due": case.standing.due}
        connection.execute(sa.update(CASE_STATES).where(CASE_STATES.c.case == case.case).values(of_state))
