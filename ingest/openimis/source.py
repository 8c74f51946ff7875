"""Where openIMIS's tables are read from: a folder of CSV files, or its PostgreSQL database.

Both give the same rows: every cell as text, nothing as None, the columns named as in
:mod:`ingest.openimis.shapes`, rows in the order of their numbers.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from sys import intern
from typing import Any, Final, Protocol

import sqlalchemy as sa

from adjudicator.problems import Place, Refused, refused
from ingest.openimis.cells import Cells, SourceRow, Unfit, cleaned
from ingest.openimis.shapes import SHAPES, Shape

SUFFIXES: Final = (".csv", ".csv.gz", ".txt", ".tsv")
DELIMITERS: Final = ",;\t|"
AT_ONCE: Final = 5000
"""Rows that are asked of a database at a time."""

SHORT: Final = 12
"""Letters of a text that is likely to come again."""

LONGEST_CELL: Final = 1 << 20
"""Letters that a cell may have."""


@dataclass(frozen=True)
class Broken:
    """A row that cannot even be counted by its number."""

    table: str
    row: int
    """In its file; the header is row 1. In a database, the row in the order it came."""
    reason: Unfit


@dataclass
class TableRead:
    """All rows of a table, and those that are broken."""

    shape: Shape
    rows: list[SourceRow] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    lacks: tuple[str, ...] = ()
    """Columns that the installation's table does not have."""


class Source(Protocol):
    """An openIMIS installation as far as it can be read."""

    @property
    def name(self) -> str:
        """Where it is, fit to be shown."""

    @property
    def found(self) -> Mapping[str, str]:
        """The tables that are there: openIMIS's name, in lower case, to the name here."""

    def read(self, shape: Shape) -> TableRead | None:
        """Read a table; None where there is none.

        Raises:
            Refused: the table cannot be read, or lacks columns that are needed.
        """

    def count(self, table: str) -> int:
        """Count the rows of a table that is not read."""


@contextmanager
def open_source(given: str) -> Iterator[Source]:
    """Open a folder of CSV files or the URL of a PostgreSQL database.

    Raises:
        Refused: there is nothing of the kind, or it holds no table of openIMIS.
    """
    if "://" in given:
        with _database(given) as source:
            yield _with_tables(source)
    else:
        yield _with_tables(CsvFolder(Path(given)))


def _with_tables(source: Source) -> Source:
    if not set(source.found) & {name.lower() for name in SHAPES}:
        raise _refused("openimis.no_tables", source.name, wanted=sorted(SHAPES))
    return source


def _refused(key: str, where: str, **values: Any) -> Refused:
    place = Place(None if "://" in where else Path(where))
    return refused(key, place, **values)


def made_row(shape: Shape, cells: Mapping[str, str | None], number: int) -> SourceRow | Broken:
    """Give a row under its number, which must be a whole one."""
    id_ = cells.get(shape.id)
    if id_ is None or not re.fullmatch(r"[+-]?[0-9]{1,18}(\.0+)?", id_):
        key = "openimis.empty" if id_ is None else "openimis.no_whole_number"
        return Broken(shape.name, number, Unfit(shape.id, id_, key))
    columns = _places_of(shape)
    values = tuple(_kept(cells.get(name)) for name in columns)
    return SourceRow(shape.name, int(id_.partition(".")[0]), Cells(columns, values))


@cache
def _places_of(shape: Shape) -> Mapping[str, int]:
    return {name: place for place, name in enumerate(shape.all_columns[1:])}


def _kept(text: str | None) -> str | None:
    """Hold short texts once: most cells of a table say what others say."""
    return intern(text) if text is not None and len(text) <= SHORT else text


def collected(shape: Shape, made: Iterable[SourceRow | Broken], lacks: tuple[str, ...]) -> TableRead:
    """Put the rows of a table in the order of their numbers; a number that comes again is a broken row."""
    read = TableRead(shape, lacks=lacks)
    seen: set[int] = set()
    for number, row in enumerate(made, 2):
        if isinstance(row, Broken):
            read.broken.append(row)
        elif row.id in seen:
            read.broken.append(Broken(shape.name, number, Unfit(shape.id, str(row.id), "openimis.id_twice")))
        else:
            seen.add(row.id)
            read.rows.append(row)
    read.rows.sort(key=lambda row: row.id)
    return read


def _places(shape: Shape, header: Sequence[str], where: str) -> tuple[dict[str, int], tuple[str, ...]]:
    """Find the columns of a table in a header, without regard to case."""
    held = {name.strip().strip('"[]').lower(): place for place, name in enumerate(header)}
    lacks = tuple(name for name in shape.all_columns if name.lower() not in held)
    missing = [name for name in (shape.id, *shape.needed) if name in lacks]
    if missing:
        raise _refused("openimis.no_columns", where, table=shape.name, columns=missing)
    return {name: held[name.lower()] for name in shape.all_columns if name not in lacks}, lacks


# A folder of CSV files.


