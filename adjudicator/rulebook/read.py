"""Rule files, read: each a rule that is typed, knows its file and its places, and keeps its own examples."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from adjudicator.problems import Problem, Refused
from adjudicator.product.shaping import in_order, shaped
from adjudicator.product.source import Source, Steps, read_source
from adjudicator.rulebook import syntax, typed
from adjudicator.rulebook.definition import ExampleClaim, Rule
from adjudicator.rulebook.fields import FIELDS, Level, Type
from adjudicator.rulebook.rows import ClaimRow, Row, completed, full_path
from adjudicator.rulebook.syntax import RuleMistake
from adjudicator.rulebook.typed import Context
from adjudicator.units import day_number, scaled
from adjudicator.words import Blank, message, parts

SUFFIXES: Final = (".yaml", ".yml")

_COUNTED: Final = (Type.NUMBER, Type.QUANTITY, Type.PERCENT, Type.MONEY)
"""What can choose between a singular and a plural."""


@dataclass(frozen=True)
class CompiledRule:
    """A rule that can be evaluated."""

    definition: Rule
    condition: typed.Condition
    values: Mapping[str, typed.Value]
    """What its explanation tells, by name: its own values, and the fields that it names."""
    examples: tuple[tuple[bool, tuple[ClaimRow, ...]], ...]
    """Whether each must fire, and its claims: the first is the one that is asked about."""
    content_hash: str
    source: Source

    @property
    def name(self) -> str:
        """The rule's name."""
        return self.definition.rule

    @property
    def level(self) -> Level:
        """Whether it speaks of claims or of lines."""
        return self.definition.level


def read_rule(path: Path, decimals: int) -> CompiledRule:
    """Read one rule file.

    Args:
        path: the file.
        decimals: of the scheme's currency.

    Raises:
        Refused: with everything that is wrong with the file.
    """
    source = read_source(path)
    return _Compiler(shaped(Rule, source, decimals), source, decimals).compiled()


def read_rules(folder: Path, decimals: int) -> list[CompiledRule]:
    """Read all rule files of a folder and its folders, in the order of their paths; none if it is not there.

    Raises:
        Refused: with everything that is wrong with any of them.
    """
    rules: list[CompiledRule] = []
    problems: list[Problem] = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file()):
        try:
            rule = read_rule(path, decimals)
        except Refused as refused:
            problems += refused.problems
            continue
        if any(other.name == rule.name for other in rules):
            what = message("rules.name_twice", name=rule.name)
            problems.append(
                Problem(what, rule.source.place_of(("rule",)), message("rules.name_twice.remedy"))
            )
        rules.append(rule)
    if problems:
        raise Refused(problems)
    return rules


