"""Delivering a review and routing cases, killed at any step: the books are as before or as after."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from adjudicator.books.books import open_books
from adjudicator.books.review.delivery import deliver, try_decision
from adjudicator.books.review.dispatch import dispatch
from adjudicator.books.review.opening import open_cases
from adjudicator.problems import Refused
from tests.books.crashes import Command, Crashes
from tests.books.queueing import NOON, REJECT, accepted, flag, select
from tests.books.states import BY, DECIDED, Shelf, State
from tests.databases import Engine

MOVES = """\
route: elsewhere
title: {en: elsewhere, fr: ailleurs}
rationale: {en: a test, fr: un essai}
when: {some: case where selections >= 1}
then: {queue: {name: elsewhere, priority: 1}}
explanation: {en: drawn, fr: tirée}
examples:
  - {fires: true, facts: [case: {selections: 1}]}
  - {fires: false, facts: [case: {selections: 0}]}
"""


def _open(folder: Path) -> None:
    with open_books(folder) as books:
        with books.database.reading() as connection:
            claim_ids = accepted(connection)
        flag(books, claim_ids[0])
        select(books, claim_ids[:6])
        open_cases(books, BY, NOON)


def _deliver(folder: Path) -> None:
    with open_books(folder) as books:
        try:
            deliver(books, try_decision(books, "1", REJECT), "Amina", NOON)
        except Refused as refused:
            # What a command that was killed after its end is told when it is given again.
            if [problem.what.key for problem in refused.problems] != ["review.closed"]:
                raise


def _route(folder: Path) -> None:
    (folder / "routing").mkdir(exist_ok=True)
    (folder / "routing" / "elsewhere.yaml").write_text(MOVES, "utf-8")
    with open_books(folder) as books:
        done = list(dispatch(books, BY, confirm=True, at=NOON))
    assert not any(one.refused for one in done)


QUEUED = State("queued", DECIDED, _open)

COMMANDS: dict[str, Callable[[Path], None]] = {"deliver": _deliver, "route": _route}


@pytest.mark.parametrize("name", COMMANDS)
def test_killed(name: str, engine: Engine, village: Path, shelf: Shelf, warm: None, tmp_path: Path) -> None:
    """Two steps of each, and its last one."""
    crashes = Crashes(engine, village, shelf, tmp_path)
    command = Command(name, QUEUED, COMMANDS[name])
    steps = len(crashes.undisturbed(command).steps)
    chance = random.Random(f"{name} on {engine.name}")
    for step in sorted({*chance.sample(range(1, steps), 2), steps}):
        crashes.at_step(command, step)
