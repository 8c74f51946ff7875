"""What axes say: no two ticks of an axis are written alike, however close to one another they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.charts.axes import scale
from adjudicator.charts.numbers import Numbers


@given(st.floats(1, 1e10), st.floats(0.001, 1), st.sampled_from(["en", "fr"]))
def test_ticks_are_told_apart(low: float, part: float, language: str) -> None:
    numbers = Numbers(language, 2)
    ticks = scale([low, low * (1 + part)], 0, 100, with_zero=False).ticks
    for write in (numbers.tick, numbers.tick_amount):
        if write == numbers.tick_amount and low < 100:
            continue
        assert len(set(map(write, ticks))) == len(ticks)


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (260_400, "260.4 k", "260,4 k"),
        (261_000, "261 k", "261 k"),
        (-1_250_000, "−1.25 M", "−1,25 M"),
        (0, "0", "0"),
        (2.5, "2.5", "2,5"),
    ],
)
def test_ticks_have_no_more_signs_than_they_need(value: float, english: str, french: str) -> None:
    assert Numbers("en", 2).tick(value).replace("\u00a0", " ") == english
    assert Numbers("fr", 2).tick_amount(value * 100).replace("\u00a0", " ") == french


def test_percentages_on_an_axis() -> None:
    written = [Numbers("en", 2).tick_percent(value) for value in (7500, 7525, 7530, -40)]
    assert written == ["75%", "75.25%", "75.3%", "−0.4%"]
