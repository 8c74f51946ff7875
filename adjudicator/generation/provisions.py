"""The register of provisions of the made-up country, its price lists, and what every provision costs where.

``country/services.csv`` and ``country/items.csv`` say what there is; ``levels`` names the levels of
facilities whose price list has it by their letters (H, C, D); ``begins`` and ``ends`` are months after the
start of the claims. Prices are in major units there and in minor units here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from adjudicator.generation.days import first_of_month
from adjudicator.generation.knowledge import rows_of
from adjudicator.generation.stream import I8, I32, I64, Bools, Ints, Stream, Topic
from adjudicator.units import divide_rounded, scaled
from adjudicator.vocabulary import (
    OPENIMIS_LETTERS,
    AgeGroup,
    CareType,
    Category,
    FacilityLevel,
    Kind,
    ProvisionType,
    Sex,
)

PRICES_CHANGE: Final = 6
"""Months after the start of the claims at which prices are revised."""

HISTORY: Final = 24
"""Months before the start of the claims at which the registers begin."""

PRIVATE: Final = len(FacilityLevel)
"""The price list of private hospitals, after those of the levels."""

LISTS: Final = len(FacilityLevel) + 1
LIST_NAMES: Final = ("HOSPITAL", "CENTRE", "DISPENSARY", "PRIVATE")

NOT_LISTED: Final = -1


@dataclass(frozen=True)
class Provisions:
    """All services, then all items; P of them. Prices in minor units."""

    codes: list[str]
    names: list[str]
    kind: I8
    """(P,), :class:`Kind`."""
    type: I8
    category: I8
    care_type: I8
    sex: I8
    age: I8
    frequency: I32
    """(P,), days, 0 for none."""
    maximum: I64
    """(P,), hundredths, 0 for none."""
    begins: I32
    """(P,), day number."""
    ends: I32
    """(P,), day number of the last day, or that of no end."""
    listed: Bools
    """(lists, P): whether a price list has the provision."""
    price: I64
    """(2, P): the register's price before and after the revision."""
    own_price: I64
    """(2, lists, P): the list's own price, :data:`NOT_LISTED` where it has none of its own."""
    revised: int
    """The day from which the second prices hold."""

    def place(self, code: str) -> int:
        """Give the place of a code; services and items share none."""
        return self.codes.index(code)

    def asked_price(self, after: Bools, price_list: I8, provision: Ints) -> I64:
        """Give what the list, or else the register, says that a provision costs; minor units."""
        epoch = after.astype(np.int8)
        own = self.own_price[epoch, price_list, provision]
        return np.where(own == NOT_LISTED, self.price[epoch, provision], own)


NO_END: Final = 2**30
"""Later than any day that is generated."""


def provisions_of(seed: int, start: int, decimals: int) -> Provisions:
    """Read the provisions and price them for claims that start in a month."""
    rows = [(Kind.SERVICE, row) for row in rows_of("services.csv")]
    rows += [(Kind.ITEM, row) for row in rows_of("items.csv")]
    count = len(rows)
    base = np.array([_in_minor_units(row["price"], decimals) for _, row in rows], np.int64)
    listed = np.zeros((LISTS, count), np.bool_)
    for place, (_, row) in enumerate(rows):
        for letter in row["levels"]:
            listed[OPENIMIS_LETTERS[FacilityLevel][letter], place] = True
    listed[PRIVATE] = listed[FacilityLevel.HOSPITAL]

    stream = Stream(seed, Topic.PRICES)
    revised = stream.chance(40, count)
    later = np.where(revised, _raised(base, 3 + stream.below(6, count), decimals), base)
    price = np.stack([base, later])
    own = np.full((2, LISTS, count), NOT_LISTED, np.int64)
    for number in range(LISTS):
        # A list has its own price for some provisions; where it is silent the register's holds.
        has_own = stream.chance(85 if number == PRIVATE else 40, count)
        if number == PRIVATE:
            percent = 8 + stream.below(28, count)
        elif number == FacilityLevel.HOSPITAL:
            percent = stream.below(18, count) - 4
        else:
            percent = stream.below(16, count) - 12
        for epoch in range(2):
            own[epoch, number] = np.where(has_own, _raised(price[epoch], percent, decimals), NOT_LISTED)
    return Provisions(
        codes=[row["code"] for _, row in rows],
        names=[row["name"] for _, row in rows],
        kind=np.array([kind for kind, _ in rows], np.int8),
        type=np.array([ProvisionType.of(row["type"]) for _, row in rows], np.int8),
        category=np.array([Category.of(row.get("category") or "other") for _, row in rows], np.int8),
        care_type=np.array([CareType.of(row["care_type"]) for _, row in rows], np.int8),
        sex=np.array([Sex.of(row["sex"]) for _, row in rows], np.int8),
        age=np.array([AgeGroup.of(row["age"]) for _, row in rows], np.int8),
        frequency=np.array([int(row["frequency_days"] or 0) for _, row in rows], np.int32),
        maximum=np.array([100 * int(row["maximum_quantity"] or 0) for _, row in rows], np.int64),
        begins=np.array([_first_day(start, row["begins"], -HISTORY) for _, row in rows], np.int32),
        ends=np.array(
            [_first_day(start, row["ends"], 0) - 1 if row["ends"] else NO_END for _, row in rows], np.int32
        ),
        listed=listed,
        price=price,
        own_price=own,
        revised=first_of_month(start + PRICES_CHANGE),
    )


