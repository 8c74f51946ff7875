"""Where a rule begins: the rows that have one of the codes that it asks for, instead of all rows.

Most rules ask for a few provisions or diagnoses before anything else, and those are found in an index.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.rulebook import typed
from adjudicator.rulebook.codes import CodeSet
from adjudicator.rulebook.fields import Field, Level, Type
from adjudicator.rulebook.universe import Universe

Int64s = npt.NDArray[np.int64]

WORTH: Final = 3
"""Rows are taken from the index where they are less than one in so many."""


def beginning(condition: typed.Condition, level: Level, universe: Universe, worth: int = WORTH) -> Int64s:
    """Give the rows of now that a condition can be true of, rising; it is still to be asked about them.

    Args:
        condition: of a rule.
        level: whether rows are claims or lines.
        universe: the claims.
        worth: the index is used where it leaves less than one row in so many; decides nothing but the time.
    """
    of_lines = level is Level.LINE
    everything = universe.current_lines if of_lines else universe.current_claims
    fewest = len(everything) // worth
    best: list[tuple[str, Level, Int64s]] | None = None
    for field, codes in _asked_for(condition):
        found = [
            (path, field.level, np.flatnonzero(codes.among(universe.column(path).texts or ())))
            for path in universe.paths(field)
        ]
        count = sum(universe.count_with(path, of, of_lines, wanted) for path, of, wanted in found)
        if count < fewest:
            best, fewest = found, count
    if best is None:
        return everything
    found_rows = [universe.rows_with(path, of, of_lines, wanted) for path, of, wanted in best]
    rows = np.unique(np.concatenate([np.zeros(0, np.int64), *found_rows]))
    claims = universe.claim_of_line[rows] if of_lines else rows
    found_now: Int64s = rows[universe.current[claims]]
    return found_now


def _asked_for(condition: typed.Condition) -> Iterator[tuple[Field, CodeSet]]:
    """Name the fields whose code must be in a set for a condition to be true."""
    match condition:
        case typed.Both():
            for part in condition.parts:
                yield from _asked_for(part)
        case typed.Among(inside=True, items=CodeSet() as items):
            yield condition.value.field, items
        case typed.Compare(sign="="):
            for side, other in ((condition.left, condition.right), (condition.right, condition.left)):
                if (
                    isinstance(side, typed.FieldOf)
                    and isinstance(other, typed.Const)
                    and side.type is Type.TEXT
                ):
                    yield side.field, CodeSet(frozenset((str(other.value),)))
