"""How codes become integers, once, and how rows are put in order by integers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.compiled import compiled
from adjudicator.units import NO_DATE

UNKNOWN = -1
"""The integer of a code that a register does not have."""


@dataclass(frozen=True)
class Keys:
    """The codes of a register in the order of their UTF-8 bytes: a code's integer is its place."""

    values: pa.Array

    @classmethod
    def of(cls, *columns: pa.ChunkedArray | pa.Array) -> Keys:
        """Collect the distinct codes of some text columns."""
        distinct = [pc.unique(_plain(column)) for column in columns]
        values = distinct[0] if len(distinct) == 1 else pc.unique(pa.concat_arrays(distinct))
        values = values.drop_null()
        # A register that was written in order, as most are, need not be sorted again.
        if len(values) > 1 and not pc.all(pc.less(values[:-1], values[1:])).as_py():
            values = values.take(pc.sort_indices(values))
        return cls(values)

    def __len__(self) -> int:
        return len(self.values)

    def encode(self, column: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.int32]:
        """Give (n,) integers for a text column; :data:`UNKNOWN` for a code not here, or for none."""
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks)
        if pa.types.is_dictionary(column.type):
            by_word = np.append(self.encode(column.dictionary), np.int32(UNKNOWN))
            return by_word[pc.fill_null(column.indices, UNKNOWN).to_numpy(zero_copy_only=False)]
        found = pc.index_in(column, value_set=self.values)
        return np.array(pc.fill_null(found, UNKNOWN).to_numpy(zero_copy_only=False), np.int32)

    def decode(self, codes: npt.NDArray[np.int32]) -> pa.Array:
        """Give the texts of integers; none for :data:`UNKNOWN`."""
        return self.values.take(pa.array(codes, mask=codes < 0))

    def dictionary(self, codes: npt.NDArray[np.int32]) -> pa.DictionaryArray:
        """Give the texts of integers as a dictionary column, without copying them."""
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32(), mask=codes < 0), self.values)


def _plain(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Give a text column as one array of plain text."""
    array = (
        pa.concat_arrays(column.chunks or [pa.array([], column.type)])
        if isinstance(column, pa.ChunkedArray)
        else column
    )
    if pa.types.is_dictionary(array.type):
        used = pc.unique(array.indices).drop_null()
        return array.dictionary.take(used)
    return array


def integers(column: pa.ChunkedArray | pa.Array, dtype: type, none: int = 0) -> npt.NDArray[np.signedinteger]:
    """Give a numeric, word or truth column as (n,) integers, ``none`` standing for an empty cell."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    if array.null_count:
        array = pc.fill_null(array, none)
    # A copy: Arrow's memory is read-only, and kernels are compiled for writable arrays once.
    return np.array(array.to_numpy(zero_copy_only=False), dtype)


def days(column: pa.ChunkedArray | pa.Array, none: int = NO_DATE) -> npt.NDArray[np.int32]:
    """Give a date column as (n,) day numbers, ``none`` standing for an empty cell."""
    return integers(column.cast(pa.int32()), np.int32, none)  # type: ignore[return-value]


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
