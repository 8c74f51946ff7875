"""What the relative index of coming months will be, and how sure that is.

The index of a pool is its share of the contributions that are earned ÷ what its lines are worth that come in
(law, section 6). Contributions come from a plan; lines are forecast in four steps, all of which can be told:

1. **How claims come in.** The development factors of lines by month of service and month of claim say what
   part of a month of service is claimed in it, in the next one, and so on.
2. **What a month of service costs.** What has come in ÷ the part that should have, over the months of the
   base, each brought to today by the trend (Cape Cod by months): one level for all. With two full years or
   more, each calendar month has its own height around it.
3. **What will come in.** Each month of service, past and coming, hands out what is still to come of it.
4. **How sure that is.** Many worlds are drawn: the level of each month of service, the level of all of them
   (known from so many months only), and single amounts around their means, all as far from their means as
   past ones were. The band holds the middle of these worlds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.problems import refused
from adjudicator.remuneration.index import Pool
from adjudicator.remuneration.months import MONTHS_OF_YEAR
from adjudicator.simulation.actuarial.development import development
from adjudicator.simulation.actuarial.grains import Grain
from adjudicator.simulation.actuarial.triangles import Triangle
from adjudicator.units import PERCENT_ALL

Floats = npt.NDArray[np.float64]

LEAST_MONTHS: Final = 4
"""Months of service that must have developed before anything is forecast."""

_DEVELOPED: Final = 0.5
"""The part that must have come in of a month of service, for it to tell of its level by itself."""

_SEASONS: Final = 2 * MONTHS_OF_YEAR
"""Developed months from which on calendar months have heights of their own."""


@dataclass(frozen=True)
class Assumptions:
    """What is assumed, and how many worlds are drawn."""

    trend: float = 0.0
    """Growth of what a month of service costs, a year: 0.05 is 5%. It takes in growth in numbers."""
    draws: int = 2_000
    seed: int = 1
    band: int = 8_000
    """How many of the worlds a band holds, in hundredths of a percent."""


@dataclass(frozen=True)
class Expected:
    """What is expected of lines, by months; minor units."""

    first: int
    """The first month of service."""
    last: int
    """The last month of the history."""
    level: float
    """What a month of service costs, at the level of the last month."""
    season: Floats
    """(12,): the height of each calendar month around the level; 1 without seasons."""
    arriving: Floats
    """(ages,): the part of a month of service that comes in at each age."""
    spread: float
    """How far months of service lie from the level: standard deviation ÷ mean."""
    dispersion: float
    """How far single amounts lie from their means: variance ÷ mean, minor units."""
    months: int
    """Months of service that the level was found from."""


@dataclass(frozen=True)
class IndexMonth:
    """The forecast of a pool's index."""

    pool: Pool
    contributions: int
    """That its months earn, minor units."""
    valuated: float
    """What its lines are expected to be worth, minor units."""
    index: float
    """With what is expected."""
    low: float
    middle: float
    high: float


def expected_lines(history: Triangle, assumptions: Assumptions) -> Expected:
    """Learn from the past what months of service cost, and how they come in.

    Args:
        history: what relative lines are worth, by month of service and month of claim.
        assumptions: what is assumed.

    Raises:
        Refused: too few months have developed.
    """
    if history.grain is not Grain.MONTH:
        raise ValueError("a forecast goes by months")
    history = _whole(history)
    completion = np.array([float(one or 0) for one in development(history).completion])
    completion = np.clip(np.maximum.accumulate(completion), 0.0, 1.0)
    reported, size = history.reported.astype(np.float64), history.size
    done = completion[size - 1 - np.arange(size)]
    rows = np.flatnonzero(done >= _DEVELOPED)
    anything = np.flatnonzero(reported)
    rows = rows[rows >= anything[0]] if len(anything) else rows[:0]
    if len(rows) < LEAST_MONTHS or reported[rows].sum() <= 0:
        raise refused("actuary.forecast.too_few", months=len(rows), least=LEAST_MONTHS)
    trended = _trend(np.arange(size) - (size - 1), assumptions)
    season = _season(history, rows, reported / (np.where(done > 0, done, 1) * trended))
    height = season[(history.first + np.arange(size)) % MONTHS_OF_YEAR] * trended
    level = float(reported[rows].sum() / (done[rows] * height[rows]).sum())
    of_months = reported[rows] / (done[rows] * height[rows] * level)
    return Expected(
        first=history.first,
        last=history.last,
        level=level,
        season=season,
        arriving=np.diff(completion, prepend=0.0),
        spread=float(of_months.std(ddof=1)),
        dispersion=_dispersion(history, rows, level * height, np.diff(completion, prepend=0.0)),
        months=len(rows),
    )


def _whole(history: Triangle) -> Triangle:
    """Leave out months of service that began before the books did."""
    start = history.whole
    size = history.size - start
    cells = history.cells[start:, :size]
    return Triangle(history.group, history.grain, history.first + start, cells, history.began)


def _trend(months: npt.NDArray[np.int64], assumptions: Assumptions) -> Floats:
    grown: Floats = (1 + assumptions.trend) ** (months / MONTHS_OF_YEAR)
    return grown


