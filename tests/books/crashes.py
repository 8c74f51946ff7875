"""Killing a process while it works on books (kill -9), and looking at what it leaves.

The process is a fork of one in which everything is imported and compiled, so that a hundred of them are
cheap. It kills itself at a step, which is a statement, a bulk insert or a commit, or is killed after a time.
"""

from __future__ import annotations

import functools
import os
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event

from adjudicator.books import work
from adjudicator.books.books import make_books, open_books
from adjudicator.problems import Refused
from adjudicator.store import bulk, journal
from tests.books.dump import Dump, dump, visible
from tests.books.states import (
    BY,
    DECIDED,
    MADE,
    RECEIVED,
    RECEIVED_AGAIN,
    REGISTERED,
    REPRICED,
    SUBMITTED,
    Shelf,
    State,
    ask_rules,
    copied_folder,
    database_url,
    decide,
    decide_again,
    load,
    name_database,
    receive,
)
from tests.databases import Engine

LINES_OF_A_PARTITION: Final = 25
"""So few that a small run has many partitions."""

AT_THE_MOST: Final = 300
"""Seconds that a process may work before it is taken to hang, on however slow a machine."""


@dataclass(frozen=True)
class Command:
    """Something that is done to books, and the state that they are in before."""

    name: str
    state: State | None
    """None: there are no books yet."""
    do: Callable[[Path], object]


COMMANDS: Final = {
    command.name: command
    for command in (
        Command("init", None, lambda folder: make_books(folder, BY)),
        Command("load registers", MADE, load),
        Command("load claims", REGISTERED, lambda folder: receive(folder, 0)),
        Command("load claims again", DECIDED, lambda folder: receive(folder, 1)),
        Command("adjudicate", RECEIVED, decide),
        Command("adjudicate again", RECEIVED_AGAIN, decide),
        Command("readjudicate", REPRICED, decide_again),
        Command("ask rules", SUBMITTED, ask_rules),
    )
}


class Left(AssertionError):  # noqa: N818 - it says what is the matter
    """What a killed process left is neither what was before nor what was to be, or does not go on."""


@dataclass(frozen=True)
class Undisturbed:
    """What a command does when nobody kills it."""

    before: Dump
    """What readers see before it."""
    after: Dump
    """What they see after it."""
    whole: Dump
    """All that is in the books after it."""
    steps: list[str]
    seconds: float


class Crashes:
    """Kills commands on copies of a scheme's books.

    Args:
        engine: of the books.
        scheme: the folder of the scheme, with claims of two months.
        shelf: of states that were reached.
        folder: for the copies.
    """

    def __init__(self, engine: Engine, scheme: Path, shelf: Shelf, folder: Path) -> None:
        self._engine, self._scheme, self._shelf, self._folder = engine, scheme, shelf, folder
        self._number = 0

    @functools.cache  # noqa: B019 - as many as there are commands
    def undisturbed(self, command: Command) -> Undisturbed:
        """Do a command as it is meant."""
        folder = self._books(command)
        before = visible(folder) if command.state else {}
        # Once for what is compiled or read when it is first used; the copy after it is measured.
        warm = self._books(command)
        command_done(command, warm)
        self._drop(warm)
        started = time.monotonic()
        read, write = os.pipe()
        status = forked(lambda: _counted(command, folder, write))
        os.close(write)
        with os.fdopen(read, encoding="utf-8") as pipe:
            steps = pipe.read().splitlines()
        if status != 0:
            raise Left(f"{command.name} failed undisturbed")
        found = Undisturbed(before, visible(folder), dump(folder), steps, time.monotonic() - started)
        self._drop(folder)
        return found

    def at_step(self, command: Command, step: int) -> None:
        """Kill a command at a step, counted from 1, and look at what it leaves.

        Raises:
            Left: something that may not be.
        """
        self._killed(
            command, f"step {step}", lambda folder: forked(lambda: _killed_at(command, folder, step))
        )

    def after_seconds(self, command: Command, seconds: float) -> None:
        """Kill a command after some time, and look at what it leaves.

        Raises:
            Left: something that may not be.
        """
        self._killed(
            command, f"{seconds:.4f} s", lambda folder: forked(lambda: _done(command, folder), seconds)
        )

    def _killed(self, command: Command, when: str, kill: Callable[[Path], int]) -> None:
        meant = self.undisturbed(command)
        folder = self._books(command)
        where = f"{command.name} on {self._engine.name}, killed at {when}"
        status = kill(folder)
        if status not in (0, -signal.SIGKILL):
            raise Left(f"{where}: it ended with {status}")
        seen = _seen(folder)
        if seen not in (meant.before, meant.after):
            raise Left(f"{where}: readers see {_difference(seen, meant.before, meant.after)}")
        command_done(command, folder)
        found = dump(folder)
        if found != meant.whole:
            raise Left(f"{where}: done again, it ends in {_difference(found, meant.whole)}")
        with open_books(folder) as books, books.database.reading() as connection:
            if broken := journal.broken_links(connection):
                raise Left(f"{where}: entries {broken} of the journal are broken")
        self._drop(folder)

    def _books(self, command: Command) -> Path:
        self._number += 1
        folder = self._folder / f"{self._engine.name}-{self._number}"
        if command.state:
            return self._shelf.books(self._engine, self._scheme, command.state, folder)
        copied_folder(self._scheme, folder)
        name_database(self._engine, folder, self._engine.empty(folder))
        return folder

    def _drop(self, folder: Path) -> None:
        self._engine.drop(database_url(self._engine, folder))


