"""Faults that are visits of their own: people who were not there, or not so, or not so many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from adjudicator.generation.births import births_between
from adjudicator.generation.days import age_on, first_of_month, weekdays
from adjudicator.generation.planting import NO_MARKS, Field, Marks, marks
from adjudicator.generation.provisions import NO_END
from adjudicator.generation.stream import I32, Stream, Topic
from adjudicator.vocabulary import FacilityLevel, LocationLevel

COMMON: Final = ("common cold", "gastritis", "back pain", "skin infection", "joint pain")
"""What is pretended where nothing particular is."""

_CONVERTED: Final = 72
"""Percent of the other births at such a hospital that are claimed as caesareans."""

_SATURDAY: Final = 5
_WORKING_DAYS: Final = 26
_CROWD: Final = 24
"""The patients too many of a day, at least, where there are enough to be planted."""


def ghosts_after_death(field: Field, wanted: int) -> tuple[Field, Marks]:
    """Add visits of people who died in the months before."""
    persons = field.world.persons
    born_before = persons.born < field.begins - 60
    dead = np.flatnonzero((persons.dies < field.ends - 3) & (persons.dies > field.begins - 200) & born_before)
    dead = dead[field.world.cover.was_known(dead.astype(np.int32), persons.dies[dead])]
    person = dead[field.stream.some(len(dead), wanted)].astype(np.int32)
    earliest = np.maximum(persons.dies[person] + 3, field.begins)
    day = earliest + field.stream.below(np.maximum(field.ends - earliest + 1, 1), len(person))
    field, places = field.with_visits(field.pretended(person, COMMON, day.astype(np.int32)))
    return field, marks(places)


def ghosts_before_birth(field: Field, wanted: int) -> tuple[Field, Marks]:
    """Add visits of children born in the month, dated some weeks before their birth."""
    persons = field.world.persons
    born = np.flatnonzero((persons.born >= field.begins) & (persons.born <= field.ends))
    person = born[field.stream.some(len(born), wanted)].astype(np.int32)
    day = (persons.born[person] - 4 - field.stream.below(40, len(person))).astype(np.int32)
    visits = field.pretended(person, ("common cold", "growth check"), day)
    claimed = np.maximum(visits.claimed, field.begins)
    field, places = field.with_visits(replace(visits, claimed=claimed.astype(np.int32)))
    return field, marks(places)


def overlapping_stays(field: Field, wanted: int) -> tuple[Field, Marks]:
    """Add a stay at another hospital, begun before the patient left the first."""
    visits, facilities = field.visits, field.world.facilities
    nights = visits.last_day - visits.first_day
    level = facilities.level[visits.facility]
    row = field.some(wanted, (nights >= 2) & (level == FacilityLevel.HOSPITAL))
    taken = visits.take(row)
    elsewhere = _another_facility(field, taken.facility, FacilityLevel.HOSPITAL)
    last = taken.last_day + 1
    copied = replace(
        taken,
        facility=elsewhere,
        first_day=(taken.first_day + 1).astype(np.int32),
        last_day=last.astype(np.int32),
        claimed=(np.maximum(taken.claimed, last) + 1 + field.stream.below(9, len(row))).astype(np.int32),
        referred_from=np.full(len(row), -1, np.int32),
    )
    field, places = field.touched(row).with_visits(copied)
    return field, marks(places, other=row)


def too_many_patients(field: Field, wanted: int) -> tuple[Field, Marks]:
    """Add days on which a health centre saw more patients than it can."""
    visits = field.visits
    centre = field.world.facilities.level[visits.facility] == FacilityLevel.HEALTH_CENTRE
    crowds: list[_Crowd] = []
    # A facility and a day are drawn by a visit, so that it is one that works, on a working day.
    for row in field.some(1 + wanted // _CROWD, centre):
        left = wanted - sum(len(crowd.person) for crowd in crowds)
        if left < 1:
            break
        facility, day = int(visits.facility[row]), int(visits.first_day[row])
        usual = int((visits.facility == facility).sum()) // _WORKING_DAYS
        size = min(left, _CROWD + 2 * usual)
        person = _patients(field, facility, size, day)
        crowds.append(_Crowd(person, np.full(len(person), day, np.int32), facility))
    return _crowded(field, crowds)


def distant_families(field: Field, wanted: int) -> tuple[Field, Marks]:
    """Add visits of relatives, on the same day, in another part of the country."""
    visits, persons = field.visits, field.world.persons
    relative = np.minimum(visits.person + 1, len(persons.family) - 1)
    same_family = (persons.family[relative] == persons.family[visits.person]) & (relative != visits.person)
    alive = (persons.dies[relative] > field.ends) & (persons.born[relative] < field.begins)
    row = field.some(wanted, same_family & alive)
    where = _another_facility(field, visits.facility[row], FacilityLevel.HEALTH_CENTRE)
    added = field.pretended(relative[row].astype(np.int32), COMMON, visits.first_day[row], where)
    claimed = np.maximum(added.claimed, visits.claimed[row] + 1).astype(np.int32)
    field, places = field.touched(row).with_visits(replace(added, claimed=claimed))
    return field, marks(places, other=row)


def deliveries_without_pregnancy(field: Field, wanted: int) -> tuple[Field, Marks]:
    """Add births of women who were not with child."""
    women, persons = field.world.women, field.world.persons
    expecting = np.zeros(len(women.person), np.bool_)
    for first in range(field.begins - 300, field.ends + 300, 300):
        place, _ = births_between(women, first, first + 299)
        expecting[place] = True
    age = age_on(field.begins, persons.born[women.person])
    fitting = np.flatnonzero(~expecting & (age >= 17) & (age <= 42))
    fitting = fitting[field.stream.some(len(fitting), 3 * wanted)]
    person = women.person[fitting]
    covered = field.world.cover.holds(person, np.full(len(person), field.begins + 10, np.int32))
    person = person[covered][:wanted]
    field, places = field.with_visits(field.pretended(person, "normal delivery"))
    return field, marks(places)


def weekend_visits(field: Field, wanted: int) -> tuple[Field, Marks]:
    """Add Saturdays and Sundays full of patients at dispensaries that are closed then."""
    facilities = field.world.facilities
    days = np.arange(field.begins, field.ends + 1)
    days = days[weekdays(days) >= _SATURDAY]
    old = (facilities.opens < first_of_month(field.world.start)) & (facilities.closes == NO_END)
    closed = np.flatnonzero((facilities.level == FacilityLevel.DISPENSARY) & old)
    # The same dispensaries, month after month.
    known = Stream(field.world.seed, Topic.FAULTS, 0)
    bad = closed[known.some(len(closed), 1 + len(closed) // 40)]
    crowds = []
    for facility in bad:
        person = _patients(field, int(facility), -(-wanted // len(bad)), field.begins)
        day = days[field.stream.below(len(days), len(person))].astype(np.int32)
        crowds.append(_Crowd(person, day, int(facility)))
    return _crowded(field, crowds)


def converted_deliveries(field: Field, _: int) -> tuple[Field, Marks]:
    """Claim most normal births at one of the regional hospitals as caesareans."""
    facilities, visits = field.world.facilities, field.visits
    regional = np.array([sublevel == "regional" for sublevel in facilities.sublevel])
    hospitals = np.flatnonzero(regional)
    known = Stream(field.world.seed, Topic.FAULTS, 1)
    bad = hospitals[known.some(len(hospitals), 1)]
    normal = field.world.sicknesses.place("normal delivery")
    there = field.sound & np.isin(visits.facility, bad) & (visits.sickness == normal)
    row = np.flatnonzero(there & field.stream.chance(_CONVERTED, len(there)))
    if not len(row):
        return field, NO_MARKS
    taken = visits.take(row)
    nights = field.stream.below(3, len(row)) + 3
    pretended = field.pretended(taken.person, "caesarean", taken.first_day, taken.facility)
    last = taken.first_day + nights
    converted = replace(
        taken,
        sickness=pretended.sickness,
        diagnosis=pretended.diagnosis,
        last_day=last.astype(np.int32),
        claimed=(taken.claimed + (last - taken.last_day)).astype(np.int32),
    )
    field, places = field.without(row).with_visits(converted)
    return field, marks(places)


@dataclass(frozen=True)
class _Crowd:
    """People who are said to have come to one facility."""

    person: I32
    day: I32
    facility: int


def _crowded(field: Field, crowds: list[_Crowd]) -> tuple[Field, Marks]:
    """Add what crowds are said to have come for."""
    if not crowds:
        return field, NO_MARKS
    person = np.concatenate([crowd.person for crowd in crowds])
    day = np.concatenate([crowd.day for crowd in crowds])
    where = np.concatenate([np.full(len(crowd.person), crowd.facility, np.int32) for crowd in crowds])
    field, places = field.with_visits(field.pretended(person, COMMON, day, where))
    return field, marks(places)


def _patients(field: Field, facility: int, wanted: int, day: int) -> I32:
    """Draw covered people who live near a facility, at most so many."""
    world = field.world
    level = world.facilities.level[facility]
    villages = np.flatnonzero((world.facilities.near[level] == facility).any(axis=1))
    near = np.zeros(world.places.counts[LocationLevel.VILLAGE], np.bool_)
    near[villages] = True
    persons = world.persons
    older = len(persons.family) - len(world.mothers)
    person = np.flatnonzero(near[world.families.village[persons.family[:older]]])
    drawn: I32 = person[field.stream.some(len(person), 3 * wanted)].astype(np.int32)
    covered = world.cover.holds(drawn, np.full(len(drawn), day, np.int32))
    return drawn[covered][:wanted]


def _another_facility(field: Field, facility: I32, level: FacilityLevel) -> I32:
    """Draw a facility of a level in another region."""
    facilities = field.world.facilities
    choice = np.flatnonzero((facilities.level == level) & (facilities.opens < field.begins))
    regions = facilities.region[choice]
    drawn = choice[field.stream.below(len(choice), len(facility))]
    near = facilities.region[drawn] == facilities.region[facility]
    moved = choice[(np.searchsorted(choice, drawn) + int(np.bincount(regions).max())) % len(choice)]
    return np.where(near, moved, drawn).astype(np.int32)
