"""Where people go, when, how long they stay and what is found: visits, not yet what is done at them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from adjudicator.generation.days import first_of_month, weekdays
from adjudicator.generation.facilities import NEAREST
from adjudicator.generation.occasion import NO_DATE, Occasions
from adjudicator.generation.stream import (
    I8,
    I16,
    I32,
    Stream,
    Topic,
    pick_in_rows,
    rows_of_thresholds,
    thresholds,
)
from adjudicator.generation.world import World
from adjudicator.vocabulary import CareType, FacilityLevel, VisitType

UNCOVERED: Final = 9.0
"""Percent of the visits without cover that are claimed all the same."""

_WEEKS: Final = {
    FacilityLevel.HOSPITAL: (118, 108, 104, 102, 104, 62, 40),
    FacilityLevel.HEALTH_CENTRE: (132, 112, 108, 106, 110, 58, 14),
    FacilityLevel.DISPENSARY: (140, 116, 112, 110, 114, 40, 3),
}
"""How busy the days of a week are, from Monday."""

_DELAYS: Final = thresholds(
    [2, 4, 6, 7, 8, 8, 8, 7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 3, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1]
)
"""Days from the end of a visit to the claim, from one."""

_SECOND_DIAGNOSIS: Final = 45
"""Percent of the other visits of the long-term ill that name their long-term illness too."""

NONE: Final = -1


@dataclass(frozen=True)
class Visits:
    """Visits; n of them."""

    person: I32
    sickness: I16
    facility: I32
    first_day: I32
    last_day: I32
    """(n,), equal to the first where the patient does not stay."""
    claimed: I32
    """(n,), the day of the claim."""
    visit_type: I8
    referred_from: I32
    """(n,), a facility, -1 for none."""
    diagnosis: I32
    second_diagnosis: I32
    """(n,), -1 for none."""

    def __len__(self) -> int:
        return len(self.person)

    def take(self, rows: Any) -> Visits:
        """Take visits by their places, or by whether they are wanted."""
        return Visits(*(getattr(self, one.name)[rows] for one in fields(Visits)))

    def plus(self, others: Visits) -> Visits:
        """Put other visits after these."""
        return Visits(
            *(np.concatenate([getattr(self, one.name), getattr(others, one.name)]) for one in fields(Visits))
        )


def visits_of_month(world: World, month: int, occasions: Occasions) -> Visits:
    """Make the visits that begin in a month, of those who are covered or not asked for it."""
    return visits_for(world, Stream(world.seed, Topic.VISITS, month), occasions, month)


def visits_for(
    world: World,
    stream: Stream,
    occasions: Occasions,
    month: int,
    *,
    facility: I32 | None = None,
    always: bool = False,
) -> Visits:
    """Send people to facilities: where, when, for how long, and with which diagnosis.

    Args:
        world: everything.
        stream: what is drawn from.
        occasions: who, for what, and when.
        month: the month.
        facility: (n,), where; None: near their village.
        always: keep visits of people who are not covered.
    """
    sicknesses, persons, facilities = world.sicknesses, world.persons, world.facilities
    person, sickness, day = occasions.person, occasions.sickness, occasions.day
    count = len(person)
    village = world.families.village[persons.family[person]]
    town = world.families.town[persons.family[person]]
    row = sickness.astype(np.int64) * 2 + town
    level = pick_in_rows(sicknesses.seen_at, len(FacilityLevel), row, stream.draws(count)).astype(np.int8)
    near = stream.pick(NEAREST, count)
    where = facilities.near[level, village, near] if facility is None else facility
    level = facilities.level[where]
    drawn = _days_of_month(world, stream, level, month)
    begins = np.where(day == NO_DATE, drawn, day).astype(np.int32)
    # Who was born in the month is ill after birth, who dies in it before death.
    unborn = (day == NO_DATE) & (begins < persons.born[person]) & (not always)
    begins = np.where(
        unborn, np.minimum(persons.born[person] + (begins - first_of_month(month)), begins + 31), begins
    )
    stays = (stream.draws(count) < sicknesses.admitted[sickness]) & (facilities.care[where] == CareType.BOTH)
    fewest, most = sicknesses.fewest_nights[sickness], sicknesses.most_nights[sickness]
    nights = (
        np.minimum(stream.below(most - fewest + 1, count), stream.below(most - fewest + 1, count)) + fewest
    )
    ends = np.where(stays, begins + nights, begins).astype(np.int32)
    if not always:
        ends = np.maximum(np.minimum(ends, persons.dies[person]), begins)
    if facility is None:
        closed = ~facilities.are_open(where, begins, ends)
        # Those whose dispensary has closed go to the health centre.
        where = np.where(closed, facilities.near[FacilityLevel.HEALTH_CENTRE, village, 0], where)
        level = facilities.level[where]
    emergency = stream.draws(count) < sicknesses.emergency[sickness]
    hospital = level == FacilityLevel.HOSPITAL
    referred = (stream.draws(count) < sicknesses.referred[sickness]) & hospital & ~emergency
    referrer = np.where(
        stream.chance(55, count),
        facilities.near[FacilityLevel.HEALTH_CENTRE, village, 0],
        facilities.near[FacilityLevel.DISPENSARY, village, 0],
    )
    visit_type = np.select([emergency, referred], [VisitType.EMERGENCY, VisitType.REFERRAL], VisitType.OTHER)
    diagnosis, second = _diagnoses(world, stream, person, sickness, ends)
    delay = 1 + stream.pick(_DELAYS, count) + facilities.delay[where]
    keep_anyway = stream.chance(UNCOVERED, count) & world.cover.was_known(person, ends)
    visits = Visits(
        person=person,
        sickness=sickness,
        facility=where.astype(np.int32),
        first_day=begins.astype(np.int32),
        last_day=ends,
        claimed=(ends + delay).astype(np.int32),
        visit_type=visit_type.astype(np.int8),
        referred_from=np.where(referred, referrer, NONE).astype(np.int32),
        diagnosis=diagnosis,
        second_diagnosis=second,
    )
    if always:
        return visits
    alive = (begins <= persons.dies[person]) & (begins >= persons.born[person])
    covered = world.cover.holds(person, ends)
    return visits.take(alive & (covered | keep_anyway))


def _days_of_month(world: World, stream: Stream, level: I8, month: int) -> I32:
    """Draw days of a month, by how busy the days of a week are at each level."""
    begins, ends = first_of_month(month), first_of_month(month + 1) - 1
    days = np.arange(begins, ends + 1)
    weights = np.array(
        [[_WEEKS[one][weekday] for weekday in weekdays(days)] for one in FacilityLevel], np.float64
    )
    table = rows_of_thresholds(weights)
    return (begins + pick_in_rows(table, len(days), level, stream.draws(len(level)))).astype(np.int32)


def _diagnoses(world: World, stream: Stream, person: I32, sickness: I16, day: I32) -> tuple[I32, I32]:
    sicknesses, persons = world.sicknesses, world.persons
    count = len(person)
    place = pick_in_rows(sicknesses.diagnosis, sicknesses.diagnoses.shape[1], sickness, stream.draws(count))
    diagnosis = sicknesses.diagnoses[sickness, place]
    # After a code has ended, a few still write the old one.
    ended = (day > world.diagnoses.ends[diagnosis]) & stream.chance(92, count)
    diagnosis = np.where(ended, world.diagnoses.followed_by[diagnosis], diagnosis).astype(np.int32)
    long_term = persons.long_term[person]
    named = (long_term >= 0) & (sickness < sicknesses.acute) & stream.chance(_SECOND_DIAGNOSIS, count)
    second = sicknesses.main_diagnosis[sicknesses.acute + np.maximum(long_term, 0)]
    return diagnosis, np.where(named, second, NONE).astype(np.int32)
