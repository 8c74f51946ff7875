"""What many variants come to, on the page: curves of a grid, a value that was sought, how sure it all is."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from adjudicator.charts.heat_map import heat_map
from adjudicator.charts.lines import Axis, Curve, Mark, Point, lines
from adjudicator.simulation.report.contents import (
    DETAILED,
    figures_of,
    said_figure,
    title_of,
)
from adjudicator.simulation.report.curves import axis_of, convergence_lines, curve_lines, grid_cells
from adjudicator.simulation.report.pieces import (
    HALF,
    WIDE,
    figure_of,
    named_once,
    note_of,
    side_by_side,
    table,
)
from adjudicator.simulation.report.writing import Writer
from adjudicator.words import say


def curves(writer: Writer) -> str:
    """Draw how figures go with the values of a grid."""
    simulation, numbers = writer.simulation, writer.numbers
    axis = axis_of(simulation, numbers)
    drawn = []
    for name in figures_of(simulation):
        listed = curve_lines(simulation, name, writer.bands, writer.said("base"))
        if not any(len(one.points) > 1 for one in listed):
            continue
        if len({point.value for one in listed for point in one.points}) < 2:
            continue
        drawn.append((writer.said(f"figure.{name}"), lines(listed, axis, HALF, writer.on_axis(name))))
    maps = ""
    if len(simulation.axes) == 2:
        cells = grid_cells(simulation, "paid")
        down, across = (one.values for one in simulation.axes)
        corner = f"{simulation.axes[0].path} ↓"
        title = f"{writer.said('figure.paid')} – {simulation.axes[1].path} →"
        found = heat_map(down, across, cells, WIDE, numbers.short_amount, corner=corner, from_zero=False)
        maps = figure_of(found, title, title)
    note = note_of(writer.said("note.bands")) if writer.bands else ""
    return f"<h2>{escape(writer.said('section.curves'))}</h2>{note}{side_by_side(drawn)}{maps}"


def solved(writer: Writer) -> str:
    """Say which value of a term was sought, and draw those that were tried."""
    solution = writer.simulation.solution
    assert solution is not None
    wanted, achieved = (
        writer.figure(solution.target, value) for value in (solution.wanted, solution.achieved)
    )
    figure = writer.said(f"figure.{solution.target}")
    key = "solved.reached" if solution.reached else "solved.not_reached"
    said = [
        writer.said(
            key, path=solution.path, best=solution.best, figure=figure, wanted=wanted, achieved=achieved
        )
    ]
    sides = (solution.below, solution.above)
    if solution.reached and None not in sides and sides[0] != sides[1]:
        said.append(writer.said("solved.between", below=solution.below, above=solution.above))
    if not solution.monotone:
        said.append(writer.said("solved.not_monotone", figure=figure))
    points = [
        Point(row["number"], row["figure"]) for row in solution.tried.to_pylist() if row["figure"] is not None
    ]
    drawn = ""
    if len(points) > 1:
        ticks = tuple((float(row["number"]), row["value"]) for row in _spread(solution.tried.to_pylist(), 6))
        axis = Axis(solution.path, ticks)
        mark = Mark(solution.wanted, wanted)
        curves = [Curve(figure, tuple(points))]
        drawn = figure_of(lines(curves, axis, WIDE, writer.on_axis(solution.target), marks=[mark]), figure)
    items = "".join(f"<li>{escape(one)}</li>" for one in said)
    return f"<h2>{escape(writer.said('section.solved'))}</h2>" + f'<ul class="short">{items}</ul>{drawn}'


def certainty(writer: Writer) -> str:
    """Write the bands of all figures, and draw how they settle as more is drawn."""
    bootstrap, numbers = writer.simulation.bootstrap, writer.numbers
    assert bootstrap is not None
    note = writer.said(
        "note.certainty",
        replicates=bootstrap.replicates,
        confidence=numbers.percent(bootstrap.confidence, 0),
        seed=str(bootstrap.seed),
    )
    parts = [f"<h2>{escape(writer.said('section.certainty'))}</h2>", note_of(note)]
    if len(writer.simulation.variants) <= DETAILED:
        names = ("variant", "figure", "value", "low", "high", "standard_error")
        heads = [writer.said(f"column.{name}") for name in names]
        titles = {name: title_of(one, writer.language) for name, one in writer.simulation.named.items()}
        rows = [
            [
                titles.get(row["variant"], row["variant"]),
                say(said_figure(row["figure"]), writer.language),
                *(writer.certain(row["figure"], row[name]) for name in names[2:]),
            ]
            for row in bootstrap.bands.to_pylist()
            if row["standard_error"]
        ]
        parts.append(table(heads, named_once(rows), numeric=2))
    found = convergence_lines(writer.simulation, "paid", writer.said)
    if found is not None:
        listed, axis = found
        title = writer.said("chart.convergence")
        parts.append(figure_of(lines(listed, axis, WIDE, numbers.tick_amount), title, title))
    return "".join(parts)


def _spread(rows: Sequence[Any], count: int) -> list[Any]:
    """Choose about so many rows whose numbers lie evenly apart, as far as they do."""
    low, high = (end(row["number"] for row in rows) for end in (min, max))
    places = [low + (high - low) * place / (count - 1) for place in range(count)]
    chosen = {min(rows, key=lambda row: abs(row["number"] - place))["number"] for place in places}
    return [row for row in rows if row["number"] in chosen]
