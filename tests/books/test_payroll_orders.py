"""Nobody is paid twice for a cycle: in any order of acts, side by side, and killed at any step."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adjudicator.books.benefits.handing import benefit_file, export
from adjudicator.books.benefits.payrolls import all_payrolls, approve, cancel, make
from adjudicator.books.benefits.returns import reconcile
from adjudicator.books.benefits.verification import check_benefits
from adjudicator.books.books import Books, open_books
from adjudicator.books.reconciliation import Found
from adjudicator.presentation.benefit_files import handed_number
from adjudicator.problems import Refused
from tests.books.crashes import Command, Crashes
from tests.books.grants import GRANTS, change_families, write_grants
from tests.books.states import Shelf, State, database_url
from tests.databases import Engine

CYCLES = ("2026-01", "2026-02")


@pytest.fixture(scope="session")
def parish(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_grants(tmp_path_factory.mktemp("parish") / "scheme")


class Payer:
    """A payer who pays some of what is handed over, and tells the truth about it, late and more than once.

    Args:
        folder: the books that it answers to.
        choice: makes all its choices.
    """

    def __init__(self, folder: Path, choice: random.Random) -> None:
        self.folder, self._choice = folder, choice
        self.handed: dict[str, tuple[str, str, bool]] = {}
        """The family and cycle of each number that was handed over, and whether it was paid."""

    def take(self, books: Books, file: int) -> None:
        """Take a file, or the same file again, and pay some of it."""
        handed = benefit_file(books, file)
        for row in handed.rows.to_pylist():
            number = handed_number(row["transaction"], row["attempt"])
            about = (row["payee"], handed.payroll.cycle, self._choice.random() < 0.5)
            self.handed.setdefault(number, about)

    def answer(self, books: Books) -> None:
        """Say of some numbers, in any order, what became of them; between them is nonsense."""
        some = self._choice.choices([*self.handed], k=min(4, len(self.handed))) if self.handed else []
        rows = [f"{number},{'paid' if self.handed[number][2] else 'failed'}" for number in some]
        rows += self._choice.choices(["B00000001-11,paid", "x,paid", "B00000001-95/9,failed"], k=2)
        self._choice.shuffle(rows)
        path = self.folder / "returned.csv"
        path.write_text("\n".join(["transaction,status", *rows]), "utf-8")
        done = reconcile(books, "Bola", path)
        assert not done.count(Found.CONTRADICTS)

    def paid(self) -> Counter[tuple[str, str]]:
        """Count how often each family was really paid for each cycle."""
        return Counter((family, cycle) for family, cycle, paid in self.handed.values() if paid)


def _acts(payer: Payer, choice: random.Random) -> dict[str, Callable[[Books], Any]]:
    number = choice.randint(1, 3)

    def handed_over(books: Books) -> None:
        payer.take(books, export(books, "Bola", number).file)

    return {
        "make": lambda books: make(
            books, choice.choice(["Amina", "Bola"]), "GRANT", choice.choice(CYCLES), True
        ),
        "approve": lambda books: approve(books, choice.choice(["Bola", "Chidi"]), number),
        "cancel": lambda books: cancel(books, "Amina", number, "a reason"),
        "export": handed_over,
        "copy": lambda books: payer.take(books, choice.randint(1, 3)),
        "answer": payer.answer,
    }


def _change(folder: Path, choice: random.Random) -> None:
    family = choice.choice(["F1", "F2", "F3", "F4", "F5", "F6"])
    changes = {"score": choice.choice(["0", "9", ""]), "mobile": choice.choice(["", "099"])}
    change_families(folder, **{family: changes})


ACTS = (*["make"] * 3, *["approve"] * 3, *["export"] * 4, *["answer"] * 4, "cancel", "copy", "change")
SEQUENCE = st.lists(st.sampled_from(ACTS), min_size=8, max_size=24)


def live(engine: Engine, shelf: Shelf, parish: Path, folder: Path, seed: int, acts: list[str]) -> Payer:
    """Do some acts with the books of a scheme, and look whether anybody was paid twice."""
    choice = random.Random(seed)
    shelf.books(engine, parish, GRANTS, folder)
    try:
        payer = Payer(folder, choice)
        for act in ["make", "approve", "export", *acts]:
            if act == "change":
                _change(folder, choice)
                continue
            with open_books(folder) as books:
                try:
                    _acts(payer, choice)[act](books)
                except Refused:
                    continue
        assert max(payer.paid().values(), default=0) <= 1
        with open_books(folder) as books, books.database.reading() as connection:
            assert check_benefits(books, connection) == []
            for one in all_payrolls(connection):
                assert sum(tally.count for tally in one.tallies.values()) in (0, one.transactions)
        return payer
    finally:
        engine.drop(database_url(engine, folder))
        shutil.rmtree(folder)


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), SEQUENCE)
def test_nobody_is_paid_twice_in_any_order(
    engine: Engine, shelf: Shelf, parish: Path, tmp_path: Path, seed: int, acts: list[str]
) -> None:
    live(engine, shelf, parish, tmp_path / "books", seed, acts)


def side_by_side(folder: Path, *acts: Callable[[Books], Any]) -> list[Any]:
    """Do things at the same moment; give what came of each, or the keys of why not."""
    barrier = Barrier(len(acts))

    def done(act: Callable[[Books], Any]) -> Any:
        with open_books(folder) as books:
            barrier.wait()
            try:
                return act(books)
            except Refused as refused:
                return [problem.what.key for problem in refused.problems]

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(done, acts))


def test_side_by_side_one_of_several_does_it(
    engine: Engine, shelf: Shelf, parish: Path, tmp_path: Path
) -> None:
    folder = shelf.books(engine, parish, GRANTS, tmp_path / "books")
    rounds: list[Callable[[Books], Any]] = [
        lambda books: make(books, "Amina", "GRANT", "2026-01", True),
        lambda books: approve(books, "Bola", 1),
        lambda books: export(books, "Bola", 1),
    ]
    for act in rounds:
        found = side_by_side(folder, *[act] * 3)
        others = [one for one in found if isinstance(one, list)]
        assert len(others) == 2, found
        wanted = ("store.locked", "benefits.all_listed", "benefits.approved", "benefits.nothing_left")
        assert all(key.startswith(wanted) for one in others for key in one), others
    with open_books(folder) as books, books.database.reading() as connection:
        (one,) = all_payrolls(connection)
        assert (one.transactions, one.files) == (3, (1,))
        assert check_benefits(books, connection) == []
    engine.drop(database_url(engine, folder))


# Killed.


def _make(folder: Path) -> None:
    with open_books(folder) as books:
        make(books, "Amina", "GRANT", "2026-01", True)


def _approve(folder: Path) -> None:
    with open_books(folder) as books:
        approve(books, "Bola", 1)


def _export(folder: Path) -> None:
    with open_books(folder) as books:
        export(books, "Bola", 1)


def _cancel(folder: Path) -> None:
    with open_books(folder) as books:
        cancel(books, "Amina", 1, "a reason")


def _reconcile(folder: Path) -> None:
    path = folder / "returned.csv"
    path.write_text(
        f"transaction,status\n{handed_number(1, 1)},paid\n{handed_number(2, 1)},failed\n", "utf-8"
    )
    with open_books(folder) as books:
        reconcile(books, "Bola", path)


MADE = State("list made", GRANTS, _make)
APPROVED = State("list approved", MADE, _approve)
EXPORTED = State("list handed over", APPROVED, _export)
RECONCILED = State("list reconciled", EXPORTED, _reconcile)
DONE = ("all_listed", "approved", "cancelled", "nothing_left")


def _again(do: Callable[[Path], None]) -> Callable[[Path], None]:
    def done(folder: Path) -> None:
        try:
            do(folder)
        except Refused as refused:
            if not all(problem.what.key.removeprefix("benefits.") in DONE for problem in refused.problems):
                raise

    return done


COMMANDS = [
    Command(name, state, _again(do))
    for name, state, do in (
        ("make payroll", GRANTS, _make),
        ("cancel payroll", APPROVED, _cancel),
        ("reconcile payroll", EXPORTED, _reconcile),
        ("export again", RECONCILED, _export),
    )
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_killed(command: Command, engine: Engine, parish: Path, shelf: Shelf, tmp_path: Path) -> None:
    """At some step: the books are as before or as after, and the command can be given again."""
    crashes = Crashes(engine, parish, shelf, tmp_path)
    meant = crashes.undisturbed(command)
    steps = len(meant.steps)
    crashes.at_step(command, random.Random(f"{command.name} on {engine.name}").randint(1, steps))
