"""Payment by capitation: a share of the contributions, split over facilities by six criteria.

Follows section 6 of the law, step 4: the pot is split over the criteria by their weights, and each part over
the facilities in proportion to their own figure; all by largest remainder (law, section 2), criteria in their
order and facilities in that of their codes where remainders are equal.

A facility's population, families, and the insured among them are those of its catchment: of each location in
it, the percentage that is the facility's. A location that has no population of its own in the register has
that of the places within it; the insured of a location always include those of the places within it.

What the law leaves open is decided here, as openIMIS has it: a product that is sold at a location shares its
pot over the facilities of that location alone (:func:`pays_by_head`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import numpy as np

from adjudicator.product.definition import Capitation, Product
from adjudicator.remuneration.shares import shares_of
from adjudicator.units import PERCENT_ALL, largest_remainder, times_percentage, unscaled
from adjudicator.vocabulary import FacilityLevel, Word


class Criterion(Word):
    """What a capitation pot is split by, in the order of the law."""

    POPULATION = 0
    FAMILIES = 1
    INSURED_POPULATION = 2
    INSURED_FAMILIES = 3
    VISITS = 4
    ADJUSTED_AMOUNT = 5


_BY_CATCHMENT: Final = frozenset(
    (
        Criterion.POPULATION,
        Criterion.FAMILIES,
        Criterion.INSURED_POPULATION,
        Criterion.INSURED_FAMILIES,
    )
)


@dataclass(frozen=True)
class Facility:
    """A facility as the register has it on the last day of the month."""

    code: str
    level: FacilityLevel
    sublevel: str | None = None
    account: str | None = None
    """Its account code."""
    within: frozenset[str] | None = None
    """The codes of the location that it lies in and of those around that one; None where nobody knows."""


@dataclass(frozen=True)
class Catchment:
    """A location in a facility's catchment, as the register has it on the last day of the month."""

    facility: str
    location: str
    percent: int
    """How much of the location is the facility's, in hundredths of a percent."""


@dataclass(frozen=True)
class Place:
    """A location, and who lives there."""

    code: str
    parent: str | None
    population: int | None = None
    """Men, women and others; None where the register has none of the three."""
    families: int | None = None


@dataclass(frozen=True)
class Insured:
    """Who is insured with a product on the last day of the month, by the location of the family."""

    persons: Mapping[str, int] = field(default_factory=dict)
    families: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Activity:
    """What a facility did for a product in the month."""

    visits: int = 0
    """Claims with an accepted line that the product pays."""
    adjusted_amount: int = 0
    """What those lines are worth, minor units."""


@dataclass(frozen=True)
class Figures:
    """A facility's figures."""

    facility: str
    values: Mapping[Criterion, int]
    """Those of a catchment in ten-thousandths; claims as a number; the amount in minor units."""

    def shown(self, criterion: Criterion, decimals: int) -> Decimal:
        """Give a figure as it is shown; ``decimals`` are those of the currency."""
        if criterion in _BY_CATCHMENT:
            return Decimal(self.values[criterion]) / PERCENT_ALL
        return unscaled(self.values[criterion], decimals if criterion is Criterion.ADJUSTED_AMOUNT else 0)


@dataclass(frozen=True)
class CriterionPart:
    """What one criterion shares out."""

    criterion: Criterion
    weight: int
    """Hundredths of a percent."""
    amount: int
    """Its part of the pot, minor units."""
    total: int
    """The sum of the facilities' figures, in the unit of :class:`Figures`."""

    @property
    def unpaid(self) -> bool:
        """Whether it pays nothing because no facility has a figure; it is to be reported."""
        return self.total == 0 and self.amount > 0

    @property
    def paid(self) -> int:
        """What it shares out, minor units."""
        return 0 if self.total == 0 else self.amount


@dataclass(frozen=True)
class FacilityShare:
    """What a facility has of the pot, by criterion, and the figures that it is for."""

    facility: str
    figures: Figures
    amounts: Mapping[Criterion, int]
    """Minor units."""

    @property
    def amount(self) -> int:
        """All of it."""
        return sum(self.amounts.values())


@dataclass(frozen=True)
class CapitationPayment:
    """How the capitation of a product for a month came about."""

    product: str
    allocated: int
    """Contributions earned in the month, minor units."""
    share: int
    """The share of them, in hundredths of a percent."""
    pot: int
    """Minor units."""
    parts: tuple[CriterionPart, ...]
    """By criterion, in order; those without a weight are left out."""
    facilities: tuple[FacilityShare, ...]
    """All facilities that are paid so, by code, those with nothing too."""

    @property
    def paid(self) -> int:
        """What the facilities have together, minor units."""
        return sum(part.paid for part in self.parts)


def is_paid_by(terms: Capitation | None, level: FacilityLevel, sublevel: str | None) -> bool:
    """Tell whether a product pays facilities of a level and sublevel by capitation."""
    return terms is not None and any(
        named.level == level and named.sublevel in (None, sublevel) for named in terms.facilities
    )


