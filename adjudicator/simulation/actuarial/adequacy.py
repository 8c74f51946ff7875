"""Whether contributions are adequate: what was earned against what claims come to, and a margin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

from adjudicator.simulation.actuarial.experience import DAYS_OF_YEAR
from adjudicator.simulation.actuarial.reserves import OriginReserve, Reserve
from adjudicator.units import PERCENT_ALL, divide_rounded


@dataclass(frozen=True)
class Adequacy:
    """What contributions of a product would have been adequate; minor units."""

    product: str | int | None
    first: str
    """The first period of service that counts."""
    last: str
    earned: int
    reported: int
    ultimate: int
    """What claims come to in the end."""
    standard_error: int | None
    prudent: int
    """What claims do not exceed with the confidence that was asked for."""
    margin: int
    """What contributions are to leave for other than claims, in hundredths of a percent of them."""
    days: int
    """Days for which people were covered."""

    @property
    def loss_ratio(self) -> Fraction | None:
        """What claims come to in the end ÷ contributions."""
        return Fraction(self.ultimate, self.earned) if self.earned > 0 else None

    @property
    def adequate(self) -> int:
        """The contributions that pay for prudent claims and leave the margin."""
        return divide_rounded(self.prudent * PERCENT_ALL, PERCENT_ALL - self.margin)

    @property
    def change(self) -> Fraction | None:
        """By how much contributions would have to change: 0.1 is a tenth more."""
        return Fraction(self.adequate, self.earned) - 1 if self.earned > 0 else None

    @property
    def earned_by_insured(self) -> Fraction | None:
        """Contributions earned for an insured-year."""
        return Fraction(self.earned * DAYS_OF_YEAR, self.days) if self.days else None

    @property
    def adequate_by_insured(self) -> Fraction | None:
        """Adequate contributions for an insured-year."""
        return Fraction(self.adequate * DAYS_OF_YEAR, self.days) if self.days else None


def counted(reserve: Reserve, earned: Mapping[str, int], periods: int | None) -> list[OriginReserve]:
    """Give the origins that count: those that the method projects and that have contributions.

    Args:
        reserve: what is still to come of a product's claims.
        earned: contributions by period of origin, minor units.
        periods: only the last so many; all when None.
    """
    rows = [one for one in reserve.origins if one.ultimate is not None and earned.get(one.origin, 0) > 0]
    return rows if periods is None else rows[-periods:]


def adequacy(
    reserve: Reserve,
    chosen: Sequence[OriginReserve],
    earned: Mapping[str, int],
    days: int,
    margin: int,
    confidence: int,
) -> Adequacy:
    """Compare contributions with what claims come to.

    Args:
        reserve: what is still to come of a product's claims.
        chosen: the origins that count (see :func:`counted`), one at least.
        earned: contributions by period of origin, minor units.
        days: days for which people were covered in these periods.
        margin: hundredths of a percent of contributions.
        confidence: hundredths of a percent: 5000 is the expected amount, 7500 more than that.
    """
    ultimate = sum(one.ultimate or 0 for one in chosen)
    apart = sum(one.standard_error or 0 for one in chosen)
    # Errors of origins share their factors: they add up at most, and never to more than those of all.
    error = None if reserve.standard_error is None else min(apart, reserve.standard_error)
    return Adequacy(
        product=reserve.group,
        first=chosen[0].origin,
        last=chosen[-1].origin,
        earned=sum(earned[one.origin] for one in chosen),
        reported=sum(one.reported for one in chosen),
        ultimate=ultimate,
        standard_error=error,
        prudent=quantile(ultimate, error or 0, confidence),
        margin=margin,
        days=days,
    )


def quantile(mean: int, standard_error: int, confidence: int) -> int:
    """Give what an estimate does not exceed with a confidence, by the log-normal curve of mean and error.

    It is never less than the mean: whoever asks for more confidence is not given less money.

    Args:
        mean: minor units.
        standard_error: minor units; 0 gives the mean.
        confidence: hundredths of a percent.
    """
    if mean <= 0 or standard_error <= 0 or confidence <= 0:
        return mean
    variance = math.log1p((standard_error / mean) ** 2)
    place = NormalDist().inv_cdf(confidence / PERCENT_ALL)
    return max(mean, round(mean * math.exp(place * math.sqrt(variance) - variance / 2)))
