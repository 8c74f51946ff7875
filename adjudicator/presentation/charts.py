"""Charts as lists of shapes: drawn once, and put on a web page (SVG) or on paper alike.

A drawing knows no fonts, files or libraries. Everything is in points, from the upper left corner. The same
figures give the same shapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

INK: Final = "#1d2b36"
DEEP: Final = "#12495c"
TEAL: Final = "#2f8296"
LIGHT: Final = "#a9cdd6"
SAND: Final = "#c98f2b"
PALE: Final = "#e8f0f3"
RULE: Final = "#c3d0d6"
FAINT: Final = "#5f707b"
RED: Final = "#a3342b"
GREEN: Final = "#2d7a4b"
WHITE: Final = "#ffffff"

_WIDTH_OF_A_SIGN: Final = 0.53
"""Of the size, in the mean: letters of a text without serifs."""

_WIDTH_OF_A_DIGIT: Final = 0.6
"""Amounts, bold ones too, in any such font."""


@dataclass(frozen=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    round: float = 0.0


@dataclass(frozen=True)
class Line:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    color: str = RULE
    width: float = 0.5
    dashed: bool = False


@dataclass(frozen=True)
class Said:
    """A text, from its base line; ``anchor`` is ``start``, ``middle`` or ``end``."""

    x: float
    y: float
    text: str
    size: float = 8.0
    color: str = INK
    anchor: str = "start"
    bold: bool = False


Shape = Box | Line | Said


@dataclass(frozen=True)
class Drawing:
    """Shapes on a sheet of a size."""

    width: float
    height: float
    shapes: tuple[Shape, ...]


def fitted(text: str, width: float, size: float) -> str:
    """Cut a text that is wider than there is room for."""
    signs = int(width / (size * _WIDTH_OF_A_SIGN))
    return text if len(text) <= signs else text[: max(1, signs - 1)].rstrip() + "…"


# Charts.


@dataclass(frozen=True)
class Bar:
    """A row of a bar chart: bars of amounts, one below the other, and what is written at their ends."""

    label: str
    values: tuple[int, ...]
    written: tuple[str, ...]
    note: str = ""
    """Written small below the label."""
    color: str | None = None
    """Of its first bar, where that differs from the others'."""


def bars(
    rows: Sequence[Bar],
    width: float,
    colors: Sequence[str],
    legend: Sequence[str] = (),
    label_width: float = 92.0,
    thickness: float = 8.0,
    size: float = 8.0,
) -> Drawing:
    """Draw horizontal bars; negative amounts go to the left of the line.

    Args:
        rows: from top to bottom.
        width: of the drawing.
        colors: of the first, second … bar of each row.
        legend: what they are; written above where there is more than one.
        label_width: room for labels.
        thickness: of a bar.
        size: of letters.
    """
    shapes: list[Shape] = []
    y = 0.0
    if legend:
        shapes += _legend(legend, colors, label_width, size)
        y += size + 7
    written = max((len(text) for row in rows for text in row.written), default=0)
    room = width - label_width - 6 - written * size * 0.9 * _WIDTH_OF_A_DIGIT
    most = max((value for row in rows for value in row.values), default=0)
    least = min((value for row in rows for value in row.values), default=0)
    span = max(most, 0) - min(least, 0) or 1
    zero = label_width + room * -min(least, 0) / span
    top = y
    for row in rows:
        thick = thickness * len(row.values)
        height = max(thick, size * 2.2 if row.note else size * 1.2)
        middle, first = y + height / 2, y + (height - thick) / 2
        at = middle + size * 0.35 - (size * 0.45 if row.note else 0)
        shapes.append(Said(0, at, fitted(row.label, label_width - 4, size), size))
        if row.note:
            small = size * 0.8
            shapes.append(Said(0, at + size, fitted(row.note, label_width - 4, small), small, FAINT))
        for place, (value, text) in enumerate(zip(row.values, row.written, strict=True)):
            length = room * abs(value) / span
            x = zero if value >= 0 else zero - length
            color = row.color if row.color and not place else colors[place]
            this = first + place * thickness
            shapes.append(Box(x, this + 0.6, max(length, 0.4), thickness - 1.2, color, 0.8))
            end = zero + (length if value >= 0 else 0) + 4
            weight = not place
            shapes.append(
                Said(end, this + thickness / 2 + size * 0.34, text, size * 0.9, INK if weight else FAINT)
            )
        y += height + size * 0.45
    if least < 0:
        shapes.append(Line(zero, top, zero, y - 4))
    return Drawing(width, max(y, 1.0), tuple(shapes))


