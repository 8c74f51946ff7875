"""The facts of a case that routing rules speak of: kinds, their fields, and how they are made.

A fact has the fields that are known; a comparison with one that is missing is false.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from adjudicator.review.cases import Event, What
from adjudicator.vocabulary import Category, ClaimStatus, FacilityLevel, Severity, VisitType, Word

Value = int | str
"""Words of a vocabulary and numbers are whole numbers, money is in minor units; all else is text."""


class Type(StrEnum):
    """What a field of a fact is."""

    TEXT = "text"
    WORD = "word"
    NUMBER = "number"
    MONEY = "money"


class Outcome(StrEnum):
    """What an earlier review of the claim came to."""

    ACCEPT = "accept"
    CHANGE = "change"
    REJECT = "reject"
    RELEASE = "release"


@dataclass(frozen=True)
class Field:
    """A field of a kind of fact; only fields with one ``list`` and type can be compared with each other."""

    name: str
    type: Type
    list: str
    """What its values are: names of rules, of persons; or a vocabulary."""
    words: Mapping[str, Value] = field(default_factory=dict, compare=False)
    ordered: bool = False
    """Whether one value can be more than another."""


def _text(name: str, of: str) -> Field:
    return Field(name, Type.TEXT, of)


def _number(name: str) -> Field:
    return Field(name, Type.NUMBER, "number", ordered=True)


def _money(name: str) -> Field:
    return Field(name, Type.MONEY, "money", ordered=True)


def _word(name: str, words: type[Word] | type[What] | type[Outcome], ordered: bool = False) -> Field:
    values: dict[str, Value] = {}
    for member in words:
        # Words of a vocabulary have their name and their number; the others are their own text.
        if isinstance(member, Word):
            values[member.word] = int(member)
        else:
            values[member.value] = member.value
    return Field(name, Type.WORD, words.__name__, values, ordered)


FINDING: Final = "finding"
"""The one kind of fact that rules conclude."""

KINDS: Final[Mapping[str, Mapping[str, Field]]] = {
    kind: {one.name: one for one in fields}
    for kind, fields in {
        "case": (
            _text("queue", "queue"),
            _number("score"),
            _money("saving"),
            _number("minutes"),
            _number("round"),
            _number("flags"),
            _number("selections"),
        ),
        "claim": (
            _text("facility", "facility"),
            _word("level", FacilityLevel),
            _word("status", ClaimStatus),
            _word("category", Category),
            _word("visit", VisitType),
            _money("claimed"),
            _money("valuated"),
            _number("lines"),
        ),
        "flag": (
            _text("rule", "rule"),
            _text("queue", "queue"),
            _word("severity", Severity, ordered=True),
            _number("score"),
            _number("lines"),
        ),
        "history": (_word("event", What), _number("times"), _text("by", "person")),
        "review": (_word("outcome", Outcome), _text("by", "person"), _money("saved"), _number("round")),
        FINDING: (_text("name", FINDING),),
    }.items()
}
"""The kinds of facts and their fields."""


@dataclass(frozen=True)
class Fact:
    """Something that is known of a case."""

    kind: str
    values: tuple[tuple[str, Value], ...]
    """The fields that are known, in the order of their names."""

    def get(self, name: str) -> Value | None:
        """Give the value of a field, None where it is not known."""
        return next((value for known, value in self.values if known == name), None)

    @property
    def place(self) -> tuple[str, tuple[tuple[str, int, str], ...]]:
        """Tell where it stands among other facts: they have one order, however they come."""
        told = ((name, *((v, "") if isinstance(v, int) else (0, v))) for name, v in self.values)
        return self.kind, tuple(told)


def fact(kind: str, **values: Value | None) -> Fact:
    """Make a fact; fields that are None are not known.

    Raises:
        KeyError: there is no such kind, or it has no such field.
    """
    fields = KINDS[kind]
    known = {name: value for name, value in values.items() if value is not None}
    if unknown := known.keys() - fields.keys():
        raise KeyError(*sorted(unknown))
    plain = {name: int(v) if isinstance(v, int) else str(v) for name, v in known.items()}
    return Fact(kind, tuple(sorted(plain.items())))


def history(events: Iterable[Event]) -> list[Fact]:
    """Tell what happened to a case: each kind of event once, how many times, and who was the last."""
    times: Counter[What] = Counter()
    last: dict[What, str] = {}
    for event in events:
        times[event.what] += 1
        last[event.what] = event.by
    return [fact("history", event=what.value, times=times[what], by=last[what]) for what in times]


def in_order(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Put facts into their order, each once."""
    return tuple(sorted(set(facts), key=lambda one: one.place))
