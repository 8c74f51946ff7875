"""What families owe for their policies, what they paid, and what becomes of it: read out of the registers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.reports.about import check_code, check_product, report_of
from adjudicator.encoding import Keys, days, integers
from adjudicator.problems import Problem, Refused, refused
from adjudicator.product.definition import Product
from adjudicator.product.meant import NEAR_CODE, nearest
from adjudicator.product.read import read_products
from adjudicator.remuneration.accounts import Accounts, Registered, accounts_on, by_month, previous_expiries
from adjudicator.remuneration.contributions import (
    NEVER,
    OWES_NOTHING,
    Change,
    Enrolments,
    Payments,
    history_of,
    instalments,
    members_of,
)
from adjudicator.reporting.report import Column, Parameter, Report, Unit, part_of_rows
from adjudicator.store import bulk
from adjudicator.store.schema import REGISTERS
from adjudicator.units import NO_DATE, OPEN_START, date_of, day_number
from adjudicator.vocabulary import PolicyStatus, Stage
from adjudicator.words import message

Int64s = npt.NDArray[np.int64]

PARTS: Final = ("lump_sum", "adults", "children", "registration", "assembly", "discount")
"""What a contribution is made of, in order; a discount is taken off the sum of the others."""


@dataclass(frozen=True)
class Contribution:
    """A contribution that was paid."""

    contribution: str
    paid: dt.date
    amount: int
    payer: str | None


@dataclass(frozen=True)
class PolicyAccount:
    """The account of one policy; amounts in minor units."""

    policy: str
    family: str
    location: str | None
    product: str
    valid_from: dt.date | None
    """Of the version by which the family enrolled; None where it was always in force."""
    stage: Stage
    registered: PolicyStatus
    """Its status in the register."""
    enrolled: dt.date
    effective: dt.date
    expiry: dt.date
    start: dt.date
    """When cover starts by the product's terms."""
    adults: int
    children: int
    late: int
    """Members who joined after the policy took effect; the contribution is not theirs."""
    too_many: bool
    owed: Mapping[str, int]
    """By the names of :data:`PARTS`."""
    total: int
    instalments: tuple[int, ...]
    """The most that it may come in, in equal parts."""
    paid: int
    contributions: tuple[Contribution, ...]
    """All of them, those after the day as well."""
    in_full_on: dt.date | None
    """When it was paid in full; None where it is not. A policy that owes nothing was when it took effect."""
    grace_until: dt.date | None
    """The last day of the months of grace for paying; None where the product gives none."""
    status: PolicyStatus
    """By what was paid, on the day."""
    changes: tuple[Change, ...]
    """How that status changed since the enrolment."""
    earned: tuple[tuple[int, int], ...]
    """What was paid, over the months that it is allocated to: month and amount."""

    @property
    def missing(self) -> int:
        """What is still owed; nothing where more was paid."""
        return max(0, self.total - self.paid)


@dataclass(frozen=True)
class _Read:
    """Policies with all that their accounts are made of."""

    policies: pa.Table
    """``policy``, ``family``, ``product``, ``enrolled``, ``effective``, ``expiry``, ``stage``, ``status``,
    ``location``, ``previous`` (days), in the order of their codes."""
    covers: pa.Table
    contributions: pa.Table


def policy_accounts(books: Books, name: str, day: dt.date) -> list[PolicyAccount]:
    """Give the account of a policy, or those of all policies of a family, the latest first.

    Args:
        books: the books.
        name: the code of a policy or of a family.
        day: the day; what was paid later does not count for the status.

    Raises:
        Refused: there is no such policy or family, or a product cannot be read.
    """
    versions = _versions(books)
    policies = REGISTERS["policies"]
    with books.database.reading() as connection:
        for column in (policies.c.policy, policies.c.family):
            read = _read(connection, column == name, versions)
            if len(read.policies):
                break
        else:
            raise _unknown(connection, name)
        keep = read.policies
        if column is policies.c.policy:
            # The policies that it continues are of the same family.
            family = read.policies["family"][0].as_py()
            read = _read(connection, policies.c.family == family, versions)
            keep = read.policies.filter(pc.equal(read.policies["policy"], name))
    wanted = set(keep["policy"].to_pylist())
    for code in sorted({*keep["product"].to_pylist()} - versions.keys()):
        raise refused("policies.no_terms", product=code)
    found = [
        account
        for account in _accounts(read, versions, day, books.settings.adult_age)
        if account.policy in wanted
    ]
    return sorted(found, key=lambda one: (one.effective, one.policy), reverse=True)


