"""The kernel: sections 4 and 5 of the law in one pass over a family's claims in order.

A unit (the families that share policies or people) is walked once, its balances carried in small arrays.
Units do not touch one another, so that any cut of them into groups, walked in any order by any number of
threads, gives the same. The kernel takes integers, allocates nothing, and is compiled once. What it steps
through is beside it: :mod:`~adjudicator.adjudication.candidates`, :mod:`~adjudicator.adjudication.balances`
and :mod:`~adjudicator.adjudication.memory`.

``reference.py`` says the same for people to read, and is what this is measured against.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from adjudicator.adjudication import balances as balances_room
from adjudicator.adjudication import candidates as candidates_room
from adjudicator.adjudication.balances import Balances, Opened, Touched
from adjudicator.adjudication.candidates import (
    CARE,
    CARRIER,
    CATEGORY_LEFT,
    CEILING_LEFT,
    COVERED,
    DEDUCTED,
    DEDUCTIBLE_LEFT,
    NO_COVERAGE,
    PAYS,
    POLICY,
    VERSION,
    candidates_for,
    is_in_period,
)
from adjudicator.adjudication.facts import Facts
from adjudicator.adjudication.memory import (
    EARLIER,
    HAS_FREQUENCY,
    History,
    Memory,
    forget,
    is_near,
    memory_for,
    quantity_bit,
    remember_day,
    slot_of,
)
from adjudicator.adjudication.results import UNCOUNTABLE, Results, reject
from adjudicator.claims import NONE, REVIEWED_SINCE, Batch
from adjudicator.compiled import kernel, unsigned
from adjudicator.product.terms import ADULT, CHILD, OfAge, Terms
from adjudicator.registers import Covers, Int8s, Int32s, Int64s, People, Policies, Provisions
from adjudicator.units import PERCENT_ALL, TOO_LARGE, multiply, take_percentage
from adjudicator.vocabulary import ClaimStatus, Limitation, PriceOrigin, Reason

# Kernels know numbers only; each stands for the word of the vocabulary that it is named after.
_ACCEPTED, _MEDICAL_OFFICER = int(Reason.ACCEPTED), int(Reason.MEDICAL_OFFICER)
_NOT_IN_REGISTER, _NO_COVERAGE = int(Reason.NOT_IN_REGISTER), int(Reason.NO_COVERAGE)
_FREQUENCY = int(Reason.FREQUENCY)
_REJECTED = int(ClaimStatus.REJECTED)
_PROCESSED, _VALUATED = int(ClaimStatus.PROCESSED), int(ClaimStatus.VALUATED)
_FIXED = int(Limitation.FIXED)
_CLAIMED, _RELATIVE = int(PriceOrigin.CLAIMED), int(PriceOrigin.RELATIVE)
_PRICE_ORIGIN, _OUTSIDE = int(OfAge.PRICE_ORIGIN), int(OfAge.OUTSIDE)
_LIMITATION, _LIMIT = int(OfAge.LIMITATION), int(OfAge.LIMIT)


class Room(NamedTuple):
    """Room to work in, for the largest unit; it is as it was when a unit is left."""

    balances: Balances
    memory: Memory
    candidates: Int64s
    in_period: Int8s
    """For each cover of the claim's insuree: 1 where the target date is in its insurance period."""
    slot: Int32s
    """For each line of the claim: its slot in the memory."""


def room_for(lines: int, covers: int, policies: int, quantities: int) -> Room:
    """Make room for units of so many lines, earlier ones included, covers and policies.

    ``quantities`` are at least lines × covers of one insuree, of any unit.
    """
    return Room(
        balances_room.balances_for(covers, policies),
        memory_for(lines, quantities),
        candidates_for(covers),
        in_period=np.empty(covers, np.int8),
        slot=np.empty(lines, np.int32),
    )


