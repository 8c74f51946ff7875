"""Random numbers that depend on a seed, a topic and a place, and on nothing else.

Only the raw bits of PCG64 are used, whose stream numpy promises to keep, and only whole-number arithmetic
after them, so that no mathematical library of a machine can change a draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum, auto
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
I8 = npt.NDArray[np.int8]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.integer[Any]]
F64 = npt.NDArray[np.float64]

WHOLE: Final = 1 << 32
"""The number of values that a draw can have."""


class Topic(IntEnum):
    """What a stream is for. A new topic goes last, so that it changes nothing else."""

    PRICES = auto()
    PLACES = auto()
    FACILITIES = auto()
    FAMILIES = auto()
    PERSONS = auto()
    WOMEN = auto()
    NEWBORNS = auto()
    ENROLMENT = auto()
    RENEWAL = auto()
    PAYMENT = auto()
    SICKNESS = auto()
    LONG_TERM = auto()
    MATERNITY = auto()
    VISITS = auto()
    CARE = auto()
    FAULTS = auto()


class Stream:
    """Draws for one topic at one place (a month, a term, …)."""

    def __init__(self, seed: int, topic: Topic, *place: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(int(topic), *place)))

    def draws(self, count: int) -> U32:
        """Draw whole numbers below 2**32, evenly."""
        raw = np.asarray(self._bits.random_raw((count + 1) // 2), np.uint64)
        return raw.astype("<u8", copy=False).view("<u4")[:count].astype(np.uint32, copy=False)

    def below(self, bound: int | Ints, count: int) -> I64:
        """Draw whole numbers from zero up to, and without, a bound (one for all, or one for each)."""
        return scaled_below(self.draws(count), bound)

    def chance(self, percent: float, count: int) -> Bools:
        """Draw what happens with a chance in percent."""
        return self.draws(count) < np.uint64(threshold(percent))

    def pick(self, cumulative: U64, count: int) -> I64:
        """Draw places of a table of :func:`thresholds`."""
        return np.searchsorted(cumulative, self.draws(count).astype(np.uint64), side="right")

    def some(self, count: int, wanted: int) -> I64:
        """Draw different places below ``count``, at most ``wanted`` of them, in rising order."""
        if count <= 0 or wanted <= 0:
            return np.zeros(0, np.int64)
        drawn = self.draws(count).astype(np.uint64) << np.uint64(32) | np.arange(count, dtype=np.uint64)
        kept = np.sort(drawn)[: min(wanted, count)] & np.uint64(WHOLE - 1)
        return np.sort(kept.astype(np.int64))


def scaled_below(draws: U32, bound: int | Ints) -> I64:
    """Scale draws to whole numbers from zero up to, and without, a bound."""
    limits = np.asarray(bound, np.uint64)
    return ((draws.astype(np.uint64) * limits) >> np.uint64(32)).astype(np.int64)


def threshold(percent: float) -> int:
    """Give the number that a draw stays below with a chance in percent."""
    return int(min(max(percent, 0.0), 100.0) / 100.0 * WHOLE)


def thresholds(weights: Sequence[float] | F64 | Ints) -> U64:
    """Give the rising bounds that share all draws out by weights; shape (n,) to (n,), ``uint64``."""
    # A running sum adds from left to right, where a plain sum may add in the order that a machine likes.
    sums = np.cumsum(np.asarray(weights, np.float64))
    bounds: U64 = (sums / sums[-1] * WHOLE).astype(np.uint64)
    bounds[-1] = WHOLE
    return bounds


def rows_of_thresholds(weights: F64) -> U64:
    """Give one sorted table for many: row r holds draws of r * 2**32 and more; shape (r, n) to (r * n,).

    A row without any weight gives its last place.
    """
    sums = np.cumsum(weights, axis=1)
    totals = np.where(sums[:, -1:] > 0, sums[:, -1:], 1.0)
    bounds: U64 = (sums / totals * WHOLE).astype(np.uint64)
    bounds[:, -1] = WHOLE
    bounds += (np.arange(len(weights), dtype=np.uint64) * np.uint64(WHOLE))[:, None]
    return bounds.ravel()


def pick_in_rows(table: U64, width: int, rows: Ints, draws: U32) -> I64:
    """Pick a place of each given row of a table of :func:`rows_of_thresholds`."""
    keys = rows.astype(np.uint64) << np.uint64(32) | draws.astype(np.uint64)
    return np.searchsorted(table, keys, side="right") - rows.astype(np.int64) * width
