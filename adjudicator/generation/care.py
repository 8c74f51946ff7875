"""What is done at a visit and what is asked for it: the lines of a claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from adjudicator.generation.days import age_on
from adjudicator.generation.provisions import PRIVATE, Provisions
from adjudicator.generation.stream import I16, I32, I64, Stream, scaled_below, threshold
from adjudicator.generation.visits import Visits
from adjudicator.generation.world import World
from adjudicator.vocabulary import Sex

_CHUNK: Final = 1 << 16
"""Visits whose lines are made at a time, so that memory does not grow with the month."""

_MORE: Final = (threshold(6.2), threshold(33.0))
"""Below this draw more than the list's price is asked: by others, and by private hospitals."""

_LESS: Final = threshold(96.5)
"""From this draw on less is asked."""


@dataclass(frozen=True)
class Lines:
    """Lines of claims, by claim; L of them for n claims."""

    first: I64
    """(n + 1,): where each claim's lines begin."""
    provision: I16
    quantity: I64
    """(L,), hundredths."""
    price: I64
    """(L,), asked for one unit, in minor units."""

    @property
    def counts(self) -> I64:
        """How many lines each claim has."""
        return np.diff(self.first)

    @property
    def claim(self) -> I64:
        """The claim of each line."""
        return np.repeat(np.arange(len(self.first) - 1), self.counts)

    def take(self, claims: I64) -> Lines:
        """Take the lines of claims, by their places."""
        counts = self.counts[claims]
        first = np.concatenate([[0], np.cumsum(counts)])
        rows = np.repeat(self.first[claims] - first[:-1], counts) + np.arange(first[-1])
        return Lines(first, self.provision[rows], self.quantity[rows], self.price[rows])

    def plus(self, others: Lines) -> Lines:
        """Put the lines of other claims after these."""
        return Lines(
            np.concatenate([self.first, self.first[-1] + others.first[1:]]),
            np.concatenate([self.provision, others.provision]),
            np.concatenate([self.quantity, others.quantity]),
            np.concatenate([self.price, others.price]),
        )


def lines_of(world: World, provisions: Provisions, visits: Visits, stream: Stream) -> Lines:
    """Make the lines of visits: what fits the sickness, the patient, the facility and the stay."""
    parts = [
        _lines_of(world, provisions, visits.take(slice(start, start + _CHUNK)), stream)
        for start in range(0, len(visits), _CHUNK)
    ]
    if not parts:
        empty = np.zeros(0, np.int64)
        return Lines(np.zeros(1, np.int64), empty.astype(np.int16), empty, empty)
    counts = np.concatenate([part.counts for part in parts])
    return Lines(
        np.concatenate([[0], np.cumsum(counts)]),
        np.concatenate([part.provision for part in parts]),
        np.concatenate([part.quantity for part in parts]),
        np.concatenate([part.price for part in parts]),
    )


def _lines_of(world: World, provisions: Provisions, visits: Visits, stream: Stream) -> Lines:
    sicknesses, persons, facilities = world.sicknesses, world.persons, world.facilities
    slots = sicknesses.slots
    nights = visits.last_day - visits.first_day
    template = sicknesses.template(visits.sickness, facilities.level[visits.facility], nights > 0)
    size = slots.first[template + 1] - slots.first[template]
    ends = np.cumsum(size, dtype=np.int64)
    # Every draw of a visit decides on one slot, or between several that exclude each other.
    choices = slots.choices[template].astype(np.int64)
    draws = stream.draws(int(choices.sum()))
    claim = np.repeat(np.arange(len(visits), dtype=np.int32), size)
    slot = np.repeat(slots.first[template] - (ends - size), size) + np.arange(len(claim))
    drawn = draws[np.repeat(np.cumsum(choices) - choices, size) + slots.choice[slot]]
    here = (drawn >= slots.low[slot]) & (drawn < slots.high[slot])
    claim, slot = claim[here], slot[here]
    person = visits.person[claim]
    # Who is not born yet is treated as a newborn.
    age = np.maximum(age_on(visits.last_day, persons.born[visits.person]), 0)[claim]
    sex = persons.sex[person]
    fits = (age >= slots.youngest[slot]) & (age <= slots.oldest[slot])
    fits &= (slots.sex[slot] == Sex.ANY) | (slots.sex[slot] == sex)
    claim, slot = claim[fits], slot[fits]
    provision = slots.provision[slot]
    quantity = slots.least[slot] + 100 * scaled_below(stream.draws(len(slot)), slots.steps[slot])
    quantity = np.where(slots.nightly[slot], quantity * nights[claim], quantity)
    price = _prices(world, provisions, visits, claim, provision, stream)
    counts = np.bincount(claim, minlength=len(visits))
    return Lines(np.concatenate([[0], np.cumsum(counts)]), provision, quantity, price)


def _prices(
    world: World, provisions: Provisions, visits: Visits, claim: I32, provision: I16, stream: Stream
) -> I64:
    price_list = world.facilities.price_list[visits.facility[claim]]
    after = visits.last_day[claim] >= provisions.revised
    listed = provisions.asked_price(after, price_list, provision)
    draws = stream.draws(len(claim))
    percent = stream.below(24, len(claim))
    more = draws < np.where(price_list == PRIVATE, np.uint32(_MORE[1]), np.uint32(_MORE[0]))
    asked = np.where(more, 102 + percent, np.where(draws >= np.uint32(_LESS), 99 - percent // 2, 100))
    return (listed * asked + 50) // 100
