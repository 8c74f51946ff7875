"""Rows given in memory, read by the same rules as files: for tests, and for importers of other systems."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

import pyarrow as pa

from adjudicator.vocabulary import Word
from ingest.raw import Raw

PyRows = Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Memory:
    """Rows of Python values; the name of their table stands for a path."""

    path: Path
    header: tuple[str, ...]
    rows: PyRows

    def pieces(self, wanted: Sequence[str], keys: Collection[str]) -> Iterator[Callable[[], Raw]]:
        """Give all rows in one piece.

        Args:
            wanted: the columns to read.
            keys: of no use here, as a row in memory is never broken.

        """
        yield partial(self._read, wanted)

    def _read(self, wanted: Sequence[str]) -> Raw:
        columns = {
            name: pa.array([_written(row.get(name)) for row in self.rows], pa.string()) for name in wanted
        }
        return Raw(columns, len(self.rows))


def in_memory(table: str, rows: PyRows, needed: Collection[str]) -> Memory:
    """Take rows as a source. A row may leave out what is none; needed columns are there in any case."""
    names = dict.fromkeys([*needed, *(name for row in rows for name in row)])
    return Memory(Path(table), tuple(names), rows)


def _written(value: object) -> str | None:
    """Write a value as a cell of a CSV file has it."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case Word():
            return value.word
        case Decimal():
            return f"{value:f}"
        case dt.datetime():
            return str(value.date() if value.time() == dt.time() else value)
        case _:
            return str(value)
