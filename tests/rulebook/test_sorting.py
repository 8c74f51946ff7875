"""Sorting and searching as the library does, for few rows and for many."""

from __future__ import annotations

import numpy as np
import pytest

from adjudicator.rulebook import sorting

SIZES = (0, 1, 100, 20_000)


def keys(size: int, widest: int) -> np.ndarray:
    generator = np.random.default_rng(size)
    return generator.integers(-7, widest, size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("widest", [1, 3_000, 1 << 60])
def test_order(size: int, widest: int) -> None:
    found = keys(size, widest)
    assert (sorting.order_of(found) == np.argsort(found, kind="stable")).all()
    first = keys(size, 5)
    assert (sorting.order_of_pairs(first, found) == np.lexsort((found, first))).all()


@pytest.mark.parametrize("size", SIZES)
def test_ranks(size: int) -> None:
    found = keys(size, 300)
    values, places = np.unique(found, return_inverse=True)
    count, ranks = sorting.distinct(found)
    assert count == len(values)
    assert (ranks == places).all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("asked", SIZES)
def test_bounds(size: int, asked: int) -> None:
    rising = np.sort(keys(size, 3_000))
    low = keys(asked, 3_100)
    high = low + keys(asked, 50) % 40
    begins, ends = sorting.bounds(rising, low, high)
    assert (begins == np.searchsorted(rising, low, "left")).all()
    assert (ends == np.searchsorted(rising, high, "right")).all()
