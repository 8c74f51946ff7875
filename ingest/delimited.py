"""CSV files, read in blocks of whole rows; rows that are no rows are told apart, and the rest goes on.

What a spreadsheet or a database writes is taken as it is: UTF-8 with or without a byte-order mark, commas
or semicolons, any line ends, quoted cells, line ends inside quotes. Every cell stays text.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, Final, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from adjudicator.compiled import compiled
from adjudicator.problems import Place, Refused, refused
from adjudicator.system import reason
from adjudicator.words import Message, message
from ingest.raw import Broken, Raw

BLOCK: Final = 1 << 22
"""Bytes that are read at a time."""

LONGEST: Final = 1 << 16
"""Bytes of the longest row; a quote that is open for longer was never meant to be closed."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_QUOTE: Final = ord('"')
_LINE_FEED: Final = ord("\n")
_RETURN: Final = ord("\r")


@dataclass(frozen=True)
class Block:
    """Whole rows of a file as bytes, blank lines included."""

    data: bytes
    starts: npt.NDArray[np.int64] | None
    """Where each row starts; None where no quote makes this hard to say."""
    open_quotes: npt.NDArray[np.int64]
    """The rows that were cut at their first line end, because a quote in them is never closed."""


@dataclass(frozen=True)
class Delimited:
    """A CSV file whose header was read."""

    path: Path
    header: tuple[str, ...]
    """The names of the columns, without blanks around them; a column may have no name."""
    delimiter: str
    begin: int
    """How many bytes the header and what comes before it take."""

    def pieces(self, wanted: Sequence[str], keys: Collection[str]) -> Iterator[Callable[[], Raw]]:
        """Give the file in pieces, each to be read by a call, on any thread.

        Args:
            wanted: the columns to read.
            keys: those of them that are guessed even for a row that is broken.

        Raises:
            Refused: the file cannot be read to its end.
        """
        for block in self.blocks():
            yield partial(self._read, block, wanted, keys)

    def head(self) -> bytes:
        """Read the header as it is, without a byte-order mark."""
        with _opened(self.path) as file:
            return file.read(self.begin).removeprefix(_BYTE_ORDER_MARK)

    def blocks(self) -> Iterator[Block]:
        """Read the rows after the header, in blocks."""
        try:
            with _opened(self.path) as file:
                file.read(self.begin)
                carry = b""
                at_end = False
                while not at_end:
                    read = file.read(BLOCK)
                    at_end = not read
                    block, carry = _cut(carry + read, self.delimiter, at_end)
                    if block.data:
                        yield block
        except (OSError, EOFError, zlib.error) as error:
            raise unreadable(self.path, error) from None

    def _read(self, block: Block, wanted: Sequence[str], keys: Collection[str]) -> Raw:
        data = block.data
        starts = block.starts
        wrong: dict[int, Message] = dict.fromkeys(
            (int(row) for row in block.open_quotes), message("ingest.open_quote")
        )
        if not _is_utf8(data):
            starts = row_starts(block, self.delimiter)
            not_text = message("ingest.not_utf8_row")
            wrong.update(
                (row, not_text) for row, text in enumerate(_cut_at(data, starts)) if not _is_utf8(text)
            )
        texts: dict[int, bytes] = {}
        kept: npt.NDArray[np.int64] | None = None
        if wrong:
            assert starts is not None
            rows = _cut_at(data, starts)
            texts = {row: rows[row] for row in wrong}
            data = b"".join(text for row, text in enumerate(rows) if row not in wrong)
            kept = np.array([row for row in range(len(rows)) if row not in wrong], np.int64)
        table, ragged = self._parsed(data, wanted, b'"' in block.data)
        records = table.num_rows + len(ragged) + len(wrong)
        if kept is None:
            kept = np.arange(records, dtype=np.int64)
        for invalid in ragged:
            row = int(kept[invalid.number - 1])
            wrong[row] = message(
                "ingest.ragged", cells=invalid.actual_columns, columns=invalid.expected_columns
            )
            texts[row] = invalid.text.encode()
        columns = {name: table.column(name).combine_chunks() for name in wanted}
        if not wrong:
            return Raw(columns, records)
        good = np.delete(kept, [invalid.number - 1 for invalid in ragged])
        broken = [
            Broken(row, wrong[row], texts[row].decode(errors="replace").strip()) for row in sorted(wrong)
        ]
        guessed = {
            name: [self._cell(row.text, name) if name in keys else "" for row in broken] for name in wanted
        }
        return Raw(
            {
                name: pa.concat_arrays([held, pa.array(guessed[name], pa.string())])
                for name, held in columns.items()
            },
            records,
            np.concatenate([good, np.array(sorted(wrong), np.int64)]),
            tuple(broken),
        )

    def _parsed(self, data: bytes, wanted: Sequence[str], quotes: bool) -> tuple[pa.Table, list[Any]]:
        """Split rows into cells; rows with another number of cells than the header come beside."""
        ragged: list[Any] = []
        names = [name or f"\0{number}" for number, name in enumerate(self.header)]
        if not data:
            return pa.table({name: pa.array([], pa.string()) for name in wanted}), ragged

        def note(row: Any) -> str:
            ragged.append(row)
            return "skip"

        table = pyarrow.csv.read_csv(
            pa.BufferReader(data),
            read_options=pyarrow.csv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(data) + 1
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=quotes,
                # A blank line then is a row of empty cells, and rows can be counted.
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=list(wanted),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
        return table, ragged

    def _cell(self, text: str, name: str) -> str:
        """Guess a cell of a row that is broken, so that rows that belong to it can be set aside with it."""
        try:
            cells = next(csv.reader([text[:LONGEST]], delimiter=self.delimiter), [])
        except csv.Error:
            return ""
        place = self.header.index(name)
        cell = cells[place] if place < len(cells) else ""
        return "" if "\ufffd" in cell else cell


def open_delimited(path: Path) -> Delimited:
    """Read the header of a CSV file.

    Raises:
        Refused: the file cannot be read, is empty or is not UTF-8, or its header names a column twice.
    """
    try:
        with _opened(path) as file:
            head = file.read(LONGEST)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from None
    text = head.removeprefix(_BYTE_ORDER_MARK)
    if not text.strip():
        raise refused("ingest.empty_file", Place(path))
    line = text.split(b"\n", 1)[0]
    delimiter = ";" if line.count(b";") > line.count(b",") else ","
    starts, stop, _ = _rows(np.frombuffer(text, np.uint8), ord(delimiter), True, LONGEST)
    first = text[: starts[1] if len(starts) > 1 else stop]
    if b"\0" in first or not _is_utf8(first):
        raise refused("ingest.not_utf8_file", Place(path, row=1))
    header = tuple(name.strip() for name in next(csv.reader([first.decode()], delimiter=delimiter)))
    return Delimited(path, header, delimiter, len(head) - len(text) + len(first))


def row_starts(block: Block, delimiter: str) -> npt.NDArray[np.int64]:
    """Give where each row of a block starts."""
    if block.starts is not None:
        return block.starts
    starts, _, _ = _rows(np.frombuffer(block.data, np.uint8), ord(delimiter), True, LONGEST)
    return starts


def unreadable(path: Path, error: Exception) -> Refused:
    """Say that a file cannot be read, and why."""
    why = reason(error) if isinstance(error, OSError) and error.errno else str(error)
    return refused("ingest.unreadable", Place(path), why=why)


def _opened(path: Path) -> IO[bytes]:
    if path.name.lower().endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _cut_at(data: bytes, starts: npt.NDArray[np.int64]) -> list[bytes]:
    bounds = [*starts.tolist(), len(data)]
    return [data[start:stop] for start, stop in pairwise(bounds)]


def _cut(data: bytes, delimiter: str, at_end: bool) -> tuple[Block, bytes]:
    """Cut data after its last whole row; give the rows and what is left."""
    none = np.zeros(0, np.int64)
    if b'"' in data:
        starts, stop, open_quotes = _rows(np.frombuffer(data, np.uint8), ord(delimiter), at_end, LONGEST)
        return Block(data[:stop], starts, open_quotes), data[stop:]
    if at_end:
        return Block(data, None, none), b""
    # A return at the very end may be half of a Windows line end.
    stop = data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, len(data) - 1) + 1
    return Block(data[:stop], None, none), data[stop:]


