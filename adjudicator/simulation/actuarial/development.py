"""Development factors of a triangle, as exact fractions, and what they make of it.

The factor of an age is what all origins had one period later ÷ what the same origins had at that age
(volume-weighted). An age at which nobody had anything yet has no factor, and is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from adjudicator.simulation.actuarial.triangles import Triangle

Factor = Fraction | None


@dataclass(frozen=True)
class Development:
    """How a triangle develops from age to age; *n* ages."""

    factors: tuple[Factor, ...]
    """(n - 1): from each age to the next."""
    to_last: tuple[Factor, ...]
    """(n): from each age to the last one, the product of the factors after it; 1 for the last age."""

    @property
    def completion(self) -> tuple[Factor, ...]:
        """(n): the share of the last age that is there at each age; 0 where it has no factor."""
        return tuple(None if one is None or one == 0 else 1 / one for one in self.to_last)


def development(triangle: Triangle, periods: int | None = None) -> Development:
    """Compute the development factors of a triangle.

    Args:
        triangle: the triangle.
        periods: only the last so many periods count, as where care or claiming has changed; all when None.
    """
    sums = triangle.cumulative
    factors: list[Factor] = []
    for age in range(triangle.size - 1):
        rows = triangle.size - 1 - age
        first = 0 if periods is None else max(0, rows - periods)
        before, after = (int(sums[first:rows, at].sum()) for at in (age, age + 1))
        factors.append(_ratio(after, before))
    return Development(tuple(factors), products_from_the_end(factors))


def products_from_the_end(factors: Sequence[Factor]) -> tuple[Factor, ...]:
    """Multiply the factors that follow each age: (n) factors give (n + 1) products, the last one 1."""
    products: list[Factor] = [Fraction(1)]
    for one in reversed(factors):
        after = products[-1]
        products.append(None if one is None or after is None else one * after)
    return tuple(reversed(products))


def _ratio(above: int, below: int) -> Factor:
    return Fraction(above, below) if below else None
