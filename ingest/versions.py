"""Rows of a register that share a key: versions of one thing, or rows that contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.encoding import Keys
from adjudicator.tables import Table
from adjudicator.units import INT64_MAX, OPEN_END, OPEN_START

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Judged:
    """Which rows stand, and which give way to another."""

    order: Int64s
    """The rows that stand, by key and start."""
    repeated: Int64s
    """Rows that say the same as another, shape (n, 2): the row, and the other."""
    overlapping: Int64s
    """Rows that hold at the same time as another with their key, shape (n, 2): the row, and the other."""


def judge(columns: dict[str, pa.Array], table: Table) -> Judged:
    """Choose among rows that share a key and hold at the same time: the first to start stays.

    Of rows that start together the one stays whose content comes first in order, so that the choice does
    not hang on the order of rows. A table without a period has one row a key.
    """
    key_columns = [columns[name] for name in table.key]
    start, end = _periods(columns, table)
    none = np.zeros((0, 2), np.int64)
    if _follow_each_other(key_columns, start, end):
        # A register that was written in order, as most are, has nothing to choose among.
        return Judged(np.arange(len(start)), none, none)
    keys = _ranked(key_columns)
    order = np.arange(len(keys))
    if not _rising(keys, start):
        order = np.lexsort((start, keys))
    sorted_keys, sorted_start, sorted_end = keys[order], start[order], end[order]
    clash = (sorted_keys[1:] == sorted_keys[:-1]) & (sorted_start[1:] <= sorted_end[:-1])
    if not clash.any():
        return Judged(order, none, none)
    # Where any two of a key's rows overlap, two that follow each other by start do.
    contested = np.flatnonzero(np.isin(sorted_keys, sorted_keys[1:][clash]))
    repeated, overlapping = _settled(order[contested], sorted_keys[contested], start, end, columns)
    given_way = np.concatenate([repeated[:, 0], overlapping[:, 0]])
    return Judged(order[~np.isin(order, given_way)], repeated, overlapping)


def _settled(
    rows: Int64s, keys: Int64s, start: Int64s, end: Int64s, columns: dict[str, pa.Array]
) -> tuple[Int64s, Int64s]:
    """Go through the rows of contested keys, in the order of start and content."""
    content = pa.table({name: held.take(pa.array(rows)) for name, held in columns.items()}).to_pylist()
    said = [tuple((value is not None, value) for value in row.values()) for row in content]
    sequence = sorted(
        range(len(rows)), key=lambda place: (keys[place], start[rows[place]], said[place], rows[place])
    )
    repeated: list[tuple[int, int]] = []
    overlapping: list[tuple[int, int]] = []
    last: int | None = None
    for place in sequence:
        row = rows[place]
        if last is None or keys[last] != keys[place] or start[row] > end[rows[last]]:
            last = place
        else:
            (repeated if said[place] == said[last] else overlapping).append((row, rows[last]))
    return _pairs(repeated), _pairs(overlapping)


def _pairs(pairs: Sequence[tuple[int, int]]) -> Int64s:
    return np.array(pairs, np.int64).reshape(-1, 2)


def _periods(columns: dict[str, pa.Array], table: Table) -> tuple[Int64s, Int64s]:
    size = len(columns[table.key[0]])
    if table.period is None:
        return np.full(size, OPEN_START), np.full(size, OPEN_END)
    start, end = (columns[name].cast(pa.int32()) for name in table.period)
    return (
        start.fill_null(OPEN_START).to_numpy().astype(np.int64),
        end.fill_null(OPEN_END).to_numpy().astype(np.int64),
    )


def _rising(keys: Int64s, start: Int64s) -> bool:
    return bool(((keys[1:] > keys[:-1]) | ((keys[1:] == keys[:-1]) & (start[1:] >= start[:-1]))).all())


def _follow_each_other(columns: Sequence[pa.Array], start: Int64s, end: Int64s) -> bool:
    """Tell whether each row has a later key than the row before, or the same key and a later period."""
    rises: Any = pa.array(start[1:] > end[:-1])
    for column in reversed(columns):
        before, this = column[:-1], column[1:]
        rises = pc.or_(pc.greater(this, before), pc.and_(pc.equal(this, before), rises))
    return bool(pc.all(pc.fill_null(rises, False)).as_py())


def _ranked(columns: Sequence[pa.Array]) -> Int64s:
    """Number the keys of rows so that numbers are in the order of keys."""
    ranked = np.zeros(len(columns[0]), np.int64)
    possible = 1
    for column in columns:
        ranks, count = _ranks(column)
        if possible * count > INT64_MAX:
            ranked, possible = _dense(ranked)
        ranked = ranked * count + ranks
        possible *= count
    return ranked


def _ranks(column: pa.Array) -> tuple[Int64s, int]:
    if not pa.types.is_string(column.type):
        return _dense(column.cast(pa.int64()).to_numpy())
    keys = Keys.of(column)
    return keys.encode(column).astype(np.int64), len(keys)


def _dense(numbers: Int64s) -> tuple[Int64s, int]:
    distinct, ranks = np.unique(numbers, return_inverse=True)
    return ranks.astype(np.int64), len(distinct)
