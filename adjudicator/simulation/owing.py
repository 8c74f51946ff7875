"""What families would have paid, had they owed by other terms.

A scenario that changes what a product asks of families changes what they pay in the same proportion: who
paid half of what was owed pays half of what would have been owed. What is owed is computed as
:mod:`adjudicator.remuneration.contributions` does, by the version in force on the day of enrolment, for the
members who have a cover of the policy. When an earlier policy ended is not known here: a renewal owes no
registration fee, and is early against its own first day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from adjudicator.encoding import days
from adjudicator.registers import Int32s, Int64s, Registers
from adjudicator.remuneration.contributions import Enrolments, members_of, owed_for
from adjudicator.simulation.variant import Variant
from adjudicator.units import NO_DATE, divide_rounded


def owed_instead(
    base: Variant,
    variant: Variant,
    registers: Registers,
    tables: Mapping[str, pa.Table],
    policy: Int32s,
    amount: Int64s,
) -> Int64s:
    """Give what payments would have been.

    Args:
        base: the base.
        variant: the variant.
        registers: of the base, encoded.
        tables: of the base, typed.
        policy: (n,), the policy that each payment is for.
        amount: (n,), minor units.

    Returns:
        (n,), minor units, each rounded half away from zero. A policy for which nothing was owed, or nothing
        is known, pays what it paid.
    """
    different = np.unique(policy).astype(np.int64)
    enrolments = _enrolments(base, registers, tables, different)
    before = _owed(base, registers, enrolments, different)
    after = _owed(variant, registers, enrolments, different)
    place = np.searchsorted(different, policy)
    old, new = before[place], after[place]
    changed = np.flatnonzero((old > 0) & (new >= 0) & (old != new))
    result = amount.copy()
    result[changed] = [
        divide_rounded(paid * owes, owed)
        for paid, owes, owed in zip(
            amount[changed].tolist(), new[changed].tolist(), old[changed].tolist(), strict=True
        )
    ]
    return result


def _enrolments(
    base: Variant, registers: Registers, tables: Mapping[str, pa.Table], policy: Int64s
) -> Enrolments:
    """Lay out who enrolled when, and with whom, for some policies."""
    policies, covers, people = registers.policies, registers.covers, registers.people
    enrolled = days(tables["policies"]["enrolled"])
    by_code = np.full(len(registers.policy_keys), NO_DATE, np.int64)
    by_code[registers.policy_keys.encode(tables["policies"]["policy"])] = enrolled
    effective = policies.effective[policy].astype(np.int64)
    days_enrolled = by_code[registers.policy_code[policy]]
    days_enrolled = np.where(days_enrolled == NO_DATE, effective, days_enrolled)
    # One who left and came back is one member.
    pairs = np.unique(np.stack((covers.policy, covers.insuree), axis=1), axis=0)
    place = np.searchsorted(policy, pairs[:, 0])
    place = np.minimum(place, max(len(policy) - 1, 0))
    mine = policy[place] == pairs[:, 0] if len(policy) else np.zeros(len(pairs), np.bool_)
    birth = people.birth_date[people.first_row[pairs[mine, 1]]].astype(np.int64)
    adults, children = members_of(place[mine].astype(np.int64), birth, days_enrolled, base.scheme.adult_age)
    return Enrolments(
        days_enrolled,
        adults,
        children,
        policies.is_new[policy] == 0,
        np.full(len(policy), NO_DATE, np.int64),
    )


def _owed(variant: Variant, registers: Registers, enrolments: Enrolments, policy: Int64s) -> Int64s:
    """Give what is owed for policies under a variant; -1 where no version of the product was in force."""
    product = variant.scheme.registers.policies.product[policy]
    start = registers.policies.effective[policy].astype(np.int64)
    owed = np.full(len(policy), -1, np.int64)
    for version in variant.versions:
        valid: Any = version.valid
        mine = np.flatnonzero(
            (product == variant.codes.index(version.product))
            & (valid.start <= enrolments.enrolled)
            & (enrolments.enrolled <= valid.end)
        )
        if len(mine):
            these = Enrolments(*(getattr(enrolments, name)[mine] for name in Enrolments.__dataclass_fields__))
            owed[mine] = owed_for(version, these, start[mine]).total
    return owed
