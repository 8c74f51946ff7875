"""The policies that could pay the lines of a claim: law, sections 4.1 to 4.3, and what 5.1 leaves of them."""

from __future__ import annotations

from typing import Final

import numpy as np

from adjudicator import vocabulary
from adjudicator.adjudication import balances as balances_room
from adjudicator.adjudication.balances import Balances, left
from adjudicator.compiled import step, unsigned
from adjudicator.product.terms import OfAge, OfCare, Terms
from adjudicator.registers import Covers, Int64s, Policies
from adjudicator.units import MOST, OPEN_START, PERCENT_ALL, add_months
from adjudicator.vocabulary import CLAIM_CATEGORIES, Level, Limitation, Reason

# Kernels know numbers only; each stands for the word of the vocabulary that it is named after.
_ACCEPTED, _NOT_COVERED = int(Reason.ACCEPTED), int(Reason.NOT_COVERED)
_WAITING_PERIOD, _QUANTITY = int(Reason.WAITING_PERIOD), int(Reason.QUANTITY)
_NO_LEVEL = int(Level.NONE)
_FIXED = int(Limitation.FIXED)
_COUNT_REASONS = np.array([vocabulary.COUNT_REASON[category] for category in CLAIM_CATEGORIES], np.int64)
_DEDUCTIBLE_LEVEL, _CEILING_LEVEL = int(OfCare.DEDUCTIBLE_LEVEL), int(OfCare.CEILING_LEVEL)
_DEDUCTIBLE, _CEILING = int(OfCare.DEDUCTIBLE), int(OfCare.CEILING)
_DEDUCTIBLE_SPLIT, _CEILING_SPLIT = int(OfCare.DEDUCTIBLE_SPLIT), int(OfCare.CEILING_SPLIT)
_CEILING_EXTRA, _CEILING_MAXIMUM = int(OfCare.CEILING_EXTRA), int(OfCare.CEILING_MAXIMUM)
_LIMITATION, _LIMIT = int(OfAge.LIMITATION), int(OfAge.LIMIT)
_WAITING, _ALLOWED = int(OfAge.WAITING), int(OfAge.QUANTITY)

NO_COVERAGE = -1
"""What :func:`find` gives instead of a count where no policy covers the insuree."""

# The columns of candidates.
COVER: Final = 0
"""The place of the cover among the insuree's."""
CARRIER: Final = 1
"""The place in the unit of the cover that carries the balance."""
POLICY: Final = 2
VERSION: Final = 3
CARE: Final = 4
WAITS_FROM: Final = 5
"""The day from which waiting months count; one long ago where there is nothing to wait for."""
COUNT_REASON: Final = 6
"""The reason that strikes the candidate out for the number of claims, 0 for none."""
PAYS: Final = 7
"""1 where it pays a line."""
DEDUCTIBLE: Final = 8
CEILING: Final = 9
"""Minor units: what the claim finds left."""
DEDUCTIBLE_LEFT: Final = 10
CEILING_LEFT: Final = 11
CATEGORY_LEFT: Final = 12
"""Minor units: what the claim's lines so far have left."""
DEDUCTED: Final = 13
COVERED: Final = 14
"""Minor units: what the claim's lines so far have used."""
COLUMNS: Final = 15


def candidates_for(covers: int) -> Int64s:
    """Make room for the candidates of an insuree with so many covers: a row each, in policy order."""
    return np.empty((covers, COLUMNS), np.int64)


@step
def is_in_period(cover: int, day: int, covers: Covers, policies: Policies) -> bool:
    """Tell whether a day is in the insurance period of a cover (law, section 4.2). *Compiled.*"""
    at = unsigned(cover)
    inside: bool = (
        covers.effective[at] <= day <= covers.expiry[at]
        and day <= policies.expiry[unsigned(covers.policy[at])]
    )
    return inside


