"""Changes of registers into the books: only what is new, differs or ended, beside all that is in force.

What is looked at are the rows that the changes speak of, those that they name, and those that name what
ended; so memory goes with the changes and not with the registers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.registers import (
    TableChange,
    add_rows,
    much_lost,
    newly_set_aside,
    record_load,
    row_digests_of,
    stored,
)
from adjudicator.books.set_aside import kept_rows
from adjudicator.problems import Place, Problem, Refused, refused
from adjudicator.store import bulk, loads
from adjudicator.store.loads import Load
from adjudicator.store.schema import REGISTERS
from adjudicator.store.set_hashes import EMPTY, changed_hash
from adjudicator.tables import REGISTERS as SHAPES
from ingest.changes import TableJudged, judge_changes, keys_of, read_changes
from ingest.counts import Counts
from ingest.set_aside import SetAside

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RowsChanged:
    """What changes do to one register. Rows are typed, as the books keep them."""

    given: Counts
    """The rows that were given as new or changed."""
    endings: Counts
    """The rows that were given as ended."""
    new: pa.Table
    before: pa.Table
    """The rows that change, as they are."""
    after: pa.Table
    """The same rows, as they will be."""
    ended: pa.Table
    unchanged: int
    """Rows that were given and are in force just so."""
    ended_already: int
    """Rows that were given as ended and hold no more."""
    vanished: int
    """Keys of which no row will be in force."""

    @property
    def none(self) -> bool:
        """Whether nothing changes."""
        return not (len(self.new) or len(self.after) or len(self.ended))


@dataclass(frozen=True)
class ChangesLoad:
    """What a load of changes does, or would do."""

    load: int | None
    """None where nothing changed and nothing new was set aside, or it was not confirmed."""
    confirmed: bool
    tables: Mapping[str, RowsChanged]
    set_aside: SetAside
    warnings: Sequence[Problem]

    @property
    def none(self) -> bool:
        """Whether nothing changes."""
        return all(change.none for change in self.tables.values())


def load_changes(
    books: Books, folder: Path, by: str, confirmed: bool = False, allow_removal: bool = False
) -> ChangesLoad:
    """Load the changes of registers that are in a folder, or tell what they would do.

    A row takes the place of the one in force with its key and the same start of its period, and is new where
    there is none; the tables in ``ended`` name what holds no more. All the rest stays. The same changes again
    change nothing. Rows end and begin with this load, so that earlier runs can still be repeated.

    Args:
        books: the books.
        folder: with the changes (see :mod:`ingest.changes`).
        by: who loads.
        confirmed: whether it is done, not only told.
        allow_removal: whether a register may lose more than a tenth of its keys.

    Raises:
        Refused: files that cannot be read, no registers that could change, or one would lose much; nothing
            was changed.
    """
    changes = read_changes(folder, books.decimals)
    if not changes.tables:
        raise refused("books.no_changes", Place(folder), folder=str(folder), tables=list(SHAPES))
    with books.database.writing() if confirmed else books.database.reading() as connection:
        if confirmed:
            loads.take_turns(connection)
        before = loads.last_load(connection, "registers")
        if before is None:
            raise refused("books.no_state")
        judged = judge_changes(changes, _InForce(connection, before.summary["hashes"]))
        tables = {name: _changed(name, one) for name, one in judged.tables.items()}
        if not allow_removal:
            _refuse_much_lost(before, tables)
        done = ChangesLoad(None, confirmed, tables, judged.set_aside, judged.warnings)
        return _booked(connection, by, before, done) if confirmed else done


class _InForce:
    """The registers in the books (see :class:`ingest.changes.InForce`)."""

    def __init__(self, connection: sa.Connection, known: Collection[str]) -> None:
        self._connection = connection
        self._known = known

    def loaded(self, table: str) -> bool:
        return table in self._known

    def find(self, table: str, values: pa.Table, wanted: Sequence[str], past: bool = False) -> pa.Table:
        held = REGISTERS[table]
        columns = [held.c[name] for name in wanted]
        if not len(values):
            return pa.table({column.name: pa.array([], bulk.arrow_type(column)) for column in columns})
        sought = bulk.wanted(self._connection, "sought", values)
        of_key = sa.and_(*(sought.c[name] == held.c[name] for name in values.column_names))
        holds = held.c.until.isnot(None) if past else held.c.until.is_(None)
        return bulk.read(self._connection, sa.select(*columns).join(sought, of_key).where(holds).distinct())


def _changed(name: str, judged: TableJudged) -> RowsChanged:
    """Tell the rows that were given apart: new, changed, or as they are."""
    rows = stored(SHAPES[name], judged.given)
    place = judged.replaced
    same = np.zeros(len(rows), np.bool_)
    digests = row_digests_of(rows)
    same[place >= 0] = digests[place >= 0] == row_digests_of(judged.held)[place[place >= 0]]
    differs = (place >= 0) & ~same
    ended = judged.held.filter(pa.array(judged.ended))
    stays = pc.is_in(
        keys_of(ended, SHAPES[name]),
        value_set=pa.concat_arrays(
            [
                keys_of(judged.held.filter(pa.array(~judged.ended)), SHAPES[name]),
                keys_of(judged.given, SHAPES[name]),
            ]
        ),
    )
    return RowsChanged(
        judged.counts,
        judged.counts_ended,
        rows.filter(pa.array(place < 0)),
        judged.held.take(pa.array(place[differs])).select(rows.column_names),
        rows.filter(pa.array(differs)),
        ended,
        int(same.sum()),
        judged.ended_already,
        len(pc.unique(keys_of(ended, SHAPES[name]).filter(pc.invert(stays)))),
    )


def _refuse_much_lost(before: Load, tables: Mapping[str, RowsChanged]) -> None:
    problems = (
        much_lost(name, change.vanished, before.summary["rows"].get(name, 0), "books.ends_much.remedy")
        for name, change in tables.items()
    )
    if found := [problem for problem in problems if problem]:
        raise Refused(found)


def _booked(connection: sa.Connection, by: str, before: Load, told: ChangesLoad) -> ChangesLoad:
    """Do what was told, unless there is nothing to be done."""
    aside = kept_rows(told.set_aside)
    if told.none and not newly_set_aside(before, aside):
        return told
    number = loads.next_load(connection)
    done = {}
    for name, change in told.tables.items():
        gone = pa.concat_tables([change.before, change.ended.select(change.before.column_names)])
        fresh = pa.concat_tables([change.new, change.after])
        _end(connection, name, gone, number)
        add_rows(connection, name, fresh, number)
        held = before.summary["rows"].get(name, 0)
        rows = held + len(fresh) - len(gone)
        hashed = before.summary["hashes"].get(name, EMPTY)
        now = changed_hash(hashed, row_digests_of(fresh), row_digests_of(gone))
        aside_here = change.given.set_aside + change.endings.set_aside
        read = change.given.read + change.endings.read
        done[name] = TableChange(read, aside_here, len(fresh), len(gone), held - len(gone), rows, now)
    counts = {
        name: {"new": len(one.new), "changed": len(one.after), "ended": len(one.ended)}
        for name, one in told.tables.items()
    }
    record_load(connection, by, number, before, done, aside, merged=counts)
    return ChangesLoad(number, True, told.tables, told.set_aside, told.warnings)


def _end(connection: sa.Connection, name: str, gone: pa.Table, load: int) -> None:
    """Let rows in force hold no more from a load on. They are found by their key, which has an index."""
    if not len(gone):
        return
    table, key = REGISTERS[name], SHAPES[name].key
    columns = (*key, "digest")
    ending = bulk.wanted(
        connection, "ending", gone.select(list(columns)).group_by(list(columns)).aggregate([])
    )
    connection.execute(
        sa.update(table)
        .where(
            table.c.until.is_(None),
            sa.tuple_(*(table.c[column] for column in columns)).in_(
                sa.select(*(ending.c[column] for column in columns))
            ),
        )
        .values(until=load)
    )
