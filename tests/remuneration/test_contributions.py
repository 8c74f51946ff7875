"""What families owe, when cover begins, and a policy's status by what was paid when: worked by hand."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.product.definition import Product
from adjudicator.remuneration.contributions import (
    NEVER,
    OWES_NOTHING,
    Change,
    Enrolments,
    Owed,
    Payments,
    Policies,
    history_of,
    instalments,
    members_of,
    owed_for,
    paid_by,
    paid_in_full_on,
    starts_of_cover,
    statuses_on,
    too_many_members,
)
from adjudicator.units import NO_DATE
from adjudicator.vocabulary import PolicyStatus
from tests.remuneration.examples import Int64s, day, days, product, whole

FAMILY = product(
    """
enrolment:
  insurance_period: 12 months
  cycles: [07-01, 01-01]
  members: {maximum: 12, threshold: 5}
  grace: {payment: 1 month, enrolment: 1 month, renewal: 2 months}
  renewal_without_registration_fee: 3 months
contribution:
  lump_sum: 3500
  adult: 700
  child: 400
  registration: {lump_sum: 200}
  assembly: {per_member: 10}
  discount:
    enrolment: {percent: 5%, ahead: 2 months}
    renewal: {percent: 10%, ahead: 1 month}
  installments: 4
"""
)

BY_HEAD = product(
    """
enrolment: {insurance_period: 6 months, administration_period: 1 month, members: {threshold: 5}}
contribution:
  adult: 100
  child: 33.33
  registration: {per_member: 5}
  discount: {renewal: {percent: 2.5%, ahead: 0 months}}
