"""Errors of Bornhuetter-Ferguson and Cape Cod: as published, as a bootstrap says, as in drawn worlds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings

from adjudicator.simulation.actuarial.errors import (
    Expectation,
    Pattern,
    between_origins,
    errors_of,
    pattern_of,
)
from adjudicator.simulation.actuarial.estimation import Expected, reserve
from adjudicator.simulation.actuarial.reserves import Method
from adjudicator.simulation.actuarial.tails import Curve, TailChoice
from adjudicator.simulation.actuarial.triangles import Triangle
from tests.simulation.plain_bootstrap import bootstrapped
from tests.simulation.triangle_examples import (
    BF_DISPERSION,
    BF_ERROR,
    BF_RESERVE,
    PRIORS,
    TAYLOR_ASHE,
    WUETHRICH_MERZ,
    from_cumulative,
    growing_triangles,
    triangle_of,
)

Floats = npt.NDArray[np.float64]


def fitted(triangle: Triangle) -> Pattern:
    found = pattern_of(triangle.cumulative.astype(np.float64))
    assert found is not None
    return found


def of_priors() -> Expectation:
    pattern = fitted(from_cumulative(WUETHRICH_MERZ))
    return Expectation(pattern, np.array(PRIORS, np.float64), 1 - pattern.of_origins, 1.0)


def test_bornhuetter_ferguson_has_the_error_that_is_published() -> None:
    of = of_priors()
    assert of.to_come.sum() == pytest.approx(BF_RESERVE, rel=1e-6)
    assert round(of.pattern.dispersion) == BF_DISPERSION
    found = errors_of(of, 0.05, 0.0)
    assert found.of_all == pytest.approx(BF_ERROR, rel=1e-4)
    assert found.variance.sum() == pytest.approx(found.of_all**2)


def test_the_shares_vary_as_a_bootstrap_says() -> None:
    of, exposure = of_priors(), np.array(PRIORS, np.float64)
    sums = from_cumulative(WUETHRICH_MERZ).cumulative.astype(np.float64)
    spread, whole = bootstrapped(
        sums,
        lambda _, shares: exposure * (1 - shares[..., ::-1]),
        2_000,
        1,
    )
    found = errors_of(of, 0.0, 0.0)
    assert np.sqrt(found.shares.sum()) == pytest.approx(spread, rel=0.06)
    assert found.of_all == pytest.approx(whole, rel=0.04)


@pytest.mark.parametrize("triangle", [from_cumulative(WUETHRICH_MERZ), triangle_of(TAYLOR_ASHE)])
def test_cape_cod_is_off_as_a_bootstrap_says(triangle: Triangle) -> None:
    pattern, sums = fitted(triangle), triangle.cumulative.astype(np.float64)
    # Contributions that make all origins alike, as the bootstrap takes them.
    newest = triangle.reported.astype(np.float64)
    exposure = newest / pattern.of_origins / 0.8

    def still(reported: Floats, shares: Floats) -> Floats:
        mine = shares[..., ::-1]
        ratio = reported.sum(-1, keepdims=True) / (exposure * mine).sum(-1, keepdims=True)
        found: Floats = exposure * (1 - mine) * ratio
        return found

    _, whole = bootstrapped(sums, still, 2_000, 2)
    of = Expectation(pattern, exposure, 1 - pattern.of_origins, 0.8)
    assert errors_of(of, 0.0, None).of_all == pytest.approx(whole, rel=0.06)


SHARES = np.array([0.35, 0.3, 0.15, 0.1, 0.06, 0.04])
WORTH = np.array([1.0, 1.2, 0.9, 1.1, 1.3, 1.0]) * 40_000
DISPERSION, RATIO, WORLDS = 60.0, 0.8, 1_200


@pytest.mark.parametrize("between", [0.0, 0.08])
@pytest.mark.parametrize("method", [Method.BORNHUETTER_FERGUSON, Method.CAPE_COD])
def test_errors_are_those_of_drawn_worlds(method: Method, between: float) -> None:
    source = np.random.default_rng(7)
    size = len(SHARES)
    places = np.arange(size)
    known = places[:, None] + places[None, :] < size
    off, said, inside = [], [], 0
    for _ in range(WORLDS):
        level = RATIO + between * source.standard_normal(size)
        means = np.outer(WORTH * level, SHARES)
        cells = DISPERSION * source.poisson(np.maximum(means, 0.0) / DISPERSION).astype(np.float64)
        pattern = pattern_of(np.cumsum(np.where(known, cells, 0.0), axis=1))
        assert pattern is not None
        of = Expectation(pattern, WORTH, 1 - pattern.of_origins, RATIO)
        ratio, spread = between_origins(of, np.where(known, cells, 0.0).sum(axis=1))
        if method is Method.CAPE_COD:
            of = Expectation(pattern, WORTH, 1 - pattern.of_origins, ratio)
        error = errors_of(of, spread, None if method is Method.CAPE_COD else 0.0).of_all
        difference = ratio_of(of) - float(np.where(known, 0.0, cells).sum())
        off.append(difference**2)
        said.append(error**2)
        inside += abs(difference) <= 1.6449 * error
    assert np.sqrt(np.mean(said)) == pytest.approx(np.sqrt(np.mean(off)), rel=0.08)
    # Of a small triangle, dispersion is known roughly, so that 90% are a little less.
    assert 0.84 <= inside / WORLDS <= 0.93


def ratio_of(of: Expectation) -> float:
    """Give what is still to come of all."""
    return of.ratio * float(of.to_come.sum())


@given(growing_triangles())
@settings(max_examples=10, deadline=None)
def test_errors_add_up_and_grow_with_what_is_uncertain(triangle: Triangle) -> None:
    exposure = np.full(triangle.size, 20_000_000, np.int64)
    plain = reserve(triangle, Method.BORNHUETTER_FERGUSON, exposure, Expected(0.8))
    doubted = reserve(triangle, Method.BORNHUETTER_FERGUSON, exposure, Expected(0.8, 0.1))
    assert plain.standard_error is not None
    assert doubted.standard_error is not None
    added = 0.1 / 0.8 * plain.ibnr
    assert doubted.standard_error == pytest.approx(np.hypot(plain.standard_error, added), rel=1e-3, abs=5)
    for one in (plain, doubted):
        each = [origin.standard_error or 0 for origin in one.origins]
        # Errors go along with one another more or less, and never more than entirely.
        assert max(each) <= (one.standard_error or 0) + 1 <= sum(each) + len(each)
    longer = reserve(triangle, Method.CAPE_COD, exposure, tail=TailChoice(Curve.CONSTANT, 1.1))
    assert longer.without_tail is not None
    assert longer.ibnr > longer.without_tail.ibnr
    assert (longer.standard_error or 0) >= (longer.without_tail.standard_error or 0)


def test_the_ratio_of_bornhuetter_ferguson_is_said_to_be_certain() -> None:
    exposure = np.full(10, 6_000_000, np.int64)
    for expected, told in ((Expected(0.9), True), (Expected(0.9, 0.05), False)):
        found = reserve(triangle_of(TAYLOR_ASHE), Method.BORNHUETTER_FERGUSON, exposure, expected)
        assert any(one.key == "actuary.remark.ratio_certain" for one in found.remarks) is told


def test_three_origins_have_no_error() -> None:
    rows = [[100_00, 50_00, 10_00], [200_00, 100_00], [100_00]]
    found = reserve(triangle_of(rows), Method.CAPE_COD, np.full(3, 300_00, np.int64))
    assert found.standard_error is None
    assert any(one.key == "actuary.remark.few" for one in found.remarks)


def test_origins_that_are_too_young_for_factors_have_an_error_too() -> None:
    # Nothing is booked in the month of service.
    rows = [[0, 600, 300, 80, 20, 5, 0], [0, 700, 300, 90, 15, 6], [0, 500, 280, 60, 20]]
    rows += [[0, 640, 310, 85], [0, 590, 290], [0, 660], [0]]
    exposure = np.full(7, 2000, np.int64)
    for method in (Method.BORNHUETTER_FERGUSON, Method.CAPE_COD):
        found = reserve(triangle_of(rows), method, exposure, Expected(0.5))
        *older, newest = found.origins
        assert newest.ibnr == pytest.approx((found.loss_ratio or 0) * 2000, abs=1)
        assert (newest.standard_error or 0) > max(one.standard_error or 0 for one in older)
        assert (found.standard_error or 0) >= (newest.standard_error or 0)
