"""Insured days are counted once, by age; adequate contributions pay for claims and leave the margin."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.simulation.actuarial.adequacy import adequacy, counted, quantile
from adjudicator.simulation.actuarial.development import Development
from adjudicator.simulation.actuarial.experience import (
    AGE_BANDS,
    Covered,
    Experience,
    band_name,
    band_of,
    covered_days,
    covered_days_by_band,
    days_once,
)
from adjudicator.simulation.actuarial.reserves import Method, OriginReserve, Reserve
from adjudicator.units import NO_DATE, completed_years, day_number

spans = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-20, 60), st.integers(-5, 40)), min_size=0, max_size=12
)


@given(spans)
def test_each_day_counts_once(listed: list[tuple[int, int, int]]) -> None:
    key, start, end = (
        np.array([(k, s, s + length)[at] for k, s, length in listed], np.int64) for at in range(3)
    )
    days = {(k, day) for k, s, length in listed for day in range(s, s + length + 1)}
    counted_days = days_once(key, start, end)
    assert int(counted_days.sum()) == len(days)
    for one in range(4):
        assert int(counted_days[key == one].sum()) == sum(k == one for k, _ in days)


@given(spans, st.integers(0, 30), st.integers(0, 60))
def test_bands_of_ages_share_the_days(listed: list[tuple[int, int, int]], first: int, days: int) -> None:
    last = first + days
    births = np.array([-400, -1800, -20_000, NO_DATE], np.int64)
    key, start, end = (np.array([(k, s, s + n)[at] for k, s, n in listed], np.int64) for at in range(3))
    of = Covered(key, start, end, np.zeros(len(listed), np.int64), ("P",), births)
    by_band = covered_days_by_band(of, first, last)
    assert int(by_band.sum()) == int(covered_days(of, first, last).sum())
    expected = [0] * (len(AGE_BANDS) + 1)
    for k, day in {(k, day) for k, s, n in listed for day in range(max(s, first), min(s + n, last) + 1)}:
        birth = int(births[k])
        age = -1 if birth == NO_DATE else completed_years(birth, day)
        expected[-1 if age < 0 else int(band_of(np.array([age]))[0])] += 1
    assert by_band.tolist() == expected


def test_bands_have_names() -> None:
    assert [band_name(place) for place in range(len(AGE_BANDS))] == [
        *("0", "1-4", "5-14", "15-24", "25-44", "45-64", "65+")
    ]


def test_frequency_and_severity_by_hand() -> None:
    of = Experience("P", claims=10, amount=5000, days=730)
    assert [of.frequency, of.severity, of.cost] == [5, 500, 2500]
    nobody = Experience("P", 0, 0, 0)
    assert [nobody.frequency, nobody.severity, nobody.cost] == [None, None, None]


def _reserve() -> Reserve:
    origins = (
        OriginReserve("2026-01", 2, 900, 900, 0, 0, None),
        OriginReserve("2026-02", 1, 800, 900, 100, 60, None),
        OriginReserve("2026-03", 0, 100, None, None, None, None),
    )
    return Reserve(Method.MACK, "P", origins, 55, None, Development((), ()), 0, ())


def test_adequate_contributions_by_hand() -> None:
    earned = {"2026-01": 1000, "2026-02": 1000, "2026-03": 1000}
    chosen = counted(_reserve(), earned, None)
    assert [one.origin for one in chosen] == ["2026-01", "2026-02"]
    found = adequacy(_reserve(), chosen, earned, 365, 1000, 5000)
    # 1,800 of claims are nine tenths of 2,000.
    assert (found.earned, found.ultimate, found.prudent, found.adequate) == (2000, 1800, 1800, 2000)
    assert [found.loss_ratio, found.change] == [Fraction(9, 10), 0]
    assert found.standard_error == 55
    assert found.adequate_by_insured == 2000
    assert adequacy(_reserve(), chosen, earned, 0, 0, 9000).adequate > 1800
    assert counted(_reserve(), earned, 1) == chosen[1:]


@given(st.integers(1, 10**12), st.integers(0, 10**11), st.tuples(st.integers(1, 9999), st.integers(1, 9999)))
def test_more_confidence_never_costs_less(mean: int, error: int, pair: tuple[int, int]) -> None:
    less, more = (quantile(mean, error, confidence) for confidence in sorted(pair))
    assert mean <= less <= more
    assert quantile(mean, 0, pair[0]) == mean


def test_a_quantile_is_the_one_of_the_curve() -> None:
    random = np.random.Generator(np.random.PCG64(1))
    variance = np.log1p(0.2**2)
    drawn = 1000 * np.exp(np.sqrt(variance) * random.standard_normal(200_000) - variance / 2)
    assert quantile(1000, 200, 9000) == pytest.approx(float(np.quantile(drawn, 0.9)), rel=0.01)


def test_ages_are_those_of_the_law() -> None:
    from adjudicator.books.actuarial.experience import ages_on

    births = [dt.date(2000, 2, 29), dt.date(2000, 3, 1), dt.date(1999, 12, 31), dt.date(2026, 1, 1)]
    on = [dt.date(2026, 2, 28), dt.date(2026, 3, 1), dt.date(2024, 2, 29), dt.date(2026, 1, 1)]
    pairs = [(day_number(birth), day_number(day)) for birth in births for day in on if day >= birth]
    first, second = np.array(pairs, np.int64).T
    expected = [completed_years(birth, day) for birth, day in pairs]
    assert ages_on(first, second).tolist() == expected
