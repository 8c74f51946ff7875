"""Processes killed at their steps and at random moments: the books are as before or as after, and go on."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.books.crashes import COMMANDS, Crashes
from tests.books.states import Shelf
from tests.databases import Engine

KILLED = {"adjudicate": 4, "adjudicate again": 4}
"""How many of a command's steps are tried, besides its last one; 2 of those that are not here."""


@pytest.mark.parametrize("name", COMMANDS)
def test_killed(name: str, engine: Engine, village: Path, shelf: Shelf, tmp_path: Path) -> None:
    """Some steps and a moment of each command; ``python -m tests.books.soak`` tries them all."""
    crashes = Crashes(engine, village, shelf, tmp_path)
    command = COMMANDS[name]
    meant = crashes.undisturbed(command)
    steps = len(meant.steps)
    count = KILLED.get(name, 2)
    chosen = [(steps * number + random.randrange(steps)) // count for number in range(count)]
    for step in sorted({*(step + 1 for step in chosen), steps}):
        crashes.at_step(command, step)
    crashes.after_seconds(command, random.uniform(0, meant.seconds))
