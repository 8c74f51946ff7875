"""What a single product file cannot know: whether products fit each other and the scheme's registers.

Errors say that a product cannot be used as it stands; warnings say that a term has no effect or hardly
can be meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, Self

from adjudicator.problems import Problem
from adjudicator.product.definition import (
    PERIODS_OF_YEAR,
    CoverageEntry,
    Product,
    RelativePrices,
    Selector,
    limits_of,
)
from adjudicator.product.meant import NEAR_CODE, nearest
from adjudicator.product.read import ProductSource
from adjudicator.product.source import Steps
from adjudicator.product.terms import Selectable, selects
from adjudicator.units import PERCENT_ALL, date_of
from adjudicator.vocabulary import Category, Kind, LocationLevel, PriceOrigin, ProvisionType
from adjudicator.words import Message, Percentage, message

MOST_GUESSES: Final = 100
"""For how many unknown codes the nearest known one is looked for; with more, a register is wrong."""


@dataclass(frozen=True)
class RegisterCodes:
    """What products refer to in a scheme's registers; None where a register is not there to check against."""

    provisions: tuple[Selectable, ...] | None = None
    regions: frozenset[str] | None = None
    districts: Mapping[str, str | None] | None = None
    """The region of each district, None where the register gives none."""

    @classmethod
    def of(cls, tables: Mapping[str, Any]) -> Self:
        """Take the codes from typed tables (see :mod:`adjudicator.tables`).

        Args:
            tables: Arrow tables by name, of which ``provisions`` and ``locations`` are used if given.
        """
        provisions, regions, districts = None, None, None
        if (table := tables.get("provisions")) is not None:
            columns = (table.column(name).to_pylist() for name in ("kind", "code", "type", "category"))
            distinct = dict.fromkeys(zip(*columns, strict=True))
            provisions = tuple(
                Selectable(
                    Kind(kind), code, None if type_ is None else ProvisionType(type_), _category(category)
                )
                for kind, code, type_, category in distinct
            )
        if (table := tables.get("locations")) is not None:
            columns = (table.column(name).to_pylist() for name in ("code", "level", "parent"))
            rows = list(zip(*columns, strict=True))
            regions = frozenset(code for code, level, _ in rows if level == LocationLevel.REGION)
            districts = {code: parent for code, level, parent in rows if level == LocationLevel.DISTRICT}
        return cls(provisions, regions, districts)


def _category(category: int | None) -> Category:
    return Category.OTHER if category is None else Category(category)


def check_products(sources: Sequence[ProductSource], registers: RegisterCodes | None = None) -> list[Problem]:
    """Check products against each other and against the registers.

    Args:
        sources: all versions of all products of a scheme.
        registers: what the registers hold; what is None in it is not checked.

    Returns:
        Errors and warnings, in the order of their files and places.
    """
    registers = registers or RegisterCodes()
    problems = [*_overlaps(sources), *_conversions(sources)]
    for source in sources:
        problems += _terms_without_effect(source)
        problems += _location(source, registers)
    if registers.provisions is not None:
        problems += _coverage(sources, registers.provisions)
    return sorted(problems, key=_by_place)


