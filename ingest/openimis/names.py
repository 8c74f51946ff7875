"""What the rows of openIMIS are called here: codes for its numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from adjudicator.vocabulary import Kind
from ingest.openimis.cells import SourceRow, Unfit
from ingest.openimis.world import LEGACY, World, unknown

Row = dict[str, Any]

WIDTH: Final = 8
"""Digits of the numbers in our codes: codes sort as openIMIS's numbers do."""

KINDS: Final = {
    Kind.ITEM: ("tblItems", "ItemID", "ItemCode"),
    Kind.SERVICE: ("tblServices", "ServiceID", "ServCode"),
}
"""Where provisions are: the table, the column of its number in other tables, and the column of its code."""

PRICE_LISTS: Final = {
    Kind.ITEM: ("tblPLItems", "PLItemID", "PLItemName", "tblPLItemsDetail"),
    Kind.SERVICE: ("tblPLServices", "PLServiceID", "PLServName", "tblPLServicesDetail"),
}

FAMILY, POLICY, CONTRIBUTION = "F", "P", "C"
"""The letters before the numbers of families, policies and contributions, which have no code in openIMIS."""


def coded(letter: str, id_: int) -> str:
    """Give the code of a row that openIMIS knows by its number only."""
    return f"{letter}{id_:0{WIDTH}d}"


@dataclass
class Brought:
    """Rows for the registers, each with the rows of openIMIS that it comes from."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    sources: dict[str, list[tuple[SourceRow, ...]]] = field(default_factory=dict)

    def add(self, register: str, row: Row, *sources: SourceRow) -> None:
        """Add a row of a register."""
        self.rows.setdefault(register, []).append(row)
        self.sources.setdefault(register, []).append(sources)


class Names:
    """Finds codes by openIMIS's numbers.

    Methods raise :class:`~ingest.openimis.cells.Unfit` for numbers that no row has.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._lists = {kind: _list_names(world, kind) for kind in PRICE_LISTS}

    def _code(self, row: SourceRow, column: str, table: str, code: str) -> str | None:
        id_ = row.reference(column)
        # No row has the number 0 where it stands for none; some tables do begin with it.
        if id_ is None or (id_ == 0 and self._world.find(table, 0) is None):
            return None
        found = self._world.find(table, id_)
        if found is None:
            raise unknown(column, row, table)
        return found.needed(code)

    def _needed(self, row: SourceRow, column: str, found: str | None) -> str:
        if found is None:
            raise Unfit(column, row.text(column), "openimis.empty")
        return found

    def location(self, row: SourceRow, column: str = "LocationId") -> str | None:
        """Give the code of a location."""
        return self._code(row, column, "tblLocations", "LocationCode")

    def facility(self, row: SourceRow, column: str = "HFID") -> str:
        """Give the code of a facility."""
        return self._needed(row, column, self._code(row, column, "tblHF", "HFCode"))

    def provision(self, row: SourceRow, kind: Kind) -> str:
        """Give the code of a provision."""
        table, column, code = KINDS[kind]
        return self._needed(row, column, self._code(row, column, table, code))

    def diagnosis(self, row: SourceRow, column: str) -> str | None:
        """Give the code of a diagnosis."""
        return self._code(row, column, "tblICDCodes", "ICDCode")

    def insuree(self, row: SourceRow, column: str = "InsureeID") -> str:
        """Give the insurance number of a person."""
        return self._needed(row, column, self._code(row, column, "tblInsuree", "CHFID"))

    def product(self, row: SourceRow, column: str = "ProdID") -> str | None:
        """Give the code of a product."""
        return self._code(row, column, "tblProduct", "ProductCode")

    def administrator(self, row: SourceRow) -> str | None:
        """Give the code of a claim administrator."""
        return self._code(row, "ClaimAdminId", "tblClaimAdmin", "ClaimAdminCode")

    def payer(self, row: SourceRow) -> str | None:
        """Give the name of a payer."""
        return self._code(row, "PayerID", "tblPayer", "PayerName")

    def policy(self, row: SourceRow, column: str = "PolicyID") -> str | None:
        """Give the code of a policy, whether or not it still holds."""
        id_ = row.reference(column)
        return None if id_ is None else coded(POLICY, id_)

    def family(self, row: SourceRow, column: str = "FamilyID") -> str:
        """Give the code of a family."""
        id_ = row.reference(column)
        if id_ is None:
            raise Unfit(column, None, "openimis.empty")
        if self._world.find("tblFamilies", id_) is None:
            raise unknown(column, row, "tblFamilies")
        return coded(FAMILY, id_)

    def price_list(self, kind: Kind, id_: int | None) -> str | None:
        """Give the name of a price list that holds, by its number or an earlier one; None for others."""
        if id_ is None or id_ in self._lists[kind]:
            return None if id_ is None else self._lists[kind][id_]
        replaced = self._world.find(PRICE_LISTS[kind][0], id_)
        successor = None if replaced is None else replaced.text(LEGACY)
        return self._lists[kind].get(int(successor)) if successor and successor.isdigit() else None


def _list_names(world: World, kind: Kind) -> dict[int, str]:
    """Name price lists; lists of one name are told apart by their numbers."""
    table, _, column, _ = PRICE_LISTS[kind]
    named = {row.id: row.text(column) or f"{id_prefix(kind)}{row.id}" for row in world.current(table)}
    often = Counter(named.values())
    return {id_: name if often[name] == 1 else f"{name} ({id_})" for id_, name in named.items()}


def id_prefix(kind: Kind) -> str:
    """Give what a price list without a name is called before its number."""
    return "items " if kind is Kind.ITEM else "services "
