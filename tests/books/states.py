"""Books in the states that tests begin with: each is reached once a session, and copied for every test."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import make_books, open_books
from adjudicator.books.claims import load_claims
from adjudicator.books.readjudication import readjudicate
from adjudicator.books.registers import load_registers
from adjudicator.books.submission.asking import ask
from adjudicator.books.submission.counter import Counter
from adjudicator.books.submission.reading import NotReceived
from tests.books.wide_rules import TWO, write_rules
from tests.databases import Engine
from tests.web.claims_sent import Village

BY = "tester"


@dataclass(frozen=True)
class State:
    """A state of the books of a scheme's folder, and how it is reached from another."""

    name: str
    after: State | None
    reach: Callable[[Path], None]


def months(folder: Path) -> list[Path]:
    """Give the folders of a scheme's claims, in order."""
    return sorted((folder / "claims").iterdir())


def load(folder: Path) -> None:
    """Load the registers of a scheme's folder."""
    with open_books(folder) as books:
        load_registers(books, folder / "registers", BY)


def receive(folder: Path, month: int) -> None:
    """Load the claims of a month of a scheme's folder; the first is 0."""
    with open_books(folder) as books:
        load_claims(books, [months(folder)[month]], BY)


def decide(folder: Path) -> None:
    """Decide what waits."""
    with open_books(folder) as books:
        adjudicate_books(books, BY)


def _make(folder: Path) -> None:
    make_books(folder, BY)


MADE = State("made", None, _make)
REGISTERED = State("registered", MADE, load)
RECEIVED = State("received", REGISTERED, lambda folder: receive(folder, 0))
DECIDED = State("decided", RECEIVED, decide)
RECEIVED_AGAIN = State("received again", DECIDED, lambda folder: receive(folder, 1))
DECIDED_AGAIN = State("decided again", RECEIVED_AGAIN, decide)


def reprice(folder: Path) -> None:
    """Load the provisions of a scheme whose registers are CSV files, at three quarters of their price."""
    with (folder / "registers" / "provisions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["price"] = str(round(Decimal(row["price"]) * 3 / 4, 0))
    with TemporaryDirectory() as changed:
        with (Path(changed) / "provisions.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        with open_books(folder) as books:
            load_registers(books, Path(changed), BY)


def decide_again(folder: Path) -> None:
    """Decide all claims again, by the registers of today."""
    with open_books(folder) as books:
        readjudicate(books, BY, ["all"], "new prices")


REPRICED = State("repriced", DECIDED_AGAIN, reprice)


def submit(folder: Path) -> None:
    """Send the claims of the first month to the counter, which leaves rules out."""
    write_rules(folder, TWO)
    with open_books(folder) as books:
        counter = Counter(books, BY)
        claims = counter.read_many(Village(folder).months[0])
        counter.submit([one for one in claims if not isinstance(one, NotReceived)])
        counter.close()


def ask_rules(folder: Path) -> None:
    """Ask the rules that the counter left out."""
    write_rules(folder, TWO)
    with open_books(folder) as books:
        ask(books, BY)


SUBMITTED = State("submitted", REGISTERED, submit)


class Shelf:
    """Keeps the databases of states that were reached.

    Args:
        folder: for what is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[tuple[str, Path, str], str] = {}
        self._engines: dict[str, Engine] = {}

    def books(self, engine: Engine, scheme: Path, state: State, folder: Path) -> Path:
        """Copy a scheme's folder, with its books in a state; give the new folder."""
        url = self._reached(engine, scheme, state)
        copied_folder(scheme, folder)
        name_database(engine, folder, engine.copy(url, folder))
        return folder

    def _reached(self, engine: Engine, scheme: Path, state: State) -> str:
        key = (engine.name, scheme, state.name)
        if key not in self._kept:
            self._engines[engine.name] = engine
            before = self._reached(engine, scheme, state.after) if state.after else None
            folder = copied_folder(scheme, self._folder / f"{engine.name}-{len(self._kept)}")
            url = engine.copy(before, folder) if before else engine.empty(folder)
            name_database(engine, folder, url)
            state.reach(folder)
            self._kept[key] = url
        return self._kept[key]

    def close(self) -> None:
        """Remove all that is kept."""
        for (engine, _, _), url in self._kept.items():
            self._engines[engine].drop(url)


def copied_folder(scheme: Path, folder: Path) -> Path:
    """Copy a scheme's folder without any books."""
    shutil.copytree(scheme, folder, ignore=shutil.ignore_patterns("books.db*"), dirs_exist_ok=True)
    return folder


def name_database(engine: Engine, folder: Path, url: str) -> None:
    """Write the database into ``scheme.yaml``; the embedded file is the default and needs no mention."""
    if engine.name == "sqlite":
        return
    settings = folder / "scheme.yaml"
    text = "".join(
        line for line in settings.read_text("utf-8").splitlines(True) if not line.startswith("database:")
    )
    settings.write_text(f'{text.rstrip()}\ndatabase: "{url}"\n', "utf-8")


def database_url(engine: Engine, folder: Path) -> str:
    """Give the URL of a folder's books."""
    if engine.name == "sqlite":
        return engine.empty(folder)
    line = (folder / "scheme.yaml").read_text("utf-8").splitlines()[-1]
    return line.partition(":")[2].strip().strip('"')
