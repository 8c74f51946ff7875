"""A scheme of a few families that are paid cash, so small that its lists can be made by hand.

F1 to F4 are poor: they receive 10.00 and 2.00 for each child. F5 is not, and nobody knows about F6. F4 has no
telephone that could be paid to.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from adjudicator.books.benefits.verification import check_benefits
from adjudicator.books.books import Books, open_books
from adjudicator.books.registers import load_registers
from adjudicator.problems import Refused
from adjudicator.words import Message
from tests.books.clinic import write_clinic
from tests.books.states import BY, MADE, State

_CASH = """\
plan: GRANT
title: {en: Grant, fr: Allocation}
valid: {from: 2026-01-01}
attributes: {score: number, mobile: text}
criteria: attribute.score < 3
amount: {fixed: 10, per_child: 2, at_most: 13}
cycle: month
payment: {by: mobile_money, account: mobile}
examples:
  - {receives: 10, family: {attribute.score: 1}}
  - {receives: nothing, family: {attribute.score: 3}}
"""

_VOUCHERS = """\
vouchers: BIRTH
title: {en: Birth, fr: Naissance}
valid: {from: 2026-01-01, to: 2026-12-31}
given_to: member.sex = female and member.age between 14 and 50
visits:
  - {visit: antenatal, title: antenatal, times: 2, amount: 5, valid_days: 100}
  - {visit: delivery, title: delivery, amount: 60, valid_days: 300, at: [hospital]}
again_after_days: 200
examples:
  - {receives: vouchers, member: {member.sex: female, member.age: 14}}
  - {receives: nothing, member: {member.sex: male, member.age: 14}}
"""

Row = dict[str, Any]

FAMILIES: list[Row] = [
    {"family": "F1", "location": "R1", "score": "1", "mobile": "071"},
    {"family": "F2", "location": "R1", "score": "0", "mobile": "072"},
    {"family": "F3", "location": "R1", "score": "2", "mobile": "073"},
    {"family": "F4", "location": "R1", "score": "2", "mobile": ""},
    {"family": "F5", "location": "R1", "score": "3", "mobile": "075"},
    {"family": "F6", "location": "R1", "score": "", "mobile": "076"},
]


def _person(insuree: str, family: str, head: bool, sex: str, born: str) -> Row:
    return {
        "insuree": insuree,
        "family": family,
        "head": "true" if head else "false",
        "sex": sex,
        "birth_date": born,
        "name": f"Name of {insuree}" if head else "",
    }


INSUREES: list[Row] = [
    _person("I-1", "F1", True, "female", "1996-01-01"),
    _person("I-2", "F1", False, "female", "2020-01-01"),
    _person("I-3", "F2", True, "male", "1980-01-01"),
    _person("I-4", "F2", False, "female", "2009-01-01"),
    _person("I-5", "F2", False, "male", "2012-01-01"),
    _person("I-6", "F3", True, "female", "1990-01-01"),
    _person("I-7", "F4", True, "female", "1950-01-01"),
    _person("I-8", "F5", True, "male", "1990-01-01"),
]

LISTED = {"F1": 1200, "F2": 1300, "F3": 1000}
"""What January's list comes to: F2 has two children and reaches the most."""


def write_grants(folder: Path) -> Path:
    """Write the scheme's folder; give it."""
    write_clinic(folder)
    (folder / "benefits").mkdir()
    (folder / "benefits" / "grant.yaml").write_text(_CASH, "utf-8")
    (folder / "benefits" / "birth.yaml").write_text(_VOUCHERS, "utf-8")
    write_register(folder / "registers" / "families.csv", FAMILIES)
    write_register(folder / "registers" / "insurees.csv", INSUREES)
    return folder


def write_register(path: Path, rows: Sequence[Row]) -> None:
    """Write rows with the columns that the first has."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def change_families(folder: Path, **changes: Row) -> None:
    """Load the families anew, some of them changed."""
    changed = folder / "changed"
    changed.mkdir(exist_ok=True)
    write_register(changed / "families.csv", [row | changes.get(str(row["family"]), {}) for row in FAMILIES])
    with open_books(folder) as books:
        load_registers(books, changed, BY)


def _registered(folder: Path) -> None:
    with open_books(folder) as books:
        load_registers(books, folder / "registers", BY)


GRANTS = State("families registered for grants", MADE, _registered)


def wrong(books: Books) -> list[Message]:
    """Give what checking the benefits finds."""
    with books.database.reading() as connection:
        return check_benefits(books, connection)


def refused(do: Callable[[], object]) -> list[str]:
    """Name what is refused, which is said in both languages."""
    with pytest.raises(Refused) as caught:
        do()
    for problem in caught.value.problems:
        assert problem.told("en") != problem.told("fr")
    return [problem.what.key.removeprefix("benefits.") for problem in caught.value.problems]
