"""Routing files: what is wrong with them is told with its place, and several things at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from adjudicator.problems import Refused
from adjudicator.review.routing.facts import fact
from adjudicator.review.routing.read import read_routing, read_rule
from adjudicator.review.routing.rules import MOST_RULES
from adjudicator.words import LANGUAGES, say

RULE = """\
route: big-and-grave
title: big and grave
rationale: it is
when:
  grave: flag where severity >= high and score >= 50
  big: claim where claimed >= 1000.50
then: {act: escalate}
explanation: "{grave.rule} and {big.claimed}"
examples:
  - fires: true
    facts:
      - flag: {rule: x, severity: critical, score: 50}
      - claim: {claimed: 1000.50}
  - fires: false
    facts:
      - flag: {rule: x, severity: medium, score: 50}
      - claim: {claimed: 1000.50}
"""


def refused(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "rule.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(Refused) as caught:
        read_routing(tmp_path, 2)
    for problem in caught.value.problems:
        assert problem.remedy is not None
        assert all(problem.told(language) for language in LANGUAGES)
    return [
        f"{problem.place.line}:{problem.place.column} {say(problem.what)}"
        for problem in caught.value.problems
    ]


def test_a_rule_is_read_and_its_values_are_typed(tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(RULE, "utf-8")
    rule = read_rule(path, 2)
    grave, big = rule.patterns
    assert [(test.field.name, test.sign, test.to) for test in grave.tests] == [
        ("severity", ">=", 2),
        ("score", ">=", 50),
    ]
    assert big.tests[0].to == 100050
    assert rule.examples[0][1] == (
        fact("flag", rule="x", severity=3, score=50),
        fact("claim", claimed=100050),
    )


def test_no_folder_is_a_routing_without_rules(tmp_path: Path) -> None:
    assert read_routing(tmp_path / "nowhere", 2).rules == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("flag where severity", "flagg where severity", "5:10 there is no kind of fact flagg"),
        ("severity >= high", "severity >= hihg", "5:33 hihg is no word here"),
        ("severity >= high", "severty >= high", "5:21 a flag has no field severty"),
        ("severity >= high", "rule > 'x'", "5:26 `>` does not fit rule"),
        ("severity >= high", "rule = x", "5:28 rule is compared with a text"),
        ("severity >= high", "severity = 'high'", "5:32 severity is compared with a word"),
        ("severity >= high", "score = high", "5:29 score is compared with a number"),
        ("claimed >= 1000.50", "claimed >= '1'", "6:31 claimed is compared with an amount"),
        ("score >= 50", "score >= 50.5", "5:51 50.5 is no value for score"),
        ("claimed >= 1000.50", "claimed >= 1000.505", "6:31 1000.505 is no value for claimed"),
        ("claimed >= 1000.50", "claimed >= grave.score", "6:31 claimed and grave.score do not go together"),
        ("claimed >= 1000.50", "claimed >= graver.score", "6:31 no earlier fact is called graver"),
        ("score >= 50", "score >= big.lines", "5:51 no earlier fact is called big"),
        ("severity >= high and", "severity >= high or", "5:30 here is room for comparisons only"),
        ("severity >= high", "not severity >= high", "5:21 here is room for comparisons only"),
        ("severity >= high", "severity in [high]", "5:30 here is room for comparisons only"),
        ("score >= 50", "score >= 5 * 10", "5:53 score is compared with a number"),
        ("score >= 50", "50 <= score", "5:42 a comparison begins with a field of the fact"),
        ("flag where severity >= high and score >= 50", "flag if it is grave", "5:10 this names no fact"),
        ("  big: claim", "  so big: claim", "6:3 so big is no name for a fact"),
        ("{big.claimed}", "{big.amount}", "8:14 a claim has no field amount"),
        ("{big.claimed}", "{big", "8:14 the braces of the explanation cannot be read"),
        ("{big.claimed}", "{big.claimed:unit}", "8:14 the braces of the explanation cannot be read"),
        (
            "{big.claimed}",
            "{grave.rule:rule|rules}",
            "8:14 grave.rule is no number that could choose between a singular and a plural",
        ),
        ("act: escalate", "act: pay", "7:13 `pay` is no word that is known here"),
        ("act: escalate", "return: {reason: MED-01}", None),
        ("{act: escalate}", "{act: escalate, finding: x}", "7:7 a routing rule concludes one thing"),
        ("severity: critical", "severity: grave", "12:35 grave is no word for severity"),
        ("rule: x, severity: critical", "rle: x, severity: critical", "12:16 a flag has no field rle"),
        ("- flag: {rule: x, severity: critical", "- flags: {rule: x, severity: critical", None),
        ("fires: false", "fires: true", None),
        ("severity: medium", "severity: high", "14:12 example 2 must not fire, but it does"),
        ("severity: critical", "severity: low", "10:12 example 1 must fire, but it does not"),
        ("{act: escalate}", "{finding: ''}", None),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, expected: str | None) -> None:
    assert old in RULE
    found = refused(tmp_path, RULE.replace(old, new, 1))
    assert found
    if expected is not None:
        assert expected in found


def test_several_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = RULE.replace("severity >= high", "severity >= hihg").replace("claimed >= 1000.50", "claim = 3", 1)
    assert refused(tmp_path, text) == ["5:33 hihg is no word here", "6:20 a claim has no field claim"]


def test_text_in_quotes_and_blocks_keeps_its_place(tmp_path: Path) -> None:
    block = RULE.replace("flag where severity >= high and score >= 50", ">\n    flag where severity >= hihg")
    assert refused(tmp_path, block) == ["6:28 hihg is no word here"]
    quoted = RULE.replace("flag where severity >= high and score >= 50", '"flag where severity >= hihg"')
    assert refused(tmp_path, quoted) == ["5:34 hihg is no word here"]


def test_a_finding_that_nobody_concludes_is_refused(tmp_path: Path) -> None:
    text = RULE.replace("claim where claimed >= 1000.50", 'finding where name = "no such"')
    text = text.replace("big.claimed", "big.name").replace(
        "claim: {claimed: 1000.50}", "finding: {name: no such}"
    )
    assert refused(tmp_path, text) == ["6:8 no rule concludes the finding no such"]


def test_names_are_taken_once_and_there_are_not_too_many_rules(tmp_path: Path) -> None:
    for number in range(MOST_RULES + 1):
        (tmp_path / f"{number:02}.yaml").write_text(RULE.replace("big-and-grave", f"r{number}"), "utf-8")
    (tmp_path / "00.yaml").write_text(RULE.replace("big-and-grave", "r1"), "utf-8")
    with pytest.raises(Refused) as caught:
        read_routing(tmp_path, 2)
    assert [say(problem.what) for problem in caught.value.problems] == [
        "there is another routing rule r1",
        f"{MOST_RULES + 1} routing rules",
    ]
