"""Eligibility at the counter: only the rows of one insuree are read, never a whole register of people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa

from adjudicator.adjudication.eligibility import Eligibility, find_eligibility
from adjudicator.adjudication.records import World, world
from adjudicator.adjudication.reference import EarlierClaim, EarlierLine, History, Used
from adjudicator.books.books import Books
from adjudicator.books.ledger import find_balances, standing
from adjudicator.problems import Problem, Refused
from adjudicator.product.meant import NEAR_CODE, nearest
from adjudicator.product.read import ProductSource, read_products
from adjudicator.store import bulk
from adjudicator.store.runs import last_run
from adjudicator.store.schema import ACCEPTED_CLAIMS, CLAIMS, LINE_DECISIONS, REGISTERS
from adjudicator.tables import REGISTERS as SHAPES
from adjudicator.units import day_number
from adjudicator.vocabulary import Care, Category, Kind, LineStatus
from adjudicator.words import message

NEIGHBOURS: Final = 12
"""How many codes before and after an unknown one are looked at for a near one."""

LIKELY: Final = 3
"""How many near codes are named."""


@dataclass(frozen=True)
class Answer:
    """What is said at the counter, with the names that go with it."""

    eligibility: Eligibility
    name: str | None
    """Of the insuree, where the register has one."""
    provision_names: dict[Kind, str]
    run: int
    """The last run that counts; 0 where nothing was decided yet."""


def eligibility_of(
    books: Books,
    insuree: str,
    day: dt.date,
    code: str | None = None,
    sources: Sequence[ProductSource] | None = None,
) -> Answer:
    """Find what an insuree is covered for on a day, by the registers and runs that are in the books now.

    Args:
        books: the books.
        insuree: the insuree's code.
        day: the day that is asked about.
        code: of a provision that is asked about.
        sources: the scheme's products, where they were read before.

    Raises:
        Refused: there is no such insuree or provision (the message names those that are near), or a product
            cannot be read.
    """
    if sources is None:
        sources = read_products(books.folder / books.settings.products, books.decimals)
    with books.database.reading() as connection:
        people = _of_register(connection, "insurees", "insuree", [insuree])
        if not len(people):
            raise unknown_insuree(connection, insuree)
        registers = {"insurees": people} | _enrolment(connection, insuree)
        if code is not None:
            registers["provisions"] = _of_register(connection, "provisions", "code", [code])
            if not len(registers["provisions"]):
                raise _unknown_provision(connection, code)
        known = world([source.definition for source in sources], registers, books.settings.adult_age)
        run = last_run(connection)
        history = _history(connection, known, insuree, code, run)
    eligibility = find_eligibility(known, history, insuree, day_number(day), code)
    return Answer(
        eligibility,
        _latest_name(people.to_pylist(), day),
        {
            kind: name
            for kind in Kind
            if (name := _latest_name(_of_kind(registers.get("provisions"), kind), day)) is not None
        },
        run,
    )


def _of_register(connection: sa.Connection, name: str, column: str, values: Collection[str]) -> pa.Table:
    """Read the rows of a register, as it is now, that have one of some values in a column."""
    table = REGISTERS[name]
    columns = [table.c[declared.name] for declared in SHAPES[name].columns]
    query = sa.select(*columns).where(table.c[column].in_(list(values)), table.c.until.is_(None))
    return bulk.read(connection, query)


def _enrolment(connection: sa.Connection, insuree: str) -> dict[str, pa.Table]:
    """Read the policies that cover an insuree, and everybody's cover of them."""
    covers = REGISTERS["covers"]
    query = sa.select(covers.c.policy).where(covers.c.insuree == insuree, covers.c.until.is_(None)).distinct()
    codes = list(connection.execute(query).scalars())
    return {name: _of_register(connection, name, "policy", codes or [""]) for name in ("policies", "covers")}


def _history(connection: sa.Connection, known: World, insuree: str, code: str | None, run: int) -> History:
    """Read what limits look back on, as a run after the last one would find it."""
    history = History()
    policies = pa.array(sorted(known.members), pa.string())
    if len(policies):
        for row in find_balances(connection, policies, run).to_pylist():
            used = Used()
            for care in Care:
                used.deducted[care] = row[f"deducted_{care.word}"]
                used.covered[care] = row[f"covered_{care.word}"]
            history.used[row["policy"], row["insuree"]] = used
    accepted = _accepted_claims(connection, insuree, run)
    claims = {
        row["claim_id"]: EarlierClaim(
            row["facility"],
            row["claim"],
            insuree,
            day_number(row["target_date"]),
            Category(row["category"]),
        )
        for row in accepted
    }
    history.claims[insuree] = list(claims.values())
    if code is not None:
        history.lines[insuree] = [
            EarlierLine(claims[line.claim_id], line.line, (Kind(line.kind), line.code), line.quantity)
            for line in _accepted_lines(connection, accepted, code)
        ]
    return history


