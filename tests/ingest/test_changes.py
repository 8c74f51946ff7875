"""Changes of registers: what they come to is what a full load of the registers after them would be."""

from __future__ import annotations

import csv
import functools
import json
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.books.registers import stored
from adjudicator.presentation.register_changes import cell
from adjudicator.tables import REGISTERS
from ingest.changes import ENDED, Judged, identities, judge_changes, read_changes
from ingest.tables import read_registers
from tests.ingest.rows import told

Rows = dict[str, list[dict[str, str]]]
DAYS = ("", "2024-01-01", "2024-04-01", "2024-07-01", "2024-10-01")


class Held:
    """Registers in memory, as those in the books are looked into."""

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self.tables = {name: stored(REGISTERS[name], table) for name, table in tables.items()}
        self.past: dict[str, list[pa.Table]] = {}

    def loaded(self, table: str) -> bool:
        return table in self.tables

    def find(self, table: str, values: pa.Table, wanted: Sequence[str], past: bool = False) -> pa.Table:
        names = values.column_names
        sought = {tuple(row[name] for name in names) for row in values.to_pylist()}
        rows = self.past.get(table, []) if past else [self.tables[table]] if table in self.tables else []
        empty = stored(REGISTERS[table], _no_rows(table))
        held = pa.concat_tables([empty, *rows])
        chosen = [tuple(row[name] for name in names) in sought for row in held.to_pylist()]
        found = held.filter(pa.array(chosen, pa.bool_())).select(list(wanted))
        return found.group_by(list(wanted)).aggregate([])

    def take(self, judged: Judged) -> None:
        """Make the changes."""
        for name, one in judged.tables.items():
            shape = REGISTERS[name]
            held = self.tables.get(name, stored(shape, _no_rows(name)))
            new = stored(shape, one.given)
            gone = {*one.replaced[one.replaced >= 0].tolist(), *one.ended.nonzero()[0].tolist()}
            of_gone = one.held.take(pa.array(sorted(gone), pa.int64()))
            leaving = set(identities(of_gone, shape).to_pylist())
            leaves = pa.array([key in leaving for key in identities(held, shape).to_pylist()], pa.bool_())
            self.past.setdefault(name, []).append(held.filter(leaves))
            stays = held.filter(pa.compute.invert(leaves))
            self.tables[name] = pa.concat_tables([stays, new.select(stays.column_names)])

    def contents(self) -> dict[str, list[Any]]:
        return {
            name: sorted(table["digest"].to_pylist()) for name, table in self.tables.items() if len(table)
        }


@functools.cache
def _no_rows(name: str) -> pa.Table:
    with tempfile.TemporaryDirectory() as folder:
        shape = REGISTERS[name]
        (Path(folder) / f"{name}.csv").write_text(",".join(column.name for column in shape.columns) + "\n")
        return read_registers(Path(folder), 2).tables[name]