def _unknown(connection: sa.Connection, name: str) -> Refused:
    policies = REGISTERS["policies"]
    near: list[str] = []
    for column in (policies.c.policy, policies.c.family):
        for side, order in ((column < name, column.desc()), (column > name, column)):
            query = sa.select(column).where(side).order_by(order).limit(20)
            near += connection.execute(query).scalars()
    meant = nearest(name, sorted({*near}), NEAR_CODE)
    what = message("policies.unknown", name=name)
    remedy = message("reporting.did_you_mean", near=meant) if meant else message("policies.unknown.remedy")
    return Refused([Problem(what, remedy=remedy)])


Versions = Mapping[str, Sequence[Product]]


def _versions(books: Books) -> Versions:
    found: dict[str, list[Product]] = {}
    for source in read_products(books.folder / books.settings.products, books.decimals):
        found.setdefault(source.definition.product, []).append(source.definition)
    return found


def _read(connection: sa.Connection, which: sa.ColumnElement[bool], versions: Versions) -> _Read:
    """Read policies as they are in the registers now, with who is covered and what was paid."""
    policies, families = REGISTERS["policies"], REGISTERS["families"]
    covers, insurees, paid = (REGISTERS[name] for name in ("covers", "insurees", "contributions"))
    now = policies.c.until.is_(None)
    chosen = policies.outerjoin(
        families, sa.and_(families.c.family == policies.c.family, families.c.until.is_(None))
    )
    names = ("policy", "family", "product", "enrolled", "effective", "expiry", "stage", "status")
    query = sa.select(*(policies.c[name] for name in names), families.c.location).select_from(chosen)
    rows = bulk.read(connection, query.where(now, which)).sort_by("policy")
    people = (
        sa.select(covers.c.policy, covers.c.effective, insurees.c.birth_date)
        .select_from(chosen)
        .join(covers, sa.and_(covers.c.policy == policies.c.policy, covers.c.until.is_(None)))
        .outerjoin(
            insurees,
            sa.and_(
                insurees.c.insuree == covers.c.insuree,
                insurees.c.until.is_(None),
                sa.or_(insurees.c.valid_to.is_(None), insurees.c.valid_to >= covers.c.effective),
                sa.or_(insurees.c.valid_from.is_(None), insurees.c.valid_from <= covers.c.effective),
            ),
        )
        .where(now, which)
    )
    money = (
        sa.select(paid.c.contribution, paid.c.policy, paid.c.paid, paid.c.amount, paid.c.payer)
        .select_from(chosen)
        .join(paid, sa.and_(paid.c.policy == policies.c.policy, paid.c.until.is_(None)))
        .where(now, which)
    )
    return _Read(
        rows.append_column("previous", pa.array(_previous(rows, versions))),
        bulk.read(connection, people),
        bulk.read(connection, money).sort_by([("paid", "ascending"), ("contribution", "ascending")]),
    )


def _previous(rows: pa.Table, versions: Versions) -> Int64s:
    """Find the last days of the policies that policies continue."""
    first = {code: _line_of(code, versions) for code in set(rows["product"].to_pylist())}
    lines = pa.array([first[code] for code in rows["product"].to_pylist()], pa.string())
    family, line = Keys.of(rows["family"]), Keys.of(lines)
    return previous_expiries(
        family.encode(rows["family"]).astype(np.int64),
        line.encode(lines).astype(np.int64),
        days(rows["effective"]).astype(np.int64),
        days(rows["expiry"]).astype(np.int64),
    )


def _line_of(code: str, versions: Versions) -> str:
    """Name the line of a product: the last of those that take each other's place on renewal."""
    seen = {code}
    while True:
        following = [one.replaces_on_renewal for one in versions.get(code, ()) if one.replaces_on_renewal]
        if not following or following[-1] in seen:
            return code
        code = following[-1]
        seen.add(code)


# Accounts.


@dataclass(frozen=True)
class _Computed:
    """The accounts of the policies of one version, and which rows they are of."""

    version: Product
    rows: Int64s
    registered: Registered
    payments: Payments
    of_payments: Int64s
    """The rows of the contributions."""
    late: Int64s
    accounts: Accounts


