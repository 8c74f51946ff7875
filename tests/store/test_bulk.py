"""Rows in and out in bulk: what comes out is what went in, on both engines."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adjudicator.problems import Refused
from adjudicator.store import bulk
from adjudicator.store.database import Database
from adjudicator.store.schema import CLAIM_LINES, REGISTERS, Whole

EVERY = sa.Table(
    "every_kind",
    sa.MetaData(),
    sa.Column("number", Whole, nullable=False),
    sa.Column("text", sa.Text()),
    sa.Column("other", sa.Text()),
    sa.Column("word", sa.SmallInteger()),
    sa.Column("money", Whole),
    sa.Column("version", sa.Integer()),
    sa.Column("day", sa.Date()),
    sa.Column("truth", sa.Boolean()),
)
ARROW = {
    "number": pa.int64(),
    "text": pa.string(),
    "other": pa.string(),
    "word": pa.int8(),
    "money": pa.int64(),
    "version": pa.int64(),
    "day": pa.date32(),
    "truth": pa.bool_(),
}
LARGEST = 2**63 - 1
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12) | (
    st.sampled_from(
        ["", " ", '"', '""', "a,b", "a\nb", "a\r\nb", "\r", "\\N", "\\.", "NULL", "null", "'", "%s", ":a"]
    )
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | TEXTS,
            "other": st.none() | TEXTS,
            "word": st.none() | st.integers(-128, 127),
            "money": st.none() | st.integers(-LARGEST - 1, LARGEST),
            "version": st.none() | st.integers(0, 2**31 - 1),
            "day": st.none() | st.dates() | st.sampled_from([dt.date.min, dt.date.max]),
            "truth": st.none() | st.booleans(),
        }
    ),
    max_size=6,
)


def typed(rows: list[dict[str, Any]]) -> pa.Table:
    numbered = [{"number": number} | row for number, row in enumerate(rows)]
    return pa.table(
        {name: pa.array([row.get(name) for row in numbered], kind) for name, kind in ARROW.items()}
    )


@pytest.fixture
def every(empty: Database) -> Database:
    with empty.writing() as connection:
        EVERY.create(connection)
    return empty


def through(database: Database, rows: pa.Table) -> pa.Table:
    """Put rows in, and read them in a transaction of its own."""
    with database.writing() as connection:
        connection.execute(sa.delete(EVERY))
        assert bulk.insert(connection, EVERY, rows) == len(rows)
    with database.reading() as connection:
        return bulk.read(connection, sa.select(EVERY).order_by(EVERY.c.number))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_rows_come_out_as_they_went_in(every: Database, rows: list[dict[str, Any]]) -> None:
    given_rows = typed(rows)
    assert through(every, given_rows).cast(given_rows.schema).equals(given_rows)


def test_extremes_of_every_column(every: Database) -> None:
    rows = typed(
        [
            {
                "text": "",
                "other": None,
                "word": 0,
                "money": 0,
                "version": 0,
                "day": dt.date(1970, 1, 1),
                "truth": False,
            },
            {"text": None, "other": "", "word": -1, "money": LARGEST, "day": dt.date.min, "truth": True},
            {
                "text": 'say "no",\nthen\tgo',
                "other": "été — 健康 🩺",
                "money": -LARGEST - 1,
                "day": dt.date.max,
            },
            {},
        ]
    )
    assert through(every, rows).cast(rows.schema).equals(rows)


def test_columns_that_are_missing_are_none_and_order_does_not_matter(every: Database) -> None:
    rows = pa.table({"text": ["a", "b"], "number": [2, 1]})
    found = through(every, rows)
    assert found["text"].to_pylist() == ["b", "a"]
    assert found["money"].null_count == 2


def test_dictionaries_go_in_as_their_texts(every: Database) -> None:
    coded = pa.array(["a", None, "a", ""]).dictionary_encode()
    found = through(every, pa.table({"number": [0, 1, 2, 3], "text": coded}))
    assert found["text"].to_pylist() == ["a", None, "a", ""]


def test_no_rows(every: Database) -> None:
    none = typed([])
    found = through(every, none)
    assert found.num_rows == 0
    assert [str(kind) for kind in found.schema.types] == [str(kind) for kind in none.schema.types]


def test_more_rows_than_go_at_a_time(every: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 10)
    rows = typed([{"text": f"text {n}\n", "money": n * 10**15} if n % 3 else {} for n in range(25)])
    assert through(every, rows).cast(rows.schema).equals(rows)


def test_rows_in_chunks(every: Database) -> None:
    rows = typed([{"text": "a", "day": dt.date(2025, 1, n)} for n in range(1, 8)])
    chunked = pa.concat_tables([rows.slice(0, 3), rows.slice(3, 0), rows.slice(3)])
    assert through(every, chunked).cast(rows.schema).equals(rows)


def test_conditions_of_a_query_are_no_statements(every: Database) -> None:
    awkward = 'it\'s 100%; "x" :name %s \\'
    rows = typed([{"text": awkward, "day": dt.date(2025, 1, 2)}, {"text": "other"}])
    through(every, rows)
    with every.reading() as connection:
        query = sa.select(EVERY.c.number).where(EVERY.c.text == awkward, EVERY.c.day == dt.date(2025, 1, 2))
        assert bulk.read(connection, query)["number"].to_pylist() == [0]


def test_an_error_within_a_transaction_undoes_it(every: Database) -> None:

    def fail() -> None:
        with every.writing() as connection:
            bulk.insert(connection, EVERY, typed([{"text": "a"}]))
            bulk.insert(connection, EVERY, pa.table({"text": ["no number"]}))

    with pytest.raises(Refused):
        fail()
    with every.reading() as connection:
        assert bulk.read(connection, sa.select(EVERY)).num_rows == 0


def test_wanted_keys_join_and_are_gone_after_the_transaction(database: Database) -> None:
    lines = pa.table(
        {
            "claim_id": [1, 1, 2, 3],
            "line": [1, 2, 1, 1],
            "kind": pa.array([1, 1, 2, 1], pa.int8()),
            "code": ["A", "B", "C", "D"],
            "quantity": [100] * 4,
            "price_asked": [0, 1, 2, LARGEST],
        }
    )
    with database.writing() as connection:
        bulk.insert(connection, CLAIM_LINES, lines)
    for keys in ([3, 1], [2], []):
        with database.reading() as connection:
            wanted = bulk.wanted(connection, "chosen", pa.table({"claim_id": pa.array(keys, pa.int64())}))
            query = sa.select(CLAIM_LINES.c.code).join(wanted, wanted.c.claim_id == CLAIM_LINES.c.claim_id)
            found = bulk.read(connection, query)["code"].to_pylist()
            again = bulk.wanted(connection, "chosen", pa.table({"claim_id": [7]}))
            assert connection.execute(sa.select(again.c.claim_id)).scalars().all() == [7]
        assert sorted(found) == sorted(
            code for number, code in ((1, "A"), (1, "B"), (2, "C"), (3, "D")) if number in keys
        )
    with pytest.raises(Refused), database.reading() as connection:
        connection.exec_driver_sql("SELECT * FROM chosen")


def test_wanted_texts_of_two_columns(database: Database) -> None:
    keys = pa.table({"facility": ["H,1", 'H"2', ""], "claim": ["1\n", "été", "3"]})
    with database.reading() as connection:
        wanted = bulk.wanted(connection, "chosen", keys)
        found = connection.execute(sa.select(wanted.c.facility, wanted.c.claim)).all()
    assert {tuple(row) for row in found} == set(zip(*keys.to_pydict().values(), strict=True))


def test_a_text_that_a_database_cannot_hold_is_refused_with_one_message(database: Database) -> None:
    """No reader lets a NUL character in; were one to come by another way, nothing may be cut off at it."""
    rows = pa.table({"code": ["A\x00B"], "name": ["x"], "since": [1], "digest": [1]})
    table = REGISTERS["diagnoses"]
    problems = []
    try:
        with database.writing() as connection:
            bulk.insert(connection, table, rows)
    except Refused as refused:
        problems = refused.problems
    assert len(problems) <= 1
    with database.reading() as connection:
        assert bulk.read(connection, sa.select(table.c.code))["code"].to_pylist() in ([], ["A\x00B"])
