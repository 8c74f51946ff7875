"""What families owe for their policies by the product's terms, and what was paid of it, when and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.generation.codes import chosen, codes
from adjudicator.generation.days import age_on
from adjudicator.generation.market import Offers
from adjudicator.generation.people import Families, Persons
from adjudicator.generation.policies import PARTLY, Membership, Policies
from adjudicator.generation.stream import I32, I64, Stream, Topic
from adjudicator.product.definition import Fee, Product
from adjudicator.units import PERCENT_ALL

ADULT: Final = 18

PAYERS: Final = ("household", "employer", "government")

POOREST: Final = 1

_EVERYBODY: Final = 1_000

_MONTH: Final = 30
_EVERY_MONTH: Final = 12


def values_of(policies: Policies, offers: Offers, persons: Persons, members: Membership, rows: I64) -> I64:
    """Compute what is owed for policies, in minor units, for the members they begin with.

    The lump sum stands for members up to the threshold, adults first; those above it pay by head.
    """
    joined = members.effective == policies.effective[members.policy]
    age = age_on(members.effective, persons.born[members.person])
    place = members.policy - rows[0]
    count = len(rows)
    adults = np.bincount(place[joined & (age >= ADULT)], minlength=count)
    children = np.bincount(place[joined & (age < ADULT)], minlength=count)
    owed = np.zeros(count, np.int64)
    for number, version in enumerate(offers.versions):
        mine = np.flatnonzero(policies.version[rows] == number)
        terms = version.contribution
        free = _free_members(version)
        paying_adults = np.maximum(adults[mine] - free, 0)
        paying_children = np.maximum(adults[mine] + children[mine] - free, 0) - paying_adults
        everybody = adults[mine] + children[mine]
        value = terms.lump_sum + terms.adult * paying_adults + terms.child * paying_children
        renewal = policies.renewal[rows[mine]]
        value = (
            value
            + np.where(renewal, 0, _fee(terms.registration, everybody))
            + _fee(terms.assembly, everybody)
        )
        ahead = policies.effective[rows[mine]] - policies.enrolled[rows[mine]]
        for discount, entitled in ((terms.discount.renewal, renewal), (terms.discount.enrolment, ~renewal)):
            if discount:
                early = entitled & (ahead >= discount.ahead * _MONTH)
                value = np.where(early, value * (PERCENT_ALL - discount.percent) // PERCENT_ALL, value)
        owed[mine] = value
    return owed


def _free_members(version: Product) -> int:
    """Count the members that the lump sum stands for."""
    if not version.contribution.lump_sum:
        return 0
    threshold = version.enrolment.members.threshold
    return _EVERYBODY if threshold is None else threshold


def _fee(fee: Fee | None, members: I64) -> I64:
    if fee is None:
        return np.zeros_like(members)
    return (
        np.full_like(members, fee.lump_sum) if fee.lump_sum is not None else (fee.per_member or 0) * members
    )


@dataclass(frozen=True)
class Payments:
    """Payments, by policy and instalment."""

    policy: I64
    number: I64
    """From 1."""
    paid: I32
    amount: I64
    payer: I64


def payments_of(
    seed: int, policies: Policies, offers: Offers, families: Families, rows: I64, owed: I64, last: int
) -> Payments:
    """Make the payments for policies up to a last day; those not paid in full have one instalment at most."""
    family = policies.family[rows]
    draws = Stream(seed, Topic.PAYMENT).draws(len(families.village))[family]
    most = np.array([max(version.contribution.installments, 1) for version in offers.versions])
    allowed = most[policies.version[rows]]
    # A payroll uses every instalment; of the other families half do with one, and none with more than two.
    by_payroll = allowed == _EVERY_MONTH
    instalments = np.where(by_payroll, allowed, np.minimum(1 + draws % np.uint32(2), allowed))
    due = np.where(policies.covers[rows] & (owed > 0), instalments, 0)
    due = np.where((policies.payment[rows] == PARTLY) & (instalments > 1), 1, due)
    place = np.repeat(np.arange(len(rows)), due)
    number = np.arange(len(place)) - np.repeat(np.cumsum(due) - due, due)
    share = owed[place] // instalments[place]
    amount = np.where(number == instalments[place] - 1, owed[place] - share * (instalments[place] - 1), share)
    delay = (draws[place] >> np.uint32(8)) % np.uint32(5)
    paid = policies.enrolled[rows][place] + delay.astype(np.int64) + number * _MONTH
    payer = np.select(
        [by_payroll[place], families.poverty[family][place] == POOREST],
        [PAYERS.index("employer"), PAYERS.index("government")],
        PAYERS.index("household"),
    )
    kept = (paid <= last) & (amount > 0)
    return Payments(
        rows[place][kept], number[kept] + 1, paid[kept].astype(np.int32), amount[kept], payer[kept]
    )


def table_of_contributions(payments: Payments, policies: Policies) -> Any:
    """Make rows of the register of contributions: a typed table."""
    policy = policies.codes_of(payments.policy)
    number = codes("-{number:2}", number=payments.number)
    return pa.table(
        {
            "contribution": pc.binary_join_element_wise("C", pc.utf8_slice_codeunits(policy, 1), number, ""),
            "policy": policy,
            "paid": pa.array(payments.paid, pa.date32()),
            "amount": payments.amount,
            "payer": chosen(payments.payer, list(PAYERS)),
        }
    )
