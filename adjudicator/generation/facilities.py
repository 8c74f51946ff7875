"""The country's hospitals, health centres and dispensaries, and which of them people go to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa

from adjudicator.generation.codes import chosen, codes
from adjudicator.generation.days import first_of_month
from adjudicator.generation.places import Places
from adjudicator.generation.provisions import HISTORY, LIST_NAMES, NO_END, PRIVATE
from adjudicator.generation.stream import I8, I32, Bools, Stream, Topic, thresholds
from adjudicator.units import PERCENT_ALL
from adjudicator.vocabulary import CareType, FacilityLevel, LocationLevel

NEARNESS: Final = (62, 20, 11, 7)
"""How often people go to the nearest, second, third and fourth facility of a level, in percent."""

NEAREST: Final = thresholds(NEARNESS)

FORMS: Final = ("government", "charity", "private")

HIGH: Final = "II"
"""The sublevel of health centres with beds, and of the better dispensaries."""

_CLOSING: Final = 5
"""Percent of the dispensaries that close within two years."""


@dataclass(frozen=True)
class Facilities:
    """F facilities, and whom V villages are near to."""

    names: list[str]
    level: I8
    sublevel: list[str]
    care: I8
    """(F,), :class:`CareType`."""
    form: I8
    """(F,), a place among :data:`FORMS`."""
    location: I32
    """(F,), a place among all locations."""
    region: I8
    price_list: I8
    opens: I32
    """(F,), day number."""
    closes: I32
    """(F,), the last day, or that of no end."""
    delay: I32
    """(F,), days by which it claims later than others."""
    near: I32
    """(levels, V, 4): the facilities of a level that people of a village go to, nearest first."""

    @property
    def codes(self) -> Any:
        """The codes, an Arrow array."""
        return codes("HF{number:4}", number=np.arange(1, len(self.level) + 1))

    def are_open(self, facility: I32, first: I32, last: I32) -> Bools:
        """Tell whether facilities are open from a first to a last day."""
        return (self.opens[facility] <= first) & (self.closes[facility] >= last)


@dataclass
class _Builder:
    names: list[str] = field(default_factory=list)
    level: list[int] = field(default_factory=list)
    sublevel: list[str] = field(default_factory=list)
    care: list[int] = field(default_factory=list)
    form: list[int] = field(default_factory=list)
    location: list[int] = field(default_factory=list)
    region: list[int] = field(default_factory=list)
    price_list: list[int] = field(default_factory=list)

    def add(
        self,
        name: str,
        level: FacilityLevel,
        sublevel: str,
        region: int,
        location: int,
        form: int = 0,
        care: CareType = CareType.BOTH,
        price_list: int | None = None,
    ) -> int:
        self.names.append(name)
        self.level.append(level)
        self.sublevel.append(sublevel)
        self.care.append(care)
        self.form.append(form)
        self.location.append(location)
        self.region.append(region)
        self.price_list.append(level if price_list is None else price_list)
        return len(self.names) - 1


def facilities_of(seed: int, places: Places, start: int) -> Facilities:
    """Make the facilities of a country, for claims that start in a month."""
    build = _Builder()
    stream = Stream(seed, Topic.FACILITIES, 0)
    _, districts, _, _ = places.counts
    near: list[list[list[int]]] = []
    regional = [0] * places.regions
    for district in range(districts):
        region, first_of_region = divmod(district, places.districts)
        location = places.location(LocationLevel.DISTRICT, district)
        name = places.names[location]
        hospital = build.add(
            f"{name} {'regional' if not first_of_region else 'district'} hospital",
            FacilityLevel.HOSPITAL,
            "regional" if not first_of_region else "district",
            region,
            location,
            int(first_of_region > 0 and bool(stream.chance(20, 1)[0])),
        )
        if not first_of_region:
            regional[region] = hospital
        private = regional[region]
        if stream.chance(100 if region == 0 and not first_of_region else 35, 1)[0]:
            private = build.add(
                f"{name} private hospital",
                FacilityLevel.HOSPITAL,
                "private",
                region,
                location,
                FORMS.index("private"),
                price_list=PRIVATE,
            )
        hospitals = [hospital, regional[region], private, 0]
        near += _of_district(build, stream, places, district, region, hospitals)
    count = len(build.names)
    level = np.array(build.level, np.int8)
    closing = (level == FacilityLevel.DISPENSARY) & stream.chance(_CLOSING, count)
    opening = (level == FacilityLevel.DISPENSARY) & ~closing & stream.chance(_CLOSING, count)
    day = first_of_month(start) + stream.below(2 * 365, count)
    return Facilities(
        names=build.names,
        level=level,
        sublevel=build.sublevel,
        care=np.array(build.care, np.int8),
        form=np.array(build.form, np.int8),
        location=np.array(build.location, np.int32),
        region=np.array(build.region, np.int8),
        price_list=np.array(build.price_list, np.int8),
        opens=np.where(opening, day, first_of_month(start - HISTORY)).astype(np.int32),
        closes=np.where(closing, day, NO_END).astype(np.int32),
        delay=(stream.below(4, count) * stream.below(7, count)).astype(np.int32),
        near=np.moveaxis(np.array(near, np.int32), 0, 1),
    )


def _of_district(
    build: _Builder, stream: Stream, places: Places, district: int, region: int, hospitals: list[int]
) -> list[list[list[int]]]:
    """Add a district's health centres and dispensaries; give whom each of its villages is near to."""
    centres: list[int] = []
    dispensaries: list[int] = []
    for ward in range(places.wards):
        location = places.location(LocationLevel.WARD, district * places.wards + ward)
        name = places.names[location]
        if ward % 2 == 0:
            high = bool(stream.chance(70, 1)[0])
            centres.append(
                build.add(
                    f"{name} health centre",
                    FacilityLevel.HEALTH_CENTRE,
                    HIGH if high else "I",
                    region,
                    location,
                    int(stream.chance(22, 1)[0]),
                    CareType.BOTH if high else CareType.OUT_PATIENT,
                )
            )
        for number in range(1 + int(stream.chance(25, 1)[0])):
            dispensaries.append(
                build.add(
                    f"{name} dispensary" + (f" {number + 1}" if number else ""),
                    FacilityLevel.DISPENSARY,
                    HIGH if stream.chance(40, 1)[0] else "I",
                    region,
                    location,
                    2 if stream.chance(12, 1)[0] else 0,
                    CareType.OUT_PATIENT,
                )
            )
    near = []
    for ward in range(places.wards):
        nearest = ward * len(dispensaries) // places.wards
        row = [
            hospitals,
            [centres[(ward // 2 + step) % len(centres)] for step in range(len(NEARNESS))],
            [dispensaries[(nearest + step) % len(dispensaries)] for step in range(len(NEARNESS))],
        ]
        near += [row] * places.villages
    return near


def register_of_facilities(facilities: Facilities, places: Places) -> Any:
    """Make the register of facilities: a typed table."""
    service_lists = [f"S-{name}" for name in LIST_NAMES]
    item_lists = [f"I-{name}" for name in LIST_NAMES]
    return pa.table(
        {
            "code": facilities.codes,
            "name": facilities.names,
            "level": facilities.level,
            "sublevel": facilities.sublevel,
            "care_type": facilities.care,
            "legal_form": chosen(facilities.form, list(FORMS)),
            "location": chosen(facilities.location, places.codes),
            "service_price_list": chosen(facilities.price_list, service_lists),
            "item_price_list": chosen(facilities.price_list, item_lists),
            "account_code": codes("4010{number:4}", number=np.arange(1, len(facilities.level) + 1)),
            "valid_from": pa.array(facilities.opens, pa.date32()),
            "valid_to": pa.array(facilities.closes, pa.date32(), mask=facilities.closes == NO_END),
        }
    )


def register_of_catchments(facilities: Facilities, places: Places) -> Any:
    """Make the catchments: the share of every village that each facility cares for; a typed table."""
    villages = facilities.near.shape[1]
    facility = facilities.near.ravel()
    village = np.broadcast_to(np.arange(villages)[:, None], facilities.near.shape).ravel()
    percent = np.broadcast_to(np.array(NEARNESS) * (PERCENT_ALL // 100), facilities.near.shape).ravel()
    # A facility may stand twice in a village's list; its shares then add up.
    key, place = np.unique(facility.astype(np.int64) * villages + village, return_inverse=True)
    total = np.bincount(place, percent.astype(np.float64)).astype(np.int64)
    first_village = places.location(LocationLevel.VILLAGE, 0)
    return pa.table(
        {
            "facility": facilities.codes.take(pa.array(key // villages)),
            "location": chosen(first_village + key % villages, places.codes),
            "percent": total,
        }
    )
