"""Coverage as a person would write it: a thousand rows that say the same become one line.

openIMIS has a row for each provision that a product covers. Here entries go from general to particular and
refine each other, field by field. The entries that are made are tried out: for every provision they resolve
to what its row said, and no part of them could be left out.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adjudicator.product.definition import Product
from adjudicator.product.terms import ProvisionTerms, Selectable, resolve
from adjudicator.vocabulary import Category, Kind, VisitType

Tree = dict[str, Any]

KEYS: Final = {Kind.SERVICE: "services", Kind.ITEM: "items"}

FEWEST: Final = 3
"""A category or type is worth an entry of its own where it spares so many codes."""

NOT_COVERED: Final[Tree] = {"covered": "false"}

_SPECIAL: Final = tuple(visit.word for visit in VisitType if visit is not VisitType.OTHER)
_SILENT: Final[Tree] = {
    "waiting": {"adult": "0 months", "child": "0 months"},
    "quantity": {"adult": "none", "child": "none"},
    "outside_ceiling": {"adult": "none", "child": "none"},
}
"""What the fields say where a row says nothing of them."""


@dataclass(frozen=True)
class Entry:
    """An entry of a product's coverage, and the codes that it names one by one."""

    tree: Tree
    kind: Kind | None = None
    codes: tuple[str, ...] = ()


def fold(
    covered: Mapping[tuple[Kind, str], Tree], register: Sequence[Selectable], decimals: int
) -> list[Entry]:
    """Fold the terms of single provisions into few entries.

    Args:
        covered: the terms of each provision that is covered, as a coverage entry would say them.
        register: every provision that there is; what is not among ``covered`` is not covered.
        decimals: of the scheme's currency.
    """
    known = {(one.kind, one.code) for one in register}
    unknown = [
        Selectable(kind, code, None, Category.OTHER) for kind, code in covered if (kind, code) not in known
    ]
    folded: dict[Kind, list[Entry]] = {}
    for kind in (Kind.SERVICE, Kind.ITEM):
        own = sorted(
            {one for one in (*register, *unknown) if one.kind is kind},
            key=lambda one: (one.code, one.category, -1 if one.type is None else one.type),
        )
        folded[kind] = list(_Folding(kind, own, covered, decimals).entries())
    services, items = folded[Kind.SERVICE], folded[Kind.ITEM]
    if services and items and _is_general(services[0]) and _is_general(items[0]):
        terms = {key: value for key, value in services[0].tree.items() if key != "services"}
        if terms == {key: value for key, value in items[0].tree.items() if key != "items"}:
            return [Entry({"services": "all", "items": "all", **terms}), *services[1:], *items[1:]]
    return services + items


def _is_general(entry: Entry) -> bool:
    return "all" in (entry.tree.get("services"), entry.tree.get("items"))


