"""Which women give birth, and when, how their pregnancies go, and the children that are born."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from adjudicator.generation.days import A_YEAR, age_on, first_of_month
from adjudicator.generation.people import FRAILTY_SHARES, LEAD, NO_LONG_TERM, Persons
from adjudicator.generation.stream import I16, I32, I64, U32, Bools, Stream, Topic, scaled_below
from adjudicator.vocabulary import Sex

_YEARLY_BIRTHS: Final = (
    (15, 0.0),
    (20, 9.0),
    (25, 23.0),
    (30, 24.0),
    (35, 19.5),
    (40, 12.5),
    (45, 5.0),
    (50, 1.0),
)
"""Percent of women below an age who give birth in a year."""

_LIVE: Final = 97
"""Percent of births after which the child lives."""

_ENDED_EARLY: Final = 9
"""Percent of pregnancies that end early."""

_YEARLY_DEATHS: Final = 4.2
"""Percent of small children who die in a year."""


@dataclass(frozen=True)
class Women:
    """W women who may give birth, and when: on a first day, and again after every cycle."""

    person: I32
    first: I32
    """(W,), day number of a birth, within the first cycle after the beginning."""
    cycle: I32
    """(W,), days from birth to birth."""
    fate: U32
    """(W,), a draw that decides how her pregnancies go."""


def women_of(seed: int, persons: Persons, start: int) -> Women:
    """Say which women give birth, and when."""
    begins = first_of_month(start - LEAD)
    age = age_on(begins, persons.born)
    woman = np.flatnonzero((persons.sex == Sex.FEMALE) & (age >= 13) & (age < 50)).astype(np.int32)
    stream = Stream(seed, Topic.WOMEN)
    bounds = [bound for bound, _ in _YEARLY_BIRTHS[:-1]]
    yearly = np.maximum(np.array([percent for _, percent in _YEARLY_BIRTHS]), 0.2)
    cycle = (A_YEAR * 100 / yearly).astype(np.int64)[np.searchsorted(bounds, age[woman], side="right")]
    first = begins + stream.below(cycle, len(woman))
    return Women(woman, first.astype(np.int32), cycle.astype(np.int32), stream.draws(len(woman)))


def births_between(women: Women, first: int, last: int) -> tuple[I64, I64]:
    """Find the births due from a first to a last day: the women's places, and the days."""
    turn = -((women.first.astype(np.int64) - first) // women.cycle)
    due = women.first + turn * women.cycle
    place = np.flatnonzero(due <= last)
    return place, due[place]


def newborn_between(seed: int, persons: Persons, women: Women, start: int, last: int) -> tuple[Persons, I32]:
    """Make the children born from the beginning of life to a last day.

    Returns:
        The children, by day of birth, and the place of each one's mother among the women.
    """
    begins = first_of_month(start - LEAD)
    place, due = [], []
    day = begins
    # Cycles are longer than a year, so that a year holds one birth at most of every woman.
    while day <= last:
        until = min(day + A_YEAR - 1, last)
        one, other = births_between(women, day, until)
        place.append(one)
        due.append(other)
        day = until + 1
    mother, born = np.concatenate(place), np.concatenate(due).astype(np.int32)
    stream_of_fate = (women.fate[mother] >> np.uint32(4)) % np.uint32(100)
    alive = (
        (stream_of_fate < _LIVE) & (persons.dies[women.person[mother]] >= born) & carried(women, mother, born)
    )
    mother, born = mother[alive], born[alive]
    order = np.lexsort((mother, born))
    mother, born = mother[order], born[order]
    family = persons.family[women.person[mother]]
    stream = Stream(seed, Topic.NEWBORNS)
    # All about a child comes from one pair of draws, so that children born later change nothing.
    draws = stream.draws(4 * len(mother)).reshape(-1, 4) if len(mother) else np.zeros((0, 4), np.uint32)
    late = draws[:, 0] < np.uint32(3 << 30)
    joins = born + np.where(late, scaled_below(draws[:, 1], 12), scaled_below(draws[:, 1], 75))
    deaths = scaled_below(draws[:, 2], int(A_YEAR * 100 / _YEARLY_DEATHS))
    children = Persons(
        family,
        _next_positions(persons, family),
        np.where(draws[:, 3] & np.uint32(1), Sex.MALE, Sex.FEMALE).astype(np.int8),
        born,
        (born + deaths).astype(np.int32),
        np.searchsorted(FRAILTY_SHARES, draws[:, 3].astype(np.uint64), side="right").astype(np.int8),
        np.full(len(born), NO_LONG_TERM, np.int8),
        joins.astype(np.int32),
    )
    return children, mother.astype(np.int32)


def carried(women: Women, place: I64, due: I32 | I64) -> Bools:
    """Tell which pregnancies are carried to birth; the others end early."""
    return fate_of(women, place, due) % np.uint32(100) >= _ENDED_EARLY


def fate_of(women: Women, place: I64, due: I32 | I64) -> U32:
    """Give the draw that decides on a woman's pregnancy, another one for each of hers."""
    turn = (due - women.first[place]) // women.cycle[place]
    return (
        women.fate[place].astype(np.uint64) * (2 * turn + 1).astype(np.uint64) & np.uint64(0xFFFFFFFF)
    ).astype(np.uint32)


def _next_positions(persons: Persons, family: I32) -> I16:
    """Number children after the members their families have, in the order given."""
    members = np.bincount(persons.family, minlength=int(persons.family.max()) + 1)
    order = np.argsort(family, kind="stable")
    ordered = family[order]
    start_of_family = np.searchsorted(ordered, ordered, side="left")
    position = np.empty(len(family), np.int16)
    position[order] = members[ordered] + 1 + np.arange(len(family)) - start_of_family
    return position
