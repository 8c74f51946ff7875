"""Triangles hold what was booked, all of it and nothing else, whatever the order of the rows."""

from __future__ import annotations

import doctest
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.simulation.actuarial import frames
from adjudicator.simulation.actuarial.development import development, products_from_the_end
from adjudicator.simulation.actuarial.grains import Grain
from adjudicator.simulation.actuarial.triangles import Entries, joined, triangles
from tests.simulation.triangle_examples import bookings, growing_triangles, triangle_of

grains = st.sampled_from(Grain)


@given(bookings(), grains)
def test_nothing_is_lost_or_made(entries: Entries, grain: Grain) -> None:
    made = triangles(entries, grain)
    assert sum(one.total for one in made) == entries.total
    for place, one in enumerate(made):
        assert one.total == int(entries.amount[entries.group == place].sum())
        assert not one.cells[~one.known].any()
        assert one.cumulative[:, 0].tolist() == one.cells[:, 0].tolist()
        assert [one.cumulative[row, one.size - 1 - row] for row in range(one.size)] == one.reported.tolist()
    assert (joined(made).cells == np.sum([one.cells for one in made], axis=0)).all()


@given(bookings(), grains, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(entries: Entries, grain: Grain, random: object) -> None:
    order = np.argsort([random.random() for _ in entries.origin])  # type: ignore[attr-defined]
    shuffled = replace(
        entries,
        origin=entries.origin[order],
        booked=entries.booked[order],
        amount=entries.amount[order],
        group=entries.group[order],
    )
    for one, other in zip(triangles(entries, grain), triangles(shuffled, grain), strict=True):
        assert (one.cells == other.cells).all()
        assert one.first == other.first


@given(bookings(), grains)
def test_coarser_periods_add_up_the_finer_ones(entries: Entries, grain: Grain) -> None:
    fine, coarse = triangles(entries, Grain.MONTH), triangles(entries, grain)
    for one, other in zip(fine, coarse, strict=True):
        by_period: dict[str, int] = {}
        for row, amount in enumerate(one.reported.tolist()):
            period = grain.written(grain.period_of(one.first + row))
            by_period[period] = by_period.get(period, 0) + amount
        assert {name: value for name, value in by_period.items() if value} == {
            name: value for name, value in zip(other.origins, other.reported.tolist(), strict=True) if value
        }


@given(bookings(), st.integers(600, 645))
def test_what_was_known_earlier_is_the_older_diagonals(entries: Entries, month: int) -> None:
    month = min(month, entries.upto)
    then = entries.booked <= month
    if not then.any():
        return
    before = replace(
        entries,
        origin=entries.origin[then],
        booked=entries.booked[then],
        amount=entries.amount[then],
        group=entries.group[then],
        upto=month,
    )
    now = triangles(entries, Grain.MONTH)
    for one, later in zip(triangles(before, Grain.MONTH), now, strict=True):
        for row in range(one.size):
            place = one.first + row - later.first
            # An amount that is booked before its own month stands at age 0, and is known that much sooner.
            width = max(min(month - one.first - row + 1, later.size), 0)
            if width and not later.early:
                assert one.cells[row, :width].tolist() == later.cells[place, :width].tolist()


@given(growing_triangles())
def test_factors_multiply_out(triangle: object) -> None:
    found = development(triangle)  # type: ignore[arg-type]
    product = Fraction(1)
    for factor, to_last in zip(reversed(found.factors), list(reversed(found.to_last))[1:], strict=True):
        assert factor is not None
        product *= factor
        assert to_last == product
    assert found.to_last[-1] == 1
    assert all(one is None or 0 < one <= 1 for one in found.completion)


def test_factors_by_hand() -> None:
    triangle = triangle_of([[100, 50, 15], [200, 100], [150]])
    found = development(triangle)
    assert found.factors == (Fraction(3, 2), Fraction(11, 10))
    assert list(found.to_last) == [Fraction(33, 20), Fraction(11, 10), 1]
    assert development(triangle, periods=1).factors == (Fraction(3, 2), Fraction(11, 10))
    assert list(products_from_the_end([None, Fraction(2)])) == [None, 2, 1]


def test_periods_are_read_as_they_are_written() -> None:
    for grain in Grain:
        for month in range(600, 640):
            period = grain.period_of(month)
            assert month in grain.months_of(grain.written(period))
            assert grain.months_of(grain.written(period))[0] == grain.first_month(period)
    assert [grain.written(grain.period_of(674)) for grain in Grain] == ["2026-03", "2026-Q1", "2026"]


def test_a_period_that_is_not_over_is_partial() -> None:
    def partial(upto: int, over: bool) -> bool:
        one = np.array([660], np.int64)
        entries = Entries(one, one, one, np.zeros(1, np.int64), (None,), upto, over)
        return triangles(entries, Grain.QUARTER)[0].partial

    assert [partial(month, True) for month in (660, 661, 662)] == [True, True, False]
    assert partial(662, False)


def test_origins_before_the_books_began_lack_their_first_ages() -> None:
    origin, booked = np.array([[10, 12], [11, 12], [12, 12], [13, 13]], np.int64).T
    entries = Entries(origin, booked, np.full(4, 5, np.int64), np.zeros(4, np.int64), (None,), 14)
    (one,) = triangles(entries, Grain.MONTH)
    assert (one.first, one.began, one.whole) == (10, 12, 2)


def test_amounts_beyond_64_bits_are_refused() -> None:
    two = np.array([600, 600], np.int64)
    entries = Entries(two, two, np.full(2, 2**62, np.int64), np.zeros(2, np.int64), (None,), 600)
    with pytest.raises(OverflowError):
        triangles(entries, Grain.MONTH)


def test_the_examples_for_notebooks_run() -> None:
    failed, tried = doctest.testmod(frames, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert (failed, tried) == (0, 5)


def test_frames_refuse_what_would_lose_cents() -> None:
    import pandas as pd

    frame = pd.DataFrame({"o": ["2026-01"], "b": ["2026-01"], "a": [1.5]})
    with pytest.raises(ValueError, match="whole numbers"):
        frames.triangle_of(frame, origin="o", booked="b", amount="a")
