"""Forecasts of the index: exact where nothing varies, the same for a seed, wider for more confidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from adjudicator.problems import Refused
from adjudicator.remuneration.index import Pool
from adjudicator.remuneration.months import month_number
from adjudicator.simulation.actuarial.forecast import Assumptions, expected_lines, forecast
from adjudicator.simulation.actuarial.grains import Grain
from adjudicator.simulation.actuarial.triangles import Triangle

FIRST = month_number(2026, 1)


def history(
    months: int, levels: list[float] | None = None, pattern: tuple[float, ...] = (0.5, 0.4, 0.1)
) -> Triangle:
    """Make what lines are worth: each month hands out its level by the pattern."""
    cells = np.zeros((months, months), np.int64)
    for row in range(months):
        level = 1_000_000 * (levels[row] if levels else 1.0)
        for age, part in enumerate(pattern):
            if row + age < months:
                cells[row, age] = round(level * part)
    return Triangle(None, Grain.MONTH, FIRST, cells, FIRST)


def pool(first: int, last: int, share: int = 5000, maximum: int | None = None) -> Pool:
    return Pool("P", None, range(first, last + 1), share, maximum)


def test_a_world_that_never_varies_is_known() -> None:
    contributions = dict.fromkeys(range(FIRST, FIRST + 24), 1600000)
    pools = [pool(FIRST + month, FIRST + month) for month in (12, 13, 17)]
    for one in forecast(history(12), pools, contributions, Assumptions()):
        # A month brings what a month costs: 800,000 ÷ 1,000,000.
        assert one.valuated == pytest.approx(1_000_000)
        assert (one.index, one.low, one.middle, one.high) == pytest.approx((0.8,) * 4)


def test_what_has_come_in_of_a_quarter_is_counted() -> None:
    contributions = dict.fromkeys(range(FIRST, FIRST + 24), 1000000)
    (one,) = forecast(history(11), [pool(FIRST + 9, FIRST + 11)], contributions, Assumptions())
    assert one.valuated == pytest.approx(3_000_000)
    assert one.index == pytest.approx(0.5)


def test_a_cap_holds_and_growth_grows() -> None:
    contributions = dict.fromkeys(range(FIRST, FIRST + 36), 4000000)
    capped, free = forecast(
        history(12),
        [pool(FIRST + 12, FIRST + 12, maximum=10_000), pool(FIRST + 12, FIRST + 12)],
        contributions,
        Assumptions(),
    )
    assert (capped.index, capped.high) == (1.0, 1.0)
    assert free.index == pytest.approx(2.0)
    later = [pool(FIRST + 11 + 12, FIRST + 11 + 12)]
    grown = forecast(history(12), later, contributions, Assumptions(trend=0.1))[0]
    level = forecast(history(12), later, contributions, Assumptions())[0]
    # The base is at its own level in each month; a tenth more a year later, give or take the months between.
    assert 1.08 < grown.valuated / level.valuated < 1.18


def test_without_lines_to_come_the_index_is_one() -> None:
    sparse = replace(history(12), cells=history(12).cells)
    far = forecast(sparse, [pool(FIRST + 12, FIRST + 12, share=0)], {FIRST + 12: 100}, Assumptions())
    assert far[0].index == 0


def test_a_seed_gives_the_same_and_more_spread_a_wider_band() -> None:
    levels = [1.0, 0.8, 1.25, 0.9, 1.1, 1.0, 0.85, 1.2, 1.05, 0.95, 1.0, 1.0]
    contributions = dict.fromkeys(range(FIRST, FIRST + 24), 1600000)
    pools = [pool(FIRST + 12, FIRST + 12)]
    one, two = (forecast(history(12, levels), pools, contributions, Assumptions(seed=5)) for _ in range(2))
    assert one == two
    other = forecast(history(12, levels), pools, contributions, Assumptions(seed=6))[0]
    assert other.low != one[0].low
    assert other.low == pytest.approx(one[0].low, rel=0.05)
    assert one[0].low < one[0].index < one[0].high
    wider = forecast(history(12, levels), pools, contributions, Assumptions(seed=5, band=9500))[0]
    assert wider.low < one[0].low < one[0].high < wider.high


def test_seasons_are_learnt_from_two_years() -> None:
    levels = [1.5 if month % 12 == 6 else 1.0 for month in range(30)]
    learnt = expected_lines(history(30, levels), Assumptions())
    assert learnt.season[6] / learnt.season[5] == pytest.approx(1.5, rel=0.01)
    assert (expected_lines(history(12), Assumptions()).season == 1).all()


def test_months_before_the_books_began_are_left_out() -> None:
    whole = history(12)
    cut = replace(whole, cells=whole.cells.copy(), began=FIRST + 3)
    for row in range(3):
        cut.cells[row, : 3 - row] = 0
    learnt = expected_lines(cut, Assumptions())
    assert learnt.first == FIRST + 3
    assert learnt.level == pytest.approx(1_000_000)


def test_too_short_a_past_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        forecast(history(3), [pool(FIRST + 3, FIRST + 3)], {}, Assumptions())
    assert refused.value.problems[0].told("fr") != refused.value.problems[0].told("en")
