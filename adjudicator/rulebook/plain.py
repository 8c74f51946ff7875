"""Rules on one claim at a time, in plain Python: the reference for the columns, and the counter's path.

Each part of the language is said here as it is meant; ``evaluate`` and ``looks`` say the same for millions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from adjudicator.rulebook import typed
from adjudicator.rulebook.codes import CodeSet, DaySet
from adjudicator.rulebook.fields import IDENTITY, PROVISION, Field, Level, Type
from adjudicator.rulebook.rows import ClaimRow
from adjudicator.units import date_of

Seen = tuple[int, int | None]
"""A claim, and one of its lines or None: places among the claims, and among the claim's lines."""

Cell = int | str | None


class Plain:
    """Answers conditions and values about some claims."""

    def __init__(self, claims: Sequence[ClaimRow]) -> None:
        self._claims = claims

    def truth(self, condition: typed.Condition, seen: Seen) -> bool:
        """Tell whether a condition holds of a claim or a line."""
        match condition:
            case typed.Both():
                return all(self.truth(part, seen) for part in condition.parts)
            case typed.Either():
                return any(self.truth(part, seen) for part in condition.parts)
            case typed.Compare():
                return _compared(
                    condition.sign, self.value(condition.left, seen), self.value(condition.right, seen)
                )
            case typed.Among():
                return self._among(condition, seen)
            case typed.IsGiven(value=typed.FieldOf() as asked) if asked.field.several:
                return bool(self._several(asked.field, seen)) == condition.given
            case typed.IsGiven():
                return (self.value(condition.value, seen) is not None) == condition.given
            case typed.Truth():
                value = self.value(condition.value, seen)
                return value is not None and bool(value) == condition.wanted
        raise TypeError(condition)

    def _among(self, condition: typed.Among, seen: Seen) -> bool:
        field = condition.value.field
        cells = self._several(field, seen) if field.several else [self._cell(field, seen)]
        given = [cell for cell in cells if cell is not None]
        if not given:
            return False
        return any(_member(condition.items, cell) for cell in given) == condition.inside

    def _several(self, field: Field, seen: Seen) -> list[Cell]:
        return list(self._claims[seen[0]].several.get(field.path, ()))

    def _cell(self, field: Field, seen: Seen) -> Cell:
        claim, line = seen
        row = self._claims[claim]
        if field.path == IDENTITY:
            return claim
        if field.level is Level.CLAIM:
            return row.fields.get(field.path)
        if line is None:
            raise TypeError(field.path)
        if field.path == PROVISION:
            cells = row.lines[line]
            return f"{cells.get('line.kind')}\x1f{cells['line.code']}" if "line.code" in cells else None
        return row.lines[line].get(field.path)

    def value(self, value: typed.Value, seen: Seen) -> Cell:
        """Give a value, None where it is missing."""
        match value:
            case typed.Const():
                return value.value
            case typed.FieldOf():
                return self._cell(value.field, seen)
            case typed.Sum():
                left, right = self.value(value.left, seen), self.value(value.right, seen)
                if not isinstance(left, int) or not isinstance(right, int):
                    return None
                return left - right if value.minus else left + right
            case typed.Product():
                left, right = self.value(value.left, seen), self.value(value.right, seen)
                if not isinstance(left, int) or not isinstance(right, int):
                    return None
                return _rounded(left * right, value.scale)
            case typed.Look():
                return self._look(value, seen)
            case typed.Peers():
                return self._peers(value, seen)
        raise TypeError(value)

    def _look(self, look: typed.Look, seen: Seen) -> int | None:
        if look.function in ("count", "exists", "absent", "sum"):
            found = self._found(look, seen, look.own)
            if look.subject in ("patients", "facilities", "days"):
                path = {
                    "patients": "claim.insuree",
                    "facilities": "claim.facility",
                    "days": "claim.target_date",
                }
                cells = {self._claims[claim].fields.get(path[look.subject]) for claim, _ in found}
                return len(cells - {None})
            if look.other_facility:
                mine = self._claims[seen[0]].fields.get("claim.facility")
                # Claims without a facility, and those that a claim without one sees, are of another.
                found = [
                    one
                    for one in found
                    if mine is None or self._claims[one[0]].fields.get("claim.facility") != mine
                ]
            if look.function != "sum":
                return len(found)
            values = (self.value(look.measure, one) for one in found)
            return sum(value for value in values if isinstance(value, int))
        if look.function == "days_since":
            return self._since(look, seen)
        found = self._found(look, seen, True)
        if look.function == "share":
            if len(found) < max(1, look.at_least):
                return None
            return 10_000 * sum(self.truth(look.measure, one) for one in found) // len(found)
        return _statistic(
            look, sorted(v for one in found if isinstance(v := self.value(look.measure, one), int))
        )

    def _since(self, look: typed.Look, seen: Seen) -> int | None:
        here = self._claims[seen[0]].fields.get("claim.target_date")
        gone = [
            here - day
            for claim, _ in self._found(look, seen, False, timeless=True)
            if isinstance(day := self._claims[claim].fields.get("claim.target_date"), int)
            and isinstance(here, int)
            and day <= here
        ]
        least = min(gone, default=None)
        too_long = look.window[0] == "before" and least is not None and least > look.window[1]
        return None if too_long else least

    def _found(self, look: typed.Look, seen: Seen, own: bool, timeless: bool = False) -> list[Seen]:
        """Find what a look sees from a claim or line."""
        wanted = [self._cell(key, seen) for key in look.keys]
        if None in wanted:
            return []
        return [
            (claim, line)
            for claim, row in enumerate(self._claims)
            for line in (range(len(row.lines)) if look.of_lines else (None,))
            if (own or claim != seen[0])
            and [self._cell(key, (claim, line)) for key in look.keys] == wanted
            and (timeless or self._in_window(look, seen[0], claim))
            and (look.where is None or self.truth(look.where, (claim, line)))
        ]

    def _in_window(self, look: typed.Look, here: int, there: int) -> bool:
        kind, days = look.window
        mine, other = self._claims[here], self._claims[there]
        if kind == "ever":
            return True
        if kind == "filed_earlier":
            return other.order < mine.order
        my_day, day = mine.fields.get("claim.target_date"), other.fields.get("claim.target_date")
        if not isinstance(my_day, int) or not isinstance(day, int):
            return False
        match kind:
            case "before":
                return my_day - days <= day <= my_day
            case "after":
                return my_day <= day <= my_day + days
            case "around":
                return abs(my_day - day) <= days
            case "same_day":
                return day == my_day
            case "same_month":
                return _month(day) == _month(my_day)
        begin, my_begin = other.fields.get("claim.date_from"), mine.fields.get("claim.date_from")
        if not isinstance(begin, int) or not isinstance(my_begin, int):
            return False
        return begin <= my_day and day >= my_begin

    def _peers(self, peers: typed.Peers, seen: Seen) -> int | None:
        kind = self._cell(peers.among, seen)
        if kind is None:
            return None
        ones: dict[Cell, int] = {}
        for claim in range(len(self._claims)):
            by = self._cell(peers.by, (claim, None))
            if by is not None and self._cell(peers.among, (claim, None)) is not None:
                ones.setdefault(by, claim)
        values = sorted(
            value
            for claim in ones.values()
            if self._cell(peers.among, (claim, None)) == kind
            and (value := self._look(peers.look, (claim, None))) is not None
        )
        return values[max(0, -(-peers.rank * len(values) // 100) - 1)] if values else None


def _statistic(look: typed.Look, values: list[int]) -> int | None:
    if len(values) < max(1, look.at_least):
        return None
    if look.function == "average":
        return (2 * sum(values) + len(values)) // (2 * len(values))
    rank = 50 if look.function == "typical" else (look.rank or 50)
    return values[max(0, -(-rank * len(values) // 100) - 1)]


def _compared(sign: str, left: Cell, right: Cell) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, str) or isinstance(right, str):
        return (left == right) == (sign == "=")
    return {
        "=": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[sign]


def _member(items: CodeSet | DaySet | frozenset[int], cell: Cell) -> bool:
    if isinstance(items, CodeSet):
        return isinstance(cell, str) and cell in items
    if not isinstance(cell, int):
        return False
    if isinstance(items, DaySet):
        day = date_of(cell)
        return cell in items.days or (day.month, day.day) in items.yearly
    return cell in items


def _month(day: int) -> tuple[int, int]:
    date: dt.date = date_of(day)
    return date.year, date.month


def _rounded(product: int, scale: int) -> int:
    if scale == 1:
        return product
    magnitude = (abs(product) + scale // 2) // scale
    return magnitude if product >= 0 else -magnitude


def fires(
    condition: typed.Condition, level: Level, claims: Sequence[ClaimRow], claim: int
) -> list[int | None]:
    """Give where a rule fires on one claim: the places of its lines, or None for the claim itself."""
    plain = Plain(claims)
    lines: Sequence[int | None] = range(len(claims[claim].lines)) if level is Level.LINE else (None,)
    return [line for line in lines if plain.truth(condition, (claim, line))]


__all__ = ["Plain", "Type", "fires"]
