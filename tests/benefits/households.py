"""Random registers of families, as typed tables in any order of rows, and each family in plain Python."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pyarrow as pa

from adjudicator.benefits.rows import family_row
from adjudicator.benefits.universe import COVERING, NEEDED
from adjudicator.rulebook.rows import ClaimRow
from adjudicator.tables import REGISTERS, Type
from adjudicator.units import date_of, day_number
from adjudicator.vocabulary import LocationLevel, PolicyStatus, Sex

Row = dict[str, Any]

DAY = day_number(dt.date(2026, 3, 1))
ADULT_AGE = 18
PLACES = ("R1", "R1D1", "R1D1W1", "R1D1W1V1", "R1D1W1V2", "R2", "R2D1")
_LEVELS = {
    2: LocationLevel.REGION,
    4: LocationLevel.DISTRICT,
    6: LocationLevel.WARD,
    8: LocationLevel.VILLAGE,
}

_ARROW = {
    Type.TEXT: pa.string(),
    Type.WORD: pa.int8(),
    Type.DATE: pa.date32(),
    Type.TRUTH: pa.bool_(),
    Type.NUMBER: pa.int64(),
}


@dataclass
class Households:
    """Registers as rows."""

    families: list[Row] = field(default_factory=list)
    insurees: list[Row] = field(default_factory=list)
    policies: list[Row] = field(default_factory=list)
    locations: list[Row] = field(default_factory=list)

    def tables(self, random: Random | None = None) -> dict[str, pa.Table]:
        """Give them as typed tables; with ``random`` in any order."""
        found = {}
        for name in NEEDED:
            rows = list(getattr(self, name))
            if random is not None:
                random.shuffle(rows)
            columns = {
                column.name: pa.array([row.get(column.name) for row in rows], _ARROW[column.type])
                for column in REGISTERS[name].columns
            }
            if name == "families":
                columns["attributes"] = pa.array([row.get("attributes") for row in rows], pa.string())
            found[name] = pa.table(columns)
        return found

    def plain(self, code: str, day: int = DAY) -> ClaimRow:
        """Give a family as the law of plans sees it, looked up row by row."""
        today = date_of(day)
        (family,) = (row for row in self.families if row["family"] == code)
        fields: dict[str, int | str] = {"family.number": code, "cycle.day": day}
        for name, value in json.loads(family.get("attributes") or "{}").items():
            if name == "score" and value.isdigit():
                fields["attribute.score"] = int(value)
            elif name == "sector":
                fields["attribute.sector"] = value
        location = family.get("location")
        if location:
            fields["family.location"] = location
        if location in PLACES:
            for length, name in ((2, "region"), (4, "district"), (6, "ward"), (8, "village")):
                if len(location) >= length:
                    fields[f"family.{name}"] = location[:length]
        policies = [row for row in self.policies if row["family"] == code]
        bought = [row["enrolled"] or row["effective"] for row in policies]
        if bought:
            fields["family.enrolled"] = day_number(min(bought))
        held = [
            row
            for row in policies
            if int(row["status"]) in COVERING and row["effective"] <= today <= row["expiry"]
        ]
        fields["family.insured"] = int(bool(held))
        products = tuple(sorted({row["product"] for row in held}))
        members = [
            _member(row)
            for row in self.insurees
            if row["family"] == code
            and (row["valid_from"] is None or row["valid_from"] <= today)
            and (row["valid_to"] is None or row["valid_to"] >= today)
            and (row["birth_date"] is None or row["birth_date"] <= today)
        ]
        return family_row(fields, members, ADULT_AGE, {"family.products": products})


def _member(row: Row) -> dict[str, int | str]:
    found: dict[str, int | str] = {"member.insuree": row["insuree"], "member.sex": int(row["sex"])}
    if row["birth_date"] is not None:
        found["member.birth_date"] = day_number(row["birth_date"])
    if row["head"] is not None:
        found["member.head"] = int(row["head"])
    return found


def households(seed: int, count: int = 25) -> Households:
    """Make some families with all that can be odd about them."""
    random = Random(seed)
    made = Households()
    made.locations = [
        {"code": code, "name": code, "level": int(_LEVELS[len(code)]), "parent": code[:-2] or None}
        for code in PLACES
    ]
    for number in random.sample(range(1000), count):
        code = f"F{number}"
        attributes = {}
        if random.random() < 0.8:
            attributes["score"] = random.choice(["0", "1", "2", "3", "40", "many"])
        if random.random() < 0.7:
            attributes["sector"] = random.choice(["farm", "town"])
        made.families.append(
            {
                "family": code,
                "location": random.choice([*PLACES, "ELSEWHERE", None]),
                "attributes": json.dumps(attributes) if attributes else None,
            }
        )
        for member in range(random.choice([0, 1, 2, 3, 5, 8])):
            made.insurees += _person(random, code, member)
        for policy in range(random.choice([0, 0, 1, 1, 2])):
            start = date_of(DAY + random.randrange(-500, 60))
            made.policies.append(
                {
                    "policy": f"{code}-P{policy}",
                    "family": code,
                    "product": random.choice(["A", "B"]),
                    "enrolled": random.choice([None, start - dt.timedelta(days=10)]),
                    "effective": start,
                    "expiry": start + dt.timedelta(days=364),
                    "stage": 0,
                    "status": int(random.choice(list(PolicyStatus))),
                }
            )
    return made


def _person(random: Random, family: str, number: int) -> list[Row]:
    born = random.choice(
        [
            None,
            date_of(DAY - random.randrange(-40, 365 * 80)),
            date_of(DAY - 365 * random.randrange(1, 70) - random.randrange(4)),
            dt.date(2008, 2, 29),
            dt.date(2008, 3, 1),
            dt.date(2021, 3, 1),
            dt.date(2021, 3, 2),
            date_of(DAY),
            date_of(DAY + 1),
        ]
    )
    row: Row = {
        "insuree": f"{family}-{number}",
        "family": family,
        "head": random.choice([None, True, False]) if number else random.choice([True, True, None]),
        "sex": int(random.choice([Sex.MALE, Sex.FEMALE, Sex.OTHER])),
        "birth_date": born,
        "name": random.choice([None, f"Name {number}"]),
        "valid_from": random.choice([None, None, date_of(DAY), date_of(DAY + 1)]),
        "valid_to": random.choice([None, None, date_of(DAY - 1), date_of(DAY)]),
    }
    if row["valid_to"] is not None and row["valid_from"] is None and random.random() < 0.5:
        # A second version of the same person, from the day after.
        return [row, row | {"valid_from": row["valid_to"] + dt.timedelta(days=1), "valid_to": None}]
    return [row]