def _seen(folder: Path) -> Dump:
    """Give what readers see; nothing where there are no books."""
    try:
        return visible(folder)
    except Refused as refused:
        if [problem.what.key for problem in refused.problems] != ["books.none"]:
            raise
        return {}


def _difference(found: Dump, *wanted: Dump) -> str:
    """Name the tables that differ, with the number of their rows."""
    return " and ".join(
        ", ".join(
            f"{table}: {len(found.get(table, ()))} rows, not {len(meant.get(table, ()))}"
            for table in sorted({*found, *meant})
            if found.get(table) != meant.get(table)
        )
        for meant in wanted
    )


def forked(do: Callable[[], object], seconds: float | None = None) -> int:
    """Do something in a process of its own, perhaps killed after some time.

    Returns:
        0 where it was done, 1 where it was not, or the number of the signal that ended it, negative.
    """
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(AT_THE_MOST)
            do()
            status = 0
        finally:
            # Nothing of what the process inherited is to be tidied up by it.
            os._exit(status)
    if seconds is not None:
        opened = os.pidfd_open(child)
        select.select([opened], [], [], seconds)
        os.close(opened)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def command_done(command: Command, folder: Path) -> None:
    """Do a command, waiting for the lock of a process that a server has not missed yet."""
    until = time.monotonic() + AT_THE_MOST
    while True:
        try:
            return _done(command, folder)
        except Refused as refused:
            locked = all(problem.what.key.startswith("store.locked") for problem in refused.problems)
            if not locked or time.monotonic() > until:
                raise
        time.sleep(0.05)


def _done(command: Command, folder: Path) -> None:
    usual = work.LINES_OF_A_PARTITION
    work.LINES_OF_A_PARTITION = LINES_OF_A_PARTITION
    try:
        command.do(folder)
    finally:
        work.LINES_OF_A_PARTITION = usual


def _counted(command: Command, folder: Path, pipe: int) -> None:
    steps: list[str] = []
    _tell_steps(steps.append)
    _done(command, folder)
    os.write(pipe, "\n".join(steps).encode())


def _killed_at(command: Command, folder: Path, step: int) -> None:
    left = step

    def take(_what: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    _tell_steps(take)
    _done(command, folder)


def _tell_steps(tell: Callable[[str], None]) -> None:
    """Have this process tell of each step that it takes, for as long as it lives."""

    def statement(what: str) -> Callable[..., None]:
        def told(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
            tell(f"{what} {' '.join(text.split())[:60]}")

        return told

    for moment in ("before", "after"):
        event.listen(sa.Engine, f"{moment}_cursor_execute", statement(moment))
    event.listen(sa.Engine, "commit", lambda _connection: tell("before commit"))
    insert = bulk.insert

    def told_insert(connection: sa.Connection, table: sa.Table, rows: Any) -> int:
        tell(f"before {len(rows)} rows of {table.name}")
        added = insert(connection, table, rows)
        tell(f"after {len(rows)} rows of {table.name}")
        return added

    bulk.insert = told_insert
