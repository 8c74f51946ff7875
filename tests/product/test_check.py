"""Products against each other and against the registers."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from adjudicator.problems import Problem
from adjudicator.product.check import RegisterCodes, check_products
from adjudicator.product.read import ProductSource, content_hash, read_products
from adjudicator.product.source import parse_source
from adjudicator.product.terms import Selectable
from adjudicator.vocabulary import Category, Kind, LocationLevel, ProvisionType
from tests.product.strategies import defined

REGISTERS = RegisterCodes(
    provisions=(
        Selectable(Kind.SERVICE, "M1", ProvisionType.CURATIVE, Category.CONSULTATION),
        Selectable(Kind.SERVICE, "M2", ProvisionType.CURATIVE, Category.SURGERY),
        Selectable(Kind.ITEM, "D30", ProvisionType.DRUG, Category.OTHER),
    ),
    regions=frozenset({"R1", "R2"}),
    districts={"R1D1": "R1", "R2D1": "R2"},
)

COVERED = "coverage: [{services: all}]\n"


def source(name: str, text: str, with_coverage: bool = True) -> ProductSource:
    written = parse_source(text + (COVERED if with_coverage else ""), Path(f"{name}.yaml"))
    product = defined(written.tree)
    return ProductSource(product, content_hash(product, 2), written)


def told(problems: list[Problem], language: str = "en") -> list[str]:
    return [problem.told(language) for problem in problems]


def check(*texts: str, with_coverage: bool = True) -> list[str]:
    sources = [source("abcd"[place], text, with_coverage) for place, text in enumerate(texts)]
    return told(check_products(sources, REGISTERS))


def test_nothing_is_wrong_with_products_that_fit() -> None:
    assert (
        check(
            "product: A\nvalid: {to: 2025-12-31}\nlocation: {region: R1, district: R1D1}\n",
            "product: A\nvalid: {from: 2026-01-01}\nreplaces_on_renewal: B\nlocation: {region: R2}\n",
            "product: B\n",
        )
        == []
    )


def test_codes_that_the_register_does_not_have() -> None:
    text = """\
product: A
coverage:
  - services: [M1, m2, D30, X9999]
  - items: [D3O, M1]
    services: {category: delivery}
  - items: {type: consumable}
