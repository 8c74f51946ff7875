"""A sweep is as many separate runs: line by line, whatever the order, the threads and the groups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.adjudication.adjudicate import adjudicate, compile_scheme
from adjudicator.adjudication.summary import Summary
from adjudicator.problems import Refused
from adjudicator.simulation import tally as tally_room
from adjudicator.simulation import walk as walk_room
from adjudicator.simulation.asking import ask_grid
from adjudicator.simulation.desk import Desk, Wish
from adjudicator.simulation.grid import Terms, points_of
from adjudicator.simulation.results import DIMENSIONS, MEASURES, Simulation
from adjudicator.simulation.simulating import sweep_grid
from adjudicator.simulation.variant import compile_variant
from adjudicator.simulation.walk import Kept, walk
from adjudicator.vocabulary import Cut
from tests.adjudication.reading import Read
from tests.simulation.simulation_examples import columns_equal, desk_of, read_kind

worlds = st.randoms(use_true_random=False).map(read_kind)
seeds = st.integers(0, 2**32)

AXES = (
    "cover.all=0%,50%,80%",
    "cover.services.child=33.33%,100%",
    "cover.SC.emergency=10%,90%",
    "quantity.items=0,1,2.5",
    "waiting.all=0 months,2 months",
    "covered.I1=false,true",
    "deductible.hospital=0,30",
    "PA:claim_categories.visit.claims=0..2:1",
    "PA:claim_categories.surgery.ceiling=0,50",
    "ceiling.amount=0,100,400",
    "deductible.amount=0,20",
    "price.services=claimed,relative",
)


def some_grid(desk: Desk, seed: int) -> list[str]:
    """Choose up to two axes that the world knows."""
    random = Random(seed)
    chosen = []
    for axis in random.sample(AXES, len(AXES)):
        try:
            terms = desk.terms_of(desk.sources)
            points_of([axis], terms, desk.decimals)
        except Refused:
            continue
        chosen.append(axis)
        if len(chosen) == 2:
            break
    return chosen


@contextmanager
def recorded() -> Iterator[list[list[dict[str, Any]]]]:
    """Record what the kernel decides before it is added up: by variant, in the order of the groups."""
    record: list[list[dict[str, Any]]] = []
    true_tally = tally_room.tally

    def tally(*given: Any) -> None:
        results, is_base = given[4], given[9]
        if is_base:
            record.append([])
        record[-1].append({name: getattr(results, name).copy() for name in results._fields})
        true_tally(*given)

    with patch.object(walk_room, "tally", tally):
        yield record


@settings(max_examples=8)
@given(worlds, seeds)
def test_a_sweep_is_its_separate_runs_line_by_line(r: Read, seed: int) -> None:
    desk = desk_of(r)
    grid = some_grid(desk, seed)
    if not grid:
        return
    _, asked = ask_grid(desk, grid)
    variants = [desk.base, *(compile_variant(desk.compiled, desk.tables, one) for one in asked)]
    material = desk.material(())
    with recorded() as groups:
        outcome = walk(material, variants, Kept(values=True))
    for number, (variant, walked) in enumerate(zip(variants, outcome.walked, strict=True)):
        products = [source.definition for source in variant.asked.revision.products]
        alone = compile_scheme(r.registers, products, r.world.adult_age)
        summary = Summary()
        parts = []
        for decided in adjudicate(alone, desk.claims):
            summary.add(desk.claims, decided)
            parts.append(decided.results)
        for name in parts[0]._fields:
            together = np.concatenate([group[number][name] for group in groups])
            assert together.tolist() == np.concatenate([getattr(one, name) for one in parts]).tolist()
        totals = dict(zip(MEASURES, walked.sums.cells[0].tolist(), strict=True))
        assert totals["claimed"] == summary.claimed
        assert totals["valuated"] == summary.valuated == int(outcome.values[number].sum())
        assert totals["rejected"] == summary.rejected.total()
        assert totals["price_and_quantity"] == summary.repriced
        assert all(totals[cut.word] == summary.cuts[cut] for cut in Cut)


@settings(max_examples=8)
@given(worlds, seeds)
def test_sums_add_up(r: Read, seed: int) -> None:
    desk = desk_of(r)
    grid = some_grid(desk, seed)
    if not grid:
        return
    simulation = sweep_grid(desk, grid, wish=Wish(order=False))
    for variant in (simulation.base, *simulation.variants):
        totals, base = variant.totals, simulation.base.totals
        causes = MEASURES[MEASURES.index("rejected") : MEASURES.index("relative")]
        assert totals["claimed"] == sum(totals[name] for name in causes)
        assert totals["gained"] - totals["lost"] == totals["valuated"] - base["valuated"]
        families = variant.families
        assert families.gained - families.lost == totals["valuated"] - base["valuated"]
        assert sum(families.histogram["families"].to_pylist()) == families.families
        assert sum(families.histogram["amount"].to_pylist()) == families.gained - families.lost
        for dimension in DIMENSIONS:
            table = variant.breakdowns[dimension]
            same = simulation.base.breakdowns[dimension]
            assert table["key"].to_pylist() == same["key"].to_pylist()
            for measure in MEASURES:
                by_claim = measure in ("claims", "claims_accepted", "claims_changed", "gained", "lost")
                if dimension == "product" and by_claim:
                    continue
                assert sum(table[measure].to_pylist()) == totals[measure], (dimension, measure)
        assert variant.facilities is not None
        assert variant.fund is not None
        assert sum(variant.facilities["paid"].to_pylist()) == variant.figures["paid"]
        assert sum(variant.facilities["valuated"].to_pylist()) == totals["valuated"]
        assert sum(variant.fund["paid"].to_pylist()) == variant.figures["paid"]
        assert sum(variant.fund["contributions"].to_pylist()) == variant.figures["contributions"]


def same(one: Simulation, other: Simulation) -> None:
    """Compare two simulations whole."""
    for first, second in zip((one.base, *one.variants), (other.base, *other.variants), strict=True):
        assert first.name == second.name
        assert first.totals == second.totals
        assert first.figures == second.figures
        for dimension in one.dimensions:
            assert columns_equal(first.breakdowns[dimension], second.breakdowns[dimension]), dimension
        for name in ("facilities", "indexes", "fund", "order_sensitive"):
            tables = getattr(first, name), getattr(second, name)
            assert (tables[0] is None) == (tables[1] is None)
            if tables[0] is not None:
                assert columns_equal(*tables), name
        for name in ("histogram", "winners", "losers"):
            assert columns_equal(getattr(first.families, name), getattr(second.families, name)), name
    if one.bootstrap is not None:
        assert other.bootstrap is not None
        assert columns_equal(one.bootstrap.bands, other.bootstrap.bands)
        assert columns_equal(one.bootstrap.convergence, other.bootstrap.convergence)


@settings(max_examples=8)
@given(worlds, seeds, st.sampled_from((1, 2)), st.sampled_from((1, 5, 1000)))
def test_order_threads_and_groups_leave_no_trace(
    r: Read, seed: int, threads: int, lines_of_a_group: int
) -> None:
    desk = desk_of(r)
    grid = some_grid(desk, seed)
    if not grid:
        return
    wish = Wish(samples=30, seed=3, order=False)
    random = Random(seed)
    rows = random.sample(range(len(r.claims)), len(r.claims))
    place = np.empty(len(rows), np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    line_rows = random.sample(range(len(r.lines)), len(r.lines))
    index = pa.array(place[r.lines["claim_index"].to_numpy()])
    lines = r.lines.set_column(r.lines.schema.get_field_index("claim_index"), "claim_index", index)
    shuffled = desk_of(
        r,
        claims=r.claims.take(pa.array(rows, pa.int64())),
        lines=lines.take(pa.array(line_rows, pa.int64())),
    )
    with patch.object(walk_room, "BLOCK", 1), patch("adjudicator.simulation.resampling.BLOCK", 1):
        expected = sweep_grid(desk, grid, wish=wish)
        with patch.object(walk, "__defaults__", (None, 1, lines_of_a_group, None)):
            again = sweep_grid(shuffled, grid, wish=wish, threads=threads)
    same(expected, again)


def test_paths_that_lead_nowhere_are_told_with_those_that_do() -> None:
    desk = desk_of(read_kind(Random(5)))
    with pytest.raises(Refused) as found:
        sweep_grid(desk, ["cover.vist=10%", "PX:ceiling.amount=5", "nonsense", "cover.all=10..5:1"])
    told = [problem.told() for problem in found.value.problems]
    assert len(told) == 4
    assert "did you mean `cover.visit`" in told[0]
    assert "the scheme has no product PX" in told[1]
    assert "nonsense is no axis of a grid" in told[2]
    assert "10..5:1 is no span of values" in told[3]


def test_values_are_written_as_products_write_them() -> None:
    desk = desk_of(read_kind(Random(5)))
    terms: Terms = desk.terms
    axes, points = points_of(["cover.all=50%..60%:5%", "waiting.all=1 month..3 months:1"], terms, 2)
    assert axes[0].values == ("50%", "55%", "60%")
    assert axes[0].numbers == (5000, 5500, 6000)
    assert axes[1].values == ("1 month", "2 months", "3 months")
    assert len(points) == 9
    assert points[0].name == "cover.all=50% waiting.all=1 month"
