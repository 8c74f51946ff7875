"""Migrations: from nothing to the tables that the engine knows, and no further."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from adjudicator.store import migrate
from adjudicator.store.database import Database
from adjudicator.store.schema import METADATA, VOCABULARY
from adjudicator.vocabulary import LineStatus, Reason


def test_the_migrations_make_the_tables_that_the_engine_knows(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_checks_and_keys_are_those_that_the_engine_knows(database: Database) -> None:
    """What a comparison of metadata leaves out: check constraints and the columns of keys, by table."""
    with database.reading() as connection:
        inspector = sa.inspect(connection)
        for table in METADATA.sorted_tables:
            checks = {check["name"] for check in inspector.get_check_constraints(table.name)}
            wanted = {check.name for check in table.constraints if isinstance(check, sa.CheckConstraint)}
            assert wanted <= checks, table.name
            key = inspector.get_pk_constraint(table.name)["constrained_columns"]
            assert key == [column.name for column in table.primary_key.columns], table.name


def test_states(empty: Database) -> None:
    with empty.reading() as connection:
        state = migrate.state(connection)
    assert state.present is None
    assert state.known
    assert not state.current
    with empty.writing() as connection:
        migrate.upgrade(connection)
    with empty.reading() as connection:
        state = migrate.state(connection)
    assert state.current
    assert state.present == state.wanted != ""


def test_an_upgrade_that_fails_leaves_nothing(empty: Database) -> None:

    def fail() -> None:
        with empty.writing() as connection:
            migrate.upgrade(connection)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with empty.reading() as connection:
        assert sa.inspect(connection).get_table_names() == []


def test_a_second_upgrade_changes_nothing(database: Database) -> None:
    with database.reading() as connection:
        before = connection.execute(sa.select(VOCABULARY).order_by(*VOCABULARY.c)).all()
    with database.writing() as connection:
        migrate.upgrade(connection)
    with database.reading() as connection:
        assert connection.execute(sa.select(VOCABULARY).order_by(*VOCABULARY.c)).all() == before


def test_a_state_that_this_engine_does_not_know(database: Database) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with database.reading() as connection:
        state = migrate.state(connection)
    assert not state.known
    assert not state.current
    assert state.present == "9999"


def test_the_vocabulary_says_what_integers_mean(database: Database) -> None:
    with database.reading() as connection:
        rows = connection.execute(sa.select(VOCABULARY)).all()
    words = {(row.list, row.number): row for row in rows}
    for word in (*LineStatus, *Reason):
        assert words[type(word).__name__, int(word)].word == word.word
    assert all(row.en and row.fr for row in rows)
