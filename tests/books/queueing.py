"""Officers at work on a queue, for tests: what is flagged and drawn, what they say, and what must hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from adjudicator.books.books import Books
from adjudicator.books.ledger import current_decisions
from adjudicator.books.review import cases
from adjudicator.problems import Refused
from adjudicator.review.cases import CLOSED, replay
from adjudicator.review.decision import Decision, Verdict
from adjudicator.store import journal, runs
from adjudicator.store.journal import Act
from adjudicator.store.schema import (
    CASE_EVENTS,
    CASE_STATES,
    CASES,
    CLAIM_DECISIONS,
    FLAGS,
    JOURNAL,
    SELECTED,
    SELECTIONS,
)
from adjudicator.vocabulary import ClaimStatus
from cli import main

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
"""A Monday."""

AMINA, JOSEPH = "Amina", "Joseph"

ACCEPT = Decision(Verdict.ACCEPT)

REJECT = Decision(Verdict.REJECT, reason="DUP-01", words="the same visit")


def after(minutes: int = 0, days: int = 0) -> dt.datetime:
    return NOON + dt.timedelta(minutes=minutes, days=days)


def accepted(connection: sa.Connection) -> list[int]:
    """Give the accepted claims, those with the highest amounts first."""
    table = CLAIM_DECISIONS
    query = sa.select(table.c.claim_id).where(table.c.status != int(ClaimStatus.REJECTED), table.c.entry == 1)
    return list(connection.execute(query.order_by(table.c.valuated.desc(), table.c.claim_id)).scalars())


def flag(
    books: Books, claim_id: int, rule: str = "PRICE-01", line: int = 0, score: int = 50, version: str = "1"
) -> None:
    with books.database.writing() as connection:
        decisions = current_decisions(connection, np.array([claim_id]), runs.last_run(connection))
        values = journal.canonical({"asked": "12.00"})
        row = {"run": decisions["run"][0].as_py(), "claim_id": claim_id, "line": line, "rule": rule}
        row |= {"version": version, "severity": 1, "score": score, "values": values, "digest": 0}
        connection.execute(sa.insert(FLAGS).values(row))


def select(books: Books, claim_ids: list[int], method: str = "random", purpose: str = "review") -> None:
    with books.database.writing() as connection:
        query = sa.select(sa.func.coalesce(sa.func.max(SELECTIONS.c.selection), 0))
        number = connection.execute(query).scalar_one() + 1
        entry = journal.append(connection, Act("auditor", "select"), {"selection": number})
        values = {"selection": number, "journal": entry, "purpose": purpose, "method": method, "record": "{}"}
        connection.execute(sa.insert(SELECTIONS).values(values))
        rows = [{"selection": number, "claim_id": claim, "probability": 1, "of": 20} for claim in claim_ids]
        connection.execute(sa.insert(SELECTED), rows)


def with_settings(folder: Path, text: str) -> None:
    settings = folder / "scheme.yaml"
    settings.write_text(f"review: {text}\n" + settings.read_text("utf-8"), "utf-8")


def key_of(attempt: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        attempt()
    return refused.value.problems[0].what.key


def consistent(connection: sa.Connection) -> None:
    """Make sure that the queue is what the events say, and that every event is in the journal."""
    numbers = connection.execute(sa.select(CASES.c.case)).scalars().all()
    events = cases.events_of(connection, numbers)
    states = {row.case: row._mapping for row in connection.execute(sa.select(CASE_STATES))}
    for case in numbers:
        standing = replay(events[case])
        assert (case in states) == (standing.state not in CLOSED)
        if case in states:
            found = states[case]
            assert (found["state"], found["officer"]) == (standing.state.value, standing.officer)
            assert (found["since"], found["due"]) == (standing.since.isoformat(), standing.due)
            assert found["until"] == (standing.until.isoformat() if standing.until else None)
    assert journal.broken_links(connection) == []
    entries = connection.execute(
        sa.select(CASE_EVENTS.c.what, CASE_EVENTS.c.by, JOURNAL.c.what, JOURNAL.c.by).join(
            JOURNAL, JOURNAL.c.number == CASE_EVENTS.c.journal
        )
    )
    assert all(f"review {what}" == entry and by == entered for what, by, entry, entered in entries)


def run(*arguments: str, folder: Path, language: str = "en", exit_code: int = 0) -> str:
    runner = CliRunner()
    done = runner.invoke(main, ["review", *arguments, "--scheme", str(folder), "--lang", language])
    assert done.exit_code == exit_code, done.output
    return done.output
