"""``ExplanationOfBenefit``: a claim and its decision in one, as the insured and their helpers read it."""

from __future__ import annotations

from typing import Any

from adjudicator.fhir import claim_response as response
from adjudicator.fhir import elements as e
from adjudicator.fhir import openimis
from adjudicator.fhir.account import account_of, totals_of
from adjudicator.fhir.decided import DecidedClaim, DecidedLine
from adjudicator.fhir.notes import numbered
from adjudicator.fhir.systems import (
    DATA_ABSENT,
    DIAGNOSIS_TYPE,
    OUR_KIND,
    PAYEE_TYPE,
    Flavour,
    claim_response_id,
    identifier_system,
    provision_system,
    resource_id,
)
from adjudicator.words import label, say

Resource = dict[str, Any]


def explanation_of_benefit(
    decided: DecidedClaim, *, created: str, language: str = "en", flavour: Flavour = Flavour.STANDARD
) -> Resource:
    """Make the explanation of benefit of a claim: what was asked, decided and paid.

    Its adjudications and totals are those of :func:`adjudicator.fhir.claim_response.claim_response`.

    Args:
        decided: the claim.
        created: when it was decided, as an ISO 8601 date, or time with its zone.
        language: of notes, labels and the disposition: ``en`` or ``fr``.
        flavour: R4 as it is written, or as openIMIS reads it.

    Raises:
        DoesNotAddUp: the amounts of a line do not lead to what it is paid.
    """
    accounts = [account_of(line) for line in decided.lines]
    sums = totals_of(accounts)
    notes = numbered(decided, accounts, language)
    scheme = decided.scheme
    facility = e.facility(scheme, decided.facility, flavour)
    resource: Resource = {
        "resourceType": "ExplanationOfBenefit",
        "id": resource_id("ExplanationOfBenefit", scheme, decided.facility, decided.claim),
        "meta": e.meta(response.version_id(decided), decided.changed or created),
        "language": language,
        "identifier": [
            e.identifier(
                identifier_system(scheme, "explanation-of-benefit", decided.facility),
                f"{decided.claim}/{decided.version}",
            )
        ],
        "status": "active",
        "type": response.claim_type(decided),
        "subType": response.sub_type(decided, language),
        "use": decided.use,
        "patient": response.patient(decided, flavour),
        "billablePeriod": e.period(decided.date_from, decided.date_to),
        "created": created,
        "enterer": _enterer(decided, flavour),
        "insurer": decided.sent.insurer or e.insurer(scheme, flavour),
        "provider": response.requestor(decided, flavour),
        "payee": {"type": e.concept(e.coding(PAYEE_TYPE, "provider")), "party": facility},
        "facility": e.location(scheme, decided.facility, flavour),
        "claim": response.request(decided),
        "claimResponse": e.to_resource(
            "ClaimResponse", claim_response_id(scheme, decided.facility, decided.claim)
        ),
        "outcome": response.outcome(decided),
        "disposition": say(response.disposition(decided, sums), language),
        "preAuthRef": [decided.guarantee] if decided.guarantee else [],
        "diagnosis": _diagnoses(decided),
        "insurance": _insurance(decided, flavour),
        "item": [
            _item(decided, line, language)
            | response.note_numbers(line, notes)
            | {"adjudication": response.adjudications(decided, line, account, language)}
            for line, account in zip(decided.lines, accounts, strict=True)
        ],
        "total": response.totals(decided, sums, language),
        "payment": response.payment(decided, language),
        "processNote": notes.elements,
    }
    if flavour is Flavour.OPENIMIS:
        resource["type"] = openimis.visit_type(decided)
    return {name: value for name, value in resource.items() if value not in (None, [])}


def _enterer(decided: DecidedClaim, flavour: Flavour) -> Resource | None:
    """Refer to the administrator of the facility who sent the claim."""
    if not decided.administrator:
        return None
    system = identifier_system(decided.scheme, "administrator")
    return e.reference("Practitioner", system, decided.administrator, flavour)


def _diagnoses(decided: DecidedClaim) -> list[Resource]:
    system = identifier_system(decided.scheme, "diagnosis")
    found: list[Resource] = [
        {"sequence": place, "diagnosisCodeableConcept": e.concept(e.coding(system, code))}
        for place, code in enumerate(decided.diagnoses, 1)
    ]
    if found:
        found[0]["type"] = [e.concept(e.coding(DIAGNOSIS_TYPE, "principal"))]
    return found


def _insurance(decided: DecidedClaim, flavour: Flavour) -> list[Resource]:
    """Name the policies that pay; R4 wants one even where none does."""
    if decided.sent.coverage is not None:
        return [{"focal": True, "coverage": dict(decided.sent.coverage)}]
    policies = list(dict.fromkeys(line.policy for line in decided.lines if line.policy is not None))
    if not policies:
        absent = {"url": DATA_ABSENT, "valueCode": "not-applicable"}
        return [{"focal": True, "coverage": {"extension": [absent]}}]
    return [
        {"focal": place == 0, "coverage": e.policy(decided.scheme, policy, flavour)}
        for place, policy in enumerate(policies)
    ]


def _item(decided: DecidedClaim, line: DecidedLine, language: str) -> Resource:
    decimals, currency = decided.decimals, decided.currency
    days = e.period(decided.date_from, decided.date_to)
    item: Resource = {
        "sequence": line.line,
        "category": e.concept(e.coding(OUR_KIND, line.kind.word, label(line.kind, language))),
        "productOrService": e.concept(
            e.coding(provision_system(decided.scheme, line.kind), line.code), text=line.name
        ),
        "quantity": {"value": e.number(line.quantity_asked)},
        "unitPrice": e.money(line.price_asked, decimals, currency),
        "net": e.money(line.asked, decimals, currency),
    }
    return item | ({"servicedPeriod": days} if days else {})
