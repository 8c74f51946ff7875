"""Chance that can be repeated: a number for every claim and family from who they are, never from their place.

A draw hashes a name with a seed, so that it is the same for any order of rows, any partition and any number
of threads, and a claim that one variant leaves out is left out by every variant that leaves out more.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.compiled import compiled
from adjudicator.encoding import text_buffers
from adjudicator.registers import Int32s

ONE: Final = 1 << 32
"""What stands for certainty: draws are below it."""

UInt64s = npt.NDArray[np.uint64]


def draws(seed: int, *names: pa.Array) -> UInt64s:
    """Draw a number from 0 to :data:`ONE` − 1 for each row.

    Args:
        seed: of the draws.
        names: texts of n rows; together they name what is drawn for.

    Returns:
        (n,), as good as independent and uniform.
    """
    state = np.full(len(names[0]), np.uint64(seed & (2**64 - 1)), np.uint64)
    for column in names:
        bounds, letters = text_buffers(column)
        _stir(state, bounds, letters)
    return _finished(state)


@compiled
def _stir(state: UInt64s, bounds: Int32s, letters: npt.NDArray[np.uint8]) -> None:
    """Stir texts into states: FNV-1a over their bytes, and a byte that ends each. *Compiled.*"""
    prime = np.uint64(0x100000001B3)
    for row in range(len(state)):
        value = state[row] ^ np.uint64(0x4BF29CE484222325)
        for at in range(bounds[row], bounds[row + 1]):
            value = (value ^ np.uint64(letters[at])) * prime
        state[row] = (value ^ np.uint64(0xFF)) * prime


@compiled
def _finished(state: UInt64s) -> UInt64s:
    """Spread every bit over all others (the finaliser of SplitMix64), and give the upper half. *Compiled.*"""
    result = np.empty(len(state), np.uint64)
    for row in range(len(state)):
        value = state[row]
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0x3F58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x14D049BB133111EB)
        value = value ^ (value >> np.uint64(31))
        result[row] = value >> np.uint64(32)
    return result
