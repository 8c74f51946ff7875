"""The texts that runs were decided by, products and rules, kept in the books by what they say."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from adjudicator.problems import Problem, Refused
from adjudicator.words import message


class Hashed(Protocol):
    """What is read of a text: it knows the hash of what it says."""

    @property
    def content_hash(self) -> str:
        """The hash."""
        ...


Said = TypeVar("Said", bound=Hashed)


def keep(connection: sa.Connection, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    """Keep texts in the books, each once.

    Args:
        connection: of a transaction that writes.
        table: of texts, by ``content_hash``.
        rows: of the table.
    """
    present = set(connection.execute(sa.select(table.c.content_hash)).scalars())
    new = {row["content_hash"]: row for row in rows if row["content_hash"] not in present}
    if new:
        connection.execute(sa.insert(table), list(new.values()))


def recorded(
    connection: sa.Connection,
    table: sa.Table,
    hashes: Sequence[str],
    read: Callable[[Path], Said],
    gone: str,
) -> tuple[Said, ...]:
    """Read texts that were kept, in the order of their hashes.

    Args:
        connection: of a transaction.
        table: of texts.
        hashes: of those that are wanted.
        read: reads one from a file.
        gone: the key of what is said of a text that is gone, or no longer says what it said.

    Raises:
        Refused: one of them is gone or was changed.
    """
    query = sa.select(table.c.content_hash, table.c.text).where(table.c.content_hash.in_(hashes))
    texts: dict[str, str] = {row.content_hash: row.text for row in connection.execute(query)}
    found: list[Said] = []
    with tempfile.TemporaryDirectory() as folder:
        for content_hash in hashes:
            path = Path(folder) / f"{content_hash}.yaml"
            path.write_text(texts.get(content_hash, ""), "utf-8")
            said = read(path) if content_hash in texts else None
            if said is None or said.content_hash != content_hash:
                what = message(gone, hash=content_hash)
                raise Refused([Problem(what, remedy=message("books.product_changed.remedy"))])
            found.append(said)
    return tuple(found)
