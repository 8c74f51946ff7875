"""What facilities have by capitation under a variant (law, section 6, step 4), month by month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.registers import Int64s, empty
from adjudicator.remuneration.capitation import (
    Activity,
    Catchment,
    Facility,
    Insured,
    Place,
    figures_of,
    is_paid_by,
    pay_by_capitation,
)
from adjudicator.remuneration.months import last_day
from adjudicator.simulation.dimensions import location_of_insurees
from adjudicator.simulation.fund import Closed, PotOf, worth_by_head
from adjudicator.simulation.tally import Sums
from adjudicator.simulation.variant import Facilities, Variant
from adjudicator.simulation.walk import Material
from adjudicator.tables import REGISTERS
from adjudicator.units import date_of


class Heads:
    """Shares capitation pots over facilities; what does not depend on the variant is counted once."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._insured: dict[Any, Insured] = {}
        self._location: pa.DictionaryArray | None = None

    def shares(
        self, variant: Variant, pots: Sequence[PotOf], closed: Closed, sums: Sums, first_month: int
    ) -> Int64s:
        """Give what facilities have by capitation: (F,), minor units."""
        facilities = self._material.facilities
        total = np.zeros(len(facilities.codes), np.int64)
        place = {code: number for number, code in enumerate(facilities.codes)}
        for pot in pots:
            terms = pot.version.remuneration.capitation
            assert terms is not None
            paid = [
                Facility(code, level, sublevel)
                for code, level, sublevel in zip(
                    facilities.codes, facilities.levels, facilities.sublevels, strict=True
                )
                if is_paid_by(terms, level, sublevel)
            ]
            day = last_day(first_month + pot.month)
            worth = worth_by_head(sums.paid_at, pot.product, pot.month)
            activity = _activity(facilities, sums.visits[:, pot.product, pot.month], worth)
            figures = figures_of(
                paid,
                self._catchments(day),
                self._places(),
                self._insured_on(variant, pot.product, day),
                activity,
            )
            payment = pay_by_capitation(
                variant.codes[pot.product], terms, int(closed.allocated[pot.product, pot.month]), figures
            )
            for share in payment.facilities:
                total[place[share.facility]] += share.amount
        return total

    def _catchments(self, day: int) -> list[Catchment]:
        table = self._material.tables.get("catchments", empty(REGISTERS["catchments"]))
        date = date_of(day)
        return [
            Catchment(row["facility"], row["location"], row["percent"])
            for row in table.to_pylist()
            if _valid(row, date)
        ]

    def _places(self) -> list[Place]:
        return [
            Place(
                row["code"],
                row["parent"],
                _sum([row[name] for name in ("male", "female", "other")]),
                row["families"],
            )
            for row in self._material.tables["locations"].to_pylist()
        ]

    def _insured_on(self, variant: Variant, product: int, day: int) -> Insured:
        """Count who is insured with a product on a day, by the location of the family."""
        key = (variant.codes, tuple(variant.asked.revision.switches), product, day)
        if key not in self._insured:
            self._insured[key] = self._count_insured(variant, product, day)
        return self._insured[key]

    def _count_insured(self, variant: Variant, product: int, day: int) -> Insured:
        registers = variant.scheme.registers
        covers, policies = registers.covers, registers.policies
        if self._location is None:
            self._location = location_of_insurees(registers, self._material.tables)
        policy = covers.policy
        in_force = (covers.effective <= day) & (day <= covers.expiry) & (policies.product[policy] == product)
        in_force &= (policies.effective[policy] <= day) & (day <= policies.expiry[policy])
        in_force &= policies.covers[policy] != 0
        mine = np.flatnonzero(in_force)
        words = self._location.dictionary.to_pylist()
        location = self._location.indices.fill_null(-1).to_numpy(zero_copy_only=False)[covers.insuree[mine]]
        persons = np.unique(np.stack((location, covers.insuree[mine]), axis=1), axis=0)
        families = np.unique(
            np.stack((location, registers.people.unit[covers.insuree[mine]]), axis=1), axis=0
        )
        return Insured(_counted(persons[:, 0], words), _counted(families[:, 0], words))


def _activity(
    facilities: Facilities, visits: npt.NDArray[np.int64], worth: npt.NDArray[np.int64]
) -> dict[str, Activity]:
    return {
        code: Activity(int(visits[place]), int(worth[place])) for place, code in enumerate(facilities.codes)
    }


def _counted(location: npt.NDArray[np.integer], words: Sequence[str]) -> dict[str, int]:
    places, counts = np.unique(location, return_counts=True)
    return {
        words[place]: count
        for place, count in zip(places.tolist(), counts.tolist(), strict=True)
        if place >= 0
    }


def _valid(row: Mapping[str, Any], date: dt.date) -> bool:
    return (row["valid_from"] is None or row["valid_from"] <= date) and (
        row["valid_to"] is None or date <= row["valid_to"]
    )


def _sum(numbers: Sequence[int | None]) -> int | None:
    given = [number for number in numbers if number is not None]
    return sum(given) if given else None
