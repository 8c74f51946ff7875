"""Rules over millions of lines at once: conditions as masks, values as columns.

Only rows that may still fire are asked further: the cheap parts of a condition come first, and looks at
other claims are computed for what is left, from the claims that share their keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adjudicator.compiled import compiled
from adjudicator.rulebook import typed
from adjudicator.rulebook.answering import LARGEST
from adjudicator.rulebook.codes import CodeSet, DaySet
from adjudicator.rulebook.fields import Field, Level, Type
from adjudicator.rulebook.looks import answer
from adjudicator.rulebook.universe import Askers, Column, Rows, Universe
from adjudicator.units import year_month_day

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_SPARE: Final = 4
_FEW: Final = 1 << 20
"""A table may have so many places for a value, and so many more."""

_COMPARED: Final = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


class Evaluator:
    """Answers conditions and values of a universe.

    Args:
        universe: the claims.
        askers: the claims that looks may be asked for; those that are decided now when left out.
    """

    def __init__(self, universe: Universe, askers: Askers | None = None) -> None:
        self._universe = universe
        self.askers = universe.now if askers is None else askers
        self._sets: dict[tuple[str, int], Bools] = {}
        self._odd: list[Int64s] = []

    @property
    def odd_so_far(self) -> int:
        """How often something could not be computed since last time."""
        return len(self._odd)

    def take_odd(self) -> Int64s:
        """Give the claims about which something could not be computed since last time, and forget them."""
        found = np.unique(np.concatenate([np.zeros(0, np.int64), *self._odd]))
        self._odd = []
        return found

    def note_odd(self, level: Level, rows: Rows) -> None:
        """Note rows whose amounts are too large to be computed with."""
        if len(rows):
            claims = self._universe.claim_of_line[rows] if level is Level.LINE else rows
            self._odd.append(claims.astype(np.int64))

    def texts(self, field: Field) -> Sequence[str | None]:
        """Give the texts that the values of a text field stand for."""
        return self._universe.column(field.path).texts or ()

    def all_texts(self, field: Field, level: Level, rows: Rows) -> list[list[str]]:
        """Give for some rows all texts that their claims have of a field that there may be several of."""
        if level is Level.LINE:
            rows = self._universe.claim_of_line[rows]
        found: list[list[str]] = [[] for _ in rows]
        for column in self._universe.several(field.path):
            values, given = column.at(rows)
            for place in np.flatnonzero(given).tolist():
                found[place].append(str((column.texts or ())[int(values[place])]))
        return found

    def truth(self, condition: typed.Condition, level: Level, rows: Rows) -> Bools:
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
            case typed.IsGiven(value=typed.FieldOf() as asked) if asked.field.several:
                any_given = self._any_given(asked.field, level, rows)
                return any_given if condition.given else ~any_given
            case typed.IsGiven():
                _, given = self.value(condition.value, level, rows)
                return given if condition.given else ~given
            case typed.Truth():
                values, given = self.value(condition.value, level, rows)
                held: Bools = given & ((values != 0) == condition.wanted)
                return held
        raise TypeError(condition)

    def _all(self, parts: tuple[typed.Condition, ...], level: Level, rows: Rows) -> Bools:
        first, *others = sorted(parts, key=cost)
        held = self.truth(first, level, rows)
        left = np.flatnonzero(held)
        for part in others:
            still = self.truth(part, level, rows[left])
            held[left[~still]] = False
            left = left[still]
        return held

    def _any(self, parts: tuple[typed.Condition, ...], level: Level, rows: Rows) -> Bools:
        held = np.zeros(len(rows), np.bool_)
        left = np.arange(len(rows))
        for part in sorted(parts, key=cost):
            found = self.truth(part, level, rows[left])
            held[left[found]] = True
            left = left[~found]
        return held

    def _compare(self, condition: typed.Compare, level: Level, rows: Rows) -> Bools:
        left, right = condition.left, condition.right
        if left.type is Type.TEXT:
            return self._same_text(condition, level, rows)
        (values, given), (others, others_given) = (self.value(side, level, rows) for side in (left, right))
        held: Bools = _COMPARED[condition.sign](values, others) & given & others_given
        return held

    def _same_text(self, condition: typed.Compare, level: Level, rows: Rows) -> Bools:
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

    def _among(self, condition: typed.Among, level: Level, rows: Rows) -> Bools:
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

    def _any_given(self, field: Field, level: Level, rows: Rows) -> Bools:
        if level is Level.LINE:
            rows = self._universe.claim_of_line[rows]
        given = np.zeros(len(rows), np.bool_)
        for column in self._universe.several(field.path):
            given |= column.at(rows)[1]
        return given

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

    def value(self, value: typed.Value, level: Level, rows: Rows) -> tuple[Int64s, Bools]:
        """Give a value for some rows, and where there is one."""
        match value:
            case typed.Const():
                assert isinstance(value.value, int)
                return np.full(len(rows), value.value, np.int64), np.broadcast_to(np.True_, len(rows))
            case typed.FieldOf():
                return self._universe.values(value.field, level, rows)
            case typed.Sum():
                (left, given), (right, right_given) = (
                    self.value(side, level, rows) for side in (value.left, value.right)
                )
                left, right = left.astype(np.int64, copy=False), right.astype(np.int64, copy=False)
                added = left - right if value.minus else left + right
                if not (_may_be_large(value.left) or _may_be_large(value.right)):
                    return added, given & right_given
                fits = _fit(left, right, added, value.minus)
                self.note_odd(level, rows[given & right_given & ~fits])
                return added, given & right_given & fits
            case typed.Product():
                (left, given), (right, right_given) = (
                    self.value(side, level, rows) for side in (value.left, value.right)
                )
                product, countable = _products(left, right, value.scale)
                if not countable.all():
                    self.note_odd(level, rows[given & right_given & ~countable])
                return product, given & right_given & countable
            case typed.Look() | typed.Peers():
                if level is Level.LINE and value.level is Level.CLAIM:
                    claims, place = self._universe.claims_of(rows)
                    values, given = self.value(value, Level.CLAIM, claims)
                    return values[place], given[place]
                if isinstance(value, typed.Peers):
                    return self._peers(value, rows)
                return answer(self, self._universe, value, level, rows)
        raise TypeError(value)

    def _peers(self, peers: typed.Peers, rows: Rows) -> tuple[Int64s, Bools]:
        """Look at one claim of each peer, and rank what is seen among the peers of the same kind."""
        universe = self._universe
        ones = self._first_of_each(peers)
        asking = Evaluator(universe, universe.asking(("peers", peers.by, peers.among), ones))
        values, given = answer(asking, universe, peers.look, Level.CLAIM, ones)
        self._odd += asking._odd
        kind, _ = universe.values(peers.among, Level.CLAIM, ones)
        values, of_kind = values[given], kind[given]
        own, own_given = universe.values(peers.among, Level.CLAIM, rows)
        found = np.zeros(len(rows), np.int64)
        known_kind = np.zeros(len(rows), np.bool_)
        for one in np.unique(of_kind):
            among = np.sort(values[of_kind == one])
            here = own_given & (own == one)
            found[here] = among[nearest_rank(peers.rank, len(among))]
            known_kind |= here
        return found, known_kind

    def _first_of_each(self, peers: typed.Peers) -> Int64s:
        """Find the first claim of each peer whose kind is known."""
        universe = self._universe
        name = ("first of each", peers.by, peers.among)
        found: Int64s | None = universe.cache.get(name)
        if found is None:
            by, kind = universe.column(peers.by.path), universe.column(peers.among.path)
            known = np.ones(universe.claims, np.bool_)
            for column in (by, kind):
                if column.given is not None:
                    known &= column.given
            claims = np.flatnonzero(known)
            found = np.sort(claims[_first_places(by.values[claims])])
            universe.remember(name, found)
        return found


def nearest_rank(percentile: int, count: int) -> int:
    """Give the place of a percentile among sorted values, by the nearest rank."""
    return max(0, -(-percentile * count // 100) - 1)


def _first_places(values: npt.NDArray[Any]) -> Int64s:
    """Give where each different value stands first."""
    least, most = int(values.min(initial=0)), int(values.max(initial=0))
    if most - least > _SPARE * len(values) + _FEW:
        return np.unique(values, return_index=True)[1]
    first = np.full(most - least + 1, -1)
    # Of several places of a value the one that is written last stays: the first, from behind.
    first[values[::-1].astype(np.int64) - least] = np.arange(len(values))[::-1]
    return first[first >= 0]


def _may_be_large(value: typed.Value) -> bool:
    """Tell whether a part may come so near the largest number that what it is added to has to be looked at.

    Fields are far from it, and so is any number of them that one condition can add up.
    """
    match value:
        case typed.Look():
            return value.function == "sum"
        case typed.Peers():
            return value.look.function == "sum"
        case typed.Sum():
            return _may_be_large(value.left) or _may_be_large(value.right)
        case _:
            return isinstance(value, typed.Product)


def _fit(left: Int64s, right: Int64s, added: Int64s, minus: bool) -> Bools:
    """Tell where a sum or difference has not gone beyond the largest number, which turns its sign."""
    turned: Bools = ((left ^ right) & (left ^ added) if minus else (left ^ added) & (right ^ added)) < 0
    return ~turned


@compiled
def _products(
    left: npt.NDArray[Any], right: npt.NDArray[Any], scale: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Multiply, and divide by a scale, half away from zero; and tell where the product fits."""
    found, fits = np.zeros(len(left), np.int64), np.ones(len(left), np.bool_)
    half = scale // 2
    for row in range(len(left)):
        if abs(float(left[row])) * abs(float(right[row])) >= LARGEST:
            fits[row] = False
            continue
        product = np.int64(left[row]) * np.int64(right[row])
        if scale != 1:
            size = np.uint64(abs(product) + half) // np.uint64(scale)
            product = np.int64(size) if product >= 0 else -np.int64(size)
        found[row] = product
    return found, fits


def cost(part: typed.Condition | typed.Value) -> tuple[int, int]:
    """Tell what a part costs: how many looks, and how many products; parts that cost less are asked first."""
    if isinstance(part, typed.Look | typed.Peers):
        return 1, 0
    costs = [cost(one) for one in typed.parts_of(part)]
    products = sum(one[1] for one in costs) + isinstance(part, typed.Product)
    return sum(one[0] for one in costs), products
