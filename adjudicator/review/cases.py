"""The states of a case, the events that lead from one to another, and who may bring them about.

A case is a claim that waits for a medical officer. What happened to it is a list of events; its state is
what their replay gives, and nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from adjudicator.officers.register import plain_name
from adjudicator.problems import Refused, refused
from adjudicator.review.working_days import Calendar, due_date
from adjudicator.words import Message, message


class State(StrEnum):
    """Where a case is."""

    OPEN = "open"
    """It waits for an officer, or for the one that it was assigned to."""
    HELD = "held"
    """An officer has it."""
    RETURNED = "returned"
    """The facility is asked to complete it; the clock stands still."""
    SECOND_OPINION = "second_opinion"
    """It is decided, but for another officer's agreement."""
    DECIDED = "decided"
    RELEASED = "released"
    """Somebody took the claim out of review."""

    @property
    def label(self) -> Message:
        """What it is called."""
        return message(f"review.state.{self.value}")


CLOSED: Final = frozenset((State.DECIDED, State.RELEASED))
"""The states in which a case is over, and its claim no longer held."""


class What(StrEnum):
    """What can happen to a case."""

    OPENED = "opened"
    REGRADED = "regraded"
    """Something came up after it was opened: what a look at it is expected to save is another."""
    TAKEN = "taken"
    EXPIRED = "expired"
    """An officer's hold ran out, and another one took the case."""
    PUT_BACK = "put_back"
    ASSIGNED = "assigned"
    ROUTED = "routed"
    """Routing rules said where it belongs."""
    RETURNED = "returned"
    RECEIVED = "received"
    """The facility completed the claim."""
    LAPSED = "lapsed"
    """The facility did not answer in time, and the case was taken up again."""
    PROPOSED = "proposed"
    """It was decided, or released, above the amount that one officer may decide alone."""
    AGREED = "agreed"
    DISAGREED = "disagreed"
    DECIDED = "decided"
    RELEASED = "released"

    @property
    def label(self) -> Message:
        """What it is called."""
        return message(f"review.event.{self.value}")


TRANSITIONS: Final[Mapping[tuple[State | None, What], State]] = {
    (None, What.OPENED): State.OPEN,
    (State.OPEN, What.REGRADED): State.OPEN,
    (State.HELD, What.REGRADED): State.HELD,
    (State.RETURNED, What.REGRADED): State.RETURNED,
    (State.SECOND_OPINION, What.REGRADED): State.SECOND_OPINION,
    (State.OPEN, What.TAKEN): State.HELD,
    (State.OPEN, What.ASSIGNED): State.OPEN,
    (State.OPEN, What.ROUTED): State.OPEN,
    (State.HELD, What.TAKEN): State.HELD,
    (State.HELD, What.EXPIRED): State.OPEN,
    (State.HELD, What.PUT_BACK): State.OPEN,
    (State.HELD, What.ASSIGNED): State.OPEN,
    (State.HELD, What.RETURNED): State.RETURNED,
    (State.HELD, What.PROPOSED): State.SECOND_OPINION,
    (State.HELD, What.DECIDED): State.DECIDED,
    (State.HELD, What.RELEASED): State.RELEASED,
    (State.RETURNED, What.RECEIVED): State.OPEN,
    (State.RETURNED, What.LAPSED): State.OPEN,
    (State.SECOND_OPINION, What.AGREED): State.DECIDED,
    (State.SECOND_OPINION, What.RELEASED): State.RELEASED,
    (State.SECOND_OPINION, What.DISAGREED): State.OPEN,
    (State.SECOND_OPINION, What.PUT_BACK): State.OPEN,
}
"""Which events a case in a state allows, and where they lead. What is not here is refused."""


@dataclass(frozen=True)
class Event:
    """Something that happened to a case."""

    what: What
    by: str
    at: dt.datetime
    content: Mapping[str, Any] = field(default_factory=dict)
    """What goes with it: plain values, as JSON has them."""


@dataclass(frozen=True)
class Standing:
    """How a case stands after its events."""

    state: State
    opened: dt.date
    since: dt.datetime
    """When it came into this state."""
    due: dt.date
    """The day by which it should be decided; it stands still while the facility has the case."""
    officer: str | None = None
    """Who holds it; in an open case whom it was assigned to; else who did the last thing."""
    until: dt.datetime | None = None
    """When the hold runs out, or the facility's time to answer."""
    proposal: Event | None = None
    """What waits for a second opinion."""
    events: int = 0
    """How many events there were."""
    queue: str | None = None
    """Where routing put it; None: into none but its own."""
    second: bool = False
    """Whether another officer has to agree, whatever the amount."""

    @property
    def closed(self) -> bool:
        """Whether the case is over."""
        return self.state in CLOSED

    def ran_out(self, now: dt.datetime) -> bool:
        """Tell whether a hold, or the facility's time, is over."""
        return self.state in (State.HELD, State.RETURNED) and self.until is not None and self.until < now


def same_person(one: str | None, other: str | None) -> bool:
    """Tell whether two names are one person's, however they were typed."""
    return one is not None and other is not None and plain_name(one) == plain_name(other)