def _accepted_claims(connection: sa.Connection, insuree: str, run: int) -> list[dict[str, Any]]:
    table = ACCEPTED_CLAIMS
    query = (
        sa.select(*table.c, CLAIMS.c.facility, CLAIMS.c.claim)
        .join(CLAIMS, CLAIMS.c.claim_id == table.c.claim_id)
        .where(table.c.insuree == insuree, table.c.run <= run)
    )
    rows = bulk.read(connection, query)
    kept: list[dict[str, Any]] = standing(rows, ("insuree", "claim_id")).to_pylist()
    return kept


def _accepted_lines(
    connection: sa.Connection, accepted: Sequence[dict[str, Any]], code: str
) -> Sequence[Any]:
    # From the ledger itself: a limit that is new in a product looks back on lines that no run kept at hand.
    table = LINE_DECISIONS
    keys = [(row["run"], row["claim_id"], row["entry"]) for row in accepted]
    if not keys:
        return ()
    query = sa.select(table.c.claim_id, table.c.line, table.c.kind, table.c.code, table.c.quantity).where(
        sa.tuple_(table.c.run, table.c.claim_id, table.c.entry).in_(keys),
        table.c.code == code,
        table.c.status == int(LineStatus.ACCEPTED),
    )
    return connection.execute(query.order_by(table.c.claim_id, table.c.line)).all()


def _of_kind(provisions: pa.Table | None, kind: Kind) -> list[dict[str, Any]]:
    rows = [] if provisions is None else provisions.to_pylist()
    return [row for row in rows if row["kind"] == kind]


def _latest_name(rows: list[dict[str, Any]], day: dt.date) -> str | None:
    """Give the name that holds on a day, else the latest."""

    def in_force(row: dict[str, Any]) -> bool:
        return (row["valid_from"] or dt.date.min) <= day <= (row["valid_to"] or dt.date.max)

    named = [row for row in rows if row["name"]]
    named.sort(key=lambda row: (in_force(row), row["valid_from"] or dt.date.min))
    return named[-1]["name"] if named else None


# Who is not there.


def unknown_insuree(connection: sa.Connection, insuree: str) -> Refused:
    """Say that there is no such insuree, and whose code is near."""
    found = near_insurees(connection, insuree)
    key = "eligibility.unknown_insuree.near" if found else "eligibility.unknown_insuree.remedy"
    remedy = message(key, near=found) if found else message(key)
    return Refused([Problem(message("eligibility.unknown_insuree", insuree=insuree), remedy=remedy)])


def near_insurees(connection: sa.Connection, insuree: str) -> list[str]:
    """Find codes of insurees near to one that is not there, by a few look-ups of the register's key."""
    column = REGISTERS["insurees"].c.insuree
    around: set[str] = set()
    for side, order in ((column < insuree, column.desc()), (column > insuree, column)):
        rows = connection.execute(sa.select(column).where(side).order_by(order).limit(NEIGHBOURS)).scalars()
        around |= set(rows)
    slips = sorted(_slips(insuree, {letter for code in around for letter in code}))
    for start in range(0, len(slips), 500):
        query = sa.select(column).where(column.in_(slips[start : start + 500]))
        around |= set(connection.execute(query).scalars())
    near = get_close_matches(insuree, sorted(around), len(around) or 1, NEAR_CODE)
    return sorted(near, key=lambda code: _unlike(insuree, code))[:LIKELY]


def _unlike(given: str, code: str) -> tuple[float, int, str]:
    """Say how unlike a code is to a given one; of two alike, the one that begins like it comes first."""
    matcher = SequenceMatcher(None, given, code, autojunk=False)
    first = matcher.get_matching_blocks()[0]
    return -matcher.ratio(), -first.size if first.a == first.b == 0 else 0, code


def _slips(code: str, letters: Collection[str]) -> set[str]:
    """Give what a code may be of which one sign was mistyped, left out, added, or changed places."""
    slips: set[str] = set()
    for at in range(len(code) + 1):
        before, after = code[:at], code[at:]
        slips |= {before + letter + after for letter in letters}
        slips |= {before + letter + after[1:] for letter in letters if after}
        slips |= {before + after[1:], before + after[1:2] + after[:1] + after[2:]}
    return slips - {code, ""}


def _unknown_provision(connection: sa.Connection, code: str) -> Refused:
    column = REGISTERS["provisions"].c.code
    known = connection.execute(sa.select(column).distinct()).scalars()
    near = nearest(code, sorted(known), NEAR_CODE)
    key = "eligibility.unknown_provision.near" if near else "eligibility.unknown_provision.remedy"
    remedy = message(key, near=near) if near else message(key)
    return Refused([Problem(message("eligibility.unknown_provision", code=code), remedy=remedy)])
