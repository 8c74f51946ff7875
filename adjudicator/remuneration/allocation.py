"""How contributions are earned over the days that they are for (law, section 6, step 1).

A contribution is earned evenly over the days from the later of its payment and its policy's effective date to
the policy's expiry, both included. Each calendar month's part is rounded by largest remainder (law, section
2; the earlier month first where remainders are equal), so that over the policy's life it adds up exactly to
what was paid. Of a month that is cut by the ends of a period, the part is earned evenly over its days and
rounded down from its beginning, so that consecutive periods add up as well.

* A contribution **paid after the expiry** has no days left to be earned over: all of it is earned on the day
  of its payment. No closed period changes, and nothing is lost.
* A contribution that **came into the books after periods were closed** in which some of it was earned: that
  part is *missed* there, and is counted in the first period closed afterwards (:func:`allocated`).
* A contribution that was taken back has a negative amount, and is earned as the amount it takes back, so that
  the two leave nothing in any period.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.compiled import compiled
from adjudicator.remuneration.months import first_day, last_day, month_of
from adjudicator.remuneration.shares import total_of
from adjudicator.units import INT64_MAX, LARGEST_AMOUNT, OPEN_START

Int64s = npt.NDArray[np.int64]

_TOO_EARLY: Final = OPEN_START


@dataclass(frozen=True)
class Contributions:
    """Contributions, by columns of shape (n,), ``int64``."""

    amount: Int64s
    """Minor units; negative where a contribution is taken back."""
    start: Int64s
    """The first day on which it is earned."""
    expiry: Int64s
    """The last one; never before the first."""

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.amount)


def contributions(
    amount: npt.NDArray[np.integer],
    paid: npt.NDArray[np.integer],
    effective: npt.NDArray[np.integer],
    expiry: npt.NDArray[np.integer],
) -> Contributions:
    """Lay out contributions over the days that they are earned over (law, section 6, step 1).

    Args:
        amount: (n,), minor units.
        paid: (n,), days of payment.
        effective: (n,), first days of the policies paid for.
        expiry: (n,), their last days.

    Raises:
        OverflowError: an amount is larger than the law counts with, or their sum than 64 bits hold.
    """
    amounts = amount.astype(np.int64)
    sizes = np.abs(amounts)
    if len(sizes) and (int(sizes.max()) > LARGEST_AMOUNT or total_of(sizes) > INT64_MAX):
        raise OverflowError("contributions are too large to be counted")
    start = np.maximum(paid.astype(np.int64), effective.astype(np.int64))
    return Contributions(amounts, start, np.maximum(expiry.astype(np.int64), start))


def earned(rows: Contributions, first: int, last: int) -> Int64s:
    """Give what each contribution earns from one day to another, both included.

    Returns:
        (n,), minor units.
    """
    return _earned_by_row(rows.amount, rows.start, rows.expiry, first, last)


def earned_by_month(rows: Contributions, group: Int64s, groups: int, first: int, months: int) -> Int64s:
    """Give what groups of contributions, such as those of a product, earn in consecutive months.

    Args:
        rows: the contributions.
        group: (n,), the group of each, from 0; a negative one is left out.
        groups: how many groups there are.
        first: the first month.
        months: how many months.

    Returns:
        (groups, months), minor units.
    """
    totals = np.zeros((groups, months), np.int64)
    _add_by_month(rows.amount, rows.start, rows.expiry, group.astype(np.int64), first, totals)
    return totals


def allocated(
    rows: Contributions, group: Int64s, groups: int, first: int, last: int, missed: npt.NDArray[np.bool_]
) -> Int64s:
    """Give the allocated contributions of groups in a period that is closed (law, section 6, step 1).

    Args:
        rows: the contributions.
        group: (n,), the group of each, such as its product, from 0; a negative one is left out.
        groups: how many groups there are.
        first: the first day of the period.
        last: its last day, included.
        missed: (n,), those that no period closed so far has counted: what they earned before the period is
            counted in it. So the periods of a policy add up to what was paid, whenever it came to be known.

    Returns:
        (groups,), minor units.
    """
    mine = earned(rows, first, last)
    late = np.flatnonzero(missed)
    before = Contributions(rows.amount[late], rows.start[late], rows.expiry[late])
    mine[late] += earned(before, _TOO_EARLY, first - 1)
    totals = np.zeros(groups, np.int64)
    counted = group >= 0
    np.add.at(totals, group[counted], mine[counted])
    return totals


@compiled
def _held(start: int, expiry: int, month: int) -> int:
    """Count the days that a month has of a span that touches it. *Compiled.*"""
    return min(last_day(month), expiry) - max(first_day(month), start) + 1


@compiled
def _remainders(size: int, start: int, expiry: int) -> Int64s:
    """Give what each month's part has below the minor unit, times the days of the span. *Compiled.*

    What is earned every day is whole; only what is left over is multiplied, which cannot pass 64 bits.
    """
    first, days = month_of(start), expiry - start + 1
    rest = size % days
    remainders = np.empty(month_of(expiry) - first + 1, np.int64)
    for place in range(len(remainders)):
        remainders[place] = rest * _held(start, expiry, first + place) % days
    return remainders


@compiled
def _share_of_month(size: int, start: int, expiry: int, month: int, remainders: Int64s) -> int:
    """Give a month's part of a contribution by largest remainder, the earlier month first. *Compiled.*"""
    days, place = expiry - start + 1, month - month_of(start)
    held = _held(start, expiry, month)
    share = size // days * held + size % days * held // days
    # The parts rounded down leave as many units as the remainders make whole ones.
    left = remainders.sum() // days
    before = 0
    for other in range(len(remainders)):
        larger = remainders[other] > remainders[place]
        if larger or (remainders[other] == remainders[place] and other < place):
            before += 1
    return share + 1 if before < left else share


@compiled
def _earned(amount: int, start: int, expiry: int, first: int, last: int) -> int:
    """Give what a contribution earns from one day to another. *Compiled.*"""
    if last < start or first > expiry or last < first:
        return 0
    if first <= start and expiry <= last:
        return amount
    size = abs(amount)
    remainders = _remainders(size, start, expiry)
    total = 0
    for month in range(month_of(max(first, start)), month_of(min(last, expiry)) + 1):
        share = _share_of_month(size, start, expiry, month, remainders)
        opens = max(first_day(month), start)
        held = _held(start, expiry, month)
        upto = min(max(last - opens + 1, 0), held)
        before = min(max(first - opens, 0), held)
        total += share * upto // held - share * before // held
    return total if amount >= 0 else -total


@compiled
def _earned_by_row(amount: Int64s, start: Int64s, expiry: Int64s, first: int, last: int) -> Int64s:
    """Give what each contribution earns from one day to another. *Compiled.*"""
    result = np.zeros(len(amount), np.int64)
    for row in range(len(amount)):
        result[row] = _earned(amount[row], start[row], expiry[row], first, last)
    return result


@compiled
def _add_by_month(
    amount: Int64s, start: Int64s, expiry: Int64s, group: Int64s, first: int, totals: Int64s
) -> None:
    """Add what contributions earn in each month to their group's. *Compiled.*"""
    months = totals.shape[1]
    for row in range(len(amount)):
        if group[row] < 0:
            continue
        size = abs(amount[row])
        remainders = _remainders(size, start[row], expiry[row])
        begins = max(month_of(start[row]), first)
        ends = min(month_of(expiry[row]), first + months - 1)
        for month in range(begins, ends + 1):
            share = _share_of_month(size, start[row], expiry[row], month, remainders)
            totals[group[row], month - first] += share if amount[row] >= 0 else -share
