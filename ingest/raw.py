"""Rows as a file holds them, before their cells are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.words import Message

FIRST_ROW: Final = 2
"""The row of a file's first record: the header is row 1."""


@dataclass(frozen=True)
class Broken:
    """A row that is no row of its table: it cannot even be split into cells."""

    record: int
    """Which row of its piece it is, from 0."""
    reason: Message
    text: str
    """The row as it stands in the file, or what is wrong in it."""
    field: str | None = None
    """Where in the row it is wrong, where that can be said."""


@dataclass(frozen=True)
class Raw:
    """A piece of a file: columns of equal length, of whatever types the file has."""

    columns: dict[str, pa.Array]
    records: int
    """How many rows of the file the piece stands for, blank ones included."""
    numbers: npt.NDArray[np.int64] | None = None
    """Which of these rows each row of the columns is; None: all in their order."""
    broken: tuple[Broken, ...] = ()
    """The last rows of the columns, which are broken: only what could be guessed of their key is there.

    Where several things are wrong with one, it stands here several times in a row.
    """

    @property
    def whole(self) -> int:
        """How many rows of the columns are not broken."""
        return len(self) - len({broken.record for broken in self.broken})

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def taken(self, rows: npt.NDArray[Any]) -> Raw:
        """Give some of the rows, in their order; broken ones must be among them."""
        numbers = rows if self.numbers is None else self.numbers[rows]
        return Raw(
            {name: held.take(pa.array(rows)) for name, held in self.columns.items()},
            self.records,
            numbers,
            self.broken,
        )
