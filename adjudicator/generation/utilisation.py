"""How often people are seen: the occasions of a month, and the intensity that gives the claims asked for."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import Final

import numpy as np

from adjudicator.generation.days import first_of_month
from adjudicator.generation.illness import kinds_on, long_term_occasions, rates_in, short_lived_occasions
from adjudicator.generation.maternity import maternity_occasions
from adjudicator.generation.occasion import Occasions
from adjudicator.generation.people import FRAILTY
from adjudicator.generation.stream import I32, I64
from adjudicator.generation.visits import UNCOVERED
from adjudicator.generation.world import World

_ASKED: Final = 20_000
"""Families that are looked at to find how often people are seen."""


@dataclass(frozen=True)
class Intensity:
    """How often people are seen, relative to what the table of sicknesses says."""

    acute: float = 1.0
    regular: float = 1.0
    """Of the long-term ill and of women with child."""


def occasions_of_month(world: World, month: int, intensity: Intensity) -> Occasions:
    """Find all who would be seen in a month."""
    short_lived = short_lived_occasions(world, month, intensity.acute)
    long_term = long_term_occasions(world, month, intensity.regular)
    return short_lived.plus(long_term).plus(maternity_occasions(world, month, intensity.regular))


def intensity_for(world: World, utilisation: float) -> Intensity:
    """Find the intensity that gives a number of claims per family and month, in the first year's average.

    Of a big country only the first families are asked.
    """
    asked = min(len(world.families.village), _ASKED)
    months = range(world.start, world.start + 12)
    expected = [_expected(world, month, asked) for month in months]
    acute = fsum(one for one, _ in expected) / len(months)
    regular = fsum(other for _, other in expected) / len(months)
    wanted = utilisation * asked
    factor = wanted / max(acute + regular, 1e-9)
    return Intensity(max(wanted - regular * min(factor, 1.0), 0.0) / max(acute, 1e-9), min(factor, 1.0))


def _expected(world: World, month: int, asked: int) -> tuple[float, float]:
    """Compute how many claims of covered people a month would bring: short-lived illness, and the rest."""
    persons = world.persons
    day = first_of_month(month) + 14
    alive = (persons.born <= day) & (persons.dies >= day)
    everybody = np.flatnonzero(alive & (persons.family < asked)).astype(np.int32)
    seen = _share_claimed(world, everybody, np.full(len(everybody), day, np.int32))
    rates = np.cumsum(rates_in(world, month), axis=1)[:, -1]
    row = kinds_on(world, day)[everybody] * len(FRAILTY) + persons.frailty[everybody]
    counts = np.bincount(row, seen, minlength=len(rates) * len(FRAILTY))
    acute = fsum(
        float(number) / 1000 * float(rates[place // len(FRAILTY)]) * FRAILTY[place % len(FRAILTY)]
        for place, number in enumerate(counts)
    )
    ill = persons.long_term[everybody]
    chances = np.bincount(ill[ill >= 0], seen[ill >= 0], minlength=world.sicknesses.long_term)
    regular = fsum(
        float(number) / 1000 * float(percent) / 100
        for number, percent in zip(chances, world.sicknesses.visits, strict=True)
    )
    expecting = maternity_occasions(world, month, Intensity().regular)
    mine = persons.family[expecting.person] < asked
    claimed = _share_claimed(world, expecting.person[mine], expecting.day[mine])
    return acute, regular + int(claimed.sum()) / 1000


def _share_claimed(world: World, person: I32, day: I32) -> I64:
    """Give the visits of persons that would be claimed, in thousandths."""
    covered = world.cover.holds(person, day)
    return np.where(covered, 1000, np.where(world.cover.was_known(person, day), int(10 * UNCOVERED), 0))
