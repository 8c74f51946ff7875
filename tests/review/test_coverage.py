"""A small version of ``python -m tests.review.coverage``: how often intervals hold the truth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.review.coverage import POPULATIONS, measure

NAMED = {population.name: replace(population, claims=1200) for population in POPULATIONS}


@pytest.mark.parametrize(
    ("population", "design", "least"),
    [
        ("one in 3", "simple", 0.90),
        ("one in 10", "Neyman, largest all", 0.90),
        ("large ones", "Neyman", 0.90),
        ("one in 100", "proportional", 0.95),
        ("none", "Neyman", 1.0),
    ],
)
def test_intervals_of_95_percent(population: str, design: str, least: float) -> None:
    for one in measure(NAMED[population], design, 200, 0.95, 120, 7).values():
        assert one.covered >= least
        assert abs(one.bias) < 0.01
