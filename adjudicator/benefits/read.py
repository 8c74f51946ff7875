"""Plan files, read: each a plan whose conditions are typed, that knows its places and keeps its examples."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from adjudicator.benefits.amount import CompiledAmount, CompiledEach, CompiledTier
from adjudicator.benefits.conditions import Language
from adjudicator.benefits.definition import NOTHING, Plan, VoucherPlan
from adjudicator.benefits.fields import ATTRIBUTE, ATTRIBUTE_TYPES, FAMILY, MEMBER
from adjudicator.benefits.rows import family_row
from adjudicator.problems import Problem, Refused, problem_of
from adjudicator.product.definition import Part
from adjudicator.product.shaping import in_order, shaped
from adjudicator.product.source import Source, Steps, read_source
from adjudicator.rulebook import typed
from adjudicator.rulebook.fields import Field, Level, Type
from adjudicator.rulebook.rows import ClaimRow
from adjudicator.units import day_number, scaled

SUFFIXES: Final = (".yaml", ".yml")

SOMEWHEN: Final = day_number(dt.date(2026, 1, 1))
"""The day of examples that name none."""


@dataclass(frozen=True)
class CompiledPlan:
    """A benefit plan that can be asked."""

    definition: Plan
    language: Language
    criteria: typed.Condition
    with_member: typed.Condition | None
    amount: CompiledAmount
    examples: tuple[tuple[int, ClaimRow], ...]
    """What each must receive, in minor units, or :data:`NOTHING`; and the family."""
    content_hash: str
    source: Source

    @property
    def code(self) -> str:
        """The plan's code."""
        return self.definition.plan

    @property
    def attributes(self) -> dict[str, Type]:
        """The attributes of families that it knows, with their types."""
        return _attributes(self.definition.attributes, self.language)


@dataclass(frozen=True)
class CompiledVouchers:
    """A plan of vouchers that can be asked."""

    definition: VoucherPlan
    language: Language
    given_to: typed.Condition
    examples: tuple[tuple[bool, ClaimRow], ...]
    """Whether the first member of each family must receive vouchers."""
    content_hash: str
    source: Source

    @property
    def code(self) -> str:
        """The plan's code."""
        return self.definition.vouchers

    @property
    def attributes(self) -> dict[str, Type]:
        """The attributes of families that it knows, with their types."""
        return _attributes(self.definition.attributes, self.language)


AnyPlan = CompiledPlan | CompiledVouchers


def _attributes(declared: Mapping[str, str], language: Language) -> dict[str, Type]:
    return {name: language.fields[f"{ATTRIBUTE}{name}"].type for name in declared}


def read_plan(path: Path, decimals: int, adult_age: int = 18) -> AnyPlan:
    """Read one plan file: a benefit plan, or a plan of vouchers.

    Args:
        path: the file.
        decimals: of the scheme's currency.
        adult_age: of the scheme; examples count children by it.

    Raises:
        Refused: with everything that is wrong with the file.
    """
    source = read_source(path)
    of_vouchers = isinstance(source.tree, dict) and "vouchers" in source.tree and "plan" not in source.tree
    said: Plan | VoucherPlan
    try:
        said = shaped(VoucherPlan, source, decimals) if of_vouchers else shaped(Plan, source, decimals)
    except Refused as refused:
        raise Refused(in_order([*refused.problems, *_of_conditions(source, decimals)])) from None
    compiler = _Compiler(said, source, decimals, adult_age)
    return compiler.vouchers() if of_vouchers else compiler.plan()


