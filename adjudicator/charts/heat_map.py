"""Tables whose cells are the deeper in colour the more they are."""

from __future__ import annotations

from collections.abc import Sequence

from adjudicator.charts.axes import Writer
from adjudicator.charts.letters import SMALL, TINY, fitted, widest, width_of
from adjudicator.charts.palette import FAINT, shade
from adjudicator.charts.shapes import Box, Drawing, Said, Shape


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Sequence[float | None]],
    width: float,
    write: Writer,
    *,
    corner: str = "",
    from_zero: bool = True,
) -> Drawing:
    """Draw a heat map; unknown cells stay empty.

    Args:
        rows: their labels.
        columns: their labels.
        cells: (rows, columns).
        width: of the drawing.
        write: writes the number of a cell, where there is room.
        corner: what rows and columns are.
        from_zero: whether the palest colour is for 0, else for the least.
    """
    left = widest([*rows, corner], SMALL) + 12
    step = (width - left - 2) / max(len(columns), 1)
    height, top = 22.0, 24.0
    known = [value for row in cells for value in row if value is not None]
    low, high = min([*known, 0.0] if from_zero or not known else known), max(known, default=1.0)
    size = TINY if step >= 44 else 8.5
    shapes: list[Shape] = [Said(0, 15, corner, SMALL, FAINT)]
    every = max(1, round(26 / step)) if step < 26 else 1
    for place, label in enumerate(columns):
        if place % every == 0:
            x = left + place * step + step / 2
            shapes.append(Said(x, 15, fitted(label, step * every, TINY), TINY, FAINT, "middle"))
    for place, label in enumerate(rows):
        y = top + place * height
        shapes.append(Said(left - 8, y + 15, label, SMALL, anchor="end"))
        for at, value in enumerate(cells[place]):
            if value is None:
                continue
            fill, ink = shade((value - low) / (high - low) if high > low else 0.0)
            x = left + at * step
            shapes.append(Box(x + 0.75, y + 0.75, step - 1.5, height - 1.5, fill, 2))
            told = write(value)
            if width_of(told, size) <= step - 3:
                shapes.append(Said(x + step / 2, y + 15, told, size, ink, "middle"))
    return Drawing(width, top + height * len(rows) + 4, tuple(shapes))
