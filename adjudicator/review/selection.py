"""Which claims are selected for review or feedback: the methods that openIMIS has, and stratified samples.

Pure: what can be selected from (the *frame*) comes in as columns, what is selected goes out, each claim with
its exact probability. The same frame and plan give the same selection, whatever the order of the rows.

Where openIMIS differs (domain, T35, T45, T46): it draws with a generator that nobody can ask again, from
claims that were reviewed already, against a mean of the year before today; and a claim whose diagnosis has
no history is never selected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.review import sampling
from adjudicator.units import PERCENT_ALL

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Labels = npt.NDArray[Any]
"""Texts, as NumPy has them."""

OUTSIDE: Final = -1
"""The stratum of a claim that could not have been selected."""

EVERYTHING: Final = "all"
"""The stratum of claims that are in no finer one."""

TAKE_ALL: Final = "take_all"
"""The stratum of the largest claims, all of which are taken."""

AMOUNT: Final = "amount"
"""The name of the strata by size of the claimed amount; their labels are the places of the classes from 1."""

NOTHING: Final = "nothing"
"""What a claim was compared with that has no other to be compared with."""


class Method(Enum):
    """How claims are selected."""

    ALL = "all"
    RANDOM = "random"
    VALUE = "value"
    VARIANCE = "variance"
    STRATIFIED = "stratified"


DRAWN_BY_LOT: Final = frozenset((Method.RANDOM, Method.STRATIFIED))
"""Methods that need a seed; the others take every claim that is meant."""


class Allocation(Enum):
    """How a stratified sample is spread over its strata."""

    PROPORTIONAL = "proportional"
    NEYMAN = "neyman"


class TooSmall(Exception):  # noqa: N818 - it says what is the matter
    """A sample is too small for its strata; ``least`` is the size that it needs."""

    def __init__(self, least: int) -> None:
        self.least = least
        super().__init__(least)


@dataclass(frozen=True)
class Frame:
    """The claims that can be selected; all columns have shape (n,)."""

    facility: Sequence[str]
    claim: Sequence[str]
    claimed: Int64s
    """What each claim asks for, in minor units."""
    valuated: Int64s
    """What each was valued at, in minor units."""
    labels: dict[str, Labels]
    """Columns that strata and means go by; an empty text where a claim has none."""

    def __len__(self) -> int:
        return len(self.claimed)


@dataclass(frozen=True)
class History:
    """The claims that others are compared with; all columns have shape (m,)."""

    claimed: Int64s
    labels: dict[str, Labels]


@dataclass(frozen=True)
class Stratum:
    """A group of claims, each of which had the same chance; amounts in minor units."""

    name: str
    claims: int
    drawn: int
    claimed: int
    valuated: int

    @property
    def probability(self) -> Fraction:
        """The chance of each claim to be drawn."""
        return Fraction(self.drawn, self.claims)


@dataclass(frozen=True)
class Mean:
    """What claims were compared with: the mean claimed amount of a group is ``total / claims``."""

    group: str
    claims: int
    total: int
    """In minor units."""


@dataclass(frozen=True)
class Selection:
    """What was selected from a frame of n claims."""

    drawn: Bools
    """(n,): which claims."""
    stratum: Int64s
    """(n,): the place of each claim's stratum, :data:`OUTSIDE` for claims that were not to be selected."""
    strata: tuple[Stratum, ...]
    bounds: tuple[int, ...] = ()
    """The largest amount of each class of size, where strata are by amount."""
    means: tuple[Mean, ...] = ()
    """By stratum, what its claims were compared with, where they were."""


def select_all(frame: Frame) -> Selection:
    """Select every claim of the frame."""
    return _all_of(frame, np.ones(len(frame), np.bool_))


def select_value(frame: Frame, least: int) -> Selection:
    """Select every claim that asks for an amount (minor units) or more."""
    return _all_of(frame, frame.claimed >= least)


def select_random(frame: Frame, size: int, key: str) -> Selection:
    """Draw a number of claims, each with the same chance."""
    return _drawn(frame, np.zeros(len(frame), np.int64), [EVERYTHING], [size], key)


# Variance.