"""
)


def enrolment(
    enrolled: str, adults: int = 2, children: int = 3, renewal: bool = False, previous: str | None = None
) -> Enrolments:
    """Make one enrolment."""
    previous_expiry = whole([day(previous) if previous else NO_DATE])
    return Enrolments(
        days(enrolled), whole([adults]), whole([children]), np.array([renewal]), previous_expiry
    )


def owed(terms: Product, one: Enrolments) -> dict[str, int]:
    """Give what an enrolment owes, part by part."""
    found = owed_for(terms, one, starts_of_cover(terms, one))
    parts = {name: int(getattr(found, name)[0]) for name in Owed.__dataclass_fields__}
    return {name: amount for name, amount in parts.items() if amount} | {"total": int(found.total[0])}


# When cover begins.


@pytest.mark.parametrize(
    ("enrolled", "starts"),
    [
        ("2026-01-01", "2026-01-01"),  # on the first day of a cycle
        ("2026-01-31", "2026-01-01"),  # the last day of the month of grace
        ("2026-02-01", "2026-07-01"),
        ("2026-06-30", "2026-07-01"),
        ("2026-08-01", "2027-01-01"),  # the next cycle is in the next year
    ],
)
def test_a_cycle_takes_in_those_who_come_in_its_grace(enrolled: str, starts: str) -> None:
    start = starts_of_cover(FAMILY, enrolment(enrolled))
    assert start[0] == day(starts)


def test_a_renewal_has_its_own_grace_and_never_overlaps() -> None:
    late = enrolment("2026-02-28", renewal=True, previous="2025-12-31")
    assert starts_of_cover(FAMILY, late)[0] == day("2026-01-01")
    early = enrolment("2025-10-01", renewal=True, previous="2025-12-31")
    assert starts_of_cover(FAMILY, early)[0] == day("2026-01-01")
    # Its policy runs until 15 January: the cycle of 1 January would overlap it.
    overlapping = enrolment("2026-01-10", renewal=True, previous="2026-01-15")
    assert starts_of_cover(FAMILY, overlapping)[0] == day("2026-07-01")


def test_without_cycles_cover_waits_for_the_administration() -> None:
    # 31 January + 1 month = 28 February.
    start = starts_of_cover(BY_HEAD, enrolment("2026-01-31"))
    assert start[0] == day("2026-02-28")
    in_time = enrolment("2026-03-20", renewal=True, previous="2026-03-25")
    assert starts_of_cover(BY_HEAD, in_time)[0] == day("2026-03-26")
    late = enrolment("2026-03-26", renewal=True, previous="2026-03-25")
    assert starts_of_cover(BY_HEAD, late)[0] == day("2026-04-26")


def test_a_cycle_on_29_february_starts_on_the_28th_in_other_years() -> None:
    leap = product("enrolment: {cycles: [02-29]}")
    starts = [starts_of_cover(leap, enrolment(text))[0] for text in ("2026-01-05", "2027-06-01")]
    assert starts == [day("2026-02-28"), day("2028-02-29")]


# What is owed.


def test_a_family_within_the_threshold_owes_the_lump_sum_and_fees() -> None:
    # 3500 + registration 200 + assembly 5 × 10.
    assert owed(FAMILY, enrolment("2026-06-30")) == {
        "lump_sum": 350_000,
        "registration": 20_000,
        "assembly": 5_000,
        "total": 375_000,
    }


def test_members_above_the_threshold_pay_by_head_adults_first_in_the_lump_sum() -> None:
    # 2 adults and 5 children: the lump sum is for 2 adults and 3 children, two children pay 400.
    assert owed(FAMILY, enrolment("2026-06-30", 2, 5))["children"] == 80_000
    # 6 adults and 2 children: one adult pays 700, both children 400.
    parts = owed(FAMILY, enrolment("2026-06-30", 6, 2))
    assert (parts["adults"], parts["children"], parts["assembly"]) == (70_000, 80_000, 8_000)
    # 3500 + 700 + 800 + 200 + 80.
    assert parts["total"] == 528_000


def test_coming_two_months_ahead_of_the_cycle_takes_five_percent_off() -> None:
    # 3750.00 × 5% = 187.50.
    assert owed(FAMILY, enrolment("2026-05-01")) == {
        "lump_sum": 350_000,
        "registration": 20_000,
        "assembly": 5_000,
        "discount": 18_750,
        "total": 356_250,
    }
    assert "discount" not in owed(FAMILY, enrolment("2026-05-02"))


def test_a_renewal_owes_registration_only_when_it_comes_late() -> None:
    # 31 December + 3 months = 31 March.
    in_time = enrolment("2026-03-31", renewal=True, previous="2025-12-31")
    late = enrolment("2026-04-01", renewal=True, previous="2025-12-31")
    assert "registration" not in owed(FAMILY, in_time)
    assert owed(FAMILY, late)["registration"] == 20_000
    assert "registration" not in owed(FAMILY, enrolment("2026-04-01", renewal=True))


def test_a_renewal_a_month_ahead_of_the_expiry_takes_ten_percent_off() -> None:
    # A month before 1 January, the day after the expiry, is 1 December: 3550.00 × 10% = 355.00.
    early = enrolment("2025-12-01", renewal=True, previous="2025-12-31")
    assert owed(FAMILY, early)["discount"] == 35_500
    assert "discount" not in owed(FAMILY, enrolment("2025-12-02", renewal=True, previous="2025-12-31"))


def test_without_a_lump_sum_everybody_pays_by_head_once() -> None:
    # 6 × 100 + 1 × 33.33 + registration 7 × 5. openIMIS counts the one above the threshold twice.
    parts = owed(BY_HEAD, enrolment("2026-01-01", 6, 1))
    assert parts == {"adults": 60_000, "children": 3_333, "registration": 3_500, "total": 66_833}


def test_a_discount_is_rounded_half_away_from_zero() -> None:
    # (100 + 33.33) × 2.5% = 3.33325, so 3.33; (2 × 33.33 + 100) × 2.5% = 4.1665, so 4.17.
    renewals = [enrolment("2026-01-01", 1, children, renewal=True) for children in (1, 2)]
    assert [owed(BY_HEAD, one)["discount"] for one in renewals] == [333, 417]


def test_a_lump_sum_without_a_threshold_is_for_everybody() -> None:
    terms = product("contribution: {lump_sum: 50, adult: 10, child: 5}")
    assert owed(terms, enrolment("2026-01-01", 9, 9))["total"] == 5_000


def test_members_are_counted_on_the_day_of_enrolment() -> None:
    # Of the first policy: 18 on the day, 18 the day after, unknown. Of the second a child.
    birth = np.append(days("2008-03-01", "2008-03-02"), [NO_DATE, day("2020-01-01")])
    adults, children = members_of(whole([0, 0, 0, 1]), birth, days("2026-03-01", "2026-03-01"), 18)
    assert (adults.tolist(), children.tolist()) == ([2, 0], [1, 1])


def test_too_many_members_are_told() -> None:
    both = enrolment("2026-01-01", 9, 4), enrolment("2026-01-01", 8, 4)
    assert [bool(too_many_members(FAMILY, one)[0]) for one in both] == [True, False]
    assert not too_many_members(BY_HEAD, both[0])[0]


def test_what_cannot_be_counted_is_refused() -> None:
    dear = product("contribution: {adult: 9000000000000}")
    with pytest.raises(OverflowError, match="P"):
        owed_for(dear, enrolment("2026-01-01", 2, 0), days("2026-01-01"))


@given(st.integers(0, 10**9), st.integers(0, 24))
def test_instalments_add_up(amount: int, count: int) -> None:
    parts = instalments(amount, count)
    assert sum(parts) == amount
    assert len(parts) == max(count, 1)
    assert parts == sorted(parts, reverse=True)
    assert max(parts) - min(parts) <= 1


# What was paid.


def policies(owed_amount: int, effective: str, expiry: str, grace: int = 0) -> Policies:
    """Make one policy."""
    return Policies(whole([owed_amount]), days(effective), days(expiry), whole([grace]))


def payments(*paid: tuple[str, int]) -> Payments:
    """Make payments for the one policy."""
    return Payments(
        np.zeros(len(paid), np.int64), whole(day(when) for when, _ in paid), whole(much for _, much in paid)
    )


def statuses(one: Policies, paid: Payments, *texts: str) -> list[str]:
    """Give the policy's status on days."""
    return [PolicyStatus(int(statuses_on(day(text), one, paid)[0])).word for text in texts]


