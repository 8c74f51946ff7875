"""A rule's own examples: each must fire or not, by the columns and by the reference alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adjudicator.problems import Problem
from adjudicator.rulebook.evaluate import Evaluator
from adjudicator.rulebook.fields import Level
from adjudicator.rulebook.plain import fires
from adjudicator.rulebook.read import CompiledRule
from adjudicator.rulebook.rows import ClaimRow, universe_of
from adjudicator.rulebook.typed import Both
from adjudicator.words import message


@dataclass(frozen=True)
class Tried:
    """What came of a rule's examples."""

    rule: str
    examples: int
    problems: tuple[Problem, ...]


def try_examples(rule: CompiledRule) -> Tried:
    """Try the examples of a rule."""
    problems = []
    for place, (wanted, claims) in enumerate(rule.examples):
        fired = bool(fires(rule.condition, rule.level, claims, 0))
        if fired != _by_columns(rule, claims):
            raise AssertionError(f"example {place + 1} of {rule.name}: the columns and the reference differ")
        if fired != wanted:
            key = "rules.example_fires" if fired else "rules.example_silent"
            where = rule.source.place_of(("examples", place, "fires"))
            remedy = message(f"{key}.remedy")
            if not fired and (untrue := _untrue(rule, claims)):
                remedy = message("rules.example_untrue", parts=[f"`{part}`" for part in untrue])
            problems.append(Problem(message(key, number=place + 1), where, remedy))
    return Tried(rule.name, len(rule.examples), tuple(problems))


def _untrue(rule: CompiledRule, claims: Sequence[ClaimRow]) -> list[str]:
    """Name the parts of a condition that do not hold of the claim, nor of any of its lines."""
    if not isinstance(rule.condition, Both):
        return []
    told = zip(rule.parts, rule.condition.parts, strict=True)
    return [text for text, part in told if not fires(part, rule.level, claims, 0)]


def _by_columns(rule: CompiledRule, claims: Sequence[ClaimRow]) -> bool:
    universe = universe_of(claims)
    rows = np.zeros(1, np.int64) if rule.level is Level.CLAIM else np.arange(len(claims[0].lines))
    return bool(Evaluator(universe).truth(rule.condition, rule.level, rows).any())
