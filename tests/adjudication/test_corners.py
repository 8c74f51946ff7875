"""Corners of the law that random worlds seldom reach, worked by hand, for kernel and reference alike."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from adjudicator.product.definition import Product
from tests.adjudication.comparison import kernel_rows, kernel_tables, reference_rows
from tests.adjudication.reading import read
from tests.adjudication.worlds import RandomWorld

Row = dict[str, Any]

YEAR = {"effective": dt.date(2026, 1, 1), "expiry": dt.date(2026, 12, 31)}


def product(code: str, cover: Any, **terms: Any) -> Row:
    """Write a product that covers all services alike."""
    return {"product": code, "coverage": [{"services": "all", "price": "claimed", "cover": cover}]} | terms


def lines(
    products: list[Row],
    days: list[str],
    asked: str = "100",
    policies: tuple[str, ...] = ("P1",),
    people: tuple[Row, ...] = ({},),
    approved: str | None = None,
    decimals: int = 2,
) -> list[Row]:
    """Decide claims of one line each, of the first person; policies are of the products in turn."""
    persons: list[Row] = [
        {"insuree": f"M{number}", "family": "F", "sex": "male", "birth_date": dt.date(1980, 1, 1)} | person
        for number, person in enumerate(people)
    ]
    held = [
        {"policy": policy, "family": "F", "stage": "renewal", "status": "active"}
        | {"product": products[number % len(products)]["product"]}
        | YEAR
        for number, policy in enumerate(policies)
    ]
    registers: dict[str, list[Row]] = {
        "provisions": [{"kind": "service", "code": "S", "name": "S", "price": asked}],
        "price_lists": [{"price_list": "L", "kind": "service", "code": "S"}],
        "facilities": [
            {"code": "H", "name": "H", "level": "hospital", "care_type": "both", "service_price_list": "L"}
        ],
        "diagnoses": [{"code": "A00", "name": "a"}],
        "families": [{"family": "F"}],
        "insurees": persons,
        "policies": held,
        "covers": [
            {"policy": policy["policy"], "insuree": insuree} | YEAR
            for policy in held
            for insuree in sorted({person["insuree"] for person in persons})
        ],
    }
    claims = [
        {"claim": f"C{number}", "facility": "H", "insuree": "M0", "diagnosis": "A00"}
        | {"date_from": day, "date_claimed": day}
        for number, day in enumerate(days)
    ]
    claim_lines = [
        {"claim": claim["claim"], "facility": "H", "line": 1, "kind": "service", "code": "S"}
        | {"quantity": "1", "price_asked": asked, "price_approved": approved}
        for claim in claims
    ]
    made = tuple(Product.model_validate(tree, context={"decimals": decimals}) for tree in products)
    r = read(RandomWorld(made, registers, claims, claim_lines, 18, decimals), by_ingest=True)
    columns = [name for name in r.lines.column_names if name != "rejected_by_rule"]
    billed = r.lines.select(columns)
    by_kernel = kernel_rows(kernel_tables(r.scheme, r.claims, billed))
    assert by_kernel == reference_rows(made, r.registers, 18, r.claims, billed)
    return [by_kernel[0]["H", claim["claim"]]["lines"][0] for claim in claims]


@pytest.mark.parametrize(
    ("birth", "last_day_as_a_child"),
    [
        (dt.date(2008, 5, 17), "2026-05-16"),
        # Eighteen years after 29 February 2008 there is no 29th: the year is completed on 1 March.
        (dt.date(2008, 2, 29), "2026-02-28"),
    ],
)
def test_one_is_an_adult_from_the_day_on_which_the_year_is_completed(
    birth: dt.date, last_day_as_a_child: str
) -> None:
    day = dt.date.fromisoformat(last_day_as_a_child)
    days = [day.isoformat(), (day + dt.timedelta(days=1)).isoformat()]
    child, adult = lines(
        [product("A", {"adult": "50%", "child": "100%"})], days, people=({"birth_date": birth},)
    )
    assert (child["valuated"], adult["valuated"]) == (10_000, 5_000)


def test_policies_are_compared_by_what_is_left_to_pay_unrounded() -> None:
    # Of a price of 1, in a currency without decimals, 0.4 and 0.3333 are left to pay: rounded both are 0.
    (line,) = lines(
        [product("A", "60%"), product("B", "66.67%")],
        ["2026-03-02"],
        asked="1",
        policies=("P1", "P2"),
        decimals=0,
    )
    assert line["policy"] == "P2"


@pytest.mark.parametrize(("approved", "policy"), [(None, "P2"), ("50", "P1")])
def test_policies_are_compared_at_the_price_of_the_reviewer(approved: str | None, policy: str) -> None:
    # Of 100.00, 40.00 are left above the 60.00 of P1, and 20.00 with the 80% of P2;
    # of 50.00 nothing is left, and 10.00.
    (line,) = lines(
        [product("A", {"up_to": "60"}), product("B", "80%")],
        ["2026-03-02"],
        policies=("P1", "P2"),
        approved=approved,
    )
    assert line["policy"] == policy


@pytest.mark.parametrize(
    ("policies", "first"), [(("p1", "P2"), "P2"), (("P2", "P10"), "P10"), (("É", "Z"), "Z")]
)
def test_policies_that_leave_the_same_come_in_the_order_of_their_ids_as_text(
    policies: tuple[str, str], first: str
) -> None:
    (line,) = lines([product("A", "80%"), product("B", "80%")], ["2026-03-02"], policies=policies)
    assert line["policy"] == first


def test_a_ceiling_grows_with_those_who_are_covered_whether_or_not_they_are_valid() -> None:
    # Three are covered, one above the threshold: 40.00 + 25.00; M1 left the register in January.
    grown = product(
        "A",
        "100%",
        enrolment={"members": {"threshold": "2"}},
        ceiling={"per": "policy", "amount": "40", "extra_member": "25"},
    )
    (line,) = lines([grown], ["2026-03-02"], people=({}, {"valid_to": dt.date(2026, 1, 31)}, {}))
    assert (line["valuated"], line["ceiling_excess"]) == (6_500, 3_500)
