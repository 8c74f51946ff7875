"""The kernel: sections 4 and 5 of the law in one pass over a family's claims in order.

A unit (the families that share policies or people) is walked once, its balances carried in small arrays.
Units do not touch one another, so that any cut of them into groups, walked in any order by any number of
threads, gives the same. The kernel takes integers, allocates nothing per line, and is compiled once.

``reference.py`` says the same for people to read, and is what this is measured against.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from adjudicator.adjudication.facts import Facts
from adjudicator.claims import NONE, Batch
from adjudicator.compiled import compiled
from adjudicator.product.terms import ADULT, CHILD, Terms
from adjudicator.registers import Covers, Int8s, Int32s, Int64s, People, Policies, Provisions
from adjudicator.units import MOST, PERCENT_ALL, TOO_LARGE, add_months, multiply
from adjudicator.vocabulary import (
    CLAIM_CATEGORIES,
    COUNT_REASON,
    ClaimStatus,
    Level,
    Limitation,
    PriceOrigin,
    Reason,
)

# Kernels know numbers only; each stands for the word of the vocabulary that it is named after.
_ACCEPTED, _MEDICAL_OFFICER = int(Reason.ACCEPTED), int(Reason.MEDICAL_OFFICER)
_NOT_IN_REGISTER, _NO_COVERAGE = int(Reason.NOT_IN_REGISTER), int(Reason.NO_COVERAGE)
_FREQUENCY, _NOT_COVERED = int(Reason.FREQUENCY), int(Reason.NOT_COVERED)
_WAITING_PERIOD, _QUANTITY = int(Reason.WAITING_PERIOD), int(Reason.QUANTITY)
_REJECTED = int(ClaimStatus.REJECTED)
_PROCESSED, _VALUATED = int(ClaimStatus.PROCESSED), int(ClaimStatus.VALUATED)
_NO_LEVEL, _TREATMENT, _PER_INSUREE = int(Level.NONE), int(Level.TREATMENT), int(Level.INSUREE)
_FIXED = int(Limitation.FIXED)
_CLAIMED, _RELATIVE = int(PriceOrigin.CLAIMED), int(PriceOrigin.RELATIVE)
_COUNT_REASON = np.array([COUNT_REASON[category] for category in CLAIM_CATEGORIES], np.int8)

HAS_FREQUENCY = 1
HAS_QUANTITY_LIMIT = 2
"""Bits of what has to be remembered of a provision's accepted lines."""


class History(NamedTuple):
    """Accepted claims and lines of earlier runs, by unit; what balances are opened with."""

    first_claim_of_unit: Int32s
    """(units + 2,)."""
    claim_insuree: Int32s
    claim_target: Int32s
    claim_category: Int8s
    first_line_of_unit: Int32s
    """(units + 2,)."""
    line_insuree: Int32s
    line_target: Int32s
    line_provision: Int32s
    line_quantity: Int64s


class Balances(NamedTuple):
    """What is used, of the K covers and P policies of a group of units; updated in place.

    A person who left a policy and came back has several covers: the first one carries the balance.
    """

    deducted: Int64s
    """(K, care), minor units."""
    covered: Int64s
    """(K, care), minor units."""
    policy_deducted: Int64s
    """(P, care), minor units: of everyone under the policy."""
    policy_covered: Int64s
    """(P, care), minor units."""
    touched: Int8s
    """(K,): 1 where a line was accepted."""


class Results(NamedTuple):
    """What was decided about C claims and L lines. A rejected line has -1 for policy, version and price."""

    status: Int8s
    """(C,), :class:`ClaimStatus`."""
    reason: Int8s
    """(C,), :class:`Reason`."""
    line_reason: Int8s
    """(L,), :class:`Reason`; 0 for accepted."""
    policy: Int32s
    """(L,): index of the policy that pays."""
    version: Int32s
    """(L,): row of the product version."""
    price_origin: Int8s
    """(L,), :class:`PriceOrigin`."""
    quantity: Int64s
    """(L,), hundredths: what is valued."""
    unit_price: Int64s
    """(L,), minor units."""
    limit_excess: Int64s
    deductible: Int64s
    co_insurance: Int64s
    category_excess: Int64s
    ceiling_excess: Int64s
    valuated: Int64s
    """(L,), minor units; ``TOO_LARGE`` where quantity × amount cannot be counted."""


