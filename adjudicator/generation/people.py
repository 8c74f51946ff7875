"""Families and the people in them: who lives, with whom, who is chronically ill, who gives birth and dies.

Everything about a person is drawn once, for all time, so that what happens in a month does not depend on
how many months are looked at. Time begins a few months before the claims do (:data:`LEAD`), because claims
come weeks after the visit.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import pyarrow as pa

from adjudicator.generation.codes import chosen, codes
from adjudicator.generation.days import A_YEAR, age_on, first_of_month
from adjudicator.generation.knowledge import knowledge
from adjudicator.generation.places import Places
from adjudicator.generation.provisions import NO_END
from adjudicator.generation.sickness import AGE_BOUNDS, BANDS, SEXES, Sicknesses
from adjudicator.generation.stream import (
    I8,
    I16,
    I32,
    I64,
    Bools,
    Stream,
    Topic,
    pick_in_rows,
    rows_of_thresholds,
    thresholds,
)
from adjudicator.vocabulary import LocationLevel, Sex

LEAD: Final = 3
"""Months of life before the first month of claims."""

SECTORS: Final = ("formal", "informal", "farming")

FRAILTY: Final = (0.35, 0.75, 1.1, 1.7, 3.0)
"""How much more, or less, often than others of their age people fall ill, by class."""

FRAILTY_SHARES: Final = thresholds((25, 34, 22, 13, 6))
_SIZES: Final = thresholds((5, 7, 11, 16, 20, 17, 11, 7, 4, 2))
"""Families of one person, two persons, …"""

_HEAD_AGES: Final = thresholds((6, 11, 14, 16, 15, 13, 10, 7, 5, 3))
"""Heads of 20 to 24 years, 25 to 29, …"""

NO_LONG_TERM: Final = -1
_LATE_JOINERS: Final = 4
"""Percent of the members who join their family's policies later than the others."""

_YEARLY_DEATHS: Final = (
    (1, 1.6),
    (5, 0.35),
    (15, 0.08),
    (25, 0.16),
    (45, 0.35),
    (65, 0.95),
    (75, 3.2),
    (200, 8.5),
)
"""Percent of those below an age who die in a year."""


@dataclass(frozen=True)
class Families:
    """N families."""

    village: I32
    sector: I8
    """(N,), a place among :data:`SECTORS`."""
    poverty: I8
    """(N,), quintile, 1 the poorest."""
    town: Bools


@dataclass(frozen=True)
class Persons:
    """P persons, those alive at the beginning first, by family, then the newborn, by birth."""

    family: I32
    position: I16
    """(P,), in the family; the head is 1."""
    sex: I8
    born: I32
    """(P,), day number."""
    dies: I32
    """(P,), the last day of life, or that of no end."""
    frailty: I8
    """(P,), a place among :data:`FRAILTY`."""
    long_term: I8
    """(P,), the long-term illness among those of the table, -1 for none."""
    joins: I32
    """(P,), the day from which the family's policies can cover the person."""

    def codes_of(self, rows: I32 | I64) -> Any:
        """Give the codes of insurees, such as ``0000123-04``; an Arrow array."""
        return codes("{family:7}-{position:2}", family=self.family[rows] + 1, position=self.position[rows])

    def take(self, rows: Bools | I64) -> Persons:
        """Take the persons that are wanted."""
        return Persons(*(getattr(self, one.name)[rows] for one in fields(Persons)))

    def plus(self, others: Persons) -> Persons:
        """Put other persons after these."""
        return Persons(
            *(np.concatenate([getattr(self, one.name), getattr(others, one.name)]) for one in fields(Persons))
        )


def families_of(seed: int, count: int, places: Places) -> Families:
    """Make families and say where they live and from what."""
    said = knowledge("places.yaml")
    stream = Stream(seed, Topic.FAMILIES)
    village = stream.pick(thresholds(places.inhabitants), count).astype(np.int32)
    region = places.region_of(village)
    town = stream.below(100, count) < np.array(said["towns"])[region]
    by_living = np.stack([thresholds((6, 34, 60)), thresholds((38, 52, 10))])
    draws = stream.draws(count).astype(np.uint64)
    sector = (draws[:, None] >= by_living[town.astype(np.int8)]).sum(axis=1).astype(np.int8)
    lift = np.where(town, 1, 0) + np.where(sector == 0, 1, 0)
    poverty = np.minimum(1 + stream.below(5 - lift, count) + lift, 5).astype(np.int8)
    return Families(village, sector, poverty, town)


