"""Claims as they were received, kept beside the scheme as columns, so that rules look back without a query.

A load never changes once it is in the books. Its claims are written to files in ``.received/`` under a name
that holds the hash of its entry in the journal; the folder can be deleted at any time, and is filled again
from the books.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.claims import CLAIM_COLUMNS, Received, received
from adjudicator.files import replacing
from adjudicator.store.schema import CLAIMS, JOURNAL, LOADS

FOLDER: Final = ".received"

_OWN: Final = ("claim_id", "digest")


class Archive:
    """The claims of the books, load by load.

    Args:
        books: the books that they are of.
    """

    def __init__(self, books: Books) -> None:
        self._folder = books.folder / FOLDER

    def since(self, connection: sa.Connection, first: pa.Scalar) -> Received:
        """Give the claims that were claimed from a day on, with their lines.

        Args:
            connection: of a transaction; loads that are not kept yet are read by it.
            first: the day.
        """
        # The hash of a journal's entry is of these books alone: others may number the same claims otherwise.
        query = sa.select(LOADS.c.load, JOURNAL.c.hash).join(JOURNAL, JOURNAL.c.number == LOADS.c.journal)
        query = query.where(LOADS.c.what == "claims", LOADS.c.added > 0).order_by(LOADS.c.load)
        parts = []
        for load, entry in connection.execute(query).all():
            kept = self._load(connection, int(load), f"{load}-{entry[:16]}")
            late = pc.greater_equal(kept.claims["date_claimed"], first)
            parts.append(kept.only(late.to_numpy(zero_copy_only=False)))
        return _together(parts)

    def _load(self, connection: sa.Connection, load: int, name: str) -> Received:
        names = [self._folder / f"{name}.{what}.arrow" for what in ("claims", "lines")]
        with suppress(OSError, pa.ArrowException):
            claims, lines = (pa.ipc.open_file(pa.memory_map(str(path))).read_all() for path in names)
            return _received(claims, lines)
        chosen = sa.select(CLAIMS.c.claim_id).where(CLAIMS.c.load == load)
        found = received(connection, chosen)
        own = {"claim_id": found.claim_ids, "digest": found.digests}
        claims = pa.table({**own, **{column: found.claims[column] for column in CLAIM_COLUMNS}})
        with suppress(OSError):
            # A folder that cannot be written to, or a full disk: it is read again next time.
            self._folder.mkdir(exist_ok=True)
            for path, table in zip(names, (claims, found.lines), strict=True):
                _write(path, table)
        return found


def _write(path: Path, table: pa.Table) -> None:
    with (
        replacing(path) as temporary,
        pa.OSFile(os.fspath(temporary), "wb") as file,
        pa.ipc.new_file(file, table.schema) as writer,
    ):
        writer.write_table(table)


def _received(claims: pa.Table, lines: pa.Table) -> Received:
    claim_ids, digests = (np.asarray(claims[name].to_numpy(), np.int64) for name in _OWN)
    return Received(claim_ids, claims.select(list(CLAIM_COLUMNS)), lines, digests)


def _together(parts: list[Received]) -> Received:
    """Put claims of several loads together; lines point to their claims as before."""
    if len(parts) == 1:
        return parts[0]
    before = np.cumsum([0, *(len(part.claim_ids) for part in parts)])
    lines = []
    for part, first in zip(parts, before[:-1].tolist(), strict=True):
        place = part.lines.schema.get_field_index("claim_index")
        moved = pc.add(part.lines["claim_index"].cast(pa.int32()), pa.scalar(first, pa.int32()))
        lines.append(part.lines.set_column(place, "claim_index", moved))
    return Received(
        np.concatenate([part.claim_ids for part in parts]),
        pa.concat_tables([part.claims for part in parts]),
        pa.concat_tables(lines),
        np.concatenate([part.digests for part in parts]),
    )