def no_results(claims: int, lines: int) -> Results:
    """Make room for the results of a number of claims and lines: all rejected until they are decided."""
    return Results(
        status=np.full(claims, _REJECTED, np.int8),
        reason=np.zeros(claims, np.int8),
        line_reason=np.zeros(lines, np.int8),
        policy=np.full(lines, -1, np.int32),
        version=np.full(lines, -1, np.int32),
        price_origin=np.full(lines, -1, np.int8),
        quantity=np.zeros(lines, np.int64),
        unit_price=np.full(lines, -1, np.int64),
        limit_excess=np.zeros(lines, np.int64),
        deductible=np.zeros(lines, np.int64),
        co_insurance=np.zeros(lines, np.int64),
        category_excess=np.zeros(lines, np.int64),
        ceiling_excess=np.zeros(lines, np.int64),
        valuated=np.zeros(lines, np.int64),
    )


@compiled
def _left(
    level: int,
    split: int,
    amount: int,
    care: int,
    of_insuree: Int64s,
    insuree: int,
    of_policy: Int64s,
    policy: int,
) -> int:
    """Give what is left of an amount after earlier claims (law, section 5.1). *Compiled.*

    ``of_insuree`` and ``of_policy`` are (rows, care), minor units used.
    """
    used = 0
    if level == _PER_INSUREE:
        used = of_insuree[insuree, care] if split else of_insuree[insuree, 0] + of_insuree[insuree, 1]
    elif level != _TREATMENT:
        used = of_policy[policy, care] if split else of_policy[policy, 0] + of_policy[policy, 1]
    return max(0, amount - used)


@compiled
def _members(policy: int, day: int, policies: Policies, covers: Covers) -> int:
    """Count the insurees with a cover of the policy in force on a day. *Compiled.*"""
    members = 0
    last = -1
    for place in range(policies.first_member[policy], policies.first_member[policy + 1]):
        cover = policies.member[place]
        if covers.effective[cover] <= day <= covers.expiry[cover] and covers.insuree[cover] != last:
            last = covers.insuree[cover]
            members += 1
    return members


@compiled
def _slot(key: int, keys: Int64s) -> int:
    """Find the place of a key in an open hash table: its own, or the free one (``keys`` -1). *Compiled.*"""
    mask = len(keys) - 1
    # An odd multiplier below 2^63: numba would turn a larger one, which is unsigned, into a float.
    place = ((key * 0x1E3779B97F4A7C15) >> 20) & mask
    while keys[place] != key and keys[place] != -1:
        place = (place + 1) & mask
    return place


