"""The small elements that resources are made of: money, codes, identifiers, references.

Elements that depend on codes alone are made once and shared: nobody changes them.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from functools import cache
from typing import Any, Final

from adjudicator.fhir.account import Part, x12_of
from adjudicator.fhir.grounds import Ground
from adjudicator.fhir.systems import (
    ADJUDICATION,
    CARC,
    CARC_GROUP,
    LANGUAGE,
    OUR_ADJUDICATION,
    OUR_REASON,
    RARC,
    Flavour,
    identifier_system,
    reason_code,
)
from adjudicator.units import QUANTITY_ONE, unscaled
from adjudicator.vocabulary import Reason
from adjudicator.words import label, text

Json = dict[str, Any]

_STANDARD_CODES: Final = {
    Part.SUBMITTED: "submitted",
    Part.ELIGIBLE: "eligible",
    Part.DEDUCTIBLE: "deductible",
    Part.CO_INSURANCE: "copay",
    Part.BENEFIT: "benefit",
}
"""HL7's codes for what a line's account is made of, where it has one."""

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def money(minor: int, decimals: int, currency: str) -> Json:
    """Give an amount with the currency's digits."""
    return {"value": unscaled(minor, decimals), "currency": currency}


def number(hundredths: int) -> Decimal:
    """Give a quantity or percentage without needless digits."""
    if hundredths % QUANTITY_ONE == 0:
        return Decimal(hundredths // QUANTITY_ONE)
    return Decimal(hundredths // 10).scaleb(-1) if hundredths % 10 == 0 else unscaled(hundredths, 2)


def coding(system: str, code: str, display: str | None = None) -> Json:
    """Give a code."""
    return {"system": system, "code": code} | ({"display": display} if display else {})


def concept(*codings: Json, text: str | None = None) -> Json:
    """Give a concept: the same thing in the codes of several systems."""
    return {"coding": list(codings)} | ({"text": text} if text else {})


@cache
def part_concept(part: Part, language: str) -> Json:
    """Give the category of an adjudication: HL7's code where it has one, and ours where it says more."""
    standard = _STANDARD_CODES.get(part)
    codings = [coding(ADJUDICATION, standard)] if standard else []
    if standard != part.value:
        codings.append(coding(OUR_ADJUDICATION, part.value))
    return concept(*codings, text=text(f"fhir.part.{part.name.lower()}", language))


@cache
def paid_concept(what: str, language: str) -> Json:
    """Give the category of the quantity or unit price that is paid, where it is not what was asked."""
    return concept(coding(OUR_ADJUDICATION, f"{what}-paid"), text=text(f"fhir.part.{what}_paid", language))


@cache
def reason_concept(
    part: Part, reason: Reason | None, language: str, ground: Ground | None = None
) -> Json | None:
    """Give the reason for an adjustment: ours where the law numbers it, X12's code, group and remark."""
    codings = []
    said = None
    if reason is not None:
        said = label(reason, language)
        codings.append(coding(OUR_REASON, reason_code(reason), said))
    code = x12_of(part, reason, ground)
    if code is not None:
        codings += [coding(CARC, code.carc), coding(CARC_GROUP, code.group)]
        codings += [coding(RARC, code.remark)] if code.remark else []
    return concept(*codings, text=said) if codings else None


def identifier(system: str, value: str) -> Json:
    """Give a number together with the system that it is of."""
    return {"system": system, "value": value}


def reference(kind: str, system: str, value: str, flavour: Flavour, display: str | None = None) -> Json:
    """Refer to a resource by its number; openIMIS wants the code in the address as well.

    Args:
        kind: of resource, such as ``Patient``.
        system: of the number.
        value: the number.
        flavour: whose habits to follow.
        display: what it is called.
    """
    found: Json = {"type": kind, "identifier": identifier(system, value)}
    if flavour is Flavour.OPENIMIS and _ID.fullmatch(value):
        found = {"reference": f"{kind}/{value}"} | found
    return found | ({"display": display} if display else {})


def insurer(scheme: str, flavour: Flavour) -> Json:
    """Refer to the scheme itself."""
    return reference("Organization", identifier_system(scheme, "scheme"), scheme, flavour)


def facility(scheme: str, code: str, flavour: Flavour, name: str | None = None) -> Json:
    """Refer to a facility."""
    return reference("Organization", identifier_system(scheme, "facility"), code, flavour, name)


def location(scheme: str, code: str, flavour: Flavour) -> Json:
    """Refer to where a facility is."""
    return reference("Location", identifier_system(scheme, "facility"), code, flavour)


def insuree(scheme: str, code: str, flavour: Flavour) -> Json:
    """Refer to an insuree."""
    return reference("Patient", identifier_system(scheme, "insuree"), code, flavour)


def policy(scheme: str, code: str, flavour: Flavour) -> Json:
    """Refer to a policy."""
    return reference("Coverage", identifier_system(scheme, "policy"), code, flavour)


def claim_identifier(scheme: str, facility_code: str, claim: str) -> Json:
    """Give a claim's number, in the system of the facility that gave it."""
    return identifier(identifier_system(scheme, "claim", facility_code), claim)


def to_resource(kind: str, id_: str) -> Json:
    """Refer to a resource that we make, by its id."""
    return {"reference": f"{kind}/{id_}", "type": kind}


@cache
def spoken(language: str) -> Json:
    """Give the language of a note."""
    return concept(coding(LANGUAGE, language))


def meta(version: str, created: str) -> Json:
    """Give the version of a resource; when it was made is left out where only the day is known."""
    found: Json = {"versionId": version}
    return found | ({"lastUpdated": created} if "T" in created else {})


def period(start: dt.date | None, end: dt.date | None) -> Json | None:
    """Give a period of days; None where neither end is known.

    A claim whose care ends before it begins is rejected (law, section 4), and told of all the same; R4 has no
    such periods (per-1), so its end is left out.
    """
    last = end or start
    if start is not None and last is not None and last < start:
        last = None
    found = {name: day.isoformat() for name, day in (("start", start), ("end", last)) if day is not None}
    return found or None
