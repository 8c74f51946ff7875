"""The law in plain Python, one claim at a time, for people to read and for the kernel to be measured by.

Written from ``adjudication.md``, sections 3 to 5 and 7, not from the kernel. Nothing here is fast; every
amount is a Python integer in minor units. Each decision carries the trace of how it came about, which
explanations are made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from adjudicator.adjudication.records import (
    Claim,
    ClaimLine,
    Cover,
    Facility,
    Insuree,
    Provision,
    World,
    valid,
)
from adjudicator.product.definition import NO_LIMIT, CoverLimit, Product
from adjudicator.product.terms import Path, ProvisionTerms, resolve
from adjudicator.units import (
    LARGEST_AMOUNT,
    PERCENT_ALL,
    add_months,
    completed_years,
    times_percentage,
    times_quantity,
)
from adjudicator.vocabulary import (
    COUNT_REASON,
    AgeGroup,
    Care,
    CareType,
    Category,
    ClaimStatus,
    Cut,
    FacilityLevel,
    HospitalCare,
    Kind,
    Level,
    Limitation,
    LineStatus,
    PolicyStatus,
    PriceOrigin,
    Reason,
    Sex,
    Stage,
    VisitType,
)


class AmountTooLarge(Exception):  # noqa: N818 - it says what is the matter
    """A line's quantity × amount passes what can be counted in (law, section 2)."""

    def __init__(self, claim: Claim, line: ClaimLine) -> None:
        self.claim, self.line = claim, line
        super().__init__(f"{claim.facility} {claim.claim} line {line.number}")


@dataclass(frozen=True)
class Step:
    """One step of a line's valuation: the amount that came in, what was cut, and what went on.

    ``left_before`` and ``left_after`` are what was left of the balance that cuts, where there is one;
    ``path`` is the place of the product version that says so. The first step cuts nothing: it is the gross.
    """

    cut: Cut | None
    before: int
    taken: int
    left_before: int | None = None
    left_after: int | None = None
    version: Product | None = None
    path: Path | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def after(self) -> int:
        """What went on to the next step."""
        return self.before - self.taken


@dataclass(frozen=True)
class Struck:
    """Why a line, or one of the policies that could have paid it, was turned down."""

    reason: Reason
    facts: Mapping[str, Any] = field(default_factory=dict)
    cover: Cover | None = None
    version: Product | None = None
    path: Path | None = None


@dataclass(frozen=True)
class Option:
    """A policy that could pay a line, and what it would leave the patient to pay (law, section 4.3)."""

    cover: Cover
    version: Product
    limit: CoverLimit
    path: Path | None
    """The place that says the limit; None where nobody does."""
    patient_pays: Fraction
    """For one unit: minor units, unrounded."""


@dataclass(frozen=True)
class LineDecision:
    """What was decided about a line. Amounts in minor units, quantities in hundredths."""

    line: ClaimLine
    reason: Reason = Reason.ACCEPTED
    policy: str | None = None
    version: Product | None = None
    price_origin: PriceOrigin | None = None
    quantity: int = 0
    unit_price: int | None = None
    cuts: Mapping[Cut, int] = field(default_factory=dict)
    valuated: int = 0
    steps: tuple[Step, ...] = ()
    struck: tuple[Struck, ...] = ()
    """Every check that failed: one for the line, or one for each policy that was struck out."""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> LineStatus:
        """Whether the line was accepted."""
        return LineStatus.ACCEPTED if self.reason is Reason.ACCEPTED else LineStatus.REJECTED

    @property
    def gross(self) -> int:
        """Quantity × unit price: all that was cut, and what is left."""
        return sum(self.cuts.values()) + self.valuated


