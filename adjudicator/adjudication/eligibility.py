"""What an insuree is covered for on a day, and what is left of each limit, before anybody is treated.

The law's sections 3 to 5, asked the other way round: not "what does this claim come to" but "what would one
find". What is left is what a claim adjudicated next, with the day as its target date, would be opened with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from adjudicator.adjudication.records import Cover, Insuree, Policy, Provision, World, valid
from adjudicator.adjudication.reference import EarlierLine, History, covers_in_force, is_adult
from adjudicator.product.definition import NO_LIMIT, BalanceLimit, CoverLimit, Product, SideLimit
from adjudicator.product.terms import ProvisionTerms, resolve
from adjudicator.units import add_months, completed_years
from adjudicator.vocabulary import (
    CLAIM_CATEGORIES,
    AgeGroup,
    Care,
    Category,
    Cut,
    Kind,
    Level,
    PriceOrigin,
    Sex,
    Stage,
    VisitType,
)


@dataclass(frozen=True)
class Growth:
    """How a ceiling per policy came to be what it is (law, section 5.1). Money in minor units."""

    amount: int
    """What the product says for a family up to the threshold."""
    members: int
    """Insurees with a cover of the policy in force on the day."""
    threshold: int | None
    extra_member: int | None
    maximum: int | None


@dataclass(frozen=True)
class Limit:
    """A deductible or a ceiling, and what is left of it. Money in minor units."""

    cut: Cut
    """DEDUCTIBLE or CEILING_EXCESS: what running into it is called."""
    level: Level
    care: Care | None
    """The kind of care that it is counted over; None: all care."""
    amount: int
    used: int
    growth: Growth | None = None

    @property
    def left(self) -> int:
        """What the next claim finds."""
        return max(0, self.amount - self.used)


@dataclass(frozen=True)
class CategoryLimits:
    """What a product limits for claims of a category."""

    category: Category
    claims: int | None
    """Claims per insuree and insurance period; None for no limit."""
    used: int
    """Accepted claims of the category in the insurance period, whichever policy paid."""
    ceiling: int | None
    """The most that is paid for one claim, in minor units; None for no limit."""

    @property
    def left(self) -> int | None:
        """How many more are paid; None where they are not limited."""
        return None if self.claims is None else max(0, self.claims - self.used)


@dataclass(frozen=True)
class QuantityLimit:
    """How much of a provision an insuree may have in the insurance period, in hundredths."""

    limit: int
    used: int

    @property
    def left(self) -> int:
        """What the next claim finds."""
        return max(0, self.limit - self.used)


@dataclass(frozen=True)
class VisitTerms:
    """What a policy pays for a provision, at visits of these types."""

    visit_types: tuple[VisitType, ...]
    covered: bool
    price_origin: PriceOrigin = PriceOrigin.PRICE_LIST
    limit: CoverLimit | None = None
    """A percentage of the price, or a fixed amount per unit; None where it is not covered."""
    waiting_until: int | None = None
    """The first day on which it is paid, where a waiting period still runs."""
    quantity: QuantityLimit | None = None
    outside_ceiling: tuple[Care, ...] = ()
    """The kinds of care in which it neither is cut by the ceiling nor uses it up."""

    @property
    def payable(self) -> bool:
        """Whether a line would be paid, as far as these terms go."""
        exhausted = self.quantity is not None and self.quantity.left == 0
        return self.covered and self.waiting_until is None and not exhausted


@dataclass(frozen=True)
class ProvisionOfPolicy:
    """What one policy pays for a provision; visit types with the same terms stand together."""

    policy: Policy
    version: Product | None
    visits: tuple[VisitTerms, ...]


@dataclass(frozen=True)
class ProvisionStanding:
    """What an insuree may expect of a provision on the day."""

    kind: Kind
    code: str
    provision: Provision | None
    """The version of the register that is valid on the day."""
    for_sex: Sex | None
    """The sex that it is for, where the insuree's is another."""
    for_age: AgeGroup | None
    """The age group that it is for, where the insuree's is another."""
    next_date: int | None
    """The first day on which its frequency allows it again, where it does not allow it on the day."""
    last_line: EarlierLine | None
    """The accepted line that the frequency counts from, where it stands in the way."""
    policies: tuple[ProvisionOfPolicy, ...]


@dataclass(frozen=True)
class PolicyStanding:
    """A policy that covers the insuree on the day, and what is left of its limits."""

    cover: Cover
    version: Product | None
    """The version of its product in force on the day; None: nothing is covered."""
    members: int
    limits: tuple[Limit, ...]
    categories: tuple[CategoryLimits, ...]


