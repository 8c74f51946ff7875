"""The small sums that are kept of a variant: one walk over the decisions of some families.

A hundred variants over a million claims make more decisions than any memory holds. They are added up here
while they are still at hand, and forgotten: what remains of a variant is a few thousand sums.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from adjudicator.adjudication.facts import Facts
from adjudicator.adjudication.results import Results
from adjudicator.claims import Batch
from adjudicator.compiled import kernel
from adjudicator.registers import Int8s, Int32s, Int64s
from adjudicator.simulation.results import MEASURES
from adjudicator.units import multiply
from adjudicator.vocabulary import ClaimStatus, PriceOrigin, Reason

_ACCEPTED, _REJECTED = int(Reason.ACCEPTED), int(ClaimStatus.REJECTED)
_RELATIVE_PRICE = int(PriceOrigin.RELATIVE)

_CLAIMS, _CLAIMS_ACCEPTED = MEASURES.index("claims"), MEASURES.index("claims_accepted")
_LINES, _LINES_ACCEPTED = MEASURES.index("lines"), MEASURES.index("lines_accepted")
_CLAIMED, _CUT_OFF = MEASURES.index("claimed"), MEASURES.index("rejected")
_REPRICED, _LIMIT = MEASURES.index("price_and_quantity"), MEASURES.index("limit_excess")
_DEDUCTIBLE, _CO_INSURANCE = MEASURES.index("deductible"), MEASURES.index("co_insurance")
_CATEGORY, _CEILING = MEASURES.index("category_excess"), MEASURES.index("ceiling_excess")
_VALUATED, _RELATIVE = MEASURES.index("valuated"), MEASURES.index("relative")
_CHANGED, _GAINED, _LOST = (MEASURES.index(name) for name in ("claims_changed", "gained", "lost"))
_COUNT = len(MEASURES)

FEE, POOLED, BY_HEAD = 0, 1, 2
"""How a line is paid: what it is worth, by an index, or not, because its facility is paid by capitation."""
WAYS: Final = 3


class OfFamilies(IntEnum):
    """What is counted of families."""

    FAMILIES = 0
    GAINING = 1
    LOSING = 2
    GAINED = 3
    LOST = 4
    OVER_CEILING = 5
    OVER_CATEGORY = 6


_FAMILIES, _GAINING, _LOSING = (
    int(OfFamilies.FAMILIES),
    int(OfFamilies.GAINING),
    int(OfFamilies.LOSING),
)
_FAMILIES_GAINED, _FAMILIES_LOST = int(OfFamilies.GAINED), int(OfFamilies.LOST)
_OVER, _OVER_CATEGORY = int(OfFamilies.OVER_CEILING), int(OfFamilies.OVER_CATEGORY)


class OfUnit(IntEnum):
    """What is kept of each family until its group is done."""

    CLAIMS = 0
    BASE = 1
    VALUE = 2


_UNIT_CLAIMS, _UNIT_BASE, _UNIT_VALUE = int(OfUnit.CLAIMS), int(OfUnit.BASE), int(OfUnit.VALUE)


class OfReplicate(IntEnum):
    """What is resampled besides what is paid for."""

    PATIENT = 0
    OVER_CEILING = 1
    GAINING = 2
    LOSING = 3


_R_PATIENT, _R_OVER = int(OfReplicate.PATIENT), int(OfReplicate.OVER_CEILING)
_R_GAINING, _R_LOSING = int(OfReplicate.GAINING), int(OfReplicate.LOSING)


class Lens(NamedTuple):
    """How claims are looked at: C claims of a batch."""

    cell: Int32s
    """(C, dimensions): the cell of each claim in each dimension; the first is that of the totals."""
    place: Int32s
    """(C,): the place of the facility."""
    month: Int32s
    """(C,): the month in which it was claimed, from the first of all."""


class Payment(NamedTuple):
    """How the lines of a variant are paid: V versions, P products, F facilities, M months."""

    product: Int32s
    """(V,): the product of a version."""
    reported: Int32s
    """(V,): the base's product that it stands for."""
    by_facility: Int8s
    """(V,): 1 where hospital care is care at a hospital."""
    pooled: Int8s
    """(P, care, M): 1 where relative lines wait for a pool."""
    capitated: Int8s
    """(P, F, M): 1 where the facility is paid by capitation."""
    weight: Int32s
    """(units + 1,): for how many families each stands; (0,) where each stands for itself."""


class Sums(NamedTuple):
    """The sums of a variant; amounts in minor units."""

    cells: Int64s
    """(cells, measures)."""
    products: Int64s
    """(products of the base + 1, measures); the last is for lines that nobody pays."""
    paid: Int64s
    """(P, care, M, way): what lines are worth, by the way that they are paid."""
    lines: Int64s
    """(P, care, M): lines that an index pays."""
    places: Int64s
    """(F, 3): claims, claimed and valuated of each facility."""
    paid_at: Int64s
    """(F, P, care, M, way): the same as ``paid`` for each facility; (0, …) where it is not wanted."""
    visits: Int64s
    """(F, P, M): claims with a line that the product pays; (0, …) likewise."""
    families: Int64s
    """By :class:`OfFamilies`."""
    bands: Int64s
    """(bands, 2): families and amounts by the difference to the base."""
    size: npt.NDArray[np.float64]
    """(1,): about what all lines are worth, to know that no sum wrapped around."""