"""
    assert check(text, with_coverage=False) == [
        "a.yaml:3:20: service `m2` is not in the register of provisions → did you mean `M2`?",
        "a.yaml:3:24: service `D30` is not in the register of provisions → `D30` is a code of the other kind "
        "(item): write it under `items`",
        "a.yaml:3:29: service `X9999` is not in the register of provisions → add it to the register, or "
        "delete it here",
        "a.yaml:4:13: item `D3O` is not in the register of provisions → did you mean `D30`?",
        "a.yaml:4:18: item `M1` is not in the register of provisions → `M1` is a code of the other kind "
        "(service): write it under `services`",
        "a.yaml:5:15: warning: no provision of the register is meant by this → check the types and "
        "categories in the register, or delete the entry",
        "a.yaml:6:12: warning: no provision of the register is meant by this → check the types and "
        "categories in the register, or delete the entry",
    ]


def test_locations() -> None:
    assert check(
        "product: A\nlocation: {region: R3}\n",
        "product: B\nlocation: {region: R1, district: R1D2}\n",
        "product: C\nlocation: {region: R1, district: R2D1}\n",
        "product: D\nlocation: {region: Far away}\n",
    ) == [
        "a.yaml:2:20: `R3` is no region of the register of locations → write the code of a region, or leave "
        "`location` out for a national product",
        "b.yaml:2:34: `R1D2` is no district of the register of locations → did you mean `R1D1`?",
        "c.yaml:2:34: district `R2D1` lies in region `R2` → write `region: R2`, or another district",
        "d.yaml:2:20: `Far away` is no region of the register of locations → write the code of a region, "
        "or leave `location` out for a national product",
    ]


def test_versions_overlap() -> None:
    assert check(
        "product: A\nvalid: {from: 2026-01-01, to: 2026-12-31}\n",
        "product: A\nvalid: {from: 2026-07-01}\n",
        "product: A\nvalid: {from: 2026-07-01, to: 2026-07-01}\n",
        "product: B\n",
    ) == [
        "b.yaml:2:15: this version of `A` is in force at the same time as the one in a.yaml:2 → let the "
        "other one end on 2026-06-30",
        "c.yaml:2:15: this version of `A` is in force at the same time as the one in a.yaml:2 → let the "
        "other one end on 2026-06-30",
        "c.yaml:2:15: this version of `A` is in force at the same time as the one in b.yaml:2 → let one of "
        "the two end before the other begins",
    ]


def test_conversions() -> None:
    assert check(
        "product: ALPHA\nreplaces_on_renewal: BETA\n",
        "product: BETA\nreplaces_on_renewal: GAMMA\n",
        "product: GAMMA\nreplaces_on_renewal: ALPHA\n",
        "product: DELTA\nreplaces_on_renewal: BETTA\n",
    ) == [
        "a.yaml:2:22: the products replace each other in a circle: ALPHA → BETA → GAMMA → ALPHA → leave "
        "`replaces_on_renewal` out of one of them",
        "d.yaml:2:22: no product file defines `BETTA` → did you mean `BETA`?",
    ]
    [alone] = check("product: A\nreplaces_on_renewal: A\n")
    assert alone.startswith("a.yaml:2:22: the products replace each other in a circle: A → A")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "enrolment: {insurance_period: 0 months}\n",
            "2:31: the policies of the product cover no time → write at least `1 month`",
        ),
        (
            "enrolment: {members: {maximum: 3, threshold: 5}}\n",
            "2:46: warning: the threshold of members is above the most that a policy may have → lower "
            "`threshold`, or raise `maximum`",
        ),
        (
            "ceiling: {per: policy, hospital: {amount: 10, extra_member: 5, maximum: 8}}\n",
            "2:61: warning: the ceiling never grows, because there is no threshold of members → add "
            "`threshold` under `enrolment.members`, or leave `extra_member` out",
        ),
        (
            "enrolment: {members: {threshold: 5}}\nceiling: {per: policy, amount: 10, extra_member: 5, "
            "maximum: 8}\n",
            "3:62: warning: the maximum is below the amount, so the maximum is the ceiling → raise "
            "`maximum`, or lower `amount`",
        ),
        (
            "coverage: [{items: all, emergency: {price: relative}}]\n",
            "2:44: warning: the price is relative, but no pool of contributions pays it → add "
            "`remuneration.relative_prices`, or write another price",
        ),
        (
            "remuneration:\n  relative_prices: {hospital: {share: 60%}, non_hospital: {share: [10%, 20%, "
            "30%, 30%]}, period: quarter}\n  capitation: {facilities: [{level: hospital}], share: 20%, "
            "weights: {visits: 100%}}\n",
            "3:3: warning: in some period 110% of the contributions are given away → lower the shares to "
            "100% in all",
        ),
        ("", "1:1: warning: the product covers nothing → add `coverage`, as in "
         "`coverage: [{services: all, cover: 80%}]`"),
    ],
)  # fmt: skip
def test_terms_without_effect(text: str, expected: str) -> None:
    covers = "coverage" not in text and text != ""
    found = check(f"product: A\n{text}", with_coverage=covers)
    assert f"a.yaml:{expected}" in found
    assert len(found) == (2 if "extra_member: 5, maximum: 8}}" in text else 1)


def test_nothing_is_wrong_with_the_shipped_products() -> None:
    assert check_products(read_products(Path(__file__).parents[2] / "products", 2)) == []


def test_registers_that_are_not_there_are_not_checked() -> None:
    text = "product: A\nlocation: {region: R9}\ncoverage: [{services: [X]}]\n"
    assert check_products([source("a", text, with_coverage=False)]) == []


def test_codes_are_taken_from_typed_tables() -> None:
    provisions = pa.table(
        {
            "kind": pa.array([Kind.SERVICE, Kind.SERVICE, Kind.ITEM], pa.int8()),
            "code": ["M1", "M1", "D1"],
            "type": pa.array([None, None, ProvisionType.DRUG], pa.int8()),
            "category": pa.array([Category.SURGERY, Category.SURGERY, None], pa.int8()),
        }
    )
    locations = pa.table(
        {
            "code": ["R1", "R1D1", "R1D1W1"],
            "level": pa.array([LocationLevel.REGION, LocationLevel.DISTRICT, LocationLevel.WARD], pa.int8()),
            "parent": [None, "R1", "R1D1"],
        }
    )
    codes = RegisterCodes.of({"provisions": provisions, "locations": locations})
    assert codes.provisions == (
        Selectable(Kind.SERVICE, "M1", None, Category.SURGERY),
        Selectable(Kind.ITEM, "D1", ProvisionType.DRUG, Category.OTHER),
    )
    assert codes.regions == frozenset({"R1"})
    assert codes.districts == {"R1D1": "R1"}
    assert RegisterCodes.of({}) == RegisterCodes()


def test_the_order_of_the_sources_does_not_matter() -> None:
    sources = [
        source("a", "product: A\n"),
        source("b", "product: A\nreplaces_on_renewal: C\n"),
        source("c", "product: B\nlocation: {region: X}\n"),
    ]
    assert told(check_products(sources, REGISTERS)) == told(check_products(sources[::-1], REGISTERS))
