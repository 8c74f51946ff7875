"""Coverage folded: whatever a thousand rows say, the few entries say the same."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from adjudicator.openimis.product_files import product_text
from adjudicator.product.definition import Product
from adjudicator.product.read import read_product
from adjudicator.product.terms import Selectable, compile_terms
from adjudicator.vocabulary import Category, Kind, ProvisionType
from ingest.openimis.fold import fold
from ingest.openimis.products import ProductFile
from ingest.openimis.records import covered_terms

Tree = dict[str, Any]

NUMBERS = st.sampled_from([None, 0, 50, 80, 100])


@st.composite
def terms(draw: st.DrawFn) -> Tree:
    """Draw what a row of openIMIS says of a provision."""
    record: Tree = {"price_origin": draw(st.sampled_from("PPPOR"))}
    for visit in ("", "_r", "_e"):
        if limitation := draw(st.sampled_from(["C", "C", "F", None])):
            record[f"limitation_type{visit}"] = limitation
            for age in ("adult", "child"):
                if (value := draw(NUMBERS)) is not None:
                    record[f"limit_{age}{visit}"] = value
    for age in ("adult", "child"):
        record[f"waiting_period_{age}"] = draw(st.sampled_from([None, None, 0, 6]))
        record[f"limit_no_{age}"] = draw(st.sampled_from([None, None, -1, 0, 2]))
        record[f"ceiling_exclusion_{age}"] = draw(st.sampled_from([None, None, "H", "N", "B"]))
    return covered_terms(record)


@st.composite
def coverages(draw: st.DrawFn) -> tuple[list[Selectable], dict[tuple[Kind, str], Tree]]:
    """Draw a register and what a product covers of it: mostly the same terms, as in life."""
    kinds = draw(st.lists(terms(), min_size=1, max_size=3))
    register, covered = [], {}
    for number in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(Kind))
        service = kind is Kind.SERVICE
        types = (ProvisionType.PREVENTIVE, ProvisionType.CURATIVE) if service else (ProvisionType.DRUG,)
        one = Selectable(
            kind,
            f"{number:04}",
            draw(st.sampled_from([None, *types])),
            draw(st.sampled_from([Category.SURGERY, Category.OTHER])) if service else Category.OTHER,
        )
        register.append(one)
        if (said := draw(st.sampled_from([*kinds, kinds[0], kinds[0], None]))) is not None:
            covered[kind, one.code] = said
    return register, covered


def product(coverage: list[Tree]) -> Product:
    return Product.model_validate({"product": "A", "coverage": coverage}, context={"decimals": 2})


def compiled(found: Product, register: list[Selectable]) -> list[list[object]]:
    """Give the terms of each provision and visit type as numbers."""
    arrays = compile_terms([found], register).terms
    by_age = (arrays.limitation, arrays.limit, arrays.waiting, arrays.quantity, arrays.outside)
    return [
        [
            None if row < 0 else (int(arrays.price_origin[row]), *(array[row].tolist() for array in by_age))
            for row in rows.tolist()
        ]
        for rows in arrays.coverage[0]
    ]


SERVICES = [Selectable(Kind.SERVICE, code, None, Category.OTHER) for code in ("0000", "0001", "0002")]


# Most rows cover nothing, each at great length; what has no row is covered no more than they are.
@example((SERVICES, {(one.kind, one.code): covered_terms({}) for one in SERVICES[:2]}))
@settings(max_examples=40)
@given(coverages())
def test_the_folded_entries_say_what_the_rows_said(
    drawn: tuple[list[Selectable], dict[tuple[Kind, str], Tree]],
) -> None:
    register, covered = drawn
    one_by_one = [
        {("items" if kind is Kind.ITEM else "services"): [code], **said}
        for (kind, code), said in covered.items()
    ]
    entries = fold(covered, register, 2)

    assert compiled(product([entry.tree for entry in entries]), register) == compiled(
        product(one_by_one), register
    )
    assert len(entries) <= 1 + len(register)


def test_a_thousand_rows_that_are_alike_are_one_line() -> None:
    register = [Selectable(Kind.ITEM, f"{number:04}", None, Category.OTHER) for number in range(600)]
    register += [Selectable(Kind.SERVICE, f"{number:04}", None, Category.OTHER) for number in range(400)]
    whole = covered_terms({"limitation_type": "C", "limitation_type_r": "C", "limitation_type_e": "C"})

    entries = fold({(one.kind, one.code): whole for one in register}, register, 2)

    assert [entry.tree for entry in entries] == [
        {"services": "all", "items": "all", "cover": {"adult": "100%", "child": "100%"}}
    ]


def test_a_category_that_has_its_own_terms_is_named_as_such() -> None:
    register = [Selectable(Kind.SERVICE, f"S{number}", None, Category.SURGERY) for number in range(5)]
    register += [Selectable(Kind.SERVICE, f"A{number}", None, Category.OTHER) for number in range(9)]
    types = {"limitation_type": "C", "limitation_type_r": "C", "limitation_type_e": "C"}
    covered = {
        (one.kind, one.code): covered_terms(
            types
            | (
                {f"limit_{age}{visit}": 80 for age in ("adult", "child") for visit in ("", "_r", "_e")}
                if one.category is Category.SURGERY
                else {}
            )
        )
        for one in register
    }

    entries = fold(covered, register, 2)

    assert [entry.tree.get("services") for entry in entries] == ["all", {"category": "surgery"}]


def test_a_product_file_is_read_as_it_was_meant(tmp_path_factory: Any) -> None:
    definition = product([{"services": ["0001", "A"], "cover": "80%"}, {"items": "all"}])
    folder = tmp_path_factory.mktemp("products")
    path = folder / "a.yaml"
    path.write_text(product_text(ProductFile(definition), 2, "en"), "utf-8")

    assert read_product(path, 2).definition == definition
