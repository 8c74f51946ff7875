"""Product files and folders, read; the content hash follows meaning and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.problems import Place, Refused
from adjudicator.product.definition import Product
from adjudicator.product.read import content_hash, read_product, read_products
from adjudicator.vocabulary import Care, Category, Level, Limitation, PriceOrigin
from tests.product.strategies import defined, product_trees, products


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_the_example_of_the_format(tmp_path: Path, example_text: str) -> None:
    write(tmp_path, example=example_text)
    source = read_product(tmp_path / "example.yaml", 2)
    product = source.definition
    assert product.product == "HIB-FAMILY"
    assert product.contribution.lump_sum == 350_000
    assert product.enrolment.cycles == ((1, 1), (7, 1))
    assert product.ceiling is not None
    ceiling = product.ceiling.side(Care.HOSPITAL)
    assert ceiling is not None
    assert (ceiling.per, ceiling.amount, ceiling.maximum) == (Level.POLICY, 10_000_000, 15_000_000)
    assert product.claim_categories[Category.ANTENATAL].ceiling == 150_000
    cover = product.coverage[5].cover
    assert cover is not None
    assert cover.adult is not None
    assert (cover.adult.limitation, cover.adult.value) == (Limitation.FIXED, 8_000)
    assert product.coverage[0].price is PriceOrigin.RELATIVE
    line = 1 + example_text[: example_text.index("{adult: 90%")].count("\n")
    assert source.place_of(("coverage", 1, "cover", "adult")) == Place(source.path, line, 20)


def test_a_folder_is_read_whole_and_in_order(tmp_path: Path) -> None:
    write(tmp_path, b="product: B\n", a="product: A\n")
    (tmp_path / "c.yml").write_text("product: C\n")
    (tmp_path / "product.schema.json").write_text("{}")
    assert [source.definition.product for source in read_products(tmp_path, 2)] == ["A", "B", "C"]


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, a="product: A\nceilling: 5\nname:\n", b="product: [B]\n", c="product: C\n", d="\t")
    with pytest.raises(Refused) as refused:
        read_products(tmp_path, 2)
    places = [(problem.place.file, problem.place.line) for problem in refused.value.problems]
    assert places == [
        (tmp_path / "a.yaml", 2),
        (tmp_path / "a.yaml", 3),
        (tmp_path / "b.yaml", 1),
        (tmp_path / "d.yaml", 1),
    ]


def test_a_folder_without_products_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no product file in this folder"):
        read_products(tmp_path / "products", 2)


# The content hash.


def test_the_hash_of_a_version_stays_for_ever() -> None:
    # Claims keep the hash of the version that valued them: another one here breaks every ledger.
    tree = {"product": "A", "coverage": [{"services": "all", "cover": "80%"}]}
    assert content_hash(defined(tree), 2) == (
        "8ef05a8bbc3f6f0bb6a2a6a4720bb6335cda7491dafd6c92a6f8c159046a55f6"
    )


@pytest.mark.parametrize(
    "text",
    [
        "# a comment\nproduct:   'A'\n\ncoverage: [{cover: 80%, services: all}]\n",
        "coverage:\n- services: all\n  cover: {child: 80.00%, adult: 80%}\nproduct: A\n",
        "product: A\nenrolment: {insurance_period: 12 months, grace: {payment: 0 months}}\n"
        "hospital_care: by_claim\nvalid: {}\ncoverage: [{services: all, cover: 80%}]\n",
    ],
)
def test_writing_it_otherwise_does_not_change_the_hash(text: str, tmp_path: Path) -> None:
    plain = write(tmp_path, plain="product: A\ncoverage:\n  - services: all\n    cover: 80%\n", other=text)
    sources = [read_product(plain / f"{name}.yaml", 2) for name in ("plain", "other")]
    assert sources[0].content_hash == sources[1].content_hash
    assert sources[0].content_hash == content_hash(sources[0].definition, 2)


@settings(max_examples=25)
@given(st.data(), product_trees())
def test_the_order_of_keys_does_not_change_the_hash(data: st.DataObject, tree: Any) -> None:
    def shuffled(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: shuffled(part[key]) for key in data.draw(st.permutations(list(part)))}
        return [shuffled(item) for item in part] if isinstance(part, list) else part

    assert content_hash(defined(shuffled(tree)), 2) == content_hash(defined(tree), 2)


@settings(max_examples=25)
@given(products(), products())
def test_another_meaning_is_another_hash(one: Product, other: Product) -> None:
    assert (content_hash(one, 2) == content_hash(other, 2)) == (one == other)


@settings(max_examples=25)
@given(product_trees(), st.data())
def test_any_scalar_that_changes_its_meaning_changes_the_hash(tree: Any, data: st.DataObject) -> None:
    product = defined(tree)
    changed = product.model_copy(update={"product": product.product + "x"})
    assert content_hash(changed, 2) != content_hash(product, 2)
    assert content_hash(product, 3) != content_hash(product, 2)
    if product.coverage:
        dropped = data.draw(st.integers(0, len(product.coverage) - 1))
        fewer = product.coverage[:dropped] + product.coverage[dropped + 1 :]
        assert content_hash(product.model_copy(update={"coverage": fewer}), 2) != content_hash(product, 2)
