"""Scales with round ticks, how they are drawn, and legends."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from adjudicator.charts.letters import SMALL, TINY, width_of
from adjudicator.charts.palette import FAINT, GRID
from adjudicator.charts.shapes import Box, Line, Said, Shape

Writer = Callable[[float], str]
"""Writes a number as a label."""

_NOTHING: Final = 1e-300
"""The smallest span that can be cut into steps: those of a smaller one are 0 to a computer."""


@dataclass(frozen=True)
class Scale:
    """A scale from values to places, with round ticks."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]

    def __call__(self, value: float) -> float:
        """Give the place of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def scale(
    values: Sequence[float], start: float, end: float, *, count: int = 5, with_zero: bool = True
) -> Scale:
    """Make a scale that holds values, from one round number to another.

    Args:
        values: finite numbers.
        start: the place of the low end.
        end: the place of the high end.
        count: about how many ticks.
        with_zero: whether 0 is on it.
    """
    low, high = min(values, default=0.0), max(values, default=0.0)
    if with_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= max(abs(high) * 1e-9, _NOTHING):
        low, high = (low - 1, high + 1) if low else (0.0, 1.0)
    step = _round_step((high - low) / count)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(place * step for place in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], start, end, ticks)


def _round_step(step: float) -> float:
    size = float(10 ** math.floor(math.log10(step)))
    return next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= step * 0.999)


def ticks_across(across: Scale, top: float, bottom: float, write: Writer) -> Iterable[Shape]:
    """Draw a horizontal scale; 0 is always written, others where they have room."""
    for tick in across.ticks:
        yield Line(across(tick), top, across(tick), bottom, GRID, 1)
    taken: list[tuple[float, float]] = []
    for tick in sorted(across.ticks, key=lambda tick: (tick != 0, abs(tick))):
        half = width_of(write(tick), TINY) / 2 + 4
        low, high = across(tick) - half, across(tick) + half
        if all(high <= start or low >= end for start, end in taken):
            taken.append((low, high))
            yield Said(across(tick), bottom + 14, write(tick), TINY, FAINT, "middle")


def ticks_up(up: Scale, left: float, right: float, write: Writer) -> Iterable[Shape]:
    """Draw a vertical scale."""
    for tick in up.ticks:
        yield Line(left, up(tick), right, up(tick), GRID, 1)
        yield Said(left - 6, up(tick) + 4, write(tick), TINY, FAINT, "end")


def legend(
    entries: Iterable[tuple[str, str]], left: float, right: float, size: float = SMALL
) -> tuple[list[Shape], float]:
    """Draw what colours stand for, in as many rows as it takes.

    Args:
        entries: names and colours.
        left: where rows begin.
        right: where they end at the latest.
        size: of letters.

    Returns:
        The shapes, and how high they are.
    """
    shapes: list[Shape] = []
    side, x, y = size * 0.85, left, size
    for name, color in entries:
        wide = side * 1.45 + width_of(name, size)
        if x > left and x + wide > right:
            x, y = left, y + size * 1.45
        shapes.append(Box(x, y - side, side, side, color, 1))
        shapes.append(Said(x + side * 1.45, y - side * 0.06, name, size, FAINT))
        x += wide + size * 1.5
    return shapes, y + size * 0.3 if shapes else 0.0