def _by_place(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return str(place.file), place.line or 0, place.column or 0


def _error(source: ProductSource, steps: Steps, key: str, /, **values: Any) -> Problem:
    remedy: Message = values.pop("remedy", None) or message(f"{key}.remedy", **values)
    return Problem(message(key, **values), source.place_of(steps), remedy)


def _warning(source: ProductSource, steps: Steps, key: str, /, **values: Any) -> Problem:
    return Problem(
        message(key, **values), source.place_of(steps), message(f"{key}.remedy", **values), "warning"
    )


# Products among each other.


def _overlaps(sources: Sequence[ProductSource]) -> Iterator[Problem]:
    ordered = sorted(
        sources, key=lambda source: (source.definition.product, source.definition.valid.start, source.path)
    )
    for one, other in combinations(ordered, 2):
        first, later = one.definition, other.definition
        if first.product == later.product and later.valid.start <= first.valid.end:
            place = one.place_of(("valid",))
            yield _error(
                other,
                ("valid", "from"),
                "product.versions_overlap",
                code=later.product,
                file=f"{one.path.name}:{place.line}",
                remedy=_apart(first, later),
            )


def _apart(first: Product, later: Product) -> Message:
    if first.valid.start < later.valid.start:
        return message("product.versions_overlap.end_before", day=date_of(later.valid.start - 1).isoformat())
    return message("product.versions_overlap.remedy")


def _conversions(sources: Sequence[ProductSource]) -> Iterator[Problem]:
    codes = {source.definition.product for source in sources}
    replaced: dict[str, set[str]] = {}
    for source in sources:
        code, other = source.definition.product, source.definition.replaces_on_renewal
        if other is not None:
            replaced.setdefault(code, set()).add(other)
    told: set[frozenset[str]] = set()
    for source in sorted(sources, key=lambda source: source.path):
        code, other = source.definition.product, source.definition.replaces_on_renewal
        if other is None:
            continue
        steps = ("replaces_on_renewal",)
        if other not in codes:
            remedy = _near(other, codes - {code})
            yield _error(source, steps, "product.conversion_unknown", code=other, remedy=remedy)
        elif (way := _way(replaced, other, code)) and frozenset(way) not in told:
            told.add(frozenset(way))
            circle = " → ".join([code, *way])
            yield _error(source, steps, "product.conversion_circle", circle=circle)


def _way(replaced: Mapping[str, set[str]], start: str, goal: str) -> list[str] | None:
    """Find the products on a way of replacements from one product to another, both included."""
    waiting = [[start]]
    seen = {start}
    while waiting:
        way = waiting.pop(0)
        if way[-1] == goal:
            return way
        for code in sorted(replaced.get(way[-1], set()) - seen):
            seen.add(code)
            waiting.append([*way, code])
    return None


# A product and the registers.


def _location(source: ProductSource, registers: RegisterCodes) -> Iterator[Problem]:
    location = source.definition.location
    if location is None or registers.regions is None or registers.districts is None:
        return
    if location.region not in registers.regions:
        remedy = _near(location.region, registers.regions)
        yield _error(
            source, ("location", "region"), "product.region_unknown", code=location.region, remedy=remedy
        )
    if location.district is None:
        return
    steps = ("location", "district")
    if location.district not in registers.districts:
        within = [code for code, region in registers.districts.items() if region == location.region]
        remedy = _near(location.district, within or registers.districts.keys())
        yield _error(source, steps, "product.district_unknown", code=location.district, remedy=remedy)
    elif (region := registers.districts[location.district]) not in (None, location.region):
        yield _error(source, steps, "product.district_elsewhere", code=location.district, region=region)


def _near(code: str, known: Iterable[str]) -> Message | None:
    near = nearest(code, list(known), NEAR_CODE)
    return message("product.did_you_mean", text=near) if near else None


def _coverage(sources: Sequence[ProductSource], provisions: Sequence[Selectable]) -> Iterator[Problem]:
    codes: dict[Kind, dict[str, None]] = {kind: {} for kind in Kind}
    for provision in provisions:
        codes[provision.kind][provision.code] = None
    unknown = 0
    for source in sources:
        for position, entry in enumerate(source.definition.coverage):
            for name, kind, selector in _selectors(entry):
                steps = ("coverage", position, name)
                for place, code in enumerate(selector.codes):
                    if code not in codes[kind]:
                        unknown += 1
                        yield _unknown_code(
                            source, (*steps, place), code, kind, codes, guess=unknown <= MOST_GUESSES
                        )
                if not selector.codes and not any(
                    provision.kind is kind and selects(selector, provision) for provision in provisions
                ):
                    yield _warning(source, steps, "product.selects_nothing")


def _selectors(entry: CoverageEntry) -> Iterator[tuple[str, Kind, Selector]]:
    if entry.services is not None:
        yield "services", Kind.SERVICE, entry.services
    if entry.items is not None:
        yield "items", Kind.ITEM, entry.items


def _unknown_code(
    source: ProductSource,
    steps: Steps,
    code: str,
    kind: Kind,
    codes: Mapping[Kind, Mapping[str, None]],
    *,
    guess: bool,
) -> Problem:
    key = "product.service_unknown" if kind is Kind.SERVICE else "product.item_unknown"
    other = Kind.ITEM if kind is Kind.SERVICE else Kind.SERVICE
    remedy = _near(code, codes[kind]) if guess else None
    if code in codes[other]:
        remedy = message("product.other_kind", code=code, kind=other, name=f"{other.word}s")
    return _error(source, steps, key, code=code, remedy=remedy)


# Terms of a product that do nothing.


def _terms_without_effect(source: ProductSource) -> Iterator[Problem]:
    product = source.definition
    members = product.enrolment.members
    if product.enrolment.insurance_period == 0:
        yield _error(source, ("enrolment", "insurance_period"), "product.no_insurance_period")
    if members.maximum is not None and members.threshold is not None and members.threshold > members.maximum:
        yield _warning(source, ("enrolment", "members", "threshold"), "product.threshold_above_maximum")
    for steps, limit in limits_of(product.ceiling) if product.ceiling else ():
        if limit.extra_member is not None and members.threshold is None:
            yield _warning(source, ("ceiling", *steps, "extra_member"), "product.growth_without_threshold")
        if limit.maximum is not None and limit.amount is not None and limit.maximum < limit.amount:
            yield _warning(source, ("ceiling", *steps, "maximum"), "product.maximum_below_amount")
    if not product.coverage:
        yield _warning(source, (), "product.covers_nothing")
    yield from _pools(source)


def _pools(source: ProductSource) -> Iterator[Problem]:
    """Compare the prices that are paid by a pool with the pools that there are."""
    product = source.definition
    relative = product.remuneration.relative_prices
    if relative is None:
        for position, entry in enumerate(product.coverage):
            for steps, terms in (
                ((), entry),
                (("emergency",), entry.emergency),
                (("referral",), entry.referral),
            ):
                if terms is not None and terms.price is PriceOrigin.RELATIVE:
                    yield _warning(
                        source, ("coverage", position, *steps, "price"), "product.relative_without_pool"
                    )
        return
    capitation = product.remuneration.capitation
    most = _most_shared(relative) + (capitation.share if capitation else 0)
    if most > PERCENT_ALL:
        yield _warning(source, ("remuneration",), "product.shares_above_all", total=Percentage(most))


def _most_shared(relative: RelativePrices) -> int:
    """Give the largest share of a period's contributions that goes to pools, in hundredths of a percent."""
    pools = [shares.share for shares in (relative.all, relative.hospital, relative.non_hospital) if shares]
    periods = PERIODS_OF_YEAR[relative.period]
    return max(sum(pool[period % len(pool)] for pool in pools) for period in range(periods))
