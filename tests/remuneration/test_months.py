"""Months as numbers, and which periods close in them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.remuneration.months import (
    closes_in,
    first_day,
    last_day,
    month_number,
    month_of,
    months_after,
    months_in,
    months_of,
    place_in_year,
    read_month,
    written_month,
    year_and_month,
)
from adjudicator.units import add_months, date_of, day_number
from tests.remuneration.examples import days, month, whole

dates = st.dates(dt.date(1900, 1, 1), dt.date(2150, 12, 31))


@given(dates)
def test_months_are_the_calendars(date: dt.date) -> None:
    number = month_of(day_number(date))
    assert number == month_number(date.year, date.month) == months_of(whole([day_number(date)]))[0]
    assert year_and_month(number) == (date.year, date.month)
    assert date_of(first_day(number)) == date.replace(day=1)
    assert first_day(number + 1) == last_day(number) + 1
    assert read_month(written_month(number)) == number


@given(st.lists(st.tuples(dates, st.integers(-60, 60)), max_size=5))
def test_columns_of_days_move_as_days_do(pairs: list[tuple[dt.date, int]]) -> None:
    given_days = whole(day_number(date) for date, _ in pairs)
    moved = months_after(given_days, whole(months for _, months in pairs))
    assert moved.tolist() == [add_months(day_number(date), months) for date, months in pairs]


def test_one_span_for_all() -> None:
    assert np.array_equal(months_after(days("2026-01-31", "2024-01-31"), 1), days("2026-02-28", "2024-02-29"))


def test_quarters_and_years_close_in_their_last_month() -> None:
    year = [month(f"2026-{number:02}") for number in range(1, 13)]
    assert [one for one in year if closes_in("quarter", one)] == [year[place] for place in (2, 5, 8, 11)]
    assert [one for one in year if closes_in("year", one)] == [year[11]]
    assert all(closes_in("month", one) for one in year)
    assert list(months_in("quarter", year[4])) == year[3:6]
    assert list(months_in("year", year[4])) == year
    assert [place_in_year("quarter", one) for one in year] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert [place_in_year("month", one) for one in year] == list(range(12))
    assert {place_in_year("year", one) for one in year} == {0}


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-3", "26-03", "2026-03-01", "٢٠٢٦-03", ""])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text or "^$"):
        read_month(text)
