"""A month that is flagged: the same flags for any threads and order, and lines that a rule rejects."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adjudicator.explain import explain_claim
from adjudicator.generation import generate
from adjudicator.presentation.explanation import as_record
from adjudicator.run import Where, run_month
from adjudicator.vocabulary import Reason

RULES = Path(__file__).parents[2] / "rules"

LATE = """\
rule: filed-late
title: {en: filed late, fr: facturée tard}
rationale: a contract says so
source: a test
severity: medium
level: claim
when: claim.days_to_file > 20
explanation:
  en: "filed {claim.days_to_file} days after the treatment"
  fr: "facturée {claim.days_to_file} jours après les soins"
then: {reject: {reason: {en: filed too late, fr: facturée trop tard}}}
examples:
  - fires: true
    claim: {claim.date_from: 2026-01-01, claim.date_claimed: 2026-03-01}
  - fires: false
    claim: {claim.date_from: 2026-01-01, claim.date_claimed: 2026-01-02}
"""


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flagged") / "scheme"
    generate(folder, 1500, 1, 5)
    shutil.rmtree(folder / "rules", ignore_errors=True)
    shutil.copytree(RULES, folder / "rules")
    (folder / "rules" / "filed-late.yaml").write_text(LATE, "utf-8")
    return folder


def month(scheme: Path) -> Path:
    return next(iter(sorted((scheme / "claims").iterdir())))


def test_flags_do_not_depend_on_threads_or_order(scheme: Path, tmp_path: Path) -> None:
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    for name in ("claims", "claim_lines"):
        table = pq.read_table(month(scheme) / f"{name}.parquet")
        pq.write_table(table.take(pa.array(range(len(table) - 1, -1, -1))), shuffled / f"{name}.parquet")
    for name, source, threads in (("one", month(scheme), 1), ("two", shuffled, 2)):
        run_month(scheme, [source], tmp_path / name, name="month", threads=threads)
    for file in ("flags.parquet", "claim_decisions.parquet", "line_decisions.parquet"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert len(pq.read_table(tmp_path / "one" / "flags.parquet"))


def test_a_rule_rejects_before_a_claim_is_decided(scheme: Path, tmp_path: Path) -> None:
    run = run_month(scheme, [month(scheme)], tmp_path / "out")
    flags = pq.read_table(tmp_path / "out" / "flags.parquet").to_pylist()
    late = {row["claim"] for row in flags if row["rule"] == "filed-late"}
    decided = pq.read_table(tmp_path / "out" / "claim_decisions.parquet").to_pylist()
    rejected = {row["claim"] for row in decided if row["reason"] == Reason.RULE}
    assert late
    assert rejected <= late
    assert all(row["valuated"] == 0 for row in decided if row["claim"] in late)
    assert run.summary.lines[Reason.RULE]
    told = next(row for row in flags if row["rule"] == "filed-late")
    assert "days after the treatment" in told["explanation"]
    assert "jours après les soins" in told["explanation_fr"]
    explained = explain_claim(min(rejected), Where(scheme, (month(scheme),), None))
    assert "filed-late" in json.dumps(as_record(explained, "en"))
