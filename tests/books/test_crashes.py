"""Processes killed at their steps: the books are as before or as after, and go on."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.books.crashes import COMMANDS, Crashes
from tests.books.states import Shelf
from tests.databases import Engine

KILLED = {"adjudicate": 5, "adjudicate again": 5}
"""How many of a command's steps are tried, besides its last one; 3 of those that are not here."""


@pytest.mark.parametrize("name", COMMANDS)
def test_killed(name: str, engine: Engine, village: Path, shelf: Shelf, tmp_path: Path) -> None:
    """Some steps of each command; ``python -m tests.books.soak`` tries them all, and random moments."""
    crashes = Crashes(engine, village, shelf, tmp_path)
    command = COMMANDS[name]
    meant = crashes.undisturbed(command)
    steps = len(meant.steps)
    count, chance = KILLED.get(name, 3), Random(f"{name} on {engine.name}")
    chosen = [(steps * number + chance.randrange(steps)) // count for number in range(count)]
    for step in sorted({*(step + 1 for step in chosen), steps}):
        crashes.at_step(command, step)