def _computed(read: _Read, versions: Versions, day: dt.date, adult_age: int) -> list[_Computed]:
    rows = read.policies
    keys = Keys.of(rows["policy"])
    effective, expiry = (days(rows[name]).astype(np.int64) for name in ("effective", "expiry"))
    enrolled = days(rows["enrolled"]).astype(np.int64)
    enrolled = np.where(enrolled == NO_DATE, effective, enrolled)
    renewal = integers(rows["stage"], np.int8) == int(Stage.RENEWAL)
    previous = integers(rows["previous"], np.int64)
    cover = keys.encode(read.covers["policy"]).astype(np.int64)
    joined = days(read.covers["effective"]).astype(np.int64) > effective[cover]
    adults, children = members_of(
        cover[~joined], days(read.covers["birth_date"]).astype(np.int64)[~joined], enrolled, adult_age
    )
    late = np.bincount(cover[joined], minlength=len(rows)).astype(np.int64)
    paid_for = keys.encode(read.contributions["policy"]).astype(np.int64)
    paid_on = days(read.contributions["paid"]).astype(np.int64)
    amount = integers(read.contributions["amount"], np.int64)
    found = []
    for version, mine in _by_version(rows["product"].to_pylist(), enrolled, versions):
        place = np.full(len(rows), -1, np.int64)
        place[mine] = np.arange(len(mine))
        of_payments = np.flatnonzero(place[paid_for] >= 0)
        registered = Registered(
            Enrolments(enrolled[mine], adults[mine], children[mine], renewal[mine], previous[mine]),
            *(effective[mine], expiry[mine]),
        )
        payments = Payments(place[paid_for[of_payments]], paid_on[of_payments], amount[of_payments])
        accounts = accounts_on(version, registered, payments, day_number(day))
        found.append(_Computed(version, mine, registered, payments, of_payments, late[mine], accounts))
    return found


def _by_version(codes: Sequence[str], enrolled: Int64s, versions: Versions) -> list[tuple[Product, Int64s]]:
    """Group policies by the version in force on their enrolment; else the one before, else the first."""
    product = np.array([sorted(versions).index(code) if code in versions else -1 for code in codes], np.int64)
    found = []
    for place, code in enumerate(sorted(versions)):
        ordered = sorted(versions[code], key=lambda one: one.valid.start)
        starts = np.array([one.valid.start for one in ordered], np.int64)
        mine = np.flatnonzero(product == place)
        which = np.maximum(np.searchsorted(starts, enrolled[mine], side="right") - 1, 0)
        found += [(one, mine[which == at]) for at, one in enumerate(ordered) if (which == at).any()]
    return found


def _accounts(read: _Read, versions: Versions, day: dt.date, adult_age: int) -> list[PolicyAccount]:
    rows = read.policies.to_pylist()
    money = read.contributions.to_pylist()
    found = []
    for one in _computed(read, versions, day, adult_age):
        for place, row in enumerate(one.rows.tolist()):
            mine = np.flatnonzero(one.payments.policy == place)
            listed = [money[at] for at in one.of_payments[mine].tolist()]
            found.append(_account(rows[row], one, place, listed))
    return found


def _account(
    row: Mapping[str, Any], one: _Computed, place: int, money: Sequence[Mapping[str, Any]]
) -> PolicyAccount:
    accounts, enrolments = one.accounts, one.registered.enrolments
    total = int(accounts.owed.total[place])
    mine = one.payments.policy == place
    payments = Payments(
        np.zeros(int(mine.sum()), np.int64), one.payments.paid[mine], one.payments.amount[mine]
    )
    full = int(accounts.full[place])
    effective, expiry = int(one.registered.effective[place]), int(one.registered.expiry[place])
    enrolled = int(enrolments.enrolled[place])
    grace = one.version.enrolment.grace.payment
    return PolicyAccount(
        policy=row["policy"],
        family=row["family"],
        location=row["location"],
        product=row["product"],
        valid_from=date_of(begins) if (begins := one.version.valid.start) > OPEN_START else None,
        stage=Stage(row["stage"]),
        registered=PolicyStatus(row["status"]),
        enrolled=date_of(enrolled),
        effective=row["effective"],
        expiry=row["expiry"],
        start=date_of(int(accounts.start[place])),
        adults=int(enrolments.adults[place]),
        children=int(enrolments.children[place]),
        late=int(one.late[place]),
        too_many=bool(accounts.too_many[place]),
        owed={name: int(getattr(accounts.owed, name)[place]) for name in PARTS},
        total=total,
        instalments=tuple(instalments(total, one.version.contribution.installments)),
        paid=int(accounts.paid[place]),
        contributions=tuple(
            Contribution(each["contribution"], each["paid"], each["amount"], each["payer"]) for each in money
        ),
        in_full_on=None if full == NEVER else row["effective"] if full == OWES_NOTHING else date_of(full),
        grace_until=date_of(int(accounts.grace_ends[place])) if grace else None,
        status=PolicyStatus(int(accounts.status[place])),
        changes=tuple(history_of(accounts.policies, one.payments, place, enrolled)),
        earned=tuple(by_month(payments, effective, expiry)),
    )


