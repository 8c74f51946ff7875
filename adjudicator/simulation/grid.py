"""Grids: terms that take one value after the other, by paths in the product's own words.

A path is written as the keys of a product file with points between them, after the code of the product and a
colon where it is for one product only: ``ceiling.amount``, ``FAMILY:deductible.hospital``,
``claim_categories.visit.claims``. Without a product, it is for each that says the term.

The terms of provisions come first and what they are for second: ``cover.visit`` (services of a category),
``cover.drug`` (a type), ``cover.services``, ``cover.items``, ``quantity.ANA01`` (a code), ``cover.all``;
then, if it is meant, for whom and when: ``cover.visit.adult``, ``cover.drug.emergency``. Only provisions that
the product covers are touched.

Values are those of the product format: ``60%,70%,80%``, ``10000..50000:5000`` (from, to and step),
``1 month..6 months:1``, ``none`` (which takes the term away).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product as combinations
from typing import Final

from adjudicator.problems import Problem, Refused, of_all, refused
from adjudicator.product.definition import Product
from adjudicator.product.effects import Effects
from adjudicator.product.meant import nearest
from adjudicator.product.scalars import INDEX_DECIMALS, Unit
from adjudicator.product.shape import key_at
from adjudicator.product.source import Tree
from adjudicator.product.terms import Selectable
from adjudicator.product.writing import product_tree
from adjudicator.simulation.results import Axis
from adjudicator.simulation.revising import Patch
from adjudicator.units import scaled, unscaled
from adjudicator.vocabulary import Category, Kind, ProvisionType
from adjudicator.words import message

MOST_VARIANTS: Final = 10_000
"""More variants than anybody looks at."""

TERMS: Final = ("cover", "waiting", "quantity", "covered", "price", "outside_ceiling")
"""The terms of provisions."""

_UNITS: Final = {"cover": Unit.PERCENT, "waiting": Unit.MONTHS, "quantity": Unit.QUANTITY}
_AGES: Final = ("adult", "child")
_VISITS: Final = ("emergency", "referral")
_KINDS: Final = {"services": Kind.SERVICE, "items": Kind.ITEM}
_MOST_SHOWN: Final = 12


@dataclass(frozen=True)
class Term:
    """A term of products, by its path."""

    path: str
    code: str | None
    """The product that it is for; None for all that say it."""
    steps: tuple[str, ...]


def read_axis(written: str, decimals: int) -> tuple[Term, tuple[str, ...]]:
    """Read ``path=values``.

    Raises:
        Refused: it is not written so.
    """
    path, equals, values = written.partition("=")
    if not equals or not values.strip():
        raise refused("simulation.grid_form", given=written)
    return read_term(path), tuple(_values(values.strip(), decimals))


def read_term(path: str) -> Term:
    """Read a path.

    Raises:
        Refused: it is empty.
    """
    code, colon, rest = path.strip().partition(":")
    code, rest = (code.strip(), rest) if colon else ("", code)
    steps = tuple(step.strip() for step in rest.split("."))
    if not all(steps):
        raise refused("simulation.grid_form", given=path)
    return Term(path.strip(), code or None, steps)


_SPAN: Final = re.compile(r"(?P<first>[^.]+(\.[0-9]+)?)\.\.(?P<last>[^:]+):(?P<step>.+)")
_SCALAR: Final = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?) ?(?P<unit>%|months?)?")


def _values(written: str, decimals: int) -> Iterator[str]:
    for part in written.split(","):
        value = part.strip()
        span = _SPAN.fullmatch(value)
        if span is None:
            yield value
            continue
        ends = [_SCALAR.fullmatch(span[name].strip()) for name in ("first", "last", "step")]
        if any(end is None for end in ends):
            raise refused("simulation.grid_span", given=value)
        digits = max(2, decimals)
        numbers = [_scaled(end["number"], digits, value) for end in ends if end]
        unit = next((end["unit"] for end in ends if end and end["unit"]), "")
        first, last, step = numbers
        if step <= 0 or last < first or (last - first) // step > MOST_VARIANTS:
            raise refused("simulation.grid_span", given=value)
        for number in range(first, last + 1, step):
            yield written_value(number, digits, unit)


def _scaled(number: str, digits: int, value: str) -> int:
    try:
        return scaled(number, digits)
    except ValueError:
        raise refused("simulation.grid_span", given=value) from None


def written_value(number: int, digits: int, unit: str) -> str:
    """Write a number of a span as a product does."""
    plain = f"{unscaled(number, digits).normalize():f}"
    if unit.startswith("month"):
        return f"{plain} month" if plain == "1" else f"{plain} months"
    return f"{plain}{unit}"


def unit_of(term: Term) -> Unit:
    """Give what a term measures; TEXT for words."""
    if term.steps[0] in TERMS:
        return _UNITS.get(term.steps[0], Unit.TEXT)
    known = key_at(term.steps)
    if known is None or known.unit is None:
        return Unit.MONEY if term.steps[0] in ("ceiling", "deductible") else Unit.TEXT
    return known.unit


def number_of(term: Term, value: str, decimals: int) -> int:
    """Give a value in the units of the law, as far as it is a number: 0 where it is none."""
    scalar = _SCALAR.fullmatch(value.strip())
    if scalar is None:
        return 0
    digits = {Unit.MONEY: decimals, Unit.PERCENT: 2, Unit.QUANTITY: 2, Unit.INDEX: INDEX_DECIMALS}
    try:
        return scaled(scalar["number"], digits.get(unit_of(term), 0))
    except ValueError:
        return 0


# What a path means for a product.


class Terms:
    """The terms that can be varied in the products of a scheme."""

    def __init__(self, products: Sequence[Product], provisions: Sequence[Selectable], decimals: int) -> None:
        self._products = products
        self._provisions = sorted(set(provisions), key=lambda one: (one.kind, one.code))
        self._decimals = decimals
        self._trees = [product_tree(product, decimals) for product in products]

    def patches(self, term: Term, value: str) -> dict[str, list[Patch]]:
        """Give the patches that set a term to a value, by product: one for each version that says it.

        Raises:
            Refused: no product says the term; with the paths that there are.
        """
        codes = list(dict.fromkeys(product.product for product in self._products))
        if term.code is not None and term.code not in codes:
            near = nearest(term.code, codes)
            what = message("simulation.unknown_product", code=term.code)
            remedy = (
                message("product.did_you_mean", text=near)
                if near
                else message("simulation.unknown_product.remedy", products=codes)
            )
            raise Refused([Problem(what, remedy=remedy)])
        of_provisions = term.steps[0] in TERMS
        found: dict[str, list[Patch]] = {}
        for product, tree in zip(self._products, self._trees, strict=True):
            if term.code not in (None, product.product):
                continue
            if of_provisions:
                entries = self._entries(product, term, value)
                if not entries:
                    continue
                tree_of_patch: dict[str, Tree] = {"coverage": entries}
            elif self._says(tree, term):
                tree_of_patch = _nested(term.steps, value)
            else:
                continue
            patch = Patch(tree_of_patch, version=product.valid.start)
            found.setdefault(product.product, []).append(patch)
        if not found:
            raise self._unknown(term)
        return found

    def _says(self, tree: Tree, term: Term) -> bool:
        """Tell whether a product says a term, or may say it because the person names the product."""
        known = key_at(term.steps)
        if known is None or (known.part is not None and not self._is_plain(tree, term.steps)):
            return False
        return term.code is not None or _at(tree, term.steps) is not None

    def _is_plain(self, tree: Tree, steps: Sequence[str]) -> bool:
        """Tell whether a part is one that may be written as a plain value."""
        return steps[0] in ("ceiling", "deductible") and len(steps) == 2

    def _entries(self, product: Product, term: Term, value: str) -> list[Tree]:
        """Give the coverage that sets a term of provisions which a product covers."""
        name, *rest = term.steps
        about = [step for step in rest if step not in (*_AGES, *_VISITS)]
        ages = [step for step in rest if step in _AGES]
        visits = [step for step in rest if step in _VISITS]
        if len(about) > 1 or len(ages) > 1 or len(visits) > 1:
            return []
        chosen = self._chosen(about[0] if about else "all")
        if not chosen:
            return []
        effects = Effects(product)
        covered = [one for one in chosen if any(terms.covered for terms in effects.of(one))]
        said: Tree = {ages[0]: value} if ages else value
        stated: dict[str, Tree] = {name: said}
        if visits:
            stated = {visits[0]: dict(stated)}
        entries: list[Tree] = []
        for key, kind in _KINDS.items():
            mine = list(dict.fromkeys(one.code for one in covered if one.kind is kind))
            every = {one.code for one in chosen if one.kind is kind}
            if mine:
                whole = set(mine) == every
                selector = _selector(about[0] if about else "all") if whole else None
                entries.append({key: selector or list(mine), **stated})
        return entries

    def _chosen(self, about: str) -> list[Selectable]:
        """Give the provisions that a step of a path is about."""
        if about == "all":
            return self._provisions
        if about in _KINDS:
            return [one for one in self._provisions if one.kind is _KINDS[about]]
        if about in Category.words():
            category = Category.of(about)
            return [one for one in self._provisions if one.kind is Kind.SERVICE and one.category is category]
        if about in ProvisionType.words():
            kind = ProvisionType.of(about)
            return [one for one in self._provisions if one.type is kind]
        return [one for one in self._provisions if one.code == about]

    def _unknown(self, term: Term) -> Refused:
        known = list(self.paths())
        path = ".".join(term.steps)
        near = nearest(path, known)
        what = message("simulation.unknown_path", path=term.path)
        remedy = (
            message("product.did_you_mean", text=near)
            if near
            else message("simulation.unknown_path.remedy", paths=_some(known, path))
        )
        return Refused([Problem(what, remedy=remedy)])

    def paths(self) -> Iterator[str]:
        """List the paths that lead somewhere, as they may be written without a product."""
        seen: dict[str, None] = {}
        for tree in self._trees:
            for path in _leaves({key: value for key, value in tree.items() if key not in _NOT_VARIED}):
                seen.setdefault(path)
        yield from seen
        about = ["all", *_KINDS]
        about += [word for word in Category.words() if self._chosen(word)]
        about += [word for word in ProvisionType.words() if self._chosen(word)]
        for name in TERMS:
            yield from (f"{name}.{one}" for one in about)


_NOT_VARIED: Final = ("product", "name", "valid", "location", "coverage", "accounts", "replaces_on_renewal")


def _selector(about: str) -> Tree | None:
    """Write what a step of a path is about as a product does; None for a code."""
    if about in ("all", *_KINDS):
        return "all"
    if about in Category.words():
        return {"category": about}
    return {"type": about} if about in ProvisionType.words() else None


def _some(known: Sequence[str], path: str) -> list[str]:
    """Give a few of the paths: those that begin alike first."""
    first = path.partition(".")[0]
    alike = [one for one in known if one.startswith(first)]
    return list(dict.fromkeys([*alike, *known]))[:_MOST_SHOWN]


def _leaves(tree: Tree, path: str = "") -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(tree, str):
        yield path


def _at(tree: Tree, steps: Sequence[str]) -> Tree | None:
    for number, step in enumerate(steps):
        if isinstance(tree, str) and steps[number:] == ("amount",) and number == 2:
            return tree
        if not isinstance(tree, dict) or step not in tree:
            return None
        tree = tree[step]
    return tree


def _nested(steps: Sequence[str], value: str) -> dict[str, Tree]:
    *outer, last = steps
    tree: dict[str, Tree] = {last: value}
    for step in reversed(outer):
        tree = {step: tree}
    return tree


@dataclass(frozen=True)
class Point:
    """One variant of a grid: a value for each of its terms."""

    name: str
    settings: Mapping[str, str]
    patches: Mapping[str, Sequence[Patch]]


def points_of(written: Sequence[str], terms: Terms, decimals: int) -> tuple[tuple[Axis, ...], list[Point]]:
    """Read the axes of a grid and make a variant of each combination of their values.

    Args:
        written: ``path=values``, one for each axis.
        terms: of the products.
        decimals: of the currency.

    Raises:
        Refused: with everything that is wrong with the axes.
    """

    def patched(one: str) -> tuple[Term, tuple[str, ...], list[dict[str, list[Patch]]]]:
        term, values = read_axis(one, decimals)
        return term, values, [terms.patches(term, value) for value in values]

    read = of_all(patched, written)
    count = 1
    for _, values, _ in read:
        count *= len(values)
    if count > MOST_VARIANTS:
        raise refused("simulation.grid_too_large", variants=count, most=MOST_VARIANTS)
    axes = tuple(
        Axis(term.path, values, tuple(number_of(term, value, decimals) for value in values))
        for term, values, _ in read
    )
    points = [_point(read, chosen) for chosen in combinations(*(range(len(axis.values)) for axis in axes))]
    return axes, points


def _point(
    read: Sequence[tuple[Term, tuple[str, ...], list[dict[str, list[Patch]]]]], chosen: Iterable[int]
) -> Point:
    settings: dict[str, str] = {}
    patches: dict[str, list[Patch]] = {}
    for (term, values, by_value), place in zip(read, chosen, strict=True):
        settings[term.path] = values[place]
        for code, more in by_value[place].items():
            patches.setdefault(code, []).extend(more)
    name = " ".join(f"{path}={value}" for path, value in settings.items())
    return Point(name, settings, patches)
