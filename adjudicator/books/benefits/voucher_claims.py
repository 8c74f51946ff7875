"""What facilities are owed for vouchers: claimed by a file, put on a list, and paid as lists are.

The list is one of :mod:`adjudicator.books.benefits.payrolls`, of facilities instead of families: it is
approved, handed over and reconciled like any other.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa

from adjudicator.benefits.numbers import read_voucher_number
from adjudicator.benefits.read import CompiledVouchers
from adjudicator.books.benefits.families import last_registers, rows_at
from adjudicator.books.benefits.payrolls import FACILITIES, MAKE, New, book
from adjudicator.books.benefits.plans import find_plan
from adjudicator.books.benefits.vouchers import Taking, Voucher, take_turns, vouchers
from adjudicator.books.books import Books
from adjudicator.books.return_files import Row, read_rows
from adjudicator.problems import refused
from adjudicator.store import bulk, journal, lock
from adjudicator.store.journal import Act
from adjudicator.store.schema import (
    BENEFIT_TRANSACTIONS,
    CLAIMS,
    PAYROLLS,
    SETTLED_VOUCHERS,
    VOUCHER_CLAIMS,
    VOUCHER_ENDS,
    VOUCHER_ISSUES,
    VOUCHERS,
)
from adjudicator.units import day_number

CLAIM: Final = "claim vouchers"

NEEDED: Final = ("voucher", "date")
"""The columns that a facility's file must have; it may have ``claim``."""


class Taken(Enum):
    """What a row of a facility's file comes to."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """It was claimed before, by this facility."""
    USED_ELSEWHERE = "used_elsewhere"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    TOO_EARLY = "too_early"
    NOT_TAKEN = "not_taken"
    """This facility does not take such vouchers, or not on that day."""
    OTHER_CLAIM = "other_claim"
    """The claim is about somebody else."""
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class ClaimedRow:
    """A row of a facility's file."""

    row: int
    number: str
    taken: Taken
    voucher: Voucher | None = None


@dataclass(frozen=True)
class Claimed:
    """What a facility's file comes to."""

    facility: str
    rows: tuple[ClaimedRow, ...]

    def count(self, taken: Taken) -> int:
        """Count the rows that come to something."""
        return sum(row.taken is taken for row in self.rows)

    @property
    def amount(self) -> int:
        """What the facility is owed by it, in minor units."""
        return sum(row.voucher.amount for row in self.rows if row.taken is Taken.ACCEPTED and row.voucher)

    @property
    def findings(self) -> list[ClaimedRow]:
        """The rows that the facility is told about."""
        return [row for row in self.rows if row.taken not in (Taken.ACCEPTED, Taken.DUPLICATE)]


def claim(books: Books, by: str, facility: str, path: Path) -> Claimed:
    """Take in the vouchers that a facility claims; those that were not taken yet are used by it.

    Each row stands for itself; the same file again changes nothing.

    Args:
        books: the books.
        by: who takes it in.
        facility: the facility's code.
        path: a CSV file with the columns ``voucher`` and ``date`` (of the visit), and perhaps ``claim``.

    Raises:
        Refused: there is no such facility, or the file cannot be read; nothing was changed.
    """
    content = path.read_bytes()
    rows = read_rows(path, content, NEEDED)
    with books.database.writing() as connection:
        take_turns(connection)
        taking = Taking(books, connection, facility)
        known = _known(connection, rows)
        claims = _whose(connection, facility, rows)
        told: list[ClaimedRow] = []
        used: dict[int, tuple[dt.date, str | None]] = {}
        done: dict[int, Voucher] = {}
        for place, row in enumerate(rows, 2):
            one = _taken(place, row, known, claims, taking, facility, set(done))
            told.append(one)
            if one.taken is Taken.ACCEPTED and one.voucher is not None:
                done[one.voucher.voucher] = one.voucher
                if one.voucher.end is None:
                    day = dt.date.fromisoformat(row["date"])
                    used[one.voucher.voucher] = (day, row.get("claim") or None)
        if done:
            _book(connection, by, facility, used, list(done), hashlib.sha256(content).hexdigest())
    return Claimed(facility, tuple(told))


def _known(connection: sa.Connection, rows: list[Row]) -> Mapping[str, Voucher]:
    numbers = {read_voucher_number(row["voucher"]) for row in rows} - {None}
    if not numbers:
        return {}
    asked = pa.table({"number": pa.array(sorted(one for one in numbers if one), pa.string())})
    wanted = bulk.wanted(connection, "asked_vouchers", asked)
    found = vouchers(connection, VOUCHERS.c.number.in_(sa.select(wanted.c.number)))
    return {one.number: one for one in found}


def _whose(connection: sa.Connection, facility: str, rows: list[Row]) -> Mapping[str, str]:
    """Give whom the claims are about that rows name, as far as they are in the books."""
    asked = sorted({row.get("claim", "") for row in rows} - {""})
    if not asked:
        return {}
    wanted = bulk.wanted(connection, "asked_claims", pa.table({"claim": pa.array(asked, pa.string())}))
    query = sa.select(CLAIMS.c.claim, CLAIMS.c.insuree).join(wanted, wanted.c.claim == CLAIMS.c.claim)
    found = connection.execute(query.where(CLAIMS.c.facility == facility))
    return {row.claim: row.insuree for row in found}


