import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.units import INT64_MAX, day_number, scaled
from ingest.cells import Cell, read_dates, read_decimals, rescaled, trimmed

LARGEST = 10**15


def one_decimal(text: str | None, decimals: int = 2, largest: int = LARGEST) -> tuple[int, Cell]:
    # A neighbour on each side shows a cell that reads beyond its bounds.
    values, states = read_decimals(pa.array(["7", text, "9"], pa.string()), decimals, largest)
    return int(values[1]), Cell(states[1])


@pytest.mark.parametrize(
    ("text", "value", "state"),
    [
        ("1250.5", 125050, Cell.OK),
        ("  1250.50\t", 125050, Cell.OK),
        ("0012", 1200, Cell.OK),
        ("1.500", 150, Cell.OK),
        ("-0.00", 0, Cell.OK),
        ("", 0, Cell.EMPTY),
        ("   ", 0, Cell.EMPTY),
        (None, 0, Cell.EMPTY),
        ("1.505", 0, Cell.TOO_MANY_DECIMALS),
        ("1250,50", 0, Cell.DECIMAL_COMMA),
        ("1,250.50", 0, Cell.NOT_A_NUMBER),
        ("1 250", 0, Cell.NOT_A_NUMBER),
        ("1e3", 0, Cell.NOT_A_NUMBER),
        ("+5", 0, Cell.NOT_A_NUMBER),
        (".5", 0, Cell.NOT_A_NUMBER),
        ("5.", 0, Cell.NOT_A_NUMBER),
        ("--1", 0, Cell.NOT_A_NUMBER),
        ("-", 0, Cell.NOT_A_NUMBER),
        ("nan", 0, Cell.NOT_A_NUMBER),
        ("１２", 0, Cell.NOT_A_NUMBER),
        ("-0.01", 0, Cell.NEGATIVE),
        ("-99999999999999999999", 0, Cell.NEGATIVE),
        ("10000000000000", LARGEST, Cell.OK),
        ("10000000000000.01", 0, Cell.TOO_LARGE),
        ("99999999999999999999999999", 0, Cell.TOO_LARGE),
    ],
)
def test_a_decimal(text: str | None, value: int, state: Cell) -> None:
    assert one_decimal(text) == (value, state)


@given(
    st.text("0123456789.-, ", max_size=24) | st.integers(INT64_MAX - 20, INT64_MAX + 20).map(str),
    st.integers(0, 4),
)
def test_decimals_are_read_as_units_reads_them(text: str, decimals: int) -> None:
    value, state = one_decimal(text, decimals, INT64_MAX)
    try:
        expected = scaled(text, decimals)
    except ValueError:
        if state is Cell.OK:
            # More zeros than places are the one thing that is tolerated here.
            assert value == scaled(text.strip().rstrip("0").removesuffix("."), decimals)
        return
    if expected < 0:
        assert state is Cell.NEGATIVE
    elif expected > INT64_MAX:
        assert state is Cell.TOO_LARGE
    else:
        assert (value, state) == (expected, Cell.OK)


@given(st.integers(0, INT64_MAX), st.integers(0, 6), st.integers(0, 6), st.integers(0, INT64_MAX))
def test_rescaling_is_exact_or_refused(number: int, places: int, decimals: int, largest: int) -> None:
    values, states = rescaled(pa.array([number]).to_numpy(), places, decimals, largest)
    exact, left = divmod(number * 10**decimals, 10**places)
    if left:
        assert states[0] in (Cell.TOO_MANY_DECIMALS, Cell.TOO_LARGE)
    elif exact > largest:
        assert states[0] == Cell.TOO_LARGE
    else:
        assert (values[0], states[0]) == (exact, Cell.OK)


@given(st.dates())
def test_every_date(date: dt.date) -> None:
    days, states = read_dates(pa.array([date.isoformat(), f" {date.isoformat()} "]))
    assert days.tolist() == [day_number(date)] * 2
    assert not states.any()


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("2023-02-29", Cell.NO_SUCH_DAY),
        ("1900-02-29", Cell.NO_SUCH_DAY),
        ("2024-13-01", Cell.NO_SUCH_DAY),
        ("0000-01-01", Cell.NO_SUCH_DAY),
        ("2024-1-31", Cell.NOT_A_DATE),
        ("31/01/2024", Cell.NOT_A_DATE),
        ("2024-01-31T00:00", Cell.NOT_A_DATE),
        ("2024-0a-01", Cell.NOT_A_DATE),
        ("", Cell.EMPTY),
    ],
)
def test_what_is_no_date(text: str, state: Cell) -> None:
    _, states = read_dates(pa.array([text]))
    assert states[0] == state


@given(st.lists(st.none() | st.text(" \tab\u00a0é", max_size=5), max_size=6))
def test_trimming(texts: list[str | None]) -> None:
    expected = [(text or "").strip() or None for text in texts]
    assert trimmed(pa.array(texts, pa.string())).to_pylist() == expected


def test_slices_are_read_within_their_bounds() -> None:
    texts = pa.array(["1", "2", None, "4", "5"]).slice(1, 3)
    values, states = read_decimals(texts, 0, LARGEST)
    assert values.tolist() == [2, 0, 4]
    assert states.tolist() == [Cell.OK, Cell.EMPTY, Cell.OK]
