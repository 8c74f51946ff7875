"""How a fault is planted: take a month's claims that are still sound, change or add some, and mark them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from adjudicator.generation.care import Lines, lines_of
from adjudicator.generation.days import first_of_month
from adjudicator.generation.occasion import NO_DATE, Occasions
from adjudicator.generation.provisions import Provisions
from adjudicator.generation.stream import I16, I32, I64, Bools, Stream
from adjudicator.generation.visits import Visits, visits_for
from adjudicator.generation.world import World

NO_CLAIM: Final = -1
WHOLE_CLAIM: Final = 0
"""The line of a mark that is about a claim as a whole."""


@dataclass(frozen=True)
class Marks:
    """Claims of a month in which a fault was planted."""

    claim: I64
    """The places of the claims."""
    line: I64
    """The numbers of the lines, from 1; :data:`WHOLE_CLAIM` for none."""
    other: I64
    """The place of another claim that belongs to it, :data:`NO_CLAIM` for none."""


NO_MARKS: Final = Marks(*(np.zeros(0, np.int64) for _ in range(3)))


def marks(claim: I64, line: I64 | int = WHOLE_CLAIM, other: I64 | int = NO_CLAIM) -> Marks:
    """Mark claims."""
    return Marks(
        claim,
        np.broadcast_to(np.asarray(line, np.int64), claim.shape),
        np.broadcast_to(np.asarray(other, np.int64), claim.shape),
    )


@dataclass(frozen=True)
class Field:
    """The claims of a month that faults are planted in, and a stream of the fault's own."""

    world: World
    provisions: Provisions
    month: int
    stream: Stream
    visits: Visits
    lines: Lines
    sound: Bools
    """(n,): claims that no fault has touched."""

    @property
    def begins(self) -> int:
        """The first day of the month."""
        return first_of_month(self.month)

    @property
    def ends(self) -> int:
        """The last day of the month."""
        return first_of_month(self.month + 1) - 1

    def some(self, wanted: int, among: Bools) -> I64:
        """Draw sound claims, at most so many, for which something holds."""
        places = np.flatnonzero(self.sound & among)
        return places[self.stream.some(len(places), wanted)]

    def touched(self, claims: I64) -> Field:
        """Remember that claims are sound no longer."""
        sound = self.sound.copy()
        sound[claims] = False
        return replace(self, sound=sound)

    def with_visits(self, visits: Visits) -> tuple[Field, I64]:
        """Add visits, with the lines of what they pretend; give their places too."""
        return self.with_claims(visits, lines_of(self.world, self.provisions, visits, self.stream))

    def with_claims(self, visits: Visits, lines: Lines) -> tuple[Field, I64]:
        """Add claims; give their places too."""
        places = np.arange(len(self.visits), len(self.visits) + len(visits))
        sound = np.concatenate([self.sound, np.zeros(len(visits), np.bool_)])
        return replace(
            self, visits=self.visits.plus(visits), lines=self.lines.plus(lines), sound=sound
        ), places

    def without(self, claims: I64) -> Field:
        """Take claims out; the others close up."""
        kept = np.ones(len(self.visits), np.bool_)
        kept[claims] = False
        rows = np.flatnonzero(kept)
        return replace(
            self, visits=self.visits.take(rows), lines=self.lines.take(rows), sound=self.sound[rows]
        )

    def changed(self, claims: I64, **columns: Any) -> Field:
        """Change columns of visits at some claims."""
        held = {}
        for name, values in columns.items():
            held[name] = getattr(self.visits, name).copy()
            held[name][claims] = values
        return replace(self, visits=replace(self.visits, **held)).touched(claims)

    def with_lines(self, claims: I64, provision: I16, quantity: I64) -> tuple[Field, I64]:
        """Add a line to each of some claims (rising, each once) at the list's price; give its number too."""
        lines = self.lines
        at = lines.first[claims + 1]
        price = self.listed_price(claims, provision)
        more = np.zeros(len(lines.first), np.int64)
        more[claims + 1] = 1
        added = Lines(
            lines.first + np.cumsum(more),
            np.insert(lines.provision, at, provision),
            np.insert(lines.quantity, at, quantity),
            np.insert(lines.price, at, price),
        )
        return replace(self, lines=added).touched(claims), lines.counts[claims] + 1

    def listed_price(self, claims: I64, provision: I16) -> I64:
        """Give what provisions cost at the facilities of claims, in minor units."""
        visits = self.visits
        price_list = self.world.facilities.price_list[visits.facility[claims]]
        after = visits.last_day[claims] >= self.provisions.revised
        return self.provisions.asked_price(after, price_list, provision)

    def has_listed(self, code: str) -> Bools:
        """Tell for every claim whether its facility's price list has a provision."""
        place = self.provisions.place(code)
        facility_list = self.world.facilities.price_list[self.visits.facility]
        listed: Bools = self.provisions.listed[facility_list, place]
        return listed

    def any_of(self, codes: tuple[str, ...]) -> Bools:
        """Tell for every claim whether one of some provisions is among its lines."""
        wanted = np.zeros(len(self.provisions.codes), np.bool_)
        wanted[[self.provisions.place(code) for code in codes]] = True
        sums = np.concatenate([[0], np.cumsum(wanted[self.lines.provision])])
        return sums[self.lines.first[1:]] > sums[self.lines.first[:-1]]

    def pretended(
        self,
        person: I32,
        sickness: str | tuple[str, ...],
        day: I32 | int = NO_DATE,
        facility: I32 | None = None,
    ) -> Visits:
        """Make visits of people, wherever and however they are: dead, not covered, elsewhere."""
        names = (sickness,) if isinstance(sickness, str) else sickness
        places = np.array([self.world.sicknesses.place(name) for name in names], np.int16)
        drawn = places[self.stream.below(len(places), len(person))]
        return visits_for(
            self.world,
            self.stream,
            Occasions(person, drawn, np.broadcast_to(np.asarray(day, np.int32), person.shape)),
            self.month,
            facility=facility,
            always=True,
        )
