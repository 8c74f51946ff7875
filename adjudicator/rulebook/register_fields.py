"""What the registers of a scheme say to the fields of its claims, made ready once for all batches."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.adjudication.adjudicate import CompiledScheme, facts_of
from adjudicator.adjudication.facts import Facts
from adjudicator.claims import Claims
from adjudicator.encoding import UNKNOWN, Keys, days, integers
from adjudicator.rulebook.sorting import order_of_pairs
from adjudicator.units import OPEN_START
from adjudicator.vocabulary import LocationLevel

Int64s = npt.NDArray[np.int64]

DAYS: Final = 1 << 34
"""More than there are day numbers."""


class RegisterFields:
    """What the registers of a scheme give to the fields of its claims, made once for all batches.

    Args:
        scheme: the compiled scheme.
        tables: its registers, typed.
    """

    def __init__(self, scheme: CompiledScheme, tables: Mapping[str, pa.Table]) -> None:
        self.scheme, self.registers, self.tables = scheme, scheme.registers, tables

    def facts(self, claims: Claims) -> Facts:
        """Establish the facts about a batch."""
        return facts_of(self.scheme, claims.batch)

    @cached_property
    def families(self) -> tuple[Keys, npt.NDArray[np.int32]]:
        """The families; and of each insuree the family, ``UNKNOWN`` where there is none."""
        insurees = self.tables["insurees"]
        keys = Keys.of(insurees["family"])
        of_person = np.full(len(self.registers.insuree_keys) + 1, UNKNOWN, np.int32)
        of_person[self.registers.insuree_keys.encode(insurees["insuree"])] = keys.encode(insurees["family"])
        of_person[-1] = UNKNOWN
        return keys, of_person

    @cached_property
    def location_of_family(self) -> npt.NDArray[np.int32]:
        """(families + 1,): the location of each family; the last is ``UNKNOWN``."""
        families, keys = self.tables["families"], self.locations[0]
        names = self.families[0]
        of_family = np.full(len(names) + 1, UNKNOWN, np.int32)
        of_family[names.encode(families["family"])] = keys.encode(families["location"])
        of_family[-1] = UNKNOWN
        return of_family

    @cached_property
    def locations(self) -> tuple[Keys, Mapping[LocationLevel | None, npt.NDArray[np.int32]]]:
        """The locations, and of each the district and the region that it lies in."""
        table = self.tables.get("locations")
        if table is None or not len(table):
            return Keys(pa.array([], pa.string())), {}
        keys = Keys.of(table["code"])
        code = keys.encode(table["code"])
        parent, level = np.full(len(keys), UNKNOWN), np.full(len(keys), UNKNOWN)
        parent[code] = keys.encode(table["parent"])
        level[code] = integers(table["level"], np.int64)
        above: dict[LocationLevel | None, npt.NDArray[np.int32]] = {
            None: np.arange(len(keys), dtype=np.int32)
        }
        for wanted in (LocationLevel.DISTRICT, LocationLevel.REGION):
            at = np.arange(len(keys))
            for _ in LocationLevel:
                higher = (at >= 0) & (level[at] != wanted)
                at = np.where(higher, parent[at], at)
            above[wanted] = np.where((at >= 0) & (level[at] == wanted), at, UNKNOWN).astype(np.int32)
        return keys, above

    @cached_property
    def covers(self) -> tuple[Int64s, Int64s, Int64s]:
        """Spans of cover without a gap, in order: of which insuree, since when, and until when."""
        covers = self.registers.covers
        order = order_of_pairs(covers.insuree.astype(np.int64), covers.effective.astype(np.int64))
        insuree, start, end = (
            column[order].astype(np.int64) for column in (covers.insuree, covers.effective, covers.expiry)
        )
        # The last day that is covered up to each cover: insurees rise, so that none sees another’s.
        last = np.maximum.accumulate(insuree * DAYS + end - OPEN_START) - insuree * DAYS + OPEN_START
        begins = np.ones(len(order), np.bool_)
        begins[1:] = (insuree[1:] != insuree[:-1]) | (start[1:] > last[:-1] + 1)
        heads = np.flatnonzero(begins)
        until = last[np.append(heads[1:], len(order))[: len(heads)] - 1]
        return insuree[heads], start[heads], until

    def of_facilities(self, of_row: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Give for each facility what its last row says; ``UNKNOWN`` at the end, for what is not known."""
        facilities = self.tables["facilities"]
        by_start = np.argsort(days(facilities["valid_from"], OPEN_START), kind="stable")
        code = self.registers.facility_keys.encode(facilities["code"])
        last = np.full(len(self.registers.facility_keys) + 1, UNKNOWN, np.int64)
        last[code[by_start]] = of_row[by_start]
        return last
