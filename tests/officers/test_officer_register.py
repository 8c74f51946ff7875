"""The register of officers: whatever is done to it that is not refused, somebody can go on with it."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.officers.register import (
    Event,
    Officer,
    What,
    lasting_administrators,
    nameable,
    plain_name,
    problem_of_acting,
    problem_of_standing,
    problems_of_adding,
    problems_of_closing,
    problems_of_renewing,
    replay,
    tidy_name,
)
from adjudicator.officers.roles import ACTS, Role, roles_for
from adjudicator.problems import Problem

DAY = dt.date(2026, 3, 2)
NAMES = ("Ama", "Bola", "Cheikh")

name = st.sampled_from(NAMES)
roles = st.sets(st.sampled_from(Role)).map(lambda some: tuple(sorted(some)))
days = st.integers(-3, 3).map(lambda more: DAY + dt.timedelta(days=more))
added = st.builds(
    Event, st.just(0), st.just(What.ADDED), name, name, roles, days, st.none() | days, st.just("h")
)
others = st.builds(
    Event, st.just(0), st.sampled_from([What.RENEWED, What.CLOSED]), name, name, hash=st.just("k")
)


def keys(problems: list[Problem]) -> list[str]:
    return [problem.what.key for problem in problems]


def problems_of(events: list[Event], event: Event, day: dt.date) -> list[Problem]:
    """Say why something may not happen, as the books ask it."""
    register = replay(events)
    match event.what:
        case What.ADDED:
            assert event.since is not None
            new = Officer(event.officer, event.roles, event.since, event.until, "h", None, 0)
            return problems_of_adding(register, new, event.by, day)
        case What.RENEWED:
            return problems_of_renewing(register, event.officer, event.by, day)
        case What.CLOSED:
            return problems_of_closing(register, event.officer, event.by, day)


@given(st.lists(added | others, max_size=25))
def test_whatever_happens_an_administrator_is_left(wanted: list[Event]) -> None:
    events: list[Event] = []
    for number, event in enumerate(wanted, 1):
        day = DAY + dt.timedelta(days=number // 4)
        if problems_of(events, event, day):
            continue
        events.append(Event(number, *(getattr(event, n) for n in ("what", "officer", "by", "roles"))))
        events[-1] = Event(
            number, event.what, event.officer, event.by, event.roles, event.since, event.until, "h"
        )
        register = replay(events)
        # Whoever has lost a key that was reset gets another one from somebody: from themselves at least.
        assert [
            one
            for one in register.values()
            if Role.ADMINISTRATOR in one.roles and one.stands(day) and one.until is None
        ]
        assert events[0].what is What.ADDED
        if event.what is What.CLOSED:
            assert lasting_administrators(register, day)
            assert problem_of_standing(register, event.officer, day) is not None


@given(st.lists(added | others, max_size=25))
def test_who_acts_has_a_key_of_their_own_and_the_role(wanted: list[Event]) -> None:
    events: list[Event] = []
    for event in wanted:
        if not problems_of(events, event, DAY):
            events.append(event)
    register = replay(events)
    for who in (*NAMES, "Nobody"):
        for role in Role:
            officer = register.get(plain_name(who))
            may = (
                officer is not None
                and officer.stands(DAY)
                and officer.given_by is None
                and role in officer.roles
            )
            assert (problem_of_acting(register, who, (role,), DAY) is None) == may


def test_a_key_that_was_given_is_good_for_making_ones_own() -> None:
    ama = Event(1, What.ADDED, "Ama", "root", (Role.ADMINISTRATOR,), DAY, None, "1")
    bola = Event(2, What.ADDED, "Bola", "Ama", (Role.FINANCE,), DAY, None, "2")
    own = Event(3, What.RENEWED, "Bola", "bola", hash="3")
    reset = Event(4, What.RENEWED, "Bola", "Ama", hash="4")

    def problem(*events: Event) -> str | None:
        found = problem_of_acting(replay(events), "BOLA", (Role.FINANCE,), DAY)
        return found.what.key if found else None

    assert problem(ama, bola) == "officers.given_key"
    assert problem(ama, bola, own) is None
    assert problem(ama, bola, own, reset) == "officers.given_key"
    assert keys(problems_of_renewing(replay([ama, bola]), "Bola", "Bola", DAY)) == []
    assert keys(problems_of_renewing(replay([ama, bola, own]), "Ama", "Bola", DAY)) == ["officers.other_role"]


def test_the_first_is_an_administrator_for_good() -> None:
    def problems(roles: tuple[Role, ...], since: dt.date, until: dt.date | None) -> list[str]:
        return keys(problems_of_adding({}, Officer("Ama", roles, since, until, "", None, 0), "x", DAY))

    tomorrow = DAY + dt.timedelta(days=1)
    assert problems((Role.ADMINISTRATOR, Role.FINANCE), DAY, None) == []
    assert problems((Role.FINANCE,), DAY, None) == ["officers.first"]
    assert problems((Role.ADMINISTRATOR,), tomorrow, None) == ["officers.first"]
    assert problems((Role.ADMINISTRATOR,), DAY, tomorrow) == ["officers.first"]
    assert problems((), DAY, None) == ["officers.first", "officers.no_role"]


def test_the_last_administrator_stays() -> None:
    ama = Event(1, What.ADDED, "Ama", "root", (Role.ADMINISTRATOR,), DAY, None, "1")
    bola = Event(2, What.ADDED, "Bola", "Ama", (Role.ADMINISTRATOR,), DAY, None, "2")
    own = Event(3, What.RENEWED, "Bola", "Bola", hash="3")

    assert keys(problems_of_closing(replay([ama]), "Ama", "Ama", DAY)) == ["officers.last_administrator"]
    assert keys(problems_of_closing(replay([ama, bola]), "Ama", "Ama", DAY)) == [
        "officers.last_administrator"
    ]
    assert keys(problems_of_closing(replay([ama, bola, own]), "Ama", "Ama", DAY)) == []
    assert keys(problems_of_closing(replay([ama, bola]), "Cheikh", "Ama", DAY)) == ["officers.unknown"]


def test_officers_come_and_go() -> None:
    ama = Event(1, What.ADDED, "Ama", "root", (Role.ADMINISTRATOR,), DAY, None, "1")
    later, sooner = (DAY + dt.timedelta(days=days) for days in (3, -3))
    bola = Event(2, What.ADDED, "Bola", "Ama", (Role.FINANCE,), DAY, later, "2")

    def problem(day: dt.date, *events: Event) -> str | None:
        found = problem_of_standing(replay(events), " bola ", day)
        return found.what.key if found else None

    assert problem(DAY, ama) == "officers.unknown"
    assert problem(sooner, ama, bola) == "officers.not_yet"
    assert problem(later, ama, bola) is None
    assert problem(later + dt.timedelta(days=1), ama, bola) == "officers.ended"
    closed = Event(3, What.CLOSED, "Bola", "Ama")
    assert problem(DAY, ama, bola, closed) == "officers.closed"
    again = Event(4, What.ADDED, "BOLA", "Ama", (Role.CLERK,), DAY, None, "4")
    assert problem(later, ama, bola, closed, again) is None
    assert [one.name for one in replay([ama, bola, closed, again]).values()] == ["Ama", "BOLA"]


@given(st.text(max_size=30))
def test_names_that_look_alike_are_one_persons(text: str) -> None:
    assert plain_name(tidy_name(text)) == plain_name(text)
    assert plain_name(text.upper()) == plain_name(text.upper().casefold())
    if nameable(text):
        assert tidy_name(tidy_name(text)) == tidy_name(text) != ""


@pytest.mark.parametrize("text", ["", "  ", "A\u200bma", "A\x1b[31m", "–", "x" * 81])
def test_names_that_cannot_be_kept(text: str) -> None:
    assert not nameable(text)


def test_what_is_not_listed_is_the_administrators() -> None:
    assert roles_for("something new") == (Role.ADMINISTRATOR,)
    assert all(ACTS.values())
