"""Products as tables: what a version says, what it pays for each provision, what changed."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console, RenderableType

from adjudicator.presentation.product import difference_table, stated_table, terms_table
from adjudicator.product.difference import difference
from adjudicator.product.source import parse_source
from adjudicator.product.terms import Selectable
from adjudicator.vocabulary import Category, Kind
from tests.product.strategies import defined

TEXT = """
product: A
contribution: {lump_sum: 3500}
deductible: {per: insuree, amount: 500}
coverage:
  - services: [M1, M2]
    cover: {adult: 90%, child: 100%}
    emergency: {cover: 100%, price: claimed}
    waiting: {adult: 6 months}
    outside_ceiling: hospital
  - services: [M2]
    emergency: {covered: false}
  - items: all
    cover: {up_to: 150}
    quantity: 2.5
"""
PRODUCT = defined(parse_source(TEXT, Path("p.yaml")).tree)
PROVISIONS = [
    Selectable(Kind.SERVICE, "M1", None, Category.OTHER),
    Selectable(Kind.SERVICE, "M2", None, Category.OTHER),
    Selectable(Kind.SERVICE, "M3", None, Category.OTHER),
    Selectable(Kind.ITEM, "D1", None, Category.OTHER),
]


def printed(shown: RenderableType) -> list[str]:
    console = Console(file=io.StringIO(), width=200, highlight=False)
    console.print(shown)
    file = console.file
    assert isinstance(file, io.StringIO)
    lines = file.getvalue().replace("\u00a0", " ").splitlines()
    return [" | ".join(re.split(r" {2,}", line.strip())) for line in lines]


def test_terms_of_provisions() -> None:
    shown = printed(terms_table(PRODUCT, PROVISIONS, 2, "en"))
    usual = (
        "other visits, referrals | adults 90%, children 100% | price list | adults 6 months | hospital care"
    )
    assert shown[1:] == [
        f"service | M1 | {usual}",
        "emergencies | 100% | price claimed | adults 6 months | hospital care",
        f"service | M2 | {usual}",
        "emergencies | not covered",
        "service | M3 | all | not covered",
        "item | D1 | all | up to 150.00 per unit | price list | 2.5",
    ]


def test_terms_of_provisions_in_french() -> None:
    shown = printed(terms_table(PRODUCT, PROVISIONS[3:], 2, "fr"))
    assert shown[-1] == "article | D1 | toutes | jusqu’à 150,00 par unité | liste de prix | 2,5"


def test_a_product_s_own_terms() -> None:
    shown = printed(stated_table(PRODUCT, 2, "en"))
    assert shown[0] == "term | value"
    assert "contribution of the family | 3,500.00" in shown
    assert "deductible per insuree | 500.00" in shown
    assert "hospital care | in-patient stay" in shown


def test_differences() -> None:
    new = defined(parse_source(TEXT.replace("amount: 500", "amount: 750"), Path("p.yaml")).tree)
    shown = printed(difference_table(difference(PRODUCT, new, 2), "fr"))
    assert shown == ["condition | avant | après", "franchise par assuré | 500,00 | 750,00"]
    assert printed(difference_table([], "fr")) == ["rien n’a changé"]
