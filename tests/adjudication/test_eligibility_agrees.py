"""What eligibility says is what adjudicating a claim then gives."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adjudicator.adjudication import reference
from adjudicator.adjudication.eligibility import (
    Eligibility,
    Limit,
    PolicyStanding,
    ProvisionStanding,
    VisitTerms,
    find_eligibility,
)
from adjudicator.adjudication.records import Claim, ClaimLine, World, claim_records, valid, world
from adjudicator.adjudication.reference import ClaimDecision, History, Step
from adjudicator.vocabulary import COUNT_REASON, Care, Cut, Kind, LineStatus, Reason, VisitType
from tests.adjudication.typed import typed_claims, typed_registers
from tests.adjudication.worlds import FACILITIES, ITEMS, SERVICES, kinder, random_world

PROVISIONS = [*((Kind.ITEM, code) for code in ITEMS), *((Kind.SERVICE, code) for code in SERVICES)]


@dataclass(frozen=True)
class Counter:
    """A world in which claims were adjudicated, and the question that is asked at the counter."""

    world: World
    history: History
    insuree: str
    day: int
    facility: str
    kind: Kind
    code: str
    visit_type: VisitType
    stay: bool

    def eligibility(self, day: int | None = None) -> Eligibility:
        asked = self.day if day is None else day
        return find_eligibility(self.world, self.history, self.insuree, asked, self.code)

    def decide(self, quantity: int, price: int, day: int | None = None) -> ClaimDecision:
        """Adjudicate a claim of one line after all others, without keeping it."""
        target = self.day if day is None else day
        line = ClaimLine(1, self.kind, self.code, quantity, price)
        claim = Claim(
            claim="PROBE",
            facility=self.facility,
            insuree=self.insuree,
            date_from=target - 1 if self.stay else target,
            date_to=target,
            date_claimed=target + 400,
            visit_type=self.visit_type,
            diagnoses=(),
            lines=(line,),
        )
        (decision,) = reference.adjudicate(self.world, [claim], copy.deepcopy(self.history))
        return decision


def counter(random: Random) -> Counter:
    """Make a world with a past, and ask about somebody in it."""
    made = kinder(random_world(random, 12), random)
    registers = typed_registers(made.registers, made.decimals)
    known = world(made.products, registers, made.adult_age)
    claims = claim_records(*typed_claims(made.claims, made.claim_lines, made.decimals))
    history = History()
    reference.adjudicate(known, claims, history)
    covered = [cover for covers in known.covers.values() for cover in covers]
    if covered and random.randrange(10):
        cover = random.choice(covered)
        # Waiting periods run at the beginning.
        last = random.choice((cover.effective + 60, cover.end))
        insuree, day = cover.insuree, random.randint(cover.effective, max(cover.effective, last))
    else:
        insuree, day = random.choice(sorted(known.insurees)), random.randint(19_700, 20_300)
    kind, code = random.choice(PROVISIONS)
    return Counter(
        known,
        history,
        insuree,
        day,
        random.choice(FACILITIES),
        kind,
        code,
        random.choice(list(VisitType)),
        random.choice((False, False, True)),
    )


counters = st.randoms(use_true_random=False).map(counter)


def standing_of(found: Eligibility, policy: str) -> PolicyStanding:
    (standing,) = (one for one in found.policies if one.cover.policy.policy == policy)
    return standing


def visits_of(asked: Counter, found: Eligibility) -> dict[str, VisitTerms]:
    """Give the terms of the visit that is asked about, by policy."""
    (standing,) = (one for one in found.provisions if one.kind is asked.kind)
    return {
        one.policy.policy: visit
        for one in standing.policies
        for visit in one.visits
        if asked.visit_type in visit.visit_types
    }


def provision_of(asked: Counter, found: Eligibility) -> ProvisionStanding:
    (standing,) = (one for one in found.provisions if one.kind is asked.kind)
    return standing


def limit_of(standing: PolicyStanding, cut: Cut, care: Care) -> Limit | None:
    limits = [one for one in standing.limits if one.cut is cut and one.care in (None, care)]
    assert len(limits) <= 1
    return limits[0] if limits else None


def step_of(steps: tuple[Step, ...], cut: Cut) -> Step | None:
    return next((step for step in steps if step.cut is cut), None)


@settings(max_examples=40)
@given(counters)
def test_a_claim_finds_what_eligibility_says_is_left(asked: Counter) -> None:
    found = asked.eligibility()
    decision = asked.decide(100, 10_000_000)
    if decision.struck:
        reasons = {Reason.INSUREE: found.person is None, Reason.NO_COVERAGE: not found.policies}
        assert not found.covered
        assert reasons[decision.reason]
        return
    assert found.covered
    (line,) = decision.lines
    if line.status is LineStatus.REJECTED:
        return
    standing = standing_of(found, str(line.policy))
    assert standing.version == line.version
    visit = visits_of(asked, found)[str(line.policy)]
    assert visit.payable
    assert visit.price_origin is line.price_origin
    care = line.facts["care"]
    for cut in (Cut.DEDUCTIBLE, Cut.CEILING_EXCESS):
        limit, step = limit_of(standing, cut, care), step_of(line.steps, cut)
        if cut is Cut.CEILING_EXCESS and care in visit.outside_ceiling:
            assert step is None
        else:
            assert (None if limit is None else limit.left) == (None if step is None else step.left_before)
    for limits in standing.categories:
        if limits.category is decision.category:
            assert limits.left != 0
            step = step_of(line.steps, Cut.CATEGORY_EXCESS)
            assert limits.ceiling == (step.left_before if step else None)


@settings(max_examples=40)
@given(counters)
def test_a_line_that_is_rejected_is_rejected_for_what_eligibility_says(asked: Counter) -> None:
    found = asked.eligibility()
    decision = asked.decide(100, 100)
    if decision.struck:
        return
    (line,) = decision.lines
    provision, visits = provision_of(asked, found), visits_of(asked, found)
    covering = [visit for visit in visits.values() if visit.covered]
    match line.reason:
        case Reason.NOT_IN_REGISTER:
            assert provision.provision is None
        case Reason.PATIENT_CATEGORY:
            assert provision.for_sex is not None or provision.for_age is not None
        case Reason.FREQUENCY:
            assert provision.next_date is not None
        case Reason.NOT_COVERED:
            assert not covering
        case Reason.WAITING_PERIOD:
            assert any(visit.waiting_until is not None for visit in covering)
        case Reason.QUANTITY:
            assert any(visit.quantity is not None and visit.quantity.left == 0 for visit in covering)
        case reason if reason in COUNT_REASON.values():
            counted = [c for one in found.policies for c in one.categories if c.category is decision.category]
            assert any(one.left == 0 for one in counted)
    if line.reason not in (Reason.NOT_IN_REGISTER, Reason.NOT_IN_PRICE_LIST, Reason.CARE_TYPE):
        # The checks stand in an order: what an earlier one says, a later one cannot contradict.
        fits = provision.for_sex is None and provision.for_age is None
        assert fits == (line.reason is not Reason.PATIENT_CATEGORY)
        if fits:
            assert (provision.next_date is not None) == (line.reason is Reason.FREQUENCY)


@settings(max_examples=40)
@given(counters)
def test_exactly_the_quantity_that_is_left_is_paid(asked: Counter) -> None:
    found = asked.eligibility()
    left = {
        policy: visit.quantity.left
        for policy, visit in visits_of(asked, found).items()
        if visit.covered and visit.quantity is not None and visit.quantity.left
    }
    for more in (0, 1):
        for policy, quantity in left.items():
            (line,) = asked.decide(quantity + more, 100).lines
            if line.policy == policy:
                assert line.quantity == quantity


@settings(max_examples=40)
@given(counters)
def test_a_frequency_holds_until_the_day_that_eligibility_names(asked: Counter) -> None:
    provision = provision_of(asked, asked.eligibility())
    if provision.next_date is None:
        return
    assert provision.next_date > asked.day
    for day, reason in ((provision.next_date - 1, True), (provision.next_date, False)):
        # The provision's own versions may change on the way; then other days hold.
        rows = asked.world.provisions[asked.kind, asked.code]
        if valid(rows, day) is provision.provision:
            later = provision_of(asked, asked.eligibility(day))
            assert (later.next_date is not None) == reason
            (line,) = asked.decide(100, 100, day).lines
            if not reason:
                assert line.reason is not Reason.FREQUENCY


# Who left and joined again waits anew; and one provision's terms are not those of its next version.
@example(counter(Random(281)))
@example(counter(Random(950)))
@settings(max_examples=40)
@given(counters)
def test_a_waiting_period_runs_until_the_day_that_eligibility_names(asked: Counter) -> None:
    found = asked.eligibility()
    for policy, visit in visits_of(asked, found).items():
        if visit.waiting_until is None:
            continue
        before = standing_of(found, policy)
        for day, waits in ((visit.waiting_until - 1, True), (visit.waiting_until, False)):
            later = asked.eligibility(day)
            standing = [one for one in later.policies if one.cover.policy.policy == policy]
            if (
                standing
                and (standing[0].cover, standing[0].version) == (before.cover, before.version)
                and provision_of(asked, later).provision == provision_of(asked, found).provision
                and later.adult == found.adult
            ):
                assert (visits_of(asked, later)[policy].waiting_until is not None) == waits


@pytest.mark.parametrize("over", [0, 1])
def test_one_minor_unit_more_than_is_left_is_cut(over: int) -> None:
    """Of random worlds, those lines that are paid whole but for the deductible and the ceiling."""
    looked_at = 0
    for seed in range(160):
        asked = counter(Random(seed))
        asked = replace(asked, world=_claimed_in_full(asked.world))
        found = asked.eligibility()
        (line, *_) = asked.decide(100, 1).lines
        if line.status is LineStatus.REJECTED:
            continue
        standing = standing_of(found, str(line.policy))
        care = line.facts["care"]
        deductible, ceiling = (limit_of(standing, cut, care) for cut in (Cut.DEDUCTIBLE, Cut.CEILING_EXCESS))
        if ceiling is None or care in visits_of(asked, found)[str(line.policy)].outside_ceiling:
            continue
        before = deductible.left if deductible else 0
        (line,) = asked.decide(100, before + ceiling.left + over).lines
        if step_of(line.steps, Cut.CATEGORY_EXCESS) is None:
            assert (line.valuated, line.cuts[Cut.CEILING_EXCESS]) == (ceiling.left, over)
            looked_at += 1
    assert looked_at > 8


def _claimed_in_full(known: World) -> World:
    """Give a world whose products pay all of the price that is claimed."""
    products = []
    for product in known.products:
        tree = [{"services": "all", "items": "all", "price": "claimed", "cover": "100%"}]
        whole = type(product).model_validate(
            {"product": product.product, "coverage": tree}, context={"decimals": 2}
        )
        products.append(product.model_copy(update={"coverage": whole.coverage}))
    return replace(known, products=tuple(products))


def test_covers_that_do_not_count_say_why() -> None:
    seen: set[str] = set()
    for seed in range(60):
        asked = counter(Random(seed))
        for other in asked.eligibility().others:
            seen.add(other.why)
            cover = other.cover
            start = max(cover.effective, cover.policy.effective)
            assert {"not_yet": asked.day < start, "over": asked.day > cover.end, "status": True}[other.why]
    assert seen == {"not_yet", "over", "status"}
