"""The hash of rows that come and go: it follows from the rows that hold, and a change of it from theirs.

Each row's digest is spread over four words of 64 bits, and each word is added up, modulo 2⁶⁴. So the hash
depends neither on the order of rows nor on how they came to be there, and a load that changes ten rows of
six million need not look at the others.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]

_SALTS: Final = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 0x2545F4914F6CDD1D, 0x369DEA0F31A53F85)
_WORDS: Final = 1 << 64
_CHUNK: Final = 1 << 16
"""Digests that are spread at a time, so that they stay where a processor is quick."""

EMPTY: Final = "0" * (16 * len(_SALTS))
"""The hash of no rows."""


def set_hash(digests: Int64s) -> str:
    """Give the hash (64 hexadecimal digits) of rows from their digests, in any order."""
    return changed_hash(EMPTY, digests, np.zeros(0, np.int64))


def changed_hash(before: str, added: Int64s, ended: Int64s) -> str:
    """Give the hash after a change.

    Args:
        before: the hash of the rows before.
        added: digests of the rows that are new.
        ended: digests of the rows that hold no more; they did before.
    """
    words = []
    for place, salt in enumerate(_SALTS):
        word = int(before[16 * place : 16 * (place + 1)], 16)
        words.append((word + _summed(added, salt) - _summed(ended, salt)) % _WORDS)
    return "".join(f"{word:016x}" for word in words)


def _summed(digests: Int64s, salt: int) -> int:
    total = 0
    for start in range(0, len(digests), _CHUNK):
        spread = _spread(digests[start : start + _CHUNK].view(np.uint64) ^ np.uint64(salt))
        total += int(spread.sum(dtype=np.uint64))
    return total


def _spread(numbers: UInt64s) -> UInt64s:
    """Spread every bit of each number over all of them (the finalizer of SplitMix64, twice)."""
    for _ in range(2):
        numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        numbers = numbers ^ (numbers >> np.uint64(31))
    return numbers
