"""A policy's account: what its family owes by the product's terms, what was paid, and the status of it.

Joins :mod:`adjudicator.remuneration.contributions`, which computes each of these for columns, for policies as
a register has them; all policies here are of one version of a product, that in force on their enrolment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adjudicator.product.definition import Product
from adjudicator.remuneration.allocation import contributions as over_days
from adjudicator.remuneration.allocation import earned_by_month
from adjudicator.remuneration.contributions import (
    Enrolments,
    Owed,
    Payments,
    Policies,
    owed_for,
    paid_by,
    paid_in_full_on,
    starts_of_cover,
    statuses_on,
    too_many_members,
)
from adjudicator.remuneration.months import month_of, months_after
from adjudicator.units import NO_DATE

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Registered:
    """Policies of one version of a product, as the register has them, by columns of shape (n,)."""

    enrolments: Enrolments
    effective: Int64s
    """Days."""
    expiry: Int64s


@dataclass(frozen=True)
class Accounts:
    """Their accounts on a day, by columns of shape (n,), minor units and days."""

    start: Int64s
    """The day on which cover starts by the product's terms."""
    owed: Owed
    paid: Int64s
    """By the day."""
    full: Int64s
    """When it came to be paid in full; NEVER where it is not, OWES_NOTHING where nothing was owed."""
    grace_ends: Int64s
    """The last day on which less may have been paid than is owed; before the cover begins without a grace."""
    status: npt.NDArray[np.int8]
    """Members of :class:`~adjudicator.vocabulary.PolicyStatus`, by what was paid."""
    too_many: Bools
    """Whether there are more members than the product allows."""
    policies: Policies
    """What status is computed from."""

    @property
    def missing(self) -> Int64s:
        """What is still owed on the day; nothing where more was paid."""
        missing: Int64s = np.maximum(self.owed.total - self.paid, 0)
        return missing


def accounts_on(product: Product, registered: Registered, payments: Payments, day: int) -> Accounts:
    """Compute the accounts of policies on a day.

    Args:
        product: the version by which they enrolled.
        registered: n of them.
        payments: contributions paid for them.
        day: the day; what was paid later does not count.

    Raises:
        OverflowError: somebody would owe more than the law counts with.
    """
    enrolments = registered.enrolments
    start = starts_of_cover(product, enrolments)
    owed = owed_for(product, enrolments, start)
    grace = np.full(len(start), product.enrolment.grace.payment, np.int64)
    policies = Policies(owed.total, registered.effective, registered.expiry, grace)
    return Accounts(
        start=start,
        owed=owed,
        paid=paid_by(payments, np.full(len(start), day, np.int64)),
        full=paid_in_full_on(owed.total, payments),
        grace_ends=months_after(registered.effective, grace) - 1,
        status=statuses_on(day, policies, payments),
        too_many=too_many_members(product, enrolments),
        policies=policies,
    )


def by_month(payments: Payments, effective: int, expiry: int) -> list[tuple[int, int]]:
    """Tell how the payments for one policy are earned over months (law, section 6, step 1).

    Returns:
        Months with something, and minor units; they add up to what was paid.
    """
    if not len(payments.amount):
        return []
    spans = [np.full(len(payments.amount), day, np.int64) for day in (effective, expiry)]
    rows = over_days(payments.amount, payments.paid, *spans)
    first, last = (month_of(int(day)) for day in (rows.start.min(), rows.expiry.max()))
    group = np.zeros(rows.count, np.int64)
    earned = earned_by_month(rows, group, 1, first, last - first + 1)[0]
    return [(first + place, int(amount)) for place, amount in enumerate(earned.tolist()) if amount]


def previous_expiries(family: Int64s, line: Int64s, effective: Int64s, expiry: Int64s) -> Int64s:
    """Find the last day of the policy that each continues: the family's last one before it of its line.

    Args:
        family: (n,), places of families.
        line: (n,), places of lines of products, a product with those that took each other's place.
        effective: (n,), first days.
        expiry: (n,), last days.

    Returns:
        (n,), days; :data:`adjudicator.units.NO_DATE` where there is none.
    """
    order = np.lexsort((effective, line, family))
    before = np.full(len(order), NO_DATE, np.int64)
    same = np.zeros(len(order), np.bool_)
    if len(order) > 1:
        here, there = order[1:], order[:-1]
        same[1:] = (family[here] == family[there]) & (line[here] == line[there])
        before[order[1:]] = np.where(same[1:] & (expiry[there] < effective[here]), expiry[there], NO_DATE)
    return before
