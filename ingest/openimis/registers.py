"""openIMIS's tables of places, provisions, prices, people and policies as rows of our registers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from adjudicator.vocabulary import (
    CareType,
    Category,
    FacilityLevel,
    Kind,
    LocationLevel,
    PolicyStatus,
    ProvisionType,
    Sex,
    Stage,
    Word,
)
from ingest.openimis.cells import SourceRow, Unfit
from ingest.openimis.names import (
    CONTRIBUTION,
    FAMILY,
    KINDS,
    POLICY,
    PRICE_LISTS,
    Brought,
    Names,
    coded,
)
from ingest.openimis.records import ADULT, CHILD, MAN, WOMAN, restriction
from ingest.openimis.versions import Version, in_order, period, version
from ingest.openimis.world import World, unknown

LOCATION_LEVELS: Final = {
    "R": LocationLevel.REGION,
    "D": LocationLevel.DISTRICT,
    "W": LocationLevel.WARD,
    "V": LocationLevel.VILLAGE,
}
PACKAGES: Final = ("F", "P")
"""Types of services that hold other services and items."""

LEGAL_FORMS: Final = {"G": "government", "D": "district", "P": "private", "C": "charity"}
TYPES: Final = {
    Kind.ITEM: {"D": ProvisionType.DRUG, "M": ProvisionType.CONSUMABLE},
    Kind.SERVICE: {"P": ProvisionType.PREVENTIVE, "C": ProvisionType.CURATIVE},
}
STATUSES: Final = {
    "1": PolicyStatus.IDLE,
    "2": PolicyStatus.ACTIVE,
    "4": PolicyStatus.SUSPENDED,
    "8": PolicyStatus.EXPIRED,
    "16": PolicyStatus.READY,
}


@dataclass(frozen=True)
class Choices:
    """What the person who imports has chosen."""

    dates_from_covers: bool = False
    """Take a policy's dates from its members' covers."""
    names: bool = True
    """Bring the names of people."""
    since_entered: bool = False
    """Take people, facilities and diagnoses to hold since they were typed in, which openIMIS never asks."""


def bring_registers(world: World, names: Names, choices: Choices) -> Brought:
    """Translate all registers; what does not fit is set aside in ``world``."""
    brought = Brought()
    _locations(world, names, brought)
    for kind in Kind:
        _provisions(world, kind, brought)
        _price_lists(world, names, kind, brought)
    ever = not choices.since_entered
    _facilities(world, names, brought, ever)
    _catchments(world, names, brought, ever)
    _diagnoses(world, brought, ever)
    _insurees(world, names, choices, brought)
    _families(world, names, brought)
    _policies(world, names, choices, brought)
    _contributions(world, names, brought)
    for table in ("tblPayer", "tblClaimAdmin"):
        world.taken(world.current(table), lambda row: None)
    return brought


def _known(row: SourceRow, column: str, words: dict[str, Any]) -> Any:
    given = row.needed(column)
    if given.upper() not in words:
        raise Unfit(column, given, "openimis.no_letter", known=sorted(words))
    return words[given.upper()]


def _versions(world: World, table: str, make: Any, from_the_beginning: bool = False) -> Iterator[Version]:
    """Give the versions of a table's rows in order; rows that do not fit are set aside."""
    made: list[Version] = []
    for _, row in sorted(world.rows(table).items()):
        try:
            made.append(make(row))
        except Unfit as unfit:
            world.put_aside(row, unfit)
    for one in in_order(made, from_the_beginning):
        for row in one.sources:
            world.bring(table, row.id)
        yield one


def _locations(world: World, names: Names, brought: Brought) -> None:
    def take(row: SourceRow) -> None:
        parent = row.reference("ParentLocationId")
        if parent is not None and not world.is_current("tblLocations", parent):
            raise unknown("ParentLocationId", row, "tblLocations")
        brought.add(
            "locations",
            {
                "code": row.needed("LocationCode"),
                "name": row.text("LocationName") or row.needed("LocationCode"),
                "level": _known(row, "LocationType", LOCATION_LEVELS),
                "parent": names.location(row, "ParentLocationId"),
                "male": row.whole("MalePopulation"),
                "female": row.whole("FemalePopulation"),
                "other": row.whole("OtherPopulation"),
                "families": row.whole("Families"),
            },
            row,
        )

    world.taken(world.current("tblLocations"), take)


