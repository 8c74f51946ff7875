"""Looks at other claims and lines: how often, how much, since when, which share, which rank.

Rows that share their keys have the same code. What a rule looks at is sorted by code and place in time, once
for all rules that look at the same; a window is two searches in it, and what is counted lies between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from adjudicator.rulebook import typed
from adjudicator.rulebook.fields import FIELDS, Field, Level
from adjudicator.rulebook.sorting import bounds, distinct, order_of, order_of_pairs
from adjudicator.rulebook.universe import Universe

if TYPE_CHECKING:
    from adjudicator.rulebook.evaluate import Evaluator

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_FACILITY: Final = FIELDS["claim.facility"]
_DATE: Final = FIELDS["claim.target_date"]
_FROM: Final = FIELDS["claim.date_from"]

_FEW: Final = 4
"""What is looked at is found by its first key where that leaves less than one row in so many."""

_NO_CODE: Final = -1

_SPARE: Final = 4
_FEW_CODES: Final = 1 << 20
"""Codes are found by a table that may have so many places for a row, and so many more."""

_LARGEST: Final = float(1 << 62)
"""Numbers from here on are not trusted to fit."""

_DISTINCT: Final = {"patients": "claim.insuree", "facilities": "claim.facility", "days": "claim.target_date"}
_NO_BOUND: Final = 1 << 40
"""Beyond any day number and any rank."""


@dataclass(frozen=True)
class _Groups:
    """Codes that rise, each once, and where its rows begin; one more bound at the end."""

    codes: Int64s
    first: Int64s

    @classmethod
    def in_order(cls, code: Int64s) -> _Groups:
        """Take the codes of rows in order."""
        new = np.ones(len(code), np.bool_)
        new[1:] = code[1:] != code[:-1]
        first = np.flatnonzero(new)
        return cls(code[first], np.append(first, len(code)))

    def of(self, asking: Int64s) -> tuple[Int64s, Int64s]:
        """Find where the rows of codes begin and end; nowhere for a code that is not there."""
        if not len(self.codes):
            return np.zeros_like(asking), np.zeros_like(asking)
        if self._places is not None:
            within = np.where((asking >= 0) & (asking < len(self._places)), asking, len(self._places) - 1)
            place = self._places[within]
        else:
            place = np.minimum(np.searchsorted(self.codes, asking), len(self.codes) - 1)
            place = np.where(self.codes[place] == asking, place, len(self.codes))
        nowhere = place == len(self.codes)
        place = np.where(nowhere, 0, place)
        return np.where(nowhere, 0, self.first[place]), np.where(nowhere, 0, self.first[place + 1])

    @cached_property
    def _places(self) -> Int64s | None:
        """The place of every code, if codes are small enough for it; the last for what is not there."""
        if self.codes[-1] > _SPARE * int(self.first[-1]) + _FEW_CODES:
            return None
        places = np.full(int(self.codes[-1]) + 2, len(self.codes))
        places[self.codes] = np.arange(len(self.codes))
        return places


@dataclass(frozen=True)
class _Sorted:
    """Rows that are looked at, by code and place."""

    key: Int64s
    """(n,): code × span + place, rising."""
    rows: Int64s
    """(n,): the row of each."""
    lowest: int
    span: int
    selected: Bools
    """(rows of the level,): whether each is among them."""

    def between(self, asking: Int64s, low: Int64s, high: Int64s) -> tuple[Int64s, Int64s]:
        """Find where the rows of a code begin and end that lie between two places, both included."""
        ends = [np.clip(bound - self.lowest, 0, self.span - 1) for bound in (low, high)]
        start, end = bounds(self.key, asking * self.span + ends[0], asking * self.span + ends[1])
        nothing = asking < 0
        return np.where(nothing, 0, start), np.where(nothing, 0, np.maximum(start, end))

    def all_of(self, asking: Int64s) -> tuple[Int64s, Int64s]:
        """Find where all rows of a code begin and end."""
        return self._groups.of(asking)

    @cached_property
    def _groups(self) -> _Groups:
        return _Groups.in_order(self.key // self.span)


def _level_of(look: typed.Look) -> Level:
    return Level.LINE if look.of_lines else Level.CLAIM


def _keys_of(look: typed.Look, *more: Field) -> tuple[Field, ...]:
    keys = (*look.keys, *more)
    return (*keys, _DATE) if look.window[0] == "same_day" else keys


def _codes(universe: Universe, keys: tuple[Field, ...], monthly: bool) -> tuple[Level, Int64s]:
    """Give a code for each claim, or line, that is the same where all keys are; -1 where one is missing.

    Returns:
        The level that the codes are of, and the codes.
    """
    level = Level.LINE if any(key.level is Level.LINE for key in keys) else Level.CLAIM
    cached = universe.cache.get(("codes", keys, monthly))
    if cached is not None:
        codes: Int64s = cached
        return level, codes
    rows = np.arange(universe.lines if level is Level.LINE else universe.claims, dtype=np.int64)
    code = np.zeros(len(rows), np.int64)
    missing = np.zeros(len(rows), np.bool_)
    size = 1.0
    columns = [universe.values(key, level, rows) for key in keys]
    if monthly:
        days, given = universe.values(_DATE, level, rows)
        columns.append((days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64), given))
    for values, given in columns:
        missing |= ~given
        small, count = _small(values)
        if size * count >= float(1 << 40):
            # Codes are made dense, so that with the next key and a place in time they still fit.
            found, code = distinct(code)
            size = float(found)
        code = code.astype(np.int64) * count + small
        size *= count
    code[missing] = _NO_CODE
    universe.remember(("codes", keys, monthly), code)
    return level, code


def _small(values: Int64s) -> tuple[Int64s, int]:
    """Give values as numbers from 0, few enough for a code, and how many there may be."""
    least = int(values.min(initial=0))
    count = int(values.max(initial=0)) - least + 1
    if count <= max(1 << 20, 4 * len(values)):
        return values - least, count
    count, places = distinct(values)
    return places, count


def _code_of(universe: Universe, codes: tuple[Level, Int64s], level: Level, rows: Int64s) -> Int64s:
    """Give the codes of some rows of a level."""
    of, code = codes
    if of is Level.CLAIM and level is Level.LINE:
        rows = universe.claim_of_line[rows]
    found: Int64s = code[rows]
    return found


@dataclass(frozen=True)
class _View:
    """What a look sees: the rows it looks at, sorted, and the codes by which others find them."""

    sorted: _Sorted
    codes: tuple[Level, Int64s]
    level: Level


def _view(
    evaluator: Evaluator,
    universe: Universe,
    look: typed.Look,
    level: Level,
    rows: Int64s,
    keys: tuple[Field, ...],
    place: Field | None,
    by_order: bool = False,
) -> _View:
    """Sort what a look looks at, or take it as it was sorted for another rule.

    Args:
        evaluator: answers the condition on what is looked at.
        universe: the claims.
        look: the look.
        level: of the rows that ask.
        rows: that ask.
        keys: what they have in common with what is looked at.
        place: the day by which rows are sorted within a code; none where time plays no part.
        by_order: whether they are sorted by when they were filed.
    """
    monthly = look.window[0] == "same_month"
    subject = _level_of(look)
    codes = _codes(universe, keys, monthly)
    name = ("sorted", subject, keys, monthly, look.where, place, by_order)
    cached = universe.cache.get(name)
    if cached is not None:
        return _View(cached, codes, subject)
    count = universe.lines if look.of_lines else universe.claims
    looked_at, whole = _candidates(universe, look, level, rows, keys[0], count)
    code = _code_of(universe, codes, subject, looked_at)
    kept = code != _NO_CODE
    places = np.zeros(len(looked_at), np.int64)
    if place is not None:
        places, given = universe.values(place, subject, looked_at)
        kept &= given
    elif by_order:
        claims = universe.claim_of_line[looked_at] if look.of_lines else looked_at
        places = universe.order[claims]
    if look.where is not None:
        left = np.flatnonzero(kept)
        kept[left[~evaluator.truth(look.where, subject, looked_at[left])]] = False
    looked_at, code, places = looked_at[kept], code[kept], places[kept]
    selected = np.zeros(count, np.bool_)
    selected[looked_at] = True
    lowest = int(places.min(initial=0)) - 1
    span = int(places.max(initial=0)) - lowest + 2
    if float(code.max(initial=0)) * span >= _LARGEST:
        raise OverflowError("codes and places do not fit in 63 bits")
    key = code * span + (places - lowest)
    order = order_of(key)
    made = _Sorted(key[order], looked_at[order], lowest, span, selected)
    if whole:
        universe.remember(name, made)
    return _View(made, codes, subject)


def _candidates(
    universe: Universe, look: typed.Look, level: Level, rows: Int64s, key: Field, count: int
) -> tuple[Int64s, bool]:
    """Find the rows that can be seen at all: where few ask, those with the same first key."""
    if universe.column(key.path).texts is not None or key.path == "claim.identity":
        wanted = universe.different(key, level, rows)
        if universe.count_with(key.path, key.level, look.of_lines, wanted) * _FEW < count:
            return universe.rows_with(key.path, key.level, look.of_lines, wanted), False
    return np.arange(count, dtype=np.int64), True


def _claims_asking(universe: Universe, level: Level, rows: Int64s) -> Int64s:
    return universe.claim_of_line[rows].astype(np.int64) if level is Level.LINE else rows


def counted(
    evaluator: Evaluator, universe: Universe, look: typed.Look, level: Level, rows: Int64s
) -> tuple[Int64s, Bools]:
    """Count other rows, or add up a measure of them."""
    if look.subject in _DISTINCT:
        return _distinct(evaluator, universe, look, level, rows)
    found = _counted(evaluator, universe, look, level, rows, _keys_of(look))
    if look.other_facility:
        found = found - _counted(evaluator, universe, look, level, rows, _keys_of(look, _FACILITY))
    return found, np.ones(len(rows), np.bool_)


def _counted(
    evaluator: Evaluator,
    universe: Universe,
    look: typed.Look,
    level: Level,
    rows: Int64s,
    keys: tuple[Field, ...],
) -> Int64s:
    kind, days = look.window
    claims = _claims_asking(universe, level, rows)
    if kind == "overlapping":
        return _overlapping(evaluator, universe, look, level, rows, keys)
    timed = kind in ("before", "after", "around")
    view = _view(
        evaluator, universe, look, level, rows, keys, _DATE if timed else None, kind == "filed_earlier"
    )
    asking = _code_of(universe, view.codes, level, rows)
    low, high = np.full(len(rows), -_NO_BOUND), np.full(len(rows), _NO_BOUND)
    if kind == "filed_earlier":
        high = universe.order[claims] - 1
    elif timed:
        here, given = universe.column(_DATE.path).at(claims)
        low = here - days if kind in ("before", "around") else here
        high = here + days if kind in ("after", "around") else here
        # A claim without a day sees nothing, not even itself.
        asking = np.where(given, asking, _NO_CODE)
    always = not timed and kind != "filed_earlier"
    start, end = view.sorted.all_of(asking) if always else view.sorted.between(asking, low, high)
    total = _added(evaluator, look, view, start, end, level, rows)
    if not look.own and kind != "filed_earlier":
        total = total - _own(evaluator, universe, look, view, asking, claims)
    return total


def _weights(evaluator: Evaluator, look: typed.Look, level: Level, rows: Int64s) -> Int64s:
    values, given = evaluator.value(look.measure, level, rows)
    return np.where(given, values, 0)


def _added(
    evaluator: Evaluator,
    look: typed.Look,
    view: _View,
    start: Int64s,
    end: Int64s,
    level: Level,
    rows: Int64s,
) -> Int64s:
    """Count what lies between two places of what is sorted, or add up its measure."""
    if look.function != "sum":
        return (end - start).astype(np.int64)
    weight = _weights(evaluator, look, view.level, view.sorted.rows)
    if float(np.abs(weight).max(initial=0)) * len(weight) >= _LARGEST:
        # What could pass the largest number is not added up; the claims that ask are told of.
        evaluator.note_odd(level, rows)
        return np.zeros(len(rows), np.int64)
    totals = np.concatenate(([0], np.cumsum(weight)))
    found: Int64s = totals[end] - totals[start]
    return found


def _own(
    evaluator: Evaluator,
    universe: Universe,
    look: typed.Look,
    view: _View,
    asking: Int64s,
    claims: Int64s,
) -> Int64s:
    """Count what the claim that asks has itself among what is looked at."""
    if view.level is Level.CLAIM:
        own, place = claims, np.arange(len(claims))
    else:
        own, place = universe.lines_of(claims)
    code = _code_of(universe, view.codes, view.level, own)
    seen = view.sorted.selected[own] & (code == asking[place]) & (code != _NO_CODE)
    weight = np.ones(int(seen.sum()), np.int64)
    if look.function == "sum":
        weight = _weights(evaluator, look, view.level, own[seen])
    total = np.zeros(len(claims), np.int64)
    np.add.at(total, place[seen], weight)
    return total


def _overlapping(
    evaluator: Evaluator,
    universe: Universe,
    look: typed.Look,
    level: Level,
    rows: Int64s,
    keys: tuple[Field, ...],
) -> Int64s:
    """Add up stays that share a day: begun by my last day, less those that ended before my first."""
    claims = _claims_asking(universe, level, rows)
    (first, first_given), (last, last_given) = (
        universe.column(field.path).at(claims) for field in (_FROM, _DATE)
    )
    known = first_given & last_given
    least = np.full(len(rows), -_NO_BOUND)
    begun = _view(evaluator, universe, look, level, rows, keys, _FROM)
    asking = np.where(known, _code_of(universe, begun.codes, level, rows), _NO_CODE)
    start, end = begun.sorted.between(asking, least, last)
    total = _added(evaluator, look, begun, start, end, level, rows)
    # A claim whose stay has no beginning has not ended before anything either.
    ended = _view(evaluator, universe, _stays(look), level, rows, keys, _DATE)
    start, end = ended.sorted.between(asking, least, first - 1)
    total = total - _added(evaluator, look, ended, start, end, level, rows)
    if not look.own:
        total = total - _own(evaluator, universe, look, begun, asking, claims)
    return total


def _stays(look: typed.Look) -> typed.Look:
    """Give a look at what it looks at whose stay has a beginning."""
    given = typed.IsGiven(_FROM.level, typed.FieldOf(_FROM.type, _FROM.level, _FROM), True)
    where = given if look.where is None else typed.Both(look.where.level, (look.where, given))
    return replace(look, where=where)


def _distinct(
    evaluator: Evaluator, universe: Universe, look: typed.Look, level: Level, rows: Int64s
) -> tuple[Int64s, Bools]:
    """Count different patients, facilities or days."""
    view = _view(evaluator, universe, look, level, rows, _keys_of(look), None)
    groups, totals = _different(universe, look, view)
    asking = _code_of(universe, view.codes, level, rows)
    start, end = groups.of(asking)
    found = totals[end] - totals[start]
    return np.where(asking >= 0, found, 0), np.ones(len(rows), np.bool_)


def _different(universe: Universe, look: typed.Look, view: _View) -> tuple[_Groups, Int64s]:
    """Count different ones from the first code on, or take the counts as they were made.

    Returns:
        The codes of the rows looked at, and (rows + 1,) how many different ones stand before each row.
    """
    name = ("different", id(view.sorted), look.subject)
    cached: Any = universe.cache.get(name)
    if cached is not None:
        return cached[0], cached[1]
    code = view.sorted.key // view.sorted.span
    values, given = universe.column(_DISTINCT[look.subject]).at(view.sorted.rows)
    order = order_of_pairs(code[given], values[given])
    code, values = code[given][order], values[given][order]
    new = np.ones(len(code), np.bool_)
    new[1:] = (code[1:] != code[:-1]) | (values[1:] != values[:-1])
    totals = np.concatenate(([0], np.cumsum(new)))
    groups = _Groups.in_order(code)
    # What is sorted is kept as well, so that its identity stays its own.
    universe.remember(name, (groups, totals, view.sorted))
    return groups, totals


def nearest(
    evaluator: Evaluator, universe: Universe, look: typed.Look, level: Level, rows: Int64s
) -> tuple[Int64s, Bools]:
    """Give the days since the last other claim that is looked at; missing where there is none."""
    view = _view(evaluator, universe, look, level, rows, _keys_of(look), _DATE)
    claims = _claims_asking(universe, level, rows)
    here, given = universe.column(_DATE.path).at(claims)
    asking = np.where(given, _code_of(universe, view.codes, level, rows), _NO_CODE)
    start, end = view.sorted.between(asking, here, here)
    same_day = (end - start) - _own(evaluator, universe, look, view, asking, claims) > 0
    first, before = view.sorted.between(asking, np.full(len(rows), -_NO_BOUND), here - 1)
    known = before > first
    last = np.append(view.sorted.key, 0)[np.where(known, before - 1, len(view.sorted.key))]
    since = np.where(same_day, 0, here - (last % view.sorted.span + view.sorted.lowest))
    found = (known | same_day) & (asking >= 0)
    if look.window[0] == "before":
        found &= since <= look.window[1]
    return np.where(found, since, 0), found


def shares(
    evaluator: Evaluator, universe: Universe, look: typed.Look, level: Level, rows: Int64s
) -> tuple[Int64s, Bools]:
    """Give the share of rows of which something is true, in hundredths of a percent, rounded down."""
    view = _view(evaluator, universe, look, level, rows, _keys_of(look), None)
    holds = evaluator.truth(look.measure, view.level, view.sorted.rows)
    such = np.concatenate(([0], np.cumsum(holds)))
    asking = _code_of(universe, view.codes, level, rows)
    start, end = view.sorted.all_of(asking)
    enough = (asking >= 0) & (end - start >= max(1, look.at_least))
    share = (such[end] - such[start]) * 10_000 // np.maximum(1, end - start)
    return np.where(enough, share, 0), enough


def ranked(
    evaluator: Evaluator, universe: Universe, look: typed.Look, level: Level, rows: Int64s
) -> tuple[Int64s, Bools]:
    """Give a percentile, the median (``typical``) or the mean (``average``, rounded) of a measure."""
    view = _view(evaluator, universe, look, level, rows, _keys_of(look), None)
    asking = _code_of(universe, view.codes, level, rows)
    groups, values = _measured(evaluator, universe, look, view)
    start, end = groups.of(asking)
    counts = end - start
    enough = (asking >= 0) & (counts >= max(1, look.at_least))
    if look.function == "average":
        totals = np.concatenate(([0], np.cumsum(values)))
        found = (2 * (totals[end] - totals[start]) + counts) // np.maximum(1, 2 * counts)
        return np.where(enough, found, 0), enough
    rank = 50 if look.function == "typical" else (look.rank or 50)
    place = start + np.maximum(0, -(-rank * counts // 100) - 1)
    found = np.append(values, 0)[np.minimum(place, len(values))]
    return np.where(enough, found, 0), enough


def _measured(
    evaluator: Evaluator, universe: Universe, look: typed.Look, view: _View
) -> tuple[_Groups, Int64s]:
    """Sort the values of a measure within their codes, or take them as they were sorted."""
    name = ("measured", id(view.sorted), look.measure)
    cached: Any = universe.cache.get(name)
    if cached is not None:
        groups, values, _ = cached
        return groups, values
    values, given = evaluator.value(look.measure, view.level, view.sorted.rows)
    code, values = (view.sorted.key // view.sorted.span)[given], values[given]
    order = order_of_pairs(code, values)
    code, values = code[order], values[order]
    groups = _Groups.in_order(code)
    universe.remember(name, (groups, values, view.sorted))
    return groups, values
