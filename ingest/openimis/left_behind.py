"""What claims that openIMIS decided leave behind: balances, and what later claims look back on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from adjudicator.vocabulary import OPENIMIS_LETTERS, Category, ClaimStatus, FacilityLevel, HospitalCare
from ingest.openimis.cells import SourceRow, Unfit
from ingest.openimis.names import Brought, Names
from ingest.openimis.registers import plain
from ingest.openimis.theirs import Key, TheirClaim, minor
from ingest.openimis.world import World, unknown

Row = dict[str, Any]


def category_of(in_patient: bool, services: Iterable[Category]) -> Category:
    """Give the category of a claim from the categories of its services (law, section 3)."""
    given = set(services)
    for category in (Category.SURGERY, Category.DELIVERY, Category.ANTENATAL):
        if category in given:
            return category
    if in_patient or Category.HOSPITALIZATION in given:
        return Category.HOSPITALIZATION
    return Category.CONSULTATION if Category.CONSULTATION in given else Category.VISIT


def is_in_patient(claim: Row) -> bool:
    """Tell whether a claim is of a stay (law, section 3)."""
    return (
        claim["date_from"] is not None
        and claim["date_to"] is not None
        and claim["date_to"] > claim["date_from"]
    )


def balances(
    world: World,
    names: Names,
    brought: Brought,
    decided: Mapping[int, Row],
    theirs: Mapping[Key, TheirClaim],
    decimals: int,
) -> list[Row]:
    """Add up what claims that were decided used of deductibles and ceilings, as openIMIS booked it.

    Args:
        world: the installation.
        names: finds codes by numbers.
        brought: the registers.
        decided: the claims that were decided, by openIMIS's numbers.
        theirs: what was decided about them.
        decimals: of the currency.
    """
    hospitals = {
        row["code"] for row in brought.rows.get("facilities", ()) if row["level"] is FacilityLevel.HOSPITAL
    }
    used: dict[tuple[str, str], dict[str, Decimal]] = {}
    per_claim: dict[int, Decimal] = defaultdict(Decimal)

    def take(row: SourceRow) -> None:
        policy, insuree = names.policy(row), names.insuree(row)
        if policy is None:
            raise Unfit("PolicyID", None, "openimis.empty")
        number = row.reference("ClaimID") or 0
        hospital = _is_hospital_care(world, row, decided[number], hospitals)
        sides = {
            prefix: [row.number(f"{prefix}{side}") or Decimal(0) for side in ("G", "IP", "OP")]
            for prefix in ("Ded", "Rem")
        }
        # Everything could be read: from here on it counts.
        totals = used.setdefault((policy, insuree), defaultdict(Decimal))
        for what, prefix in (("deducted", "Ded"), ("covered", "Rem")):
            general, by_stay, outside = sides[prefix]
            # The general column is the sum of the two, or stands alone where nothing is split.
            rest = max(Decimal(0), general - by_stay - outside)
            totals[f"{what}_hospital"] += by_stay + (rest if hospital else 0)
            totals[f"{what}_non_hospital"] += outside + (0 if hospital else rest)
        per_claim[number] += max(sides["Rem"][0], sides["Rem"][1] + sides["Rem"][2])

    def of_decided() -> Iterator[SourceRow]:
        for row in world.current("tblClaimDedRem"):
            id_ = row.link("ClaimID")
            claim = world.find("tblClaim", id_)
            if claim is None:
                world.put_aside(row, unknown("ClaimID", row, "tblClaim"))
            elif id_ in decided:
                yield row
            else:
                # Deleted, or booked ahead for a claim that waits: it is booked when it is decided.
                world.follow(row)

    world.taken(of_decided(), take)
    for number, claim in decided.items():
        theirs_ = theirs[claim["facility"], claim["claim"]]
        booked = minor(per_claim.get(number, Decimal(0)), decimals)
        source = world.find("tblClaim", number)
        if source is not None and theirs_.status is not ClaimStatus.REJECTED and booked != theirs_.valuated:
            world.doubt(
                source,
                "ClaimID",
                "openimis.booked_otherwise",
                booked=plain(per_claim.get(number, Decimal(0))),
                valuated=plain(Decimal(theirs_.valuated).scaleb(-decimals)),
            )
    amounts = [f"{what}_{care}" for what in ("deducted", "covered") for care in ("hospital", "non_hospital")]
    return [
        {"policy": policy, "insuree": insuree, **{name: plain(totals[name]) for name in amounts}}
        for (policy, insuree), totals in sorted(used.items())
    ]


def _is_hospital_care(world: World, row: SourceRow, claim: Row, hospitals: set[str]) -> bool:
    policy = world.find("tblPolicy", row.reference("PolicyID"))
    product = None if policy is None else world.find("tblProduct", policy.reference("ProdID"))
    letter = None if product is None else product.text("CeilingInterpretation")
    if letter is not None and OPENIMIS_LETTERS[HospitalCare].get(letter) is HospitalCare.BY_FACILITY:
        return claim["facility"] in hospitals
    return is_in_patient(claim)
