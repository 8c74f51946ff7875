"""Moving side by side, or back: a run or the books as a folder of openIMIS's tables.

The folder holds the tables of a whole installation, so that openIMIS's tools, and our own import, find
everything that a claim names. Rows that came from openIMIS have the numbers that they had there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adjudicator.folders import recover, whole_folder
from adjudicator.openimis.ids import Ids
from adjudicator.openimis.importing import IDS
from adjudicator.openimis.outgoing_claims import outgoing_claims
from adjudicator.openimis.outgoing_products import Unsaid, outgoing_products
from adjudicator.openimis.outgoing_registers import outgoing_registers
from adjudicator.openimis.snapshot import Snapshot
from adjudicator.openimis.written import write_rows
from adjudicator.problems import Place, refused
from adjudicator.words import LANGUAGES, say
from ingest.openimis.shapes import SHAPES

NOTES: Final = "not_said.csv"
"""What openIMIS has no words for."""

MARK: Final = "tblClaim.csv"
"""The table by which an earlier export is known."""


@dataclass(frozen=True)
class Export:
    """An export that is done."""

    folder: Path
    rows: dict[str, int]
    """By table."""
    unsaid: tuple[Unsaid, ...]


def export_openimis(snapshot: Snapshot, out: Path, replace: bool = False) -> Export:
    """Write a snapshot as tables of openIMIS into a new folder.

    Args:
        snapshot: of a run or of the books.
        out: the folder.
        replace: whether an earlier export in ``out`` may be replaced.

    Raises:
        Refused: ``out`` holds something; nothing was written.
    """
    recover(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        key = "openimis.export_exists" if (out / MARK).is_file() else "openimis.export_something_else"
        if not replace or key != "openimis.export_exists":
            raise refused(key, Place(out))
    ids = Ids(snapshot.scheme / IDS)
    tables = outgoing_registers(snapshot, ids)
    products, unsaid = outgoing_products(snapshot, ids)
    tables |= products
    claims, nameless = outgoing_claims(snapshot, ids)
    tables |= claims
    unsaid += nameless
    with whole_folder(out) as folder:
        for table, rows in tables.items():
            columns = (
                list(rows[0]) if rows else list(SHAPES[table].all_columns if table in SHAPES else ("RunID",))
            )
            write_rows(folder / f"{table}.csv", columns, rows)
        if unsaid:
            _write_unsaid(folder / NOTES, unsaid)
    return Export(out, {table: len(rows) for table, rows in tables.items()}, tuple(unsaid))


def _write_unsaid(path: Path, unsaid: Iterable[Unsaid]) -> None:
    rows = [
        {"about": one.about, **{f"what_{language}": say(one.what, language) for language in LANGUAGES}}
        for one in unsaid
    ]
    write_rows(path, ["about", *(f"what_{language}" for language in LANGUAGES)], rows)
