"""The tables of a variant, from its sums; :mod:`adjudicator.simulation.results` fixes their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from adjudicator.registers import Int64s
from adjudicator.remuneration.months import written_month
from adjudicator.reporting.places import places_at
from adjudicator.simulation.dimensions import (
    PRODUCT,
    UNKNOWN_KEY,
    Cells,
    families_of_insurees,
    location_of_insurees,
    sizes_of_units,
)
from adjudicator.simulation.fund import Closed, relative_of_facilities
from adjudicator.simulation.results import MEASURES, Families
from adjudicator.simulation.tally import FEE, OfFamilies, Sums
from adjudicator.simulation.variant import Facilities
from adjudicator.simulation.walk import Material, Named, Walked, difference_edges
from adjudicator.units import divide_rounded
from adjudicator.vocabulary import LocationLevel


def totals_of(sums: Sums) -> dict[str, int]:
    """Give the totals by measure."""
    return dict(zip(MEASURES, sums.cells[0].tolist(), strict=True))


def breakdowns_of(
    sums: Sums, cells: Cells, names: Sequence[str], products: Sequence[str]
) -> dict[str, pa.Table]:
    """Give the breakdowns that were asked for, in the order of the dimensions."""
    found: dict[str, pa.Table] = {}
    if PRODUCT in names:
        found[PRODUCT] = _breakdown([*products, UNKNOWN_KEY], sums.products)
    for dimension, first in zip(cells.dimensions, cells.first, strict=True):
        if dimension.name in names:
            rows = sums.cells[first : first + len(dimension.keys)]
            found[dimension.name] = _breakdown(dimension.keys, rows)
    return {name: found[name] for name in names}


def _breakdown(keys: Sequence[str], rows: Int64s) -> pa.Table:
    columns: dict[str, Any] = {"key": pa.array(keys, pa.string())}
    return pa.table(columns | {name: rows[:, place] for place, name in enumerate(MEASURES)})


def indexes_of(closed: Closed, first_month: int) -> pa.Table:
    """Give the relative indexes."""
    rows = []
    for one, index in closed.indexes:
        pool = index.pool
        share, shown = index.share, index.index * 10_000
        rows.append(
            {
                "product": pool.product,
                "care": "all" if pool.care is None else pool.care.word,
                "first_month": written_month(first_month + one.first),
                "last_month": written_month(first_month + one.last),
                "allocated": index.allocated,
                "share": divide_rounded(share.numerator, share.denominator),
                "lines": index.lines,
                "valuated": index.valuated,
                "index": divide_rounded(shown.numerator, shown.denominator),
                "capped": index.capped,
                "paid": index.remunerated if index.valuated else 0,
            }
        )
    texts = ("product", "care", "first_month", "last_month")
    numbers = ("allocated", "share", "lines", "valuated", "index")
    fields = [(name, pa.string()) for name in texts] + [(name, pa.int64()) for name in numbers]
    schema = pa.schema([*fields, ("capped", pa.bool_()), ("paid", pa.int64())])
    return pa.Table.from_pylist(rows, schema)


def fund_of(closed: Closed, codes: Sequence[str], first_month: int) -> pa.Table:
    """Give the fund by product and month."""
    months = closed.allocated.shape[1]
    names = [written_month(first_month + month) for month in range(months)]
    parts = (closed.fee_for_service, closed.relative, closed.capitation)
    paid = sum((part.ravel() for part in parts), start=np.zeros(closed.allocated.size, np.int64))
    return pa.table(
        {
            "product": pa.array(np.repeat(np.array(codes, object), months).tolist(), pa.string()),
            "month": pa.array(names * len(codes), pa.string()),
            "contributions": closed.allocated.ravel(),
            "fee_for_service": closed.fee_for_service.ravel(),
            "relative": closed.relative.ravel(),
            "capitation": closed.capitation.ravel(),
            "paid": paid,
            "balance": closed.allocated.ravel() - paid,
        }
    )


def facilities_table(
    sums: Sums,
    closed: Closed,
    facilities: Facilities,
    by_head: Int64s,
    regions: Mapping[str, str],
    shown: Sequence[int],
) -> pa.Table:
    """Give what each facility is paid.

    Args:
        sums: of the variant.
        closed: its months.
        facilities: all of them.
        by_head: (F,), what each has by capitation.
        regions: of locations.
        shown: the places of those that are in the table.
    """
    fee = sums.paid_at[..., FEE].sum(axis=(1, 2, 3))
    relative = relative_of_facilities(closed, sums.paid_at)
    rows = np.array(shown, np.int64)

    def text(values: Sequence[str | None]) -> pa.Array:
        return pa.array([values[place] for place in shown], pa.string())

    return pa.table(
        {
            "facility": text(facilities.codes),
            "name": text(facilities.names),
            "level": text([level.word for level in facilities.levels]),
            "region": text([regions.get(location or "", None) for location in facilities.locations]),
            "claims": sums.places[rows, 0],
            "claimed": sums.places[rows, 1],
            "valuated": sums.places[rows, 2],
            "fee_for_service": fee[rows],
            "relative": relative[rows],
            "capitation": by_head[rows],
            "paid": (fee + relative + by_head)[rows],
        }
    )


def families_of(walked: Walked, namer: FamilyNames) -> Families:
    """Give what a variant does to families."""
    counted = walked.sums.families.tolist()
    edges = difference_edges().tolist()
    bands = walked.sums.bands
    histogram = pa.table(
        {
            "above": pa.array([None, *edges], pa.int64()),
            "up_to": pa.array([*edges, None], pa.int64()),
            "families": bands[:, 0],
            "amount": bands[:, 1],
        }
    )
    return Families(
        families=counted[OfFamilies.FAMILIES],
        gaining=counted[OfFamilies.GAINING],
        losing=counted[OfFamilies.LOSING],
        gained=counted[OfFamilies.GAINED],
        lost=counted[OfFamilies.LOST],
        over_ceiling=counted[OfFamilies.OVER_CEILING],
        over_category_ceiling=counted[OfFamilies.OVER_CATEGORY],
        histogram=histogram,
        winners=namer.table(walked.winners),
        losers=namer.table(walked.losers),
    )


class FamilyNames:
    """The names of families, looked up for those few that are named."""

    def __init__(self, material: Material, named: Sequence[Named]) -> None:
        self._registers, self._tables = material.scheme.registers, material.tables
        units = [one.unit for one in named]
        self._units = np.unique(np.concatenate(units)) if units else np.zeros(0, np.int64)
        self._family: dict[int, str] = {}
        self._region: dict[int, str | None] = {}
        if len(self._units):
            self._look_up()
        self._sizes = sizes_of_units(self._registers) if len(self._units) else np.zeros(1, np.int64)

    def _look_up(self) -> None:
        unit = self._registers.people.unit
        mine = np.flatnonzero(np.isin(unit, self._units))
        rows = pa.array(mine)
        families = families_of_insurees(self._registers, self._tables).take(rows).cast(pa.string())
        locations = location_of_insurees(self._registers, self._tables).take(rows).cast(pa.string())
        regions = places_at(self._tables["locations"], LocationLevel.REGION)
        names: dict[int, set[str]] = {}
        for one, family, location in zip(
            unit[mine].tolist(), families.to_pylist(), locations.to_pylist(), strict=True
        ):
            names.setdefault(one, set()).add(family)
            self._region.setdefault(one, regions.get(location))
        # Families that share people or policies are one for the law, and are named together.
        self._family = {one: "+".join(sorted(families)) for one, families in names.items()}

    def table(self, named: Named) -> pa.Table:
        """Give a table of families."""
        units = named.unit.tolist()
        return pa.table(
            {
                "family": pa.array([self._family.get(unit) for unit in units], pa.string()),
                "region": pa.array([self._region.get(unit) for unit in units], pa.string()),
                "members": pa.array([int(self._sizes[unit]) for unit in units], pa.int64()),
                "claims": named.claims,
                "base": named.base,
                "variant": named.value,
                "difference": named.value - named.base,
            }
        )
