"""The rows of a table, read from all its sources into typed columns, with where each row comes from."""

from __future__ import annotations

import dataclasses
import os
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.tables import Column, Type
from adjudicator.words import Amount, Message, Percentage, Quantity
from ingest.cells import Cell, trimmed
from ingest.columns import LARGEST, as_text, nothing, places, read_column
from ingest.raw import FIRST_ROW, Raw
from ingest.set_aside import Faults
from ingest.sources import Opened

THREADS: Final = min(4, os.cpu_count() or 1)
AHEAD: Final = 2 * THREADS
"""Pieces of files that are read before they are asked for."""

LONGEST_SHOWN: Final = 200
"""Letters of a broken row that are shown."""

Positions = npt.NDArray[np.int64]
T = TypeVar("T")


@dataclass(frozen=True)
class Bad:
    """Rows with the same thing wrong with them."""

    positions: Positions
    """Which rows of their batch or table."""
    field: str | None
    reason: str
    """A key of the catalogue."""
    values: pa.Array
    """What stands in the field, as text, for each row."""
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The values of the reason's text: one for all rows, or an Arrow array with one for each."""


@dataclass(frozen=True)
class Batch:
    """Some rows of a source, read."""

    columns: dict[str, pa.Array]
    """Typed; columns that the source lacks are not there."""
    size: int
    records: int
    numbers: Positions | None
    """Which record of its piece each row is; None: all in their order."""
    bad: list[Bad]


