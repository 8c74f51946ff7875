"""Closed months that a report is about, and where the facilities of their statements are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from adjudicator.books.closing.periods import ClosedMonth, closing_of, named, standing_closings
from adjudicator.books.registers import registers_at
from adjudicator.problems import Problem, Refused
from adjudicator.reporting.places import places_at
from adjudicator.reporting.report import Parameter
from adjudicator.vocabulary import LocationLevel
from adjudicator.words import message


@dataclass(frozen=True)
class Months:
    """Which closed months a report is about, both ends included."""

    first: int
    last: int
    location: str | None = None
    """Of the products that were closed; None for all."""

    def parameters(self, closings: Sequence[ClosedMonth]) -> list[Parameter]:
        """Give what a report says of its choice, and by what closings it is."""
        said = [
            Parameter("closed_months", ", ".join(dict.fromkeys(one.name for one in closings))),
            Parameter("closings", ", ".join(str(one.closing) for one in closings)),
        ]
        if self.location is not None:
            said.append(Parameter("location", self.location or message("reporting.national")))
        return said


def closings_of(connection: sa.Connection, months: Months) -> list[ClosedMonth]:
    """Give the closings of months that are closed now, in order.

    Raises:
        Refused: the months are the wrong way round, or none of them is closed.
    """
    if months.last < months.first:
        values = {"start": named(months.first, ""), "end": named(months.last, "")}
        what = message("reporting.period_reversed", **values)
        raise Refused([Problem(what, remedy=message("reporting.months_reversed.remedy"))])
    found = [
        one
        for one in standing_closings(connection)
        if months.first <= one.month <= months.last and months.location in (None, one.location)
    ]
    if not found:
        # Which says that it is open, and what to do.
        closing_of(connection, months.first, months.location or "")
    return sorted(found, key=lambda one: (one.month, one.location))


@dataclass(frozen=True)
class Seat:
    """A facility as a report names it."""

    name: str
    account: str | None
    region: str | None
    district: str | None


def seats(connection: sa.Connection, load: int) -> Mapping[str, Seat]:
    """Give the facilities as they were loaded last before a load was over."""
    rows = registers_at(connection, load, ("facilities", "locations"))
    regions, districts = (
        places_at(rows["locations"], level) for level in (LocationLevel.REGION, LocationLevel.DISTRICT)
    )
    return {
        row["code"]: Seat(
            row["name"],
            row["account_code"],
            regions.get(row["location"] or ""),
            districts.get(row["location"] or ""),
        )
        for row in rows["facilities"].to_pylist()
    }


def load_of(closings: Sequence[ClosedMonth]) -> int:
    """Give the last load of registers that closings went by."""
    return max(int(one.record["registers"]["load"]) for one in closings)