class _Compiler:
    def __init__(self, rule: Rule, source: Source, decimals: int) -> None:
        self._rule, self._source, self._decimals = rule, source, decimals
        self._problems: list[Problem] = []

    def compiled(self) -> CompiledRule:
        rule = self._rule
        context = Context(rule.sets, self._decimals, decided=rule.then.reject is None)
        condition = self._typed(("when",), lambda node: typed.condition(node, rule.level, context))
        values: dict[str, typed.Value] = {}
        for name in rule.values:
            if not name.isidentifier():
                self._note("rules.value_name", ("values", name), name=name)
            value = self._typed(("values", name), lambda node: typed.value(node, rule.level, context))
            if value is not None:
                values[name] = value
        self._told(context, values)
        examples = tuple(
            (example.fires, self._example(place, example)) for place, example in enumerate(rule.examples)
        )
        self._both_kinds()
        if self._problems:
            raise Refused(in_order(self._problems))
        assert condition is not None
        said = json.dumps(rule.model_dump(mode="json", exclude={"examples"}), sort_keys=True)
        digest = hashlib.sha256(f"{self._decimals}{said}".encode()).hexdigest()
        return CompiledRule(rule, condition, values, examples, digest, self._source)

    def _typed(self, steps: Steps, make: Any) -> Any:
        """Read and type the text at some steps, or note what is wrong with it and where."""
        text, start = self._source.text_at(steps)
        try:
            return make(syntax.parse(text))
        except RuleMistake as found:
            place = self._source.place_at(start + found.at)
            self._problems.append(Problem(found.what, place, found.remedy))
            return None

    def _told(self, context: Context, values: dict[str, typed.Value]) -> None:
        """Add the fields that the explanation names to the rule's own values."""
        label = self._rule.explanation
        for language, text in (("en", label.en), ("fr", label.fr)):
            steps = ("explanation", language)
            try:
                blanks = [part for part in parts(text) if isinstance(part, Blank)]
            except ValueError:
                self._note("rules.braces", steps)
                continue
            for blank in blanks:
                name, field = blank.name, FIELDS.get(blank.name)
                usable = field and not (field.level is Level.LINE and self._rule.level is Level.CLAIM)
                if name not in self._rule.values and name not in values:
                    if field is None or not usable or (field.decided and not context.decided):
                        self._note("rules.unknown_value", steps, name=name)
                    else:
                        values[name] = typed.FieldOf(field.type, field.level, field)
                if blank.forms and name in values and values[name].type not in _COUNTED:
                    self._note("rules.not_counted", steps, name=name)

    def _note(self, key: str, steps: Steps, **values: Any) -> None:
        place = self._source.place_of(steps)
        self._problems.append(Problem(message(key, **values), place, message(f"{key}.remedy", **values)))

    def _both_kinds(self) -> None:
        """An active rule shows at least one case that fires and one that does not."""
        kinds = {example.fires for example in self._rule.examples}
        if self._rule.status == "active" and kinds != {True, False}:
            self._note("rules.examples_missing", ("examples",) if self._rule.examples else ())

    def _example(self, place: int, example: Any) -> tuple[ClaimRow, ...]:
        others: list[ClaimRow] = []
        for number, other in enumerate(example.others):
            row = self._claim_row(("examples", place, "others", number), other, len(others), False)
            others += [replace(row, order=len(others) + copy) for copy in range(other.times)]
        return (self._claim_row(("examples", place), example, len(others), True), *others)

    def _claim_row(self, steps: Steps, example: ExampleClaim, order: int, current: bool) -> ClaimRow:
        fields, several = self._row((*steps, "claim"), example.claim, Level.CLAIM)
        fields, several = completed(fields, several)
        lines = tuple(
            self._line((*steps, "lines", number), line) for number, line in enumerate(example.lines)
        )
        return ClaimRow(fields, lines, order, current, several)

    def _line(self, steps: Steps, line: Mapping[str, Any]) -> Row:
        row = dict(self._row(steps, line, Level.LINE)[0])
        quantity, price = row.get("line.quantity"), row.get("line.price_asked")
        if isinstance(quantity, int) and isinstance(price, int):
            row.setdefault("line.claimed", (quantity * price + 50) // 100)
        return row

    def _row(
        self, steps: Steps, given: Mapping[str, Any], level: Level
    ) -> tuple[Row, Mapping[str, tuple[str, ...]]]:
        row: dict[str, int | str] = {}
        several: dict[str, tuple[str, ...]] = {}
        for name, value in given.items():
            field = FIELDS.get(full_path(name))
            if field is None or field.level is not level:
                self._note("rules.example_field", (*steps, name), name=name)
            elif field.several:
                several[field.path] = tuple(map(str, value if isinstance(value, list | tuple) else [value]))
            else:
                cell = self._cell((*steps, name), field, str(value))
                if cell is not None:
                    row[field.path] = cell
        return row, several

    def _cell(self, steps: Steps, field: Any, text: str) -> int | str | None:
        try:
            match field.type:
                case Type.TEXT:
                    return text
                case Type.WORD:
                    return int(field.words.of(text))
                case Type.DAY:
                    return day_number(dt.date.fromisoformat(text))
                case Type.TRUTH:
                    return {"true": 1, "false": 0}[text]
                case Type.MONEY:
                    return scaled(text, self._decimals)
                case Type.QUANTITY:
                    return scaled(text, 2)
                case _:
                    return scaled(text, 0)
        except (ValueError, KeyError):
            self._note("rules.example_value", steps, name=field.path, value=text, type=field.type.value)
            return None
