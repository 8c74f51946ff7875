"""All that books hold, as plain values that can be compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from adjudicator.books.books import open_books
from adjudicator.store.runs import last_run
from adjudicator.store.schema import HOLDER, LEDGER, METADATA, OPEN_RUN, PARTITIONS, REGISTERS

Dump = dict[str, list[tuple[Any, ...]]]

CLOCKED = ("at", "previous", "hash")
"""The columns of the journal that tell, or follow from, when something was done."""


def dump(folder: Path) -> Dump:
    """Give every row of every table, but who held the lock, and but the clock of the journal."""
    with open_books(folder) as books, books.database.reading() as connection:
        return {
            table.name: _rows(connection, table) for table in METADATA.sorted_tables if table is not HOLDER
        }


def visible(folder: Path) -> Dump:
    """Give what readers see: without what a run has written that is not published."""
    with open_books(folder) as books, books.database.reading() as connection:
        published = f"run <= {last_run(connection)}"
        return {
            table.name: _rows(connection, table, published if table in LEDGER else None)
            for table in METADATA.sorted_tables
            if table not in (HOLDER, OPEN_RUN, PARTITIONS)
            and table.name not in ("product_texts", "remembered", "run_claims")
        }


def in_force(folder: Path) -> Dump:
    """Give the registers that hold, without when they began to."""
    with open_books(folder) as books, books.database.reading() as connection:
        return {
            name: _rows(connection, table, '"until" IS NULL', ("since", "until"))
            for name, table in REGISTERS.items()
        }


def _rows(
    connection: sa.Connection, table: sa.Table, where: str | None = None, left_out: tuple[str, ...] = ()
) -> list[tuple[Any, ...]]:
    """Read a table as the database gives it: making a statement of SQLAlchemy's takes longer than reading."""
    gone = CLOCKED if table.name == "journal" else left_out
    columns = ", ".join(f'"{column.name}"' for column in table.columns if column.name not in gone)
    statement = f'SELECT {columns} FROM "{table.name}"{f" WHERE {where}" if where else ""}'
    rows = connection.exec_driver_sql(statement)
    return sorted((tuple(_plain(value) for value in row) for row in rows), key=repr)


def _plain(value: Any) -> Any:
    """Give a value as it is on every engine: days and truths have no type of their own on one of them."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, memoryview):
        return bytes(value)
    return int(value) if isinstance(value, bool) else value
