"""Calendar months as whole numbers, counted from January 1970, and the periods that close in them.

Follows section 6 of the law: a pool is closed every month, quarter or year, and a quarter or year in its
last month.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from adjudicator.compiled import compiled
from adjudicator.product.definition import PERIODS_OF_YEAR
from adjudicator.units import add_months, day_of, year_month_day

PeriodName = Literal["month", "quarter", "year"]

MONTHS_OF_YEAR: Final = 12

_EPOCH_YEAR: Final = 1970


def month_number(year: int, month: int) -> int:
    """Count the months from January 1970 to a month (1 to 12) of a year."""
    return (year - _EPOCH_YEAR) * MONTHS_OF_YEAR + month - 1


def year_and_month(month: int) -> tuple[int, int]:
    """Give the year and the month (1 to 12) of a month number."""
    year, of_year = divmod(month, MONTHS_OF_YEAR)
    return year + _EPOCH_YEAR, of_year + 1


@compiled
def month_of(day: int) -> int:
    """Give the month that a day is in. *Compiled.*"""
    year, month, _ = year_month_day(day)
    return (year - 1970) * 12 + month - 1


@compiled
def first_day(month: int) -> int:
    """Give the first day of a month. *Compiled.*"""
    years = month // 12
    return day_of(1970 + years, month - years * 12 + 1, 1)


@compiled
def last_day(month: int) -> int:
    """Give the last day of a month. *Compiled.*"""
    return first_day(month + 1) - 1


def months_of(days: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Give the months that days are in; of any shape."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def months_after(
    days: npt.NDArray[np.integer], months: int | npt.NDArray[np.integer]
) -> npt.NDArray[np.int64]:
    """Add calendar months to days as the law does (section 2): (n,) and a number or (n,) give (n,)."""
    spans = np.broadcast_to(np.asarray(months, np.int64), days.shape)
    return _months_after(days.astype(np.int64), np.ascontiguousarray(spans))


@compiled
def _months_after(days: npt.NDArray[np.int64], months: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Add calendar months to days. *Compiled.*"""
    result = np.empty(len(days), np.int64)
    for row in range(len(days)):
        result[row] = add_months(days[row], months[row])
    return result


def read_month(text: str) -> int:
    """Read a month that is written ``2026-03``.

    Raises:
        ValueError: it is not written so, or there is no such month.
    """
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text):
        raise ValueError(text)
    return month_number(int(text[:4]), int(text[5:]))


def written_month(month: int) -> str:
    """Write a month as ``2026-03``."""
    year, of_year = year_and_month(month)
    return f"{year:04}-{of_year:02}"


def closes_in(period: PeriodName, month: int) -> bool:
    """Tell whether a month is the last of its month, quarter or year (law, section 6, step 2)."""
    length = MONTHS_OF_YEAR // PERIODS_OF_YEAR[period]
    return month % length == length - 1


def months_in(period: PeriodName, month: int) -> range:
    """Give the months of the month, quarter or year that a month is in."""
    length = MONTHS_OF_YEAR // PERIODS_OF_YEAR[period]
    start = month - month % length
    return range(start, start + length)


def place_in_year(period: PeriodName, month: int) -> int:
    """Give which month, quarter or year of its year a month is in, from 0."""
    return month % MONTHS_OF_YEAR // (MONTHS_OF_YEAR // PERIODS_OF_YEAR[period])
