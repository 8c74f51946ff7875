"""Changes of registers: they lead where a full load of the registers after them leads."""

from __future__ import annotations

import csv
import random
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import open_books
from adjudicator.books.register_changes import ChangesLoad, load_changes
from adjudicator.books.registers import load_registers
from adjudicator.books.verification import verify
from adjudicator.problems import Refused
from adjudicator.store.loads import last_load
from adjudicator.store.schema import CLAIM_DECISIONS, LINE_DECISIONS
from adjudicator.tables import REGISTERS
from tests.books.conftest import NewBooks
from tests.books.crashes import Command, Crashes
from tests.books.dump import dump, in_force
from tests.books.states import BY, MADE, RECEIVED, REGISTERED, Shelf, State, receive
from tests.databases import ENGINES, Engine, engine_of
from tests.ingest.rows import write_csv
from tests.ingest.test_changes import Rows, difference, fitting, identity, write

ENDED = "ended"


def changed(folder: Path, changes: Path, confirmed: bool = True, **options: Any) -> ChangesLoad:
    with open_books(folder) as books:
        return load_changes(books, changes, BY, confirmed, **options)


def registers_of(folder: Path) -> Rows:
    tables: Rows = {}
    for path in sorted((folder / "registers").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            tables[path.stem] = list(csv.DictReader(file))
    return tables


def lived_on(tables: Rows, chance: random.Random) -> Rows:
    """Give registers as they may be a month later: people come and go, prices change from a day on."""
    after = {name: [dict(row) for row in rows] for name, rows in tables.items()}
    leaving = {row["family"] for row in chance.sample(after["families"], 2)}
    after["families"] = [row for row in after["families"] if row["family"] not in leaving]
    gone_people = {row["insuree"] for row in after["insurees"] if row["family"] in leaving}
    gone_policies = {row["policy"] for row in after["policies"] if row["family"] in leaving}
    after["insurees"] = [row for row in after["insurees"] if row["family"] not in leaving]
    after["policies"] = [row for row in after["policies"] if row["family"] not in leaving]
    after["covers"] = [
        row
        for row in after["covers"]
        if row["insuree"] not in gone_people and row["policy"] not in gone_policies
    ]
    after["contributions"] = [
        row for row in after.get("contributions", []) if row["policy"] not in gone_policies
    ]
    for person in chance.sample(after["insurees"], 3):
        person["sex"] = chance.choice(["male", "female"])
        person["birth_date"] = "2001-02-03"
    always = [row for row in after["provisions"] if not row["valid_from"] and not row["valid_to"]]
    for provision in chance.sample(always, 2):
        after["provisions"].append(provision | {"valid_from": "2024-06-01", "price": "7"})
        provision["valid_to"] = "2024-05-31"
    family = {"family": "NEW-F", "location": after["families"][0]["location"]}
    after["families"].append(fitting(family, after["families"]))
    for number in range(3):
        person = {"insuree": f"NEW-{number}", "family": "NEW-F", "sex": "male", "birth_date": "1990-01-01"}
        after["insurees"].append(fitting(person, after["insurees"]))
    policy = after["policies"][0]
    after["policies"].append(policy | {"policy": "NEW-P", "family": "NEW-F"})
    for number in range(3):
        cover = {"policy": "NEW-P", "insuree": f"NEW-{number}"}
        after["covers"].append(cover | {"effective": policy["effective"], "expiry": policy["expiry"]})
    return {name: rows for name, rows in after.items() if rows or name in tables}


def content_hash(folder: Path) -> str:
    with open_books(folder) as books, books.database.reading() as connection:
        load = last_load(connection, "registers")
        assert load is not None
        return load.content_hash


def decisions(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Give what was decided, line by line."""
    with open_books(folder) as books:
        adjudicate_books(books, BY)
        with books.database.reading() as connection:
            return {
                table.name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
                for table in (CLAIM_DECISIONS, LINE_DECISIONS)
            }


@pytest.mark.parametrize("seed", range(2))
def test_changes_lead_where_a_full_load_leads(new_books: NewBooks, village: Path, seed: int) -> None:
    chance = random.Random(seed)
    straight, by_changes = new_books(village, REGISTERED), new_books(village, REGISTERED)
    first = registers_of(by_changes)
    second = lived_on(first, chance)
    write(straight / "after", second)
    with open_books(straight) as books:
        assert not len(load_registers(books, straight / "after", BY, allow_removal=True).reading.set_aside)
    given, ended = difference(first, second)
    for rows in (*given.values(), *ended.values()):
        chance.shuffle(rows)
    write(by_changes / "today", given, 1 + seed)
    write(by_changes / "today" / ENDED, ended, 1 + seed % 2)
    told = changed(by_changes, by_changes / "today", False, allow_removal=True)
    assert told.load is None
    assert not len(told.set_aside)
    done = changed(by_changes, by_changes / "today", allow_removal=True)
    assert done.load == 2
    assert {name: vars(one) for name, one in done.tables.items()} == {
        name: vars(one) for name, one in told.tables.items()
    }
    assert in_force(by_changes) == in_force(straight)
    assert content_hash(by_changes) == content_hash(straight)
    before = dump(by_changes)
    again = changed(by_changes, by_changes / "today", allow_removal=True)
    assert again.load is None
    assert dump(by_changes) == before
    for folder in (straight, by_changes):
        receive(folder, 0)
    assert decisions(by_changes) == decisions(straight)
    with open_books(by_changes) as books:
        assert verify(books).findings == ()


def test_changes_can_be_loaded_day_by_day(new_books: NewBooks, village: Path) -> None:
    """Ends with those that name others first, and new rows with those that are named first, one a load."""
    chance = random.Random(5)
    folder, straight = new_books(village, REGISTERED), new_books(village, REGISTERED)
    first = registers_of(folder)
    second = lived_on(first, chance)
    given, ended = difference(first, second)
    order = [name for name in ("families", "insurees", "policies", "covers", "provisions") if name in given]
    number = 0
    for name in order:
        for half in range(2):
            number += 1
            rows = sorted(given[name], key=lambda row: row.get("valid_from", ""))[half::2]
            if name == "provisions":
                rows = given[name] if half else []
            if rows:
                day = write(folder / f"day-{number}", {name: rows})
                assert not len(changed(folder, day, allow_removal=True).set_aside)
    for gone in ("covers", "contributions", "policies", "insurees", "families"):
        if gone in ended:
            number += 1
            write(folder / f"day-{number}" / ENDED, {gone: ended[gone]})
            assert not len(changed(folder, folder / f"day-{number}", allow_removal=True).set_aside)
    write(straight / "after", second)
    with open_books(straight) as books:
        load_registers(books, straight / "after", BY, allow_removal=True)
    assert in_force(folder) == in_force(straight)
    assert content_hash(folder) == content_hash(straight)


def test_earlier_states_are_kept(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, RECEIVED)
    before = dump(folder)
    person = registers_of(folder)["insurees"][0] | {"birth_date": "2011-11-11"}
    write_csv(_folder(folder / "today") / "insurees.csv", [person])
    done = changed(folder, folder / "today")
    assert done.load is not None
    key = REGISTERS["insurees"].key
    assert [row[key[0]] for row in done.tables["insurees"].before.to_pylist()] == [person["insuree"]]
    after = dump(folder)
    assert len(after["insurees"]) == len(before["insurees"]) + 1
    journal = [row for row in after["journal"] if row not in before["journal"]]
    assert [row[2] for row in journal] == ["load registers"]
    assert "merged" in str(journal[0])


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def test_telling_changes_nothing(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, REGISTERED)
    before = dump(folder)
    write(folder / "today" / ENDED, {"covers": registers_of(folder)["covers"][:1]})
    told = changed(folder, folder / "today", False)
    assert len(told.tables["covers"].ended) == 1
    assert not told.confirmed
    assert dump(folder) == before


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda folder: None, "books.no_changes"),
        (
            lambda folder: write_csv(folder / "insurees.csv", [{"insuree": "X"}]),
            "ingest.missing_column",
        ),
        (
            lambda folder: write_csv(_folder(folder / ENDED) / "covers.csv", [{"insuree": "X"}]),
            "ingest.missing_column",
        ),
        (
            lambda folder: write(folder / ENDED, {"covers": registers_of(folder.parent)["covers"]}),
            "books.loses_much",
        ),
    ],
)
def test_what_cannot_be_is_refused_as_a_whole(
    new_books: NewBooks, village: Path, make: Any, key: str
) -> None:
    folder = new_books(village, REGISTERED)
    make(_folder(folder / "today"))
    before = dump(folder)
    for confirmed in (False, True):
        with pytest.raises(Refused) as refused:
            changed(folder, folder / "today", confirmed)
        assert {problem.what.key for problem in refused.value.problems} == {key}
    assert dump(folder) == before


def test_books_without_registers_have_nothing_to_change(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, MADE)
    with pytest.raises(Refused) as refused:
        changed(folder, folder / "registers")
    assert [problem.what.key for problem in refused.value.problems] == ["books.no_state"]


def test_changes_are_not_taken_for_whole_registers(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, REGISTERED)
    write(folder / "today" / ENDED, {"covers": registers_of(folder)["covers"][:1]})
    with open_books(folder) as books, pytest.raises(Refused) as refused:
        load_registers(books, folder / "today", BY)
    assert [problem.what.key for problem in refused.value.problems] == ["books.holds_changes"]


def test_what_is_set_aside_is_kept_to_be_mended(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, REGISTERED)
    families = registers_of(folder)["families"]
    write(folder / "today" / ENDED, {"families": families[:1]})
    done = changed(folder, folder / "today")
    assert done.load == 2
    assert [fault.reason.key for fault in done.set_aside] == ["ingest.ended_and_named"]
    names = {row[1] for row in dump(folder)["set_aside_files"]}
    assert names == {"set_aside.csv", "ended/families.csv"}
    # The same again is no news.
    before = dump(folder)
    assert changed(folder, folder / "today").load is None
    assert dump(folder) == before


def test_a_whole_folder_of_registers_is_a_change_of_nothing(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, REGISTERED)
    done = changed(folder, folder / "registers")
    assert done.load is None
    assert done.none
    assert all(one.unchanged == one.given.read for one in done.tables.values())


def test_both_engines_do_the_same(village: Path, shelf: Shelf, tmp_path: Path) -> None:
    dumps = []
    for name in ENGINES:
        folder = shelf.books(engine_of(name), village, TODAY, tmp_path / name)
        dumps.append(dump(folder))
    for one in dumps:
        # Where a file lay is another place for each.
        del one["set_aside"], one["set_aside_files"]
    assert dumps[0] == dumps[1]


def prepare_today(folder: Path, today: Path) -> Path:
    """Write the changes of a day, of which some are set aside."""
    first = registers_of(folder)
    given, ended = difference(first, lived_on(first, random.Random(1)))
    given["insurees"].append(given["insurees"][0] | {"insuree": "LOST", "family": "NOBODY"})
    write(today, given)
    write(today / ENDED, ended)
    return today


def load_today(folder: Path) -> None:
    changed(folder, prepare_today(folder, folder / "today"), allow_removal=True)


TODAY = State("today", REGISTERED, load_today)


def test_killed_it_is_as_before_or_as_after(
    engine: Engine, village: Path, shelf: Shelf, tmp_path: Path
) -> None:
    # In one place for all copies: what is set aside says where it came from.
    today = prepare_today(village, tmp_path / "today")
    command = Command("load changes", REGISTERED, lambda folder: changed(folder, today, allow_removal=True))
    crashes = Crashes(engine, village, shelf, tmp_path)
    meant = crashes.undisturbed(command)
    steps = len(meant.steps)
    for step in sorted({*random.Random(engine.name).sample(range(1, steps), 3), steps}):
        crashes.at_step(command, step)


def test_two_at_once_are_one_after_the_other(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, REGISTERED)
    people = registers_of(folder)["insurees"]
    folders = []
    for number in range(3):
        rows: list[Mapping[str, str]] = [
            row | {"birth_date": f"199{number}-01-01"} for row in people[number : number + 5]
        ]
        folders.append(_folder(folder / f"day-{number}"))
        write_csv(folders[-1] / "insurees.csv", rows)
    threads = [threading.Thread(target=changed, args=(folder, one)) for one in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = {identity("insurees", row) for row in people}
    assert len(in_force(folder)["insurees"]) == len(kept)
    with open_books(folder) as books:
        assert verify(books).findings == ()
