"""The families of a scheme as columns: every field that plans can ask for, by the registers on one day."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.benefits.fields import ATTRIBUTE, CHILDREN_UNDER, ELDERLY, PLACES, fields_with
from adjudicator.benefits.read import cell_of
from adjudicator.encoding import UNKNOWN, Keys, days, integers, one_array
from adjudicator.rulebook.fields import Type
from adjudicator.rulebook.universe import Column, Provider, Texts, Universe
from adjudicator.units import NO_DATE, OPEN_END, OPEN_START, year_month_day
from adjudicator.vocabulary import LocationLevel, PolicyStatus

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

COVERING: Final = (int(PolicyStatus.ACTIVE), int(PolicyStatus.EXPIRED))
"""The statuses of policies that cover (law, section 4.1)."""

NEEDED: Final = ("families", "insurees", "policies", "locations")
"""The registers that families are judged by."""

_LEVELS: Final = {
    "village": LocationLevel.VILLAGE,
    "ward": LocationLevel.WARD,
    "district": LocationLevel.DISTRICT,
    "region": LocationLevel.REGION,
}


@dataclass(frozen=True)
class Unreadable:
    """An attribute that does not say what the plan takes it for."""

    attribute: str
    families: int
    example: str


class Families:
    """Every family of a state of the registers, as they are on a day.

    Args:
        tables: the registers of :data:`NEEDED`, typed; ``families`` has its further columns as JSON in
            ``attributes``. Rows may come in any order.
        day: the day (a day number) by which ages, members and policies are taken.
        adult_age: completed years from which on a member is no child.
        attributes: what further columns are, by their names.
    """

    def __init__(
        self, tables: Mapping[str, pa.Table], day: int, adult_age: int, attributes: Mapping[str, Type]
    ) -> None:
        self._tables, self._day, self._adult_age = tables, day, adult_age
        self._types = dict(attributes)
        self.keys = Keys.of(tables["families"]["family"])
        self._row_of = np.empty(len(self.keys), np.int64)
        self._row_of[self.keys.encode(tables["families"]["family"])] = np.arange(len(tables["families"]))
        self._keep_members()
        self.universe = Universe(
            len(self.keys),
            self._family_of_member,
            np.arange(len(self.keys), dtype=np.int64),
            np.ones(len(self.keys), np.bool_),
            self._providers(),
        )

    def __len__(self) -> int:
        return len(self.keys)

    def place_of(self, family: str) -> int | None:
        """Give the place of a family, None where there is none of that code."""
        place = int(self.keys.encode(pa.array([family], pa.string()))[0])
        return None if place == UNKNOWN else place

    def members_of(self, family: int) -> range:
        """Give the places of the members of a family."""
        first, end = np.searchsorted(self._family_of_member, (family, family + 1)).tolist()
        return range(first, end)

    def _keep_members(self) -> None:
        """Take the members who are valid and born on the day, family by family."""
        insurees = self._tables["insurees"]
        family = self.keys.encode(insurees["family"])
        begin = days(insurees["valid_from"], OPEN_START)
        end = days(insurees["valid_to"], OPEN_END)
        born = days(insurees["birth_date"])
        there = (family != UNKNOWN) & (begin <= self._day) & (end >= self._day) & (born <= self._day)
        rows = np.flatnonzero(there)
        rows = rows[np.argsort(family[rows], kind="stable")]
        self._member_rows = rows
        self._family_of_member = family[rows].astype(np.int64)
        self._born = born[rows]

    @cached_property
    def _ages(self) -> Int64s:
        """(members,): completed years; -1 where the birth is not known."""
        known = self._born != NO_DATE
        born = np.where(known, self._born, 0).astype("datetime64[D]")
        month = born.astype("datetime64[M]")
        years = born.astype("datetime64[Y]").astype(np.int64) + 1970
        of_year = month.astype(np.int64) % 12 + 1
        of_month = (born - month).astype(np.int64) + 1
        year, now, today = year_month_day(self._day)
        before = (now < of_year) | ((now == of_year) & (today < of_month))
        return np.where(known, year - years - before, -1)

    @cached_property
    def _head(self) -> Int64s:
        """(families,): the place of the head among the members, -1 where there is none."""
        heads = integers(self._tables["insurees"]["head"], np.int8, 0)[self._member_rows] == 1
        places = np.flatnonzero(heads)
        found = np.full(len(self), -1, np.int64)
        if len(places):
            # Of several heads the one whose code comes first counts, whatever the order of the rows.
            codes = self._tables["insurees"]["insuree"].take(pa.array(self._member_rows[places]))
            order = np.lexsort((Keys.of(codes).encode(codes), self._family_of_member[places]))[::-1]
            found[self._family_of_member[places[order]]] = places[order]
        return found

    def _providers(self) -> dict[str, Provider]:
        found: dict[str, Provider] = {
            "family.number": lambda: Column(
                np.arange(len(self), dtype=np.int64), None, Texts(self.keys.values)
            ),
            "family.members": lambda: self._count(np.ones(len(self._member_rows), np.bool_)),
            "family.adults": lambda: self._count(self._ages >= self._adult_age),
            "family.children": lambda: self._count((self._ages >= 0) & (self._ages < self._adult_age)),
            "family.elderly": lambda: self._count(self._ages >= ELDERLY),
            "family.insured": self._insured,
            "family.enrolled": self._enrolled,
            "family.location": self._location,
            "head.sex": lambda: self._of_head(self._sex, self._sex >= 0),
            "head.age": lambda: self._of_head(self._ages, self._ages >= 0),
            "head.birth_date": lambda: self._of_head(self._born, self._born != NO_DATE),
            "cycle.day": lambda: Column(np.full(len(self), self._day, np.int64)),
            "member.insuree": self._insuree,
            "member.sex": lambda: Column(self._sex),
            "member.age": lambda: Column(self._ages, self._ages >= 0),
            "member.age_days": lambda: Column(self._day - self._born.astype(np.int64), self._born != NO_DATE),
            "member.birth_date": lambda: Column(self._born, self._born != NO_DATE),
            "member.head": self._is_head,
        }
        for path, years in CHILDREN_UNDER.items():
            found[path] = self._under(years)
        for place in PLACES:
            found[f"family.{place}"] = self._at(_LEVELS[place])
        for rank in range(self._most_policies):
            found[f"family.products/{rank}"] = self._product(rank)
        for name in self._types:
            found[f"{ATTRIBUTE}{name}"] = self._attribute_column(name)
        return found

    # Members.

    def _count(self, wanted: Bools) -> Column:
        return Column(np.bincount(self._family_of_member[wanted], minlength=len(self)).astype(np.int64))

    def _under(self, years: int) -> Provider:
        return lambda: self._count((self._ages >= 0) & (self._ages < years))

    @cached_property
    def _sex(self) -> Int64s:
        return integers(self._tables["insurees"]["sex"], np.int64, 0)[self._member_rows]

    def _of_head(self, values: npt.NDArray[Any], given: Bools) -> Column:
        found = np.zeros(len(self), np.int64)
        known = np.zeros(len(self), np.bool_)
        there = self._head >= 0
        heads = self._head[there]
        found[there], known[there] = values[heads], given[heads]
        return Column(found, known)

    def _insuree(self) -> Column:
        codes = one_array(self._tables["insurees"]["insuree"].take(pa.array(self._member_rows)))
        keys = Keys.of(codes)
        return Column(keys.encode(codes), None, Texts(keys.values))

    def _is_head(self) -> Column:
        told = self._tables["insurees"]["head"].take(pa.array(self._member_rows))
        given = one_array(told).is_valid().to_numpy(zero_copy_only=False)
        return Column(integers(told, np.int8, 0), given)

    # Policies.

    @cached_property
    def _in_force(self) -> tuple[Int64s, Int64s]:
        """The families of the policies in force on the day, rising, and the product of each as its place."""
        policies = self._tables["policies"]
        family = self.keys.encode(policies["family"])
        held = (
            (family != UNKNOWN)
            & np.isin(integers(policies["status"], np.int64, 0), COVERING)
            & (days(policies["effective"]) <= self._day)
            & (days(policies["expiry"]) >= self._day)
        )
        products = self._products.encode(policies["product"])
        pairs = np.unique(np.stack([family[held], products[held]], axis=1).astype(np.int64), axis=0)
        return pairs[:, 0], pairs[:, 1]

    @cached_property
    def _products(self) -> Keys:
        return Keys.of(self._tables["policies"]["product"])

    @cached_property
    def _most_policies(self) -> int:
        families, _ = self._in_force
        return int(np.bincount(families).max()) if len(families) else 0

    def _insured(self) -> Column:
        insured = np.zeros(len(self), np.int8)
        insured[self._in_force[0]] = 1
        return Column(insured)

    def _product(self, rank: int) -> Provider:
        def column() -> Column:
            families, products = self._in_force
            first = np.searchsorted(families, families)
            mine = np.arange(len(families)) - first == rank
            values = np.zeros(len(self), np.int64)
            given = np.zeros(len(self), np.bool_)
            values[families[mine]], given[families[mine]] = products[mine], True
            return Column(values, given, Texts(self._products.values))

        return column

    def _enrolled(self) -> Column:
        """The first day on which any of a family's policies was bought."""
        policies = self._tables["policies"]
        family = self.keys.encode(policies["family"])
        bought = days(policies["enrolled"]).astype(np.int64)
        since = np.where(bought == NO_DATE, days(policies["effective"]).astype(np.int64), bought)
        first = np.full(len(self), OPEN_END, np.int64)
        known = (family != UNKNOWN) & (since != NO_DATE)
        np.minimum.at(first, family[known], since[known])
        return Column(first, first != OPEN_END)

    # Places.

    @cached_property
    def _places(self) -> Keys:
        codes = [self._tables["locations"]["code"], self._tables["families"]["location"]]
        return Keys.of(*(column.cast(pa.string()) for column in codes))

    @cached_property
    def _place(self) -> Int64s:
        """(families,): the place of each family's location among all, -1 where none is known."""
        return self._places.encode(self._tables["families"]["location"])[self._row_of].astype(np.int64)

    def _location(self) -> Column:
        return Column(self._place, self._place >= 0, Texts(self._places.values))

    @cached_property
    def _above(self) -> dict[LocationLevel, Int64s]:
        """Of each location the one of a level that it lies in, or is; -1 where there is none."""
        locations = self._tables["locations"]
        places = self._places.encode(locations["code"])
        level = np.full(len(self._places) + 1, -1, np.int64)
        parent = np.full(len(self._places) + 1, -1, np.int64)
        level[places] = integers(locations["level"], np.int64, -1)
        parent[places] = self._places.encode(locations["parent"].cast(pa.string()))
        found = {}
        for wanted in _LEVELS.values():
            here = np.arange(len(self._places))
            # No chain is longer than there are levels; one that goes round in a circle ends as well.
            for _ in LocationLevel:
                here = np.where((here >= 0) & (level[here] != wanted), parent[here], here)
            found[wanted] = np.where(level[here] == wanted, here, -1)
        return found

    def _at(self, level: LocationLevel) -> Provider:
        def column() -> Column:
            above = np.append(self._above[level], -1)
            place = above[self._place]
            return Column(place, place >= 0, Texts(self._places.values))

        return column

    # Attributes.

    @cached_property
    def _attributes(self) -> list[dict[str, str]]:
        """The further columns of each family."""
        told = self._tables["families"]["attributes"].take(pa.array(self._row_of)).to_pylist()
        known: dict[str, dict[str, str]] = {}
        return [known.get(text) or known.setdefault(text, json.loads(text)) if text else {} for text in told]

    def attribute(self, name: str) -> list[str | None]:
        """Give what the register says of an attribute, family by family."""
        return [one.get(name) for one in self._attributes]

    def _attribute_column(self, name: str) -> Provider:
        def column() -> Column:
            field = fields_with(self._types)[f"{ATTRIBUTE}{name}"]
            told = pa.array(self.attribute(name), pa.string()).dictionary_encode()
            texts = told.dictionary.to_pylist()
            codes = integers(told.indices, np.int64, UNKNOWN)
            if field.type is Type.TEXT:
                return Column(codes, codes >= 0, texts)
            cells = [cell_of(field, text) for text in texts]
            values = np.array([*(cell if isinstance(cell, int) else 0 for cell in cells), 0], np.int64)
            given = np.array([*(cell is not None for cell in cells), False], np.bool_)
            return Column(values[codes], given[codes])

        return column

    def unreadable(self) -> list[Unreadable]:
        """Name the attributes that some families have, but not as the plan takes them."""
        found = []
        for name, type_ in self._types.items():
            if type_ is Type.TEXT:
                continue
            field = fields_with(self._types)[f"{ATTRIBUTE}{name}"]
            counts = pc.value_counts(pa.array(self.attribute(name), pa.string()).drop_null()).to_pylist()
            wrong = [one for one in counts if cell_of(field, one["values"]) is None]
            if wrong:
                example = min(one["values"] for one in wrong)
                found.append(Unreadable(name, sum(one["counts"] for one in wrong), example))
        return found

    # Who they are.

    def head_names(self, rows: Int64s) -> list[str | None]:
        """Give the names of the heads of some families, where the register has them."""
        heads = self._head[rows]
        names: list[str | None] = [None] * len(rows)
        there = np.flatnonzero(heads >= 0)
        told = self._tables["insurees"]["name"].take(pa.array(self._member_rows[heads[there]])).to_pylist()
        for place, name in zip(there.tolist(), told, strict=True):
            names[place] = name
        return names

    def codes(self, rows: Int64s) -> list[str]:
        """Give the codes of some families."""
        told: Sequence[str] = self.keys.values.take(pa.array(rows)).to_pylist()
        return list(told)