YEAR = ("2026-01-01", "2026-12-31")


def test_a_policy_paid_in_full_is_ready_active_and_expired() -> None:
    one, paid = policies(100, *YEAR), payments(("2025-12-10", 100))
    dates = ("2025-12-09", "2025-12-10", "2026-01-01", "2026-12-31", "2027-01-01")
    assert statuses(one, paid, *dates) == ["idle", "ready", "active", "active", "expired"]


def test_a_policy_with_nothing_paid_stays_idle() -> None:
    one, paid = policies(100, *YEAR, grace=1), payments(("2027-01-01", 100))
    dates = ("2025-12-01", "2026-01-01", "2026-12-31", "2027-01-01", "2028-01-01")
    assert statuses(one, paid, *dates) == ["idle"] * 5


def test_a_policy_paid_in_part_is_suspended_after_its_grace_until_it_is_paid() -> None:
    # Effective on 31 January with a month of grace: the last day of grace is 27 February.
    one = policies(100, "2026-01-31", "2027-01-30", grace=1)
    paid = payments(("2026-01-10", 40), ("2026-04-15", 60))
    dates = ("2026-01-30", "2026-01-31", "2026-02-27", "2026-02-28", "2026-04-14", "2026-04-15", "2027-01-31")
    assert statuses(one, paid, *dates) == [
        *("idle", "active", "active", "suspended", "suspended", "active", "expired"),
    ]
    assert history_of(one, paid, 0, day("2026-01-05")) == [
        Change(day("2026-01-05"), PolicyStatus.IDLE),
        Change(day("2026-01-31"), PolicyStatus.ACTIVE),
        Change(day("2026-02-28"), PolicyStatus.SUSPENDED),
        Change(day("2026-04-15"), PolicyStatus.ACTIVE),
        Change(day("2027-01-31"), PolicyStatus.EXPIRED),
    ]


def test_without_grace_a_part_is_not_enough() -> None:
    one, paid = policies(100, *YEAR), payments(("2025-12-10", 99))
    assert statuses(one, paid, "2025-12-31", "2026-01-01") == ["idle", "suspended"]


