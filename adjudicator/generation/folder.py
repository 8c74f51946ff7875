"""A new folder, written whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from adjudicator.problems import Place, Problem, Refused
from adjudicator.words import message


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, which becomes the new folder when all went well.

    Raises:
        Refused: the folder is there and not empty, is a file, or cannot be made.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused([_problem("generation.folder_not_empty", folder)])
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Beside the new folder, so that moving it there is one step of the file system.
        temporary = Path(mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    except OSError as error:
        raise Refused([_problem("generation.folder_cannot_be_made", folder, said=error.strerror)]) from None
    try:
        written = temporary / folder.name
        written.mkdir()
        yield written
        if folder.exists():
            folder.rmdir()
        written.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _problem(key: str, folder: Path, **values: str | None) -> Problem:
    return Problem(
        message(key, folder=str(folder), **values), Place(folder), message("generation.folder.remedy")
    )
