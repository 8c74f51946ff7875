"""The rows of a table that still stand while they are judged, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.tables import Table
from ingest.rows import Bad, Rows, faults
from ingest.set_aside import SetAside

Int64s = npt.NDArray[np.int64]


class Judgement:
    """The rows of a table that still stand, and where they are among all that were read.

    Args:
        table: the declaration.
        rows: as they were read.
        files: all files that were read so far.
        into: takes what is set aside.
    """

    def __init__(self, table: Table, rows: Rows, files: Sequence[Path], into: SetAside) -> None:
        self.table = table
        self.columns = rows.columns
        self._positions = np.arange(rows.size)
        self._rows = rows
        self._files = pa.array([str(file) for file in files], pa.string())
        self._into = into

    def __len__(self) -> int:
        return len(self._positions)

    def drop_unreadable(self) -> None:
        """Drop rows of which a cell cannot be read."""
        for bad in self._rows.bad:
            self._into.faults.append(faults(self.table.name, bad, self._rows.origin))
        self.keep(np.flatnonzero(~self._rows.unreadable))

    def drop_reversed_periods(self) -> None:
        """Drop rows whose period ends before it starts."""
        start, end = self.table.period or ("effective", "expiry")
        if start in self.columns and end in self.columns:
            wrong = pc.less(self.columns[end], self.columns[start]).fill_null(False)
            places = np.flatnonzero(wrong.to_numpy(zero_copy_only=False))
            begins = self.columns[start].take(pa.array(places)).cast(pa.string())
            self.drop(places, end, "ingest.ends_before_it_starts", start=start, begins=begins)

    def drop(self, places: Int64s, column: str, reason: str, **details: Any) -> None:
        """Drop rows for a reason (a key of the catalogue, with its values: one for all, or one each)."""
        self.note(places, column, reason, **details)
        self.keep(np.delete(np.arange(len(self)), places))

    def note(self, places: Int64s, column: str, reason: str, **details: Any) -> None:
        """Set rows aside for a reason, and leave it to the caller to let go of them."""
        if len(places):
            values = self.columns[column].take(pa.array(places)).cast(pa.string())
            bad = Bad(self._positions[places], column, reason, values, details)
            self._into.faults.append(faults(self.table.name, bad, self._rows.origin))

    def whereabouts(self, places: Int64s) -> dict[str, pa.Array]:
        """Give the file and the row in it of rows, as the values of a reason that names another row."""
        files, rows = self._rows.origin.places(self._positions[places])
        return {"file": self._files.take(pa.array(files)), "row": pa.array(rows)}

    def keep(self, places: Int64s) -> None:
        """Keep some of the rows, in the order given."""
        if np.array_equal(places, np.arange(len(self))):
            return
        self._positions = self._positions[places]
        taken = pa.array(places)
        self.columns = {name: held.take(taken) for name, held in self.columns.items()}
