"""Why a family receives what it receives, or nothing: the plan asked of it alone, and what it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adjudicator.benefits.conditions import fields_in
from adjudicator.benefits.cycles import Cycle, cycle_of
from adjudicator.benefits.fields import FAMILY, MEMBER
from adjudicator.benefits.listing import Answer, answer
from adjudicator.benefits.read import CompiledPlan
from adjudicator.benefits.universe import Families
from adjudicator.books.benefits.families import families_on, last_registers
from adjudicator.books.benefits.plans import find_plan
from adjudicator.books.books import Books
from adjudicator.problems import refused
from adjudicator.rulebook.fields import Field
from adjudicator.rulebook.rows import ClaimRow
from adjudicator.rulebook.universe import Column

Cell = int | str | None


@dataclass(frozen=True)
class Why:
    """What a plan says of one family in a cycle."""

    plan: CompiledPlan
    cycle: Cycle
    family: str
    answer: Answer
    seen: tuple[tuple[Field, Cell], ...]
    """The fields of the family that the plan asks for, and what they are; None where it is not known."""
    members: tuple[Mapping[str, int | str], ...]
    """Its members, as the plan sees them."""


def why(books: Books, plan: str, cycle: str, family: str) -> Why:
    """Ask a plan of one family for a cycle, by the registers as they are now.

    Raises:
        Refused: there is no such plan, cycle or family.
    """
    compiled = find_plan(books, plan, CompiledPlan)
    span = cycle_of(compiled.definition, cycle)
    with books.database.reading() as connection:
        load = last_registers(connection).load
        adult_age = books.settings.adult_age
        families = families_on(connection, load, span.judged, adult_age, compiled, family)
    place = families.place_of(family)
    if place is None:
        raise refused("benefits.no_family", family=family)
    row = seen_row(families, place, compiled.language.fields)
    asked = {field.path: field for field in _asked(compiled) if field.level is FAMILY}
    seen = tuple((field, _cell(row, field)) for _, field in sorted(asked.items()))
    return Why(compiled, span, family, answer(compiled, row), seen, tuple(row.lines))


def _asked(plan: CompiledPlan) -> list[Field]:
    conditions = [plan.criteria, plan.with_member, *(tier.when for tier in plan.amount.tiers)]
    return [field for condition in conditions if condition for field in fields_in(condition)]


def _cell(row: ClaimRow, field: Field) -> Cell:
    if field.several:
        return ", ".join(row.several.get(field.path, ())) or None
    return row.fields.get(field.path)


def seen_row(families: Families, family: int, fields: Mapping[str, Field]) -> ClaimRow:
    """Give one family of many as a plain row, field by field, with its members."""
    universe = families.universe
    several: dict[str, tuple[str, ...]] = {}
    row: dict[str, int | str] = {}
    members: list[dict[str, int | str]] = [{} for _ in families.members_of(family)]
    for field in fields.values():
        if field.several:
            cells = [column_cell(column, family) for column in universe.several(field.path)]
            several[field.path] = tuple(str(cell) for cell in cells if cell is not None)
        elif field.level is MEMBER:
            for number, place in enumerate(families.members_of(family)):
                if (cell := column_cell(universe.column(field.path), place)) is not None:
                    members[number][field.path] = cell
        elif (cell := column_cell(universe.column(field.path), family)) is not None:
            row[field.path] = cell
    return ClaimRow(row, tuple(members), 0, True, several)


def column_cell(column: Column, place: int) -> Cell:
    """Give a column's value at a place; None where there is none."""
    if column.given is not None and not column.given[place]:
        return None
    value = int(column.values[place])
    return column.texts[value] if column.texts is not None else value
