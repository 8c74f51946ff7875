"""The charts of a report, as SVG: bars side by side, bars to both sides, lines with bands, heat maps.

Every chart is told by its labels and numbers as well as by its colours, and is as wide as its page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from adjudicator.simulation.report.svg import (
    AFTER,
    BEFORE,
    FAINT,
    GAIN,
    INK,
    LOSS,
    SERIES,
    Scale,
    area,
    cut,
    dot,
    drawing,
    line,
    path,
    rectangle,
    scale,
    shade,
    width_of,
    words,
)

WIDTH: Final = 760.0
HALF: Final = 372.0
"""Of a chart that stands beside another."""

Writer = Callable[[float], str]
"""Writes a number as a label."""

_SMALL: Final = 11


@dataclass(frozen=True)
class Pair:
    """A row of two bars: a number before and after."""

    label: str
    before: float
    after: float


@dataclass(frozen=True)
class Point:
    """A point of a line, with its band where it has one."""

    at: float
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Line:
    """A line of a chart."""

    label: str
    points: tuple[Point, ...]
    dashed: bool = False


@dataclass(frozen=True)
class Mark:
    """A horizontal line across a chart of lines, with a word: a target."""

    value: float
    label: str


@dataclass(frozen=True)
class Axis:
    """The horizontal axis of a chart of lines."""

    title: str = ""
    ticks: tuple[tuple[float, str], ...] = field(default=())


def before_and_after(title: str, rows: Sequence[Pair], names: tuple[str, str], write: Writer) -> str:
    """Draw two bars for each row, the second with its difference from the first.

    Args:
        title: what is read out instead of the chart.
        rows: from the top down.
        names: of the first and the second bars.
        write: writes a number.
    """
    room = min(240.0, max((width_of(row.label) for row in rows), default=0) + 14)
    told = [f"{write(row.after)} ({_signed(write, row.after - row.before)})" for row in rows]
    right = max((width_of(one, _SMALL) for one in told), default=0) + 10
    across = scale([value for row in rows for value in (row.before, row.after)], room, WIDTH - right, count=5)
    height, top = 40.0, 34.0
    bottom = top + height * len(rows)
    parts = _legend(room, 12, ((names[0], BEFORE), (names[1], AFTER)))
    parts += _ticks_across(across, top - 6, bottom - 4, write)
    zero = across(0)
    for place, row in enumerate(rows):
        y = top + place * height
        parts.append(words(room - 10, y + 19, cut(row.label, room - 14), anchor="end"))
        parts.append(rectangle(zero, y + 2, across(row.before) - zero, 13, BEFORE, round_=1.5))
        parts.append(rectangle(zero, y + 17, across(row.after) - zero, 13, AFTER, round_=1.5))
        x = max(across(row.before), across(row.after)) + 6
        parts.append(words(x, y + 22, told[place], size=_SMALL))
    parts.append(line(zero, top - 6, zero, bottom - 4, FAINT))
    return drawing(WIDTH, bottom + 20, title, parts)


def _ticks_across(across: Scale, top: float, bottom: float, write: Writer) -> list[str]:
    """Draw a horizontal scale; 0 is always written, others where they have room."""
    parts = [line(across(tick), top, across(tick), bottom) for tick in across.ticks]
    taken: list[tuple[float, float]] = []
    for tick in sorted(across.ticks, key=lambda tick: (tick != 0, abs(tick))):
        half = width_of(write(tick), 10) / 2 + 4
        ends = across(tick) - half, across(tick) + half
        if all(ends[1] <= low or ends[0] >= high for low, high in taken):
            taken.append(ends)
            parts.append(
                words(across(tick), bottom + 14, write(tick), anchor="middle", colour=FAINT, size=10)
            )
    return parts


def _signed(write: Writer, value: float) -> str:
    return f"+{write(value)}" if value > 0 else write(value) if value < 0 else "±0"


def _legend(x: float, y: float, entries: Sequence[tuple[str, str]], room: float = WIDTH) -> list[str]:
    parts, start = [], x
    for name, colour in entries:
        if x > start and x + 22 + width_of(name, _SMALL) > room:
            x, y = start, y + 16
        parts.append(rectangle(x, y - 9, 12, 10, colour, round_=1.5))
        parts.append(words(x + 17, y, name, size=_SMALL, colour=INK))
        x += 17 + width_of(name, _SMALL) + 18
    return parts


def to_both_sides(
    title: str,
    rows: Sequence[tuple[str, float, str]],
    write: Writer,
    *,
    width: float = HALF,
    names: tuple[str, str] | None = None,
) -> str:
    """Draw a bar for each row, to the right for a gain and to the left for a loss.

    Args:
        title: what is read out instead of the chart.
        rows: from the top down: label, value, and what stands at the end of the bar.
        write: writes the numbers of the axis.
        width: of the chart.
        names: of losses and gains, for a legend; none when left out.
    """
    room = min(width * 0.36, max((width_of(label, _SMALL) for label, _, _ in rows), default=0) + 10)
    side = max((width_of(told, 10.5) for _, _, told in rows), default=0) + 8
    loses, gains = (any(sign * value > 0 for _, value, _ in rows) for sign in (-1, 1))
    left, right = room + (side if loses else 6), width - (side if gains or not loses else 6)
    across = scale([value for _, value, _ in rows], left, right, count=3)
    height, top = 20.0, 22.0 if names else 6.0
    bottom = top + height * len(rows)
    parts = _legend(room, 11, ((names[0], LOSS), (names[1], GAIN)), width) if names else []
    zero = across(0)
    parts += _ticks_across(across, top, bottom, write)
    for place, (label, value, told) in enumerate(rows):
        y = top + place * height
        parts.append(words(room - 6, y + 14, cut(label, room - 8, _SMALL), anchor="end", size=_SMALL))
        x = across(value)
        parts.append(
            rectangle(min(x, zero), y + 4, abs(x - zero), 12, GAIN if value > 0 else LOSS, round_=1.5)
        )
        beside = x - 4 if value < 0 else x + 4
        parts.append(words(beside, y + 14, told, anchor="end" if value < 0 else "start", size=10.5))
    parts.append(line(zero, top, zero, bottom, FAINT))
    return drawing(width, bottom + 20, title, parts)


def distribution(
    title: str, bands: Sequence[tuple[str, float, bool]], write: Writer, axis: str, *, width: float = WIDTH
) -> str:
    """Draw a column for each band of a distribution, losses in one colour and gains in the other.

    Args:
        title: what is read out instead of the chart.
        bands: from the left: label, how many, and whether it is a band of losses.
        write: writes how many.
        axis: what the bands are of.
        width: of the chart.
    """
    top, bottom = 22.0, 186.0
    up = scale([value for _, value, _ in bands], bottom, top, count=4)
    left = 52.0
    step = (width - left - 8) / max(len(bands), 1)
    parts: list[str] = []
    for tick in up.ticks:
        parts.append(line(left, up(tick), width - 8, up(tick)))
        parts.append(words(left - 6, up(tick) + 4, write(tick), anchor="end", colour=FAINT, size=10.5))
    slanted = any(width_of(label, 10) > step - 4 for label, _, _ in bands)
    height = bottom + (66 if slanted else 38)
    for place, (label, value, loss) in enumerate(bands):
        x = left + place * step
        parts.append(
            rectangle(x + 3, up(value), step - 6, bottom - up(value), LOSS if loss else GAIN, round_=1.5)
        )
        if value > 0 and step >= width_of(write(value), 10):
            parts.append(words(x + step / 2, up(value) - 4, write(value), anchor="middle", size=10))
        middle = x + step / 2
        if slanted:
            written = words(middle, bottom + 14, label, anchor="end", size=10, colour=FAINT)
            turned = f'<g transform="rotate(-35 {middle:.1f} {bottom + 10:.1f})">{written}</g>'
            parts.append(turned)
        else:
            parts.append(words(middle, bottom + 14, label, anchor="middle", size=10, colour=FAINT))
    parts.append(line(left, bottom, width - 8, bottom, FAINT))
    parts.append(words(width - 8, height - 4, axis, anchor="end", size=10.5, colour=FAINT))
    return drawing(width, height, title, parts)


def _colour(drawn: Sequence[Line], place: int) -> str:
    """Give the colour of a line; what is compared with is grey and dashed."""
    if drawn[place].dashed:
        return FAINT
    before = sum(not one.dashed for one in drawn[:place])
    return SERIES[before % len(SERIES)]


def lines(
    title: str,
    drawn: Sequence[Line],
    axis: Axis,
    write: Writer,
    *,
    width: float = HALF,
    marks: Sequence[Mark] = (),
    with_zero: bool = False,
) -> str:
    """Draw lines, each with its band.

    Args:
        title: what is read out instead of the chart.
        drawn: the lines.
        axis: the horizontal axis.
        write: writes the numbers of the vertical one.
        width: of the chart.
        marks: values that are marked across it.
        with_zero: whether the vertical axis begins at 0.
    """
    values = [value for one in drawn for point in one.points for value in _values_of(point)]
    rows = 1 + (len(drawn) - 1) // (2 if width < WIDTH else 4) if len(drawn) > 1 else 0
    top, height = 10.0 + 16 * rows, 176.0
    bottom = top + height
    up = scale([*values, *(mark.value for mark in marks)], bottom, top, count=5, with_zero=with_zero)
    left = max(width_of(write(tick), 10.5) for tick in up.ticks) + 12
    places = [point.at for one in drawn for point in one.points] or [0.0, 1.0]
    low, high = min(places), max(places)
    spread = (high - low) or 1.0

    def across(value: float) -> float:
        return left + 8 + (value - low) / spread * (width - left - 28)

    parts: list[str] = []
    for tick in up.ticks:
        parts.append(line(left, up(tick), width - 8, up(tick)))
        parts.append(words(left - 6, up(tick) + 4, write(tick), anchor="end", colour=FAINT, size=10.5))
    ends = left
    for value, label in axis.ticks:
        x, half = across(value), width_of(label, 10.5) / 2
        if x - half < ends and value != low:
            continue
        parts.append(line(x, bottom, x, bottom + 4, FAINT))
        placed = min(x, width - half)
        parts.append(words(placed, bottom + 16, label, anchor="middle", colour=FAINT, size=10.5))
        ends = x + half + 6
    for place, one in enumerate(drawn):
        colour = _colour(drawn, place)
        banded = [point for point in one.points if point.low is not None and point.high is not None]
        if len(banded) > 1:
            upper = [(across(point.at), up(point.high or 0.0)) for point in banded]
            lower = [(across(point.at), up(point.low or 0.0)) for point in reversed(banded)]
            parts.append(area([*upper, *lower], colour))
        points = [(across(point.at), up(point.value)) for point in one.points]
        if len(points) > 1:
            parts.append(path(points, colour, dash="5 4" if one.dashed else ""))
        if len(points) <= 24 and not one.dashed:
            parts += [dot(x, y, colour, 2.6) for x, y in points]
    for mark in marks:
        parts.append(line(left, up(mark.value), width - 8, up(mark.value), LOSS, 1.4, "4 3"))
        parts.append(words(width - 10, up(mark.value) - 5, mark.label, anchor="end", colour=LOSS, size=10.5))
    if rows:
        entries = [(one.label, _colour(drawn, place)) for place, one in enumerate(drawn)]
        parts += _legend(left, 12, entries, width)
    parts.append(line(left, bottom, width - 8, bottom, FAINT))
    if axis.title:
        room = width - left
        parts.append(
            words(width - 8, bottom + 32, cut(axis.title, room, 10.5), anchor="end", size=10.5, colour=FAINT)
        )
    return drawing(width, bottom + (38 if axis.title else 22), title, parts)


def _values_of(point: Point) -> list[float]:
    return [value for value in (point.value, point.low, point.high) if value is not None]


def heat_map(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Sequence[float | None]],
    write: Writer,
    *,
    corner: str = "",
    width: float = WIDTH,
    from_zero: bool = True,
) -> str:
    """Draw a table whose cells are the deeper in colour the more they are; unknown ones stay empty.

    Args:
        title: what is read out instead of the chart.
        rows: their labels.
        columns: their labels.
        cells: (rows, columns).
        write: writes the number of a cell, where there is room.
        corner: what rows and columns are.
        from_zero: whether the palest colour is for 0, else for the least.
        width: of the chart.
    """
    left = max([width_of(label, _SMALL) for label in (*rows, corner)], default=0) + 12
    step = (width - left - 2) / max(len(columns), 1)
    height, top = 22.0, 24.0
    known = [value for row in cells for value in row if value is not None]
    low, high = min([*known, 0.0] if from_zero or not known else known), max(known, default=1.0)
    size = 10.0 if step >= 44 else 8.5
    parts = [words(0, 15, corner, size=_SMALL, colour=FAINT)]
    every = max(1, round(26 / step)) if step < 26 else 1
    for place, label in enumerate(columns):
        if place % every == 0:
            x = left + place * step + step / 2
            parts.append(
                words(x, 15, cut(label, step * every, 10.5), anchor="middle", size=10.5, colour=FAINT)
            )
    for place, label in enumerate(rows):
        y = top + place * height
        parts.append(words(left - 8, y + 15, label, anchor="end", size=_SMALL))
        for at, value in enumerate(cells[place]):
            if value is None:
                continue
            colour, ink = shade((value - low) / (high - low) if high > low else 0.0)
            x = left + at * step
            parts.append(rectangle(x + 0.75, y + 0.75, step - 1.5, height - 1.5, colour, round_=2))
            told = write(value)
            if width_of(told, size) <= step - 3:
                parts.append(words(x + step / 2, y + 15, told, anchor="middle", size=size, colour=ink))
    return drawing(width, top + height * len(rows) + 4, title, parts)
