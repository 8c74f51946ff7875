"""Which products there are, to whom they are sold, and when.

The terms of a sale (cycles, waiting for the start, length, contributions) are those of the product files.
``country/market.yaml`` says who buys what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from adjudicator.generation.days import first_of_month, months_after
from adjudicator.generation.knowledge import knowledge
from adjudicator.generation.people import LEAD, SECTORS, Families
from adjudicator.generation.places import Places
from adjudicator.generation.provisions import NO_END
from adjudicator.generation.stream import I8, I32, Bools, Ints, Stream, pick_in_rows, rows_of_thresholds
from adjudicator.problems import Problem, Refused
from adjudicator.product.definition import Product
from adjudicator.product.read import read_product
from adjudicator.units import day_number
from adjudicator.words import message

_YEARS_OF_CYCLES: Final = (1990, 2080)


@dataclass(frozen=True)
class Offers:
    """Product versions on sale, and the products they are versions of."""

    files: tuple[Path, ...]
    """Of the versions."""
    versions: tuple[Product, ...]
    codes: tuple[str, ...]
    """Of the products; a product's place is its number."""
    product: I8
    """(versions,): the product that each is a version of."""
    beside: int
    """The product that families take beside another one, -1 where it is not sold."""

    def version_on(self, product: I8, day: I32) -> I8:
        """Give the place of the version by which a product is sold on a day; the nearest where none is."""
        found = np.full(len(product), -1, np.int8)
        distance = np.full(len(product), np.iinfo(np.int64).max)
        for place, version in enumerate(self.versions):
            apart = np.maximum(
                version.valid.start - day.astype(np.int64), day.astype(np.int64) - version.valid.end
            )
            nearer = (self.product[place] == product) & (np.maximum(apart, 0) < distance)
            found[nearer] = place
            distance[nearer] = np.maximum(apart, 0)[nearer]
        return found

    def in_force(self, product: I8, day: I32) -> Bools:
        """Tell whether products have a version in force on days."""
        held = np.zeros(len(product), np.bool_)
        for place, version in enumerate(self.versions):
            held |= (
                (self.product[place] == product) & (version.valid.start <= day) & (day <= version.valid.end)
            )
        return held

    def follower_on(self, product: I8, day: I32) -> I8:
        """Give the product that a renewal on a day leads to: that which replaces it then, else itself."""
        follower = product.copy()
        for place, version in enumerate(self.versions):
            if version.replaces_on_renewal in self.codes:
                replaced = self.codes.index(version.replaces_on_renewal)
                follower[(product == replaced) & (version.valid.start <= day)] = self.product[place]
        return follower

    def effective(self, version: I8, enrolled: I32) -> I32:
        """Give the day from which a policy enrolled on a day covers."""
        effective = enrolled.copy()
        for place, one in enumerate(self.versions):
            rows = np.flatnonzero(version == place)
            if one.enrolment.cycles:
                starts = _cycle_starts(one)
                # A cycle that has begun still takes families in for some months.
                late = months_after(enrolled[rows], -one.enrolment.grace.enrolment)
                effective[rows] = starts[np.searchsorted(starts, late + 1, side="left")]
            else:
                effective[rows] = months_after(enrolled[rows], one.enrolment.administration_period)
        return effective

    def expiry(self, version: I8, effective: I32) -> I32:
        """Give the last day that a policy covers."""
        expiry = effective.copy()
        for place, one in enumerate(self.versions):
            rows = np.flatnonzero(version == place)
            expiry[rows] = months_after(effective[rows], one.enrolment.insurance_period) - 1
        return expiry

    def snapped(self, version: I8, day: I32) -> I32:
        """Move days back to the start of their product's cycle."""
        moved = day.copy()
        for place, one in enumerate(self.versions):
            if one.enrolment.cycles:
                starts = _cycle_starts(one)
                rows = np.flatnonzero(version == place)
                moved[rows] = starts[np.searchsorted(starts, day[rows], side="right") - 1]
        return moved