@dataclass(frozen=True)
class OtherCover:
    """A cover of the insuree that does not count on the day, and why."""

    cover: Cover
    why: str
    """``status``, ``not_yet`` or ``over``."""


@dataclass(frozen=True)
class Eligibility:
    """What an insuree is covered for on a day. Days are day numbers."""

    insuree: str
    day: int
    person: Insuree | None
    """The version of the register that is valid on the day; None: claims are rejected."""
    adult: bool
    years: int | None
    policies: tuple[PolicyStanding, ...]
    """In policy order (law, section 4.2)."""
    others: tuple[OtherCover, ...]
    provisions: tuple[ProvisionStanding, ...]
    """What was asked about; a code may be that of an item and of a service."""

    @property
    def covered(self) -> bool:
        """Whether a claim would pass the checks of section 4.1 about the insuree."""
        return self.person is not None and bool(self.policies)


def find_eligibility(
    world: World, history: History, insuree: str, day: int, code: str | None = None
) -> Eligibility:
    """Find what an insuree is covered for on a day (law, sections 3 to 5).

    Args:
        world: the registers and products; of the people, those who share a policy with the insuree.
        history: what they used, and what the insuree had.
        insuree: the code of a person that the world has.
        day: the day, as a day number: the target date of the claim that is asked about.
        code: of a provision that is asked about; left out: none.
    """
    person = valid(world.insurees[insuree], day)
    in_force = covers_in_force(world, insuree, day)
    counted = {cover.policy.policy for cover in in_force}
    birth = person.birth_date if person else None
    found = Eligibility(
        insuree=insuree,
        day=day,
        person=person,
        adult=is_adult(world, person, day),
        years=None if birth is None else completed_years(birth, day),
        policies=tuple(_policy(world, history, cover, day) for cover in in_force),
        others=tuple(_others(world.covers.get(insuree, ()), counted, day)),
        provisions=(),
    )
    if code is None:
        return found
    kinds = [kind for kind in Kind if (kind, code) in world.provisions]
    return replace(found, provisions=tuple(_provision(world, history, found, kind, code) for kind in kinds))


def _others(covers: Sequence[Cover], counted: set[str], day: int) -> Iterator[OtherCover]:
    latest_first = sorted(covers, key=lambda c: (-c.effective, c.policy.policy.encode()))
    for cover in latest_first:
        start = max(cover.effective, cover.policy.effective)
        if day < start:
            yield OtherCover(cover, "not_yet")
        elif day > cover.end:
            yield OtherCover(cover, "over")
        elif cover.policy.policy not in counted:
            yield OtherCover(cover, "status")


# Section 5.1: deductibles and ceilings.


def _policy(world: World, history: History, cover: Cover, day: int) -> PolicyStanding:
    version = world.product_on(cover.policy.product, day)
    holders = world.members.get(cover.policy.policy, ())
    members = len({c.insuree for c in holders if c.effective <= day <= c.expiry})
    if version is None:
        return PolicyStanding(cover, None, members, (), ())
    limits: list[Limit] = []
    for cut, stated in ((Cut.DEDUCTIBLE, version.deductible), (Cut.CEILING_EXCESS, version.ceiling)):
        if stated is not None:
            limits += _limits(history, cover, version, cut, stated, members)
    return PolicyStanding(cover, version, members, tuple(limits), tuple(_categories(history, cover, version)))


def _limits(
    history: History, cover: Cover, version: Product, cut: Cut, stated: BalanceLimit, members: int
) -> Iterator[Limit]:
    # A limit for all care has one side; a split one those that it names.
    cares: tuple[Care | None, ...] = (Care.HOSPITAL, Care.NON_HOSPITAL) if stated.split else (None,)
    for care in cares:
        side = stated.side(Care.HOSPITAL if care is None else care)
        if side is None:
            continue
        assert side.per is not None
        used = _used(history, cover, side.per, care, cut)
        growth = _growth(version, side, members) if cut is Cut.CEILING_EXCESS else None
        amount = _grown(growth) if growth else side.amount
        yield Limit(cut, side.per, care, amount, used, growth)


def _growth(version: Product, side: SideLimit, members: int) -> Growth | None:
    if side.per is not Level.POLICY or (side.extra_member is None and side.maximum is None):
        return None
    threshold = version.enrolment.members.threshold
    return Growth(side.amount, members, threshold, side.extra_member, side.maximum)


