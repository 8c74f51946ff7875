"""Sorting whole numbers and finding their bounds, for millions of rows at a time."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adjudicator.compiled import compiled

Int64s = npt.NDArray[np.int64]

_DIGIT: Final = 11
"""Bits that are sorted by at a time: their counts stay in the nearest cache of a processor."""

_FEW: Final = 5_000
"""Up to here the library's sort is as quick, and nothing need be compiled for it."""


def order_of(keys: Int64s) -> Int64s:
    """Give the order in which keys rise; equal keys keep theirs.

    Args:
        keys: (n,).

    Returns:
        (n,): the place of the first, the second, …
    """
    if len(keys) <= _FEW:
        return np.argsort(keys, kind="stable")
    return _by_digits(np.ascontiguousarray(keys), int(keys.min()), int(keys.max()))


def order_of_pairs(first: Int64s, second: Int64s) -> Int64s:
    """Give the order in which pairs rise, by their first and then their second; equal ones keep theirs."""
    order = order_of(second)
    return order[order_of(first[order])]


def distinct(keys: Int64s) -> tuple[int, Int64s]:
    """Give how many different keys there are, and the rank of each among them."""
    order = order_of(keys)
    ordered = keys[order]
    new = np.zeros(len(keys), np.int64)
    new[1:] = ordered[1:] != ordered[:-1]
    ranks = np.empty(len(keys), np.int64)
    ranks[order] = np.cumsum(new)
    return int(new.sum()) + bool(len(keys)), ranks


def bounds(keys: Int64s, low: Int64s, high: Int64s) -> tuple[Int64s, Int64s]:
    """Find where the keys from ``low`` to ``high``, both included, begin and end.

    Args:
        keys: (n,), rising.
        low: (m,).
        high: (m,), no less than ``low``.

    Returns:
        (m,) the place of the first key, and (m,) the place after the last.
    """
    if len(low) <= _FEW:
        return np.searchsorted(keys, low, "left"), np.searchsorted(keys, high, "right")
    # Searches that follow the order of what is searched go on where the one before ended.
    return _bounds(keys, low, high, order_of(low))


@compiled
def _by_digits(keys: npt.NDArray[Any], least: int, most: int) -> npt.NDArray[Any]:
    """Sort by the lowest digit first, then by the next: each pass keeps the order of the one before."""
    count = len(keys)
    order, other = np.arange(count), np.empty(count, np.int64)
    # Keys move with their rows, so that each pass reads from one end to the other.
    here, there = keys - least, np.empty(count, np.int64)
    place = np.zeros((1 << _DIGIT) + 1, np.int64)
    mask = (1 << _DIGIT) - 1
    shift = 0
    while (most - least) >> shift:
        place[:] = 0
        for row in range(count):
            place[((here[row] >> shift) & mask) + 1] += 1
        for digit in range(1 << _DIGIT):
            place[digit + 1] += place[digit]
        for row in range(count):
            digit = (here[row] >> shift) & mask
            to = place[digit]
            place[digit] += 1
            there[to] = here[row]
            other[to] = order[row]
        order, other = other, order
        here, there = there, here
        shift += _DIGIT
    return order


@compiled
def _bounds(
    keys: npt.NDArray[Any], low: npt.NDArray[Any], high: npt.NDArray[Any], order: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    starts, ends = np.empty(len(low), np.int64), np.empty(len(low), np.int64)
    start = 0
    for row in order:
        start = _onward(keys, start, low[row], True)
        starts[row] = start
        ends[row] = _onward(keys, start, high[row], False)
    return starts, ends


@compiled
def _onward(keys: npt.NDArray[Any], begin: int, wanted: int, left: bool) -> int:
    """Find a bound from a place on that it does not come before, in strides that double."""
    count = len(keys)
    stride, low = 1, begin
    high = begin
    while high < count and (keys[high] < wanted or (not left and keys[high] == wanted)):
        low = high + 1
        high += stride
        stride *= 2
    high = min(high, count)
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < wanted or (not left and keys[middle] == wanted):
            low = middle + 1
        else:
            high = middle
    return low