def _cycle_starts(product: Product) -> I32:
    days = [
        np.datetime64(f"{year}-{month:02d}-01", "D").astype(np.int64) + day - 1
        for year in range(*_YEARS_OF_CYCLES)
        for month, day in product.enrolment.cycles
    ]
    return np.sort(np.array(days, np.int32))


def offers_of(files: Sequence[Path], start: int, months: int, decimals: int) -> Offers:
    """Read the products that are in force at some time while claims are made.

    Raises:
        Refused: a product file is wrong, or none is in force.
    """
    first, last = first_of_month(start - LEAD), first_of_month(start + months) - 1
    read = [(file, read_product(file, decimals).definition) for file in files]
    live = [(file, one) for file, one in read if one.valid.start <= last and one.valid.end >= first]
    live.sort(key=lambda pair: (pair[1].product, pair[1].valid.start))
    said = knowledge("market.yaml")
    if said["otherwise"] not in {one.product for _, one in live}:
        raise Refused([Problem(message("generation.no_product_on_sale", product=said["otherwise"]))])
    codes = tuple(sorted({one.product for _, one in live}))
    beside = said["beside"]["product"]
    return Offers(
        files=tuple(file for file, _ in live),
        versions=tuple(one for _, one in live),
        codes=codes,
        product=np.array([codes.index(one.product) for _, one in live], np.int8),
        beside=codes.index(beside) if beside in codes else -1,
    )


def wished_products(stream: Stream, offers: Offers, families: Families, places: Places) -> I8:
    """Draw the product that each family would buy, among those sold where it lives."""
    said = knowledge("market.yaml")["products"]
    _, districts, _, _ = places.counts
    weights = np.zeros((districts, len(SECTORS), len(offers.codes)))
    for number, code in enumerate(offers.codes):
        for sector, name in enumerate(SECTORS):
            weights[:, sector, number] = said.get(code, {}).get(name, 0)
    codes = places.codes
    for place, version in enumerate(offers.versions):
        if version.location:
            sold_in = version.location.district or version.location.region
            for district in range(districts):
                own = codes[places.regions + district]
                if sold_in not in (own, own.partition("D")[0]):
                    weights[district, :, offers.product[place]] = 0
    table = rows_of_thresholds(weights.reshape(-1, len(offers.codes)))
    row = places.district_of(families.village) * len(SECTORS) + families.sector
    picked = pick_in_rows(table, len(offers.codes), row, stream.draws(len(families.village)))
    return picked.astype(np.int8)


def products_bought(offers: Offers, wished: I8, day: I32, *, first: bool) -> I8:
    """Give what families buy on a day: what they wish while it is sold, what follows it, or the usual.

    Args:
        offers: the products.
        wished: (n,), the product wished for, or the one that is renewed.
        day: (n,).
        first: it is their first policy; else a renewal, which leads to what replaces a product.
    """
    said = knowledge("market.yaml")
    followed = offers.follower_on(wished, day)
    if first:
        for number, code in enumerate(offers.codes):
            until = said["products"].get(code, {}).get("sold_until")
            still = day <= (day_number(until) if until else NO_END)
            followed = np.where((wished == number) & still, wished, followed)
    usual = offers.codes.index(said["otherwise"])
    return np.where(offers.in_force(followed, day), followed, usual).astype(np.int8)


def taken_beside(stream: Stream, offers: Offers, wished: I8) -> Bools:
    """Draw the families that take the second product beside their own."""
    said: dict[str, Any] = knowledge("market.yaml")["beside"]
    others = [offers.codes.index(code) for code in said["others"] if code in offers.codes]
    drawn = stream.chance(float(said["share"].removesuffix("%")), len(wished))
    return drawn & np.isin(wished, others) & (offers.beside >= 0)


def covered_beside(woman: Bools, age: Ints) -> Bools:
    """Tell whether the second product covers persons: women of some ages, and small children."""
    said = knowledge("market.yaml")["beside"]
    youngest, oldest = said["women"]
    covered: Bools = (woman & (age >= youngest) & (age <= oldest)) | (age < said["children"])
    return covered
