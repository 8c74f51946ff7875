"""What reviewed claims say of all claims: the overpayment in total and as a share, and how sure that is.

Everything here is an *estimate*: amounts go in as whole minor units, and come out as floating numbers that
are rounded only to be shown, and never booked. With *N* claims in a stratum, *n* of them reviewed, *y* what
was overpaid and *x* what was valued of each:

* the **expansion estimate** of the total is Σ N·ȳ; it is free of bias;
* the **combined ratio estimate** is X·(ΣN·ȳ)/(ΣN·x̄), with the known total X of what was valued; it is better
  where large claims are overpaid by larger amounts, and free of bias but for small samples;
* the standard error has the finite-population correction: Σ N²(1−n/N)·s²/n, where s² is the variance of y, or
  for the ratio of y − R·x (W. G. Cochran, *Sampling Techniques*, 3rd ed. 1977, 5.4, 6.11);
* Student's interval has Satterthwaite's degrees of freedom (Cochran, 5.4, formula 5.16).

**What no reviewed claim has shown.** Student's interval knows only what was seen. Where few claims are
overpaid, or few large ones, most samples miss those that matter, and with them the spread that they make:
such intervals fail badly (D. Edwards and others, Health Services and Outcomes Research Methodology 4, 2005).
And where nothing varied, they say that all is certain, after three claims as after three thousand.

But of any kind of claim that a sample of *n* out of *N* did not show there are at most *M*, where *M* is the
largest number with which missing them all is no less likely than half of what is left of the confidence
(hypergeometric; for large strata at 90% the rule of three: M ≈ 3N/n; J. A. Hanley and A. Lippman-Hand, JAMA
249, 1983). At worst these are the *M* largest claims that were not reviewed, and they were overpaid whole, or
not at all, whatever the others were. How far that would put the truth from the estimate is known, for what
each claim was valued at is known. It is what auditors' bounds for rare errors rest on (K. W. Stringer's, of
1963), here for samples of claims instead of samples of single units of money.

Both are added as independent distances are, by their squares (G. Y. Zou and A. Donner, Statistics in Medicine
27, 2008). So finding something never gives a lower upper end than finding nothing; where much was found,
Student's part is the larger, and where little was, the other.

An interval holds only what it can hold: not less than what was found itself, and not more than that and
everything that was not reviewed. How often intervals hold the truth is measured by
``python -m tests.review.coverage``: as often as they say, or more often where findings are few.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit  # type: ignore[import-untyped, unused-ignore]

from adjudicator.review.selection import total

Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

THIN: Final = 30
"""With fewer overpaid claims than this among those reviewed, Student's interval alone cannot be trusted."""


@dataclass(frozen=True)
class Reviewed:
    """A stratum and what was reviewed of it; amounts in minor units."""

    name: str
    overpaid: Int64s
    """(n,): of each claim reviewed, what its review took off; below zero where it added."""
    valuated: Int64s
    """(n,): of each claim reviewed, what it was valued at before."""
    others: Int64s
    """(N − n,): of each claim that was not reviewed, what it is valued at."""

    @property
    def claims(self) -> int:
        """How many claims the stratum has."""
        return len(self.overpaid) + len(self.others)


@dataclass(frozen=True)
class Interval:
    """An estimated total with its confidence interval; minor units, not rounded."""

    estimate: float
    error: float
    """The standard error."""
    freedom: float | None
    """Satterthwaite's degrees of freedom; None where nothing varied."""
    student: float
    """How far Student's interval alone would reach to either side."""
    low: float
    high: float


@dataclass(frozen=True)
class OfStratum:
    """What was found in a stratum, and its estimated total; minor units."""

    name: str
    claims: int
    reviewed: int
    overpaid_claims: int
    overpaid: int
    estimate: float
    error: float
    unseen_claims: int
    """At most so many claims are of a kind that no reviewed one is."""
    unseen_valuated: int
    """What so many of the others are valued at, if they are the largest."""


@dataclass(frozen=True)
class Estimate:
    """What is estimated of all claims that were drawn from; minor units."""

    confidence: float
    claims: int
    reviewed: int
    overpaid_claims: int
    """Reviewed claims whose review took something off."""
    found: int
    """What the reviews took off, net: no estimate."""
    valuated: int
    """What all claims were valued at."""
    expansion: Interval
    ratio: Interval | None
    """None where nothing was valued that a ratio could be of."""
    strata: tuple[OfStratum, ...]

    @property
    def thin(self) -> bool:
        """Whether so few overpaid claims were found that Student's interval alone is not to be trusted."""
        return self.reviewed < self.claims and self.overpaid_claims < THIN


