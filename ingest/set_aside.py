"""What was set aside: which rows, why, and what to do about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.files import write_table
from adjudicator.problems import Place, Problem
from adjudicator.tables import Column, Table, Type
from adjudicator.words import LANGUAGES, Message, entries, message, shown
from ingest.fhir.mending import Wrong, is_resources, write_resources
from ingest.mending import write_rows

COLUMNS: Final = (
    "table",
    "file",
    "row",
    "field",
    "value",
    *(f"{column}_{language}" for column in ("reason", "remedy") for language in LANGUAGES),
)
"""The columns of a list of what was set aside."""

_LIST: Final = Table(
    "set_aside", tuple(Column(name, Type.NUMBER if name == "row" else Type.TEXT) for name in COLUMNS), ()
)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with one row."""

    table: str
    file: Path
    row: int
    """The row in its file; the header is row 1."""
    field: str | None
    value: str | None
    reason: Message
    remedy: Message

    def problem(self) -> Problem:
        """Give the fault as a problem with its place."""
        return Problem(self.reason, Place(self.file, row=self.row, field=self.field), self.remedy)


@dataclass(frozen=True)
class Faults:
    """Rows of one table that are set aside for one reason: a column a member, so that millions are cheap."""

    table: str
    field: str | None
    reason: str
    """A key of the catalogue; what to do is under the same key with ``.remedy``."""
    files: npt.NDArray[np.int32]
    """Which file of :attr:`SetAside.files` each row is in."""
    rows: npt.NDArray[np.int64]
    values: pa.Array
    """What stands in the field, as text."""
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The values of the reason's text: one for all rows, or an Arrow array with one for each."""

    def __len__(self) -> int:
        return len(self.rows)

    def message(self, place: int) -> Message:
        """Give the reason of one row."""
        return message(self.reason, **{name: _at(value, place) for name, value in self.details.items()})

    def told(self, key: str, language: str) -> pa.Array:
        """Write a text of the catalogue for every row, as :func:`adjudicator.words.text` does for one."""
        # The empty texts give the result its length where nothing differs from row to row.
        pieces: list[Any] = [pa.array([""] * len(self), pa.string())]
        for literal, name, _, _ in Formatter().parse(entries()[key][language]):
            pieces.append(pa.scalar(literal))
            if name is not None:
                value = self.details[name]
                each = isinstance(value, pa.Array)
                pieces.append(value.cast(pa.string()) if each else pa.scalar(str(shown(value, language))))
        return pc.binary_join_element_wise(*pieces, "")


def _at(value: Any, place: int) -> Any:
    return value[place].as_py() if isinstance(value, pa.Array) else value


@dataclass
class SetAside:
    """Everything of some tables that was set aside. Iterating gives each fault, in the order of the files."""

    files: Sequence[Path] = ()
    """The files that were read: those of a table after each other, in the order of their paths."""
    faults: list[Faults] = dataclasses.field(default_factory=list)

    def __len__(self) -> int:
        return sum(len(faults) for faults in self.faults)

    def __iter__(self) -> Iterator[Fault]:
        for which, place in self._order().tolist():
            faults = self.faults[which]
            reason = faults.message(place)
            yield Fault(
                faults.table,
                self.files[faults.files[place]],
                int(faults.rows[place]),
                faults.field,
                _at(faults.values, place) or None,
                reason,
                Message(f"{reason.key}.remedy", reason.values),
            )

    def problems(self) -> list[Problem]:
        """Give every fault as a problem with its place."""
        return [fault.problem() for fault in self]

    def rows_of(self, table: str) -> int:
        """Count the rows of a table that are set aside, however much is wrong with each."""
        return sum(len(rows) for rows in self.places(table).values())

    def places(self, table: str) -> dict[Path, npt.NDArray[np.int64]]:
        """Give the rows of a table that are set aside: the file, and the rows in it, rising."""
        held = [faults for faults in self.faults if faults.table == table]
        if not held:
            return {}
        files = np.concatenate([faults.files for faults in held])
        rows = np.concatenate([faults.rows for faults in held])
        return {self.files[file]: np.unique(rows[files == file]) for file in np.unique(files)}

    def tables(self) -> list[str]:
        """Name the tables of which something is set aside."""
        return sorted({faults.table for faults in self.faults if len(faults)})

    def told(self) -> pa.Table:
        """List every fault, in the order of files, rows and fields; see :data:`COLUMNS`."""
        columns: dict[str, list[pa.Array]] = {name: [] for name in COLUMNS}
        files = pa.array([str(file) for file in self.files], pa.string())
        for faults in self.faults:
            columns["table"].append(pa.array([faults.table] * len(faults), pa.string()))
            columns["file"].append(files.take(pa.array(faults.files)))
            columns["row"].append(pa.array(faults.rows))
            columns["field"].append(pa.array([faults.field] * len(faults), pa.string()))
            columns["value"].append(faults.values.cast(pa.string()))
            for language in LANGUAGES:
                columns[f"reason_{language}"].append(faults.told(faults.reason, language))
                columns[f"remedy_{language}"].append(faults.told(f"{faults.reason}.remedy", language))
        order = self._order()
        starts = np.cumsum([0, *(len(faults) for faults in self.faults)])
        taken = pa.array(starts[order[:, 0]] + order[:, 1])
        return pa.table(
            {
                name: pa.chunked_array(chunks, pa.int64() if name == "row" else pa.string()).take(taken)
                for name, chunks in columns.items()
            }
        )

    def write(self, folder: Path) -> list[Path]:
        """Write the faults as ``set_aside.csv``, and beside them the rows as they came, table by table.

        FHIR resources go together into ``resources.ndjson``, with an ``OperationOutcome`` of each in
        ``outcomes.ndjson``. Where nothing was set aside, nothing is written, and no folder is made.

        Returns:
            What was written.
        """
        if not len(self):
            return []
        folder.mkdir(parents=True, exist_ok=True)
        listed = folder / f"{_LIST.name}.csv"
        write_table(listed, self.told(), _LIST, 0)
        return [
            listed,
            *(path for table in self.tables() for path in write_rows(folder, table, self.places(table))),
            *write_resources(
                folder, (self._wrong() if any(is_resources(file) for file in self.files) else ())
            ),
        ]

    def _wrong(self) -> Iterator[Wrong]:
        for fault in self:
            if is_resources(fault.file):
                yield Wrong(fault.file, fault.row, fault.field, fault.value, fault.reason)

    def _order(self) -> npt.NDArray[np.int64]:
        """Put faults in order: shape (n, 2), which of :attr:`faults`, and which row of it."""
        if not self.faults:
            return np.zeros((0, 2), np.int64)
        reasons = _ranks([(faults.field or "", faults.reason) for faults in self.faults])
        sizes = [len(faults) for faults in self.faults]
        files = np.concatenate([faults.files for faults in self.faults])
        rows = np.concatenate([faults.rows for faults in self.faults])
        which = np.repeat(np.arange(len(self.faults)), sizes)
        place = np.concatenate([np.arange(size) for size in sizes])
        order = np.lexsort((reasons[which], rows, files))
        return np.stack([which[order], place[order]], axis=1)


def _ranks(values: Sequence[Any]) -> npt.NDArray[np.int64]:
    ranked = {value: rank for rank, value in enumerate(sorted(set(values)))}
    return np.array([ranked[value] for value in values], np.int64)