def test_money_after_the_expiry_does_not_bring_a_policy_into_force() -> None:
    one, paid = policies(100, *YEAR, grace=1), payments(("2026-01-01", 50), ("2027-01-01", 50))
    assert statuses(one, paid, "2026-12-31", "2027-01-01", "2027-06-01") == ["suspended"] * 3


def test_money_that_is_taken_back_counts_from_its_day() -> None:
    one, paid = policies(100, *YEAR), payments(("2025-12-10", 100), ("2026-05-01", -10))
    assert statuses(one, paid, "2026-04-30", "2026-05-01") == ["active", "suspended"]


def test_a_policy_that_owes_nothing_is_paid() -> None:
    one = policies(0, *YEAR)
    dates = ("2025-12-31", "2026-01-01", "2027-01-01")
    assert statuses(one, payments(), *dates) == ["ready", "active", "expired"]
    assert paid_in_full_on(one.owed, payments()).tolist() == [OWES_NOTHING]


def test_the_day_on_which_it_was_paid_in_full() -> None:
    paid = Payments(
        whole([1, 0, 1, 0, 2, 2]),
        days("2026-02-01", "2026-01-20", "2026-01-05", "2026-01-10", "2026-03-01", "2026-03-01"),
        whole([60, 50, 40, 49, 100, -1]),
    )
    full = paid_in_full_on(whole([100, 100, 100, 0]), paid)
    assert full.tolist() == [NEVER, day("2026-02-01"), NEVER, OWES_NOTHING]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 500), st.integers(-20, 60)), max_size=12),
    st.lists(st.integers(0, 100), min_size=4, max_size=4),
    st.integers(0, 600),
    st.randoms(use_true_random=False),
)
def test_the_order_of_payments_and_policies_does_not_matter(
    paid: list[tuple[int, int, int]], due: list[int], today: int, random: Random
) -> None:
    def column(rows: list[tuple[int, int, int]]) -> Payments:
        return Payments(*(whole(row[place] for row in rows) for place in range(3)))

    four = Policies(whole(due), whole([10, 40, 70, 100]), whole([375, 405, 435, 465]), whole([0, 1, 2, 3]))
    shuffled = random.sample(paid, len(paid))
    wanted = statuses_on(today, four, column(paid))
    assert np.array_equal(statuses_on(today, four, column(shuffled)), wanted)
    assert np.array_equal(
        paid_in_full_on(four.owed, column(paid)), paid_in_full_on(four.owed, column(shuffled))
    )
    for place in range(4):
        mine = [(0, *row[1:]) for row in paid if row[0] == place]
        alone = Policies(*(part[[place]] for part in (four.owed, four.effective, four.expiry, four.grace)))
        assert statuses_on(today, alone, column(mine))[0] == wanted[place]
        history = history_of(four, column(paid), place, 0)
        assert [one for one in history if one.day <= today][-1].status == wanted[place]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 90), st.integers(0, 10**6)), max_size=12))
def test_what_was_paid_is_the_sum(paid: list[tuple[int, int, int]]) -> None:
    column = Payments(*(whole(row[place] for row in paid) for place in range(3)))
    upto: Int64s = whole([30, 60, 90])
    wanted = [sum(much for who, when, much in paid if who == one and when <= upto[one]) for one in range(3)]
    assert paid_by(column, upto).tolist() == wanted


def test_columns_are_computed_row_by_row() -> None:
    several = Enrolments(
        days("2026-01-10", "2026-05-01", "2026-03-01"),
        whole([2, 6, 1]),
        whole([3, 2, 0]),
        np.array([False, False, True]),
        np.append([NO_DATE, NO_DATE], days("2025-12-31")),
    )
    start = starts_of_cover(FAMILY, several)
    totals = owed_for(FAMILY, several, start).total
    for place in range(3):
        one = replace(
            several, **{name: getattr(several, name)[[place]] for name in Enrolments.__dataclass_fields__}
        )
        assert starts_of_cover(FAMILY, one)[0] == start[place]
        assert owed_for(FAMILY, one, start[[place]]).total[0] == totals[place]
