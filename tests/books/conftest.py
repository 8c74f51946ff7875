"""Books of small schemes in every state, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adjudicator.generation import generate
from adjudicator.generation.small_scheme import write_small_scheme
from adjudicator.store.database import VARIABLE
from tests.books.folders import write_village
from tests.books.states import DECIDED, DECIDED_AGAIN, MADE, RECEIVED, REGISTERED, Shelf, State, database_url
from tests.databases import ENGINES, Embedded, Engine, engine_of

NewBooks = Callable[[Path, State], Path]
"""Copies a scheme's folder with its books in a state."""


@pytest.fixture(autouse=True)
def _no_database_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each of the engines."""
    return engine_of(request.param)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """The databases of states that were reached in this session."""
    kept = Shelf(tmp_path_factory.mktemp("shelf"))
    yield kept
    kept.close()


@pytest.fixture(scope="session")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up scheme of sixty families with three months of claims; not to be changed."""
    folder = tmp_path_factory.mktemp("country") / "scheme"
    generate(folder, 60, 3, 1)
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small scheme that users begin with, with one month of claims; not to be changed."""
    folder = tmp_path_factory.mktemp("small") / "scheme"
    write_small_scheme(folder)
    return folder


@pytest.fixture(scope="session")
def village(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few families whose claims, in two months, run out of everything; quick, and not to be changed."""
    return write_village(tmp_path_factory.mktemp("village") / "scheme")


@pytest.fixture(scope="session")
def warm(shelf: Shelf, village: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Everything is compiled, before processes are forked that would each do it for themselves."""
    shelf.books(Embedded(), village, DECIDED_AGAIN, tmp_path_factory.mktemp("warm") / "scheme")


@pytest.fixture
def new_books(engine: Engine, shelf: Shelf, tmp_path: Path) -> Iterator[NewBooks]:
    """Copies a scheme's folder with its books in a state, as often as it is called."""
    folders: list[Path] = []

    def copied(scheme: Path, state: State) -> Path:
        folder = tmp_path / f"books-{len(folders)}"
        folders.append(folder)
        return shelf.books(engine, scheme, state, folder)

    yield copied
    for folder in folders:
        engine.drop(database_url(engine, folder))


@pytest.fixture
def books_folder(new_books: NewBooks, country: Path) -> Path:
    """A made-up scheme with three months of claims in files; its books were made and are empty."""
    return new_books(country, MADE)


@pytest.fixture
def registered_folder(new_books: NewBooks, country: Path) -> Path:
    """The same with its registers loaded."""
    return new_books(country, REGISTERED)


@pytest.fixture
def received_folder(new_books: NewBooks, country: Path) -> Path:
    """The same with the claims of the first month loaded too."""
    return new_books(country, RECEIVED)


@pytest.fixture
def decided_folder(new_books: NewBooks, country: Path) -> Path:
    """The same with the first month decided."""
    return new_books(country, DECIDED)