@dataclass(frozen=True)
class ClaimDecision:
    """What was decided about a claim."""

    claim: Claim
    status: ClaimStatus
    reason: Reason
    category: Category
    claimed: int
    lines: tuple[LineDecision, ...]
    struck: tuple[Struck, ...] = ()
    as_claimed: ClaimDecision | None = None
    """For a reviewed claim, the decision that stood before the review."""
    category_line: ClaimLine | None = None
    """The line that gives the claim its category, where one does."""

    @property
    def valuated(self) -> int:
        """The sum of the lines."""
        return sum(line.valuated for line in self.lines)


@dataclass
class Used:
    """What a policy's insuree has used, by kind of care (minor units)."""

    deducted: dict[Care, int] = field(default_factory=lambda: dict.fromkeys(Care, 0))
    covered: dict[Care, int] = field(default_factory=lambda: dict.fromkeys(Care, 0))


@dataclass(frozen=True)
class EarlierClaim:
    """An accepted claim: what counts of claims look back on."""

    facility: str
    claim: str
    insuree: str
    target_date: int
    category: Category


@dataclass(frozen=True)
class EarlierLine:
    """An accepted line: what frequencies and quantity limits look back on."""

    claim: EarlierClaim
    number: int
    provision: tuple[Any, str]
    quantity: int


@dataclass
class History:
    """What was used and accepted before: it grows claim by claim."""

    used: dict[tuple[str, str], Used] = field(default_factory=dict)
    """By policy and insuree."""
    claims: dict[str, list[EarlierClaim]] = field(default_factory=dict)
    """By insuree."""
    lines: dict[str, list[EarlierLine]] = field(default_factory=dict)
    """By insuree."""


def adjudication_order(claims: Iterable[Claim]) -> list[Claim]:
    """Put claims in the order in which they are adjudicated (law, section 3)."""
    listed = list(claims)
    if listed and all(claim.sequence is not None for claim in listed):
        return sorted(
            listed, key=lambda c: (c.sequence, c.date_claimed, c.claim.encode(), c.facility.encode())
        )
    return sorted(listed, key=lambda c: (c.date_claimed, c.claim.encode(), c.facility.encode()))


def adjudicate(world: World, claims: Iterable[Claim], history: History | None = None) -> list[ClaimDecision]:
    """Adjudicate claims, first come, first served; ``history`` is carried on in place."""
    history = History() if history is None else history
    return [_decide(world, history, claim) for claim in adjudication_order(claims)]


def _decide(world: World, history: History, claim: Claim) -> ClaimDecision:
    """Decide about a claim as claimed; where it was reviewed and passed, once more with the review.

    One that passed before it was reviewed is decided with the review at once (law, section 7).
    """
    reviewed_since = claim.reviewed and claim.accepted_before
    decision, used = _adjudicate_claim(world, history, claim, reviewed=reviewed_since)
    if claim.reviewed and not reviewed_since and decision.status is not ClaimStatus.REJECTED:
        # The first decision used up nothing that the second does not find again.
        first = decision
        decision, used = _adjudicate_claim(world, history, claim, reviewed=True)
        decision = replace(decision, as_claimed=first)
    if decision.status is not ClaimStatus.REJECTED:
        _book(history, decision, used)
    return decision


def _book(history: History, decision: ClaimDecision, used: Mapping[str, Used]) -> None:
    claim = decision.claim
    assert claim.target_date is not None
    accepted = EarlierClaim(claim.facility, claim.claim, claim.insuree, claim.target_date, decision.category)
    history.claims.setdefault(claim.insuree, []).append(accepted)
    for line in decision.lines:
        if line.status is LineStatus.ACCEPTED:
            history.lines.setdefault(claim.insuree, []).append(
                EarlierLine(accepted, line.line.number, (line.line.kind, line.line.code), line.quantity)
            )
    for policy, amounts in used.items():
        booked = history.used.setdefault((policy, claim.insuree), Used())
        for care in Care:
            booked.deducted[care] += amounts.deducted[care]
            booked.covered[care] += amounts.covered[care]


# Section 3: facts about a claim.


def is_adult(world: World, insuree: Insuree | None, day: int) -> bool:
    """Tell whether a person has completed the adult age; of unknown birth date: adult."""
    if insuree is None or insuree.birth_date is None:
        return True
    return completed_years(insuree.birth_date, day) >= world.adult_age