class Replicates(NamedTuple):
    """The sums of a variant in B samples of families."""

    weights: Int64s
    """(families of a group, B): how often each is drawn; (0, 0) where nothing is resampled."""
    paid: Int64s
    """(P, care, M, way, B)."""
    others: Int64s
    """(:class:`OfReplicate`, B)."""


class Work(NamedTuple):
    """Room to work in."""

    measures: Int64s
    """(measures,)."""
    units: Int64s
    """(families of a group, :class:`OfUnit`)."""
    paid: Int64s
    """(P × care × M × way,): of one family; zero when it is left."""
    touched: Int64s
    """(P × care × M × way,): the places of ``paid`` that are not zero."""
    visited: Int32s
    """(P,): the last claim that a line of the product was counted for, and one."""


@kernel
def tally(
    first_unit: int,
    end_unit: int,
    batch: Batch,
    facts: Facts,
    results: Results,
    present: Int8s,
    lens: Lens,
    payment: Payment,
    base_value: Int64s,
    is_base: bool,
    values: Int64s,
    edges: Int64s,
    replicates: Replicates,
    work: Work,
    sums: Sums,
) -> None:
    """Add up the decisions about some units. *Compiled.*

    Args:
        first_unit: the first of the units.
        end_unit: where they end.
        batch: the claims, as the variant has them.
        facts: about the claims of these units, and no others.
        results: of these units.
        present: 1 for each claim of these units that is made in the variant; (0,) where all are.
        lens: of all claims.
        payment: of the variant.
        base_value: what each claim of these units is worth in the base; filled in by the base.
        is_base: whether this is the base.
        values: what each claim of these units is worth in the variant, filled in; (0,) where nobody asks.
        edges: the upper ends of the bands of differences, rising.
        replicates: added to.
        work: to work in; ``units`` are filled in.
        sums: added to.
    """
    first_claim = batch.first_of_unit[first_unit]
    zero_line = batch.first_line[first_claim]
    measures, paid_here, touched = work.measures, work.paid, work.touched
    months = payment.pooled.shape[2]
    samples = replicates.weights.shape[1]
    for product in range(len(work.visited)):
        work.visited[product] = 0
    for unit in range(first_unit, end_unit):
        at_unit = unit - first_unit
        work.units[at_unit, _UNIT_CLAIMS] = 0
        work.units[at_unit, _UNIT_BASE] = 0
        work.units[at_unit, _UNIT_VALUE] = 0
        if batch.first_of_unit[unit] == batch.first_of_unit[unit + 1]:
            continue
        weight = np.int64(1)
        if len(payment.weight) > 0:
            weight = np.int64(payment.weight[unit])
        unit_base = np.int64(0)
        unit_value = np.int64(0)
        unit_claims = np.int64(0)
        patient = np.int64(0)
        over = False
        over_category = False
        touched_count = 0
        for claim in range(batch.first_of_unit[unit], batch.first_of_unit[unit + 1]):
            out = claim - first_claim
            made = len(present) == 0 or present[out] != 0
            if len(values) > 0:
                values[out] = 0
            if made or base_value[out] != 0:
                for measure in range(_COUNT):
                    measures[measure] = 0
            else:
                continue
            place, month = lens.place[claim], lens.month[claim]
            if made:
                unit_claims += weight
                measures[_CLAIMS] = 1
                measures[_CLAIMS_ACCEPTED] = 1 if results.status[out] != _REJECTED else 0
                hospital, in_patient = facts.at_hospital[out], facts.in_patient[out]
                for line in range(batch.first_line[claim], batch.first_line[claim + 1]):
                    at = line - zero_line
                    asked = multiply(batch.price_asked[line], batch.quantity[line])
                    measures[_LINES] += 1
                    measures[_CLAIMED] += asked
                    if results.line_reason[at] != _ACCEPTED:
                        measures[_CUT_OFF] += asked
                        nobody = sums.products[len(sums.products) - 1]
                        nobody[_LINES] += weight
                        nobody[_CLAIMED] += asked * weight
                        nobody[_CUT_OFF] += asked * weight
                        continue
                    limit, deductible = results.limit_excess[at], results.deductible[at]
                    share, category = results.co_insurance[at], results.category_excess[at]
                    ceiling, value = results.ceiling_excess[at], results.valuated[at]
                    repriced = asked - (limit + deductible + share + category + ceiling + value)
                    version = results.version[at]
                    product = payment.product[version]
                    care = hospital if payment.by_facility[version] else in_patient
                    way = FEE
                    if payment.capitated[product, place, month]:
                        way = BY_HEAD
                    elif results.price_origin[at] == _RELATIVE_PRICE and payment.pooled[product, care, month]:
                        way = POOLED
                    pooled = value if way == POOLED else 0
                    measures[_LINES_ACCEPTED] += 1
                    measures[_REPRICED] += repriced
                    measures[_LIMIT] += limit
                    measures[_DEDUCTIBLE] += deductible
                    measures[_CO_INSURANCE] += share
                    measures[_CATEGORY] += category
                    measures[_CEILING] += ceiling
                    measures[_VALUATED] += value
                    measures[_RELATIVE] += pooled
                    over = over or ceiling > 0
                    over_category = over_category or category > 0
                    of_product = sums.products[payment.reported[version]]
                    of_product[_LINES] += weight
                    of_product[_LINES_ACCEPTED] += weight
                    of_product[_CLAIMED] += asked * weight
                    of_product[_REPRICED] += repriced * weight
                    of_product[_LIMIT] += limit * weight
                    of_product[_DEDUCTIBLE] += deductible * weight
                    of_product[_CO_INSURANCE] += share * weight
                    of_product[_CATEGORY] += category * weight
                    of_product[_CEILING] += ceiling * weight
                    of_product[_VALUATED] += value * weight
                    of_product[_RELATIVE] += pooled * weight
                    worth = value * weight
                    sums.paid[product, care, month, way] += worth
                    if way == POOLED:
                        sums.lines[product, care, month] += weight
                    if len(sums.paid_at) > 0:
                        sums.paid_at[place, product, care, month, way] += worth
                        if work.visited[product] != claim + 1:
                            work.visited[product] = claim + 1
                            sums.visits[place, product, month] += weight
                    if samples > 0 and worth != 0:
                        key = ((product * 2 + care) * months + month) * WAYS + way
                        if paid_here[key] == 0:
                            touched[touched_count] = key
                            touched_count += 1
                        paid_here[key] += worth
            value = measures[_VALUATED]
            if is_base:
                base_value[out] = value
            for measure in range(_CHANGED):
                measures[measure] *= weight
            difference = measures[_VALUATED] - base_value[out]
            if difference != 0:
                measures[_CHANGED] = 1
                if difference > 0:
                    measures[_GAINED] = difference
                else:
                    measures[_LOST] = -difference
            if len(values) > 0:
                values[out] = measures[_VALUATED]
            unit_base += base_value[out]
            unit_value += measures[_VALUATED]
            patient += measures[_CUT_OFF] + measures[_LIMIT] + measures[_DEDUCTIBLE]
            patient += measures[_CO_INSURANCE] + measures[_CATEGORY] + measures[_CEILING]
            sums.size[0] += float(measures[_CLAIMED]) + float(measures[_VALUATED])
            sums.places[place, 0] += measures[_CLAIMS]
            sums.places[place, 1] += measures[_CLAIMED]
            sums.places[place, 2] += measures[_VALUATED]
            for dimension in range(lens.cell.shape[1]):
                cell = sums.cells[lens.cell[claim, dimension]]
                for measure in range(_COUNT):
                    cell[measure] += measures[measure]

        work.units[at_unit, _UNIT_CLAIMS] = unit_claims
        work.units[at_unit, _UNIT_BASE] = unit_base
        work.units[at_unit, _UNIT_VALUE] = unit_value
        difference = unit_value - unit_base
        sums.families[_FAMILIES] += weight
        gaining = 0
        losing = 0
        if difference > 0:
            gaining = 1
            sums.families[_FAMILIES_GAINED] += difference
        elif difference < 0:
            losing = 1
            sums.families[_FAMILIES_LOST] -= difference
        sums.families[_GAINING] += gaining
        sums.families[_LOSING] += losing
        if over:
            sums.families[_OVER] += weight
        if over_category:
            sums.families[_OVER_CATEGORY] += weight
        band = 0
        while band < len(edges) and difference > edges[band]:
            band += 1
        sums.bands[band, 0] += 1
        sums.bands[band, 1] += difference
        if samples > 0:
            for number in range(touched_count):
                key = touched[number]
                worth = paid_here[key]
                paid_here[key] = 0
                way = key % WAYS
                month = key // WAYS % months
                care = key // (WAYS * months) % 2
                product = key // (WAYS * months * 2)
                for sample in range(samples):
                    replicates.paid[product, care, month, way, sample] += (
                        worth * replicates.weights[at_unit, sample]
                    )
            for sample in range(samples):
                drawn = replicates.weights[at_unit, sample]
                replicates.others[_R_PATIENT, sample] += patient * drawn
                if over:
                    replicates.others[_R_OVER, sample] += weight * drawn
                replicates.others[_R_GAINING, sample] += gaining * drawn
                replicates.others[_R_LOSING, sample] += losing * drawn
