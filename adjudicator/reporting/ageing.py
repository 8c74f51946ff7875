"""Ageing: what waits, how long it has waited, and at whose door."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any, Final

import pyarrow as pa

from adjudicator.reporting.report import Column, Part, Unit, part_of_rows

BANDS: Final = (7, 30, 60, 90)
"""The last day of each band of ages, in days since a claim was claimed; one more band has no end."""

STATES: Final = ("undecided", "waits_for_close")
"""Not decided yet; decided, and waiting for its period to be closed."""

_FIGURES: Final = (
    Column("claims", Unit.NUMBER),
    Column("amount", Unit.MONEY),
    Column("oldest", Unit.DATE),
    Column("oldest_days", Unit.NUMBER),
)
_WHAT: Final = (Column("state", Unit.KEY), Column("age", Unit.KEY))

BAND_COLUMNS: Final = (*_WHAT, *_FIGURES)
FACILITY_COLUMNS: Final = (Column("facility"), *_WHAT, *_FIGURES)
"""``amount``: what was asked of claims that are not decided, what was valuated of the others."""


def age_key(days: int) -> str:
    """Name the band of an age: ``age.0_7`` … ``age.over_90``, keys of the catalogue."""
    first = 0
    for last in BANDS:
        if days <= last:
            return f"age.{first}_{last}"
        first = last + 1
    return f"age.over_{BANDS[-1]}"


def ageing(undecided: pa.Table, waiting: pa.Table, on: dt.date) -> tuple[Part, ...]:
    """Make the tables of what waits: by age, and by facility and age.

    Args:
        undecided: claims that are not decided, by ``facility`` and ``date_claimed``: ``claims``, ``amount``.
        waiting: likewise, claims that wait for their period to be closed.
        on: the day up to which ages are counted; what was claimed later is left out.
    """
    together: dict[tuple[str, int, int], Counter[str]] = {}
    oldest: dict[tuple[str, int, int], dt.date] = {}
    for state, table in enumerate((undecided, waiting)):
        for row in table.to_pylist():
            claimed = row["date_claimed"]
            if claimed > on or not row["claims"]:
                continue
            key = (row["facility"], state, _band((on - claimed).days))
            counted = together.setdefault(key, Counter())
            counted["claims"] += row["claims"]
            counted["amount"] += row["amount"] or 0
            oldest[key] = min(claimed, oldest.get(key, claimed))
    by_band: dict[tuple[int, int], Counter[str]] = {}
    oldest_of_band: dict[tuple[int, int], dt.date] = {}
    for (facility, state, band), counted in together.items():
        by_band.setdefault((state, band), Counter()).update(counted)
        date = oldest[facility, state, band]
        oldest_of_band[state, band] = min(date, oldest_of_band.get((state, band), date))
    band_rows = [
        _row(state, band, counted, oldest_of_band[state, band], on)
        for (state, band), counted in sorted(by_band.items())
    ]
    facility_rows = [
        {"facility": key[0]} | _row(key[1], key[2], counted, oldest[key], on)
        for key, counted in sorted(together.items())
    ]
    return (
        part_of_rows("ageing", BAND_COLUMNS, band_rows),
        part_of_rows("ageing_by_facility", FACILITY_COLUMNS, facility_rows),
    )


def _band(days: int) -> int:
    """Give the place of the band of an age."""
    return next((place for place, last in enumerate(BANDS) if days <= last), len(BANDS))


def _row(state: int, band: int, counted: Counter[str], oldest: dt.date, on: dt.date) -> dict[str, Any]:
    a_day_of_it = BANDS[band] if band < len(BANDS) else BANDS[-1] + 1
    return {
        "state": f"state.{STATES[state]}",
        "age": age_key(a_day_of_it),
        "claims": counted["claims"],
        "amount": counted["amount"],
        "oldest": oldest,
        "oldest_days": (on - oldest).days,
    }
