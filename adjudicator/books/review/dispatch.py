"""Cases go where the routing rules want them, once somebody named says so.

Routing moves a case into a queue, asks for a second officer, brings it to those to whom cases are escalated,
returns it to its facility, or closes it where nothing speaks against that. It never decides an amount.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adjudicator.books.books import Books
from adjudicator.books.review.cases import Case, events_of, find_case, locked, open_ones, record, this_moment
from adjudicator.books.review.queue import (
    SENIORS,
    needs_second_opinion,
    release,
    return_to_facility,
    seniors,
    stakes,
)
from adjudicator.books.review.routing import facts_of_case, router_of_books
from adjudicator.problems import Problem, Refused
from adjudicator.review.cases import Event, State, What
from adjudicator.review.routing.outcome import Routed

NOTHING_AGAINST_IT: Final = "REL-05"
"""The reason for which a case with a fast track is closed."""


class Step(StrEnum):
    """What routing does with a case."""

    NOTHING = "nothing"
    MOVE = "move"
    """Into a queue, or to a second officer."""
    RETURN = "return"
    RELEASE = "release"


@dataclass(frozen=True)
class Dispatched:
    """What routing did with a case, or would do."""

    case: Case
    """As it stood before."""
    routed: Routed
    step: Step
    queue: str
    """Where it is afterwards."""
    second: bool
    """Whether a second officer has to agree afterwards, whatever the amount."""
    refused: tuple[Problem, ...] = ()
    """Why it was not done."""


def dispatch(
    books: Books, by: str, names: Sequence[str] = (), confirm: bool = False, at: dt.datetime | None = None
) -> Iterator[Dispatched]:
    """Route open cases.

    Args:
        books: the books.
        by: who says so: a case that is released is released by them, one that is returned is their question.
        names: of cases; all that wait for an officer if none is named.
        confirm: whether it is done; otherwise it is only told.
        at: now, if left out.

    Raises:
        Refused: there is no such case, or the routing rules are wrong.
    """
    now = at or this_moment()
    with books.database.reading() as connection:
        cases = (
            [find_case(connection, name) for name in names]
            if names
            else [case for case in open_ones(connection, [State.OPEN]) if case.standing.officer is None]
        )
    with router_of_books(books) as router:
        for case in cases:
            found = router.route(facts_of_case(books, str(case.case)))
            one = _wanted(books, case, found)
            if confirm and one.step is not Step.NOTHING:
                try:
                    _do(books, one, by, now)
                except Refused as refused:
                    one = Dispatched(case, found, one.step, one.queue, one.second, tuple(refused.problems))
            yield one


def _wanted(books: Books, case: Case, found: Routed) -> Dispatched:
    """Choose what is done of what the rules propose: the first of return, release and move."""
    standing, settings = case.standing, books.settings.review
    queue = SENIORS if found.escalate else found.queue or case.queue
    with books.database.reading() as connection:
        nobody = found.escalate and not seniors(connection, settings)
        second = standing.second or found.second_officer or nobody
        step = Step.MOVE if (queue, second) != (case.queue, standing.second) else Step.NOTHING
        if standing.state is not State.OPEN:
            step = Step.NOTHING
        elif found.returns and not any(
            event.what is What.RETURNED for event in events_of(connection, [case.case])[case.case]
        ):
            # A facility is asked once: after its answer an officer looks.
            step = Step.RETURN
        elif found.fast_track and not needs_second_opinion(settings, case, stakes(connection, case)):
            step = Step.RELEASE
    return Dispatched(case, found, step, queue, second)


def _do(books: Books, one: Dispatched, by: str, now: dt.datetime) -> None:
    name = str(one.case.case)
    match one.step:
        case Step.RETURN:
            until = now.date() + dt.timedelta(days=books.settings.review.answer_days)
            return_to_facility(books, name, one.routed.returns[0], until, None, by, now)
        case Step.RELEASE:
            release(books, name, NOTHING_AGAINST_IT, None, by, now)
        case _:
            content = {
                "queue": one.queue,
                "second": one.second,
                "rules": [firing.rule for firing in one.routed.why],
            }
            with books.database.writing() as connection:
                record(connection, locked(connection, one.case.case), Event(What.ROUTED, by, now, content))
