"""Which months are closed, and by what closings: the list that everything about closing goes by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from adjudicator.problems import refused
from adjudicator.remuneration.months import read_month, written_month
from adjudicator.store.schema import CLOSED_MONTHS, CLOSINGS, JOURNAL

NATIONAL: Final = ""
"""The location of products that are sold everywhere."""

CLOSED: Final = 1
REOPENED: Final = -1


@dataclass(frozen=True)
class ClosedMonth:
    """A closing, or the reopening of one, as it is in the books."""

    closing: int
    month: int
    location: str
    version: int
    entry: int
    reverses: int | None
    total: int
    """What all facilities are owed by it, minor units."""
    record: Mapping[str, Any]
    by: str
    at: str

    @property
    def name(self) -> str:
        """Its month, and its location where it is not national."""
        return named(self.month, self.location)


def named(month: int, location: str) -> str:
    """Name a month of a location, as ``2026-03`` or ``2026-03/R1``."""
    return f"{written_month(month)}/{location}" if location else written_month(month)


def month_given(text: str) -> int:
    """Read a month that a person gave.

    Raises:
        Refused: it is none.
    """
    try:
        return read_month(text)
    except ValueError:
        raise refused("closing.no_month", given=text) from None


def all_closings(connection: sa.Connection) -> list[ClosedMonth]:
    """Give all closings and reopenings, in order."""
    query = sa.select(CLOSINGS, JOURNAL.c.by, JOURNAL.c.at).join(
        JOURNAL, JOURNAL.c.number == CLOSINGS.c.journal
    )
    return [_closing(row) for row in connection.execute(query.order_by(CLOSINGS.c.closing))]


def standing_closings(connection: sa.Connection) -> list[ClosedMonth]:
    """Give the closings of the months that are closed now, in order."""
    query = (
        sa.select(CLOSINGS, JOURNAL.c.by, JOURNAL.c.at)
        .join(JOURNAL, JOURNAL.c.number == CLOSINGS.c.journal)
        .join(CLOSED_MONTHS, CLOSED_MONTHS.c.closing == CLOSINGS.c.closing)
    )
    return [_closing(row) for row in connection.execute(query.order_by(CLOSINGS.c.closing))]


def _closing(row: sa.Row[Any]) -> ClosedMonth:
    values = dict(row._mapping)
    del values["journal"]
    values |= {"month": read_month(values["month"]), "record": json.loads(values["record"])}
    return ClosedMonth(**values)


def closing_of(connection: sa.Connection, month: int, location: str) -> ClosedMonth:
    """Give the closing of a month that is closed now.

    Raises:
        Refused: the month is open.
    """
    for one in standing_closings(connection):
        if (one.month, one.location) == (month, location):
            return one
    raise refused("closing.is_open", month=named(month, location))
