"""Loss triangles: what was booked for each period of service, by how long after it.

Cells are exact: minor units, or a number of claims. What was taken back counts with its minus where it was
booked, so that a triangle adds up to the ledger that it was read from, whatever happened there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adjudicator.remuneration.shares import total_of
from adjudicator.simulation.actuarial.grains import Grain
from adjudicator.units import INT64_MAX

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Entries:
    """What was booked, by columns of shape (n,), and up to which month that is known."""

    origin: Int64s
    """Months that entries are for, such as those of service."""
    booked: Int64s
    """Months in which they were booked."""
    amount: Int64s
    """Minor units, or a number of claims; negative where something is taken back."""
    group: Int64s
    """The place of each one's group among ``groups``, from 0."""
    groups: tuple[str | int | None, ...]
    """What the groups are: codes or words' numbers; a single None where nothing is grouped."""
    upto: int
    """The last month that may have entries; months without any were months in which nothing was booked."""
    over: bool = True
    """Whether that month is over."""
    began: int | None = None
    """The first month in which anything was booked, also of what was left out; None: in these entries."""

    @property
    def total(self) -> int:
        """The sum of all amounts."""
        return total_of(self.amount)


@dataclass(frozen=True)
class Triangle:
    """The triangle of a group. Row *i* is period ``first + i``; column *j* is *j* periods after it.

    A cell is known where ``i + j`` is less than the number of rows; others hold 0.
    """

    group: str | int | None
    grain: Grain
    first: int
    """The first period of origin, as :class:`Grain` counts them."""
    cells: Int64s
    """(n, n): what was booked in each cell. Minor units, or claims."""
    began: int | None = None
    """The first period in which anything was booked for any group; None where the books go back for ever."""
    partial: bool = False
    """Whether the last period is not over, so that the newest cell of each row has only a part."""
    early: int = 0
    """What was booked before its own period; it is counted with the age of 0."""

    @property
    def size(self) -> int:
        """How many periods it has, of origin and of development."""
        return len(self.cells)

    @property
    def last(self) -> int:
        """The last period, up to which cells are known."""
        return self.first + self.size - 1

    @property
    def origins(self) -> list[str]:
        """The periods of origin as they are written."""
        return [self.grain.written(self.first + row) for row in range(self.size)]

    @property
    def known(self) -> Bools:
        """Which cells are known: (n, n)."""
        places = np.arange(self.size)
        known: Bools = places[:, None] + places[None, :] < self.size
        return known

    @property
    def cumulative(self) -> Int64s:
        """What was booked up to each age: (n, n); 0 where it is not known."""
        sums: Int64s = np.where(self.known, np.cumsum(self.cells, axis=1), 0)
        return sums

    @property
    def reported(self) -> Int64s:
        """What was booked so far for each origin: (n,)."""
        sums: Int64s = self.cells.sum(axis=1)
        return sums

    @property
    def whole(self) -> int:
        """The first row that has all its ages: older ones began before the books, and lack their first."""
        if self.began is None or not self.cells.any():
            return 0
        soonest = int(np.flatnonzero(self.cells.any(axis=0))[0])
        return min(max(self.began - soonest - self.first, 0), self.size)

    @property
    def total(self) -> int:
        """The sum of all cells."""
        return total_of(self.cells.ravel())


def triangles(entries: Entries, grain: Grain) -> tuple[Triangle, ...]:
    """Lay entries out as triangles, one a group, all of the same periods.

    Args:
        entries: in any order.
        grain: of the periods, both of origin and of development.

    Returns:
        In the order of the groups; none where there are no entries.

    Raises:
        OverflowError: amounts are larger than 64 bits hold.
    """
    if not len(entries.origin):
        return ()
    if total_of(np.abs(entries.amount)) > INT64_MAX:
        raise OverflowError("the amounts of a triangle are too large to be counted")
    origin, booked = grain.periods_of(entries.origin), grain.periods_of(entries.booked)
    first = int(origin.min())
    last = max(grain.period_of(entries.upto), int(origin.max()), int(booked.max()))
    size, age = last - first + 1, np.maximum(booked - origin, 0)
    cells = np.zeros((len(entries.groups), size, size), np.int64)
    np.add.at(cells, (entries.group, origin - first, age), entries.amount)
    early = np.zeros(len(entries.groups), np.int64)
    before = booked < origin
    np.add.at(early, entries.group[before], entries.amount[before])
    in_part = not (grain.ends_with(entries.upto) and entries.over)
    began = int(booked.min()) if entries.began is None else grain.period_of(entries.began)
    partial = in_part and grain.period_of(entries.upto) == last
    return tuple(
        Triangle(group, grain, first, cells[place], began, partial, int(early[place]))
        for place, group in enumerate(entries.groups)
    )


def joined(parts: Sequence[Triangle]) -> Triangle:
    """Add triangles of the same periods up to one of no group.

    Raises:
        ValueError: there is none, or their periods differ.
    """
    if len({(one.grain, one.first, one.size) for one in parts}) != 1:
        raise ValueError("triangles can be added up that have the same periods")
    one = parts[0]
    cells: Int64s = np.sum([part.cells for part in parts], axis=0, dtype=np.int64)
    early = sum(part.early for part in parts)
    return Triangle(None, one.grain, one.first, cells, one.began, one.partial, early)
