"""Many provisions at once get the same terms as one by one."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from adjudicator.product.definition import Product
from adjudicator.product.effects import Effects
from adjudicator.product.terms import ProvisionTerms, Selectable, resolve
from adjudicator.vocabulary import Category, Kind, ProvisionType, VisitType
from tests.product.strategies import CODES, coverages, defined

PROVISIONS = [
    Selectable(kind, code, type_, category)
    for kind, type_ in (
        (Kind.SERVICE, ProvisionType.CURATIVE),
        (Kind.ITEM, ProvisionType.DRUG),
        (Kind.ITEM, None),
    )
    for code in ("M1", "D30", "none")
    for category in ((Category.DELIVERY, Category.OTHER) if kind is Kind.SERVICE else (Category.OTHER,))
]


def said(terms: ProvisionTerms) -> Any:
    ages = (terms.cover, terms.waiting, terms.quantity, terms.outside_ceiling)
    return terms.covered, terms.price_origin, [(age.adult, age.child) for age in ages]


@settings(max_examples=40)
@given(coverages(2, CODES, most=8).map(lambda coverage: defined({"product": "A", "coverage": coverage})))
def test_the_terms_are_those_of_the_single_provision(product: Product) -> None:
    effects = Effects(product)
    for provision in PROVISIONS:
        one_by_one = [resolve(product, provision, visit) for visit in VisitType]
        assert list(map(said, effects.of(provision))) == list(map(said, one_by_one))
