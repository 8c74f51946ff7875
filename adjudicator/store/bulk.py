"""Millions of rows in and out: COPY on PostgreSQL, prepared statements on the embedded file.

Rows are typed Arrow tables whose columns have the names of the table's.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa

from adjudicator.encoding import one_array

CHUNK: Final = 1 << 16
"""Rows that are sent or fetched at a time."""

_ARROW: Final[tuple[tuple[type[Any], Any], ...]] = (
    (sa.Boolean, pa.bool_()),
    (sa.SmallInteger, pa.int8()),
    (sa.BigInteger, pa.int64()),
    (sa.Integer, pa.int64()),
    (sa.Date, pa.date32()),
    (sa.Text, pa.string()),
)


def arrow_type(column: sa.ColumnElement[Any]) -> Any:
    """Give the Arrow type that a column is read as."""
    return next(arrow for kind, arrow in _ARROW if isinstance(column.type, kind))


def insert(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> int:
    """Add rows to a table, within the connection's transaction.

    Args:
        connection: of a transaction that writes.
        table: where to.
        rows: columns of the table, in any order; those that are missing are null.

    Returns:
        How many rows were added.
    """
    if not len(rows):
        return 0
    if connection.dialect.name == "postgresql":
        _copy_in(connection, table.name, rows)
    else:
        _insert_in(connection, table.name, rows)
    return len(rows)


def _copy_in(connection: sa.Connection, name: str, rows: pa.Table) -> None:
    columns = ", ".join(f'"{column}"' for column in rows.column_names)
    cursor = connection.connection.cursor()
    statement = f"COPY \"{name}\" ({columns}) FROM STDIN WITH (FORMAT csv, NULL '')"
    options = pa.csv.WriteOptions(include_header=False, batch_size=CHUNK)
    plain = pa.table(
        {
            column: rows[column].cast(pa.string())
            if pa.types.is_dictionary(rows[column].type)
            else rows[column]
            for column in rows.column_names
        }
    )
    cursor.copy_expert(statement, _Chunks(plain, options))
    cursor.close()


class _Chunks(io.RawIOBase):
    """A file that COPY reads from: the rows as CSV, made a chunk at a time."""

    def __init__(self, rows: pa.Table, options: Any) -> None:
        self._parts = self._written(rows, options)
        self._part = memoryview(b"")

    @staticmethod
    def _written(rows: pa.Table, options: Any) -> Iterator[memoryview]:
        for start in range(0, len(rows), CHUNK):
            sink = pa.BufferOutputStream()
            pa.csv.write_csv(rows.slice(start, CHUNK), sink, options)
            yield memoryview(sink.getvalue())

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Give up to ``size`` bytes; none at the end."""
        if not len(self._part):
            self._part = next(self._parts, memoryview(b""))
        taken = self._part if size < 0 else self._part[:size]
        self._part = self._part[len(taken) :]
        return bytes(taken)


def _insert_in(connection: sa.Connection, name: str, rows: pa.Table) -> None:
    columns = ", ".join(f'"{column}"' for column in rows.column_names)
    marks = ", ".join("?" * rows.num_columns)
    cursor = connection.connection.cursor()
    statement = f'INSERT INTO "{name}" ({columns}) VALUES ({marks})'
    for start in range(0, len(rows), CHUNK):
        part = rows.slice(start, CHUNK)
        values: Any = zip(*(python_values(part[column]) for column in rows.column_names), strict=True)
        cursor.executemany(statement, values)
    cursor.close()


def python_values(column: pa.ChunkedArray) -> Sequence[Any]:
    """Give a column as Python's values, as SQLite takes them: days as ISO text."""
    array = one_array(column)
    if pa.types.is_date(array.type):
        array = array.cast(pa.string())
    if pa.types.is_dictionary(array.type):
        words = [*array.dictionary.to_pylist(), None]
        indices = array.indices.fill_null(len(words) - 1).to_numpy().tolist()
        return [words[index] for index in indices]
    if array.null_count == len(array):
        return [None] * len(array)
    if array.null_count == 0 and pa.types.is_integer(array.type):
        return list(array.to_numpy().tolist())
    return list(array.to_pylist())


