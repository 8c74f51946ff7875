"""A definition, written and read again, is the same definition."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.product.definition import Product
from adjudicator.product.read import content_hash
from adjudicator.product.source import parse_source
from adjudicator.product.writing import product_tree, write_product
from tests.product.strategies import defined, products


@settings(max_examples=40)
@given(st.data(), st.sampled_from([0, 2, 3]))
def test_reading_what_was_written_gives_the_same(data: st.DataObject, decimals: int) -> None:
    product = data.draw(products(decimals))
    text = write_product(product, decimals)
    source = parse_source(text, Path("product.yaml"))
    assert source.problems == ()
    again = defined(source.tree, decimals)
    assert again == product
    assert content_hash(again, decimals) == content_hash(product, decimals)
    assert source.tree == product_tree(product, decimals)
    assert write_product(again, decimals) == text


def test_it_is_written_as_a_person_would() -> None:
    product = defined(
        {
            "product": "0012",
            "name": {"en": "Plan", "fr": "Formule: santé"},
            "valid": {"from": "2026-01-01"},
            "enrolment": {"insurance_period": "12 months", "cycles": ["01-01", "07-01"]},
            "contribution": {"lump_sum": "3500.00", "adult": "700.50"},
            "deductible": {"per": "insuree", "amount": "500"},
            "ceiling": {"per": "policy", "hospital": {"amount": "100000"}, "non_hospital": "25000"},
            "claim_categories": {"surgery": {"claims": "2", "ceiling": "40000"}},
            "coverage": [
                {"services": "all", "cover": {"adult": "80%", "child": "80.00%"}},
                {"services": ["M1", "no"], "cover": {"adult": {"up_to": "150"}, "child": {"up_to": "150"}}},
                {"items": {"type": "drug"}, "covered": "false", "waiting": {"adult": "1 months"}},
            ],
        }
    )
    expected = """
        product: "0012"
        name: {en: Plan, fr: 'Formule: santé'}
        valid: {from: 2026-01-01}

        enrolment:
          cycles: [01-01, 07-01]

        contribution:
          lump_sum: 3500
          adult: 700.50

        deductible: {per: insuree, amount: 500}

        ceiling:
          per: policy
          hospital: 100000
          non_hospital: 25000

        claim_categories:
          surgery: {claims: 2, ceiling: 40000}

        coverage:
          - services: all
            cover: 80%
          - services: [M1, "no"]
            cover: {up_to: 150}
          - items: {type: drug}
            covered: false
            waiting: {adult: 1 month}
    """
    assert write_product(product, 2) == re.sub(r"^ {8}", "", expected.strip("\n ") + "\n", flags=re.MULTILINE)


def test_the_example_of_the_format_survives(example: Product) -> None:
    text = write_product(example, 2)
    assert defined(parse_source(text, Path("product.yaml")).tree) == example
    assert max(map(len, text.splitlines())) <= 100
