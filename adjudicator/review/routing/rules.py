"""Routing rules, typed: patterns of facts that must all be there, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from adjudicator.product.source import Source
from adjudicator.review.routing.definition import RoutingRule
from adjudicator.review.routing.facts import Fact, Field, Value

MOST_RULES: Final = 59
"""The most rules that a routing has: a back end was found to bear sixty, and needs one of its own."""

MOST_CODES: Final = 400
"""The most different values that they compare with."""

MOST_PATTERNS: Final = 4
"""The most facts that a rule joins."""

MOST_TESTS: Final = 8
"""The most comparisons of one pattern."""


@dataclass(frozen=True)
class Earlier:
    """A field of a fact that an earlier pattern of the rule took."""

    pattern: int
    field: Field


@dataclass(frozen=True)
class Comparison:
    """A comparison of a field; ``sign`` is one of ``= != < <= > >=``."""

    field: Field
    sign: str
    to: Value | Earlier


@dataclass(frozen=True)
class Pattern:
    """A fact that must be there: of a kind, and standing all tests."""

    name: str
    kind: str
    tests: tuple[Comparison, ...]


@dataclass(frozen=True)
class Rule:
    """A routing rule that can be evaluated."""

    definition: RoutingRule
    patterns: tuple[Pattern, ...]
    told: Mapping[str, Earlier]
    """What its explanation tells, by name: fields of its facts."""
    examples: tuple[tuple[bool, tuple[Fact, ...]], ...]
    """Whether the rule must fire, and the facts."""
    source: Source

    @property
    def name(self) -> str:
        """The rule's name."""
        return self.definition.route

    @property
    def finding(self) -> str | None:
        """What it concludes for other rules to go on from, if it does."""
        return self.definition.then.finding


@dataclass(frozen=True)
class Routing:
    """All routing rules of a scheme."""

    rules: tuple[Rule, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Rule]:
        """The rules by their names."""
        return {rule.name: rule for rule in self.rules}
