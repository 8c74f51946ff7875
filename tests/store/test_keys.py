"""Keys: what must never be is refused by the database itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from adjudicator.problems import Refused
from adjudicator.store import runs
from adjudicator.store.database import Database
from adjudicator.store.journal import Act
from adjudicator.store.schema import (
    BALANCES,
    CLAIM_DECISIONS,
    CLAIM_LINES,
    CLAIMS,
    LINE_DECISIONS,
    METADATA,
    OPEN_RUN,
    RUNS,
    UNDECIDED,
)


def put(database: Database, table: sa.Table, **values: Any) -> None:
    """Add a row; what is not given is some value of its type."""
    row = {
        column.name: values.get(column.name, _some(column)) for column in table.columns if not column.nullable
    }
    with database.writing() as connection:
        connection.execute(sa.insert(table).values(row | values))


def _some(column: sa.Column[Any]) -> Any:
    if isinstance(column.type, sa.Text):
        return "x"
    return dt.date(2025, 1, 1) if isinstance(column.type, sa.Date) else 1


def refused(database: Database, table: sa.Table, **values: Any) -> None:
    """Make sure that a row is refused, with words for people."""
    with pytest.raises(Refused) as caught:
        put(database, table, **values)
    assert [problem.what.key for problem in caught.value.problems] == ["store.constraint"]


def test_a_version_of_a_decision_is_booked_once(database: Database) -> None:
    put(database, CLAIM_DECISIONS, run=1, claim_id=1, version=1, entry=1)
    refused(database, CLAIM_DECISIONS, run=1, claim_id=1, version=1, entry=1)
    refused(database, CLAIM_DECISIONS, run=2, claim_id=1, version=1, entry=1)
    put(database, CLAIM_DECISIONS, run=2, claim_id=1, version=1, entry=-1)
    put(database, CLAIM_DECISIONS, run=2, claim_id=1, version=2, entry=1)


def test_a_version_of_a_decision_is_taken_back_once(database: Database) -> None:
    put(database, CLAIM_DECISIONS, run=1, claim_id=1, version=1, entry=1)
    put(database, CLAIM_DECISIONS, run=2, claim_id=1, version=1, entry=-1)
    refused(database, CLAIM_DECISIONS, run=3, claim_id=1, version=1, entry=-1)


def test_a_run_decides_a_claim_and_a_line_once(database: Database) -> None:
    put(database, CLAIM_DECISIONS, run=1, claim_id=1, version=1, entry=1)
    refused(database, CLAIM_DECISIONS, run=1, claim_id=1, version=2, entry=1)
    put(database, LINE_DECISIONS, run=1, claim_id=1, line=1, entry=1)
    refused(database, LINE_DECISIONS, run=1, claim_id=1, line=1, entry=1)


def test_entries_are_decisions_or_reversals(database: Database) -> None:
    for table in METADATA.sorted_tables:
        if "entry" in table.c and not table.foreign_keys:
            for entry in (0, 2, -2):
                refused(database, table, entry=entry)


def test_a_claim_has_one_number_at_its_facility(database: Database) -> None:
    put(database, CLAIMS, claim_id=1, facility="H1", claim="1")
    refused(database, CLAIMS, claim_id=2, facility="H1", claim="1")
    refused(database, CLAIMS, claim_id=1, facility="H1", claim="2")
    put(database, CLAIMS, claim_id=3, facility="H2", claim="1")
    put(database, CLAIM_LINES, claim_id=1, line=1)
    refused(database, CLAIM_LINES, claim_id=1, line=1)
    put(database, UNDECIDED, claim_id=1)
    refused(database, UNDECIDED, claim_id=1)


def test_a_balance_is_written_once_by_a_run(database: Database) -> None:
    put(database, BALANCES, policy="P", insuree="I", run=1)
    refused(database, BALANCES, policy="P", insuree="I", run=1)


def test_one_run_is_open(database: Database) -> None:
    put(database, OPEN_RUN, one=1, run=1)
    refused(database, OPEN_RUN, one=1, run=2)
    refused(database, OPEN_RUN, one=2, run=2)


def test_a_run_belongs_to_an_entry_of_the_journal(database: Database) -> None:
    refused(database, RUNS, run=1, journal=1, kind="adjudication")


def test_another_plan_removes_what_an_open_run_has_written(database: Database) -> None:
    with database.writing() as connection:
        assert runs.open_run(connection, 1, "a plan") == {}
        runs.write_partition(connection, 1, "a plan", 0, {}, "hash")
    put(database, CLAIM_DECISIONS, run=1, claim_id=1)
    with database.writing() as connection:
        assert runs.open_run(connection, 1, "a plan") == {0: "hash"}
        assert runs.open_run(connection, 1, "another plan") == {}
    with database.reading() as connection:
        assert connection.execute(sa.select(CLAIM_DECISIONS)).all() == []
        assert runs.open_plan(connection) == (1, "another plan")


def test_a_run_whose_place_was_taken_writes_and_publishes_nothing(database: Database) -> None:
    with database.writing() as connection:
        runs.open_run(connection, 1, "a plan")
    with database.writing() as connection:
        runs.open_run(connection, 1, "another plan")
    with pytest.raises(Refused) as written, database.writing() as connection:
        runs.write_partition(connection, 1, "a plan", 0, {}, "hash")
    with pytest.raises(Refused) as published, database.writing() as connection:
        runs.publish(connection, Act("somebody", "adjudicate"), 1, "a plan", "adjudication", "", {})
    for refused in (written, published):
        assert [problem.what.key for problem in refused.value.problems] == ["store.taken_over"]
    with database.reading() as connection:
        assert runs.open_plan(connection) == (1, "another plan")