class _Folding:
    """Folds the provisions of a kind."""

    def __init__(
        self,
        kind: Kind,
        register: Sequence[Selectable],
        covered: Mapping[tuple[Kind, str], Tree],
        decimals: int,
    ) -> None:
        self._kind, self._key, self._decimals = kind, KEYS[kind], decimals
        self._register = register
        self._said = {_written(terms): terms for terms in covered.values()} | {
            _written(NOT_COVERED): NOT_COVERED
        }
        self._wanted = {one.code: _written(covered.get((kind, one.code), NOT_COVERED)) for one in register}
        self._now = dict.fromkeys(self._wanted, _written(NOT_COVERED))
        self._about: dict[str, list[Tree]] = {code: [] for code in self._wanted}

    def entries(self) -> Iterator[Entry]:
        """Give the entries, from general to particular."""
        if (most := self._most()) is not None:
            yield self._entry("all", most, list(self._wanted))
        yield from self._classes()
        left = defaultdict(list)
        for code, wanted in self._wanted.items():
            if wanted != self._now[code]:
                left[wanted].append(code)
        for wanted, codes in sorted(left.items(), key=lambda one: one[1]):
            entry = self._entry(codes, wanted, codes)
            yield Entry(entry.tree, self._kind, tuple(codes))

    def _most(self) -> str | None:
        """Give the terms that more than half of the provisions share, where they are covered at all."""
        if not self._wanted:
            return None
        terms, often = Counter(self._wanted.values()).most_common(1)[0]
        return terms if terms != _written(NOT_COVERED) and 2 * often > len(self._wanted) else None

    def _classes(self) -> Iterator[Entry]:
        """Give entries for categories and types, as long as one spares enough codes."""
        classes: dict[tuple[str, str], list[str]] = defaultdict(list)
        for one in self._register:
            if self._kind is Kind.SERVICE:
                classes["category", one.category.word].append(one.code)
            if one.type is not None:
                classes["type", one.type.word].append(one.code)
        while True:
            best: tuple[int, tuple[str, str], str] | None = None
            for selector, codes in sorted(classes.items()):
                for wanted in sorted({self._wanted[code] for code in codes}):
                    right = sum(self._wanted[code] == wanted != self._now[code] for code in codes)
                    wrong = sum(self._wanted[code] == self._now[code] != wanted for code in codes)
                    if right - wrong >= FEWEST and (best is None or right - wrong > best[0]):
                        best = right - wrong, selector, wanted
            if best is None:
                return
            _, (by, word), wanted = best
            yield self._entry({by: word}, wanted, sorted(set(classes[by, word])))

    def _entry(self, selector: Any, wanted: str, codes: Sequence[str]) -> Entry:
        """Make an entry that brings some codes to the terms wanted, and says no more than it must."""
        full = _in_full(self._said[wanted])
        before = {_written(self._about[code]): self._about[code] for code in codes}
        target = self._resolved([full])

        def will_do(tree: Tree) -> bool:
            return all(self._resolved([*about, tree]) == target for about in before.values())

        said = full
        for path in _paths(full):
            fewer = _without(said, path)
            if will_do(fewer):
                said = fewer
        if not said:
            # Silence would do; but an entry says something, and how much is paid is what one looks for.
            words: list[Tree] = [{key: full[key]} for key in ("cover", "covered") if key in full]
            said = next(filter(will_do, words), full)
        entry = {self._key: selector, **{key: said[key] for key in full if key in said}}
        for code in codes:
            self._about[code] = [*self._about[code], said]
            self._now[code] = wanted
        return Entry(entry)

    def _resolved(self, about: Sequence[Tree]) -> list[tuple[Any, ...]]:
        coverage = [{self._key: "all", **tree} for tree in about]
        product = Product.model_validate(
            {"product": "-", "coverage": coverage}, context={"decimals": self._decimals}
        )
        provision = Selectable(self._kind, "-", None, Category.OTHER)
        return [_numbers(resolve(product, provision, visit)) for visit in VisitType]


def _numbers(terms: ProvisionTerms) -> tuple[Any, ...]:
    if not terms.covered:
        return (False,)
    ages = (terms.cover, terms.waiting, terms.quantity, terms.outside_ceiling)
    return (True, terms.price_origin, *((age.adult, age.child) for age in ages))


def _written(tree: Any) -> str:
    return json.dumps(tree, sort_keys=True, default=str)


def _in_full(terms: Tree) -> Tree:
    """Say every field of the terms, also what silence would mean."""
    covered = terms.get("covered", "true")
    said: Tree = {"covered": covered}
    if "cover" in terms:
        said["cover"] = terms["cover"]
    if covered == "false" and not any(visit in terms for visit in _SPECIAL):
        return said | {visit: {"covered": "false"} for visit in _SPECIAL}
    said["price"] = terms.get("price", "price_list")
    for name, silent in _SILENT.items():
        said[name] = {**silent, **terms.get(name, {})}
    for visit in _SPECIAL:
        special = terms.get(visit, {})
        of_visit = {"covered": special.get("covered", covered)}
        if cover := special.get("cover", terms.get("cover")):
            of_visit["cover"] = cover
        said[visit] = of_visit
    return said


def _paths(tree: Tree) -> list[tuple[str, ...]]:
    """Give the places that may be left out: whole fields first, special visits before what is general."""
    paths: list[tuple[str, ...]] = []
    for key in (*_SPECIAL, *(key for key in tree if key not in _SPECIAL)):
        if key not in tree:
            continue
        paths.append((key,))
        if isinstance(tree[key], dict) and key != "cover":
            paths += [(key, inner) for inner in tree[key]]
    return paths


def _without(tree: Tree, path: tuple[str, ...]) -> Tree:
    key, *inner = path
    if key not in tree:
        return tree
    if not inner:
        return {name: value for name, value in tree.items() if name != key}
    kept = {name: value for name, value in tree[key].items() if name != inner[0]}
    # A term for one age is kept whole where both say the same: it is written as one value.
    if key in _SILENT and kept and len(set(tree[key].values())) == 1:
        return tree
    return {**tree, key: kept} if kept else _without(tree, (key,))
