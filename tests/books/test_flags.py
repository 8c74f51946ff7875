"""Review rules in the books: the flags of files, a look back on earlier runs, and rejections that stay."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import open_books
from adjudicator.books.claims import load_claims
from adjudicator.books.ledger import current_decisions, rows_of_decisions
from adjudicator.books.readjudication import readjudicate
from adjudicator.books.verification import verify
from adjudicator.run import run_month
from adjudicator.store import bulk
from adjudicator.store.runs import last_run
from adjudicator.store.schema import CLAIMS, FLAGS, LINE_DECISIONS
from adjudicator.vocabulary import Reason
from tests.books.conftest import NewBooks
from tests.books.states import REGISTERED

RULES = Path(__file__).parents[2] / "rules"
BY = "tester"

LATE = """\
rule: never-late
title: filed late
rationale: a contract says so
source: a test
severity: medium
level: claim
when: claim.days_to_file > 10
explanation: filed {claim.days_to_file} days after
then: {reject: {reason: filed too late}}
examples:
  - fires: true
    claim: {claim.date_from: 2026-01-01, claim.date_claimed: 2026-03-01}
  - fires: false
    claim: {claim.date_from: 2026-01-01, claim.date_claimed: 2026-01-02}
"""


@pytest.fixture
def flagged_folder(new_books: NewBooks, country: Path) -> Path:
    folder = new_books(country, REGISTERED)
    shutil.rmtree(folder / "rules", ignore_errors=True)
    shutil.copytree(RULES, folder / "rules")
    (folder / "rules" / "never-late.yaml").write_text(LATE, "utf-8")
    return folder


def months(folder: Path) -> list[Path]:
    return sorted((folder / "claims").iterdir())


def flags(folder: Path, run: int) -> list[tuple[str, str, int, str]]:
    with open_books(folder) as books, books.database.reading() as connection:
        query = (
            sa.select(CLAIMS.c.facility, CLAIMS.c.claim, FLAGS.c.line, FLAGS.c.rule)
            .join(CLAIMS, CLAIMS.c.claim_id == FLAGS.c.claim_id)
            .where(FLAGS.c.run == run)
        )
        return sorted(tuple(row.values()) for row in bulk.read(connection, query).to_pylist())


def test_the_books_flag_what_a_run_on_files_flags(flagged_folder: Path, tmp_path: Path) -> None:
    first = months(flagged_folder)[0]
    run_month(flagged_folder, [first], tmp_path / "out")
    with open_books(flagged_folder) as books:
        load_claims(books, [first], BY)
        adjudicate_books(books, BY)
    on_files = sorted(
        (row["facility"], row["claim"], row["line"] or 0, row["rule"])
        for row in pq.read_table(tmp_path / "out" / "flags.parquet").to_pylist()
    )
    assert flags(flagged_folder, 1) == on_files
    assert on_files


def test_a_claim_of_an_earlier_run_is_seen(flagged_folder: Path, tmp_path: Path) -> None:
    first = months(flagged_folder)[0]
    again = tmp_path / "again"
    again.mkdir()
    copied = renumbered(first, again)
    with open_books(flagged_folder) as books:
        load_claims(books, [first], BY)
        adjudicate_books(books, BY)
        load_claims(books, [again], BY)
        adjudicate_books(books, BY)
        assert not verify(books).findings
    duplicates = {claim for _, claim, _, rule in flags(flagged_folder, 2) if rule == "duplicate-claim"}
    assert copied & duplicates


def renumbered(source: Path, target: Path) -> set[str]:
    """Write the first claims of a month once more, under other numbers."""
    claims = pq.read_table(source / "claims.parquet").slice(0, 20).to_pylist()
    lines = pq.read_table(source / "claim_lines.parquet").to_pylist()
    numbers = {row["claim"]: f"AGAIN-{row['claim']}" for row in claims}
    for name, rows in (("claims", claims), ("claim_lines", [r for r in lines if r["claim"] in numbers])):
        with (target / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows({**row, "claim": numbers[row["claim"]]} for row in rows)
    return set(numbers.values())


def reasons_of_late(folder: Path) -> set[int]:
    """Give the reasons that hold now of the lines of claims that ``never-late`` rejected."""
    with open_books(folder) as books, books.database.reading() as connection:
        query = sa.select(FLAGS.c.claim_id).where(FLAGS.c.rule == "never-late").distinct()
        late = np.array(sorted(connection.scalars(query)), np.int64)
        decisions = current_decisions(connection, late, last_run(connection))
        assert decisions.num_rows == len(late) > 0
        return set(rows_of_decisions(connection, LINE_DECISIONS, decisions)["reason"].to_pylist())


def test_what_a_rule_rejects_stays_rejected(flagged_folder: Path) -> None:
    with open_books(flagged_folder) as books:
        for month in months(flagged_folder):
            load_claims(books, [month], BY)
            adjudicate_books(books, BY)
    before = reasons_of_late(flagged_folder)
    assert Reason.RULE in before
    with open_books(flagged_folder) as books:
        readjudicate(books, BY, ["all"], "a test")
        assert not verify(books).findings
    assert reasons_of_late(flagged_folder) == before
