"""Loading registers: what changed and nothing else, with every earlier state kept."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adjudicator.books.books import make_books, open_books
from adjudicator.books.registers import RegistersLoad, load_registers, registers_at
from adjudicator.books.set_aside import write_kept
from adjudicator.problems import Refused
from adjudicator.store.schema import REGISTERS
from tests.books.conftest import NewBooks
from tests.books.dump import dump, in_force, visible
from tests.books.states import BY, MADE, REGISTERED, Shelf, copied_folder
from tests.databases import ENGINES, engine_of

Rows = list[dict[str, str]]


def load(folder: Path, **options: Any) -> RegistersLoad:
    with open_books(folder) as books:
        return load_registers(books, folder / "registers", BY, **options)


def changed(folder: Path, table: str, change: Callable[[Rows], Rows]) -> None:
    """Change the rows of a register's file."""
    path = folder / "registers" / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = list(rows[0])
    rows = change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys([*columns, *(rows[0] if rows else ())])))
        writer.writeheader()
        writer.writerows(rows)


def state(folder: Path, load_number: int, table: str) -> list[dict[str, Any]]:
    with open_books(folder) as books, books.database.reading() as connection:
        return sorted(registers_at(connection, load_number, (table,))[table].to_pylist(), key=repr)


def with_price(price: str, row: int = 0) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        rows[row]["price"] = price
        return rows

    return change


@pytest.fixture
def village_books(new_books: NewBooks, village: Path) -> Path:
    return new_books(village, REGISTERED)


def test_the_same_registers_again_change_nothing(village_books: Path) -> None:
    before = dump(village_books)
    again = load(village_books)
    assert again.load is None
    assert all(change.added == change.ended == 0 for change in again.tables.values())
    assert dump(village_books) == before


def test_rows_in_another_order_change_nothing(village_books: Path) -> None:
    before = dump(village_books)
    for table in ("provisions", "insurees", "covers"):
        changed(village_books, table, lambda rows: rows[::-1])
    assert load(village_books).load is None
    assert dump(village_books) == before


def test_a_changed_row_ends_the_old_and_adds_the_new(village_books: Path) -> None:
    first = state(village_books, 1, "provisions")
    changed(village_books, "provisions", with_price("12345.67"))
    loaded = load(village_books)
    assert loaded.load == 2
    change = loaded.tables["provisions"]
    assert (change.added, change.ended, change.kept) == (1, 1, len(first) - 1)
    assert change.rows == len(first)
    assert state(village_books, 1, "provisions") == first
    now = state(village_books, 2, "provisions")
    assert len(now) == len(first)
    assert sum(row not in first for row in now) == 1
    with open_books(village_books) as books, books.database.reading() as connection:
        table = REGISTERS["provisions"]
        ended = connection.execute(sa.select(table.c.since, table.c.until).where(table.c.until == 2)).all()
    assert [tuple(row) for row in ended] == [(1, 2)]


def test_a_change_and_its_undoing_are_three_states(village_books: Path) -> None:
    first = in_force(village_books)
    original = (village_books / "registers" / "provisions.csv").read_bytes()
    changed(village_books, "provisions", with_price("1"))
    assert load(village_books).load == 2
    assert in_force(village_books) != first
    (village_books / "registers" / "provisions.csv").write_bytes(original)
    assert load(village_books).load == 3
    assert in_force(village_books) == first
    assert state(village_books, 3, "provisions") != state(village_books, 2, "provisions")


def test_rows_that_are_gone_end(village_books: Path) -> None:
    count = len(state(village_books, 1, "diagnoses"))
    changed(village_books, "diagnoses", lambda rows: rows[1:])
    change = load(village_books).tables["diagnoses"]
    assert (change.added, change.ended, change.rows) == (0, 1, count - 1)
    assert len(state(village_books, 1, "diagnoses")) == count
    assert len(state(village_books, 2, "diagnoses")) == count - 1


def test_a_register_that_is_not_there_stays_as_it_is(village_books: Path) -> None:
    before = in_force(village_books)
    (village_books / "registers" / "diagnoses.csv").unlink()
    changed(village_books, "families", lambda rows: [row | {"location": ""} for row in rows])
    loaded = load(village_books)
    assert "diagnoses" not in loaded.tables
    assert in_force(village_books) == before


def test_the_same_registers_give_the_same_hash_whatever_came_before(
    new_books: NewBooks, village: Path
) -> None:
    straight = new_books(village, REGISTERED)
    roundabout = new_books(village, MADE)
    original = (roundabout / "registers" / "provisions.csv").read_bytes()
    changed(roundabout, "provisions", with_price("1"))
    load(roundabout)
    (roundabout / "registers" / "provisions.csv").write_bytes(original)
    load(roundabout)
    hashes = []
    for folder in (straight, roundabout):
        *_, last = dump(folder)["loads"]
        hashes.append(last[3])
    assert hashes[0] == hashes[1]


def test_a_register_that_would_lose_much_is_asked_about(new_books: NewBooks, country: Path) -> None:
    folder = new_books(country, REGISTERED)
    keep_some(folder, "insurees", 0.5)
    before = dump(folder)
    with pytest.raises(Refused) as refused:
        load(folder)
    assert {problem.what.key for problem in refused.value.problems} == {"books.loses_much"}
    assert dump(folder) == before
    loaded = load(folder, allow_removal=True)
    assert loaded.load == 2
    assert loaded.tables["insurees"].ended > 0


