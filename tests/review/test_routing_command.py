"""`adjudicator rules route`, as its user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from adjudicator.review.routing import durable
from adjudicator.shipped import shipped_routing
from cli import main

CASE = {
    "facts": [
        {"flag": {"rule": "care-after-death", "queue": "identity", "severity": "critical", "score": 95}},
        {"claim": {"facility": "H042", "level": "hospital"}},
    ]
}


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["rules", "route", *arguments])
    return result.exit_code, " ".join(result.output.split())


def test_without_a_case_the_examples_are_tried() -> None:
    code, output = run()
    assert code == 0
    assert output.startswith(f"{len(shipped_routing())} routing rules are in order")
    assert run(str(shipped_routing()[0].parent))[1] == output


def test_a_case_is_routed_and_told_why(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(CASE), "utf-8")
    code, output = run("--case", str(file))
    assert code == 0
    assert output.startswith("a second medical officer is asked")
    assert "a strong suspicion about a claim of H042, a hospital" in output
    assert run("--case", str(file), "--lang", "fr")[1].startswith("un second médecin-conseil est sollicité")


def test_a_case_of_which_nothing_follows_stays(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text("facts: [case: {flags: 0}]", "utf-8")
    assert run("--case", str(file)) == (0, "it stays where it is")


def test_what_is_wrong_with_a_case_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(CASE).replace("critical", "grave").replace("level", "levl"), "utf-8")
    code, output = run("--case", str(file))
    assert code == 3
    assert "case.json:1:83: grave is no word for severity" in output
    assert "a claim has no field levl" in output


def test_a_back_end_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "installed", lambda: False)
    file = tmp_path / "case.json"
    file.write_text(json.dumps(CASE), "utf-8")
    code, output = run("--durable", "--case", str(file))
    assert code == 0
    assert "durable_rules is not installed" in output
    assert run("--durable")[0] == 1
