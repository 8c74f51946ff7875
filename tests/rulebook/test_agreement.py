"""The columns and the plain reference say the same of every claim, whatever the rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.rulebook import coding, evaluate, looking, sorting, syntax, typed, universe, windows
from adjudicator.rulebook.beginning import beginning
from adjudicator.rulebook.evaluate import Evaluator
from adjudicator.rulebook.fields import Level
from adjudicator.rulebook.plain import Plain
from adjudicator.rulebook.rows import ClaimRow, universe_of
from adjudicator.rulebook.typed import Context
from adjudicator.words import LANGUAGES, say
from tests.rulebook import worlds

CONTEXT = Context({}, 2)


@contextmanager
def as_for_millions() -> Iterator[None]:
    """Take the ways that are else taken for millions of rows."""
    ways = (
        (coding, "_LARGEST_TABLE"),
        (coding, "_SPARE"),
        (windows, "_FEW"),
        (sorting, "_FEW"),
        (evaluate, "_FEW"),
    )
    with ExitStack() as stack:
        for module, name in (*ways, (universe, "_FEW"), (evaluate, "_SPARE")):
            stack.enter_context(patch.object(module, name, 0))
        stack.enter_context(patch.object(looking, "_BLOCK", 2))
        yield


def agree(text: str, level: Level, claims: list[ClaimRow]) -> None:
    condition = typed.condition(syntax.parse(text), level, CONTEXT)
    seen = universe_of(claims)
    plain = Plain(claims)
    if level is Level.CLAIM:
        rows = np.arange(len(claims))
        expected = [plain.truth(condition, (claim, None)) for claim in range(len(claims))]
    else:
        rows = np.arange(seen.lines)
        expected = [
            plain.truth(condition, (claim, line))
            for claim, row in enumerate(claims)
            for line in range(len(row.lines))
        ]
    everybody = seen.asking("everybody", np.arange(len(claims)))
    assert Evaluator(seen, everybody).truth(condition, level, rows).tolist() == expected
    now = seen.current_claims if level is Level.CLAIM else seen.current_lines
    assert Evaluator(seen).truth(condition, level, now).tolist() == [expected[row] for row in now]
    with as_for_millions():
        large = universe_of(claims)
        assert Evaluator(large).truth(condition, level, now).tolist() == [expected[row] for row in now]
    begun = beginning(condition, level, seen, worth=1)
    everywhere = beginning(condition, level, seen, worth=len(rows) + 1)
    assert set(np.flatnonzero(expected)) & set(everywhere) <= set(begun)
    assert begun.tolist() == sorted(set(begun.tolist()))


@pytest.mark.parametrize("level", list(Level))
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_columns_and_reference_agree(level: Level, data: st.DataObject) -> None:
    agree(data.draw(worlds.conditions(level)), level, data.draw(worlds.claims()))


@pytest.mark.parametrize("level", list(Level))
@settings(max_examples=100, deadline=None)
@given(text=worlds.slips(), claims=worlds.claims())
def test_a_slip_is_refused_in_words_or_means_the_same_to_both(
    level: Level, text: str, claims: list[ClaimRow]
) -> None:
    try:
        typed.condition(syntax.parse(text), level, CONTEXT)
    except syntax.RuleMistake as found:
        for one in (found, *found.others):
            assert all(
                say(said, language) for said in (one.what, one.remedy) if said for language in LANGUAGES
            )
            assert 0 <= one.at <= len(text)
        return
    agree(text, level, claims)


@pytest.mark.parametrize("part", worlds._LINE_PARTS)
@settings(max_examples=15, deadline=None)
@given(claims=worlds.claims())
def test_each_part_of_the_language(part: str, claims: list[ClaimRow]) -> None:
    agree(part, Level.LINE, claims)


@settings(max_examples=100, deadline=None)
@given(claims=worlds.claims(), part=st.sampled_from(worlds._CLAIM_PARTS))
def test_a_condition_and_its_opposite_never_both_hold(claims: list[ClaimRow], part: str) -> None:
    condition, opposite = (
        typed.condition(syntax.parse(text), Level.CLAIM, CONTEXT) for text in (part, f"not ({part})")
    )
    plain = Plain(claims)
    for claim in range(len(claims)):
        assert not (plain.truth(condition, (claim, None)) and plain.truth(opposite, (claim, None)))
