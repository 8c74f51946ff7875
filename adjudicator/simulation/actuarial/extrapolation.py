"""The tail of a triangle: what is still booked after the oldest age that is known.

A tail factor is what claims come to in the end ÷ what they came to at the oldest age. There is none unless
one is asked for; where the last factor says that claims still develop, a remark says so. One can be given, or
extrapolated by a curve that is fitted to the factors of a range of ages, with f the factor of age k:

* **exponential**: ln(f - 1) falls in a straight line with k;
* **inverse power**: ln(f - 1) falls in a straight line with ln(k + 1) (R. E. Sherman, "Extrapolating,
  smoothing, and interpolating development factors", Proceedings of the Casualty Actuarial Society 71, 1984).

How far a tail may be off enters Mack's error as he shows (T. Mack, "The standard error of chain ladder
reserve estimates: recursive calculation and inclusion of a tail factor", ASTIN Bulletin 29, 1999): the tail
deviates as the age whose factor is as large, read from straight lines through the logarithms of f - 1 and of
the deviations.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.problems import refused
from adjudicator.simulation.actuarial.reserves import Ready
from adjudicator.simulation.actuarial.tails import Curve, Tail, TailChoice
from adjudicator.units import PERCENT_ALL
from adjudicator.words import Message, Percentage, message

Floats = npt.NDArray[np.float64]

LEAST_FITTED: Final = 3
"""Factors that a curve is fitted to, at least."""

LEAST_ABOVE_ONE: Final = 1e-5
"""A factor that is above 1 by no more says nothing about how growth fades, and is not fitted."""

STILL_DEVELOPS: Final = 1e-3
"""Above 1 by so much, the last factor says that claims still develop."""


def tail_of(ready: Ready, choice: TailChoice) -> Tail:
    """Find the tail that is asked for.

    Args:
        ready: the triangle.
        choice: what is asked for.

    Raises:
        Refused: there are too few factors for a curve, or they do not fade.
    """
    if choice.curve is Curve.NONE:
        return Tail(Curve.NONE, 1.0, remarks=_no_tail(ready))
    if choice.curve is Curve.CONSTANT:
        sigma, error = _deviations(ready, choice.factor)
        return Tail(Curve.CONSTANT, choice.factor, sigma, error)
    return _extrapolated(ready, choice)


def _no_tail(ready: Ready) -> tuple[Message, ...]:
    last = ready.youngest + len(ready.rows) - 1
    factor = ready.development.factors[-1]
    if factor is not None and factor > 1 + STILL_DEVELOPS:
        growth = Percentage(round((factor - 1) * PERCENT_ALL))
        return (message("actuary.remark.still_develops", age=last, growth=growth),)
    return (message("actuary.remark.no_tail", age=last),)


def _extrapolated(ready: Ready, choice: TailChoice) -> Tail:
    oldest = ready.youngest + len(ready.rows) - 2
    first = ready.youngest if choice.first is None else max(choice.first, ready.youngest)
    last = oldest if choice.last is None else min(choice.last, oldest)
    factors = {
        age: float(factor)
        for age, factor in enumerate(ready.development.factors, ready.youngest)
        if first <= age <= last and factor is not None
    }
    used = [age for age, factor in factors.items() if factor > 1 + LEAST_ABOVE_ONE]
    if len(used) < LEAST_FITTED:
        raise refused("actuary.tail.too_few", found=len(used), least=LEAST_FITTED, first=first, last=last)
    scale = _SCALES[choice.curve]
    slope, height = _line(scale(_ages(used)), np.log(np.array([factors[age] for age in used]) - 1))
    if slope >= 0:
        raise refused("actuary.tail.not_fading", first=used[0], last=used[-1])

    def growth(ages: Floats) -> Floats:
        found: Floats = np.exp(height + slope * scale(ages))
        return found

    beyond = growth(oldest + 1 + np.arange(choice.periods, dtype=np.float64))
    factor = float(np.prod(1 + beyond))
    if not math.isfinite(factor):
        raise refused("actuary.tail.not_fading", first=used[0], last=used[-1])
    sigma, error = _deviations(ready, factor)
    seen = np.log(np.array([factors[age] for age in used]) - 1)
    apart = float(((seen - np.log(growth(_ages(used)))) ** 2).sum())
    spread = float(((seen - seen.mean()) ** 2).sum())
    remarks = []
    # A sum of powers has a limit where they fall faster than one by one.
    if choice.curve is Curve.INVERSE_POWER and slope >= -1:
        remarks.append(message("actuary.remark.tail_unlimited", periods=choice.periods))
    return Tail(
        choice.curve,
        factor,
        sigma,
        error,
        tuple(zip(used, (1 + growth(_ages(used))).tolist(), strict=True)),
        tuple(age for age in range(first, last + 1) if age not in used),
        1 - apart / spread if spread > 0 else None,
        choice.periods,
        tuple(remarks),
    )


def _ages(ages: list[int]) -> Floats:
    return np.array(ages, np.float64)


def _straight(ages: Floats) -> Floats:
    return ages


def _logarithmic(ages: Floats) -> Floats:
    found: Floats = np.log(ages + 1)
    return found


_SCALES: Final = {Curve.EXPONENTIAL: _straight, Curve.INVERSE_POWER: _logarithmic}


def _line(across: Floats, up: Floats) -> tuple[float, float]:
    """Fit a straight line by least squares: its slope, and its height at 0."""
    middle = float(across.mean())
    spread = float(((across - middle) ** 2).sum())
    slope = float(((across - middle) * up).sum()) / spread
    return slope, float(up.mean()) - slope * middle


def _deviations(ready: Ready, factor: float) -> tuple[float, float]:
    """Give sigma and the standard error that a tail factor has, as an age with such a factor would."""
    if factor == 1.0:
        return 0.0, 0.0
    sums = ready.cumulative.astype(np.float64)
    size = len(sums)
    found: list[tuple[int, float, float, float]] = []
    for age in range(size - 2):
        before, after = sums[: size - 1 - age, age], sums[: size - 1 - age, age + 1]
        weight = float(before.sum())
        if weight <= 0:
            continue
        grown = float(after.sum()) / weight
        ratios = np.divide(after, before, out=np.full_like(before, grown), where=before > 0)
        squared = float((before * (ratios - grown) ** 2).sum()) / (size - age - 2)
        if squared > 0:
            found.append((age, grown, math.sqrt(squared), math.sqrt(squared / weight)))
    if not found:
        return 0.0, 0.0
    growing = [(age, grown) for age, grown, _, _ in found if grown > 1 + LEAST_ABOVE_ONE]
    if factor > 1 and len(growing) >= LEAST_FITTED:
        slope, height = _line(
            _ages([age for age, _ in growing]), np.log(np.array([grown for _, grown in growing]) - 1)
        )
        if slope < 0:
            place = max(0.0, (math.log(factor - 1) - height) / slope)
            ages = _ages([one[0] for one in found])
            lines = [_line(ages, np.log(np.array([one[at] for one in found]))) for at in (2, 3)]
            # What an age deviates by does not grow with age: a line that rises is noise of few origins.
            if all(one[0] <= 0 for one in lines):
                sigma, error = (math.exp(height + slope * place) for slope, height in lines)
                return sigma, error
    return found[-1][2], found[-1][3]
