"""The country's regions, districts, wards and villages, and how many people live there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from adjudicator.generation.codes import chosen
from adjudicator.generation.knowledge import knowledge
from adjudicator.generation.stream import I32, I64, Stream, Topic
from adjudicator.vocabulary import LocationLevel

INSURED_SHARE: Final = 18
"""Percent of the population whose families are in the register."""

FAMILY_SIZE: Final = 5
"""Persons of a family of the population at large."""


@dataclass(frozen=True)
class Places:
    """A country as regular as a tree: all regions have as many districts, these as many wards, and so on.

    A village's number tells where it lies: ``village // villages`` is its ward's number, and so upwards.
    """

    regions: int
    districts: int
    """Of a region."""
    wards: int
    """Of a district."""
    villages: int
    """Of a ward."""
    names: list[str]
    """Of all locations: regions first, villages last."""
    inhabitants: I64
    """(all villages,)."""

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """How many regions, districts, wards and villages there are in all."""
        districts = self.regions * self.districts
        wards = districts * self.wards
        return self.regions, districts, wards, wards * self.villages

    def district_of(self, village: I32) -> I32:
        """Give the numbers of villages' districts."""
        return village // (self.wards * self.villages)

    def region_of(self, village: I32) -> I32:
        """Give the numbers of villages' regions."""
        return village // (self.districts * self.wards * self.villages)

    def location(self, level: LocationLevel, number: int) -> int:
        """Give the place, among all locations, of the n-th of a level."""
        return sum(self.counts[:level]) + number

    @property
    def codes(self) -> list[str]:
        """The codes of all locations; ``R2D1W03V02`` is a village of region R2."""
        regions = [f"R{number + 1}" for number in range(self.regions)]
        districts = [f"{code}D{number + 1}" for code in regions for number in range(self.districts)]
        wards = [f"{code}W{number + 1:02d}" for code in districts for number in range(self.wards)]
        villages = [f"{code}V{number + 1:02d}" for code in wards for number in range(self.villages)]
        return regions + districts + wards + villages


def places_of(seed: int, families: int) -> Places:
    """Make a country of a size that suits a number of families."""
    said = knowledge("places.yaml")
    regions = len(said["regions"])
    districts = min(max(families // (1200 * regions), 1), 12)
    wards = min(max(families // (regions * districts * 200), 1), 10)
    villages = min(max(families // (regions * districts * wards * 30), 2), 9)
    empty = Places(regions, districts, wards, villages, [], np.zeros(0, np.int64))
    count = empty.counts[LocationLevel.VILLAGE]
    spread = 60 + Stream(seed, Topic.PLACES, 0).below(81, count)
    weight = (
        np.array(said["population"], np.int64)[empty.region_of(np.arange(count, dtype=np.int32))] * spread
    )
    persons = families * FAMILY_SIZE * 100 // INSURED_SHARE
    inhabitants = np.maximum(weight * persons // int(weight.sum()), 20)
    return Places(regions, districts, wards, villages, _names(seed, empty, said), inhabitants)


def _names(seed: int, places: Places, said: dict[str, Any]) -> list[str]:
    codes = places.codes
    first, last = said["first"], said["last"]
    stream = Stream(seed, Topic.PLACES, 1)
    beginnings, ends = stream.below(len(first), len(codes)), stream.below(len(last), len(codes))
    names = [first[one] + last[other] for one, other in zip(beginnings, ends, strict=True)]
    names[: places.regions] = said["regions"]
    for code, name in said["districts"].items():
        names[codes.index(code)] = name
    return names


def register_of_locations(places: Places) -> Any:
    """Make the register of locations, with the population of every village: a typed table."""
    counts = places.counts
    level = np.repeat(np.arange(len(LocationLevel), dtype=np.int8), counts)
    starts = np.concatenate([[0], np.cumsum(counts)])
    children = (1, places.districts, places.wards, places.villages)
    parent = np.concatenate(
        [np.full(places.regions, -1)]
        + [starts[one - 1] + np.arange(counts[one]) // children[one] for one in range(1, len(LocationLevel))]
    )
    codes = places.codes
    male = places.inhabitants * 49 // 100
    empty = starts[LocationLevel.VILLAGE]

    def of_villages(numbers: I64) -> Any:
        filled = np.concatenate([np.zeros(empty, np.int64), numbers])
        return pa.array(filled, mask=level != LocationLevel.VILLAGE)

    return pa.table(
        {
            "code": codes,
            "name": places.names,
            "level": level,
            "parent": chosen(parent, codes),
            "male": of_villages(male),
            "female": of_villages(places.inhabitants - male),
            "other": of_villages(np.zeros_like(male)),
            "families": of_villages(places.inhabitants // FAMILY_SIZE),
        }
    )
