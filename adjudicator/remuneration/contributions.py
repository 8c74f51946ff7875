"""What families owe for policies, when cover begins, and a policy's status by what was paid when.

Follows the keys ``enrolment`` and ``contribution`` of the product format; all columns are of policies of one
version of a product, that in force on the day of enrolment. What the format leaves open is decided here:

* The **lump sum** stands for members up to the threshold, adults before children; without a threshold for all
  of them. Without a lump sum every member pays by head.
* The **registration fee** is owed for a new policy, and for a renewal later than the months that the product
  gives after the expiry. The **assembly fee** is owed each time.
* A **discount** is taken off the whole of it, fees included, and is rounded (half away from zero). For
  enrolment it needs cycles: one is early against the start of the cycle. For renewal one is early against the
  day after the expiry.
* A **cycle** takes in those who enrol by its first day, and those within its months of grace. A renewal never
  starts before the policy that it continues has ended; renewed in time, cover goes on without a gap.
* A **period of grace** of *n* months has its last day before the same day *n* months later (law, section 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.compiled import compiled
from adjudicator.product.definition import Fee, Product
from adjudicator.remuneration.months import first_day, last_day, months_after
from adjudicator.remuneration.shares import shares_of, total_of
from adjudicator.units import (
    INT64_MAX,
    LARGEST_AMOUNT,
    NO_DATE,
    PERCENT_ALL,
    add_months,
    completed_years,
    year_month_day,
)
from adjudicator.vocabulary import PolicyStatus

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

OWES_NOTHING: Final = NO_DATE
"""The day on which a policy that owes nothing was paid in full: before any other."""

NEVER: Final = 2**31 - 1
"""The day on which a policy that is not paid in full will have been."""


@dataclass(frozen=True)
class Enrolments:
    """Enrolments for one version of a product, by columns of shape (n,)."""

    enrolled: Int64s
    """Days."""
    adults: Int64s
    """Members who are adults on the day of enrolment."""
    children: Int64s
    """The other members."""
    renewal: Bools
    """Whether each continues an earlier policy."""
    previous_expiry: Int64s
    """The last day of that policy; :data:`adjudicator.units.NO_DATE` where there is none or nobody knows."""

    @property
    def members(self) -> Int64s:
        """How many members each has."""
        members: Int64s = self.adults + self.children
        return members


@dataclass(frozen=True)
class Owed:
    """What is owed for policies, by columns of shape (n,), minor units."""

    lump_sum: Int64s
    adults: Int64s
    """For adults who pay by head."""
    children: Int64s
    """For children who pay by head."""
    registration: Int64s
    assembly: Int64s
    discount: Int64s
    """What is taken off the sum of the others."""

    @property
    def total(self) -> Int64s:
        """What is owed in all."""
        return _whole(self) - self.discount


def _whole(owed: Owed) -> Int64s:
    whole: Int64s = owed.lump_sum + owed.adults + owed.children + owed.registration + owed.assembly
    return whole


def members_of(policy: Int64s, birth: Int64s, enrolled: Int64s, adult_age: int) -> tuple[Int64s, Int64s]:
    """Count the adults and the children of policies on the days of their enrolment (law, section 3).

    Args:
        policy: (m,), the policy that each member belongs to, from 0.
        birth: (m,), days of birth; :data:`adjudicator.units.NO_DATE` where unknown, which is an adult.
        enrolled: (n,), days of enrolment of the policies.
        adult_age: completed years from which on a person is an adult.

    Returns:
        Adults and children, (n,) each.
    """
    adult = _are_adults(birth.astype(np.int64), enrolled.astype(np.int64)[policy], adult_age)
    counts = len(enrolled)
    return (
        np.bincount(policy[adult], minlength=counts).astype(np.int64),
        np.bincount(policy[~adult], minlength=counts).astype(np.int64),
    )


@compiled
def _are_adults(birth: Int64s, day: Int64s, adult_age: int) -> Bools:
    """Tell who is an adult on a day. *Compiled.*"""
    adult = np.ones(len(birth), np.bool_)
    for row in range(len(birth)):
        if birth[row] != NO_DATE:
            adult[row] = completed_years(birth[row], day[row]) >= adult_age
    return adult


def too_many_members(product: Product, enrolments: Enrolments) -> Bools:
    """Tell which policies have more members than the product allows."""
    most = product.enrolment.members.maximum
    too_many: Bools = (
        enrolments.members > most if most is not None else np.zeros(len(enrolments.enrolled), bool)
    )
    return too_many


# When cover begins.


def starts_of_cover(product: Product, enrolments: Enrolments) -> Int64s:
    """Give the days on which cover starts: (n,)."""
    terms = product.enrolment
    continues = enrolments.renewal & (enrolments.previous_expiry != NO_DATE)
    earliest = np.where(continues, enrolments.previous_expiry + 1, NO_DATE)
    if terms.cycles:
        grace = np.where(enrolments.renewal, terms.grace.renewal, terms.grace.enrolment)
        cycles = np.array(sorted(terms.cycles), np.int64)
        return _cycle_starts(enrolments.enrolled, earliest, grace.astype(np.int64), cycles)
    in_time = continues & (enrolments.enrolled <= enrolments.previous_expiry)
    from_enrolment = months_after(enrolments.enrolled, terms.administration_period)
    starts: Int64s = np.where(in_time, earliest, np.maximum(from_enrolment, earliest))
    return starts


@compiled
def _cycle_starts(enrolled: Int64s, earliest: Int64s, grace: Int64s, cycles: Int64s) -> Int64s:
    """Give the first cycles that take enrolments in; ``cycles``: (c, 2), month and day. *Compiled.*"""
    starts = np.empty(len(enrolled), np.int64)
    for row in range(len(enrolled)):
        year, _, _ = year_month_day(max(enrolled[row], earliest[row]))
        year -= grace[row] // 12 + 2
        found = False
        while not found:
            for cycle in range(len(cycles)):
                month = (year - 1970) * 12 + cycles[cycle, 0] - 1
                start = min(first_day(month) + cycles[cycle, 1] - 1, last_day(month))
                in_time = enrolled[row] <= start or enrolled[row] < add_months(start, grace[row])
                if not found and in_time and start >= earliest[row]:
                    starts[row] = start
                    found = True
            year += 1
    return starts


# What is owed.


def owed_for(product: Product, enrolments: Enrolments, start: Int64s) -> Owed:
    """Compute what families owe for policies.

    Args:
        product: the version by which they enrol.
        enrolments: n of them.
        start: (n,), the days on which their cover starts (see :func:`starts_of_cover`).

    Raises:
        OverflowError: somebody would owe more than the law counts with (section 2).
    """
    terms, members = product.contribution, enrolments.members
    none = np.zeros(len(members), np.int64)
    covered = _members_of_lump_sum(product, members)
    paying_adults = np.maximum(enrolments.adults - covered, 0)
    paying_children = np.maximum(members - covered, 0) - paying_adults
    _check_size(product, int(members.max(initial=0)))
    whole = Owed(
        lump_sum=none + terms.lump_sum,
        adults=terms.adult * paying_adults,
        children=terms.child * paying_children,
        registration=np.where(_owes_registration(product, enrolments), _fee(terms.registration, members), 0),
        assembly=_fee(terms.assembly, members),
        discount=none,
    )
    discount = (_whole(whole) * _discounts(product, enrolments, start) + PERCENT_ALL // 2) // PERCENT_ALL
    return Owed(whole.lump_sum, whole.adults, whole.children, whole.registration, whole.assembly, discount)


def _members_of_lump_sum(product: Product, members: Int64s) -> Int64s:
    """Count the members that the lump sum stands for."""
    threshold = product.enrolment.members.threshold
    if not product.contribution.lump_sum:
        return np.zeros(len(members), np.int64)
    return members if threshold is None else np.minimum(members, threshold)


def _check_size(product: Product, members: int) -> None:
    terms = product.contribution
    fees = [
        (fee.lump_sum or 0) + (fee.per_member or 0) * members
        for fee in (terms.registration, terms.assembly)
        if fee
    ]
    if terms.lump_sum + (terms.adult + terms.child) * members + sum(fees) > LARGEST_AMOUNT:
        raise OverflowError(f"the contribution for {product.product} is too large to be counted")


def _fee(fee: Fee | None, members: Int64s) -> Int64s:
    if fee is None:
        return np.zeros(len(members), np.int64)
    return (fee.per_member or 0) * members + (fee.lump_sum or 0)


def _owes_registration(product: Product, enrolments: Enrolments) -> Bools:
    free_until = months_after(enrolments.previous_expiry, product.enrolment.renewal_without_registration_fee)
    known = enrolments.previous_expiry != NO_DATE
    owes: Bools = ~enrolments.renewal | (known & (enrolments.enrolled > free_until))
    return owes


def _discounts(product: Product, enrolments: Enrolments, start: Int64s) -> Int64s:
    """Give the discount that each has come early enough for, in hundredths of a percent."""
    percent = np.zeros(len(start), np.int64)
    given = product.contribution.discount
    if given.enrolment and product.enrolment.cycles:
        early = enrolments.enrolled <= months_after(start, -given.enrolment.ahead)
        percent[~enrolments.renewal & early] = given.enrolment.percent
    if given.renewal:
        known = enrolments.previous_expiry != NO_DATE
        continued = np.where(known, enrolments.previous_expiry + 1, start)
        early = enrolments.enrolled <= months_after(continued, -given.renewal.ahead)
        percent[enrolments.renewal & early] = given.renewal.percent
    return percent


def instalments(owed: int, count: int) -> list[int]:
    """Split what is owed in equal instalments that add up to it, the earlier ones larger (law, section 2).

    Args:
        owed: minor units.
        count: how many; the product's ``installments`` is the most that there may be.
    """
    places = np.arange(max(count, 1))
    return [int(share) for share in shares_of(owed, np.ones(len(places), np.int64), places)]


# What was paid, and the status that it gives.


@dataclass(frozen=True)
class Policies:
    """Policies, by columns of shape (n,)."""

    owed: Int64s
    """Minor units."""
    effective: Int64s
    """First days of cover."""
    expiry: Int64s
    """Last days."""
    grace: Int64s
    """Months of grace for paying, by the product."""


@dataclass(frozen=True)
class Payments:
    """Contributions paid for policies, by columns of shape (m,)."""

    policy: Int64s
    """The place of the policy among the policies, from 0."""
    paid: Int64s
    """Days."""
    amount: Int64s
    """Minor units."""


def paid_by(payments: Payments, day: Int64s) -> Int64s:
    """Add up what was paid for policies by days, those included.

    Args:
        payments: the payments.
        day: (n,), a day for each policy.

    Returns:
        (n,), minor units.

    Raises:
        OverflowError: all payments together pass 64 bits.
    """
    if total_of(np.abs(payments.amount)) > INT64_MAX:
        raise OverflowError("contributions are too large to be counted")
    paid = np.zeros(len(day), np.int64)
    counted = payments.paid <= day[payments.policy]
    np.add.at(paid, payments.policy[counted], payments.amount[counted])
    return paid


def paid_in_full_on(owed: Int64s, payments: Payments) -> Int64s:
    """Give the days on which policies came to be paid in full.

    Args:
        owed: (n,), minor units.
        payments: the payments.

    Returns:
        (n,), days; :data:`NEVER` where it is not, :data:`OWES_NOTHING` where nothing was owed.
    """
    # What is taken back on a day comes first, so that only the end of a day counts.
    order = np.lexsort((payments.amount, payments.paid, payments.policy))
    policy, paid, amount = payments.policy[order], payments.paid[order], payments.amount[order]
    upto = np.cumsum(amount)
    first = np.searchsorted(policy, policy)
    so_far = upto - upto[first] + amount[first]
    full = np.where(owed <= 0, OWES_NOTHING, NEVER).astype(np.int64)
    reached = so_far >= owed[policy]
    np.minimum.at(full, policy[reached], paid[reached])
    return full


def statuses_on(day: Int64s | int, policies: Policies, payments: Payments) -> npt.NDArray[np.int8]:
    """Give the status of policies on a day, by what was paid by then.

    * *idle*: nothing was paid, or less than is owed and cover has not begun;
    * *ready*: paid in full, and cover has not begun;
    * *active*: in force and paid in full, or within the months of grace;
    * *suspended*: less was paid than is owed, and the grace is over; active again once it is paid in full;
    * *expired*: it has ended, and was active on its last day. One that was not stays as it was: money that
      comes after the expiry brings it into force no more.

    A policy that owes nothing is paid in full.

    Args:
        day: a day for all, or (n,).
        policies: n of them.
        payments: the payments.

    Returns:
        (n,), members of :class:`~adjudicator.vocabulary.PolicyStatus`.
    """
    today = np.broadcast_to(np.asarray(day, np.int64), policies.owed.shape)
    looked_at = np.minimum(today, policies.expiry)
    paid = paid_by(payments, looked_at)
    full = paid >= policies.owed
    begun = looked_at >= policies.effective
    in_grace = looked_at < months_after(policies.effective, policies.grace)
    status = np.select(
        [~full & ((paid <= 0) | ~begun), ~begun, full | in_grace],
        [PolicyStatus.IDLE, PolicyStatus.READY, PolicyStatus.ACTIVE],
        PolicyStatus.SUSPENDED,
    ).astype(np.int8)
    status[(status == PolicyStatus.ACTIVE) & (today > policies.expiry)] = PolicyStatus.EXPIRED
    return status


@dataclass(frozen=True)
class Change:
    """From a day on a policy has a status."""

    day: int
    status: PolicyStatus


def history_of(policies: Policies, payments: Payments, place: int, enrolled: int) -> list[Change]:
    """Tell how the status of one policy changed from the day of its enrolment.

    Args:
        policies: the policies.
        payments: the payments.
        place: the policy's place among them.
        enrolled: the day of enrolment, or the first that matters.
    """
    mine = payments.policy == place
    effective, expiry = int(policies.effective[place]), int(policies.expiry[place])
    grace_ends = add_months(effective, int(policies.grace[place]))
    days = {enrolled, effective, grace_ends, expiry + 1, *payments.paid[mine].tolist()}
    ordered = np.array(sorted(day for day in days if day >= enrolled), np.int64)
    copies = Policies(
        *(np.full(len(ordered), column[place]) for column in (policies.owed, policies.effective)),
        *(np.full(len(ordered), column[place]) for column in (policies.expiry, policies.grace)),
    )
    again = Payments(
        np.repeat(np.arange(len(ordered)), int(mine.sum())),
        np.tile(payments.paid[mine], len(ordered)),
        np.tile(payments.amount[mine], len(ordered)),
    )
    changes: list[Change] = []
    for day, status in zip(ordered.tolist(), statuses_on(ordered, copies, again).tolist(), strict=True):
        if not changes or changes[-1].status != status:
            changes.append(Change(day, PolicyStatus(status)))
    return changes