def _legend(names: Sequence[str], colors: Sequence[str], x: float, size: float) -> Iterable[Shape]:
    for name, color in zip(names, colors, strict=False):
        yield Box(x, 1, size * 0.8, size * 0.8, color, 0.8)
        yield Said(x + size * 1.15, size * 0.8, name, size * 0.9, FAINT)
        x += size * 1.15 + len(name) * size * 0.9 * _WIDTH_OF_A_SIGN + 12


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
    """Draw steps that lead from one amount to another, from top to bottom."""
    row = size * 1.75
    written = max((len(step.written) for step in steps), default=0) * size * _WIDTH_OF_A_DIGIT
    shares = max((len(step.share) for step in steps), default=0) * size * _WIDTH_OF_A_DIGIT
    left = label_width
    room = max(10.0, width - label_width - written - shares - 3 * size)
    most = max((step.amount for step in steps if step.is_sum), default=0) or 1
    shapes: list[Shape] = []
    level, y = 0, 0.0
    for place, step in enumerate(steps):
        after = step.amount if step.is_sum else level + step.amount
        start, end = (0, after) if step.is_sum else (min(level, after), max(level, after))
        x1, x2 = (left + room * max(0, min(one, most)) / most for one in (start, end))
        color = DEEP if step.is_sum else RED if step.amount < 0 else GREEN
        base = y + row / 2 + size * 0.35
        shapes.append(
            Said(
                0 if step.is_sum else 8,
                base,
                fitted(step.label, label_width - 12, size),
                size,
                INK,
                "start",
                step.is_sum,
            )
        )
        shapes.append(Box(x1, y + row * 0.16, max(x2 - x1, 0.6), row * 0.68, color, 0.8))
        if place + 1 < len(steps):
            line = left + room * max(0, min(after, most)) / most
            shapes.append(Line(line, y + row * 0.84, line, y + row * 1.16, FAINT, 0.4))
        shapes.append(Said(width - shares - size, base, step.written, size, INK, "end", step.is_sum))
        shapes.append(Said(width, base, step.share, size, FAINT, "end"))
        level, y = after, y + row
    return Drawing(width, max(y, 1.0), tuple(shapes))


@dataclass(frozen=True)
class Cell:
    """A cell of a small table."""

    text: str
    color: str = INK
    bold: bool = False


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    widths: Sequence[float],
    right: Sequence[bool],
    size: float = 8.0,
) -> Drawing:
    """Draw a small table.

    Args:
        head: headings.
        rows: cells.
        widths: of the columns; they add up to that of the drawing.
        right: which columns are of numbers, and stand to the right.
        size: of letters.
    """
    width, height = sum(widths), size * 1.75
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
        y += height
        shapes.append(Line(0, y, width, y, RULE, 0.3))
    return Drawing(width, y + 2, tuple(shapes))


# On a web page.


def svg(drawing: Drawing, title: str) -> str:
    """Write a drawing as SVG that stands in a page, and grows and shrinks with it."""
    parts = [
        f'<svg viewBox="0 0 {_n(drawing.width)} {_n(drawing.height)}" role="img" '
        f'aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg">'
    ]
    for shape in drawing.shapes:
        match shape:
            case Box():
                rounded = f' rx="{_n(shape.round)}"' if shape.round else ""
                parts.append(
                    f'<rect x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" '
                    f'height="{_n(shape.height)}" fill="{shape.fill}"{rounded}/>'
                )
            case Line():
                dashes = ' stroke-dasharray="2 2"' if shape.dashed else ""
                parts.append(
                    f'<line x1="{_n(shape.x1)}" y1="{_n(shape.y1)}" x2="{_n(shape.x2)}" y2="{_n(shape.y2)}" '
                    f'stroke="{shape.color}" stroke-width="{_n(shape.width)}"{dashes}/>'
                )
            case Said():
                anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
                weight = ' font-weight="600"' if shape.bold else ""
                parts.append(
                    f'<text x="{_n(shape.x)}" y="{_n(shape.y)}" font-size="{_n(shape.size)}" '
                    f'fill="{shape.color}"{anchor}{weight}>{escape(shape.text)}</text>'
                )
    return "".join(parts) + "</svg>"


def _n(number: float) -> str:
    """Write a number with two decimals at most, the same everywhere."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
