"""The claims that rules look at, as columns: those that are decided now, and those of the past."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.compiled import compiled
from adjudicator.encoding import group
from adjudicator.rulebook.fields import FIELDS, MONTH, Field, Level

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int32] | npt.NDArray[np.int64]
"""(n,): numbers of claims or of lines."""


class Texts(Sequence[str | None]):
    """The texts of a column, taken out of Arrow only when they are asked for."""

    def __init__(self, values: pa.Array) -> None:
        self.values = values
        self._all: list[str | None] | None = None

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, place: int) -> str | None: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str | None]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str | None] | None:
        found: Any = self.values[place]
        texts: str | Sequence[str | None] | None
        texts = found.to_pylist() if isinstance(place, slice) else found.as_py()
        return texts

    def __iter__(self) -> Iterator[str | None]:
        if self._all is None:
            self._all = self.values.to_pylist()
        return iter(self._all)


@dataclass(frozen=True)
class Column:
    """The values of a field: whole numbers, of a text its place among ``texts``; any dtype of integers."""

    values: npt.NDArray[Any]
    given: Bools | None = None
    """(n,): where there is a value; None: everywhere."""
    texts: Sequence[str | None] | None = None
    """The texts of a text field, each once."""
    begin: int = 0
    """The row of the first value; nobody looks at those before it."""

    @cached_property
    def plain(self) -> tuple[npt.NDArray[Any], Bools]:
        """The values as one of two dtypes, and where there are any, (0,) for everywhere: for kernels."""
        if self.begin:
            raise LookupError("a field of earlier claims that no rule was said to look at")
        values = self.values
        if values.dtype not in (np.int32, np.int64):
            values = values.astype(np.int32)
        return values, np.zeros(0, np.bool_) if self.given is None else self.given

    @cached_property
    def span(self) -> tuple[int, int]:
        """The least and the largest of the values; 0 and -1 where there is none."""
        if not len(self.values):
            return 0, -1
        return int(self.values.min()), int(self.values.max())

    def at(self, rows: Rows) -> tuple[Int64s, Bools]:
        """Give the values of some rows, and where there are any."""
        if self.begin and len(rows):
            if int(rows.min()) < self.begin:
                raise LookupError("a field of earlier claims that no rule was said to look at")
            rows = rows - rows.dtype.type(self.begin)
        values = _taken(self.values, rows) if len(rows) > _FEW else self.values[rows].astype(np.int64)
        return values, np.broadcast_to(np.True_, len(rows)) if self.given is None else self.given[rows]

    def texts_at(self, rows: Int64s) -> Iterator[str | None]:
        """Give the texts of some rows of a text field."""
        texts = list(self.texts or ())
        return (texts[place] for place in self.at(rows)[0].tolist())


Provider = Callable[[], Column]

_FEW: Final = 20_000
"""Up to here the library is as quick."""

TARGET_DATE: Final = FIELDS["claim.target_date"]
"""The day on which a claim stands in time."""

_BYTES_KEPT: Final = 1 << 30
"""How much memory what is remembered may take, about."""


_MOST_DAYS: Final = 1 << 16
"""The months of so many days are looked up in a table."""


@dataclass(frozen=True)
class Askers:
    """The claims that ask, and their lines: nobody else is ever asked about."""

    name: Hashable
    """Of these claims in their universe."""
    claims: Int32s
    """(n,), rising."""
    lines: Int32s
    """(m,): their lines, rising."""
    claim_of_line: Int32s
    """(m,): the place of each line's claim among ``claims``."""

    @cached_property
    def begin(self) -> tuple[int, int] | None:
        """From which claim and which line on all ask, if they stand side by side; else None."""
        if not len(self.claims) or int(self.claims[-1]) - int(self.claims[0]) + 1 != len(self.claims):
            return None
        return int(self.claims[0]), int(self.lines[0]) if len(self.lines) else 0

    def places(self, level: Level, rows: Rows) -> Rows | None:
        """Give the place of each row among those that ask; None where some do not, or it is not known."""
        if self.begin is None or not len(rows):
            return None
        own = self.claims if level is Level.CLAIM else self.lines
        least, most = int(rows.min()), int(rows.max())
        if not len(own) or least < own[0] or most > own[-1]:
            return None
        return rows - own.dtype.type(own[0])


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

    def but_for(self, providers: Mapping[str, Provider]) -> Universe:
        """Give the same claims, with what is known already of them, but for some fields.

        What looks have put in order stays: nothing of it may have asked for these fields.
        """
        other = copy(self)
        other._providers = {**self._providers, **providers}
        other._columns = {path: column for path, column in self._columns.items() if path not in providers}
        other._indexes = {key: index for key, index in self._indexes.items() if key[0] not in providers}
        return other

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

    def lines_of(self, claims: Rows) -> tuple[Int64s, Int64s]:
        """Give the lines of some claims, and for each the place of its claim among them."""
        first = self.first_line[claims]
        counts = self.first_line[claims + 1] - first
        starts = np.repeat(first - np.cumsum(counts) + counts, counts)
        return starts + np.arange(counts.sum()), np.repeat(np.arange(len(claims)), counts)

    @cached_property
    def first_line(self) -> Int64s:
        """(C + 1,): where each claim's lines begin."""
        return _first_lines(np.asarray(self.claim_of_line, np.int32), self.claims)

    @cached_property
    def now(self) -> Askers:
        """The claims that are decided now, as those who ask."""
        return self.asking("now", self.current_claims)

    def asking(self, name: Hashable, claims: Rows) -> Askers:
        """Let some claims ask; the name is theirs alone, so that what was made for them is found again."""
        lines, place = self.lines_of(claims)
        return Askers(name, *(part.astype(np.int32) for part in (claims, lines, place)))

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
            self._columns[path] = self._month() if path == MONTH.path else self._providers[path]()
        return self._columns[path]

    def _month(self) -> Column:
        """Give the month of each target day, as months since 1970."""
        days = self.column(TARGET_DATE.path)
        first, last = int(days.values.min(initial=0)), int(days.values.max(initial=0))
        if last - first > _MOST_DAYS:
            return Column(_months(days.values), days.given)
        return Column(_months(np.arange(first, last + 1))[days.values - first], days.given)

    def several(self, path: str) -> list[Column]:
        """Give the columns of a field that a claim has several of."""
        return [self.column(name) for name in self._providers if name.startswith(f"{path}/")]

    def values(self, field: Field, level: Level, rows: Rows) -> tuple[Int64s, Bools]:
        """Give a field's values for some rows of a level; of lines, those of their claims where need be."""
        if field.level is Level.CLAIM and level is Level.LINE:
            rows = self.claim_of_line[rows]
        return self.column(field.path).at(rows)

    def claims_of(self, rows: Rows) -> tuple[Int64s, Int64s]:
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
        """Count the claims or lines of now that have one of some values (see :meth:`rows_with`)."""
        return int(self._found(path, of, of_lines, wanted)[1].sum())

    def rows_with(self, path: str, of: Level, of_lines: bool, wanted: Int64s) -> Int64s:
        """Find the claims or lines of now that have one of some values in a column.

        Args:
            path: of a column with small whole numbers from 0 (a text's place).
            of: whether it is a column of claims or of lines.
            of_lines: whether lines are looked for.
            wanted: distinct values.
        """
        starts, counts = self._found(path, of, of_lines, wanted)
        within = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        rows: Int64s = (self.current_lines if of_lines else self.current_claims)[
            self._index(path, of, of_lines)[1][within]
        ]
        return rows

    def _found(self, path: str, of: Level, of_lines: bool, wanted: Int64s) -> tuple[Int64s, Int64s]:
        first, _ = self._index(path, of, of_lines)
        wanted = wanted[(wanted >= 0) & (wanted < len(first) - 1)]
        return first[wanted], first[wanted + 1] - first[wanted]

    def _index(self, path: str, of: Level, of_lines: bool) -> tuple[Any, Any]:
        key = (path, of_lines)
        if key not in self._indexes:
            rows = self.current_lines if of_lines else self.current_claims
            values, given = self.column(path).at(
                self.claim_of_line[rows] if of_lines and of is Level.CLAIM else rows
            )
            codes = np.where(given, values + 1, 0).astype(np.int32)
            first, order = group(codes, int(codes.max(initial=0)) + 1)
            self._indexes[key] = (first[1:].astype(np.int64), order)
        return self._indexes[key]

    def claims_between(self, begin: int, end: int, first: int, last: int) -> Int32s:
        """Find the claims from one place to before another whose target day is one of some, rising."""
        days, given = self.column(TARGET_DATE.path).plain
        days = days[begin:end]
        found = (days >= first) & (days <= last)
        if len(given):
            found &= given[begin:end]
        return np.flatnonzero(found).astype(np.int32) + np.int32(begin)


@compiled
def _taken(values: npt.NDArray[Any], rows: Rows) -> Int64s:
    taken = np.empty(len(rows), np.int64)
    for place in range(len(rows)):
        taken[place] = values[rows[place]]
    return taken


@compiled
def _first_lines(claim_of_line: Int32s, claims: int) -> Int64s:
    first = np.zeros(claims + 1, np.int64)
    for claim in claim_of_line:
        first[claim + 1] += 1
    for claim in range(claims):
        first[claim + 1] += first[claim]
    return first


def _months(days: npt.NDArray[Any]) -> Int32s:
    months: Int32s = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int32)
    return months


def _bytes_of(made: Any) -> int:
    """Give the memory that arrays take, alone or as parts of something."""
    if isinstance(made, np.ndarray):
        return int(made.nbytes)
    parts = made if isinstance(made, tuple) else vars(made).values()
    return sum(_bytes_of(part) for part in parts if isinstance(part, np.ndarray | tuple))
