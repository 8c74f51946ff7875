"""``CoverageEligibilityResponse``: what an insuree is covered for on a day, and what is left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adjudicator.adjudication.eligibility import (
    CategoryLimits,
    Eligibility,
    Limit,
    PolicyStanding,
    ProvisionStanding,
    VisitTerms,
)
from adjudicator.adjudication.records import Cover
from adjudicator.fhir import elements as e
from adjudicator.fhir import openimis_eligibility
from adjudicator.fhir.account import Part
from adjudicator.fhir.decided import Element
from adjudicator.fhir.systems import (
    BENEFIT_TYPE,
    BENEFIT_UNIT,
    OUR_CATEGORY,
    OUR_LIMIT,
    OUR_VISIT_TYPE,
    Flavour,
    identifier_system,
    provision_system,
    resource_id,
)
from adjudicator.units import PERCENT_ALL, QUANTITY_ONE, currency_decimals, date_of
from adjudicator.vocabulary import Cut, Level, Limitation, Reason, VisitType
from adjudicator.words import Message, Quantity, label, message, say, text

Resource = dict[str, Any]

_TERMS: Final = {
    Level.TREATMENT: "each-claim",
    Level.INSUREE: "insurance-period",
    Level.POLICY: "insurance-period",
}
"""How long what is used counts: HL7's terms know years and lives, not insurance periods."""


@dataclass(frozen=True, slots=True)
class EligibilityAsked:
    """What was asked, and by whom; FHIR elements of the request are echoed as they came."""

    scheme: str
    currency: str
    """ISO 4217."""
    insuree: str
    day: dt.date
    key: str
    """What the id of the response is made from, such as the id of the request."""
    purposes: Sequence[str] = ("benefits",)
    """Of ``auth-requirements``, ``benefits``, ``discovery``, ``validation``."""
    request: Element | None = None
    """A Reference to the CoverageEligibilityRequest."""
    patient: Element | None = None
    requestor: Element | None = None
    insurer: Element | None = None


def coverage_eligibility_response(
    found: Eligibility | None,
    asked: EligibilityAsked,
    *,
    created: str,
    language: str = "en",
    flavour: Flavour = Flavour.STANDARD,
    problems: Sequence[Message] = (),
) -> Resource:
    """Make the response to a question of eligibility.

    One ``insurance`` for each policy that covers the insuree on the day (law, section 4.2), with what is left
    of deductibles, ceilings and counts; of a provision that was asked about, what each policy pays.

    Args:
        found: what the books say; None where the insuree is not known (``outcome`` is then ``error``).
        asked: the question.
        created: when it is answered, as an ISO 8601 date, or time with its zone.
        language: of labels and the disposition: ``en`` or ``fr``.
        flavour: R4 as it is written, or as openIMIS reads it.
        problems: why it could not be answered, told as ``error``.
    """
    maker = _Maker(asked, language, flavour)
    covered = found is not None and found.covered
    if found is None or problems:
        key = "fhir.eligibility.unknown" if found is None else "fhir.eligibility.not_answered"
    elif found.person is None:
        key = "fhir.eligibility.not_valid"
    else:
        key = "fhir.eligibility.covered" if covered else "fhir.eligibility.not_covered"
    resource: Resource = {
        "resourceType": "CoverageEligibilityResponse",
        "id": resource_id("CoverageEligibilityResponse", asked.scheme, asked.key),
        "language": language,
        "status": "active",
        "purpose": list(asked.purposes),
        "patient": dict(asked.patient or e.insuree(asked.scheme, asked.insuree, flavour)),
        "servicedDate": asked.day.isoformat(),
        "created": created,
        "requestor": dict(asked.requestor) if asked.requestor else None,
        "request": dict(asked.request or maker.request()),
        "outcome": "error" if found is None or problems else "complete",
        "disposition": text(key, language, insuree=asked.insuree, day=asked.day),
        "insurer": dict(asked.insurer or e.insurer(asked.scheme, flavour)),
        "insurance": [] if found is None else list(maker.insurances(found)),
        "error": [{"code": {"text": say(problem, language)}} for problem in problems],
    }
    if found is None and not problems:
        resource["error"] = [{"code": e.reason_concept(Part.REJECTED, Reason.INSUREE, language)}]
    return {name: value for name, value in resource.items() if value not in (None, [])}


