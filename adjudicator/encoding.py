"""How codes become integers, once, and how rows are put in order by integers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.compiled import compiled
from adjudicator.units import NO_DATE

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

_WORTH_A_THREAD: Final = 100_000
"""Rows from which on a second thread is worth its while."""

UNKNOWN: Final = -1
"""The integer of a code that a register does not have."""


@dataclass(frozen=True)
class Keys:
    """The codes of a register in the order of their UTF-8 bytes: a code's integer is its place."""

    values: pa.Array

    @classmethod
    def of(cls, *columns: pa.ChunkedArray | pa.Array) -> Keys:
        """Collect the distinct codes of some text columns."""
        arrays = [_plain(column) for column in columns]
        arrays = [array for array in arrays if len(array)] or arrays[:1]
        # A register that was written in order, as most are, is its own list of keys.
        if len(arrays) == 1 and arrays[0].null_count == 0 and _rises(arrays[0]):
            return cls(arrays[0])
        values = pc.unique(pa.concat_arrays([pc.unique(array) for array in arrays])).drop_null()
        return cls(values if _rises(values) else values.take(pc.sort_indices(values)))

    def __len__(self) -> int:
        return len(self.values)

    def encode(self, column: pa.ChunkedArray | pa.Array) -> Int32s:
        """Give (n,) integers for a text column; :data:`UNKNOWN` for a code not here, or for none."""
        array = one_array(column)
        if pa.types.is_dictionary(array.type):
            by_word = np.append(self.encode(array.dictionary), np.int32(UNKNOWN))
            of_rows: Int32s = by_word[integers(array.indices, np.int64, UNKNOWN)]
            return of_rows
        places = np.empty(len(array), np.int32)
        if len(self) == 0:
            return np.full(len(array), UNKNOWN, np.int32)
        texts, keys = text_buffers(array), text_buffers(self.values)
        order = _near_order(texts, self._shared)

        def find(first: int, end: int) -> None:
            _find(texts, keys, order, first, end, places)

        if len(array) <= _WORTH_A_THREAD:
            find(0, len(array))
        else:
            middle = len(array) // 2
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(find, (0, middle), (middle, len(array))))
        if array.null_count:
            places[array.is_null().to_numpy(zero_copy_only=False)] = UNKNOWN
        return places

    @cached_property
    def _shared(self) -> int:
        """How many bytes all keys have in common at their beginning."""
        first, last = (self.values[place].as_py().encode() for place in (0, len(self) - 1))
        pairs = enumerate(zip(first, last, strict=False))
        return next((at for at, (one, other) in pairs if one != other), min(len(first), len(last)))

    def decode(self, codes: npt.NDArray[np.int32]) -> pa.Array:
        """Give the texts of integers; none for :data:`UNKNOWN`."""
        return self.values.take(pa.array(codes, mask=codes < 0))

    def dictionary(self, codes: npt.NDArray[np.int32]) -> pa.DictionaryArray:
        """Give the texts of integers as a dictionary column, without copying them."""
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32(), mask=codes < 0), self.values)


def one_array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Give a column as one array."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.unify_dictionaries().chunks or [pa.array([], column.type)])


