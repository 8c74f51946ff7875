"""A new folder, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from adjudicator.folders import recover, whole_folder
from adjudicator.problems import Place, Problem, Refused
from adjudicator.system import reason
from adjudicator.words import Message, message


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, which becomes the new folder when all went well.

    Raises:
        Refused: the folder is there and not empty, is a file, cannot be made, or is being written.
    """
    recover(folder)
    _check(folder)
    with ExitStack() as stack:
        try:
            writing = stack.enter_context(whole_folder(folder))
        except OSError as error:
            problem = _problem("generation.folder_cannot_be_made", folder, said=reason(error))
            raise Refused([problem]) from None
        # Another process may have been faster.
        _check(folder)
        yield writing


def _check(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused([_problem("generation.folder_not_empty", folder)])


def _problem(key: str, folder: Path, **values: Message) -> Problem:
    return Problem(
        message(key, folder=str(folder), **values), Place(folder), message("generation.folder.remedy")
    )