class CsvFolder:
    """Tables as CSV files, each named as its table."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise _refused("openimis.no_folder", str(folder))
        self._folder = folder
        self._files: dict[str, Path] = {}
        for path in sorted(folder.iterdir()):
            name = _table_name(path)
            if name is None or path.name.startswith("."):
                continue
            if name in self._files:
                raise _refused("openimis.table_twice", str(path), other=self._files[name].name)
            self._files[name] = path

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._folder)

    @property
    def found(self) -> Mapping[str, str]:
        """The files' tables."""
        return {name: path.name for name, path in self._files.items()}

    def read(self, shape: Shape) -> TableRead | None:
        """Read a file."""
        path = self._files.get(shape.name.lower())
        if path is None:
            return None
        records = _records(path)
        places, lacks = _places(shape, next(records, []), str(path))
        width = None

        def made() -> Iterator[SourceRow | Broken]:
            nonlocal width
            for number, record in enumerate(records, 2):
                width = width or len(record)
                if len(record) <= max(places.values()) and len(record) != width:
                    reason = Unfit(None, ",".join(record)[:200], "openimis.row_cut_off")
                    yield Broken(shape.name, number, reason)
                    continue
                cells = {
                    name: cleaned(record[place]) if place < len(record) else None
                    for name, place in places.items()
                }
                yield made_row(shape, cells, number)

        return collected(shape, made(), lacks)

    def count(self, table: str) -> int:
        """Count the rows of a file."""
        return max(0, sum(1 for _ in _records(self._files[table.lower()])) - 1)


def _table_name(path: Path) -> str | None:
    name = path.name.lower()
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            return name.removesuffix(suffix).removeprefix("dbo.").removeprefix("public.")
    return None


def _records(path: Path) -> Iterator[list[str]]:
    """Give the records of a CSV file, empty lines left out.

    Raises:
        Refused: it is no text, or its quotes never end.
    """
    text = _text(path)
    first = text[: text.find("\n") + 1] or text
    delimiter = max(DELIMITERS, key=first.count)
    csv.field_size_limit(LONGEST_CELL)
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False):
            if any(cell.strip() for cell in record):
                yield record
    except csv.Error as error:
        raise _refused("openimis.unreadable", str(path), why=str(error)) from None


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        if path.name.lower().endswith(".gz"):
            data = gzip.decompress(data)
    except (OSError, EOFError) as error:
        raise _refused("openimis.unreadable", str(path), why=str(error)) from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\x00" in data[:100]:
        encodings = ["utf-16-le" if data[1:2] == b"\x00" else "utf-16-be"]
    else:
        # SQL Server's tools write the code page of western Windows where they do not write Unicode.
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refused("openimis.unreadable", str(path), why=encodings[0])


# A database.


@contextmanager
def _database(url: str) -> Iterator[Source]:
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg2")
        file = parsed.database if parsed.get_backend_name() == "sqlite" else None
        # SQLite would make an empty database of a name that is misspelt.
        if file and not Path(file).is_file():
            raise _refused("openimis.no_folder", file)
        engine = sa.create_engine(parsed)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ModuleNotFoundError):
        raise _refused("openimis.no_url", "://") from None
    try:
        options: dict[str, Any] = (
            {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            if engine.dialect.name == "postgresql"
            else {}
        )
        # One transaction for all tables: what is read belongs together, and nothing is written.
        with engine.connect().execution_options(**options) as connection:
            yield Database(connection, parsed.render_as_string(hide_password=True))
    except sa.exc.DatabaseError as error:
        why = str(error.orig).strip().partition("\n")[0]
        raise _refused("openimis.no_connection", "://", why=why) from None
    finally:
        engine.dispose()


class Database:
    """The tables of a database, in one reading transaction."""

    def __init__(self, connection: sa.Connection, shown: str) -> None:
        self._connection = connection
        self._shown = shown
        self._names = {name.lower(): name for name in sa.inspect(connection).get_table_names()}

    @property
    def name(self) -> str:
        """The URL without its password."""
        return self._shown

    @property
    def found(self) -> Mapping[str, str]:
        """The tables of the database's own schema."""
        return self._names

    def read(self, shape: Shape) -> TableRead | None:
        """Read a table, streaming."""
        name = self._names.get(shape.name.lower())
        if name is None:
            return None
        held = [str(column["name"]) for column in sa.inspect(self._connection).get_columns(name)]
        places, lacks = _places(shape, held, "://")
        columns: list[sa.Label[Any]] = [
            sa.column(held[place]).label(column) for column, place in places.items()
        ]
        query = sa.select(*columns).select_from(sa.table(name))
        result = self._connection.execution_options(yield_per=AT_ONCE).execute(query)

        def made() -> Iterator[SourceRow | Broken]:
            for number, row in enumerate(result, 2):
                cells = {column: cleaned(_written(value)) for column, value in zip(places, row, strict=True)}
                yield made_row(shape, cells, number)

        return collected(shape, made(), lacks)

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        query = sa.select(sa.func.count()).select_from(sa.table(self._names[table.lower()]))
        return int(self._connection.execute(query).scalar_one())


def _written(value: object) -> str | None:
    """Write a value of a database as its CSV file would have it."""
    match value:
        case None:
            return None
        case bool():
            return "1" if value else "0"
        case Decimal():
            return f"{value:f}"
        case dt.datetime():
            return value.isoformat(timespec="milliseconds")
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)
