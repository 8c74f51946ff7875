"""What claims and lines have in common, as numbers: rows that share their keys have the same code.

Only the keys of those who ask have a code. Of millions of earlier rows most share their keys with nobody who
asks, and are left out at the first key that nobody has.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from adjudicator.compiled import compiled
from adjudicator.rulebook.fields import Field, Level
from adjudicator.rulebook.universe import Askers, Column, Rows, Universe

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

NO_CODE: Final = -1

_LARGEST_TABLE: Final = 1 << 24
"""So many pairs of a code and a value have a table of their own; more are found by their hash."""

_SPARE: Final = 4
"""A table may have so many places for each row that asks, whatever its size."""

_ROOM: Final = 2
"""So many places of a hash for each row that asks."""

_NEAR: Final = 16
"""So many places are tried side by side before one is tried elsewhere."""

_SAMPLE: Final = 4_096
"""So many claims tell by which key most are left out."""


class _Places(NamedTuple):
    """Where the code of a pair stands: of the code of the keys before, and the value of one more.

    Where the pairs are few enough, each that there can be has a place of its own; else the places are those
    of a hash.
    """

    table: Int32s
    """The codes; ``NO_CODE`` in a free place. Where each pair has its own: (codes before × size,)."""
    least: int
    size: int
    """Where each pair has its own: values are from ``least`` on, so many of them."""
    spread: int
    """Of a hash: so many places for each code before. 0 where each pair has its own."""
    befores: Int32s
    """Of a hash, (codes,): the code before of each code."""
    values: Int64s
    """Of a hash, (codes,): the value of each code."""


@dataclass(frozen=True)
class _Step:
    """One more key: from the code of the keys before it, and its value, to the code of all of them."""

    key: Field
    column: Column
    count: int
    """How many codes there are."""
    codes: Int32s
    """Of the rows of those who ask."""
    places: _Places

    def find(self, rows: Int32s, codes: Int32s) -> None:
        """Turn codes of the keys before into codes with this key, in place; ``NO_CODE`` where nobody asks."""
        find = _find_hashed if self.places.spread else _find_own_places
        find(rows, codes, *self.column.plain, self.places)


@dataclass(frozen=True)
class Coding:
    """The codes of some keys of those who ask: those of claims first, then those of lines."""

    universe: Universe
    askers: Askers
    of_claims: tuple[_Step, ...]
    of_lines: tuple[_Step, ...]

    @property
    def count(self) -> int:
        """How many codes there are; they are numbers from 0."""
        return (self.of_claims + self.of_lines)[-1].count

    def codes(self, level: Level, rows: Rows) -> Int32s:
        """Give the codes of some rows, ``NO_CODE`` where a key is missing or is nobody's who asks.

        Args:
            level: of the rows; lines have the keys of their claims.
            rows: (n,).
        """
        claims = self.universe.claim_of_line[rows] if level is Level.LINE else rows
        codes = _found(self.of_claims, self.askers, claims.astype(np.int32, copy=False), None)
        return _found(self.of_lines, self.askers, rows.astype(np.int32, copy=False), codes)

    def claims(self, claims: Int32s) -> tuple[Int32s, Int32s]:
        """Give those of some claims that share their own keys with some who ask, and their codes so far.

        Args:
            claims: (n,), rising.
        """
        return _narrowed(self.of_claims, self.askers, claims, None)

    def lines(self, claims: Int32s, codes: Int32s) -> tuple[Int32s, Int32s]:
        """Give those lines of some claims that share all keys with some who ask, and their codes.

        Args:
            claims: (n,), rising.
            codes: (n,): those of the claims.
        """
        return _narrowed(self.of_lines, self.askers, *_lines_of(claims, codes, self.universe.first_line))


def _found(steps: Sequence[_Step], askers: Askers, rows: Int32s, codes: Int32s | None) -> Int32s:
    """Give the codes of rows of a level after all steps of that level."""
    if not steps:
        return np.zeros(len(rows), np.int32) if codes is None else codes
    places = askers.places(steps[-1].key.level, rows)
    if places is not None:
        return steps[-1].codes[places]
    codes = np.zeros(len(rows), np.int32) if codes is None else codes
    for step in steps:
        step.find(rows, codes)
    return codes


def _narrowed(
    steps: Sequence[_Step], askers: Askers, rows: Int32s, codes: Int32s | None
) -> tuple[Int32s, Int32s]:
    """Keep the rows that have a code after all steps of a level; those who ask have theirs already."""
    codes = np.zeros(len(rows), np.int32) if codes is None else codes
    if not steps:
        return rows, codes
    begin = len(rows)
    if askers.begin is not None:
        level = steps[-1].key.level
        begin = int(np.searchsorted(rows, np.int32(askers.begin[level is Level.LINE])))
    earlier, their_codes = rows[:begin], codes[:begin]
    for step in steps:
        step.find(earlier, their_codes)
        earlier, their_codes = _with_code(earlier, their_codes)
    if begin == len(rows):
        return earlier, their_codes
    asking = rows[begin:]
    asking, of_asking = _with_code(asking, _found(steps, askers, asking, codes[begin:]))
    if not begin:
        return asking, of_asking
    return np.concatenate((earlier, asking)), np.concatenate((their_codes, of_asking))


def coding(universe: Universe, askers: Askers, keys: Sequence[Field]) -> Coding:
    """Number the keys of those who ask, by the key first that leaves out the most."""
    name = ("order of keys", askers.name, frozenset(keys))
    ordered: tuple[Field, ...] | None = universe.cache.get(name)
    if ordered is None:
        distinct = sorted(set(keys), key=lambda key: (key.level is Level.LINE, key.path))
        if len(distinct) > 1:
            distinct.sort(key=lambda key: (key.level is Level.LINE, _share_left(universe, askers, key)))
        ordered = tuple(distinct)
        universe.remember(name, ordered)
    of_claims = _steps(universe, askers, [key for key in ordered if key.level is Level.CLAIM], ())
    of_lines = _steps(universe, askers, [key for key in ordered if key.level is Level.LINE], of_claims)
    return Coding(universe, askers, of_claims, of_lines)


def _share_left(universe: Universe, askers: Askers, key: Field) -> int:
    """Count of a sample of all claims those that a key of claims leaves; 0 of a key of lines."""
    if key.level is Level.LINE:
        return 0
    (step,) = _steps(universe, askers, [key], ())
    sample = np.linspace(0, universe.claims - 1, min(universe.claims, _SAMPLE)).astype(np.int32)
    codes = np.zeros(len(sample), np.int32)
    step.find(sample, codes)
    return int((codes >= 0).sum())


def _steps(
    universe: Universe, askers: Askers, keys: Sequence[Field], before: tuple[_Step, ...]
) -> tuple[_Step, ...]:
    """Number one key after the other; steps that begin alike are made once."""
    steps: list[_Step] = []
    for key in keys:
        path = tuple(step.key for step in (*before, *steps))
        name: Hashable = ("step", askers.name, path, key)
        step = universe.cache.get(name)
        if not isinstance(step, _Step):
            step = _step(universe, askers, key, (*before, *steps))
            universe.remember(name, step)
        steps.append(step)
    return tuple(steps)


def _step(universe: Universe, askers: Askers, key: Field, before: tuple[_Step, ...]) -> _Step:
    rows, codes, count = _rows_of_askers(askers, key.level, before)
    column = universe.column(key.path)
    values, given = column.plain
    places = _places_for(len(rows), count, *_span(rows, codes, values, given))
    count = _give(rows, codes, values, given, places)
    if places.spread:
        places = places._replace(befores=places.befores[:count], values=places.values[:count])
    return _Step(key, column, count, codes, places)


def _places_for(rows: int, before: int, least: int, most: int) -> _Places:
    """Make room for the pairs that some rows have.

    Args:
        rows: how many.
        before: how many codes of the keys before there are.
        least: the least of their values.
        most: the largest of them.
    """
    size = most - least + 1
    if float(size) * before <= max(_LARGEST_TABLE, _SPARE * rows):
        table = np.full(max(1, size * before), NO_CODE, np.int32)
        return _Places(table, least, size, 0, np.zeros(0, np.int32), np.zeros(0, np.int64))
    spread = max(1, _ROOM * rows // max(1, before))
    table = np.full(spread * before + _NEAR, NO_CODE, np.int32)
    return _Places(table, 0, 0, spread, np.empty(rows, np.int32), np.empty(rows, np.int64))


def _rows_of_askers(askers: Askers, level: Level, before: tuple[_Step, ...]) -> tuple[Int32s, Int32s, int]:
    """Give the rows of those who ask, their codes by the keys before, and how many codes there are."""
    rows = askers.claims if level is Level.CLAIM else askers.lines
    if not before:
        return rows, np.zeros(len(rows), np.int32), 1
    last = before[-1]
    if last.key.level is level:
        return rows, last.codes.copy(), last.count
    return rows, last.codes[askers.claim_of_line], last.count


@compiled
def _span(
    rows: npt.NDArray[Any], codes: npt.NDArray[Any], values: npt.NDArray[Any], given: npt.NDArray[Any]
) -> tuple[int, int]:
    """Give the least and the largest value of rows that have a code; 0 and -1 where there is none."""
    least, most, none = 0, -1, True
    for place in range(len(rows)):
        row = rows[place]
        if codes[place] < 0 or (len(given) and not given[row]):
            continue
        value = values[row]
        if none or value < least:
            least = value
        if none or value > most:
            most = value
        none = False
    return least, most


@compiled
def _place_of(table: Int32s, spread: int, befores: Int32s, of_code: Int64s, before: Any, value: Any) -> Any:
    """Give the place of a pair in a hash, or the free one where it would be.

    Pairs with the same code before stand side by side, and codes rise as rows do, so that who looks up one
    row after the other stays in one neighbourhood of the memory. Where that is full, as it is for codes that
    have far more values than others, the place is anywhere.
    """
    mixed = value * 0x2545F4914F6CDD1D
    mixed ^= mixed >> 29
    near = before * spread + ((((mixed * 0x27D4EB2F165667C5 >> 24) & 0x7FFFFFFF) * spread) >> 31)
    for at in range(near, near + _NEAR):
        code = table[at]
        if code < 0 or (of_code[code] == value and befores[code] == before):
            return at
    mixed += before
    while True:
        # Places that follow no order: side by side they would be full wherever many codes are at home.
        mixed = mixed * 0x5851F42D4C957F2D + 0x14057B7EF767814F
        at = ((mixed ^ (mixed >> 32)) & 0x7FFFFFFFFFFFFFFF) % len(table)
        code = table[at]
        if code < 0 or (of_code[code] == value and befores[code] == before):
            return at


@compiled
def _give(
    rows: npt.NDArray[Any],
    codes: npt.NDArray[Any],
    values: npt.NDArray[Any],
    given: npt.NDArray[Any],
    places: _Places,
) -> int:
    """Turn the codes of those who ask into codes with one more key, and count these."""
    table, least, size, spread, befores, of_code = places
    count = 0
    for place in range(len(rows)):
        row = rows[place]
        if codes[place] < 0 or (len(given) and not given[row]):
            codes[place] = NO_CODE
            continue
        before, value = np.int64(codes[place]), np.int64(values[row])
        if spread:
            at = _place_of(table, spread, befores, of_code, before, value)
        else:
            at = before * size + (value - least)
        if table[at] < 0:
            table[at] = count
            if spread:
                befores[count], of_code[count] = before, value
            count += 1
        codes[place] = table[at]
    return count


@compiled
def _find_own_places(
    rows: npt.NDArray[Any],
    codes: npt.NDArray[Any],
    values: npt.NDArray[Any],
    given: npt.NDArray[Any],
    places: _Places,
) -> None:
    """Turn codes into codes with one more key where each pair has a place of its own."""
    table, least, size = places.table, places.least, places.size
    for place in range(len(rows)):
        if codes[place] < 0:
            continue
        row = rows[place]
        value = values[row] - least
        if value < 0 or value >= size or (len(given) and not given[row]):
            codes[place] = NO_CODE
        else:
            codes[place] = table[codes[place] * size + value]


@compiled
def _find_hashed(
    rows: npt.NDArray[Any],
    codes: npt.NDArray[Any],
    values: npt.NDArray[Any],
    given: npt.NDArray[Any],
    places: _Places,
) -> None:
    """Turn codes into codes with one more key where the places are those of a hash."""
    table, spread, befores, of_code = places.table, places.spread, places.befores, places.values
    for place in range(len(rows)):
        if codes[place] < 0:
            continue
        row = rows[place]
        if len(given) and not given[row]:
            codes[place] = NO_CODE
        else:
            before, value = np.int64(codes[place]), np.int64(values[row])
            codes[place] = table[_place_of(table, spread, befores, of_code, before, value)]


@compiled
def _with_code(rows: npt.NDArray[Any], codes: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Keep the rows that have a code."""
    count = 0
    for place in range(len(rows)):
        count += codes[place] >= 0
    if count == len(rows):
        return rows, codes
    left, left_codes = np.empty(count, np.int32), np.empty(count, np.int32)
    to = 0
    for place in range(len(rows)):
        if codes[place] >= 0:
            left[to], left_codes[to] = rows[place], codes[place]
            to += 1
    return left, left_codes


@compiled
def _lines_of(
    claims: npt.NDArray[Any], codes: npt.NDArray[Any], first: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Give the lines of some claims, and for each the code of its claim."""
    count = 0
    for claim in claims:
        count += first[claim + 1] - first[claim]
    lines, line_codes = np.empty(count, np.int32), np.empty(count, np.int32)
    to = 0
    for place in range(len(claims)):
        claim = claims[place]
        for line in range(first[claim], first[claim + 1]):
            lines[to], line_codes[to] = line, codes[place]
            to += 1
    return lines, line_codes
