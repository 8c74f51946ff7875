"""What methods would have said of the last diagonals, set beside what came."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from adjudicator.simulation.actuarial.back_testing import back_tests, closest, earlier
from adjudicator.simulation.actuarial.reserves import Method
from adjudicator.simulation.actuarial.tails import NO_TAIL_CHOSEN, Curve, TailChoice
from adjudicator.simulation.actuarial.triangles import Triangle
from tests.simulation.plain_mack import factors
from tests.simulation.triangle_examples import TAYLOR_ASHE, cumulative, growing_triangles, triangle_of


@given(growing_triangles())
@settings(max_examples=25, deadline=None)
def test_nothing_that_came_later_is_looked_at(triangle: Triangle) -> None:
    size = triangle.size
    exposure = np.full(size, 5_000_000, np.int64)
    changed = triangle.cells.copy()
    places = np.arange(size)
    changed[(places[:, None] + places[None, :]) == size - 1] += 777
    later = Triangle(None, triangle.grain, triangle.first, changed)
    for method in Method:
        before, after = (
            back_tests(one, [method], NO_TAIL_CHOSEN, exposure, 0.8, 1)[0] for one in (triangle, later)
        )
        assert [one.predicted for one in before.origins] == [one.predicted for one in after.origins]
        assert after.actual - before.actual == 777 * len(before.origins)


@given(growing_triangles())
@settings(max_examples=15, deadline=None)
def test_mack_predicts_by_the_factors_that_were_known(triangle: Triangle) -> None:
    for test in back_tests(triangle, [Method.MACK], NO_TAIL_CHOSEN):
        rows = cumulative(earlier(triangle, test.diagonals))
        known, sums = factors(rows), cumulative(triangle)
        told = {one.origin: one for one in test.origins}
        for row, name in enumerate(triangle.origins[: len(rows)]):
            steps = known[len(rows[row]) - 1 :][: test.diagonals]
            if not steps:
                assert name not in told
                continue
            came = sums[row][len(rows[row]) + len(steps) - 1] - rows[row][-1]
            assert told[name].actual == came
            assert abs(told[name].predicted - rows[row][-1] * (np.prod(steps) - 1)) <= 1


def test_what_develops_as_it_did_is_predicted_exactly() -> None:
    steps = [600, 300, 80, 20, 0, 0]
    rows = [[one * (row + 1) for one in steps[: 6 - row]] for row in range(6)]
    exposure = np.array([2000 * (row + 1) for row in range(6)], np.int64)
    found = back_tests(triangle_of(rows), list(Method), NO_TAIL_CHOSEN, exposure, 0.5)
    # With three of six left out, the three that are left know no more than three ages.
    assert {(one.method, one.diagonals) for one in found} == {(m, d) for m in Method for d in (1, 2, 3)}
    for one in found:
        if one.diagonals == 1:
            assert one.difference == one.apart == 0, one


def test_the_method_that_was_off_least_is_named() -> None:
    exposure = np.full(10, 6_000_000, np.int64)
    found = back_tests(triangle_of(TAYLOR_ASHE), list(Method), TailChoice(Curve.EXPONENTIAL), exposure, 3.0)
    best = closest(found)
    off = {method: sum(one.apart for one in found if one.method is method) for method in Method}
    assert best is min(off, key=lambda method: off[method])
    assert best is not Method.BORNHUETTER_FERGUSON
    assert closest([one for one in found if one.method is Method.MACK]) is None
    assert closest([]) is None


def test_a_triangle_that_is_too_small_is_not_tested() -> None:
    assert back_tests(triangle_of([[5, 3], [5]]), [Method.MACK], NO_TAIL_CHOSEN) == ()