def after(standing: Standing | None, event: Event) -> Standing:
    """Give how a case stands after one more event.

    Args:
        standing: before it; None before the first.
        event: ``content`` has what the event needs: ``due`` of one that sets the clock (opened, regraded,
            received, lapsed), ``until`` of one that sets a time (taken, returned), ``to`` of an assignment,
            ``queue`` and ``second`` of a routing.

    Raises:
        Refused: the case does not allow the event now, or not of this person.
    """
    state = TRANSITIONS.get((standing.state if standing else None, event.what))
    if state is None:
        where = standing.state.label if standing else message("review.state.none")
        raise refused("review.not_now", event=event.what.label, state=where)
    if standing is None:
        due = _day(event)
        return Standing(state, event.at.date(), event.at, due, events=1)
    if event.what is What.REGRADED:
        # It happens to the case, not to whoever has it.
        return replace(standing, due=_day(event), events=standing.events + 1)
    if (refusal := _who_may(standing, event)) is not None:
        raise refusal
    return replace(
        standing,
        state=state,
        since=event.at,
        due=_day(event) if event.what in (What.RECEIVED, What.LAPSED) else standing.due,
        officer=_officer(standing, event),
        until=_moment(event) if event.what in (What.TAKEN, What.RETURNED) else None,
        proposal=event if event.what is What.PROPOSED else None,
        events=standing.events + 1,
        queue=event.content["queue"] if event.what is What.ROUTED else standing.queue,
        second=bool(event.content["second"]) if event.what is What.ROUTED else standing.second,
    )


def _day(event: Event) -> dt.date:
    return dt.date.fromisoformat(event.content["due"])


def _moment(event: Event) -> dt.datetime:
    return dt.datetime.fromisoformat(event.content["until"])


def _officer(standing: Standing, event: Event) -> str | None:
    match event.what:
        case What.ASSIGNED:
            assigned: str = event.content["to"]
            return assigned
        case What.RECEIVED | What.ROUTED:
            # Whoever asked the facility knows what for.
            return standing.officer
        case What.EXPIRED | What.PUT_BACK | What.LAPSED | What.DISAGREED:
            return None
        case _:
            return event.by


def _who_may(standing: Standing, event: Event) -> Refused | None:
    """Say why a person may not do this, if so."""
    officer = standing.officer
    mine = same_person(officer, event.by)
    ends_by_time = event.what in (What.EXPIRED, What.LAPSED)
    if ends_by_time and not standing.ran_out(event.at):
        return refused("review.not_yet", until=_told(standing))
    match standing.state:
        case State.OPEN if event.what is What.TAKEN and officer is not None and not mine:
            return refused("review.assigned_to", officer=officer)
        case State.HELD if not ends_by_time and event.what is not What.ASSIGNED and not mine:
            return refused("review.held_by", officer=officer, until=_told(standing))
        case State.SECOND_OPINION:
            assert standing.proposal is not None
            if event.what is What.PUT_BACK:
                return None if mine else refused("review.proposed_by", officer=officer)
            if mine:
                return refused("review.own_opinion", officer=officer)
            if event.what is not What.DISAGREED and releases(standing) != (event.what is What.RELEASED):
                return refused("review.other_proposal")
    return None


def releases(standing: Standing) -> bool:
    """Tell whether what waits for a second opinion is a release."""
    return standing.proposal is not None and bool(standing.proposal.content.get("release"))


def _told(standing: Standing) -> str:
    return f"{standing.until:%Y-%m-%d %H:%M}" if standing.until else "–"


def replay(events: Iterable[Event]) -> Standing:
    """Give how a case stands after all of its events.

    Raises:
        Refused: they could not have happened in this order.
        ValueError: there are none.
    """
    standing = None
    for event in events:
        standing = after(standing, event)
    if standing is None:
        raise ValueError("a case has at least the event that opened it")
    return standing


def clock_stops(events: Iterable[Event]) -> list[tuple[dt.date, dt.date]]:
    """Give the periods in which the facility had the case: from the first day up to before the second."""
    stops = []
    asked: Event | None = None
    for event in _acts(events):
        if event.what is What.RETURNED:
            asked = event
        elif asked is not None:
            # A facility that did not answer had the time that it was given, and no more.
            end = _moment(asked).date() if event.what is What.LAPSED else event.at.date()
            stops.append((asked.at.date(), max(end, asked.at.date())))
            asked = None
    return stops


def seconds_held(events: Iterable[Event]) -> int:
    """Count the seconds that officers held a case; a hold that ran out counts up to its end."""
    total = 0
    taken: Event | None = None
    for event in _acts(events):
        if taken is not None:
            end = min(event.at, _moment(taken)) if event.what is What.EXPIRED else event.at
            total += max(0, int((end - taken.at).total_seconds()))
        taken = event if event.what is What.TAKEN else None
    return total


def _acts(events: Iterable[Event]) -> Iterable[Event]:
    """Leave out what happens beside what people do."""
    return (event for event in events if event.what is not What.REGRADED)


def due_day(events: Iterable[Event], calendar: Calendar) -> dt.date:
    """Give the day by which a case is due: what came up later makes it due sooner, never later.

    Args:
        events: of the case. Those that grade it say in ``days`` within how many working days of them it is
            due; while the facility has the case none of these days pass.
        calendar: the days on which people work.
    """
    listed = list(events)
    stops = clock_stops(listed)
    gradings = (event for event in listed if event.what in (What.OPENED, What.REGRADED))
    return min(due_date(event.at.date(), event.content["days"], stops, calendar) for event in gradings)


def news(events: Iterable[Event]) -> list[Event]:
    """Give the gradings of a case that whoever has it, or proposed something, has not seen."""
    found: list[Event] = []
    for event in events:
        found = [*found, event] if event.what is What.REGRADED else []
    return found