def _provisions(world: World, kind: Kind, brought: Brought) -> None:
    table, _, code = KINDS[kind]
    prefix = code.removesuffix("Code")

    def make(row: SourceRow) -> Version:
        mask = row.whole(f"{prefix}PatCat")
        if mask is None:
            mask = MAN | WOMAN | ADULT | CHILD
        type_ = row.text(f"{prefix}Type")
        said = {
            "kind": kind,
            "code": row.needed(code),
            "name": row.text(f"{prefix}Name") or row.needed(code),
            "type": None if type_ is None else _known(row, f"{prefix}Type", TYPES[kind]),
            "category": None if kind is Kind.ITEM else row.letter("ServCategory", Category, Category.OTHER),
            "price": _price(row, f"{prefix}Price"),
            "care_type": row.letter(f"{prefix}CareType", CareType, CareType.BOTH),
            "sex": restriction(mask, MAN, "male", WOMAN, "female"),
            "age": restriction(mask, ADULT, "adult", CHILD, "child"),
            "frequency_days": row.whole(f"{prefix}Frequency") or None,
        }
        return version((kind, said["code"]), said, row)

    for one in _versions(world, table, make):
        if one.live and (one.sources[-1].text("ServPackageType") or "S") in PACKAGES:
            world.doubt(one.sources[-1], "ServPackageType", "openimis.package")
        brought.add("provisions", dict(one.said) | period(one), *one.sources)


def _price(row: SourceRow, column: str) -> Decimal:
    if (price := row.positive(column)) is None:
        raise Unfit(column, None, "openimis.empty")
    return plain(price)


def plain(number: Decimal) -> Decimal:
    """Give a number without the zeros that a database pads it with."""
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()


def _price_lists(world: World, names: Names, kind: Kind, brought: Brought) -> None:
    lists, column, _, details = PRICE_LISTS[kind]
    world.taken(world.current(lists), lambda row: None)

    def make(row: SourceRow) -> Version:
        id_ = row.reference(column)
        name = names.price_list(kind, id_)
        if name is None:
            raise unknown(column, row, lists)
        price = row.positive("PriceOverule")
        said = {
            "price_list": name,
            "kind": kind,
            "code": names.provision(row, kind),
            "price": None if price is None else plain(price),
        }
        return version((name, said["code"]), said, row)

    for one in _versions(world, details, make):
        brought.add("price_lists", dict(one.said) | period(one), *one.sources)


def _facilities(world: World, names: Names, brought: Brought, ever: bool) -> None:
    def make(row: SourceRow) -> Version:
        legal = row.text("LegalForm")
        said: dict[str, Any] = {
            "code": row.needed("HFCode"),
            "name": row.text("HFName") or row.needed("HFCode"),
            "level": row.letter("HFLevel", FacilityLevel),
            "sublevel": row.text("HFSublevel"),
            "care_type": row.letter("HFCareType", CareType, CareType.BOTH),
            "legal_form": None if legal is None else LEGAL_FORMS.get(legal, legal),
            "location": names.location(row),
            "account_code": row.text("AccCode"),
        }
        for kind, name in ((Kind.SERVICE, "service_price_list"), (Kind.ITEM, "item_price_list")):
            column = "PLServiceID" if kind is Kind.SERVICE else "PLItemID"
            said[name] = names.price_list(kind, row.reference(column))
            if row.text(column) is not None and said[name] is None and row.text("ValidityTo") is None:
                world.doubt(row, column, "openimis.price_list_gone")
        return version(said["code"], said, row)

    for one in _versions(world, "tblHF", make, ever):
        brought.add("facilities", dict(one.said) | period(one), *one.sources)


def _catchments(world: World, names: Names, brought: Brought, ever: bool) -> None:
    def make(row: SourceRow) -> Version:
        said = {
            "facility": names.facility(row),
            "location": names.location(row),
            "percent": plain(row.positive("Catchment") or Decimal(0)),
        }
        return version((said["facility"], said["location"]), said, row)

    for one in _versions(world, "tblHFCatchment", make, ever):
        brought.add("catchments", dict(one.said) | period(one), *one.sources)


def _diagnoses(world: World, brought: Brought, ever: bool) -> None:
    def make(row: SourceRow) -> Version:
        code = row.needed("ICDCode")
        return version(code, {"code": code, "name": row.text("ICDName") or code}, row)

    for one in _versions(world, "tblICDCodes", make, ever):
        brought.add("diagnoses", dict(one.said) | period(one), *one.sources)


# People.


def _insurees(world: World, names: Names, choices: Choices, brought: Brought) -> None:
    def make(row: SourceRow) -> Version:
        said = {
            "insuree": row.needed("CHFID"),
            "family": names.family(row),
            "head": bool(row.truth("IsHead")),
            "sex": row.letter("Gender", Sex, Sex.OTHER),
            "birth_date": row.date("DOB"),
        }
        if choices.names:
            told = [row.text(name) for name in ("OtherNames", "LastName")]
            said["name"] = " ".join(part for part in told if part) or None
        return version(said["insuree"], said, row)

    for one in _versions(world, "tblInsuree", make, not choices.since_entered):
        if one.said["birth_date"] is None and one.live:
            world.doubt(one.sources[-1], "DOB", "openimis.no_birth_date")
        brought.add("insurees", dict(one.said) | period(one), *one.sources)


