"""Tables written as files: typed columns turned into the external form, whole or not at all.

A *typed* table (see :mod:`adjudicator.tables`) is written as CSV or Parquet, by the ending of the path:
words as text, amounts in major units with the currency's decimals, days as dates. The bytes depend on
the rows alone: not on how they were cut into chunks, nor on how a column of text is held.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from adjudicator.compiled import compiled
from adjudicator.folders import sync
from adjudicator.tables import Column, Table, Type
from adjudicator.vocabulary import Word

ROW_GROUP: Final = 1 << 18
"""Rows of a Parquet row group, and rows that a writer turns into the external form at a time."""

LARGEST_DECIMAL: Final = 10**18 - 1
"""The largest number of a decimal column, in its last place: eighteen digits fit in 64 bits."""

FEW: Final = 16
"""Text with fewer distinct values than one for so many rows is worth a dictionary."""

SLICE: Final = 1 << 15
"""Rows of a CSV file that are put together at a time."""

HUNDREDTHS: Final = 2
"""Decimals of a quantity and of a percentage."""

SUFFIXES: Final = (".csv", ".parquet")
"""The kinds of files that tables are written to."""

_Columns: TypeAlias = dict[str, pa.Array]

AT_ONCE: Final = 2
"""Row groups that are prepared and written at a time, each on a thread."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to, which takes the place of ``path`` when all went well.

    It is on disk before that. An error removes it, and leaves an older file as it was.
    """
    # In the same folder, so that the renaming is one step of the file system; and named before it is there:
    # whoever is stopped as he makes it knows what to remove.
    temporary = path.with_name(f".{path.name}.{token_hex(4)}.part")
    try:
        temporary.touch(exist_ok=False)
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_table(path: Path, table: pa.Table, spec: Table, decimals: int) -> None:
    """Write a typed table to a file, whole or not at all.

    Args:
        path: ends in ``.csv`` or ``.parquet``; an older file of that name is replaced.
        table: typed columns of ``spec``, in any order; those that it lacks are left out.
        spec: the table's shape.
        decimals: of the currency's amounts.

    """
    with TableWriter(path, spec, decimals) as writer:
        writer.write(table)


class TableWriter:
    """Writes a typed table that comes in chunks; the file appears under its name when all went well.

    A context manager. The chunks may be of any size and must all have the same columns. Leaving with an
    error removes what was written so far. A writer that was given nothing writes all columns and no row.
    """

    def __init__(self, path: Path, spec: Table, decimals: int) -> None:
        if path.suffix not in SUFFIXES:
            raise ValueError(f"{path}: a table is written to a file that ends in {' or '.join(SUFFIXES)}")
        self._path = path
        self._spec = spec
        self._decimals = decimals
        self._pending: list[pa.Table] = []
        self._pending_rows = 0
        self._columns: list[str] | None = None
        self._target: _Target | None = None
        self._temporary: Path | None = None
        self._replacing = ExitStack()
        self._threads = ThreadPoolExecutor(AT_ONCE)
        self._under_way: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        self._temporary = self._replacing.enter_context(replacing(self._path))
        return self

    def write(self, chunk: pa.Table) -> None:
        """Add rows, in order.

        Raises:
            ValueError: the chunk has a column that the table does not declare, or not those of the first.
            OverflowError: an amount has more than eighteen digits.

        """
        columns = _columns_of(chunk, self._spec)
        if self._columns is None:
            self._columns = columns
        elif columns != self._columns:
            raise ValueError(f"{self._spec.name}: a chunk has the columns {columns}, not {self._columns}")
        chunk = chunk.select(columns)
        start = 0
        while chunk.num_rows - start >= ROW_GROUP - self._pending_rows:
            taken = ROW_GROUP - self._pending_rows
            self._pending.append(chunk.slice(start, taken))
            self._flush()
            start += taken
        if start < chunk.num_rows:
            self._pending.append(chunk.slice(start))
            self._pending_rows += chunk.num_rows - start

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # What is registered last is done first: the file is whole before it takes its name.
        self._replacing.callback(self._close, whole=kind is None)
        self._replacing.__exit__(kind, error, trace)

    def _close(self, *, whole: bool) -> None:
        try:
            if whole:
                if self._pending or self._target is None:
                    self._flush()
                while self._under_way:
                    self._under_way.popleft().result()
        finally:
            self._threads.shutdown(cancel_futures=True)
            if self._target is not None:
                self._target.close()

    def _flush(self) -> None:
        """Hand the pending rows to the threads: groups are prepared side by side and written in order."""
        names = self._columns if self._columns is not None else [column.name for column in self._spec.columns]
        columns = {name: _joined([chunk.column(name) for chunk in self._pending]) for name in names}
        self._pending = []
        self._pending_rows = 0
        if len(self._under_way) == AT_ONCE:
            self._under_way.popleft().result()
        if self._target is None:
            assert self._temporary is not None
            kind = _ParquetTarget if self._path.suffix == ".parquet" else _CsvTarget
            self._target = kind(self._temporary, self._spec, self._decimals, columns)
        before = self._under_way[-1] if self._under_way else None
        prepared = self._threads.submit(self._target.prepare, columns)
        # A task waits only for tasks handed in before it, which have begun: nobody waits for ever.
        self._under_way.append(self._threads.submit(_put, self._target, before, prepared))


def _put(target: _Target, before: Future[None] | None, prepared: Future[Any]) -> None:
    if before is not None:
        before.result()
    target.put(prepared.result())


def _columns_of(table: pa.Table, spec: Table) -> list[str]:
    """Name the columns of a table in the order of its declaration, then of their names."""
    held = set(table.column_names)
    declared = [column.name for column in spec.columns if column.name in held]
    others = sorted(held.difference(declared))
    if others and not spec.keeps_other_columns:
        raise ValueError(f"{spec.name} has no column {', '.join(others)}")
    return declared + others


def _joined(pieces: list[pa.ChunkedArray]) -> pa.Array:
    chunks = [chunk for piece in pieces for chunk in piece.chunks]
    if not chunks:
        return pa.nulls(0, pieces[0].type if pieces else pa.string())
    if len(chunks) == 1:
        return chunks[0]
    if any(chunk.type != chunks[0].type for chunk in chunks):
        chunks = [_plain(chunk) for chunk in chunks]
    return pa.concat_arrays(chunks)


def _declared(spec: Table, name: str) -> Column:
    return next((column for column in spec.columns if column.name == name), Column(name))


# The external form of a column.


def _external(held: pa.Array, column: Column, decimals: int) -> pa.Array:
    match column.type:
        case Type.TEXT:
            return held
        case Type.WORD:
            assert column.words is not None
            return _as_words(held, column.words)
        case Type.MONEY:
            return _as_decimal(held, decimals, column.name)
        case Type.QUANTITY | Type.PERCENTAGE:
            return _as_decimal(held, HUNDREDTHS, column.name)
        case Type.NUMBER:
            return held.cast(pa.int64())
        case Type.DATE:
            return held.cast(pa.date32())
        case Type.TRUTH:
            return held.cast(pa.bool_())


def _as_words(held: pa.Array, words: type[Word]) -> pa.DictionaryArray:
    members = sorted(words)
    # From a member's integer, taken without its sign, to its place among the words.
    places = np.full(256, -1, np.int32)
    places[np.array(members, np.int8).view(np.uint8)] = np.arange(len(members))
    missing = _missing(held)
    indices = _looked_up(places, _numbers(held, np.int8, members[0]).view(np.uint8))
    if len(indices) and indices.min() < 0:
        raise ValueError(f"a number stands for no {words.__name__}")
    return pa.DictionaryArray.from_arrays(
        pa.array(indices, mask=missing), pa.array([member.word for member in members])
    )


@compiled
def _looked_up(places: npt.NDArray[np.int32], numbers: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    found = np.empty(len(numbers), np.int32)
    for row in range(len(numbers)):
        found[row] = places[numbers[row]]
    return found


def _missing(held: pa.Array) -> npt.NDArray[np.bool_] | None:
    """Say which values are none; None where all are given."""
    return held.is_null().to_numpy(zero_copy_only=False) if held.null_count else None


def _numbers(held: pa.Array, kind: type[np.integer[Any]], none: int) -> npt.NDArray[Any]:
    """Give integers as numpy holds them, with ``none`` where there is no value."""
    held = held.cast(pa.from_numpy_dtype(kind))
    numbers: npt.NDArray[Any] = (held.fill_null(none) if held.null_count else held).to_numpy()
    return numbers


def _as_decimal(held: pa.Array, decimals: int, name: str) -> pa.Array:
    """Take whole numbers of the last place as decimals; the numbers themselves are shared, not copied."""
    held = held.cast(pa.int64())
    extremes = pc.min_max(held).as_py()
    for number in extremes.values():
        if number is not None and abs(number) > LARGEST_DECIMAL:
            raise OverflowError(f"{name}: {number} has more than eighteen digits")
    return pa.Array.from_buffers(
        pa.decimal64(18, decimals), len(held), held.buffers(), held.null_count, held.offset
    )


# The two kinds of files.


class _Target(Protocol):
    """A file that rows are put into, in two steps: the first may run for several groups side by side."""

    def prepare(self, columns: _Columns) -> Any: ...

    def put(self, prepared: Any) -> None: ...

    def close(self) -> None: ...


class _ParquetTarget:
    """A Parquet file: each column in the encoding that the table's first rows ask for."""

    def __init__(self, path: Path, spec: Table, decimals: int, first: _Columns) -> None:
        # Measured on decisions: packed differences of integers, dictionaries of words and codes, and
        # snappy over ids are small and the fastest to write; any other compressor only costs time.
        self._spec = spec
        self._decimals = decimals
        self._dictionaries = [name for name, held in first.items() if self._repeats(name, held)]
        encodings = {}
        compressions = {}
        fields = []
        for name, held in first.items():
            external = _external(held.slice(0, 0), _declared(spec, name), decimals).type
            if name in self._dictionaries:
                external = pa.dictionary(pa.int32(), pa.string())
            elif _is_text(external):
                external = pa.string()
            elif not pa.types.is_boolean(external):
                encodings[name] = "DELTA_BINARY_PACKED"
            compressions[name] = "snappy" if pa.types.is_string(external) else "none"
            fields.append(pa.field(name, external))
        self._schema = pa.schema(fields)
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            compression=compressions,
            use_dictionary=self._dictionaries or False,
            column_encoding=encodings or None,
            store_decimal_as_integer=True,
            write_statistics=False,
            # A row group's dictionary is never given up half way.
            dictionary_pagesize_limit=1 << 30,
            write_batch_size=1 << 16,
        )

    def _repeats(self, name: str, held: pa.Array) -> bool:
        match _declared(self._spec, name).type:
            case Type.WORD:
                return True
            case Type.TEXT:
                # Where the first rows alone have too many values, the others need not be looked at.
                parts = (held[: len(held) // share] for share in (FEW // 2, 2, 1))
                return all(len(_first_come(part).dictionary) * FEW <= len(held) for part in parts)
            case _:
                return False

    def prepare(self, columns: _Columns) -> pa.Table:
        return pa.Table.from_arrays(
            [self._prepared(name, held) for name, held in columns.items()], schema=self._schema
        )

    def _prepared(self, name: str, held: pa.Array) -> pa.Array:
        external = _external(held, _declared(self._spec, name), self._decimals)
        if not _is_text(external.type):
            return external
        return _first_come(external) if name in self._dictionaries else _plain(external)

    def put(self, prepared: pa.Table) -> None:
        self._writer.write_table(prepared, row_group_size=ROW_GROUP)

    def close(self) -> None:
        self._writer.close()


class _CsvTarget:
    """A CSV file: UTF-8, commas, and quotes around those cells only that need them."""

    def __init__(self, path: Path, spec: Table, decimals: int, first: _Columns) -> None:
        self._spec = spec
        self._decimals = decimals
        self._file = path.open("wb")
        self._file.write(csv_lines([pa.array([name]) for name in first])[0].as_py().encode())

    def prepare(self, columns: _Columns) -> list[pa.StringArray]:
        external = {
            name: _external(held, _declared(self._spec, name), self._decimals)
            for name, held in columns.items()
        }
        rows = len(next(iter(external.values())))
        return [
            csv_lines([held.slice(start, SLICE) for held in external.values()])
            for start in range(0, rows, SLICE)
        ]

    def put(self, prepared: list[pa.StringArray]) -> None:
        for lines in prepared:
            self._file.write(_letters(lines))

    def close(self) -> None:
        self._file.close()


def csv_lines(columns: Sequence[pa.Array]) -> pa.StringArray:
    """Write the rows of columns as lines of a CSV file, each with its line end."""
    cells = [_cells(column) for column in columns]
    cells[-1] = pc.binary_join_element_wise(cells[-1], "\n", "")
    return pc.binary_join_element_wise(*cells, ",")


def _cells(column: pa.Array) -> pa.Array:
    if _is_text(column.type):
        column = _quoted(_plain(column))
    return column.cast(pa.string()).fill_null("")


def _quoted(text: pa.Array) -> pa.Array:
    """Put quotes around the texts that hold a comma, a quote or a line end."""
    letters = _letters(text).tobytes()
    if not any(sign in letters for sign in (b",", b'"', b"\n", b"\r")):
        return text
    doubled = pc.replace_substring(text, '"', '""')
    return pc.if_else(
        pc.match_substring_regex(text, '[,"\r\n]'), pc.binary_join_element_wise('"', doubled, '"', ""), text
    )


def _letters(text: pa.StringArray) -> memoryview:
    """Give the bytes of all cells of text, one after the other."""
    _, offsets, content = text.buffers()
    if content is None or not len(text):
        return memoryview(b"")
    first, last = np.frombuffer(offsets, np.int32)[[text.offset, text.offset + len(text)]]
    return memoryview(content)[first:last]


# Text, which comes as strings or as a dictionary with indices.


def _is_text(held: Any) -> bool:
    if pa.types.is_dictionary(held):
        held = held.value_type
    return bool(pa.types.is_string(held) or pa.types.is_large_string(held))


def _plain(text: pa.Array) -> pa.Array:
    return text.cast(pa.string())


def _first_come(text: pa.Array) -> pa.DictionaryArray:
    """Hold text by a dictionary of exactly the values that occur, in the order in which they first do."""
    if not pa.types.is_dictionary(text.type):
        return _plain(text).dictionary_encode()
    missing = _missing(text)
    renumbered, places = _renumbered(_numbers(text.indices, np.int32, -1), len(text.dictionary))
    values = text.dictionary.cast(pa.string()).take(pa.array(places))
    if values.null_count or len(values.unique()) != len(values):
        return _plain(text).dictionary_encode()
    return pa.DictionaryArray.from_arrays(pa.array(renumbered, mask=missing), values)


@compiled
def _renumbered(
    indices: npt.NDArray[np.int32], size: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Number values in the order of their first use: the new indices, and the old index of each value."""
    new = np.full(size, -1, np.int32)
    old = np.empty(size, np.int32)
    renumbered = np.zeros(len(indices), np.int32)
    count = 0
    for row in range(len(indices)):
        index = indices[row]
        if index < 0:
            continue
        if new[index] < 0:
            new[index] = count
            old[count] = index
            count += 1
        renumbered[row] = new[index]
    return renumbered, old[:count]
