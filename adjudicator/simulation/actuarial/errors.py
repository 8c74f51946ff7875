"""How far an estimate by expectation may be off: Bornhuetter-Ferguson and Cape Cod.

What is booked of an origin in a period is taken for over-dispersed Poisson: its mean is what the origin comes
to × the share of that age, its variance φ times as much. The most likely shares are then those of the chain
ladder (A. E. Renshaw and R. J. Verrall, "A stochastic model underlying the chain-ladder technique", British
Actuarial Journal 4, 1998), and the error of a Bornhuetter-Ferguson reserve is known in closed form (D. H.
Alai, M. Merz and M. V. Wüthrich, "Prediction uncertainty in the Bornhuetter-Ferguson claims reserving method:
revisited", Annals of Actuarial Science 5, 2011). It has four sources, each of which is told apart:

* what comes by chance: φ × what is still to come;
* the shares, which are estimated. The logarithms of factors do not depend on one another, and vary by
  φ × (1 ÷ what the factor starts from - 1 ÷ what it ends with); the tail's error is that of all origins;
* origins that come to more or less than the common ratio says, each on its own. Where nobody says by how
  much, it is the variance between origins that the triangle shows (H. Bühlmann and E. Straub,
  "Glaubwürdigkeit für Schadensätze", Mitteilungen der Vereinigung schweizerischer
  Versicherungsmathematiker 70, 1970);
* the common ratio. That of Bornhuetter-Ferguson is off by what its author says; that of Cape Cod by what the
  three others make of the triangle that it is read from, which is carried through to the first order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pattern:
    """The chain ladder as an over-dispersed Poisson model; *m* origins and as many ages."""

    completion: Floats
    """(m): the share of the last age that is there at each age."""
    deviation: Floats
    """(m): the variance of the share's logarithm, ÷ φ. That of two ages together is that of the older."""
    dispersion: float
    """φ, in minor units."""

    @property
    def of_origins(self) -> Floats:
        """The completion of each origin at its newest cell: (m)."""
        found: Floats = self.completion[::-1]
        return found


def pattern_of(cumulative: Floats) -> Pattern | None:
    """Fit the model.

    Args:
        cumulative: (m, m): what was booked up to each age; cells that are not known are not looked at.

    Returns:
        None where an age has nothing to develop from, or nothing is left to judge chance by. What fits
        exactly has no chance in it.
    """
    size = len(cumulative)
    before = np.array([cumulative[: size - 1 - age, age].sum() for age in range(size - 1)])
    after = np.array([cumulative[: size - 1 - age, age + 1].sum() for age in range(size - 1)])
    if not (before > 0).all() or not (after > 0).all():
        return None
    completion = np.append(np.cumprod((before / after)[::-1])[::-1], 1.0)
    deviation = np.append(np.cumsum(np.abs(1 / before - 1 / after)[::-1])[::-1], 0.0)
    places = np.arange(size)
    known = places[:, None] + places[None, :] < size
    newest = cumulative[places, size - 1 - places] / completion[::-1]
    expected = np.where(known, np.outer(newest, np.diff(completion, prepend=0.0)), 0.0)
    booked = np.diff(cumulative, axis=1, prepend=0.0)
    counted = known & (expected != 0)
    # A row or an age of nothing has neither cells nor a parameter.
    parameters = int(counted.any(axis=1).sum() + counted.any(axis=0).sum()) - 1
    free = int(counted.sum()) - parameters
    if free <= 0:
        exact = np.allclose(booked[known], expected[known])
        return Pattern(completion, deviation, 0.0) if exact else None
    squares = (booked[counted] - expected[counted]) ** 2 / np.abs(expected[counted])
    return Pattern(completion, deviation, float(squares.sum()) / free)


@dataclass(frozen=True)
class Expectation:
    """What an estimate by expectation rests upon; *n* origins of which the first *m* make the pattern."""

    pattern: Pattern
    exposure: Floats
    """(n): contributions earned, minor units."""
    still: Floats
    """(n): the share that is still to come, with the tail."""
    ratio: float
    """What is expected ÷ contributions."""
    tail: float = 1.0
    tail_error: float = 0.0

    @property
    def to_come(self) -> Floats:
        """Contributions for what is still to come: (n)."""
        found: Floats = self.exposure * self.still
        return found

    @property
    def developed(self) -> Floats:
        """Contributions whose claims have come: (n); 0 for origins that make no pattern."""
        found = np.zeros(len(self.exposure))
        own = self.pattern.of_origins / self.tail
        found[: len(own)] = self.exposure[: len(own)] * own
        return found


def between_origins(of: Expectation, reported: Floats) -> tuple[float, float]:
    """Give the ratio that the triangle shows, and by how much origins deviate from it.

    Args:
        of: the estimate.
        reported: (m): what was booked of the origins that make the pattern.

    Returns:
        The ratio, and the standard deviation of origins' ratios without what comes by chance.
    """
    weight = of.developed[: len(reported)]
    whole = float(weight.sum())
    ratio = float(reported.sum()) / whole
    within = of.pattern.dispersion * ratio
    spread = float((weight * (reported / weight - ratio) ** 2).sum()) / (len(weight) - 1)
    unit = (whole - float((weight**2).sum()) / whole) / (len(weight) - 1)
    return ratio, float(np.sqrt(max(0.0, spread - within) / unit))


@dataclass(frozen=True)
class Errors:
    """The variances of what is still to come, by their source: (n, n) each, of origins and of two of them."""

    chance: Floats
    shares: Floats
    origins: Floats
    ratio: Floats

    @property
    def variance(self) -> Floats:
        """Of all sources together: (n, n)."""
        return self.chance + self.shares + self.origins + self.ratio

    @property
    def of_origins(self) -> Floats:
        """The standard error of each origin: (n)."""
        found: Floats = np.sqrt(np.maximum(np.diag(self.variance), 0.0))
        return found

    @property
    def of_all(self) -> float:
        """The standard error of their sum."""
        return float(np.sqrt(max(float(self.variance.sum()), 0.0)))


def errors_of(of: Expectation, between: float | Floats, ratio_error: float | None) -> Errors:
    """Give the errors of what is still to come.

    Args:
        of: the estimate.
        between: the standard deviation of origins' ratios around the common one; a number, or (n).
        ratio_error: the standard error of the common ratio where somebody gives it; None where it is read
            from the triangle, as that of Cape Cod is.
    """
    to_come, developed = of.to_come, of.developed
    size, own = len(to_come), len(of.pattern.completion)
    chance = np.diag(np.abs(of.ratio * to_come)) * of.pattern.dispersion
    # Origins' shares, from the oldest origin on: the older of two ages is that of the older origin.
    logs = np.full((size, size), (of.tail_error / of.tail) ** 2)
    older = np.minimum(np.arange(own)[:, None], np.arange(own)[None, :])
    logs[:own, :own] += of.pattern.dispersion * of.pattern.deviation[::-1][older]
    each = np.full(size, between, np.float64)
    by_log, by_origin = np.diag(of.ratio * of.exposure * (1 - of.still)), np.diag(to_come)
    by_ratio = np.outer(to_come, to_come)
    if ratio_error is None:
        whole = float(developed.sum())
        carried = np.outer(to_come, developed) / whole
        by_log = by_log + of.ratio * carried
        by_origin = by_origin - carried
        ratio = by_ratio * of.pattern.dispersion * of.ratio / whole
    else:
        ratio = by_ratio * ratio_error**2
    return Errors(
        chance,
        by_log @ logs @ by_log.T,
        (by_origin * each**2) @ by_origin.T,
        ratio,
    )
