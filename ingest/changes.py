"""Changes of registers: rows that are new or are said anew, and rows that ended, beside those in force.

A folder of changes holds tables as a folder of registers does, with only the rows that are new or differ.
Its folder ``ended`` holds tables of the same names with the keys of rows that hold no more. A row takes the
place of the one with its key and the same start of its period; a row with another start is another version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.encoding import one_array
from adjudicator.problems import Place, Problem
from adjudicator.tables import REGISTERS, Table
from adjudicator.vocabulary import Kind
from adjudicator.words import message
from ingest.counts import Counts
from ingest.found import find
from ingest.judgement import Judgement
from ingest.references import REFERENCES, Columns, doubts
from ingest.registers import drop_astray, in_order, open_tables
from ingest.rows import Rows, read_rows
from ingest.set_aside import SetAside
from ingest.sources import Findings, Opened, open_table
from ingest.versions import judge

ENDED: Final = "ended"
"""The folder, within one of changes, whose tables name the rows that hold no more."""

Int64s = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

_DEPENDENTS: Final[dict[str, list[tuple[str, str]]]] = {
    target: [
        (table, column)
        for table, references in (*REFERENCES.items(), ("locations", (("parent", "locations", "code"),)))
        for column, named, _ in references
        if named == target
    ]
    for target in REGISTERS
}
"""Per table: the tables and their columns that name its rows."""


class InForce(Protocol):
    """The registers that hold, and those that held, to be looked into by key."""

    def loaded(self, table: str) -> bool:
        """Tell whether a register was ever loaded."""

    def find(self, table: str, values: pa.Table, wanted: Sequence[str], past: bool = False) -> pa.Table:
        """Give the distinct rows that have one of some values.

        Args:
            table: the register.
            values: distinct rows of some of its columns, none of them null.
            wanted: the columns of the result, which may be typed or ``digest``.
            past: among the rows that hold no more, not among those in force.
        """


@dataclass(frozen=True)
class Changes:
    """Changes as they were read; whether they can be made depends on what is in force."""

    given: Mapping[str, tuple[Table, Rows]]
    ended: Mapping[str, Sequence[tuple[Table, Rows]]]
    """A declaration with the start of the period among its columns names a version, else the whole key."""
    files: list[Path]
    warnings: list[Problem]

    @property
    def tables(self) -> list[str]:
        """The registers that are spoken of, in their order."""
        return [name for name in REGISTERS if name in self.given or name in self.ended]


@dataclass(frozen=True)
class TableJudged:
    """What the changes of one register come to."""

    given: pa.Table
    """The rows that stand, in the order of their key and period."""
    held: pa.Table
    """Rows in force that have the key of a row that was given or ended: all columns, and ``digest``."""
    replaced: Int64s
    """Per row of ``given``: the row of ``held`` whose place it takes; −1 where there is none."""
    ended: Truths
    """Per row of ``held``: whether it ended."""
    ended_already: int
    """Rows of ``ended`` that name what held no more."""
    counts: Counts
    """Of the rows that were given."""
    counts_ended: Counts


@dataclass(frozen=True)
class Judged:
    """What changes come to beside the registers in force."""

    tables: Mapping[str, TableJudged]
    set_aside: SetAside
    warnings: list[Problem]


def read_changes(folder: Path, decimals: int) -> Changes:
    """Read the changes of a folder.

    Args:
        folder: tables as :func:`ingest.registers.read_registers` reads them, and the folder ``ended``.
        decimals: of the scheme's currency.

    Raises:
        Refused: files that cannot be read, columns that are missing, twice there or of a wrong type.
    """
    findings = Findings()
    opened = open_tables(folder, REGISTERS, findings)
    endings = _open_ended(folder / ENDED, findings) if (folder / ENDED).is_dir() else {}
    findings.refuse()
    files: list[Path] = []

    def read(one: Opened) -> tuple[Table, Rows]:
        rows = read_rows(one, len(files), decimals)
        files.extend(source.path for source in one.sources)
        return one.table, rows

    given = {name: read(opened[name]) for name in in_order(opened)}
    ended = {name: [read(one) for one in endings[name]] for name in in_order(endings)}
    return Changes(given, ended, files, findings.warnings)


def _open_ended(folder: Path, findings: Findings) -> dict[str, list[Opened]]:
    found = find([folder], list(REGISTERS))
    remedy = message("ingest.ignored_file.remedy", tables=sorted(REGISTERS))
    ignored = [
        Problem(message("ingest.ignored_file"), Place(path), remedy, "warning") for path in found.resources
    ]
    findings.warnings += found.warnings + ignored
    opened = {}
    for name, table in REGISTERS.items():
        if found.files[name]:
            of_key = ending_of(table, False)
            theirs = Findings()
            one = open_table(of_key, found.files[name], (), theirs)
            findings.errors += theirs.errors
            # A row of the register as it is names what ended as well: its other columns are passed over.
            findings.warnings += [
                warning for warning in theirs.warnings if not _is_column(table, warning.place)
            ]
            start = table.period[0] if table.period else None
            of_version = [source for source in one.sources if start in source.header]
            others = [source for source in one.sources if start not in source.header]
            parts = ((ending_of(table, True), of_version), (of_key, others))
            opened[name] = [Opened(shape, tuple(sources)) for shape, sources in parts if sources]
    return opened


def ending_of(table: Table, version: bool) -> Table:
    """Declare a table of what ended: the key, with the start of the period where it names a version."""
    names = (*table.key, table.period[0]) if version and table.period else table.key
    columns = tuple(replace(table.column(name), needed=True) for name in names)
    return Table(f"{ENDED}/{table.name}", columns, table.key)


def _is_column(table: Table, place: Place | None) -> bool:
    known = any(place is not None and place.field == column.name for column in table.columns)
    return known or table.keeps_other_columns


def identities(columns: Mapping[str, pa.Array] | pa.Table, table: Table) -> pa.Array:
    """Name rows by what tells them from each other: their key, and the start of their period."""
    keys = keys_of(columns, table)
    if table.period is None:
        return keys
    start = one_array(columns[table.period[0]]).cast(pa.int32()).cast(pa.string()).fill_null("")
    return pc.binary_join_element_wise(keys, start, "\x1f")


def keys_of(columns: Mapping[str, pa.Array] | pa.Table, table: Table) -> pa.Array:
    """Name rows by their key."""
    parts = [one_array(columns[name]).cast(pa.string()) for name in table.key]
    return pc.binary_join_element_wise(*parts, "\x1f")


def judge_changes(changes: Changes, in_force: InForce) -> Judged:
    """Tell which changes can be made, as a full load of the registers after them would.

    A row is set aside where it cannot be read, names what does not stand afterwards, or holds at the same
    time as another version; nothing in force gives way to a row that does not take its place. What ended
    must not be named by a row that still stands. What is set aside leaves in force what it was to change,
    which others may then clash with: so all is judged anew until nothing more is set aside.
    """
    into = SetAside(changes.files)
    states = {name: _State(name, changes, in_force, into) for name in changes.tables}
    whole = _Whole(states, in_force)
    while whole.judged_once():
        pass
    tables = {name: state.result(into) for name, state in states.items()}
    given = {name: state.given.columns for name, state in states.items() if state.given is not None}
    warnings = doubts(given, _bearers(given, in_force))
    return Judged(tables, into, changes.warnings + warnings)


class _State:
    """The changes of one register that still stand, and the rows in force that they are about."""

    def __init__(self, name: str, changes: Changes, in_force: InForce, into: SetAside) -> None:
        self.table = REGISTERS[name]
        self.given: Judgement | None = None
        self._read = 0
        self._read_ended = 0
        self._ended_already = 0
        if name in changes.given:
            table, rows = changes.given[name]
            self.given = Judgement(table, rows, changes.files, into)
            self._read = rows.size
            self.given.drop_unreadable()
            self.given.drop_reversed_periods()
        self.endings: list[Judgement] = []
        for table, rows in changes.ended.get(name, ()):
            self.endings.append(Judgement(table, rows, changes.files, into))
            self._read_ended += rows.size
            self.endings[-1].drop_unreadable()
        self.held = self._found(in_force)
        self._held_ids, self._held_keys = identities(self.held, self.table), keys_of(self.held, self.table)
        for ending in self.endings:
            self._drop_what_is_given(ending)
            self._drop_what_never_held(ending, in_force)

    def names_version(self, ending: Judgement) -> bool:
        """Tell whether an ending names a version, not all of them."""
        return self.table.period is None or self.table.period[0] in ending.columns

    def named(self, columns: Mapping[str, pa.Array], version: bool) -> pa.Array:
        """Name rows by their identity or by their key alone."""
        return identities(columns, self.table) if version else keys_of(columns, self.table)

    def _found(self, in_force: InForce) -> pa.Table:
        spoken_of = [self.given] if self.given is not None else []
        keys = pa.concat_tables(
            [
                pa.table({name: one.columns[name] for name in self.table.key})
                for one in spoken_of + self.endings
            ]
        )
        wanted = [column.name for column in self.table.columns]
        if self.table.keeps_other_columns:
            wanted.append("attributes")
        return in_force.find(self.table.name, _distinct(keys), [*wanted, "digest"])

    def _drop_what_is_given(self, ending: Judgement) -> None:
        """Let go of rows that are said to hold and to have ended."""
        if self.given is None or not self.names_version(ending):
            return
        ours, theirs = identities(self.given.columns, self.table), identities(ending.columns, self.table)
        places = _places(theirs, ours), _places(ours, theirs)
        for one, both in zip((ending, self.given), places, strict=True):
            one.drop(both, self.table.key[-1], "ingest.given_and_ended")

    def _drop_what_never_held(self, ending: Judgement, in_force: InForce) -> None:
        version = self.names_version(ending)
        names = self.named(ending.columns, version)
        held = self._held_ids if version else self._held_keys
        absent = np.flatnonzero(~_is_in(names, held))
        if not len(absent):
            return
        wanted = (*self.table.key, *(self.table.period or ())[:1])
        keys = pa.table({name: ending.columns[name] for name in self.table.key}).take(pa.array(absent))
        past = in_force.find(self.table.name, _distinct(keys), wanted, past=True)
        once = _is_in(names.take(pa.array(absent)), self.named(_columns(past), version))
        self._ended_already += int(once.sum())
        ending.note(absent[~once], self.table.key[-1], "ingest.never_held", table=self.table.name)
        ending.keep(np.delete(np.arange(len(ending)), absent))

    def replaced(self) -> Truths:
        """Tell which rows in force a row that was given takes the place of."""
        if self.given is None:
            return np.zeros(len(self.held), np.bool_)
        return _is_in(self._held_ids, identities(self.given.columns, self.table))

    def named_as_ended(self) -> Truths:
        """Tell which rows in force are said to have ended, whether or not they are given anew as well."""
        ended = np.zeros(len(self.held), np.bool_)
        for ending in self.endings:
            version = self.names_version(ending)
            held = self._held_ids if version else self._held_keys
            ended |= _is_in(held, self.named(ending.columns, version))
        return ended

    def ended(self) -> Truths:
        """Tell which rows in force ended: one that is given anew goes on."""
        return self.named_as_ended() & ~self.replaced()

    def speaks_of(self, values: pa.Array) -> Truths:
        """Tell which keys of one column are those of rows in force that are looked at here."""
        return _is_in(values, one_array(self.held[self.table.key[0]]))

    def standing(self, values: pa.Array) -> Truths:
        """Tell which keys of one column a row bears that was given, or that is in force and stays."""
        key = self.table.key[0]
        stays = ~(self.ended() | self.replaced())
        standing = _is_in(values, one_array(self.held[key].filter(pa.array(stays))))
        if self.given is not None:
            standing |= _is_in(values, self.given.columns[key])
        return standing

    def drop_clashes(self) -> bool:
        """Set aside rows that hold at the same time as another with their key."""
        dropped = False
        while self.given is not None and self._clashes_dropped():
            dropped = True
        return dropped

    def _clashes_dropped(self) -> bool:
        given, table = self.given, self.table
        assert given is not None
        stays = pa.array(~(self.ended() | self.replaced()))
        beside = self.held.filter(stays) if table.period else self.held.slice(0, 0)
        columns = given.columns
        if len(beside):
            # Of versions only declared columns are compared, as only families have others, and no versions.
            columns = {
                name: pa.concat_arrays([columns[name], one_array(beside[name])]) for name in given.columns
            }
        judged = judge(columns, table)
        size, last = len(given), table.key[-1]
        clash = "ingest.same_key" if table.period is None else "ingest.overlapping_version"
        among = (judged.repeated, "ingest.repeated_row"), (judged.overlapping, clash)
        dropped = []
        for pairs, reason in among:
            ours = pairs[(pairs < size).all(axis=1)]
            given.note(ours[:, 0], last, reason, **given.whereabouts(ours[:, 1]))
            dropped.append(ours[:, 0])
        # A row in force stays, even where the one that was given starts before it.
        with_held = judged.overlapping[(judged.overlapping >= size).any(axis=1)]
        rows, first = np.unique(with_held.min(axis=1), return_index=True)
        fresh = ~np.isin(rows, np.concatenate(dropped))
        rows, others = rows[fresh], with_held.max(axis=1)[first][fresh] - size
        given.note(rows, last, "ingest.overlaps_in_force", **self._period_of(beside, others))
        gone = np.concatenate([*dropped, rows])
        given.keep(np.delete(np.arange(size), gone))
        return bool(len(gone))

    def _period_of(self, rows: pa.Table, places: Int64s) -> dict[str, pa.Array]:
        if self.table.period is None:
            return {}
        taken = rows.take(pa.array(places))
        names = zip(("start", "end"), self.table.period, strict=True)
        return {name: one_array(taken[column]).cast(pa.string()).fill_null("…") for name, column in names}

    def drop_endings(self, values: pa.Array, rows: pa.Array, named_by: str) -> None:
        """Set aside what is said to have ended and is still named; per key, by how many rows."""
        key = self.table.key[0]
        for ending in self.endings:
            place = pc.index_in(ending.columns[key], value_set=values)
            places = np.flatnonzero(place.is_valid().to_numpy(zero_copy_only=False))
            counts = rows.take(place.drop_null())
            ending.drop(places, key, "ingest.ended_and_named", rows=counts, table=named_by)

    def result(self, into: SetAside) -> TableJudged:
        """Give what became of the changes."""
        name = self.table.name
        given: Columns = {}
        if self.given is not None:
            self.given.keep(judge(self.given.columns, self.table).order)
            given = self.given.columns
        rows = (
            pa.table(given) if given else self.held.select([c.name for c in self.table.columns]).slice(0, 0)
        )
        at = pc.index_in(identities(rows, self.table), value_set=self._held_ids).fill_null(-1)
        ended_name = f"{ENDED}/{name}"
        kept = sum(len(ending) for ending in self.endings) + self._ended_already
        return TableJudged(
            rows,
            self.held,
            at.to_numpy().astype(np.int64),
            self.ended(),
            self._ended_already,
            Counts(self._read, len(rows), into.rows_of(name)),
            Counts(self._read_ended, kept, into.rows_of(ended_name)),
        )


class _Whole:
    """All registers together: what one names in another."""

    def __init__(self, states: Mapping[str, _State], in_force: InForce) -> None:
        self._states = states
        self._in_force = in_force
        self._known: dict[tuple[str, str], pa.Array] = {}
        self._named: dict[tuple[str, str, str], pa.Table] = {}

    def judged_once(self) -> bool:
        """Judge all once; tell whether anything was set aside, so that it must be done again."""
        dropped = False
        names = in_order(self._states)
        for name in names:
            state = self._states[name]
            if state.given is not None:
                before = len(state.given)
                self._drop_dangling(name, state.given)
                state.drop_clashes()
                if name == "locations":
                    drop_astray(state.given, self._with_those_above(state.given))
                dropped |= len(state.given) < before
        for name in reversed(names):
            dropped |= self._drop_still_named(name)
        return dropped

    def _drop_dangling(self, name: str, given: Judgement) -> None:
        for column, target, key in REFERENCES.get(name, ()):
            if target in self._states or self._in_force.loaded(target):
                values = given.columns[column]
                unknown = ~self._stands(name, column, target, key, values)
                unknown &= values.is_valid().to_numpy(zero_copy_only=False)
                given.drop(np.flatnonzero(unknown), column, "ingest.unknown_reference", table=target)

    def _stands(self, name: str, column: str, target: str, key: str, values: pa.Array) -> Truths:
        """Tell which values of a column name what stands after the changes."""
        if (name, column) not in self._known:
            # Rows are only ever set aside, so that what is asked first is all that is asked.
            asked = _distinct(pa.table({key: values}))
            self._known[name, column] = one_array(self._in_force.find(target, asked, (key,))[key])
        known = _is_in(values, self._known[name, column])
        state = self._states.get(target)
        return known if state is None else (known & ~state.speaks_of(values)) | state.standing(values)

    def _with_those_above(self, given: Judgement) -> Columns:
        """Give locations with those that are on their way up."""
        state = self._states["locations"]
        stays = state.held.filter(pa.array(~(state.ended() | state.replaced())))
        parts = [pa.table({name: given.columns[name] for name in ("code", "parent")})]
        while True:
            so_far = pa.concat_tables(parts)
            codes = one_array(so_far["code"])
            named = pc.unique(one_array(so_far["parent"])).drop_null()
            missing = named.filter(pa.array(~_is_in(named, codes)))
            here = stays.select(["code", "parent"]).filter(_among(stays["code"], missing))
            unseen = pa.table({"code": missing.filter(pa.array(~state.speaks_of(missing)))})
            elsewhere = self._in_force.find("locations", unseen, ("code", "parent"))
            found = [part for part in (here, elsewhere) if len(part)]
            if not found:
                return _columns(so_far)
            parts += found

    def _drop_still_named(self, name: str) -> bool:
        state = self._states[name]
        if not state.endings or not _DEPENDENTS[name]:
            return False
        key = state.table.key[0]
        ended = pc.unique(one_array(state.held[key].filter(pa.array(state.ended()))))
        lost = ended.filter(pa.array(~state.standing(ended)))
        before = sum(map(len, state.endings))
        for table, column in _DEPENDENTS[name]:
            if not self._in_force.loaded(table) or not len(lost):
                continue
            by = self._still_naming(state, table, column, lost)
            counts = pc.value_counts(by)
            state.drop_endings(counts.field("values"), counts.field("counts"), table)
        return sum(map(len, state.endings)) < before

    def _still_naming(self, of: _State, table: str, column: str, lost: pa.Array) -> pa.Array:
        """Give what rows in force, which stay as they are, name of what is lost: a value each."""
        shape = REGISTERS[table]
        place = (of.table.name, table, column)
        if place not in self._named:
            wanted = dict.fromkeys([*shape.key, *(shape.period or ())[:1], column])
            # What is given anew now may be set aside, and then be lost as well.
            ended = of.held.filter(pa.array(of.named_as_ended()))
            values = pa.table({column: pc.unique(one_array(ended[of.table.key[0]]))})
            self._named[place] = self._in_force.find(table, values, list(wanted))
        rows = self._named[place]
        naming = _is_in(one_array(rows[column]), lost)
        state = self._states.get(table)
        if state is not None:
            gone = state.held.filter(pa.array(state.ended() | state.replaced()))
            naming &= ~_is_in(identities(rows, shape), identities(gone, shape))
        return one_array(rows[column]).filter(pa.array(naming))


def _bearers(given: Mapping[str, Columns], in_force: InForce) -> dict[str, Columns]:
    """Give the rows in force that bear the names by which rows that were given call others."""
    named: dict[str, list[pa.Table]] = {}
    if "price_lists" in given:
        lists = given["price_lists"]
        named["provisions"] = [pa.table({"kind": lists["kind"], "code": lists["code"]})]
    if "facilities" in given:
        named["price_lists"] = [
            pa.table({"kind": pa.array(np.full(len(names), int(kind), np.int8)), "price_list": names})
            for names, kind in (
                (given["facilities"]["service_price_list"], Kind.SERVICE),
                (given["facilities"]["item_price_list"], Kind.ITEM),
            )
        ]
    located = [
        pa.table({"code": given[name]["location"]}) for name in ("facilities", "families") if name in given
    ]
    if located:
        named["locations"] = located
    found = {}
    for name, parts in named.items():
        keys = pa.concat_tables(parts)
        if in_force.loaded(name):
            found[name] = _columns(in_force.find(name, _distinct(keys), keys.column_names))
    return found


def _distinct(keys: pa.Table) -> pa.Table:
    return keys.group_by(keys.column_names).aggregate([]).drop_null()


def _columns(table: pa.Table) -> Columns:
    return {name: one_array(table[name]) for name in table.column_names}


def _is_in(values: pa.Array, among: pa.Array) -> Truths:
    found: Any = pc.is_in(values, value_set=among, skip_nulls=True)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)


def _among(column: pa.ChunkedArray, values: pa.Array) -> pa.Array:
    return pa.array(_is_in(one_array(column), values))


def _places(values: pa.Array, among: pa.Array) -> Int64s:
    return np.flatnonzero(_is_in(values, among))
