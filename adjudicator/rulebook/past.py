"""Earlier claims that rules look back on: of each only the fields that some rule looks at.

A year of a scheme's claims is many times the month that is decided. They are encoded part by part, and what
no rule looks at is let go at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator import claims as claims_room
from adjudicator.adjudication.adjudicate import CompiledScheme
from adjudicator.rulebook.batch import BatchFields
from adjudicator.rulebook.looked import Looked
from adjudicator.rulebook.register_fields import RegisterFields
from adjudicator.rulebook.universe import Column, Provider

Int32s = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Part:
    """Some of the earlier claims: how many lines each has, and the columns."""

    lines_of: Int32s
    columns: dict[str, Column]
    """By the path of their field. What was put into a universe is kept as a view of it."""


@dataclass(frozen=True)
class Past:
    """Earlier claims, with what is looked at of them."""

    of_registers: RegisterFields
    looked: Looked
    parts: tuple[Part, ...]

    @classmethod
    def of(
        cls,
        scheme: CompiledScheme,
        tables: Mapping[str, pa.Table],
        received: Iterable[tuple[pa.Table, pa.Table]],
        looked: Looked,
    ) -> Past:
        """Encode claims and lines of the past, part by part.

        Args:
            scheme: the compiled scheme.
            tables: its registers, typed.
            received: claims and lines, typed (see :func:`adjudicator.claims.encode`); taken one by one.
            looked: what will be looked at.
        """
        of_registers = RegisterFields(scheme, tables)
        parts = []
        for claims, lines in received:
            fields = BatchFields(of_registers, claims_room.encode(scheme.registers, claims, lines))
            columns = {path: _narrow(provide()) for path, provide in _wanted(fields.providers(), looked)}
            parts.append(Part(fields.lines_of, columns))
        return cls(of_registers, looked, tuple(parts))

    @property
    def claims(self) -> int:
        """How many claims there are."""
        return sum(len(part.lines_of) for part in self.parts)

    @property
    def lines(self) -> int:
        """How many lines they have."""
        return sum(int(part.lines_of.sum()) for part in self.parts)


def _wanted(providers: Mapping[str, Provider], looked: Looked) -> Iterator[tuple[str, Provider]]:
    """Give the providers of what is looked at; of what a claim has several of, all columns."""
    for path, provide in providers.items():
        if path.partition("/")[0] in looked.paths:
            yield path, provide


def _narrow(column: Column) -> Column:
    """Keep a column in the narrowest integers that hold it, and nothing else alive with it."""
    values = column.values
    least, most = int(values.min(initial=0)), int(values.max(initial=0))
    for dtype in (np.int8, np.int16, np.int32):
        if np.iinfo(dtype).min <= least and most <= np.iinfo(dtype).max:
            values = values.astype(dtype)
            break
    given = None if column.given is None or column.given.all() else column.given
    return Column(values, given, column.texts)
