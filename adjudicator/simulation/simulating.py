"""Scenarios, sweeps and bands over the claims of a desk: from what is asked to results. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from adjudicator.problems import Problem, Refused, refused
from adjudicator.remuneration.months import written_month
from adjudicator.simulation.asking import ask, ask_grid
from adjudicator.simulation.desk import SWEEP_WISH, Desk, Wish
from adjudicator.simulation.measuring import Measurement
from adjudicator.simulation.results import Axis, Simulation
from adjudicator.simulation.scenario import ScenarioSource, check_names
from adjudicator.simulation.variant import Asked, Variant, compile_variant
from adjudicator.simulation.walk import Outcome, Progress


@dataclass(frozen=True)
class Paired:
    """What each claim is worth under each variant; C claims."""

    claims: pa.Table
    """``facility``, ``claim``, ``insuree``, ``date_claimed``, and a column of amounts for each variant."""


def simulate_scenarios(
    desk: Desk,
    scenarios: Sequence[ScenarioSource],
    wish: Wish | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> tuple[Simulation, Paired | None]:
    """Adjudicate claims under scenarios, paired with the base.

    Args:
        desk: the scheme and its claims.
        scenarios: what is changed.
        wish: what is asked for.
        threads: decides nothing but the time.
        progress: told how far it is.

    Raises:
        Refused: with everything that is wrong with the scenarios, or claims that cannot be counted.
    """
    check_names(scenarios)
    problems: list[Problem] = []
    asked: list[Asked] = []
    for scenario in scenarios:
        try:
            asked.append(ask(desk, scenario))
        except Refused as refusal:
            problems += refusal.problems
    if problems:
        raise Refused(dict.fromkeys(problems))
    return _simulated(desk, "scenarios", asked, (), wish or Wish(), threads, progress)


def sweep_grid(
    desk: Desk,
    grid: Sequence[str],
    scenario: ScenarioSource | None = None,
    wish: Wish | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> Simulation:
    """Adjudicate claims under every combination of the values of terms, in one pass.

    Args:
        desk: the scheme and its claims.
        grid: ``path=values``, one for each term (see :mod:`adjudicator.simulation.grid`).
        scenario: what is changed before terms are varied; nothing when left out.
        wish: what is asked for; small sums when left out.
        threads: decides nothing but the time.
        progress: told how far it is.

    Raises:
        Refused: with everything that is wrong with the grid.
    """
    axes, asked = ask_grid(desk, grid, scenario)
    return simulate_asked(desk, "sweep", asked, axes, wish or SWEEP_WISH, threads, progress)


def simulate_asked(
    desk: Desk,
    kind: str,
    asked: Sequence[Asked],
    axes: tuple[Axis, ...],
    wish: Wish,
    threads: int = 1,
    progress: Progress | None = None,
) -> Simulation:
    """Adjudicate claims under variants that are known already (arguments as :func:`sweep_grid`)."""
    simulation, _ = _simulated(desk, kind, asked, axes, wish, threads, progress)
    return simulation


def _simulated(
    desk: Desk,
    kind: str,
    asked: Sequence[Asked],
    axes: tuple[Axis, ...],
    wish: Wish,
    threads: int,
    progress: Progress | None,
) -> tuple[Simulation, Paired | None]:
    material = desk.material(wish.dimensions)
    variants = [desk.base, *(compile_variant(desk.compiled, desk.tables, one) for one in asked)]
    ordered = wish.order and kind == "scenarios"
    try:
        measured = Measurement(desk, material, variants, wish)
    except OverflowError:
        raise refused("simulation.sum_too_large") from None
    outcome = measured.walked(threads, wish.pairs or ordered, progress)
    reversed_values = measured.reversed(threads) if ordered else None
    results = measured.results(outcome, reversed_values, said=kind == "scenarios")
    cells = material.cells
    batch = desk.claims.batch
    some = len(batch.insuree) > 0
    simulation = Simulation(
        kind=kind,
        scheme=desk.scheme,
        currency=desk.currency,
        decimals=desk.decimals,
        claims=len(batch.insuree),
        lines=int(batch.first_line[-1]),
        first_month=written_month(cells.first_month) if some else "",
        last_month=written_month(cells.first_month + cells.months - 1) if some else "",
        base=results[0],
        variants=tuple(results[1:]),
        dimensions=wish.dimensions,
        axes=axes,
        bootstrap=measured.bootstrap(outcome, results) if wish.samples else None,
        parameters=desk.parameters,
        hashes=desk.hashes,
    )
    paired = _paired(desk, variants, outcome) if wish.pairs else None
    return simulation, paired


def _paired(desk: Desk, variants: Sequence[Variant], outcome: Outcome) -> Paired:
    claims = desk.claims
    rows = pa.array(claims.claim_row)
    columns: dict[str, Any] = {
        name: claims.received[name].take(rows).cast(pa.string()) for name in ("facility", "claim", "insuree")
    }
    columns["date_claimed"] = claims.received["date_claimed"].take(rows)
    for variant, values in zip(variants, outcome.values, strict=True):
        columns[variant.asked.name] = values
    return Paired(pa.table(columns))
