"""Whether a triangle is what the chain ladder takes it for: two tests by Mack.

T. Mack, "Measuring the variability of chain ladder reserve estimates", CAS Forum, spring 1994, appendices G
and H. Both rank the growth of origins from age to age, so that neither asks for a distribution:

* **factors**: whether a large factor is followed by a large or by a small one. Spearman's rank correlations
  of successive ages are averaged; outside of the middle half of what chance gives (he asks for no more, as
  the test is a rough one) the factors depend on one another.
* **calendar**: whether factors of one calendar period are large or small together, as where payments were
  sped up or prices rose. It counts by how much large and small factors of each diagonal balance; outside of
  95% of what chance gives there is such an effect.

Ages whose factors are all the same rank nothing, and are left out of both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.simulation.actuarial.reserves import Ready

Floats = npt.NDArray[np.float64]

_MIDDLE_HALF: Final = 0.6744897501960817
"""The quantile of the normal distribution below which lie three quarters."""

_MOST: Final = 1.959963984540054
"""That below which lie 97.5%."""

_LEAST_PAIRS: Final = 3
"""Origins that two successive ages are to have for their correlation to say anything."""


class Diagnostic(Enum):
    """What is looked at."""

    FACTORS = "factors"
    CALENDAR = "calendar"


class Verdict(Enum):
    """What a test says."""

    FINE = "fine"
    DOUBTFUL = "doubtful"
    UNKNOWN = "unknown"
    """There is too little to say anything."""


@dataclass(frozen=True)
class Finding:
    """A test and what it found; none of its numbers where nothing can be said."""

    diagnostic: Diagnostic
    verdict: Verdict
    value: float | None = None
    low: float | None = None
    high: float | None = None


def findings(ready: Ready) -> tuple[Finding, ...]:
    """Test a triangle."""
    growth = _growth(ready.cumulative.astype(np.float64))
    return _factors(growth), _calendar(growth)


def _growth(sums: Floats) -> Floats:
    """Give the factor of each origin and age; not a number where there is none."""
    size = len(sums)
    places = np.arange(size)
    known = (places[:, None] + places[None, :] < size - 1)[:, :-1] & (sums[:, :-1] > 0)
    growth = np.full((size, max(size - 1, 0)), np.nan)
    np.divide(sums[:, 1:], sums[:, :-1], out=growth, where=known)
    return growth


def _ranks(values: Floats) -> Floats:
    """Rank values from 1; equal ones share the mean of their ranks."""
    below = (values[None, :] < values[:, None]).sum(axis=1)
    same = (values[None, :] == values[:, None]).sum(axis=1)
    ranks: Floats = below + (same + 1) / 2
    return ranks


def _factors(growth: Floats) -> Finding:
    weights, weighted = 0, 0.0
    for age in range(growth.shape[1] - 1):
        first, second = growth[:, age], growth[:, age + 1]
        both = ~np.isnan(first) & ~np.isnan(second)
        count = int(both.sum())
        if count < 2 or len(set(first[both])) == 1 or len(set(second[both])) == 1:
            continue
        apart = float(((_ranks(first[both]) - _ranks(second[both])) ** 2).sum())
        weighted += (count - 1) * (1 - 6 * apart / (count**3 - count))
        weights += count - 1
    if weights < _LEAST_PAIRS:
        return Finding(Diagnostic.FACTORS, Verdict.UNKNOWN)
    # Each correlation of n origins has the variance 1 / (n - 1), and the weight n - 1.
    value, reach = weighted / weights, _MIDDLE_HALF / math.sqrt(weights)
    verdict = Verdict.FINE if abs(value) <= reach else Verdict.DOUBTFUL
    return Finding(Diagnostic.FACTORS, verdict, value, -reach, reach)


def _calendar(growth: Floats) -> Finding:
    size = len(growth)
    large, small = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for age in range(growth.shape[1]):
        rows = np.flatnonzero(~np.isnan(growth[:, age]))
        middle = np.median(growth[rows, age]) if len(rows) else np.nan
        np.add.at(large, rows[growth[rows, age] > middle] + age, 1)
        np.add.at(small, rows[growth[rows, age] < middle] + age, 1)
    found, mean, variance = 0, 0.0, 0.0
    for count, less in zip((large + small).tolist(), np.minimum(large, small).tolist(), strict=True):
        if count < 2:
            continue
        half = (count - 1) // 2
        edge = math.comb(count - 1, half) / 2**count
        expected = count / 2 - edge * count
        found += less
        mean += expected
        variance += count * (count - 1) * (0.25 - edge) + expected - expected**2
    if variance <= 0:
        return Finding(Diagnostic.CALENDAR, Verdict.UNKNOWN)
    reach = _MOST * math.sqrt(variance)
    verdict = Verdict.FINE if abs(found - mean) <= reach else Verdict.DOUBTFUL
    return Finding(Diagnostic.CALENDAR, verdict, float(found), mean - reach, mean + reach)
