"""A pot shared over rows: exactly, by largest remainder, whatever the order of the rows."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.remuneration.shares import shares_of, total_of
from adjudicator.units import LARGEST_AMOUNT, largest_remainder
from tests.remuneration.examples import whole
from tests.remuneration.reference import share_pot

weights = st.lists(st.integers(0, 50) | st.integers(0, LARGEST_AMOUNT), min_size=1, max_size=40)
pots = st.integers(0, 500) | st.integers(0, LARGEST_AMOUNT)


@given(pots, weights, st.randoms(use_true_random=False))
def test_rows_are_shared_as_the_reference_does_in_any_order(
    pot: int, given_weights: list[int], random: Random
) -> None:
    if sum(given_weights) == 0:
        given_weights[0] = 1
    keys = list(range(len(given_weights)))
    wanted = share_pot(pot, dict(enumerate(given_weights)), keys)
    assert sum(wanted.values()) == pot
    order = random.sample(keys, len(keys))
    shares = shares_of(pot, whole(given_weights[key] for key in order), whole(order))
    assert dict(zip(order, shares.tolist(), strict=True)) == wanted
    assert largest_remainder(pot, whole(given_weights)).tolist() == list(wanted.values())


@given(st.integers(0, 200), st.lists(st.integers(0, 6), min_size=1, max_size=12))
def test_two_keys_rule_one_after_the_other(pot: int, given_weights: list[int]) -> None:
    given_weights[0] += 1
    place = np.arange(len(given_weights))
    by_one = shares_of(pot, whole(given_weights), place)
    assert np.array_equal(shares_of(pot, whole(given_weights), place // 3, place % 3), by_one)


def test_equal_remainders_go_to_the_smaller_key() -> None:
    # 100 over three equal weights: 33 1/3 each, so 33 each and one left, which the smallest key has.
    assert shares_of(100, whole([7, 7, 7]), whole([30, 10, 20])).tolist() == [33, 34, 33]
    # 200: 66 2/3 each, so 66 each and two left.
    assert shares_of(200, whole([7, 7, 7]), whole([30, 10, 20])).tolist() == [66, 67, 67]


def test_a_weight_of_nothing_has_nothing() -> None:
    assert shares_of(3, whole([0, 1, 0, 1]), whole(range(4))).tolist() == [0, 2, 0, 1]


def test_what_cannot_be_shared_is_refused() -> None:
    with pytest.raises(ValueError, match="weights"):
        shares_of(1, whole([0, 0]), whole([1, 2]))
    with pytest.raises(ValueError, match="negative"):
        shares_of(1, whole([3, -1]), whole([1, 2]))
    with pytest.raises(ValueError, match="negative"):
        shares_of(-1, whole([3]), whole([1]))
    with pytest.raises(OverflowError):
        shares_of(2**63, whole([3]), whole([1]))
    assert shares_of(0, whole([]), whole([])).tolist() == []
    assert shares_of(0, whole([0]), whole([1])).tolist() == [0]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_totals_do_not_wrap(amounts: list[int]) -> None:
    assert total_of(whole(amounts)) == sum(amounts)
