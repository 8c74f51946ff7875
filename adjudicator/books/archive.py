"""Claims as they were received, kept beside the scheme as columns, so that rules look back without a query.

A load never changes once it is in the books. Its claims, together with those of small loads beside it, are
written to files in ``.received/`` under a name that holds the hash of its entry in the journal; the folder
can be deleted at any time, and is filled again from the books.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
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

WORTH_A_FILE: Final = 1_000
"""So many claims are put into files; fewer are read from the books each time."""

MOST_LOADS: Final = 256
"""Not more loads than these are in one file."""

LINES_OF_A_PART: Final = 2_000_000
"""Claims are given in parts of about so many lines; a load is not divided."""

_OWN: Final = ("claim_id", "digest")


class Archive:
    """The claims of the books, load by load.

    Args:
        books: the books that they are of.
    """

    def __init__(self, books: Books) -> None:
        self._folder = books.folder / FOLDER

    def since(self, connection: sa.Connection, first: pa.Scalar) -> list[Received]:
        """Give the claims that were claimed from a day on, with their lines, in parts.

        Args:
            connection: of a transaction; loads that are not kept yet are read by it.
            first: the day.
        """
        # The hash of a journal's entry is of these books alone: others may number the same claims otherwise.
        query = sa.select(LOADS.c.load, LOADS.c.added, JOURNAL.c.hash)
        query = query.join(JOURNAL, JOURNAL.c.number == LOADS.c.journal)
        query = query.where(LOADS.c.what == "claims", LOADS.c.added > 0).order_by(LOADS.c.load)
        parts: list[Received] = []
        small: list[Received] = []
        for loads, entry in _bundles([(row.load, row.added, row.hash) for row in connection.execute(query)]):
            name = f"{loads[0]}-{loads[-1]}-{entry[:16]}" if entry is not None else None
            kept = self._loads(connection, loads, name)
            late = pc.greater_equal(kept.claims["date_claimed"], first)
            small.append(kept.only(late.to_numpy(zero_copy_only=False)))
            if sum(len(part.lines) for part in small) >= LINES_OF_A_PART:
                parts.append(_together(small))
                small = []
        return [*parts, _together(small)] if small else parts

    def _loads(self, connection: sa.Connection, loads: Sequence[int], name: str | None) -> Received:
        names = [self._folder / f"{name}.{what}.arrow" for what in ("claims", "lines")] if name else []
        if names:
            with suppress(OSError, pa.ArrowException):
                claims, lines = (pa.ipc.open_file(pa.memory_map(str(path))).read_all() for path in names)
                return _received(claims, lines)
        chosen = sa.select(CLAIMS.c.claim_id).where(CLAIMS.c.load.in_(loads))
        found = received(connection, chosen)
        if names:
            own = {"claim_id": found.claim_ids, "digest": found.digests}
            claims = pa.table({**own, **{column: found.claims[column] for column in CLAIM_COLUMNS}})
            with suppress(OSError):
                # A folder that cannot be written to, or a full disk: it is read again next time.
                self._folder.mkdir(exist_ok=True)
                for path, table in zip(names, (claims, found.lines), strict=True):
                    _write(path, table)
        return found


def _bundles(loads: Iterable[tuple[int, int, str]]) -> Iterator[tuple[list[int], str | None]]:
    """Put loads that follow one another together until they are worth a file: many hold a single claim.

    Args:
        loads: number, claims added, and hash of the journal's entry, in order.

    Yields:
        The loads of a bundle, and the hash of the entry of the last; None where more will come into it.
    """
    bundle: list[int] = []
    claims = 0
    for load, added, entry in loads:
        bundle.append(load)
        claims += added
        if claims >= WORTH_A_FILE or len(bundle) == MOST_LOADS:
            yield bundle, entry
            bundle, claims = [], 0
    if bundle:
        yield bundle, None


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
