"""Full disks, lost connections, damaged files: one clear message, and books that are whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from adjudicator.books import work
from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import PERSON, open_books, who
from adjudicator.books.verification import verify
from adjudicator.problems import Refused
from adjudicator.store import bulk, database, runs
from tests.books.children import adjudicating
from tests.books.conftest import NewBooks
from tests.books.crashes import COMMANDS, LINES_OF_A_PARTITION, Command, command_done
from tests.books.dump import dump, visible
from tests.books.states import (
    BY,
    RECEIVED,
    RECEIVED_AGAIN,
    REGISTERED,
    copied_folder,
    database_url,
    decide,
    name_database,
    receive,
    reprice,
)
from tests.databases import Embedded, Engine, Server, engine_of

WRITING = ("load registers", "load claims", "adjudicate", "adjudicate again")


pytestmark = pytest.mark.usefixtures("warm")


@pytest.fixture(autouse=True)
def _small_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "LINES_OF_A_PARTITION", LINES_OF_A_PARTITION)


@contextmanager
def refused_as(key: str) -> Iterator[None]:
    """Make sure that something is refused with one problem, in both languages."""
    with pytest.raises(Refused) as refused:
        yield
    assert [problem.what.key for problem in refused.value.problems] == [key]
    for language in ("en", "fr"):
        assert all("{" not in problem.told(language) for problem in refused.value.problems)


def whole_after(
    new_books: NewBooks, village: Path, command: Command, trouble: Callable[[Path], None]
) -> None:
    """Have trouble during a command; then do it again, and compare with books that had none."""
    assert command.state
    folder, undisturbed = (new_books(village, command.state) for _ in range(2))
    before = visible(folder)
    trouble(folder)
    assert visible(folder) == before
    for each in (folder, undisturbed):
        command_done(command, each)
    assert dump(folder) == dump(undisturbed)


# A disk that is full.


@pytest.mark.parametrize("part", [0, 0.5, 1])
@pytest.mark.parametrize("name", WRITING)
def test_a_full_disk_of_an_embedded_file(
    name: str, part: float, village: Path, new_embedded: NewBooks
) -> None:
    """There is room for a part of what a command needs, and at the most for all of it but a page."""
    command = COMMANDS[name]
    assert command.state
    undisturbed = new_embedded(village, command.state)
    before = pages(undisturbed)
    command_done(command, undisturbed)
    needed = pages(undisturbed) - before

    def trouble(folder: Path) -> None:
        with limited(folder, min(int(needed * part), needed - 1)), refused_as("store.full"):
            command_done(command, folder)

    whole_after(new_embedded, village, command, trouble)


@pytest.fixture
def new_embedded(shelf: Any, tmp_path: Path) -> NewBooks:
    numbers = iter(range(100))
    return lambda scheme, state: shelf.books(Embedded(), scheme, state, tmp_path / f"copy-{next(numbers)}")


def pages(folder: Path) -> int:
    """Count the pages of an embedded file."""
    with open_books(folder) as books, books.database.reading() as connection:
        return int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())


@contextmanager
def limited(folder: Path, room: int) -> Iterator[None]:
    """Let an embedded file grow by so many pages and no more."""
    most = pages(folder) + room

    def connected(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={most}")

    event.listen(sa.Engine, "connect", connected)
    try:
        yield
    finally:
        event.remove(sa.Engine, "connect", connected)


FULL_AT = {
    "load registers": ("provisions", "loads"),
    "load claims": ("claim_lines", "journal"),
    "adjudicate": ("line_decisions", "partitions", "runs"),
    "adjudicate again": ("balances", "open_run"),
}


@pytest.mark.parametrize(("name", "table"), [(name, table) for name, at in FULL_AT.items() for table in at])
def test_a_full_disk_of_a_server(name: str, table: str, village: Path, new_on_server: NewBooks) -> None:
    """The server itself says that its disk is full, when a row comes to a table."""

    def trouble(folder: Path) -> None:
        in_database(
            folder,
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'could not extend file: No space left' USING ERRCODE = '53100'; END $$",
            f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION full_disk()",
        )
        with refused_as("store.full"):
            command_done(COMMANDS[name], folder)
        in_database(folder, f"DROP TRIGGER full_disk ON {table}", "DROP FUNCTION full_disk")

    whole_after(new_on_server, village, COMMANDS[name], trouble)


@pytest.fixture
def new_on_server(shelf: Any, tmp_path: Path) -> Iterator[NewBooks]:
    engine = engine_of("postgresql")
    folders: list[Path] = []

    def copied(scheme: Path, state: Any) -> Path:
        folders.append(tmp_path / f"copy-{len(folders)}")
        return Path(shelf.books(engine, scheme, state, folders[-1]))

    yield copied
    for folder in folders:
        engine.drop(database_url(engine, folder))


def in_database(folder: Path, *statements: str) -> None:
    with open_books(folder) as books, books.database.writing() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


# A connection that is lost.


def connections_ended(folder: Path) -> None:
    """End all sessions of a folder's database, as a server does that is stopped."""
    engine = engine_of("postgresql")
    name = database_url(engine, folder).rpartition("/")[2].partition("?")[0]
    assert isinstance(engine, Server)
    engine.end_sessions(name)


def test_connections_lost_between_partitions(village: Path, new_on_server: NewBooks) -> None:
    """A run may go on with new connections, or stop; what it began is finished all the same."""
    folder, undisturbed = new_on_server(village, RECEIVED), new_on_server(village, RECEIVED)

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "run.adjudicating" and 0 < done < total:
            connections_ended(folder)

    keys: list[str] = []
    try:
        with open_books(folder) as books:
            adjudicate_books(books, BY, progress=progress)
    except Refused as refused:
        keys = [problem.what.key for problem in refused.problems]
    assert keys in ([], ["store.lost"])
    for each in (folder, undisturbed):
        command_done(COMMANDS["adjudicate"], each)
    assert dump(folder) == dump(undisturbed)


