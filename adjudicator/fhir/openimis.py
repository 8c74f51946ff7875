"""A ClaimResponse as openIMIS's converter reads it.

There, a line has one adjudication for each state that it went through: the category is the state, the reason
the rejection code, ``amount`` a unit price and ``value`` the quantity (once valuated, ``amount`` is what the
line is worth). What each limit took has no place there; the notes tell of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from adjudicator.fhir import elements as e
from adjudicator.fhir.decided import DecidedClaim, DecidedLine
from adjudicator.fhir.systems import (
    OPENIMIS_IDENTIFIER,
    OPENIMIS_ITEM_REFERENCE,
    OPENIMIS_REASON,
    OPENIMIS_STATUS,
    OPENIMIS_VISIT_TYPE,
    Flavour,
    provision_system,
    reason_code,
)
from adjudicator.vocabulary import OPENIMIS_LETTERS, ClaimStatus, Kind, Reason, VisitType
from adjudicator.words import label

Resource = dict[str, Any]

_STAGES: Final = (ClaimStatus.ENTERED, ClaimStatus.CHECKED, ClaimStatus.PROCESSED, ClaimStatus.VALUATED)
_REACHED: Final = {ClaimStatus.PAID: ClaimStatus.VALUATED}
"""openIMIS knows no state after *valuated*."""
_LETTERS: Final = {word: letter for letter, word in OPENIMIS_LETTERS[VisitType].items()}
_RESOURCE_OF_KIND: Final = {Kind.SERVICE: "ActivityDefinition", Kind.ITEM: "Medication"}


def adapt(resource: Resource, decided: DecidedClaim) -> None:
    """Change a ClaimResponse into what openIMIS reads."""
    resource["identifier"] = [
        {"type": e.concept(e.coding(OPENIMIS_IDENTIFIER, "UUID")), "value": resource["id"]},
        {"type": e.concept(e.coding(OPENIMIS_IDENTIFIER, "Code")), "value": decided.claim},
    ]
    resource["type"] = visit_type(decided)
    resource["insurer"] = {"reference": "openIMIS"}
    if decided.administrator:
        resource["requestor"] = _by_code("Practitioner", decided.administrator)
    resource["patient"] = _by_code("Patient", decided.insuree)
    if decided.status is ClaimStatus.REJECTED:
        resource["outcome"] = "complete"
    for item, line in zip(resource["item"], decided.lines, strict=True):
        item["extension"] = [_provision(decided, line)]
        item["adjudication"] = list(_adjudications(decided, line))
    resource["total"] = [
        {
            "category": _state(stage),
            "amount": e.money(sum(_amount(line, stage) for line in decided.lines), *_currency(decided)),
        }
        for stage in _stages(decided.status)
    ]


def visit_type(decided: DecidedClaim) -> Resource:
    """Give the type of a claim as openIMIS reads it: how the patient came."""
    letter = _LETTERS[decided.visit_type]
    return e.concept(e.coding(OPENIMIS_VISIT_TYPE, letter, label(decided.visit_type)))


def _stages(status: ClaimStatus) -> Iterator[ClaimStatus]:
    reached = _REACHED.get(status, status)
    return (stage for stage in _STAGES if stage <= max(reached, ClaimStatus.ENTERED))


def _adjudications(decided: DecidedClaim, line: DecidedLine) -> Iterator[Resource]:
    if line.status is not None and not line.accepted:
        yield _adjudication(decided, ClaimStatus.REJECTED, line.reason, line.price_asked, line.quantity_asked)
        return
    for stage in _stages(decided.status):
        asked = stage is ClaimStatus.ENTERED
        price = line.price_asked if asked else line.unit_price or 0
        if stage is ClaimStatus.VALUATED:
            price = _amount(line, stage)
        quantity = line.quantity_asked if asked else line.quantity
        yield _adjudication(decided, stage, Reason.ACCEPTED, price, quantity)


def _adjudication(
    decided: DecidedClaim, stage: ClaimStatus, reason: Reason, price: int, quantity: int
) -> Resource:
    return {
        "category": _state(stage),
        "reason": e.concept(e.coding(OPENIMIS_REASON, reason_code(reason), label(reason))),
        "amount": e.money(price, *_currency(decided)),
        "value": e.number(quantity),
    }


def _amount(line: DecidedLine, stage: ClaimStatus) -> int:
    """Give what a line comes to in a state."""
    if stage is ClaimStatus.ENTERED:
        return line.asked
    if not line.accepted:
        return 0
    if stage is ClaimStatus.VALUATED:
        return line.valuated if line.remunerated is None else line.remunerated
    return line.gross


def _state(stage: ClaimStatus) -> Resource:
    return e.concept(e.coding(OPENIMIS_STATUS, str(int(stage)), stage.word))


def _currency(decided: DecidedClaim) -> tuple[int, str]:
    return decided.decimals, decided.currency


def _by_code(kind: str, code: str) -> Resource:
    typed = {"type": e.concept(e.coding(OPENIMIS_IDENTIFIER, "Code")), "value": code}
    address = e.reference(kind, OPENIMIS_IDENTIFIER, code, Flavour.OPENIMIS)
    return address | {"identifier": typed}


def _provision(decided: DecidedClaim, line: DecidedLine) -> Resource:
    kind = _RESOURCE_OF_KIND[line.kind]
    system = provision_system(decided.scheme, line.kind)
    referred = e.reference(kind, system, line.code, Flavour.OPENIMIS, line.code)
    return {"url": OPENIMIS_ITEM_REFERENCE, "valueReference": referred}
