"""Columns of parts upon one another, each with how far its whole may be off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adjudicator.charts.axes import Writer, legend, scale, ticks_up
from adjudicator.charts.letters import TINY, widest, width_of
from adjudicator.charts.palette import FAINT, INK
from adjudicator.charts.shapes import Box, Drawing, Line, Said, Shape


@dataclass(frozen=True)
class Stack:
    """A column: its label, its parts from the ground up, and between what its whole may lie."""

    label: str
    parts: tuple[float, ...]
    low: float | None = None
    high: float | None = None


def stacked(
    stacks: Sequence[Stack], names: Sequence[str], colors: Sequence[str], width: float, write: Writer
) -> Drawing:
    """Draw columns over an axis; labels that have no room are left out.

    Args:
        stacks: from the left.
        names: of the parts, for a legend.
        colors: of the parts.
        width: of the drawing.
        write: writes the numbers of the axis.
    """
    ends = [end for one in stacks for end in _ends(one)]
    left, right = widest(map(write, scale(ends, 0, 1, count=4).ticks), TINY) + 12, width - 8
    shapes: list[Shape]
    shapes, top = legend(zip(names, colors, strict=True), left, right)
    top += 10.0
    bottom = top + 176.0
    up = scale(ends, bottom, top, count=4)
    shapes += ticks_up(up, left, right, write)
    step = (right - left) / max(len(stacks), 1)
    thick = min(step * 0.72, 46.0)
    free = 0.0
    for place, one in enumerate(stacks):
        middle = left + (place + 0.5) * step
        above = below = 0.0
        for part, color in zip(one.parts, colors, strict=True):
            start = above if part >= 0 else below
            end = start + part
            above, below = (end, below) if part >= 0 else (above, end)
            low, high = sorted((up(start), up(end)))
            shapes.append(Box(middle - thick / 2, low, thick, high - low, color, 1))
        if one.low is not None and one.high is not None and one.high > one.low:
            cap = min(thick / 4, 4.0)
            shapes.append(Line(middle, up(one.low), middle, up(one.high), INK, 1.2))
            shapes += [
                Line(middle - cap, up(end), middle + cap, up(end), INK, 1.2) for end in (one.low, one.high)
            ]
        half = width_of(one.label, TINY) / 2
        if middle - half >= free - 4 and middle + half <= width:
            shapes.append(Said(middle, bottom + 15, one.label, TINY, FAINT, "middle"))
            free = middle + half + 8
    shapes.append(Line(left, up(0), right, up(0), FAINT, 1))
    return Drawing(width, bottom + 22, tuple(shapes))


def _ends(one: Stack) -> list[float]:
    """Give how high and how low a column goes: parts that are less than nothing hang below the ground."""
    ends = [sum(part for part in one.parts if part > 0), sum(part for part in one.parts if part < 0)]
    return ends + [end for end in (one.low, one.high) if end is not None]
