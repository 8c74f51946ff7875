"""What people write who know medicine and no programming is understood, or refused with what to write."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from click.testing import CliRunner

from adjudicator.problems import Problem, Refused
from adjudicator.rulebook.examples import try_examples
from adjudicator.rulebook.flags import ODD, explanation, fire
from adjudicator.rulebook.read import CompiledRule, read_rule, read_rules
from adjudicator.rulebook.rows import ClaimRow, universe_of
from adjudicator.units import LARGEST_AMOUNT
from adjudicator.words import LANGUAGES
from cli import main

FRAME = """\
rule: r
title: a title
rationale: a reason
source: a test
severity: low
level: claim
status: draft
when: |
  {when}
explanation: "{told}"
then: {then}
{more}"""
FLAG = "{flag: {queue: q, score: 1}}"


def read(
    folder: Path, when: str, told: str = "it fired", then: str = FLAG, more: str = "", name: str = "r"
) -> CompiledRule:
    path = folder / "r.yaml"
    text = FRAME.format(when=when, told=told, then=then, more=more)
    path.write_text(text.replace("rule: r\n", f"rule: {name}\n", 1), "utf-8")
    return read_rule(path, 2)


def problems(
    folder: Path, when: str, told: str = "it fired", then: str = FLAG, more: str = ""
) -> list[Problem]:
    with pytest.raises(Refused) as refused:
        read(folder, when, told, then, more)
    for problem in refused.value.problems:
        assert all(problem.told(language) for language in LANGUAGES)
    return refused.value.problems


HABITS = [
    # Other languages, and word processors.
    ("claim.nights == 3", "rules.character.meant", 16),
    ("claim.nights <> 3", "rules.character.meant", 16),
    ("claim.nights => 3", "rules.character.meant", 16),
    ("claim.nights ≥ 3", "rules.character.meant", 16),
    ("claim.in_patient && claim.nights > 3", "rules.character.meant", 20),
    ("claim.facility = “H1”", "rules.character.meant", 20),
    ('claim.facility = "H1', "rules.open_quote", 20),
    ("claim.claimed / 2 > 5", "rules.division", 17),
    ("claim.target_date > 31/12/2026", "rules.division", 25),
    ("claim.nights > 3 # long", "rules.comment", 20),
    ("claim.diagnosis in [A00", "rules.open_bracket", 22),
    ("claim.diagnosis in A00..A09", "rules.bare_range", 25),
    ("сlaim.in_patient", "rules.character", 3),
    ("claim.nights > ٣", "rules.character", 18),
    # Numbers.
    ("claim.claimed > 1,000", "rules.number_in_parts", 19),
    ("claim.claimed > 1 000", "rules.number_in_parts", 19),
    ("patient.age > 18.5", "rules.no_number", 17),
    ("patient.age between 10 and 5", "rules.between_reversed", 23),
    ("claim.target_date between 2026-02-01 and 2026-01-01", "rules.between_reversed", 29),
    ("patient.age >= 5 and <= 10", "rules.compared_again", 24),
    ("5 <= patient.age <= 10", "rules.compared_again", 20),
    ("claim.nights > " + "9" * 5000, "rules.number_too_large", 18),
    ("claim.weekday in [²]", "rules.no_number", 21),
    ("claim.weekday in [1, 99999999999999999999999]", "rules.number_too_large", 24),
    ("share(claim.in_patient, claims of facility) > 0.5", "rules.percent_sign", 49),
    ("share(claim.in_patient, claims of facility) > 101%", "rules.share_above_all", 47),
    # Texts, words and days.
    ("claim.diagnosis = B54", "rules.no_quotes", 21),
    ('patient.sex = "female"', "rules.needless_quotes", 17),
    ('claim.target_date > "2026-02-03"', "rules.needless_quotes", 23),
    ("claim.in_patient = yes", "rules.truth_compared", 20),
    ("claim.referred_from = facility", "rules.unknown_field.near", 25),
    ('"B54" = "B54"', "rules.nothing_asked", 9),
    ('"B54" is given', "rules.nothing_asked", 9),
    ("claim.diagnoses = claim.diagnosis", "rules.several", 19),
    # Sets.
    ('claim.diagnosis = "B5*"', "rules.text_is_set", 19),
    ('claim.diagnosis != "A00..A09"', "rules.text_is_set", 19),
    ("claim.diagnosis in [A09..A00]", "rules.range_reversed", 23),
    ("claim.diagnosis in [A00-A09]", "rules.range_hyphen", 23),
    ("claim.diagnosis in [A00..]", "rules.range", 23),
    ("claim.diagnosis in [A00 .. A09]", "rules.range", 27),
    ("claim.diagnosis in [A00...A09]", "rules.range", 23),
    ("claim.diagnosis in [A00..A09*]", "rules.range", 23),
    ("claim.diagnosis in [A*B]", "rules.star", 23),
    ("exists(lines of claim, where line.code in [X1..X10])", "rules.range_uneven", 46),
    ("exists(lines of claim, where line.code in [LAB01-LAB05])", "rules.range_hyphen", 46),
    ("claim.diagnosis in @fever", "rules.no_sets", 22),
    ("claim.target_date in [13-01]", "rules.no_day", 25),
    # Looks.
    ("count(claims of insuree, within 3 days before, same month) > 3", "rules.window_twice", 50),
    ("count(claims of insuree, same facility, other facility) > 3", "rules.facility_twice", 43),
    ("exists(claims of insuree, at least 3)", "rules.at_least", 3),
    ("count(claims of insuree, filed earlier, this claim too) > 3", "rules.own_never", 3),
    ("count(claims of insuree, within -3 days) > 3", "rules.whole_number", 35),
    ("sum(claims of facility) > 3", "rules.measure_missing", 7),
    ("peers(count(claims of facility) by facility among facility.level, 150) < 5", "rules.rank", 3),
    (
        "peers(days_since(claims of facility) by facility among facility.level, 50) < 5",
        "rules.peers_of_look",
        9,
    ),
    # What is so deep that a walk through it would fall.
    ("not " * 3000 + "claim.in_patient", "rules.too_deep", 159),
    ("claim.nights > " + "1+" * 5000 + "1", "rules.too_deep", None),
    ("claim.nights > " + "1*" * 3000 + "1", "rules.too_deep", None),
    # The end, where it is and not on the next line.
    ("(claim.nights > 3", "rules.unexpected", 20),
]


@pytest.mark.parametrize(("when", "key", "column"), HABITS)
def test_a_habit_is_answered(when: str, key: str, column: int | None, tmp_path: Path) -> None:
    (found,) = problems(tmp_path, when)
    assert (found.what.key, found.place.line) == (key, 9)
    assert column in (None, found.place.column)


@pytest.mark.parametrize(
    "when",
    [
        "claim.days_to_file < -5",
        "3 + claim.target_date >= claim.date_claimed",
        'claim.diagnosis in ["B 54", B55]',
        "claim.nights > 3 and\u00a0claim.in_patient",
        "(" * 30 + "claim.nights > " + "+".join("1" * 40) + ")" * 30,
    ],
)
def test_what_is_natural_is_understood(when: str, tmp_path: Path) -> None:
    assert read(tmp_path, when).condition


def test_all_mistakes_of_a_condition_at_once(tmp_path: Path) -> None:
    when = "patient.agee > 3\n  and (claim.diagnosis = B54 or claim.nights > 2.5)\n  and claim.claimed > 1"
    found = [(p.what.key, p.place.line) for p in problems(tmp_path, when)]
    assert found == [("rules.unknown_field.near", 9), ("rules.no_quotes", 10), ("rules.no_number", 10)]


def test_mistakes_of_the_form_do_not_hide_those_of_the_condition(tmp_path: Path) -> None:
    found = problems(tmp_path, "patient.agee > 3", then="{flag: {queue: q, score: 101}}")
    assert [p.what.key for p in found] == ["rules.unknown_field.near", "rules.score"]


def test_a_mistake_in_a_named_set_is_shown_in_the_set(tmp_path: Path) -> None:
    more = "sets:\n  fever: [R50, R59..R51]\n  again: [A00]\n"
    (found,) = problems(tmp_path, "claim.diagnosis in @fever", more=more)
    assert (found.what.key, found.place.line, found.place.column) == ("rules.range_reversed", 13, 16)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("sets: [A00]\n", "rules.expects_keys"),
        ("values: [claim.nights]\n", "rules.expects_keys"),
        ("values: {x: '\"B54\"'}\n", "rules.nothing_asked"),
        ("examples: [{fires: true, claim: []}]\n", "rules.expects_keys"),
        ("examples: [{fires: true, others: [{times: 999999}]}]\n", "rules.times"),
        ("examples: [{fires: true, claim: {claim.facility: [a, b]}}]\n", "rules.example_value"),
        ("examples: [{fires: true, claim: {claim.diagnoses: {a: b}}}]\n", "rules.example_value"),
        (
            "examples: [{fires: true, claim: {claim.claimed: 999999999999999999999999}}]\n",
            "rules.example_value",
        ),
        ("examples: [{fires: true, claim: {patient.sex: femme}}]\n", "rules.example_value"),
    ],
)
def test_a_form_that_cannot_be_meant(more: str, key: str, tmp_path: Path) -> None:
    assert [p.what.key for p in problems(tmp_path, "claim.in_patient", more=more)] == [key]


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("level: claim", "level: person", "rules.level_of_history"),
        ("rule: r", "rule: a rule", "rules.rule_name"),
        ("rule: r", f"rule: {'x' * 81}", "rules.rule_name"),
        ("rule: r", "rule: a;b", "rules.rule_name"),
        (FLAG, "{sample: {queue: q, share: 0%}}", "rules.share_of_none"),
        ("it fired", "{}", "rules.braces"),
    ],
)
def test_a_word_that_cannot_be_meant(before: str, after: str, key: str, tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    text = FRAME.format(when="claim.in_patient", told="it fired", then=FLAG, more="")
    path.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(Refused) as refused:
        read_rule(path, 2)
    assert {p.what.key for p in refused.value.problems} == {key}


def test_files_whose_names_are_written_large_are_read_too(tmp_path: Path) -> None:
    read(tmp_path, "claim.in_patient")
    (tmp_path / "r.yaml").rename(tmp_path / "R.YAML")
    assert [rule.name for rule in read_rules(tmp_path, 2)] == ["r"]


def test_a_link_that_leads_nowhere_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(Refused) as refused:
        read_rules(tmp_path, 2)
    assert [p.what.key for p in refused.value.problems] == ["product.unreadable"]


def test_the_file_of_the_other_rule_of_that_name_is_named(tmp_path: Path) -> None:
    read(tmp_path, "claim.in_patient")
    (tmp_path / "s.yaml").write_text((tmp_path / "r.yaml").read_text("utf-8"), "utf-8")
    with pytest.raises(Refused) as refused:
        read_rules(tmp_path, 2)
    assert [str(tmp_path / "r.yaml") in p.told("en") for p in refused.value.problems] == [True]


def test_a_rule_whose_name_is_mistyped_is_guessed(tmp_path: Path) -> None:
    read(tmp_path, "claim.in_patient", name="stays-too-long")
    result = CliRunner().invoke(main, ["rules", "show", "stay-to-long", str(tmp_path)])
    assert result.exit_code != 0
    assert "did you mean stays-too-long?" in " ".join(result.output.split())


# What is understood, and was not.

CASES = """\
examples:
  - fires: true
    claim: {claim.diagnoses: [S61, N92], claim.facility: F1}
  - fires: false
    claim: {claim.diagnoses: [S61]}
  - fires: false