def category_of(world: World, claim: Claim) -> tuple[Category, ClaimLine | None]:
    """Give the category of a claim as billed, the first that holds, and the line that gives it, if any."""
    target = claim.target_date
    lines: dict[Category, ClaimLine] = {}
    for line in claim.ordered_lines:
        if line.kind is Kind.SERVICE and target is not None:
            provision = valid(world.provisions.get((line.kind, line.code), ()), target)
            if provision is not None:
                lines.setdefault(provision.category, line)
    for category in (Category.SURGERY, Category.DELIVERY, Category.ANTENATAL):
        if category in lines:
            return category, lines[category]
    if claim.in_patient:
        return Category.HOSPITALIZATION, None
    for category in (Category.HOSPITALIZATION, Category.CONSULTATION):
        if category in lines:
            return category, lines[category]
    return Category.VISIT, None


def care_of(version: Product, claim: Claim, facility: Facility) -> Care:
    """Tell hospital from non-hospital care, as the product counts it."""
    if version.hospital_care is HospitalCare.BY_FACILITY:
        hospital = facility.level is FacilityLevel.HOSPITAL
    else:
        hospital = claim.in_patient
    return Care.HOSPITAL if hospital else Care.NON_HOSPITAL


# Section 4.1: checks on the claim.


def _claim_check(world: World, claim: Claim) -> Struck | None:
    target = claim.target_date
    if target is None:
        return Struck(Reason.TARGET_DATE, {"why": "no_date"})
    if claim.date_from is not None and claim.date_to is not None and claim.date_to < claim.date_from:
        return Struck(Reason.TARGET_DATE, {"why": "ends_before_start"})
    if claim.date_from is not None and claim.date_claimed < claim.date_from:
        return Struck(Reason.TARGET_DATE, {"why": "claimed_before_start"})
    if claim.insuree not in world.insurees:
        return Struck(Reason.INSUREE, {"why": "unknown"})
    if valid(world.insurees[claim.insuree], target) is None:
        return Struck(Reason.INSUREE, {"why": "not_valid", "rows": world.insurees[claim.insuree]})
    for diagnosis in claim.diagnoses:
        rows = world.diagnoses.get(diagnosis, ())
        if valid(rows, target) is None:
            return Struck(Reason.DIAGNOSIS, {"diagnosis": diagnosis, "rows": rows})
    if not covers_in_force(world, claim.insuree, target):
        return Struck(Reason.NO_COVERAGE, {"covers": tuple(world.covers.get(claim.insuree, ()))})
    if not claim.lines:
        return Struck(Reason.NOT_IN_REGISTER, {"why": "no_lines"})
    return None


def covers_in_force(world: World, insuree: str, day: int) -> list[Cover]:
    """Give the covers of an insuree on a day, in policy order, one for each policy."""
    in_force = [
        cover
        for cover in world.covers.get(insuree, ())
        if cover.policy.status in (PolicyStatus.ACTIVE, PolicyStatus.EXPIRED)
        and cover.policy.effective <= day <= cover.policy.expiry
        and cover.effective <= day <= cover.expiry
    ]
    in_force.sort(key=lambda c: (c.policy.effective, c.policy.policy.encode(), c.effective, c.expiry))
    first: dict[str, Cover] = {}
    for cover in in_force:
        first.setdefault(cover.policy.policy, cover)
    return list(first.values())


# Section 5.1: what is left of deductibles and ceilings.


@dataclass(eq=False)
class Candidate:
    """A policy that could pay lines of the claim, with what this claim finds left of its balances.

    What is left is None where nothing limits it.
    """

    cover: Cover
    version: Product
    care: Care
    deductible_left: int | None
    ceiling_left: int | None
    category_left: int | None
    deductible_path: Path | None
    ceiling_path: Path | None
    facts: dict[str, Any]
    used: Used = field(default_factory=Used)


