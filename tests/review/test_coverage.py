"""A small version of ``python -m tests.review.coverage``: how often intervals hold the truth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.review.coverage import POPULATIONS, measure

NAMED = {population.name: replace(population, claims=1200) for population in POPULATIONS}


@pytest.mark.parametrize(
    ("population", "design", "least"),
    [
        ("one in 100", "simple", 0.95),
        ("one in 30", "simple", 0.95),
        ("one in 3", "simple", 0.95),
        ("very skewed", "simple", 0.95),
        ("the 40 largest", "simple", 0.95),
        ("one in 10", "Neyman, largest all", 0.93),
        ("large ones", "Neyman", 0.93),
        ("nearly all, whole", "Neyman", 0.93),
        ("one in 100", "proportional", 0.95),
        ("none", "Neyman", 1.0),
    ],
)
def test_intervals_of_95_percent(population: str, design: str, least: float) -> None:
    for one in measure(NAMED[population], design, 200, 0.95, 120, 7).values():
        assert one.covered >= least
        assert abs(one.bias) < 0.01


def test_students_interval_alone_does_not_hold_what_it_says() -> None:
    assert measure(NAMED["one in 30"], "simple", 150, 0.95, 120, 7)["expansion"].student < 0.9
