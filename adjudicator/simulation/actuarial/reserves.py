"""What is still to come of the claims of past periods (IBNR): what is asked for, checked and given back.

Claims that have happened and are not booked yet, together with what is still to be booked of those that are.
Three methods, each by the ``chainladder`` library (:mod:`adjudicator.simulation.actuarial.estimation`):

* **Mack**: what past origins grew by, later ones will; with no view of its own.
* **Bornhuetter-Ferguson**: what is not developed yet comes as a loss ratio that somebody expects says.
* **Cape Cod**: the same, with the loss ratio that the triangle itself shows, by contributions earned.

Each has a standard error: Mack's own, and for the others
:mod:`adjudicator.simulation.actuarial.errors`. What comes after the oldest known age is the tail's
(:mod:`adjudicator.simulation.actuarial.extrapolation`).

A triangle is made ready first: no method may be handed cells that it would read otherwise than they are
meant. The library takes a cumulative 0 for a cell that is missing; young ages at which some origin had
nothing yet are therefore folded into the first age at which all had something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.problems import refused
from adjudicator.remuneration.months import first_day
from adjudicator.simulation.actuarial.development import Development, Factor, development
from adjudicator.simulation.actuarial.tails import NO_TAIL, Tail
from adjudicator.simulation.actuarial.triangles import Triangle
from adjudicator.units import date_of
from adjudicator.words import Message, message

Int64s = npt.NDArray[np.int64]

LEAST_FOR_AN_ERROR: Final = 4
"""With fewer origins and ages, there is no standard error worth the name."""


class Method(Enum):
    """How what is still to come is estimated."""

    MACK = "mack"
    BORNHUETTER_FERGUSON = "bf"
    CAPE_COD = "capecod"


@dataclass(frozen=True)
class Ready:
    """A triangle as methods can use it, and what was done to it: *m* origins and as many ages."""

    triangle: Triangle
    rows: range
    """The origins that are projected; older ones had nothing or began before the books did, newer ones have
    no age that is used."""
    youngest: int
    """The first age that is used; younger ones are folded into it."""
    remarks: tuple[Message, ...]

    @property
    def cumulative(self) -> Int64s:
        """(m, m): what was booked up to each age that is used; 0 where it is not known."""
        ages = slice(self.youngest, self.youngest + len(self.rows))
        sums: Int64s = self.triangle.cumulative[self.rows.start : self.rows.stop, ages]
        return sums

    @property
    def development(self) -> Development:
        """The development factors of the ages that are used, exactly."""
        cells = np.diff(self.cumulative, axis=1, prepend=0)
        places = np.arange(len(cells))
        cells[places[:, None] + places[None, :] >= len(cells)] = 0
        return development(Triangle(None, self.triangle.grain, 0, cells))

    @property
    def completion(self) -> tuple[Factor, ...]:
        """The share of the last age that is there at each age of the triangle, ages that are folded too."""
        start = self.rows.start
        size = self.triangle.size - start
        whole = Triangle(None, self.triangle.grain, 0, self.triangle.cells[start:, :size])
        return development(whole).completion


@dataclass(frozen=True)
class OriginReserve:
    """What is still to come of an origin; minor units, or claims. None where a method cannot say."""

    origin: str
    age: int
    """Periods since the origin, at the newest cell."""
    reported: int
    ultimate: int | None
    ibnr: int | None
    standard_error: int | None
    exposure: int | None
    """Contributions earned, minor units; of the methods that ask for them."""


@dataclass(frozen=True)
class Reserve:
    """What is still to come of a triangle, by one method."""

    method: Method
    group: str | int | None
    origins: tuple[OriginReserve, ...]
    standard_error: int | None
    """Of the sum, which is not the sum of the origins': they share their factors."""
    loss_ratio: float | None
    """Expected ÷ exposure, given or found."""
    development: Development
    youngest: int
    """The age of the first factor."""
    remarks: tuple[Message, ...]
    tail: Tail = NO_TAIL
    without_tail: Reserve | None = None
    """The same without a tail, where there is one: what the tail adds is the difference."""

    @property
    def reported(self) -> int:
        """What was booked so far."""
        return sum(one.reported for one in self.origins)

    @property
    def ultimate(self) -> int:
        """What all origins come to; those that the method cannot project at what was booked."""
        return sum(one.reported if one.ultimate is None else one.ultimate for one in self.origins)

    @property
    def ibnr(self) -> int:
        """What is still to come."""
        return self.ultimate - self.reported