def persons_of(seed: int, families: Families, places: Places, sicknesses: Sicknesses, start: int) -> Persons:
    """Make the people of families, as they are when life begins."""
    count = len(families.village)
    stream = Stream(seed, Topic.PERSONS, 0)
    head_age = 20 + 5 * stream.pick(_HEAD_AGES, count) + stream.below(5, count)
    # Young families are small.
    size = np.minimum(1 + stream.pick(_SIZES, count), 2 + (head_age - 18) // 3)
    head_is_man = stream.chance(77, count)
    has_spouse = stream.chance(84, count) & (size > 1)
    # A woman at the head is more often alone.
    has_spouse &= head_is_man | stream.chance(25, count)
    spouse_age = np.maximum(head_age + np.where(head_is_man, -1, 1) * (stream.below(9, count) - 1), 18)
    parent_age = np.where(has_spouse, np.minimum(head_age, spouse_age), head_age)

    family = np.repeat(np.arange(count, dtype=np.int32), size)
    first = np.cumsum(size) - size
    position = np.arange(len(family), dtype=np.int64) - first[family]
    total = len(family)
    is_head = position == 0
    is_spouse = (position == 1) & has_spouse[family]
    is_elder = ~is_head & ~is_spouse & stream.chance(5, total) & (head_age[family] < 60)
    is_other = ~is_head & ~is_spouse & ~is_elder & stream.chance(11, total)
    oldest_child = np.clip(parent_age[family] - 19, 1, 28)
    # Big children leave: some places are taken by the younger of two.
    one, other = stream.below(oldest_child, total), stream.below(oldest_child, total)
    age = np.where(stream.chance(16, total), np.minimum(one, other), one)
    age = np.where(is_other, 12 + stream.below(22, total), age)
    age = np.where(is_elder, 60 + stream.below(26, total), age)
    age = np.where(is_spouse, spouse_age[family], age)
    age = np.where(is_head, head_age[family], age)
    man = stream.chance(50.5, total)
    man = np.where(is_elder, stream.chance(34, total), man)
    man = np.where(is_spouse, ~head_is_man[family], man)
    man = np.where(is_head, head_is_man[family], man)
    begins = first_of_month(start - LEAD)
    born = (begins - age * A_YEAR - age // 4 - stream.below(A_YEAR, total) - 1).astype(np.int32)
    sex = np.where(man, Sex.MALE, Sex.FEMALE).astype(np.int8)
    joins = np.where(
        ~is_head & stream.chance(_LATE_JOINERS, total),
        begins + stream.below(18 * 30, total),
        begins - 50 * A_YEAR,
    )
    region = places.region_of(families.village)[family]
    return Persons(
        family,
        (position + 1).astype(np.int16),
        sex,
        born,
        _deaths(stream, born, begins),
        stream.pick(FRAILTY_SHARES, total).astype(np.int8),
        _long_term(stream, sicknesses, age, sex, region),
        joins.astype(np.int32),
    )


def age_bands(born: I32, day: int) -> I8:
    """Give the age bands, among those of the tables, of people on a day."""
    # Youngest first: who was born after the first cut is in the first band.
    cuts = np.array([day - years * A_YEAR - years // 4 for years in AGE_BOUNDS[::-1]], np.int32)
    return (BANDS - 1 - np.searchsorted(cuts, born, side="left")).astype(np.int8)


def sex_places(sex: I8) -> I64:
    """Give the places of sexes in tables that have one for men and one for women."""
    places: I64 = (sex == SEXES[1]).astype(np.int64)
    return places


def _deaths(stream: Stream, born: I32, begins: int) -> I32:
    age = age_on(begins, born)
    bounds = [bound for bound, _ in _YEARLY_DEATHS[:-1]]
    yearly = np.array([percent for _, percent in _YEARLY_DEATHS])
    span = (A_YEAR * 100 / yearly).astype(np.int64)[np.searchsorted(bounds, age, side="right")]
    return np.minimum(np.maximum(born, begins) + stream.below(span, len(born)), NO_END - 1).astype(np.int32)


def _long_term(stream: Stream, sicknesses: Sicknesses, age: I64, sex: I8, region: I32) -> I8:
    shares = sicknesses.prevalence.reshape(-1, sicknesses.long_term)
    rest = 1 - np.cumsum(shares, axis=1)[:, -1:]
    table = rows_of_thresholds(np.concatenate([shares, rest], axis=1))
    band = np.searchsorted(np.array(AGE_BOUNDS), age, side="right")
    row = (band * len(SEXES) + sex_places(sex)) * sicknesses.prevalence.shape[2] + region
    picked = pick_in_rows(table, sicknesses.long_term + 1, row, stream.draws(len(age)))
    return np.where(picked == sicknesses.long_term, NO_LONG_TERM, picked).astype(np.int8)


def register_of_families(families: Families, places: Places) -> Any:
    """Make the register of families with their attributes: a typed table."""
    villages = places.codes[places.location(LocationLevel.VILLAGE, 0) :]
    return pa.table(
        {
            "family": codes("F{number:7}", number=np.arange(1, len(families.village) + 1)),
            "location": chosen(families.village, villages),
            "sector": chosen(families.sector, list(SECTORS)),
            "poverty_quintile": chosen(families.poverty - 1, [str(number) for number in range(1, 6)]),
            "residence": chosen(families.town.astype(np.int8), ["rural", "urban"]),
        }
    )


def register_of_insurees(persons: Persons, first: int, last: int) -> Any:
    """Make the register of insurees as known on a last day; who was born before the first has no start."""
    known = np.flatnonzero(persons.born <= last)
    # In the order of their codes, as a register is kept: the newborn beside their families.
    persons = persons.take(known[np.lexsort((persons.position[known], persons.family[known]))])
    return pa.table(
        {
            "insuree": persons.codes_of(np.arange(len(persons.family))),
            "family": codes("F{family:7}", family=persons.family + 1),
            "head": persons.position == 1,
            "sex": persons.sex,
            "birth_date": pa.array(persons.born, pa.date32()),
            "valid_from": pa.array(persons.born, pa.date32(), mask=persons.born < first),
            "valid_to": pa.array(persons.dies, pa.date32(), mask=persons.dies > last),
        }
    )
