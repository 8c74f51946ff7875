"""The balances of the unit that the kernel walks: law, section 5.1, and the claim counts of section 4.2.

They fit the largest unit, and every unit begins with them anew, so that they stay where the processor
reaches them at once, however many people a scheme has. What a unit used is written down when it is left.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from adjudicator.compiled import step
from adjudicator.registers import Int8s, Int32s, Int64s
from adjudicator.vocabulary import CLAIM_CATEGORIES, Care, Level

_TREATMENT, _PER_INSUREE = int(Level.TREATMENT), int(Level.INSUREE)
_CARE = len(Care)
_CATEGORIES = len(CLAIM_CATEGORIES)

DEDUCTED, COVERED = 0, 1
"""What is used: the places of the two in every array of amounts used."""


class Opened(NamedTuple):
    """The balances that a run is opened with, of B policies and insurees, sorted by policy."""

    policy: Int32s
    """(B,)."""
    cover: Int32s
    """(B,): the cover that carries the balance, -1 where the insuree has no cover of the policy any more."""
    used: Int64s
    """(B, 2, care), minor units: deducted and covered."""


class Balances(NamedTuple):
    """What is used of the covers and policies of one unit, by their places in it.

    A person who left a policy and came back has several covers: the first one carries the balance.
    """

    of_cover: Int64s
    """(covers, 2, care), minor units: deducted and covered."""
    of_policy: Int64s
    """(policies, 2, care), minor units: of everyone under the policy."""
    claims: Int32s
    """(covers, claim category): accepted claims in the cover's period."""
    touched: Int8s
    """(covers,): 1 where a line was accepted."""


class Touched(NamedTuple):
    """The balances that were touched, with room for as many as there are lines."""

    carrier: Int32s
    """(N,): covers."""
    used: Int64s
    """(N, 2, care), minor units: deducted and covered."""


def balances_for(covers: int, policies: int) -> Balances:
    """Make balances that a unit of so many covers and policies fits into."""
    return Balances(
        of_cover=np.empty((covers, 2, _CARE), np.int64),
        of_policy=np.empty((policies, 2, _CARE), np.int64),
        claims=np.empty((covers, _CATEGORIES), np.int32),
        touched=np.empty(covers, np.int8),
    )


def room_for_touched(lines: int) -> Touched:
    """Make room for the balances that so many lines can touch."""
    return Touched(np.empty(lines, np.int32), np.empty((lines, 2, _CARE), np.int64))


@step
def begin(balances: Balances, covers: int, policies: int) -> None:
    """Begin a unit of so many covers and policies with nothing used. *Compiled.*"""
    for cover in range(covers):
        balances.touched[cover] = 0
        for what in range(2):
            for care in range(_CARE):
                balances.of_cover[cover, what, care] = 0
        for category in range(_CATEGORIES):
            balances.claims[cover, category] = 0
    for policy in range(policies):
        for what in range(2):
            for care in range(_CARE):
                balances.of_policy[policy, what, care] = 0


@step
def carry(
    balances: Balances, opened: Opened, row: int, first_cover: int, first_policy: int, end_policy: int
) -> int:
    """Add what the unit of these covers and policies was opened with. *Compiled.*

    Returns:
        The first row, from ``row`` on, that is of a later unit.

    """
    while row < len(opened.policy) and opened.policy[row] < first_policy:
        row += 1
    while row < len(opened.policy) and opened.policy[row] < end_policy:
        for what in range(2):
            for care in range(_CARE):
                used = opened.used[row, what, care]
                # An insuree who is no longer a member has still used what everyone shares.
                balances.of_policy[opened.policy[row] - first_policy, what, care] += used
                if opened.cover[row] >= 0:
                    balances.of_cover[opened.cover[row] - first_cover, what, care] += used
        row += 1
    return row


@step
def left(
    balances: Balances, level: int, split: int, amount: int, what: int, care: int, cover: int, policy: int
) -> int:
    """Give what is left of an amount after earlier claims (law, section 5.1). *Compiled.*

    ``cover`` and ``policy`` are places in the unit.
    """
    if level == _TREATMENT:
        return amount
    if level == _PER_INSUREE:
        used: int = balances.of_cover[cover, what, care]
        if not split:
            used += balances.of_cover[cover, what, 1 - care]
    else:
        used = balances.of_policy[policy, what, care]
        if not split:
            used += balances.of_policy[policy, what, 1 - care]
    return max(0, amount - used)


@step
def book(balances: Balances, cover: int, policy: int, care: int, deducted: int, covered: int) -> None:
    """Book what an accepted claim used. *Compiled.* ``cover`` and ``policy`` are places in the unit."""
    balances.touched[cover] = 1
    balances.of_cover[cover, DEDUCTED, care] += deducted
    balances.of_cover[cover, COVERED, care] += covered
    balances.of_policy[policy, DEDUCTED, care] += deducted
    balances.of_policy[policy, COVERED, care] += covered


@step
def write_down(balances: Balances, covers: int, first_cover: int, touched: Touched, count: int) -> int:
    """Write down what was touched of a unit, behind ``count`` others, and count on. *Compiled.*"""
    for cover in range(covers):
        if balances.touched[cover]:
            touched.carrier[count] = first_cover + cover
            for what in range(2):
                for care in range(_CARE):
                    touched.used[count, what, care] = balances.of_cover[cover, what, care]
            count += 1
    return count
