"""What a run wrote is read again as it was decided, whatever form it was written in."""

from __future__ import annotations

from pathlib import Path

import pytest

from adjudicator.generation import generate
from adjudicator.run import run_month
from adjudicator.run_folder import decisions_of_run
from adjudicator.vocabulary import Reason

REJECTS_ALL = """\
rule: reject-all
title: all
rationale: a test
source: a test
severity: low
level: claim
when: claim.claimed > 0
explanation: all
then: {reject: {reason: no}}
examples:
  - {fires: true, claim: {claim.claimed: 1}}
  - {fires: false, claim: {claim.claimed: 0}}
"""


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_rejections_of_people_and_rules_are_read_again(tmp_path: Path, form: str) -> None:
    generate(tmp_path / "scheme", 60, 1, 2)
    for rule in (tmp_path / "scheme" / "rules").iterdir():
        rule.unlink()
    (tmp_path / "scheme" / "rules" / "reject-all.yaml").write_text(REJECTS_ALL, "utf-8")
    month = next((tmp_path / "scheme" / "claims").iterdir())
    run = run_month(tmp_path / "scheme", [month], tmp_path / "out", form=form)
    lines = decisions_of_run(tmp_path / "out", 2)["line_decisions"]
    reasons = set(lines["reason"].to_pylist())
    assert int(Reason.RULE) in reasons
    assert len(lines) == run.summary.lines.total()
    assert sum(lines["valuated"].to_pylist()) == run.summary.valuated
