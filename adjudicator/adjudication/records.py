"""A scheme's registers and claims as plain records, for the reference: one object a row, nothing encoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pyarrow as pa

from adjudicator.product.definition import Product
from adjudicator.product.terms import Selectable
from adjudicator.tables import ACCEPTED_BEFORE, DIAGNOSIS_COLUMNS, REJECTED_BY_RULE
from adjudicator.units import OPEN_END, OPEN_START
from adjudicator.vocabulary import (
    AgeGroup,
    CareType,
    Category,
    FacilityLevel,
    Kind,
    PolicyStatus,
    ProvisionType,
    ReviewStatus,
    Sex,
    Stage,
    VisitType,
)


@dataclass(frozen=True, kw_only=True)
class Dated:
    """A row of a register that holds between two days, both included."""

    valid_from: int = OPEN_START
    valid_to: int = OPEN_END

    def holds(self, day: int) -> bool:
        """Tell whether the row holds on a day."""
        return self.valid_from <= day <= self.valid_to


DatedRow = TypeVar("DatedRow", bound=Dated)


@dataclass(frozen=True, kw_only=True)
class Provision(Dated):
    """A version of a service or item of the register; the price is in minor units."""

    kind: Kind
    code: str
    type: ProvisionType | None
    category: Category
    price: int
    care_type: CareType
    sex: Sex
    age: AgeGroup
    frequency_days: int

    @property
    def selectable(self) -> Selectable:
        """What a product's coverage can select it by."""
        return Selectable(self.kind, self.code, self.type, self.category)


@dataclass(frozen=True, kw_only=True)
class ListedPrice(Dated):
    """A provision on a price list; without a price of its own (None) it has the register's."""

    price: int | None


@dataclass(frozen=True, kw_only=True)
class Facility(Dated):
    """A version of a facility."""

    level: FacilityLevel
    care_type: CareType
    price_lists: Mapping[Kind, str | None]


@dataclass(frozen=True, kw_only=True)
class Insuree(Dated):
    """A version of a person covered; an unknown birth date is None."""

    family: str
    sex: Sex
    birth_date: int | None


@dataclass(frozen=True)
class Policy:
    """A family's purchase of a product."""

    policy: str
    family: str
    product: str
    effective: int
    expiry: int
    stage: Stage
    status: PolicyStatus


@dataclass(frozen=True)
class Cover:
    """One insuree's membership of a policy."""

    policy: Policy
    insuree: str
    effective: int
    expiry: int

    @property
    def end(self) -> int:
        """The last day of the insurance period: the earlier of the cover's expiry and the policy's."""
        return min(self.expiry, self.policy.expiry)


@dataclass(frozen=True)
class ClaimLine:
    """What is billed for one provision; the reviewer's values are None where there are none."""

    number: int
    kind: Kind
    code: str
    quantity: int
    price_asked: int
    quantity_approved: int | None = None
    price_approved: int | None = None
    rejected_by_reviewer: bool = False
    rejected_by_rule: str | None = None
    """The name of the review rule that rejects the line, before all other checks of it."""

    @property
    def reviewed(self) -> bool:
        """Whether a medical officer said anything about the line."""
        return (
            self.quantity_approved is not None or self.price_approved is not None or self.rejected_by_reviewer
        )


@dataclass(frozen=True)
class Claim:
    """What a facility bills for one treatment of one insuree. Days are day numbers."""

    claim: str
    facility: str
    insuree: str
    date_from: int | None
    date_to: int | None
    date_claimed: int
    visit_type: VisitType
    diagnoses: tuple[str, ...]
    lines: tuple[ClaimLine, ...]
    sequence: int | None = None
    accepted_before: bool = False
    """Whether it was accepted before it is decided again: a review of it stands."""

    @property
    def target_date(self) -> int | None:
        """The day that decides what holds: ``date_to``, or ``date_from`` where there is none."""
        return self.date_from if self.date_to is None else self.date_to

    @property
    def in_patient(self) -> bool:
        """Whether the patient stayed at least a night."""
        return self.date_from is not None and self.date_to is not None and self.date_to > self.date_from

    @property
    def ordered_lines(self) -> list[ClaimLine]:
        """The lines in adjudication order: items first, then services, each in line order."""
        return sorted(self.lines, key=lambda line: (line.kind, line.number))

    @property
    def reviewed(self) -> bool:
        """Whether a medical officer's review was delivered."""
        return any(line.reviewed for line in self.lines)


@dataclass(frozen=True)
class World:
    """All that decides about a claim, besides the claims adjudicated before it."""

    products: Sequence[Product]
    provisions: Mapping[tuple[Kind, str], Sequence[Provision]]
    price_lists: Mapping[tuple[str, Kind, str], Sequence[ListedPrice]]
    facilities: Mapping[str, Sequence[Facility]]
    diagnoses: Mapping[str, Sequence[Dated]]
    insurees: Mapping[str, Sequence[Insuree]]
    covers: Mapping[str, Sequence[Cover]]
    """By insuree."""
    adult_age: int = 18
    members: Mapping[str, Sequence[Cover]] = field(default_factory=dict)
    """Covers by policy."""

    def product_on(self, code: str, day: int) -> Product | None:
        """Give the version of a product that is in force on a day."""
        return next((p for p in self.products if p.product == code and p.valid.holds(day)), None)


