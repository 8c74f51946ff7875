"""The shipped rules: each is whole, does what its examples say, and says so in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from adjudicator.generation.faults import Fault
from adjudicator.product.definition import Label
from adjudicator.rulebook.definition import Example, Rule
from adjudicator.rulebook.examples import try_examples
from adjudicator.rulebook.read import CompiledRule, read_rule
from adjudicator.shipped import shipped_rules

FILES = shipped_rules()
RULES = {path.stem: read_rule(path, 2) for path in FILES}

each_rule = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


def test_there_are_some_forty_rules() -> None:
    assert len(RULES) >= 40


def test_every_planted_fault_is_looked_for() -> None:
    looked_for = {name for rule in RULES.values() for name in rule.definition.finds}
    assert looked_for == set(Fault.words())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("decimals", [0, 3])
def test_it_can_be_read_in_any_currency(path: Path, decimals: int) -> None:
    assert not try_examples(read_rule(path, decimals)).problems


@each_rule
def test_its_examples_do_as_they_say(rule: CompiledRule) -> None:
    assert not try_examples(rule).problems


@each_rule
def test_it_is_named_as_its_file(rule: CompiledRule) -> None:
    assert rule.source.file.stem == rule.name


@each_rule
def test_it_says_where_it_comes_from(rule: CompiledRule) -> None:
    assert len(rule.definition.source) > 10


@each_rule
def test_it_speaks_both_languages(rule: CompiledRule) -> None:
    for said in _labels(rule.definition):
        assert said.en.strip()
        assert said.fr.strip()
        assert said.en != said.fr
        # A typewriter's apostrophe is none in French.
        assert "'" not in said.fr


@each_rule
def test_it_tells_the_same_in_both_languages(rule: CompiledRule) -> None:
    said = rule.definition.explanation
    names = [{part[1] for part in Formatter().parse(text) if part[1]} for text in (said.en, said.fr)]
    assert names[0] == names[1]
    assert names[0]
    assert set(rule.definition.values) <= names[0]


@each_rule
def test_it_owns_to_its_false_alarms(rule: CompiledRule) -> None:
    # What the model of all rules finds leaves no doubt.
    assert rule.definition.false_alarms is not None or rule.name == "duplicate-claim"


@each_rule
def test_it_shows_what_fires_what_does_not_and_what_is_missing(rule: CompiledRule) -> None:
    examples = rule.definition.examples
    firing = [example for example in examples if example.fires]
    silent = [example for example in examples if not example.fires]
    missing = [one for one in silent if any(_is_part_of(one, other) for other in firing)]
    assert firing
    assert missing
    assert len(silent) > len(missing)


def _labels(rule: Rule) -> Iterator[Label]:
    yield from (rule.title, rule.rationale, rule.explanation)
    if rule.false_alarms:
        yield rule.false_alarms
    for example in rule.examples:
        assert example.title is not None
        yield example.title


def _is_part_of(example: Example, whole: Example) -> bool:
    """Tell whether an example is another one from which some values were taken away, and nothing else."""
    same_lines = len(example.lines) == len(whole.lines)
    rows = [(example.claim, whole.claim), *zip(example.lines, whole.lines, strict=False)]
    parts = all(_values(less) <= _values(more) for less, more in rows)
    fewer = sum(len(less) for less, _ in rows) < sum(len(more) for _, more in rows)
    return same_lines and parts and fewer and all(one in whole.others for one in example.others)


def _values(row: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(name, str(value)) for name, value in row.items()}