@step
def find(
    candidates: Int64s,
    first_cover: int,
    end_cover: int,
    target: int,
    category: int,
    in_patient: int,
    at_hospital: int,
    zero_cover: int,
    zero_policy: int,
    covers: Covers,
    policies: Policies,
    terms: Terms,
    balances: Balances,
) -> int:
    """Find the policies that cover an insuree, and what is left of their balances. *Compiled.*

    Args:
        candidates: filled in.
        first_cover: the insuree's first cover.
        end_cover: where the insuree's covers end.
        target: the claim's target date.
        category: the claim's category.
        in_patient: whether the claim is in-patient.
        at_hospital: whether the facility's level is hospital.
        zero_cover: the first cover of the unit.
        zero_policy: the first policy of the unit.
        covers: the covers.
        policies: the policies.
        terms: of all product versions.
        balances: of the unit.

    Returns:
        How many have a product version in force, ``NO_COVERAGE`` where no policy covers the insuree.

    """
    count = 0
    covered_by = -1
    carrier = -1
    policy_before = -1
    for index in range(first_cover, end_cover):
        cover = unsigned(index)
        policy_index = int(covers.policy[cover])
        policy = unsigned(policy_index)
        if policy_index != policy_before:
            carrier = index - zero_cover
        policy_before = policy_index
        effective = covers.effective[cover]
        if (
            policy_index == covered_by
            or not effective <= target <= covers.expiry[cover]
            or not policies.effective[policy] <= target <= policies.expiry[policy]
            or policies.covers[policy] == 0
        ):
            continue
        covered_by = policy_index
        version = _version(terms, policies.product[policy], target)
        if version < 0:
            continue
        by_facility = terms.by_facility[version]
        care = 1 if (at_hospital if by_facility else in_patient) else 0
        waits = policies.is_new[policy] or effective > policies.effective[policy]
        limit = terms.claim_limit[version, category]
        full = limit >= 0 and balances.claims[index - zero_cover, category] >= limit
        of_care = terms.of_care[version, care]
        deductible = 0
        level = of_care[_DEDUCTIBLE_LEVEL]
        if level != _NO_LEVEL:
            deductible = left(
                balances,
                level,
                of_care[_DEDUCTIBLE_SPLIT],
                of_care[_DEDUCTIBLE],
                balances_room.DEDUCTED,
                care,
                carrier,
                policy_index - zero_policy,
            )
        ceiling = MOST
        level = of_care[_CEILING_LEVEL]
        if level != _NO_LEVEL:
            amount = of_care[_CEILING]
            if of_care[_CEILING_EXTRA] > 0 and terms.threshold[version] >= 0:
                above = _members(policy_index, target, policies, covers) - terms.threshold[version]
                amount += max(0, above) * of_care[_CEILING_EXTRA]
            if of_care[_CEILING_MAXIMUM] >= 0:
                amount = min(amount, of_care[_CEILING_MAXIMUM])
            ceiling = left(
                balances,
                level,
                of_care[_CEILING_SPLIT],
                amount,
                balances_room.COVERED,
                care,
                carrier,
                policy_index - zero_policy,
            )
        candidate = candidates[count]
        candidate[COVER] = index - first_cover
        candidate[CARRIER] = carrier
        candidate[POLICY] = policy_index
        candidate[VERSION] = version
        candidate[CARE] = care
        candidate[WAITS_FROM] = effective if waits else OPEN_START
        candidate[COUNT_REASON] = _COUNT_REASONS[category] if full else _ACCEPTED
        candidate[DEDUCTIBLE] = deductible
        candidate[CEILING] = ceiling
        count += 1
    return NO_COVERAGE if covered_by < 0 else count


@step
def _version(terms: Terms, product: int, day: int) -> int:
    """Find the version of a product that is in force on a day, -1 for none. *Compiled.*"""
    if product >= 0:
        for version in range(terms.first_version[product], terms.first_version[product + 1]):
            if terms.version_start[version] <= day <= terms.version_end[version]:
                return version
    return -1


