"""The queue of cases: claims that wait for a medical officer, each with one officer at a time.

A case is opened for a claim that was selected for review or flagged by a rule. All that happens to it is
an event, entered in the journal; the table ``case_states`` is what the replay of the events gives, kept so
that the next case is found at once. Every act takes its case first and the journal after it, so that
officers never wait for one another in a circle.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import count
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.officers.register import check_named, names_with, register_of
from adjudicator.books.review.applied import unapplied
from adjudicator.books.review.cases import (
    Case,
    case_of,
    events_of,
    find_case,
    locked,
    names_of,
    open_ones,
    record,
    this_moment,
)
from adjudicator.books.review.grounds import amounts_of_lines, waiting_for_a_case
from adjudicator.books.review.opening import regrade
from adjudicator.officers.register import plain_name, tidy_name
from adjudicator.officers.roles import REVIEWERS, Role
from adjudicator.problems import Problem, Refused, refused
from adjudicator.review.cases import (
    Event,
    State,
    What,
    due_day,
    news,
    releases,
    same_person,
)
from adjudicator.review.decision import problems_of_reason
from adjudicator.review.reasons import Use
from adjudicator.scheme import ReviewSettings
from adjudicator.store import runs
from adjudicator.store.schema import (
    CASE_STATES,
    CLAIMS,
    JOURNAL,
    LOADS,
)
from adjudicator.words import message

Int64s = npt.NDArray[np.int64]

_A_DAY: Final = dt.time(23, 59, 59, tzinfo=dt.UTC)
"""The end of a day that something is asked by."""

_AT_A_TIME: Final = 100
"""How many cases are looked through at once for the next one."""

SENIORS: Final = "seniors"
"""The queue of cases that are escalated: only those whom the scheme names take them."""


def held_claims(connection: sa.Connection) -> Int64s:
    """Give the claims that may not be paid yet, in order.

    They have a case that is open, in whatever state; or deserve one that was not opened yet; or have a
    delivered review by which they were not decided again yet. A claim leaves this list when its review is
    delivered and applied, or when somebody named releases it.
    """
    opened = connection.execute(sa.select(CASE_STATES.c.claim_id)).scalars().all()
    waiting = [*waiting_for_a_case(connection)]
    return np.unique(np.concatenate([np.array([*opened, *waiting], np.int64), unapplied(connection)]))


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
        raise refused("review.entered_by", officer=officer, claim=case.name)


def taken(connection: sa.Connection, settings: ReviewSettings, case: Case, by: str, at: dt.datetime) -> Case:
    """Give a case to an officer; a hold, or a facility's time, that has run out ends first.

    Raises:
        Refused: somebody else has it, or it is not to be had.
    """
    may_review(connection, case, by)
    case = regrade(connection, settings, by, at, [case.claim_id]).get(case.case, case)
    named = seniors(connection, settings)
    if case.queue == SENIORS and not is_senior(named, by):
        raise refused("review.for_seniors", claim=case.name, seniors=list(named))
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
    """Give a case to an officer who is about to act on it, where they do not have it already.

    Raises:
        Refused: it is over, somebody else has it, or something came up since this officer took it.
    """
    if case.standing.closed:
        raise refused("review.over", state=case.standing.state.label)
    if case.standing.state is not State.HELD or not same_person(case.standing.officer, by):
        return taken(connection, settings, case, by, at)
    may_review(connection, case, by)
    seen = not news(events_of(connection, [case.case])[case.case])
    if not seen or regrade(connection, settings, by, at, [case.claim_id]):
        raise refused("review.news", case=str(case.case))
    return case


def _due_again(
    connection: sa.Connection, settings: ReviewSettings, case: Case, what: What, by: str, at: dt.datetime
) -> dict[str, Any]:
    """Give the due date of a case whose clock goes on."""
    events = [*events_of(connection, [case.case])[case.case], Event(what, by, at)]
    return {"due": due_day(events, settings.calendar).isoformat()}


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
        senior = is_senior(seniors(connection, books.settings.review), by)
        number = _next(connection, by, now, by_due_date, queue, senior)
        if number is None:
            return None
        return taken(connection, books.settings.review, case_of(connection, number), by, now)


def _next(
    connection: sa.Connection,
    by: str,
    now: dt.datetime,
    by_due_date: bool,
    queue: str | None,
    senior: bool,
) -> int | None:
    states = CASE_STATES
    is_open = states.c.state == State.OPEN.value
    assigned = sa.and_(is_open, states.c.officer.in_(names_of(connection, by)))
    ran_out = sa.and_(
        states.c.state.in_([State.HELD.value, State.RETURNED.value]), states.c.until < now.isoformat()
    )
    free = sa.or_(sa.and_(is_open, states.c.officer.is_(None)), ran_out)
    order = [states.c.rank, states.c.due, states.c.claim, states.c.case]
    if by_due_date:
        order = [states.c.due, states.c.rank, states.c.claim, states.c.case]
    wanted: list[sa.ColumnElement[bool]] = []
    if loads := _loaded_by(connection, by):
        wanted.append(CLAIMS.c.load.not_in(loads))
    if queue is not None:
        wanted.append(states.c.queue == queue)
    if not senior:
        wanted.append(states.c.queue != SENIORS)
    for which in (assigned, free):
        query = (
            sa.select(states.c.case, CLAIMS.c.administrator)
            .join(CLAIMS, CLAIMS.c.claim_id == states.c.claim_id)
            .where(which, *wanted)
            .order_by(*order)
        )
        for first in count(0, _AT_A_TIME):
            rows = connection.execute(query.limit(_AT_A_TIME).offset(first)).all()
            for row in rows:
                if same_person(row.administrator, by):
                    continue
                # Somebody else may be taking it at this very moment.
                its_own = sa.select(states.c.case).where(states.c.case == row.case, which)
                if connection.execute(its_own.with_for_update(skip_locked=True)).first() is not None:
                    return int(row.case)
            if len(rows) < _AT_A_TIME:
                break
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


def registered_name(connection: sa.Connection, name: str) -> str:
    """Give an officer's name as it is registered; where there are no officers, as it was typed."""
    officer = register_of(connection).get(plain_name(name))
    return officer.name if officer is not None else tidy_name(name)


