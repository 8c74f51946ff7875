"""From what a product says to the terms of each provision: resolved for people, compiled for kernels.

A product's coverage refines itself from general to particular. :func:`resolve` answers, for one provision
and visit type, what holds and which place of the file says so; the reference and the explanations build
on it. :func:`compile_terms` does the same for whole registers at once and gives arrays of integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from adjudicator.product.definition import (
    NO_LIMIT,
    CoverageEntry,
    CoverLimit,
    Product,
    Selector,
)
from adjudicator.product.definition import Terms as StatedTerms
from adjudicator.units import PERCENT_ALL
from adjudicator.vocabulary import (
    CLAIM_CATEGORIES,
    Care,
    Category,
    HospitalCare,
    Kind,
    Level,
    Limitation,
    PriceOrigin,
    ProvisionType,
    VisitType,
)

ADULT: Final = 0
CHILD: Final = 1
AGES: Final = ("adult", "child")
"""The two columns of every array of terms that differ by age, in this order."""

Path = tuple[str | int, ...]
"""A place in a product file: keys and positions from the top."""


@dataclass(frozen=True)
class Selectable:
    """What a coverage entry can select a provision by."""

    kind: Kind
    code: str
    type: ProvisionType | None
    category: Category


@dataclass(frozen=True)
class ByAge:
    """A term for adults and for children, each with the place that says it (None: nobody does)."""

    adult: Any
    child: Any
    adult_path: Path | None = None
    child_path: Path | None = None

    def of(self, adult: bool) -> Any:
        """Give the term for an age group."""
        return self.adult if adult else self.child

    def path_of(self, adult: bool) -> Path | None:
        """Give the place that says the term for an age group."""
        return self.adult_path if adult else self.child_path


WHOLE: Final = CoverLimit(limitation=Limitation.CO_INSURANCE, value=PERCENT_ALL)
"""What holds where nothing is said of a covered provision's cover: all of it."""


@dataclass(frozen=True)
class ProvisionTerms:
    """What a product version pays for one provision at one type of visit."""

    covered: bool = False
    covered_path: Path | None = None
    price_origin: PriceOrigin = PriceOrigin.PRICE_LIST
    price_path: Path | None = None
    cover: ByAge = field(default_factory=lambda: ByAge(WHOLE, WHOLE))
    waiting: ByAge = field(default_factory=lambda: ByAge(0, 0))
    """Months."""
    quantity: ByAge = field(default_factory=lambda: ByAge(NO_LIMIT, NO_LIMIT))
    """Hundredths, :data:`NO_LIMIT` for none."""
    outside_ceiling: ByAge = field(default_factory=lambda: ByAge(0, 0))
    """A set of bits by :class:`Care`."""


def selects(selector: Selector | None, provision: Selectable) -> bool:
    """Tell whether a selector is about a provision (of the selector's own kind)."""
    if selector is None:
        return False
    return (
        selector.all
        or provision.code in selector.codes
        or (
            not selector.codes
            and selector.category in (None, provision.category)
            and selector.type in (None, provision.type)
        )
    )


def is_about(entry: CoverageEntry, provision: Selectable) -> bool:
    """Tell whether a coverage entry is about a provision."""
    return selects(entry.services if provision.kind is Kind.SERVICE else entry.items, provision)


def resolve(product: Product, provision: Selectable, visit_type: VisitType) -> ProvisionTerms:
    """Resolve what a product version says of a provision at a type of visit.

    Later entries refine earlier ones, field by field; what is said of a type of visit stands above what
    is said of all visits. A provision that no entry is about is not covered.
    """
    about = [position for position, entry in enumerate(product.coverage) if is_about(entry, provision)]
    return _resolve_entries(product, about, visit_type)


def _resolve_entries(product: Product, about: Iterable[int], visit_type: VisitType) -> ProvisionTerms:
    blocks: list[tuple[StatedTerms, Path]] = []
    visit_blocks: list[tuple[StatedTerms, Path]] = []
    for position in about:
        entry = product.coverage[position]
        blocks.append((entry, ("coverage", position)))
        if (special := entry.for_visit(visit_type)) is not None:
            visit_blocks.append((special, ("coverage", position, visit_type.word)))
    if not blocks:
        return ProvisionTerms()
    said: dict[str, Any] = {"covered": True, "covered_path": blocks[-1][1]}
    ages: dict[str, dict[str, tuple[Any, Path]]] = {}
    for stated, path in blocks + visit_blocks:
        if stated.covered is not None:
            said["covered"], said["covered_path"] = stated.covered, (*path, "covered")
        if stated.price is not None:
            said["price_origin"], said["price_path"] = stated.price, (*path, "price")
        for name in ("cover", "waiting", "quantity", "outside_ceiling"):
            term = getattr(stated, name)
            for age in AGES:
                if term is not None and (value := getattr(term, age)) is not None:
                    ages.setdefault(name, {})[age] = (value, (*path, name, age))
    default = ProvisionTerms()
    for name, by_age in ages.items():
        unsaid: ByAge = getattr(default, name)
        adult, adult_path = by_age.get("adult", (unsaid.adult, None))
        child, child_path = by_age.get("child", (unsaid.child, None))
        said[name] = ByAge(adult, child, adult_path, child_path)
    return ProvisionTerms(**said)


