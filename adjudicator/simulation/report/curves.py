"""The curves of a sweep: how a figure goes with the values of a grid, and how a band settles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from adjudicator.charts.lines import Axis, Curve, Point
from adjudicator.charts.numbers import Numbers
from adjudicator.simulation.report.contents import Band
from adjudicator.simulation.results import Simulation, VariantResult

_MOST_LINES: Final = 8
_MOST_TICKS: Final = 8


def axis_of(simulation: Simulation, numbers: Numbers) -> Axis:
    """Give the horizontal axis of a sweep's curves: the first term of the grid."""
    axis = simulation.axes[0]
    every = max(1, -(-len(axis.values) // _MOST_TICKS))
    ticks = tuple(
        (float(number), _short(value, numbers))
        for place, (number, value) in enumerate(zip(axis.numbers, axis.values, strict=True))
        if place % every == 0
    )
    return Axis(axis.path, ticks)


def _short(value: str, numbers: Numbers) -> str:
    try:
        return numbers.short(float(value))
    except ValueError:
        return value


def curve_lines(
    simulation: Simulation, figure: str, bands: Mapping[tuple[str, str], Band], base: str
) -> list[Curve]:
    """Give a figure's curves: one along the first axis for each value of the others, and the base's level.

    Args:
        simulation: a sweep.
        figure: the figure.
        bands: of figures, by variant and figure.
        base: the name of the base, for its line.
    """
    axis = simulation.axes[0]
    number = dict(zip(axis.values, axis.numbers, strict=True))
    curves: dict[str, list[Point]] = {}
    for variant in simulation.variants:
        value = variant.figures.get(figure)
        mine = variant.settings.get(axis.path)
        if value is None or mine not in number:
            continue
        band = bands.get((variant.name, figure))
        low, high = (None, None) if band is None else (band.low, band.high)
        point = Point(number[mine], value, low, high)
        curves.setdefault(_other_settings(variant, axis.path), []).append(point)
    lines = [
        Curve(name or axis.path, tuple(sorted(points, key=lambda point: point.at)))
        for name, points in curves.items()
    ]
    if len(lines) > _MOST_LINES:
        step = (len(lines) - 1) / (_MOST_LINES - 1)
        lines = [lines[round(place * step)] for place in range(_MOST_LINES)]
    level = simulation.base.figures.get(figure)
    if level is not None:
        ends = (min(axis.numbers), max(axis.numbers))
        lines.append(Curve(base, tuple(Point(end, level) for end in ends), dashed=True))
    return lines


def _other_settings(variant: VariantResult, path: str) -> str:
    return ", ".join(f"{name} = {value}" for name, value in variant.settings.items() if name != path)


def grid_cells(simulation: Simulation, figure: str) -> list[list[float | None]]:
    """Give a figure over a grid of two terms: (values of the first, values of the second)."""
    first, second = simulation.axes
    found: dict[tuple[str | None, str | None], float] = {}
    for variant in simulation.variants:
        value = variant.figures.get(figure)
        if value is not None:
            found[variant.settings.get(first.path), variant.settings.get(second.path)] = float(value)
    return [[found.get((row, column)) for column in second.values] for row in first.values]


def convergence_lines(
    simulation: Simulation, figure: str, say: Callable[..., str]
) -> tuple[list[Curve], Axis] | None:
    """Give how a figure's mean and band settle as more families are drawn; None where that is not known."""
    bootstrap = simulation.bootstrap
    if bootstrap is None or not simulation.variants:
        return None
    name = simulation.variants[0].name
    rows: list[dict[str, Any]] = [
        row
        for row in bootstrap.convergence.to_pylist()
        if row["variant"] == name and row["figure"] == figure and row["mean"] is not None
    ]
    if len(rows) < 2:
        return None
    rows.sort(key=lambda row: row["replicates"])
    points = tuple(Point(row["replicates"], row["mean"], row["low"], row["high"]) for row in rows)
    every = max(1, -(-len(rows) // _MOST_TICKS))
    ticks = tuple((float(row["replicates"]), str(row["replicates"])) for row in rows[::every])
    return [Curve(say("figure.paid"), points)], Axis(say("axis.replicates"), ticks)
