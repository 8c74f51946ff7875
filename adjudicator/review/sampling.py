"""Random samples that anybody can draw again: by a keyed hash of each claim, with exact probabilities.

Every claim has a number that follows from the key of the draw and from what the claim is called, and from
nothing else: neither from the order of rows nor from the state of a generator. The claims with the smallest
numbers are drawn. For whoever does not choose the seed by its outcome that is a simple random sample without
replacement of each stratum, and each claim of a stratum has the same chance, sample size over stratum size.

The key is made of the seed, and of what is drawn for and from. Were it the seed alone, claims that were left
by a draw would meet the next draw of that seed with numbers that are known to be large, beside new claims
whose numbers may be small: the chances would not be the same, nor those that are recorded.
"""

from __future__ import annotations

import hashlib
import heapq
from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.uint64]

HASH: Final = (
    "blake2b-128, key sha256(seed 0x1F purpose 0x1F hash of the frame in hexadecimal), of facility 0x1F claim"
)
"""How the number of a claim is made, for the record of a draw."""

SEPARATOR: Final = b"\x1f"

LEAST: Final = 2
"""Claims that are drawn at least of each stratum that has as many: of fewer, no error can be estimated."""


def key_of(seed: str, purpose: str, frame: str) -> str:
    """Give the key of a draw.

    Args:
        seed: any text.
        purpose: what is drawn for; draws of a seed for several purposes have nothing to do with each other.
        frame: the hash of what is drawn from.
    """
    return SEPARATOR.decode().join((seed, purpose, frame))


def numbers(key: str, facilities: Sequence[str], claims: Sequence[str]) -> Numbers:
    """Give each claim its number in a draw.

    Args:
        key: any text; see :func:`key_of`.
        facilities: of each claim, its facility's code.
        claims: of each claim, its number at its facility.

    Returns:
        Shape (n, 2): the number's upper and lower 64 bits.
    """
    keyed = hashlib.blake2b(key=hashlib.sha256(key.encode()).digest(), digest_size=16)
    parts = []
    for facility, claim in zip(facilities, claims, strict=True):
        number = keyed.copy()
        number.update(facility.encode() + SEPARATOR + claim.encode())
        parts.append(number.digest())
    return np.frombuffer(b"".join(parts), ">u8").astype(np.uint64).reshape(-1, 2)


def draw(numbers_: Numbers, stratum: Int64s, sizes: Sequence[int]) -> Bools:
    """Draw from each stratum the claims with the smallest numbers.

    Args:
        numbers_: (n, 2), see :func:`numbers`.
        stratum: (n,), the stratum of each claim, from 0 on; -1 for one that is in none.
        sizes: how many to draw of each stratum; not more than it has.

    Returns:
        (n,): which are drawn.
    """
    order = np.lexsort((numbers_[:, 1], numbers_[:, 0], stratum))
    ordered = stratum[order]
    first = np.searchsorted(ordered, ordered)
    rank = np.arange(len(order)) - first
    drawn = np.zeros(len(order), np.bool_)
    inside = ordered >= 0
    drawn[order[inside]] = rank[inside] < np.asarray(sizes, np.int64)[ordered[inside]]
    return drawn


def share_of(count: int, percentage: int) -> int:
    """Give how many claims a percentage (hundredths of a percent) of them is, rounded up.

    >>> share_of(30, 500), share_of(0, 500), share_of(10, 10_000)
    (2, 0, 10)
    """
    return -(-count * percentage // 10_000)


def least_size(counts: Sequence[int]) -> int:
    """Give the size of the smallest sample that :func:`allocate` can make of strata."""
    return sum(min(LEAST, count) for count in counts)


def allocate(size: int, counts: Sequence[int], weights: Sequence[Fraction]) -> list[int]:
    """Say how many claims to draw of each stratum, in whole numbers that add up.

    The sizes are those that make ``sum(weight / size)`` least: with the weights of :func:`proportional` the
    sample is spread as the claims are, with those of :func:`neyman` the variance of an estimated total is
    least. Each step gives one more claim to the stratum where it helps most, so that nothing is rounded
    (T. Wright, "The equivalence of Neyman optimum allocation for sampling and equal proportions for
    apportioning the U.S. House of Representatives", The American Statistician 66, 2012).

    Args:
        size: of the whole sample; see :func:`least_size`.
        counts: the claims of each stratum.
        weights: of each stratum, not negative.

    Returns:
        The size for each stratum: at least :data:`LEAST` where it has as many, and at most what it has.

    Raises:
        ValueError: the sample is too small for the strata, or larger than all of them together.
    """
    if not least_size(counts) <= size <= sum(counts):
        raise ValueError(size)
    sizes = [min(LEAST, count) for count in counts]
    spread = proportional(counts)
    waiting: list[tuple[Any, ...]] = []

    def offer(place: int) -> None:
        drawn = sizes[place]
        if drawn < counts[place]:
            gain = drawn * (drawn + 1)
            # Where nothing varies any more, what is left is spread as the claims are.
            heapq.heappush(waiting, (-weights[place] / gain, -spread[place] / gain, place))

    for place in range(len(counts)):
        offer(place)
    for _ in range(size - sum(sizes)):
        place = heapq.heappop(waiting)[-1]
        sizes[place] += 1
        offer(place)
    return sizes


def proportional(counts: Sequence[int]) -> list[Fraction]:
    """Give the weights that spread a sample as the claims are spread."""
    return [Fraction(count * count) for count in counts]


def neyman(amounts: Sequence[Int64s]) -> list[Fraction]:
    """Give the weights of strata for the smallest variance: each its size times its spread, squared.

    Args:
        amounts: of each stratum, an amount that varies about as what is to be estimated does; minor units.
    """
    return [_squared(values) for values in amounts]


def _squared(values: Int64s) -> Fraction:
    count = len(values)
    if count < 2:
        return Fraction(0)
    whole = [int(value) for value in values]
    total = sum(whole)
    return Fraction(count * (count * sum(value * value for value in whole) - total * total), count - 1)


def size_classes(amounts: Int64s, classes: int) -> list[int]:
    """Cut amounts into classes that each add up to about the same.

    Few large claims are then a class of their own, as they should be: with sizes in proportion to what the
    classes add up to, this comes near to the best cuts (W. G. Cochran, Sampling Techniques, 1977, 5A.8).

    Args:
        amounts: (n,), minor units, not negative.
        classes: how many at most; equal amounts are never parted, so that there may be fewer.

    Returns:
        The largest amount of each class, rising; the last is the largest of all.
    """
    if not len(amounts):
        return []
    rising = sorted(int(amount) for amount in amounts)
    reached = list(accumulate(rising))
    cuts = (-(-reached[-1] * cut // classes) for cut in range(1, classes + 1))
    return sorted({rising[bisect_left(reached, cut)] for cut in cuts})


def class_of(amounts: Int64s, bounds: Sequence[int]) -> Int64s:
    """Give the class of each amount, from 0 on, by the largest amounts of the classes."""
    return np.searchsorted(np.asarray(bounds, np.int64), amounts).astype(np.int64)
