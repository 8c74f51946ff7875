"""Reviews that wait are applied one after the other within a unit, and side by side across units."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.books.review.rounds import turns

UNITS = st.lists(st.integers(0, 4), min_size=1, max_size=20)


@given(UNITS, st.randoms())
def test_each_unit_goes_through_its_reviews_in_order(units: list[int], random: Random) -> None:
    reviews = list(range(1, len(units) + 1))
    random.shuffle(reviews)
    turn = turns(np.array(units), np.array(reviews, np.int64)).tolist()
    for unit in set(units):
        own = sorted(
            (review, place) for review, place, of in zip(reviews, turn, units, strict=True) if of == unit
        )
        assert [place for _, place in own] == list(range(len(own)))
