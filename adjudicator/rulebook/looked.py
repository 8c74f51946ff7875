"""What rules look at of other claims: the fields that have to be kept of earlier ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from adjudicator.rulebook import typed
from adjudicator.rulebook.fields import FIELDS, IDENTITY, MONTH, PROVISION, Field
from adjudicator.rulebook.read import CompiledRule
from adjudicator.rulebook.timeless import DIFFERENT

_ALWAYS: Final = frozenset({"claim.target_date"})
"""Where a claim stands in time is looked at by every window."""


@dataclass(frozen=True)
class Looked:
    """What rules look at of other claims."""

    paths: frozenset[str]
    """The fields."""
    named: frozenset[str]
    """The text fields of which it matters what they say, and not just whether two claims say the same."""

    @classmethod
    def at_by(cls, rules: Iterable[CompiledRule]) -> Looked:
        """Find what rules look at, in their conditions and in what they tell."""
        parts: list[typed.Condition | typed.Value] = []
        for rule in rules:
            parts += [rule.condition, *rule.values.values()]
        fields = {field for part in parts for field in _looked_at(part)}
        paths = {path for field, _ in fields for path in _columns(field)}
        return cls(_ALWAYS | paths, frozenset(field.path for field, named in fields if named))


def _columns(field: Field) -> tuple[str, ...]:
    """Name the columns that a field needs."""
    if field.path in (IDENTITY, MONTH.path):
        return ()
    return ("line.code", "line.kind") if field.path == PROVISION else (field.path,)


def _looked_at(part: typed.Condition | typed.Value) -> Iterator[tuple[Field, bool]]:
    """Give the fields that are looked at of others, and whether it matters what a text says."""
    if isinstance(part, typed.Peers):
        yield from ((field, True) for field in (part.by, part.among, *part.look.keys))
    if not isinstance(part, typed.Look):
        for one in typed.parts_of(part):
            yield from _looked_at(one)
        return
    yield from ((key, False) for key in part.keys)
    if part.subject in DIFFERENT:
        yield FIELDS[DIFFERENT[part.subject]], True
    if part.window[0] == "overlapping":
        yield FIELDS["claim.date_from"], False
    if part.other_facility:
        yield FIELDS["claim.facility"], False
    for inner in (part.where, part.measure):
        if inner is not None:
            yield from ((field, True) for field in _fields(inner))


def _fields(part: typed.Condition | typed.Value) -> Iterator[Field]:
    if isinstance(part, typed.FieldOf):
        yield part.field
    for one in typed.parts_of(part):
        yield from _fields(one)
