"""The relative index of a product, and what it makes of lines with a relative price.

Follows section 6 of the law, steps 2 and 3. A **pool** is a share of the contributions that a product earned
in a month, quarter or year, for all care or for one kind of it. Its index is that share ÷ the value of its
relative lines, an exact fraction, and its money is shared over those lines by largest remainder.

What the law leaves open is decided here:

* The terms are those of the version **in force on the last day** of the period, or the last one before it.
* Lines that are all worth nothing are as no lines: the index is 1.
* Relative lines **of which no pool speaks** (the product has none, or only for the other kind of care) are
  paid at an index of 1.
* A **cap** makes the index smaller, never larger; what it holds back stays with the scheme.
* The pool's money is index × value, rounded to the minor unit once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from adjudicator.product.definition import Product
from adjudicator.product.scalars import INDEX_DECIMALS
from adjudicator.remuneration.months import closes_in, last_day, months_in, place_in_year
from adjudicator.remuneration.shares import shares_of, total_of
from adjudicator.units import PERCENT_ALL, divide_rounded, unscaled
from adjudicator.vocabulary import Care

Int64s = npt.NDArray[np.int64]

_INDEX_ONE = 10**INDEX_DECIMALS


@dataclass(frozen=True)
class Pool:
    """A pool of relative prices that is closed in a month."""

    product: str
    care: Care | None
    """The kind of care that it is for; None for all."""
    months: range
    """The months whose contributions and lines it is of; it is closed in the last one."""
    share: int
    """The share of the contributions, in hundredths of a percent."""
    maximum: int | None
    """The cap on the index, in ten-thousandths; None where there is none."""

    def holds(self, care: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        """Tell which lines it is for by their kind of care: (n,)."""
        held: npt.NDArray[np.bool_] = (
            np.ones(len(care), np.bool_) if self.care is None else care == int(self.care)
        )
        return held


@dataclass(frozen=True)
class RelativeIndex:
    """The index of a pool, and how it came about."""

    pool: Pool
    allocated: int
    """Contributions that the product earned in the pool's months, minor units."""
    lines: int
    """The relative lines in it."""
    valuated: int
    """What they are worth in nominal prices, minor units."""

    @property
    def share(self) -> Fraction:
        """The pool's share of the contributions, minor units, unrounded; never less than nothing."""
        return Fraction(max(self.allocated, 0) * self.pool.share, PERCENT_ALL)

    @property
    def uncapped(self) -> Fraction:
        """The index before its cap: share ÷ value, and 1 where there is nothing to divide by."""
        return self.share / self.valuated if self.valuated else Fraction(1)

    @property
    def index(self) -> Fraction:
        """The index."""
        cap = self.pool.maximum
        return self.uncapped if cap is None else min(self.uncapped, Fraction(cap, _INDEX_ONE))

    @property
    def capped(self) -> bool:
        """Whether the cap made it smaller."""
        return self.index < self.uncapped

    @property
    def remunerated(self) -> int:
        """What the lines are paid together: index × value, rounded to the minor unit."""
        paid = self.index * self.valuated
        return divide_rounded(paid.numerator, paid.denominator)

    @property
    def shown(self) -> Decimal:
        """The index as it is shown, with four decimals."""
        scaled = self.index * _INDEX_ONE
        return unscaled(divide_rounded(scaled.numerator, scaled.denominator), INDEX_DECIMALS)


def version_for(versions: Sequence[Product], month: int) -> Product | None:
    """Give the version of a product whose terms close a month: that in force on its last day.

    Where none is, the last one that ended before; None where all begin later.

    Args:
        versions: of one product.
        month: the month that is closed.
    """
    day = last_day(month)
    begun = [version for version in versions if version.valid.start <= day]
    return max(begun, key=lambda version: version.valid.start, default=None)


def pools_closing(product: Product, month: int) -> tuple[Pool, ...]:
    """Give the pools of a product that close in a month (law, section 6, step 2).

    Args:
        product: the version whose terms hold (see :func:`version_for`).
        month: the month that is closed.
    """
    terms = product.remuneration.relative_prices
    if terms is None or not closes_in(terms.period, month):
        return ()
    place = place_in_year(terms.period, month)
    of_care = ((None, terms.all), (Care.HOSPITAL, terms.hospital), (Care.NON_HOSPITAL, terms.non_hospital))
    return tuple(
        Pool(
            product=product.product,
            care=care,
            months=months_in(terms.period, month),
            share=shares.share[place if len(shares.share) > 1 else 0],
            maximum=terms.index.maximum if terms.index else None,
        )
        for care, shares in of_care
        if shares is not None
    )


def waits_for_pool(product: Product, care: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Tell which relative lines have a pool to wait for, by their kind of care: (n,).

    The others are paid at an index of 1.
    """
    terms = product.remuneration.relative_prices
    if terms is None:
        return np.zeros(len(care), np.bool_)
    hospital, non_hospital = (
        (terms.all or side) is not None for side in (terms.hospital, terms.non_hospital)
    )
    waits: npt.NDArray[np.bool_] = np.where(care == int(Care.HOSPITAL), hospital, non_hospital)
    return waits


def relative_index(pool: Pool, allocated: int, valuated: Int64s) -> RelativeIndex:
    """Compute the index of a pool (law, section 6, step 2).

    Args:
        pool: the pool.
        allocated: contributions that its product earned in its months, minor units.
        valuated: (n,), what its lines are worth, minor units.
    """
    return RelativeIndex(pool, allocated, len(valuated), total_of(valuated))


def remunerate(index: RelativeIndex, valuated: Int64s, *keys: npt.NDArray[np.generic]) -> Int64s:
    """Give what the lines of a pool are paid (law, section 6, step 3).

    By largest remainder, so that they add up to what the pool pays; where remainders are equal, the smaller
    key comes first, whatever the order of the rows.

    Args:
        index: the index of the pool.
        valuated: (n,), what its lines are worth, minor units, none negative; as the index was made from.
        keys: each (n,): the number of the claim, then that of the line.

    Returns:
        (n,), minor units.
    """
    return shares_of(index.remunerated, valuated, *keys)
