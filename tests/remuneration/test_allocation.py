"""Contributions earned over days: exact over a policy's life, and as the reference counts them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adjudicator.remuneration.allocation import (
    Contributions,
    allocated,
    contributions,
    earned,
    earned_by_month,
)
from adjudicator.remuneration.months import first_day, last_day, month_of
from adjudicator.units import LARGEST_AMOUNT
from tests.remuneration.examples import day, month, whole
from tests.remuneration.reference import earned_in

FIRST = day("2023-11-20")
"""The days of the properties are counted from here, over a leap day."""


@st.composite
def paid_contributions(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """Draw an amount, and the days of payment, effect and expiry."""
    amount = draw(st.integers(0, 400) | st.integers(0, LARGEST_AMOUNT))
    effective = FIRST + draw(st.integers(0, 60))
    expiry = effective + draw(st.integers(0, 420))
    paid = FIRST + draw(st.integers(0, 500))
    return amount, paid, effective, expiry


def smaller(row: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Make an amount so small that several can be added up."""
    amount, paid, effective, expiry = row
    return amount % 10**12, paid, effective, expiry


def column(*rows: tuple[int, int, int, int]) -> Contributions:
    amount, paid, effective, expiry = (whole(numbers) for numbers in zip(*rows, strict=True))
    return contributions(amount, paid, effective, expiry)


def test_a_year_paid_in_its_third_week() -> None:
    # 1,200.00 paid on 15 January for the year 2026 are earned over 351 days (17 in January, then 334).
    # Exact parts: January 120000 × 17 ÷ 351 = 5811.97; February (28) 9572.65; months of 31 days 10598.29;
    # of 30 days 10256.41. Rounded down they come to 5811 + 9572 + 6 × 10598 + 4 × 10256 = 119995.
    # The five that are left go to the largest remainders: January .97, February .65, and of the four months
    # with .41 the earlier three, April, June and September.
    row = column((120_000, day("2026-01-15"), day("2026-01-01"), day("2026-12-31")))
    by_month = earned_by_month(row, whole([0]), 1, month("2026-01"), 12)[0].tolist()
    assert by_month == [5812, 9573, 10598, 10257, 10598, 10257, 10598, 10598, 10257, 10598, 10256, 10598]
    assert sum(by_month) == 120_000


def test_a_month_that_is_cut_is_earned_by_its_days() -> None:
    # 31.00 for 31 days is 1.00 a day: 1 to 10 March earn 10.00, 11 to 31 March 21.00.
    row = column((3100, day("2026-02-01"), day("2026-03-01"), day("2026-03-31")))
    assert earned(row, day("2026-03-01"), day("2026-03-10")).tolist() == [1000]
    assert earned(row, day("2026-03-11"), day("2026-03-31")).tolist() == [2100]
    # 0.10 for 31 days: up to 10 March 10 × 10 ÷ 31 = 3.2, rounded down; the rest has the rest.
    row = column((10, day("2026-02-01"), day("2026-03-01"), day("2026-03-31")))
    assert earned(row, day("2026-03-01"), day("2026-03-10")).tolist() == [3]
    assert earned(row, day("2026-03-11"), day("2026-03-31")).tolist() == [7]


def test_twelve_months_of_openimis_come_to_more_than_was_paid() -> None:
    # openIMIS counts both ends of the days in a month but not of the days of the policy: 365 ÷ 364.
    openimis = sum(36_500 * length / 364 for length in (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31))
    assert openimis == pytest.approx(36_600, abs=1)
    row = column((36_500, day("2025-12-20"), day("2026-01-01"), day("2026-12-31")))
    assert earned_by_month(row, whole([0]), 1, month("2026-01"), 12).sum() == 36_500


def test_a_payment_after_the_expiry_is_earned_on_its_day() -> None:
    row = column((5_000, day("2027-02-10"), day("2026-01-01"), day("2026-12-31")))
    assert earned(row, day("2026-01-01"), day("2027-02-09")).tolist() == [0]
    assert earned(row, day("2027-02-10"), day("2027-02-10")).tolist() == [5_000]


