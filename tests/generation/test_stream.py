"""Draws: within their bounds, in their shares, and the same whatever is drawn after them."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from adjudicator import units
from adjudicator.generation.codes import codes
from adjudicator.generation.days import (
    age_on,
    first_of_month,
    month_named,
    months_after,
    name_of_month,
    weekdays,
)
from adjudicator.generation.stream import (
    WHOLE,
    Stream,
    Topic,
    pick_in_rows,
    rows_of_thresholds,
    threshold,
    thresholds,
)

SEEDS = st.integers(0, 2**70)


def stream(seed: int, *place: int) -> Stream:
    return Stream(seed, Topic.VISITS, *place)


@given(SEEDS, st.integers(0, 50), st.integers(0, 50))
def test_draws_do_not_depend_on_how_many_follow(seed: int, few: int, more: int) -> None:
    assert (stream(seed).draws(few) == stream(seed).draws(few + more)[:few]).all()


def test_the_stream_of_a_seed_is_the_same_everywhere() -> None:
    assert stream(1, 5).draws(4).tolist() == [4246538642, 3724183616, 1938279591, 2082952323]


@given(SEEDS, st.integers(1, 2**31), st.integers(0, 40))
def test_below_stays_below(seed: int, bound: int, count: int) -> None:
    drawn = stream(seed).below(bound, count)
    assert ((drawn >= 0) & (drawn < bound)).all()


@given(SEEDS, st.integers(0, 60), st.integers(0, 60))
def test_some_are_different_and_rising(seed: int, count: int, wanted: int) -> None:
    places = stream(seed).some(count, wanted)
    assert len(places) == min(count, wanted)
    assert (np.diff(places) > 0).all()
    assert ((places >= 0) & (places < count)).all()


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any), SEEDS)
def test_only_what_has_weight_is_picked(weights: list[int], seed: int) -> None:
    picked = stream(seed).pick(thresholds(weights), 50)
    assert all(weights[place] for place in picked)


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3).filter(any), min_size=1, max_size=5), SEEDS
)
def test_rows_are_picked_as_each_alone(rows: list[list[int]], seed: int) -> None:
    weights = np.array(rows, np.float64)
    row = stream(seed, 1).below(len(rows), 30)
    draws = stream(seed, 2).draws(30)
    picked = pick_in_rows(rows_of_thresholds(weights), 3, row, draws)
    alone = [
        int(np.searchsorted(thresholds(weights[one]), np.uint64(draw), side="right"))
        for one, draw in zip(row, draws, strict=True)
    ]
    assert picked.tolist() == alone


def test_thresholds_hold_nothing_and_everything() -> None:
    assert threshold(0) == 0
    assert threshold(100) == WHOLE
    assert not stream(3).chance(0, 100).any()
    assert stream(3).chance(100, 100).all()


@given(st.integers(-20_000, 40_000), st.integers(-30, 60))
def test_months_are_added_by_the_law(day: int, months: int) -> None:
    assert months_after(np.array([day], np.int32), months).tolist() == [units.add_months(day, months)]


@example(8095, 39_812)  # From 1 March 1992 to 2 March 2101.
@given(st.integers(0, 30_000), st.integers(0, 40_000))
def test_ages_are_right_but_at_birthdays(born: int, days: int) -> None:
    about = int(age_on(born + days, np.array([born]))[0])
    assert about in (units.completed_years(born, born + days + shift) for shift in (-1, 0, 1))


@given(st.integers(0, 1200))
def test_months_are_named_as_they_are_read(month: int) -> None:
    assert month_named(name_of_month(month)) == month
    assert units.date_of(first_of_month(month)).isoformat() == f"{name_of_month(month)}-01"


@given(st.integers(0, 40_000))
def test_weekdays_are_those_of_the_calendar(day: int) -> None:
    assert weekdays(np.array([day])).tolist() == [units.date_of(day).weekday()]


@given(st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 999_999)), min_size=1, max_size=20))
def test_codes_are_filled_with_leading_zeros(numbers: list[tuple[int, int]]) -> None:
    one, other = np.array(numbers).T
    written = codes("HF{one:4}-{other:6}x", one=one, other=other).to_pylist()
    assert written == [f"HF{first:04d}-{second:06d}x" for first, second in numbers]
