"""Allocation and shares of a pool in plain Python, for people to read and for the columns to be measured by.

Written from section 6 of the law, not from the columns: days are counted one by one, shares are exact
fractions, and one contribution or one pool is looked at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import TypeVar

from adjudicator.units import PERCENT_ALL, date_of

Key = TypeVar("Key")


def share_pot(pot: int, weights: Mapping[Key, int], order: Sequence[Key]) -> dict[Key, int]:
    """Share a pot by largest remainder; where remainders are equal, in an order (law, section 2)."""
    total = sum(weights.values())
    exact = {key: Fraction(pot * weight, total) if total else Fraction(0) for key, weight in weights.items()}
    shares = {key: floor(share) for key, share in exact.items()}
    left = pot - sum(shares.values())
    by_remainder = sorted(order, key=lambda key: shares[key] - exact[key])
    for key in by_remainder[:left]:
        shares[key] += 1
    return shares


def earned_by_day(amount: int, paid: int, effective: int, expiry: int) -> dict[int, int]:
    """Give what a contribution earns on each day (law, section 6, step 1).

    Its months share it by largest remainder, the earlier one first; the days of a month have each what it
    comes to with the days before, rounded down, less what those have.

    Args:
        amount: minor units, not negative.
        paid: the day of payment.
        effective: the first day of the policy.
        expiry: its last day.

    Returns:
        Day → minor units.
    """
    start = max(paid, effective)
    if start > expiry:
        return {start: amount}
    days_of: dict[tuple[int, int], list[int]] = {}
    for day in range(start, expiry + 1):
        date = date_of(day)
        days_of.setdefault((date.year, date.month), []).append(day)
    shares = share_pot(amount, {month: len(days) for month, days in days_of.items()}, list(days_of))
    earned: dict[int, int] = {}
    for month, days in days_of.items():
        before = 0
        for number, day in enumerate(days, 1):
            upto = floor(Fraction(shares[month] * number, len(days)))
            earned[day] = upto - before
            before = upto
    return earned


def earned_in(amount: int, paid: int, effective: int, expiry: int, first: int, last: int) -> int:
    """Give what a contribution earns from one day to another, both included."""
    by_day = earned_by_day(amount, paid, effective, expiry)
    return sum(share for day, share in by_day.items() if first <= day <= last)


def index_of(allocated: int, share: int, valuated: Sequence[int], maximum: Fraction | None) -> Fraction:
    """Give the relative index of a pool (law, section 6, step 2).

    Args:
        allocated: contributions earned in its period, minor units, not negative.
        share: its share of them, in hundredths of a percent.
        valuated: what its lines are worth, minor units.
        maximum: the cap; None where there is none.
    """
    value = sum(valuated)
    index = Fraction(allocated * share, PERCENT_ALL * value) if value else Fraction(1)
    return index if maximum is None else min(index, maximum)


def remunerate_lines(index: Fraction, valuated: Mapping[Key, int], order: Sequence[Key]) -> dict[Key, int]:
    """Give what the lines of a pool are paid (law, section 6, step 3)."""
    pot = floor(index * sum(valuated.values()) + Fraction(1, 2))
    return share_pot(pot, valuated, order)
