"""Folders appear whole or not at all, one writer at a time, and what the dead left is mended."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adjudicator.folders import alone, recover, whole_folder
from adjudicator.problems import Refused
from tests.stopping import file_of, stopped_at

LETTER = "letter.txt"


def put(folder: Path, words: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LETTER).write_text(words, "utf-8")
    return folder


def held(folder: Path) -> str:
    return (folder / LETTER).read_text("utf-8")


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_a_folder_appears_when_it_is_done(tmp_path: Path) -> None:
    folder = tmp_path / "far" / "away"
    with whole_folder(folder) as writing:
        put(writing / "inner", "one")
        assert not folder.exists()
    assert held(folder / "inner") == "one"
    assert hidden(folder.parent) == []
    with whole_folder(folder) as writing:
        put(writing, "two")
        assert held(folder / "inner") == "one"
    assert [path.name for path in folder.iterdir()] == [LETTER]
    assert hidden(folder.parent) == []


def test_it_is_for_whom_the_users_mask_allows(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with whole_folder(tmp_path / "folder"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o750


def test_a_link_is_replaced_and_what_it_leads_to_is_left(tmp_path: Path) -> None:
    put(tmp_path / "real", "old")
    folder = tmp_path / "folder"
    folder.symlink_to(tmp_path / "real")
    with whole_folder(folder) as writing:
        put(writing, "new")
    assert (held(folder), held(tmp_path / "real")) == ("new", "old")
    assert hidden(tmp_path) == []


def test_an_error_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put(tmp_path / "folder", "old")

    def write() -> None:
        with whole_folder(folder) as writing:
            put(writing, "new")
            if amiss:
                raise ValueError("amiss")

    amiss = True
    with pytest.raises(ValueError, match="amiss"):
        write()
    amiss, rename = False, Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if ".new-" in path.name:
            raise PermissionError("not this name")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PermissionError):
        write()
    assert held(folder) == "old"
    assert hidden(tmp_path) == []


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with whole_folder(folder) as writing:
        put(writing, "first")
        left = hidden(tmp_path)
        recover(folder)
        assert hidden(tmp_path) == left
        with pytest.raises(Refused, match="another process is writing"), whole_folder(folder):
            pass
        with whole_folder(tmp_path / "folder.new") as other:
            put(other, "another folder")
    assert held(folder) == "first"
    assert hidden(tmp_path) == []


def test_a_lock_goes_with_its_process(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    told = "import sys; from pathlib import Path; from adjudicator.folders import alone\n"
    told += "with alone(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", told, str(lock)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(BlockingIOError), alone(lock):
            pass
        process.kill()
    assert lock.exists()
    with alone(lock) as certain:
        assert certain
    assert not lock.exists()


def test_what_the_dead_left_is_mended(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    put(tmp_path / ".folder.old-abcdef01" / "folder", "old")
    put(tmp_path / ".folder.new-abcdef02", "new")
    others = [put(tmp_path / name, "theirs") for name in (".folder.new-long-ago", ".folder.new.new-abcdef03")]
    recover(folder)
    assert held(folder) == "old"
    assert hidden(tmp_path) == sorted(other.name for other in others)
    put(tmp_path / ".folder.old-abcdef01" / "folder", "older")
    with whole_folder(folder) as writing:
        assert hidden(tmp_path) == sorted([".folder.lock", writing.name, *(other.name for other in others)])
    assert not any(folder.iterdir())


@pytest.mark.usefixtures("no_locks")
def test_without_locks_nothing_of_others_is_touched(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    put(tmp_path / ".folder.old-abcdef01" / "folder", "old")
    recover(folder)
    assert not folder.exists()
    with whole_folder(folder) as writing:
        put(writing, "new")
    assert held(folder) == "new"
    assert hidden(tmp_path) == [".folder.old-abcdef01"]


def test_where_there_is_nothing_there_is_nothing_to_recover(tmp_path: Path) -> None:
    recover(tmp_path / "nowhere" / "folder")
    recover(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("before", [None, "old"])
def test_who_is_stopped_anywhere_leaves_the_old_folder_or_the_new_one(
    before: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)

    def write() -> None:
        with whole_folder(folder) as writing:
            put(writing, "new")

    files = {file_of(whole_folder), file_of(contextlib)}
    step, found = 0, True
    while found:
        folder = tmp_path / f"{step}" / "folder"
        folder.parent.mkdir()
        if before:
            put(folder, before)
        found = stopped_at(step, files, write)
        published = folder.exists() and held(folder) == "new"
        if not published:
            assert (held(folder) if folder.exists() else None) == before, step
            assert hidden(folder.parent) == [], step
        recover(folder)
        assert set(hidden(folder.parent)) <= {".folder.lock"}, step
        step += 1
    assert published