@given(paid_contributions(), st.lists(st.integers(0, 1000), max_size=6))
@example((7, FIRST, FIRST, FIRST + 365), [])
def test_any_periods_add_up_to_what_was_paid(row: tuple[int, int, int, int], cuts: list[int]) -> None:
    edges = [FIRST, *sorted(FIRST + cut for cut in cuts), FIRST + 1001]
    periods = [(first, last - 1) for first, last in pairwise(edges)]
    parts = [int(earned(column(row), first, last)[0]) for first, last in periods]
    assert sum(parts) == row[0]
    assert all(part >= 0 for part in parts)


@given(paid_contributions(), st.integers(-10, 520), st.integers(0, 200))
def test_days_are_counted_as_the_reference_counts_them(
    row: tuple[int, int, int, int], at: int, length: int
) -> None:
    first, last = FIRST + at, FIRST + at + length
    assert int(earned(column(row), first, last)[0]) == earned_in(*row, first, last)


@given(st.lists(paid_contributions(), min_size=1, max_size=8), st.data())
def test_months_are_the_periods_of_months(rows: list[tuple[int, int, int, int]], data: st.DataObject) -> None:
    rows = [smaller(row) for row in rows]
    group = whole(data.draw(st.lists(st.integers(-1, 2), min_size=len(rows), max_size=len(rows))))
    start, count = month_of(FIRST), 20
    by_month = earned_by_month(column(*rows), group, 3, start, count)
    for place in range(count):
        mine = earned(column(*rows), first_day(start + place), last_day(start + place))
        assert [int(mine[group == one].sum()) for one in range(3)] == by_month[:, place].tolist()


@given(paid_contributions(), st.integers(0, 500), st.integers(0, 60))
def test_what_is_taken_back_leaves_nothing(row: tuple[int, int, int, int], at: int, length: int) -> None:
    amount, *rest = row
    both = contributions(whole([amount, -amount]), *(whole([number] * 2) for number in rest))
    assert earned(both, FIRST + at, FIRST + at + length).sum() == 0


@given(st.lists(st.tuples(paid_contributions(), st.integers(0, 24)), min_size=1, max_size=6))
def test_periods_add_up_whenever_contributions_come_to_be_known(
    known: list[tuple[tuple[int, int, int, int], int]],
) -> None:
    rows = [smaller(row) for row, _ in known]
    since = whole(when for _, when in known)
    start, total = month_of(FIRST), 0
    for place in range(36):
        seen = np.flatnonzero(since <= place)
        if len(seen):
            mine = column(*(rows[row] for row in seen.tolist()))
            first, last = first_day(start + place), last_day(start + place)
            missed = since[seen] == place
            total += int(allocated(mine, np.zeros(len(seen), np.int64), 1, first, last, missed)[0])
    assert total == sum(row[0] for row in rows)


def test_groups_are_added_and_negative_ones_left_out() -> None:
    rows = column(*[(3100, day("2026-03-01"), day("2026-03-01"), day("2026-03-31"))] * 3)
    totals = allocated(
        rows, whole([1, -1, 1]), 2, day("2026-03-01"), day("2026-03-31"), np.zeros(3, np.bool_)
    )
    assert totals.tolist() == [0, 6200]


def test_amounts_that_cannot_be_counted_are_refused() -> None:
    with pytest.raises(OverflowError):
        column((LARGEST_AMOUNT + 1, 0, 0, 10))
    with pytest.raises(OverflowError):
        column(*[(LARGEST_AMOUNT, 0, 0, 10)] * 10_001)


def test_nothing_is_earned_of_nothing() -> None:
    none = contributions(*(whole([]) for _ in range(4)))
    assert none.count == 0
    assert earned(none, 0, 10).tolist() == []
    assert earned_by_month(none, whole([]), 2, 0, 2).tolist() == [[0, 0], [0, 0]]