class Terms(NamedTuple):
    """The terms of all product versions as arrays, for the kernels.

    V versions, sorted by product and start; R rows of the register of provisions; T distinct terms.
    Axes of length 2 by age are (adult, child), by care (non-hospital, hospital); -1 stands for "none".
    """

    first_version: npt.NDArray[np.int32]
    """(products + 1,): where each product's versions begin."""
    version_start: npt.NDArray[np.int32]
    """(V,), day number."""
    version_end: npt.NDArray[np.int32]
    """(V,), day number, included."""
    by_facility: npt.NDArray[np.int8]
    """(V,): 1 where hospital care is care at a hospital, 0 where it is an in-patient stay."""
    deductible_level: npt.NDArray[np.int8]
    """(V, care), :class:`Level`."""
    deductible: npt.NDArray[np.int64]
    """(V, care), minor units."""
    deductible_split: npt.NDArray[np.int8]
    """(V,): 1 where the two kinds of care are counted apart."""
    ceiling_level: npt.NDArray[np.int8]
    """(V, care), :class:`Level`."""
    ceiling: npt.NDArray[np.int64]
    """(V, care), minor units."""
    ceiling_extra: npt.NDArray[np.int64]
    """(V, care), minor units per member above the threshold."""
    ceiling_maximum: npt.NDArray[np.int64]
    """(V, care), minor units, -1 for none."""
    ceiling_split: npt.NDArray[np.int8]
    """(V,)."""
    threshold: npt.NDArray[np.int32]
    """(V,), members, -1 for none."""
    claim_limit: npt.NDArray[np.int32]
    """(V, claim category), claims per insuree and insurance period, -1 for none."""
    category_ceiling: npt.NDArray[np.int64]
    """(V, claim category), minor units per claim, -1 for none."""
    coverage: npt.NDArray[np.int32]
    """(V, R, visit type): the row of the terms below, -1 where it is not covered."""
    price_origin: npt.NDArray[np.int8]
    """(T,), :class:`PriceOrigin`."""
    limitation: npt.NDArray[np.int8]
    """(T, age), :class:`Limitation`."""
    limit: npt.NDArray[np.int64]
    """(T, age): hundredths of a percent, or minor units per unit (-1: no limit)."""
    waiting: npt.NDArray[np.int32]
    """(T, age), months."""
    quantity: npt.NDArray[np.int64]
    """(T, age), hundredths, -1 for none."""
    outside: npt.NDArray[np.int8]
    """(T, age), set of bits by :class:`Care`."""
    of_care: npt.NDArray[np.int64]
    """(V, care, :class:`OfCare`): deductible and ceiling once more, side by side as kernels ask for them."""
    of_age: npt.NDArray[np.int64]
    """(T, age, :class:`OfAge`): the terms once more, side by side as kernels ask for them."""


class OfCare(IntEnum):
    """The columns of ``Terms.of_care``."""

    DEDUCTIBLE_LEVEL = 0
    DEDUCTIBLE = 1
    DEDUCTIBLE_SPLIT = 2
    CEILING_LEVEL = 3
    CEILING = 4
    CEILING_SPLIT = 5
    CEILING_EXTRA = 6
    CEILING_MAXIMUM = 7


class OfAge(IntEnum):
    """The columns of ``Terms.of_age``."""

    PRICE_ORIGIN = 0
    LIMITATION = 1
    LIMIT = 2
    WAITING = 3
    QUANTITY = 4
    OUTSIDE = 5


def _side_by_side(columns: type[IntEnum], arrays: Mapping[str, Any], shape: tuple[int, int]) -> Any:
    """Put arrays of (n,) or (n, 2) side by side as (n, 2, column)."""
    rows = np.empty((*shape, len(columns)), np.int64)
    for column in columns:
        array = arrays[column.name.lower()]
        rows[:, :, column] = array if array.ndim == len(shape) else array[:, np.newaxis]
    return rows


@dataclass(frozen=True)
class CompiledProducts:
    """Arrays of terms, with what leads back from them to the products."""

    terms: Terms
    products: tuple[str, ...]
    """Product codes; the position is the product's index."""
    versions: tuple[Product, ...]
    """The version of each row."""


