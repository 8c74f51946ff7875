"""Months of claims: visits become claims with numbers in the month in which they are claimed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from adjudicator.generation.care import lines_of
from adjudicator.generation.claims import Claims, Labels, no_labels
from adjudicator.generation.codes import codes
from adjudicator.generation.days import first_of_month
from adjudicator.generation.faults import Fault, Planter
from adjudicator.generation.people import LEAD
from adjudicator.generation.planting import NO_CLAIM, Marks
from adjudicator.generation.provisions import Provisions
from adjudicator.generation.stream import I32, I64, Stream, Topic
from adjudicator.generation.utilisation import Intensity, occasions_of_month
from adjudicator.generation.visits import visits_of_month
from adjudicator.generation.world import World

_MONTH: Final = 32
"""The bits of an identity below its month."""


@dataclass(frozen=True)
class Month:
    """The claims made in a month, by facility and number."""

    month: int
    claims: Claims
    number: I32
    """(n,), the claim's number among its facility's of the year."""
    labels: Labels
    others: list[str]
    """(labels,), the number of the other claim that a label speaks of, empty for none."""

    @property
    def codes(self) -> Any:
        """The claims' numbers as facilities write them, an Arrow array: ``HF0123-2026-000457``."""
        year = np.full(len(self.number), _year(self.month))
        facility = self.claims.visits.facility + 1
        return codes("HF{facility:4}-{year:4}-{number:6}", facility=facility, year=year, number=self.number)


def _year(month: int) -> int:
    return month // 12 + 1970


def months_of_claims(
    world: World, provisions: Provisions, intensity: Intensity, months: int, *, faults: bool
) -> Iterator[Month]:
    """Make the claims of month after month.

    A visit's claim comes days or weeks later, so that life begins some months before the first claims.
    """
    planter = Planter(world, provisions) if faults else None
    numbering = _Numbering(len(world.facilities.level))
    numbers: dict[int, str] = {}
    waiting: Claims | None = None
    labels = no_labels()
    for month in range(world.start - LEAD, world.start + months):
        made, marked = _made_in(world, provisions, month, intensity, planter)
        waiting = made if waiting is None else waiting.plus(made)
        labels = labels.plus(marked)
        if month < world.start:
            waiting = waiting.take(np.flatnonzero(waiting.visits.claimed >= first_of_month(world.start)))
            continue
        now = waiting.visits.claimed < first_of_month(month + 1)
        claims = waiting.take(np.flatnonzero(now))
        waiting = waiting.take(np.flatnonzero(~now))
        claims = claims.take(np.lexsort((claims.identity, claims.visits.claimed, claims.visits.facility)))
        number = numbering.number(claims, month)
        # Another claim is never claimed later than the one that speaks of it.
        numbers |= _numbers_of(claims, number, labels.other, month)
        is_now = np.isin(labels.claim, claims.identity)
        told = labels.take(is_now)
        labels = labels.take(~is_now)
        yield Month(month, claims, number, told, [numbers.get(int(other), "") for other in told.other])


def _made_in(
    world: World, provisions: Provisions, month: int, intensity: Intensity, planter: Planter | None
) -> tuple[Claims, Labels]:
    """Make the claims for the visits that begin in a month."""
    visits = visits_of_month(world, month, occasions_of_month(world, month, intensity))
    lines = lines_of(world, provisions, visits, Stream(world.seed, Topic.CARE, month))
    planted: dict[Fault, Marks] = {}
    if planter:
        visits, lines, planted = planter.plant(month, visits, lines)
    identity = (np.int64(month) << _MONTH) + np.arange(len(visits), dtype=np.int64)
    labels = no_labels()
    for fault, marks in planted.items():
        other = np.where(marks.other == NO_CLAIM, NO_CLAIM, identity[marks.other])
        labels = labels.plus(
            Labels(identity[marks.claim], marks.line, np.full(len(marks.claim), fault, np.int8), other)
        )
    return Claims(identity, visits, lines), labels


def _numbers_of(claims: Claims, number: I32, wanted: I64, month: int) -> dict[int, str]:
    """Give the numbers of those claims that are wanted, by identity."""
    place = np.flatnonzero(np.isin(claims.identity, wanted))
    facility = claims.visits.facility[place] + 1
    return {
        int(identity): f"HF{where:04d}-{_year(month)}-{one:06d}"
        for identity, where, one in zip(claims.identity[place], facility, number[place], strict=True)
    }


class _Numbering:
    """Numbers the claims of each facility, from 1 in every year."""

    def __init__(self, facilities: int) -> None:
        self._used = np.zeros(facilities, np.int64)
        self._year = 0

    def number(self, claims: Claims, month: int) -> I32:
        """Number the claims of a month, which stand by facility."""
        if _year(month) != self._year:
            self._used[:] = 0
            self._year = _year(month)
        facility = claims.visits.facility
        counts = np.bincount(facility, minlength=len(self._used))
        first: I64 = np.cumsum(counts) - counts
        number = self._used[facility] + np.arange(len(claims)) - first[facility] + 1
        self._used += counts
        return number.astype(np.int32)
