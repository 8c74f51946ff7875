"""Looks at other claims and lines: how often, how much, since when, which share, which rank.

Rows that share their keys have the same code (:mod:`adjudicator.rulebook.coding`). Where time plays no part,
what a look says is found once for each code; else the rows of a code stand in the order of time, and a
window is two searches among them. Both are kept for other rules that look at the same.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adjudicator.rulebook import timeless, typed
from adjudicator.rulebook.answering import Answering
from adjudicator.rulebook.fields import FIELDS, MONTH, Level
from adjudicator.rulebook.looking import Looking
from adjudicator.rulebook.universe import TARGET_DATE, Rows, Universe
from adjudicator.rulebook.windows import windows

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_FACILITY: Final = FIELDS["claim.facility"]
_FROM: Final = FIELDS["claim.date_from"]

_HORIZONS: Final = (7, 31, 92, 183, 366)
"""Looks that go about as far back share what they put in order."""

_NEVER: Final = 1 << 40
"""Beyond any day."""


def answer(
    evaluator: Answering, universe: Universe, look: typed.Look, level: Level, rows: Rows
) -> tuple[Int64s, Bools]:
    """Give what a look says of some rows, and where it says anything.

    Args:
        evaluator: answers the conditions on what is looked at, and its measures.
        universe: the claims.
        look: the look.
        level: of the rows; that of the look.
        rows: (n,): claims, or lines, of those who ask.
    """
    name = ("answer", evaluator.askers.name, look)
    kept = universe.cache.get(name)
    places = evaluator.askers.places(level, rows)
    if kept is not None and places is not None:
        values, known = kept
        return values[places], known[places]
    odd = evaluator.odd_so_far
    answered = _answered(evaluator, universe, look, level, rows)
    everybody = evaluator.askers.lines if level is Level.LINE else evaluator.askers.claims
    # What all were told is kept for other rules, unless something was odd, of which each rule has to tell.
    if places is not None and evaluator.odd_so_far == odd and np.array_equal(rows, everybody):
        universe.remember(name, answered)
    return answered


def _answered(
    evaluator: Answering, universe: Universe, look: typed.Look, level: Level, rows: Rows
) -> tuple[Int64s, Bools]:
    if look.function == "days_since":
        return _since(Looking(evaluator, universe, look, look.keys), level, rows)
    keys = (*look.keys, TARGET_DATE) if look.window[0] == "same_day" else look.keys
    keys = (*keys, MONTH) if look.window[0] == "same_month" else keys
    found, given = _told(Looking(evaluator, universe, look, keys), level, rows)
    if look.other_facility:
        here, _ = _told(Looking(evaluator, universe, look, (*keys, _FACILITY)), level, rows)
        found = found - here
    return found, given


def _told(looking: Looking, level: Level, rows: Rows) -> tuple[Int64s, Bools]:
    """Give what is counted, added up or ranked."""
    kind = looking.look.window[0]
    codes = looking.coding.codes(level, rows)
    given: Bools = np.ones(len(rows), np.bool_)
    place = None
    match kind:
        case "ever" | "same_day" | "same_month":
            found, given = timeless.told(looking, level, rows, codes)
        case "filed_earlier":
            seen = windows(looking, None)
            end = seen.up_to(codes, looking.universe.order[looking.claims_of(level, rows)] - 1)
            # Nobody is filed before himself.
            return seen.between(looking, level, rows, codes, seen.begin(codes), end), given
        case "overlapping":
            found, codes = _overlapping(looking, level, rows, codes)
            place = _FROM
        case _:
            found, codes = _within_days(looking, level, rows, codes)
            place = TARGET_DATE
    if not looking.look.own:
        found = found - looking.own(level, rows, codes, place)
    return found, given


def _within_days(looking: Looking, level: Level, rows: Rows, codes: Int32s) -> tuple[Int64s, Int32s]:
    """Count so many days before, after, or around."""
    kind, days = looking.look.window
    here, known = looking.universe.column(TARGET_DATE.path).at(looking.claims_of(level, rows))
    # A claim without a day sees nothing, not even itself.
    codes = np.where(known, codes, -1).astype(np.int32)
    low = here - days if kind in ("before", "around") else here
    high = here + days if kind in ("after", "around") else here
    seen = windows(looking, TARGET_DATE, _horizon(looking, kind, days))
    begin, end = seen.up_to_both(codes, low - 1, high)
    return seen.between(looking, level, rows, codes, begin, end), codes


def _overlapping(looking: Looking, level: Level, rows: Rows, codes: Int32s) -> tuple[Int64s, Int32s]:
    """Add up stays that share a day: begun by my last day, less those that ended before my first."""
    claims = looking.claims_of(level, rows)
    (begun, begun_given), (ended, ended_given) = (
        looking.universe.column(field.path).at(claims) for field in (_FROM, TARGET_DATE)
    )
    codes = np.where(begun_given & ended_given, codes, -1).astype(np.int32)
    # Who ended before anybody who asks began shares no day with them.
    days = (_days_asked(looking)[0], _NEVER)
    by_begin, by_end = windows(looking, _FROM, days), windows(_stays(looking), TARGET_DATE, days)
    total = by_begin.between(looking, level, rows, codes, by_begin.begin(codes), by_begin.up_to(codes, ended))
    gone = by_end.between(looking, level, rows, codes, by_end.begin(codes), by_end.up_to(codes, begun - 1))
    return total - gone, codes


def _stays(looking: Looking) -> Looking:
    """Look the same way at what has a beginning: other claims have not ended before anything either."""
    given = typed.IsGiven(_FROM.level, typed.FieldOf(_FROM.type, _FROM.level, _FROM), True)
    where = looking.look.where
    both = given if where is None else typed.Both(where.level, (where, given))
    return Looking(looking.evaluator, looking.universe, typed.looking_where(looking.look, both), looking.keys)


def _since(looking: Looking, level: Level, rows: Rows) -> tuple[Int64s, Bools]:
    """Give the days since the last other claim that is looked at; missing where there is none."""
    kind, days = looking.look.window
    here, given = looking.universe.column(TARGET_DATE.path).at(looking.claims_of(level, rows))
    codes = np.where(given, looking.coding.codes(level, rows), -1).astype(np.int32)
    seen = windows(looking, TARGET_DATE, _horizon(looking, kind, days) if kind == "before" else None)
    before, until = seen.up_to_both(codes, here - 1, here)
    same_day = until - before - looking.own(level, rows, codes, TARGET_DATE) > 0
    known = before > seen.begin(codes)
    since = np.zeros(len(rows), np.int64)
    since[known] = here[known] - seen.places[before[known] - 1]
    since[same_day] = 0
    found = (known | same_day) & (codes >= 0)
    if kind == "before":
        found &= since <= days
    return np.where(found, since, 0), found


def _horizon(looking: Looking, kind: str, days: int) -> tuple[int, int]:
    """Give the first and the last day that any who ask can see, rounded so that others see as far."""
    first, last = _days_asked(looking)
    reach = next((one for one in _HORIZONS if one >= days), days)
    return (
        first - reach if kind in ("before", "around") else first,
        last + reach if kind in ("after", "around") else last,
    )


def _days_asked(looking: Looking) -> tuple[int, int]:
    """Give the first day on which a claim that asks began or ended, and the last."""
    name = ("days asked", looking.askers.name)
    found: Any = looking.universe.cache.get(name)
    if found is None:
        days = []
        for field in (TARGET_DATE, _FROM):
            values, given = looking.universe.column(field.path).at(looking.askers.claims)
            days.append(values[given])
        both = np.concatenate(days)
        found = (int(both.min(initial=_NEVER)), int(both.max(initial=-_NEVER)))
        looking.universe.remember(name, found)
    first, last = found
    return first, last
