"""Who falls ill in a month: of what is soon over, by age, sex, region and season, and of what lasts."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from adjudicator.generation.days import first_of_month
from adjudicator.generation.occasion import NO_DATE, Occasions
from adjudicator.generation.people import FRAILTY, age_bands, sex_places
from adjudicator.generation.sickness import SEXES
from adjudicator.generation.stream import (
    I64,
    U64,
    WHOLE,
    Stream,
    Topic,
    pick_in_rows,
    rows_of_thresholds,
    threshold,
)
from adjudicator.generation.world import World

_MOST: Final = 8
"""The most short-lived illnesses of a person in a month."""


def kinds_on(world: World, day: int) -> I64:
    """Give every person's row in tables by age, sex and region."""
    persons = world.persons
    region = world.places.region_of(world.families.village)[persons.family]
    band = age_bands(persons.born, day).astype(np.int64)
    return (band * len(SEXES) + sex_places(persons.sex)) * world.places.regions + region


def rates_in(world: World, month: int) -> Any:
    """Give episodes per person and month: a row for each age, sex and region, a column for each sickness."""
    season = month % 12
    return world.sicknesses.rate[season].reshape(-1, world.sicknesses.acute)


def short_lived_occasions(world: World, month: int, intensity: float) -> Occasions:
    """Find the people who fall ill of something that is soon over."""
    persons, sicknesses = world.persons, world.sicknesses
    begins, ends = first_of_month(month), first_of_month(month + 1) - 1
    rates = rates_in(world, month)
    means = np.cumsum(rates, axis=1)[:, -1] * intensity
    bounds = _bounds_of_counts(means)
    stream = Stream(world.seed, Topic.SICKNESS, month)
    kinds = kinds_on(world, begins + 14)
    # Newborns stand last, and those of later months must not shift the draws of this one.
    draws = stream.draws(len(kinds))
    row = kinds * len(FRAILTY) + persons.frailty
    ill = np.flatnonzero(draws < bounds[0][row])
    ill = ill[(persons.dies[ill] >= begins) & (persons.born[ill] <= ends)]
    count = np.ones(len(ill), np.int64)
    for more in bounds[1:]:
        count += draws[ill] < more[row[ill]]
    person = np.repeat(ill, count).astype(np.int32)
    table = rows_of_thresholds(rates)
    which = Stream(world.seed, Topic.SICKNESS, month, 1).draws(len(person))
    sickness = pick_in_rows(table, sicknesses.acute, kinds[person], which)
    return Occasions(person, sickness.astype(np.int16), np.full(len(person), NO_DATE, np.int32))


def _bounds_of_counts(means: Any) -> list[U64]:
    """Give the bounds below which a draw means one illness and more, two and more, and so on.

    The number of illnesses is geometric: people who were ill fall ill again. No logarithm is needed.
    """
    mean = (means[:, None] * np.array(FRAILTY)).ravel()
    again = mean / (1 + mean)
    chance = np.ones_like(again)
    bounds = []
    for _ in range(_MOST):
        chance = chance * again
        bounds.append((chance * WHOLE).astype(np.uint64))
    return bounds


def long_term_occasions(world: World, month: int, intensity: float) -> Occasions:
    """Find the long-term ill who are seen regularly."""
    persons, sicknesses = world.persons, world.sicknesses
    begins = first_of_month(month)
    ill = np.flatnonzero((persons.long_term >= 0) & (persons.dies >= begins)).astype(np.int32)
    chances = np.array([threshold(percent * intensity) for percent in sicknesses.visits], np.uint64)
    # Newborns have no long-term illness, so the same people draw in the same places, month after month.
    draws = Stream(world.seed, Topic.LONG_TERM, month).draws(int((persons.long_term >= 0).sum()))
    drawn = np.zeros(len(persons.family), np.uint32)
    drawn[persons.long_term >= 0] = draws
    seen = ill[drawn[ill] < chances[persons.long_term[ill]]]
    sickness = (sicknesses.acute + persons.long_term[seen]).astype(np.int16)
    return Occasions(seen, sickness, np.full(len(seen), NO_DATE, np.int32))
