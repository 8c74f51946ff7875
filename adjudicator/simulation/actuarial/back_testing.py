"""Methods put to the test: the last diagonals are left out, predicted from the others, and set beside them.

Only what an earlier triangle could have said is judged: origins that it had, up to ages that it knew. What a
tail adds is not among them. Contributions are those that are known now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.problems import Refused
from adjudicator.simulation.actuarial.extrapolation import tail_of
from adjudicator.simulation.actuarial.reserves import Method, Ready, made_ready
from adjudicator.simulation.actuarial.tails import TailChoice
from adjudicator.simulation.actuarial.triangles import Triangle

Int64s = npt.NDArray[np.int64]

MOST_DIAGONALS: Final = 3


@dataclass(frozen=True)
class Predicted:
    """What a method would have said of an origin, and what came; minor units, or claims."""

    origin: str
    predicted: int
    actual: int


@dataclass(frozen=True)
class BackTest:
    """What a method would have said of the last diagonals of a triangle."""

    method: Method
    group: str | int | None
    diagonals: int
    """How many were left out."""
    upto: str
    """The last period that the method was shown."""
    origins: tuple[Predicted, ...]

    @property
    def predicted(self) -> int:
        """What it would have said."""
        return sum(one.predicted for one in self.origins)

    @property
    def actual(self) -> int:
        """What came."""
        return sum(one.actual for one in self.origins)

    @property
    def difference(self) -> int:
        """By how much it said too much; too little where negative."""
        return self.predicted - self.actual

    @property
    def apart(self) -> int:
        """By how much it was off, origin by origin: what is too much here does not make up for there."""
        return sum(abs(one.predicted - one.actual) for one in self.origins)


def earlier(triangle: Triangle, diagonals: int) -> Triangle:
    """Give a triangle as it was before its last diagonals."""
    size = triangle.size - diagonals
    places = np.arange(size)
    cells: Int64s = np.where(
        places[:, None] + places[None, :] < size, triangle.cells[:size, :size], np.int64(0)
    )
    return Triangle(
        triangle.group, triangle.grain, triangle.first, cells, triangle.began, False, triangle.early
    )


def back_tests(
    triangle: Triangle,
    methods: Sequence[Method],
    tail: TailChoice,
    exposure: Int64s | None = None,
    loss_ratio: float | None = None,
    most: int = MOST_DIAGONALS,
) -> tuple[BackTest, ...]:
    """Leave out one, two … diagonals, and let methods predict them.

    Args:
        triangle: the triangle.
        methods: the methods.
        tail: what they would have expected after the oldest age.
        exposure: (n,), contributions earned by origin; for all methods but Mack.
        loss_ratio: what is expected ÷ contributions; for Bornhuetter-Ferguson.
        most: how many diagonals are left out at most.

    Returns:
        None for diagonals without which the triangle cannot be projected.
    """
    found: list[BackTest] = []
    for diagonals in range(1, most + 1):
        if triangle.size - diagonals < 2:
            break
        past = earlier(triangle, diagonals)
        for method in methods:
            try:
                ready = made_ready(past, method)
                factor = tail_of(ready, tail).factor
            except Refused:
                continue
            tested = _tested(triangle, ready, method, factor, exposure, loss_ratio)
            if tested:
                upto = past.grain.written(past.last)
                found.append(BackTest(method, triangle.group, diagonals, upto, tested))
    return tuple(found)


def _tested(
    triangle: Triangle,
    ready: Ready,
    method: Method,
    tail: float,
    exposure: Int64s | None,
    loss_ratio: float | None,
) -> tuple[Predicted, ...]:
    completion = ready.development.completion
    if any(one is None for one in completion):
        return ()
    shares = [float(one) for one in completion if one is not None]
    sums = triangle.cumulative
    reported = {row: int(sums[row, ready.triangle.size - 1 - row]) for row in ready.rows}
    ages = {
        row: (
            ready.triangle.size - 1 - row,
            min(triangle.size - 1 - row, ready.youngest + len(ready.rows) - 1),
        )
        for row in ready.rows
    }
    if method is not Method.MACK:
        assert exposure is not None
        developed = sum(
            float(exposure[row]) * shares[now - ready.youngest] / tail for row, (now, _) in ages.items()
        )
        if method is Method.CAPE_COD:
            loss_ratio = sum(reported.values()) / developed if developed > 0 else None
        if loss_ratio is None:
            return ()
    found = []
    for row, (now, then) in ages.items():
        if then <= now:
            continue
        at, after = shares[now - ready.youngest], shares[then - ready.youngest]
        if method is Method.MACK:
            predicted = reported[row] * (after / at - 1)
        else:
            assert exposure is not None
            assert loss_ratio is not None
            predicted = loss_ratio * float(exposure[row]) * (after - at) / tail
        came = int(sums[row, then]) - reported[row]
        found.append(Predicted(triangle.origins[row], round(predicted), came))
    return tuple(found)


def closest(tests: Sequence[BackTest]) -> Method | None:
    """Give the method that was off least, over all diagonals that every method was tested on.

    None where less than two methods were.
    """
    tested = {
        by: {one.diagonals for one in tests if one.method is by} for by in (one.method for one in tests)
    }
    common = set.intersection(*tested.values()) if len(tested) > 1 else set()
    if not common:
        return None

    def off(method: Method) -> int:
        return sum(one.apart for one in tests if one.method is method and one.diagonals in common)

    return min(tested, key=off)
