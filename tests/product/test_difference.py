"""What changed between two versions, in the product's words."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.product.definition import Part, Product
from adjudicator.product.difference import Change, difference
from adjudicator.product.facts import facts
from adjudicator.product.shape import keys_of
from adjudicator.product.source import parse_source
from adjudicator.product.terms import Selectable, resolve
from adjudicator.vocabulary import Category, Kind, ProvisionType, VisitType
from adjudicator.words import LANGUAGES, entries, say
from tests.product.strategies import CODES, defined, product_trees, products

REGISTER = [
    *(
        Selectable(
            Kind.SERVICE, code, ProvisionType.CURATIVE, Category.DELIVERY if code == "A9" else Category.OTHER
        )
        for code in ("M1", "M2", "A9", "no", "0012")
    ),
    Selectable(Kind.ITEM, "D30", ProvisionType.DRUG, Category.OTHER),
    Selectable(Kind.ITEM, "D31", ProvisionType.DRUG, Category.OTHER),
    Selectable(Kind.ITEM, "C1", ProvisionType.CONSUMABLE, Category.OTHER),
]

BASE = """
product: A
valid: {from: 2026-01-01, to: 2026-12-31}
enrolment: {members: {threshold: 5}}
contribution: {lump_sum: 3500}
deductible: {per: insuree, amount: 500}
ceiling:
  per: policy
  hospital: {amount: 100000, extra_member: 10000, maximum: 150000}
  non_hospital: 25000
claim_categories:
  surgery: {claims: 2, ceiling: 40000}
coverage:
  - services: all
    cover: 80%
  - services: [M1]
    cover: {adult: 90%, child: 100%}
    emergency: {cover: 100%}
  - items: {type: drug}
    cover: {up_to: 150}