def _of_conditions(source: Source, decimals: int) -> list[Problem]:
    """Say what is wrong with the conditions of a file with whose form something is wrong already."""
    if not isinstance(source.tree, dict):
        return []
    attributes, sets = (source.tree.get(key) or {} for key in ("attributes", "sets"))
    if not isinstance(attributes, dict) or not all(
        str(type_) in ATTRIBUTE_TYPES for type_ in attributes.values()
    ):
        return []
    if not isinstance(sets, dict) or not all(isinstance(items, list) for items in sets.values()):
        return []
    types = {str(name): ATTRIBUTE_TYPES[str(type_)] for name, type_ in attributes.items()}
    named = {str(name): tuple(map(str, items)) for name, items in sets.items()}
    language = Language.of(types, named, decimals)
    problems: list[Problem] = []
    for key, level in (("criteria", FAMILY), ("with_member", MEMBER), ("given_to", MEMBER)):
        text = source.tree.get(key)
        if isinstance(text, str) and text.strip() and (key,) in source.spans:
            problems += language.condition(source, (key,), level)[1]
    return problems


def read_plans(folder: Path, decimals: int, adult_age: int = 18) -> list[AnyPlan]:
    """Read all plan files of a folder and its folders, in the order of their paths; none if it is not there.

    Raises:
        Refused: with everything that is wrong with any of them.
    """
    plans: list[AnyPlan] = []
    problems: list[Problem] = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file()):
        try:
            plan = read_plan(path, decimals, adult_age)
        except Refused as refused:
            problems += refused.problems
            continue
        if any(other.code == plan.code for other in plans):
            key = "plan" if isinstance(plan, CompiledPlan) else "vouchers"
            problems.append(problem_of("benefits.plan_twice", plan.source.place_of((key,)), name=plan.code))
        plans.append(plan)
    if problems:
        raise Refused(problems)
    return plans


