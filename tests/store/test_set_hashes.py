"""The hash of rows that come and go."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.store.set_hashes import EMPTY, changed_hash, set_hash

DIGESTS = st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=30)


def array(digests: list[int]) -> npt.NDArray[np.int64]:
    return np.array(digests, np.int64)


@given(DIGESTS)
def test_order_does_not_matter(digests: list[int]) -> None:
    assert set_hash(array(digests[::-1])) == set_hash(array(digests))


@given(DIGESTS, DIGESTS)
def test_what_changes_leads_to_the_same(first: list[int], second: list[int]) -> None:
    added = array([one for one in second if one not in first])
    ended = array([one for one in first if one not in second])
    assert changed_hash(set_hash(array(first)), added, ended) == set_hash(array(second))


@given(DIGESTS, DIGESTS)
def test_other_rows_have_another_hash(first: list[int], second: list[int]) -> None:
    same = set(first) == set(second)
    assert (set_hash(array(first)) == set_hash(array(second))) is same


def test_no_rows() -> None:
    assert set_hash(array([])) == EMPTY


def test_more_rows_than_are_spread_at_a_time() -> None:
    digests = np.arange(200_000, dtype=np.int64)
    whole = set_hash(digests)
    assert whole == changed_hash(set_hash(digests[:70_001]), digests[70_001:], digests[:0])
    assert len(whole) == len(EMPTY)
