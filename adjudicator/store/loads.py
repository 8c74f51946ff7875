"""What came in, each time: the record of a load, and the rows that it set aside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from adjudicator.store import bulk, journal
from adjudicator.store.journal import Act
from adjudicator.store.schema import LOADS, SET_ASIDE, SET_ASIDE_FILES


@dataclass(frozen=True)
class SetAsideRows:
    """What a load set aside: the list with the reasons, and the rows as they came, as files."""

    told: pa.Table
    """Columns as in ``ingest.set_aside.COLUMNS``."""
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Load:
    """The record of a load."""

    load: int
    what: str
    content_hash: str
    added: int
    ended: int
    set_aside: int
    summary: Mapping[str, Any]


def take_turns(connection: sa.Connection) -> None:
    """Wait for a load that is under way; those that come later wait for this transaction.

    Loads number themselves and what they bring by what is there. The embedded file has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE loads IN SHARE ROW EXCLUSIVE MODE")


def next_load(connection: sa.Connection) -> int:
    """Give the number of the next load."""
    last = connection.execute(sa.select(sa.func.max(LOADS.c.load))).scalar()
    return int(last or 0) + 1


def last_load(connection: sa.Connection, what: str) -> Load | None:
    """Give the last load of registers or of claims."""
    query = sa.select(LOADS).where(LOADS.c.what == what).order_by(LOADS.c.load.desc()).limit(1)
    row = connection.execute(query).first()
    return _load(row) if row else None


def load_of(connection: sa.Connection, number: int) -> Load | None:
    """Give the load of a number."""
    row = connection.execute(sa.select(LOADS).where(LOADS.c.load == number)).first()
    return _load(row) if row else None


def all_loads(connection: sa.Connection) -> list[Load]:
    """Give all loads in order."""
    return [_load(row) for row in connection.execute(sa.select(LOADS).order_by(LOADS.c.load))]


def _load(row: sa.Row[Any]) -> Load:
    values = dict(row._mapping)
    del values["journal"]
    return Load(**values | {"summary": json.loads(values["summary"])})


def record(connection: sa.Connection, act: Act, load: Load, set_aside: SetAsideRows) -> None:
    """Put a load into the books, with its entry in the journal and what it set aside."""
    values = {
        "load": load.load,
        "what": load.what,
        "content_hash": load.content_hash,
        "added": load.added,
        "ended": load.ended,
        "set_aside": load.set_aside,
        "summary": journal.canonical(load.summary),
    }
    number = journal.append(connection, act, values)
    connection.execute(sa.insert(LOADS).values(journal=number, **values))
    if len(set_aside.told):
        count = len(set_aside.told)
        numbered = {"load": pa.array([load.load] * count), "place": pa.array(range(1, count + 1))}
        columns = {name: set_aside.told[name] for name in set_aside.told.column_names}
        bulk.insert(connection, SET_ASIDE, pa.table(numbered | columns))
    for name, content in sorted(set_aside.files.items()):
        row = {"load": load.load, "name": name, "content": content}
        connection.execute(sa.insert(SET_ASIDE_FILES).values(**row))