def select_variance(
    frame: Frame, history: History, within: Bools, excess: int, by_level: bool, fewest: int
) -> Selection:
    """Select claims that ask for much more than others of the same diagnosis do on average.

    A claim is selected that asks for the mean and ``excess`` percent of it, or more. The mean is that of the
    *other* claims of its diagnosis (and its facility's level); where these are fewer than ``fewest``, of its
    diagnosis at all levels, else of its facility's level, else of all claims. A claim that has nothing to be
    compared with is selected, for nothing says that it is in order.

    Args:
        frame: with the labels ``diagnosis`` and ``level``.
        history: what claims are compared with; the same labels.
        within: (n,): which claims of the frame are in the history themselves.
        excess: in hundredths of a percent.
        by_level: whether the mean is first sought at the facility's level.
        fewest: other claims that make a mean.
    """
    steps: list[tuple[str, ...]] = [("diagnosis",), ("level",), ()]
    if by_level:
        steps.insert(0, ("diagnosis", "level"))
    found = np.zeros(len(frame), np.bool_)
    selected = np.zeros(len(frame), np.bool_)
    stratum = np.zeros(len(frame), np.int64)
    own = within.astype(np.int64)
    means: list[Mean] = []
    for step in steps:
        names, place = _groups(frame.labels, step, len(frame))
        groups = _means(history, step)
        of_names = [groups.get(name, Mean(name, 0, 0)) for name in names]
        others = np.array([mean.claims for mean in of_names], np.int64)[place] - own
        # Of all claims, whatever there are must do.
        enough = ~found & _known(frame.labels, step, len(frame)) & (others >= (fewest if step else 1))
        bounds = np.array([_thresholds(mean, excess) for mean in of_names], np.int64).reshape(-1, 2)
        selected |= enough & (frame.claimed >= bounds[place, own])
        stratum[enough] = len(means) + place[enough]
        found |= enough
        means += of_names
    stratum[~found] = len(means)
    means.append(Mean(NOTHING, 0, 0))
    return _of_groups(frame, selected | ~found, stratum, means)


