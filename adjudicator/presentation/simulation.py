"""A simulation, laid out for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adjudicator.presentation.rules import in_language
from adjudicator.simulate import Again
from adjudicator.simulation.bands import CHANGE
from adjudicator.simulation.results import CAUSES, COUNTS, FIGURES, RATIOS, Simulation, VariantResult
from adjudicator.words import Amount, Percentage, say, shown, text

_MOST_ROWS: Final = 40
"""How many variants of a sweep are shown."""

_OF_SWEEP: Final = ("valuated", "paid", "patient", "loss_ratio", "families_over_ceiling", "families_losing")
_BY_CAUSE: Final = ("claimed", *CAUSES, "valuated")


def print_simulation(console: Console, simulation: Simulation, folder: str, language: str) -> None:
    """Print what a simulation comes to, and where it lies."""
    title = text(
        "simulation.title",
        language,
        scheme=simulation.scheme,
        claims=simulation.claims,
        first=simulation.first_month,
        last=simulation.last_month,
        currency=simulation.currency,
    )
    console.print(Text(title, style="bold"))
    if simulation.kind == "scenarios":
        _print_scenarios(console, simulation, language)
    else:
        console.print(_sweep_table(simulation, language))
        if len(simulation.variants) > _MOST_ROWS:
            more = len(simulation.variants) - _MOST_ROWS
            console.print(text("simulation.more_variants", language, count=more), style="dim")
    if simulation.solution is not None:
        _print_solution(console, simulation, language)
    if simulation.bootstrap is not None:
        console.print(_bands_table(simulation, language))
    console.print(text("simulation.written", language, folder=folder), soft_wrap=True)
    console.print(text("simulation.again_hint", language, folder=folder), style="dim", soft_wrap=True)


def figure_shown(name: str, value: int | None, decimals: int, language: str) -> str:
    """Write a figure as its reader expects it."""
    plain = name.removesuffix(CHANGE)
    if value is None:
        return "–"
    if plain in RATIOS:
        return str(shown(Percentage(value), language))
    if plain in COUNTS:
        return str(shown(value, language))
    return str(shown(Amount(value, decimals), language))


def figure_name(name: str, language: str) -> str:
    """Name a figure, or its difference to the base."""
    if name.endswith(CHANGE):
        return text("simulation.change_of", language, figure=figure_name(name.removesuffix(CHANGE), language))
    return text(f"simulation.figure.{name}", language)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for number, column in enumerate(columns):
        table.add_column(Text(column), justify="right" if number else "left")
    return table


def _print_scenarios(console: Console, simulation: Simulation, language: str) -> None:
    for variant in simulation.variants:
        label = in_language(variant.title, language)
        console.print()
        console.print(Text(f"{variant.name} – {label}" if label != variant.name else label, style="bold"))
        for change in variant.changes:
            console.print(Text(f"  {say(change, language)}", style="dim"), soft_wrap=True)
        console.print(_compared(simulation, variant, language))
        for line in _in_words(simulation, variant, language):
            console.print(Text(f"  {line}"), soft_wrap=True)
    console.print()


def _compared(simulation: Simulation, variant: VariantResult, language: str) -> Table:
    headings = ("simulation.column.base", "simulation.column.variant", "simulation.column.difference")
    table = _table("", *(text(key, language) for key in headings))
    base, decimals = simulation.base, simulation.decimals
    for name in _BY_CAUSE:
        before, after = base.totals[name], variant.totals[name]
        cells = [str(shown(Amount(number, decimals), language)) for number in (before, after, after - before)]
        style = "bold" if name in ("claimed", "valuated") else ""
        indent = "" if style else "  "
        table.add_row(Text(indent + text(f"simulation.measure.{name}", language)), *cells, style=style)
    for name in FIGURES:
        if name == "valuated":
            continue
        then, now = base.figures[name], variant.figures[name]
        change = None if then is None or now is None else now - then
        cells = [figure_shown(name, value, decimals, language) for value in (then, now, change)]
        table.add_row(Text(figure_name(name, language)), *cells)
    return table


def _in_words(simulation: Simulation, variant: VariantResult, language: str) -> Sequence[str]:
    families, decimals = variant.families, simulation.decimals
    lines = [
        text(
            "simulation.families_said",
            language,
            gaining=families.gaining,
            gained=Amount(families.gained, decimals),
            losing=families.losing,
            lost=Amount(families.lost, decimals),
            families=families.families,
        )
    ]
    if variant.order_sensitive is not None and len(variant.order_sensitive):
        lines.append(text("simulation.order_said", language, count=len(variant.order_sensitive)))
    return lines


def _sweep_table(simulation: Simulation, language: str) -> Table:
    paths = [axis.path for axis in simulation.axes]
    table = _table(*paths, *(figure_name(name, language) for name in _OF_SWEEP))
    rows = [simulation.base, *simulation.variants[:_MOST_ROWS]]
    for variant in rows:
        settings = [variant.settings.get(path, "") for path in paths]
        if variant is simulation.base:
            settings[0] = text("simulation.column.base", language)
        figures = [
            figure_shown(name, variant.figures[name], simulation.decimals, language) for name in _OF_SWEEP
        ]
        table.add_row(*(Text(cell) for cell in (*settings, *figures)))
    return table


def _print_solution(console: Console, simulation: Simulation, language: str) -> None:
    solution = simulation.solution
    assert solution is not None
    wanted, achieved = (
        figure_shown(solution.target, value, simulation.decimals, language)
        for value in (solution.wanted, solution.achieved)
    )
    values = {
        "path": solution.path,
        "figure": figure_name(solution.target, language),
        "wanted": wanted,
        "achieved": achieved,
        "best": solution.best,
        "below": solution.below or "",
        "above": solution.above or "",
    }
    key = "reached" if solution.reached else "not_reached"
    console.print(text(f"simulation.solved.{key}", language, **values), style="bold", soft_wrap=True)
    if solution.reached and solution.below != solution.above:
        console.print(text("simulation.solved.between", language, **values), soft_wrap=True)
    if not solution.monotone:
        console.print(
            text("simulation.solved.not_monotone", language, **values), style="yellow", soft_wrap=True
        )


def _bands_table(simulation: Simulation, language: str) -> Table:
    bootstrap, decimals = simulation.bootstrap, simulation.decimals
    assert bootstrap is not None
    headings = ("variant", "figure", "value", "low", "high", "standard_error")
    table = _table(*(text(f"simulation.column.{name}", language) for name in headings))
    table.title = text(
        "simulation.bands",
        language,
        confidence=Percentage(bootstrap.confidence),
        samples=bootstrap.replicates,
        seed=bootstrap.seed,
    )
    table.title_justify = "left"
    table.columns[1].justify = "left"
    shown_rows = bootstrap.bands.slice(0, _MOST_ROWS * 2).to_pylist()
    for row in shown_rows:
        figure = row["figure"]
        cells = [
            figure_shown(figure, row[name], decimals, language)
            for name in ("value", "low", "high", "standard_error")
        ]
        table.add_row(Text(row["variant"]), Text(figure_name(figure, language)), *cells)
    return table


def print_again(console: Console, again: Again, language: str) -> None:
    """Say whether a simulation came out the same."""
    if again.same:
        console.print(
            text("simulation.again.same", language, files=again.files, folder=str(again.folder)),
            style="green",
            soft_wrap=True,
        )
        return
    for name in again.different:
        console.print(Text(name, style="red"))
    console.print(
        text(
            "simulation.again.different",
            language,
            files=again.files,
            count=len(again.different),
        ),
        style="bold red",
        soft_wrap=True,
    )
    if not again.same_engine:
        console.print(text("simulation.again.other_engine", language), soft_wrap=True)
