"""Claims as facilities send them in FHIR, from rows of the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

Row = Mapping[str, Any]

_ENCODER = msgspec.json.Encoder(decimal_format="number")

SYSTEM = "http://hospital.example/claims"


def claim_resource(
    claim: Row, lines: Sequence[Row], use: str = "claim", currency: str = "KES"
) -> dict[str, Any]:
    """Write a claim as an R4 Claim with identifiers for references."""
    found: dict[str, Any] = {
        "resourceType": "Claim",
        "id": "".join(sign if sign.isalnum() else "-" for sign in str(claim["claim"])),
        "identifier": [{"system": SYSTEM, "value": claim["claim"]}],
        "status": "active",
        "type": _coded("http://terminology.hl7.org/CodeSystem/claim-type", "professional"),
        "use": use,
        "patient": {"identifier": {"value": claim["insuree"]}},
        "created": _day(claim["date_claimed"]),
        "insurer": {"display": "the scheme"},
        "provider": {"identifier": {"value": claim["facility"]}},
        "priority": _coded("http://terminology.hl7.org/CodeSystem/processpriority", "normal"),
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "the card"}}],
        "item": [_item(line, currency) for line in lines],
    }
    period = {"start": _day(claim.get("date_from")), "end": _day(claim.get("date_to"))}
    if given := {name: day for name, day in period.items() if day}:
        found["billablePeriod"] = given
    if visit := claim.get("visit_type"):
        code = str(getattr(visit, "word", visit))
        found["type"]["coding"].append({"system": "urn:adjudicator:visit-type", "code": code})
    names = ("diagnosis", *(f"diagnosis_{place}" for place in range(1, 5)))
    codes = [claim[name] for name in names if claim.get(name)]
    if codes:
        found["diagnosis"] = [
            {
                "sequence": place,
                "diagnosisCodeableConcept": _coded("http://hl7.org/fhir/sid/icd-10", code),
            }
            for place, code in enumerate(codes, 1)
        ]
    return found


def _item(line: Row, currency: str) -> dict[str, Any]:
    kind = str(getattr(line["kind"], "word", line["kind"]))
    return {
        "sequence": line["line"],
        "category": {"coding": [{"code": kind}]},
        "productOrService": {"coding": [{"code": line["code"]}]},
        "quantity": {"value": Decimal(line["quantity"])},
        "unitPrice": {"value": Decimal(line["price_asked"]), "currency": currency},
    }


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _day(day: Any) -> str | None:
    return None if day is None else str(day)[:10]


def body(resource: Any) -> bytes:
    """Write a resource as JSON, amounts with their digits."""
    return _ENCODER.encode(resource)


def ndjson(resources: Iterable[Any]) -> bytes:
    """Write resources one a line."""
    return b"".join(body(one) + b"\n" for one in resources)


def question(insuree: str, day: str, codes: Sequence[str] = ()) -> dict[str, Any]:
    """Ask whether somebody is covered."""
    found: dict[str, Any] = {
        "resourceType": "CoverageEligibilityRequest",
        "id": "q1",
        "status": "active",
        "purpose": ["benefits", "validation"],
        "patient": {"identifier": {"value": insuree}},
        "servicedDate": day,
        "created": day,
        "insurer": {"display": "the scheme"},
    }
    if codes:
        found["item"] = [{"productOrService": {"coding": [{"code": code}]}} for code in codes]
    return found
