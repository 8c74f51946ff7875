"""Random samples: the same for any order of rows, of the right size, and fair."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.review.sampling import (
    LEAST,
    allocate,
    class_of,
    draw,
    least_size,
    neyman,
    numbers,
    proportional,
    share_of,
    size_classes,
)

COUNTS = st.lists(st.integers(1, 40), min_size=1, max_size=5)
AMOUNTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=30)


def names(count: int) -> list[str]:
    return [f"C{number}" for number in range(count)]


@given(st.integers(1, 40), st.integers(0, 40), st.text(max_size=80), st.randoms(use_true_random=False))
def test_a_draw_follows_from_seed_and_names_alone(count: int, size: int, seed: str, random: Random) -> None:
    size = min(size, count)
    order = list(range(count))
    random.shuffle(order)
    claims, facilities = names(count), [f"F{number % 3}" for number in range(count)]
    stratum = np.zeros(count, np.int64)
    drawn = draw(numbers(seed, facilities, claims), stratum, [size])
    shuffled = draw(
        numbers(seed, [facilities[place] for place in order], [claims[place] for place in order]),
        stratum,
        [size],
    )
    assert drawn.sum() == size
    assert {claims[place] for place in np.flatnonzero(drawn)} == {
        claims[order[place]] for place in np.flatnonzero(shuffled)
    }


def test_facility_and_claim_are_told_apart() -> None:
    one, other = numbers("s", ["F1", "F"], ["C", "1C"])
    assert tuple(one) != tuple(other)


@given(st.lists(st.integers(-1, 3), max_size=60), st.data())
def test_each_stratum_gives_what_is_asked_of_it(strata: list[int], data: st.DataObject) -> None:
    stratum = np.array(strata, np.int64)
    counts = [int((stratum == place).sum()) for place in range(4)]
    sizes = [data.draw(st.integers(0, count)) for count in counts]
    drawn = draw(numbers("s", ["F"] * len(strata), names(len(strata))), stratum, sizes)
    assert [int((drawn & (stratum == place)).sum()) for place in range(4)] == sizes
    assert not drawn[stratum == -1].any()


def test_a_larger_sample_holds_the_smaller_one() -> None:
    numbered = numbers("s", ["F"] * 50, names(50))
    stratum = np.zeros(50, np.int64)
    small, large = (draw(numbered, stratum, [size]) for size in (10, 20))
    assert not (small & ~large).any()


def test_every_claim_is_drawn_about_as_often_and_so_is_every_pair() -> None:
    count, size, draws = 12, 4, 3000
    stratum = np.zeros(count, np.int64)
    times = np.zeros((count, count))
    for seed in range(draws):
        drawn = draw(numbers(f"{seed}", ["F"] * count, names(count)), stratum, [size])
        times += np.outer(drawn, drawn)
    alone, both = size / count, size * (size - 1) / count / (count - 1)
    pairs = times[~np.eye(count, dtype=bool)] / draws
    for found, expected in ((np.diag(times) / draws, alone), (pairs, both)):
        # Five standard errors.
        assert np.abs(found - expected).max() < 5 * (expected * (1 - expected) / draws) ** 0.5


@pytest.mark.parametrize(
    ("count", "percentage", "share"), [(0, 500, 0), (1, 1, 1), (100, 500, 5), (101, 500, 6), (7, 10_000, 7)]
)
def test_a_percentage_is_rounded_up(count: int, percentage: int, share: int) -> None:
    assert share_of(count, percentage) == share


# Allocation.


@given(COUNTS, st.data())
def test_sizes_add_up_and_keep_within_their_strata(counts: list[int], data: st.DataObject) -> None:
    weights = data.draw(
        st.lists(st.fractions(0, 100), min_size=len(counts), max_size=len(counts)), label="weights"
    )
    size = data.draw(st.integers(least_size(counts), sum(counts)))
    sizes = allocate(size, counts, weights)
    assert sum(sizes) == size
    assert all(min(LEAST, count) <= drawn <= count for drawn, count in zip(sizes, counts, strict=True))


@given(st.lists(st.integers(2, 6), min_size=2, max_size=3), st.data())
def test_no_other_allocation_has_less_variance(counts: list[int], data: st.DataObject) -> None:
    weights = [data.draw(st.fractions(0, 50, max_denominator=20)) for _ in counts]
    size = data.draw(st.integers(least_size(counts), sum(counts)))

    def variance(sizes: tuple[int, ...]) -> Fraction:
        return sum((weight / drawn for weight, drawn in zip(weights, sizes, strict=True)), Fraction(0))

    possible = [
        sizes for sizes in product(*(range(LEAST, count + 1) for count in counts)) if sum(sizes) == size
    ]
    assert variance(tuple(allocate(size, counts, weights))) == min(map(variance, possible))


def test_a_proportional_sample_is_spread_as_the_claims_are() -> None:
    counts = [1000, 500, 250, 250]
    assert allocate(80, counts, proportional(counts)) == [40, 20, 10, 10]


def test_a_stratum_without_any_spread_gets_the_least() -> None:
    amounts = [np.full(100, 7, np.int64), np.arange(100, dtype=np.int64) * 1000]
    assert allocate(50, [100, 100], neyman(amounts)) == [2, 48]
    assert allocate(150, [100, 100], neyman(amounts)) == [50, 100]


@pytest.mark.parametrize("size", [3, 21])
def test_a_sample_that_cannot_be_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=str(size)):
        allocate(size, [10, 10], [Fraction(1), Fraction(1)])


@given(AMOUNTS)
def test_weights_are_exact(amounts: list[int]) -> None:
    count = len(amounts)
    mean = Fraction(sum(amounts), count)
    squares = sum(((amount - mean) ** 2 for amount in amounts), Fraction(0))
    expected = count * count * squares / (count - 1) if count > 1 else 0
    assert neyman([np.array(amounts, np.int64)]) == [expected]


@given(AMOUNTS, st.integers(1, 6))
def test_classes_of_size_are_intervals(amounts: list[int], classes: int) -> None:
    values = np.array(amounts, np.int64)
    bounds = size_classes(values, classes)
    assert bounds == sorted(set(bounds))
    assert bounds[-1] == max(amounts)
    assert 1 <= len(bounds) <= classes
    place = class_of(values, bounds)
    assert all(
        amount <= bounds[at] and (at == 0 or amount > bounds[at - 1])
        for amount, at in zip(amounts, place.tolist(), strict=True)
    )


def test_classes_of_size_add_up_to_about_the_same() -> None:
    amounts = np.arange(1, 1001, dtype=np.int64)
    bounds = size_classes(amounts, 4)
    place = class_of(amounts, bounds)
    sums = [int(amounts[place == at].sum()) for at in range(4)]
    assert max(sums) - min(sums) <= 2000
