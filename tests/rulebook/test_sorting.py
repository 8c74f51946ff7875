"""Sorting as the library does, for few rows and for many."""

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


@pytest.mark.parametrize("least", [0, -7])
@pytest.mark.parametrize("widest", [3, 3_000, 1 << 60])
@pytest.mark.parametrize("size", SIZES)
def test_pairs_come_in_order_however_they_were_collected(size: int, widest: int, least: int) -> None:
    generator = np.random.default_rng(size + widest)
    first, second = generator.integers(0, 5, size).astype(np.int32), generator.integers(least, widest, size)
    order = np.lexsort((second, first))

    span = (least, int(second.max(initial=least)))

    def collected(once: bool = False) -> sorting.Pairs:
        pairs = sorting.Pairs(5, span)
        for block in np.array_split(np.arange(size), 3):
            pairs.add(first[block], second[block], once)
        return pairs

    assert (collected().in_order() == second[order]).all()
    ordered, found = collected().in_order_with_places()
    assert (ordered == second[order]).all()
    assert (found == order).all()
    different = [len(np.unique(second[first == one])) for one in range(5)]
    assert collected().different().tolist() == different
    assert collected(once=True).different().tolist() == different
