"""Rules over millions of lines at once: conditions as masks, values as columns.

Only rows that may still fire are asked further: the cheap parts of a condition come first, and looks at
other claims are computed for what is left, from the claims that share their keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.rulebook import typed
from adjudicator.rulebook.codes import CodeSet, DaySet
from adjudicator.rulebook.fields import Field, Level, Type
from adjudicator.rulebook.looks import counted, nearest, ranked, shares
from adjudicator.rulebook.universe import Column, Universe
from adjudicator.units import year_month_day

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_LARGEST: Final = float(1 << 62)
"""Products from here on are not trusted to fit."""

_COMPARED: Final = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


class Evaluator:
    """Answers conditions and values of a universe."""

    def __init__(self, universe: Universe) -> None:
        self._universe = universe
        self._sets: dict[tuple[str, int], Bools] = {}
        self._odd: list[Int64s] = []

    def take_odd(self) -> Int64s:
        """Give the claims about which something could not be computed since last time, and forget them."""
        found = np.unique(np.concatenate([np.zeros(0, np.int64), *self._odd]))
        self._odd = []
        return found

    def note_odd(self, level: Level, rows: Int64s) -> None:
        """Note rows whose amounts are too large to be computed with."""
        if len(rows):
            self._odd.append(self._universe.claim_of_line[rows] if level is Level.LINE else rows)

    def texts(self, field: Field) -> Sequence[str | None]:
        """Give the texts that the values of a text field stand for."""
        return self._universe.column(field.path).texts or ()

    def truth(self, condition: typed.Condition, level: Level, rows: Int64s) -> Bools:
        """Tell of some rows whether a condition holds.

        Args:
            condition: typed.
            level: whether the rows are claims or lines.
            rows: (n,).
        """
        if level is Level.LINE and condition.level is Level.CLAIM and cost(condition)[0]:
            claims, place = self._universe.claims_of(rows)
            return self.truth(condition, Level.CLAIM, claims)[place]
        match condition:
            case typed.Both():
                return self._all(condition.parts, level, rows)
            case typed.Either():
                return self._any(condition.parts, level, rows)
            case typed.Compare():
                return self._compare(condition, level, rows)
            case typed.Among():
                return self._among(condition, level, rows)
            case typed.IsGiven():
                _, given = self.value(condition.value, level, rows)
                return given if condition.given else ~given
            case typed.Truth():
                values, given = self.value(condition.value, level, rows)
                held: Bools = given & ((values != 0) == condition.wanted)
                return held
        raise TypeError(condition)

    def _all(self, parts: tuple[typed.Condition, ...], level: Level, rows: Int64s) -> Bools:
        left = np.arange(len(rows))
        for part in sorted(parts, key=cost):
            left = left[self.truth(part, level, rows[left])]
        held = np.zeros(len(rows), np.bool_)
        held[left] = True
        return held

    def _any(self, parts: tuple[typed.Condition, ...], level: Level, rows: Int64s) -> Bools:
        held = np.zeros(len(rows), np.bool_)
        left = np.arange(len(rows))
        for part in sorted(parts, key=cost):
            found = self.truth(part, level, rows[left])
            held[left[found]] = True
            left = left[~found]
        return held

    def _compare(self, condition: typed.Compare, level: Level, rows: Int64s) -> Bools:
        left, right = condition.left, condition.right
        if left.type is Type.TEXT:
            return self._same_text(condition, level, rows)
        (values, given), (others, others_given) = (self.value(side, level, rows) for side in (left, right))
        held: Bools = _COMPARED[condition.sign](values, others) & given & others_given
        return held

    def _same_text(self, condition: typed.Compare, level: Level, rows: Int64s) -> Bools:
        left, right = condition.left, condition.right
        if isinstance(left, typed.Const):
            left, right = right, left
        assert isinstance(left, typed.FieldOf)
        if isinstance(right, typed.Const):
            found = typed.Among(
                condition.level, left, CodeSet(frozenset((str(right.value),))), condition.sign == "="
            )
            return self._among(found, level, rows)
        assert isinstance(right, typed.FieldOf)
        values, given = self._universe.values(left.field, level, rows)
        others, others_given = self._universe.values(right.field, level, rows)
        held: Bools = _COMPARED[condition.sign](values, others) & given & others_given
        return held

    def _among(self, condition: typed.Among, level: Level, rows: Int64s) -> Bools:
        field = condition.value.field
        if field.several:
            if level is Level.LINE:
                rows = self._universe.claim_of_line[rows]
            found = np.zeros(len(rows), np.bool_)
            any_given = np.zeros(len(rows), np.bool_)
            for place, column in enumerate(self._universe.several(field.path)):
                values, given = column.at(rows)
                found |= given & self._member(f"{field.path}/{place}", column, condition, values)
                any_given |= given
            return found if condition.inside else any_given & ~found
        values, given = self._universe.values(field, level, rows)
        member = self._member(field.path, self._universe.column(field.path), condition, values)
        held: Bools = given & (member == condition.inside)
        return held

    def _member(self, path: str, column: Column, condition: typed.Among, values: Int64s) -> Bools:
        items = condition.items
        if isinstance(items, CodeSet):
            key = (path, id(items))
            if key not in self._sets:
                self._sets[key] = np.append(items.among(column.texts or ()), False)
            return self._sets[key][values]
        if isinstance(items, DaySet):
            held = np.isin(values, np.array(sorted(items.days), np.int64))
            if items.yearly:
                distinct, place = np.unique(values, return_inverse=True)
                yearly = [year_month_day(int(day))[1:] in items.yearly for day in distinct]
                held |= np.array(yearly, np.bool_)[place]
            return held
        return np.isin(values, np.array(sorted(items), np.int64))

    def value(self, value: typed.Value, level: Level, rows: Int64s) -> tuple[Int64s, Bools]:
        """Give a value for some rows, and where there is one."""
        match value:
            case typed.Const():
                assert isinstance(value.value, int)
                return np.full(len(rows), value.value, np.int64), np.ones(len(rows), np.bool_)
            case typed.FieldOf():
                return self._universe.values(value.field, level, rows)
            case typed.Sum():
                (left, given), (right, right_given) = (
                    self.value(side, level, rows) for side in (value.left, value.right)
                )
                return left - right if value.minus else left + right, given & right_given
            case typed.Product():
                (left, given), (right, right_given) = (
                    self.value(side, level, rows) for side in (value.left, value.right)
                )
                countable = np.abs(left.astype(float)) * np.abs(right.astype(float)) < _LARGEST
                self.note_odd(level, rows[given & right_given & ~countable])
                with np.errstate(over="ignore"):
                    product = rounded(left * right, value.scale)
                return product, given & right_given & countable
            case typed.Look() | typed.Peers():
                if level is Level.LINE and value.level is Level.CLAIM:
                    claims, place = self._universe.claims_of(rows)
                    values, given = self.value(value, Level.CLAIM, claims)
                    return values[place], given[place]
                return (
                    self._look(value, level, rows)
                    if isinstance(value, typed.Look)
                    else self._peers(value, rows)
                )
        raise TypeError(value)

    def _look(self, look: typed.Look, level: Level, rows: Int64s) -> tuple[Int64s, Bools]:
        match look.function:
            case "count" | "exists" | "absent" | "sum":
                return counted(self, self._universe, look, level, rows)
            case "days_since":
                return nearest(self, self._universe, look, level, rows)
            case "share":
                return shares(self, self._universe, look, level, rows)
            case _:
                return ranked(self, self._universe, look, level, rows)

    def _peers(self, peers: typed.Peers, rows: Int64s) -> tuple[Int64s, Bools]:
        """Look at one claim of each peer, and rank what is seen among the peers of the same kind."""
        universe = self._universe
        everyone = np.arange(universe.claims, dtype=np.int64)
        by, by_given = universe.values(peers.by, Level.CLAIM, everyone)
        kind, kind_given = universe.values(peers.among, Level.CLAIM, everyone)
        known = everyone[by_given & kind_given]
        _, first = np.unique(by[known], return_index=True)
        ones = known[first]
        values, given = self._look(peers.look, Level.CLAIM, ones)
        values, of_kind = values[given], kind[ones][given]
        own, own_given = universe.values(peers.among, Level.CLAIM, rows)
        found = np.zeros(len(rows), np.int64)
        known_kind = np.zeros(len(rows), np.bool_)
        for one in np.unique(of_kind):
            among = np.sort(values[of_kind == one])
            here = own_given & (own == one)
            found[here] = among[nearest_rank(peers.rank, len(among))]
            known_kind |= here
        return found, known_kind


def nearest_rank(percentile: int, count: int) -> int:
    """Give the place of a percentile among sorted values, by the nearest rank."""
    return max(0, -(-percentile * count // 100) - 1)


def rounded(product: Int64s, scale: int) -> Int64s:
    """Divide by a scale, half away from zero."""
    if scale == 1:
        return product
    half = scale // 2
    result: Int64s = np.where(product >= 0, (product + half) // scale, -((-product + half) // scale))
    return result


def cost(part: typed.Condition | typed.Value) -> tuple[int, int]:
    """Tell what a part costs: how many looks, and how many products; parts that cost less are asked first."""
    match part:
        case typed.Look() | typed.Peers():
            return 1, 0
        case typed.Both() | typed.Either():
            parts: tuple[typed.Condition | typed.Value, ...] = part.parts
        case typed.Compare() | typed.Sum() | typed.Product():
            parts = (part.left, part.right)
        case typed.IsGiven():
            parts = (part.value,)
        case _:
            return 0, 0
    costs = [cost(one) for one in parts]
    products = sum(one[1] for one in costs) + isinstance(part, typed.Product)
    return sum(one[0] for one in costs), products
