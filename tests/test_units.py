"""Money, quantities, percentages and days: rounding, sharing and the calendar."""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.units import (
    LARGEST_AMOUNT,
    TOO_LARGE,
    add_months,
    completed_years,
    currency_decimals,
    date_of,
    day_number,
    day_of,
    divide_rounded,
    largest_remainder,
    multiply,
    scaled,
    times_percentage,
    times_quantity,
    unscaled,
    year_month_day,
)

dates = st.dates(dt.date(1850, 1, 1), dt.date(2200, 12, 31))
amounts = st.integers(0, LARGEST_AMOUNT)


@given(st.integers(-(10**15), 10**15), st.sampled_from((100, 10_000)))
def test_rounding_is_half_away_from_zero(number: int, divisor: int) -> None:
    exact = (Decimal(number) / divisor).quantize(Decimal(1), ROUND_HALF_UP)
    assert divide_rounded(number, divisor) == exact


def test_rounding_examples() -> None:
    assert times_quantity(333, 50) == 167
    assert times_percentage(125, 5000) == 63
    assert times_percentage(-125, 5000) == -63
    assert times_percentage(1, 4999) == 0


@given(amounts, st.integers(0, 10**12))
def test_multiply_never_wraps(amount: int, quantity: int) -> None:
    exact = times_quantity(amount, quantity)
    assert multiply(amount, quantity) == (exact if exact <= LARGEST_AMOUNT else TOO_LARGE)


@given(dates)
def test_calendar_is_pythons(date: dt.date) -> None:
    day = day_number(date)
    assert date_of(day) == date
    assert year_month_day(day) == (date.year, date.month, date.day)
    assert day_of(date.year, date.month, date.day) == day


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2024-01-31", 1, "2024-02-29"),
        ("2023-01-31", 1, "2023-02-28"),
        ("2024-01-31", 3, "2024-04-30"),
        ("2024-11-30", 3, "2025-02-28"),
        ("2024-05-15", 0, "2024-05-15"),
        ("2024-02-29", 12, "2025-02-28"),
    ],
)
def test_months_are_calendar_months(start: str, months: int, end: str) -> None:
    day = add_months(day_number(dt.date.fromisoformat(start)), months)
    assert date_of(day).isoformat() == end


@given(dates, st.integers(0, 400))
def test_added_months_end_in_the_right_month(date: dt.date, months: int) -> None:
    after = date_of(add_months(day_number(date), months))
    count = date.year * 12 + date.month - 1 + months
    assert (after.year, after.month) == (count // 12, count % 12 + 1)
    assert after.day == date.day or after.day < date.day


@pytest.mark.parametrize(
    ("birth", "day", "years"),
    [
        ("2004-02-29", "2022-02-28", 17),
        ("2004-02-29", "2022-03-01", 18),
        ("2004-02-29", "2024-02-29", 20),
        ("2000-06-15", "2018-06-14", 17),
        ("2000-06-15", "2018-06-15", 18),
    ],
)
def test_years_are_completed_on_the_birthday(birth: str, day: str, years: int) -> None:
    assert completed_years(*(day_number(dt.date.fromisoformat(date)) for date in (birth, day))) == years


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_a_pot_is_shared_out_exactly(pot: int, weights: list[int]) -> None:
    if sum(weights) == 0:
        weights[0] = 1
    shares = largest_remainder(pot, np.array(weights, np.int64))
    assert shares.sum() == pot
    for share, weight in zip(shares.tolist(), weights, strict=True):
        exact = pot * weight
        assert exact // sum(weights) <= share <= exact // sum(weights) + 1


def test_a_pot_without_weights_is_refused() -> None:
    with pytest.raises(ValueError, match="weights"):
        largest_remainder(1, np.zeros(3, np.int64))


@given(st.integers(-(10**18), 10**18), st.integers(0, 4))
def test_scaling_goes_there_and_back(number: int, decimals: int) -> None:
    assert scaled(format(unscaled(number, decimals), "f"), decimals) == number


@pytest.mark.parametrize(
    "given_text", ["", "1e3", "1,5", "1.2.3", "٣", "1.", ".5", "+1", "1.505", "NaN", "--1"]
)
def test_what_is_no_plain_decimal_is_refused(given_text: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(given_text)):
        scaled(given_text, 2)


def test_decimals_of_currencies() -> None:
    assert [currency_decimals(code) for code in ("NPR", "TZS", "XAF", "UGX", "RWF", "TND")] == [
        2,
        2,
        0,
        0,
        0,
        3,
    ]