def test_prices_that_all_change_are_not_asked_about(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, REGISTERED)
    changed(folder, "provisions", lambda rows: [row | {"price": "7"} for row in rows])
    assert load(folder).load == 2


def keep_some(folder: Path, table: str, part: float) -> None:
    """Keep some rows of a register that is a Parquet or a CSV file."""
    import pyarrow.parquet as pq

    path = next((folder / "registers").glob(f"{table}.*"))
    if path.suffix == ".parquet":
        rows = pq.read_table(path)
        pq.write_table(rows.slice(0, int(len(rows) * part)), path)
    else:
        rows = path.read_text("utf-8").splitlines(True)
        path.write_text("".join(rows[: int(len(rows) * part)]), "utf-8")


def test_rows_set_aside_are_kept_and_can_be_mended(village_books: Path, tmp_path: Path) -> None:
    good = in_force(village_books)
    original = (village_books / "registers" / "provisions.csv").read_text("utf-8")
    changed(village_books, "provisions", with_price("a lot"))
    loaded = load(village_books)
    assert loaded.load == 2
    assert loaded.tables["provisions"].set_aside == 1
    kept = dump(village_books)["set_aside"]
    assert len(kept) == 1
    assert "a lot" in kept[0]
    written = write_kept_files(village_books, 2, tmp_path / "aside")
    rows = next(path for path in written if path.name.startswith("provisions"))
    assert "a lot" in rows.read_text("utf-8")
    # The same again is no news.
    before = dump(village_books)
    assert load(village_books).load is None
    assert dump(village_books) == before
    (village_books / "registers" / "provisions.csv").write_text(original, "utf-8")
    assert load(village_books).load == 3
    assert in_force(village_books) == good


def write_kept_files(folder: Path, load_number: int, out: Path) -> list[Path]:
    with open_books(folder) as books:
        return write_kept(books.database, load_number, out)


def test_a_load_that_is_not_there_has_set_nothing_aside(village_books: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        write_kept_files(village_books, 7, tmp_path / "aside")


def test_columns_of_a_family_that_nobody_declared_are_kept(village_books: Path) -> None:
    changed(
        village_books,
        "families",
        lambda rows: [row | {"poverty": "yes, it's so"} for row in rows[:1]] + rows[1:],
    )
    assert load(village_books).tables["families"].added == 1
    table = REGISTERS["families"]
    with open_books(village_books) as books, books.database.reading() as connection:
        texts = connection.execute(sa.select(table.c.attributes).where(table.c.attributes.isnot(None))).all()
    assert [json.loads(text[0]) for text in texts] == [{"poverty": "yes, it's so"}]


def test_a_folder_without_registers_is_refused(village_books: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    before = dump(village_books)
    with open_books(village_books) as books, pytest.raises(Refused) as refused:
        load_registers(books, nothing, BY)
    assert [problem.what.key for problem in refused.value.problems] == ["books.no_registers"]
    assert dump(village_books) == before


def test_rows_that_are_there_twice_are_kept_once(village_books: Path) -> None:
    before = visible(village_books)
    changed(village_books, "diagnoses", lambda rows: [*rows, rows[0]])
    loaded = load(village_books)
    assert loaded.tables["diagnoses"].added == 0
    assert loaded.tables["diagnoses"].ended == 0
    assert visible(village_books)["diagnoses"] == before["diagnoses"]


def test_both_engines_hold_the_same(village: Path, shelf: Shelf, tmp_path: Path) -> None:
    dumps = []
    for name in ENGINES:
        folder = shelf.books(engine_of(name), village, REGISTERED, tmp_path / name)
        dumps.append(dump(folder))
    assert dumps[0] == dumps[1]


def test_books_of_another_currency_are_not_opened(village_books: Path) -> None:
    settings = village_books / "scheme.yaml"
    text = settings.read_text("utf-8")
    settings.write_text("\n".join(_other_currency(line) for line in text.splitlines()) + "\n", "utf-8")
    with pytest.raises(Refused) as refused, open_books(village_books):
        raise AssertionError
    assert [problem.what.key for problem in refused.value.problems] == ["books.of_another"]


def _other_currency(line: str) -> str:
    return "currency: EUR" if line.startswith("currency:") else line


def test_books_are_made_once(village_books: Path) -> None:
    before = dump(village_books)
    _, made = make_books(village_books, BY)
    assert not made
    assert dump(village_books) == before


def test_books_that_were_not_made_are_refused(village: Path, tmp_path: Path) -> None:
    folder = copied_folder(village, tmp_path / "none")
    with pytest.raises(Refused) as refused, open_books(folder):
        raise AssertionError
    assert [problem.what.key for problem in refused.value.problems] == ["books.none"]
    assert not (folder / "books.db").exists()


def test_books_of_a_newer_engine_are_refused(village_books: Path) -> None:
    with open_books(village_books) as books, books.database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Refused) as refused, open_books(village_books):
        raise AssertionError
    assert [problem.what.key for problem in refused.value.problems] == ["books.newer"]
