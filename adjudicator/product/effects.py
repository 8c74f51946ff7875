"""What a product version pays for many provisions: the same answers as one by one, found quickly."""

from __future__ import annotations

from adjudicator.product.definition import Product
from adjudicator.product.terms import ProvisionTerms, Selectable, is_about, resolve
from adjudicator.vocabulary import Kind, VisitType


class Effects:
    """A product's coverage, ready to be asked about many provisions.

    Entries that list codes are found by code, and provisions that the same entries are about are resolved
    once. The terms say what holds, without the places that say it: for those, ask
    :func:`~adjudicator.product.terms.resolve`.
    """

    def __init__(self, product: Product) -> None:
        self._product = product
        self._listed: dict[tuple[Kind, str], set[int]] = {}
        self._general: list[int] = []
        self._resolved: dict[tuple[int, ...], tuple[ProvisionTerms, ...]] = {}
        for position, entry in enumerate(product.coverage):
            for kind, selector in ((Kind.SERVICE, entry.services), (Kind.ITEM, entry.items)):
                for code in selector.codes if selector else ():
                    self._listed.setdefault((kind, code), set()).add(position)
                if selector is not None and not selector.codes:
                    self._general.append(position)

    def of(self, provision: Selectable) -> tuple[ProvisionTerms, ...]:
        """Give the terms of a provision, one for each type of visit in the vocabulary's order."""
        coverage = self._product.coverage
        general = {position for position in self._general if is_about(coverage[position], provision)}
        about = tuple(sorted(general | self._listed.get((provision.kind, provision.code), set())))
        if about not in self._resolved:
            only = self._product.model_copy(update={"coverage": tuple(coverage[place] for place in about)})
            self._resolved[about] = tuple(resolve(only, provision, visit) for visit in VisitType)
        return self._resolved[about]
