"""Tails: as the library's curves say, as Mack's example has them; what has no tail says when it should."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.problems import Refused
from adjudicator.simulation.actuarial import estimation
from adjudicator.simulation.actuarial.estimation import Expected, reserve
from adjudicator.simulation.actuarial.extrapolation import tail_of
from adjudicator.simulation.actuarial.reserves import Method, made_ready
from adjudicator.simulation.actuarial.tails import Curve, Tail, TailChoice
from adjudicator.simulation.actuarial.triangles import Triangle
from tests.simulation.triangle_examples import (
    MORTGAGE,
    MORTGAGE_TAIL_ERROR,
    MORTGAGE_TAIL_ERRORS,
    MORTGAGE_TAIL_IBNR,
    RAA,
    RAA_ERROR,
    RAA_RESERVE,
    TAYLOR_ASHE,
    from_cumulative,
    growing_triangles,
    triangle_of,
)

EXAMPLES = {
    "raa": from_cumulative(RAA),
    "mortgage": from_cumulative(MORTGAGE),
    "genins": triangle_of(TAYLOR_ASHE),
}
EXPONENTIAL, INVERSE_POWER = TailChoice(Curve.EXPONENTIAL), TailChoice(Curve.INVERSE_POWER)


def tail(triangle: Triangle, choice: TailChoice) -> Tail:
    return tail_of(made_ready(triangle, Method.MACK), choice)


def sample(name: str) -> Any:
    chainladder = pytest.importorskip("chainladder")
    return chainladder.Development().fit_transform(chainladder.load_sample(name))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("curve", [Curve.EXPONENTIAL, Curve.INVERSE_POWER])
def test_curves_are_those_of_the_library(name: str, curve: Curve) -> None:
    library: Any = pytest.importorskip("chainladder")
    for first, span in ((None, (None, None)), (3, (48, None))):
        theirs = library.TailCurve(curve.value, fit_period=span).fit(sample(name)).tail_.iloc[0, 0]
        ours = tail(EXAMPLES[name], TailChoice(curve, first=first))
        assert ours.factor == pytest.approx(float(theirs), rel=1e-9)
        assert [age for age, _ in ours.fitted] == list(range(first or 0, EXAMPLES[name].size - 1))


def test_a_tail_enters_macks_error_as_his_example_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given_tail = Tail(Curve.CONSTANT, 1.05, sigma=71, error=0.02)
    monkeypatch.setattr(estimation, "tail_of", lambda *_: given_tail)
    found = reserve(EXAMPLES["mortgage"], Method.MACK)
    assert found.ibnr == pytest.approx(MORTGAGE_TAIL_IBNR, abs=5)
    assert found.standard_error == MORTGAGE_TAIL_ERROR
    assert tuple(one.standard_error for one in found.origins) == MORTGAGE_TAIL_ERRORS


def test_how_far_a_tail_is_off_is_near_what_mack_chose() -> None:
    # He chose 0.02 and 71, between those of the ages whose factors are around 1.05.
    found = tail(EXAMPLES["mortgage"], TailChoice(Curve.CONSTANT, 1.05))
    assert found.error == pytest.approx(0.02, rel=0.15)
    assert found.sigma == pytest.approx(71, rel=0.15)


def test_the_association_s_triangle_without_a_tail_is_as_published() -> None:
    found = reserve(EXAMPLES["raa"], Method.MACK)
    assert found.ibnr == pytest.approx(RAA_RESERVE, abs=2)
    assert found.standard_error == RAA_ERROR
    assert found.without_tail is None


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("choice", [TailChoice(Curve.CONSTANT, 1.05), EXPONENTIAL])
def test_a_tail_makes_all_origins_come_to_more(method: Method, choice: TailChoice) -> None:
    exposure = np.full(10, 6_000_000, np.int64)
    found = reserve(EXAMPLES["genins"], method, exposure, Expected(0.9), choice)
    before = found.without_tail
    assert before is not None
    assert before.without_tail is None
    for one, without in zip(found.origins, before.origins, strict=True):
        assert (one.ibnr or 0) > (without.ibnr or 0)
    assert (found.standard_error or 0) > (before.standard_error or 0)
    assert found.reported == before.reported
    if method is Method.MACK:
        assert found.ultimate == pytest.approx(before.ultimate * found.tail.factor, abs=10)


@given(growing_triangles(), st.floats(0.9, 1.5))
@settings(max_examples=10, deadline=None)
def test_a_constant_tail_multiplies(triangle: Triangle, factor: float) -> None:
    found = reserve(triangle, Method.MACK, tail=TailChoice(Curve.CONSTANT, factor))
    before = found.without_tail or found
    for one, without in zip(found.origins, before.origins, strict=True):
        assert one.ultimate == pytest.approx((without.ultimate or 0) * factor, abs=2)
    assert found.standard_error is not None
    assert np.isfinite(found.standard_error)


def test_a_curve_is_followed_as_far_as_is_said() -> None:
    near, far = (tail(EXAMPLES["raa"], TailChoice(Curve.INVERSE_POWER, periods=n)) for n in (5, 500))
    assert near.factor < far.factor
    # Growth that fades slower than 1 ÷ age adds up without end.
    slow = triangle_of(
        [[100, *[round(60 / (age + 1) ** 0.6) for age in range(1, 9 - row)]] for row in range(9)]
    )
    told = tail(slow, INVERSE_POWER)
    assert any(one.key == "actuary.remark.tail_unlimited" for one in told.remarks) or told.factor > 1


def test_ages_that_do_not_grow_are_left_out_and_told() -> None:
    rows = [[100_000, 50_000, 20_000, 8_000, 0, 1_000, 0][: 7 - row] for row in range(7)]
    found = tail(triangle_of(rows), EXPONENTIAL)
    assert [age for age, _ in found.fitted] == [0, 1, 2, 4]
    assert found.left_out == (3, 5)


@pytest.mark.parametrize(
    ("rows", "choice", "key"),
    [
        ([[100, 50, 0, 0], [100, 50, 0], [100, 50], [100]], EXPONENTIAL, "actuary.tail.too_few"),
        ([[100, *[1 + age * age for age in range(1, 7 - row)]] for row in range(7)], EXPONENTIAL,
         "actuary.tail.not_fading"),
        ([[100, 50, 30, 10, 5], [100, 50, 30, 10], [100, 50, 30], [100, 50], [100]],
         TailChoice(Curve.EXPONENTIAL, first=2), "actuary.tail.too_few"),
    ],
)  # fmt: skip
def test_what_no_curve_fits_says_so(rows: list[list[int]], choice: TailChoice, key: str) -> None:
    with pytest.raises(Refused) as refused:
        reserve(triangle_of(rows), Method.MACK, tail=choice)
    problem = refused.value.problems[0]
    assert problem.what.key == key
    assert problem.told("en") != problem.told("fr")


@pytest.mark.parametrize(("last", "key"), [(8, "still_develops"), (0, "no_tail")])
def test_without_a_tail_one_is_told_whether_claims_still_develop(last: int, key: str) -> None:
    rows = [[1000, 300, 60, last], [1000, 300, 60], [1000, 300], [1000]]
    found = reserve(triangle_of(rows), Method.MACK)
    assert f"actuary.remark.{key}" in {one.key for one in found.remarks}


@pytest.mark.parametrize("method", list(Method))
def test_a_triangle_that_never_varies_has_a_tail_without_an_error(method: Method) -> None:
    rows = [[1000, 500, 200, 50, 10][: 5 - row] for row in range(5)]
    found = reserve(
        triangle_of(rows), method, np.full(5, 2000, np.int64), Expected(0.88), TailChoice(Curve.CONSTANT, 1.1)
    )
    assert found.tail.error == 0.0
    assert found.standard_error is not None
    assert found.ibnr > 0
