"""Rules held against faults: the counting, and how good the shipped rules are on a made-up scheme."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from adjudicator.generation import generate
from adjudicator.generation.faults import Fault
from adjudicator.problems import Refused
from adjudicator.rulebook.flags import WHOLE_CLAIM, Fired
from adjudicator.rulebook.measure import Faults, measured, together
from adjudicator.rulebook.read import CompiledRule, read_rule
from adjudicator.trial import Trial, try_rules
from cli import main

FAMILIES = 8000
MONTHS = 6
SEED = 11

PRECISION = {
    "caesareans-unlike-peers": 60,
    "care-after-death": 95,
    "care-before-birth": 95,
    "childhood-diagnosis-in-adult": 90,
    "crowded-day": 50,
    "delivery-package-parts": 90,
    "delivery-without-antenatal": 30,
    "duplicate-claim": 95,
    "family-in-far-places": 65,
    "female-diagnosis-in-man": 95,
    "filed-late": 95,
    "laboratory-panel-parts": 80,
    "male-diagnosis-in-woman": 95,
    "near-duplicate-claim": 70,
    "organ-removed-twice": 60,
    "overlapping-stays-elsewhere": 70,
    "price-far-above-list": 95,
    "price-far-above-peers": 90,
    "provision-not-for-age": 90,
    "provision-not-for-sex": 95,
    "provision-unlike-peers": 70,
    "quantity-above-maximum": 90,
    "quantity-far-above-usual": 55,
    "same-operation-again": 60,
    "sudden-growth": 35,
    "weekends-unlike-peers": 45,
}
"""What each rule reaches at least, in percent; a tenth or two below what was measured, here and on a dozen
schemes together (``python -m tests.rulebook.soak``). One does not reach it there: of caesareans that are too
many half are found, since most hospitals that were made up have too few deliveries to tell."""

RECALL = {
    "age_mismatch": 95,
    "caesarean_rate": 60,
    "delivery_without_pregnancy": 25,
    "distant_family": 90,
    "duplicate": 95,
    "ghost_after_death": 95,
    "ghost_before_birth": 95,
    "late_filing": 95,
    "near_duplicate": 90,
    "overlapping_stays": 90,
    "price_above_list": 95,
    "repeat_surgery": 90,
    "sex_mismatch": 95,
    "sudden_growth": 85,
    "too_many_patients": 80,
    "unbundling": 85,
    "upcoded_quantity": 65,
    "weekend_visits": 35,
}
"""What the rules find together of each fault, in percent. Half a year shows few pregnancies whole."""

FALSE_ALARMS = 12
"""Claims in a thousand that active rules flag at most though nothing was planted in them."""


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("measured") / "scheme"
    generate(folder, FAMILIES, MONTHS, SEED)
    return folder


@pytest.fixture(scope="module")
def trial(scheme: Path) -> Trial:
    return try_rules(scheme, sorted((scheme / "claims").iterdir()))


def test_each_rule_is_precise_enough(trial: Trial) -> None:
    reached = {one.rule: one.precision or 0 for one in trial.rules}
    below = {name: reached[name] for name, least in PRECISION.items() if reached[name] < least * 100}
    assert not below


def test_together_they_find_each_fault(trial: Trial) -> None:
    assert set(trial.faults) == set(RECALL) == set(Fault.words())
    below = {
        fault: (found, planted)
        for fault, (found, planted) in trial.faults.items()
        if found * 100 < RECALL[fault] * planted
    }
    assert not below


def test_officers_are_not_flooded(trial: Trial) -> None:
    waiting = {one.rule: one.false for one in trial.rules if _is_active(one.rule)}
    assert sum(waiting.values()) * 1000 <= FALSE_ALARMS * trial.claims, waiting


def test_the_command_prints_what_was_measured(scheme: Path, tmp_path: Path) -> None:
    (tmp_path / "filed-late.yaml").write_text(
        (scheme / "rules" / "filed-late.yaml").read_text("utf-8"), "utf-8"
    )
    month = str(scheme / "claims" / "2026-01")
    for language, word in (("en", "precision"), ("fr", "précision")):
        arguments = ["rules", "measure", str(scheme), "--claims", month, "--rules", str(tmp_path)]
        result = CliRunner().invoke(main, [*arguments, "--lang", language])
        assert result.exit_code == 0, result.output
        assert word in result.output
        assert "late_filing" in result.output


def test_a_scheme_without_faults_is_refused(tmp_path: Path) -> None:
    generate(tmp_path / "sound", 50, 1, 1, faults=False)
    with pytest.raises(Refused, match="no table of planted faults"):
        try_rules(tmp_path / "sound", [tmp_path / "sound" / "claims" / "2026-01"])


def test_faults_in_csv_say_the_same(tmp_path: Path) -> None:
    found = []
    for form in ("csv", "parquet"):
        generate(tmp_path / form, 300, 1, 3, form=form)
        found.append(try_rules(tmp_path / form, [tmp_path / form / "claims" / "2026-01"]))
    assert found[0] == found[1]


# The counting.


def _rule(tmp_path: Path, level: str, finds: str) -> CompiledRule:
    label = "{en: x, fr: y}"
    path = tmp_path / "rule.yaml"
    path.write_text(
        f"rule: x\ntitle: {label}\nrationale: {label}\nsource: none\nstatus: draft\nseverity: low\n"
        f"level: {level}\nwhen: claim.claimed > 1\nexplanation: {label}\n"
        f"then: {{flag: {{queue: q, score: 1}}}}\nfinds: [{finds}]\n"
    )
    return read_rule(path, 2)


def _fired(rule: CompiledRule, claims: list[int], lines: list[int] | None = None) -> Fired:
    places = lines or [WHOLE_CLAIM] * len(claims)
    return Fired(rule, np.array(claims, np.int64), np.array(places, np.int64), {})


def _faults(*labels: tuple[int, int, str]) -> Faults:
    claim, line, fault = zip(*labels, strict=True)
    return Faults(np.array(claim, np.int64), np.array(line, np.int64), tuple(fault))


def test_right_flags_other_faults_and_false_alarms_are_counted_apart(tmp_path: Path) -> None:
    fired = _fired(_rule(tmp_path, "claim", "a"), [1, 2, 3, 4])
    faults = _faults((1, WHOLE_CLAIM, "a"), (2, WHOLE_CLAIM, "b"), (9, WHOLE_CLAIM, "a"))
    found = measured(fired, faults)
    assert (found.hits, found.right, found.beside, found.false, found.wanted) == (4, 1, 1, 2, 2)
    assert found.precision == 33_33
    assert found.recall == 50_00
    assert found.found == {"a": (1, 2)}


def test_a_line_has_to_be_the_line(tmp_path: Path) -> None:
    rule = _rule(tmp_path, "line", "a")
    faults = _faults((1, 10, "a"), (2, 20, "a"), (3, WHOLE_CLAIM, "a"))
    found = measured(_fired(rule, [1, 2, 3], [10, 21, 30]), faults)
    assert (found.right, found.beside, found.false) == (2, 1, 0)


def test_a_rule_that_speaks_of_claims_finds_any_line(tmp_path: Path) -> None:
    found = measured(_fired(_rule(tmp_path, "claim", "a"), [1]), _faults((1, 10, "a"), (1, 11, "a")))
    assert (found.right, found.wanted) == (1, 1)


def test_nothing_flagged_has_no_precision(tmp_path: Path) -> None:
    found = measured(_fired(_rule(tmp_path, "claim", "a"), []), _faults((1, WHOLE_CLAIM, "a")))
    assert found.precision is None
    assert found.recall == 0


def test_rules_find_a_fault_together(tmp_path: Path) -> None:
    rule = _rule(tmp_path, "claim", "a")
    faults = _faults(
        (1, WHOLE_CLAIM, "a"), (2, WHOLE_CLAIM, "a"), (3, WHOLE_CLAIM, "a"), (3, WHOLE_CLAIM, "b")
    )
    assert together([_fired(rule, [1, 3]), _fired(rule, [1, 2])], faults, 4) == {"a": (3, 3), "b": (0, 1)}


def _is_active(name: str) -> bool:
    return read_rule(Path(__file__).parents[2] / "rules" / f"{name}.yaml", 2).definition.status == "active"
