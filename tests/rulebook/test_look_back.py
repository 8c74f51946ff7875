"""A run looks back on the claims of earlier months: it sees what it would see if they were of the run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import cli
from adjudicator.explain import explain_claim, inputs_of_run
from adjudicator.generation import generate
from adjudicator.presentation.explanation import as_record
from adjudicator.problems import Refused
from adjudicator.run import run_month
from adjudicator.run_explained import explained_run

JANUARY, FEBRUARY = "2026-01", "2026-02"

AGAIN = """\
rule: seen-lately
title: {en: seen lately, fr: vu récemment}
rationale: a contract says so
source: a test
severity: medium
level: claim
when: exists(claims of insuree and facility, within 20 days before)
values:
  times: count(claims of insuree and facility, within 20 days before)
explanation:
  en: "seen {times} times lately"
  fr: "vu {times} fois récemment"
then: {reject: {reason: {en: seen lately, fr: vu récemment}}}
examples:
  - fires: true
    claim: {claim.insuree: A, claim.facility: F, claim.date_from: 2026-02-01}
    others:
      - claim: {claim.insuree: A, claim.facility: F, claim.date_from: 2026-01-25}
  - fires: false
    claim: {claim.insuree: A, claim.facility: F, claim.date_from: 2026-02-01}
"""

Flags = set[tuple[Any, ...]]


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("looked") / "scheme"
    generate(folder, 1_200, 2, 9)
    return folder


def month(country: Path, name: str) -> Path:
    return country / "claims" / name


def flags(run: Path, of: Path) -> Flags:
    """Give the flags of the claims of a month."""
    numbers = set(pq.read_table(of / "claims.parquet")["claim"].to_pylist())
    rows = pq.read_table(run / "flags.parquet").to_pylist()
    return {tuple(row.values()) for row in rows if row["claim"] in numbers}


def test_earlier_months_are_seen_as_if_they_were_of_the_run(country: Path, tmp_path: Path) -> None:
    january, february = month(country, JANUARY), month(country, FEBRUARY)
    run_month(country, [january, february], tmp_path / "together")
    run_month(country, [february], tmp_path / "after", looked_back=[january])
    run_month(country, [february], tmp_path / "alone")
    after = flags(tmp_path / "after", february)
    assert after == flags(tmp_path / "together", february)
    assert after > flags(tmp_path / "alone", february)


def test_it_does_not_matter_in_which_parts_they_come(country: Path, tmp_path: Path) -> None:
    january, february = month(country, JANUARY), month(country, FEBRUARY)
    claims, lines = (pq.read_table(january / f"{name}.parquet") for name in ("claims", "claim_lines"))
    parts = []
    for place in range(3):
        part = tmp_path / str(place)
        part.mkdir()
        some = claims.take(pa.array(range(len(claims) - 1 - place, -1, -3)))
        pq.write_table(some, part / "claims.parquet")
        of_some = pc.is_in(lines["claim"], value_set=some["claim"].combine_chunks())
        pq.write_table(lines.filter(of_some), part / "claim_lines.parquet")
        parts.append(part)
    run_month(country, [february], tmp_path / "one", looked_back=[january], threads=1)
    # What is decided now is not of the past as well.
    run_month(country, [february], tmp_path / "many", looked_back=[*parts, february], threads=2)
    for file in ("flags.parquet", "claim_decisions.parquet", "line_decisions.parquet"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "many" / file).read_bytes()


def test_what_a_rule_rejects_by_an_earlier_month_is_explained(country: Path, tmp_path: Path) -> None:
    rule = country / "rules" / "seen-lately.yaml"
    rule.write_text(AGAIN, "utf-8")
    out = tmp_path / "out"
    try:
        run_month(country, [month(country, FEBRUARY)], out, looked_back=[month(country, JANUARY)])
        rows = pq.read_table(out / "flags.parquet").to_pylist()
        rejected = sorted((row["facility"], row["claim"]) for row in rows if row["rule"] == "seen-lately")
        told = explain_claim(rejected[0][1], inputs_of_run(out), rejected[0][0])
        notes = explained_run(out)
    finally:
        rule.unlink()
    assert "seen-lately" in json.dumps(as_record(told, "en"))
    decided = pq.read_table(out / "claim_decisions.parquet").to_pylist()
    valuated = {(row["facility"], row["claim"]): row["valuated"] for row in decided}
    assert not any(valuated[name] for name in rejected)
    assert set(rejected) <= set(notes)


def test_earlier_claims_that_change_are_noticed_and_rows_that_cannot_be_read_told_of(
    country: Path, tmp_path: Path
) -> None:
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    for name in ("claims", "claim_lines"):
        table = pq.read_table(month(country, JANUARY) / f"{name}.parquet")
        pa.csv.write_csv(table, earlier / f"{name}.csv")
    with (earlier / "claims.csv").open("a") as file:
        file.write("nonsense\n")
    done = run_month(country, [month(country, FEBRUARY)], tmp_path / "out", looked_back=[earlier])
    assert "could not be read" in done.warnings[-1].told()
    (earlier / "claims.csv").write_text("changed")
    with pytest.raises(Refused, match="not what it was"):
        inputs_of_run(tmp_path / "out")


def test_what_was_filed_later_or_is_named_twice_does_not_count(country: Path, tmp_path: Path) -> None:
    january, february = month(country, JANUARY), month(country, FEBRUARY)
    days = pq.read_table(january / "claims.parquet")["date_claimed"]
    later = pc.greater(pq.read_table(february / "claims.parquet")["date_claimed"], pc.max(days))
    assert pc.all(later).as_py()
    run_month(country, [january], tmp_path / "alone")
    done = run_month(country, [january], tmp_path / "later", looked_back=[february])
    assert done.looked_back == 0
    once = run_month(country, [february], tmp_path / "once", looked_back=[january])
    twice = run_month(
        country, [february], tmp_path / "twice", looked_back=[january, january / ".." / JANUARY]
    )
    assert once.looked_back == twice.looked_back == len(days)
    for one, other in (("alone", "later"), ("once", "twice")):
        assert (tmp_path / one / "flags.parquet").read_bytes() == (
            tmp_path / other / "flags.parquet"
        ).read_bytes()


def test_a_run_says_what_its_rules_saw(country: Path, tmp_path: Path) -> None:
    said = []
    for place, options in enumerate(([], ["--look-back", str(month(country, JANUARY))])):
        arguments = ["run", str(country), "--claims", str(month(country, FEBRUARY)), *options]
        done = CliRunner().invoke(cli.main, [*arguments, "--out", str(tmp_path / str(place)), "--lang", "en"])
        assert done.exit_code == 0
        said.append(done.output)
    assert "saw the claims of this run alone" in said[0]
    earlier = len(pq.read_table(month(country, JANUARY) / "claims.parquet"))
    assert f"looked back on {earlier:,} earlier claims" in said[1]
