"""One column of a file, whatever it is held as, read as the values that its declaration asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as at

from adjudicator.encoding import text_buffers
from adjudicator.tables import Column, Type
from adjudicator.units import EPOCH, INT64_MAX, LARGEST_AMOUNT, PERCENT_ALL
from ingest.cells import Cell, Int64s, States, read_dates, read_decimals, rescaled, trimmed

ARROW: Final[dict[Type, Any]] = {
    Type.TEXT: pa.string(),
    Type.WORD: pa.int8(),
    Type.DATE: pa.date32(),
    Type.MONEY: pa.int64(),
    Type.QUANTITY: pa.int64(),
    Type.PERCENTAGE: pa.int64(),
    Type.NUMBER: pa.int64(),
    Type.TRUTH: pa.bool_(),
}
"""What the columns of a typed table are held as."""

LARGEST: Final = {
    Type.MONEY: LARGEST_AMOUNT,
    Type.QUANTITY: LARGEST_AMOUNT,
    Type.PERCENTAGE: PERCENT_ALL,
    Type.NUMBER: INT64_MAX,
}
"""The largest value of each type of number, in units of its last place. None may be below zero."""

_HUNDREDTHS: Final = 2
_LARGEST_SCALE: Final = 18
"""The most decimal places of a decimal whose whole number is looked at; others are read as text."""

_FIRST_DAY: Final = -EPOCH.toordinal() + 1
_LAST_DAY: Final = 2_932_896
"""1 January of year 1 and 31 December of year 9999, in days since 1970."""

_TICKS_OF_DAY: Final = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


@dataclass(frozen=True)
class Read:
    """A column that was read: its values, and the cells that could not be."""

    values: pa.Array
    """Typed; none where there is no value or it could not be read."""
    bad: npt.NDArray[np.int64]
    """Rows whose cell could not be read, or has no value and must have one; rising."""
    states: States
    """What became of each of these cells, a :class:`Cell`."""


def places(column: Column, decimals: int) -> int:
    """Give the decimal places of a column of numbers, with those of the currency."""
    match column.type:
        case Type.MONEY:
            return decimals
        case Type.QUANTITY | Type.PERCENTAGE:
            return _HUNDREDTHS
        case _:
            return 0


def read_column(held: pa.Array, column: Column, decimals: int, repeats: bool = False) -> Read:
    """Read a column.

    Args:
        held: the cells, as any type that :func:`ingest.columnar.admits`.
        column: the declaration.
        decimals: of the currency.
        repeats: give text as ``dictionary<int32, string>``, not as ``string``.

    """
    match column.type:
        case Type.TEXT:
            text = _text(held, repeats)
            return _done(text, _with_nul(text), column)
        case Type.WORD:
            return _words(held, column)
        case Type.DATE:
            return _done(*_days(held), column)
        case Type.TRUTH:
            return _truths(held, column)
        case _:
            return _done(*_numbers(held, places(column, decimals), LARGEST[column.type]), column)


def nothing(column: Column, rows: int, repeats: bool = False) -> pa.Array:
    """Give the column of a table whose file has no such column: its default, or nothing at all."""
    if column.default is not None:
        return pa.array(np.full(rows, int(column.default), np.int8))
    if column.type is Type.TEXT and repeats:
        return pa.DictionaryArray.from_arrays(_nulls(pa.int32(), rows), pa.array([], pa.string()))
    return _nulls(ARROW[column.type], rows)


def _nulls(kind: Any, rows: int) -> pa.Array:
    """Give a column of nothing, in memory that is taken only when somebody looks at it."""
    width = 1 if pa.types.is_boolean(kind) else 4 if pa.types.is_string(kind) else kind.bit_width // 8
    buffers = [np.zeros((rows + 7) // 8, np.uint8), np.zeros((rows + 1) * width, np.uint8)]
    if pa.types.is_string(kind):
        buffers.append(np.zeros(0, np.uint8))
    return pa.Array.from_buffers(kind, rows, [pa.py_buffer(buffer) for buffer in buffers], rows)


def as_text(held: pa.Array) -> pa.StringArray:
    """Give cells as text, as a person would write them."""
    if at.is_binary(held.type) or at.is_large_binary(held.type):
        try:
            return held.cast(pa.string())
        except pa.ArrowInvalid:
            cells = [None if cell is None else cell.decode(errors="replace") for cell in held.to_pylist()]
            return pa.array(cells, pa.string())
    if at.is_boolean(held.type):
        return pc.if_else(held, "true", "false")
    return held.cast(pa.string())


def _done(values: pa.Array, states: States | None, column: Column) -> Read:
    """Tell the bad cells apart. Where there are no states, cells are empty or good."""
    if states is None:
        states = np.zeros(len(values), np.uint8)
        if column.filled and values.null_count:
            states[_absent(values)] = Cell.EMPTY
    if not states.any():
        return Read(values, np.zeros(0, np.int64), np.zeros(0, np.uint8))
    bad = np.flatnonzero(states >= (Cell.EMPTY if column.filled else Cell.EMPTY + 1))
    return Read(values, bad, states[bad])


def _absent(held: pa.Array) -> npt.NDArray[np.bool_]:
    absent: npt.NDArray[np.bool_] = held.is_null().to_numpy(zero_copy_only=False)
    return absent


def _valued(
    numbers: npt.NDArray[Any], states: States, held: pa.Array, kind: Any = None
) -> tuple[pa.Array, States]:
    """Put values and states together: only a cell in the state OK has a value."""
    if held.null_count:
        states[_absent(held)] = Cell.EMPTY
    absent = states != Cell.OK
    values = pa.array(numbers, mask=absent if absent.any() else None)
    return (values if kind is None else values.cast(kind)), states


def _text(held: pa.Array, repeats: bool) -> pa.Array:
    if at.is_dictionary(held.type):
        values = trimmed(as_text(held.dictionary))
        if not values.null_count and len(values.unique()) == len(values):
            whole = pa.DictionaryArray.from_arrays(held.indices.cast(pa.int32()), values)
            return whole if repeats else whole.cast(pa.string())
        held = values.take(held.indices)
    text = trimmed(as_text(held))
    return text.dictionary_encode() if repeats else text


def _with_nul(text: pa.Array) -> States | None:
    """Mark cells that hold a NUL character, which nobody sees and no database server keeps."""
    words = text.dictionary if pa.types.is_dictionary(text.type) else text
    _, letters = text_buffers(words)
    if letters.all():
        return None
    odd = pc.match_substring(words, "\x00").fill_null(False).to_numpy(zero_copy_only=False)
    if words is not text:
        odd = np.append(odd, False)[text.indices.fill_null(len(words)).to_numpy()]
    states = np.where(odd, np.uint8(Cell.NUL), np.uint8(Cell.OK))
    states[_absent(text)] = Cell.EMPTY
    return states


def _words(held: pa.Array, column: Column) -> Read:
    assert column.words is not None
    codes = {word.word: int(word) for word in column.allowed or column.words}
    numbers, states = _looked_up(held, codes, Cell.NOT_A_WORD)
    if column.default is not None and numbers.null_count:
        numbers = pc.if_else(
            pa.array(states == Cell.EMPTY), pa.scalar(int(column.default), pa.int8()), numbers
        )
    return _done(numbers, states, column)


def _truths(held: pa.Array, column: Column) -> Read:
    if at.is_boolean(held.type):
        return _done(held, None, column)
    numbers, states = _looked_up(held, {"true": 1, "false": 0}, Cell.NOT_A_TRUTH, fold=True)
    return _done(numbers.cast(pa.bool_()), states, column)


def _looked_up(
    held: pa.Array, codes: dict[str, int], unknown: Cell, fold: bool = False
) -> tuple[pa.Array, States]:
    """Look texts up, each distinct one once: the codes as ``int8``, and the states."""
    if not at.is_dictionary(held.type):
        held = as_text(held).dictionary_encode()
    texts = [(text or "").strip() for text in as_text(held.dictionary).to_pylist()]
    if fold:
        texts = [text.lower() for text in texts]
    texts.append("")  # for cells that are none
    numbers = np.array([codes.get(text, 0) for text in texts], np.int8)
    states = np.array(
        [Cell.EMPTY if not text else Cell.OK if text in codes else unknown for text in texts], np.uint8
    )
    indices = held.indices.cast(pa.int32())
    rows = (indices.fill_null(len(texts) - 1) if indices.null_count else indices).to_numpy()
    return _valued(numbers[rows], states[rows], pa.nulls(0))


def _days(held: pa.Array) -> tuple[pa.Array, States]:
    if at.is_timestamp(held.type):
        local = pc.local_timestamp(held) if held.type.tz else held
        return _whole_days(local, _TICKS_OF_DAY[held.type.unit])
    if at.is_date64(held.type):
        return _whole_days(held, _TICKS_OF_DAY["ms"])
    if at.is_date32(held.type):
        return _whole_days(held.cast(pa.int32()), 1)
    texts = as_text(held)
    return _valued(*read_dates(texts), texts, pa.date32())


def _whole_days(held: pa.Array, ticks: int) -> tuple[pa.Array, States]:
    numbers = _integers(held.cast(pa.int64()))
    days = numbers // ticks
    states = np.where(days * ticks == numbers, np.uint8(Cell.OK), np.uint8(Cell.NOT_AT_MIDNIGHT))
    states[(days < _FIRST_DAY) | (days > _LAST_DAY)] = Cell.NO_SUCH_DAY
    return _valued(days.astype(np.int32), states, held, pa.date32())


def _numbers(held: pa.Array, decimals: int, largest: int) -> tuple[pa.Array, States]:
    kind = held.type
    if at.is_integer(kind) and kind != pa.uint64():
        return _valued(*rescaled(_integers(held.cast(pa.int64())), 0, decimals, largest), held)
    if (at.is_decimal64(kind) or at.is_decimal128(kind)) and 0 <= kind.scale <= _LARGEST_SCALE:
        return _valued(*_decimals(held, decimals, largest), held)
    if at.is_floating(kind):
        # A binary fraction stands for the shortest decimal that gives it; without a value it is no number.
        held = pc.if_else(pc.is_nan(held), pa.scalar(None, kind), held)
    texts = as_text(held)
    return _valued(*read_decimals(texts, decimals, largest), texts)


def _decimals(held: pa.Array, decimals: int, largest: int) -> tuple[Int64s, States]:
    """Read decimals by their bytes: whole numbers of the last place, in 64 or 128 bits."""
    words = 1 if at.is_decimal64(held.type) else 2
    parts = np.frombuffer(held.buffers()[1] or b"", np.int64)
    parts = parts[held.offset * words : (held.offset + len(held)) * words].reshape(-1, words)
    low = np.ascontiguousarray(parts[:, 0])
    numbers, states = rescaled(low, held.type.scale, decimals, largest)
    high = parts[:, -1]
    wide = (high != low >> 63) if words == 2 else np.zeros(len(low), np.bool_)
    if wide.any():
        states[wide] = np.where(high[wide] < 0, np.uint8(Cell.NEGATIVE), np.uint8(Cell.TOO_LARGE))
    return numbers, states


def _integers(held: pa.Array) -> Int64s:
    """Give the numbers of a column; zero where there is none."""
    numbers = (held.fill_null(0) if held.null_count else held).to_numpy()
    return np.ascontiguousarray(numbers)
