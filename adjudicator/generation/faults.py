"""The faults that are planted among the claims: their names, how many of each, and where they are planted.

Each is labelled, so that rules and reviewers can be measured by what they find. What a fault looks like is
in :mod:`.planted_visits` (visits that never happened, or not so) and :mod:`.planted_lines` (what is claimed
for visits that did).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from adjudicator.generation import planted_lines, planted_visits
from adjudicator.generation.care import Lines
from adjudicator.generation.planting import Field, Marks
from adjudicator.generation.provisions import Provisions
from adjudicator.generation.stream import Stream, Topic
from adjudicator.generation.visits import Visits
from adjudicator.generation.world import World
from adjudicator.tables import Column, Table, Type
from adjudicator.vocabulary import Word


class Fault(Word):
    """What can be wrong with a claim. A new fault goes last, so that it changes nothing else."""

    DUPLICATE = 0
    NEAR_DUPLICATE = 1
    UNBUNDLING = 2
    UPCODED_QUANTITY = 3
    PRICE_ABOVE_LIST = 4
    SEX_MISMATCH = 5
    AGE_MISMATCH = 6
    GHOST_AFTER_DEATH = 7
    GHOST_BEFORE_BIRTH = 8
    OVERLAPPING_STAYS = 9
    TOO_MANY_PATIENTS = 10
    CAESAREAN_RATE = 11
    DISTANT_FAMILY = 12
    DELIVERY_WITHOUT_PREGNANCY = 13
    REPEAT_SURGERY = 14
    LATE_FILING = 15
    WEEKEND_VISITS = 16
    SUDDEN_GROWTH = 17


FAULTS: Final = Table(
    "faults",
    (
        Column("claim"),
        Column("facility"),
        Column("line", Type.NUMBER, needed=False, filled=False),
        Column("fault"),
        Column("note", needed=False, filled=False),
    ),
    ("facility", "claim", "line", "fault"),
)
"""The table of planted faults, at the scheme's root."""

_SHARES: Final = {
    Fault.DUPLICATE: 1.2,
    Fault.NEAR_DUPLICATE: 0.9,
    Fault.UNBUNDLING: 0.9,
    Fault.UPCODED_QUANTITY: 1.2,
    Fault.PRICE_ABOVE_LIST: 1.2,
    Fault.SEX_MISMATCH: 0.6,
    Fault.AGE_MISMATCH: 0.6,
    Fault.GHOST_AFTER_DEATH: 0.5,
    Fault.GHOST_BEFORE_BIRTH: 0.3,
    Fault.OVERLAPPING_STAYS: 0.5,
    Fault.TOO_MANY_PATIENTS: 1.5,
    Fault.CAESAREAN_RATE: 0.0,
    Fault.DISTANT_FAMILY: 0.8,
    Fault.DELIVERY_WITHOUT_PREGNANCY: 0.4,
    Fault.REPEAT_SURGERY: 0.4,
    Fault.LATE_FILING: 1.2,
    Fault.WEEKEND_VISITS: 1.2,
    Fault.SUDDEN_GROWTH: 1.5,
}
"""Faults of each kind in a thousand claims; caesareans are converted at a few hospitals instead."""

_FEWEST: Final = {Fault.TOO_MANY_PATIENTS: 12, Fault.WEEKEND_VISITS: 6, Fault.SUDDEN_GROWTH: 6}
"""Faults that only show in numbers, and the fewest that are planted together."""

_PLANTERS: Final[dict[Fault, Callable[[Field, int], tuple[Field, Marks]]]] = {
    # First what takes claims out: it moves the places of the others.
    Fault.CAESAREAN_RATE: planted_visits.converted_deliveries,
    Fault.UNBUNDLING: planted_lines.unbundled,
    Fault.UPCODED_QUANTITY: planted_lines.upcoded_quantities,
    Fault.PRICE_ABOVE_LIST: planted_lines.prices_above_list,
    Fault.SEX_MISMATCH: planted_lines.wrong_sex,
    Fault.AGE_MISMATCH: planted_lines.wrong_age,
    Fault.SUDDEN_GROWTH: planted_lines.sudden_growth,
    Fault.LATE_FILING: planted_lines.filed_late,
    Fault.DUPLICATE: planted_lines.duplicates,
    Fault.NEAR_DUPLICATE: planted_lines.near_duplicates,
    Fault.REPEAT_SURGERY: planted_lines.repeated_surgery,
    Fault.OVERLAPPING_STAYS: planted_visits.overlapping_stays,
    Fault.DISTANT_FAMILY: planted_visits.distant_families,
    Fault.GHOST_AFTER_DEATH: planted_visits.ghosts_after_death,
    Fault.GHOST_BEFORE_BIRTH: planted_visits.ghosts_before_birth,
    Fault.DELIVERY_WITHOUT_PREGNANCY: planted_visits.deliveries_without_pregnancy,
    Fault.TOO_MANY_PATIENTS: planted_visits.too_many_patients,
    Fault.WEEKEND_VISITS: planted_visits.weekend_visits,
}


class Planter:
    """Plants faults month by month; a share too small for one month is kept for the next."""

    def __init__(self, world: World, provisions: Provisions) -> None:
        self._world = world
        self._provisions = provisions
        # Each kind begins with another part of a fault due, so that small schemes see them one by one.
        self._due = {fault: (fault * 7 % len(Fault)) / len(Fault) for fault in Fault}

    def plant(self, month: int, visits: Visits, lines: Lines) -> tuple[Visits, Lines, dict[Fault, Marks]]:
        """Plant faults in the claims of the visits of a month.

        Before the start only late claims are planted: all else would be claimed before it, too.
        """
        sound = np.ones(len(visits), np.bool_)
        planted: dict[Fault, Marks] = {}
        field = Field(self._world, self._provisions, month, Stream(0, Topic.FAULTS), visits, lines, sound)
        for fault, planter in _PLANTERS.items():
            if month < self._world.start and fault is not Fault.LATE_FILING:
                continue
            self._due[fault] += _SHARES[fault] * len(visits) / 1000
            wanted = int(self._due[fault])
            if fault is not Fault.CAESAREAN_RATE and wanted < _FEWEST.get(fault, 1):
                continue
            stream = Stream(self._world.seed, Topic.FAULTS, 3, month, fault)
            field, planted[fault] = planter(replace(field, stream=stream), wanted)
            self._due[fault] -= wanted
        return field.visits, field.lines, planted
