"""The actuary's desk: scenarios, sweeps and bands over one set of claims, from what was read to results.

Pure: what is on the desk was read before, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from adjudicator.adjudication.adjudicate import AmountTooLarge, CompiledScheme
from adjudicator.adjudication.opening import Opening
from adjudicator.claims import Claims
from adjudicator.problems import Problem, Refused
from adjudicator.product.check import RegisterCodes, check_products
from adjudicator.product.definition import Label, Product
from adjudicator.product.difference import difference
from adjudicator.product.read import ProductSource, version_name
from adjudicator.product.writing import write_product
from adjudicator.registers import Int64s
from adjudicator.remuneration.months import written_month
from adjudicator.reporting.places import places_at
from adjudicator.simulation import bands, fund, tabulating
from adjudicator.simulation.assumed import family_weights
from adjudicator.simulation.grid import Terms, points_of
from adjudicator.simulation.heads import Heads
from adjudicator.simulation.income import Income, Incomes
from adjudicator.simulation.order import reordered, reversed_within_days
from adjudicator.simulation.results import (
    DIMENSIONS,
    FIGURES,
    PATIENT,
    Axis,
    Bootstrap,
    ProductText,
    Simulation,
    VariantResult,
)
from adjudicator.simulation.revising import Revision, revise
from adjudicator.simulation.scenario import Assumptions, ScenarioSource, check_names
from adjudicator.simulation.tally import OfFamilies
from adjudicator.simulation.variant import Asked, Variant, base_of, compile_variant, versions_by_month
from adjudicator.simulation.walk import (
    MOST_NAMED,
    Kept,
    Material,
    Outcome,
    Progress,
    TooLargeToAddUp,
    Walked,
    walk,
)
from adjudicator.units import date_of
from adjudicator.vocabulary import LocationLevel
from adjudicator.words import Message, Percentage, message


@dataclass(frozen=True)
class Wish:
    """What is asked of a simulation besides its variants."""

    dimensions: tuple[str, ...] = DIMENSIONS
    """The breakdowns."""
    facilities: bool = True
    """What each facility is paid, and the indexes and the fund by month."""
    named_families: int = MOST_NAMED
    """How many winners and losers are named."""
    order: bool = True
    """Whether claims whose amount depends on their order are named."""
    pairs: bool = False
    """Whether what each claim is worth is kept."""
    samples: int = 0
    """How many samples of families are drawn."""
    seed: int = 1
    """Of the samples."""
    confidence: int = 9_000
    """Of the bands, in hundredths of a percent."""
    figures: tuple[str, ...] = FIGURES
    """The figures that have bands."""


SWEEP_WISH = Wish(dimensions=(), facilities=False, named_families=0, order=False)
"""What is asked of a sweep: small sums."""


@dataclass(frozen=True)
class Desk:
    """What lies on the desk: a scheme, and claims."""

    scheme: str
    currency: str
    decimals: int
    sources: tuple[ProductSource, ...]
    compiled: CompiledScheme
    tables: Mapping[str, pa.Table]
    """The registers, typed."""
    claims: Claims
    opening: Opening
    hashes: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def codes(self) -> RegisterCodes:
        """What products may refer to."""
        return RegisterCodes.of(self.tables)

    @cached_property
    def base(self) -> Variant:
        """The base."""
        return base_of(self.compiled, self.sources)

    @cached_property
    def terms(self) -> Terms:
        """The terms that can be varied."""
        return self.terms_of(self.sources)

    def terms_of(self, sources: Sequence[ProductSource]) -> Terms:
        """Give the terms that can be varied in some products."""
        products = [source.definition for source in sources]
        return Terms(products, self.compiled.registers.selectable, self.decimals)

    @cached_property
    def incomes(self) -> Incomes:
        """The contributions."""
        return Incomes(self.compiled.registers, self.tables, self.base)

    @cached_property
    def _materials(self) -> dict[tuple[str, ...], Material]:
        return {}

    def material(self, dimensions: tuple[str, ...]) -> Material:
        """Give the claims, looked at by some dimensions."""
        if dimensions not in self._materials:
            material = Material(self.compiled, self.tables, self.claims, self.opening, dimensions)
            for other in self._materials.values():
                # What the registers say does not depend on how claims are looked at.
                material.__dict__.setdefault("facts", other.facts)
            self._materials[dimensions] = material
        return self._materials[dimensions]


@dataclass(frozen=True)
class Paired:
    """What each claim is worth under each variant; C claims."""

    claims: pa.Table
    """``facility``, ``claim``, ``insuree``, ``date_claimed``, and a column of amounts for each variant."""


# Scenarios.


def ask(desk: Desk, scenario: ScenarioSource) -> Asked:
    """Make a variant of a scenario.

    Raises:
        Refused: with everything that is wrong with its products.
    """
    said = scenario.definition
    revision = revise(desk.sources, scenario.patches, desk.decimals, said.start, said.where)
    _check(desk, revision)
    _check_contributions(desk, scenario)
    return Asked(said.scenario, scenario.label, revision, said.assume, said.start)


def _check(desk: Desk, revision: Revision) -> None:
    """Check products as those of a scheme are checked."""
    problems = check_products(revision.products, desk.codes)
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise Refused(errors)


def _check_contributions(desk: Desk, scenario: ScenarioSource) -> None:
    known = {source.definition.product for source in desk.sources}
    unknown = sorted(set(scenario.definition.assume.contributions) - known - {""})
    if unknown:
        remedy = message("simulation.unknown_product.remedy", products=sorted(known))
        raise Refused(
            Problem(
                message("simulation.unknown_product", code=code),
                scenario.place_of(("assume", "contributions", code)),
                remedy,
            )
            for code in unknown
        )


def simulate_scenarios(
    desk: Desk,
    scenarios: Sequence[ScenarioSource],
    wish: Wish | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> tuple[Simulation, Paired | None]:
    """Adjudicate claims under scenarios, paired with the base.

    Args:
        desk: the scheme and its claims.
        scenarios: what is changed.
        wish: what is asked for.
        threads: decides nothing but the time.
        progress: told how far it is.

    Raises:
        Refused: with everything that is wrong with the scenarios, or claims that cannot be counted.
    """
    check_names(scenarios)
    problems: list[Problem] = []
    asked: list[Asked] = []
    for scenario in scenarios:
        try:
            asked.append(ask(desk, scenario))
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(dict.fromkeys(problems))
    return _simulated(desk, "scenarios", asked, (), wish or Wish(), threads, progress)


# Sweeps.


def sweep_grid(
    desk: Desk,
    grid: Sequence[str],
    scenario: ScenarioSource | None = None,
    wish: Wish | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> Simulation:
    """Adjudicate claims under every combination of the values of terms, in one pass.

    Args:
        desk: the scheme and its claims.
        grid: ``path=values``, one for each term (see :mod:`adjudicator.simulation.grid`).
        scenario: what is changed before terms are varied; nothing when left out.
        wish: what is asked for; small sums when left out.
        threads: decides nothing but the time.
        progress: told how far it is.

    Raises:
        Refused: with everything that is wrong with the grid.
    """
    axes, asked = ask_grid(desk, grid, scenario)
    return simulate_asked(desk, "sweep", asked, axes, wish or SWEEP_WISH, threads, progress)


def ask_grid(
    desk: Desk, grid: Sequence[str], scenario: ScenarioSource | None = None
) -> tuple[tuple[Axis, ...], list[Asked]]:
    """Make the variants of a grid.

    Raises:
        Refused: with everything that is wrong with the grid or the products.
    """
    start = scenario.definition.start if scenario else None
    where = scenario.definition.where if scenario else None
    assume = scenario.definition.assume if scenario else Assumptions()
    first = scenario.patches if scenario else {}
    changed = revise(desk.sources, first, desk.decimals).products if first else desk.sources
    axes, points = points_of(grid, desk.terms_of(changed), desk.decimals)
    asked = []
    for point in points:
        patches = {code: list(patch) for code, patch in first.items()}
        for code, more in point.patches.items():
            patches.setdefault(code, []).extend(more)
        revision = revise(desk.sources, patches, desk.decimals, start, where)
        _check(desk, revision)
        title = Label(en=point.name, fr=point.name)
        asked.append(Asked(point.name, title, revision, assume, start, point.settings))
    return axes, asked


# From variants to results.


def simulate_asked(
    desk: Desk,
    kind: str,
    asked: Sequence[Asked],
    axes: tuple[Axis, ...],
    wish: Wish,
    threads: int = 1,
    progress: Progress | None = None,
) -> Simulation:
    """Adjudicate claims under variants that are known already (arguments as :func:`sweep_grid`)."""
    simulation, _ = _simulated(desk, kind, asked, axes, wish, threads, progress)
    return simulation


def _simulated(
    desk: Desk,
    kind: str,
    asked: Sequence[Asked],
    axes: tuple[Axis, ...],
    wish: Wish,
    threads: int,
    progress: Progress | None,
) -> tuple[Simulation, Paired | None]:
    material = desk.material(wish.dimensions)
    variants = [desk.base, *(compile_variant(desk.compiled, desk.tables, one) for one in asked)]
    ordered = wish.order and kind == "scenarios"
    try:
        run = _Run(desk, material, variants, wish)
    except OverflowError:
        raise _sum_too_large() from None
    outcome = run.walked(threads, wish.pairs or ordered, progress)
    reversed_values = run.reversed(threads) if ordered else None
    results = run.results(outcome, reversed_values, said=kind == "scenarios")
    cells = material.cells
    batch = desk.claims.batch
    some = len(batch.insuree) > 0
    simulation = Simulation(
        kind=kind,
        scheme=desk.scheme,
        currency=desk.currency,
        decimals=desk.decimals,
        claims=len(batch.insuree),
        lines=int(batch.first_line[-1]),
        first_month=written_month(cells.first_month) if some else "",
        last_month=written_month(cells.first_month + cells.months - 1) if some else "",
        base=results[0],
        variants=tuple(results[1:]),
        dimensions=wish.dimensions,
        axes=axes,
        bootstrap=run.bootstrap(outcome, results) if wish.samples else None,
        parameters=desk.parameters,
        hashes=desk.hashes,
    )
    paired = _paired(desk, variants, outcome) if wish.pairs else None
    return simulation, paired


class _Run:
    """One simulation: its variants with what each needs."""

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
        wish = self._wish
        incomes = tuple(self._incomes) if wish.samples else ()
        kept = Kept(wish.facilities, wish.named_families, values, wish.samples, wish.seed, incomes)
        return counted(self._desk, self._material, self._variants, kept, threads, progress)

    def reversed(self, threads: int) -> list[Int64s]:
        """Give what claims are worth when those of one day are taken the other way round."""
        claims = self._material.claims
        order = reversed_within_days(claims.batch)
        if bool(np.all(order == np.arange(len(order)))):
            return []
        other = replace(claims, batch=reordered(claims.batch, order), claim_row=claims.claim_row[order])
        material = Material(self._material.scheme, self._material.tables, other, self._material.opening, ())
        kept = Kept(facilities=False, families=0, values=True)
        outcome = counted(self._desk, material, self._variants, kept, threads, None)
        found = []
        for values in outcome.values:
            back = np.empty_like(values)
            back[order] = values
            found.append(back)
        return found

    def results(
        self, outcome: Outcome, reversed_values: list[Int64s] | None, said: bool
    ) -> list[VariantResult]:
        named = [one for walked in outcome.walked for one in (walked.winners, walked.losers)]
        namer = tabulating.FamilyNames(self._material, named)
        heads = Heads(self._material)
        places = np.zeros(len(self._material.facilities.codes), np.bool_)
        closed = [
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
        by_head = []
        if self._wish.facilities:
            for variant, terms, one, walked in zip(
                self._variants, self._terms, closed, outcome.walked, strict=True
            ):
                by_head.append(heads.shares(variant, terms.pots, one, walked.sums, self._first_month))
                places |= (walked.sums.places[:, 0] != 0) | (by_head[-1] != 0)
        shown = np.flatnonzero(places).tolist()
        regions = places_at(self._material.tables["locations"], LocationLevel.REGION)
        found = []
        for number, (variant, one, walked) in enumerate(
            zip(self._variants, closed, outcome.walked, strict=True)
        ):
            result = self._result(variant, one, walked, namer, said and number > 0)
            if self._wish.facilities:
                result = replace(
                    result,
                    facilities=tabulating.facilities_table(
                        walked.sums, one, self._material.facilities, by_head[number], regions, shown
                    ),
                    indexes=tabulating.indexes_of(one, self._first_month),
                    fund=tabulating.fund_of(one, variant.codes, self._first_month),
                )
            if reversed_values is not None:
                values = outcome.values[number]
                other = reversed_values[number] if reversed_values else values
                result = replace(result, order_sensitive=_order_table(self._desk.claims, values, other))
            found.append(result)
        return found

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


def _weights(material: Material, variant: Variant) -> Any:
    assume = variant.asked.assume
    if assume.enrolment is None:
        return np.zeros(0, np.int32)
    return family_weights(assume.enrolment.growth, assume.seed, material.scheme.registers)


def counted(
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
        what = message("simulation.amount_too_large", claims=numbers, count=len(found.claims))
        remedy = message("simulation.amount_too_large.remedy")
        raise Refused([Problem(what, remedy=remedy)]) from None
    except (TooLargeToAddUp, OverflowError):
        raise _sum_too_large() from None


def _sum_too_large() -> Refused:
    what, remedy = message("simulation.sum_too_large"), message("simulation.sum_too_large.remedy")
    return Refused([Problem(what, remedy=remedy)])


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


def _paired(desk: Desk, variants: Sequence[Variant], outcome: Outcome) -> Paired:
    claims = desk.claims
    rows = pa.array(claims.claim_row)
    columns: dict[str, Any] = {
        name: claims.received[name].take(rows).cast(pa.string()) for name in ("facility", "claim", "insuree")
    }
    columns["date_claimed"] = claims.received["date_claimed"].take(rows)
    for variant, values in zip(variants, outcome.values, strict=True):
        columns[variant.asked.name] = values
    return Paired(pa.table(columns))


# What a variant says.


def product_text(source: ProductSource, decimals: int) -> ProductText:
    """Write a product as a file that can be adopted."""
    product = source.definition
    version = version_name(product)
    return ProductText(
        product.product,
        version_name(product, source.content_hash),
        source.content_hash,
        f"{version.replace('@', '-').lower()}.yaml",
        write_product(product, decimals),
    )


def changes_of(desk: Desk, asked: Asked) -> list[Message]:
    """Say what differs from the base, and what is assumed."""
    found: list[Message] = []
    instead = {switch.instead: switch for switch in asked.revision.switches}
    for code, switch in instead.items():
        place = switch.location.district or switch.location.region
        found.append(message("simulation.switch", product=switch.product, place=place, code=code))
    for source in asked.revision.changed:
        product = source.definition
        old_code = instead[product.product].product if product.product in instead else product.product
        old = _version_before(desk.sources, old_code, product)
        if old is None:
            continue
        # The period and the place of a version say whom the change is for, and are no change of terms.
        same: dict[str, Any] = {
            "product": product.product,
            "valid": product.valid,
            "location": product.location,
        }
        changed = difference(
            old.model_copy(update=same), product, desk.decimals, desk.compiled.registers.selectable
        )
        for one in changed:
            found.append(message("simulation.in_version", version=version_name(product), what=one.said))
    return list(dict.fromkeys([*found, *_assumed(asked)]))


def _version_before(sources: Sequence[ProductSource], code: str, product: Product) -> Product | None:
    return next(
        (
            source.definition
            for source in sources
            if source.definition.product == code and source.definition.valid.holds(product.valid.start)
        ),
        None,
    )


def _assumed(asked: Asked) -> list[Message]:
    assume = asked.assume
    found: list[Message] = []
    trend = assume.trend
    if trend.prices:
        found.append(message("simulation.assume.prices", growth=Percentage(trend.prices), years=trend.years))
    if trend.claims:
        found.append(message("simulation.assume.claims", growth=Percentage(trend.claims), years=trend.years))
    if assume.utilisation is not None:
        elasticity = f"{assume.utilisation.elasticity / 100:.2f}"
        found.append(message("simulation.assume.utilisation", elasticity=elasticity))
    if assume.enrolment is not None:
        found.append(message("simulation.assume.enrolment", growth=Percentage(assume.enrolment.growth)))
    for code, growth in sorted(assume.contributions.items()):
        key = "simulation.assume.contributions_of" if code else "simulation.assume.contributions"
        found.append(message(key, product=code, growth=Percentage(growth)))
    if asked.start is not None and (found or asked.revision.changed):
        found.append(message("simulation.from", day=date_of(asked.start)))
    return found
