"""Rule files, read: each a rule that is typed, knows its file and its places, and keeps its own examples."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from adjudicator.problems import Problem, Refused, problem_of
from adjudicator.product.scalars import written_shape
from adjudicator.product.shaping import in_order, shaped
from adjudicator.product.source import Source, Steps, read_source
from adjudicator.rulebook import syntax, typed
from adjudicator.rulebook.definition import ExampleClaim, Rule
from adjudicator.rulebook.fields import FIELDS, Field, Level, Type
from adjudicator.rulebook.rows import ClaimRow, Row, completed, full_path
from adjudicator.rulebook.syntax import RuleMistake
from adjudicator.rulebook.typed import Context
from adjudicator.units import LARGEST_AMOUNT, day_number, scaled
from adjudicator.vocabulary import Word
from adjudicator.words import Blank, message, parts

SUFFIXES: Final = (".yaml", ".yml")

_DIGITS: Final = 30
"""No number has more letters."""

_Made = TypeVar("_Made")

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
    parts: tuple[str, ...] = ()
    """The parts of its condition that must all hold, as they are written; none where it has only one."""

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
    try:
        rule = shaped(Rule, source, decimals)
    except Refused as refused:
        raise Refused(in_order([*refused.problems, *_of_condition(source, decimals)])) from None
    return _Compiler(rule, source, decimals).compiled()


def _of_condition(source: Source, decimals: int) -> list[Problem]:
    """Say what is wrong with the condition of a file with whose form something is wrong already."""
    level, when, sets = (source.tree.get(key) for key in ("level", "when", "sets"))
    if level not in ("claim", "line") or not isinstance(when, str) or ("when",) not in source.spans:
        return []
    named = {} if sets is None else sets
    if (
        not isinstance(named, dict)
        or not when.strip()
        or not all(isinstance(items, list) for items in named.values())
    ):
        return []
    known = {name: tuple(map(str, items)) for name, items in named.items()}
    context = Context(known, decimals)
    return _read(source, ("when",), lambda node: typed.condition(node, Level(level), context))[1]


def _read(
    source: Source, steps: Steps, make: Callable[[syntax.Node], _Made]
) -> tuple[_Made | None, list[Problem]]:
    """Read and type the text at some steps, or tell all that is wrong with it and where."""
    text, start = source.text_at(steps)
    try:
        return make(syntax.parse(text)), []
    except RuleMistake as first:
        problems = []
        for found in (first, *first.others):
            place = (
                source.place_of(("sets", *found.item)) if found.item else source.place_at(start + found.at)
            )
            problems.append(Problem(found.what, place, found.remedy))
        return None, problems


def read_rules(folder: Path, decimals: int) -> list[CompiledRule]:
    """Read all rule files of a folder and its folders, in the order of their paths; none if it is not there.

    Raises:
        Refused: with everything that is wrong with any of them.
    """
    rules: list[CompiledRule] = []
    problems: list[Problem] = []
    for path in sorted(path for path in folder.rglob("*") if _is_rule(path)):
        try:
            rule = read_rule(path, decimals)
        except Refused as refused:
            problems += refused.problems
            continue
        if twin := next((other for other in rules if other.name == rule.name), None):
            place, file = rule.source.place_of(("rule",)), str(twin.source.file)
            problems.append(problem_of("rules.name_twice", place, name=rule.name, file=file))
        rules.append(rule)
    if problems:
        raise Refused(problems)
    return rules


def _is_rule(path: Path) -> bool:
    """Tell whether a path is a rule's; a link that leads nowhere is one, which cannot be read."""
    return path.suffix.lower() in SUFFIXES and (path.is_file() or (path.is_symlink() and not path.exists()))


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
        return CompiledRule(rule, condition, values, examples, digest, self._source, self._parts())

    def _parts(self) -> tuple[str, ...]:
        node = syntax.parse(self._source.text_at(("when",))[0])
        return tuple(" ".join(text.split()) for text in node.texts) if isinstance(node, syntax.And) else ()

    def _typed(self, steps: Steps, make: Any) -> Any:
        """Read and type the text at some steps, or note what is wrong with it and where."""
        made, problems = _read(self._source, steps, make)
        self._problems += problems
        return made

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
            if any(not blank.name for blank in blanks):
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
        self._problems.append(problem_of(key, place, **values))

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
            elif field.several and isinstance(value, list) and all(isinstance(one, str) for one in value):
                several[field.path] = tuple(value)
            elif not isinstance(value, str):
                self._no_value((*steps, name), field, written_shape(value))
            elif field.several:
                several[field.path] = (value,)
            else:
                cell = self._cell((*steps, name), field, value)
                if cell is not None:
                    row[field.path] = cell
        return row, several

    def _cell(self, steps: Steps, field: Field, text: str) -> int | str | None:
        try:
            match field.type:
                case Type.TEXT if text.strip():
                    return text
                case Type.TEXT:
                    raise ValueError(text)
                case Type.WORD:
                    return int(cast(type[Word], field.words).of(text))
                case Type.DAY:
                    return day_number(dt.date.fromisoformat(text))
                case Type.TRUTH:
                    return {"true": 1, "false": 0}[text]
                case Type.MONEY:
                    return _number(text, self._decimals)
                case Type.QUANTITY:
                    return _number(text, 2)
                case _:
                    return _number(text, 0)
        except (ValueError, KeyError):
            self._no_value(steps, field, written_shape(text))
            return None

    def _no_value(self, steps: Steps, field: Field, written: str) -> None:
        what = message("rules.example_value", name=field.path, value=written)
        remedy = message(f"rules.example_value.{field.type.value}", decimals=self._decimals)
        if field.words is not None:
            remedy = message("rules.unknown_word.remedy", known=field.words.words())
        self._problems.append(Problem(what, self._source.place_of(steps), remedy))


def _number(text: str, decimals: int) -> int:
    """Read a number that can be computed with.

    Raises:
        ValueError: it is none, has too many decimals or is too large.
    """
    if len(text) > _DIGITS or abs(number := scaled(text, decimals)) > LARGEST_AMOUNT:
        raise ValueError(text)
    return number
