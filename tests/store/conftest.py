"""Empty databases with the tables of the books, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adjudicator.store import migrate
from adjudicator.store.database import Database, open_database
from tests.databases import ENGINES, Engine, empty_database, engine_of


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each of the engines."""
    return engine_of(request.param)


@pytest.fixture
def empty(engine: Engine, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    with empty_database(engine, tmp_path) as url:
        database = open_database(url, tmp_path)
        yield database
        database.close()


@pytest.fixture(scope="session")
def made() -> Iterator[dict[str, str]]:
    """The URLs of databases that were made once, by the engine's name."""
    urls: dict[str, str] = {}
    yield urls
    for name, url in urls.items():
        engine_of(name).drop(url)


@pytest.fixture
def database(
    engine: Engine, made: dict[str, str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database with the tables of the books, and nothing in them."""
    if engine.name not in made:
        url = engine.empty(tmp_path_factory.mktemp(engine.name))
        fresh = open_database(url, tmp_path)
        with fresh.writing() as connection:
            migrate.upgrade(connection)
        fresh.close()
        made[engine.name] = url
    url = engine.copy(made[engine.name], tmp_path)
    copied = open_database(url, tmp_path)
    yield copied
    copied.close()
    engine.drop(url)