def _families(world: World, names: Names, brought: Brought) -> None:
    """Bring the families that hold, and those that people of the past belonged to."""
    wanted = {row["family"] for row in brought.rows.get("insurees", ())}

    def take(row: SourceRow) -> None:
        head = world.find("tblInsuree", row.reference("InsureeID"))
        brought.add(
            "families",
            {
                "family": coded(FAMILY, row.id),
                "location": names.location(row),
                "head": None if head is None else head.text("CHFID"),
                "poverty": {True: "true", False: "false", None: None}[row.truth("Poverty")],
                "family_type": row.text("FamilyType"),
                "address": row.text("FamilyAddress"),
            },
            row,
        )

    def chosen() -> Iterator[SourceRow]:
        for id_, row in sorted(world.rows("tblFamilies").items()):
            if world.is_current("tblFamilies", id_) or coded(FAMILY, id_) in wanted:
                yield row

    world.taken(chosen(), take)


def _policies(world: World, names: Names, choices: Choices, brought: Brought) -> None:
    spans = _spans(world) if choices.dates_from_covers else {}

    def take(row: SourceRow) -> None:
        product = names.product(row)
        if product is None:
            raise Unfit("ProdID", row.text("ProdID"), "openimis.empty")
        status: Word = _known(row, "PolicyStatus", STATUSES)
        effective, expiry = row.date("EffectiveDate"), row.date("ExpiryDate")
        if effective is None:
            # It never took effect and covers nobody; it keeps its place until it does.
            effective = row.date("StartDate") or row.date("EnrollDate")
            if status in (PolicyStatus.ACTIVE, PolicyStatus.EXPIRED):
                world.doubt(row, "EffectiveDate", "openimis.never_effective")
                status = PolicyStatus.IDLE
        if effective is None or expiry is None:
            raise Unfit("ExpiryDate" if expiry is None else "EffectiveDate", None, "openimis.empty")
        if row.id in spans:
            effective, expiry = spans[row.id]
        brought.add(
            "policies",
            {
                "policy": coded(POLICY, row.id),
                "family": names.family(row),
                "product": product,
                "enrolled": row.date("EnrollDate"),
                "effective": effective,
                "expiry": expiry,
                "stage": row.letter("PolicyStage", Stage, Stage.NEW),
                "status": status,
            },
            row,
        )

    world.taken(world.current("tblPolicy"), take)
    periods = {row["policy"]: (row["effective"], row["expiry"]) for row in brought.rows.get("policies", ())}

    def cover(row: SourceRow) -> None:
        id_ = row.reference("PolicyId")
        policy = None if id_ is None else coded(POLICY, id_)
        if policy not in periods:
            raise unknown("PolicyId", row, "tblPolicy")
        effective, expiry = periods[policy]
        given = row.date("EffectiveDate") or effective, row.date("ExpiryDate") or expiry
        if given[0] > expiry or given[1] < effective:
            world.doubt(
                row,
                "EffectiveDate",
                "openimis.cover_outside_policy",
                start=given[0],
                end=given[1],
                policy=policy,
                effective=effective,
                expiry=expiry,
            )
        brought.add(
            "covers",
            {
                "policy": policy,
                "insuree": names.insuree(row, "InsureeId"),
                "effective": given[0],
                "expiry": given[1],
            },
            row,
        )

    def with_policy() -> Iterator[SourceRow]:
        for row in world.current("tblInsureePolicy"):
            policy = world.find("tblPolicy", row.link("PolicyId"))
            if policy is not None and not world.is_current("tblPolicy", policy.id):
                world.follow(row)
            else:
                yield row

    world.taken(with_policy(), cover)


def _spans(world: World) -> dict[int, tuple[Any, Any]]:
    """Give the first and the last day of the covers of each policy."""
    spans: dict[int, tuple[Any, Any]] = {}
    for row in world.current("tblInsureePolicy"):
        try:
            policy = row.reference("PolicyId")
            effective, expiry = row.date("EffectiveDate"), row.date("ExpiryDate")
        except Unfit:
            continue
        if policy is not None and effective is not None and expiry is not None:
            first, last = spans.get(policy, (effective, expiry))
            spans[policy] = min(first, effective), max(last, expiry)
    return spans


def _contributions(world: World, names: Names, brought: Brought) -> None:
    def take(row: SourceRow) -> None:
        if row.truth("isPhotoFee"):
            raise Unfit("isPhotoFee", row.text("isPhotoFee"), "openimis.photo_fee")
        amount = row.number("Amount")
        if amount is None or row.date("PayDate") is None:
            raise Unfit("Amount" if amount is None else "PayDate", None, "openimis.empty")
        brought.add(
            "contributions",
            {
                "contribution": coded(CONTRIBUTION, row.id),
                "policy": names.policy(row),
                "paid": row.date("PayDate"),
                "amount": plain(amount),
                "payer": names.payer(row),
            },
            row,
        )

    def with_policy() -> Iterator[SourceRow]:
        for row in world.current("tblPremium"):
            policy = world.find("tblPolicy", row.link("PolicyID"))
            if policy is not None and not world.is_current("tblPolicy", policy.id):
                world.follow(row)
            else:
                yield row

    world.taken(with_policy(), take)
