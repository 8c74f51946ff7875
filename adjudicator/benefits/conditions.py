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

    def condition(self, source: Source, steps: Steps, level: Level) -> typed.Condition | Problem:
        """Read and type the condition at some steps of a file, or say what is wrong with it and where."""
        text, start = source.text_at(steps)
        context = typed.Context(self.sets, self.decimals, fields=self.fields)
        try:
            node = syntax.parse(text)
            for part in _looks(node):
                raise mistake("benefits.no_look", part.at)
            return typed.condition(node, level, context)
        except RuleMistake as found:
            what, remedy = self._said(found)
            return Problem(what, source.place_at(start + found.at), remedy)

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
