"""Small tables, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adjudicator.charts.letters import fitted, widest, width_of
from adjudicator.charts.palette import DEEP, FAINT, INK, RULE
from adjudicator.charts.shapes import Drawing, Line, Said, Shape


@dataclass(frozen=True)
class Cell:
    """A cell of a small table."""

    text: str
    color: str = INK
    bold: bool = False


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    width: float,
    right: Sequence[bool],
    size: float = 8.0,
) -> Drawing:
    """Draw a small table.

    Args:
        head: headings.
        rows: cells.
        width: of the drawing.
        right: which columns are of numbers, and stand to the right.
        size: of letters.
    """
    widths = _widths(head, rows, width, right, size)
    shapes: list[Shape] = []

    def put(y: float, cells: Sequence[Cell], letters: float) -> None:
        x = 0.0
        for cell, wide, to_right in zip(cells, widths, right, strict=True):
            # An amount is never cut.
            text = cell.text if to_right else fitted(cell.text, wide - 4, letters)
            at = x + wide if to_right else x
            shapes.append(Said(at, y, text, letters, cell.color, "end" if to_right else "start", cell.bold))
            x += wide

    put(size, [Cell(text, FAINT) for text in head], size * 0.88)
    shapes.append(Line(0, size * 1.5, width, size * 1.5, DEEP, 0.7))
    y = size * 1.5
    for row in rows:
        put(y + size * 1.2, row, size)
        y += size * 1.75
        shapes.append(Line(0, y, width, y, RULE, 0.3))
    return Drawing(width, y + 2, tuple(shapes))


def _widths(
    head: Sequence[str], rows: Sequence[Sequence[Cell]], width: float, right: Sequence[bool], size: float
) -> list[float]:
    """Give the widths of columns: numbers have what they need, and texts share the rest by what they need."""
    needed = [
        max(
            widest([head[at]], size * 0.88),
            *(width_of(row[at].text, size, bold=row[at].bold) for row in rows),
            0,
        )
        + size * 1.2
        for at in range(len(head))
    ]
    numbers = sum(wide for wide, to_right in zip(needed, right, strict=True) if to_right)
    texts = sum(needed) - numbers
    return [
        wide if to_right else wide * max(0, width - numbers) / texts
        for wide, to_right in zip(needed, right, strict=True)
    ]
