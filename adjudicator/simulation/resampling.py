"""Other families of the same kind: how often each is drawn in a sample, the same on any machine.

Each family is drawn Poisson(1) times, which for many families is drawing as many as there are with
replacement; sums of a sample are scaled to the number of families that there are, so that a sample does not
differ for its size alone. Families without claims are drawn like the others. The numbers come from NumPy's
PCG64, seeded for each block of families, and are used bit by bit, which NumPy promises never to change.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.registers import Int64s

BLOCK: Final = 256
"""The families of a block; groups of families are whole blocks."""

_MOST_DRAWN: Final = 16
_PRECISION: Final = 50


@cache
def _thresholds() -> npt.NDArray[np.uint64]:
    """Give where the draws of 32 bits that mean 1, 2, … times begin."""
    found = []
    # For these alone: others in this process reckon as exactly before as after.
    with localcontext(prec=_PRECISION):
        chance, below = Decimal(-1).exp(), Decimal(0)
        for times in range(_MOST_DRAWN):
            below += chance
            chance /= times + 1
            found.append(int(below * (1 << 32)))
    return np.array([one for one in found if one < 1 << 32], np.uint64)


def weights_of(seed: int, first_unit: int, end_unit: int, samples: int) -> Int64s:
    """Give how often families are drawn.

    Args:
        seed: of all samples.
        first_unit: the first of the families, a multiple of :data:`BLOCK`.
        end_unit: where they end.
        samples: how many samples there are.

    Returns:
        (families, samples).
    """
    blocks = []
    for block in range(first_unit // BLOCK, -(-end_unit // BLOCK)):
        raw = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(block,))).random_raw(
            BLOCK * samples // 2 + 1
        )
        halves = np.stack((raw >> np.uint64(32), raw & np.uint64(0xFFFFFFFF)), axis=1).ravel()
        drawn = np.searchsorted(_thresholds(), halves[: BLOCK * samples], side="right")
        blocks.append(drawn.reshape(BLOCK, samples))
    return np.concatenate(blocks)[: end_unit - first_unit].astype(np.int64)