"""


def version(*replacements: tuple[str, str]) -> Product:
    text = BASE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return defined(parse_source(text, Path("p.yaml")).tree)


def told(changes: list[Change], language: str = "en") -> list[str]:
    return [say(change.said, language).replace("\u00a0", " ") for change in changes]


@settings(max_examples=25)
@given(products(), st.booleans())
def test_nothing_differs_from_itself(product: Product, by_effect: bool) -> None:
    assert difference(product, copy.deepcopy(product), 2, REGISTER if by_effect else None) == []


@settings(max_examples=25)
@given(products(codes=CODES), products(codes=CODES))
def test_there_is_a_change_where_terms_differ_and_only_there(old: Product, new: Product) -> None:
    same_coverage = new.model_copy(update={"coverage": old.coverage})
    own = difference(old, same_coverage, 2, REGISTER)
    by_effect = difference(old, new, 2, REGISTER)
    assert by_effect[: len(own)] == own
    assert (len(by_effect) > len(own)) == any(
        _said(old, provision, visit) != _said(new, provision, visit)
        for provision in REGISTER
        for visit in VisitType
    )
    if own == []:
        assert {name: fact.value for name, fact in facts(old, 2).items()} == {
            name: fact.value for name, fact in facts(new, 2).items()
        }


def _said(product: Product, provision: Selectable, visit: VisitType) -> Any:
    terms = resolve(product, provision, visit)
    if not terms.covered:
        return None
    ages = (terms.cover, terms.waiting, terms.quantity, terms.outside_ceiling)
    return terms.price_origin, [(term.adult, term.child) for term in ages]


@settings(max_examples=25)
@given(products(), products())
def test_back_and_forth_are_mirrored(old: Product, new: Product) -> None:
    there = difference(old, new, 2)
    back = difference(new, old, 2)
    assert sorted(told(there)) == sorted(
        told([Change(change.term, change.after, change.before) for change in back])
    )


@settings(max_examples=25)
@given(products(decimals=0), products(decimals=0), st.sampled_from(LANGUAGES))
def test_every_change_can_be_said(old: Product, new: Product, language: str) -> None:
    for register in (None, REGISTER):
        for line in told(difference(old, new, 0, register), language):
            assert " → " in line


@settings(max_examples=25)
@given(product_trees())
def test_other_writing_is_no_change(tree: Any) -> None:
    again = copy.deepcopy(tree)
    for entry in again.get("coverage", ()):
        for name in ("cover", "waiting", "quantity"):
            if name in entry and (not isinstance(entry[name], dict) or "up_to" in entry[name]):
                entry[name] = {"adult": entry[name], "child": entry[name]}
    assert difference(defined(tree), defined(again), 2) == []


def test_amounts_and_spans() -> None:
    new = version(
        ("non_hospital: 25000", "non_hospital: 30000.50"),
        ("to: 2026-12-31", "to: 2027-12-31"),
        ("{lump_sum: 3500}", "{lump_sum: 3500, registration: {per_member: 50}, installments: 4}"),
        ("{claims: 2, ceiling: 40000}", "{ceiling: 50000}"),
        ("extra_member: 10000, maximum: 150000", "extra_member: 12000"),
    )
    assert told(difference(version(), new, 2)) == [
        "in force until: 31 December 2026 → 31 December 2027",
        "registration fee per member: — → 50.00",
        "most payments: 1 → 4",
        "ceiling per policy, hospital care, extra per member: 10,000.00 → 12,000.00",
        "ceiling per policy, hospital care, maximum: 150,000.00 → —",
        "ceiling per policy, non-hospital care: 25,000.00 → 30,000.50",
        "surgery, number of claims: 2 → —",
        "surgery, ceiling per claim: 40,000.00 → 50,000.00",
    ]
    assert told(difference(version(), new, 2), "fr")[:4] == [
        "en vigueur jusqu’au : 31 décembre 2026 → 31 décembre 2027",
        "droit d’inscription par membre : — → 50,00",
        "nombre maximal de versements : 1 → 4",
        "plafond par police, soins à l’hôpital, supplément par membre : 10 000,00 → 12 000,00",
    ]


def test_another_level_is_another_limit() -> None:
    new = version(("{per: insuree, amount: 500}", "{per: policy, amount: 500}"))
    assert told(difference(version(), new, 2)) == [
        "deductible per insuree: 500.00 → —",
        "deductible per policy: — → 500.00",
    ]


def test_coverage_by_its_effect() -> None:
    new = version(
        ("cover: {adult: 90%, child: 100%}", "cover: {adult: 85%, child: 100%}"),
        ("cover: 80%", "cover: 70%"),
        (
            "{up_to: 150}\n",
            "{up_to: 175}\n  - services: [A9]\n    covered: false\n  - items: [C1]\n    cover: 90%\n",
        ),
    )
    assert told(difference(version(), new, 2, REGISTER)) == [
        "cover of services 0012, M2, no: 80% → 70%",
        "coverage of services (delivery): yes → no",
        "cover of service M1 for adults, other visits, referrals: 90% → 85%",
        "coverage of items (consumable): no → yes",
        "cover of items (consumable): — → 90%",
        "cover of items (drug): up to 150.00 per unit → up to 175.00 per unit",
    ]
    assert told(difference(version(), new, 2, REGISTER), "fr")[2:4] == [
        "prise en charge, acte M1, adultes, autres visites, références : 90 % → 85 %",
        "garantie, articles (consommable) : non → oui",
    ]


def test_an_entry_that_changes_nothing_is_no_change() -> None:
    new = version(("  - items", "  - services: {category: delivery}\n    cover: 80%\n  - items"))
    assert difference(version(), new, 2, REGISTER) == []
    assert told(difference(version(), new, 2)) == [
        "coverage of services (delivery): — → yes",
        "cover of services (delivery): — → 80%",
    ]


def test_coverage_entry_by_entry() -> None:
    new = version(
        ("cover: {adult: 90%, child: 100%}", "cover: {adult: 85%, child: 100%}\n    waiting: 1 month"),
        ("emergency: {cover: 100%}", "emergency: {quantity: {child: 2.5}}"),
        ("{type: drug}\n    cover: {up_to: 150}\n", "[D30, D31]\n    price: claimed\n"),
    )
    assert told(difference(version(), new, 2)) == [
        "cover of service M1 for adults: 90% → 85%",
        "cover of service M1, emergencies: 100% → —",
        "waiting period of service M1: — → 1 month",
        "quantity limit of service M1 for children, emergencies: — → 2.5",
        "coverage of items (drug): yes → —",
        "cover of items (drug): up to 150.00 per unit → —",
        "coverage of items D30, D31: — → yes",
        "price origin of items D30, D31: — → price claimed",
    ]


def test_many_codes_are_counted() -> None:
    register = [Selectable(Kind.ITEM, f"D{number:02}", None, Category.OTHER) for number in range(30)]
    listed = ", ".join(provision.code for provision in register[:20])
    old = version(("{type: drug}", f"[{listed}]"))
    new = version(("{type: drug}", f"[{listed}]"), ("{up_to: 150}", "{up_to: none}"))
    assert told(difference(old, new, 2, register)) == [
        "cover of items D00, D01, D02, D03, D04, D05, D06 and 13 more: "
        "up to 150.00 per unit → up to the price"
    ]


def test_every_term_has_a_name() -> None:
    def leaves(part: type[Part], path: tuple[str, ...]) -> list[str]:
        found = []
        for key in keys_of(part):
            here = (*path, key.key)
            if here[0] in ("deductible", "ceiling", "claim_categories", "coverage"):
                continue
            inner = key.part if key.key != "facilities" else None
            found += leaves(inner, here) if inner else ["product.term." + ".".join(here)]
        return found

    names = leaves(Product, ())
    assert len(names) > 40
    assert [name for name in names if name not in entries()] == []
