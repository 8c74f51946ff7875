"""When a case is due: working days, and a clock that stands still while the facility has the case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_DAY: Final = dt.timedelta(days=1)
_WEEK: Final = 7


@dataclass(frozen=True)
class Calendar:
    """The days on which people work.

    Raises:
        ValueError: nobody ever works.
    """

    weekend: frozenset[int] = frozenset((5, 6))
    """Weekdays on which nobody works, as :meth:`datetime.date.weekday` counts: Monday is 0."""
    holidays: frozenset[dt.date] = frozenset()
    """Other days on which nobody works."""

    def __post_init__(self) -> None:
        if len(self.weekend) >= _WEEK:
            raise ValueError("a week needs a day on which somebody works")

    def works(self, day: dt.date) -> bool:
        """Tell whether people work on a day."""
        return day.weekday() not in self.weekend and day not in self.holidays


USUAL: Final = Calendar()
"""Saturday and Sunday are free."""


def due_date(
    opened: dt.date,
    days: int,
    stops: Iterable[tuple[dt.date, dt.date]] = (),
    calendar: Calendar = USUAL,
) -> dt.date:
    """Give the day by which something is due.

    Args:
        opened: the day on which it begins, which does not count itself.
        days: working days that it may take; 0 is due on the day itself.
        stops: periods in which the clock stands still, each from its first day up to before its second.
        calendar: the days on which people work.
    """
    standing = list(stops)
    day = opened
    while days > 0:
        day += _DAY
        stopped = any(first <= day < end for first, end in standing)
        days -= calendar.works(day) and not stopped
    return day


def due_before(today: dt.date, calendar: Calendar = USUAL) -> dt.date:
    """Give the day such that what was due before it is late today: a free day makes nothing late."""
    day = today
    while not calendar.works(day):
        day -= _DAY
    return day


def working_days_late(due: dt.date, today: dt.date, calendar: Calendar = USUAL) -> int:
    """Count the working days since something was due; 0 up to that day."""
    late = (today - due).days
    return sum(calendar.works(due + _DAY * number) for number in range(1, late + 1))