def _plain(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Give a text column as one array of plain text; of a dictionary, the words in use."""
    array = one_array(column)
    if pa.types.is_dictionary(array.type):
        return array.dictionary.take(pc.unique(array.indices).drop_null())
    return array


def _rises(values: pa.Array) -> bool:
    """Tell whether texts stand in the order of their bytes, none twice."""
    return len(values) < 2 or bool(pc.all(pc.less(values[:-1], values[1:])).as_py())


def text_buffers(texts: pa.Array) -> tuple[Int32s, npt.NDArray[np.uint8]]:
    """Give the buffers of a column of text: the bounds of its cells, shape (n + 1,), and all their bytes.

    A cell that is none has no bytes.
    """
    texts = texts.cast(pa.string())
    if texts.null_count:
        texts = texts.fill_null("")
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets or bytes(4), np.int32)[texts.offset : texts.offset + len(texts) + 1]
    letters = np.frombuffer(data or b"", np.uint8)
    # Some buffers could be written to and some not; a kernel is compiled for one of the two.
    bounds.flags.writeable = letters.flags.writeable = False
    return bounds, letters


def _near_order(texts: tuple[Int32s, npt.NDArray[np.uint8]], shared: int) -> Int64s:
    """Order texts nearly as their bytes, looking at few of them; (0,) where they nearly stand so.

    Args:
        texts: their buffers.
        shared: how many bytes they have in common, most of them, at their beginning.
    """
    beginnings = _beginnings(*texts, shared)
    if bool(np.all(beginnings[:-1] <= beginnings[1:])):
        return np.zeros(0, np.int64)
    return np.argsort(beginnings)


@compiled
def _beginnings(bounds: Any, letters: Any, shared: int) -> npt.NDArray[np.uint64]:
    """Pack the eight bytes of each text that follow the shared ones: numbers in the order of texts."""
    numbers = np.empty(len(bounds) - 1, np.uint64)
    for row in range(len(numbers)):
        start = bounds[row] + shared
        number = np.uint64(0)
        for at in range(start, start + 8):
            number <<= np.uint64(8)
            if at < bounds[row + 1]:
                number |= np.uint64(letters[at])
        numbers[row] = number
    return numbers


@compiled
def _find(texts: Any, keys: Any, order: Int64s, first: int, end: int, places: Int32s) -> None:
    """Find the texts at ``first`` to ``end`` of an order among sorted keys, and put down their places.

    A search begins at the key that the one before ended at, and reaches ever further above it: texts that
    come nearly in order find their keys close by, where a processor has them at hand. *Compiled.*
    """
    bounds, letters = texts
    key_bounds, key_letters = keys
    last = len(key_bounds) - 2
    look = 0
    for at in range(first, end):
        row = order[at] if len(order) else at
        text = (bounds[row], bounds[row + 1])
        difference = _difference(letters, text, key_letters, (key_bounds[look], key_bounds[look + 1]))
        low = 0
        reach = 1
        while difference > 0 and look < last:
            low = look + 1
            look = min(look + reach, last)
            reach *= 2
            difference = _difference(letters, text, key_letters, (key_bounds[look], key_bounds[look + 1]))
        high = look
        while difference != 0 and low < high:
            look = (low + high) >> 1
            difference = _difference(letters, text, key_letters, (key_bounds[look], key_bounds[look + 1]))
            if difference < 0:
                high = look
            else:
                low = look + 1
        places[row] = look if difference == 0 else UNKNOWN


@compiled
def _difference(letters: Any, text: tuple[int, int], key_letters: Any, key: tuple[int, int]) -> int:
    """Compare two texts by their bytes: below zero, zero or above zero. *Compiled.*"""
    size, key_size = text[1] - text[0], key[1] - key[0]
    for at in range(min(size, key_size)):
        difference = np.int64(letters[text[0] + at]) - np.int64(key_letters[key[0] + at])
        if difference != 0:
            return difference  # type: ignore[return-value]  # in a kernel, an integer
    return size - key_size


def integers(column: pa.ChunkedArray | pa.Array, dtype: type, none: int = 0) -> npt.NDArray[Any]:
    """Give a numeric, word or truth column as (n,) integers, ``none`` standing for an empty cell."""
    array = one_array(column)
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    if array.null_count:
        array = pc.fill_null(array, none)
    # A copy: Arrow's memory is read-only, and kernels are compiled for writable arrays once.
    return np.array(array.to_numpy(zero_copy_only=False), dtype)


def days(column: pa.ChunkedArray | pa.Array, none: int = NO_DATE) -> Int32s:
    """Give a date column as (n,) day numbers, ``none`` standing for an empty cell."""
    return integers(column.cast(pa.int32()), np.int32, none)


@compiled
def group(keys: npt.NDArray[np.int32], count: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Order rows by a dense key, keeping the order of rows with the same key. *Compiled.*

    Args:
        keys: (n,), each in 0 … ``count`` − 1.
        count: how many keys there are.

    Returns:
        (count + 1,) where each key's rows begin, and (n,) the rows in order.

    """
    first = np.zeros(count + 1, np.int32)
    for key in keys:
        first[key + 1] += 1
    for key in range(count):
        first[key + 1] += first[key]
    order = np.empty(len(keys), np.int64)
    place = first[:-1].copy()
    for row in range(len(keys)):
        key = keys[row]
        order[place[key]] = row
        place[key] += 1
    return first, order