@dataclass
class Origin:
    """Where the rows of a table come from."""

    files: list[int] = dataclasses.field(default_factory=list)
    """The file of each piece, by its place among all files read."""
    starts: list[int] = dataclasses.field(default_factory=list)
    """The position of each piece's first row in the table."""
    first_rows: list[int] = dataclasses.field(default_factory=list)
    """The row in its file of each piece's first record."""
    numbers: list[Positions | None] = dataclasses.field(default_factory=list)

    def places(self, positions: Positions) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Give the file and the row in it for positions in the table."""
        if not len(positions):
            return np.zeros(0, np.int32), np.zeros(0, np.int64)
        piece = np.searchsorted(np.array(self.starts), positions, "right") - 1
        within = positions - np.array(self.starts)[piece]
        for which in np.unique(piece):
            numbers = self.numbers[which]
            if numbers is not None:
                here = piece == which
                within[here] = numbers[within[here]]
        return np.array(self.files, np.int32)[piece], np.array(self.first_rows)[piece] + within


@dataclass
class Rows:
    """All rows of a table, the bad ones among them."""

    columns: dict[str, pa.Array]
    size: int
    origin: Origin
    bad: list[Bad]

    @property
    def unreadable(self) -> npt.NDArray[np.bool_]:
        """Say which rows have something wrong."""
        wrong = np.zeros(self.size, np.bool_)
        for bad in self.bad:
            wrong[bad.positions] = True
        return wrong


def faults(table: str, bad: Bad, origin: Origin) -> Faults:
    """Give bad rows with their places in files."""
    files, rows = origin.places(bad.positions)
    return Faults(table, bad.field, bad.reason, files, rows, bad.values, bad.details)


def read_rows(
    opened: Opened,
    first_file: int,
    decimals: int,
    repeating: Collection[str] = (),
    finish: Callable[[Batch], Batch] = lambda batch: batch,
) -> Rows:
    """Read all rows of a table.

    Args:
        opened: its sources.
        first_file: the place of its first source among all files read.
        decimals: of the currency.
        repeating: columns of text that become ``dictionary<int32, string>``.
        finish: works on each batch, on the thread that read it.

    Returns:
        The rows in the order of the sources. A column that no source has holds its default or nothing.
    """
    origin = Origin()
    batches: list[Batch] = []
    size = 0
    with ThreadPoolExecutor(THREADS) as pool:
        for place, source in enumerate(opened.sources):
            columns = [column for column in opened.columns if column.name in source.header]
            wanted = [column.name for column in columns]
            calls = (
                _Reading(call, columns, decimals, repeating, finish)
                for call in source.pieces(wanted, opened.table.key)
            )
            row = FIRST_ROW
            for batch in in_order(pool, calls):
                origin.files.append(first_file + place)
                origin.starts.append(size)
                origin.first_rows.append(row)
                origin.numbers.append(batch.numbers)
                batches.append(
                    replace(batch, bad=[replace(bad, positions=bad.positions + size) for bad in batch.bad])
                )
                row += batch.records
                size += batch.size
    bad = [bad for batch in batches for bad in batch.bad]
    declared = {column.name: column for column in opened.columns}
    names = [name for batch in batches for name in batch.columns if name not in declared]
    columns_of: dict[str, pa.Array] = {}
    for name in dict.fromkeys([*declared, *names]):
        held = [batch.columns.pop(name, None) for batch in batches]
        if all(chunk is None for chunk in held):
            columns_of[name] = nothing(declared[name], size, name in repeating)
        else:
            columns_of[name] = joined(
                [
                    nothing(declared[name], batch.size, name in repeating) if chunk is None else chunk
                    for batch, chunk in zip(batches, held, strict=True)
                ]
            )
    return Rows(columns_of, size, origin, bad)


def joined(chunks: list[pa.Array]) -> pa.Array:
    """Put pieces of a column together; dictionaries become one."""
    if len(chunks) == 1:
        return chunks[0]
    whole = pa.chunked_array(chunks)
    if pa.types.is_dictionary(whole.type):
        whole = whole.unify_dictionaries()
    return whole.combine_chunks()


def in_order(pool: ThreadPoolExecutor, calls: Iterable[Callable[[], T]]) -> Iterator[T]:
    """Make calls on the threads of a pool, a few ahead, and give their results in order."""
    under_way: deque[Future[T]] = deque()
    for call in calls:
        under_way.append(pool.submit(call))
        if len(under_way) > AHEAD:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


@dataclass(frozen=True)
class _Reading:
    """A call that reads a piece and its cells."""

    piece: Callable[[], Raw]
    columns: list[Column]
    decimals: int
    repeating: Collection[str]
    finish: Callable[[Batch], Batch]

    def __call__(self) -> Batch:
        return self.finish(self._read(self.piece()))

    def _read(self, raw: Raw) -> Batch:
        size = len(raw)
        whole = raw.whole
        columns: dict[str, pa.Array] = {}
        found: list[Bad] = []
        first_filled = next((column.name for column in self.columns if column.filled), None)
        for column in self.columns:
            held = raw.columns[column.name]
            read = read_column(held, column, self.decimals, column.name in self.repeating)
            columns[column.name] = read.values
            bad = read.bad[read.bad < whole]
            for state in np.unique(read.states[read.bad < whole]):
                positions = bad[read.states[read.bad < whole] == state]
                if state == Cell.EMPTY and column.name == first_filled:
                    blank = self._blank(raw, positions)
                    if len(blank):
                        # A row of nothing but empty cells is what a spreadsheet leaves below its table.
                        return self._read(raw.taken(np.delete(np.arange(size), blank)))
                reason, details = _reason(Cell(state), column, self.decimals)
                found.append(
                    Bad(positions, column.name, reason, as_text(held.take(pa.array(positions))), details)
                )
        return Batch(columns, size, raw.records, raw.numbers, found + _broken(raw, whole))

    @staticmethod
    def _blank(raw: Raw, positions: Positions) -> Positions:
        blank = np.ones(len(positions), np.bool_)
        for held in raw.columns.values():
            blank &= trimmed(as_text(held.take(pa.array(positions)))).is_null().to_numpy(zero_copy_only=False)
        return positions[blank]


def _broken(raw: Raw, whole: int) -> list[Bad]:
    """Put the broken rows together of which the same is wrong."""
    alike: dict[tuple[str | None, Message], list[tuple[int, str]]] = {}
    place = whole - 1
    record = -1
    for broken in raw.broken:
        if broken.record != record:
            place, record = place + 1, broken.record
        shown = broken.text[:LONGEST_SHOWN]
        alike.setdefault((broken.field, broken.reason), []).append((place, shown))
    return [
        Bad(
            np.array([place for place, _ in rows]),
            field,
            reason.key,
            pa.array([shown for _, shown in rows], pa.string()),
            reason.values,
        )
        for (field, reason), rows in alike.items()
    ]


def _reason(state: Cell, column: Column, decimals: int) -> tuple[str, dict[str, Any]]:
    """Give the key of the catalogue for what is wrong with a cell, and the values of its text."""
    match state:
        case Cell.TOO_MANY_DECIMALS if column.type is Type.NUMBER:
            return "ingest.not_whole", {}
        case Cell.TOO_MANY_DECIMALS:
            return "ingest.too_many_decimals", {"decimals": places(column, decimals)}
        case Cell.TOO_LARGE:
            return "ingest.too_large", {"largest": _shown(LARGEST[column.type], column.type, decimals)}
        case Cell.NOT_A_WORD:
            assert column.words is not None
            return "ingest.not_a_word", {"words": [word.word for word in column.allowed or column.words]}
        case _:
            return f"ingest.{state.name.lower()}", {}


def _shown(number: int, kind: Type, decimals: int) -> Any:
    match kind:
        case Type.MONEY:
            return Amount(number, decimals)
        case Type.QUANTITY:
            return Quantity(number)
        case Type.PERCENTAGE:
            return Percentage(number)
        case _:
            return number
