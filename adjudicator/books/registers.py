"""Registers in and out of the books: what a load changes, and the state that a run sees."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.set_aside import kept_rows
from adjudicator.prepared import prepare_state
from adjudicator.problems import Place, Problem, Refused, refused
from adjudicator.product.read import read_products
from adjudicator.store import bulk, loads
from adjudicator.store.digests import row_digests, table_hash, with_digest
from adjudicator.store.journal import Act
from adjudicator.store.loads import Load
from adjudicator.store.schema import REGISTERS
from adjudicator.store.set_hashes import set_hash
from adjudicator.tables import ADJUDICATED_BY, Table
from adjudicator.tables import REGISTERS as SHAPES
from adjudicator.words import message
from ingest.changes import ENDED
from ingest.tables import Reading, read_registers

MUCH: Final = 10
"""A load that would end more than one row in so many of a register is asked about first."""

FEW: Final = 20
"""A register of no more rows than this is never asked about."""

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TableChange:
    """What a load does to one register."""

    read: int
    set_aside: int
    added: int
    ended: int
    kept: int
    rows: int
    """How many rows hold after it."""
    hash: str
    """Of the rows that hold after it."""


@dataclass(frozen=True)
class RegistersLoad:
    """A load of registers; ``load`` is None where nothing changed and nothing new was set aside."""

    load: int | None
    tables: Mapping[str, TableChange]
    reading: Reading


def load_registers(books: Books, folder: Path, by: str, allow_removal: bool = False) -> RegistersLoad:
    """Load the registers of a folder: each table that is there takes the place of that register.

    Rows that are as they were are left alone; rows that are gone or changed end with this load, so that
    earlier runs can still be repeated. The same folder again changes nothing.

    Args:
        books: the books.
        folder: with the tables.
        by: who loads.
        allow_removal: whether a register may lose more than a tenth of its keys.

    Raises:
        Refused: tables that cannot be read, or a register would lose much; nothing was changed.
    """
    if (folder / ENDED).is_dir():
        raise refused("books.holds_changes", Place(folder / ENDED))
    reading = read_registers(folder, books.decimals)
    if not reading.tables:
        raise refused("books.no_registers", Place(folder), folder=str(folder), tables=list(SHAPES))
    rows = {name: stored(SHAPES[name], table) for name, table in reading.tables.items()}
    with books.database.writing() as connection:
        loads.take_turns(connection)
        number = loads.next_load(connection)
        before = loads.last_load(connection, "registers")
        changes = {}
        problems = []
        for name in (name for name in SHAPES if name in rows):
            new, gone, after = _difference(connection, name, rows[name])
            if not allow_removal and (problem := _loses_much(connection, name, rows[name], gone)):
                problems.append(problem)
                continue
            _end(connection, name, gone, number)
            add_rows(connection, name, new, number)
            counts = reading.counts[name]
            changes[name] = TableChange(
                counts.read,
                counts.set_aside,
                len(new),
                len(gone),
                len(after) - len(new),
                len(after),
                set_hash(after),
            )
        if problems:
            raise Refused(problems)
        changed = any(change.added or change.ended for change in changes.values())
        told = kept_rows(reading.set_aside)
        if not changed and not newly_set_aside(before, told):
            return RegistersLoad(None, changes, reading)
        load = record_load(connection, by, number, before, changes, told)
    _prepare(books, load, reading)
    return RegistersLoad(number, changes, reading)


def record_load(
    connection: sa.Connection,
    by: str,
    number: int,
    before: Load | None,
    changes: Mapping[str, TableChange],
    told: loads.SetAsideRows,
    **further: Any,
) -> Load:
    """Put a load of registers on record.

    Args:
        connection: of the transaction in which their rows were changed.
        by: who loads.
        number: of the load.
        before: the load before it.
        changes: by register; the others are as they were.
        told: what was set aside.
        further: what else its summary says.
    """
    hashes = dict(before.summary["hashes"]) if before else {}
    rows = dict(before.summary["rows"]) if before else {}
    hashes |= {name: change.hash for name, change in changes.items()}
    rows |= {name: change.rows for name, change in changes.items()}
    load = Load(
        number,
        "registers",
        _hash_of_hashes(hashes),
        sum(change.added for change in changes.values()),
        sum(change.ended for change in changes.values()),
        len(told.told),
        {"hashes": hashes, "rows": rows, "set_aside": _hash_of_told(told)} | further,
    )
    loads.record(connection, Act(by, "load registers"), load, told)
    return load


def _prepare(books: Books, load: Load, reading: Reading) -> None:
    """Encode the registers while they are at hand, where all of them are: runs need not read them again."""
    if len(reading.set_aside) or not set(ADJUDICATED_BY) <= set(reading.tables):
        return
    try:
        sources = read_products(books.folder / books.settings.products, books.decimals)
    except Refused:
        # Products that are not in order are told of where they are needed.
        return
    codes = tuple(sorted({source.definition.product for source in sources}))
    tables = {
        name: reading.tables[name].select([column.name for column in shape.columns])
        for name, shape in ADJUDICATED_BY.items()
    }
    prepare_state(books.folder, load.content_hash, books.decimals, codes, lambda: tables)


def stored(shape: Table, table: pa.Table) -> pa.Table:
    """Give a typed register as the books keep it: further columns in one, and each row's digest."""
    declared = [column.name for column in shape.columns]
    columns = {name: table[name] for name in declared}
    if shape.keeps_other_columns:
        others = [name for name in table.column_names if name not in declared]
        columns["attributes"] = _attributes(table, others)
    return with_digest(pa.table(columns))