def compile_terms(products: Sequence[Product], provisions: Sequence[Selectable]) -> CompiledProducts:
    """Compile product versions against the rows of the register of provisions.

    Args:
        products: all versions of all products, in any order; versions of a product do not overlap.
        provisions: what can be selected of each row of the register, in the register's row order.

    """
    versions = tuple(sorted(products, key=lambda product: (product.product, product.valid.start)))
    codes = tuple(sorted({version.product for version in versions}))
    index = {code: position for position, code in enumerate(codes)}
    count = len(versions)
    first_version = np.zeros(len(codes) + 1, np.int32)
    for version in versions:
        first_version[index[version.product] + 1] += 1
    table = _TermTable()
    coverage = np.full((count, len(provisions), len(VisitType)), -1, np.int32)
    for row, version in enumerate(versions):
        coverage[row] = _coverage(version, provisions, table)
    of_care = _balance_limits(versions)
    of_age = table.arrays()
    terms = Terms(
        first_version=np.cumsum(first_version, dtype=np.int32),
        version_start=np.array([version.valid.start for version in versions], np.int32),
        version_end=np.array([version.valid.end for version in versions], np.int32),
        by_facility=np.array(
            [version.hospital_care is HospitalCare.BY_FACILITY for version in versions], np.int8
        ),
        **of_care,
        threshold=np.array([_or_none(version.enrolment.members.threshold) for version in versions], np.int32),
        claim_limit=_by_category(versions, "claims").astype(np.int32),
        category_ceiling=_by_category(versions, "ceiling"),
        coverage=coverage,
        **of_age,
        of_care=_side_by_side(OfCare, of_care, (count, len(Care))),
        of_age=_side_by_side(OfAge, of_age, (len(of_age["price_origin"]), len(AGES))),
    )
    return CompiledProducts(terms, codes, versions)


def _or_none(value: int | None) -> int:
    return NO_LIMIT if value is None else value


def _by_category(versions: Sequence[Product], name: str) -> npt.NDArray[np.int64]:
    limits = [
        [
            _or_none(getattr(version.claim_categories.get(category), name, None))
            for category in CLAIM_CATEGORIES
        ]
        for version in versions
    ]
    return np.array(limits, np.int64).reshape(len(versions), len(CLAIM_CATEGORIES))


def _balance_limits(versions: Sequence[Product]) -> dict[str, Any]:
    shape = (len(versions), len(Care))
    arrays: dict[str, Any] = {}
    for name in ("deductible", "ceiling"):
        level, amount = np.zeros(shape, np.int8), np.zeros(shape, np.int64)
        extra, maximum = np.zeros(shape, np.int64), np.full(shape, NO_LIMIT, np.int64)
        split = np.zeros(len(versions), np.int8)
        for row, version in enumerate(versions):
            stated = getattr(version, name)
            if stated is None:
                continue
            split[row] = stated.split
            for care in Care:
                if (side := stated.side(care)) is not None:
                    level[row, care], amount[row, care] = side.per or Level.NONE, side.amount
                    extra[row, care], maximum[row, care] = side.extra_member or 0, _or_none(side.maximum)
        arrays |= {f"{name}_level": level, name: amount, f"{name}_split": split}
        if name == "ceiling":
            arrays |= {"ceiling_extra": extra, "ceiling_maximum": maximum}
    return arrays


class _TermTable:
    """Collects distinct terms, so that a product of a thousand provisions has a handful of rows."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Any, ...], int] = {}

    def row(self, terms: ProvisionTerms) -> int:
        if not terms.covered:
            return -1
        numbers = (
            terms.price_origin,
            *((cover.limitation, _or_none(cover.value)) for cover in (terms.cover.adult, terms.cover.child)),
            *((term.adult, term.child) for term in (terms.waiting, terms.quantity, terms.outside_ceiling)),
        )
        return self._rows.setdefault(numbers, len(self._rows))

    def arrays(self) -> Mapping[str, Any]:
        rows = list(self._rows)

        def pairs(values: list[Any], dtype: type) -> npt.NDArray[Any]:
            return np.array(values, dtype).reshape(len(rows), len(AGES))

        return {
            "price_origin": np.array([row[0] for row in rows], np.int8),
            "limitation": pairs([(row[1][0], row[2][0]) for row in rows], np.int8),
            "limit": pairs([(row[1][1], row[2][1]) for row in rows], np.int64),
            "waiting": pairs([row[3] for row in rows], np.int32),
            "quantity": pairs([row[4] for row in rows], np.int64),
            "outside": pairs([row[5] for row in rows], np.int8),
        }


def _coverage(version: Product, provisions: Sequence[Selectable], table: _TermTable) -> npt.NDArray[np.int32]:
    """Give (R, visit type) rows of terms; provisions that the same entries are about are resolved once."""
    rows = np.full((len(provisions), len(VisitType)), -1, np.int32)
    resolved: dict[tuple[int, ...], list[int]] = {}
    by_code = _entries_by_code(version)
    general = [
        position
        for position, entry in enumerate(version.coverage)
        if any(selector and not selector.codes for selector in (entry.services, entry.items))
    ]
    for row, provision in enumerate(provisions):
        named = by_code.get((provision.kind, provision.code), [])
        about = tuple(sorted({p for p in general if is_about(version.coverage[p], provision)} | set(named)))
        if about not in resolved:
            resolved[about] = [
                table.row(_resolve_entries(version, about, visit_type)) for visit_type in VisitType
            ]
        rows[row] = resolved[about]
    return rows


def _entries_by_code(version: Product) -> dict[tuple[Kind, str], list[int]]:
    entries: dict[tuple[Kind, str], list[int]] = {}
    for position, entry in enumerate(version.coverage):
        for kind, selector in ((Kind.SERVICE, entry.services), (Kind.ITEM, entry.items)):
            for code in selector.codes if selector else ():
                entries.setdefault((kind, code), []).append(position)
    return entries
