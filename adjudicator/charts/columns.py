"""How many there are in each band of a distribution: columns side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adjudicator.charts.axes import Writer, scale, ticks_up
from adjudicator.charts.letters import TINY, widest, width_of
from adjudicator.charts.palette import FAINT, GAIN, LOSS
from adjudicator.charts.shapes import Box, Drawing, Line, Said, Shape

_THICKEST: Final = 90.0
"""A column; two that fill a page would look like a flag."""


def columns(bands: Sequence[tuple[str, float, bool]], width: float, write: Writer, axis: str) -> Drawing:
    """Draw a column for each band, losses in one colour and gains in the other.

    Args:
        bands: from the left: label, how many, and whether it is a band of losses.
        width: of the drawing.
        write: writes how many.
        axis: what the bands are of.
    """
    top, bottom, left, right = 22.0, 186.0, 52.0, width - 8
    up = scale([value for _, value, _ in bands], bottom, top, count=4)
    step = (right - left) / max(len(bands), 1)
    shapes: list[Shape] = [*ticks_up(up, left, right, write)]
    slanted = widest([label for label, _, _ in bands], TINY) > step - 4
    height = bottom + (66 if slanted else 38)
    thick = min(step - 6, _THICKEST)
    for place, (label, value, loss) in enumerate(bands):
        middle = left + (place + 0.5) * step
        color = LOSS if loss else GAIN
        shapes.append(Box(middle - thick / 2, up(value), thick, bottom - up(value), color, 1.5))
        if value > 0 and step >= width_of(write(value), TINY):
            shapes.append(Said(middle, up(value) - 4, write(value), TINY, anchor="middle"))
        anchor, turned = ("end", -35.0) if slanted else ("middle", 0.0)
        shapes.append(Said(middle, bottom + 14, label, TINY, FAINT, anchor, turned=turned))
    shapes.append(Line(left, bottom, right, bottom, FAINT, 1))
    shapes.append(Said(right, height - 4, axis, TINY, FAINT, "end"))
    return Drawing(width, height, tuple(shapes))
