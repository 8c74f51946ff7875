"""Reserves: as published, as Mack's formulas say, as worked by hand; what cannot be projected says why."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings

from adjudicator.problems import Refused
from adjudicator.simulation.actuarial.estimation import Expected, reserve
from adjudicator.simulation.actuarial.frames import reserve_frame
from adjudicator.simulation.actuarial.grains import Grain
from adjudicator.simulation.actuarial.reserves import Method, exposure_of
from adjudicator.simulation.actuarial.triangles import Triangle
from tests.simulation import plain_mack
from tests.simulation.triangle_examples import (
    PUBLISHED_ERROR,
    PUBLISHED_RESERVES,
    PUBLISHED_TOTAL,
    TAYLOR_ASHE,
    cumulative,
    growing_triangles,
    triangle_of,
)


def test_mack_gives_what_is_published() -> None:
    found = reserve(triangle_of(TAYLOR_ASHE), Method.MACK)
    assert [round((one.ibnr or 0) / 1000) for one in found.origins] == list(PUBLISHED_RESERVES)
    assert round(found.ibnr / 1000) == PUBLISHED_TOTAL
    assert round((found.standard_error or 0) / 1000) == PUBLISHED_ERROR


@given(growing_triangles())
@settings(max_examples=15, deadline=None)
def test_mack_is_as_his_formulas_say(triangle: Triangle) -> None:
    found = reserve(triangle, Method.MACK)
    ultimates, errors, whole = plain_mack.mack(cumulative(triangle))
    assert [one.ultimate for one in found.origins] == pytest.approx(ultimates, abs=1)
    assert [one.standard_error for one in found.origins] == pytest.approx(errors, abs=1, rel=1e-6)
    assert found.standard_error == pytest.approx(whole, abs=1, rel=1e-6)
    assert found.ultimate == found.reported + found.ibnr


@pytest.mark.parametrize("grain", list(Grain))
def test_the_grain_does_not_change_an_estimate(grain: Grain) -> None:
    found = reserve(triangle_of(TAYLOR_ASHE, grain), Method.MACK)
    assert round(found.ibnr / 1000) == PUBLISHED_TOTAL


# 100 → 150, 200 → 300, 100: half as much again follows, and that is all.
SMALL = [[100_00, 50_00, 0], [200_00, 100_00], [100_00]]
EXPOSURE = np.array([300_00, 500_00, 300_00], np.int64)


def test_bornhuetter_ferguson_by_hand() -> None:
    found = reserve(triangle_of(SMALL), Method.BORNHUETTER_FERGUSON, EXPOSURE, Expected(0.6))
    # A third is still to come of the last origin: 0.6 × 300 ÷ 3 = 60.
    assert [one.ibnr for one in found.origins] == [0, 0, 60_00]
    assert found.standard_error is None
    assert found.loss_ratio == 0.6


def test_cape_cod_by_hand() -> None:
    found = reserve(triangle_of(SMALL), Method.CAPE_COD, EXPOSURE)
    # 550 were booked, of contributions of 300 + 500 + 200 whose claims are developed; a third is to come of
    # 0.55 × 300.
    assert found.loss_ratio == pytest.approx(0.55)
    assert [one.ibnr for one in found.origins] == [0, 0, 55_00]
    assert reserve_frame(found)["ultimate"].tolist() == [150_00, 300_00, 155_00]


@pytest.mark.parametrize("method", list(Method))
def test_nothing_is_still_to_come_of_what_is_fully_developed(method: Method) -> None:
    done = [[1000 + row, *[0] * (5 - row)] for row in range(6)]
    found = reserve(triangle_of(done), method, np.full(6, 5000, np.int64), Expected(0.5))
    assert [one.ibnr for one in found.origins] == [0] * 6
    assert found.standard_error in (0, None)


def test_young_ages_with_nothing_are_folded_and_left_to_expectation() -> None:
    # Nobody is paid in the month of service; the library alone would take the zeros for missing cells.
    rows = [[0, 60, 40, 0], [0, 120, 80], [0, 90], [0]]
    mack = reserve(triangle_of(rows), Method.MACK)
    assert [one.ultimate for one in mack.origins] == [100, 200, 150, None]
    assert any(one.key == "actuary.remark.folded_mack" for one in mack.remarks)
    expected = reserve(
        triangle_of(rows), Method.BORNHUETTER_FERGUSON, np.full(4, 1000, np.int64), Expected(0.2)
    )
    assert [one.ibnr for one in expected.origins] == [0, 0, 80, 200]


def test_a_zero_among_others_is_no_missing_cell() -> None:
    rows = [[0, 100, 50, 10], [40, 80, 40], [0, 120], [60]]
    found = reserve(triangle_of(rows), Method.MACK)
    # From age 1 on all have something: (150 + 160) ÷ (100 + 120), then 160 ÷ 150.
    assert found.youngest == 1
    assert [one.ultimate for one in found.origins] == [160, round(160 * 160 / 150), 180, None]


def test_an_origin_without_claims_stays_without() -> None:
    rows = [[100, 50, 10, 0], [0, 0, 0], [200, 100], [100]]
    found = reserve(triangle_of(rows), Method.MACK)
    assert [one.ultimate for one in found.origins] == [160, 0, 320, 160]


def test_what_was_taken_back_is_told() -> None:
    rows = [[100, 50, -10, 0, 0], [100, 50, -10, 0], [100, 60, -10], [100, 40], [100]]
    found = reserve(triangle_of(rows), Method.MACK)
    assert found.origins[-1].ultimate == 140
    assert any(one.key == "actuary.remark.negative" for one in found.remarks)


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        ([[0, 0], [0]], "actuary.reserve.empty"),
        ([[5]], "actuary.reserve.too_few"),
        ([[0, 5], [0]], "actuary.reserve.too_few"),
        ([[100, -150, 60], [100, 20], [100]], "actuary.reserve.below_nothing"),
    ],
)
def test_what_cannot_be_projected_says_why(rows: list[list[int]], key: str) -> None:
    with pytest.raises(Refused) as refused:
        reserve(triangle_of(rows), Method.MACK)
    problem = refused.value.problems[0]
    assert problem.what.key == key
    assert problem.told("en") != problem.told("fr")


def test_what_the_other_methods_lack_is_told() -> None:
    triangle = triangle_of(SMALL)
    for exposure, expected, key in (
        (EXPOSURE, None, "actuary.reserve.no_loss_ratio"),
        (np.array([300, 0, 300], np.int64), Expected(0.6), "actuary.reserve.no_exposure"),
    ):
        with pytest.raises(Refused) as refused:
            reserve(triangle, Method.BORNHUETTER_FERGUSON, exposure, expected)
        assert refused.value.problems[0].what.key == key


def test_half_a_period_is_refused() -> None:
    one = triangle_of(TAYLOR_ASHE)
    with pytest.raises(Refused, match="2019"):
        reserve(Triangle(None, Grain.YEAR, one.first + 9, one.cells, partial=True), Method.MACK)


def test_without_the_library_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chainladder", None)
    with pytest.raises(Refused, match=r"adjudicator\[actuary\]"):
        reserve(triangle_of(TAYLOR_ASHE), Method.MACK)


def test_no_warning_reaches_a_user() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for method in Method:
            reserve(triangle_of(SMALL), method, EXPOSURE, Expected(0.5))
    assert [str(one.message) for one in caught] == []


def test_contributions_are_added_up_by_period() -> None:
    triangle = Triangle(None, Grain.QUARTER, 224, np.zeros((2, 2), np.int64))
    months = {672 + month: 10**month for month in range(7)}
    assert exposure_of(triangle, months).tolist() == [111, 111_000]
