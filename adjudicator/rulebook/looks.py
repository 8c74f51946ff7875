"""Looks at other claims and lines: how often, how much, since when, which share, which rank.

Rows that share their keys are brought together by a dense code; a window in time is two searches in the
rows sorted by code and day; what is counted lies between running totals at the two places.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from adjudicator.rulebook import typed
from adjudicator.rulebook.fields import FIELDS, IDENTITY, Field, Level
from adjudicator.rulebook.universe import Universe

if TYPE_CHECKING:
    from adjudicator.rulebook.evaluate import Evaluator

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_FACILITY: Final = FIELDS["claim.facility"]
_DATE: Final = FIELDS["claim.target_date"]
_FROM: Final = FIELDS["claim.date_from"]
_WORTH_AN_INDEX: Final = 4
"""Rows are found by their first key where those that ask are fewer than one in so many."""

_DISTINCT: Final = {"patients": "claim.insuree", "facilities": "claim.facility", "days": "claim.target_date"}
_LARGEST: Final = float(1 << 62)
"""Sums from here on are not trusted to fit."""

_FARTHEST: Final = 1 << 21
"""More than any day number."""


@dataclass(frozen=True)
class _Gathered:
    """The rows that are looked at and those that ask, with the same code where their keys are the same."""

    rows: Int64s
    """Of the subject: claims or lines."""
    claims: Int64s
    """The claim of each."""
    code: Int64s
    asking: Int64s
    """(n,): the code of each row that asks, -1 where a key is missing."""
    codes: int


def _level_of(look: typed.Look) -> Level:
    return Level.LINE if look.of_lines else Level.CLAIM


def _gather(
    evaluator: Evaluator,
    universe: Universe,
    look: typed.Look,
    level: Level,
    rows: Int64s,
    keys: tuple[Field, ...],
) -> _Gathered:
    """Bring together what is looked at and what asks."""
    subject = _level_of(look)
    asked = [universe.values(key, level, rows) for key in keys]
    count = universe.lines if look.of_lines else universe.claims
    first = universe.column(keys[0].path)
    by_number = first.texts is not None or keys[0].path == IDENTITY
    if len(rows) * _WORTH_AN_INDEX < count and by_number:
        values, given = asked[0]
        looked_at = universe.rows_with(keys[0], look.of_lines, np.unique(values[given]))
    else:
        looked_at = np.arange(count, dtype=np.int64)
    have = [universe.values(key, subject, looked_at) for key in keys]
    kept = np.logical_and.reduce([given for _, given in have])
    if look.where is not None:
        places = np.flatnonzero(kept)
        kept[places[~evaluator.truth(look.where, subject, looked_at[places])]] = False
    looked_at = looked_at[kept]
    split = len(looked_at)
    code = np.zeros(split + len(rows), np.int64)
    most = 1
    missing = np.zeros(len(rows), np.bool_)
    for (values, _), (wanted, wanted_given) in zip(have, asked, strict=True):
        both = np.concatenate((values[kept], wanted))
        missing |= ~wanted_given
        distinct, places = np.unique(both, return_inverse=True)
        code = code * len(distinct) + places
        # Codes are made dense again, so that their product with the next key's stays small.
        dense, code = np.unique(code, return_inverse=True)
        code = code.astype(np.int64)
        most = len(dense)
    claims = universe.claim_of_line[looked_at] if look.of_lines else looked_at
    asking = np.where(missing, -1, code[split:])
    return _Gathered(looked_at, claims.astype(np.int64), code[:split], asking, max(1, most))


def _claims_asking(universe: Universe, level: Level, rows: Int64s) -> Int64s:
    return universe.claim_of_line[rows].astype(np.int64) if level is Level.LINE else rows


def counted(
    evaluator: Evaluator, universe: Universe, look: typed.Look, level: Level, rows: Int64s
) -> tuple[Int64s, Bools]:
    """Count other rows, or add up a measure of them."""
    if look.subject in _DISTINCT:
        return _distinct(evaluator, universe, look, level, rows)
    found = _counted(evaluator, universe, look, level, rows, look.keys)
    if look.other_facility:
        found -= _counted(evaluator, universe, look, level, rows, (*look.keys, _FACILITY))
    return found, np.ones(len(rows), np.bool_)


def _counted(
    evaluator: Evaluator,
    universe: Universe,
    look: typed.Look,
    level: Level,
    rows: Int64s,
    keys: tuple[Field, ...],
) -> Int64s:
    gathered = _gather(evaluator, universe, look, level, rows, _with_day(look, keys))
    gathered = _in_month(universe, look, level, rows, gathered)
    weight = np.ones(len(gathered.rows), np.int64)
    if look.function == "sum":
        values, given = evaluator.value(look.measure, _level_of(look), gathered.rows)
        weight = np.where(given, values, 0)
        if float(np.abs(weight).max(initial=0)) * len(weight) >= _LARGEST:
            # What could pass the largest number is not added up; the claims that ask are told of.
            evaluator.note_odd(level, rows)
            return np.zeros(len(rows), np.int64)
    claims = _claims_asking(universe, level, rows)
    total = _windowed(universe, look, gathered, weight, claims)
    if not look.own and look.window[0] != "filed_earlier":
        total -= _own(gathered, weight, claims)
    return np.where(gathered.asking >= 0, total, 0)


def _with_day(look: typed.Look, keys: tuple[Field, ...]) -> tuple[Field, ...]:
    return (*keys, _DATE) if look.window[0] == "same_day" else keys


def _in_month(
    universe: Universe, look: typed.Look, level: Level, rows: Int64s, gathered: _Gathered
) -> _Gathered:
    """Split codes by the month of the target date, for a look at the same month."""
    if look.window[0] != "same_month":
        return gathered
    claims = _claims_asking(universe, level, rows)
    days, given = universe.column(_DATE.path).at(np.concatenate((gathered.claims, claims)))
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    codes = np.concatenate((gathered.code, np.maximum(gathered.asking, 0)))
    dense, code = np.unique(codes * 4_000_000 + month + 2_000_000, return_inverse=True)
    split = len(gathered.code)
    asking = np.where((gathered.asking >= 0) & given[split:], code[split:], -1)
    return replace(gathered, code=code[:split].astype(np.int64), asking=asking, codes=max(1, len(dense)))


def _windowed(
    universe: Universe, look: typed.Look, gathered: _Gathered, weight: Int64s, claims: Int64s
) -> Int64s:
    """Add up weights within the window of each row that asks; its own are among them."""
    kind, days = look.window
    asking = np.maximum(gathered.asking, 0)
    if kind in ("ever", "same_day", "same_month"):
        totals = np.zeros(gathered.codes, np.int64)
        np.add.at(totals, gathered.code, weight)
        found: Int64s = totals[asking]
        return found
    if kind == "filed_earlier":
        place = universe.order
        here = place[claims]
        return _between(gathered.code, place[gathered.claims], weight, asking, np.zeros_like(here), here - 1)
    if kind == "overlapping":
        return _overlapping(universe, look, gathered, weight, asking, claims)
    dates, given = universe.column(_DATE.path).at(gathered.claims)
    here, here_given = universe.column(_DATE.path).at(claims)
    low = here - days if kind in ("before", "around") else here
    high = here + days if kind in ("after", "around") else here
    kept = given
    total = _between(gathered.code[kept], dates[kept], weight[kept], asking, low, high)
    return np.where(here_given, total, _nothing(look, gathered, weight, claims))


def _between(
    code: Int64s, place: Int64s, weight: Int64s, asking: Int64s, low: Int64s, high: Int64s
) -> Int64s:
    """Add up the weights of a code from one place to another, both included."""
    lowest = min(int(place.min(initial=0)), 0) - 1
    span = max(int(place.max(initial=0)), 0) - lowest + 2
    key = code * span + (place - lowest)
    order = np.argsort(key, kind="stable")
    key = key[order]
    totals = np.concatenate(([0], np.cumsum(weight[order])))
    ends = [np.clip(bound - lowest, 0, span - 1) for bound in (low, high)]
    start = np.searchsorted(key, asking * span + ends[0], "left")
    end = np.searchsorted(key, asking * span + ends[1], "right")
    found: Int64s = totals[np.maximum(start, end)] - totals[start]
    return found


def _nothing(look: typed.Look, gathered: _Gathered, weight: Int64s, claims: Int64s) -> Int64s:
    """Give what a claim without a day sees: nothing, not even itself (which is taken off later)."""
    return np.zeros(len(claims), np.int64) if look.own else _own(gathered, weight, claims)


def _overlapping(
    universe: Universe,
    look: typed.Look,
    gathered: _Gathered,
    weight: Int64s,
    asking: Int64s,
    claims: Int64s,
) -> Int64s:
    """Add up weights of stays that share a day: begun by my last day, but not ended before my first."""
    begin, given = universe.column(_FROM.path).at(gathered.claims)
    end, end_given = universe.column(_DATE.path).at(gathered.claims)
    kept = given & end_given
    mine, mine_given = universe.column(_FROM.path).at(claims)
    last, last_given = universe.column(_DATE.path).at(claims)
    code, weight_kept = gathered.code[kept], weight[kept]
    least = np.full(len(claims), -_FARTHEST)
    begun = _between(code, begin[kept], weight_kept, asking, least, last)
    ended = _between(code, end[kept], weight_kept, asking, least, mine - 1)
    unseen = _nothing(look, gathered, weight, claims)
    return np.where(mine_given & last_given, begun - ended, unseen)


def _own(gathered: _Gathered, weight: Int64s, claims: Int64s) -> Int64s:
    """Add up what the claim that asks has itself among what is looked at."""
    span = gathered.codes + 1
    key = gathered.claims * span + gathered.code
    order = np.argsort(key, kind="stable")
    key = key[order]
    totals = np.concatenate(([0], np.cumsum(weight[order])))
    wanted = claims * span + np.maximum(gathered.asking, 0)
    found: Int64s = (
        totals[np.searchsorted(key, wanted, "right")] - totals[np.searchsorted(key, wanted, "left")]
    )
    return found


def _distinct(
    evaluator: Evaluator, universe: Universe, look: typed.Look, level: Level, rows: Int64s
) -> tuple[Int64s, Bools]:
    """Count different patients, facilities or days."""
    gathered = _gather(evaluator, universe, look, level, rows, _with_day(look, look.keys))
    gathered = _in_month(universe, look, level, rows, gathered)
    values, given = universe.column(_DISTINCT[look.subject]).at(gathered.claims)
    span = int(np.abs(values).max(initial=0)) + 1
    pairs = np.unique((gathered.code * span * 2 + values + span)[given])
    totals = np.bincount(pairs // (span * 2), minlength=gathered.codes).astype(np.int64)
    found = totals[np.maximum(gathered.asking, 0)]
    return np.where(gathered.asking >= 0, found, 0), np.ones(len(rows), np.bool_)


def nearest(
    evaluator: Evaluator, universe: Universe, look: typed.Look, level: Level, rows: Int64s
) -> tuple[Int64s, Bools]:
    """Give the days since the last other claim that is looked at; missing where there is none."""
    gathered = _gather(evaluator, universe, look, level, rows, look.keys)
    claims = _claims_asking(universe, level, rows)
    dates, given = universe.column(_DATE.path).at(gathered.claims)
    here, here_given = universe.column(_DATE.path).at(claims)
    asking = np.maximum(gathered.asking, 0)
    ones = given.astype(np.int64)
    same_day = _between(gathered.code[given], dates[given], ones[given], asking, here, here)
    same_day -= _own(gathered, ones, claims)
    lowest = int(dates.min(initial=0)) - 1
    span = max(int(dates.max(initial=0)), int(here.max(initial=0))) - lowest + 2
    key = np.sort((gathered.code * span + dates - lowest)[given])
    place = np.searchsorted(key, asking * span + np.maximum(here - lowest, 0), "left") - 1
    last = key[np.maximum(place, 0)] if len(key) else np.full(len(rows), -1)
    known = (place >= 0) & (last // span == asking)
    since = np.where(same_day > 0, 0, here - (last % span + lowest))
    found = (known | (same_day > 0)) & here_given & (gathered.asking >= 0)
    if look.window[0] == "before":
        found &= since <= look.window[1]
    return np.where(found, since, 0), found


def shares(
    evaluator: Evaluator, universe: Universe, look: typed.Look, level: Level, rows: Int64s
) -> tuple[Int64s, Bools]:
    """Give the share of rows of which something is true, in hundredths of a percent, rounded down."""
    gathered = _gather(evaluator, universe, look, level, rows, _with_day(look, look.keys))
    gathered = _in_month(universe, look, level, rows, gathered)
    holds = evaluator.truth(look.measure, _level_of(look), gathered.rows)
    everything = np.bincount(gathered.code, minlength=gathered.codes).astype(np.int64)
    such = np.bincount(gathered.code[holds], minlength=gathered.codes).astype(np.int64)
    asking = np.maximum(gathered.asking, 0)
    enough = (gathered.asking >= 0) & (everything[asking] >= max(1, look.at_least))
    return np.where(enough, such[asking] * 10_000 // np.maximum(1, everything[asking]), 0), enough


def ranked(
    evaluator: Evaluator, universe: Universe, look: typed.Look, level: Level, rows: Int64s
) -> tuple[Int64s, Bools]:
    """Give a percentile, the median (``typical``) or the mean (``average``, rounded) of a measure."""
    gathered = _gather(evaluator, universe, look, level, rows, _with_day(look, look.keys))
    gathered = _in_month(universe, look, level, rows, gathered)
    values, given = evaluator.value(look.measure, _level_of(look), gathered.rows)
    code, values = gathered.code[given], values[given]
    counts = np.bincount(code, minlength=gathered.codes).astype(np.int64)
    asking = np.maximum(gathered.asking, 0)
    enough = (gathered.asking >= 0) & (counts[asking] >= max(1, look.at_least))
    if look.function == "average":
        totals = np.zeros(gathered.codes, np.int64)
        np.add.at(totals, code, values)
        found = (2 * totals + counts) // np.maximum(1, 2 * counts)
        return np.where(enough, found[asking], 0), enough
    order = np.lexsort((values, code))
    first = np.concatenate(([0], np.cumsum(counts)))
    rank = 50 if look.function == "typical" else (look.rank or 50)
    place = first[:-1] + np.maximum(0, -(-rank * counts // 100) - 1)
    values = np.append(values[order], 0)
    found = values[np.minimum(place, len(values) - 1)]
    return np.where(enough, found[asking], 0), enough
