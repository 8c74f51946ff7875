"""Which claims a report is about."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa

from adjudicator.books.joins import Condition
from adjudicator.reporting.report import Parameter
from adjudicator.store.schema import CLAIMS
from adjudicator.words import message


class Dates(Enum):
    """Which date of a claim a period is about."""

    CLAIMED = "claimed"
    SERVICE = "service"


@dataclass(frozen=True)
class Chosen:
    """Which claims a report is about; what is None chooses all."""

    start: dt.date | None = None
    end: dt.date | None = None
    dates: Dates = Dates.CLAIMED
    facility: str | None = None

    def conditions(self) -> list[Condition]:
        """Give the conditions that a query puts on the table of claims."""
        date = _date(self.dates)
        conditions: list[Condition] = []
        if self.start is not None:
            conditions.append(date >= self.start)
        if self.end is not None:
            conditions.append(date <= self.end)
        if self.facility is not None:
            conditions.append(CLAIMS.c.facility == self.facility)
        return conditions

    def parameters(self) -> list[Parameter]:
        """Give what the report says of its choice."""
        dates = message(f"reporting.dates.{self.dates.value}")
        said = [Parameter("from", self.start), Parameter("to", self.end), Parameter("dates", dates)]
        if self.facility is not None:
            said.append(Parameter("facility", self.facility))
        return said


def _date(dates: Dates) -> sa.ColumnElement[dt.date]:
    if dates is Dates.CLAIMED:
        return CLAIMS.c.date_claimed
    return sa.func.coalesce(CLAIMS.c.date_from, CLAIMS.c.date_to)