def valid(rows: Iterable[DatedRow], day: int) -> DatedRow | None:
    """Give the version that holds on a day."""
    return next((row for row in rows if row.holds(day)), None)


def world(products: Sequence[Product], registers: Mapping[str, pa.Table], adult_age: int) -> World:
    """Make records of typed tables (see :mod:`adjudicator.tables`)."""
    provisions: dict[tuple[Kind, str], list[Provision]] = {}
    for row in _rows(registers, "provisions"):
        kind = Kind(row["kind"])
        provisions.setdefault((kind, row["code"]), []).append(
            Provision(
                kind=kind,
                code=row["code"],
                type=None if row["type"] is None else ProvisionType(row["type"]),
                category=Category(row["category"]),
                price=row["price"],
                care_type=CareType(row["care_type"]),
                sex=Sex(row["sex"]),
                age=AgeGroup(row["age"]),
                frequency_days=row["frequency_days"] or 0,
                **_period(row),
            )
        )
    price_lists: dict[tuple[str, Kind, str], list[ListedPrice]] = {}
    for row in _rows(registers, "price_lists"):
        key = (row["price_list"], Kind(row["kind"]), row["code"])
        price_lists.setdefault(key, []).append(ListedPrice(price=row["price"], **_period(row)))
    facilities: dict[str, list[Facility]] = {}
    for row in _rows(registers, "facilities"):
        lists = {Kind.SERVICE: row["service_price_list"], Kind.ITEM: row["item_price_list"]}
        facilities.setdefault(row["code"], []).append(
            Facility(
                level=FacilityLevel(row["level"]),
                care_type=CareType(row["care_type"]),
                price_lists=lists,
                **_period(row),
            )
        )
    diagnoses: dict[str, list[Dated]] = {}
    for row in _rows(registers, "diagnoses"):
        diagnoses.setdefault(row["code"], []).append(Dated(**_period(row)))
    insurees: dict[str, list[Insuree]] = {}
    for row in _rows(registers, "insurees"):
        insurees.setdefault(row["insuree"], []).append(
            Insuree(
                family=row["family"], sex=Sex(row["sex"]), birth_date=_day(row["birth_date"]), **_period(row)
            )
        )
    policies = {
        row["policy"]: Policy(
            row["policy"],
            row["family"],
            row["product"],
            _required_day(row["effective"]),
            _required_day(row["expiry"]),
            Stage(row["stage"]),
            PolicyStatus(row["status"]),
        )
        for row in _rows(registers, "policies")
    }
    covers: dict[str, list[Cover]] = {}
    members: dict[str, list[Cover]] = {}
    for row in _rows(registers, "covers"):
        cover = Cover(
            policies[row["policy"]],
            row["insuree"],
            _required_day(row["effective"]),
            _required_day(row["expiry"]),
        )
        covers.setdefault(cover.insuree, []).append(cover)
        members.setdefault(row["policy"], []).append(cover)
    return World(
        products, provisions, price_lists, facilities, diagnoses, insurees, covers, adult_age, members
    )


def claim_records(claims: pa.Table, lines: pa.Table) -> list[Claim]:
    """Make records of typed claims and their lines (``claim_index`` points into ``claims``)."""
    lines_of: dict[int, list[ClaimLine]] = {}
    for row in lines.to_pylist():
        lines_of.setdefault(row["claim_index"], []).append(
            ClaimLine(
                row["line"],
                Kind(row["kind"]),
                row["code"],
                row["quantity"],
                row["price_asked"],
                row["quantity_approved"],
                row["price_approved"],
                row["review"] == ReviewStatus.REJECTED,
                row.get(REJECTED_BY_RULE),
            )
        )
    return [
        Claim(
            row["claim"],
            row["facility"],
            row["insuree"],
            _day(row["date_from"]),
            _day(row["date_to"]),
            _required_day(row["date_claimed"]),
            VisitType(row["visit_type"]),
            tuple(row[name] for name in DIAGNOSIS_COLUMNS if row[name] is not None),
            tuple(lines_of.get(position, ())),
            row["sequence"],
            row.get(ACCEPTED_BEFORE, False),
        )
        for position, row in enumerate(claims.to_pylist())
    ]


def _rows(registers: Mapping[str, pa.Table], name: str) -> list[dict[str, Any]]:
    return registers[name].to_pylist() if name in registers else []


def _day(date: Any) -> int | None:
    return None if date is None else _required_day(date)


def _required_day(date: Any) -> int:
    return int(date.toordinal() - _EPOCH_ORDINAL)


_EPOCH_ORDINAL = 719_163


def _period(row: Mapping[str, Any]) -> dict[str, int]:
    start, end = _day(row["valid_from"]), _day(row["valid_to"])
    return {
        "valid_from": OPEN_START if start is None else start,
        "valid_to": OPEN_END if end is None else end,
    }
