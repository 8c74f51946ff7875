"""What claims are told apart by: each dimension gives every claim a cell, and each cell its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from adjudicator.adjudication.adjudicate import CompiledScheme
from adjudicator.adjudication.facts import Facts
from adjudicator.claims import Claims
from adjudicator.compiled import compiled
from adjudicator.encoding import Keys, days
from adjudicator.registers import Int32s, Int64s, Registers, empty
from adjudicator.remuneration.months import months_of, written_month
from adjudicator.reporting.places import places_at
from adjudicator.simulation.results import DIMENSIONS
from adjudicator.simulation.tally import Lens
from adjudicator.tables import REGISTERS
from adjudicator.units import NO_DATE, OPEN_START, completed_years
from adjudicator.vocabulary import CLAIM_CATEGORIES, FacilityLevel, LocationLevel, Sex

AGE_BANDS: Final = (0, 1, 5, 15, 25, 45, 65)
"""The age, in completed years, at which each band begins."""

FAMILY_BANDS: Final = (1, 2, 3, 4, 5, 6, 7, 10)
"""The number of insurees at which each band of family sizes begins."""

UNKNOWN_KEY: Final = ""
"""The key of claims of which a dimension does not know the cell."""

PRODUCT: Final = DIMENSIONS[0]
"""The dimension of lines, which has no cells of claims."""


@dataclass(frozen=True)
class Dimension:
    """The cells of a dimension: C claims, K keys."""

    name: str
    keys: tuple[str, ...]
    cell: Int32s
    """(C,), places among ``keys``."""


@dataclass(frozen=True)
class Cells:
    """All dimensions side by side, the first being that of the totals."""

    dimensions: tuple[Dimension, ...]
    first: tuple[int, ...]
    """Where the cells of each begin."""
    count: int
    """How many cells there are in all."""
    lens: Lens
    first_month: int
    months: int


def cells_of(
    names: Sequence[str],
    scheme: CompiledScheme,
    tables: Mapping[str, pa.Table],
    claims: Claims,
    facts: Facts,
) -> Cells:
    """Give every claim its cell in each dimension.

    Args:
        names: of :data:`~adjudicator.simulation.results.DIMENSIONS`; ``product`` has no cells.
        scheme: the compiled scheme.
        tables: its registers, typed.
        claims: the batch.
        facts: about all of it.
    """
    count = len(claims.batch.insuree)
    known = _Known(scheme.registers, tables, claims, facts)
    total = Dimension("total", ("",), np.zeros(count, np.int32))
    dimensions = [total, *(known.dimension(name) for name in names if name != PRODUCT)]
    firsts = np.cumsum([0, *(len(one.keys) for one in dimensions)]).tolist()
    cell = np.stack(
        [one.cell + np.int32(first) for one, first in zip(dimensions, firsts, strict=False)], axis=1
    ).astype(np.int32)
    months = known.month
    lens = Lens(
        np.ascontiguousarray(cell),
        claims.batch.facility.astype(np.int32),
        (months - known.first_month).astype(np.int32),
    )
    return Cells(
        tuple(dimensions), tuple(firsts[:-1]), firsts[-1], lens, known.first_month, known.month_count
    )


class _Known:
    """What is known of the claims of a batch."""

    def __init__(
        self, registers: Registers, tables: Mapping[str, pa.Table], claims: Claims, facts: Facts
    ) -> None:
        self._registers, self._claims, self._facts = registers, claims, facts
        self._tables = {
            name: tables.get(name, empty(REGISTERS[name])) for name in ("families", "insurees", "locations")
        }
        self._facility_table = tables.get("facilities", empty(REGISTERS["facilities"]))
        self.month: Int64s = months_of(claims.batch.date_claimed)
        self.first_month = int(self.month.min(initial=2**31)) if len(self.month) else 0
        self.month_count = int(self.month.max(initial=0)) - self.first_month + 1 if len(self.month) else 1
        insuree = claims.batch.insuree
        self._insuree = insuree
        rows = registers.people.first_row
        # Of a person with several rows, the last says what is so now.
        self._person = np.where(
            insuree >= 0, rows[np.maximum(insuree, 0) + 1] - 1 if len(rows) > 1 else 0, -1
        )

    def dimension(self, name: str) -> Dimension:
        found: Dimension = getattr(self, f"_{name}")(name)
        return found

    def _facility_level(self, name: str) -> Dimension:
        facilities = self._registers.facilities
        level = (
            facilities.level[facilities.first_row[1:] - 1] if len(facilities.level) else np.zeros(0, np.int8)
        )
        keys = tuple(FacilityLevel.words())
        return Dimension(name, keys, _taken(level, self._claims.batch.facility, len(keys)))

    def _region(self, name: str) -> Dimension:
        location = location_of_insurees(self._registers, self._tables)
        return self._places(name, location, self._insuree)

    def _facility_region(self, name: str) -> Dimension:
        table = self._facility_table
        code = self._registers.facility_keys.encode(table["code"])
        order = np.argsort(days(table["valid_from"], OPEN_START), kind="stable")
        location = np.full(len(self._registers.facility_keys), None, object)
        names = table["location"].to_pylist()
        for row in order.tolist():
            location[code[row]] = names[row]
        return self._places(name, pa.array(location.tolist(), pa.string()), self._claims.batch.facility)

    def _places(self, name: str, location: pa.Array, row: Int32s) -> Dimension:
        region_of = places_at(self._tables["locations"], LocationLevel.REGION)
        regions = tuple(sorted(set(region_of.values())))
        encoded = location.dictionary_encode() if not pa.types.is_dictionary(location.type) else location
        of_word = [
            regions.index(region_of[word]) if word in region_of else len(regions)
            for word in encoded.dictionary.to_pylist()
        ]
        indices = encoded.indices.fill_null(len(of_word)).to_numpy(zero_copy_only=False)
        place = np.array([*of_word, len(regions)], np.int64)[indices]
        return Dimension(name, (*regions, UNKNOWN_KEY), _taken(place, row, len(regions)))

    def _age_band(self, name: str) -> Dimension:
        people = self._registers.people
        birth = people.birth_date if len(people.birth_date) else np.full(1, NO_DATE, np.int32)
        years = _ages(birth, self._person.astype(np.int64), self._facts.target)
        keys = (*_band_keys(AGE_BANDS), UNKNOWN_KEY)
        return Dimension(name, keys, _banded(years, AGE_BANDS))

    def _sex(self, name: str) -> Dimension:
        words = (Sex.MALE, Sex.FEMALE, Sex.OTHER)
        place = np.full(len(Sex) + 1, len(words), np.int64)
        for number, word in enumerate(words):
            place[word] = number
        people = self._registers.people
        sex = place[people.sex] if len(people.sex) else np.zeros(0, np.int64)
        return Dimension(
            name, (*(word.word for word in words), UNKNOWN_KEY), _taken(sex, self._person, len(words))
        )

    def _category(self, name: str) -> Dimension:
        keys = tuple(category.word for category in CLAIM_CATEGORIES)
        return Dimension(name, keys, self._facts.category.astype(np.int32))

    def _diagnosis_group(self, name: str) -> Dimension:
        codes = self._registers.diagnosis_keys.values.to_pylist()
        groups = tuple(sorted({code[:2] for code in codes}))
        place = np.array([groups.index(code[:2]) for code in codes], np.int64)
        return Dimension(
            name, (*groups, UNKNOWN_KEY), _taken(place, self._claims.batch.diagnoses[:, 0], len(groups))
        )

    def _family_size(self, name: str) -> Dimension:
        sizes = sizes_of_units(self._registers)
        unit = self._registers.people.unit
        size = sizes[unit] if len(unit) else np.zeros(0, np.int64)
        members = np.where(self._insuree >= 0, _taken(size, self._insuree, 0), -1)
        return Dimension(name, (*_band_keys(FAMILY_BANDS), UNKNOWN_KEY), _banded(members, FAMILY_BANDS))

    def _month(self, name: str) -> Dimension:
        keys = tuple(written_month(self.first_month + number) for number in range(self.month_count))
        return Dimension(name, keys, (self.month - self.first_month).astype(np.int32))


def _taken(values: Any, row: Any, unknown: int) -> Int32s:
    """Give the value of each row, ``unknown`` where the row is not known."""
    if len(values) == 0:
        return np.full(len(row), unknown, np.int32)
    taken: Int32s = np.where(row >= 0, values[np.maximum(row, 0)], unknown).astype(np.int32)
    return taken


def _band_keys(starts: Sequence[int]) -> list[str]:
    ends = [start - 1 for start in starts[1:]]
    keys = [
        str(start) if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=False)
    ]
    return [*keys, f"{starts[-1]}+"]


def _banded(numbers: Any, starts: Sequence[int]) -> Int32s:
    """Give the band of each number, the last place for those that are below all."""
    band = np.searchsorted(np.array(starts), numbers, side="right") - 1
    return np.where(band < 0, len(starts), band).astype(np.int32)


@compiled
def _ages(birth: Int32s, person: Int64s, target: Int32s) -> Int64s:
    """Give ages on target dates, -1 where unknown. *Compiled.*"""
    years = np.full(len(person), -1, np.int64)
    for row in range(len(person)):
        if person[row] >= 0 and birth[person[row]] != NO_DATE and target[row] != NO_DATE:
            years[row] = max(0, completed_years(birth[person[row]], target[row]))
    return years


def sizes_of_units(registers: Registers) -> Int64s:
    """Count the insurees of each unit: (units + 1,)."""
    return np.bincount(registers.people.unit, minlength=registers.units + 1).astype(np.int64)


def families_of_insurees(registers: Registers, tables: Mapping[str, pa.Table]) -> pa.Array:
    """Give the family of each insuree, as text: that of the last row in the register."""
    insurees = tables["insurees"]
    person = registers.insuree_keys.encode(insurees["insuree"])
    row = np.zeros(len(registers.insuree_keys), np.int64)
    if len(person) == len(row) and bool(np.all(person == np.arange(len(row)))):
        row = np.arange(len(row))
    else:
        order = np.argsort(days(insurees["valid_from"], OPEN_START), kind="stable")
        row[person[order]] = order
    return insurees["family"].combine_chunks().take(pa.array(row))


def location_of_insurees(registers: Registers, tables: Mapping[str, pa.Table]) -> pa.Array:
    """Give the location of each insuree's family, null where there is none."""
    families = tables["families"]
    keys = Keys.of(families["family"])
    of_insuree = families_of_insurees(registers, tables)
    if isinstance(of_insuree, pa.ChunkedArray):
        of_insuree = of_insuree.combine_chunks()
    place = keys.encode(of_insuree)
    row = np.full(len(keys) + 1, -1, np.int64)
    row[keys.encode(families["family"])] = np.arange(len(families))
    found = row[place] if len(keys) else np.full(len(place), -1, np.int64)
    found = np.where(place >= 0, found, -1)
    location = families["location"].combine_chunks()
    if isinstance(location, pa.ChunkedArray):
        location = pa.concat_arrays(location.chunks or [pa.array([], pa.string())])
    if pa.types.is_dictionary(location.type):
        location = location.cast(pa.string())
    return location.dictionary_encode().take(pa.array(found, mask=found < 0))
