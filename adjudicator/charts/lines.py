"""Curves over a horizontal axis, each with its band."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from adjudicator.charts.axes import Writer, legend, scale, ticks_up
from adjudicator.charts.letters import TINY, fitted, widest, width_of
from adjudicator.charts.palette import FAINT, LOSS, SERIES
from adjudicator.charts.shapes import Area, Dot, Drawing, Line, Path, Said

_DOTTED_UP_TO: Final = 24
"""Points; more are a line alone."""


@dataclass(frozen=True)
class Point:
    """A point of a curve, with its band where it has one."""

    at: float
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Curve:
    """A curve of a chart; what others are compared with is dashed."""

    label: str
    points: tuple[Point, ...]
    dashed: bool = False


@dataclass(frozen=True)
class Mark:
    """A horizontal line across a chart, with a word: a target."""

    value: float
    label: str


@dataclass(frozen=True)
class Axis:
    """The horizontal axis: what it is of, and the places that are written."""

    title: str = ""
    ticks: tuple[tuple[float, str], ...] = ()


def lines(
    curves: Sequence[Curve],
    axis: Axis,
    width: float,
    write: Writer,
    *,
    marks: Sequence[Mark] = (),
    with_zero: bool = False,
) -> Drawing:
    """Draw curves.

    Args:
        curves: the curves.
        axis: the horizontal axis.
        width: of the drawing.
        write: writes the numbers of the vertical axis.
        marks: values that are marked across it.
        with_zero: whether the vertical axis begins at 0.
    """
    values = [value for one in curves for point in one.points for value in _values_of(point)]
    values += [mark.value for mark in marks]
    ticks = scale(values, 0, 1, with_zero=with_zero).ticks
    left, right = widest(map(write, ticks), TINY) + 12, width - 8
    colors = _colors(curves)
    named = [(one.label, color) for one, color in zip(curves, colors, strict=True)]
    shapes, top = legend(named if len(named) > 1 else (), left, width)
    top += 10.0
    bottom = top + 176.0
    up = scale(values, bottom, top, with_zero=with_zero)
    places = [point.at for one in curves for point in one.points] or [0.0, 1.0]
    low, high = min(places), max(places)
    spread = (high - low) or 1.0

    def across(value: float) -> float:
        return left + 8 + (value - low) / spread * (width - left - 28)

    shapes += ticks_up(up, left, right, write)
    ends = left
    for value, label in axis.ticks:
        x, half = across(value), width_of(label, TINY) / 2
        if x - half < ends and value != low:
            continue
        shapes.append(Line(x, bottom, x, bottom + 4, FAINT, 1))
        shapes.append(Said(min(x, width - half), bottom + 16, label, TINY, FAINT, "middle"))
        ends = x + half + 6
    for one, color in zip(curves, colors, strict=True):
        banded = [point for point in one.points if point.low is not None and point.high is not None]
        if len(banded) > 1:
            upper = [(across(point.at), up(point.high or 0.0)) for point in banded]
            lower = [(across(point.at), up(point.low or 0.0)) for point in reversed(banded)]
            shapes.append(Area((*upper, *lower), color))
        drawn = tuple((across(point.at), up(point.value)) for point in one.points)
        if len(drawn) > 1:
            shapes.append(Path(drawn, color, dashed=one.dashed))
        if len(drawn) <= _DOTTED_UP_TO and not one.dashed:
            shapes += [Dot(x, y, color) for x, y in drawn]
    for mark in marks:
        shapes.append(Line(left, up(mark.value), right, up(mark.value), LOSS, 1.4, dashed=True))
        shapes.append(Said(right - 2, up(mark.value) - 5, mark.label, TINY, LOSS, "end"))
    shapes.append(Line(left, bottom, right, bottom, FAINT, 1))
    if axis.title:
        title = fitted(axis.title, width - left, TINY)
        shapes.append(Said(right, bottom + 32, title, TINY, FAINT, "end"))
    return Drawing(width, bottom + (38 if axis.title else 22), tuple(shapes))


def _values_of(point: Point) -> Iterable[float]:
    return (value for value in (point.value, point.low, point.high) if value is not None)


def _colors(curves: Sequence[Curve]) -> list[str]:
    """Give the colours of curves; what is compared with is grey."""
    colors = []
    for place, one in enumerate(curves):
        before = sum(not other.dashed for other in curves[:place])
        colors.append(FAINT if one.dashed else SERIES[before % len(SERIES)])
    return colors
