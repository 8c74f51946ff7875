"""The relative index and what it pays: worked by hand, and as the reference has it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.remuneration.index import (
    Pool,
    RelativeIndex,
    pools_closing,
    relative_index,
    remunerate,
    version_for,
    waits_for_pool,
)
from adjudicator.vocabulary import Care
from tests.remuneration.examples import month, product, whole
from tests.remuneration.reference import index_of, remunerate_lines

MARCH = month("2026-03")


def pool(share: int = 10_000, maximum: int | None = None) -> Pool:
    """Make a pool for all care in March."""
    return Pool("P", None, range(MARCH, MARCH + 1), share, maximum)


def test_an_index_worked_by_hand() -> None:
    # 3,000.00 earned, 60% of it is 1,800.00; lines are worth 1,000.00 + 800.00 + 700.00 = 2,500.00.
    # 1800 ÷ 2500 = 0.72, so 720.00, 576.00 and 504.00 are paid.
    valuated = whole([100_000, 80_000, 70_000])
    index = relative_index(pool(6000), 300_000, valuated)
    assert (index.share, index.index, index.shown) == (Fraction(180_000), Fraction(18, 25), Decimal("0.7200"))
    assert remunerate(index, valuated, whole([1, 2, 3]), whole([1, 1, 1])).tolist() == [
        72_000,
        57_600,
        50_400,
    ]
    assert not index.capped


def test_what_is_left_goes_to_the_largest_remainders_then_to_the_first_claims() -> None:
    # 1.00 over lines of 0.70 each: 33 1/3 cents each. One cent is left: claim 4 was numbered first, and of
    # its two lines line 1 comes first.
    index = relative_index(pool(), 100, whole([70, 70, 70]))
    assert index.shown == Decimal("0.4762")
    assert remunerate(index, whole([70, 70, 70]), whole([9, 4, 4]), whole([1, 2, 1])).tolist() == [33, 33, 34]


def test_a_share_is_rounded_once() -> None:
    # 33.33% of 10.00 is 3.333, of which 3.33 are paid; 33.35% is 3.335, which is 3.34.
    shares = [relative_index(pool(share), 1000, whole([500])).remunerated for share in (3333, 3335)]
    assert shares == [333, 334]


def test_without_lines_the_index_is_one() -> None:
    for valuated in (whole([]), whole([0, 0])):
        index = relative_index(pool(), 300_000, valuated)
        assert (index.index, index.remunerated) == (Fraction(1), 0)
        assert remunerate(index, valuated, whole(range(len(valuated)))).tolist() == valuated.tolist()


def test_a_share_of_nothing_pays_nothing() -> None:
    for index in (relative_index(pool(0), 300_000, whole([5])), relative_index(pool(), -5, whole([5]))):
        assert (index.index, remunerate(index, whole([5]), whole([1])).tolist()) == (
            Fraction(0),
            [0],
        )


def test_a_cap_makes_the_index_smaller_only() -> None:
    # 5,000.00 for lines of 2,500.00 would be an index of 2.
    capped = relative_index(pool(maximum=10_000), 500_000, whole([250_000]))
    assert (capped.uncapped, capped.index, capped.capped, capped.remunerated) == (
        Fraction(2),
        Fraction(1),
        True,
        250_000,
    )
    # A cap of 1.1111 on 0.45: 0.499995, rounded to 0.50.
    assert relative_index(pool(maximum=11_111), 500_000, whole([45])).remunerated == 50
    below = relative_index(pool(maximum=10_000), 100, whole([250]))
    assert (below.index, below.capped) == (Fraction(2, 5), False)


SPLIT = """
remuneration:
  relative_prices:
    period: quarter
    hospital: {share: [10%, 20%, 30%, 40%]}
    non_hospital: {share: 25%}
    index: {maximum: 1}
