"""What a closing needs of the registers, as they are on the last day of its month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from adjudicator.books.closing.unsettled import Unsettled
from adjudicator.books.registers import registers_at
from adjudicator.remuneration.capitation import Catchment, Facility, Insured, Place
from adjudicator.store.schema import REGISTERS
from adjudicator.units import date_of
from adjudicator.vocabulary import FacilityLevel, PolicyStatus

Int64s = npt.NDArray[np.int64]
Row = Mapping[str, Any]

COVERING = (PolicyStatus.ACTIVE, PolicyStatus.EXPIRED)
"""Policies that cover in their period (law, section 4.1)."""


class Facilities:
    """The register of facilities, whose rows are versions."""

    def __init__(self, connection: sa.Connection, load: int) -> None:
        rows = registers_at(connection, load, ("facilities", "locations"))
        around = zip(*(rows["locations"][name].to_pylist() for name in ("code", "parent")), strict=True)
        self._around: dict[str, str | None] = dict(around)
        self._versions: dict[str, list[Row]] = {}
        for row in rows["facilities"].to_pylist():
            self._versions.setdefault(row["code"], []).append(row)
        for versions in self._versions.values():
            versions.sort(key=lambda row: (row["valid_from"] or dt.date.min, row["valid_to"] or dt.date.max))

    @property
    def codes(self) -> set[str]:
        """The codes in the register."""
        return set(self._versions)

    def at(self, code: str, day: int) -> Row | None:
        """Give a facility as it is on a day: else as it was last before it, else as it first will be."""
        versions = self._versions.get(code)
        if not versions:
            return None
        begun = [row for row in versions if row["valid_from"] is None or row["valid_from"] <= date_of(day)]
        return begun[-1] if begun else versions[0]

    def on(self, codes: Iterable[str], day: int) -> list[Facility]:
        """Give facilities as they are on a day; one that the register has lost keeps its code alone."""
        found = []
        for code in codes:
            row = self.at(code, day)
            found.append(
                Facility(
                    *(code, FacilityLevel(row["level"]), row["sublevel"], row["account_code"]),
                    self._within(row["location"]),
                )
                if row
                else Facility(code, FacilityLevel.DISPENSARY)
            )
        return found

    def _within(self, location: str | None) -> frozenset[str] | None:
        """Give a location and those around it; None where the register does not have it."""
        if location not in self._around:
            return None
        within = set[str]()
        at: str | None = location
        while at is not None and at not in within:
            within.add(at)
            at = self._around.get(at)
        return frozenset(within)

    def valid(self, day: int) -> list[str]:
        """Give the codes of the facilities that are valid on a day, in order."""
        date = date_of(day)
        return sorted(
            code for code, versions in self._versions.items() if any(_valid(row, date) for row in versions)
        )

    def levels(self, claims: Unsettled) -> Int64s:
        """Give the levels of the facilities of claims on their target dates: (claims,)."""
        encoded = claims.facility.dictionary_encode()
        codes, place = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
        levels = np.zeros(len(place), np.int64)
        for number, code in enumerate(codes):
            mine = np.flatnonzero(place == number)
            versions = self._versions.get(code, ())
            if len({row["level"] for row in versions}) <= 1:
                levels[mine] = versions[0]["level"] if versions else int(FacilityLevel.DISPENSARY)
                continue
            for at in mine.tolist():
                row = self.at(code, int(claims.target[at]))
                levels[at] = row["level"] if row else int(FacilityLevel.DISPENSARY)
        return levels


def _valid(row: Row, date: dt.date) -> bool:
    return (row["valid_from"] is None or row["valid_from"] <= date) and (
        row["valid_to"] is None or date <= row["valid_to"]
    )


def catchments_on(connection: sa.Connection, load: int, day: int) -> list[Catchment]:
    """Give the catchments of facilities on a day."""
    rows = registers_at(connection, load, ("catchments",))["catchments"].to_pylist()
    date = date_of(day)
    return [Catchment(row["facility"], row["location"], row["percent"]) for row in rows if _valid(row, date)]


def places(connection: sa.Connection, load: int) -> list[Place]:
    """Give the locations, and who lives there."""
    rows = registers_at(connection, load, ("locations",))["locations"].to_pylist()
    return [
        Place(
            row["code"],
            row["parent"],
            _sum([row[name] for name in ("male", "female", "other")]),
            row["families"],
        )
        for row in rows
    ]


def _sum(numbers: Sequence[int | None]) -> int | None:
    given = [number for number in numbers if number is not None]
    return sum(given) if given else None


def insured_on(connection: sa.Connection, load: int, product: str, day: int) -> Insured:
    """Count who is insured with a product on a day, by the location of the family."""
    covers, policies, families = (REGISTERS[name] for name in ("covers", "policies", "families"))
    date = date_of(day)

    def held(table: sa.Table) -> sa.ColumnElement[bool]:
        return sa.and_(table.c.since <= load, sa.or_(table.c.until.is_(None), table.c.until > load))

    def in_force(table: sa.Table) -> sa.ColumnElement[bool]:
        return sa.and_(table.c.effective <= date, table.c.expiry >= date)

    persons, of_families = (
        sa.func.count(sa.distinct(column)) for column in (covers.c.insuree, policies.c.family)
    )
    query = (
        sa.select(families.c.location, persons.label("persons"), of_families.label("families"))
        .select_from(covers)
        .join(policies, policies.c.policy == covers.c.policy)
        .join(families, families.c.family == policies.c.family)
        .where(
            *(held(table) for table in (covers, policies, families)),
            in_force(covers),
            in_force(policies),
            policies.c.product == product,
            policies.c.status.in_([int(status) for status in COVERING]),
            families.c.location.is_not(None),
        )
        .group_by(families.c.location)
    )
    rows = connection.execute(query).all()
    return Insured({row.location: row.persons for row in rows}, {row.location: row.families for row in rows})
