"""Rows written out as they came, so that a person can mend them and give them in again."""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as at

from adjudicator.files import csv_lines, replacing
from ingest.columnar import Columnar, open_columnar
from ingest.columns import as_text
from ingest.delimited import Delimited, open_delimited, row_starts
from ingest.found import RESOURCES
from ingest.raw import FIRST_ROW

Int64s = npt.NDArray[np.int64]

DOCUMENTS: Final = (".xml",)
"""Files that hold claims of their own, not rows: they are written out whole."""


def write_rows(folder: Path, table: str, rows: Mapping[Path, Int64s]) -> list[Path]:
    """Read rows of files again and write them, byte for byte where they come from a CSV file.

    Files with the same header go together into ``<table>.csv``; those with another one into
    ``<table>-2.csv`` and so on. A document that is no table is copied whole. Rows that never were in a file
    are passed over, and so are FHIR resources: see :func:`ingest.fhir.mending.write_resources`.

    Args:
        folder: where to write.
        table: the table's name.
        rows: of each file the rows wanted, rising; the header is row 1.

    Returns:
        What was written.
    """
    groups: dict[bytes, list[Path]] = {}
    written = []
    for path in sorted(rows, key=str):
        if path.name.lower().endswith(DOCUMENTS) and path.is_file():
            written.append(_copied(path, folder))
        elif path.is_file() and not path.name.lower().endswith(RESOURCES):
            groups.setdefault(_header(_opened(path)), []).append(path)
    for number, (header, paths) in enumerate(groups.items(), 1):
        target = folder / (f"{table}.csv" if number == 1 else f"{table}-{number}.csv")
        # What ended lies in a folder of its own.
        target.parent.mkdir(exist_ok=True)
        with replacing(target) as temporary, temporary.open("wb") as file:
            file.write(header)
            for path in paths:
                file.writelines(_rows_of(_opened(path), rows[path]))
        written.append(target)
    return written


def _copied(path: Path, folder: Path) -> Path:
    """Copy a document under its name, or a name beside it where another document has that one."""
    target, number = folder / path.name, 2
    while target.exists() and not filecmp.cmp(path, target, shallow=False):
        target, number = folder / f"{path.stem}-{number}{path.suffix}", number + 1
    shutil.copyfile(path, target)
    return target


def _opened(path: Path) -> Delimited | Columnar:
    return open_columnar(path) if path.name.lower().endswith(".parquet") else open_delimited(path)


def _header(source: Delimited | Columnar) -> bytes:
    if isinstance(source, Delimited):
        return _ended(source.head())
    line: str = csv_lines([pa.array([name]) for name in source.header])[0].as_py()
    return line.encode()


def _ended(line: bytes) -> bytes:
    return line.rstrip(b"\r\n") + b"\n"


def _rows_of(source: Delimited | Columnar, rows: Int64s) -> Iterator[bytes]:
    return _records(source, rows) if isinstance(source, Delimited) else _lines(source, rows)


def _records(source: Delimited, rows: Int64s) -> Iterator[bytes]:
    """Give records of a CSV file as they are."""
    first = FIRST_ROW
    for block in source.blocks():
        starts = row_starts(block, source.delimiter)
        here = rows[(rows >= first) & (rows < first + len(starts))] - first
        bounds = np.append(starts, len(block.data))
        for record in here:
            yield _ended(block.data[bounds[record] : bounds[record + 1]])
        first += len(starts)


def _lines(source: Columnar, rows: Int64s) -> Iterator[bytes]:
    """Give rows of a Parquet file as lines of a CSV file."""
    first = FIRST_ROW
    for number in range(source.metadata.num_row_groups):
        size = source.metadata.row_group(number).num_rows
        here = rows[(rows >= first) & (rows < first + size)] - first
        if len(here):
            table = source.group(number).take(pa.array(here))
            columns = [_written(column.combine_chunks()) for column in table.columns]
            for line in csv_lines(columns).to_pylist():
                yield line.encode()
        first += size


def _written(column: pa.Array) -> pa.Array:
    """Write values as cells of a CSV file have them."""
    if at.is_timestamp(column.type):
        # A midnight is a date; any other time stays, to be seen.
        local = pc.local_timestamp(column) if column.type.tz else column
        texts = local.cast(pa.string())
        return pc.replace_substring_regex(texts, r" 00:00:00(\.0*)?$", "")
    if at.is_nested(column.type):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
    return as_text(column)