def _taken(
    place: int,
    row: Row,
    known: Mapping[str, Voucher],
    claims: Mapping[str, str],
    taking: Taking,
    facility: str,
    done: set[int],
) -> ClaimedRow:
    number = read_voucher_number(row["voucher"])
    try:
        day = dt.date.fromisoformat(row["date"])
    except ValueError:
        number = None
    if number is None:
        return ClaimedRow(place, row["voucher"], Taken.UNREADABLE)
    voucher = known.get(number)
    if voucher is None:
        return ClaimedRow(place, number, Taken.UNKNOWN)
    if (voucher.claimed and voucher.facility == facility) or voucher.voucher in done:
        return ClaimedRow(place, number, Taken.DUPLICATE, voucher)
    why = taking.why_not(voucher, day)
    # What it has taken at the counter it can claim.
    if why is not None and why != "used":
        return ClaimedRow(place, number, Taken(why), voucher)
    if claims.get(row.get("claim", ""), voucher.insuree) != voucher.insuree:
        return ClaimedRow(place, number, Taken.OTHER_CLAIM, voucher)
    return ClaimedRow(place, number, Taken.ACCEPTED, voucher)


def _book(
    connection: sa.Connection,
    by: str,
    facility: str,
    used: Mapping[int, tuple[dt.date, str | None]],
    claimed: list[int],
    digest: str,
) -> None:
    content = {
        "facility": facility,
        "used": [[voucher, day.isoformat(), number] for voucher, (day, number) in used.items()],
        "claimed": claimed,
        "file_hash": digest,
    }
    entry = journal.append(connection, Act(by, CLAIM), content)
    same = {"journal": entry, "what": "used", "facility": facility}
    if used:
        rows = [
            {"voucher": voucher, "date": day, "claim": number, **same}
            for voucher, (day, number) in used.items()
        ]
        connection.execute(sa.insert(VOUCHER_ENDS), rows)
    connection.execute(sa.insert(VOUCHER_CLAIMS), [{"voucher": voucher, **same} for voucher in claimed])


@dataclass(frozen=True)
class Due:
    """What a facility is owed for vouchers that are on no list yet."""

    facility: str
    name: str
    account: str | None
    vouchers: int
    amount: int
    """Minor units."""


@dataclass(frozen=True)
class VoucherList:
    """What a list of facilities comes to."""

    plan: str
    due: tuple[Due, ...]
    payroll: int | None = None

    @property
    def total(self) -> int:
        """Minor units."""
        return sum(one.amount for one in self.due)


def _unsettled(connection: sa.Connection, plan: str) -> list[Voucher]:
    unsettled = (VOUCHER_CLAIMS.c.voucher.is_not(None), SETTLED_VOUCHERS.c.voucher.is_(None))
    return vouchers(connection, *unsettled, VOUCHER_ISSUES.c.plan == plan)


def due(connection: sa.Connection, plan: str) -> list[Due]:
    """Give what facilities are owed for vouchers of a plan that they claimed, and that no list pays."""
    found: dict[str, list[Voucher]] = {}
    for one in _unsettled(connection, plan):
        assert one.facility is not None
        found.setdefault(one.facility, []).append(one)
    if not found:
        return []
    load = last_registers(connection).load
    facilities: dict[str, dict[str, Any]] = {}
    for row in rows_at(connection, load, "facilities").to_pylist():
        facilities.setdefault(row["code"], row)
    return [
        Due(
            code,
            facilities[code]["name"] if code in facilities else code,
            facilities[code]["account_code"] if code in facilities else None,
            len(theirs),
            sum(one.amount for one in theirs),
        )
        for code, theirs in sorted(found.items())
    ]


def pay(books: Books, by: str, plan: str, confirm: bool = False) -> VoucherList:
    """Put all that facilities are owed for vouchers of a plan on a list, or only show it.

    A plan that is gone from the scheme's folder is still paid for.

    Raises:
        Refused: nothing is owed, there is no such plan, or the books are in use.
    """
    if not confirm:
        with books.database.reading() as connection:
            listed = VoucherList(plan, tuple(due(connection, plan)))
        if not listed.due:
            find_plan(books, plan, CompiledVouchers)
        return listed
    with lock.held(books.database, Act(by, MAKE)), books.database.writing() as connection:
        take_turns(connection)
        owed = due(connection, plan)
        if not owed:
            find_plan(books, plan, CompiledVouchers)
            raise refused("benefits.no_vouchers_due", plan=plan)
        settled = _unsettled(connection, plan)
        days = [day_number(one.date) for one in settled if one.date is not None]
        lists = sa.select(sa.func.count()).where(PAYROLLS.c.kind == FACILITIES, PAYROLLS.c.plan == plan)
        cycle = f"vouchers-{connection.execute(lists).scalar_one() + 1}"
        rows = pa.table(
            {
                "payee": pa.array([one.facility for one in owed], pa.string()),
                "name": pa.array([one.name for one in owed], pa.string()),
                "account": pa.array([one.account for one in owed], pa.string()),
                "amount": pa.array([one.amount for one in owed], pa.int64()),
            }
        )
        record = {"vouchers": len(settled), "registers": {"load": last_registers(connection).load}}
        number = book(connection, by, New(FACILITIES, plan, cycle, min(days), max(days)), rows, record)
        table = BENEFIT_TRANSACTIONS
        query = sa.select(table.c.payee, table.c.transaction).where(table.c.payroll == number)
        transactions = {row.payee: row.transaction for row in connection.execute(query)}
        connection.execute(
            sa.insert(SETTLED_VOUCHERS),
            [{"voucher": one.voucher, "transaction": transactions[one.facility]} for one in settled],
        )
    return VoucherList(plan, tuple(owed), number)


def vouchers_of_list(connection: sa.Connection, payroll: int) -> list[Voucher]:
    """Give the vouchers that a list pays."""
    return vouchers(connection, BENEFIT_TRANSACTIONS.c.payroll == payroll)
