"""Kills commands at every step and at random moments, as often as asked for; tells the first that goes wrong.

``python -m tests.books.soak --kills 500 --engine postgresql``
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from tests.books.crashes import COMMANDS, Command, Crashes, Left
from tests.books.folders import write_village
from tests.books.states import Shelf
from tests.databases import ENGINES, engine_of

Kill = tuple[Command, int | float]
"""A command, and the step (whole) or the seconds after which it is killed."""


def kills(crashes: Crashes, names: list[str], chance: random.Random) -> Iterator[Kill]:
    """Give every step of the commands, in any order, each followed by a moment; then all over again."""
    steps = [
        (COMMANDS[name], step)
        for name in names
        for step in range(1, len(crashes.undisturbed(COMMANDS[name]).steps) + 1)
    ]
    chance.shuffle(steps)
    for command, step in cycle(steps):
        yield command, step
        yield command, chance.uniform(0, 1.2 * crashes.undisturbed(command).seconds)


def main() -> int:
    """Kill as often as asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--engine", choices=ENGINES, default="sqlite")
    parser.add_argument("--command", choices=COMMANDS, action="append", help="only this one, or these")
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.randrange(10**6)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        scheme = write_village(Path(folder) / "village")
        shelf = Shelf(Path(folder) / "shelf")
        (copies := Path(folder) / "copies").mkdir()
        crashes = Crashes(engine_of(arguments.engine), scheme, shelf, copies)
        done, told = 0, time.monotonic()
        try:
            for command, at in kills(crashes, arguments.command or list(COMMANDS), random.Random(seed)):
                if isinstance(at, int):
                    crashes.at_step(command, at)
                else:
                    crashes.after_seconds(command, at)
                done += 1
                if done >= arguments.kills or time.monotonic() - told > 30:
                    told = time.monotonic()
                    print(f"{done} kills", flush=True)
                if done >= arguments.kills:
                    return 0
        except Left as left:
            print(left)
            return 1
        finally:
            shelf.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