@compiled
def adjudicate_units(
    first_unit: int,
    end_unit: int,
    batch: Batch,
    facts: Facts,
    provisions: Provisions,
    people: People,
    policies: Policies,
    covers: Covers,
    terms: Terms,
    remembered: Int8s,
    history: History,
    balances: Balances,
    table_size: int,
    used_size: int,
    most_covers: int,
    results: Results,
) -> int:
    """Adjudicate the claims of some units, in order. *Compiled.*

    Args:
        first_unit: the first of the units.
        end_unit: where they end; it is not one of them.
        batch: the claims, sorted by unit.
        facts: about the claims and lines of these units, and no others.
        provisions: the register of provisions.
        people: the insurees.
        policies: the policies.
        covers: the covers.
        terms: of all product versions.
        remembered: (provisions,), bits: what has to be remembered of accepted lines.
        history: accepted claims and lines of earlier runs.
        balances: of the covers and policies of these units, opened; updated in place.
        table_size: a power of two, more than twice the lines of any unit, earlier ones included.
        used_size: room for quantities: at least lines × covers of one insuree, of any unit.
        most_covers: the most covers that an insuree has.
        results: of these units, as :func:`no_results` makes them; filled in.

    Returns:
        How many lines have a ``TOO_LARGE`` amount.

    """
    first_claim = batch.first_of_unit[first_unit]
    zero_line = batch.first_line[first_claim]
    zero_cover = covers.first_of_unit[first_unit]
    zero_policy = policies.first_of_unit[first_unit]
    provision_count = len(provisions.first_row) - 1
    too_large = 0

    counts = np.zeros((covers.first_of_unit[end_unit] - zero_cover, len(_COUNT_REASON)), np.int32)
    # What a unit remembers of accepted lines: a slot for each insuree and provision.
    keys = np.full(table_size, -1, np.int64)
    slot_of_place = np.empty(table_size, np.int32)
    place_of_slot = np.empty(table_size, np.int32)
    used_from = np.empty(table_size, np.int64)
    used = np.empty(used_size, np.int64)
    last_node = np.empty(table_size, np.int32)
    node_day = np.empty(table_size, np.int32)
    node_claim = np.empty(table_size, np.int32)
    node_before = np.empty(table_size, np.int32)
    # The policies that could pay lines of a claim.
    c_cover = np.empty(most_covers + 1, np.int32)
    c_policy = np.empty(most_covers + 1, np.int32)
    c_version = np.empty(most_covers + 1, np.int32)
    c_balance = np.empty(most_covers + 1, np.int32)
    c_care = np.empty(most_covers + 1, np.int8)
    c_waits = np.empty(most_covers + 1, np.int8)
    c_count_reason = np.empty(most_covers + 1, np.int8)
    c_pays = np.empty(most_covers + 1, np.int8)
    c_deductible = np.empty(most_covers + 1, np.int64)
    c_ceiling = np.empty(most_covers + 1, np.int64)
    c_deductible_left = np.empty(most_covers + 1, np.int64)
    c_ceiling_left = np.empty(most_covers + 1, np.int64)
    c_category_left = np.empty(most_covers + 1, np.int64)
    c_deducted = np.empty(most_covers + 1, np.int64)
    c_covered = np.empty(most_covers + 1, np.int64)

    for unit in range(first_unit, end_unit):
        slots = 0
        nodes = 0
        used_end = 0

        # Earlier runs: claims count, and lines are remembered, as if they had just been accepted.
        for earlier in range(history.first_claim_of_unit[unit], history.first_claim_of_unit[unit + 1]):
            insuree = history.claim_insuree[earlier]
            target = history.claim_target[earlier]
            for cover in range(people.first_cover[insuree], people.end_cover[insuree]):
                end = min(covers.expiry[cover], policies.expiry[covers.policy[cover]])
                if covers.effective[cover] <= target <= end:
                    counts[cover - zero_cover, history.claim_category[earlier]] += 1
        for earlier in range(history.first_line_of_unit[unit], history.first_line_of_unit[unit + 1]):
            provision = history.line_provision[earlier]
            if remembered[provision] == 0:
                continue
            insuree = history.line_insuree[earlier]
            target = history.line_target[earlier]
            first_cover = people.first_cover[insuree]
            key = np.int64(insuree) * provision_count + provision
            place = _slot(key, keys)
            if keys[place] == -1:
                keys[place] = key
                slot_of_place[place] = slots
                place_of_slot[slots] = place
                last_node[slots] = -1
                used_from[slots] = used_end
                for _ in range(first_cover, people.end_cover[insuree]):
                    used[used_end] = 0
                    used_end += 1
                slots += 1
            slot = slot_of_place[place]
            node_day[nodes] = target
            node_claim[nodes] = -1
            node_before[nodes] = last_node[slot]
            last_node[slot] = nodes
            nodes += 1
            for cover in range(first_cover, people.end_cover[insuree]):
                end = min(covers.expiry[cover], policies.expiry[covers.policy[cover]])
                if covers.effective[cover] <= target <= end:
                    used[used_from[slot] + cover - first_cover] += history.line_quantity[earlier]

        for claim in range(batch.first_of_unit[unit], batch.first_of_unit[unit + 1]):
            out = claim - first_claim
            target = facts.target[out]
            category = facts.category[out]
            age = ADULT if facts.adult[out] else CHILD
            visit_type = batch.visit_type[claim]
            insuree = batch.insuree[claim]
            first_line = batch.first_line[claim]
            end_line = batch.first_line[claim + 1]
            reason = facts.reason[out]
            first_cover = 0
            end_cover = 0
            candidates = 0

            # 4.1: which policies cover the insuree on the target date, in policy order; and what this
            # claim finds left of their balances.
            if reason == _ACCEPTED:
                first_cover = people.first_cover[insuree]
                end_cover = people.end_cover[insuree]
                covered_by = -1
                balance = -1
                for cover in range(first_cover, end_cover):
                    policy = covers.policy[cover]
                    if cover == first_cover or policy != covers.policy[cover - 1]:
                        balance = cover - zero_cover
                    if (
                        policies.covers[policy] == 0
                        or policy == covered_by
                        or not policies.effective[policy] <= target <= policies.expiry[policy]
                        or not covers.effective[cover] <= target <= covers.expiry[cover]
                    ):
                        continue
                    covered_by = policy
                    product = policies.product[policy]
                    version = -1
                    if product >= 0:
                        for row in range(terms.first_version[product], terms.first_version[product + 1]):
                            if terms.version_start[row] <= target <= terms.version_end[row]:
                                version = row
                                break
                    if version < 0:
                        continue
                    hospital = facts.at_hospital[out] if terms.by_facility[version] else facts.in_patient[out]
                    care = 1 if hospital else 0
                    c = candidates
                    candidates += 1
                    c_cover[c] = cover
                    c_policy[c] = policy
                    c_version[c] = version
                    c_balance[c] = balance
                    c_care[c] = care
                    c_waits[c] = (
                        policies.is_new[policy] or covers.effective[cover] > policies.effective[policy]
                    )
                    limit = terms.claim_limit[version, category]
                    full = limit >= 0 and counts[cover - zero_cover, category] >= limit
                    c_count_reason[c] = _COUNT_REASON[category] if full else _ACCEPTED
                    level = terms.deductible_level[version, care]
                    c_deductible[c] = 0
                    if level != _NO_LEVEL:
                        c_deductible[c] = _left(
                            level,
                            terms.deductible_split[version],
                            terms.deductible[version, care],
                            care,
                            balances.deducted,
                            balance,
                            balances.policy_deducted,
                            policy - zero_policy,
                        )
                    level = terms.ceiling_level[version, care]
                    c_ceiling[c] = MOST
                    if level != _NO_LEVEL:
                        amount = terms.ceiling[version, care]
                        if terms.threshold[version] >= 0 and terms.ceiling_extra[version, care] > 0:
                            above = _members(policy, target, policies, covers) - terms.threshold[version]
                            amount += max(0, above) * terms.ceiling_extra[version, care]
                        if terms.ceiling_maximum[version, care] >= 0:
                            amount = min(amount, terms.ceiling_maximum[version, care])
                        c_ceiling[c] = _left(
                            level,
                            terms.ceiling_split[version],
                            amount,
                            care,
                            balances.covered,
                            balance,
                            balances.policy_covered,
                            policy - zero_policy,
                        )
                if covered_by < 0:
                    reason = _NO_COVERAGE
                elif first_line == end_line:
                    reason = _NOT_IN_REGISTER

            if reason != _ACCEPTED:
                results.status[out] = _REJECTED
                results.reason[out] = reason
                for line in range(first_line - zero_line, end_line - zero_line):
                    results.line_reason[line] = reason
                continue

            # A reviewed claim is adjudicated as claimed first; if that accepts a line, once more.
            accepted = 0
            relative = 0
            shared_reason = _ACCEPTED
            attempts = 2 if batch.reviewed[claim] else 1
            for attempt in range(attempts):
                review = attempt == 1
                accepted = 0
                relative = 0
                shared_reason = _ACCEPTED
                for c in range(candidates):
                    c_deductible_left[c] = c_deductible[c]
                    c_ceiling_left[c] = c_ceiling[c]
                    ceiling = terms.category_ceiling[c_version[c], category]
                    c_category_left[c] = ceiling if ceiling >= 0 else MOST
                    c_deducted[c] = 0
                    c_covered[c] = 0
                    c_pays[c] = 0

                for line in range(first_line, end_line):
                    at = line - zero_line
                    reason = facts.line_reason[at]
                    if review and batch.rejected_by_reviewer[line]:
                        reason = _MEDICAL_OFFICER
                    provision = batch.provision[line]
                    slot = -1
                    if reason == _ACCEPTED and remembered[provision] != 0:
                        key = np.int64(insuree) * provision_count + provision
                        place = _slot(key, keys)
                        if keys[place] == -1:
                            keys[place] = key
                            slot_of_place[place] = slots
                            place_of_slot[slots] = place
                            last_node[slots] = -1
                            used_from[slots] = used_end
                            for _ in range(first_cover, end_cover):
                                used[used_end] = 0
                                used_end += 1
                            slots += 1
                        slot = slot_of_place[place]
                        # 4.2, code 5: too soon before or after a line of another claim.
                        frequency = provisions.frequency[facts.row[at]]
                        if frequency > 0:
                            node = last_node[slot]
                            while node >= 0:
                                if abs(target - node_day[node]) < frequency:
                                    reason = _FREQUENCY
                                    break
                                node = node_before[node]

                    # 4.2, candidates, and 4.3: which policy pays.
                    best = -1
                    best_term = -1
                    best_left = MOST
                    best_cost = MOST
                    best_kind = 0
                    if reason == _ACCEPTED:
                        price = batch.price_asked[line]
                        if review and batch.price_approved[line] != NONE:
                            price = batch.price_approved[line]
                        reason = _NOT_COVERED
                        for c in range(candidates):
                            term = terms.coverage[c_version[c], facts.row[at], visit_type]
                            if term < 0:
                                continue
                            left = MOST
                            struck = _ACCEPTED
                            limit = terms.quantity[term, age]
                            if limit >= 0:
                                left = limit - used[used_from[slot] + c_cover[c] - first_cover]
                            waiting = terms.waiting[term, age]
                            if (
                                waiting > 0
                                and c_waits[c]
                                and target < add_months(covers.effective[c_cover[c]], waiting)
                            ):
                                struck = _WAITING_PERIOD
                            elif left <= 0:
                                struck = _QUANTITY
                            else:
                                struck = c_count_reason[c]
                            if struck != _ACCEPTED:
                                if reason == _NOT_COVERED:
                                    reason = struck
                                continue
                            # What is left to the patient for one unit, in ten-thousandths.
                            kind = terms.limitation[term, age]
                            limit = terms.limit[term, age]
                            if kind != _FIXED:
                                cost = (PERCENT_ALL - limit) * price
                            elif limit >= 0:
                                cost = max(0, price - limit) * PERCENT_ALL
                            else:
                                cost = 0
                            if best < 0 or cost < best_cost or (cost == best_cost and kind < best_kind):
                                best = c
                                best_term = term
                                best_left = left
                                best_cost = cost
                                best_kind = kind
                        if best >= 0:
                            reason = _ACCEPTED

                    if reason != _ACCEPTED:
                        results.line_reason[at] = reason
                        if line == first_line or shared_reason == reason:
                            shared_reason = reason
                        else:
                            shared_reason = _NOT_IN_REGISTER
                        continue

                    # 5: valuation, step by step.
                    c = best
                    origin = terms.price_origin[best_term]
                    price = batch.price_asked[line] if origin == _CLAIMED else facts.list_price[at]
                    quantity = min(batch.quantity[line], best_left)
                    if review:
                        if batch.price_approved[line] != NONE:
                            price = batch.price_approved[line]
                        if batch.quantity_approved[line] != NONE:
                            quantity = batch.quantity_approved[line]
                    amount = multiply(price, quantity)
                    limit = terms.limit[best_term, age]
                    most = amount
                    if best_kind == _FIXED and limit >= 0:
                        most = multiply(limit, quantity)
                    if amount == TOO_LARGE or most == TOO_LARGE:
                        too_large += 1
                        results.line_reason[at] = _NOT_COVERED
                        results.valuated[at] = TOO_LARGE
                        continue
                    limit_excess = max(0, amount - most)
                    amount -= limit_excess
                    deductible = min(amount, c_deductible_left[c])
                    amount -= deductible
                    co_insurance = 0
                    if best_kind != _FIXED and limit != PERCENT_ALL:
                        co_insurance = amount - (amount * limit + PERCENT_ALL // 2) // PERCENT_ALL
                    amount -= co_insurance
                    category_excess = max(0, amount - c_category_left[c])
                    amount -= category_excess
                    c_category_left[c] -= amount
                    ceiling_excess = 0
                    if (terms.outside[best_term, age] >> c_care[c]) & 1 == 0:
                        ceiling_excess = max(0, amount - c_ceiling_left[c])
                        amount -= ceiling_excess
                        c_ceiling_left[c] -= amount
                        c_covered[c] += amount
                    c_deductible_left[c] -= deductible
                    c_deducted[c] += deductible
                    c_pays[c] = 1

                    results.line_reason[at] = _ACCEPTED
                    results.policy[at] = c_policy[c]
                    results.version[at] = c_version[c]
                    results.price_origin[at] = origin
                    results.quantity[at] = quantity
                    results.unit_price[at] = price
                    results.valuated[at] = amount
                    # Most cuts are nothing, which is written already: the memory is what takes time here.
                    if limit_excess:
                        results.limit_excess[at] = limit_excess
                    if deductible:
                        results.deductible[at] = deductible
                    if co_insurance:
                        results.co_insurance[at] = co_insurance
                    if category_excess:
                        results.category_excess[at] = category_excess
                    if ceiling_excess:
                        results.ceiling_excess[at] = ceiling_excess
                    accepted += 1
                    if origin == _RELATIVE:
                        relative += 1
                    if remembered[provision] & HAS_QUANTITY_LIMIT:
                        for cover in range(first_cover, end_cover):
                            end = min(covers.expiry[cover], policies.expiry[covers.policy[cover]])
                            if covers.effective[cover] <= target <= end:
                                used[used_from[slot] + cover - first_cover] += quantity

                if accepted == 0:
                    break
                if attempt + 1 < attempts:
                    # The review gives back what the claim used as claimed, and begins anew.
                    for line in range(first_line, end_line):
                        at = line - zero_line
                        provision = batch.provision[line]
                        if results.line_reason[at] != _ACCEPTED:
                            continue
                        if remembered[provision] & HAS_QUANTITY_LIMIT:
                            key = np.int64(insuree) * provision_count + provision
                            slot = slot_of_place[_slot(key, keys)]
                            for cover in range(first_cover, end_cover):
                                end = min(covers.expiry[cover], policies.expiry[covers.policy[cover]])
                                if covers.effective[cover] <= target <= end:
                                    used[used_from[slot] + cover - first_cover] -= results.quantity[at]
                        results.policy[at] = -1
                        results.version[at] = -1
                        results.price_origin[at] = -1
                        results.quantity[at] = 0
                        results.unit_price[at] = -1
                        results.limit_excess[at] = 0
                        results.deductible[at] = 0
                        results.co_insurance[at] = 0
                        results.category_excess[at] = 0
                        results.ceiling_excess[at] = 0
                        results.valuated[at] = 0

            if accepted == 0:
                results.status[out] = _REJECTED
                results.reason[out] = shared_reason
                continue

            # The claim is accepted: it is booked, and later claims look back on it.
            results.status[out] = _PROCESSED if relative else _VALUATED
            results.reason[out] = _ACCEPTED
            for c in range(candidates):
                if c_pays[c]:
                    care = c_care[c]
                    balances.touched[c_balance[c]] = 1
                    balances.deducted[c_balance[c], care] += c_deducted[c]
                    balances.covered[c_balance[c], care] += c_covered[c]
                    balances.policy_deducted[c_policy[c] - zero_policy, care] += c_deducted[c]
                    balances.policy_covered[c_policy[c] - zero_policy, care] += c_covered[c]
            for cover in range(first_cover, end_cover):
                end = min(covers.expiry[cover], policies.expiry[covers.policy[cover]])
                if covers.effective[cover] <= target <= end:
                    counts[cover - zero_cover, category] += 1
            for line in range(first_line, end_line):
                at = line - zero_line
                provision = batch.provision[line]
                if results.line_reason[at] == _ACCEPTED and remembered[provision] & HAS_FREQUENCY:
                    key = np.int64(insuree) * provision_count + provision
                    place = _slot(key, keys)
                    slot = slot_of_place[place]
                    node = last_node[slot]
                    if node < 0 or node_claim[node] != claim:
                        node_day[nodes] = target
                        node_claim[nodes] = claim
                        node_before[nodes] = node
                        last_node[slot] = nodes
                        nodes += 1

        for slot in range(slots):
            keys[place_of_slot[slot]] = -1
    return too_large
