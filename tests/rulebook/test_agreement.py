"""The columns and the plain reference say the same of every claim, whatever the rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.rulebook import syntax, typed
from adjudicator.rulebook.beginning import beginning
from adjudicator.rulebook.evaluate import Evaluator
from adjudicator.rulebook.fields import Level
from adjudicator.rulebook.plain import Plain
from adjudicator.rulebook.rows import ClaimRow, universe_of
from adjudicator.rulebook.typed import Context
from tests.rulebook import worlds

CONTEXT = Context({}, 2)


def agree(text: str, level: Level, claims: list[ClaimRow]) -> None:
    condition = typed.condition(syntax.parse(text), level, CONTEXT)
    universe = universe_of(claims)
    plain = Plain(claims)
    if level is Level.CLAIM:
        rows = np.arange(len(claims))
        expected = [plain.truth(condition, (claim, None)) for claim in range(len(claims))]
    else:
        rows = np.arange(universe.lines)
        expected = [
            plain.truth(condition, (claim, line))
            for claim, row in enumerate(claims)
            for line in range(len(row.lines))
        ]
    everybody = universe.asking("everybody", np.arange(len(claims)))
    assert Evaluator(universe, everybody).truth(condition, level, rows).tolist() == expected
    now = universe.current_claims if level is Level.CLAIM else universe.current_lines
    assert Evaluator(universe).truth(condition, level, now).tolist() == [expected[row] for row in now]
    begun = beginning(condition, level, universe, worth=1)
    everywhere = beginning(condition, level, universe, worth=len(rows) + 1)
    assert set(np.flatnonzero(expected)) & set(everywhere) <= set(begun)
    assert begun.tolist() == sorted(set(begun.tolist()))


@pytest.mark.parametrize("level", list(Level))
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_columns_and_reference_agree(level: Level, data: st.DataObject) -> None:
    agree(data.draw(worlds.conditions(level)), level, data.draw(worlds.claims()))


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