"""


def test_an_example_that_does_not_fire_says_what_is_not_true_of_it(tmp_path: Path) -> None:
    more = "examples: [{fires: true, claim: {claim.diagnosis: B54, patient.age: 3}}]\n"
    when = 'claim.diagnosis = "B54"\n  and (patient.age > 5\n       or claim.in_patient)'
    (problem,) = try_examples(read(tmp_path, when, more=more)).problems
    assert problem.remedy is not None
    assert problem.remedy.values["parts"] == ["`(patient.age > 5 or claim.in_patient)`"]
    assert all(problem.told(language) for language in LANGUAGES)


@pytest.mark.parametrize(
    ("when", "wrong"),
    [
        ('claim.diagnoses = "N92"', []),
        ('claim.diagnoses != "S61"', [1]),
        ('not claim.diagnoses != "N92"', []),
        ("claim.diagnoses is given", [2]),
        ("claim.diagnoses is missing", [1, 3]),
    ],
)
def test_what_a_claim_has_several_of(when: str, wrong: list[int], tmp_path: Path) -> None:
    tried = try_examples(read(tmp_path, when, more=CASES))
    assert [problem.what.values["number"] for problem in tried.problems] == wrong


def test_all_diagnoses_and_a_yes_or_no_are_told(tmp_path: Path) -> None:
    rule = read(tmp_path, 'claim.diagnoses = "N92"', told="{claim.diagnoses}: {claim.in_patient}")
    claims = [
        ClaimRow({"claim.in_patient": 1}, (), 0, several={"claim.diagnoses": ("S61", "N92")}),
        ClaimRow({"claim.in_patient": 0}, (), 1, several={"claim.diagnoses": ("N92",)}),
        ClaimRow({}, (), 2, several={"claim.diagnoses": ()}),
    ]
    (fired,) = fire([_on_trial(rule)], universe_of(claims), rejecting=False)
    told = [explanation(rule, fired.told(place), 2, language) for place in (0, 1) for language in LANGUAGES]
    assert told == ["S61, N92: yes", "S61, N92: oui", "N92: no", "N92: non"]


def test_a_day_beyond_all_calendars_is_not_told(tmp_path: Path) -> None:
    more = "values: {later: claim.target_date + 99999999}\n"
    rule = read(tmp_path, "claim.target_date is given", told="{later}", more=more)
    (fired,) = fire(
        [_on_trial(rule)], universe_of([ClaimRow({"claim.target_date": 1}, (), 0)]), rejecting=False
    )
    assert explanation(rule, fired.told(0), 2, "en") == "–"


LARGE = 2**62 - 1


@pytest.mark.parametrize(
    "when",
    [
        # Each of three sums is small enough; together they go beyond the largest number.
        " + ".join(["sum(claim.claimed, claims of insuree, this claim too)"] * 3) + " > 0",
        "0 - (" + " + ".join(["sum(claim.claimed, claims of insuree, this claim too)"] * 3) + ") < 0",
        "average(claim.claimed, claims of insuree, at least 1) > 0",
    ],
)
def test_what_would_go_beyond_the_largest_number_is_told_of(when: str, tmp_path: Path) -> None:
    amounts = [2**62 - 2**10, 20_000]
    claims = [
        ClaimRow({"claim.claimed": amount, "claim.insuree": person}, (), place)
        for place, (amount, person) in enumerate(zip(amounts, "AB", strict=True))
    ]
    assert LARGEST_AMOUNT < amounts[0] < LARGE
    fired, *odd = fire([_on_trial(read(tmp_path, when))], universe_of(claims), rejecting=False)
    assert fired.claim.tolist() == [1]
    assert [(one.claim.tolist(), one.told(0)) for one in odd] == [([0], {ODD: True})]


@pytest.mark.parametrize(
    ("look", "least"),
    [
        ("sum(claim.claimed, claims of facility)", "> 6"),
        ("count(claims of facility, where claim.claimed > 300)", ">= 1"),
    ],
)
def test_peers_are_the_same_in_any_order_of_claims(look: str, least: str, tmp_path: Path) -> None:
    rule = _on_trial(read(tmp_path, f"peers({look} by facility among facility.level, 50) {least}"))
    rows = [("F1", 500), ("F1", 200), ("F2", 100), ("F2", 700)]
    found = set()
    for order in permutations(rows):
        claims = [
            ClaimRow({"claim.facility": name, "facility.level": 1, "claim.claimed": amount}, (), place)
            for place, (name, amount) in enumerate(order)
        ]
        (fired,) = fire([rule], universe_of(claims), rejecting=False)
        found.add(frozenset(order[claim] for claim in fired.claim.tolist()))
    assert len(found) == 1


def _on_trial(rule: CompiledRule) -> CompiledRule:
    return replace(rule, definition=rule.definition.model_copy(update={"status": "shadow"}))
