"""Claims as columns: visits, their lines, and what is known to be wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from adjudicator.generation.care import Lines
from adjudicator.generation.stream import I8, I64
from adjudicator.generation.visits import Visits


@dataclass(frozen=True)
class Labels:
    """Planted faults; claims by their identity (see :class:`Claims`)."""

    claim: I64
    line: I64
    """The number of the line, from 1; :data:`WHOLE_CLAIM` for none."""
    fault: I8
    other: I64
    """Another claim that belongs to it, :data:`NO_CLAIM` for none."""

    def take(self, rows: Any) -> Labels:
        """Take labels by their places, or by whether they are wanted."""
        return Labels(*(getattr(self, one.name)[rows] for one in fields(Labels)))

    def plus(self, others: Labels) -> Labels:
        """Put other labels after these."""
        return Labels(
            *(np.concatenate([getattr(self, one.name), getattr(others, one.name)]) for one in fields(Labels))
        )


def no_labels() -> Labels:
    """Give a table without labels."""
    empty = np.zeros(0, np.int64)
    return Labels(empty, empty, empty.astype(np.int8), empty)


@dataclass(frozen=True)
class Claims:
    """Claims; n of them. An identity is known before a claim has a number, and never changes."""

    identity: I64
    visits: Visits
    lines: Lines

    def __len__(self) -> int:
        return len(self.identity)

    def take(self, rows: npt.NDArray[np.integer]) -> Claims:
        """Take claims by their places."""
        places = rows.astype(np.int64)
        return Claims(self.identity[places], self.visits.take(places), self.lines.take(places))

    def plus(self, others: Claims) -> Claims:
        """Put other claims after these."""
        return Claims(
            np.concatenate([self.identity, others.identity]),
            self.visits.plus(others.visits),
            self.lines.plus(others.lines),
        )