def _candidate(
    world: World, history: History, claim: Claim, cover: Cover, facility: Facility, category: Category
) -> Candidate | None:
    target = claim.target_date
    assert target is not None
    version = world.product_on(cover.policy.product, target)
    if version is None:
        return None
    care = care_of(version, claim, facility)
    members = len(
        {c.insuree for c in world.members[cover.policy.policy] if c.effective <= target <= c.expiry}
    )
    limit = version.claim_categories.get(category)
    candidate = Candidate(
        cover,
        version,
        care,
        deductible_left=None,
        ceiling_left=None,
        category_left=limit.ceiling if limit else None,
        deductible_path=None,
        ceiling_path=None,
        facts={"members": members},
    )
    if version.deductible and (side := version.deductible.side(care)):
        used = _used(history, cover, claim.insuree, side.per, version.deductible.split, care, "deducted")
        candidate.deductible_left = max(0, side.amount - used)
        candidate.deductible_path = _side_path("deductible", version.deductible.split, care)
        candidate.facts["deductible_per"] = side.per
        candidate.facts["deductible_amount"] = side.amount
    if version.ceiling and (side := version.ceiling.side(care)):
        amount = side.amount
        threshold = version.enrolment.members.threshold
        if threshold is not None and side.extra_member is not None:
            amount += max(0, members - threshold) * side.extra_member
        if side.maximum is not None:
            amount = min(amount, side.maximum)
        used = _used(history, cover, claim.insuree, side.per, version.ceiling.split, care, "covered")
        candidate.ceiling_left = max(0, amount - used)
        candidate.ceiling_path = _side_path("ceiling", version.ceiling.split, care)
        candidate.facts["ceiling_per"] = side.per
        candidate.facts["ceiling_amount"] = amount
    return candidate


def _side_path(name: str, split: bool, care: Care) -> Path:
    return (name, care.word) if split else (name, "amount")


def _used(
    history: History, cover: Cover, insuree: str, level: Level | None, split: bool, care: Care, what: str
) -> int:
    """Add up what earlier accepted claims used: of the insuree, or of everyone, under the policy."""
    if level is Level.TREATMENT:
        return 0
    total = 0
    for (policy, person), used in history.used.items():
        if policy == cover.policy.policy and (level is Level.POLICY or person == insuree):
            by_care: dict[Care, int] = getattr(used, what)
            total += by_care[care] if split else sum(by_care.values())
    return total


# Sections 4.2 to 5: the lines of a claim.


def _adjudicate_claim(
    world: World, history: History, claim: Claim, reviewed: bool
) -> tuple[ClaimDecision, dict[str, Used]]:
    for line in claim.lines:
        _times(claim, line, line.quantity, line.price_asked)
    claimed = sum(times_quantity(line.price_asked, line.quantity) for line in claim.lines)
    category, category_line = category_of(world, claim)

    def decision(
        status: ClaimStatus, reason: Reason, lines: tuple[LineDecision, ...], *struck: Struck
    ) -> ClaimDecision:
        return ClaimDecision(
            claim, status, reason, category, claimed, lines, struck, category_line=category_line
        )

    if (struck := _claim_check(world, claim)) is not None:
        lines = tuple(LineDecision(line, struck.reason) for line in claim.ordered_lines)
        return decision(ClaimStatus.REJECTED, struck.reason, lines, struck), {}
    target = claim.target_date
    assert target is not None
    facility = valid(world.facilities[claim.facility], target)
    insuree = valid(world.insurees[claim.insuree], target)
    assert facility is not None
    assert insuree is not None
    candidates = [
        candidate
        for cover in covers_in_force(world, claim.insuree, target)
        if (candidate := _candidate(world, history, claim, cover, facility, category)) is not None
    ]
    treatment = _Treatment(world, history, claim, target, facility, insuree, category, candidates, reviewed)
    decided = tuple(treatment.decide(line) for line in claim.ordered_lines)
    reasons = {line.reason for line in decided}
    if Reason.ACCEPTED not in reasons:
        reason = reasons.pop() if len(reasons) == 1 else Reason.NOT_IN_REGISTER
        return decision(ClaimStatus.REJECTED, reason, decided), {}
    relative = any(line.price_origin is PriceOrigin.RELATIVE for line in decided)
    status = ClaimStatus.PROCESSED if relative else ClaimStatus.VALUATED
    used = {candidate.cover.policy.policy: candidate.used for candidate in treatment.paying}
    return decision(status, Reason.ACCEPTED, decided), used


