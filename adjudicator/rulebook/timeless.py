"""Looks in which time plays no part: what they say is the same for all who have the same code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.compiled import compiled
from adjudicator.rulebook.answering import LARGEST
from adjudicator.rulebook.fields import Level
from adjudicator.rulebook.looking import Looking
from adjudicator.rulebook.sorting import Pairs
from adjudicator.rulebook.universe import Rows

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

DIFFERENT: Final = {"patients": "claim.insuree", "facilities": "claim.facility", "days": "claim.target_date"}
"""What is different of the different ones that a look counts."""


@dataclass(frozen=True)
class Totals:
    """What a timeless look says, by code."""

    values: Int64s
    """(codes + 1,): the last stands for what has no code."""
    given: Bools
    """(codes + 1,)."""
    odd: Bools | None = None
    """(codes + 1,): where what is added up is too large; None: nowhere."""


def told(looking: Looking, level: Level, rows: Rows, codes: Int32s) -> tuple[Int64s, Bools]:
    """Give what a look says of rows that ask, and where it says anything.

    Args:
        looking: the look.
        level: of the rows.
        rows: (n,).
        codes: (n,): their codes.
    """
    totals = _totals(looking)
    if totals.odd is not None:
        looking.evaluator.note_odd(level, rows[totals.odd[codes]])
    return totals.values[codes], totals.given[codes]


def _totals(looking: Looking) -> Totals:
    """Take what a look says as it was found for another rule, or find it."""
    look = looking.look
    of_one = (look.function, look.subject, look.measure, look.rank, look.at_least, look.where)
    name = ("totals", looking.askers.name, frozenset(looking.keys), of_one)
    found = looking.universe.cache.get(name)
    if not isinstance(found, Totals):
        found = _found(looking)
        looking.universe.remember(name, found)
    return found


def _found(looking: Looking) -> Totals:
    look = looking.look
    if look.subject in DIFFERENT:
        return _everywhere(_different(looking))
    match look.function:
        case "count" | "exists" | "absent":
            return _everywhere(_counted(looking))
        case "sum":
            totals, sizes, _ = _added(looking)
            odd = np.append(sizes >= LARGEST, False)
            values = np.where(odd, 0, np.append(totals, 0))
            return Totals(values, np.ones(len(odd), np.bool_), odd if odd.any() else None)
        case "average":
            totals, sizes, seen = _added(looking)
            told = _enough((2 * totals + seen) // np.maximum(1, 2 * seen), seen, look.at_least)
            odd = np.append(2 * sizes >= LARGEST, False) & told.given
            return Totals(told.values, told.given & ~odd, odd) if odd.any() else told
        case "share":
            return _share(looking)
        case _:
            return _ranked(looking)


def _counted(looking: Looking) -> Int64s:
    found = np.zeros(looking.coding.count, np.int64)
    for _, codes in looking.seen():
        _count(found, codes)
    return found


def _added(looking: Looking) -> tuple[Int64s, Floats, Int64s]:
    """Give by code the sum of a measure; its size as a float, which never overflows; and of how many."""
    count = looking.coding.count
    totals, sizes, seen = np.zeros(count, np.int64), np.zeros(count), np.zeros(count, np.int64)
    for rows, codes in looking.seen():
        values, known = looking.measured(rows)
        _add(totals, sizes, codes[known], values[known])
        _count(seen, codes[known])
    return totals, sizes, seen


def _share(looking: Looking) -> Totals:
    """Give the share of rows of which something is true, in hundredths of a percent, rounded down."""
    such, seen = np.zeros(looking.coding.count, np.int64), np.zeros(looking.coding.count, np.int64)
    for rows, codes in looking.seen():
        _count(seen, codes)
        _count(such, codes[looking.evaluator.truth(looking.look.measure, looking.subject, rows)])
    return _enough(such * 10_000 // np.maximum(1, seen), seen, looking.look.at_least)


def _ranked(looking: Looking) -> Totals:
    """Give a percentile, or the median (``typical``)."""
    look = looking.look
    rank = 50 if look.function == "typical" else (look.rank or 50)
    pairs = Pairs(looking.coding.count, looking.span_of_measure)
    seen = np.zeros(looking.coding.count, np.int64)
    for rows, codes in looking.seen():
        values, known = looking.measured(rows)
        pairs.add(codes[known], values[known])
        _count(seen, codes[known])
    first = np.cumsum(seen) - seen
    place = first + np.maximum(0, -(-rank * seen // 100) - 1)
    values = pairs.in_order()
    if not len(values):
        return _enough(seen, seen, look.at_least)
    found = values[np.minimum(place, len(values) - 1)].astype(np.int64)
    return _enough(found, seen, look.at_least)


def _different(looking: Looking) -> Int64s:
    """Count different patients, facilities or days."""
    column = looking.universe.column(DIFFERENT[looking.look.subject])
    pairs = Pairs(looking.coding.count, column.span)
    for rows, codes in looking.seen():
        values, given = column.at(looking.claims_of(looking.subject, rows))
        pairs.add(codes[given], values[given], once=True)
    return pairs.different()


def _everywhere(values: Int64s) -> Totals:
    return Totals(np.append(values, 0), np.ones(len(values) + 1, np.bool_))


def _enough(values: Int64s, seen: Int64s, at_least: int) -> Totals:
    """Leave out what too few rows say."""
    enough = seen >= max(1, at_least)
    return Totals(np.append(np.where(enough, values, 0), 0), np.append(enough, False))


@compiled
def _count(found: Int64s, codes: Int32s) -> None:
    for code in codes:
        found[code] += 1


@compiled
def _add(found: Int64s, sizes: Floats, codes: Int32s, weights: Int64s) -> None:
    for row in range(len(codes)):
        found[codes[row]] += weights[row]
        sizes[codes[row]] += abs(float(weights[row]))