def _first_day(start: int, months: str, otherwise: int) -> int:
    return first_of_month(start + (int(months) if months else otherwise))


def _in_minor_units(price: str, decimals: int) -> int:
    """Take a price with two decimals in a currency that may have others."""
    return max(divide_rounded(scaled(price, 2) * 10**decimals, 100), 1)


def _raised(price: I64, percent: I64, decimals: int) -> I64:
    """Raise prices by a percentage, to steps that people would set."""
    one = 10**decimals
    step = np.where(price >= 20 * one, one, max(one // 10, 1))
    raised = price * (100 + percent) // 100
    priced: I64 = np.maximum((raised + step // 2) // step, 1) * step
    return priced


def register_of_provisions(provisions: Provisions, horizon: int) -> Any:
    """Make the register of provisions, as known at the last day: a typed table."""
    versions = _versions(provisions, np.arange(len(provisions.codes)), provisions.price, horizon)
    place, epoch, valid_from, valid_to = versions
    return pa.table(
        {
            "kind": provisions.kind[place],
            "code": pa.array(provisions.codes).take(place),
            "name": pa.array(provisions.names).take(place),
            "type": provisions.type[place],
            "category": pa.array(
                provisions.category[place], mask=provisions.kind[place] == Kind.ITEM, type=pa.int8()
            ),
            "price": provisions.price[epoch, place],
            "care_type": provisions.care_type[place],
            "sex": provisions.sex[place],
            "age": provisions.age[place],
            "frequency_days": _some(provisions.frequency[place].astype(np.int64)),
            "maximum_quantity": _some(provisions.maximum[place]),
            "valid_from": pa.array(valid_from, pa.date32()),
            "valid_to": pa.array(valid_to, pa.date32(), mask=valid_to == NO_END),
        }
    )


def register_of_price_lists(provisions: Provisions, horizon: int) -> Any:
    """Make the price lists of services and of items of every level: a typed table."""
    tables = []
    for number, name in enumerate(LIST_NAMES):
        places = np.flatnonzero(provisions.listed[number])
        place, epoch, valid_from, valid_to = _versions(
            provisions, places, provisions.own_price[:, number], horizon
        )
        own = provisions.own_price[epoch, number, place]
        service = provisions.kind[place] == Kind.SERVICE
        tables.append(
            pa.table(
                {
                    "price_list": np.where(service, f"S-{name}", f"I-{name}"),
                    "kind": provisions.kind[place],
                    "code": pa.array(provisions.codes).take(place),
                    "price": pa.array(own, mask=own == NOT_LISTED),
                    "valid_from": pa.array(valid_from, pa.date32()),
                    "valid_to": pa.array(valid_to, pa.date32(), mask=valid_to == NO_END),
                }
            )
        )
    return pa.concat_tables(tables)


def _versions(provisions: Provisions, places: I64, price: I64, horizon: int) -> tuple[I64, I64, I32, I32]:
    """Cut places into versions where their price changes: place, epoch, first and last day."""
    changes = (price[0] != price[1])[places] & (provisions.revised <= horizon)
    changes &= (provisions.begins[places] < provisions.revised) & (
        provisions.ends[places] >= provisions.revised
    )
    place = np.concatenate([places, places[changes]])
    late = provisions.begins[place] >= provisions.revised
    epoch = np.concatenate([np.zeros(len(places), np.int64), np.ones(int(changes.sum()), np.int64)])
    epoch = np.where(late, 1, epoch)
    revised = np.int32(provisions.revised)
    valid_from = np.where((epoch == 1) & ~late, revised, provisions.begins[place])
    cut = np.concatenate([changes, np.zeros(int(changes.sum()), np.bool_)])
    valid_to = np.where(cut, revised - np.int32(1), provisions.ends[place])
    order = np.lexsort((valid_from, place))
    return place[order], epoch[order], valid_from[order], valid_to[order]


def _some(numbers: I64) -> Any:
    return pa.array(numbers, mask=numbers == 0)
