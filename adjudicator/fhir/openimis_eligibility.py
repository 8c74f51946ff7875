"""Eligibility as openIMIS tells it: what is left, each figure under its own word.

There, an item is a figure: its category is a text such as ``total_visits``, and what is allowed is what is
left. Deductibles and ceilings that are not of a category have no word and no place there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from adjudicator.adjudication.eligibility import CategoryLimits, PolicyStanding, ProvisionStanding
from adjudicator.fhir import elements as e
from adjudicator.fhir.systems import BENEFIT_TYPE
from adjudicator.units import QUANTITY_ONE
from adjudicator.vocabulary import Category, VisitType

Resource = dict[str, Any]

_COUNTS: Final = {
    Category.HOSPITALIZATION: "total_admissions",
    Category.VISIT: "total_visits",
    Category.CONSULTATION: "total_consultations",
    Category.SURGERY: "total_surgeries",
    Category.DELIVERY: "total_deliveries",
    Category.ANTENATAL: "total_antenatal",
}
_AMOUNTS: Final = {
    Category.CONSULTATION: "consultation_amount",
    Category.SURGERY: "surgery_amount",
    Category.DELIVERY: "delivery_amount",
    Category.HOSPITALIZATION: "hospitalization_amount",
    Category.ANTENATAL: "antenatal_amount",
}


def items(
    standing: PolicyStanding, provisions: tuple[ProvisionStanding, ...], decimals: int, currency: str
) -> Iterator[Resource]:
    """Give what is left of a policy's limits, and whether what was asked about is paid.

    Args:
        standing: the policy.
        provisions: what was asked about.
        decimals: of the currency's amounts.
        currency: its ISO 4217 code.
    """
    for counted in standing.categories:
        yield from _of_category(counted, decimals, currency)
    for provision in provisions:
        yield from _of_provision(standing, provision)


def _of_category(counted: CategoryLimits, decimals: int, currency: str) -> Iterator[Resource]:
    if counted.left is not None:
        yield _figure(_COUNTS[counted.category], allowedUnsignedInt=counted.left)
    if counted.ceiling is not None and counted.category in _AMOUNTS:
        ceiling = e.money(counted.ceiling, decimals, currency)
        yield _figure(_AMOUNTS[counted.category], allowedMoney=ceiling)


def _of_provision(standing: PolicyStanding, provision: ProvisionStanding) -> Iterator[Resource]:
    word = provision.kind.word
    if provision.provision is None:
        # The register does not have it on the day.
        yield {"category": {"text": f"is_{word}_ok"}, "excluded": True}
    fits = provision.for_sex is None and provision.for_age is None
    for one in provision.policies:
        if one.policy.policy != standing.cover.policy.policy:
            continue
        # openIMIS does not ask how the patient comes.
        usual = [visit for visit in one.visits if VisitType.OTHER in visit.visit_types]
        for visit in usual:
            if visit.quantity is not None:
                yield _figure(f"{word}_left", allowedUnsignedInt=visit.quantity.left // QUANTITY_ONE)
        paid = fits and provision.next_date is None and any(visit.payable for visit in usual)
        yield {"category": {"text": f"is_{word}_ok"}, "excluded": not paid}


def _figure(name: str, **allowed: Any) -> Resource:
    benefit = {"type": e.concept(e.coding(BENEFIT_TYPE, "benefit")), **allowed}
    return {"category": {"text": name}, "benefit": [benefit]}