"""


def test_a_quarter_closes_in_its_last_month_with_its_own_share() -> None:
    terms = product(SPLIT)
    assert pools_closing(terms, month("2026-02")) == ()
    first, second = pools_closing(terms, MARCH)
    # openIMIS looks the share up by the number of the month, and takes in March that of the third quarter.
    assert (first.care, first.share, list(first.months)) == (
        Care.HOSPITAL,
        1000,
        [MARCH - 2, MARCH - 1, MARCH],
    )
    assert (second.care, second.share, second.maximum) == (Care.NON_HOSPITAL, 2500, 10_000)
    assert [pools_closing(terms, MARCH + 3 * number)[0].share for number in range(4)] == [
        1000,
        2000,
        3000,
        4000,
    ]
    care = whole([Care.HOSPITAL, Care.NON_HOSPITAL])
    assert first.holds(care).tolist() == [True, False]
    assert waits_for_pool(terms, care).all()


def test_months_and_years_have_their_own_shares() -> None:
    monthly = product(
        "remuneration: {relative_prices: {all: {share: [1%,2%,3%,4%,5%,6%,7%,8%,9%,10%,11%,12%]}}}"
    )
    assert [pools_closing(monthly, month("2026-01") + number)[0].share for number in (0, 2, 11)] == [
        *(100, 300, 1200),
    ]
    yearly = product("remuneration: {relative_prices: {period: year, all: {share: 50%}}}")
    assert pools_closing(yearly, month("2026-11")) == ()
    (whole_year,) = pools_closing(yearly, month("2026-12"))
    assert (len(whole_year.months), whole_year.share, whole_year.maximum) == (12, 5000, None)
    assert whole_year.holds(whole([0, 1])).all()


def test_lines_of_which_no_pool_speaks_do_not_wait() -> None:
    half = product("remuneration: {relative_prices: {hospital: {share: 50%}}}")
    care = whole([Care.HOSPITAL, Care.NON_HOSPITAL])
    assert waits_for_pool(half, care).tolist() == [True, False]
    none = product("valid: {from: 2026-01-01}")
    assert not waits_for_pool(none, care).any()
    assert pools_closing(none, MARCH) == ()


def test_the_version_in_force_on_the_last_day_closes_a_month() -> None:
    texts = ("{to: 2026-03-30}", "{from: 2026-03-31, to: 2026-04-15}", "{from: 2026-06-01}")
    versions = [product(f"valid: {text}") for text in texts]
    found = [version_for(versions, month(text)) for text in ("2026-02", "2026-03", "2026-04", "2026-06")]
    assert found == [versions[0], versions[1], versions[1], versions[2]]
    assert version_for(versions[2:], MARCH) is None


amounts = st.integers(0, 30) | st.integers(0, 10**12)


@given(
    st.integers(0, 300) | st.integers(0, 10**14),
    st.integers(0, 10_000),
    st.none() | st.integers(1, 20_000),
    st.lists(amounts, max_size=30),
    st.randoms(use_true_random=False),
)
def test_lines_are_paid_as_the_reference_pays_them_in_any_order(
    allocated: int, share: int, maximum: int | None, valuated: list[int], random: Random
) -> None:
    cap = None if maximum is None else Fraction(maximum, 10_000)
    wanted_index = index_of(allocated, share, valuated, cap)
    keys = [(number // 3, number % 3) for number in range(len(valuated))]
    wanted = remunerate_lines(wanted_index, dict(zip(keys, valuated, strict=True)), keys)
    order = random.sample(range(len(keys)), len(keys))
    column = whole(valuated[place] for place in order)
    index = relative_index(pool(share, maximum), allocated, column)
    assert index.index == wanted_index
    claim, line = (whole(keys[place][part] for place in order) for part in (0, 1))
    paid = remunerate(index, column, claim, line)
    assert {keys[place]: int(one) for place, one in zip(order, paid, strict=True)} == wanted
    # openIMIS's formula, index × value, holds for every line but for rounding, and the pool is exact.
    assert paid.sum() == index.remunerated
    assert all(
        abs(int(one) - wanted_index * value) <= Fraction(3, 2)
        for one, value in zip(paid, column.tolist(), strict=True)
    )


def test_millions_of_lines_add_up() -> None:
    random = np.random.default_rng(5)
    valuated = random.integers(0, 1000, 200_000) * 50
    index = RelativeIndex(pool(3333), int(valuated.sum()), len(valuated), int(valuated.sum()))
    paid = remunerate(index, valuated, np.arange(len(valuated)))
    assert paid.sum() == index.remunerated
    assert np.abs(paid - valuated * 0.3333).max() <= 1 + 1e-6


@pytest.mark.parametrize("share", [0, 5000, 10_000])
def test_two_pools_share_a_product_without_touching(share: int) -> None:
    hospital = Pool("P", Care.HOSPITAL, range(MARCH, MARCH + 1), share, None)
    other = Pool("P", Care.NON_HOSPITAL, range(MARCH, MARCH + 1), 10_000 - share, None)
    paid = [relative_index(one, 12_345, whole([100, 7])).remunerated for one in (hospital, other)]
    assert abs(sum(paid) - 12_345) <= 1
