"""Cases: what may happen when, by whom, and that a case is what its events say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.problems import Refused
from adjudicator.review.cases import (
    CLOSED,
    TRANSITIONS,
    Event,
    Standing,
    State,
    What,
    after,
    clock_stops,
    due_day,
    news,
    replay,
    same_person,
    seconds_held,
)
from adjudicator.review.working_days import USUAL, due_date
from adjudicator.words import say

START = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)
"""A Monday."""
PEOPLE = ("Amina", "Joseph", "Chantal")


def at(minutes: int) -> dt.datetime:
    return START + dt.timedelta(minutes=minutes)


def event(what: What, by: str = "Amina", minutes: int = 0, **content: Any) -> Event:
    if what in (What.TAKEN, What.RETURNED):
        content = {"until": at(minutes + 30).isoformat()} | content
    if what in (What.OPENED, What.REGRADED, What.RECEIVED, What.LAPSED):
        content = {"due": "2026-03-16"} | content
    if what is What.ASSIGNED:
        content = {"to": "Joseph"} | content
    if what is What.ROUTED:
        content = {"queue": "duplicates", "second": False} | content
    return Event(what, by, at(minutes), content)


def opened() -> Event:
    return event(What.OPENED, "the queue")


def refusal(events: Sequence[Event]) -> str:
    with pytest.raises(Refused) as refused:
        replay(events)
    return refused.value.problems[0].what.key


def test_one_person_is_one_however_their_name_is_typed() -> None:
    assert same_person("Éléonore  Ba", "E\u0301LE\u0301ONORE ba ")
    assert not same_person("Eleonore Ba", "Éléonore Ba")


def test_what_comes_up_later_changes_neither_who_has_a_case_nor_the_time_they_took() -> None:
    taken = [opened(), event(What.TAKEN, minutes=1)]
    later = event(What.REGRADED, "Joseph", 3, due="2026-03-09")
    standing, before = replay([*taken, later]), replay(taken)
    assert (standing.state, standing.officer, standing.until) == (State.HELD, "Amina", before.until)
    assert (standing.since, standing.due) == (before.since, dt.date(2026, 3, 9))
    decided = event(What.DECIDED, minutes=11)
    assert seconds_held([*taken, later, decided]) == seconds_held([*taken, decided]) == 600
    returned = event(What.RETURNED, minutes=2)
    back = event(What.RECEIVED, "desk", 60 * 24 * 2)
    assert clock_stops([*taken, returned, later, back]) == clock_stops([*taken, returned, back])
    assert news([*taken, later]) == [later]
    assert news([*taken, later, event(What.TAKEN, minutes=4)]) == []


@given(
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from([2, 5, 10])), max_size=4),
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), max_size=2),
)
def test_a_case_is_due_no_later_for_what_comes_up(
    gradings: list[tuple[int, int]], stops: list[tuple[int, int]]
) -> None:
    a_day = 60 * 24
    events = [event(What.OPENED, "the queue", due="2026-03-16", days=10)]
    for day, long in stops:
        events.append(event(What.RETURNED, minutes=day * a_day, until="2030-01-01T00:00:00+00:00"))
        events.append(event(What.RECEIVED, "desk", (day + long) * a_day))
    alone = due_day(events, USUAL)
    for day, days in gradings:
        events.append(event(What.REGRADED, "Joseph", day * a_day, due="2026-03-16", days=days))
        sooner = due_day(events, USUAL)
        assert sooner <= alone
        assert sooner <= due_date((START + dt.timedelta(days=day)).date(), days, clock_stops(events))


ACTS = st.tuples(
    st.sampled_from([what for what in What if what is not What.OPENED]),
    st.sampled_from(PEOPLE),
    st.integers(0, 90),
    st.booleans(),
)


@given(st.lists(ACTS, max_size=40))
def test_a_case_is_the_replay_of_what_was_allowed(acts: list[tuple[What, str, int, bool]]) -> None:
    events, minutes = [opened()], 0
    standing = after(None, events[0])
    for what, by, later, release in acts:
        minutes += later
        given_event = event(what, by, minutes, **({"release": release} if what is What.PROPOSED else {}))
        allowed = (standing.state, what) in TRANSITIONS
        changed = attempt(standing, given_event)
        if changed is None:
            continue
        assert allowed
        standing = changed
        events.append(given_event)
        assert standing == replay(events)
        assert_consistent(standing)
    assert standing.events == len(events)


def attempt(standing: Standing, given_event: Event) -> Standing | None:
    try:
        return after(standing, given_event)
    except Refused as refused:
        told = [say(problem.what, language) for problem in refused.problems for language in ("en", "fr")]
    assert all(told)
    return None


def assert_consistent(standing: Standing) -> None:
    assert (standing.until is not None) == (standing.state in (State.HELD, State.RETURNED))
    assert (standing.proposal is not None) == (standing.state is State.SECOND_OPINION)
    if standing.state is not State.OPEN:
        assert standing.officer is not None


@pytest.mark.parametrize("state", sorted(CLOSED))
@pytest.mark.parametrize("what", What)
def test_nothing_happens_to_a_closed_case(state: State, what: What) -> None:
    assert (state, what) not in TRANSITIONS


def test_every_state_can_be_left_and_reached() -> None:
    assert {state for state, _ in TRANSITIONS} == {None, *State} - CLOSED
    assert set(TRANSITIONS.values()) == set(State)


@pytest.mark.parametrize(("what", "language"), [*product([*What, *State], ("en", "fr"))])
def test_every_state_and_event_has_a_label(what: What | State, language: str) -> None:
    assert say(what.label, language)


def test_a_case_is_with_one_officer_at_a_time() -> None:
    held = [opened(), event(What.TAKEN, "Amina")]
    assert refusal([*held, event(What.TAKEN, "Joseph", 29)]) == "review.held_by"
    assert refusal([*held, event(What.DECIDED, "Joseph", 29)]) == "review.held_by"
    assert refusal([*held, event(What.EXPIRED, "Joseph", 29)]) == "review.not_yet"
    taken_over = [*held, event(What.EXPIRED, "Joseph", 31), event(What.TAKEN, "Joseph", 31)]
    assert replay(taken_over).officer == "Joseph"


def test_who_holds_a_case_may_take_it_again_for_longer() -> None:
    standing = replay([opened(), event(What.TAKEN), event(What.TAKEN, "AMINA ", 20)])
    assert standing.until == at(50)


def test_an_assigned_case_is_only_for_whom_it_was_assigned_to() -> None:
    assigned = [opened(), event(What.ASSIGNED, to="Joseph")]
    assert refusal([*assigned, event(What.TAKEN, "Amina")]) == "review.assigned_to"
    assert replay([*assigned, event(What.TAKEN, "joseph")]).state is State.HELD
    assert replay([*assigned, event(What.ASSIGNED, to=None), event(What.TAKEN, "Amina")]).officer == "Amina"


def test_nobody_approves_their_own() -> None:
    waiting = [opened(), event(What.TAKEN), event(What.PROPOSED)]
    for what in (What.AGREED, What.DISAGREED, What.RELEASED):
        assert refusal([*waiting, event(what, "amina")]) == "review.own_opinion"
    assert replay([*waiting, event(What.AGREED, "Joseph")]).state is State.DECIDED
    assert replay([*waiting, event(What.DISAGREED, "Joseph")]).state is State.OPEN
    assert replay([*waiting, event(What.PUT_BACK, "Amina")]).state is State.OPEN
    assert refusal([*waiting, event(What.PUT_BACK, "Joseph")]) == "review.proposed_by"


def test_a_release_is_agreed_to_by_a_release() -> None:
    waiting = [opened(), event(What.TAKEN), event(What.PROPOSED, release=True)]
    assert refusal([*waiting, event(What.AGREED, "Joseph")]) == "review.other_proposal"
    assert replay([*waiting, event(What.RELEASED, "Joseph")]).state is State.RELEASED
    decision = [opened(), event(What.TAKEN), event(What.PROPOSED)]
    assert refusal([*decision, event(What.RELEASED, "Joseph")]) == "review.other_proposal"


def test_who_asked_the_facility_has_the_case_next() -> None:
    asked = [opened(), event(What.TAKEN), event(What.RETURNED, minutes=5)]
    back = replay([*asked, event(What.RECEIVED, "the desk", 10, due="2026-03-20")])
    assert (back.state, back.officer, back.due) == (State.OPEN, "Amina", dt.date(2026, 3, 20))
    assert refusal([*asked, event(What.LAPSED, "Joseph", 10)]) == "review.not_yet"
    assert replay([*asked, event(What.LAPSED, "Joseph", 36)]).officer is None


def test_the_time_held_is_counted_and_a_forgotten_hold_up_to_its_end() -> None:
    events = [
        opened(),
        event(What.TAKEN, "Amina", 10),
        event(What.TAKEN, "Amina", 20),
        event(What.PUT_BACK, "Amina", 22),
        event(What.TAKEN, "Joseph", 100),
        event(What.EXPIRED, "Amina", 500),
        event(What.TAKEN, "Amina", 500),
        event(What.DECIDED, "Amina", 507),
    ]
    assert seconds_held(events) == (12 + 30 + 7) * 60


def test_the_clock_stands_still_from_the_return_to_the_answer() -> None:
    day = 24 * 60
    asked = [opened(), event(What.TAKEN, minutes=day), event(What.RETURNED, minutes=day)]
    answered = [*asked, event(What.RECEIVED, minutes=4 * day)]
    assert clock_stops(answered) == [(dt.date(2026, 3, 3), dt.date(2026, 3, 6))]
    late = [*asked[:-1], event(What.RETURNED, minutes=day, until=at(2 * day).isoformat())]
    assert clock_stops([*late, event(What.LAPSED, minutes=9 * day)]) == [
        (dt.date(2026, 3, 3), dt.date(2026, 3, 4))
    ]


def test_people_are_the_same_however_they_are_typed() -> None:
    assert same_person(" amina  DIALLO", "Amina Diallo")
    assert not same_person(None, None)
    assert not same_person("Amina", None)
