"""The counter and the server of small schemes, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adjudicator.books.books import open_books
from adjudicator.books.submission.counter import Counter
from adjudicator.store.database import VARIABLE
from tests.books.folders import write_village
from tests.books.states import REGISTERED, Shelf, database_url
from tests.databases import ENGINES, Embedded, Engine, engine_of
from tests.web.claims_sent import Village

NewFolder = Callable[[], Path]
"""Copies the village's folder, with books in which there are its registers."""


@pytest.fixture(autouse=True)
def _no_database_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """The databases of states that were reached in this session."""
    kept = Shelf(tmp_path_factory.mktemp("shelf"))
    yield kept
    kept.close()


@pytest.fixture(scope="session")
def village(tmp_path_factory: pytest.TempPathFactory) -> Village:
    """A few families whose claims run out of everything; not to be changed."""
    return Village(write_village(tmp_path_factory.mktemp("village") / "scheme"))


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each of the engines."""
    return engine_of(request.param)


@pytest.fixture
def new_folder(engine: Engine, shelf: Shelf, village: Village, tmp_path: Path) -> Iterator[NewFolder]:
    """Folders of the village, as often as it is called."""
    folders: list[Path] = []

    def copied() -> Path:
        folder = tmp_path / f"village-{len(folders)}"
        folders.append(folder)
        return shelf.books(engine, village.folder, REGISTERED, folder)

    yield copied
    for folder in folders:
        engine.drop(database_url(engine, folder))


@pytest.fixture
def counter(new_folder: NewFolder) -> Iterator[Counter]:
    """The counter of new books of the village."""
    with open_books(new_folder()) as books:
        made = Counter(books, "counter")
        yield made
        made.close()


@pytest.fixture
def embedded_folder(shelf: Shelf, village: Village, tmp_path: Path) -> Path:
    """A folder of the village, with embedded books in which there are its registers."""
    return shelf.books(Embedded(), village.folder, REGISTERED, tmp_path / "village")