def write(folder: Path, tables: Rows, parts: int = 1) -> Path:
    """Write registers, each in some files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        columns = list(dict.fromkeys(name for row in rows for name in row)) or [
            column.name for column in REGISTERS[name].columns
        ]
        for part in range(parts):
            with (folder / f"{name}-{part}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(rows[part::parts])
    return folder


def identity(name: str, row: Mapping[str, str]) -> tuple[str, ...]:
    shape = REGISTERS[name]
    return tuple(row[column] for column in (*shape.key, *(shape.period or ())[:1]))


def random_registers(random: random.Random) -> Rows:
    """Make registers of a few keys, of which much contradicts itself."""

    def some(prefix: str, count: int) -> str:
        return f"{prefix}{random.randrange(count)}"

    def period() -> dict[str, str]:
        days = sorted(random.choices(range(len(DAYS)), k=2))
        return {"valid_from": DAYS[days[0]], "valid_to": DAYS[days[1]]}

    def rows(count: int, make: Any) -> list[dict[str, str]]:
        return [make() for _ in range(random.randrange(count))]

    tables = {
        "locations": rows(
            5,
            lambda: {
                "code": some("L", 4),
                "name": some("n", 2),
                "level": "village",
                "parent": random.choice(["", some("L", 4)]),
            },
        ),
        "families": rows(
            5,
            lambda: {"family": some("F", 3), "location": some("L", 3)} | random.choice([{}, {"poor": "yes"}]),
        ),
        "insurees": rows(
            7,
            lambda: (
                {
                    "insuree": some("I", 4),
                    "family": some("F", 3),
                    "sex": random.choice(["male", "female"]),
                    "birth_date": "1990-01-01",
                }
                | period()
            ),
        ),
        "policies": rows(
            5,
            lambda: {
                "policy": some("P", 3),
                "family": some("F", 3),
                "product": some("R", 2),
                "effective": "2024-01-01",
                "expiry": random.choice(["2023-12-31", "2024-12-31"]),
                "stage": "new",
                "status": "active",
            },
        ),
        "covers": rows(
            6,
            lambda: {
                "policy": some("P", 3),
                "insuree": some("I", 4),
                "effective": random.choice(DAYS[1:3]),
                "expiry": random.choice(DAYS[2:]),
            },
        ),
        "provisions": rows(
            5,
            lambda: (
                {
                    "kind": random.choice(["item", "service"]),
                    "code": some("D", 2),
                    "name": "d",
                    "price": random.choice(["1", "2", "x"]),
                }
                | period()
            ),
        ),
    }
    return {name: [fitting(row, made) for row in made] for name, made in tables.items()}


def fitting(row: dict[str, str], rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Give a row all columns of the others."""
    return {name: row.get(name, "") for one in rows for name in one} | row


def clean(folder: Path, tables: Rows) -> dict[str, pa.Table]:
    """Give what a full load keeps."""
    return read_registers(write(folder, tables), 2).tables


@settings(max_examples=25)
@given(st.integers(0, 10**9))
def test_what_was_changed_stands_as_a_full_load_of_it_would(seed: int) -> None:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        held = Held(clean(folder / "first", random_registers(chance)))
        changes = random_registers(chance)
        kept = {name: rows for name, rows in changes.items() if rows and chance.random() < 0.8}
        write(folder / "changes", kept, chance.choice([1, 2]))
        there = {name: _as_text(name, table) for name, table in held.tables.items()}
        ends = {
            name: chance.sample(rows, 1)
            for name, rows in chance.choice([there, random_registers(chance)]).items()
            if rows
        }
        for name in list(ends):
            shape = REGISTERS[name]
            if shape.period and chance.random() < 0.5:
                ends[name] = [{column: row[column] for column in shape.key} for row in ends[name]]
        write(folder / "changes" / ENDED, ends)
        if not kept and not ends:
            return
        read = read_changes(folder / "changes", 2)
        first = {
            (name, key)
            for name, table in held.tables.items()
            for key in identities(table, REGISTERS[name]).to_pylist()
        }
        judged = judge_changes(read, held)
        held.take(judged)
        for one in judged.tables.values():
            assert one.counts.add_up
            assert one.counts_ended.add_up
        # What stands is what the full load of it keeps.
        full = {name: _as_text(name, table) for name, table in held.tables.items()}
        again = read_registers(write(folder / "after", full), 2)
        assert told(again.set_aside) == []
        assert Held(again.tables).contents() == held.contents()
        # What nobody spoke of stays.
        spoken = {
            (name, row)
            for name, one in judged.tables.items()
            for row in identities(one.held, REGISTERS[name]).to_pylist()
        }
        now = {
            (name, key)
            for name, table in held.tables.items()
            for key in identities(table, REGISTERS[name]).to_pylist()
        }
        assert first - spoken <= now
        # The same again changes nothing.
        before = held.contents()
        twice = judge_changes(read_changes(folder / "changes", 2), held)
        held.take(twice)
        assert held.contents() == before, told(judged.set_aside)


