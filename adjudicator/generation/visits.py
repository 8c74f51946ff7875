"""Who falls ill in a month, where they go and when, and how long they stay: visits, not yet what is done.

Three sources: short-lived illness by age, sex, region and season; regular visits of the long-term ill; and
pregnancies, with the visits before and after the birth.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import fsum
from typing import Any, Final

import numpy as np

from adjudicator.generation.days import first_of_month, weekdays
from adjudicator.generation.diagnoses import Diagnoses
from adjudicator.generation.facilities import NEAREST, Facilities
from adjudicator.generation.people import (
    FRAILTY,
    Families,
    Persons,
    Women,
    age_bands,
    births_between,
    carried,
    fate_of,
    sex_places,
)
from adjudicator.generation.places import Places
from adjudicator.generation.policies import Cover
from adjudicator.generation.sickness import SEXES, Sicknesses
from adjudicator.generation.stream import (
    I8,
    I16,
    I32,
    I64,
    U64,
    WHOLE,
    Stream,
    Topic,
    pick_in_rows,
    rows_of_thresholds,
    threshold,
    thresholds,
)
from adjudicator.vocabulary import CareType, FacilityLevel, VisitType

_ASKED: Final = 20_000
"""Families that are looked at to find how often people are seen."""

_UNCOVERED: Final = 9.0
"""Percent of the visits without cover that are claimed all the same."""

_MOST: Final = 3
"""The most short-lived illnesses of a person in a month."""

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

_ANTENATAL: Final = ((195, 76), (140, 56), (100, 60), (65, 62), (38, 54), (16, 42))
"""Days before birth at which women come, and how many of a hundred do; the first opens the pregnancy."""

_AT_RISK: Final = (55, 11)
_MISCARRIED: Final = 205
_AFTER_BIRTH: Final = (7, 52)
_OF_NEWBORN: Final = (8, 46)
_NEWBORN_IN_TROUBLE: Final = 6
_AT_A_FACILITY: Final = 84
"""Percent of the births that are claimed; the others happen at home."""

_CAESAREANS: Final = 13
_ASSISTED: Final = 7
_SECOND_DIAGNOSIS: Final = 45
"""Percent of the other visits of the long-term ill that name their long-term illness too."""

NO_DATE: Final = -1
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


@dataclass(frozen=True)
class World:
    """All that the claims of any month are made from."""

    seed: int
    start: int
    places: Places
    facilities: Facilities
    diagnoses: Diagnoses
    sicknesses: Sicknesses
    families: Families
    persons: Persons
    women: Women
    mothers: I32
    """Of the newborn, the last persons: the place of each one's mother among the women."""
    cover: Cover


@dataclass(frozen=True)
class Intensity:
    """How often people are seen, relative to what the table of sicknesses says."""

    acute: float = 1.0
    regular: float = 1.0
    """Of the long-term ill and of women with child."""


@dataclass(frozen=True)
class _Occasions:
    """People who would be seen in a month: whom, for what, and when (or on a day still to be drawn)."""

    person: I32
    sickness: I16
    day: I32


def visits_of_month(world: World, month: int, intensity: Intensity) -> Visits:
    """Make the visits that begin in a month."""
    occasions = _occasions(world, month, intensity)
    stream = Stream(world.seed, Topic.VISITS, month)
    return visits_for(world, stream, occasions.person, occasions.sickness, occasions.day, month)


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
    rates = np.cumsum(_rates(world, month), axis=1)[:, -1]
    row = _kinds(world, day)[everybody] * len(FRAILTY) + persons.frailty[everybody]
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
    expecting = _maternity(world, month, Intensity())
    mine = persons.family[expecting.person] < asked
    claimed = _share_claimed(world, expecting.person[mine], expecting.day[mine])
    return acute, regular + int(claimed.sum()) / 1000


def _share_claimed(world: World, person: I32, day: I32) -> I64:
    """Give the visits of persons that would be claimed, in thousandths."""
    covered = world.cover.holds(person, day)
    return np.where(covered, 1000, np.where(world.cover.was_known(person, day), int(10 * _UNCOVERED), 0))


def _occasions(world: World, month: int, intensity: Intensity) -> _Occasions:
    parts = [
        _acute(world, month, intensity.acute),
        _long_term(world, month, intensity.regular),
        _maternity(world, month, intensity),
    ]
    return _Occasions(
        np.concatenate([part.person for part in parts]),
        np.concatenate([part.sickness for part in parts]),
        np.concatenate([part.day for part in parts]),
    )


# Short-lived illness.


def _kinds(world: World, day: int) -> I64:
    """Give every person's row in tables by age, sex and region."""
    persons = world.persons
    region = world.places.region_of(world.families.village)[persons.family]
    band = age_bands(persons.born, day).astype(np.int64)
    return (band * len(SEXES) + sex_places(persons.sex)) * world.places.regions + region


def _rates(world: World, month: int) -> Any:
    """Give episodes per person and month: a row for each age, sex and region, a column for each sickness."""
    season = month % 12
    return world.sicknesses.rate[season].reshape(-1, world.sicknesses.acute)


