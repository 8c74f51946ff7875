"""Folders that appear whole or not at all, and what a killed process leaves beside them.

Whoever writes the folder ``NAME`` holds the lock ``.NAME.lock`` beside it and works in ``.NAME.new-…``; what
``NAME`` held before waits in ``.NAME.old-…`` until the new folder has its name. The system takes the lock
from a process that dies, however it dies. So whoever holds it knows that all such folders are of the dead:
an old one whose name is free is put back, and the others are removed. On a file system without locks
nothing is certain: folders are written all the same, and nothing of others is touched.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Final

from adjudicator.problems import Place, Refused, refused

if sys.platform != "win32":
    import fcntl

_NEW: Final = "new"
_OLD: Final = "old"
_LETTERS: Final = 8


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, which takes the place of ``folder`` when all went well.

    All of it is on the disk before that. An error removes it, and leaves an older folder as it was.

    Raises:
        Refused: another process is writing the folder.
        OSError: nothing can be written here.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _held(folder) as certain:
        if certain:
            _mend(folder)
        temporary = _beside(folder, _NEW)
        try:
            temporary.mkdir()
            yield temporary
            _publish(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def recover(folder: Path) -> None:
    """Put back what a killed process put away, and remove what it left unfinished, if there is any of it.

    Nothing is done where another process is at work, or where nothing may be written.
    """
    with suppress(OSError):
        if any(_left(folder, what) for what in (_NEW, _OLD)):
            with suppress(Refused), _held(folder) as certain:
                if certain:
                    _mend(folder)


@contextmanager
def alone(lock: Path) -> Iterator[bool]:
    """Hold a lock file, as one process at a time can; it goes when the process does.

    Yields:
        Whether it is certain that nobody else is here; False where the file system knows no locks.

    Raises:
        BlockingIOError: another process holds it.
        OSError: there can be no file of that name.
    """
    if sys.platform == "win32":
        yield False
        return
    holder = _Holder(lock)
    try:
        yield holder.take()
    finally:
        holder.give_back()


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    try:
        with alone(folder.parent / f".{folder.name}.lock") as certain:
            yield certain
    except BlockingIOError:
        raise refused("folders.in_use", Place(folder)) from None


class _Holder:
    """Takes a lock file and gives it back, and may be stopped anywhere in between."""

    def __init__(self, lock: Path) -> None:
        self._lock = lock
        self._descriptor: int | None = None
        self._to_be_left = False

    def take(self) -> bool:
        """Take the lock; False where the file system knows none."""
        while True:
            self._descriptor = os.open(self._lock, os.O_RDONLY | os.O_CREAT, 0o666)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._to_be_left = True
                raise
            except OSError:
                self._to_be_left = True
                self._lock.unlink(missing_ok=True)
                return False
            if _still_named(self._lock, self._descriptor):
                return True
            # Its last holder has given it back, name and all, since it was opened.
            self._close()

    def give_back(self) -> None:
        """Remove the lock file, unless it is another's."""
        try:
            if not self._to_be_left:
                self._remove()
        finally:
            self._close()

    def _remove(self) -> None:
        with suppress(OSError):
            if self._descriptor is None:
                # Who was stopped as he opened the file does not know whether it is there, or whose it is.
                self._descriptor = os.open(self._lock, os.O_RDONLY)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # While it is held: who has opened it by now finds that the file he holds has lost its name.
            if _still_named(self._lock, self._descriptor):
                self._lock.unlink()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _still_named(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _beside(folder: Path, what: str) -> Path:
    """Name a folder that is not there yet: whoever is stopped as he makes it still knows what to remove."""
    return folder.parent / f".{folder.name}.{what}-{token_hex(_LETTERS // 2)}"


def _left(folder: Path, what: str) -> list[Path]:
    """List the folders that were made by :func:`_beside`."""
    name = re.compile(rf"\.{re.escape(folder.name)}\.{what}-[0-9a-f]{{{_LETTERS}}}")
    return sorted(path for path in folder.parent.iterdir() if name.fullmatch(path.name))


def _mend(folder: Path) -> None:
    for old in _left(folder, _OLD):
        put_away = old / folder.name
        if put_away.exists() and not folder.exists():
            put_away.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    for new in _left(folder, _NEW):
        shutil.rmtree(new, ignore_errors=True)


def _publish(temporary: Path, folder: Path) -> None:
    """Give a finished folder its name; an older one is put away first and removed last."""
    for path in temporary.rglob("*"):
        sync(path)
    sync(temporary)
    if os.path.lexists(folder):
        _replace(folder, temporary)
    else:
        temporary.rename(folder)
    sync(folder.parent)


def _replace(folder: Path, temporary: Path) -> None:
    """Let a folder take another's place; if that fails both keep their names, else the other has its name."""
    old = _beside(folder, _OLD)
    put_away = old / folder.name
    try:
        old.mkdir()
        folder.rename(put_away)
        temporary.rename(folder)
    finally:
        if os.path.lexists(put_away) and not os.path.lexists(folder):
            put_away.rename(folder)
        if temporary.exists():
            with suppress(FileNotFoundError):
                old.rmdir()
        else:
            # From here on it is not whole any more, and never to be put back.
            old.rename(temporary)
