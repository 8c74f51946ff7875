"""One page about a simulation, for a board: self-contained HTML with its charts, to be read or printed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from adjudicator.charts import palette
from adjudicator.charts.heat_map import heat_map
from adjudicator.simulation.actuarial.triangles import Triangle
from adjudicator.simulation.report.contents import (
    DETAILED,
    figures_of,
    title_of,
)
from adjudicator.simulation.report.parameters import parameter_rows
from adjudicator.simulation.report.pieces import (
    WIDE,
    figure_of,
    table,
)
from adjudicator.simulation.report.scenario import scenario, short, tiles
from adjudicator.simulation.report.style import STYLE
from adjudicator.simulation.report.variants import certainty, curves, solved
from adjudicator.simulation.report.writing import Writer
from adjudicator.simulation.results import Simulation, VariantResult

_IN_TABLE = ("paid", "patient", "balance", "loss_ratio", "families_losing")

_MOST_ROWS = 60


def page(simulation: Simulation, language: str, triangle: Triangle | None = None) -> str:
    """Write the page.

    Args:
        simulation: what it is about.
        language: ``en`` or ``fr``.
        triangle: a loss triangle of the same scheme (minor units), for a heat map; none when left out.

    Returns:
        HTML, the same for the same simulation.
    """
    return _written(Writer(simulation, language), triangle)


def _written(writer: Writer, triangle: Triangle | None) -> str:
    simulation = writer.simulation
    parts = [_top(writer)]
    if simulation.solution is not None:
        parts.append(solved(writer))
    if simulation.axes and len(simulation.variants) > 1:
        parts.append(curves(writer))
    parts.append(_overview(writer))
    if len(simulation.variants) <= DETAILED:
        parts += [scenario(writer, variant) for variant in simulation.variants]
    if simulation.bootstrap is not None:
        parts.append(certainty(writer))
    if triangle is not None:
        parts.append(_triangle(writer, triangle))
    parts.append(_parameters(writer))
    title = escape(f"{writer.said('title')} – {simulation.scheme}")
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    body = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="{writer.language}"><head>{head}'
        f"<style>{palette.STYLE}{STYLE}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def _top(writer: Writer) -> str:
    simulation = writer.simulation
    period = writer.said("period", first=simulation.first_month, last=simulation.last_month)
    about = writer.said(
        "about",
        claims=simulation.claims,
        lines=simulation.lines,
        period=period,
        currency=simulation.currency,
    )
    named = (
        title_of(simulation.variants[0], writer.language)
        if len(simulation.variants) == 1
        else writer.said(f"kind.{simulation.kind}", count=len(simulation.variants))
    )
    kind = escape(f"{simulation.scheme} · {writer.said('title')}")
    return (
        f'<header class="top"><div class="kind">{kind}</div>'
        f'<h1>{escape(named)}</h1><div class="about">{escape(about)}</div></header>'
    )


def _overview(writer: Writer) -> str:
    simulation = writer.simulation
    figures = figures_of(simulation)
    listed = simulation.variants[:_MOST_ROWS]
    if len(simulation.variants) == 1:
        return short(writer, simulation.variants[0]) + tiles(writer, simulation.variants[0])
    figures = [name for name in figures if name in _IN_TABLE]
    terms = [axis.path for axis in simulation.axes] or [writer.said("column.variant")]
    heads = [*terms, *(writer.said(f"figure.{name}") for name in figures)]
    rows = [_overview_row(writer, one, figures) for one in (simulation.base, *listed)]
    more = len(simulation.variants) - len(listed)
    note = f'<p class="note">{escape(writer.said("more_variants", more=more))}</p>' if more else ""
    return (
        f"<h2>{escape(writer.said('section.overview'))}</h2>"
        + table(heads, rows, numeric=len(terms), first_is_base=True)
        + note
    )


def _overview_row(writer: Writer, variant: VariantResult, figures: Sequence[str]) -> list[str]:
    """Give a variant's row of the table that compares all of them."""
    base = writer.simulation.base
    cells = [title_of(variant, writer.language)]
    if writer.simulation.axes:
        paths = [axis.path for axis in writer.simulation.axes]
        cells = [variant.settings.get(path, "") for path in paths]
        if variant is base:
            cells[0] = writer.said("base")
    for name in figures:
        value = variant.figures.get(name)
        cell = writer.figure(name, value, short=True)
        before = base.figures.get(name)
        if variant is not base and value is not None and before is not None and value != before:
            cell += f"\n{writer.difference(name, before, value)}"
        cells.append(cell)
    return cells


def _triangle(writer: Writer, triangle: Triangle) -> str:
    cells = triangle.cells.tolist()
    size = triangle.size
    shown = [
        [float(cells[row][age]) if row + age < size else None for age in range(size)] for row in range(size)
    ]
    ages = [str(age) for age in range(size)]
    drawn = heat_map(
        triangle.origins,
        ages,
        shown,
        WIDE,
        writer.numbers.short_amount,
        corner=writer.said("triangle.corner"),
    )
    heading = writer.heading("section.triangle", "note.triangle", tag="h2")
    return heading + figure_of(drawn, writer.said("chart.triangle"))


def _parameters(writer: Writer) -> str:
    simulation = writer.simulation
    parts = [f"<h2>{escape(writer.said('section.parameters'))}</h2>"]
    rows = parameter_rows(simulation.parameters)
    if rows:
        heads = [writer.said("column.parameter"), writer.said("column.value")]
        parts.append(table(heads, [list(row) for row in rows], code=1))
    if simulation.hashes:
        heads = [writer.said("column.input"), writer.said("column.hash")]
        hashes = [[name, value] for name, value in sorted(simulation.hashes.items())]
        parts.append(table(heads, hashes, code=1))
    foot = writer.said("foot", scheme=simulation.scheme)
    parts.append(f"<footer>{escape(foot)}</footer>")
    return "".join(parts)
