"""The journal: everything that was done to the books, chained by hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
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
    return append_all(connection, [(act, content)])[0]


def append_all(connection: sa.Connection, acts: Sequence[tuple[Act, Mapping[str, Any]]]) -> list[int]:
    """Put acts down, each in an entry of its own, within the transaction that does them.

    Returns:
        The numbers of the entries.
    """
    if not acts:
        return []
    if connection.dialect.name == "postgresql":
        # Two writers would chain themselves to the same entry, and one of them would fail.
        connection.exec_driver_sql("LOCK TABLE journal IN SHARE ROW EXCLUSIVE MODE")
    last = connection.execute(
        sa.select(JOURNAL.c.number, JOURNAL.c.hash).order_by(JOURNAL.c.number.desc()).limit(1)
    ).first()
    first, previous = (last.number + 1, last.hash) if last else (1, START)
    rows: list[dict[str, Any]] = []
    for number, (act, content) in enumerate(acts, first):
        entry = {"number": number, "at": now(), "by": act.by, "what": act.what, "content": canonical(content)}
        rows.append({**entry, "previous": previous, "hash": _hash(entry, previous)})
        previous = rows[-1]["hash"]
    connection.execute(sa.insert(JOURNAL), rows)
    return [int(row["number"]) for row in rows]


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