@compiled
def _rows(
    data: Any, delimiter: int, at_end: bool, longest: int
) -> tuple[npt.NDArray[np.int64], int, npt.NDArray[np.int64]]:
    """Find where rows start, up to where the last whole row stops, and the rows with a quote left open.

    A quote opens a quoted cell only where a cell begins, and is closed by the next one that is not doubled.
    """
    starts = [np.int64(0) for _ in range(0)]
    open_quotes = [np.int64(0) for _ in range(0)]
    size = len(data)
    start = 0
    at = 0
    quoted = False
    cell_begins = True
    while True:
        given_up = False
        if at >= size:
            if not at_end or start >= size:
                break
            if quoted:
                given_up = True
            else:
                starts.append(np.int64(start))
                start = size
                break
        elif quoted:
            if data[at] == _QUOTE:
                if at + 1 >= size and not at_end:
                    break
                if at + 1 < size and data[at + 1] == _QUOTE:
                    at += 2
                else:
                    quoted = False
                    at += 1
            else:
                at += 1
            given_up = quoted and at - start > longest
        else:
            sign = data[at]
            if sign in (_LINE_FEED, _RETURN):
                if sign == _RETURN and at + 1 >= size and not at_end:
                    break
                at += 2 if sign == _RETURN and at + 1 < size and data[at + 1] == _LINE_FEED else 1
                starts.append(np.int64(start))
                start = at
                cell_begins = True
            else:
                quoted = sign == _QUOTE and cell_begins
                cell_begins = sign == delimiter
                at += 1
        if given_up:
            open_quotes.append(np.int64(len(starts)))
            starts.append(np.int64(start))
            at = start
            while at < size and data[at] != _LINE_FEED:
                at += 1
            at = min(at + 1, size)
            start = at
            quoted = False
            cell_begins = True
    return np.array(starts, np.int64), start, np.array(open_quotes, np.int64)