@kernel
def largest(
    first_unit: int, end_unit: int, batch: Batch, policies: Policies, covers: Covers, history: History
) -> tuple[int, int, int, int]:
    """Find how large a room some units need: what :func:`room_for` takes. *Compiled.*"""
    most_lines = 0
    most_covers = 0
    most_policies = 0
    most_quantities = 0
    for unit in range(first_unit, end_unit):
        first_claim, end_claim = batch.first_of_unit[unit], batch.first_of_unit[unit + 1]
        if first_claim == end_claim:
            continue
        lines: int = batch.first_line[end_claim] - batch.first_line[first_claim]
        lines += history.first_line_of_unit[unit + 1] - history.first_line_of_unit[unit]
        cover_count: int = covers.first_of_unit[unit + 1] - covers.first_of_unit[unit]
        policy_count: int = policies.first_of_unit[unit + 1] - policies.first_of_unit[unit]
        most_lines = max(most_lines, lines)
        most_covers = max(most_covers, cover_count)
        most_policies = max(most_policies, policy_count)
        most_quantities = max(most_quantities, lines * cover_count)
    return most_lines, most_covers, most_policies, most_quantities


@kernel
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
    remembered: Int64s,
    history: History,
    opened: Opened,
    room: Room,
    results: Results,
    touched: Touched,
) -> tuple[int, int]:
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
        opened: the balances that these units, and perhaps others, are opened with.
        room: to work in.
        results: of these units; filled in.
        touched: the balances that were touched; filled in.

    Returns:
        How many balances were touched, and how many claims are ``UNCOUNTABLE``.

    """
    balances, memory, candidates = room.balances, room.memory, room.candidates
    in_period, slots = room.in_period, room.slot
    first_claim = batch.first_of_unit[first_unit]
    zero_line = batch.first_line[first_claim]
    provision_count = len(provisions.first_row) - 1
    opened_row = 0
    touched_count = 0
    uncountable_count = 0

    for unit in range(first_unit, end_unit):
        if batch.first_of_unit[unit] == batch.first_of_unit[unit + 1]:
            continue
        zero_cover, zero_policy = covers.first_of_unit[unit], policies.first_of_unit[unit]
        cover_count = covers.first_of_unit[unit + 1] - zero_cover
        end_policy = policies.first_of_unit[unit + 1]
        balances_room.begin(balances, cover_count, end_policy - zero_policy)
        opened_row = balances_room.carry(balances, opened, opened_row, zero_cover, zero_policy, end_policy)

        # Earlier runs: claims count, and lines are remembered, as if they had just been accepted.
        for earlier in range(history.first_claim_of_unit[unit], history.first_claim_of_unit[unit + 1]):
            insuree, target = history.claim_insuree[earlier], history.claim_target[earlier]
            for cover in range(people.first_cover[insuree], people.end_cover[insuree]):
                if is_in_period(cover, target, covers, policies):
                    balances.claims[cover - zero_cover, history.claim_category[earlier]] += 1
        for earlier in range(history.first_line_of_unit[unit], history.first_line_of_unit[unit + 1]):
            provision = history.line_provision[earlier]
            if remembered[provision] == 0:
                continue
            insuree, target = history.line_insuree[earlier], history.line_target[earlier]
            first_cover, end_cover = people.first_cover[insuree], people.end_cover[insuree]
            key = np.int64(insuree) * provision_count + provision
            slot = slot_of(memory, key, end_cover - first_cover)
            remember_day(memory, slot, target, EARLIER)
            first_quantity = memory.first_quantity[slot]
            for cover in range(first_cover, end_cover):
                if is_in_period(cover, target, covers, policies):
                    memory.quantities[first_quantity + cover - first_cover] += history.line_quantity[earlier]

        for claim in range(batch.first_of_unit[unit], batch.first_of_unit[unit + 1]):
            out = claim - first_claim
            target, category = facts.target[out], facts.category[out]
            age = ADULT if facts.adult[out] else CHILD
            visit_type, insuree = batch.visit_type[claim], batch.insuree[claim]
            first_line, end_line = batch.first_line[claim], batch.first_line[claim + 1]
            reason = facts.reason[out]
            first_cover = 0
            end_cover = 0
            candidate_count = 0

            # 4.1: which policies cover the insuree on the target date, in policy order; and what this
            # claim finds left of their balances.
            if reason == _ACCEPTED:
                first_cover, end_cover = people.first_cover[insuree], people.end_cover[insuree]
                candidate_count = candidates_room.find(
                    candidates,
                    first_cover,
                    end_cover,
                    target,
                    category,
                    facts.in_patient[out],
                    facts.at_hospital[out],
                    zero_cover,
                    zero_policy,
                    covers,
                    policies,
                    terms,
                    balances,
                )
                if candidate_count == NO_COVERAGE:
                    reason = _NO_COVERAGE
                elif first_line == end_line:
                    reason = _NOT_IN_REGISTER

            if reason != _ACCEPTED:
                results.status[out] = _REJECTED
                results.reason[out] = reason
                for line in range(first_line, end_line):
                    reject(results, line - zero_line, reason)
                continue

            # Quantities matter where a product of the insuree's limits them.
            quantity_bits = 0
            for cover in range(first_cover, end_cover):
                in_period[cover - first_cover] = is_in_period(cover, target, covers, policies)
                quantity_bits |= quantity_bit(policies.product[covers.policy[cover]])

            # A claim that comes reviewed is adjudicated as claimed first; if that accepts a line, once more.
            accepted = 0
            relative = 0
            shared_reason = _ACCEPTED
            uncountable = False
            days_matter = False
            attempts = 2 if batch.reviewed[claim] else 1
            for attempt in range(1 if batch.reviewed[claim] == REVIEWED_SINCE else 0, attempts):
                review = attempt == 1
                accepted = 0
                relative = 0
                shared_reason = _ACCEPTED
                candidates_room.begin(candidates, candidate_count, category, terms)

                for place in range(first_line, end_line):
                    line, at = unsigned(place), unsigned(place - zero_line)
                    row = unsigned(facts.row[at])
                    provision = batch.provision[line]
                    looks_back = 0
                    reason = facts.line_reason[at]
                    if review and batch.rejected_by_reviewer[line]:
                        reason = _MEDICAL_OFFICER
                    slot = 0
                    first_quantity = 0
                    if reason == _ACCEPTED:
                        looks_back = remembered[unsigned(provision)] & (quantity_bits | HAS_FREQUENCY)
                    if looks_back:
                        key = np.int64(insuree) * provision_count + provision
                        slot = slot_of(memory, key, end_cover - first_cover)
                        slots[place - first_line] = slot
                        first_quantity = memory.first_quantity[slot]
                        # 4.2, code 5: too soon before or after a line of another claim.
                        if looks_back & HAS_FREQUENCY:
                            days_matter = True
                            if is_near(memory, slot, target, provisions.frequency[row]):
                                reason = _FREQUENCY

                    # 4.2, candidates, and 4.3: which policy pays.
                    asked = batch.price_asked[line]
                    if review and batch.price_approved[line] != NONE:
                        asked = batch.price_approved[line]
                    c = -1
                    term = -1
                    quantity_allowed = 0
                    if reason == _ACCEPTED:
                        c, term, quantity_allowed, reason = candidates_room.choose(
                            candidates,
                            candidate_count,
                            row,
                            visit_type,
                            age,
                            asked,
                            target,
                            memory.quantities,
                            first_quantity,
                            terms,
                        )

                    if reason != _ACCEPTED:
                        reject(results, at, reason)
                        if place == first_line or shared_reason == reason:
                            shared_reason = reason
                        else:
                            shared_reason = _NOT_IN_REGISTER
                        continue

                    # 5: valuation, step by step.
                    candidate, of_age = candidates[c], terms.of_age[unsigned(term), age]
                    origin = of_age[_PRICE_ORIGIN]
                    price = asked if origin == _CLAIMED else facts.list_price[at]
                    quantity = min(batch.quantity[line], quantity_allowed)
                    if review:
                        if batch.price_approved[line] != NONE:
                            price = batch.price_approved[line]
                        if batch.quantity_approved[line] != NONE:
                            quantity = batch.quantity_approved[line]
                    kind, limit = of_age[_LIMITATION], of_age[_LIMIT]
                    amount = multiply(price, quantity)
                    most = amount
                    if kind == _FIXED and limit >= 0:
                        most = multiply(limit, quantity)
                    if amount == TOO_LARGE or most == TOO_LARGE:
                        uncountable = True
                        amount = 0
                        most = 0
                    limit_excess = max(0, amount - most)
                    amount -= limit_excess
                    deductible = min(amount, candidate[DEDUCTIBLE_LEFT])
                    amount -= deductible
                    co_insurance = 0
                    if kind != _FIXED and limit != PERCENT_ALL:
                        co_insurance = amount - take_percentage(amount, limit)
                    amount -= co_insurance
                    category_excess = max(0, amount - candidate[CATEGORY_LEFT])
                    amount -= category_excess
                    candidate[CATEGORY_LEFT] -= amount
                    ceiling_excess = 0
                    if (of_age[_OUTSIDE] >> candidate[CARE]) & 1 == 0:
                        ceiling_excess = max(0, amount - candidate[CEILING_LEFT])
                        amount -= ceiling_excess
                        candidate[CEILING_LEFT] -= amount
                        candidate[COVERED] += amount
                    candidate[DEDUCTIBLE_LEFT] -= deductible
                    candidate[DEDUCTED] += deductible
                    candidate[PAYS] = 1

                    results.line_reason[at] = _ACCEPTED
                    results.policy[at] = candidate[POLICY]
                    results.version[at] = candidate[VERSION]
                    results.price_origin[at] = origin
                    results.quantity[at] = quantity
                    results.unit_price[at] = price
                    results.limit_excess[at] = limit_excess
                    results.deductible[at] = deductible
                    results.co_insurance[at] = co_insurance
                    results.category_excess[at] = category_excess
                    results.ceiling_excess[at] = ceiling_excess
                    results.valuated[at] = amount
                    accepted += 1
                    if origin == _RELATIVE:
                        relative += 1
                    if looks_back & quantity_bits:
                        for cover in range(end_cover - first_cover):
                            if in_period[cover]:
                                memory.quantities[first_quantity + cover] += quantity

                if accepted == 0:
                    break
                if attempt + 1 < attempts:
                    # The review gives back what the claim used as claimed, and begins anew.
                    for line in range(first_line, end_line):
                        at = line - zero_line
                        if (
                            results.line_reason[at] == _ACCEPTED
                            and remembered[batch.provision[line]] & quantity_bits
                        ):
                            first_quantity = memory.first_quantity[slots[line - first_line]]
                            for cover in range(end_cover - first_cover):
                                if in_period[cover]:
                                    memory.quantities[first_quantity + cover] -= results.quantity[at]

            if accepted == 0:
                results.status[out] = _REJECTED
                results.reason[out] = shared_reason
            else:
                # The claim is accepted: it is booked, and later claims look back on it.
                results.status[out] = _PROCESSED if relative else _VALUATED
                results.reason[out] = _ACCEPTED
                for c in range(candidate_count):
                    candidate = candidates[c]
                    if candidate[PAYS]:
                        balances_room.book(
                            balances,
                            candidate[CARRIER],
                            candidate[POLICY] - zero_policy,
                            candidate[CARE],
                            candidate[DEDUCTED],
                            candidate[COVERED],
                        )
                for cover in range(first_cover, end_cover):
                    if in_period[cover - first_cover]:
                        balances.claims[cover - zero_cover, category] += 1
                if days_matter:
                    for line in range(first_line, end_line):
                        if (
                            results.line_reason[line - zero_line] == _ACCEPTED
                            and remembered[batch.provision[line]] & HAS_FREQUENCY
                        ):
                            remember_day(memory, slots[line - first_line], target, claim)
            if uncountable:
                results.status[out] = UNCOUNTABLE
                uncountable_count += 1

        forget(memory)
        touched_count = balances_room.write_down(balances, cover_count, zero_cover, touched, touched_count)
    return touched_count, uncountable_count
