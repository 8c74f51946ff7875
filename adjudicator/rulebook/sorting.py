"""Putting whole numbers and pairs of them in order, millions at a time."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adjudicator.compiled import compiled

Int64s = npt.NDArray[np.int64]

_DIGIT: Final = 11
"""Bits that are sorted by at a time: their counts stay in the nearest cache of a processor."""

_BITS_OF_32: Final = 32
_BITS_OF_64: Final = 64
_FITS_32: Final = 1 << 29

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
    keys = np.ascontiguousarray(keys, np.int64)
    return _by_digits(keys, int(keys.min()), int(keys.max()))


def order_of_pairs(first: Int64s, second: Int64s) -> Int64s:
    """Give the order in which pairs rise, by their first and then their second; equal ones keep theirs."""
    order = order_of(second)
    return order[order_of(first[order])]


class Pairs:
    """Pairs of a code and a whole number, collected block by block and then put in order.

    A pair is packed into one number, of 32 bits where that is enough.

    Args:
        count: codes are 0 … ``count`` − 1.
        span: the least and the largest that a number may be.
    """

    def __init__(self, count: int, span: tuple[int, int]) -> None:
        self._count, self._least = count, span[0]
        self._bits = max(0, span[1] - span[0]).bit_length()
        needed = self._bits + count.bit_length()
        self._dtype = np.int32 if needed < _BITS_OF_32 else np.int64
        self._packed: list[npt.NDArray[Any]] = []
        self._apart: list[tuple[Int64s, Int64s]] | None = None if needed < _BITS_OF_64 else []

    def add(self, codes: npt.NDArray[Any], numbers: Int64s, once: bool = False) -> None:
        """Add pairs; ``once``: it does not matter how often each is there."""
        if self._apart is not None:
            self._apart.append((codes.astype(np.int64), numbers))
            return
        packed = _packed(codes, numbers, self._least, self._bits).astype(self._dtype, copy=False)
        self._packed.append(_different(packed) if once else packed)

    def _all(self) -> tuple[Int64s, Int64s]:
        apart, nothing = self._apart or [], np.zeros(0, np.int64)
        codes, numbers = (np.concatenate([nothing, *(one[place] for one in apart)]) for place in (0, 1))
        return codes, numbers

    def _together(self) -> npt.NDArray[Any]:
        packed = np.concatenate([np.zeros(0, self._dtype), *self._packed])
        self._packed = []
        return packed

    def _numbers(self, packed: npt.NDArray[Any]) -> npt.NDArray[Any]:
        packed &= packed.dtype.type((1 << self._bits) - 1)
        if _FITS_32 >= self._least >= -_FITS_32:
            packed += packed.dtype.type(self._least)
            return packed
        return packed.astype(np.int64) + self._least

    def in_order(self) -> npt.NDArray[Any]:
        """Give the numbers, ordered by code and then by number. The pairs are used up."""
        if self._apart is not None:
            codes, numbers = self._all()
            return numbers[order_of_pairs(codes, numbers)]
        packed = self._together()
        packed.sort()
        return self._numbers(packed)

    def in_order_with_places(self) -> tuple[npt.NDArray[Any], Int64s]:
        """Give the numbers in this order, and where each was; equal pairs keep theirs."""
        if self._apart is not None:
            codes, numbers = self._all()
            order = order_of_pairs(codes, numbers)
            return numbers[order], order
        packed = self._together()
        order = order_of(packed)
        return self._numbers(packed[order]), order

    def different(self) -> Int64s:
        """Count the different numbers of each code: (count,)."""
        if self._apart is not None:
            codes, numbers = self._all()
            order = order_of_pairs(codes, numbers)
            codes, numbers = codes[order], numbers[order]
            new = np.ones(len(codes), np.bool_)
            new[1:] = (codes[1:] != codes[:-1]) | (numbers[1:] != numbers[:-1])
            return np.bincount(codes[new], minlength=self._count)
        return np.bincount(_different(self._together()) >> self._bits, minlength=self._count)


def _different(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give each number once, rising; those given are sorted."""
    numbers.sort()
    new = np.ones(len(numbers), np.bool_)
    new[1:] = numbers[1:] != numbers[:-1]
    return numbers[new]


@compiled
def _packed(codes: npt.NDArray[Any], numbers: Int64s, least: int, bits: int) -> Int64s:
    packed = np.empty(len(codes), np.int64)
    for row in range(len(codes)):
        packed[row] = (np.int64(codes[row]) << bits) | (numbers[row] - least)
    return packed


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
