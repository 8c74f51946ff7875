"""Random routings and cases: typed rules over a few values, so that joins meet and fields are missing."""

from __future__ import annotations

from pathlib import Path
from random import Random

from adjudicator.product.definition import Label
from adjudicator.product.source import Source
from adjudicator.review.routing.definition import ACTS, Conclusion, Return, RoutingRule, ToQueue
from adjudicator.review.routing.facts import FINDING, KINDS, Fact, Field, Type, Value, fact
from adjudicator.review.routing.rules import Comparison, Earlier, Pattern, Routing, Rule

NAMES = ("a", "b", "c d", 'e"é', "0", "", "\\n", "true")
"""Texts of all kinds that might be taken for something else."""
NUMBERS = (-(1 << 62), -1, 0, 1, 2, 50, 80, (1 << 63) - 1)
FINDINGS = ("f0", "f1", "f2", "f3", "f4")
SOURCE = Source(Path("random.yaml"), {}, {(): (1, 1)}, {})


def some_value(random: Random, field: Field) -> Value:
    if field.list == FINDING:
        return random.choice(FINDINGS)
    if field.type is Type.TEXT:
        return random.choice(NAMES)
    return random.choice(list(field.words.values()) or NUMBERS)


def some_fact(random: Random) -> Fact:
    kind = random.choice(["case", "claim", "flag", "flag", "flag", "history", "review"])
    fields = KINDS[kind]
    # A few fields, so that facts are alike, and some are missing that rules ask for.
    return fact(kind, **{name: some_value(random, fields[name]) for name in fields if random.random() < 0.7})


def some_case(random: Random, most: int = 12) -> list[Fact]:
    return [some_fact(random) for _ in range(random.randrange(most + 1))]


def some_routing(random: Random, rules: int) -> Routing:
    return Routing(tuple(_rule(random, f"rule-{number:02}") for number in range(rules)))


def _rule(random: Random, name: str) -> Rule:
    patterns: list[Pattern] = []
    for place in range(random.choice([1, 1, 2, 2, 2, 3, 4])):
        patterns.append(_pattern(random, f"p{place}", patterns))
    said = Label(en=name, fr=name)
    definition = RoutingRule(
        route=name, title=said, rationale=said, when={}, then=_then(random), explanation=said
    )
    return Rule(definition, tuple(patterns), {}, (), SOURCE)


def _pattern(random: Random, name: str, earlier: list[Pattern]) -> Pattern:
    kind = random.choice([*KINDS, "flag", "flag", "flag", FINDING])
    fields = list(KINDS[kind].values())
    tests = []
    for _ in range(random.randrange(4)):
        field = random.choice(fields)
        signs = ("=", "!=", "<", "<=", ">", ">=") if field.ordered else ("=", "!=")
        joins = [
            Earlier(place, other)
            for place, one in enumerate(earlier)
            for other in KINDS[one.kind].values()
            if (other.type, other.list) == (field.type, field.list)
        ]
        to = random.choice(joins) if joins and random.random() < 0.6 else some_value(random, field)
        tests.append(Comparison(field, random.choice(signs), to))
    return Pattern(name, kind, tuple(tests))


def _then(random: Random) -> Conclusion:
    match random.randrange(6):
        case 0:
            return Conclusion(queue=ToQueue(name=random.choice("xyz"), priority=random.randrange(3)))
        case 1:
            return Conclusion(act=random.choice(ACTS))
        case 2:
            return Conclusion(**{"return": Return(reason=random.choice(["DOC-01", "REF-01"]))})
        case _:
            return Conclusion(finding=random.choice(FINDINGS))
