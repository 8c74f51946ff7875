"""Asking who it is that gives a command, and for the key that proves it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Final

import click

from adjudicator.words import text
from commands.shared import err

KEY: Final = "ADJUDICATOR_KEY"
"""The environment variable with the key of who works."""

KEY_FILE: Final = "ADJUDICATOR_KEY_FILE"
"""The environment variable that names a file with the key."""

_LONGEST: Final = 1_000
"""Letters of a file that are read: a key is on its first line."""


def proven(scheme: Path, by: str | None, act: str, language: str) -> str | None:
    """Prove that a command is given by whom it names.

    Args:
        scheme: the scheme's folder.
        by: as it was given.
        act: the command.
        language: of the person.

    Returns:
        The name as it is registered; as it was given, where the books have no officers.

    Raises:
        Refused: it is not proven, or they may not give this command.
    """
    from adjudicator.books.books import who
    from adjudicator.books.officers.proving import prove

    name = who(by)
    registered = prove(scheme, name, act, lambda officer: _key_of(officer, language))
    return by if registered is None else registered


def _key_of(officer: str, language: str) -> str:
    """Take an officer's key from the environment, from a file, or from the terminal."""
    from adjudicator.problems import refused

    if key := os.environ.get(KEY, "").strip():
        return key
    if path := os.environ.get(KEY_FILE):
        return _key_in(Path(path), officer, language)
    if _at_a_terminal():
        asked = text("cli.officer.key_asked", language, officer=officer)
        return str(click.prompt(asked, prompt_suffix="", hide_input=True, err=True))
    raise refused("officers.no_key", officer=officer)


def _key_in(path: Path, officer: str, language: str) -> str:
    from adjudicator.problems import refused

    with path.open(encoding="utf-8", errors="surrogateescape") as file:
        if os.name == "posix" and os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            err().print(text("cli.officer.open_file", language, path=str(path)), style="yellow")
        first, *_ = file.read(_LONGEST).splitlines() or [""]
    if key := first.strip():
        return key
    raise refused("officers.empty_file", path=str(path), officer=officer)


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()