def made_ready(triangle: Triangle, method: Method) -> Ready:
    """Check a triangle, and cut it to what a method can project.

    Raises:
        Refused: it is empty, its last period is not over, it has too few periods, or what was booked for
            some age comes to nothing or less.
    """
    if not triangle.cells.any():
        raise refused("actuary.reserve.empty")
    if triangle.partial:
        period = triangle.grain.written(triangle.last)
        day = date_of(first_day(triangle.grain.first_month(triangle.last)) - 1)
        raise refused("actuary.reserve.partial", period=period, day=day.isoformat())
    start = max(_first_row(triangle), triangle.whole)
    youngest = _youngest(triangle, start)
    rows = range(start, triangle.size - youngest)
    if len(rows) < 2:
        raise refused("actuary.reserve.too_few", origins=max(len(rows), 0), age=youngest)
    ready = Ready(triangle, rows, youngest, ())
    if (ready.cumulative < 0).any():
        row, age = (int(places[0]) for places in np.nonzero(ready.cumulative < 0))
        origin = triangle.origins[start + row]
        raise refused("actuary.reserve.below_nothing", origin=origin, age=youngest + age)
    return Ready(triangle, rows, youngest, _remarks(ready, method))


def _first_row(triangle: Triangle) -> int:
    """Find the oldest origin of which anything was ever booked."""
    return int(np.flatnonzero(triangle.cells.any(axis=1))[0])


def _youngest(triangle: Triangle, start: int) -> int:
    """Find the first age from which on no origin comes from nothing to something."""
    sums, youngest = triangle.cumulative, 0
    for row in range(start, triangle.size):
        mine = sums[row, : triangle.size - row]
        from_nothing = np.flatnonzero((mine[:-1] == 0) & (mine[1:] != 0))
        youngest = max(youngest, int(from_nothing[-1]) + 1 if len(from_nothing) else 0)
    return youngest


def _remarks(ready: Ready, method: Method) -> tuple[Message, ...]:
    triangle, found = ready.triangle, list[Message]()
    silent = triangle.size - ready.rows.stop
    if silent and method is Method.MACK:
        found.append(message("actuary.remark.folded_mack", age=ready.youngest, silent=silent))
    elif silent:
        found.append(message("actuary.remark.folded", age=ready.youngest, silent=silent))
    if ready.rows.start:
        found.append(message("actuary.remark.before_first", count=ready.rows.start))
    if negative := int((triangle.cells[:, 1:] < 0).sum()):
        found.append(message("actuary.remark.negative", count=negative))
    if triangle.early:
        found.append(message("actuary.remark.early"))
    if len(ready.rows) < LEAST_FOR_AN_ERROR:
        found.append(message("actuary.remark.few", origins=len(ready.rows)))
    return tuple(found)


def exposure_of(triangle: Triangle, earned: Mapping[int, int]) -> Int64s:
    """Add contributions up to the periods of a triangle.

    Args:
        triangle: the triangle.
        earned: month → minor units.

    Returns:
        (n,), by origin.
    """
    months = triangle.grain.months
    first = triangle.grain.first_month(triangle.first)
    return np.array(
        [
            sum(earned.get(first + row * months + month, 0) for month in range(months))
            for row in range(triangle.size)
        ],
        np.int64,
    )
