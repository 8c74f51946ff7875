"""Profiles of senders: what they say, what is wrong with them, and what they let pass."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
from adjudicator.problems import Refused
from adjudicator.words import LANGUAGES, entries, say
from ingest.fhir.claim import read_claim
from ingest.fhir.outcome import Issue, operation_outcome
from ingest.fhir.profile import SHIPPED, TOLERABLE, find_profile, read_profile, recognised, shipped
from tests.ingest.fhir_material import changed, claim, lacking, written

OPENIMIS = shipped("openimis")


def profile(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(f"profile: own\n{text}")
    return path


def keys(issues: list[Issue]) -> list[tuple[str, str, str]]:
    return [
        (issue.severity, issue.what.key.removeprefix("fhir_intake."), issue.expression) for issue in issues
    ]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_ones_are_in_order(name: str) -> None:
    held = shipped(name)
    assert held.profile == name
    assert held.title is not None
    assert find_profile(name) is held
    assert held.facility_from


def test_what_can_be_tolerated_has_words() -> None:
    assert {f"fhir_intake.{key}" for key in TOLERABLE} <= entries().keys()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("extends: bsae\n", "own.yaml:2:10"),
        ("zonne: UTC\n", "own.yaml:2:1"),
        ("zone: Africa/Nowhere\n", "own.yaml:2:7"),
        ("tolerates:\n  requird: [Claim.insurance]\n", "own.yaml:3:3"),
        ("kinds:\n  codes: {drug: itm}\n", "own.yaml:3:17"),
        ("identifiers:\n  patient: {type: Code}\n", "own.yaml:3:12"),
        ("prices: both\n", "own.yaml:2:9"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(Refused) as refused:
        read_profile(profile(tmp_path, text))
    assert all(
        place in problem.told(language) for problem in refused.value.problems for language in LANGUAGES
    )


def test_one_says_only_what_is_different(tmp_path: Path) -> None:
    held = read_profile(profile(tmp_path, "extends: openimis\nvisits: {codes: {X: emergency}}\n"))
    assert held.visits.codes.keys() >= {"O", "R", "E", "X"}
    assert held.identifiers == OPENIMIS.identifiers
    assert not held.recognised_by
    assert held.profile == "own"


def test_senders_are_known_by_what_they_write() -> None:
    assert recognised(written(claim())).profile == "openimis"
    assert recognised(b'{"resourceType":"Claim"}').profile == "base"


def test_what_is_let_pass_is_a_warning(tmp_path: Path) -> None:
    sent = lacking(claim(), "priority")
    assert keys(read_claim(written(sent), OPENIMIS).outcome) == [("error", "required", "Claim.priority")]
    own = read_profile(profile(tmp_path, "extends: openimis\ntolerates: {required: [Claim.priority]}\n"))
    read = read_claim(written(sent), own)
    assert read.accepted
    assert keys(read.outcome) == [("warning", "required", "Claim.priority")]
    # And so it is the thorough way.
    doubtful = read_claim(written(changed(sent, ("created",), "2021-02-05T08:00:00+01:00")), own)
    assert doubtful.accepted


def test_what_cannot_be_used_is_left_out(tmp_path: Path) -> None:
    own = read_profile(profile(tmp_path, "extends: openimis\ntolerates: {wrong_type: [all]}\n"))
    read = read_claim(written(changed(claim(), ("billablePeriod",), 7)), own)
    assert read.claim is not None
    assert read.claim["date_from"] is None
    assert ("warning", "wrong_type", "Claim.billablePeriod") in keys(read.outcome)
    assert not read_claim(written(changed(claim(), ("provider",), 7)), own).accepted


def test_zones_make_days(tmp_path: Path) -> None:
    own = read_profile(profile(tmp_path, "zone: Asia/Kolkata\n"))
    sent = changed(claim(), ("created",), "2021-02-05T23:00:00Z")
    read = read_claim(written(sent), own)
    assert read.claim is not None
    assert read.claim["date_claimed"] == "2021-02-06"
    as_written = read_claim(written(sent), shipped())
    assert as_written.claim is not None
    assert as_written.claim["date_claimed"] == "2021-02-05"


def test_a_period_of_which_only_the_end_is_told_has_a_last_day() -> None:
    read = read_claim(written(changed(claim(), ("billablePeriod",), {"end": "2021-02-04"})), OPENIMIS)
    assert read.claim is not None
    assert (read.claim["date_from"], read.claim["date_to"]) == (None, "2021-02-04")
    assert not read.outcome
    read = read_claim(written(lacking(claim(), "billablePeriod")), OPENIMIS)
    assert keys(read.outcome) == [("warning", "no_dates", "Claim.billablePeriod")]


def test_a_sixth_diagnosis_is_not_lost_silently() -> None:
    many = [
        {"sequence": n, "diagnosisCodeableConcept": {"coding": [{"code": f"D{n}"}]}} for n in range(7, 0, -1)
    ]
    read = read_claim(written(changed(claim(), ("diagnosis",), many)), OPENIMIS)
    assert read.claim is not None
    assert [read.claim[name] for name in ("diagnosis", "diagnosis_1", "diagnosis_4")] == ["D1", "D2", "D5"]
    [issue] = read.outcome
    assert "D6, D7" in say(issue.what, "fr")


def test_an_outcome_has_words_in_the_asked_language() -> None:
    read = read_claim(written(changed(claim(), ("status",), "foo")), OPENIMIS)
    for language, word in (("en", "value"), ("fr", "valeur")):
        outcome = operation_outcome(read.outcome, language)
        [issue] = outcome["issue"]
        assert word in issue["details"]["text"]
        assert issue["details"]["coding"][0]["code"] == "fhir_intake.not_in_value_set"
        assert (issue["severity"], issue["code"]) == ("error", "code-invalid")
        assert issue["expression"] == ["Claim.status"]
    assert operation_outcome([])["issue"][0]["severity"] == "information"


def test_outcomes_are_fhir_themselves() -> None:
    from fhir.resources.R4B import get_fhir_model_class

    model = get_fhir_model_class("OperationOutcome")
    for body in (b"[", written(lacking(claim(), "item")), written(claim()), b"\xff"):
        model.model_validate(operation_outcome(read_claim(body, OPENIMIS).outcome, "fr"))


def test_the_command_says_what_would_come(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(written(claim(1)) + b"\n" + written(changed(claim(2), ("status",), "foo")) + b"\n")
    told = CliRunner().invoke(cli.main, ["fhir", "check", str(path)])
    assert told.exit_code == 1, told.output
    assert "Claim.status" in told.stdout
    told = CliRunner().invoke(
        cli.main, ["fhir", "check", str(path), "--format", "json", "--quick", "--lang", "fr"]
    )
    [record] = [json.loads(line) for line in told.stdout.splitlines()]
    assert (record["row"], record["verdict"]) == (2, "set_aside")
    assert record["outcome"]["language"] == "fr"
    missing = CliRunner().invoke(cli.main, ["fhir", "check", str(path), "--profile", "nobody"])
    assert missing.exit_code == 3
    assert "openimis" in missing.stderr
