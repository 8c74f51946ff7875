import contextlib
import datetime as dt
import hashlib
import itertools
import os
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator import files
from adjudicator.files import TableWriter, replacing, write_table
from adjudicator.tables import Column, Table, Type
from adjudicator.vocabulary import Reason, ReviewStatus
from tests.stopping import file_of, stopped_at

SPEC = Table(
    "samples",
    (
        Column("code"),
        Column("reason", Type.WORD, words=Reason),
        Column("review", Type.WORD, words=ReviewStatus),
        Column("day", Type.DATE),
        Column("amount", Type.MONEY),
        Column("quantity", Type.QUANTITY),
        Column("number", Type.NUMBER),
        Column("truth", Type.TRUTH),
    ),
    ("code",),
)
SCHEMA = pa.schema(
    {
        "code": pa.string(),
        "reason": pa.int8(),
        "review": pa.int8(),
        "day": pa.date32(),
        "amount": pa.int64(),
        "quantity": pa.int64(),
        "number": pa.int64(),
        "truth": pa.bool_(),
    }
)
ROWS: list[dict[str, Any]] = [
    {
        "code": "A1",
        "reason": -1,
        "review": 2,
        "day": dt.date(2024, 2, 29),
        "amount": 125050,
        "quantity": 150,
        "number": 7,
        "truth": True,
    },
    {"code": 'say "yes", no', "reason": 21, "amount": -5, "truth": False},
    {"code": "ligne\ndeux", "amount": -(10**18 - 1), "day": dt.date(1931, 1, 1)},
    {"code": "NA", "amount": 10**18 - 1},
]


def typed(rows: Sequence[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def test_csv_is_what_a_person_expects(tmp_path: Path) -> None:
    path = tmp_path / "samples.csv"
    write_table(path, typed(ROWS), SPEC, 2)
    assert path.read_text() == (
        "code,reason,review,day,amount,quantity,number,truth\n"
        "A1,medical_officer,rejected,2024-02-29,1250.50,1.50,7,true\n"
        '"say ""yes"", no",no_coverage,,,-0.05,,,false\n'
        '"ligne\ndeux",,,1931-01-01,-9999999999999999.99,,,\n'
        "NA,,,,9999999999999999.99,,,\n"
    )


def test_parquet_holds_words_and_exact_decimals(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    write_table(path, typed(ROWS), SPEC, 2)
    rows = pq.read_table(path).to_pylist()
    assert [row["amount"] for row in rows] == [
        Decimal("1250.50"),
        Decimal("-0.05"),
        Decimal("-9999999999999999.99"),
        Decimal("9999999999999999.99"),
    ]
    assert [row["reason"] for row in rows] == ["medical_officer", "no_coverage", None, None]
    assert rows[0]["day"] == dt.date(2024, 2, 29)
    assert rows[0]["quantity"] == Decimal("1.50")


def test_a_currency_without_decimals(tmp_path: Path) -> None:
    write_table(tmp_path / "a.csv", typed(ROWS).select(["code", "amount"]).slice(0, 1), SPEC, 0)
    assert (tmp_path / "a.csv").read_text() == "code,amount\nA1,125050\n"


def test_no_rows_still_make_a_table(tmp_path: Path) -> None:
    for suffix in files.SUFFIXES:
        with TableWriter(tmp_path / f"a{suffix}", SPEC, 2):
            pass
        write_table(tmp_path / f"b{suffix}", typed([]), SPEC, 2)
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    assert (tmp_path / "a.csv").read_text() == "code,reason,review,day,amount,quantity,number,truth\n"
    assert pq.read_table(tmp_path / "a.parquet").schema.names == SCHEMA.names


@given(
    st.lists(st.sampled_from(["A", "B", "C,", None]), min_size=1, max_size=40),
    st.lists(st.integers(1, 40), max_size=4),
    st.sampled_from(files.SUFFIXES),
)
def test_bytes_depend_on_the_rows_alone(
    tmp_path_factory: pytest.TempPathFactory, codes: list[str | None], cuts: list[int], suffix: str
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    rows = typed([{"code": code, "amount": number} for number, code in enumerate(codes)])
    held_apart = rows.set_column(0, "code", rows["code"].dictionary_encode())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(files, "ROW_GROUP", 7)
        write_table(folder / f"whole{suffix}", rows, SPEC, 2)
        with TableWriter(folder / f"cut{suffix}", SPEC, 2) as writer:
            edges = sorted({0, *(cut for cut in cuts if cut < len(codes)), len(codes)})
            for number, (start, stop) in enumerate(itertools.pairwise(edges)):
                writer.write((rows if number % 2 else held_apart).slice(start, stop - start))
    whole, cut = (hashlib.sha256((folder / f"{n}{suffix}").read_bytes()).digest() for n in ("whole", "cut"))
    assert whole == cut


class PowerCutError(Exception):
    pass


@pytest.mark.parametrize("suffix", files.SUFFIXES)
def test_an_error_leaves_the_older_file_and_nothing_else(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"samples{suffix}"
    write_table(path, typed(ROWS[:1]), SPEC, 2)
    before = path.read_bytes()

    def interrupted() -> None:
        with TableWriter(path, SPEC, 2) as writer:
            writer.write(typed(ROWS))
            raise PowerCutError

    with pytest.raises(PowerCutError):
        interrupted()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "samples.parquet"
    with pytest.raises(OverflowError, match="amount"):
        write_table(path, typed([{"code": "A", "amount": 10**18}]), SPEC, 2)
    with pytest.raises(ValueError, match="Reason"):
        write_table(path, typed([{"code": "A", "reason": 99}]), SPEC, 2)
    with pytest.raises(ValueError, match="no column colour"):
        write_table(path, pa.table({"colour": ["red"]}), SPEC, 2)
    with pytest.raises(ValueError, match=r"\.csv"):
        write_table(tmp_path / "samples.xls", typed(ROWS), SPEC, 2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("before", [None, "old"])
def test_who_is_stopped_anywhere_leaves_the_old_file_or_the_new_one(
    before: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)

    def write() -> None:
        with replacing(path) as temporary:
            temporary.write_text("new", "utf-8")

    step, found = 0, True
    while found:
        path = tmp_path / f"{step}" / "file"
        path.parent.mkdir()
        if before:
            path.write_text(before, "utf-8")
        found = stopped_at(step, {file_of(replacing), file_of(contextlib)}, write)
        held = path.read_text("utf-8") if path.exists() else None
        assert held in (before, "new"), step
        assert [other.name for other in path.parent.iterdir()] == ["file"] * (held is not None), step
        step += 1
    assert held == "new"
