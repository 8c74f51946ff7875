"""A FHIR ``Claim`` becomes a row of claims and rows of claim lines, or issues that say why not.

For the server and for whoever has one resource in hand::

    from ingest.fhir.claim import read_claim
    from ingest.fhir.outcome import operation_outcome
    from ingest.fhir.profile import shipped

    read = read_claim(body, shipped("openimis"), context={"Patient/1": patient})
    if not read.accepted:
        answer = operation_outcome(read.outcome, "fr")

It is pure: nothing is looked up but in ``context``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, Final

from adjudicator.tables import DIAGNOSIS_COLUMNS
from ingest.fhir.context import Given, Lookup, Nothing, Within, coded, identified
from ingest.fhir.judge import Judge
from ingest.fhir.outcome import Issue
from ingest.fhir.profile import Profile
from ingest.fhir.resource import read_resource
from ingest.fhir.rules import asked, check_claim
from ingest.fhir.scan import Seen

Row = dict[str, Any]

NOWHERE: Final = Nothing()
ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
CENT: Final = Decimal("0.01")


@dataclass
class ClaimRead:
    """What came of a claim."""

    claim: Row | None
    """A row of :data:`adjudicator.tables.CLAIMS`: its columns' names and values, as text or None; None as a
    whole where the claim cannot be taken."""
    lines: list[Row] = field(default_factory=list)
    """Rows of :data:`adjudicator.tables.CLAIM_LINES`; ``line`` is the sender's ``item.sequence``. Quantities
    and prices are exact decimals, in major units, fit for :func:`ingest.claims.claims_from_rows`."""
    use: str | None = None
    """``claim``, ``preauthorization`` or ``predetermination``, as far as it could be read."""
    outcome: list[Issue] = field(default_factory=list)
    """Everything that was found, warnings and information as well, in the order of the resource."""

    @property
    def accepted(self) -> bool:
        """Whether the claim can be taken."""
        return self.claim is not None


def read_claim(body: bytes, profile: Profile, *, context: Mapping[str, Any] | None = None) -> ClaimRead:
    """Read one ``Claim`` from JSON.

    Preauthorizations and predeterminations are read like claims; ``use`` tells them apart. Whether they are
    taken is for the caller to say: files of claims hold claims only.

    Args:
        body: the resource, UTF-8.
        profile: of its sender; see :mod:`ingest.fhir.profile`.
        context: resources that the claim may refer to, as JSON values or bytes, by their references:
            ``Patient/17``, ``urn:uuid:…``, a full URL. Contained ones need not be given.

    Returns:
        The rows, or the issues that refuse it. Nothing is raised for bad input.
    """
    beside = Given(context, profile) if context else NOWHERE
    return claim_in(body, None, profile, beside)


def claim_in(body: bytes, seen: Seen | None, profile: Profile, beside: Lookup) -> ClaimRead:
    """Read one ``Claim`` that was looked at already; as :func:`read_claim` does.

    Args:
        body: the resource.
        seen: what the look said of it; None: it is still to be looked at.
        profile: of its sender.
        beside: finds what was sent beside it.
    """
    resource, judge = read_resource(body, seen, "Claim", profile)
    if resource is None:
        return ClaimRead(None, outcome=judge.issues)
    return claim_of(resource, judge, profile, beside)


def claim_of(claim: Any, judge: Judge, profile: Profile, beside: Lookup) -> ClaimRead:
    """Map a claim whose types are in order.

    Args:
        claim: a struct or a view of one.
        judge: with what was found so far.
        profile: of the sender.
        beside: finds what was sent beside it.
    """
    check_claim(claim, profile, judge)
    contained = claim.contained
    lookup = Within(contained, profile, beside) if contained else beside
    mapper = _mapper(profile)
    row = mapper.claim(claim, judge, lookup)
    lines = mapper.lines(claim, row, judge, lookup)
    if judge.issues and judge.refuses:
        return ClaimRead(None, [], claim.use, judge.issues)
    return ClaimRead(row, lines, claim.use, judge.issues)


@cache
def _mapper(profile: Profile) -> _Mapper:
    return _Mapper(profile)


class _Mapper:
    """Maps claims as one profile has it."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._wanted = profile.identifiers
        self._by_id = frozenset(profile.known_by_id)
        self._visits = {code: visit.word for code, visit in profile.visits.codes.items()}
        self._any_visit = profile.visits.otherwise.word if profile.visits.otherwise is not None else None
        kinds = profile.kinds
        self._kinds = {code: kind.word for code, kind in kinds.codes.items()}
        self._kind_systems = {system: kind.word for system, kind in kinds.systems.items()}
        self._kind_types = {code: kind.word for code, kind in kinds.types.items()}
        self._any_kind = kinds.otherwise.word if kinds.otherwise is not None else None
        self._clock = profile.clock
        self._code_from = profile.provisions.code_from
        self._code_systems = profile.provisions.systems
        self._diagnosis_systems = profile.diagnoses.systems
        self._by_unit = profile.prices != "net"
        self._by_net = profile.prices != "unit"
        self._provision = profile.extensions.provision
        self._supporting = {
            **dict.fromkeys(profile.supporting.guarantee, "guarantee"),
            **dict.fromkeys(profile.supporting.explanation, "explanation"),
            **dict.fromkeys(profile.supporting.referred_from, "referred_from"),
        }

    def claim(self, claim: Any, judge: Judge, lookup: Lookup) -> Row:
        """Map the claim itself."""
        if claim.status != "active":
            judge.wrong("not_active", "business-rule", "status", claim.status or "")
        number = identified(claim.identifier, self._wanted.claim)
        if number is None and "claim" in self._by_id:
            number = claim.id
        if number is None:
            judge.wrong("no_number", "required", "identifier")
        insuree = self._known(claim.patient, "patient", lookup)
        if insuree is None:
            judge.wrong("no_patient", "not-found", "patient", _reference(claim.patient))
        start, end = self._period(claim, judge)
        created = self._day(claim.created, "created", judge)
        if created is None and claim.created is None:
            judge.wrong("required", "required", "created", name="created")
        row: Row = {
            "claim": number,
            "facility": self._facility(claim, judge, lookup),
            "insuree": insuree,
            "date_from": start,
            "date_to": end,
            "date_claimed": created,
            "visit_type": self._visit(claim, judge),
            "administrator": self._known(claim.enterer, "practitioner", lookup),
            "guarantee": None,
            "referred_from": None,
            "explanation": None,
        }
        self._diagnose(claim, row, judge, lookup)
        for entry in claim.supporting_info or ():
            category = entry.category
            column = self._supporting.get(coded(category.coding, ()) or "") if category else None
            if column is not None and row[column] is None:
                row[column] = entry.value_string or self._known(entry.value_reference, "facility", lookup)
        if row["referred_from"] is None and claim.referral is not None:
            identifier = claim.referral.identifier
            row["referred_from"] = identifier.value if identifier is not None else None
        if row["guarantee"] is None:
            for insurance in claim.insurance or ():
                if insurance.pre_auth_ref:
                    row["guarantee"] = insurance.pre_auth_ref[0]
                    break
        return row

    def lines(self, claim: Any, claim_row: Row, judge: Judge, lookup: Lookup) -> list[Row]:
        """Map the items of a claim."""
        items = claim.item
        if not items:
            judge.wrong("no_lines", "required", "item")
            return []
        number, facility = claim_row["claim"], claim_row["facility"]
        rows: list[Row] = []
        for place, item in enumerate(items):
            kind, code = self._provided(claim, item, lookup)
            if code is None:
                judge.wrong("no_code", "required", f"item[{place}].productOrService")
            if kind is None:
                judge.wrong("no_kind", "code-invalid", f"item[{place}].category")
            quantity, price = self._priced(item, place, judge)
            if item.detail is not None:
                judge.tell("details_not_read", "informational", f"item[{place}].detail")
            rows.append(
                {
                    "claim": number,
                    "facility": facility,
                    "line": item.sequence,
                    "kind": kind,
                    "code": code,
                    "quantity": quantity,
                    "price_asked": price,
                    "explanation": self._explained(claim, item) if item.information_sequence else None,
                }
            )
        return rows

    def _known(self, reference: Any, kind: str, lookup: Lookup) -> str | None:
        """Give the code of what a reference leads to."""
        if reference is None:
            return None
        if reference.identifier is not None:
            found = identified(reference.identifier, getattr(self._wanted, kind))
            if found is not None:
                return found
        text: str | None = reference.reference
        if text is None:
            return None
        known = lookup.find(text)
        if known is not None and known.code is not None:
            return known.code
        if kind in self._by_id and not text.startswith("#"):
            return text.partition("/_history/")[0].rpartition("/")[2].removeprefix("urn:uuid:")
        return None

    def _facility(self, claim: Any, judge: Judge, lookup: Lookup) -> str | None:
        for name in self._profile.facility_from:
            found = self._known(getattr(claim, name), "facility", lookup)
            if found is not None:
                return found
        name = self._profile.facility_from[0]
        judge.wrong("no_facility", "not-found", name, _reference(getattr(claim, name)))
        return None

    def _visit(self, claim: Any, judge: Judge) -> str | None:
        codings = claim.type.coding if claim.type is not None else None
        for coding in codings or ():
            visit = self._visits.get(coding.code)
            if visit is not None:
                return visit
        if self._any_visit is None and codings:
            judge.wrong("code_unknown", "code-invalid", "type", codings[0].code, known=list(self._visits))
        return self._any_visit

    def _period(self, claim: Any, judge: Judge) -> tuple[str | None, str | None]:
        """Give the first and the last day of care: of the claim, else of its items."""
        period = claim.billable_period
        if period is not None and period.start is not None:
            return (
                self._day(period.start, "billablePeriod.start", judge),
                self._day(period.end, "billablePeriod.end", judge),
            )
        starts: list[str | None] = []
        ends: list[str | None] = []
        for place, item in enumerate(claim.item or ()):
            if item.serviced_date is not None:
                day = self._day(item.serviced_date, f"item[{place}].servicedDate", judge)
                starts.append(day)
                ends.append(day)
            elif item.serviced_period is not None:
                name = f"item[{place}].servicedPeriod"
                starts.append(self._day(item.serviced_period.start, f"{name}.start", judge))
                ends.append(self._day(item.serviced_period.end, f"{name}.end", judge))
        first = min((day for day in starts if day is not None), default=None)
        last = max((day for day in ends if day is not None), default=None)
        if first is None and last is None and period is not None:
            # Of care whose beginning is not told, the last day decides (law, section 4).
            last = self._day(period.end, "billablePeriod.end", judge)
        if first is None and last is None:
            judge.tell("no_dates", "incomplete", "billablePeriod", "warning")
        return first, last

    def _day(self, text: str | None, name: str, judge: Judge) -> str | None:
        """Give the day of a date or a time, in the sender's zone where the profile has one."""
        if text is None or len(text) == 10:
            return text
        if len(text) < 10:
            judge.wrong("partial_date", "value", name, text)
            return None
        if self._clock is None:
            return text[:10]
        try:
            moment = dt.datetime.fromisoformat(text)
            return text[:10] if moment.tzinfo is None else moment.astimezone(self._clock).date().isoformat()
        except (ValueError, OverflowError):
            return text[:10]

    def _diagnose(self, claim: Any, row: Row, judge: Judge, lookup: Lookup) -> None:
        """Put diagnoses in their columns: the main one first, then by sequence."""
        entries = claim.diagnosis
        found: list[tuple[bool, int, str]] = []
        for place, entry in enumerate(entries or ()):
            code = self._diagnosis(entry, lookup)
            if code is None:
                judge.wrong("no_diagnosis", "not-found", f"diagnosis[{place}]")
                continue
            found.append((not self._is_main(entry), entry.sequence or 0, code))
        found.sort(key=lambda one: one[:2])
        for column in DIAGNOSIS_COLUMNS:
            row[column] = None
        for column, (_, _, code) in zip(DIAGNOSIS_COLUMNS, found, strict=False):
            row[column] = code
        if len(found) > len(DIAGNOSIS_COLUMNS):
            left = [code for _, _, code in found[len(DIAGNOSIS_COLUMNS) :]]
            name = f"diagnosis[{len(DIAGNOSIS_COLUMNS)}]"
            judge.tell("more_diagnoses", "too-long", name, "warning", most=len(DIAGNOSIS_COLUMNS), codes=left)

    def _diagnosis(self, entry: Any, lookup: Lookup) -> str | None:
        concept = entry.diagnosis_codeable_concept
        if concept is not None:
            code = coded(concept.coding, self._diagnosis_systems)
            return code if code is not None else concept.text
        reference = entry.diagnosis_reference
        if reference is None or reference.reference is None:
            return None
        known = lookup.find(reference.reference)
        return known.code if known is not None else None

    def _is_main(self, entry: Any) -> bool:
        types = entry.type
        if types is None:
            return False
        main = self._profile.diagnoses.main
        return any(coding.code in main for concept in types for coding in concept.coding or ())

    def _provided(self, claim: Any, item: Any, lookup: Lookup) -> tuple[str | None, str | None]:
        """Give the kind and the code of what was provided."""
        led: Any = None
        for extension in item.extension or ():
            if extension.url is not None and extension.url.endswith(self._provision):
                led = extension.value_reference
        concept = item.product_or_service
        code: str | None = None
        for origin in self._code_from:
            if origin == "reference":
                code = self._led_to(led, lookup)
            elif concept is None:
                continue
            elif origin == "coding":
                code = coded(concept.coding, self._code_systems)
            else:
                code = concept.text
            if code is not None:
                break
        return self._kind(claim, item, led, lookup), code

    def _led_to(self, reference: Any, lookup: Lookup) -> str | None:
        """Give the code of the provision that a reference leads to, if it is sure: an id would be a guess."""
        if reference is None:
            return None
        if reference.identifier is not None:
            found = identified(reference.identifier, self._wanted.provision)
            if found is not None:
                return found
        known = lookup.find(reference.reference) if reference.reference is not None else None
        return known.code if known is not None else None

    def _kind(self, claim: Any, item: Any, led: Any, lookup: Lookup) -> str | None:
        category = item.category
        if category is not None:
            for coding in category.coding or ():
                kind = self._kinds.get(coding.code)
                if kind is not None:
                    return kind
            if category.text is not None and (kind := self._kinds.get(category.text.strip().lower())):
                return kind
        if led is not None and led.reference is not None:
            if "Medication" in led.reference or led.type == "Medication":
                return "item"
            if "ActivityDefinition" in led.reference or led.type == "ActivityDefinition":
                return "service"
        concept = item.product_or_service
        for coding in (concept.coding or ()) if concept is not None else ():
            if (kind := self._kind_systems.get(coding.system)) is not None:
                return kind
        if claim.type is not None:
            for coding in claim.type.coding or ():
                if (kind := self._kind_types.get(coding.code)) is not None:
                    return kind
        return self._any_kind

    def _priced(self, item: Any, place: int, judge: Judge) -> tuple[Decimal | None, Decimal | None]:
        """Give the quantity and the price asked for one."""
        held = item.quantity
        quantity = held.value if held is not None and held.value is not None else ONE
        price = item.unit_price
        if self._by_unit and price is not None and price.value is not None:
            asked_for: Decimal = price.value
            return quantity, asked_for if item.factor is None else asked_for * item.factor
        net = asked(item) if self._by_net else None
        if net is None:
            judge.wrong("no_price", "required", f"item[{place}].unitPrice")
            # Where the profile lets it pass, nothing is asked.
            return quantity, ZERO
        if quantity == ONE or quantity == 0:
            return quantity, net
        each = net / quantity
        if each == each.quantize(CENT) and each * quantity == net:
            return quantity, each.quantize(CENT)
        # The parts would not add up to the net: it is asked for as a whole.
        judge.tell("net_as_one", "informational", f"item[{place}].net", quantity=f"{quantity:f}")
        return ONE, net

    def _explained(self, claim: Any, item: Any) -> str | None:
        wanted = self._profile.supporting.line_explanation
        for entry in claim.supporting_info or ():
            if entry.sequence not in item.information_sequence or entry.category is None:
                continue
            if coded(entry.category.coding, ()) in wanted and entry.value_string is not None:
                return str(entry.value_string)
        return None


def _reference(reference: Any) -> str:
    return str(reference.reference or "") if reference is not None else ""
