"""Digests: they show any change of any cell, and nothing else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adjudicator.store.digests import row_digests, table_hash, with_digest

COLUMNS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "text": (pa.string(), st.none() | st.text(max_size=20)),
    "other_text": (pa.string(), st.none() | st.text("ab\x00", max_size=18)),
    "word": (pa.int8(), st.none() | st.integers(-128, 127)),
    "number": (pa.int64(), st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-2, 2)),
    "other_number": (pa.int64(), st.none() | st.integers(-2, 2)),
    "day": (pa.date32(), st.none() | st.dates()),
    "truth": (pa.bool_(), st.none() | st.booleans()),
}
ROW = st.fixed_dictionaries({name: values for name, (_, values) in COLUMNS.items()})
ROWS = st.lists(ROW, min_size=1, max_size=8)


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.table(
        {name: pa.array([row[name] for row in rows], kind) for name, (kind, _) in COLUMNS.items()}
    )


def one(**cells: Any) -> int:
    columns = {
        name: pa.array([value], pa.int64() if isinstance(value, int) else pa.string())
        for name, value in cells.items()
    }
    return int(row_digests(pa.table(columns))[0])


@given(ROWS, st.data())
def test_a_change_of_any_cell_changes_the_digest(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from(sorted(COLUMNS)))
    value = data.draw(COLUMNS[name][1])
    assume(value != rows[row][name])
    changed = [dict(each) for each in rows]
    changed[row][name] = value
    before, after = row_digests(table(rows)), row_digests(table(changed))
    assert before[row] != after[row]
    assert np.array_equal(np.delete(before, row), np.delete(after, row))
    assert table_hash([before]) != table_hash([after])


@given(ROWS)
def test_rows_are_equal_where_their_digests_are(rows: list[dict[str, Any]]) -> None:
    digests = row_digests(table(rows))
    for row, digest in zip(rows, digests, strict=True):
        for other, its in zip(rows, digests, strict=True):
            assert (row == other) == (digest == its)


@given(ROWS, st.randoms(use_true_random=False))
def test_order_and_parts_do_not_matter(rows: list[dict[str, Any]], random: Any) -> None:
    digests = row_digests(table(rows))
    order = list(range(len(rows)))
    random.shuffle(order)
    cuts = sorted(random.choices(range(len(rows) + 1), k=3))
    shuffled = table(rows).take(pa.array(order))
    together = row_digests(shuffled)
    assert np.array_equal(together, digests[order])
    parts = [shuffled.slice(0, cuts[0]), shuffled.slice(cuts[0])]
    assert table_hash(row_digests(part) for part in parts) == table_hash([digests])
    chunked = pa.concat_tables(parts)
    assert np.array_equal(row_digests(chunked), together)


@given(ROWS)
def test_dictionaries_and_plain_text_have_equal_digests(rows: list[dict[str, Any]]) -> None:
    plain = table(rows)
    coded = plain.set_column(0, "text", plain["text"].dictionary_encode())
    assert np.array_equal(row_digests(plain), row_digests(coded))


def test_none_zero_and_empty_differ() -> None:
    numbers = pa.table({"a": pa.array([None, 0, -1, 1], pa.int64())})
    texts = pa.table({"a": pa.array([None, "", "\x00", "\x00\x00", "0"])})
    assert len({*row_digests(numbers).tolist(), *row_digests(texts).tolist()}) == 9


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"a": "ab", "b": "c"}, {"a": "a", "b": "bc"}),
        ({"a": "ab", "b": ""}, {"a": "", "b": "ab"}),
        ({"a": "ab", "b": None}, {"a": None, "b": "ab"}),
        ({"a": "12345678", "b": "9"}, {"a": "123456789", "b": ""}),
        ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
        ({"a": 0, "b": 1}, {"a": 1, "b": 0}),
        ({"a": 2**63 - 1, "b": 0}, {"a": -(2**63), "b": 0}),
    ],
)
def test_what_moves_to_another_column_changes_the_digest(left: Any, right: Any) -> None:
    assert one(**left) != one(**right)


def test_many_rows_have_as_many_digests() -> None:
    count = 200_000
    numbers = np.arange(count)
    rows = pa.table({"a": numbers // 500, "b": numbers % 500, "c": pa.array([str(n % 7) for n in numbers])})
    assert len(np.unique(row_digests(rows))) == count


def test_only_the_columns_that_are_named_count() -> None:
    rows = pa.table({"a": [1, 2], "b": [3, 4]})
    assert np.array_equal(row_digests(rows, ["a"]), row_digests(pa.table({"a": [1, 2]})))
    assert not np.array_equal(row_digests(rows, ["a", "b"]), row_digests(rows, ["b", "a"]))


def test_no_rows() -> None:
    none = pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())})
    assert len(row_digests(none)) == 0
    assert table_hash([row_digests(none)]) == table_hash([])
    assert with_digest(none).column_names == ["a", "b", "digest"]


def test_digests_are_what_they_always_were() -> None:
    """What books hold is compared with what is computed years later: the function may never change."""
    rows = pa.table(
        {
            "text": pa.array(["", None, "été", "a text of more than eight bytes"]),
            "number": pa.array([0, None, -1, 2**63 - 1], pa.int64()),
            "day": pa.array([dt.date(1970, 1, 1), None, dt.date(1, 1, 1), dt.date(9999, 12, 31)]),
            "truth": pa.array([False, None, True, True]),
        }
    )
    assert table_hash([row_digests(rows)]) == (
        "67668eda2bd71fde3f75a02ca414606f66a070ee0fb40ac8c45663a944efad26"
    )