@step
def _members(policy: int, day: int, policies: Policies, covers: Covers) -> int:
    """Count the insurees with a cover of the policy in force on a day. *Compiled.*"""
    members = 0
    last = -1
    for place in range(policies.first_member[unsigned(policy)], policies.first_member[unsigned(policy + 1)]):
        cover = unsigned(policies.member[unsigned(place)])
        if covers.effective[cover] <= day <= covers.expiry[cover] and covers.insuree[cover] != last:
            last = int(covers.insuree[cover])
            members += 1
    return members


@step
def begin(candidates: Int64s, count: int, category: int, terms: Terms) -> None:
    """Begin with the first line of a claim, or anew with its review. *Compiled.*"""
    for c in range(count):
        candidate = candidates[c]
        ceiling = terms.category_ceiling[candidate[VERSION], category]
        candidate[DEDUCTIBLE_LEFT] = candidate[DEDUCTIBLE]
        candidate[CEILING_LEFT] = candidate[CEILING]
        candidate[CATEGORY_LEFT] = ceiling if ceiling >= 0 else MOST
        candidate[DEDUCTED] = 0
        candidate[COVERED] = 0
        candidate[PAYS] = 0


@step
def choose(
    candidates: Int64s,
    count: int,
    row: int,
    visit_type: int,
    age: int,
    price: int,
    target: int,
    quantities: Int64s,
    first_quantity: int,
    terms: Terms,
) -> tuple[int, int, int, int]:
    """Choose which policy pays a line (law, 4.2 on candidates, and 4.3). *Compiled.*

    Args:
        candidates: of the claim.
        count: how many.
        row: the provision's row.
        visit_type: of the claim.
        age: adult or child, as in the arrays of terms.
        price: minor units: the reviewer's, else the price asked.
        target: the claim's target date.
        quantities: hundredths used.
        first_quantity: where among them those of this insuree and provision begin, one for each cover.
        terms: of all product versions.

    Returns:
        The candidate, its row of terms, and the quantity that its limit leaves (hundredths); or -1, -1, 0.
        And the reason why there is none, 0 where there is one.

    """
    best = -1
    best_term = -1
    best_left = 0
    best_cost = MOST
    best_kind = 0
    reason = _NOT_COVERED
    for c in range(count):
        candidate = candidates[c]
        term = terms.coverage[unsigned(candidate[VERSION]), row, unsigned(visit_type)]
        if term < 0:
            continue
        of_age = terms.of_age[unsigned(term), age]
        allowed = MOST
        limit = of_age[_ALLOWED]
        if limit >= 0:
            allowed = limit - quantities[unsigned(first_quantity + candidate[COVER])]
        if _is_waiting(candidate[WAITS_FROM], of_age[_WAITING], target):
            struck = _WAITING_PERIOD
        elif allowed <= 0:
            struck = _QUANTITY
        else:
            struck = candidate[COUNT_REASON]
        if struck != _ACCEPTED:
            if reason == _NOT_COVERED:
                reason = struck
            continue
        # What is left to the patient for one unit, in ten-thousandths.
        kind, limit = of_age[_LIMITATION], of_age[_LIMIT]
        if kind != _FIXED:
            cost = (PERCENT_ALL - limit) * price
        elif limit >= 0:
            cost = max(0, price - limit) * PERCENT_ALL
        else:
            cost = 0
        if best < 0 or cost < best_cost or (cost == best_cost and kind < best_kind):
            best = c
            best_term = int(term)
            best_left = allowed
            best_cost = cost
            best_kind = kind
    return best, best_term, best_left, _ACCEPTED if best >= 0 else reason


@step
def _is_waiting(start: int, months: int, day: int) -> bool:
    """Tell whether a day is before some months after a start. *Compiled.*"""
    # A month has 28 to 31 days, which mostly settles it without the calendar.
    if day >= start + months * 31:
        return False
    return day < start + months * 28 or day < add_months(start, months)
