"""When women with child and their newborn are seen: before, at and after the birth."""

from __future__ import annotations

from typing import Final

import numpy as np

from adjudicator.generation.births import births_between, carried, fate_of
from adjudicator.generation.days import first_of_month
from adjudicator.generation.occasion import Occasions
from adjudicator.generation.stream import I16, I32, I64
from adjudicator.generation.world import World

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


def maternity_occasions(world: World, month: int, intensity: float) -> Occasions:
    """Find the women with child, and the newborn, who are seen in a month."""
    women, persons, sicknesses = world.women, world.persons, world.sicknesses
    first, last = first_of_month(month), first_of_month(month + 1) - 1
    factor = min(intensity, 1.15)
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
    return Occasions(np.concatenate(people), np.concatenate(kinds), np.concatenate(days))
