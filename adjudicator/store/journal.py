"""The journal: everything that was done to the books, chained by hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from adjudicator.store.schema import JOURNAL

START: Final = "0" * 64
"""What the first entry is chained to."""


@dataclass(frozen=True)
class Act:
    """Who does what: the name of a person, and a word for the act."""

    by: str
    what: str


def canonical(content: Mapping[str, Any]) -> str:
    """Write a record so that equal ones are equal texts."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def now() -> str:
    """Give the moment, in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def append(connection: sa.Connection, act: Act, content: Mapping[str, Any]) -> int:
    """Put an act down, within the transaction that does it.

    Returns:
        The number of the entry.
    """
    if connection.dialect.name == "postgresql":
        # Two writers would chain themselves to the same entry, and one of them would fail.
        connection.exec_driver_sql("LOCK TABLE journal IN SHARE ROW EXCLUSIVE MODE")
    last = connection.execute(
        sa.select(JOURNAL.c.number, JOURNAL.c.hash).order_by(JOURNAL.c.number.desc()).limit(1)
    ).first()
    number, previous = (last.number + 1, last.hash) if last else (1, START)
    entry = {"number": number, "at": now(), "by": act.by, "what": act.what, "content": canonical(content)}
    connection.execute(sa.insert(JOURNAL).values(**entry, previous=previous, hash=_hash(entry, previous)))
    return int(number)


def _hash(entry: Mapping[str, Any], previous: str) -> str:
    return hashlib.sha256((previous + canonical(entry)).encode()).hexdigest()


def broken_links(connection: sa.Connection) -> list[int]:
    """Give the numbers of the entries that were changed, or whose predecessor is not the one they name."""
    broken, previous, expected = [], START, 1
    for row in connection.execute(sa.select(JOURNAL).order_by(JOURNAL.c.number)):
        entry = {name: row._mapping[name] for name in ("number", "at", "by", "what", "content")}
        if row.number != expected or row.previous != previous or row.hash != _hash(entry, row.previous):
            broken.append(int(row.number))
        previous, expected = row.hash, row.number + 1
    return broken
