"""Routing files, read: each a rule that is typed, knows its file and places, and keeps its own examples."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from adjudicator.problems import Place, Problem, Refused, of_all, problem_of
from adjudicator.product.meant import nearest
from adjudicator.product.mistakes import problems_of
from adjudicator.product.shaping import in_order, shaped
from adjudicator.product.source import Source, Steps, read_source
from adjudicator.review.routing.definition import CaseFacts, RoutingRule
from adjudicator.review.routing.facts import FINDING, KINDS, Fact, Field, Type, Value, fact
from adjudicator.review.routing.plain import fires
from adjudicator.review.routing.rules import (
    MOST_CODES,
    MOST_PATTERNS,
    MOST_RULES,
    MOST_TESTS,
    Comparison,
    Earlier,
    Pattern,
    Routing,
    Rule,
)
from adjudicator.rulebook import syntax
from adjudicator.rulebook.syntax import RuleMistake, mistake
from adjudicator.units import INT64_MAX, scaled
from adjudicator.words import Blank, Message, message, parts

SUFFIXES: Final = (".yaml", ".yml")

_ORDERED_SIGNS: Final = ("<", "<=", ">", ">=")
_NAME: Final = r"[A-Za-z_][A-Za-z_0-9]*"
_PATTERN: Final = re.compile(rf"\s*(?P<kind>{_NAME})(?:\s+where\s(?P<tests>.*))?\s*", re.DOTALL)


def read_routing(folder: Path, decimals: int) -> Routing:
    """Read all routing files of a folder and its folders; no rules if it is not there.

    Args:
        folder: where they are.
        decimals: of the scheme's currency.

    Raises:
        Refused: with everything that is wrong with any of them, or with all of them together.
    """
    paths = (path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    return routing_of(sorted(paths), decimals)


def routing_of(paths: list[Path], decimals: int) -> Routing:
    """Read some routing files.

    Raises:
        Refused: with everything that is wrong with any of them, or with all of them together.
    """
    rules = of_all(lambda path: read_rule(path, decimals), paths)
    if problems := _together(rules):
        raise Refused(problems)
    return Routing(tuple(sorted(rules, key=lambda rule: rule.name)))


def read_rule(path: Path, decimals: int) -> Rule:
    """Read one routing file, and try its examples.

    Raises:
        Refused: with everything that is wrong with the file.
    """
    source = read_source(path)
    return _Compiler(shaped(RoutingRule, source, decimals), source, decimals).compiled()


def read_case(path: Path, decimals: int) -> tuple[Fact, ...]:
    """Read the facts of a case from a file, YAML or JSON, that has them under ``facts`` as examples do.

    Raises:
        Refused: with everything that is wrong with the file.
    """
    source = read_source(path)
    try:
        case = CaseFacts.model_validate(source.tree)
    except ValidationError as error:
        raise Refused(in_order([*source.problems, *problems_of(error, source, CaseFacts)])) from None
    problems = list(source.problems)
    facts = _Facts(source, decimals, problems).read(("facts",), case.facts)
    if problems:
        raise Refused(in_order(problems))
    return facts


def _together(rules: list[Rule]) -> list[Problem]:
    """Find what is wrong with rules that are each in order."""
    problems = []
    seen: set[str] = set()
    findings = {rule.finding for rule in rules if rule.finding is not None}
    codes: set[Value] = set()
    for rule in rules:
        if rule.name in seen:
            problems.append(
                problem_of("routing.name_twice", rule.source.place_of(("route",)), name=rule.name)
            )
        seen.add(rule.name)
        for pattern in rule.patterns:
            plain = [(test, test.to) for test in pattern.tests if not isinstance(test.to, Earlier)]
            codes |= {to for _, to in plain}
            for _, to in plain if pattern.kind == FINDING else ():
                if to not in findings:
                    place = rule.source.place_of(("when", pattern.name))
                    known = sorted(findings) or ["–"]
                    problems.append(problem_of("routing.unknown_finding", place, name=to, known=known))
    if len(rules) > MOST_RULES:
        place = Place(rules[MOST_RULES].source.file)
        problems.append(problem_of("routing.too_many_rules", place, count=len(rules), most=MOST_RULES))
    if len(codes) > MOST_CODES:
        place = Place(rules[-1].source.file)
        problems.append(problem_of("routing.too_many_codes", place, count=len(codes), most=MOST_CODES))
    return problems


class _Compiler:
    def __init__(self, rule: RoutingRule, source: Source, decimals: int) -> None:
        self._rule, self._source, self._decimals = rule, source, decimals
        self._problems: list[Problem] = []

    def compiled(self) -> Rule:
        patterns = self._patterns()
        told = self._told(patterns)
        facts = _Facts(self._source, self._decimals, self._problems)
        examples = tuple(
            (example.fires, facts.read(("examples", place, "facts"), example.facts))
            for place, example in enumerate(self._rule.examples)
        )
        if {fires for fires, _ in examples} != {True, False}:
            self._note("routing.examples_missing", ("examples",) if examples else ())
        if self._problems:
            raise Refused(in_order(self._problems))
        rule = Rule(self._rule, tuple(patterns), told, examples, self._source)
        self._try(rule)
        if self._problems:
            raise Refused(self._problems)
        return rule

    def _note(self, key: str, steps: Steps, **values: Any) -> None:
        self._problems.append(problem_of(key, self._source.place_of(steps), **values))

    def _note_key(self, key: str, steps: Steps, **values: Any) -> None:
        self._problems.append(problem_of(key, self._source.place_of_key(steps), **values))

    # Patterns.

    def _patterns(self) -> list[Pattern]:
        patterns: list[Pattern] = []
        for name in self._rule.when:
            steps = ("when", name)
            if not re.fullmatch(_NAME, name):
                self._note_key("routing.pattern_name", steps, name=name)
            text, start = self._source.text_at(steps)
            try:
                patterns.append(self._pattern(name, text, patterns))
            except RuleMistake as found:
                place = self._source.place_at(start + found.at)
                self._problems.append(Problem(found.what, place, found.remedy))
                # Later patterns may speak of it all the same.
                kind = re.match(rf"\s*({_NAME})", text)
                patterns.append(Pattern(name, kind[1] if kind and kind[1] in KINDS else "", ()))
        if not patterns:
            self._note("routing.no_patterns", ("when",))
        if len(patterns) > MOST_PATTERNS:
            self._note("routing.too_many_patterns", ("when",), most=MOST_PATTERNS)
        return patterns

    def _pattern(self, name: str, text: str, earlier: list[Pattern]) -> Pattern:
        found = _PATTERN.fullmatch(text)
        if found is None:
            raise mistake("routing.no_pattern", 0, kinds=list(KINDS))
        kind = found["kind"]
        if kind not in KINDS:
            raise mistake("routing.unknown_kind", found.start("kind"), name=kind, kinds=list(KINDS))
        if found["tests"] is None:
            return Pattern(name, kind, ())
        start = found.start("tests")
        try:
            node = syntax.parse(found["tests"])
            parts = node.parts if isinstance(node, syntax.And) else (node,)
            tests = tuple(self._test(part, kind, earlier) for part in parts)
        except RuleMistake as wrong:
            raise RuleMistake(wrong.what, wrong.at + start, wrong.remedy) from None
        if len(tests) > MOST_TESTS:
            raise mistake("routing.too_many_tests", start, most=MOST_TESTS)
        return Pattern(name, kind, tests)

    def _test(self, node: syntax.Node, kind: str, earlier: list[Pattern]) -> Comparison:
        if not isinstance(node, syntax.Compare):
            raise mistake("routing.no_comparison", node.at)
        if not isinstance(node.left, syntax.Name):
            raise mistake("routing.left_no_field", node.left.at, fields=list(KINDS[kind]))
        field = _field(node.left.text, kind, node.left.at)
        if node.sign in _ORDERED_SIGNS and not field.ordered:
            raise mistake("routing.no_order", node.at, name=field.name, sign=node.sign)
        return Comparison(field, node.sign, self._right(node.right, field, earlier))

    def _right(self, node: syntax.Node, field: Field, earlier: list[Pattern]) -> Value | Earlier:
        match node:
            case syntax.Number(at=at, text=text, percent=False) if field.type in (Type.NUMBER, Type.MONEY):
                value = _number(text, self._decimals if field.type is Type.MONEY else 0)
                if value is None:
                    raise mistake("routing.number", at, name=field.name, text=text)
                return value
            case syntax.Text(text=text) if field.type is Type.TEXT:
                return text
            case syntax.Name(text=text, at=at) if "." in text:
                return _earlier(text, at, field, earlier)
            case syntax.Name(text=text, at=at) if field.type is Type.WORD:
                if text not in field.words:
                    raise mistake("routing.unknown_word", at, word=text, known=list(field.words))
                return field.words[text]
        raise mistake(f"routing.expects_{field.type.value}", node.at, name=field.name)

    # Places.

    # What is told, and whether examples do as they say.

    def _told(self, patterns: list[Pattern]) -> Mapping[str, Earlier]:
        told: dict[str, Earlier] = {}
        label = self._rule.explanation
        for language, text in (("en", label.en), ("fr", label.fr)):
            steps = ("explanation", language)
            try:
                blanks = [part for part in parts(text) if isinstance(part, Blank)]
            except ValueError:
                self._note("rules.braces", steps)
                continue
            for blank in blanks:
                try:
                    told[blank.name] = _earlier(blank.name, 0, None, patterns)
                except RuleMistake as found:
                    self._problems.append(Problem(found.what, self._source.place_of(steps), found.remedy))
                    continue
                if blank.forms and told[blank.name].field.type not in (Type.NUMBER, Type.MONEY):
                    self._note("rules.not_counted", steps, name=blank.name)
        return told

    def _try(self, rule: Rule) -> None:
        for place, (wanted, facts) in enumerate(rule.examples):
            if (fires(rule, facts) is not None) != wanted:
                key = "routing.example_silent" if wanted else "routing.example_fires"
                self._note(key, ("examples", place, "fires"), number=place + 1)


class _Facts:
    """Reads facts as people write them, and notes what is wrong with them."""

    def __init__(self, source: Source, decimals: int, problems: list[Problem]) -> None:
        self._source, self._decimals, self._problems = source, decimals, problems

    def read(self, steps: Steps, given: tuple[Mapping[str, Mapping[str, Any]], ...]) -> tuple[Fact, ...]:
        facts = []
        for place, one in enumerate(given):
            for kind, values in one.items():
                here = (*steps, place, kind)
                if kind not in KINDS:
                    where = self._source.place_of_key(here)
                    self._problems.append(
                        problem_of("routing.unknown_kind", where, name=kind, kinds=list(KINDS))
                    )
                    continue
                read = {name: self._cell((*here, name), kind, name, text) for name, text in values.items()}
                facts.append(fact(kind, **{name: v for name, v in read.items() if name in KINDS[kind]}))
        return tuple(facts)

    def _cell(self, steps: Steps, kind: str, name: str, text: Any) -> Value | None:
        field = KINDS[kind].get(name)
        if field is None:
            where, known = self._source.place_of_key(steps), list(KINDS[kind])
            self._problems.append(
                problem_of("routing.unknown_field", where, kind=kind, name=name, known=known)
            )
            return None
        value = value_of(field, str(text), self._decimals)
        if value is None:
            where = self._source.place_of(steps)
            self._problems.append(
                problem_of("routing.example_value", where, name=name, value=str(text), type=_told_type(field))
            )
        return value


def _told_type(field: Field) -> Message:
    return message(f"routing.type.{field.type.value}")


def _field(name: str, kind: str, at: int) -> Field:
    field = KINDS[kind].get(name)
    if field is None:
        near = nearest(name, KINDS[kind])
        if near is not None:
            raise RuleMistake(
                message("routing.unknown_field", kind=kind, name=name),
                at,
                message("product.did_you_mean", text=near),
            )
        raise mistake("routing.unknown_field", at, kind=kind, name=name, known=list(KINDS[kind]))
    return field


def _earlier(text: str, at: int, field: Field | None, earlier: list[Pattern]) -> Earlier:
    """Find the field of an earlier pattern that a text names, and that goes together with a field."""
    pattern, _, name = text.partition(".")
    names = [one.name for one in earlier]
    if pattern not in names:
        raise mistake("routing.unknown_pattern", at, name=pattern, known=names or ["–"])
    place = names.index(pattern)
    if not earlier[place].kind:
        # What it is was not understood, which has been reported.
        return Earlier(place, field or Field(name, Type.TEXT, ""))
    found = _field(name, earlier[place].kind, at)
    if field is not None and (found.type, found.list) != (field.type, field.list):
        raise mistake("routing.fields_differ", at, left=field.name, right=text)
    return Earlier(place, found)


def _number(text: str, decimals: int) -> int | None:
    try:
        value = scaled(text, decimals)
    except ValueError:
        return None
    return value if abs(value) <= INT64_MAX else None


def value_of(field: Field, text: str, decimals: int) -> Value | None:
    """Read the value of a field from a text, None where it is none.

    Args:
        field: of a fact.
        text: as people write it: amounts in major units, words of vocabularies by their names.
        decimals: of the scheme's currency.
    """
    match field.type:
        case Type.TEXT:
            return text
        case Type.WORD:
            return field.words.get(text)
        case Type.MONEY:
            return _number(text, decimals)
        case Type.NUMBER:
            return _number(text, 0)
