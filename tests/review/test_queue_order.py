"""Due dates and ranks: working days counted one by one, and whole numbers that order as fractions do."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adjudicator.review.ranking import expected_minutes, expected_saving, rank
from adjudicator.review.working_days import USUAL, Calendar, due_before, due_date, working_days_late

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31))
LENGTHS = st.integers(0, 40)


def period(start: dt.date, days: int) -> list[dt.date]:
    return [start + dt.timedelta(days=number) for number in range(days)]


@given(DAYS, LENGTHS, st.sets(st.integers(0, 6), max_size=6), st.sets(DAYS, max_size=20))
def test_a_due_date_is_so_many_working_days_later(
    opened: dt.date, days: int, weekend: set[int], holidays: set[dt.date]
) -> None:
    calendar = Calendar(frozenset(weekend), frozenset(holidays))
    due = due_date(opened, days, (), calendar)
    between = period(opened + dt.timedelta(days=1), (due - opened).days)
    assert sum(calendar.works(day) for day in between) == days
    assert days == 0 or calendar.works(due)


@given(DAYS, LENGTHS, LENGTHS, LENGTHS)
def test_a_stop_moves_a_due_date_by_its_own_working_days(
    opened: dt.date, days: int, begins: int, length: int
) -> None:
    first = opened + dt.timedelta(days=1 + begins)
    end = first + dt.timedelta(days=length)
    plain, stopped = due_date(opened, days), due_date(opened, days, [(first, end)])
    assert stopped >= plain
    if plain < first:
        assert stopped == plain
    else:
        lost = sum(USUAL.works(day) for day in period(first, length))
        assert stopped == due_date(opened, days + lost)


@given(DAYS, st.integers(-30, 60))
def test_lateness_is_counted_in_working_days(due: dt.date, days: int) -> None:
    today = due + dt.timedelta(days=days)
    late = working_days_late(due, today)
    assert (late > 0) <= (today > due)
    assume(late)
    assert due_date(due, late) <= today


@given(DAYS, st.integers(-30, 60), st.sampled_from([USUAL, Calendar(frozenset((4,)))]))
def test_what_was_due_before_a_day_is_late(due: dt.date, days: int, calendar: Calendar) -> None:
    today = due + dt.timedelta(days=days)
    assert (due < due_before(today, calendar)) == (working_days_late(due, today, calendar) > 0)


def test_examples_of_due_dates() -> None:
    friday = dt.date(2026, 3, 6)
    assert due_date(friday, 0) == friday
    assert due_date(friday, 1) == dt.date(2026, 3, 9)
    assert due_date(friday, 10) == dt.date(2026, 3, 20)
    assert due_date(friday, 1, calendar=Calendar(frozenset((4, 5)))) == dt.date(2026, 3, 8)
    assert due_date(friday, 1, calendar=Calendar(holidays=frozenset([dt.date(2026, 3, 9)]))) == dt.date(
        2026, 3, 10
    )
    with pytest.raises(ValueError, match="somebody works"):
        Calendar(frozenset(range(7)))


@given(st.integers(0, 10**12), st.integers(1, 300), st.integers(0, 10**12), st.integers(1, 300))
def test_ranks_order_by_the_saving_of_an_hour(a: int, a_minutes: int, b: int, b_minutes: int) -> None:
    worth = Fraction(a * 60, a_minutes), Fraction(b * 60, b_minutes)
    ranks = rank(a, a_minutes), rank(b, b_minutes)
    if worth[0] >= worth[1] + 1:
        assert ranks[0] < ranks[1]
    if worth[0] == worth[1]:
        assert ranks[0] == ranks[1]


def test_what_is_expected() -> None:
    assert expected_saving([(50, 1001), (100, 10), (0, 99)]) == 511
    assert expected_saving([]) == 0
    assert expected_minutes(0) > 0
    assert rank(0, 5) == 0
    assert rank(10**30, 1) >= -(2**63)