def _acute(world: World, month: int, intensity: float) -> _Occasions:
    persons, sicknesses = world.persons, world.sicknesses
    begins, ends = first_of_month(month), first_of_month(month + 1) - 1
    rates = _rates(world, month)
    means = np.cumsum(rates, axis=1)[:, -1] * intensity
    bounds = _bounds_of_counts(means)
    stream = Stream(world.seed, Topic.SICKNESS, month)
    kinds = _kinds(world, begins + 14)
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
    return _Occasions(person, sickness.astype(np.int16), np.full(len(person), NO_DATE, np.int32))


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


# Long-term illness.


def _long_term(world: World, month: int, intensity: float) -> _Occasions:
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
    return _Occasions(seen, sickness, np.full(len(seen), NO_DATE, np.int32))


# Pregnancy and birth.


def _maternity(world: World, month: int, intensity: Intensity) -> _Occasions:
    women, persons, sicknesses = world.women, world.persons, world.sicknesses
    first, last = first_of_month(month), first_of_month(month + 1) - 1
    factor = min(intensity.regular, 1.15)
    people: list[I32] = []
    kinds: list[I16] = []
    days: list[I32] = []

    def add(person: I32, name: str, day: I64) -> None:
        people.append(person.astype(np.int32))
        kinds.append(np.full(len(person), sicknesses.place(name), np.int16))
        days.append(day.astype(np.int32))

    def women_seen(before: int, percent: float, shift: int) -> tuple[I64, I64, I64]:
        """Find the women who come so many days before birth, give or take a week, by their own draw."""
        place, due = births_between(women, first + before - 7, last + before + 8)
        fate = fate_of(women, place, due)
        day = due - before + ((fate >> np.uint32(shift)) & np.uint32(15)).astype(np.int64) - 7
        comes = ((fate >> np.uint32(shift + 4)) % np.uint32(1000)).astype(np.int64) < 10 * percent * factor
        here = comes & (day >= first) & (day <= last) & (persons.dies[women.person[place]] >= day)
        return place[here], due[here], day[here]

    for number, (before, percent) in enumerate(_ANTENATAL):
        place, due, day = women_seen(before, percent, 2 + 3 * number)
        kept = carried(women, place, due) | (number == 0)
        name = "first antenatal visit" if number == 0 else "return antenatal visit"
        add(women.person[place[kept]], name, day[kept])
    place, due, day = women_seen(*_AT_RISK, 5)
    kept = carried(women, place, due)
    add(women.person[place[kept]], "pregnancy at risk", day[kept])
    place, due, day = women_seen(_MISCARRIED - 20, 80, 7)
    kept = ~carried(women, place, due)
    add(women.person[place[kept]], "miscarriage", day[kept])

    place, due = births_between(women, first, last)
    fate = fate_of(women, place, due)
    here = carried(women, place, due) & (persons.dies[women.person[place]] >= due)
    here &= ((fate >> np.uint32(9)) % np.uint32(100)).astype(np.int64) < _AT_A_FACILITY * min(factor, 1.0)
    place, due, fate = place[here], due[here], fate[here]
    way = ((fate >> np.uint32(13)) % np.uint32(100)).astype(np.int64)
    for name, low, high in (
        ("caesarean", 0, _CAESAREANS),
        ("assisted delivery", _CAESAREANS, _CAESAREANS + _ASSISTED),
        ("normal delivery", _CAESAREANS + _ASSISTED, 100),
    ):
        chosen = (way >= low) & (way < high)
        add(women.person[place[chosen]], name, due[chosen])

    after, percent = _AFTER_BIRTH
    place, due = births_between(women, first - after, last - after)
    seen = ((fate_of(women, place, due) >> np.uint32(17)) % np.uint32(100)).astype(
        np.int64
    ) < percent * factor
    seen &= carried(women, place, due) & (persons.dies[women.person[place]] >= due + after)
    add(women.person[place[seen]], "visit after birth", due[seen] + after)

    newborn = np.arange(len(persons.family) - len(world.mothers), len(persons.family))
    fate = fate_of(women, world.mothers.astype(np.int64), persons.born[newborn])
    for name, after, percent, shift in (
        ("visit of the newborn", *_OF_NEWBORN, 19),
        ("newborn in trouble", 0, _NEWBORN_IN_TROUBLE, 3),
    ):
        day = persons.born[newborn].astype(np.int64) + after
        seen = ((fate >> np.uint32(shift)) % np.uint32(100)).astype(np.int64) < percent * factor
        seen &= (day >= first) & (day <= last) & (persons.dies[newborn] >= day)
        add(newborn[seen].astype(np.int32), name, day[seen])
    return _Occasions(np.concatenate(people), np.concatenate(kinds), np.concatenate(days))


# From occasions to visits.


def visits_for(
    world: World,
    stream: Stream,
    person: I32,
    sickness: I16,
    day: I32,
    month: int,
    *,
    facility: I32 | None = None,
    always: bool = False,
) -> Visits:
    """Send people to facilities: where, when, for how long, and with which diagnosis.

    Args:
        world: everything.
        stream: what is drawn from.
        person: (n,), who.
        sickness: (n,), for what.
        day: (n,), when, or :data:`NO_DATE` for a day of the month to be drawn.
        month: the month.
        facility: (n,), where; None: near their village.
        always: keep visits of people who are not covered.
    """
    sicknesses, persons, facilities = world.sicknesses, world.persons, world.facilities
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
    keep_anyway = stream.chance(_UNCOVERED, count) & world.cover.was_known(person, ends)
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