class _Maker:
    """Makes the parts of a response to one question."""

    def __init__(self, asked: EligibilityAsked, language: str, flavour: Flavour) -> None:
        self._asked, self._language, self._flavour = asked, language, flavour
        self._decimals = currency_decimals(asked.currency)

    def request(self) -> Resource:
        system = identifier_system(self._asked.scheme, "eligibility-request")
        return {"type": "CoverageEligibilityRequest", "identifier": e.identifier(system, self._asked.key)}

    def insurances(self, found: Eligibility) -> Iterator[Resource]:
        """Give the policies: those that cover on the day, then those that do not, and why."""
        for standing in found.policies:
            one = self._insurance(standing.cover, inforce=found.covered)
            items = list(self._items(standing, found))
            yield one | ({"item": items} if items else {})
        for other in found.others:
            policy = other.cover.policy
            start = date_of(max(other.cover.effective, policy.effective))
            why = text(
                f"eligibility.why.{other.why}",
                self._language,
                status=policy.status,
                start=start,
                end=date_of(other.cover.end),
            )
            yield self._insurance(other.cover, inforce=False, why=why)

    def _insurance(self, cover: Cover, *, inforce: bool, why: str | None = None) -> Resource:
        coverage = e.policy(self._asked.scheme, cover.policy.policy, self._flavour)
        coverage["display"] = cover.policy.product if why is None else f"{cover.policy.product}: {why}"
        days = e.period(date_of(cover.effective), date_of(cover.end))
        return {"coverage": coverage, "inforce": inforce, "benefitPeriod": days}

    def _items(self, standing: PolicyStanding, found: Eligibility) -> Iterator[Resource]:
        if self._flavour is Flavour.OPENIMIS:
            currency = self._asked.currency
            yield from openimis_eligibility.items(standing, found.provisions, self._decimals, currency)
            return
        for limit in standing.limits:
            yield self._limit(limit)
        for counted in standing.categories:
            yield self._category(counted)
        for provision in found.provisions:
            if provision.provision is None:
                yield self._excluded(provision)
            for one in provision.policies:
                if one.policy.policy == standing.cover.policy.policy:
                    yield from (self._provision(provision, visit) for visit in one.visits)

    def _money(self, minor: int) -> Resource:
        return e.money(minor, self._decimals, self._asked.currency)

    def _limit(self, limit: Limit) -> Resource:
        """Give a deductible or a ceiling: how much it is, and how much of it is used."""
        code = "deductible" if limit.cut is Cut.DEDUCTIBLE else "ceiling"
        term = f"product.term.{code}"
        values: dict[str, Any] = {"level": limit.level}
        if limit.care is not None:
            term, values["care"] = f"{term}_of_care", message(f"product.care.{limit.care.word}")
            code = f"{code}-{limit.care.word.replace('_', '-')}"
        name = text(term, self._language, **values)
        unit = "family" if limit.level is Level.POLICY else "individual"
        kind = "deductible" if limit.cut is Cut.DEDUCTIBLE else "benefit"
        return {
            "category": e.concept(e.coding(OUR_LIMIT, code), text=name),
            "unit": e.concept(e.coding(BENEFIT_UNIT, unit)),
            "term": e.concept(e.coding(OUR_LIMIT, _TERMS[limit.level])),
            "benefit": [
                {
                    "type": e.concept(e.coding(BENEFIT_TYPE, kind)),
                    "allowedMoney": self._money(limit.amount),
                    "usedMoney": self._money(min(limit.used, limit.amount)),
                }
            ],
        }

    def _category(self, counted: CategoryLimits) -> Resource:
        """Give how many claims of a category are paid, and how much for each."""
        benefits: list[Resource] = []
        if counted.claims is not None:
            benefits.append(
                {
                    "type": e.concept(e.coding(BENEFIT_TYPE, "visit")),
                    "allowedUnsignedInt": counted.claims,
                    "usedUnsignedInt": min(counted.used, counted.claims),
                }
            )
        if counted.ceiling is not None:
            of_claim = e.concept(e.coding(OUR_LIMIT, "ceiling-of-claim"))
            benefits.append({"type": of_claim, "allowedMoney": self._money(counted.ceiling)})
        said = label(counted.category, self._language)
        item: Resource = {
            "category": e.concept(e.coding(OUR_CATEGORY, counted.category.word, said)),
            "unit": e.concept(e.coding(BENEFIT_UNIT, "individual")),
            "term": e.concept(e.coding(OUR_LIMIT, _TERMS[Level.INSUREE])),
        }
        return item | ({"benefit": benefits} if benefits else {})

    def _excluded(self, standing: ProvisionStanding) -> Resource:
        """Say of a provision that the register does not have on the day that no policy pays it."""
        return {
            "productOrService": self._product(standing),
            "excluded": True,
            "description": _sentences(
                [text("eligibility.not_in_register", self._language, day=self._asked.day)]
            ),
        }

    def _product(self, standing: ProvisionStanding) -> Resource:
        return e.concept(e.coding(provision_system(self._asked.scheme, standing.kind), standing.code))

    def _provision(self, standing: ProvisionStanding, visit: VisitTerms) -> Resource:
        """Give what a policy pays for a provision, and why it would not be paid."""
        fits = standing.for_sex is None and standing.for_age is None
        paid = fits and standing.next_date is None and visit.payable
        said = [say(note, self._language) for note in self._notes(standing, visit)]
        # R4 has a category or a product there, not both (ces-1); the code's system says which kind it is.
        item: Resource = {
            "productOrService": self._product(standing),
            "excluded": not paid,
        }
        if len(visit.visit_types) < len(VisitType):
            item["modifier"] = [
                e.concept(e.coding(OUR_VISIT_TYPE, one.word, label(one, self._language)))
                for one in visit.visit_types
            ]
        if said:
            item["description"] = _sentences(said)
        benefits = list(self._benefits(visit)) if visit.covered else []
        return item | ({"benefit": benefits} if benefits else {})

    def _notes(self, standing: ProvisionStanding, visit: VisitTerms) -> Iterator[Message]:
        if not visit.covered:
            yield message("product.not_covered")
        if standing.for_sex is not None:
            yield message("eligibility.for_sex", sex=standing.for_sex)
        if standing.for_age is not None:
            yield message("eligibility.for_age", age=standing.for_age)
        if standing.next_date is not None:
            yield message("fhir.eligibility.next_date", day=date_of(standing.next_date))
        if visit.waiting_until is not None:
            yield message("fhir.eligibility.waiting", day=date_of(visit.waiting_until))
        if visit.quantity is not None and visit.quantity.left == 0:
            yield message("fhir.eligibility.quantity", limit=Quantity(visit.quantity.limit))

    def _benefits(self, visit: VisitTerms) -> Iterator[Resource]:
        limit, quantity = visit.limit, visit.quantity
        if limit is not None and limit.value is not None:
            if limit.limitation is Limitation.FIXED:
                fixed = e.concept(e.coding(OUR_LIMIT, "fixed-amount-of-unit"))
                yield {"type": fixed, "allowedMoney": self._money(limit.value)}
            else:
                share = e.concept(e.coding(BENEFIT_TYPE, "copay-percent"))
                # R4 has whole percentages there; others are told as text.
                left = PERCENT_ALL - limit.value
                whole = left % QUANTITY_ONE == 0
                allowed = {"allowedUnsignedInt": left // QUANTITY_ONE}
                yield {"type": share} | (allowed if whole else {"allowedString": f"{e.number(left)}"})
        if quantity is not None:
            used = min(quantity.used, quantity.limit)
            kind = e.concept(e.coding(OUR_LIMIT, "quantity"))
            if quantity.limit % QUANTITY_ONE == used % QUANTITY_ONE == 0:
                yield {
                    "type": kind,
                    "allowedUnsignedInt": quantity.limit // QUANTITY_ONE,
                    "usedUnsignedInt": used // QUANTITY_ONE,
                }
            else:
                yield {"type": kind, "allowedString": f"{e.number(quantity.limit)}"} | {
                    "usedString": f"{e.number(used)}"
                }


def _sentences(said: Sequence[str]) -> str:
    return " ".join(f"{one[:1].upper()}{one[1:]}." for one in said)
