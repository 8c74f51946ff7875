"""Windows in time: what is looked at of each code, in the order of a day or of when it was filed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.compiled import compiled
from adjudicator.rulebook.answering import LARGEST
from adjudicator.rulebook.fields import Field, Level
from adjudicator.rulebook.looking import Looking
from adjudicator.rulebook.sorting import Pairs
from adjudicator.rulebook.universe import TARGET_DATE, Rows

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


_FEW: Final = 20_000
"""Up to here each who asks searches alone."""


@dataclass(frozen=True)
class Windows:
    """The places in time of what is looked at, code by code."""

    first: Int64s
    """(codes + 2,): where the places of each code begin; of no code there are none, at the end."""
    places: Int32s | Int64s
    """(n,), rising within a code."""
    sums: Int64s | None
    """(n + 1,): of a measure that is added up, the sum within the code before each place; None of counts."""
    odd: Bools | None
    """(codes + 1,): where a sum is too large; None: nowhere."""

    def begin(self, codes: Int32s) -> Int64s:
        """Give where the rows of codes begin."""
        return self.first[codes]

    def up_to(self, codes: Int32s, bound: Int64s) -> Int64s:
        """Find the first row of each code that is beyond a bound."""
        return self.up_to_both(codes, bound, bound)[0]

    def up_to_both(self, codes: Int32s, low: Int64s, high: Int64s) -> tuple[Int64s, Int64s]:
        """Find the first rows of each code that are beyond each of two bounds.

        Args:
            codes: (n,).
            low: (n,).
            high: (n,): within a code they rise as ``low`` does.
        """
        if len(codes) <= _FEW:
            return _up_to(self.first, self.places, codes, low), _up_to(self.first, self.places, codes, high)
        # Who asks in the order of what is searched goes on where the one before found it.
        pairs = Pairs(len(self.first), (int(low.min()), int(low.max())))
        pairs.add(codes + np.int32(1), low)
        _, order = pairs.in_order_with_places()
        return _up_to_in_order(self.first, self.places, codes, low, high, order)

    def between(
        self, looking: Looking, level: Level, rows: Rows, codes: Int32s, begin: Int64s, end: Int64s
    ) -> Int64s:
        """Count what lies between two places of what each sees, or add up its measure."""
        if self.sums is None:
            return end - begin
        if self.odd is not None:
            # What could pass the largest number is not added up; the claims that ask are told of.
            odd = self.odd[codes]
            looking.evaluator.note_odd(level, rows[odd])
            end = np.where(odd, begin, end)
        return _between(self.first, self.sums, codes, begin, end)


def windows(looking: Looking, place: Field | None, days: tuple[int, int] | None = None) -> Windows:
    """Put what a look sees in order, or take it as it was put in order for another rule.

    Args:
        looking: the look.
        place: the day that rules; when it was filed, where there is none.
        days: the first and the last target day of what is looked at; all when left out.
    """
    look = looking.look
    measure = look.measure if look.function == "sum" else None
    of_one = (look.subject, look.where, measure, place, days)
    name = ("windows", looking.askers.name, frozenset(looking.keys), of_one)
    found = looking.universe.cache.get(name)
    if not isinstance(found, Windows):
        found = _in_order(looking, place, days, look.function == "sum")
        looking.universe.remember(name, found)
    return found


def _in_order(looking: Looking, place: Field | None, days: tuple[int, int] | None, adding: bool) -> Windows:
    span = (0, looking.universe.claims) if place is None else looking.universe.column(place.path).span
    if place is TARGET_DATE and days is not None:
        span = (max(span[0], days[0]), min(span[1], days[1]))
    pairs = Pairs(looking.coding.count, span)
    seen = np.zeros(looking.coding.count + 1, np.int64)
    weights = [np.zeros(0, np.int64)]
    for rows, codes, places in _placed(looking, place, days):
        pairs.add(codes, places)
        _count_after(seen, codes)
        if adding:
            values, known = looking.measured(rows)
            weights.append(np.where(known, values, 0))
    first = np.append(np.cumsum(seen), seen.sum())
    if not adding:
        return Windows(first, pairs.in_order(), None, None)
    places, order = pairs.in_order_with_places()
    sums, sizes = _running(first, np.concatenate(weights)[order])
    odd = sizes >= LARGEST
    return Windows(first, places, sums, odd if odd.any() else None)


def _placed(
    looking: Looking, place: Field | None, days: tuple[int, int] | None
) -> Iterator[tuple[Int32s, Int32s, Int64s]]:
    """Give what is seen with its place in time; what has none is not seen."""
    for rows, codes in looking.seen(days):
        if place is None:
            yield rows, codes, looking.universe.order[looking.claims_of(looking.subject, rows)]
            continue
        places, given = looking.universe.values(place, looking.subject, rows)
        if given.all():
            yield rows, codes, places
        else:
            yield rows[given], codes[given], places[given]


@compiled
def _count_after(seen: Int64s, codes: Int32s) -> None:
    for code in codes:
        seen[code + 1] += 1


@compiled
def _running(first: Int64s, weights: Int64s) -> tuple[Int64s, Floats]:
    """Add up weights within each code before each of its rows; and, to tell what does not fit, their sizes.

    Returns:
        (n + 1,): the sums up to each row, it included, one place later; and (codes + 1,): the sizes.
    """
    found, sizes = np.zeros(len(weights) + 1, np.int64), np.zeros(len(first) - 1)
    for code in range(len(first) - 2):
        total = 0
        for row in range(first[code], first[code + 1]):
            total += weights[row]
            found[row + 1] = total
            sizes[code] += abs(float(weights[row]))
    return found, sizes


@compiled
def _between(first: Int64s, sums: Int64s, codes: Int32s, begin: Int64s, end: Int64s) -> Int64s:
    """Add up from one place to another; before the first place of a code there is nothing."""
    found = np.zeros(len(codes), np.int64)
    for row in range(len(codes)):
        if codes[row] < 0:
            continue
        start = first[codes[row]]
        if end[row] > start:
            found[row] += sums[end[row]]
        if begin[row] > start:
            found[row] -= sums[begin[row]]
    return found


@compiled
def _up_to(first: Int64s, places: Int32s | Int64s, codes: Int32s, bound: Int64s) -> Int64s:
    found = np.empty(len(codes), np.int64)
    for row in range(len(codes)):
        code = codes[row]
        low, high = first[code], first[code]
        if code >= 0:
            high = first[code + 1]
        while low < high:
            middle = (low + high) // 2
            if places[middle] <= bound[row]:
                low = middle + 1
            else:
                high = middle
        found[row] = low
    return found


@compiled
def _up_to_in_order(
    first: Int64s, places: Int32s | Int64s, codes: Int32s, low: Int64s, high: Int64s, order: Int64s
) -> tuple[Int64s, Int64s]:
    starts, ends = np.empty(len(codes), np.int64), np.empty(len(codes), np.int64)
    before, start, end = -1, first[-1], first[-1]
    for row in order:
        code = codes[row]
        if code != before:
            before, start, end = code, first[code], first[code]
        until = first[code + 1] if code >= 0 else end
        start = _onward(places, start, until, low[row])
        end = _onward(places, max(start, end), until, high[row])
        starts[row], ends[row] = start, end
    return starts, ends


@compiled
def _onward(places: Int32s | Int64s, begin: int, until: int, bound: int) -> int:
    """Find the first place beyond a bound from one on that is not yet beyond it, in strides that double."""
    stride, low, high = 1, begin, begin
    while high < until and places[high] <= bound:
        low = high + 1
        high += stride
        stride *= 2
    high = min(high, until)
    while low < high:
        middle = (low + high) // 2
        if places[middle] <= bound:
            low = middle + 1
        else:
            high = middle
    return low
