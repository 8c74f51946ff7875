"""The plain evaluation of routing rules: what follows from the facts of a case, until nothing more does.

This is what the rules mean. Any other back end is measured by it, and replaced by it where it differs.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from adjudicator.review.routing.facts import FINDING, Fact, fact, in_order
from adjudicator.review.routing.rules import Comparison, Earlier, Rule

_SIGNS: Final[Mapping[str, Callable[[Any, Any], bool]]] = MappingProxyType(
    {
        "=": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)


@dataclass(frozen=True)
class Firing:
    """A rule that speaks of a case, and the facts that make it; the first ones in order if there are more."""

    rule: str
    facts: tuple[Fact, ...]


def chain(rules: Iterable[Rule], facts: Iterable[Fact]) -> tuple[Firing, ...]:
    """Find the rules that speak of a case.

    More facts never make a rule silent, and findings are names that the rules have: so it ends, after as
    many rounds as there are findings at most, and neither the order of rules nor that of facts matters.

    Args:
        rules: of the routing.
        facts: of the case.

    Returns:
        The firings, in the order of the rules' names.
    """
    ordered = sorted(rules, key=lambda rule: rule.name)
    known = in_order(facts)
    while True:
        found = {rule.finding for rule in ordered if rule.finding is not None and fires(rule, known)}
        more = in_order([*known, *(fact(FINDING, name=name) for name in found)])
        if more == known:
            break
        known = more
    spoken = ((rule.name, fires(rule, known)) for rule in ordered)
    return tuple(Firing(name, made) for name, made in spoken if made is not None)


def fires(rule: Rule, facts: Sequence[Fact]) -> tuple[Fact, ...] | None:
    """Give the first facts in order that make a rule speak, one for each of its patterns; None if none do."""
    return _completed(rule, facts, ())


def _completed(rule: Rule, facts: Sequence[Fact], bound: tuple[Fact, ...]) -> tuple[Fact, ...] | None:
    if len(bound) == len(rule.patterns):
        return bound
    pattern = rule.patterns[len(bound)]
    for one in facts:
        if one.kind != pattern.kind or one in bound or not all(holds(t, one, bound) for t in pattern.tests):
            continue
        if (made := _completed(rule, facts, (*bound, one))) is not None:
            return made
    return None


def holds(test: Comparison, one: Fact, bound: Sequence[Fact]) -> bool:
    """Tell whether a fact stands a test; nothing that is not known does."""
    left = one.get(test.field.name)
    right = bound[test.to.pattern].get(test.to.field.name) if isinstance(test.to, Earlier) else test.to
    return left is not None and right is not None and _SIGNS[test.sign](left, right)