def _as_text(name: str, table: pa.Table) -> list[dict[str, str]]:
    rows = []
    for row in table.to_pylist():
        more = json.loads(row.get("attributes") or "{}")
        cells = {
            column.name: cell(REGISTERS[name], column.name, row[column.name], 2, "en").replace(",", "")
            for column in REGISTERS[name].columns
        }
        rows.append(cells | more)
    return [fitting(row, rows) for row in rows]


@settings(max_examples=25)
@given(st.integers(0, 10**9))
def test_any_difference_of_two_good_states_can_be_loaded_as_changes(seed: int) -> None:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        held = Held(clean(folder / "first", random_registers(chance)))
        wanted = clean(folder / "second", random_registers(chance))
        first = {name: _as_text(name, table) for name, table in held.tables.items()}
        second = {name: _as_text(name, table) for name, table in Held(wanted).tables.items()}
        given, ended = difference(first, second)
        for rows in (*given.values(), *ended.values()):
            chance.shuffle(rows)
        write(folder / "changes", given, chance.choice([1, 2, 3]))
        write(folder / "changes" / ENDED, ended, chance.choice([1, 2]))
        judged = judge_changes(read_changes(folder / "changes", 2), held)
        assert told(judged.set_aside) == []
        held.take(judged)
        assert held.contents() == Held(wanted).contents()


def difference(first: Rows, second: Rows) -> tuple[Rows, Rows]:
    """Give the changes that lead from one state of registers to another: what is given, and what ended."""
    given: Rows = {}
    ended: Rows = {}
    for name in sorted({*first, *second}):
        before = {identity(name, row): row for row in first.get(name, [])}
        after = {identity(name, row): row for row in second.get(name, [])}
        changed = [row for key, row in after.items() if _said(before.get(key, {})) != _said(row)]
        gone = [row for key, row in before.items() if key not in after]
        if changed:
            given[name] = changed
        if gone:
            ended[name] = gone
    return given, ended


def _said(row: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if value}


def test_names_that_nobody_bears_are_warned_of_beside_what_is_in_force(tmp_path: Path) -> None:
    first = {
        "locations": [{"code": "L1", "name": "n", "level": "village", "parent": ""}],
        "families": [{"family": "F1", "location": "L1"}, {"family": "F2", "location": "nowhere"}],
    }
    held = Held(clean(tmp_path / "first", first))
    given = {"families": [{"family": "F3", "location": "L1"}, {"family": "F4", "location": "L2"}]}
    judged = judge_changes(read_changes(write(tmp_path / "changes", given), 2), held)
    assert told(judged.set_aside) == []
    assert [warning.what.key for warning in judged.warnings] == ["ingest.unknown_locations"]
    assert judged.warnings[0].what.values["names"] == ["L2"]


def test_a_key_without_a_start_ends_all_its_versions_and_one_with_it_ends_that_one(tmp_path: Path) -> None:
    def version(start: str, end: str) -> dict[str, str]:
        return {"kind": "item", "code": "D", "name": "d", "price": "1", "valid_from": start, "valid_to": end}

    versions = [version("", "2024-01-31"), version("2024-02-01", "2024-02-29"), version("2024-03-01", "")]
    first = {"provisions": versions}
    ends = {
        "key": ([{"kind": "item", "code": "D"}], 3),
        "first": ([{"kind": "item", "code": "D", "valid_from": ""}], 1),
        "second": ([versions[1]], 1),
    }
    for name, (rows, count) in ends.items():
        held = Held(clean(tmp_path / f"{name}-first", first))
        write(tmp_path / name / ENDED, {"provisions": rows})
        judged = judge_changes(read_changes(tmp_path / name, 2), held)
        assert told(judged.set_aside) == []
        assert judged.warnings == []
        assert int(judged.tables["provisions"].ended.sum()) == count
