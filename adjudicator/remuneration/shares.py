"""A pot shared over millions of weights, exactly, and whatever the order of the rows (law, section 2).

The method of largest remainders: everyone has the whole part of their exact share, and the minor units that
are left go one each to the largest remainders. **Where remainders are equal, those with the smaller key come
first**; keys say who a row is (a claim's number and its line, a facility's code), not where it stands.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from adjudicator.units import INT64_MAX

Int64s = npt.NDArray[np.int64]


def total_of(amounts: npt.NDArray[np.integer]) -> int:
    """Add amounts up exactly, whatever their number: a Python integer, which cannot wrap."""
    wide = amounts.astype(np.int64, copy=False)
    # The upper and the lower halves, each far from the end of 64 bits.
    return (int((wide >> 32).sum()) << 32) + int((wide & 0xFFFFFFFF).sum())


def shares_of(pot: int, weights: Int64s, *keys: npt.NDArray[np.generic]) -> Int64s:
    """Share a pot over weights so that the shares add up to it exactly (law, section 2).

    Args:
        pot: minor units, not negative.
        weights: (n,), not negative, with a sum above zero unless the pot is zero.
        keys: each (n,), the most telling one first; together they name each row once.

    Returns:
        (n,), minor units. A weight of zero has nothing, and equal weights differ by one at most.

    Raises:
        ValueError: there is a pot and no weight, or something is negative.
        OverflowError: the pot does not fit into 64 bits.
    """
    total = total_of(weights)
    if pot < 0 or (len(weights) and int(weights.min()) < 0):
        raise ValueError("neither a pot nor a weight can be negative")
    if total == 0:
        if pot:
            raise ValueError("a pot cannot be shared over weights that are all zero")
        return np.zeros(len(weights), np.int64)
    if pot > INT64_MAX:
        raise OverflowError("a pot is too large")
    # Equal weights have equal shares and remainders, and there are far fewer weights than rows. The
    # products need more than 64 bits, so they are Python's.
    different, place = np.unique(weights, return_inverse=True)
    exact = [divmod(pot * weight, total) for weight in different.tolist()]
    shares = np.array([whole for whole, _ in exact], np.int64)[place]
    left = pot - total_of(shares)
    if left:
        _give(shares, left, np.array(_ranks([rest for _, rest in exact]), np.int64)[place], keys)
    return shares


def _ranks(remainders: list[int]) -> list[int]:
    """Number remainders from the largest on, equal ones alike."""
    numbers = {rest: rank for rank, rest in enumerate(sorted(set(remainders), reverse=True))}
    return [numbers[rest] for rest in remainders]


def _give(shares: Int64s, left: int, rank: Int64s, keys: tuple[npt.NDArray[np.generic], ...]) -> None:
    """Add one to the first ``left`` rows by rank and then by key."""
    upto = np.cumsum(np.bincount(rank))
    last = int(np.searchsorted(upto, left))
    shares[rank < last] += 1
    tied = np.flatnonzero(rank == last)
    owed = left - (int(upto[last - 1]) if last else 0)
    if owed < len(tied):
        # The last key given to lexsort is the first that it sorts by.
        tied = tied[np.lexsort([key[tied] for key in reversed(keys)])] if keys else tied
    shares[tied[:owed]] += 1