def assign(books: Books, name: str, to: str | None, by: str, at: dt.datetime | None = None) -> Case:
    """Reserve a case for an officer, or (``to`` is None) for nobody; whoever holds it loses it.

    Raises:
        Refused: there is no such case, it is not in the queue, or the officer entered the claim or is none.
    """
    with books.database.writing() as connection:
        case = locked(connection, find_case(connection, name).case)
        officer = None
        if to is not None and to.strip():
            check_named(connection, to, REVIEWERS)
            officer = registered_name(connection, to)
            may_review(connection, case, officer)
        case, _ = record(connection, case, Event(What.ASSIGNED, by, at or this_moment(), {"to": officer}))
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
        amount = stakes(connection, case)
        content["amount"] = amount
        proposes = needs_second_opinion(settings, case, amount) and not agrees
        event = (
            Event(What.PROPOSED, by, now, {**content, "release": True})
            if proposes
            else Event(What.RELEASED, by, now, content)
        )
        case, _ = record(connection, case, event)
        return case


def stakes(connection: sa.Connection, case: Case) -> int:
    """Give what the claim of a case is valuated at, in minor units."""
    of_lines = amounts_of_lines(connection, [case.claim_id], runs.last_run(connection))
    return sum(of_lines[case.claim_id].values())


def needs_second_opinion(settings: ReviewSettings, case: Case, amount: int) -> bool:
    """Tell whether one officer may not decide a case alone, with an amount (minor units) at stake."""
    limit = settings.second_opinion_above
    return case.standing.second or (limit is not None and amount > limit)


def seniors(connection: sa.Connection, settings: ReviewSettings) -> tuple[str, ...]:
    """Name those to whom cases are escalated: those of the scheme, and the officers who have the role."""
    with_role = names_with(connection, Role.SENIOR_MEDICAL_OFFICER)
    return (*settings.seniors, *(name for name in with_role if not _is_one_of(name, settings.seniors)))


def is_senior(named: Sequence[str], officer: str) -> bool:
    """Tell whether cases are escalated to a person; to everybody where nobody is named."""
    return not named or _is_one_of(officer, named)


def _is_one_of(name: str, names: Sequence[str]) -> bool:
    return any(same_person(name, one) for one in names)


def held_by(connection: sa.Connection, officer: str, now: dt.datetime) -> list[Case]:
    """Give the cases that an officer holds, and whose time is not over."""
    cases = open_ones(connection, [State.HELD], officer)
    return [case for case in cases if not case.standing.ran_out(now)]
