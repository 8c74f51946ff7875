"""Cases go where the routing rules want them, once somebody named says so.

Routing moves a case into a queue, asks for a second officer, brings it to those to whom cases are escalated,
returns it to its facility, or closes it where nothing speaks against that. It never decides an amount.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import Final

from adjudicator.books.books import Books
from adjudicator.books.review.cases import (
    Case,
    find_case,
    free_ones,
    locked_together,
    record_together,
    this_moment,
)
from adjudicator.books.review.grounds import amounts_of_lines
from adjudicator.books.review.queue import (
    SENIORS,
    needs_second_opinion,
    release,
    return_to_facility,
    seniors,
)
from adjudicator.books.review.routing import Known, known_of_cases, router_of_books
from adjudicator.problems import Problem, Refused
from adjudicator.review.cases import Event, State, What
from adjudicator.review.routing.outcome import Routed
from adjudicator.review.routing.router import Router
from adjudicator.scheme import ReviewSettings
from adjudicator.store import runs

NOTHING_AGAINST_IT: Final = "REL-05"
"""The reason for which a case with a fast track is closed."""

AT_A_TIME: Final = 4_000
"""How many cases are read at once."""

MOVED_AT_A_TIME: Final = 500
"""How many cases are moved in one transaction: while it lasts, officers wait."""


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

    They are read some thousands at a time, and what is done with each has an entry of its own in the journal.

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
        # A case that is named twice is routed once.
        named = dict.fromkeys(find_case(connection, name).case for name in names)
        numbers = list(named) if names else free_ones(connection)
    with router_of_books(books) as router:
        for first in range(0, len(numbers), AT_A_TIME):
            proposed = _proposed(books, router, numbers[first : first + AT_A_TIME])
            yield from _done(books, proposed, by, now) if confirm else proposed


def _proposed(books: Books, router: Router, numbers: Sequence[int]) -> list[Dispatched]:
    """Tell what routing would do with cases as they are at one moment."""
    settings = books.settings.review
    with books.database.reading() as connection:
        known = known_of_cases(books, connection, numbers)
        found = [router.route(one.facts) for one in known]
        fast = [one.case.claim_id for one, routed in zip(known, found, strict=True) if routed.fast_track]
        amounts = amounts_of_lines(connection, fast, runs.last_run(connection)) if fast else {}
        nobody = not seniors(connection, settings)
    stakes = {claim_id: sum(of_lines.values()) for claim_id, of_lines in amounts.items()}
    return [
        _wanted(settings, one, routed, nobody, stakes.get(one.case.claim_id, 0))
        for one, routed in zip(known, found, strict=True)
    ]


def _wanted(
    settings: ReviewSettings, known: Known, found: Routed, no_seniors: bool, stakes: int
) -> Dispatched:
    """Choose what is done of what the rules propose: the first of return, release and move."""
    case, standing = known.case, known.case.standing
    queue = SENIORS if found.escalate else found.queue or case.queue
    second = standing.second or found.second_officer or (found.escalate and no_seniors)
    step = Step.MOVE if (queue, second) != (case.queue, standing.second) else Step.NOTHING
    if standing.state is not State.OPEN:
        step = Step.NOTHING
    elif found.returns and not any(event.what is What.RETURNED for event in known.events):
        # A facility is asked once: after its answer an officer looks.
        step = Step.RETURN
    elif found.fast_track and not needs_second_opinion(settings, case, stakes):
        step = Step.RELEASE
    return Dispatched(case, found, step, queue, second)


def _done(books: Books, proposed: Sequence[Dispatched], by: str, now: dt.datetime) -> Iterator[Dispatched]:
    """Do what routing wants with cases, in their order; tell of each why it was not done."""
    for moves, some in groupby(proposed, key=lambda one: one.step in (Step.MOVE, Step.NOTHING)):
        if moves:
            yield from _moved(books, list(some), by, now)
            continue
        for one in some:
            try:
                _asked_or_released(books, one, by, now)
                yield one
            except Refused as refused:
                yield replace(one, refused=tuple(refused.problems))


def _moved(books: Books, some: Sequence[Dispatched], by: str, now: dt.datetime) -> Iterator[Dispatched]:
    """Move those of some cases that are to be moved, some hundreds in one transaction."""
    for first in range(0, len(some), MOVED_AT_A_TIME):
        together = some[first : first + MOVED_AT_A_TIME]
        refusals = _move(books, [one for one in together if one.step is Step.MOVE], by, now)
        for one in together:
            refusal = refusals.get(one.case.case)
            yield replace(one, refused=tuple(refusal.problems)) if refusal is not None else one


def _move(books: Books, some: Sequence[Dispatched], by: str, now: dt.datetime) -> dict[int, Refused]:
    if not some:
        return {}
    with books.database.writing() as connection:
        cases = locked_together(connection, [one.case.case for one in some])
        return record_together(connection, [(cases[one.case.case], _routed(one, by, now)) for one in some])


def _routed(one: Dispatched, by: str, now: dt.datetime) -> Event:
    rules = [firing.rule for firing in one.routed.why]
    return Event(What.ROUTED, by, now, {"queue": one.queue, "second": one.second, "rules": rules})


def _asked_or_released(books: Books, one: Dispatched, by: str, now: dt.datetime) -> None:
    name = str(one.case.case)
    if one.step is Step.RETURN:
        until = now.date() + dt.timedelta(days=books.settings.review.answer_days)
        return_to_facility(books, name, one.routed.returns[0], until, None, by, now)
    else:
        release(books, name, NOTHING_AGAINST_IT, None, by, now)
