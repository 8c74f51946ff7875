"""The journal: who did what, in a chain that shows what was changed, removed or put between."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from adjudicator.problems import Refused
from adjudicator.store import journal
from adjudicator.store.database import Database
from adjudicator.store.journal import Act
from adjudicator.store.schema import JOURNAL


@pytest.fixture
def written(database: Database) -> Database:
    """Books in which five things were done."""
    for number in range(1, 6):
        with database.writing() as connection:
            content = {"what": f"thing {number}", "amount": number * 10**15, "who": "Zoé"}
            assert journal.append(connection, Act(f"person {number}", "try"), content) == number
    return database


def broken(database: Database) -> list[int]:
    with database.reading() as connection:
        return journal.broken_links(connection)


def test_a_journal_that_nobody_touched_is_whole(written: Database) -> None:
    assert broken(written) == []


def test_an_empty_journal_is_whole(database: Database) -> None:
    assert broken(database) == []


@pytest.mark.parametrize("column", ["at", "by", "what", "content"])
@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_changed_entry_is_found(written: Database, column: str, number: int) -> None:
    with written.writing() as connection:
        changed = sa.update(JOURNAL).where(JOURNAL.c.number == number)
        connection.execute(changed.values({column: "{}"}))
    assert broken(written) == [number]


@pytest.mark.parametrize("number", [1, 3])
def test_a_removed_entry_is_found_by_the_next(written: Database, number: int) -> None:
    with written.writing() as connection:
        connection.execute(sa.delete(JOURNAL).where(JOURNAL.c.number == number))
    assert broken(written) == [number + 1]


def test_a_changed_entry_with_a_hash_made_for_it_is_found_by_the_next(written: Database) -> None:
    with written.writing() as connection:
        row = connection.execute(sa.select(JOURNAL).where(JOURNAL.c.number == 3)).one()
        entry = {name: row._mapping[name] for name in ("number", "at", "what", "content")} | {"by": "other"}
        made = journal._hash(entry, row.previous)
        changed = sa.update(JOURNAL).where(JOURNAL.c.number == 3)
        connection.execute(changed.values(by="other", hash=made))
    assert broken(written) == [4]


def test_an_entry_put_between_is_found(written: Database) -> None:
    with written.writing() as connection:
        for number in (5, 4):
            moved = sa.update(JOURNAL).where(JOURNAL.c.number == number)
            connection.execute(moved.values(number=number + 1))
        third = connection.execute(sa.select(JOURNAL).where(JOURNAL.c.number == 3)).one()
        entry = {"number": 4, "at": third.at, "by": "other", "what": "try", "content": "{}"}
        made = journal._hash(entry, third.hash)
        connection.execute(sa.insert(JOURNAL).values(**entry, previous=third.hash + " ", hash=made))
    assert broken(written)


def test_two_entries_cannot_follow_one(written: Database) -> None:
    with written.reading() as connection:
        third = connection.execute(sa.select(JOURNAL).where(JOURNAL.c.number == 3)).one()
    row = {**third._mapping, "number": 6, "hash": "another"}
    with pytest.raises(Refused), written.writing() as connection:
        connection.execute(sa.insert(JOURNAL).values(row))


def test_an_act_that_fails_is_not_in_the_journal(written: Database) -> None:

    def fail() -> None:
        with written.writing() as connection:
            journal.append(connection, Act("somebody", "fail"), {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with written.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(JOURNAL)).scalar() == 5


def test_equal_records_are_equal_texts() -> None:
    assert journal.canonical({"b": 1, "a": {"d": "é", "c": None}}) == journal.canonical(
        {"a": {"c": None, "d": "é"}, "b": 1}
    )
