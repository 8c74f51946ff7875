"""The shipped products: all are read, all codes exist, and together they use every key of the format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from adjudicator.generation.days import month_named
from adjudicator.generation.places import places_of
from adjudicator.generation.provisions import Provisions, provisions_of
from adjudicator.product.definition import CoverLimit, Part, Product
from adjudicator.product.read import read_product
from adjudicator.shipped import shipped_products
from adjudicator.vocabulary import Kind

FILES = shipped_products()


def product_of(file: Path) -> Product:
    return read_product(file, 2).definition


@pytest.fixture(scope="module")
def provisions() -> Provisions:
    return provisions_of(1, month_named("2026-01"), 2)


def test_products_ship() -> None:
    assert len(FILES) >= 5


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_says_what_it_is_to_people(file: Path) -> None:
    assert file.read_text("utf-8").startswith("# ")
    name = product_of(file).name
    assert name
    assert name.en != name.fr


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_its_codes_are_in_the_register(file: Path, provisions: Provisions) -> None:
    held = set(zip(provisions.kind.tolist(), provisions.codes, strict=True))
    for entry in product_of(file).coverage:
        for kind, selector in ((Kind.SERVICE, entry.services), (Kind.ITEM, entry.items)):
            for code in selector.codes if selector else ():
                assert (kind, code) in held


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_is_sold_at_a_place_that_every_country_has(file: Path) -> None:
    location = product_of(file).location
    if location:
        codes = places_of(1, 100).codes
        assert location.region in codes
        assert (location.district or location.region) in codes


def test_versions_do_not_overlap_and_products_replace_known_ones() -> None:
    products = [product_of(file) for file in FILES]
    codes = {product.product for product in products}
    assert all(product.replaces_on_renewal in codes | {None} for product in products)
    for one in products:
        for other in products:
            if one is not other and one.product == other.product:
                assert one.valid.end < other.valid.start or other.valid.end < one.valid.start


def test_some_product_has_several_versions() -> None:
    codes = [product_of(file).product for file in FILES]
    assert len(codes) > len(set(codes))


def _parts_in(annotation: Any) -> Iterator[type[Part]]:
    """Find the parts that a field can hold."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in get_args(annotation):
        yield from _parts_in(inner)


def _all_keys(part: type[Part], found: set[tuple[type[Part], str]]) -> set[tuple[type[Part], str]]:
    for name, field in part.model_fields.items():
        if (part, name) not in found:
            found.add((part, name))
            for inner in _parts_in(field.annotation):
                _all_keys(inner, found)
            for metadata in field.metadata:
                for inner in _parts_in(metadata):
                    _all_keys(inner, found)
    return found


def _used_keys(value: Any) -> Iterator[tuple[type[Part], str]]:
    if isinstance(value, Part):
        for name in value.model_fields_set:
            yield type(value), name
            yield from _used_keys(getattr(value, name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _used_keys(inner)
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from _used_keys(inner)


def test_together_they_use_every_key_of_the_format() -> None:
    used = {key for file in FILES for key in _used_keys(product_of(file))}
    missing = {(part.__name__, name) for part, name in _all_keys(Product, set()) - used}
    assert not missing


def test_together_they_use_every_word_and_way_of_a_term() -> None:
    products = [product_of(file) for file in FILES]
    entries = [entry for product in products for entry in product.coverage]
    terms = [
        term for entry in entries for term in (entry, entry.emergency, entry.referral) if term is not None
    ]
    origins = {term.price.word for term in terms if term.price is not None}
    assert origins == {"price_list", "claimed", "relative"}
    covers = [
        cover for term in terms if term.cover for cover in (term.cover.adult, term.cover.child) if cover
    ]
    assert {cover.limitation.word for cover in covers} == {"fixed", "co_insurance"}
    assert any(isinstance(cover, CoverLimit) and cover.value is None for cover in covers)
    levels = {
        side.per
        for product in products
        for limit in (product.deductible, product.ceiling)
        if limit
        for side in (limit, limit.hospital, limit.non_hospital)
        if side and side.per
    }
    assert {level.word for level in levels} == {"treatment", "insuree", "policy"}
    assert {product.hospital_care.word for product in products} == {"by_claim", "by_facility"}
    periods = {
        product.remuneration.relative_prices.period
        for product in products
        if product.remuneration.relative_prices
    }
    assert periods == {"month", "quarter", "year"}
    categories = {category.word for product in products for category in product.claim_categories}
    assert categories == {"surgery", "delivery", "antenatal", "hospitalization", "consultation", "visit"}
