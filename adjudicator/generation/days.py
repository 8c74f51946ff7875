"""Days and months of whole columns: calendar arithmetic by the law (section 2), on arrays of day numbers."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.generation.stream import I32, I64
from adjudicator.units import day_number

Days = npt.NDArray[np.integer]

A_YEAR = 365

_MARCH_2100: Final = day_number(dt.date(2100, 3, 1))
"""Of the fourth years from 1904 to 2196, 2100 alone has no 29 February."""


def first_of_month(month: int) -> int:
    """Give the first day of a month that is counted from January 1970."""
    return int(np.datetime64(month, "M").astype("datetime64[D]").astype(np.int64))


def month_of(day: int) -> int:
    """Count the months from January 1970 to a day's month."""
    return int(np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64))


def month_named(name: str) -> int:
    """Read a month such as ``2026-01``, counted from January 1970.

    Raises:
        ValueError: it is no month.
    """
    if not re.fullmatch(r"\d{4}-\d{2}", name):
        raise ValueError(name)
    return month_of(day_number(dt.date.fromisoformat(f"{name}-01")))


def name_of_month(month: int) -> str:
    """Write a month as ``2026-01``."""
    return str(np.datetime64(month, "M"))


def months_after(days: Days, months: int) -> I32:
    """Add calendar months to days; a day that the month lacks becomes its last."""
    given = days.astype("datetime64[D]")
    of_month = given.astype("datetime64[M]")
    first = (of_month + months).astype("datetime64[D]")
    last = (of_month + months + 1).astype("datetime64[D]") - 1
    moved = np.minimum(first + (given - of_month.astype("datetime64[D]")), last)
    numbers: I32 = moved.astype(np.int64).astype(np.int32)
    return numbers


def age_on(day: Days | int, born: Days) -> I64:
    """Give people's ages on days, in years; at a birthday it may be a day early or late."""
    days = np.asarray(day, np.int64)
    left_out = (born < _MARCH_2100) & (days >= _MARCH_2100)
    return (days - born + left_out) * 4 // 1461


def weekdays(days: Days) -> I64:
    """Give the days of the week, Monday being 0."""
    # 1 January 1970 was a Thursday.
    return (days.astype(np.int64) + 3) % 7