def _times(claim: Claim, line: ClaimLine, quantity: int, amount: int) -> int:
    product = times_quantity(amount, quantity)
    if product > LARGEST_AMOUNT:
        raise AmountTooLarge(claim, line)
    return product


@dataclass
class _Treatment:
    """A claim while its lines are walked through, with what its earlier lines used up."""

    world: World
    history: History
    claim: Claim
    target: int
    facility: Facility
    insuree: Insuree
    category: Category
    candidates: list[Candidate]
    reviewed: bool
    accepted: list[tuple[tuple[Any, str], int]] = field(default_factory=list)
    paying: list[Candidate] = field(default_factory=list)

    @property
    def adult(self) -> bool:
        return is_adult(self.world, self.insuree, self.target)

    def decide(self, line: ClaimLine) -> LineDecision:
        if self.reviewed and line.rejected_by_reviewer:
            return _rejected(line, Struck(Reason.MEDICAL_OFFICER))
        if line.rejected_by_rule is not None:
            return _rejected(line, Struck(Reason.RULE))
        rows = self.world.provisions.get((line.kind, line.code), ())
        provision = valid(rows, self.target)
        if provision is None:
            other_kind = Kind.ITEM if line.kind is Kind.SERVICE else Kind.SERVICE
            known_as = other_kind if (other_kind, line.code) in self.world.provisions else None
            why = "not_valid" if rows else "unknown"
            facts: dict[str, Any] = {"why": why, "rows": rows, "known_as": known_as}
            return _rejected(line, Struck(Reason.NOT_IN_REGISTER, facts))
        price_list = self.facility.price_lists[line.kind]
        listings = self.world.price_lists.get((price_list or "", line.kind, line.code), ())
        listed = valid(listings, self.target)
        if price_list is None or listed is None:
            facts = {"price_list": price_list, "rows": listings}
            return _rejected(line, Struck(Reason.NOT_IN_PRICE_LIST, facts))
        list_price = provision.price if listed.price is None else listed.price
        for check in (self._care_type, self._patient_category, self._frequency):
            if (struck := check(provision)) is not None:
                return _rejected(line, struck)
        decision = self._assign(line, provision, list_price)
        facts = {"price_list": price_list, "own_price": listed.price is not None}
        return replace(decision, facts={**decision.facts, **facts})

    # Section 4.2: checks on the line.

    def _care_type(self, provision: Provision) -> Struck | None:
        gives, stay = self.facility.care_type, self.claim.in_patient
        why = None
        if gives is CareType.OUT_PATIENT and stay:
            why = "stay_at_out_patient_facility"
        elif provision.care_type is CareType.IN_PATIENT and not stay:
            why = "in_patient_provision_without_stay"
        elif provision.care_type is CareType.IN_PATIENT and gives is CareType.OUT_PATIENT:
            why = "in_patient_provision_at_out_patient_facility"
        elif provision.care_type is CareType.OUT_PATIENT and stay:
            why = "out_patient_provision_in_stay"
        elif provision.care_type is CareType.OUT_PATIENT and gives is CareType.IN_PATIENT:
            why = "out_patient_provision_at_in_patient_facility"
        return Struck(Reason.CARE_TYPE, {"why": why}) if why else None

    def _patient_category(self, provision: Provision) -> Struck | None:
        woman = self.insuree.sex is Sex.FEMALE
        fits_sex = provision.sex is Sex.ANY or (provision.sex is Sex.FEMALE) == woman
        fits_age = provision.age is AgeGroup.ANY or (provision.age is AgeGroup.ADULT) == self.adult
        if fits_sex and fits_age:
            return None
        birth = self.insuree.birth_date
        facts = {
            "sex": None if fits_sex else provision.sex,
            "age": None if fits_age else provision.age,
            "patient_sex": self.insuree.sex,
            "patient_years": None if birth is None else completed_years(birth, self.target),
            "adult_age": self.world.adult_age,
        }
        return Struck(Reason.PATIENT_CATEGORY, facts)

    def _frequency(self, provision: Provision) -> Struck | None:
        for earlier in self.history.lines.get(self.claim.insuree, ()):
            if earlier.provision == (provision.kind, provision.code):
                days = abs(self.target - earlier.claim.target_date)
                if days < provision.frequency_days:
                    facts = {"days": provision.frequency_days, "other": earlier.claim}
                    return Struck(Reason.FREQUENCY, facts)
        return None

    # Section 4.2, candidates, and 4.3: which policy pays.

    def _assign(self, line: ClaimLine, provision: Provision, list_price: int) -> LineDecision:
        struck: list[Struck] = []
        left: list[tuple[Candidate, ProvisionTerms, int | None]] = []
        for candidate in self.candidates:
            terms = resolve(candidate.version, provision.selectable, self.claim.visit_type)
            if not terms.covered:
                continue
            quantity_left = self._quantity_left(candidate, terms, provision)
            reason = self._struck_out(candidate, terms, provision, quantity_left)
            if reason is None:
                left.append((candidate, terms, quantity_left))
            else:
                struck.append(reason)
        if not left:
            return _rejected(line, *struck or self._not_covered(provision))
        price = line.price_asked
        if self.reviewed and line.price_approved is not None:
            price = line.price_approved
        # min() keeps the first of equals, and candidates stand in policy order.
        chosen = min(left, key=lambda c: (self._patient_pays(c[1], price), self._limit(c[1]).limitation))
        decision = self._value(line, provision, list_price, *chosen)
        options = tuple(
            Option(
                candidate.cover,
                candidate.version,
                self._limit(terms),
                terms.cover.path_of(self.adult),
                self._patient_pays(terms, price),
            )
            for candidate, terms, _ in left
        )
        facts = {"options": options, "compared_price": price}
        return replace(decision, struck=tuple(struck), facts={**decision.facts, **facts})

    def _not_covered(self, provision: Provision) -> list[Struck]:
        """Say of each policy why its product does not cover a provision."""
        struck = []
        for cover in covers_in_force(self.world, self.claim.insuree, self.target):
            version = self.world.product_on(cover.policy.product, self.target)
            path = None
            facts: dict[str, Any] = {"why": "no_version"}
            if version is not None:
                by_visit = {
                    visit_type: resolve(version, provision.selectable, visit_type) for visit_type in VisitType
                }
                path = by_visit[self.claim.visit_type].covered_path
                covering = tuple(visit_type for visit_type, terms in by_visit.items() if terms.covered)
                facts = {"why": "unsaid" if path is None else "excluded", "visit_types": covering}
            struck.append(Struck(Reason.NOT_COVERED, facts, cover, version, path))
        return struck

    def _limit(self, terms: ProvisionTerms) -> Any:
        return terms.cover.of(self.adult)

    def _patient_pays(self, terms: ProvisionTerms, price: int) -> Fraction:
        limit = self._limit(terms)
        if limit.value is None:
            return Fraction(0)
        if limit.limitation is Limitation.FIXED:
            return Fraction(max(0, price - limit.value))
        return Fraction((PERCENT_ALL - limit.value) * price, PERCENT_ALL)

    def _struck_out(
        self, candidate: Candidate, terms: ProvisionTerms, provision: Provision, quantity_left: int | None
    ) -> Struck | None:
        cover, version = candidate.cover, candidate.version
        waiting = terms.waiting.of(self.adult)
        late = cover.effective > cover.policy.effective
        if waiting and (cover.policy.stage is Stage.NEW or late):
            until = add_months(cover.effective, waiting)
            if self.target < until:
                facts = {"months": waiting, "from": cover.effective, "until": until}
                return Struck(Reason.WAITING_PERIOD, facts, cover, version, terms.waiting.path_of(self.adult))
        if quantity_left is not None and quantity_left <= 0:
            facts = self._quantity_facts(candidate, terms, provision)
            return Struck(Reason.QUANTITY, facts, cover, version, terms.quantity.path_of(self.adult))
        limit = version.claim_categories.get(self.category)
        if limit and limit.claims is not None:
            claims = [
                earlier
                for earlier in self.history.claims.get(self.claim.insuree, ())
                if earlier.category is self.category and cover.effective <= earlier.target_date <= cover.end
            ]
            if len(claims) >= limit.claims:
                path: Path = ("claim_categories", self.category.word, "claims")
                facts = {"limit": limit.claims, "claims": tuple(claims), "category": self.category}
                return Struck(COUNT_REASON[self.category], facts, cover, version, path)
        return None

    def _quantity_left(self, candidate: Candidate, terms: ProvisionTerms, provision: Provision) -> int | None:
        limit = terms.quantity.of(self.adult)
        if limit == NO_LIMIT:
            return None
        earlier, here = self._quantity_used(candidate, provision)
        return int(limit) - sum(line.quantity for line in earlier) - here

    def _quantity_used(
        self, candidate: Candidate, provision: Provision
    ) -> tuple[tuple[EarlierLine, ...], int]:
        """Give the lines of earlier claims that count against a quantity limit, and what this claim used."""
        key = (provision.kind, provision.code)
        earlier = tuple(
            line
            for line in self.history.lines.get(self.claim.insuree, ())
            if line.provision == key
            and candidate.cover.effective <= line.claim.target_date <= candidate.cover.end
        )
        return earlier, sum(quantity for other, quantity in self.accepted if other == key)

    def _quantity_facts(
        self, candidate: Candidate, terms: ProvisionTerms, provision: Provision
    ) -> dict[str, Any]:
        earlier, here = self._quantity_used(candidate, provision)
        return {"limit": terms.quantity.of(self.adult), "earlier": earlier, "here": here}

    # Section 5: valuation.

    def _value(
        self,
        line: ClaimLine,
        provision: Provision,
        list_price: int,
        candidate: Candidate,
        terms: ProvisionTerms,
        quantity_left: int | None,
    ) -> LineDecision:
        price_approved = line.price_approved if self.reviewed else None
        quantity_approved = line.quantity_approved if self.reviewed else None
        if price_approved is not None:
            price = price_approved
        else:
            price = line.price_asked if terms.price_origin is PriceOrigin.CLAIMED else list_price
        if quantity_approved is not None:
            quantity = quantity_approved
        else:
            quantity = line.quantity if quantity_left is None else min(line.quantity, quantity_left)
        limited = quantity_left is not None
        quantity_used = self._quantity_facts(candidate, terms, provision) if limited else None
        valuation = _Valuation(_times(self.claim, line, quantity, price), candidate.version)
        self._cut(valuation, line, quantity, candidate, terms)
        self.accepted.append(((provision.kind, provision.code), quantity))
        if candidate not in self.paying:
            self.paying.append(candidate)
        facts = {
            "list_price": list_price,
            "price_approved": price_approved,
            "quantity_approved": quantity_approved,
            "quantity_left": quantity_left,
            "quantity_used": quantity_used,
            "quantity_path": terms.quantity.path_of(self.adult),
            "price_path": terms.price_path,
            "covered_path": terms.covered_path,
            "outside_path": self._outside_path(candidate, terms),
            "adult": self.adult,
            "care": candidate.care,
            "cover": candidate.cover,
        }
        return LineDecision(
            line,
            policy=candidate.cover.policy.policy,
            version=candidate.version,
            price_origin=terms.price_origin,
            quantity=quantity,
            unit_price=price,
            cuts=valuation.cuts,
            valuated=valuation.amount,
            steps=tuple(valuation.steps),
            facts=facts,
        )

    def _outside_path(self, candidate: Candidate, terms: ProvisionTerms) -> Path | None:
        """Give the place that takes a line out of a ceiling that its policy has."""
        outside = terms.outside_ceiling.of(self.adult) & (1 << candidate.care)
        return terms.outside_ceiling.path_of(self.adult) if outside and candidate.ceiling_path else None

    def _cut(
        self,
        valuation: _Valuation,
        line: ClaimLine,
        quantity: int,
        candidate: Candidate,
        terms: ProvisionTerms,
    ) -> None:
        limit = self._limit(terms)
        limit_path = terms.cover.path_of(self.adult)
        by_age = {"by_age": terms.cover.adult != terms.cover.child}
        if limit.limitation is Limitation.FIXED and limit.value is not None:
            most = _times(self.claim, line, quantity, limit.value)
            valuation.cut(
                Cut.LIMIT_EXCESS,
                max(0, valuation.amount - most),
                limit_path,
                {"limit": limit.value, "most": most} | by_age,
            )
        if candidate.deductible_left is not None:
            taken = min(valuation.amount, candidate.deductible_left)
            facts = {key: candidate.facts[key] for key in ("deductible_per", "deductible_amount")}
            left = candidate.deductible_left
            valuation.cut(Cut.DEDUCTIBLE, taken, candidate.deductible_path, facts, left, left - taken)
            candidate.deductible_left -= taken
            candidate.used.deducted[candidate.care] += taken
        if limit.limitation is Limitation.CO_INSURANCE:
            covered = times_percentage(valuation.amount, limit.value)
            facts = {"percentage": limit.value} | by_age
            valuation.cut(Cut.CO_INSURANCE, valuation.amount - covered, limit_path, facts)
        if candidate.category_left is not None:
            taken = max(0, valuation.amount - candidate.category_left)
            left = candidate.category_left
            path: Path = ("claim_categories", self.category.word, "ceiling")
            candidate.category_left -= valuation.amount - taken
            amount = candidate.version.claim_categories[self.category].ceiling
            facts = {"category": self.category, "category_ceiling": amount}
            valuation.cut(Cut.CATEGORY_EXCESS, taken, path, facts, left, candidate.category_left)
        outside = bool(terms.outside_ceiling.of(self.adult) & (1 << candidate.care))
        if outside:
            return
        if candidate.ceiling_left is not None:
            taken = max(0, valuation.amount - candidate.ceiling_left)
            left = candidate.ceiling_left
            candidate.ceiling_left -= valuation.amount - taken
            facts = {key: candidate.facts[key] for key in ("ceiling_per", "ceiling_amount", "members")}
            valuation.cut(
                Cut.CEILING_EXCESS, taken, candidate.ceiling_path, facts, left, candidate.ceiling_left
            )
        candidate.used.covered[candidate.care] += valuation.amount


class _Valuation:
    """An amount on its way through the steps of section 5."""

    def __init__(self, gross: int, version: Product) -> None:
        self.amount = gross
        self.version = version
        self.cuts = dict.fromkeys(Cut, 0)
        self.steps = [Step(None, gross, 0)]

    def cut(
        self,
        cut: Cut,
        taken: int,
        path: Path | None,
        facts: Mapping[str, Any],
        left_before: int | None = None,
        left_after: int | None = None,
    ) -> None:
        self.steps.append(Step(cut, self.amount, taken, left_before, left_after, self.version, path, facts))
        self.cuts[cut] = taken
        self.amount -= taken


def _rejected(line: ClaimLine, *struck: Struck) -> LineDecision:
    return LineDecision(line, struck[0].reason, struck=struck)