def _attributes(table: pa.Table, names: list[str]) -> pa.Array:
    """Put further columns together as JSON, one text a row; none where a row has none of them."""
    if not names:
        return pa.nulls(len(table), pa.string())
    columns = [table[name].to_pylist() for name in sorted(names)]
    texts = []
    for values in zip(*columns, strict=True):
        given = {name: value for name, value in zip(sorted(names), values, strict=True) if value is not None}
        texts.append(json.dumps(given, ensure_ascii=False, sort_keys=True) if given else None)
    return pa.array(texts, pa.string())


def row_digests_of(rows: pa.Table) -> Int64s:
    """Give the digests that rows carry."""
    return np.asarray(rows["digest"].to_numpy(), np.int64)


def _difference(connection: sa.Connection, name: str, rows: pa.Table) -> tuple[pa.Table, Int64s, Int64s]:
    """Compare a register as read with the one in force.

    Returns:
        The rows that are new, the digests of the rows that are gone, and of those that hold after.
    """
    table = REGISTERS[name]
    query = sa.select(table.c.digest).where(table.c.until.is_(None))
    present = row_digests_of(bulk.read(connection, query))
    digests = row_digests_of(rows)
    if len(np.unique(digests)) != len(digests):
        # Rows that are the same in all columns: one of them is enough.
        _, first = np.unique(digests, return_index=True)
        rows, digests = rows.take(pa.array(np.sort(first))), digests[np.sort(first)]
    new = rows.filter(pa.array(~np.isin(digests, present)))
    return new, present[~np.isin(present, digests)], digests


def _loses_much(connection: sa.Connection, name: str, rows: pa.Table, gone: Int64s) -> Problem | None:
    """Say that a register would lose a large part of its keys: more often a mistake than meant."""
    table, key = REGISTERS[name], SHAPES[name].key
    held = connection.execute(
        sa.select(sa.func.count()).select_from(table).where(table.c.until.is_(None))
    ).scalar_one()
    if held <= FEW or len(gone) * MUCH <= held:
        return None
    ending = bulk.wanted(connection, "ending", pa.table({"digest": np.unique(gone)}))
    query = (
        sa.select(*(table.c[column] for column in key))
        .join(ending, ending.c.digest == table.c.digest)
        .where(table.c.until.is_(None))
        .distinct()
    )
    lost = bulk.read(connection, query)
    vanished = int(np.count_nonzero(~np.isin(_joined(lost, key), _joined(rows, key))))
    return much_lost(name, vanished, held, "books.loses_much.remedy")


def much_lost(name: str, vanished: int, held: int, remedy: str) -> Problem | None:
    """Say that a register would lose a large part of its keys; None where it would not.

    Args:
        name: of the register.
        vanished: keys that would be gone.
        held: rows in force.
        remedy: a key of the catalogue.
    """
    if held <= FEW or vanished * MUCH <= held:
        return None
    what = message("books.loses_much", table=name, vanished=vanished, held=held)
    return Problem(what, remedy=message(remedy))


def _joined(table: pa.Table, key: tuple[str, ...]) -> npt.NDArray[Any]:
    columns = [table[column].cast(pa.string()) for column in key]
    joined = pc.binary_join_element_wise(*columns, "\x1f") if len(columns) > 1 else columns[0]
    return np.asarray(joined.to_numpy(), str)


def _end(connection: sa.Connection, name: str, gone: Int64s, load: int) -> None:
    if not len(gone):
        return
    table = REGISTERS[name]
    ending = bulk.wanted(connection, "ending", pa.table({"digest": np.unique(gone)}))
    connection.execute(
        sa.update(table)
        .where(table.c.until.is_(None), table.c.digest.in_(sa.select(ending.c.digest)))
        .values(until=load)
    )


def add_rows(connection: sa.Connection, name: str, rows: pa.Table, load: int) -> None:
    """Let stored rows of a register hold from a load on."""
    since = pa.array(np.full(len(rows), load, np.int64))
    if bulk.insert(connection, REGISTERS[name], rows.append_column("since", since)):
        bulk.measure(connection, REGISTERS[name])


def newly_set_aside(before: Load | None, told: loads.SetAsideRows) -> bool:
    """Tell whether something was set aside that the last load did not set aside likewise."""
    if not len(told.told):
        return False
    return before is None or before.summary["set_aside"] != _hash_of_told(told)


def _hash_of_told(told: loads.SetAsideRows) -> str:
    # Without the names of the files: the same rows from elsewhere are the same.
    names = [name for name in told.told.column_names if name not in ("file", "row")]
    return table_hash([row_digests(told.told, names)])


def _hash_of_hashes(hashes: Mapping[str, str]) -> str:
    names = pa.table({"name": sorted(hashes), "hash": [hashes[name] for name in sorted(hashes)]})
    return table_hash([row_digests(names)])


def registers_at(connection: sa.Connection, load: int, names: tuple[str, ...]) -> dict[str, pa.Table]:
    """Read registers as they were after a load, typed, with their digests left out."""
    return {name: _at(connection, load, name).drop_columns(["digest"]) for name in names}


def _at(connection: sa.Connection, load: int, name: str) -> pa.Table:
    table, shape = REGISTERS[name], SHAPES[name]
    columns = [table.c[column.name] for column in shape.columns]
    query = sa.select(*columns, table.c.digest).where(
        table.c.since <= load, sa.or_(table.c.until.is_(None), table.c.until > load)
    )
    return bulk.read(connection, query)