def read(connection: sa.Connection, query: sa.Select[Any]) -> pa.Table:
    """Read the rows of a query as a typed table.

    Args:
        connection: of a transaction.
        query: its columns have the types of the tables; values in it are numbers, dates and short texts.
    """
    fields = {column.name: arrow_type(column) for column in query.selected_columns}
    if connection.dialect.name == "postgresql":
        return _copy_out(connection, query, fields)
    return _fetch(connection, query, fields)


def _copy_out(connection: sa.Connection, query: sa.Select[Any], fields: Mapping[str, Any]) -> pa.Table:
    compiled = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    sink = io.BytesIO()
    cursor = connection.connection.cursor()
    texts = [f'"{name}"' for name, kind in fields.items() if pa.types.is_string(kind)]
    # An empty text is quoted, and so differs from none.
    quoted = f", FORCE_QUOTE ({', '.join(texts)})" if texts else ""
    # It is written for a driver that puts values in at percent signs; COPY takes none.
    statement = str(compiled) % ()
    cursor.copy_expert(f"COPY ({statement}) TO STDOUT WITH (FORMAT csv{quoted})", sink)
    cursor.close()
    held = sink.getbuffer()
    if not len(held):
        return pa.table({name: pa.array([], kind) for name, kind in fields.items()})
    return pa.csv.read_csv(
        pa.BufferReader(pa.py_buffer(held)),
        read_options=pa.csv.ReadOptions(column_names=list(fields), block_size=1 << 24),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict(fields),
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
    )


def _fetch(connection: sa.Connection, query: sa.Select[Any], fields: Mapping[str, Any]) -> pa.Table:
    compiled = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    cursor = connection.connection.cursor()
    cursor.execute(str(compiled))
    parts: dict[str, list[pa.Array]] = {name: [] for name in fields}
    while rows := cursor.fetchmany(CHUNK):
        for (name, kind), values in zip(fields.items(), zip(*rows, strict=True), strict=True):
            parts[name].append(_arrow(values, kind))
    cursor.close()
    return pa.table({name: pa.chunked_array(arrays, fields[name]) for name, arrays in parts.items()})


def _arrow(values: Sequence[Any], kind: Any) -> pa.Array:
    if pa.types.is_date(kind):
        return pa.array(values, pa.string()).cast(kind)
    if pa.types.is_boolean(kind):
        return pa.array(values, pa.int8()).cast(kind)
    return pa.array(values, kind)


def wanted(connection: sa.Connection, name: str, rows: pa.Table) -> sa.TableClause:
    """Put keys into a temporary table, to be joined with; it is gone after the transaction.

    Args:
        connection: of a transaction, which may be one that reads.
        name: of the temporary table; an earlier one of the name is replaced.
        rows: distinct keys, of texts or whole numbers, none of them null.
    """
    on_server = connection.dialect.name == "postgresql"
    kinds = {
        column: "BIGINT" if pa.types.is_integer(rows[column].type) else "TEXT" for column in rows.column_names
    }
    columns = ", ".join(f"{column} {kind} NOT NULL" for column, kind in kinds.items())
    keys = ", ".join(kinds)
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
    if on_server:
        connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {name} ({columns}) ON COMMIT DROP")
        _copy_in(connection, name, rows)
        connection.exec_driver_sql(f"ANALYZE {name}")
    else:
        connection.exec_driver_sql(
            f"CREATE TEMPORARY TABLE {name} ({columns}, PRIMARY KEY ({keys})) WITHOUT ROWID"
        )
        _insert_in(connection, name, rows)
        connection.exec_driver_sql(f"ANALYZE temp.{name}")
    types: dict[str, Any] = {"BIGINT": sa.BigInteger(), "TEXT": sa.Text()}
    return sa.table(name, *(sa.column(column, types[kind]) for column, kind in kinds.items()))


def measure(connection: sa.Connection, *tables: sa.Table) -> None:
    """Let the database count again what is in tables that have grown, so that it finds the short way."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA analysis_limit=400")
    for table in tables:
        connection.exec_driver_sql(f'ANALYZE "{table.name}"')
