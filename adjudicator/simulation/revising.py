"""Products that are changed by a patch in their own words.

A patch is a piece of a product file. Mappings are laid over one another, key by key; ``none`` takes a key
away; a list takes the place of another, but **coverage** is added behind the product's own, which it refines
as later entries do. The product that comes of it is read and checked as any product file is, and what is
wrong with it is told at its place in the patch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from adjudicator.problems import Place, Problem, Refused
from adjudicator.product.definition import Location, Period, Product
from adjudicator.product.meant import NEAR_CODE, nearest
from adjudicator.product.mistakes import problems_of
from adjudicator.product.read import ProductSource, content_hash
from adjudicator.product.source import Source, Spot, Steps, Tree
from adjudicator.product.writing import product_tree
from adjudicator.words import message

NOTHING: Final = "none"
"""What takes a key away."""

_COVERAGE: Final = "coverage"
_IDENTITY: Final = ("product", "valid")
"""What a patch cannot say: which product it is, and when it is in force."""


@dataclass(frozen=True)
class Patch:
    """A piece of a product file, with the places of all that it says."""

    tree: Mapping[str, Tree]
    file: Path | None = None
    values: Mapping[Steps, Spot] | None = None
    """The places of values, by the steps within the patch; those of the patch itself under ``()``."""
    keys: Mapping[Steps, Spot] | None = None
    version: int | None = None
    """The first day of the only version that it is for; None for all versions."""

    def place_of(self, steps: Steps) -> Place:
        """Give the place of a key of the patch."""
        spot = (self.keys or {}).get(steps) or (self.values or {}).get((), (1, 1))
        return Place(self.file, *spot) if self.file else Place()


@dataclass(frozen=True)
class Switch:
    """Policies that have another product: those of families who live somewhere."""

    product: str
    location: Location
    instead: str
    """The code of the product that they have."""


@dataclass(frozen=True)
class Revision:
    """The products of a variant."""

    products: tuple[ProductSource, ...]
    """All versions of all products."""
    changed: tuple[ProductSource, ...]
    """Those that the base does not have."""
    switches: tuple[Switch, ...] = ()


def revise(
    base: Sequence[ProductSource],
    patches: Mapping[str, Sequence[Patch]],
    decimals: int,
    start: int | None = None,
    where: Location | None = None,
) -> Revision:
    """Change products.

    A version that is in force when the change begins is cut in two; versions that begin later are changed as
    a whole. A change for a location makes a product of its own, sold there, which the families who live
    there have in the place of the other.

    Args:
        base: all versions of all products.
        patches: by the code of the product, laid over it in their order.
        decimals: of the currency.
        start: the first day of the change, a day number; all days when left out.
        where: for the families who live there only.

    Raises:
        Refused: with everything that is wrong with the patches, and with what comes of them.
    """
    codes = sorted({source.definition.product for source in base})
    problems: list[Problem] = []
    products: list[ProductSource] = []
    changed: list[ProductSource] = []
    switches: list[Switch] = []
    for code in patches:
        if code not in codes:
            problems.append(_unknown(code, codes, patches[code]))
    for code in codes:
        versions = [source for source in base if source.definition.product == code]
        if code not in patches:
            products += versions
            continue
        switch = _switch(code, versions, where, codes)
        if switch:
            switches.append(switch)
            products += versions
        for source in versions:
            first = source.definition.valid.start
            mine = [patch for patch in patches[code] if patch.version in (None, first)]
            try:
                before, after = _versions(source, mine, decimals, start, switch)
            except Refused as refused:
                problems += refused.problems
                continue
            products += [*before, *after]
            # A version that the change cuts in two ends before it, and has to be adopted as well.
            changed += [one for one in before if one.definition != source.definition] + after
    if problems:
        raise Refused(dict.fromkeys(problems))
    return Revision(tuple(products), tuple(changed), tuple(switches))


def _unknown(code: str, codes: Sequence[str], patches: Sequence[Patch]) -> Problem:
    near = nearest(code, codes, NEAR_CODE)
    remedy = (
        message("product.did_you_mean", text=near)
        if near
        else message("simulation.unknown_product.remedy", products=list(codes))
    )
    return Problem(message("simulation.unknown_product", code=code), patches[0].place_of(()), remedy)


def _switch(
    code: str, versions: Sequence[ProductSource], where: Location | None, codes: Sequence[str]
) -> Switch | None:
    """Find out whether a change is for some of the families only."""
    if where is None or all(source.definition.location == where for source in versions):
        return None
    instead = f"{code}-{where.district or where.region}"
    while instead in codes:
        instead += "X"
    return Switch(code, where, instead)


def _versions(
    source: ProductSource,
    patches: Sequence[Patch],
    decimals: int,
    start: int | None,
    switch: Switch | None,
) -> tuple[list[ProductSource], list[ProductSource]]:
    """Give a version before the change and as it is changed, none of either where there is none."""
    product = source.definition
    if switch:
        update: dict[str, Any] = {"product": switch.instead, "location": switch.location}
        product = product.model_copy(update=update)
        source = ProductSource(product, content_hash(product, decimals), source.source)
    if not patches or (start is not None and product.valid.end < start):
        return [source], []
    before: list[ProductSource] = []
    if start is not None and product.valid.start < start:
        cut = product.model_copy(update={"valid": _period(product.valid.start, start - 1)})
        before = [ProductSource(cut, content_hash(cut, decimals), source.source)]
        product = product.model_copy(update={"valid": _period(start, product.valid.end)})
    return before, [_patched(product, patches, decimals)]


def _period(start: int, end: int) -> Period:
    return Period.model_construct(start=start, end=end)


def _patched(product: Product, patches: Sequence[Patch], decimals: int) -> ProductSource:
    """Lay patches over a product, read what comes of it, and know where each part of it was said."""
    tree: dict[str, Tree] = product_tree(product, decimals)
    values: dict[Steps, Spot] = {}
    keys: dict[Steps, Spot] = {}
    problems: list[Problem] = []
    for patch in patches:
        offset = len(tree.get(_COVERAGE, ()))
        for key in _IDENTITY:
            if key in patch.tree:
                what, remedy = (
                    message("simulation.patch_identity", name=key),
                    message(f"simulation.patch_identity.{key}"),
                )
                problems.append(Problem(what, patch.place_of((key,)), remedy))
        tree = _laid_over(tree, {key: value for key, value in patch.tree.items() if key not in _IDENTITY}, ())
        for spots, into in ((patch.values, values), (patch.keys, keys)):
            into.update({_shifted(steps, offset): spot for steps, spot in (spots or {}).items()})
    if problems:
        raise Refused(problems)
    file = patches[-1].file or Path(product.product)
    form = Source(file, tree, {(): (1, 1), **values}, keys)
    try:
        read = Product.model_validate(tree, context={"decimals": decimals})
    except ValidationError as error:
        raise Refused(_without_places(problems_of(error, form), patches, product)) from None
    return ProductSource(read, content_hash(read, decimals), form)


def _without_places(problems: Sequence[Problem], patches: Sequence[Patch], product: Product) -> list[Problem]:
    """Say which product a problem is of where there is no file that says it."""
    if patches[-1].file is not None:
        return list(problems)
    return [
        replace(
            problem,
            place=Place(),
            what=message("simulation.in_product", code=product.product, what=problem.what),
        )
        for problem in problems
    ]


def _shifted(steps: Steps, offset: int) -> Steps:
    if len(steps) > 1 and steps[0] == _COVERAGE and isinstance(steps[1], int):
        return (_COVERAGE, steps[1] + offset, *steps[2:])
    return steps


def _laid_over(base: Tree, patch: Tree, steps: Steps) -> Any:
    if isinstance(base, dict) and isinstance(patch, str) and _is_side(steps):
        # A plain amount is the amount: what it is counted over stays.
        return {**base, "amount": patch}
    if not isinstance(patch, dict):
        if steps == (_COVERAGE,) and isinstance(patch, list):
            return [*(base if isinstance(base, list) else []), *patch]
        return patch
    known: dict[str, Tree] = dict(base) if isinstance(base, dict) else _written_out(base, steps)
    for key, value in patch.items():
        if value == NOTHING:
            known.pop(key, None)
        elif key in known:
            known[key] = _laid_over(known[key], value, (*steps, key))
        else:
            known[key] = _laid_over({}, value, (*steps, key)) if isinstance(value, dict) else value
    return known


def _is_side(steps: Steps) -> bool:
    """Tell whether a place is that of a deductible or ceiling for one kind of care."""
    return len(steps) == 2 and steps[0] in ("ceiling", "deductible")


def _written_out(base: Tree, steps: Steps) -> dict[str, Tree]:
    """Write the plain value out that a mapping is laid over: ``25000`` is short for ``{amount: 25000}``."""
    if isinstance(base, str) and _is_side(steps):
        return {"amount": base}
    if isinstance(base, str) and steps == ("name",):
        return {"en": base, "fr": base}
    return {}
