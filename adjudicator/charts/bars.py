"""Horizontal bars: amounts, numbers before and after, and gains and losses to both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adjudicator.charts.axes import Writer, legend, scale, ticks_across
from adjudicator.charts.letters import SIZE, SMALL, fitted, widest
from adjudicator.charts.palette import AFTER, BEFORE, FAINT, GAIN, INK, LOSS
from adjudicator.charts.shapes import Box, Drawing, Line, Said, Shape


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
    names: Sequence[str] = (),
    label_width: float = 110.0,
    thickness: float = 8.0,
    size: float = 8.0,
) -> Drawing:
    """Draw amounts, without an axis; negative ones go to the left of the line.

    Args:
        rows: from top to bottom.
        width: of the drawing.
        colors: of the first, second … bar of each row.
        names: of them, for a legend above; none when left out.
        label_width: the most room for labels.
        thickness: of a bar.
        size: of letters.
    """
    end, small = size * 0.9, size * 0.8
    needed = max(widest([row.label for row in rows], size), widest([row.note for row in rows], small))
    left = min(label_width, max(needed + size, width * 0.2))
    shapes, y = legend(zip(names, colors, strict=False), left, width, end)
    y += 4 if names else 0
    room = width - left - 6 - widest([text for row in rows for text in row.written], end)
    most = max((value for row in rows for value in row.values), default=0)
    least = min((value for row in rows for value in row.values), default=0)
    span = max(most, 0) - min(least, 0) or 1
    zero = left + room * -min(least, 0) / span
    top = y
    for row in rows:
        thick = thickness * len(row.values)
        height = max(thick, size * 2.2 if row.note else size * 1.2)
        middle, first = y + height / 2, y + (height - thick) / 2
        base = middle + size * 0.35 - (size * 0.45 if row.note else 0)
        shapes.append(Said(0, base, fitted(row.label, left - 4, size), size))
        if row.note:
            shapes.append(Said(0, base + size, fitted(row.note, left - 4, small), small, FAINT))
        for place, (value, text) in enumerate(zip(row.values, row.written, strict=True)):
            length = room * abs(value) / span
            x = zero if value >= 0 else zero - length
            color = row.color if row.color and not place else colors[place]
            this = first + place * thickness
            shapes.append(Box(x, this + 0.6, max(length, 0.4), thickness - 1.2, color, 0.8))
            beside = zero + (length if value >= 0 else 0) + 4
            ink = FAINT if place else INK
            shapes.append(Said(beside, this + thickness / 2 + size * 0.34, text, end, ink))
        y += height + size * 0.45
    if least < 0:
        shapes.append(Line(zero, top, zero, y - 4))
    return Drawing(width, max(y, 1.0), tuple(shapes))


@dataclass(frozen=True)
class Pair:
    """A row of two bars: a number before and after, and what is written beside them."""

    label: str
    before: float
    after: float
    written: str


def before_and_after(rows: Sequence[Pair], names: tuple[str, str], width: float, write: Writer) -> Drawing:
    """Draw two bars for each row, over an axis.

    Args:
        rows: from the top down.
        names: of the first and the second bars.
        width: of the drawing.
        write: writes the numbers of the axis.
    """
    room = min(240.0, widest([row.label for row in rows]) + 14)
    right = width - widest([row.written for row in rows], SMALL) - 10
    across = scale([value for row in rows for value in (row.before, row.after)], room, right)
    height = 40.0
    shapes, top = legend(zip(names, (BEFORE, AFTER), strict=True), room, width)
    top += 16
    bottom = top + height * len(rows)
    shapes += ticks_across(across, top - 6, bottom - 4, write)
    zero = across(0)
    for place, row in enumerate(rows):
        y = top + place * height
        shapes.append(Said(room - 10, y + 20, fitted(row.label, room - 14), SIZE, anchor="end"))
        shapes.append(_bar(zero, across(row.before), y + 2, 13, BEFORE))
        shapes.append(_bar(zero, across(row.after), y + 17, 13, AFTER))
        x = max(across(row.before), across(row.after), zero) + 6
        shapes.append(Said(x, y + 20, row.written, SMALL))
    shapes.append(Line(zero, top - 6, zero, bottom - 4, FAINT, 1))
    return Drawing(width, bottom + 20, tuple(shapes))


def _bar(zero: float, end: float, y: float, height: float, color: str) -> Box:
    """Draw a bar from the line of 0, to whichever side its end is."""
    return Box(min(zero, end), y, abs(end - zero), height, color, 1.5)


def to_both_sides(rows: Sequence[tuple[str, float, str]], width: float, write: Writer) -> Drawing:
    """Draw a bar for each row, to the right for a gain and to the left for a loss.

    Args:
        rows: from the top down: label, value, and what stands at the end of the bar.
        width: of the drawing.
        write: writes the numbers of the axis.
    """
    room = min(width * 0.36, widest([label for label, _, _ in rows], SMALL) + 10)
    side = widest([told for _, _, told in rows], SMALL) + 8
    loses, gains = (any(sign * value > 0 for _, value, _ in rows) for sign in (-1, 1))
    left, right = room + (side if loses else 6), width - (side if gains or not loses else 6)
    across = scale([value for _, value, _ in rows], left, right, count=3)
    height, top = 20.0, 6.0
    bottom = top + height * len(rows)
    zero = across(0)
    shapes: list[Shape] = [*ticks_across(across, top, bottom, write)]
    for place, (label, value, told) in enumerate(rows):
        y, end = top + place * height, across(value)
        shapes.append(Said(room - 6, y + 14, fitted(label, room - 8, SMALL), SMALL, anchor="end"))
        shapes.append(_bar(zero, end, y + 4, 12, GAIN if value > 0 else LOSS))
        beside, anchor = (end - 4, "end") if value < 0 else (end + 4, "start")
        shapes.append(Said(beside, y + 14, told, SMALL, anchor=anchor))
    shapes.append(Line(zero, top, zero, bottom, FAINT, 1))
    return Drawing(width, bottom + 20, tuple(shapes))
