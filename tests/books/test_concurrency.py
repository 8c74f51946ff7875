"""Several at work on the same books: one run at a time, and readers that see none of it half done."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adjudicator.books import work
from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import open_books
from adjudicator.problems import Refused
from adjudicator.store import journal, runs
from adjudicator.store.database import Database
from adjudicator.store.journal import Act
from adjudicator.store.schema import CLAIM_DECISIONS, JOURNAL, LINE_DECISIONS, LOADS, UNDECIDED
from tests.books.children import Child, adjudicating
from tests.books.conftest import NewBooks
from tests.books.crashes import AT_THE_MOST, COMMANDS, LINES_OF_A_PARTITION, command_done, forked
from tests.books.dump import dump, visible
from tests.books.states import (
    BY,
    DECIDED_AGAIN,
    RECEIVED,
    RECEIVED_AGAIN,
    REGISTERED,
    decide,
    receive,
    reprice,
)

pytestmark = pytest.mark.usefixtures("warm")


@pytest.fixture(autouse=True)
def _small_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "LINES_OF_A_PARTITION", LINES_OF_A_PARTITION)


@contextmanager
def paused_run(folder: Path) -> Iterator[Child]:
    """Give a run that has written a part of its decisions and waits; it is killed if it still does."""
    child = adjudicating(folder)
    child.arrived()
    try:
        yield child
    finally:
        try:
            if child.running:
                child.kill()
        except ChildProcessError:
            pass


def problem_keys(refused: Refused) -> list[str]:
    return [problem.what.key for problem in refused.problems]


def test_a_second_run_is_refused_with_who_is_at_work(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, RECEIVED)
    before = visible(folder)
    with paused_run(folder) as child:
        with pytest.raises(Refused) as refused:
            decide(folder)
        [problem] = refused.value.problems
        assert problem.what.key == "store.locked"
        values = {name: str(value) for name, value in problem.what.values.items()}
        assert values["by"] == "Amina"
        assert values["host"] == socket.gethostname()
        assert "adjudicate" in values["what"]
        assert values["since"][:2] == "20"
        assert visible(folder) == before
        child.let_on()
        assert child.ended() == 0
    assert dump(folder)["undecided"] == []
    with open_books(folder) as books, books.database.reading() as connection:
        [run] = runs.published(connection)
    assert run.by == "Amina"


def test_the_lock_of_a_killed_run_is_free_and_the_next_goes_on(new_books: NewBooks, village: Path) -> None:
    folder, undisturbed = new_books(village, RECEIVED), new_books(village, RECEIVED)
    before = visible(folder)
    with paused_run(folder) as child:
        assert child.kill() == -signal.SIGKILL
    assert visible(folder) == before
    started = time.monotonic()
    command_done(COMMANDS["adjudicate"], folder)
    assert time.monotonic() - started < AT_THE_MOST
    decide(undisturbed)
    assert dump(folder) == dump(undisturbed)


def test_a_dry_run_beside_a_run_is_not_refused(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, RECEIVED)
    with paused_run(folder) as child:
        with open_books(folder) as books:
            tried = adjudicate_books(books, BY, dry_run=True)
        assert tried is not None
        child.let_on()
        assert child.ended() == 0
    with open_books(folder) as books, books.database.reading() as connection:
        [run] = runs.published(connection)
    assert run.record["outputs"] == tried.outputs


def test_claims_that_come_in_during_a_run_wait_for_the_next(new_books: NewBooks, village: Path) -> None:
    folder, in_turn = new_books(village, RECEIVED), new_books(village, DECIDED_AGAIN)
    with paused_run(folder) as child:
        receive(folder, 1)
        child.let_on()
        assert child.ended() == 0
    found = dump(folder)
    assert len(found["runs"]) == 1
    assert len(found["undecided"]) == len(found["claims"]) - len(found["claim_decisions"]) > 0
    decide(folder)
    found, wanted = dump(folder), dump(in_turn)
    for table in ("claim_decisions", "line_decisions", "balance_entries", "balances", "undecided"):
        assert found[table] == wanted[table], table


def test_claims_that_come_in_after_a_killed_run_wait_for_the_next(new_books: NewBooks, village: Path) -> None:
    """What a killed run began is finished as it was begun."""
    folder, in_turn = new_books(village, RECEIVED), new_books(village, DECIDED_AGAIN)
    with paused_run(folder) as child:
        child.kill()
    receive(folder, 1)
    command_done(COMMANDS["adjudicate"], folder)
    decide(folder)
    found, wanted = dump(folder), dump(in_turn)
    for table in ("claim_decisions", "line_decisions", "balance_entries", "balances", "undecided"):
        assert found[table] == wanted[table], table


def test_registers_that_change_after_a_killed_run_begin_it_anew(new_books: NewBooks, village: Path) -> None:
    folder, other = new_books(village, RECEIVED), new_books(village, RECEIVED)
    with paused_run(folder) as child:
        child.kill()
    for each in (folder, other):
        reprice(each)
        command_done(COMMANDS["adjudicate"], each)
    assert dump(folder) == dump(other)


def test_readers_see_a_run_whole_or_not_at_all(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, RECEIVED_AGAIN)
    with open_books(folder) as books:
        before = seen(books.database)
        child = Child(lambda _pause: decide(folder))
        found = []
        while child.running:
            found.append(seen(books.database))
        found.append(seen(books.database))
        assert child.ended() == 0
        after = seen(books.database)
    assert before != after
    assert set(found) <= {before, after}
    assert found == sorted(found)


def seen(database: Database) -> tuple[Any, ...]:
    """Look at the books as a reader does: all of it in one transaction, up to the last run."""
    with database.reading() as connection:
        last = runs.last_run(connection)
        sums = []
        for table in (CLAIM_DECISIONS, LINE_DECISIONS):
            query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(table.c.valuated), 0))
            sums += [int(value) for value in connection.execute(query.where(table.c.run <= last)).one()]
        undecided = connection.execute(sa.select(sa.func.count()).select_from(UNDECIDED)).scalar()
        return (last, *sums, undecided)


def test_a_reader_keeps_the_moment_that_it_began_with(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, RECEIVED)
    with open_books(folder) as books:
        with books.database.reading() as connection:
            assert runs.last_run(connection) == 0
            assert forked(lambda: decide(folder)) == 0
            assert runs.last_run(connection) == 0
            count = sa.select(sa.func.count()).select_from(UNDECIDED)
            assert connection.execute(count).scalar_one() > 0
        with books.database.reading() as connection:
            assert runs.last_run(connection) == 1
            assert connection.execute(count).scalar_one() == 0


def test_a_journal_that_many_write_stays_one_chain(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, REGISTERED)

    def write(name: str) -> Callable[[Callable[[], None]], None]:
        def written(pause: Callable[[], None]) -> None:
            with open_books(folder) as books:
                pause()
                for number in range(8):
                    with books.database.writing() as connection:
                        journal.append(connection, Act(name, "write"), {"number": number})

        return written

    with open_books(folder) as books, books.database.reading() as connection:
        before = connection.execute(sa.select(sa.func.count()).select_from(JOURNAL)).scalar_one()
    children = [Child(write(name)) for name in "abc"]
    for child in children:
        child.arrived()
    for child in children:
        child.let_on()
    assert [child.ended() for child in children] == [0, 0, 0]
    with open_books(folder) as books, books.database.reading() as connection:
        assert journal.broken_links(connection) == []
        assert connection.execute(sa.select(sa.func.count()).select_from(JOURNAL)).scalar() == before + 24


def test_two_loads_at_once_are_done_one_after_the_other_or_told(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, REGISTERED)
    told: list[int] = []

    def loading(month: int) -> Callable[[Callable[[], None]], None]:
        def load(pause: Callable[[], None]) -> None:
            pause()
            try:
                receive(folder, month)
            except Refused as refused:
                # A load that comes second may be told to wait, and nothing else.
                os._exit(3 if problem_keys(refused) in (["store.busy"], ["store.locked"]) else 4)

        return load

    children = [Child(loading(month)) for month in (0, 1)]
    for child in children:
        child.arrived()
    for child in children:
        child.let_on()
    told += [child.ended() for child in children]
    assert set(told) <= {0, 3}
    assert 0 in told
    for month in (0, 1):
        receive(folder, month)
    found = dump(folder)
    assert sorted(row[0] for row in found[LOADS.name]) == [1, 2, 3]
    assert len(found["claims"]) == len(found["undecided"])
