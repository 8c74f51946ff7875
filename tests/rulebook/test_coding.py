"""Rows have the same code where they share all keys, whether codes are found by tables or by hashes."""

from __future__ import annotations

from contextlib import ExitStack
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.rulebook import coding
from adjudicator.rulebook.fields import FIELDS, Level
from adjudicator.rulebook.universe import Column, Universe

CLAIM_KEYS = ("claim.insuree", "claim.facility", "claim.target_date")
LINE_KEYS = ("line.code", "line.price_asked")


def made(generator: np.random.Generator, claims: int, widest: int, now: float) -> Universe:
    """Make claims, a share of them of now and at the end; most have values that many others have."""
    claim_of_line = np.sort(generator.integers(0, claims, 3 * claims)).astype(np.int32)

    def column(count: int) -> Column:
        values = generator.integers(0, widest, count) ** generator.integers(1, 3, count)
        return Column(values - 3, generator.random(count) < 0.9)

    columns = {path: column(claims) for path in CLAIM_KEYS}
    columns |= {path: column(len(claim_of_line)) for path in LINE_KEYS}
    current = np.arange(claims) >= int((1 - now) * claims)
    providers = {path: lambda found=found: found for path, found in columns.items()}
    return Universe(claims, claim_of_line, np.arange(claims), current, providers)


def keys_of(universe: Universe, paths: tuple[str, ...], level: Level, rows: np.ndarray) -> list[object]:
    """Give the keys of rows, None where one is missing."""
    columns = [universe.values(FIELDS[path], level, rows) for path in paths]
    return [
        tuple(int(values[row]) for values, _ in columns) if all(known[row] for _, known in columns) else None
        for row in range(len(rows))
    ]


@pytest.mark.parametrize("hashed", [False, True])
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    claims=st.integers(1, 300),
    widest=st.sampled_from([2, 40, 2**30]),
    now=st.floats(0, 1),
    paths=st.lists(st.sampled_from(CLAIM_KEYS + LINE_KEYS), min_size=1, max_size=4, unique=True).map(tuple),
)
def test_same_code_where_all_keys_are_shared(
    hashed: bool, seed: int, claims: int, widest: int, now: float, paths: tuple[str, ...]
) -> None:
    universe = made(np.random.default_rng(seed), claims, widest, now)
    of_lines = any(path in LINE_KEYS for path in paths)
    level = Level.LINE if of_lines else Level.CLAIM
    rows = np.arange(universe.lines if of_lines else claims, dtype=np.int32)
    with ExitStack() as stack:
        if hashed:
            for name in ("_LARGEST_TABLE", "_SPARE"):
                stack.enter_context(patch.object(coding, name, 0))
        found = coding.coding(universe, universe.now, [FIELDS[path] for path in paths])
    codes = found.codes(level, rows).tolist()
    keys = keys_of(universe, paths, level, rows)
    asking = universe.current_lines if of_lines else universe.current_claims
    asked = {key for row in asking.tolist() if (key := keys[row]) is not None}
    code_of: dict[object, int] = {}
    for code, key in zip(codes, keys, strict=True):
        if key not in asked:
            assert code == coding.NO_CODE
        else:
            assert code_of.setdefault(key, code) == code
    assert sorted(code_of.values()) == list(range(found.count if asked else 0))
    seen, of_seen = found.claims(np.arange(claims, dtype=np.int32))
    if of_lines:
        seen, of_seen = found.lines(seen, of_seen)
    assert seen.tolist() == [row for row, code in enumerate(codes) if code >= 0]
    assert of_seen.tolist() == [code for code in codes if code >= 0]


def test_a_hash_holds_what_is_far_more_often_than_the_rest() -> None:
    """Nine in ten rows have the first value of the first key, and a value of their own of the second."""
    claims = 60_000
    insuree = np.where(np.arange(claims) % 10 == 0, np.arange(claims), 0)
    columns = {"claim.insuree": Column(insuree), "claim.facility": Column(np.arange(claims) * 10_007)}
    providers = {path: lambda found=found: found for path, found in columns.items()}
    nothing = np.zeros(0, np.int32)
    universe = Universe(claims, nothing, np.arange(claims), np.ones(claims, np.bool_), providers)
    found = coding.coding(universe, universe.now, [FIELDS[path] for path in columns])
    assert found.count == claims
    assert sorted(found.codes(Level.CLAIM, np.arange(claims)).tolist()) == list(range(claims))