def _season(history: Triangle, rows: npt.NDArray[np.int64], levels: Floats) -> Floats:
    """Give each calendar month's height; 1 where there are too few months to tell."""
    if len(rows) < _SEASONS:
        return np.ones(MONTHS_OF_YEAR)
    calendar = (history.first + rows) % MONTHS_OF_YEAR
    heights = np.array([levels[rows[calendar == month]].mean() for month in range(MONTHS_OF_YEAR)])
    season: Floats = heights / heights.mean()
    return season


def _dispersion(history: Triangle, rows: npt.NDArray[np.int64], levels: Floats, arriving: Floats) -> float:
    """Estimate variance ÷ mean of single amounts from how far past ones were from their means."""
    known = history.known[rows]
    mean = levels[rows][:, None] * arriving[None, :]
    used = known & (mean > 0)
    # Each month of service has a level of its own, so that only its shape over the ages is compared.
    seen = history.cells[rows].astype(np.float64)
    share = np.where(used, mean, 0).sum(axis=1, keepdims=True)
    own = np.where(
        share > 0, np.where(used, seen, 0).sum(axis=1, keepdims=True) / np.maximum(share, 1e-300), 1
    )
    mean = mean * own
    used &= mean > 0
    free = int(used.sum()) - len(rows) - len(arriving) + 1
    if free <= 0:
        return 0.0
    return float((((seen - mean) ** 2)[used] / mean[used]).sum() / free)


def forecast(
    history: Triangle,
    pools: Sequence[Pool],
    contributions: Mapping[int, int],
    assumptions: Assumptions,
) -> tuple[IndexMonth, ...]:
    """Forecast the index of pools that close after the history.

    Args:
        history: what relative lines of the pools are worth, by month of service and month of claim.
        pools: each with its months, its share and its cap.
        contributions: month → contributions that the product earns, minor units.
        assumptions: what is assumed.

    Returns:
        In the order of the pools. The same seed gives the same figures.

    Raises:
        Refused: too few months have developed.
    """
    expected = expected_lines(history, assumptions)
    last = max((pool.months[-1] for pool in pools), default=expected.last)
    means = _arrivals(expected, last, assumptions)
    worlds = _worlds(expected, means, assumptions)
    found = []
    for pool in pools:
        earned = sum(contributions.get(month, 0) for month in pool.months)
        came = float(sum(_came_in(history, month) for month in pool.months if month <= expected.last))
        coming = [month - expected.last - 1 for month in pool.months if month > expected.last]
        drawn = came + worlds[:, coming].sum(axis=1)
        value = came + float(means[:, coming].sum())
        share = max(earned, 0) * pool.share / PERCENT_ALL
        tail = (PERCENT_ALL - assumptions.band) / 2 / PERCENT_ALL
        indexes = _index(share, drawn, pool)
        low, middle, high = (float(np.quantile(indexes, place)) for place in (tail, 0.5, 1 - tail))
        index = float(_index(share, np.array([value]), pool)[0])
        found.append(IndexMonth(pool, earned, value, index, low, middle, high))
    return tuple(found)


def _came_in(history: Triangle, month: int) -> int:
    """Give what came in a month of the history."""
    row = np.arange(history.size)
    age = month - history.first - row
    there = (age >= 0) & (age < history.size)
    return int(history.cells[row[there], age[there]].sum())


def _arrivals(expected: Expected, last: int, assumptions: Assumptions) -> Floats:
    """Give what comes in after the history: (months of service, coming months), minor units."""
    service = np.arange(expected.first, last + 1)
    levels = expected.level * expected.season[service % MONTHS_OF_YEAR]
    levels = levels * _trend(service - expected.last, assumptions)
    coming = np.arange(expected.last + 1, last + 1)
    age = coming[None, :] - service[:, None]
    there = (age >= 0) & (age < len(expected.arriving))
    means: Floats = np.where(there, levels[:, None] * expected.arriving[np.where(there, age, 0)], 0.0)
    return means


def _worlds(expected: Expected, means: Floats, assumptions: Assumptions) -> Floats:
    """Draw what comes in, in each of many worlds: (draws, coming months), minor units."""
    random = np.random.Generator(np.random.PCG64(assumptions.seed))
    draws = assumptions.draws
    common = _around_one(random, expected.spread / np.sqrt(expected.months), (draws, 1))
    apart = _around_one(random, expected.spread, (draws, len(means)))
    sums = (apart @ means) * common
    if expected.dispersion <= 0:
        return sums
    shape = np.maximum(sums, 0) / expected.dispersion
    drawn: Floats = np.where(shape > 0, random.gamma(np.maximum(shape, 1e-9)) * expected.dispersion, 0.0)
    return drawn


def _around_one(random: np.random.Generator, spread: float, shape: tuple[int, ...]) -> Floats:
    """Draw factors with a mean of 1, log-normal, with a standard deviation."""
    variance = np.log1p(spread**2)
    drawn: Floats = np.exp(np.sqrt(variance) * random.standard_normal(shape) - variance / 2)
    return drawn


def _index(share: float, valuated: Floats, pool: Pool) -> Floats:
    """Give the index for each value of the lines (law, section 6, step 2)."""
    index = np.where(valuated > 0, share / np.where(valuated > 0, valuated, 1), 1.0)
    return index if pool.maximum is None else np.minimum(index, pool.maximum / PERCENT_ALL)
