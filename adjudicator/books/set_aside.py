"""What a load set aside, kept in the books: why, and the rows as they came, to be mended and loaded again."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from adjudicator.files import replacing
from adjudicator.problems import refused
from adjudicator.store.database import Database
from adjudicator.store.loads import SetAsideRows
from adjudicator.store.schema import LOADS, SET_ASIDE, SET_ASIDE_FILES
from ingest.set_aside import SetAside


def kept_rows(set_aside: SetAside) -> SetAsideRows:
    """Take what a reading set aside: the list, and the files that would be written of it."""
    with tempfile.TemporaryDirectory() as folder:
        written = set_aside.write(Path(folder))
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in written}
    return SetAsideRows(set_aside.told(), files)


def write_kept(database: Database, load: int, folder: Path) -> list[Path]:
    """Write what a load set aside into a folder, as ``adjudicator run`` does.

    Returns:
        What was written; nothing where nothing was set aside.

    Raises:
        Refused: there is no such load.
    """
    with database.reading() as connection:
        _check_load(connection, load)
        query = sa.select(SET_ASIDE_FILES.c.name, SET_ASIDE_FILES.c.content)
        rows = connection.execute(query.where(SET_ASIDE_FILES.c.load == load)).all()
    written = []
    for name, content in rows:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        written.append(path)
    return written


def kept_list(database: Database, load: int) -> list[Mapping[str, Any]]:
    """List the rows that a load set aside, in the order of their files.

    Raises:
        Refused: there is no such load.
    """
    with database.reading() as connection:
        _check_load(connection, load)
        query = sa.select(SET_ASIDE).where(SET_ASIDE.c.load == load).order_by(SET_ASIDE.c.place)
        return [dict(row._mapping) for row in connection.execute(query)]


def _check_load(connection: sa.Connection, load: int) -> None:
    if connection.execute(sa.select(LOADS.c.load).where(LOADS.c.load == load)).first() is None:
        raise refused("books.no_load", load=load)
