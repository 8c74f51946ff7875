"""Routing rules as ``durable_rules`` takes them, and the guards within which it can be trusted.

Version 2.0.28 is right only in a part of what it offers. What was found, in its sources and by trying:

* the last comparison of a join, where it is false, reads beyond its list: so each join ends in one that is
  always true, and joins are one flat *and*;
* a join with a field that is not there ends in an error: so each side first tests that its field is there;
* texts, sessions and messages are told apart by 32 bits of a hash: so every value is a small whole number
  here, the only texts are the few names of kinds and fields, and names of facts are short numbers;
* *or*, lists, *not*, *any*, *count* and arithmetic are wrong or kill the process: the language has none;
* a session in which no rule ever fired is dropped by freeing what was never set: so one fact and one rule,
  which are no part of the routing, make each session fire at least once.

What is built here is read again by :func:`lint`, which knows nothing of how it was built and refuses
everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adjudicator.review.routing.facts import KINDS, Fact, Field, Type, Value
from adjudicator.review.routing.rules import (
    MOST_CODES,
    MOST_PATTERNS,
    MOST_RULES,
    MOST_TESTS,
    Earlier,
    Pattern,
    Routing,
    Rule,
)

ALWAYS: Final = "always"
"""A field that every fact has, always 1: what is always true compares it."""

KIND: Final = "kind"

_SIGNS: Final[Mapping[str, str]] = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
"""How comparisons are written; equality is written without a sign."""

ENDS: Final = "ends"
"""The rule that fires in every session, and the kind and name of the fact that makes it."""

ENDING: Final[Mapping[str, Any]] = {KIND: ENDS, ALWAYS: 1, "id": ENDS}
"""The fact that makes it fire."""


MOST_FACTS: Final = 500
"""The most facts of one case that are given out; a case with more is evaluated plainly."""

Ruleset = dict[str, Any]


class OutsideGuards(Exception):  # noqa: N818 - it says where something is
    """Something is not within the guards; it says what and where."""


@dataclass
class Codes:
    """Gives each text a whole number, the same one as long as it lives."""

    numbers: dict[str, int]

    def of(self, value: Value) -> int:
        """Give the number of a value; a whole number is its own."""
        return value if isinstance(value, int) else self.numbers.setdefault(value, len(self.numbers) + 1)


def ruleset(routing: Routing, codes: Codes) -> Ruleset:
    """Write the rules of a routing; rule number *n* is called ``r`` and *n*, the last one :data:`ENDS`.

    Args:
        routing: the rules, in their order.
        codes: learns the texts that they compare with.
    """
    rules = {f"r{number}": _rule(number, rule, codes) for number, rule in enumerate(routing.rules)}
    return {**rules, ENDS: _ending_rule()}


def _ending_rule() -> Ruleset:
    return {"all": [{ENDS: {"$and": [{KIND: ENDS}, {"$ex": {ALWAYS: 1}}]}}]}


def _rule(number: int, rule: Rule, codes: Codes) -> Ruleset:
    names = [f"r{number}p{place}" for place in range(len(rule.patterns))]
    needed = [set[str]() for _ in rule.patterns]
    for place, pattern in enumerate(rule.patterns):
        for test in pattern.tests:
            if isinstance(test.to, Earlier):
                needed[place].add(test.field.name)
                needed[test.to.pattern].add(test.to.field.name)
    parts = [
        {names[place]: {"$and": _pattern(pattern, needed[place], names, codes)}}
        for place, pattern in enumerate(rule.patterns)
    ]
    return {"all": parts}


def _pattern(pattern: Pattern, needed: Iterable[str], names: Sequence[str], codes: Codes) -> list[Ruleset]:
    """Write a pattern: its kind, its own comparisons, that fields of joins are there, joins, what is true."""
    own = [(test, test.to) for test in pattern.tests if not isinstance(test.to, Earlier)]
    joins = [(test, test.to) for test in pattern.tests if isinstance(test.to, Earlier)]
    parts: list[Ruleset] = [{KIND: pattern.kind}]
    parts += [_compared(test.sign, test.field, codes.of(value)) for test, value in own]
    parts += [{"$ex": {name: 1}} for name in sorted(needed)]
    parts += [_compared(test.sign, test.field, {names[to.pattern]: to.field.name}) for test, to in joins]
    if joins:
        parts.append({ALWAYS: {names[joins[-1][1].pattern]: ALWAYS}})
    return parts


def _compared(sign: str, field: Field, to: int | Ruleset) -> Ruleset:
    return {field.name: to} if sign == "=" else {_SIGNS[sign]: {field.name: to}}


def message_of(one: Fact, number: int, codes: Codes) -> Ruleset:
    """Write a fact, called by a short number."""
    values = {name: codes.of(value) for name, value in one.values}
    return {KIND: one.kind, ALWAYS: 1, **values, "id": str(number)}


# The lint.


def lint(rules: Ruleset) -> None:
    """Make sure that a ruleset is within the guards.

    Raises:
        OutsideGuards: it is not.
    """
    _sure(len(rules) <= MOST_RULES + 1, f"{len(rules)} rules")
    _sure(rules.get(ENDS) == _ending_rule(), "no rule fires in every session")
    constants: set[tuple[str, int]] = set()
    aliases: set[str] = set()
    for name, rule in rules.items():
        if name == ENDS:
            continue
        _sure(set(rule) == {"all"}, f"{name}: {sorted(rule)}")
        _sure(0 < len(rule["all"]) <= MOST_PATTERNS, f"{name}: {len(rule['all'])} patterns")
        there: dict[str, set[str]] = {}
        for pattern in rule["all"]:
            [(alias, body)] = pattern.items()
            _sure(alias.isalnum() and alias not in aliases, f"{name}: pattern {alias}")
            aliases.add(alias)
            _sure(isinstance(body, dict) and set(body) == {"$and"}, f"{alias}: not one flat and")
            there[alias] = _lint_pattern(alias, body["$and"], there, constants)
    _sure(len(constants) <= MOST_CODES, f"{len(constants)} values")


def _lint_pattern(
    alias: str,
    parts: Sequence[Ruleset],
    there: Mapping[str, set[str]],
    constants: set[tuple[str, int]],
) -> set[str]:
    """Check a pattern; give the fields that it makes sure of."""
    _sure(parts[0] in [{KIND: kind} for kind in KINDS], f"{alias}: does not begin with a kind")
    fields = KINDS[parts[0][KIND]]
    # Each join needs up to one test more that its field is there, and its side in other patterns one.
    _sure(len(parts) <= 2 + 3 * MOST_TESTS, f"{alias}: {len(parts)} comparisons")
    sure = {ALWAYS}
    joins = 0
    for place, part in enumerate(parts[1:], 1):
        [(sign, inner)] = part.items()
        if sign == "$ex":
            [(field, one)] = inner.items()
            _sure(field in fields and one == 1 and not joins, f"{alias}: {part}")
            sure.add(field)
            continue
        if sign in _SIGNS.values():
            [(field, to)] = inner.items()
        else:
            field, to = sign, inner
        is_true = field == ALWAYS and sign == ALWAYS and place == len(parts) - 1
        _sure(field in fields or is_true, f"{alias}: {part}")
        if isinstance(to, dict):
            [(other, right)] = to.items()
            joins += 1
            _sure(other in there and right in there[other], f"{alias}: {other}.{right} may not be there")
            _sure(field in sure and (right == ALWAYS) == is_true, f"{alias}: {part}")
        else:
            _sure(type(to) is int and not joins and not is_true, f"{alias}: {part}")
            _sure(sign == field or fields[field].type is not Type.TEXT or sign == "$neq", f"{alias}: {part}")
            constants.add((field, to))
    _sure(not joins or ALWAYS in parts[-1], f"{alias}: the last comparison may be false")
    return sure


def _sure(right: bool, what: str) -> None:
    if not right:
        raise OutsideGuards(what)