def sold_at(product: Product) -> str | None:
    """Give the code of the location that a product is of: its district, else its region; None: the nation."""
    if product.location is None:
        return None
    return product.location.district or product.location.region


def pays_by_head(product: Product, facility: Facility) -> bool:
    """Tell whether a product pays a facility by capitation.

    It is of a level and sublevel that the product pays so; and of a product that is sold at a location it
    lies in that location. A facility elsewhere that treats the insured is paid for what it does.
    """
    terms, location = product.remuneration.capitation, sold_at(product)
    there = location is None or facility.within is None or location in facility.within
    return there and is_paid_by(terms, facility.level, facility.sublevel)


def figures_of(
    facilities: Iterable[Facility],
    catchments: Iterable[Catchment],
    places: Iterable[Place],
    insured: Insured,
    activity: Mapping[str, Activity],
) -> list[Figures]:
    """Count the figures of facilities.

    Args:
        facilities: those that the product pays by capitation.
        catchments: of any facilities; a row repeated counts twice.
        places: the register of locations.
        insured: who is insured with the product.
        activity: what facilities did for the product, by code.

    Returns:
        One a facility, in the order of their codes.
    """
    living = _Living(places, insured)
    within: dict[str, list[Catchment]] = {}
    for catchment in catchments:
        within.setdefault(catchment.facility, []).append(catchment)
    return [
        _figures(code, within.get(code, ()), living, activity.get(code, Activity()))
        for code in sorted({facility.code for facility in facilities})
    ]


def _figures(code: str, catchments: Sequence[Catchment], living: _Living, done: Activity) -> Figures:
    values = dict.fromkeys(Criterion, 0)
    for catchment in catchments:
        for criterion, number in living.at(catchment.location).items():
            values[criterion] += number * catchment.percent
    values[Criterion.VISITS] = done.visits
    values[Criterion.ADJUSTED_AMOUNT] = done.adjusted_amount
    return Figures(code, values)


class _Living:
    """Who lives at locations, places within them included."""

    def __init__(self, places: Iterable[Place], insured: Insured) -> None:
        self._places = {place.code: place for place in places}
        self._insured = insured
        self._within: dict[str, list[str]] = {}
        for place in self._places.values():
            if place.parent is not None:
                self._within.setdefault(place.parent, []).append(place.code)
        self._known: dict[str, dict[Criterion, int]] = {}

    def at(self, code: str) -> dict[Criterion, int]:
        """Give the four numbers of a location."""
        if code not in self._known:
            # Set first, so that locations that lie within each other come to an end.
            self._known[code] = dict.fromkeys(_BY_CATCHMENT, 0)
            self._known[code] = self._count(code)
        return self._known[code]

    def _count(self, code: str) -> dict[Criterion, int]:
        inner = [self.at(place) for place in self._within.get(code, ())]
        summed = {criterion: sum(numbers[criterion] for numbers in inner) for criterion in _BY_CATCHMENT}
        place = self._places.get(code)
        own = (place.population, place.families) if place else (None, None)
        for criterion, number in zip((Criterion.POPULATION, Criterion.FAMILIES), own, strict=True):
            if number is not None:
                summed[criterion] = number
        summed[Criterion.INSURED_POPULATION] += self._insured.persons.get(code, 0)
        summed[Criterion.INSURED_FAMILIES] += self._insured.families.get(code, 0)
        return summed


def pay_by_capitation(
    product: str, terms: Capitation, allocated: int, figures: Sequence[Figures]
) -> CapitationPayment:
    """Share the capitation pot of a product for a month over its facilities (law, section 6, step 4).

    Args:
        product: its code.
        terms: its terms of capitation.
        allocated: contributions earned in the month, minor units; none are shared out if it is negative.
        figures: of the facilities that are paid so, one each.

    Returns:
        The payment. A criterion with no figure at all pays nothing, and its part says so.
    """
    pot = times_percentage(max(allocated, 0), terms.share)
    weights = {one: int(getattr(terms.weights, one.word)) for one in Criterion}
    amounts = largest_remainder(pot, np.array(list(weights.values()), np.int64)).tolist()
    facilities = sorted(figures, key=lambda one: one.facility)
    parts = tuple(
        CriterionPart(one, weights[one], amount, sum(each.values[one] for each in facilities))
        for one, amount in zip(Criterion, amounts, strict=True)
        if weights[one]
    )
    shared = {part.criterion: _shared(part, facilities) for part in parts}
    return CapitationPayment(
        product,
        allocated,
        terms.share,
        pot,
        parts,
        tuple(
            FacilityShare(each.facility, each, {one: amounts[place] for one, amounts in shared.items()})
            for place, each in enumerate(facilities)
        ),
    )


def _shared(part: CriterionPart, facilities: Sequence[Figures]) -> list[int]:
    if part.total == 0:
        return [0] * len(facilities)
    weights = np.array([each.values[part.criterion] for each in facilities], np.int64)
    return [int(share) for share in shares_of(part.amount, weights, np.arange(len(weights)))]
