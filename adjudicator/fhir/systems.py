"""The names that codes and identifiers go by: HL7's, X12's, openIMIS's, and our own."""

from __future__ import annotations

import uuid
from enum import Enum
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from adjudicator.vocabulary import Kind, Reason


class Flavour(Enum):
    """Whose habits a resource follows where R4 leaves room, or where a receiver departs from it."""

    STANDARD = "standard"
    """R4 as it is written."""
    OPENIMIS = "openimis"
    """R4 as openIMIS's converter reads it: status, unit price and quantity of a line in one adjudication."""


ADJUDICATION: Final = "http://terminology.hl7.org/CodeSystem/adjudication"
CLAIM_TYPE: Final = "http://terminology.hl7.org/CodeSystem/claim-type"
PAYEE_TYPE: Final = "http://terminology.hl7.org/CodeSystem/payeetype"
PAYMENT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/payment-type"
PAYMENT_OF_CLAIM: Final = "http://terminology.hl7.org/CodeSystem/ex-paymenttype"
PAYMENT_STATUS: Final = "http://terminology.hl7.org/CodeSystem/paymentstatus"
BENEFIT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/benefit-type"
BENEFIT_UNIT: Final = "http://terminology.hl7.org/CodeSystem/benefit-unit"
DIAGNOSIS_TYPE: Final = "http://terminology.hl7.org/CodeSystem/ex-diagnosistype"
DATA_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
LANGUAGE: Final = "urn:ietf:bcp:47"

CARC: Final = "https://x12.org/codes/claim-adjustment-reason-codes"
"""Claim adjustment reason codes."""
RARC: Final = "https://x12.org/codes/remittance-advice-remark-codes"
"""Remark codes, which some reason codes ask for."""
CARC_GROUP: Final = "https://x12.org/codes/claim-adjustment-group-codes"
"""Who bears an adjustment: CO the facility, PR the patient."""

_OPENIMIS: Final = "https://openimis.github.io/openimis_fhir_r4_ig"
OPENIMIS_STATUS: Final = f"{_OPENIMIS}/CodeSystem/claim-status"
OPENIMIS_REASON: Final = f"{_OPENIMIS}/CodeSystem/claim-rejection-reasons"
OPENIMIS_VISIT_TYPE: Final = f"{_OPENIMIS}/CodeSystem/claim-visit-type"
OPENIMIS_IDENTIFIER: Final = f"{_OPENIMIS}/CodeSystem/openimis-identifiers"
OPENIMIS_ITEM_REFERENCE: Final = f"{_OPENIMIS}/StructureDefinition/claim-item-reference"

_OURS: Final = "urn:adjudicator"
OUR_ADJUDICATION: Final = f"{_OURS}:adjudication"
"""The parts of a line's amount; see :class:`adjudicator.fhir.account.Part`."""
OUR_REASON: Final = f"{_OURS}:reason"
"""Reason codes, by the numbers that facilities know (law, section 4)."""
OUR_KIND: Final = f"{_OURS}:kind"
OUR_CATEGORY: Final = f"{_OURS}:claim-category"
OUR_VISIT_TYPE: Final = f"{_OURS}:visit-type"
OUR_STATEMENT_PART: Final = f"{_OURS}:statement-part"
OUR_PAYMENT_STATE: Final = f"{_OURS}:payment-state"
OUR_LIMIT: Final = f"{_OURS}:limit"

_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, _OURS)


@lru_cache(1 << 16)
def identifier_system(scheme: str, what: str, *owners: str) -> str:
    """Name the system of a scheme's own numbers, such as those of the claims of a facility.

    >>> identifier_system("KHIF", "claim", "H042")
    'urn:adjudicator:KHIF:claim:H042'
    """
    return ":".join((_OURS, *(quote(part, safe="-._~") for part in (scheme, what, *owners))))


def provision_system(scheme: str, kind: Kind) -> str:
    """Name the system of the codes of a scheme's services or items."""
    return identifier_system(scheme, kind.word)


def resource_id(kind: str, *key: object) -> str:
    """Give the id of a resource: the same for the same key, for ever.

    Args:
        kind: of resource, such as ``ClaimResponse``.
        key: what the resource is of.
    """
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join((kind, *(str(part) for part in key)))))


def claim_response_id(scheme: str, facility: str, claim: str) -> str:
    """Give the id of the response to a claim; a later decision about it is a new version of the same."""
    return resource_id("ClaimResponse", scheme, facility, claim)


def reason_code(reason: Reason) -> str:
    """Write a reason as facilities know it."""
    return str(int(reason))
