"""Variants measured over one set of claims: walked together, then closed and tabulated one by one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from adjudicator.adjudication.adjudicate import AmountTooLarge
from adjudicator.claims import Claims
from adjudicator.problems import refused
from adjudicator.registers import Int32s, Int64s
from adjudicator.reporting.places import places_at
from adjudicator.simulation import bands, fund, tabulating
from adjudicator.simulation.assumed import family_weights
from adjudicator.simulation.changes import changes_of, product_text
from adjudicator.simulation.desk import Desk, Wish
from adjudicator.simulation.heads import Heads
from adjudicator.simulation.income import Income
from adjudicator.simulation.order import reordered, reversed_within_days
from adjudicator.simulation.results import PATIENT, Bootstrap, VariantResult
from adjudicator.simulation.tally import OfFamilies
from adjudicator.simulation.variant import Variant, versions_by_month
from adjudicator.simulation.walk import (
    Kept,
    Material,
    Outcome,
    Progress,
    TooLargeToAddUp,
    Walked,
    walk,
)
from adjudicator.vocabulary import LocationLevel


class Measurement:
    """Variants over the claims of a desk, with what each needs.

    Args:
        desk: the scheme and its claims.
        material: the claims, looked at by the dimensions that are asked for.
        variants: the base first.
        wish: what is asked for.

    Raises:
        OverflowError: contributions are too large to add up.
    """

    def __init__(self, desk: Desk, material: Material, variants: Sequence[Variant], wish: Wish) -> None:
        self._desk, self._material, self._variants, self._wish = desk, material, variants, wish
        cells = material.cells
        self._first_month, self._months = cells.first_month, cells.months
        self._terms = [self._terms_of(variant) for variant in variants]
        self._incomes: list[Income] = [
            desk.incomes.of(variant, _weights(material, variant)) for variant in variants
        ]

    def _terms_of(self, variant: Variant) -> fund.Terms:
        closing = versions_by_month(variant.versions, variant.codes, self._first_month, self._months)
        return fund.terms_of(closing, self._first_month)

    def walked(self, threads: int, values: bool, progress: Progress | None) -> Outcome:
        """Walk through the claims once, under all variants.

        Args:
            threads: decides nothing but the time.
            values: whether what each claim is worth is kept.
            progress: told how far it is.

        Raises:
            Refused: amounts, or the sums of all, cannot be counted.
        """
        wish = self._wish
        incomes = tuple(self._incomes) if wish.samples else ()
        kept = Kept(wish.facilities, wish.named_families, values, wish.samples, wish.seed, incomes)
        return _counted(self._desk, self._material, self._variants, kept, threads, progress)

    def reversed(self, threads: int) -> list[Int64s]:
        """Give what claims are worth when those of one day are taken the other way round."""
        claims = self._material.claims
        order = reversed_within_days(claims.batch)
        if bool(np.all(order == np.arange(len(order)))):
            return []
        other = replace(claims, batch=reordered(claims.batch, order), claim_row=claims.claim_row[order])
        material = Material(self._material.scheme, self._material.tables, other, self._material.opening, ())
        kept = Kept(facilities=False, families=0, values=True)
        outcome = _counted(self._desk, material, self._variants, kept, threads, None)
        found = []
        for values in outcome.values:
            back = np.empty_like(values)
            back[order] = values
            found.append(back)
        return found

    def results(
        self, outcome: Outcome, reversed_values: list[Int64s] | None, said: bool
    ) -> list[VariantResult]:
        """Give what each variant comes to, in their order.

        Args:
            outcome: of the walk.
            reversed_values: of :meth:`reversed`, where claims are named that depend on their order.
            said: whether it is said what differs from the base, which is the first.
        """
        named = [one for walked in outcome.walked for one in (walked.winners, walked.losers)]
        namer = tabulating.FamilyNames(self._material, named)
        closed = self._closed(outcome)
        found = [
            self._result(variant, one, walked, namer, said and number > 0)
            for number, (variant, one, walked) in enumerate(
                zip(self._variants, closed, outcome.walked, strict=True)
            )
        ]
        if self._wish.facilities:
            found = self._with_facilities(found, outcome, closed)
        if reversed_values is not None:
            claims = self._desk.claims
            pairs = zip(outcome.values, reversed_values or outcome.values, strict=True)
            tables = [_order_table(claims, values, other) for values, other in pairs]
            found = [replace(one, order_sensitive=table) for one, table in zip(found, tables, strict=True)]
        return found

    def _closed(self, outcome: Outcome) -> list[fund.Closed]:
        """Close all months of each variant."""
        return [
            fund.close(
                terms,
                income.earned(len(variant.codes), self._first_month, self._months),
                walked.sums.paid,
                walked.sums.lines,
            )
            for variant, terms, income, walked in zip(
                self._variants, self._terms, self._incomes, outcome.walked, strict=True
            )
        ]

    def _with_facilities(
        self, results: Sequence[VariantResult], outcome: Outcome, closed: Sequence[fund.Closed]
    ) -> list[VariantResult]:
        """Add the indexes, the fund, and what each facility is paid, those left out that nobody pays."""
        heads = Heads(self._material)
        all_sums = [walked.sums for walked in outcome.walked]
        by_head = [
            heads.shares(variant, terms.pots, one, sums, self._first_month)
            for variant, terms, one, sums in zip(self._variants, self._terms, closed, all_sums, strict=True)
        ]
        places = np.zeros(len(self._material.facilities.codes), np.bool_)
        for shares, sums in zip(by_head, all_sums, strict=True):
            places |= (sums.places[:, 0] != 0) | (shares != 0)
        shown = np.flatnonzero(places).tolist()
        regions = places_at(self._material.tables["locations"], LocationLevel.REGION)
        return [
            replace(
                result,
                facilities=tabulating.facilities_table(
                    sums, one, self._material.facilities, shares, regions, shown
                ),
                indexes=tabulating.indexes_of(one, self._first_month),
                fund=tabulating.fund_of(one, variant.codes, self._first_month),
            )
            for result, variant, one, sums, shares in zip(
                results, self._variants, closed, all_sums, by_head, strict=True
            )
        ]

    def _result(
        self,
        variant: Variant,
        closed: fund.Closed,
        walked: Walked,
        namer: tabulating.FamilyNames,
        said: bool,
    ) -> VariantResult:
        totals = tabulating.totals_of(walked.sums)
        paid, contributions = closed.paid, closed.contributions
        families = walked.sums.families
        figures: dict[str, int | None] = {
            "valuated": totals["valuated"],
            "paid": paid,
            "patient": sum(totals[cause] for cause in PATIENT),
            "contributions": contributions,
            "balance": contributions - paid,
            "loss_ratio": bands.ratio(paid, contributions),
            "families_over_ceiling": int(families[OfFamilies.OVER_CEILING]),
            "families_gaining": int(families[OfFamilies.GAINING]),
            "families_losing": int(families[OfFamilies.LOSING]),
        }
        asked = variant.asked
        base_codes = self._desk.compiled.products.products
        return VariantResult(
            name=asked.name,
            title=asked.title,
            settings=asked.settings,
            changes=tuple(changes_of(self._desk, asked)) if said else (),
            products=tuple(product_text(source, self._desk.decimals) for source in asked.revision.changed),
            totals=totals,
            figures=figures,
            families=tabulating.families_of(walked, namer),
            breakdowns=tabulating.breakdowns_of(
                walked.sums, self._material.cells, self._wish.dimensions, base_codes
            ),
        )

    def bootstrap(self, outcome: Outcome, results: Sequence[VariantResult]) -> Bootstrap:
        """Give the bands."""
        wish = self._wish
        families = self._material.scheme.registers.units
        sampled: dict[str, bands.Sampled] = {}
        values: dict[str, dict[str, int | None]] = {}
        base: bands.Sampled | None = None
        for variant, terms, income, walked, result in zip(
            self._variants, self._terms, self._incomes, outcome.walked, results, strict=True
        ):
            name = variant.asked.name
            found = bands.sampled_figures(
                walked.replicates, terms, outcome.earned[id(income)], outcome.drawn_families, families
            )
            values[name] = dict(result.figures)
            if base is None:
                base = sampled[name] = found
            else:
                sampled[name] = bands.with_changes(found, base)
                for figure, now in result.figures.items():
                    then = results[0].figures[figure]
                    values[name][figure + bands.CHANGE] = None if now is None or then is None else now - then
        return Bootstrap(
            wish.samples,
            wish.seed,
            wish.confidence,
            bands.bands_table(sampled, values, wish.figures, wish.confidence),
            bands.convergence_table(sampled, wish.figures, wish.confidence),
        )


def _weights(material: Material, variant: Variant) -> Int32s:
    """Give for how many families each stands: (units + 1,), or (0,) where each stands for itself."""
    assume = variant.asked.assume
    if assume.enrolment is None:
        return np.zeros(0, np.int32)
    return family_weights(assume.enrolment.growth, assume.seed, material.scheme.registers)


def _counted(
    desk: Desk,
    material: Material,
    variants: Sequence[Variant],
    kept: Kept,
    threads: int,
    progress: Progress | None,
) -> Outcome:
    """Walk, and say in words what cannot be counted.

    Raises:
        Refused: claims whose amounts, or the sums of all, cannot be counted.
    """
    try:
        return walk(material, variants, kept, threads, progress=progress)
    except AmountTooLarge as found:
        claims = desk.claims
        rows = claims.claim_row[[place % len(claims.claim_row) for place in found.claims[:10]]]
        numbers = claims.received["claim"].take(pa.array(rows)).to_pylist()
        raise refused("simulation.amount_too_large", claims=numbers, count=len(found.claims)) from None
    except (TooLargeToAddUp, OverflowError):
        raise refused("simulation.sum_too_large") from None


def _order_table(claims: Claims, values: Int64s, other: Int64s) -> pa.Table:
    """Name the claims whose amount depends on their order, the largest difference first."""
    difference_ = other - values
    places = np.flatnonzero(difference_)
    places = places[np.lexsort((places, -np.abs(difference_[places])))]
    rows = pa.array(claims.claim_row[places])
    received = claims.received
    return pa.table(
        {
            "facility": received["facility"].take(rows).cast(pa.string()),
            "claim": received["claim"].take(rows).cast(pa.string()),
            "date_claimed": received["date_claimed"].take(rows),
            "valuated": values[places],
            "reversed": other[places],
            "difference": difference_[places],
        }
    )
