"""What is wrong with a rule is told with its place, all of it at once, and with what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from adjudicator.problems import Problem, Refused
from adjudicator.rulebook.flags import explanation
from adjudicator.rulebook.read import read_rule, read_rules
from adjudicator.words import LANGUAGES

FRAME = """\
rule: r
title: a title
rationale: a reason
source: a test
severity: low
level: {level}
status: draft
sets: {{fever: [R50..R51]}}
when: {when}
explanation: "it fired"
then: {then}
"""
FLAG = "{flag: {queue: q, score: 1}}"


def written(folder: Path, when: str, level: str = "claim", then: str = FLAG) -> Path:
    path = folder / "r.yaml"
    path.write_text(FRAME.format(when=when, level=level, then=then), "utf-8")
    return path


def problems(path: Path) -> list[Problem]:
    with pytest.raises(Refused) as refused:
        read_rule(path, 2)
    return refused.value.problems


MISTAKES = [
    ("claim.claimd > 3", "rules.unknown_field.near", 7),
    ("claim.claimed > 3.123", "rules.too_many_decimals", 23),
    ("claim.claimed > claim.date_from", "rules.types_differ", 21),
    ("claim.claimed", "rules.no_condition", 7),
    ("claim.diagnosis in @fevr", "rules.unknown_set", 26),
    ("patient.sex = women", "rules.unknown_word", 21),
    ("line.quantity > 3", "rules.line_in_claim", 7),
    ("claim.claimed > 3 and", "rules.unexpected", 28),
    ("claim.claimed >> 3", "rules.unexpected", 22),
    ("count(claims of insuree, within 30) > 2", "rules.unexpected", 41),
    ("count(claims of line.code) > 2", "rules.line_in_claim", 23),
    ("count(claims of insuree, where count(claims of family) > 1) > 2", "rules.look_in_look", 38),
    ("median(claim.claimed, claims of facility) > 2", "rules.unknown_function", 7),
    ("typical(claim.claimed, claims of facility, within 3 days) > 2", "rules.window", 7),
    ("claim.claimed ~ 3", "rules.character", 21),
    ("claim.facility > claim.referred_from", "rules.not_comparable", 22),
    ("claim.facility = claim.insuree", "rules.types_differ", 22),
    ("claim.target_date in [2026-13-01]", "rules.no_day", 29),
    ("percentile(100, claim.claimed, claims of facility) > 3", "rules.rank", 7),
]


@pytest.mark.parametrize(("when", "key", "column"), MISTAKES)
def test_a_mistake_has_its_place(when: str, key: str, column: int, tmp_path: Path) -> None:
    found = problems(written(tmp_path, when))
    assert [(p.what.key, p.place.line, p.place.column) for p in found] == [(key, 9, column)]
    for language in LANGUAGES:
        assert found[0].told(language)


def test_a_mistake_in_a_block_has_its_line(tmp_path: Path) -> None:
    block = "|\n  claim.claimed > 3\n  and claim.facilty = 'F1'"
    (found,) = problems(written(tmp_path, block))
    assert (found.what.key, found.place.line, found.place.column) == ("rules.unknown_field.near", 11, 7)


def test_a_rule_that_rejects_cannot_ask_for_decisions(tmp_path: Path) -> None:
    path = written(tmp_path, "claim_decision.valuated > 3", then="{reject: {reason: too much}}")
    assert [p.what.key for p in problems(path)] == ["rules.not_decided"]


def test_all_mistakes_of_all_files_at_once(tmp_path: Path) -> None:
    written(tmp_path, "claim.claimed > 3").rename(tmp_path / "a.yaml")
    written(tmp_path, "claim.x > 3").rename(tmp_path / "b.yaml")
    written(tmp_path, "1 < ").rename(tmp_path / "c.yaml")
    with pytest.raises(Refused) as refused:
        read_rules(tmp_path, 2)
    assert [p.place.file.name for p in refused.value.problems if p.place.file] == ["b.yaml", "c.yaml"]


def test_two_rules_of_one_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        written(tmp_path, "claim.claimed > 3").rename(tmp_path / f"{name}.yaml")
    with pytest.raises(Refused) as refused:
        read_rules(tmp_path, 2)
    assert [p.what.key for p in refused.value.problems] == ["rules.name_twice"]


def test_an_active_rule_needs_examples_of_both_kinds(tmp_path: Path) -> None:
    path = written(tmp_path, "claim.claimed > 3")
    path.write_text(path.read_text().replace("status: draft\n", ""))
    assert [p.what.key for p in problems(path)] == ["rules.examples_missing"]


@pytest.mark.parametrize(
    "when",
    [
        "__import__('os').system('true')",
        "(lambda: 1)()",
        "claim.__class__",
        "open('/etc/passwd')",
        "(" * 200 + "1 = 1" + ")" * 200,
        "1 = 1 and " * 3000 + "1 = 1",
    ],
)
def test_there_is_no_way_to_run_code(when: str, tmp_path: Path) -> None:
    assert problems(written(tmp_path, f'"{when}"'))


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ("{claim.nights", "rules.braces"),
        ("{claim.nights:night}", "rules.braces"),
        ("{claim.nights:night|night}", "rules.braces"),
        ("{claim.diagnosis:day|days}", "rules.not_counted"),
        ("{claim.date_from:day|days}", "rules.not_counted"),
        ("{claim.nigths:night|nights}", "rules.unknown_value"),
    ],
)
def test_what_an_explanation_cannot_say(tmp_path: Path, told: str, wrong: str) -> None:
    path = written(tmp_path, "claim.nights > 3")
    path.write_text(path.read_text("utf-8").replace("it fired", f"it fired: {told}"), "utf-8")
    assert {problem.what.key for problem in problems(path)} == {wrong}


@pytest.mark.parametrize(
    ("nights", "english", "french"),
    [
        (0, "0 nights", "0 nuit"),
        (1, "1 night", "1 nuit"),
        (2, "2 nights", "2 nuits"),
        (None, "– nights", "– nuits"),
    ],
)
def test_a_number_chooses_between_singular_and_plural(
    tmp_path: Path, nights: int | None, english: str, french: str
) -> None:
    path = written(tmp_path, "claim.nights >= 0")
    said = """
  en: "{claim.nights} {claim.nights:night|nights}"
  fr: "{claim.nights} {claim.nights:nuit|nuits}"
"""
    path.write_text(path.read_text("utf-8").replace(' "it fired"\n', said), "utf-8")
    rule = read_rule(path, 2)
    assert explanation(rule, {"claim.nights": nights}, 2, "en") == english
    assert explanation(rule, {"claim.nights": nights}, 2, "fr") == french