class NotEnough(Exception):  # noqa: N818 - it says what is the matter
    """Strata of which too few claims were reviewed to estimate anything, by name."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(", ".join(names))


def estimate(strata: Sequence[Reviewed], confidence: float) -> Estimate:
    """Estimate what is overpaid in all claims of some strata.

    Args:
        strata: each with what was reviewed of it, drawn at random within it.
        confidence: of the intervals, between 0 and 1.

    Raises:
        NotEnough: of some strata fewer than two claims were reviewed, and not all.
    """
    lacking = [one.name for one in strata if len(one.others) and len(one.overpaid) < 2]
    if lacking:
        raise NotEnough(lacking)
    tail = (1 - confidence) / 2
    told = tuple(_told(one, tail) for one in strata)
    found = sum(one.overpaid for one in told)
    unreviewed = sum(total(one.others) for one in strata)
    ends = (float(found) if _never_below(strata) else -math.inf, float(found + unreviewed))
    valuated = unreviewed + sum(total(one.valuated) for one in strata)
    return Estimate(
        confidence,
        sum(one.claims for one in told),
        sum(one.reviewed for one in told),
        sum(one.overpaid_claims for one in told),
        found,
        valuated,
        _expansion(strata, told, tail, ends),
        _ratio(strata, told, valuated, tail, ends),
        told,
    )


def _told(one: Reviewed, tail: float) -> OfStratum:
    reviewed = len(one.overpaid)
    found = total(one.overpaid)
    unseen = most_unseen(one.claims, reviewed, tail)
    return OfStratum(
        one.name,
        one.claims,
        reviewed,
        int((one.overpaid > 0).sum()),
        found,
        one.claims * found / reviewed if reviewed else 0.0,
        math.sqrt(_variance(one.claims, one.overpaid.astype(np.float64))),
        unseen,
        total(np.sort(one.others)[len(one.others) - unseen :]),
    )


def most_unseen(claims: int, reviewed: int, tail: float) -> int:
    """Give how many claims of a stratum may be of a kind that none of those reviewed is.

    Args:
        claims: of the stratum.
        reviewed: how many of them, drawn at random.
        tail: the least probability of finding none that is taken for possible.
    """

    def chance(unseen: int) -> float:
        """Give the probability that none of that kind is among those reviewed, as a logarithm."""
        rest = claims - unseen
        terms = ((rest, 1), (rest - reviewed, -1), (claims, -1), (claims - reviewed, 1))
        return sum(sign * math.lgamma(number + 1) for number, sign in terms)

    low, high = 0, claims - reviewed
    while low < high:
        middle = (low + high + 1) // 2
        if chance(middle) >= math.log(tail):
            low = middle
        else:
            high = middle - 1
    return low


def _never_below(strata: Sequence[Reviewed]) -> bool:
    """Tell whether no review added anything, so that what was found is the least that there is."""
    return all((one.overpaid >= 0).all() for one in strata)


def _expanded(strata: Sequence[Reviewed], what: str) -> float:
    return sum(one.claims * _mean(getattr(one, what)) for one in strata)


def _mean(amounts: Int64s) -> float:
    return total(amounts) / len(amounts) if len(amounts) else 0.0


def _variance(claims: int, values: Floats) -> float:
    """Give the variance of the total that a sample of a stratum stands for."""
    reviewed = len(values)
    if reviewed == claims or reviewed < 2:
        return 0.0
    return float(claims * (claims - reviewed) * values.var(ddof=1) / reviewed)


def _expansion(
    strata: Sequence[Reviewed], told: Sequence[OfStratum], tail: float, ends: tuple[float, float]
) -> Interval:
    # Each claim is taken for the mean of those reviewed; the unseen were overpaid whole, or not at all.
    unseen = [
        (one.unseen_claims * _mean(seen.overpaid), float(one.unseen_valuated))
        for seen, one in zip(strata, told, strict=True)
    ]
    values = [one.overpaid.astype(np.float64) for one in strata]
    return _interval(_expanded(strata, "overpaid"), strata, values, unseen, tail, ends)


def _ratio(
    strata: Sequence[Reviewed],
    told: Sequence[OfStratum],
    valuated: int,
    tail: float,
    ends: tuple[float, float],
) -> Interval | None:
    expanded = _expanded(strata, "valuated")
    if not expanded:
        return None
    ratio = _expanded(strata, "overpaid") / expanded
    # Each claim counts as much more as the sample is smaller than the known whole.
    scale = valuated / expanded
    residuals = [scale * (one.overpaid - ratio * one.valuated) for one in strata]
    # Each claim is taken for its share; the unseen were overpaid whole, or not at all.
    unseen = [(ratio * one.unseen_valuated, (1 - ratio) * one.unseen_valuated) for one in told]
    return _interval(ratio * valuated, strata, residuals, unseen, tail, ends)


def _interval(
    estimated: float,
    strata: Sequence[Reviewed],
    values: Sequence[Floats],
    unseen: Sequence[tuple[float, float]],
    tail: float,
    ends: tuple[float, float],
) -> Interval:
    """Make the interval of an estimated total.

    Args:
        estimated: the total.
        strata: of which it is.
        values: of each stratum, what varies between the claims that were reviewed.
        unseen: of each stratum, how far the truth may lie below and above for what was not seen.
        tail: of the confidence, on each side.
        ends: what the truth cannot lie beyond.
    """
    variances = [_variance(one.claims, of_claims) for one, of_claims in zip(strata, values, strict=True)]
    variance = sum(variances)
    freedom = None
    student = 0.0
    if variance > 0:
        squares = sum(
            part * part / (len(of_claims) - 1)
            for part, of_claims in zip(variances, values, strict=True)
            if part
        )
        freedom = variance * variance / squares
        student = _student(freedom, tail) * math.sqrt(variance)
    below, above = (math.hypot(student, *(max(0.0, far[side]) for far in unseen)) for side in (0, 1))
    low, high = (min(max(end, ends[0]), ends[1]) for end in (estimated - below, estimated + above))
    return Interval(estimated, math.sqrt(variance), freedom, student, low, high)


def _student(freedom: float, tail: float) -> float:
    quantile: Any = stdtrit(freedom, 1 - tail)
    return float(quantile)
