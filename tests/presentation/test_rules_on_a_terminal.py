"""Rules on a terminal: whole names, unbroken signs, explanations as sentences."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from adjudicator.presentation.rules import print_rule
from adjudicator.presentation.tables import Names, at, plain_table
from adjudicator.rulebook.read import CompiledRule, read_rule
from adjudicator.words import LANGUAGES, Amount, Percentage, Quantity, fill, shown, unbroken

RULE = """
rule: many-tests
title: {en: "many tests: why", fr: "trop d’examens : pourquoi ?"}
rationale: {en: Seldom needed., fr: Rarement utile.}
source: the medical board
status: draft
severity: low
level: claim
valid: {from: 2026-01-01}
when: count(lines of claim) >= 3
values:
  tests: count(lines of claim)
explanation:
  en: "{tests} {tests:test|tests} for one visit"
  fr: "« {tests} {tests:examen|examens} » ; c’est trop"
then: {flag: {queue: tests, score: 40}}
"""


def printed(what: object, width: int = 132) -> str:
    file = io.StringIO()
    Console(file=file, width=width, highlight=False).print(what)
    return file.getvalue()


@pytest.fixture
def rule(tmp_path: Path) -> CompiledRule:
    file = tmp_path / "many-tests.yaml"
    file.write_text(RULE, "utf-8")
    return read_rule(file, 2)


def shown_rule(rule: CompiledRule, language: str) -> str:
    console = Console(file=io.StringIO(), width=132, highlight=False)
    print_rule(console, rule, language)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_rule_is_shown_with_its_values_its_days_and_its_sentence(rule: CompiledRule) -> None:
    english, french = (shown_rule(rule, language) for language in ("en", "fr"))
    assert "{tests} tests for one visit" in english
    assert "from 1 January 2026" in english
    assert "tests: count(lines of claim)" in english
    assert "«\u00a0{tests} examens\u00a0»\u00a0; c’est trop" in french
    assert "à partir du 1er janvier 2026" in french
    assert "trop d’examens\u00a0: pourquoi\u00a0?" in french


def test_what_a_rule_says_in_french_is_not_broken_at_a_sign() -> None:
    told = fill("« {parts} » : trop ? 5 % ; oui !", {"parts": 2}, "fr")
    assert told == "«\u00a02\u00a0»\u00a0: trop\u00a0? 5\u00a0%\u00a0; oui\u00a0!"
    assert fill("a : {b}", {"b": 1}, "en") == "a : 1"


@given(st.text())
def test_nothing_but_spaces_is_changed(said: str) -> None:
    for language in LANGUAGES:
        assert unbroken(said, language).replace("\u00a0", " ") == said.replace("\u00a0", " ")
    assert unbroken(said, "en") == said


def test_french_lists_of_numbers_with_decimals_have_semicolons() -> None:
    amounts = [Amount(26990, 2), Amount(41630, 2)]
    assert shown(amounts, "fr") == "269,90\u00a0; 416,30"
    assert shown(amounts, "en") == "269.90, 416.30"
    assert shown([Quantity(150), Percentage(250)], "fr") == "1,5\u00a0; 2,5\u00a0%"
    assert shown([1, 2, 4], "fr") == "1, 2, 4"


@given(
    st.lists(st.from_regex(r"\A[a-z]{1,9}(-[a-z]{1,9}){0,5}\Z"), min_size=1, max_size=4),
    st.integers(10, 60),
)
def test_names_part_at_hyphens_only(names: list[str], width: int) -> None:
    lines = [line.strip() for line in printed(Names(tuple(names)), width).splitlines()]
    assert "".join(lines) == "".join(names)
    ends = {0}
    for name in names:
        ends.add(max(ends) + len(name))
    place = 0
    for line in lines:
        place += len(line)
        assert line.endswith("-") or place in ends


def test_names_take_the_place_that_they_need() -> None:
    table = plain_table(("rule", False), ("flags", True))
    table.add_row(Names(("admitted-soon-after-enrolment", "crowded-day")), "3")
    whole = [line.rstrip() for line in printed(table).splitlines()]
    assert whole == [
        "rule                           flags",
        "admitted-soon-after-enrolment      3",
        "crowded-day",
    ]
    assert "admitted-soon-after-\n" in printed(Names(("admitted-soon-after-enrolment",)), 24)


def test_moments_are_told_to_the_minute_in_utc() -> None:
    assert at("2026-11-23T02:24:07+00:00") == "2026-11-23 02:24"
    assert at("2026-11-23T00:24:07+01:00") == "2026-11-22 23:24"
