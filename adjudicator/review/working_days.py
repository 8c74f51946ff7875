"""When a case is due: working days, and a clock that stands still while the facility has the case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Final

WEEKEND: Final = frozenset((5, 6))
"""Saturday and Sunday, as :meth:`datetime.date.weekday` counts."""

_DAY: Final = dt.timedelta(days=1)


def is_working_day(
    day: dt.date, weekend: Collection[int] = WEEKEND, holidays: Collection[dt.date] = ()
) -> bool:
    """Tell whether people work on a day."""
    return day.weekday() not in weekend and day not in holidays


def due_date(
    opened: dt.date,
    days: int,
    stops: Iterable[tuple[dt.date, dt.date]] = (),
    weekend: Collection[int] = WEEKEND,
    holidays: Collection[dt.date] = (),
) -> dt.date:
    """Give the day by which something is due.

    Args:
        opened: the day on which it begins, which does not count itself.
        days: working days that it may take; 0 is due on the day itself.
        stops: periods in which the clock stands still, each from its first day up to before its second.
        weekend: weekdays on which nobody works, Monday being 0; not all seven.
        holidays: other days on which nobody works.

    Raises:
        ValueError: nobody ever works.
    """
    if len(set(weekend)) >= 7:
        raise ValueError("a week needs a day on which somebody works")
    standing = list(stops)
    day = opened
    while days > 0:
        day += _DAY
        stopped = any(first <= day < end for first, end in standing)
        days -= is_working_day(day, weekend, holidays) and not stopped
    return day


def working_days_late(
    due: dt.date,
    today: dt.date,
    weekend: Collection[int] = WEEKEND,
    holidays: Collection[dt.date] = (),
) -> int:
    """Count the working days since something was due; 0 up to that day."""
    late = (today - due).days
    return sum(is_working_day(due + _DAY * number, weekend, holidays) for number in range(1, late + 1))
