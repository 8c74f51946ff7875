"""Closing, reopening and paying, killed at any step: the books are as before or as after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from adjudicator.books.books import open_books
from adjudicator.books.closing.close import close
from adjudicator.books.closing.payments import export
from adjudicator.books.closing.reopening import reopen
from adjudicator.books.closing.returns import reconcile
from adjudicator.problems import Refused
from adjudicator.remuneration.months import read_month
from tests.books.clinic import BOTH_DECIDED, write_clinic
from tests.books.crashes import Command, Crashes
from tests.books.states import BY, Shelf, State
from tests.databases import Engine

MONTH = read_month("2026-01")
DONE = ("closing.closed", "closing.is_open", "payment.nothing_left")
"""What a command that was killed after its end is told when it is given again."""


def _close(folder: Path) -> None:
    with open_books(folder) as books:
        close(books, BY, MONTH, confirm=True)


def _reopen(folder: Path) -> None:
    with open_books(folder) as books:
        reopen(books, BY, MONTH, "", "a mistake")


def _export(folder: Path) -> None:
    with open_books(folder) as books:
        export(books, BY)


def _reconcile(folder: Path) -> None:
    path = folder / "returned.csv"
    path.write_text("payment,status\n1,paid\n2,failed\n", "utf-8")
    with open_books(folder) as books:
        reconcile(books, BY, path)


CLOSED = State("January closed", BOTH_DECIDED, _close)
EXPORTED = State("January handed over", CLOSED, _export)


def _again(do: Callable[[Path], None]) -> Callable[[Path], None]:
    def done(folder: Path) -> None:
        try:
            do(folder)
        except Refused as refused:
            if not all(problem.what.key in DONE for problem in refused.problems):
                raise

    return done


COMMANDS = [
    Command(name, state, _again(do))
    for name, state, do in (
        ("close", BOTH_DECIDED, _close),
        ("reopen", CLOSED, _reopen),
        ("export", CLOSED, _export),
        ("reconcile", EXPORTED, _reconcile),
    )
]


@pytest.fixture(scope="session")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clinic(tmp_path_factory.mktemp("ward") / "scheme")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_killed(command: Command, engine: Engine, ward: Path, shelf: Shelf, tmp_path: Path) -> None:
    """Some steps of each."""
    crashes = Crashes(engine, ward, shelf, tmp_path)
    meant = crashes.undisturbed(command)
    steps = len(meant.steps)
    chance = Random(f"{command.name} on {engine.name}")
    chosen = {1 + (steps * number + chance.randrange(steps)) // 3 for number in range(3)}
    for step in sorted({*chosen, steps}):
        crashes.at_step(command, step)
