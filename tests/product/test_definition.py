"""What a definition means: scalars in the units of the law, shorthand written out, one level in one place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adjudicator.product.definition import NO_LIMIT, OUTSIDE, Product
from adjudicator.product.scalars import Unit, write_scalar
from adjudicator.units import LARGEST_AMOUNT, OPEN_END, OPEN_START
from adjudicator.vocabulary import Care, Level, Limitation, VisitType
from tests.product.strategies import defined, money


def said(entry: dict[str, Any], decimals: int = 2) -> Any:
    return defined({"product": "A", "coverage": [{"services": "all", **entry}]}, decimals).coverage[0]


@pytest.mark.parametrize(
    ("text", "decimals", "minor"),
    [
        ("0", 2, 0),
        ("1500", 2, 150_000),
        ("1500.5", 2, 150_050),
        ("1500.500", 3, 1_500_500),
        ("1500", 0, 1_500),
        ("92233720368547.7", 1, 922_337_203_685_477),
    ],
)
def test_money_is_in_minor_units(text: str, decimals: int, minor: int) -> None:
    assert (
        defined({"product": "A", "contribution": {"lump_sum": text}}, decimals).contribution.lump_sum == minor
    )


@pytest.mark.parametrize(
    "text", ["1e3", "+5", "1_000", ".5", "5.", "٥", "0x10", "", " 5", str(LARGEST_AMOUNT + 1)]
)
def test_other_ways_of_writing_an_amount_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        defined({"product": "A", "contribution": {"lump_sum": text}}, 0)


@given(st.integers(0, 3).flatmap(lambda decimals: st.tuples(st.just(decimals), money(decimals))))
def test_an_amount_written_is_the_amount_read(drawn: tuple[int, str]) -> None:
    decimals, text = drawn
    amount = defined({"product": "A", "contribution": {"adult": text}}, decimals).contribution.adult
    assert write_scalar(Unit.MONEY, amount, decimals) == text


def test_one_value_stands_for_both_ages() -> None:
    entry = said({"cover": "80%", "waiting": "6 months", "quantity": "2.5", "outside_ceiling": "both"})
    assert (entry.cover.adult, entry.cover.child) == (entry.cover.child, entry.cover.adult)
    assert (entry.cover.adult.limitation, entry.cover.adult.value) == (Limitation.CO_INSURANCE, 8_000)
    assert (entry.waiting.adult, entry.waiting.child) == (6, 6)
    assert (entry.quantity.adult, entry.quantity.child) == (250, 250)
    assert entry.outside_ceiling.child == OUTSIDE["both"] == (1 << Care.HOSPITAL) | (1 << Care.NON_HOSPITAL)


def test_one_age_says_nothing_of_the_other() -> None:
    entry = said({"cover": {"child": {"up_to": "none"}}, "quantity": {"adult": "none"}})
    assert entry.cover.adult is None
    assert (entry.cover.child.limitation, entry.cover.child.value) == (Limitation.FIXED, None)
    assert (entry.quantity.adult, entry.quantity.child) == (NO_LIMIT, None)


def test_a_fixed_amount_is_not_a_pair_of_ages() -> None:
    cover = said({"cover": {"up_to": "150"}}, 0).cover
    assert [(one.limitation, one.value) for one in (cover.adult, cover.child)] == [
        (Limitation.FIXED, 150)
    ] * 2


def test_types_of_visit() -> None:
    entry = said({"emergency": {"covered": "true"}})
    assert entry.for_visit(VisitType.EMERGENCY).covered is True
    assert entry.for_visit(VisitType.REFERRAL) is None
    assert entry.for_visit(VisitType.OTHER) is None


def test_a_limit_for_all_care_holds_for_each() -> None:
    limit = defined({"product": "A", "ceiling": {"per": "policy", "amount": "5", "maximum": "6"}}).ceiling
    assert limit is not None
    assert not limit.split
    for care in Care:
        side = limit.side(care)
        assert side is not None
        assert (side.per, side.amount, side.maximum) == (Level.POLICY, 500, 600)


def test_a_split_limit_has_the_level_that_stands_above_or_beside() -> None:
    shared = defined({"product": "A", "ceiling": {"per": "insuree", "hospital": "5"}}).ceiling
    own = defined({"product": "A", "ceiling": {"hospital": {"per": "treatment", "amount": "5"}}}).ceiling
    assert shared is not None
    assert own is not None
    assert shared.split
    for limit, level in ((shared, Level.INSUREE), (own, Level.TREATMENT)):
        side = limit.side(Care.HOSPITAL)
        assert side is not None
        assert side.per is level
        assert limit.side(Care.NON_HOSPITAL) is None


def test_silence_means_the_ordinary_thing() -> None:
    product = defined({"product": "A"})
    assert (product.valid.start, product.valid.end) == (OPEN_START, OPEN_END)
    assert product.enrolment.insurance_period == 12
    assert product.contribution.installments == 1
    assert product.deductible is None
    assert product.ceiling is None
    assert product.coverage == ()


def test_a_period_includes_both_its_days() -> None:
    valid = defined({"product": "A", "valid": {"from": "2026-01-01", "to": "2026-01-01"}}).valid
    assert [valid.holds(day) for day in (valid.start - 1, valid.start, valid.start + 1)] == [
        False,
        True,
        False,
    ]


def test_a_definition_does_not_change() -> None:
    product = defined({"product": "A"})
    with pytest.raises(ValidationError):
        product.product = "B"  # type: ignore[misc]
    assert isinstance(product, Product)
