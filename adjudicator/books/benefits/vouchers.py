"""Vouchers: issued to a registered woman, one for each visit, used once, or cancelled.

Nothing here waits for a run or for a list: a voucher is issued and taken while people stand at a counter.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.benefits.conditions import fields_in
from adjudicator.benefits.definition import Visit
from adjudicator.benefits.fields import MEMBER, PLACES
from adjudicator.benefits.numbers import read_voucher_number, voucher_number
from adjudicator.benefits.read import CompiledVouchers
from adjudicator.benefits.universe import Families
from adjudicator.books.benefits.families import last_registers, rows_at
from adjudicator.books.benefits.payrolls import next_of
from adjudicator.books.benefits.plans import find_plan, keep_plan, recorded_plan
from adjudicator.books.books import Books
from adjudicator.problems import refused
from adjudicator.rulebook.evaluate import Evaluator
from adjudicator.store import journal
from adjudicator.store.journal import Act
from adjudicator.store.schema import (
    BENEFIT_EVENTS,
    BENEFIT_TRANSACTIONS,
    CLAIMS,
    JOURNAL,
    SETTLED_VOUCHERS,
    VOUCHER_CLAIMS,
    VOUCHER_ENDS,
    VOUCHER_ISSUES,
    VOUCHER_SEED,
    VOUCHERS,
)
from adjudicator.units import day_number
from adjudicator.vocabulary import FacilityLevel

ISSUE: Final = "issue vouchers"
USE: Final = "use voucher"
CANCEL: Final = "cancel vouchers"


@dataclass(frozen=True)
class Voucher:
    """A voucher, and what became of it."""

    voucher: int
    number: str
    plan: str
    content_hash: str
    """Of the plan that it was issued by."""
    insuree: str
    visit: str
    place: int
    """Which one of its kind it is, from 1."""
    amount: int
    """Minor units."""
    since: dt.date
    until: dt.date
    end: str | None
    """``used`` or ``cancelled``."""
    facility: str | None
    date: dt.date | None
    claim: str | None
    reason: str | None
    claimed: bool
    payroll: int | None
    """The list that its facility is paid by."""
    payment: str | None
    """What happened last to that payment."""
    acts: tuple[int, ...]
    """The entries of the journal about it."""

    def state(self, today: dt.date) -> str:
        """Say how far it is: open, expired, used, claimed, listed, paid or cancelled."""
        if self.end is None:
            return "expired" if today > self.until else "open"
        if self.end == "cancelled":
            return "cancelled"
        if self.payment == "paid":
            return "paid"
        return "listed" if self.payroll is not None else "claimed" if self.claimed else "used"


@dataclass(frozen=True)
class Issue:
    """The vouchers that a woman was given at once."""

    issue: int
    plan: CompiledVouchers
    insuree: str
    name: str | None
    round: int
    vouchers: tuple[Voucher, ...]


def take_turns(connection: sa.Connection) -> None:
    """Let one person after the other do something to vouchers; the embedded file has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE voucher_issues IN SHARE ROW EXCLUSIVE MODE")


def issue(books: Books, by: str, insuree: str, plan: str, day: dt.date) -> Issue:
    """Give a woman the vouchers of a plan.

    Args:
        books: the books.
        by: who gives them.
        insuree: her code.
        plan: the code of a plan of vouchers.
        day: the day of issue, from which on they can be used.

    Raises:
        Refused: she is not registered, the plan is not for her or not in force, or she has its vouchers.
    """
    compiled = find_plan(books, plan, CompiledVouchers)
    definition = compiled.definition
    if not definition.valid.holds(day_number(day)):
        raise refused("benefits.vouchers_not_in_force", plan=plan, day=day)
    with books.database.writing() as connection:
        take_turns(connection)
        name = _entitled(books, connection, compiled, insuree, day)
        turn = _turn(connection, compiled, insuree, day)
        seed = _seed(connection, by)
        number, first = (next_of(connection, c) for c in (VOUCHER_ISSUES.c.issue, VOUCHERS.c.voucher))
        rows = _made(seed, number, first, definition.visits, day)
        keep_plan(connection, compiled)
        values = {"plan": plan, "content_hash": compiled.content_hash, "insuree": insuree, "round": turn}
        about = {"issue": number, "date": day.isoformat(), "vouchers": len(rows), "first": first}
        entry = journal.append(connection, Act(by, ISSUE), values | about)
        connection.execute(sa.insert(VOUCHER_ISSUES).values(issue=number, journal=entry, date=day, **values))
        connection.execute(sa.insert(VOUCHERS), rows)
        made = vouchers(connection, VOUCHERS.c.issue == number)
    return Issue(number, compiled, insuree, name, turn, tuple(made))