def test_a_run_that_lost_its_lock_to_another_mixes_nothing_with_it(
    village: Path, new_on_server: NewBooks
) -> None:
    """Two runs of different registers at once, as after a cut network: the published one is of one piece."""
    folder = new_on_server(village, RECEIVED)
    first = adjudicating(folder)
    first.arrived()
    connections_ended(folder)
    reprice(folder)
    second = adjudicating(folder)
    second.arrived()
    first.let_on()
    first.ended()
    second.let_on()
    second.ended()
    command_done(COMMANDS["adjudicate"], folder)
    with open_books(folder) as books:
        assert verify(books).findings == ()


@pytest.mark.parametrize("name", WRITING)
@pytest.mark.parametrize("at", [1, 2])
def test_connections_lost_within_a_transaction(
    name: str, at: int, village: Path, new_on_server: NewBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trouble(folder: Path) -> None:
        insert, left = bulk.insert, at

        def losing(*arguments: Any) -> int:
            nonlocal left
            left -= 1
            if left == 0:
                connections_ended(folder)
            return insert(*arguments)

        with monkeypatch.context() as patched:
            patched.setattr(bulk, "insert", losing)
            with refused_as("store.lost"):
                command_done(COMMANDS[name], folder)

    whole_after(new_on_server, village, COMMANDS[name], trouble)


def test_connections_lost_at_the_end(
    village: Path, new_on_server: NewBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trouble(folder: Path) -> None:
        def publish(connection: sa.Connection, *_: Any) -> int:
            connections_ended(folder)
            connection.exec_driver_sql("SELECT 1")
            raise AssertionError

        with monkeypatch.context() as patched:
            patched.setattr(runs, "publish", publish)
            with refused_as("store.lost"):
                decide(folder)

    whole_after(new_on_server, village, COMMANDS["adjudicate"], trouble)


def test_a_server_that_is_not_there(village: Path, tmp_path: Path) -> None:
    folder = copied_folder(village, tmp_path / "scheme")
    url = f"postgresql://me:secret@/books?host={tmp_path}"
    with (folder / "scheme.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f'database: "{url}"\n')
    with pytest.raises(Refused) as refused, open_books(folder):
        raise AssertionError
    [problem] = refused.value.problems
    assert problem.what.key == "store.lost"
    assert "secret" not in problem.told()


def test_a_database_that_is_not_there(village: Path, tmp_path: Path) -> None:
    engine = engine_of("postgresql")
    folder = copied_folder(village, tmp_path / "scheme")
    url = engine.empty(folder)
    engine.drop(url)
    name_database(engine, folder, url)
    with refused_as("store.lost"), open_books(folder):
        raise AssertionError


# Files that are damaged, and books that somebody else is writing.


def test_a_file_that_is_no_database(village: Path, tmp_path: Path) -> None:
    folder = copied_folder(village, tmp_path / "scheme")
    (folder / "books.db").write_bytes(b"this is no database, but a text that is long enough" * 100)
    with refused_as("store.damaged"), open_books(folder):
        raise AssertionError


def test_a_file_that_was_cut_off(village: Path, new_embedded: NewBooks) -> None:
    folder = new_embedded(village, RECEIVED)
    file = folder / "books.db"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with refused_as("store.damaged"):
        decide(folder)


def test_somebody_else_is_writing_for_long(
    village: Path, new_embedded: NewBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_embedded(village, REGISTERED)
    monkeypatch.setattr(database, "PATIENCE", 100)
    before = visible(folder)
    with open_books(folder) as books, books.database.writing(), refused_as("store.busy"):
        receive(folder, 0)
    assert visible(folder) == before
    receive(folder, 0)


def test_keys_that_are_broken_are_told_once(village: Path, engine: Engine, new_books: NewBooks) -> None:
    """What a database refuses by itself is a message too; the books stay whole."""
    folder = new_books(village, RECEIVED_AGAIN)
    before = visible(folder)
    with open_books(folder) as books, refused_as("store.constraint"), books.database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO claim_decisions SELECT * FROM claim_decisions")
    assert visible(folder) == before


def test_tables_that_are_gone(village: Path, new_books: NewBooks) -> None:
    folder = new_books(village, RECEIVED)
    in_database(folder, "DROP TABLE partitions")
    with refused_as("store.no_tables"):
        decide(folder)


@pytest.mark.parametrize("which", ["", " WHERE claim_id = (SELECT MIN(claim_id) FROM claim_decisions)"])
def test_decisions_that_are_gone_are_found_and_do_not_stop_the_check(
    which: str, village: Path, new_books: NewBooks
) -> None:
    folder = new_books(village, RECEIVED_AGAIN)
    in_database(folder, f"DELETE FROM claim_decisions{which}")
    with open_books(folder) as books:
        found = {finding.what.key for finding in verify(books).findings}
    assert {"books.claim_sums", "books.run_sums"} <= found


# An account that has no name.


@pytest.mark.parametrize("unknown", [OSError, KeyError])
def test_an_account_without_a_name_works_too(
    unknown: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container that runs under any number; Python says so in two ways."""

    def nobody() -> str:
        raise unknown(4711)

    monkeypatch.setattr("getpass.getuser", nobody)
    monkeypatch.delenv(PERSON, raising=False)
    assert (who(), who("Ama")) == ("?", "Ama")
