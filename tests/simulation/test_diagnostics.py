"""Mack's tests of a triangle: as published, as the library has them, and finding what was put there."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings

from adjudicator.reporting.report import Unit
from adjudicator.simulation.actuarial import tables
from adjudicator.simulation.actuarial.diagnostics import Diagnostic, Finding, Verdict, findings
from adjudicator.simulation.actuarial.reserves import Method, made_ready
from adjudicator.simulation.actuarial.triangles import Triangle
from adjudicator.words import text
from tests.simulation.triangle_examples import (
    MORTGAGE,
    RAA,
    RAA_CALENDAR,
    RAA_FACTORS,
    TAYLOR_ASHE,
    from_cumulative,
    growing_triangles,
    triangle_of,
)


def found(triangle: Triangle) -> dict[Diagnostic, Finding]:
    return {one.diagnostic: one for one in findings(made_ready(triangle, Method.MACK))}


def test_the_association_s_triangle_passes_as_published() -> None:
    tests = found(from_cumulative(RAA))
    factors, calendar = tests[Diagnostic.FACTORS], tests[Diagnostic.CALENDAR]
    value, reach = RAA_FACTORS
    assert (factors.value, factors.high) == pytest.approx((value, reach), abs=6e-4)
    number, mean, variance = RAA_CALENDAR
    assert calendar.value == number
    assert calendar.low == pytest.approx(mean - 1.96 * sqrt(variance), abs=2e-3)
    assert {one.verdict for one in tests.values()} == {Verdict.FINE}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "triangle"), [("mortgage", from_cumulative(MORTGAGE)), ("genins", triangle_of(TAYLOR_ASHE))]
)
def test_numbers_are_those_of_the_library(name: str, triangle: Triangle) -> None:
    chainladder = pytest.importorskip("chainladder")
    theirs = chainladder.load_sample(name)
    tests = found(triangle)
    factors = chainladder.DevelopmentCorrelation(theirs)
    assert tests[Diagnostic.FACTORS].value == pytest.approx(float(factors.t_expectation.iloc[0, 0]))
    assert tests[Diagnostic.FACTORS].high == pytest.approx(float(factors.confidence_interval[1]))
    calendar = chainladder.ValuationCorrelation(theirs, total=True)
    mean, variance = (float(one.iloc[0, 0]) for one in (calendar.z_expectation, calendar.z_variance))
    assert tests[Diagnostic.CALENDAR].value == float(calendar.z.iloc[0, 0])
    assert tests[Diagnostic.CALENDAR].high == pytest.approx(mean + 1.959964 * sqrt(variance))


def test_a_backlog_is_found() -> None:
    # Everything that was due in every second period was booked in it twice over.
    source = np.random.default_rng(3)
    size = 12
    rows = [
        [
            round(10_000 * 0.6**age * source.uniform(0.98, 1.02) * (2 if (row + age) % 2 else 1))
            for age in range(size - row)
        ]
        for row in range(size)
    ]
    assert found(triangle_of(rows))[Diagnostic.CALENDAR].verdict is Verdict.DOUBTFUL


def test_growth_that_is_made_up_for_later_is_found() -> None:
    # What comes late in one step comes in the next: a small factor before a large one.
    source = np.random.default_rng(4)
    rows = []
    for row in range(12):
        early = [source.uniform(0.5, 1.5) for _ in range(12)]
        sums = [1000.0 * (1 - 0.5 ** (age + 1)) * (1 + 0.05 * early[age]) for age in range(12 - row)]
        rows.append([round(1000 * (b - a)) for a, b in zip([0.0, *sums], sums, strict=False)])
    assert found(triangle_of(rows))[Diagnostic.FACTORS].verdict is Verdict.DOUBTFUL


def test_what_never_varies_ranks_nothing() -> None:
    rows = [[1000, 500, 200, 50, 10][: 5 - row] for row in range(5)]
    assert {one.verdict for one in found(triangle_of(rows)).values()} == {Verdict.UNKNOWN}


@given(growing_triangles())
@settings(max_examples=50, deadline=None)
def test_sizes_of_origins_do_not_matter(triangle: Triangle) -> None:
    # Only growth is ranked.
    larger = triangle.cells * (1 << np.arange(triangle.size))[:, None]
    assert found(triangle) == found(Triangle(None, triangle.grain, triangle.first, larger))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_answer_is_in_plain_words(language: str) -> None:
    for diagnostic in Diagnostic:
        for verdict in Verdict:
            part = tables.finding_part([(None, Finding(diagnostic, verdict))], None)
            for column in part.columns:
                if column.unit is Unit.KEY:
                    (key,) = part.rows[column.name].to_pylist()
                    assert text(f"reporting.{key}", language)
