"""The table of sicknesses: whoever falls ill, wherever they go, something is done for them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from adjudicator.generation.days import month_named
from adjudicator.generation.diagnoses import diagnoses_of
from adjudicator.generation.provisions import NOT_LISTED, Provisions, provisions_of
from adjudicator.generation.sickness import AGE_BOUNDS, SEXES, Sicknesses, sicknesses_of
from adjudicator.generation.stream import WHOLE
from adjudicator.vocabulary import FacilityLevel, Sex

START = month_named("2026-01")


@pytest.fixture(scope="module")
def provisions() -> Provisions:
    return provisions_of(3, START, 2)


@pytest.fixture(scope="module")
def sicknesses(provisions: Provisions) -> Sicknesses:
    return sicknesses_of(provisions, diagnoses_of(START))


def test_no_code_stands_for_two_provisions(provisions: Provisions) -> None:
    assert len(set(provisions.codes)) == len(provisions.codes)


def test_prices_are_above_zero_and_some_lists_are_silent(provisions: Provisions) -> None:
    assert (provisions.price > 0).all()
    own = provisions.own_price[:, provisions.listed]
    assert (own[own != NOT_LISTED] > 0).all()
    assert 0.2 < (own == NOT_LISTED).mean() < 0.8


def _certain(sicknesses: Sicknesses, template: int, age: int, sex: int) -> bool:
    """Tell whether a person of an age and sex gets a line for certain."""
    slots = sicknesses.slots
    rows = np.arange(slots.first[template], slots.first[template + 1])
    fits = (slots.youngest[rows] <= age) & (age <= slots.oldest[rows])
    rows = rows[fits & ((slots.sex[rows] == Sex.ANY) | (slots.sex[rows] == sex))]
    width = np.zeros(slots.choices[template])
    np.add.at(width, slots.choice[rows], (slots.high - slots.low)[rows].astype(np.float64))
    return bool((width == WHOLE).any())


def test_nobody_leaves_without_a_line(sicknesses: Sicknesses) -> None:
    ages = (0, *AGE_BOUNDS, 17, 18, 90)
    lacking = []
    for place, name in enumerate(sicknesses.names):
        for level, stay, age, sex in itertools.product(FacilityLevel, (0, 1), ages, SEXES):
            row = (place * 2) * len(FacilityLevel) + level
            weight = sicknesses.seen_at[row] - (sicknesses.seen_at[row - 1] if row else 0)
            can_stay = sicknesses.admitted[place] > 0 and level != FacilityLevel.DISPENSARY
            # All hospitals have beds, so that they send nobody home where all are admitted.
            must_stay = sicknesses.admitted[place] == WHOLE and level == FacilityLevel.HOSPITAL
            if (stay and not can_stay) or (not stay and must_stay):
                continue
            if not weight or not _meets(sicknesses, place, age, sex):
                continue
            if not _certain(sicknesses, (place * len(FacilityLevel) + level) * 2 + stay, age, sex):
                lacking.append((name, level.word, stay, age, sex))
    assert not lacking


def _meets(sicknesses: Sicknesses, place: int, age: int, sex: int) -> bool:
    """Tell whether people of an age and sex have the sickness."""
    band = sum(age >= bound for bound in AGE_BOUNDS)
    of_sex = SEXES.index(Sex(sex))
    if place < sicknesses.acute:
        return bool(sicknesses.rate[:, band, of_sex, :, place].any())
    if place < sicknesses.acute + sicknesses.long_term:
        return bool(sicknesses.prevalence[band, of_sex, :, place - sicknesses.acute].any())
    newborn = "newborn" in sicknesses.names[place]
    return age == 0 if newborn else sex == Sex.FEMALE and 13 <= age <= 50
