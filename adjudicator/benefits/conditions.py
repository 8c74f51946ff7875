"""Conditions of a plan: the language of rules, asked of families and their members instead of claims."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from adjudicator.benefits.fields import fields_with
from adjudicator.problems import Problem
from adjudicator.product.meant import nearest
from adjudicator.product.source import Source, Steps
from adjudicator.rulebook import syntax, typed
from adjudicator.rulebook.fields import Field, Level, Type
from adjudicator.rulebook.syntax import RuleMistake, mistake
from adjudicator.words import Message, message

_OF_LINES: Final = "rules.line_in_claim"
"""What rules say of a line's field where there is none."""


@dataclass(frozen=True)
class Language:
    """What the conditions of one plan can speak of."""

    fields: Mapping[str, Field]
    sets: Mapping[str, tuple[str, ...]]
    decimals: int

    @classmethod
    def of(
        cls, attributes: Mapping[str, Type], sets: Mapping[str, tuple[str, ...]], decimals: int
    ) -> Language:
        """Make it of the attributes and sets that a plan declares."""
        return cls(fields_with(attributes), sets, decimals)

    def condition(
        self, source: Source, steps: Steps, level: Level
    ) -> tuple[typed.Condition | None, list[Problem]]:
        """Read and type the condition at some steps of a file, or say all that is wrong with it and where."""
        text, start = source.text_at(steps)
        context = typed.Context(self.sets, self.decimals, fields=self.fields)
        try:
            node = syntax.parse(text)
        except RuleMistake as found:
            return None, [self._problem(source, start, found)]
        if mistakes := list(_mistakes(node, level, context)):
            return None, [self._problem(source, start, found) for found in mistakes]
        return typed.condition(node, level, context), []

    def _problem(self, source: Source, start: int, found: RuleMistake) -> Problem:
        what, remedy = self._said(found)
        place = source.place_of(("sets", *found.item)) if found.item else source.place_at(start + found.at)
        return Problem(what, place, remedy)

    def _said(self, found: RuleMistake) -> tuple[Message, Message | None]:
        values: dict[str, Any] = dict(found.what.values)
        if found.what.key.startswith("rules.unknown_field"):
            name = str(values["name"])
            near = nearest(name, list(self.fields))
            key = "benefits.unknown_field.near" if near else "benefits.unknown_field"
            return message(key, name=name), message(f"{key}.remedy", near=near or "")
        if found.what.key == _OF_LINES:
            key = "benefits.member_in_family"
            return message(key, **values), message(f"{key}.remedy")
        return found.what, found.remedy


def _mistakes(node: syntax.Node, level: Level, context: typed.Context) -> Iterator[RuleMistake]:
    """Find all that is wrong with a condition, part by part: a look has nothing in it that could be typed."""
    if isinstance(node, syntax.And | syntax.Or | syntax.Not):
        for part in node.parts if not isinstance(node, syntax.Not) else (node.part,):
            yield from _mistakes(part, level, context)
        return
    looks = [mistake("benefits.no_look", look.at) for look in _looks(node)]
    if looks:
        yield from looks
        return
    try:
        typed.condition(node, level, context)
    except RuleMistake as found:
        yield from (found, *found.others)


def _looks(node: syntax.Node) -> Iterator[syntax.Node]:
    """Give the looks at other claims in a condition: of families there are none."""
    if isinstance(node, syntax.Look | syntax.Peers):
        yield node
        return
    for one in dataclasses.fields(node):
        value = getattr(node, one.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, syntax.Node):
                yield from _looks(part)


def fields_in(part: typed.Condition | typed.Value) -> list[Field]:
    """Give the fields that a condition asks for, in the order of their paths."""
    found = {field.path: field for field in _fields(part)}
    return [found[path] for path in sorted(found)]


def _fields(part: object) -> Iterator[Field]:
    if isinstance(part, typed.FieldOf):
        yield part.field
    elif dataclasses.is_dataclass(part) and not isinstance(part, type):
        for one in dataclasses.fields(part):
            value = getattr(part, one.name)
            for inner in value if isinstance(value, tuple) else (value,):
                if isinstance(inner, typed.Condition | typed.Value):
                    yield from _fields(inner)
