import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.tables import Column, Type
from adjudicator.units import LARGEST_AMOUNT
from adjudicator.vocabulary import Category, Sex
from ingest.cells import Cell
from ingest.columns import nothing, read_column

MONEY = Column("price", Type.MONEY)
DAY = Column("day", Type.DATE, filled=False)
SEX = Column("sex", Type.WORD, True, False, Sex, Sex.OTHER, (Sex.MALE, Sex.FEMALE, Sex.OTHER))
CODE = Column("code", filled=False)
HEAD = Column("head", Type.TRUTH, filled=False)


def outcome(held: pa.Array, column: Column, decimals: int = 2) -> list[Any]:
    """Give for each cell its value, or what is wrong with it."""
    read = read_column(held, column, decimals)
    values: list[Any] = read.values.to_pylist()
    for row, state in zip(read.bad.tolist(), read.states.tolist(), strict=True):
        assert values[row] is None
        values[row] = Cell(state)
    return values


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.decimal32(9, 3),
        pa.decimal64(18, 3),
        pa.decimal128(38, 3),
        pa.decimal256(50, 3),
    ],
)
def test_money_is_read_exactly_from_any_type(kind: pa.DataType) -> None:
    texts = pa.array(["1250.500", "0.010", None, "0.005", "-3.000", "0.000"])
    held = texts.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else texts.cast(kind)
    for cut in (held, pa.concat_arrays([held[:2], held]).slice(2)):
        assert outcome(cut, MONEY) == [125050, 1, Cell.EMPTY, Cell.TOO_MANY_DECIMALS, Cell.NEGATIVE, 0]


def test_money_of_other_sizes() -> None:
    largest = Decimal(LARGEST_AMOUNT).scaleb(-2)
    wide = pa.array([largest, largest + 1, Decimal(10) ** 30, -(Decimal(10) ** 30)], pa.decimal128(38, 2))
    assert outcome(wide, MONEY) == [LARGEST_AMOUNT, Cell.TOO_LARGE, Cell.TOO_LARGE, Cell.NEGATIVE]
    whole = pa.array([3, None, -1, LARGEST_AMOUNT])
    assert outcome(whole, MONEY) == [300, Cell.EMPTY, Cell.NEGATIVE, Cell.TOO_LARGE]
    assert outcome(pa.array([7, 2**64 - 1], pa.uint64()), MONEY) == [700, Cell.TOO_LARGE]
    assert outcome(pa.nulls(2), MONEY) == [Cell.EMPTY] * 2


def test_binary_fractions_count_as_the_shortest_decimal() -> None:
    held = pa.array([0.1, 1250.55, 0.1 + 0.2, 3.0, float("nan"), None, float("inf"), -1.5])
    too_many, empty = Cell.TOO_MANY_DECIMALS, Cell.EMPTY
    expected = [10, 125055, too_many, 300, empty, empty, Cell.NOT_A_NUMBER, Cell.NEGATIVE]
    assert outcome(held, MONEY) == expected
    assert outcome(pa.array([0.1], pa.float32()), MONEY) == [10]


@given(st.decimals(0, 10**12, places=2), st.integers(2, 6))
def test_text_and_decimals_say_the_same(amount: Decimal, places: int) -> None:
    held = pa.array([amount], pa.decimal128(30, places))
    assert outcome(held, MONEY) == outcome(held.cast(pa.string()), MONEY) == [int(amount * 100)]


def test_dates_of_any_type() -> None:
    day = dt.date(2024, 2, 29)
    midnight = dt.datetime(2024, 2, 29)
    assert outcome(pa.array([day, None]), DAY) == [day, None]
    assert outcome(pa.array([midnight], pa.date64()), DAY) == [day]
    for unit in ("s", "ms", "us", "ns"):
        held = pa.array([midnight, midnight.replace(hour=12), None], pa.timestamp(unit))
        assert outcome(held, DAY) == [day, Cell.NOT_AT_MIDNIGHT, None]
    # Midnight where the clock hangs.
    zoned = pa.array([dt.datetime(2024, 2, 28, 23)], pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    assert outcome(zoned.cast(pa.timestamp("us", "Africa/Douala")), DAY) == [day]
    assert outcome(pa.array([2**31 - 1], pa.int32()).cast(pa.date32()), DAY) == [Cell.NO_SUCH_DAY]
    assert outcome(pa.array(["2024-02-29", "", "x"]), DAY) == [day, None, Cell.NOT_A_DATE]


def test_words_and_their_default() -> None:
    texts = pa.array([" male", "other", "", None, "any", "Male", "boy"])
    expected = [Sex.MALE, Sex.OTHER, Sex.OTHER, Sex.OTHER, *[Cell.NOT_A_WORD] * 3]
    assert outcome(texts, SEX) == expected
    assert outcome(texts.dictionary_encode(), SEX) == expected
    without_default = Column("category", Type.WORD, words=Category)
    assert outcome(pa.array(["visit", None]), without_default) == [Category.VISIT, Cell.EMPTY]


def test_truths() -> None:
    assert outcome(pa.array(["true", "FALSE", "", "yes"]), HEAD) == [True, False, None, Cell.NOT_A_TRUTH]
    assert outcome(pa.array([True, None]), HEAD) == [True, None]


@pytest.mark.parametrize("repeats", [False, True])
def test_text_stays_text(repeats: bool) -> None:
    for held in (
        pa.array(["NA", " 00123 ", "nan", "", None, "00123"]),
        pa.array(["NA", " 00123 ", "nan", "", None, "00123"]).dictionary_encode(),
        pa.array([b"NA", b" 00123 ", b"nan", b"", None, b"00123"]),
    ):
        read = read_column(held, CODE, 2, repeats)
        assert read.values.to_pylist() == ["NA", "00123", "nan", None, None, "00123"]
        assert read.values.type == (pa.dictionary(pa.int32(), pa.string()) if repeats else pa.string())
        assert not len(read.bad)
    assert read_column(pa.array([12, None]), CODE, 2, repeats).values.to_pylist() == ["12", None]


@given(st.sampled_from([MONEY, DAY, SEX, CODE, HEAD]), st.booleans(), st.integers(0, 20))
def test_an_absent_column_holds_its_default(column: Column, repeats: bool, rows: int) -> None:
    held = nothing(column, rows, repeats)
    held.validate(full=True)
    assert held.to_pylist() == [column.default] * rows
