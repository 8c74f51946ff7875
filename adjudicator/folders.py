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
from tempfile import mkdtemp
from typing import Final

from adjudicator.problems import Place, Refused, refused

if sys.platform != "win32":
    import fcntl

_NEW: Final = "new"
_OLD: Final = "old"


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
            temporary.chmod(permitted(0o777))
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
    descriptor = _taken(lock)
    if descriptor is None:
        yield False
        return
    try:
        yield True
    finally:
        # While it is held: who comes between these lines finds that the file he holds has lost its name.
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def permitted(mode: int) -> int:
    """Give a mode without what the user's mask forbids: what ``tempfile`` makes is for its owner only."""
    mask = os.umask(0)
    os.umask(mask)
    return mode & ~mask


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    try:
        with alone(folder.parent / f".{folder.name}.lock") as certain:
            yield certain
    except BlockingIOError:
        raise refused("folders.in_use", Place(folder)) from None


def _taken(lock: Path) -> int | None:
    """Take a lock; None where the file system knows none."""
    if sys.platform == "win32":
        return None
    while True:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _still_named(lock, descriptor):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise
        except OSError:
            os.close(descriptor)
            lock.unlink(missing_ok=True)
            return None
        os.close(descriptor)


def _still_named(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _beside(folder: Path, what: str) -> Path:
    return Path(mkdtemp(prefix=f".{folder.name}.{what}-", dir=folder.parent))


def _left(folder: Path, what: str) -> list[Path]:
    """List the folders that were made by :func:`_beside`."""
    name = re.compile(rf"\.{re.escape(folder.name)}\.{what}-[a-z0-9_]{{8}}")
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
    if folder.exists():
        old = _beside(folder, _OLD)
        put_away = folder.rename(old / folder.name)
        try:
            temporary.rename(folder)
        except BaseException:
            put_away.rename(folder)
            old.rmdir()
            raise
        # From here on it is not whole any more, and never to be put back.
        old.rename(temporary)
    else:
        temporary.rename(folder)
    sync(folder.parent)