def _entitled(
    books: Books, connection: sa.Connection, plan: CompiledVouchers, insuree: str, day: dt.date
) -> str | None:
    """Make sure that somebody is registered and that a plan is for her; give her name."""
    load = last_registers(connection).load
    hers = rows_at(connection, load, "insurees", {"insuree": insuree})
    if not len(hers):
        raise refused("benefits.no_insuree", insuree=insuree)
    versions = [row for row in hers.to_pylist() if _holds(row, day)]
    if not versions:
        raise refused("benefits.not_valid", insuree=insuree, day=day)
    family, name = versions[0]["family"], versions[0]["name"]
    tables = _seen(connection, load, family, insuree, [field.path for field in fields_in(plan.given_to)])
    families = Families(tables, day_number(day), books.settings.adult_age, plan.attributes)
    column = families.universe.column("member.insuree")
    codes = [column.texts[int(place)] for place in column.values] if column.texts else []
    if insuree not in codes:
        raise refused("benefits.not_valid", insuree=insuree, day=day)
    place = np.array([codes.index(insuree)], np.int64)
    if not Evaluator(families.universe).truth(plan.given_to, MEMBER, place)[0]:
        condition = " ".join(plan.definition.given_to.split())
        raise refused("benefits.not_for_her", insuree=insuree, plan=plan.code, condition=condition)
    return None if name is None else str(name)


def _holds(row: Mapping[str, Any], day: dt.date) -> bool:
    """Tell whether a version of a row of a register holds on a day."""
    begin, end = row["valid_from"], row["valid_to"]
    return (begin is None or begin <= day) and (end is None or end >= day)


_POLICIES: Final = ("family.insured", "family.products", "family.enrolled")
_PLACES: Final = ("family.location", *(f"family.{place}" for place in PLACES))
_HER_OWN: Final = ("member.", "cycle.", "attribute.", "family.number")


def _seen(
    connection: sa.Connection, load: int, family: str, insuree: str, paths: Sequence[str]
) -> dict[str, pa.Table]:
    """Read the registers about a woman, and about her family as far as a plan asks: people wait meanwhile."""
    others = [path for path in paths if path not in (*_POLICIES, *_PLACES) and not path.startswith(_HER_OWN)]
    # No policy and no place has an empty code.
    policies = {"family": family} if {*paths} & {*_POLICIES} else {"policy": ""}
    places = None if {*paths} & {*_PLACES} else {"code": ""}
    members = {"family": family} if others else {"insuree": insuree}
    return {
        "families": rows_at(connection, load, "families", {"family": family}),
        "insurees": rows_at(connection, load, "insurees", members),
        "policies": rows_at(connection, load, "policies", policies),
        "locations": rows_at(connection, load, "locations", places),
    }


def _turn(connection: sa.Connection, plan: CompiledVouchers, insuree: str, day: dt.date) -> int:
    """Give which time it is that a woman gets the vouchers of a plan, if she may have them again."""
    table = VOUCHER_ISSUES
    query = sa.select(table).where(table.c.plan == plan.code, table.c.insuree == insuree)
    turn = 1
    for row in connection.execute(query.order_by(table.c.round)):
        turn = row.round + 1
        held = vouchers(connection, VOUCHERS.c.issue == row.issue)
        again = row.date + dt.timedelta(days=plan.definition.again_after_days)
        if day < again and any(one.end != "cancelled" for one in held):
            values = {"insuree": insuree, "plan": plan.code, "date": row.date, "again": again}
            raise refused("benefits.has_vouchers", **values)
    return turn


def _seed(connection: sa.Connection, by: str) -> str:
    """Give what numbers are made from; it is drawn when the first vouchers are issued."""
    found: str | None = connection.execute(sa.select(VOUCHER_SEED.c.seed)).scalar()
    if found is not None:
        return found
    seed = secrets.token_hex(16)
    digest = hashlib.sha256(seed.encode()).hexdigest()
    entry = journal.append(connection, Act(by, "draw voucher seed"), {"seed_hash": digest})
    connection.execute(sa.insert(VOUCHER_SEED).values(one=1, journal=entry, seed=seed))
    return seed