class _Compiler:
    def __init__(self, said: Plan | VoucherPlan, source: Source, decimals: int, adult_age: int) -> None:
        self._said, self._source, self._decimals, self._adult_age = said, source, decimals, adult_age
        self._problems: list[Problem] = []
        attributes = {name: ATTRIBUTE_TYPES[type_] for name, type_ in said.attributes.items()}
        for name in said.attributes:
            if not name.isidentifier():
                self._note("benefits.attribute_name", ("attributes", name), name=name)
        self._language = Language.of(attributes, said.sets, decimals)

    def plan(self) -> CompiledPlan:
        said = self._said
        assert isinstance(said, Plan)
        criteria = self._condition(("criteria",), FAMILY)
        with_member = self._condition(("with_member",), MEMBER) if said.with_member else None
        amount = self._amount(said)
        if said.payment.account is not None and said.payment.account not in said.attributes:
            known = sorted(said.attributes)
            self._note("benefits.account", ("payment", "account"), name=said.payment.account, known=known)
        examples = tuple(
            (one.receives, self._family(("examples", place), one.family, one.members))
            for place, one in enumerate(said.examples)
        )
        if {receives == NOTHING for receives, _ in examples} != {True, False}:
            self._note("benefits.examples_missing", ("examples",) if said.examples else ())
        self._refuse()
        assert criteria is not None
        digest = self._hash(said)
        return CompiledPlan(
            said, self._language, criteria, with_member, amount, examples, digest, self._source
        )

    def vouchers(self) -> CompiledVouchers:
        said = self._said
        assert isinstance(said, VoucherPlan)
        given_to = self._condition(("given_to",), MEMBER)
        examples = tuple(
            (one.receives == "vouchers", self._woman(("examples", place), one.family, one.member))
            for place, one in enumerate(said.examples)
        )
        if {receives for receives, _ in examples} != {True, False}:
            self._note("benefits.examples_missing", ("examples",) if said.examples else ())
        self._refuse()
        assert given_to is not None
        return CompiledVouchers(said, self._language, given_to, examples, self._hash(said), self._source)

    def _refuse(self) -> None:
        if self._problems:
            raise Refused(in_order(self._problems))

    def _hash(self, said: Part) -> str:
        text = json.dumps(said.model_dump(mode="json", exclude={"examples"}), sort_keys=True)
        return hashlib.sha256(f"{self._decimals}{text}".encode()).hexdigest()

    def _note(self, key: str, steps: Steps, **values: Any) -> None:
        place = self._source.place_of(steps)
        self._problems.append(problem_of(key, place, **values))

    def _condition(self, steps: Steps, level: Level) -> typed.Condition | None:
        condition, problems = self._language.condition(self._source, steps, level)
        self._problems += problems
        return condition

    def _amount(self, said: Plan) -> CompiledAmount:
        amount = said.amount
        tiers = [
            CompiledTier(
                tier.amount,
                self._condition(("amount", "tiers", place, "when"), FAMILY) if tier.when else None,
            )
            for place, tier in enumerate(amount.tiers)
        ]
        per = [
            CompiledEach(one.each, one.at_most, count)
            for one, count in ((amount.per_member, "family.members"), (amount.per_child, "family.children"))
            if one is not None
        ]
        for place, some in enumerate(amount.per):
            where = self._condition(("amount", "per", place, "where"), MEMBER)
            per.append(CompiledEach(some.each, some.at_most, None, where))
        return CompiledAmount(amount.fixed, tuple(tiers), tuple(per), amount.at_most)

    # Examples.

    def _family(self, steps: Steps, family: Mapping[str, Any], members: Sequence[Any]) -> ClaimRow:
        row, several = self._row((*steps, "family"), family, FAMILY)
        people = [
            self._row((*steps, "members", place), member, MEMBER)[0] for place, member in enumerate(members)
        ]
        return family_row({"cycle.day": self._day()} | row, people, self._adult_age, several)

    def _woman(self, steps: Steps, family: Mapping[str, Any], member: Mapping[str, Any]) -> ClaimRow:
        row, several = self._row((*steps, "family"), family, FAMILY)
        person = self._row((*steps, "member"), member, MEMBER)[0]
        return family_row({"cycle.day": self._day()} | row, [person], self._adult_age, several)

    def _day(self) -> int:
        valid = self._said.valid
        return SOMEWHEN if valid.holds(SOMEWHEN) else valid.start if abs(valid.start) < 10**6 else valid.end

    def _row(
        self, steps: Steps, given: Mapping[str, Any], level: Level
    ) -> tuple[dict[str, int | str], dict[str, tuple[str, ...]]]:
        row: dict[str, int | str] = {}
        several: dict[str, tuple[str, ...]] = {}
        for name, value in given.items():
            field = self._language.fields.get(name)
            if field is None or field.level is not level:
                self._note("benefits.example_field", (*steps, name), name=name)
            elif field.several:
                several[name] = tuple(map(str, value if isinstance(value, list | tuple) else [value]))
            else:
                cell = cell_of(field, str(value))
                if cell is None:
                    values = {"name": name, "value": str(value), "type": field.type.value}
                    self._note("benefits.example_value", (*steps, name), **values)
                else:
                    row[name] = cell
        return row, several


_TRUTHS: Final = {"true": 1, "yes": 1, "1": 1, "false": 0, "no": 0, "0": 0}

LARGEST_NUMBER: Final = 10**9
"""No attribute of a family is a larger number."""


def _whole(text: str) -> int:
    number = scaled(text, 0)
    if abs(number) > LARGEST_NUMBER:
        raise ValueError(text)
    return number


_READ: Final[Mapping[Type, Callable[[str], int | str]]] = {
    Type.TEXT: str,
    Type.NUMBER: _whole,
    Type.DAY: lambda text: day_number(dt.date.fromisoformat(text)),
    Type.TRUTH: lambda text: _TRUTHS[text.lower()],
}


def cell_of(field: Field, text: str) -> int | str | None:
    """Read a value of a field as it is written in a table; None where it is none of its type."""
    try:
        if field.type is Type.WORD:
            assert field.words is not None
            return int(field.words.of(text))
        return _READ[field.type](text.strip())
    except (ValueError, KeyError):
        return None