def _thresholds(mean: Mean, excess: int) -> tuple[int, int]:
    """Give the least amount that is far above a mean, for a claim that is not in it and for one that is.

    A claim *c* that is one of *k* with the sum *s* is compared with the others' mean, (s − c) / (k − 1);
    solved for *c*, all in whole numbers.
    """
    most = int(np.iinfo(np.int64).max)
    if not mean.claims:
        return most, most
    whole = (PERCENT_ALL + excess) * mean.total
    apart, among = PERCENT_ALL * mean.claims, PERCENT_ALL * mean.claims + excess
    return min(most, -(-whole // apart)), min(most, -(-whole // among))


def _known(labels: dict[str, Labels], step: Sequence[str], count: int) -> Bools:
    """Tell which claims have all labels of a step."""
    known = np.ones(count, np.bool_)
    for label in step:
        known &= labels[label] != ""
    return known


def _means(history: History, step: Sequence[str]) -> dict[str, Mean]:
    """Give the mean of each group of a history, by its name; the sums are exact however large."""
    names, place = _groups(history.labels, step, len(history.claimed))
    counts = np.bincount(place, minlength=len(names))
    upper, lower = np.zeros(len(names), np.int64), np.zeros(len(names), np.int64)
    np.add.at(upper, place, history.claimed >> 32)
    np.add.at(lower, place, history.claimed & 0xFFFFFFFF)
    totals = [(int(high) << 32) + int(low) for high, low in zip(upper, lower, strict=True)]
    rows = zip(names, counts.tolist(), totals, strict=True)
    return {name: Mean(name, count, amount) for name, count, amount in rows}


def _of_groups(frame: Frame, selected: Bools, stratum: Int64s, means: Sequence[Mean]) -> Selection:
    """Make the groups that selected claims were compared with their strata; each of them is certain."""
    held = set(np.unique(stratum[selected]).tolist())
    used = sorted(held, key=lambda place: means[place].group)
    new = np.full(len(means), OUTSIDE, np.int64)
    new[used] = np.arange(len(used))
    placed = np.where(selected, new[stratum], OUTSIDE)
    kept = tuple(means[place] for place in used)
    strata = _strata(frame, selected, placed, [mean.group for mean in kept])
    return Selection(selected, placed, strata, means=kept)


# Strata.


def select_stratified(
    frame: Frame,
    size: int,
    key: str,
    by: Sequence[str],
    allocation: Allocation,
    classes: int,
    take_all: int | None = None,
) -> Selection:
    """Draw a stratified random sample.

    Args:
        frame: with the labels that are named in ``by``.
        size: of the whole sample, the claims that are all taken among them.
        key: of the draw; see :func:`adjudicator.review.sampling.key_of`.
        by: what strata differ in: labels of the frame, and :data:`AMOUNT`.
        allocation: how the sample is spread; :attr:`Allocation.NEYMAN` by the spread of what claims were
            valued at.
        classes: of the claimed amount, where strata are by amount.
        take_all: claims that ask for this much or more (minor units) are all taken.

    Raises:
        TooSmall: the sample is smaller than the largest claims and two of each stratum.
    """
    certain = np.zeros(len(frame), np.bool_) if take_all is None else frame.claimed >= take_all
    bounds: list[int] = []
    labels = dict(frame.labels)
    if AMOUNT in by:
        bounds = sampling.size_classes(frame.claimed[~certain], classes)
        place = sampling.class_of(frame.claimed, bounds) + 1
        # Written with as many digits each, so that they stand in order.
        width = len(str(len(bounds)))
        labels[AMOUNT] = np.array([f"{number:0{width}d}" for number in place.tolist()], np.str_)
    names, stratum = _groups(labels, by, len(frame))
    stratum = np.where(certain, len(names), stratum)
    listed, stratum = _in_use([*names, TAKE_ALL], stratum)
    counts: list[int] = np.bincount(stratum, minlength=len(listed)).tolist()
    open_ = [place for place, name in enumerate(listed) if name != TAKE_ALL]
    open_counts = [counts[place] for place in open_]
    left = min(size, len(frame)) - int(certain.sum())
    least = sampling.least_size(open_counts)
    if left < least:
        raise TooSmall(least + int(certain.sum()))
    weights = (
        sampling.neyman([frame.valuated[stratum == place] for place in open_])
        if allocation is Allocation.NEYMAN
        else sampling.proportional(open_counts)
    )
    sizes = list(counts)
    allocated = sampling.allocate(left, open_counts, weights)
    for one, drawn in zip(open_, allocated, strict=True):
        sizes[one] = drawn
    return replace(_drawn(frame, stratum, listed, sizes, key), bounds=tuple(bounds))


def _groups(labels: dict[str, Labels], by: Sequence[str], count: int) -> tuple[list[str], Int64s]:
    """Group claims by labels.

    Returns:
        The names of the groups in order (``level=hospital, amount=2``), and the place of each claim's group.
    """
    names, place = [""], np.zeros(count, np.int64)
    for label in by:
        coded = pa.array(labels[label], pa.string()).dictionary_encode()
        words = [f"{label}={word}" for word in coded.dictionary.to_pylist()]
        names = [f"{name}, {word}" if name else word for name in names for word in words]
        place = place * len(words) + coded.indices.to_numpy()
        names, place = _in_use(names, place)
    return (names, place) if by else ([EVERYTHING], place)


def _in_use(names: Sequence[str], place: Int64s) -> tuple[list[str], Int64s]:
    """Keep the groups that have claims, in the order of their names."""
    used, found = np.unique(place, return_inverse=True)
    kept = [names[group] for group in used.tolist()]
    order = sorted(range(len(kept)), key=kept.__getitem__)
    rank = np.empty(len(kept), np.int64)
    rank[order] = np.arange(len(kept))
    return [kept[group] for group in order], rank[found]


def _drawn(frame: Frame, stratum: Int64s, names: Sequence[str], sizes: Sequence[int], key: str) -> Selection:
    numbers = sampling.numbers(key, frame.facility, frame.claim)
    drawn = sampling.draw(numbers, stratum, sizes)
    return Selection(drawn, stratum, _strata(frame, drawn, stratum, names))


def _all_of(frame: Frame, selected: Bools) -> Selection:
    stratum = np.where(selected, 0, OUTSIDE).astype(np.int64)
    return Selection(selected, stratum, _strata(frame, selected, stratum, [EVERYTHING]))


def _strata(frame: Frame, drawn: Bools, stratum: Int64s, names: Sequence[str]) -> tuple[Stratum, ...]:
    return tuple(
        Stratum(
            name,
            int(here.sum()),
            int((here & drawn).sum()),
            total(frame.claimed[here]),
            total(frame.valuated[here]),
        )
        for place, name in enumerate(names)
        for here in [stratum == place]
        if here.any()
    )


def total(amounts: Int64s) -> int:
    """Add up amounts exactly, however large."""
    return (int((amounts >> 32).sum()) << 32) + int((amounts & 0xFFFFFFFF).sum())
