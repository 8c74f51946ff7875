"""Steps that lead from one amount to another, from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adjudicator.charts.letters import fitted, widest
from adjudicator.charts.palette import DEEP, FAINT, GAIN, INK, LOSS
from adjudicator.charts.shapes import Box, Drawing, Line, Said, Shape


@dataclass(frozen=True)
class Fall:
    """A step of a waterfall."""

    label: str
    amount: int
    written: str
    is_sum: bool = False
    share: str = ""
    """What part it is of the first sum, as it is written."""


def waterfall(steps: Sequence[Fall], width: float, label_width: float = 150.0, size: float = 8.0) -> Drawing:
    """Draw a waterfall.

    Args:
        steps: from top to bottom.
        width: of the drawing.
        label_width: the most room for labels.
        size: of letters.
    """
    row, inset = size * 1.75, size
    written = widest([step.written for step in steps], size, bold=True)
    shares = widest([step.share for step in steps], size)
    left = min(label_width, inset + widest([step.label for step in steps], size, bold=True) + size)
    room = max(10.0, width - left - written - shares - 3 * size)
    most = max((step.amount for step in steps if step.is_sum), default=0) or 1

    def across(amount: int) -> float:
        return left + room * max(0, min(amount, most)) / most

    shapes: list[Shape] = []
    level, y = 0, 0.0
    for place, step in enumerate(steps):
        after = step.amount if step.is_sum else level + step.amount
        start, end = sorted((across(0 if step.is_sum else level), across(after)))
        color = DEEP if step.is_sum else LOSS if step.amount < 0 else GAIN
        base, x = y + row / 2 + size * 0.35, 0 if step.is_sum else inset
        label = fitted(step.label, left - x - 4, size)
        shapes.append(Said(x, base, label, size, INK, bold=step.is_sum))
        shapes.append(Box(start, y + row * 0.16, max(end - start, 0.6), row * 0.68, color, 0.8))
        if place + 1 < len(steps):
            shapes.append(Line(across(after), y + row * 0.84, across(after), y + row * 1.16, FAINT, 0.4))
        shapes.append(Said(width - shares - size, base, step.written, size, INK, "end", step.is_sum))
        shapes.append(Said(width, base, step.share, size, FAINT, "end"))
        level, y = after, y + row
    return Drawing(width, max(y, 1.0), tuple(shapes))
