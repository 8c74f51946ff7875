"""Periods of a month, a quarter or a year, as whole numbers counted from the first one of 1970."""

from __future__ import annotations

from enum import Enum

import numpy as np
import numpy.typing as npt

from adjudicator.remuneration.months import MONTHS_OF_YEAR, month_number, written_month, year_and_month

Int64s = npt.NDArray[np.int64]


class Grain(Enum):
    """How long the periods of a triangle are."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many months a period has."""
        return {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: MONTHS_OF_YEAR}[self]

    def period_of(self, month: int) -> int:
        """Give the period that a month is in."""
        return month // self.months

    def periods_of(self, months: Int64s) -> Int64s:
        """Give the periods that months are in: (n,)."""
        return months // self.months

    def first_month(self, period: int) -> int:
        """Give the first month of a period."""
        return period * self.months

    def months_of(self, written: str) -> range:
        """Give the months of a period that is written as :meth:`written` does."""
        year = int(written[:4])
        of_year = {Grain.MONTH: 5, Grain.QUARTER: 6}.get(self)
        place = 1 if of_year is None else int(written[of_year:])
        first = month_number(year, (place - 1) * self.months + 1)
        return range(first, first + self.months)

    def ends_with(self, month: int) -> bool:
        """Tell whether a month is the last one of its period."""
        return (month + 1) % self.months == 0

    def written(self, period: int) -> str:
        """Write a period: ``2026-03``, ``2026-Q1`` or ``2026``."""
        first = self.first_month(period)
        year, of_year = year_and_month(first)
        match self:
            case Grain.MONTH:
                return written_month(first)
            case Grain.QUARTER:
                return f"{year:04}-Q{(of_year + 2) // 3}"
            case Grain.YEAR:
                return f"{year:04}"
