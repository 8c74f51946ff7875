"""What a tail is: a factor for what is still booked after the oldest age of a triangle that is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from adjudicator.words import Message


class Curve(Enum):
    """Where a tail factor comes from."""

    NONE = "none"
    CONSTANT = "constant"
    EXPONENTIAL = "exponential"
    INVERSE_POWER = "inverse_power"

    @property
    def fitted(self) -> bool:
        """Whether it is fitted to factors."""
        return self in (Curve.EXPONENTIAL, Curve.INVERSE_POWER)


@dataclass(frozen=True)
class TailChoice:
    """The tail that is asked for."""

    curve: Curve = Curve.NONE
    factor: float = 1.0
    """Of a constant tail."""
    first: int | None = None
    """The first age whose factor is fitted; None for the youngest that is used."""
    last: int | None = None
    """The last one; None for the oldest."""
    periods: int = 100
    """How many periods after the oldest age a curve is followed."""


NO_TAIL_CHOSEN: Final = TailChoice()


@dataclass(frozen=True)
class Tail:
    """A tail factor, how far it may be off, and what it rests upon."""

    curve: Curve
    factor: float
    """What claims come to in the end ÷ what they come to at the oldest age."""
    sigma: float = 0.0
    """Mack's sigma of the factor: the root of minor units."""
    error: float = 0.0
    """The standard error of the factor."""
    fitted: tuple[tuple[int, float], ...] = ()
    """The ages that were fitted, each with its factor by the curve."""
    left_out: tuple[int, ...] = ()
    """Ages of the range whose factor does not say how growth fades."""
    r_squared: float | None = None
    """The share of the logarithms' differences that the curve explains."""
    periods: int = 0
    """How many periods a curve was followed."""
    remarks: tuple[Message, ...] = ()

    @property
    def there(self) -> bool:
        """Whether anything is expected after the oldest age, or less."""
        return self.factor != 1.0


NO_TAIL: Final = Tail(Curve.NONE, 1.0)
