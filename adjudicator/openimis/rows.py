"""Rows of openIMIS's tables: its letters, its numbers, and how it keeps what was valid when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from adjudicator.openimis.ids import Ids
from adjudicator.units import unscaled
from adjudicator.vocabulary import OPENIMIS_LETTERS, Word

Row = dict[str, Any]
Tables = dict[str, list[Row]]

HOLDS: Final[Row] = {"ValidityFrom": None, "ValidityTo": None, "LegacyID": None}
"""What a row says that is valid now, and has no earlier versions."""

_DAY: Final = dt.timedelta(days=1)


def letter(words: type[Word], value: int | None) -> str | None:
    """Give openIMIS's letter for a word."""
    if value is None:
        return None
    return {int(word): letter for letter, word in OPENIMIS_LETTERS[words].items()}.get(int(value))


def decimal(value: int | None, places: int) -> Decimal | None:
    """Give a whole number of the last of so many places as a decimal; None for none."""
    return None if value is None else unscaled(value, places)


def by_number(rows: Iterable[Row]) -> list[Row]:
    """Order rows by their first column, the number."""
    return sorted(rows, key=lambda row: int(next(iter(row.values()))))


def versions(
    ids: Ids,
    table: str,
    id_column: str,
    rows: Sequence[Row],
    key: Callable[[Row], str],
    make: Callable[[Row], Row],
) -> list[Row]:
    """Give the versions of rows: the last one has the number, earlier ones point to it.

    A version that the next one does not follow the day after stands by itself, as a row that was deleted: so
    the gap between them is kept.

    Args:
        ids: the numbers.
        table: of openIMIS.
        id_column: the name of its number.
        rows: of our register, in any order.
        key: gives the code of a row; versions have the same.
        make: gives what openIMIS's row says besides its number and validity.
    """
    by_key: dict[str, list[Row]] = {}
    for row in rows:
        by_key.setdefault(key(row), []).append(row)
    ids.number(table, by_key)
    made = []
    for code in sorted(by_key):
        ordered = sorted(by_key[code], key=lambda row: row["valid_from"] or dt.date.min)
        for place, row in enumerate(ordered):
            last = place + 1 == len(ordered)
            made.append(
                {
                    id_column: ids.of(table, code) if last else ids.new(table),
                    **make(row),
                    "ValidityFrom": row["valid_from"],
                    "ValidityTo": None if row["valid_to"] is None else row["valid_to"] + _DAY,
                    "LegacyID": ids.of(table, code) if not last and _without_gap(ordered[place:]) else None,
                }
            )
    return by_number(made)


def _without_gap(ordered: Sequence[Row]) -> bool:
    """Tell whether each version is followed by the next one the day after."""
    return all(
        one["valid_to"] is not None and two["valid_from"] == one["valid_to"] + _DAY
        for one, two in pairwise(ordered)
    )
