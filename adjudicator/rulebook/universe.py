"""The claims that rules look at, as columns: those that are decided now, and those of the past."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adjudicator.encoding import group
from adjudicator.rulebook.fields import FIELDS, Field, Level

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Column:
    """The values of a field: whole numbers, of a text its place among ``texts``; any dtype of integers."""

    values: npt.NDArray[Any]
    given: Bools | None = None
    """(n,): where there is a value; None: everywhere."""
    texts: Sequence[str | None] | None = None
    """The texts of a text field, each once."""

    def at(self, rows: Int64s) -> tuple[Int64s, Bools]:
        """Give the values of some rows, and where there are any."""
        values = self.values[rows].astype(np.int64, copy=False)
        return values, np.ones(len(rows), np.bool_) if self.given is None else self.given[rows]

    def texts_at(self, rows: Int64s) -> Iterator[str | None]:
        """Give the texts of some rows of a text field."""
        texts = list(self.texts or ())
        return (texts[place] for place in self.values[rows].tolist())


Provider = Callable[[], Column]

TARGET_DATE: Final = FIELDS["claim.target_date"]

_BYTES_KEPT: Final = 1 << 30
"""How much memory what is remembered may take, about."""


class Universe:
    """C claims and L lines with every field that rules know.

    Args:
        claims: how many claims there are.
        claim_of_line: (L,): the claim of each line, rising.
        order: (C,): the rank of each claim by when it was filed (adjudication order, law section 3).
        current: (C,): whether a claim is decided now; the others are of the past.
        providers: what gives each field's column, by path; asked once, when it is needed. A path of several
            columns has them as ``path/0``, ``path/1`` and so on.
    """

    def __init__(
        self,
        claims: int,
        claim_of_line: npt.NDArray[Any],
        order: Int64s,
        current: Bools,
        providers: Mapping[str, Provider],
    ) -> None:
        self.claims, self.claim_of_line, self.order, self.current = claims, claim_of_line, order, current
        self._providers = providers
        self._columns: dict[str, Column] = {}
        self._indexes: dict[tuple[str, bool], tuple[Any, Any]] = {}
        self._spans: dict[Level, tuple[int, int] | None] = {}
        self.cache: OrderedDict[Hashable, Any] = OrderedDict()
        """What looks have sorted, for other rules that look at the same; the latest of them."""
        self._kept = 0
        self._lock = Lock()

    def remember(self, name: Hashable, made: Any) -> None:
        """Keep what was made for other rules, and forget what was made long ago."""
        with self._lock:
            if name in self.cache:
                return
            self.cache[name] = made
            self._kept += _bytes_of(made)
            while self._kept > _BYTES_KEPT and len(self.cache) > 1:
                _, forgotten = self.cache.popitem(last=False)
                self._kept -= _bytes_of(forgotten)

    def lines_of(self, claims: Int64s) -> tuple[Int64s, Int64s]:
        """Give the lines of some claims, and for each the place of its claim among them."""
        first = self._first_line[claims]
        counts = self._first_line[claims + 1] - first
        starts = np.repeat(first - np.cumsum(counts) + counts, counts)
        return starts + np.arange(counts.sum()), np.repeat(np.arange(len(claims)), counts)

    @cached_property
    def _first_line(self) -> Int64s:
        return np.searchsorted(self.claim_of_line, np.arange(self.claims + 1)).astype(np.int64)

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return len(self.claim_of_line)

    @cached_property
    def current_claims(self) -> Int64s:
        """The claims that are decided now."""
        return np.flatnonzero(self.current)

    @cached_property
    def current_lines(self) -> Int64s:
        """Their lines."""
        return np.flatnonzero(self.current[self.claim_of_line])

    def column(self, path: str) -> Column:
        """Give the column of a field."""
        if path not in self._columns:
            self._columns[path] = self._providers[path]()
        return self._columns[path]

    def several(self, path: str) -> list[Column]:
        """Give the columns of a field that a claim has several of."""
        return [self.column(name) for name in self._providers if name.startswith(f"{path}/")]

    def values(self, field: Field, level: Level, rows: Int64s) -> tuple[Int64s, Bools]:
        """Give a field's values for some rows of a level; of lines, those of their claims where need be."""
        if field.level is Level.CLAIM and level is Level.LINE:
            rows = self.claim_of_line[rows]
        return self.column(field.path).at(rows)

    def different(self, field: Field, level: Level, rows: Int64s) -> Int64s:
        """Give the different values of a field with small whole numbers from 0, rising."""
        values, given = self.values(field, level, rows)
        values = values[given]
        found = np.zeros(int(values.max(initial=-1)) + 1, np.bool_)
        found[values] = True
        return np.flatnonzero(found)

    def claims_of(self, rows: Int64s) -> tuple[Int64s, Int64s]:
        """Give the claims of some lines, each once and rising, and for each line the place of its claim."""
        claims = self.claim_of_line[rows]
        if len(claims) and (claims[1:] >= claims[:-1]).all():
            new = np.ones(len(claims), np.bool_)
            new[1:] = claims[1:] != claims[:-1]
            return claims[new].astype(np.int64), np.cumsum(new) - 1
        distinct, place = np.unique(claims, return_inverse=True)
        return distinct.astype(np.int64), place

    def days_between(self, level: Level) -> tuple[int, int] | None:
        """Give the first and the last target day of what is decided now; none where a day is missing."""
        if level not in self._spans:
            rows = self.current_claims if level is Level.CLAIM else self.current_lines
            days, given = self.values(TARGET_DATE, level, rows)
            known = bool(len(days)) and bool(given.all())
            self._spans[level] = (int(days.min()), int(days.max())) if known else None
        return self._spans[level]

    def paths(self, field: Field) -> list[str]:
        """Name the columns of a field: one, unless a claim has several of it."""
        if not field.several:
            return [field.path]
        return [name for name in self._providers if name.startswith(f"{field.path}/")]

    def count_with(self, path: str, of: Level, of_lines: bool, wanted: Int64s) -> int:
        """Count the claims or lines that have one of some values in a column (see :meth:`rows_with`)."""
        return int(self._found(path, of, of_lines, wanted)[1].sum())

    def rows_with(self, path: str, of: Level, of_lines: bool, wanted: Int64s) -> Int64s:
        """Find the claims or lines that have one of some values in a column.

        Args:
            path: of a column with small whole numbers from 0 (a text's place).
            of: whether it is a column of claims or of lines.
            of_lines: whether lines are looked for.
            wanted: distinct values.
        """
        starts, counts = self._found(path, of, of_lines, wanted)
        within = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        rows: Int64s = self._index(path, of, of_lines)[1][within]
        return rows

    def _found(self, path: str, of: Level, of_lines: bool, wanted: Int64s) -> tuple[Int64s, Int64s]:
        first, _ = self._index(path, of, of_lines)
        wanted = wanted[(wanted >= 0) & (wanted < len(first) - 1)]
        return first[wanted], first[wanted + 1] - first[wanted]

    def _index(self, path: str, of: Level, of_lines: bool) -> tuple[Any, Any]:
        key = (path, of_lines)
        if key not in self._indexes:
            column = self.column(path)
            if of_lines and of is Level.CLAIM:
                values, given = column.at(self.claim_of_line)
            else:
                values, given = column.at(np.arange(self.lines if of_lines else self.claims))
            codes = np.where(given, values + 1, 0).astype(np.int32)
            first, order = group(codes, int(codes.max(initial=0)) + 1)
            self._indexes[key] = (first[1:].astype(np.int64), order)
        return self._indexes[key]


def _bytes_of(made: Any) -> int:
    """Give the memory that arrays take, alone or as parts of something."""
    if isinstance(made, np.ndarray):
        return int(made.nbytes)
    parts = made if isinstance(made, tuple) else vars(made).values()
    return sum(part.nbytes for part in parts if isinstance(part, np.ndarray))
