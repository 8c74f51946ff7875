"""Parquet files, read by row groups; what their columns hold is checked against what a table can take."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as at

from adjudicator.tables import Column, Type
from ingest.delimited import unreadable
from ingest.raw import Raw

LARGEST_GROUP: Final = 1 << 20
"""Rows of a row group that is read at once; a larger one is read in batches of :data:`BATCH`."""

BATCH: Final = 1 << 18


def _is_text(held: Any) -> bool:
    if at.is_dictionary(held):
        held = held.value_type
    return bool(
        at.is_string(held)
        or at.is_large_string(held)
        or at.is_string_view(held)
        or at.is_binary(held)
        or at.is_large_binary(held)
        or at.is_null(held)
    )


def _is_number(held: Any) -> bool:
    return bool(at.is_integer(held) or at.is_decimal(held) or at.is_floating(held))


_ADMITTED: Final[dict[Type, Callable[[Any], bool]]] = {
    Type.TEXT: at.is_integer,
    Type.WORD: lambda _: False,
    Type.DATE: lambda held: bool(at.is_date(held) or at.is_timestamp(held)),
    Type.MONEY: _is_number,
    Type.QUANTITY: _is_number,
    Type.PERCENTAGE: _is_number,
    Type.NUMBER: _is_number,
    Type.TRUTH: at.is_boolean,
}
"""What a column of each type may be held as in a Parquet file, besides text."""


def admits(column: Column, held: Any) -> bool:
    """Say whether an Arrow type can hold a column."""
    return _is_text(held) or _ADMITTED[column.type](held)


@dataclass(frozen=True)
class Columnar:
    """A Parquet file whose footer was read."""

    path: Path
    header: tuple[str, ...]
    schema: pa.Schema
    metadata: pq.FileMetaData
    repeating: tuple[str, ...]
    """The columns of text whose values repeat: they are read as dictionaries."""

    def pieces(self, wanted: Sequence[str], keys: Collection[str]) -> Iterator[Callable[[], Raw]]:
        """Give the file in pieces, each to be read by a call, on any thread.

        Args:
            wanted: the columns to read.
            keys: of no use here, as a row of a Parquet file is never broken.

        Raises:
            Refused: the file cannot be read to its end.
        """
        try:
            for group in range(self.metadata.num_row_groups):
                if self.metadata.row_group(group).num_rows <= LARGEST_GROUP:
                    yield partial(self._group, group, wanted)
                else:
                    for batch in self._opened().iter_batches(BATCH, [group], list(wanted)):
                        yield partial(_raw, pa.Table.from_batches([batch]))
        except (OSError, pa.ArrowException) as error:
            raise unreadable(self.path, error) from None

    def group(self, group: int) -> pa.Table:
        """Read all columns of a row group."""
        return self._opened().read_row_group(group)

    def _group(self, group: int, wanted: Sequence[str]) -> Raw:
        try:
            return _raw(self._opened().read_row_group(group, list(wanted), use_threads=False))
        except (OSError, pa.ArrowException) as error:
            raise unreadable(self.path, error) from None

    def _opened(self) -> pq.ParquetFile:
        return pq.ParquetFile(self.path, metadata=self.metadata, read_dictionary=self.repeating)


def _raw(table: pa.Table) -> Raw:
    columns = {name: _whole(table.column(name)) for name in table.column_names}
    return Raw(columns, table.num_rows)


def _whole(held: pa.ChunkedArray) -> pa.Array:
    return held.chunk(0) if held.num_chunks == 1 else held.combine_chunks()


def open_columnar(path: Path, repeating: Collection[str] = ()) -> Columnar:
    """Read the footer of a Parquet file.

    Args:
        path: the file.
        repeating: columns whose values repeat, where they are there and hold text.

    Raises:
        Refused: the file cannot be read.
    """
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise unreadable(path, error) from None
    schema = file.schema_arrow
    dictionaries = tuple(field.name for field in schema if field.name in repeating and _is_text(field.type))
    return Columnar(path, tuple(schema.names), schema, file.metadata, dictionaries)