def _made(
    seed: str, issue_number: int, first: int, visits: Sequence[Visit], day: dt.date
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for visit in visits:
        for place in range(1, visit.times + 1):
            serial = first + len(rows)
            rows.append(
                {
                    "voucher": serial,
                    "number": voucher_number(seed, serial),
                    "issue": issue_number,
                    "visit": visit.visit,
                    "place": place,
                    "amount": visit.amount,
                    "until": day + dt.timedelta(days=visit.valid_days),
                }
            )
    return rows


# Looking at vouchers.


def vouchers(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Voucher]:
    """Give the vouchers of which some conditions on the tables of vouchers hold, in the order of issue."""
    issues, ends, claims, settled = VOUCHER_ISSUES, VOUCHER_ENDS, VOUCHER_CLAIMS, SETTLED_VOUCHERS
    rows, events = BENEFIT_TRANSACTIONS, BENEFIT_EVENTS
    last = (
        sa.select(events.c.what)
        .where(events.c.transaction == settled.c.transaction)
        .order_by(events.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        sa.select(
            VOUCHERS,
            *(issues.c[name] for name in ("plan", "content_hash", "insuree")),
            issues.c.date.label("since"),
            issues.c.journal.label("issued"),
            ends.c.what.label("end"),
            *(ends.c[name] for name in ("facility", "date", "claim", "reason")),
            ends.c.journal.label("ended"),
            claims.c.journal.label("claimed"),
            rows.c.payroll,
            last.label("payment"),
        )
        .join(issues, issues.c.issue == VOUCHERS.c.issue)
        .outerjoin(ends, ends.c.voucher == VOUCHERS.c.voucher)
        .outerjoin(claims, claims.c.voucher == VOUCHERS.c.voucher)
        .outerjoin(settled, settled.c.voucher == VOUCHERS.c.voucher)
        .outerjoin(rows, rows.c.transaction == settled.c.transaction)
        .where(*conditions)
        .order_by(VOUCHERS.c.voucher)
    )
    return [
        Voucher(
            *(row.voucher, row.number, row.plan, row.content_hash, row.insuree, row.visit, row.place),
            *(row.amount, row.since, row.until, row.end, row.facility, row.date, row.claim, row.reason),
            *(row.claimed is not None, row.payroll, row.payment),
            tuple(act for act in (row.issued, row.ended, row.claimed) if act is not None),
        )
        for row in connection.execute(query)
    ]


def voucher_of(connection: sa.Connection, number: str) -> Voucher:
    """Give the voucher of a number, however it is written.

    Raises:
        Refused: the number is mistyped, or there is no such voucher.
    """
    read = read_voucher_number(number)
    if read is None:
        raise refused("benefits.voucher_mistyped", number=number)
    found = vouchers(connection, VOUCHERS.c.number == read)
    if not found:
        raise refused("benefits.no_voucher", number=read)
    return found[0]


def acts_of(connection: sa.Connection, voucher: Voucher) -> list[tuple[str, str, str]]:
    """Give what was done to a voucher: what, by whom, when."""
    query = sa.select(JOURNAL.c.what, JOURNAL.c.by, JOURNAL.c.at).where(JOURNAL.c.number.in_(voucher.acts))
    return [(row.what, row.by, row.at) for row in connection.execute(query.order_by(JOURNAL.c.number))]


# Using and cancelling.


def use(books: Books, by: str, number: str, facility: str, day: dt.date, claim: str | None = None) -> Voucher:
    """Take a voucher at a facility, once.

    Args:
        books: the books.
        by: who takes it.
        number: of the voucher.
        facility: the facility's code.
        day: the day of the visit.
        claim: the number of a claim of that facility about the visit.

    Raises:
        Refused: there is no such voucher, it was used or cancelled, it is not valid on that day, or the
            facility does not take it.
    """
    with books.database.writing() as connection:
        take_turns(connection)
        voucher = voucher_of(connection, number)
        taking = Taking(books, connection, facility)
        if (why := taking.why_not(voucher, day)) is not None:
            raise refused(f"benefits.voucher.{why}", **about(voucher, facility, day))
        if claim is not None:
            _her_claim(connection, voucher, facility, claim)
        content = {"voucher": voucher.voucher, "facility": facility, "date": day.isoformat(), "claim": claim}
        entry = journal.append(connection, Act(by, USE), content)
        connection.execute(
            sa.insert(VOUCHER_ENDS).values(
                voucher=voucher.voucher, journal=entry, what="used", facility=facility, date=day, claim=claim
            )
        )
        return voucher_of(connection, voucher.number)


def about(voucher: Voucher, facility: str, day: dt.date) -> dict[str, Any]:
    """Give what messages about a voucher can name."""
    return {
        "number": voucher.number,
        "visit": voucher.visit,
        "facility": facility,
        "other": voucher.facility or "–",
        "day": day,
        "date": voucher.date or day,
        "since": voucher.since,
        "until": voucher.until,
    }


def _her_claim(connection: sa.Connection, voucher: Voucher, facility: str, claim: str) -> None:
    """Refuse a claim that is about somebody else; one that is not in the books yet may still come."""
    query = sa.select(CLAIMS.c.insuree).where(CLAIMS.c.facility == facility, CLAIMS.c.claim == claim)
    whose = connection.execute(query).scalar()
    if whose is not None and whose != voucher.insuree:
        values = {"claim": claim, "facility": facility, "insuree": whose, "number": voucher.number}
        raise refused("benefits.voucher.other_claim", **values)


class Taking:
    """Whether a facility takes vouchers.

    Args:
        books: the books.
        connection: of a transaction.
        facility: its code.

    Raises:
        Refused: there is no such facility.
    """

    def __init__(self, books: Books, connection: sa.Connection, facility: str) -> None:
        self._books, self._connection, self._facility = books, connection, facility
        load = last_registers(connection).load
        self.versions: pa.Table = rows_at(connection, load, "facilities", {"code": facility})
        if not len(self.versions):
            raise refused("benefits.no_facility", facility=facility)
        self._plans: dict[str, CompiledVouchers] = {}

    def why_not(self, voucher: Voucher, day: dt.date) -> str | None:
        """Say why a voucher cannot be used here on a day; None where it can."""
        if voucher.end == "cancelled":
            return "cancelled"
        if voucher.end == "used":
            return "used" if voucher.facility == self._facility else "used_elsewhere"
        if day < voucher.since:
            return "too_early"
        if day > voucher.until:
            return "expired"
        return None if self._takes(voucher, day) else "not_taken"

    def _takes(self, voucher: Voucher, day: dt.date) -> bool:
        if voucher.content_hash not in self._plans:
            self._plans[voucher.content_hash] = recorded_plan(
                self._books, self._connection, voucher.content_hash, CompiledVouchers
            )
        visits = self._plans[voucher.content_hash].definition.visits
        levels = next(visit.at for visit in visits if visit.visit == voucher.visit)
        return any(
            _holds(row, day) and (not levels or FacilityLevel(row["level"]).word in levels)
            for row in self.versions.to_pylist()
        )


def cancel(books: Books, by: str, number: str, reason: str, whole: bool = False) -> list[Voucher]:
    """Cancel a voucher that was not used, or all of its issue that were not.

    Raises:
        Refused: it was used or cancelled before, or there is no reason.
    """
    if not reason.strip():
        raise refused("benefits.no_reason")
    with books.database.writing() as connection:
        take_turns(connection)
        voucher = voucher_of(connection, number)
        if voucher.end is not None and not whole:
            key = "cancelled" if voucher.end == "cancelled" else "used_before"
            raise refused(
                f"benefits.voucher.{key}",
                **about(voucher, voucher.facility or "–", voucher.date or voucher.since),
            )
        mine = VOUCHERS.c.number == voucher.number
        if whole:
            issued = sa.select(VOUCHERS.c.issue).where(mine).scalar_subquery()
            mine = VOUCHERS.c.issue == issued
        ended = [one for one in vouchers(connection, mine) if one.end is None]
        if not ended:
            raise refused("benefits.none_to_cancel", number=voucher.number)
        content = {"vouchers": [one.voucher for one in ended], "reason": reason}
        entry = journal.append(connection, Act(by, CANCEL), content)
        rows = [
            {"voucher": one.voucher, "journal": entry, "what": "cancelled", "reason": reason} for one in ended
        ]
        connection.execute(sa.insert(VOUCHER_ENDS), rows)
        return vouchers(connection, VOUCHERS.c.voucher.in_([one.voucher for one in ended]))