# What is owed at a place.

OWED_COLUMNS: Final = (
    Column("policy"),
    Column("family"),
    Column("location", spare=True),
    Column("product"),
    Column("members", Unit.NUMBER, spare=True),
    Column("effective", Unit.DATE, spare=True),
    Column("expiry", Unit.DATE, spare=True),
    Column("owed", Unit.MONEY),
    Column("paid_so_far", Unit.MONEY),
    Column("missing", Unit.MONEY),
    Column("policy_status", Unit.WORD, PolicyStatus),
    Column("grace_until", Unit.DATE),
)
TOTAL_COLUMNS: Final = (
    Column("product"),
    Column("policies", Unit.NUMBER),
    *(Column(name, Unit.MONEY) for name in ("owed", "paid_so_far", "missing")),
    Column("behind", Unit.NUMBER),
)
"""``behind``: policies of which less was paid than is owed."""


def owed_report(
    books: Books, day: dt.date, location: str | None = None, product: str | None = None, every: bool = False
) -> Report:
    """Make the report of what families owe for policies that run on a day, or will.

    Args:
        books: the books.
        day: the day.
        location: only of families who live there, or within it.
        product: only of this product.
        every: those that are paid in full as well.

    Raises:
        Refused: there is no such location or product, or a product cannot be read.
    """
    versions = _versions(books)
    policies, families = REGISTERS["policies"], REGISTERS["families"]
    with books.database.reading() as connection:
        check_code(connection, "locations", location)
        check_product(books, product)
        # Earlier policies of the families say what is a renewal.
        which: sa.ColumnElement[bool] = policies.c.policy.is_not(None)
        if location is not None:
            which = families.c.location.in_(_within(connection, location))
        read = _read(connection, which, versions)
        rows, totals = _owed_rows(read, versions, day, books.settings.adult_age, product, every)
        said = [Parameter("on", day)]
        said += [Parameter("family_location", location)] if location else []
        said += [Parameter("product", product)] if product else []
        if lost := sorted({*read.policies["product"].to_pylist()} - versions.keys()):
            said.append(Parameter("without_terms", ", ".join(lost)))
        parts = (
            part_of_rows("owed_by_product", TOTAL_COLUMNS, totals),
            part_of_rows("owed", OWED_COLUMNS, rows),
        )
        return report_of(books, connection, "owed", said, parts)


def _within(connection: sa.Connection, location: str) -> list[str]:
    """Give a location and all that lie within it."""
    table = REGISTERS["locations"]
    query = sa.select(table.c.code, table.c.parent).where(table.c.until.is_(None))
    inside: dict[str | None, list[str]] = {}
    for row in connection.execute(query):
        inside.setdefault(row.parent, []).append(row.code)
    found, new = [location], [location]
    while new:
        new = [code for place in new for code in inside.get(place, ()) if code not in found]
        found += new
    return found


def _owed_rows(
    read: _Read, versions: Versions, day: dt.date, adult_age: int, product: str | None, every: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    totals: dict[str, dict[str, Any]] = {}
    for one in _computed(read, versions, day, adult_age):
        if product not in (None, one.version.product):
            continue
        accounts, enrolments = one.accounts, one.registered.enrolments
        runs = (enrolments.enrolled <= day_number(day)) & (one.registered.expiry >= day_number(day))
        behind = accounts.missing > 0
        held = totals.setdefault(one.version.product, dict.fromkeys((c.name for c in TOTAL_COLUMNS), 0))
        held["product"] = one.version.product
        held["policies"] += int(runs.sum())
        held["behind"] += int((runs & behind).sum())
        for name, column in (
            ("owed", accounts.owed.total),
            ("paid_so_far", accounts.paid),
            ("missing", accounts.missing),
        ):
            held[name] += int(column[runs].sum())
        grace = bool(one.version.enrolment.grace.payment)
        listed = read.policies.take(pa.array(one.rows)).select(
            ["policy", "family", "location", "product", "effective", "expiry"]
        )
        for place in np.flatnonzero(runs if every else runs & behind).tolist():
            row = {name: listed[name][place].as_py() for name in listed.column_names}
            rows.append(
                row
                | {
                    "members": int(enrolments.members[place]),
                    "owed": int(accounts.owed.total[place]),
                    "paid_so_far": int(accounts.paid[place]),
                    "missing": int(accounts.missing[place]),
                    "policy_status": int(accounts.status[place]),
                    "grace_until": date_of(int(accounts.grace_ends[place])) if grace else None,
                }
            )
    rows.sort(key=lambda row: row["policy"])
    return rows, [totals[code] for code in sorted(totals)]
