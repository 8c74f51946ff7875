"""What the rows of a register name in another: a family, a policy, a facility, a parent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.encoding import UNKNOWN, Keys, one_array
from adjudicator.problems import Place, Problem
from adjudicator.vocabulary import Kind
from adjudicator.words import message

Columns = dict[str, pa.Array]

NOTHING: Final[Mapping[str, Columns]] = {}

REFERENCES: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "catchments": (("facility", "facilities", "code"), ("location", "locations", "code")),
    "insurees": (("family", "families", "family"),),
    "policies": (("family", "families", "family"),),
    "covers": (("policy", "policies", "policy"), ("insuree", "insurees", "insuree")),
    "contributions": (("policy", "policies", "policy"),),
}
"""Per table: the column, and the table and column in which its value must be found."""

SHOWN: Final = 5
"""Examples that a warning shows."""


def dangling(values: pa.Array, targets: pa.Array) -> npt.NDArray[np.int64]:
    """Give the rows whose value is not among the targets. None is no value."""
    unknown = Keys.of(targets).encode(values) == UNKNOWN
    if values.null_count:
        unknown &= values.is_valid().to_numpy(zero_copy_only=False)
    return np.flatnonzero(unknown)


def astray(locations: Columns) -> npt.NDArray[np.int64]:
    """Give the locations from which no way leads up to one without a parent."""
    codes, parents = locations["code"], locations["parent"]
    up = pc.index_in(parents, codes).fill_null(-1).to_numpy()
    reached = parents.is_null().to_numpy(zero_copy_only=False).copy()
    while True:
        further = ~reached & (up >= 0) & reached[up]
        if not further.any():
            return np.flatnonzero(~reached)
        reached |= further


def doubts(tables: dict[str, Columns], beside: Mapping[str, Columns] = NOTHING) -> list[Problem]:
    """Warn of names that no row bears, where adjudication can live with it.

    Args:
        tables: the rows whose names are looked at.
        beside: further rows that bear names, where ``tables`` are changes of a larger register.
    """

    def borne(name: str, *columns: str) -> list[pa.Array]:
        rows = [held[name] for held in (tables, beside) if name in held]
        return [pa.concat_arrays([one_array(held[column]) for held in rows]) for column in columns]

    there = {*tables, *beside}
    warnings: list[Problem] = []
    if "price_lists" in tables and "provisions" in there:
        lists = tables["price_lists"]
        priced = _by_kind(lists["code"], lists["kind"])
        known = _by_kind(*borne("provisions", "code", "kind"))
        _warn(
            warnings,
            "price_lists",
            "code",
            "ingest.unknown_provisions",
            lists["code"].take(_rows(priced, known)),
        )
    if "facilities" in tables and "price_lists" in there:
        known = _by_kind(*borne("price_lists", "price_list", "kind"))
        for name, kind in (("service_price_list", Kind.SERVICE), ("item_price_list", Kind.ITEM)):
            named = tables["facilities"][name]
            wanted = _by_kind(named, pa.array(np.full(len(named), int(kind), np.int8)))
            _warn(
                warnings, "facilities", name, "ingest.unknown_price_lists", named.take(_rows(wanted, known))
            )
    for table in ("facilities", "families"):
        if table in tables and "locations" in there:
            located = tables[table]["location"]
            unknown = located.take(_rows(located, *borne("locations", "code")))
            _warn(warnings, table, "location", "ingest.unknown_locations", unknown)
    return warnings


def _by_kind(names: pa.Array, kinds: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(kinds.cast(pa.string()), names, " ")


def _rows(values: pa.Array, targets: pa.Array) -> pa.Array:
    return pa.array(dangling(values, targets))


def _warn(warnings: list[Problem], table: str, field: str, key: str, unknown: pa.Array) -> None:
    if not len(unknown):
        return
    distinct = sorted(unknown.unique().to_pylist())
    shown = [*distinct[:SHOWN], *(["…"] if len(distinct) > SHOWN else [])]
    what = message(key, rows=len(unknown), names=shown)
    warnings.append(Problem(what, Place(Path(table), field=field), message(f"{key}.remedy"), "warning"))
