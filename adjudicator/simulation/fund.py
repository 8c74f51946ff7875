"""What facilities are paid and what is left of the contributions (law, section 6), for one variant.

The months are those in which the claims were claimed, and each is closed with what the simulation knows of
it: a quarter or a year that reaches beyond them is closed with the months that it shares with them. A pool's
money is shared over facilities as a closing shares it over lines, by largest remainder, so that a facility
can be a few minor units away from what a closing would give it. A capitation pot counts as paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from adjudicator.product.definition import Product
from adjudicator.registers import Int64s
from adjudicator.remuneration.index import Pool, RelativeIndex, pools_closing
from adjudicator.remuneration.months import months_in
from adjudicator.remuneration.shares import shares_of
from adjudicator.simulation.tally import BY_HEAD, FEE, POOLED
from adjudicator.units import PERCENT_ALL, times_percentage
from adjudicator.vocabulary import Care

_SAFE = 2**62


@dataclass(frozen=True)
class PoolOf:
    """A pool, by places: of its product, its months and its care."""

    pool: Pool
    product: int
    first: int
    last: int
    """The first and the last of its months among those of the simulation."""

    @property
    def cares(self) -> slice:
        """The kinds of care that it is for."""
        care = self.pool.care
        return slice(0, len(Care)) if care is None else slice(int(care), int(care) + 1)

    @property
    def months(self) -> slice:
        """Its months."""
        return slice(self.first, self.last + 1)


@dataclass(frozen=True)
class PotOf:
    """A capitation pot, by places."""

    product: int
    month: int
    share: int
    """Hundredths of a percent of what is allocated."""
    version: Product


@dataclass(frozen=True)
class Terms:
    """How a variant closes its months."""

    pools: tuple[PoolOf, ...]
    pots: tuple[PotOf, ...]


def terms_of(closing: Sequence[Sequence[Product | None]], first_month: int) -> Terms:
    """Find the pools and pots of a variant.

    Args:
        closing: by product and month, the version whose terms close the month.
        first_month: the number of the first month.
    """
    pools: list[PoolOf] = []
    pots: list[PotOf] = []
    for product, by_month in enumerate(closing):
        for month, version in enumerate(by_month):
            if version is None:
                continue
            number = first_month + month
            relative = version.remuneration.relative_prices
            if relative is not None:
                whole = months_in(relative.period, number)
                # The last month that the simulation has of the period closes it.
                if number == whole[-1] or month == len(by_month) - 1:
                    first = max(whole[0] - first_month, 0)
                    pools += [
                        PoolOf(pool, product, first, month) for pool in pools_closing(version, whole[-1])
                    ]
            capitation = version.remuneration.capitation
            if capitation is not None:
                pots.append(PotOf(product, month, capitation.share, version))
    return Terms(tuple(pools), tuple(pots))


def pool_paid(pool: Pool, allocated: npt.NDArray[Any], valuated: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give what pools pay, as :attr:`RelativeIndex.remunerated` does, for many samples at once."""
    share = rounded_share(allocated, pool.share)
    if pool.maximum is not None:
        most = rounded_share(valuated, pool.maximum)
        share = np.minimum(share, most)
    paid: npt.NDArray[Any] = np.where(valuated == 0, 0, share)
    return paid


def rounded_share(amount: npt.NDArray[Any], share: int) -> npt.NDArray[Any]:
    """Take a share (ten-thousandths) of amounts that are not negative; nothing of those that are."""
    taken = np.maximum(amount, 0)
    if int(taken.max(initial=0)) * max(share, 1) >= _SAFE:
        wide = [times_percentage(int(one), share) for one in taken.ravel()]
        return np.array(wide, np.int64).reshape(taken.shape)
    rounded: npt.NDArray[Any] = (taken * share + PERCENT_ALL // 2) // PERCENT_ALL
    return rounded


@dataclass(frozen=True)
class Closed:
    """The months of a variant, closed; P products, M months."""

    allocated: Int64s
    """(P, M), minor units."""
    fee_for_service: Int64s
    """(P, M)."""
    relative: Int64s
    """(P, M): a pool counts in the month that closes it."""
    capitation: Int64s
    """(P, M)."""
    indexes: tuple[tuple[PoolOf, RelativeIndex], ...]

    @property
    def paid(self) -> int:
        """What all facilities are paid, minor units."""
        return int(self.fee_for_service.sum() + self.relative.sum() + self.capitation.sum())

    @property
    def contributions(self) -> int:
        """What was earned, minor units."""
        return int(self.allocated.sum())


def close(terms: Terms, allocated: Int64s, paid: Int64s, lines: Int64s) -> Closed:
    """Close the months of a variant.

    Args:
        terms: of the variant.
        allocated: (P, M), contributions earned.
        paid: (P, care, M, way), what lines are worth.
        lines: (P, care, M), lines that an index pays.
    """
    relative, capitation = np.zeros_like(allocated), np.zeros_like(allocated)
    indexes = []
    for one in terms.pools:
        earned = int(allocated[one.product, one.months].sum())
        valuated = int(paid[one.product, one.cares, one.months, POOLED].sum())
        count = int(lines[one.product, one.cares, one.months].sum())
        index = RelativeIndex(one.pool, earned, count, valuated)
        relative[one.product, one.last] += index.remunerated if valuated else 0
        indexes.append((one, index))
    for pot in terms.pots:
        earned = int(allocated[pot.product, pot.month])
        capitation[pot.product, pot.month] += times_percentage(max(earned, 0), pot.share)
    return Closed(allocated, paid[..., FEE].sum(axis=1), relative, capitation, tuple(indexes))


def paid_in_samples(terms: Terms, allocated: Int64s, paid: Int64s) -> Int64s:
    """Give what facilities are paid in samples.

    Args:
        terms: of the variant.
        allocated: (P, M, samples), contributions earned.
        paid: (P, care, M, way, samples), what lines are worth.

    Returns:
        (samples,), minor units.
    """
    total: Int64s = paid[:, :, :, FEE].sum(axis=(0, 1, 2))
    for one in terms.pools:
        earned = allocated[one.product, one.months].sum(axis=0)
        valuated = paid[one.product, one.cares, one.months, POOLED].sum(axis=(0, 1))
        total = total + pool_paid(one.pool, earned, valuated)
    for pot in terms.pots:
        total = total + rounded_share(allocated[pot.product, pot.month], pot.share)
    return total


def relative_of_facilities(closed: Closed, paid_at: Int64s) -> Int64s:
    """Share what pools pay over facilities: (F,), minor units.

    Args:
        closed: the months.
        paid_at: (F, P, care, M, way), what lines are worth.
    """
    facilities = len(paid_at)
    total = np.zeros(facilities, np.int64)
    for one, index in closed.indexes:
        valuated = paid_at[:, one.product, one.cares, one.months, POOLED].sum(axis=(1, 2))
        if index.valuated:
            total += shares_of(index.remunerated, valuated, np.arange(facilities))
    return total


def worth_by_head(paid_at: Int64s, product: int, month: int) -> Int64s:
    """Give what lines of facilities are worth that capitation pays for: (F,)."""
    worth: Int64s = paid_at[:, product, :, month, BY_HEAD].sum(axis=1)
    return worth
