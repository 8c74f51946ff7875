"""From what an actuary asks, scenarios and grids, to variants of the products that can be simulated. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from adjudicator.problems import Refused, problem_of
from adjudicator.product.check import check_products
from adjudicator.product.definition import Label
from adjudicator.simulation.desk import Desk
from adjudicator.simulation.grid import points_of
from adjudicator.simulation.results import (
    Axis,
)
from adjudicator.simulation.revising import Revision, revise
from adjudicator.simulation.scenario import Assumptions, ScenarioSource
from adjudicator.simulation.variant import Asked


def ask(desk: Desk, scenario: ScenarioSource) -> Asked:
    """Make a variant of a scenario.

    Raises:
        Refused: with everything that is wrong with its products.
    """
    said = scenario.definition
    revision = revise(desk.sources, scenario.patches, desk.decimals, said.start, said.where)
    _check(desk, revision)
    _check_contributions(desk, scenario)
    return Asked(said.scenario, scenario.label, revision, said.assume, said.start)


def _check(desk: Desk, revision: Revision) -> None:
    """Check products as those of a scheme are checked."""
    problems = check_products(revision.products, desk.codes)
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise Refused(errors)


def _check_contributions(desk: Desk, scenario: ScenarioSource) -> None:
    known = {source.definition.product for source in desk.sources}
    unknown = sorted(set(scenario.definition.assume.contributions) - known - {""})
    if unknown:
        raise Refused(
            problem_of(
                "simulation.unknown_product",
                scenario.place_of(("assume", "contributions", code)),
                code=code,
                products=sorted(known),
            )
            for code in unknown
        )


def ask_grid(
    desk: Desk, grid: Sequence[str], scenario: ScenarioSource | None = None
) -> tuple[tuple[Axis, ...], list[Asked]]:
    """Make the variants of a grid.

    Raises:
        Refused: with everything that is wrong with the grid or the products.
    """
    start = scenario.definition.start if scenario else None
    where = scenario.definition.where if scenario else None
    assume = scenario.definition.assume if scenario else Assumptions()
    first = scenario.patches if scenario else {}
    changed = revise(desk.sources, first, desk.decimals).products if first else desk.sources
    axes, points = points_of(grid, desk.terms_of(changed), desk.decimals)
    asked = []
    for point in points:
        patches = {code: list(patch) for code, patch in first.items()}
        for code, more in point.patches.items():
            patches.setdefault(code, []).extend(more)
        revision = revise(desk.sources, patches, desk.decimals, start, where)
        _check(desk, revision)
        title = Label(en=point.name, fr=point.name)
        asked.append(Asked(point.name, title, revision, assume, start, point.settings))
    return axes, asked
