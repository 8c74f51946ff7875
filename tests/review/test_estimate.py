"""Estimates from reviewed claims: known answers, bounds, and what cannot be estimated."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.review.estimate import NotEnough, Reviewed, estimate, most_unseen

AMOUNTS = st.lists(st.integers(0, 10**6), max_size=20)


def stratum(overpaid: list[int], valuated: list[int], others: list[int], name: str = "s") -> Reviewed:
    return Reviewed(name, *(np.array(values, np.int64) for values in (overpaid, valuated, others)))


@st.composite
def strata(draw: st.DrawFn) -> list[Reviewed]:
    made = []
    for number in range(draw(st.integers(1, 4))):
        valuated = draw(st.lists(st.integers(0, 10**6), min_size=2, max_size=12))
        overpaid = [draw(st.integers(0, amount)) for amount in valuated]
        made.append(stratum(overpaid, valuated, draw(AMOUNTS), str(number)))
    return made


@given(strata(), st.sampled_from([0.8, 0.95]))
def test_an_interval_holds_its_estimate_and_only_what_can_be(made: list[Reviewed], confidence: float) -> None:
    found = estimate(made, confidence)
    most = found.found + sum(int(one.others.sum()) for one in made)
    assert found.found <= found.expansion.low <= found.expansion.high <= most
    assert found.expansion.low <= found.expansion.estimate * (1 + 1e-12) + 1e-9
    assert found.claims == sum(one.claims for one in made)
    assert found.valuated == sum(int(one.valuated.sum() + one.others.sum()) for one in made)


@given(strata())
def test_more_confidence_is_a_wider_interval(made: list[Reviewed]) -> None:
    narrow, wide = estimate(made, 0.8).expansion, estimate(made, 0.95).expansion
    assert wide.low <= narrow.low
    assert wide.high >= narrow.high


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=10))
def test_where_everything_was_reviewed_nothing_is_estimated(overpaid: list[int]) -> None:
    found = estimate([stratum(overpaid, [amount + 5 for amount in overpaid], [])], 0.95)
    for interval in (found.expansion, found.ratio):
        assert interval is not None
        assert interval.low == interval.high == found.found == sum(overpaid)
        assert interval.estimate == pytest.approx(sum(overpaid))
        assert interval.error == 0
    assert not found.thin


def test_estimators_by_hand() -> None:
    # Two strata: 10 claims with 3 reviewed, 6 with 2.
    made = [
        stratum([10, 0, 20], [100, 50, 150], [100] * 7, "a"),
        stratum([0, 30], [200, 300], [250] * 4, "b"),
    ]
    found = estimate(made, 0.95)
    assert found.expansion.estimate == pytest.approx(10 * 10 + 6 * 15)
    parts = [10 * 7 * 100 / 3, 6 * 4 * 450 / 2]
    assert found.expansion.error == pytest.approx(math.sqrt(sum(parts)))
    assert found.expansion.freedom == pytest.approx(sum(parts) ** 2 / (parts[0] ** 2 / 2 + parts[1] ** 2))
    ratio = 190 / (10 * 100 + 6 * 250)
    assert found.ratio is not None
    assert found.ratio.estimate == pytest.approx(ratio * found.valuated)


@pytest.mark.parametrize("sizes", [(1, 1), (2, 1)])
def test_expansion_is_free_of_bias_over_all_samples(sizes: tuple[int, int]) -> None:
    overpaid = [[0, 3, 9, 4], [7, 7, 1]]
    samples = [
        list(combinations(range(len(one)), 2 * size))
        for one, size in zip(overpaid, sizes, strict=True)
        if 2 * size <= len(one)
    ]
    totals = []
    for first in samples[0]:
        for second in samples[1]:
            made = []
            for values, kept in zip(overpaid, (first, second), strict=True):
                others = [value for place, value in enumerate(values) if place not in kept]
                reviewed = [values[place] for place in kept]
                made.append(stratum(reviewed, reviewed, others))
            totals.append(Fraction(estimate(made, 0.9).expansion.estimate).limit_denominator(1000))
    assert sum(totals) / len(totals) == sum(map(sum, overpaid))


def test_a_ratio_is_exact_where_each_claim_is_overpaid_by_the_same_share() -> None:
    made = [stratum([10, 40], [100, 400], [700, 50, 250])]
    ratio = estimate(made, 0.95).ratio
    assert ratio is not None
    assert ratio.estimate == pytest.approx(150)
    assert ratio.error == pytest.approx(0, abs=1e-9)


@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from([0.025, 0.05, 0.1]))
def test_the_bound_on_the_unseen_is_exact(claims: int, reviewed: int, tail: float) -> None:
    reviewed = min(claims, reviewed)

    def chance(unseen: int) -> Fraction:
        return Fraction(math.comb(claims - unseen, reviewed), math.comb(claims, reviewed))

    unseen = most_unseen(claims, reviewed, tail)
    assert float(chance(unseen)) >= tail - 1e-12
    assert unseen == claims - reviewed or float(chance(unseen + 1)) < tail + 1e-12


def test_it_comes_to_the_rule_of_three() -> None:
    assert most_unseen(10**6, 1000, 0.05) / 10**6 * 1000 == pytest.approx(3, abs=0.02)


def test_finding_nothing_is_not_knowing_that_there_is_nothing() -> None:
    others = list(range(1, 971))
    found = estimate([stratum([0] * 30, [100] * 30, others)], 0.9)
    (told,) = found.strata
    assert found.expansion.estimate == 0
    assert found.expansion.low == 0
    assert told.unseen_claims == most_unseen(1000, 30, 0.05)
    assert found.expansion.high == told.unseen_valuated == sum(others[-told.unseen_claims :])
    assert found.thin


def test_finding_only_wrong_claims_is_not_knowing_that_all_are() -> None:
    # Nothing varies: Student's interval would say that each of the thousand is overpaid, for certain.
    found = estimate([stratum([100] * 40, [100] * 40, [100] * 960)], 0.95)
    right = most_unseen(1000, 40, 0.025)
    for interval in (found.expansion, found.ratio):
        assert interval is not None
        assert interval.student == 0
        assert interval.estimate == interval.high == 100_000
        assert interval.low == pytest.approx(100 * (1000 - right))


@given(strata(), st.sampled_from([0.8, 0.95]))
def test_finding_something_never_lowers_the_upper_end(made: list[Reviewed], confidence: float) -> None:
    nothing = [replace(one, overpaid=np.zeros_like(one.overpaid)) for one in made]
    high = estimate(nothing, confidence).expansion.high
    assert estimate(made, confidence).expansion.high >= high * (1 - 1e-12)


def test_what_was_not_seen_adds_to_what_was() -> None:
    loud = stratum([50, 0, 0, 20, 30], [100] * 5, [100] * 95, "loud")
    quiet = stratum([0] * 10, [10] * 10, [10] * 90, "quiet")
    both = estimate([loud, quiet], 0.95).expansion
    unseen = [most_unseen(100, reviewed, 0.025) for reviewed in (5, 10)]
    error = math.sqrt(100 * 95 * 450 / 5)
    assert both.student == pytest.approx(2.776445 * error)
    assert both.high == pytest.approx(2000 + math.hypot(both.student, 100 * unseen[0], 10 * unseen[1]))
    assert both.low == max(100, 2000 - math.hypot(both.student, 20 * unseen[0]))


def test_a_review_that_adds_leaves_the_lower_end_free() -> None:
    found = estimate([stratum([5, -3, 0], [10] * 3, [10] * 40)], 0.95)
    assert found.found == 2
    assert found.expansion.low < 0
    assert found.overpaid_claims == 1


def test_too_few_reviews_are_named() -> None:
    made = [
        stratum([1], [5], [5, 5], "one"),
        stratum([], [], [5], "none"),
        stratum([1], [5], [], "whole"),
        stratum([1, 2], [5, 5], [5], "two"),
    ]
    with pytest.raises(NotEnough) as lacking:
        estimate(made, 0.95)
    assert lacking.value.names == ("one", "none")


def test_nothing_valuated_has_no_ratio() -> None:
    assert estimate([stratum([0, 0], [0, 0], [0])], 0.95).ratio is None
