"""An openIMIS installation as it was read: what holds, what was replaced, and what became of every row.

openIMIS keeps replaced rows in the same tables: a row with ``ValidityTo`` was replaced (``LegacyID`` names
the row that took its number along) or deleted. What becomes of each row is noted once, so that at the end
rows read = rows that hold + rows replaced or deleted, and every row that holds was brought or set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from adjudicator.problems import DoesNotAddUp
from adjudicator.words import Message, message
from ingest.openimis.cells import SourceRow, Unfit
from ingest.openimis.shapes import NO_ROOM, SHAPES
from ingest.openimis.source import Source

Origin = tuple[str, int]
"""A row of openIMIS: its table and its number."""


@dataclass(frozen=True)
class Remark:
    """What is to be said of a row: why it was set aside, or what is doubtful about it."""

    table: str
    id: int | None
    field: str | None
    value: str | None
    reason: Message
    remedy: Message
    row: int | None = None
    """Where it stands, for a row without a number that can be read."""

    @property
    def place(self) -> tuple[str, int, int, str, str]:
        """What remarks are put in order by."""
        return (
            self.table,
            -1 if self.id is None else self.id,
            self.row or 0,
            self.field or "",
            self.reason.key,
        )


@dataclass
class Fate:
    """What became of the rows of a table."""

    read: int = 0
    current: set[int] = field(default_factory=set)
    brought: set[int] = field(default_factory=set)
    as_history: set[int] = field(default_factory=set)
    """Rows replaced or deleted that were brought all the same, as earlier versions."""
    followed: set[int] = field(default_factory=set)
    """Rows that hold, of something that was deleted: they went with it."""
    aside: set[int] = field(default_factory=set)
    broken: int = 0


@dataclass(frozen=True)
class Count:
    """How many rows of a table took which way."""

    table: str
    read: int
    superseded: int
    current: int
    brought: int
    set_aside: int
    as_history: int

    def check(self) -> None:
        """Make sure that no row was lost.

        Raises:
            DoesNotAddUp: one was, or was counted twice.
        """
        if self.read != self.superseded + self.current or self.current != self.brought + self.set_aside:
            raise DoesNotAddUp(f"rows of {self.table}: {self}")


class World:
    """The tables of an installation.

    Args:
        source: where they are read from.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._rows: dict[str, dict[int, SourceRow]] = {}
        self._fates: dict[str, Fate] = {}
        self.set_aside: list[Remark] = []
        self.doubts: list[Remark] = []
        self.lacking: dict[str, tuple[str, ...]] = {}
        """Columns that tables of the installation do not have."""
        self.absent: list[str] = []
        """Tables that the installation does not have, or that were not given."""

    def rows(self, table: str) -> Mapping[int, SourceRow]:
        """Give all rows of a table by their number, replaced ones among them."""
        if table not in self._rows:
            self._rows[table] = self._read(table)
        return self._rows[table]

    def _read(self, table: str) -> dict[int, SourceRow]:
        read = self._source.read(SHAPES[table])
        fate = self._fates[table] = Fate()
        if read is None:
            self.absent.append(table)
            return {}
        if read.lacks:
            self.lacking[table] = read.lacks
        fate.read = len(read.rows) + len(read.broken)
        fate.current = {row.id for row in read.rows if row.text("ValidityTo") is None}
        fate.broken = len(read.broken)
        for broken in read.broken:
            unfit = broken.reason
            remark = Remark(table, None, unfit.field, unfit.value, unfit.reason, unfit.remedy, broken.row)
            self.set_aside.append(remark)
        return {row.id: row for row in read.rows}

    def current(self, table: str) -> Iterator[SourceRow]:
        """Give the rows that hold, by their number."""
        rows = self.rows(table)
        for id_ in sorted(self._fates[table].current):
            yield rows[id_]

    def is_current(self, table: str, id_: int | None) -> bool:
        """Tell whether a number is that of a row that holds."""
        self.rows(table)
        return id_ in self._fates[table].current

    def find(self, table: str, id_: int | None) -> SourceRow | None:
        """Give a row by its number, replaced ones among them."""
        return None if id_ is None else self.rows(table).get(id_)

    # What became of rows.

    def bring(self, table: str, id_: int) -> None:
        """Note that a row was brought."""
        fate = self._fates[table]
        (fate.brought if id_ in fate.current else fate.as_history).add(id_)

    def follow(self, row: SourceRow) -> None:
        """Note that a row holds, but belongs to something that was deleted, and went with it."""
        self._fates[row.table].followed.add(row.id)

    def put_aside(self, row: SourceRow, unfit: Unfit) -> None:
        """Set a row aside; one that was replaced or deleted anyway is left where it is."""
        self.put_aside_as(_remark(row, unfit))

    def put_aside_as(self, remark: Remark) -> None:
        """Set the row of a remark aside, as :meth:`put_aside` does."""
        assert remark.id is not None
        fate = self._fates[remark.table]
        if remark.id in fate.current:
            fate.aside.add(remark.id)
            fate.brought.discard(remark.id)
            self.set_aside.append(remark)
        else:
            fate.as_history.discard(remark.id)

    def doubt(self, row: SourceRow, column: str | None, key: str, /, **values: Any) -> None:
        """Note something doubtful about a row that was brought."""
        self.doubts.append(_remark(row, Unfit(column, row.cells.get(column or ""), key, **values)))

    def taken(self, rows: Iterable[SourceRow], take: Callable[[SourceRow], None]) -> None:
        """Take rows one by one: each is brought, or set aside for what does not fit."""
        for row in rows:
            try:
                take(row)
            except Unfit as unfit:
                self.put_aside(row, unfit)
            else:
                self.bring(row.table, row.id)

    # Counting.

    def counts(self) -> list[Count]:
        """Count the rows of every table that was read.

        Raises:
            DoesNotAddUp: a row was lost.
        """
        counts = []
        for table in SHAPES:
            fate = self._fates.get(table)
            if fate is None or table in self.absent:
                continue
            current = fate.current - fate.followed
            # A row whose number cannot be read may be any: it counts as one that holds, and is set aside.
            count = Count(
                table,
                fate.read,
                fate.read - len(current) - fate.broken,
                len(current) + fate.broken,
                len(fate.brought - fate.followed - fate.aside),
                len(fate.aside - fate.followed) + fate.broken,
                len(fate.as_history),
            )
            count.check()
            counts.append(count)
        return counts

    def left(self) -> dict[str, int]:
        """Count the rows of tables that are not read, those that are known first."""
        known = [name for name in NO_ROOM if name.lower() in self._source.found]
        read = {name.lower() for name in (*SHAPES, *NO_ROOM)}
        other = sorted(name for name in self._source.found if name.startswith("tbl") and name not in read)
        return {name: self._source.count(name) for name in (*known, *other)}


def _remark(row: SourceRow, unfit: Unfit) -> Remark:
    return Remark(row.table, row.id, unfit.field, unfit.value, unfit.reason, unfit.remedy)


LEGACY: Final = "LegacyID"


def unknown(column: str, row: SourceRow, table: str) -> Unfit:
    """Say that a row names another one that is not there."""
    return Unfit(column, row.text(column), "openimis.unknown_row", table=table)


def said(key: str, /, **values: Any) -> Message:
    """Make a message of this room."""
    return message(f"openimis.{key}", **values)