def _grown(growth: Growth) -> int:
    amount = growth.amount
    if growth.threshold is not None and growth.extra_member is not None:
        amount += max(0, growth.members - growth.threshold) * growth.extra_member
    return amount if growth.maximum is None else min(amount, growth.maximum)


def _used(history: History, cover: Cover, level: Level, care: Care | None, cut: Cut) -> int:
    if level is Level.TREATMENT:
        return 0
    total = 0
    for (policy, insuree), used in history.used.items():
        if policy == cover.policy.policy and (level is Level.POLICY or insuree == cover.insuree):
            by_care: Mapping[Care, int] = used.deducted if cut is Cut.DEDUCTIBLE else used.covered
            total += sum(by_care.values()) if care is None else by_care[care]
    return total


def _categories(history: History, cover: Cover, version: Product) -> Iterator[CategoryLimits]:
    earlier = [
        claim.category
        for claim in history.claims.get(cover.insuree, ())
        if cover.effective <= claim.target_date <= cover.end
    ]
    for category in CLAIM_CATEGORIES:
        if (limit := version.claim_categories.get(category)) is not None:
            yield CategoryLimits(category, limit.claims, earlier.count(category), limit.ceiling)


# Section 4.2: one provision.


def _provision(
    world: World, history: History, found: Eligibility, kind: Kind, code: str
) -> ProvisionStanding:
    provision = valid(world.provisions[kind, code], found.day)
    earlier = [line for line in history.lines.get(found.insuree, ()) if line.provision == (kind, code)]
    if provision is None:
        return ProvisionStanding(kind, code, None, None, None, None, None, ())
    sex = found.person.sex if found.person else Sex.OTHER
    fits_sex = provision.sex is Sex.ANY or (provision.sex is Sex.FEMALE) == (sex is Sex.FEMALE)
    fits_age = provision.age is AgeGroup.ANY or (provision.age is AgeGroup.ADULT) == found.adult
    next_date, last_line = _next_date(earlier, provision.frequency_days, found.day)
    return ProvisionStanding(
        kind,
        code,
        provision,
        None if fits_sex else provision.sex,
        None if fits_age else provision.age,
        next_date,
        last_line,
        tuple(_of_policy(standing, provision, earlier, found) for standing in found.policies),
    )


def _next_date(
    earlier: Sequence[EarlierLine], frequency: int, day: int
) -> tuple[int | None, EarlierLine | None]:
    """Find the first day, from a day on, that is far enough from every accepted line, before or after."""
    next_date, last_line = day, None
    for line in sorted(earlier, key=lambda line: line.claim.target_date):
        if abs(next_date - line.claim.target_date) < frequency:
            next_date, last_line = line.claim.target_date + frequency, line
    return (None, None) if last_line is None else (next_date, last_line)


def _of_policy(
    standing: PolicyStanding, provision: Provision, earlier: Sequence[EarlierLine], found: Eligibility
) -> ProvisionOfPolicy:
    policy = standing.cover.policy
    if standing.version is None:
        return ProvisionOfPolicy(policy, None, ())
    together: dict[VisitTerms, tuple[VisitType, ...]] = {}
    for visit_type in VisitType:
        terms = resolve(standing.version, provision.selectable, visit_type)
        said = _terms(standing.cover, terms, earlier, found)
        together[said] = (*together.get(said, ()), visit_type)
    visits = tuple(replace(said, visit_types=types) for said, types in together.items())
    return ProvisionOfPolicy(policy, standing.version, visits)


def _terms(
    cover: Cover, terms: ProvisionTerms, earlier: Sequence[EarlierLine], found: Eligibility
) -> VisitTerms:
    if not terms.covered:
        return VisitTerms((), covered=False)
    limit = terms.quantity.of(found.adult)
    quantity = None
    if limit != NO_LIMIT:
        here = (line for line in earlier if cover.effective <= line.claim.target_date <= cover.end)
        quantity = QuantityLimit(limit, sum(line.quantity for line in here))
    outside = terms.outside_ceiling.of(found.adult)
    return VisitTerms(
        (),
        covered=True,
        price_origin=terms.price_origin,
        limit=terms.cover.of(found.adult),
        waiting_until=_waiting_until(cover, terms.waiting.of(found.adult), found.day),
        quantity=quantity,
        outside_ceiling=tuple(care for care in Care if outside & (1 << care)),
    )


def _waiting_until(cover: Cover, months: int, day: int) -> int | None:
    late = cover.effective > cover.policy.effective
    if not months or not (cover.policy.stage is Stage.NEW or late):
        return None
    until = add_months(cover.effective, months)
    return until if day < until else None
