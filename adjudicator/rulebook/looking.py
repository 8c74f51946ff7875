"""What a look sees: the claims or lines that share its keys with some who ask, block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.compiled import compiled
from adjudicator.rulebook import typed
from adjudicator.rulebook.answering import Answering
from adjudicator.rulebook.coding import Coding, coding
from adjudicator.rulebook.fields import Field, Level
from adjudicator.rulebook.universe import Askers, Rows, Universe

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_BLOCK: Final = 1 << 18
"""So many claims are gone through at a time: what is made of them stays small, however many there are."""

_ANY: Final = 1 << 62
"""No measure is larger."""


@dataclass(frozen=True)
class Looking:
    """A look with its keys, ready to be answered."""

    evaluator: Answering
    universe: Universe
    look: typed.Look
    keys: tuple[Field, ...]

    @property
    def askers(self) -> Askers:
        """The claims that ask."""
        return self.evaluator.askers

    @property
    def subject(self) -> Level:
        """Whether claims or lines are looked at."""
        return Level.LINE if self.look.of_lines else Level.CLAIM

    @cached_property
    def coding(self) -> Coding:
        """The codes of the keys of those who ask."""
        return coding(self.universe, self.askers, self.keys)

    def claims_of(self, level: Level, rows: Rows) -> Int64s:
        """Give the claim of each row of a level."""
        claims = self.universe.claim_of_line[rows] if level is Level.LINE else rows
        return claims.astype(np.int64, copy=False)

    def seen(self, days: tuple[int, int] | None = None) -> Iterator[tuple[Int32s, Int32s]]:
        """Give the rows that somebody who asks sees, and their codes, block by block.

        Args:
            days: the first and the last target day of what is looked at; of all days when left out.
        """
        for begin in range(0, self.universe.claims, _BLOCK):
            end = min(begin + _BLOCK, self.universe.claims)
            if days is None:
                claims = np.arange(begin, end, dtype=np.int32)
            else:
                claims = self.universe.claims_between(begin, end, *days)
            if len(claims):
                yield self._seen_of(claims)

    def _seen_of(self, claims: Int32s) -> tuple[Int32s, Int32s]:
        rows, codes = self.coding.claims(claims)
        rows, codes = self._that(Level.CLAIM, rows, codes)
        if self.look.of_lines:
            rows, codes = self.coding.lines(rows, codes)
            rows, codes = self._that(Level.LINE, rows, codes)
        return rows, codes

    @cached_property
    def _conditions(self) -> tuple[typed.Condition, ...]:
        return _conjuncts(self.look.where)

    def _that(self, level: Level, rows: Int32s, codes: Int32s) -> tuple[Int32s, Int32s]:
        """Keep what the conditions of a level hold of."""
        for part in self._conditions:
            if part.level is level:
                held = self.evaluator.truth(part, level, rows)
                rows, codes = rows[held], codes[held]
        return rows, codes

    def measured(self, rows: Rows) -> tuple[Int64s, Bools]:
        """Give the measure of rows that are looked at, and where there is one."""
        return self.evaluator.value(self.look.measure, self.subject, rows)

    @property
    def span_of_measure(self) -> tuple[int, int]:
        """The least and the largest that the measure can be."""
        measure = self.look.measure
        if isinstance(measure, typed.FieldOf):
            return self.universe.column(measure.field.path).span
        return -_ANY, _ANY

    def own(self, level: Level, rows: Rows, codes: Int32s, place: Field | None) -> Int64s:
        """Count what the claim that asks has itself among what it sees, or add up its measure.

        Args:
            level: of the rows that ask.
            rows: (n,): these.
            codes: (n,): their codes.
            place: the day without which nothing is seen; None where time plays no part.
        """
        if self.subject is Level.CLAIM:
            own = self.claims_of(level, rows)
            first = np.arange(len(own) + 1)
            whose = first[:-1]
        elif level is Level.LINE:
            claims, whose = self.universe.claims_of(rows)
            own, of_claim = self.universe.lines_of(claims)
            first = _bounds_of(of_claim, len(claims))
        else:
            own, of_claim = self.universe.lines_of(rows)
            first, whose = _bounds_of(of_claim, len(rows)), np.arange(len(rows))
        of_own = self.coding.codes(self.subject, own)
        return _own_of(codes, whose, first, of_own, self._weights(own, place))

    def _weights(self, own: Int64s, place: Field | None) -> Int64s:
        """Give what each of some rows counts where it is seen; 0 where it is not looked at."""
        weights = np.ones(len(own), np.int64)
        if place is not None:
            _, given = self.universe.values(place, self.subject, own)
            weights[~given] = 0
        if self.look.where is not None:
            weights[~self.evaluator.truth(self.look.where, self.subject, own)] = 0
        if self.look.function == "sum":
            values, known = self.measured(own)
            weights = np.where(known & (weights > 0), values, 0)
        return weights


def _conjuncts(where: typed.Condition | None) -> tuple[typed.Condition, ...]:
    """Take a condition apart into what must all hold."""
    if where is None:
        return ()
    if not isinstance(where, typed.Both):
        return (where,)
    return tuple(part for one in where.parts for part in _conjuncts(one))


def _bounds_of(of_claim: Sequence[int] | Int64s, count: int) -> Int64s:
    return np.concatenate(([0], np.cumsum(np.bincount(of_claim, minlength=count))))


@compiled
def _own_of(
    codes: npt.NDArray[np.int32],
    whose: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    of_own: npt.NDArray[np.int32],
    weights: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Add up, for each row that asks, what its claim's own rows of the same code weigh."""
    found = np.zeros(len(codes), np.int64)
    for row in range(len(codes)):
        if codes[row] < 0:
            continue
        for own in range(first[whose[row]], first[whose[row] + 1]):
            if of_own[own] == codes[row]:
                found[row] += weights[own]
    return found
