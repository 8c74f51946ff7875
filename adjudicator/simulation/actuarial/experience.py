"""Frequency and severity: how often insured people claim, and how much a claim costs.

A frequency is claims ÷ insured-years. An insured-year is 365 days for which somebody was covered; whoever is
covered twice on a day is covered once. An age is that on the day, so that a person's days before and after a
birthday count in different bands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.remuneration.months import months_after
from adjudicator.units import NO_DATE

Int64s = npt.NDArray[np.int64]

DAYS_OF_YEAR: Final = 365

AGE_BANDS: Final = ((0, 1), (1, 5), (5, 15), (15, 25), (25, 45), (45, 65), (65, None))
"""Bands of completed years: from, and before."""

_FAR: Final = 2**31


@dataclass(frozen=True)
class Covered:
    """Who was covered when, by columns of shape (n,), in days."""

    person: Int64s
    """The place of each one's person among the births."""
    start: Int64s
    end: Int64s
    """The last day of cover."""
    group: Int64s
    groups: tuple[str | None, ...]
    birth: Int64s
    """(persons,): days of birth, :data:`adjudicator.units.NO_DATE` where unknown."""


@dataclass(frozen=True)
class Experience:
    """What happened to a group in a period."""

    group: str | int | None
    claims: int
    amount: int
    """Minor units."""
    days: int
    """Days for which people were covered."""

    @property
    def insured_years(self) -> Fraction:
        """Years for which people were covered."""
        return Fraction(self.days, DAYS_OF_YEAR)

    @property
    def frequency(self) -> Fraction | None:
        """Claims for each insured-year."""
        return self.claims / self.insured_years if self.days else None

    @property
    def severity(self) -> Fraction | None:
        """The average amount of a claim, minor units."""
        return Fraction(self.amount, self.claims) if self.claims else None

    @property
    def cost(self) -> Fraction | None:
        """The amount for each insured-year, minor units: frequency × severity."""
        return self.amount / self.insured_years if self.days else None


def band_name(place: int) -> str:
    """Write a band of ages: ``15-24``, ``65+``."""
    low, high = AGE_BANDS[place]
    if high is None:
        return f"{low}+"
    return str(low) if high == low + 1 else f"{low}-{high - 1}"


def band_of(ages: Int64s) -> Int64s:
    """Give the bands of ages in completed years: (n,), -1 where an age is negative, which is unknown."""
    edges = np.array([low for low, _ in AGE_BANDS], np.int64)
    bands: Int64s = np.searchsorted(edges, ages, "right") - 1
    return bands


def covered_days(of: Covered, first: int, last: int) -> Int64s:
    """Count the days for which people of groups were covered, each day of a person once in a group.

    Args:
        of: the covers.
        first: the first day of the period.
        last: its last day, included.

    Returns:
        (groups,).
    """
    start, end = np.maximum(of.start, first), np.minimum(of.end, last)
    persons = len(of.birth)
    days = days_once(of.group * persons + of.person, start, end)
    totals = np.zeros(len(of.groups), np.int64)
    np.add.at(totals, of.group, days)
    return totals


def days_once(key: Int64s, start: Int64s, end: Int64s) -> Int64s:
    """Count the days of spans that no earlier span of the same key has: (n,).

    Args:
        key: (n,), whose each span is; not negative.
        start: (n,), first days.
        end: (n,), last days; a span that ends before it starts has none.
    """
    order = np.lexsort((end, start, key))
    keys, starts, ends = key[order], start[order], np.where(end >= start, end, start - 1)[order]
    # Keys are far apart, so that the latest end so far is always one of the same key.
    places = np.cumsum(np.append(0, keys[1:] != keys[:-1])) if len(keys) else keys
    reached = np.maximum.accumulate(ends + places * _FAR) if len(keys) else ends
    before = np.append(np.int64(-_FAR), reached[:-1])[: len(keys)]
    fresh = np.maximum(starts, before - places * _FAR + 1)
    result = np.zeros(len(key), np.int64)
    result[order] = np.maximum(ends - fresh + 1, 0)
    return result


def covered_days_by_band(of: Covered, first: int, last: int) -> Int64s:
    """Count the days for which people were covered, by their age on each day.

    Returns:
        (bands + 1,): the last one is of people whose birth is not known.
    """
    totals = np.zeros(len(AGE_BANDS) + 1, np.int64)
    birth = of.birth[of.person]
    known = birth != NO_DATE
    for place, (low, high) in enumerate(AGE_BANDS):
        opens = months_after(birth[known], 12 * low)
        start = np.maximum(np.maximum(of.start[known], first), opens)
        end = np.minimum(of.end[known], last)
        if high is not None:
            end = np.minimum(end, months_after(birth[known], 12 * high) - 1)
        totals[place] = days_once(of.person[known], start, end).sum()
    start, end = np.maximum(of.start, first), np.minimum(of.end, last)
    totals[-1] = days_once(of.person[~known], start[~known], end[~known]).sum()
    return totals


@dataclass(frozen=True)
class MonthOfProduct:
    """Contributions and claims of a month of service; minor units."""

    product: str
    month: int
    earned: int
    valuated: int
    paid: int

    @property
    def ratio(self) -> Fraction | None:
        """The loss ratio: what claims are worth ÷ contributions."""
        return Fraction(self.valuated, self.earned) if self.earned > 0 else None


def months_of_products(
    products: list[str],
    first: int,
    last: int,
    earned: Mapping[str, Mapping[int, int]],
    valuated: Mapping[str, Mapping[int, int]],
    paid: Mapping[str, Mapping[int, int]],
) -> list[MonthOfProduct]:
    """Set contributions and claims side by side, by product and month of service."""
    return [
        MonthOfProduct(
            product,
            month,
            *(amounts.get(product, {}).get(month, 0) for amounts in (earned, valuated, paid)),
        )
        for product in products
        for month in range(first, last + 1)
    ]
