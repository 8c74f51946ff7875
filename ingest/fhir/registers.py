"""Resources that tell of people, places and provisions become rows of the registers.

| resource | table |
|---|---|
| Patient | insurees, and families where it is in no Group |
| Group | families |
| Coverage | policies, covers |
| Organization | facilities |
| Location | locations |
| ActivityDefinition, Medication, ChargeItemDefinition | provisions |

Practitioners and practitioner roles hold no row; claims refer to them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from adjudicator.vocabulary import AgeGroup, CareType, Kind, PolicyStatus, Sex, Word
from ingest.fhir.context import Lookup, code_of, coded, extended, identified
from ingest.fhir.judge import Judge
from ingest.fhir.profile import Profile

Row = dict[str, Any]
Rows = list[tuple[str, Row]]
"""Rows, each with its table."""

MAIN_TABLE: Final = {
    "Patient": "insurees",
    "Group": "families",
    "Coverage": "policies",
    "Organization": "facilities",
    "Location": "locations",
    "ActivityDefinition": "provisions",
    "Medication": "provisions",
    "ChargeItemDefinition": "provisions",
}
"""The table that a resource is a row of, and in which it is set aside."""

_SEXES: Final = {"male": Sex.MALE, "female": Sex.FEMALE, "other": Sex.OTHER}
_STATUSES: Final = {
    "active": PolicyStatus.ACTIVE,
    "draft": PolicyStatus.IDLE,
    "cancelled": PolicyStatus.SUSPENDED,
}
_DAYS: Final = {"d": 1, "wk": 7, "mo": 30, "a": 365}


def rows_of(resource: Any, resource_type: str, profile: Profile, judge: Judge, lookup: Lookup) -> Rows:
    """Map a resource whose types are in order.

    Args:
        resource: a struct or a view of one.
        resource_type: a key of :data:`MAIN_TABLE`.
        profile: of the sender.
        judge: notes what is wrong; where it refuses, the rows are not to be used.
        lookup: finds what was sent beside it.

    Returns:
        Rows whose values are text, decimals, truths or words; none where the resource is nothing for us.
    """
    return _MAPPERS[resource_type](_Sent(resource, profile, judge, lookup))


class _Sent:
    """A resource, and what is needed to map it."""

    def __init__(self, resource: Any, profile: Profile, judge: Judge, lookup: Lookup) -> None:
        self.resource = resource
        self.profile = profile
        self.judge = judge
        self.lookup = lookup

    def code(self, kind: str) -> str | None:
        """Give the code of the resource itself."""
        found = code_of(self.resource, kind, self.profile)
        if found is None:
            self.judge.wrong("no_identifier", "required", "identifier", what=kind)
        return found

    def led_to(self, reference: Any, kind: str) -> str | None:
        """Give the code of what a reference leads to."""
        if reference is None:
            return None
        found = identified(reference.identifier, getattr(self.profile.identifiers, kind))
        if found is not None or reference.reference is None:
            return found
        known = self.lookup.find(reference.reference)
        if known is not None and known.code is not None:
            return known.code
        return self.guessed(str(reference.reference), kind)

    def guessed(self, reference: str, kind: str) -> str | None:
        """Give the id in a reference, where the profile knows things by their ids."""
        if kind not in self.profile.known_by_id or reference.startswith("#"):
            return None
        return reference.partition("/_history/")[0].rpartition("/")[2].removeprefix("urn:uuid:")

    def day(self, text: str | None, name: str) -> str | None:
        """Give the day of a date or a time."""
        if text is None:
            return None
        if len(text) < 10:
            self.judge.wrong("partial_date", "value", name, text)
            return None
        return text[:10]


def _patient(sent: _Sent) -> Rows:
    patient, profile = sent.resource, sent.profile
    insuree = sent.code("patient")
    if patient.active is False:
        sent.judge.wrong("not_active", "business-rule", "active", "false")
    family, rows = _family(sent, insuree)
    head = extended(patient.extension, profile.extensions.head, "value_boolean")
    name = next(iter(patient.name or ()), None)
    born = sent.day(patient.birth_date, "birthDate")
    row = {
        "insuree": insuree,
        "family": family,
        # Whoever is a family by himself is its head.
        "head": head if head is not None else (True if family == insuree else None),
        "sex": _SEXES.get(patient.gender, Sex.OTHER),
        "birth_date": born,
        "name": _name(name) if name is not None else None,
    }
    return [*rows, ("insurees", row)]


def _family(sent: _Sent, insuree: str | None) -> tuple[str | None, Rows]:
    """Give the family of a patient, and a row of it where no group tells of it."""
    patient = sent.resource
    reference = extended(patient.extension, sent.profile.extensions.group, "value_reference")
    if reference is not None:
        family = sent.led_to(reference, "group")
        if family is None:
            sent.judge.wrong("no_group", "not-found", "extension", reference.reference or "")
        told = reference.reference is not None and sent.lookup.find(reference.reference) is not None
        return family, [] if told else [("families", {"family": family, "location": None})]
    for own in (f"Patient/{patient.id}", f"urn:uuid:{patient.id}"):
        if patient.id and (family := sent.lookup.group_of(own)) is not None:
            return family, []
    return insuree, [("families", {"family": insuree, "location": None})]


def _name(name: Any) -> str | None:
    if name.text is not None:
        return str(name.text)
    parts = [*(given for given in name.given or () if given), *([name.family] if name.family else ())]
    return " ".join(parts) or None


def _group(sent: _Sent) -> Rows:
    if sent.resource.type not in (None, "person"):
        return []
    address = extended(sent.resource.extension, sent.profile.extensions.address, "value_address")
    location = _location_of(sent, address)
    return [("families", {"family": sent.code("group"), "location": location})]


def _location_of(sent: _Sent, address: Any) -> str | None:
    if address is None:
        return None
    reference = extended(address.extension, sent.profile.extensions.location, "value_reference")
    return sent.led_to(reference, "location")


def _coverage(sent: _Sent) -> Rows:
    coverage, profile, judge = sent.resource, sent.profile, sent.judge
    policy = sent.code("policy")
    insuree = sent.led_to(coverage.beneficiary, "patient")
    if insuree is None:
        judge.wrong("no_patient", "not-found", "beneficiary")
    product = None
    for held in coverage.class_ or ():
        if held.type is not None and coded(held.type.coding, ()) in profile.registers.product:
            product = held.value
            break
    if product is None:
        judge.wrong("no_product", "required", "class")
    period = coverage.period
    start = sent.day(period.start if period is not None else None, "period.start")
    end = sent.day(period.end if period is not None else None, "period.end")
    if period is None or period.start is None or period.end is None:
        judge.wrong("required", "required", "period", name="period")
    status = _STATUSES.get(coverage.status)
    if status is None:
        judge.wrong("not_active", "business-rule", "status", coverage.status or "")
    if profile.registers.stage is None:
        judge.wrong("required", "required", "extension", name="stage")
    enrolled = extended(coverage.extension, profile.extensions.enrolled, "value_date")
    row = {
        "policy": policy,
        "family": _family_of_policy(sent, insuree),
        "product": product,
        "enrolled": sent.day(enrolled, "extension"),
        "effective": start,
        "expiry": end,
        "stage": profile.registers.stage,
        "status": status,
    }
    cover = {"policy": policy, "insuree": insuree, "effective": start, "expiry": end}
    return [("policies", row), ("covers", cover)]


def _family_of_policy(sent: _Sent, insuree: str | None) -> str | None:
    for reference in (sent.resource.policy_holder, sent.resource.beneficiary):
        if reference is None or reference.reference is None:
            continue
        known = sent.lookup.find(reference.reference)
        if known is None:
            continue
        if known.resource_type == "Group":
            return known.code
        if known.group is not None:
            group = sent.lookup.find(known.group)
            return group.code if group is not None else sent.guessed(known.group, "group")
        if (family := sent.lookup.group_of(reference.reference)) is not None:
            return family
    return insuree


def _organization(sent: _Sent) -> Rows:
    organization, profile = sent.resource, sent.profile
    types = [code for concept in organization.type or () if (code := coded(concept.coding, ())) is not None]
    if types and "prov" not in types and not any(code in profile.registers.facility_levels for code in types):
        return []
    if organization.active is False:
        sent.judge.wrong("not_active", "business-rule", "active", "false")
    said = extended(organization.extension, profile.extensions.level, "value_codeable_concept")
    codes = [coded(said.coding, ())] if said is not None else []
    levels = [
        profile.registers.facility_levels[code]
        for code in [*codes, *types]
        if code in profile.registers.facility_levels
    ]
    level = levels[0] if levels else profile.registers.facility_level_otherwise
    if level is None:
        sent.judge.wrong("no_level", "required", "extension")
    address = next(iter(organization.address or ()), None)
    code = sent.code("facility")
    row = {
        "code": code,
        "name": organization.name or code,
        "level": level,
        "care_type": profile.registers.facility_care or CareType.BOTH,
        "location": _location_of(sent, address),
    }
    return [("facilities", row)]


def _place(sent: _Sent) -> Rows:
    location = sent.resource
    kind = coded(location.physical_type.coding, ()) if location.physical_type is not None else None
    level = sent.profile.registers.location_levels.get(kind or "")
    if level is None:
        # A building or a room is no area.
        return []
    code = sent.code("location")
    parent = sent.led_to(location.part_of, "location")
    if parent is None and location.part_of is not None:
        sent.judge.wrong("no_parent", "not-found", "partOf", location.part_of.reference or "")
    return [("locations", {"code": code, "name": location.name or code, "level": level, "parent": parent})]


def _service(sent: _Sent) -> Rows:
    definition = sent.resource
    if definition.status == "retired":
        sent.judge.wrong("not_active", "business-rule", "status", definition.status)
    usage = {
        coded([context.code], ()): context.value_codeable_concept for context in definition.use_context or ()
    }
    types = [coded(topic.coding, ()) for topic in definition.topic or ()]
    timing = definition.timing_timing
    return [
        (
            "provisions",
            _provision(sent, Kind.SERVICE, definition.title or definition.name, usage, types, timing),
        )
    ]


def _item(sent: _Sent) -> Rows:
    medication, extensions = sent.resource, sent.profile.extensions
    if medication.status is not None and medication.status != "active":
        sent.judge.wrong("not_active", "business-rule", "status", medication.status)
    usage: dict[str | None, Any] = {}
    for extension in medication.extension or ():
        if extensions.usage and extension.url is not None and extension.url.endswith(extensions.usage):
            for inner in extension.extension or ():
                context = inner.value_usage_context
                if context is not None:
                    usage[coded([context.code], ())] = context.value_codeable_concept
    concept = extended(medication.extension, extensions.provision_type, "value_codeable_concept")
    types = [coded(concept.coding, ())] if concept is not None else []
    timing = extended(medication.extension, extensions.frequency, "value_timing")
    name = medication.code.text if medication.code is not None else None
    return [("provisions", _provision(sent, Kind.ITEM, name, usage, types, timing))]


def _charge_item(sent: _Sent) -> Rows:
    definition = sent.resource
    price = None
    for group in definition.property_group or ():
        for component in group.price_component or ():
            if component.type == "base" and component.amount is not None and price is None:
                price = component.amount
    concept = definition.code
    kinds = sent.profile.kinds
    kind = next(
        (
            kinds.systems[coding.system]
            for coding in (concept.coding or ())
            if concept is not None and coding.system in kinds.systems
        )
        if concept is not None
        else iter(()),
        Kind.SERVICE,
    )
    code = coded(concept.coding, sent.profile.provisions.systems) if concept is not None else None
    return [("provisions", _provision(sent, kind, definition.title, {}, [], None, code, price))]


def _provision(
    sent: _Sent,
    kind: Word,
    name: str | None,
    usage: dict[str | None, Any],
    types: list[str | None],
    timing: Any,
    code: str | None = None,
    price: Any = None,
) -> Row:
    provisions = sent.profile.provisions
    code = code or sent.code("provision")
    price = price or extended(sent.resource.extension, sent.profile.extensions.price, "value_money")
    if price is None or price.value is None:
        sent.judge.wrong("no_register_price", "required", "extension")
    workflow = _codes(usage.get("workflow"))
    row: Row = {
        "kind": kind,
        "code": code,
        "name": name or code,
        "type": next((provisions.types[one] for one in types if one in provisions.types), None),
        "price": price.value if price is not None else None,
        "care_type": _narrowed(
            [provisions.care[one] for one in _codes(usage.get("venue")) if one in provisions.care]
        ),
        "sex": _narrowed([Sex.of(one) for one in _codes(usage.get("gender")) if one in ("male", "female")]),
        "age": _narrowed([AgeGroup.of(one) for one in _codes(usage.get("age")) if one in ("adult", "child")]),
        "frequency_days": _days(timing),
    }
    if kind is Kind.SERVICE:
        row["category"] = next(
            (provisions.categories[one] for one in workflow if one in provisions.categories), None
        )
    return row


def _codes(concept: Any) -> list[str]:
    return [coding.code for coding in concept.coding or () if coding.code] if concept is not None else []


def _narrowed(words: list[Any]) -> Word | None:
    """Give the only one of the words that a provision is for; for several, it is for all."""
    return words[0] if len(set(words)) == 1 else None


def _days(timing: Any) -> str | None:
    """Give the days between two provisions: ``1 per 3 d``; once in no days is no limit."""
    repeat = timing.repeat if timing is not None else None
    if repeat is None or repeat.period is None or repeat.period_unit not in _DAYS:
        return None
    days = Decimal(repeat.period) * _DAYS[repeat.period_unit]
    return f"{days:f}" if days > 0 else None


_MAPPERS: Final[dict[str, Callable[[_Sent], Rows]]] = {
    "Patient": _patient,
    "Group": _group,
    "Coverage": _coverage,
    "Organization": _organization,
    "Location": _place,
    "ActivityDefinition": _service,
    "Medication": _item,
    "ChargeItemDefinition": _charge_item,
}
