"""Digests of rows and of tables: what shows that a row was changed, and which.

A row's digest is 64 bits over its columns in order, as they are stored: integers (dates as day numbers)
and the bytes of texts. It is kept beside the row. A table's hash is SHA-256 over the sorted digests of its
rows, so that it depends neither on the order of the rows nor on how they were cut into parts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.compiled import compiled
from adjudicator.encoding import integers, one_array, text_buffers

Int64s = npt.NDArray[np.int64]


@compiled
def _mixed(number: Any) -> Any:
    """Spread every bit of a number over all of them (the finalizer of SplitMix64). *Compiled.*"""
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))


@compiled
def _take_integers(digest: Any, values: Int64s, given: Any) -> None:
    """Take a column of integers into the digests of its rows. *Compiled.*"""
    for row in range(len(digest)):
        value = np.uint64(values[row]) + np.uint64(1) if given[row] else np.uint64(0)
        salt = np.uint64(0x9E3779B97F4A7C15) if given[row] else np.uint64(0xD1B54A32D192ED03)
        digest[row] = _mixed(digest[row] * np.uint64(0x9E3779B97F4A7C15) + _mixed(value ^ salt))


@compiled
def _take_texts(digest: Any, bounds: Any, letters: Any, given: Any) -> None:
    """Take a column of text into the digests of its rows, eight bytes at a time. *Compiled.*"""
    for row in range(len(digest)):
        text = np.uint64(0x2545F4914F6CDD1D) if given[row] else np.uint64(0x369DEA0F31A53F85)
        start, end = bounds[row], bounds[row + 1]
        text += np.uint64(end - start)
        at = start
        while at < end:
            word = np.uint64(0)
            for byte in range(at, min(at + 8, end)):
                word = (word << np.uint64(8)) | np.uint64(letters[byte])
            text = _mixed(text * np.uint64(0x9E3779B97F4A7C15) + word)
            at += 8
        digest[row] = _mixed(digest[row] * np.uint64(0x9E3779B97F4A7C15) + text)


def row_digests(table: pa.Table, columns: Sequence[str] | None = None) -> Int64s:
    """Give the digest of each row of a typed table, shape (n,).

    Args:
        table: typed (see :mod:`adjudicator.tables`); text may be held as dictionaries.
        columns: which columns, in which order; all when left out.
    """
    digest = np.zeros(len(table), np.uint64)
    for name in table.column_names if columns is None else columns:
        column = one_array(table[name])
        given = (
            column.is_valid().to_numpy(zero_copy_only=False)
            if column.null_count
            else np.ones(len(column), np.bool_)
        )
        if pa.types.is_string(column.type) or pa.types.is_dictionary(column.type):
            _take_texts(digest, *text_buffers(column), given)
        else:
            if pa.types.is_date(column.type):
                column = column.cast(pa.int32())
            _take_integers(digest, integers(column, np.int64), given)
    return digest.view(np.int64)


def table_hash(digests: Iterable[Int64s]) -> str:
    """Give the hash (hex) of a table from the digests of its rows, in any order and any number of parts."""
    parts = [np.asarray(part, np.int64) for part in digests]
    together = np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
    return hashlib.sha256(together.astype("<i8").tobytes()).hexdigest()


def with_digest(table: pa.Table) -> pa.Table:
    """Give a table with the digest of each row as its last column."""
    return table.append_column("digest", pa.array(row_digests(table)))
