"""The operational indicators of a scheme small enough to be counted by hand."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest

from adjudicator.product.definition import Product
from adjudicator.reporting.enrolled import Enrolled, encode, figures
from adjudicator.reporting.indicators import (
    ClaimFigures,
    Cohort,
    GroupFigures,
    Grouping,
    indicators,
    indicators_of,
)
from adjudicator.reporting.places import places_at
from adjudicator.units import day_number
from adjudicator.vocabulary import LocationLevel, PolicyStatus, Stage

D = dt.date.fromisoformat

PRODUCTS = [
    Product.model_validate(tree, context={"decimals": 2})
    for tree in (
        {"product": "OLD", "coverage": [{"services": "all"}]},
        {
            "product": "NEW",
            "replaces_on_renewal": "OLD",
            "enrolment": {"grace": {"payment": "1 month"}},
            "coverage": [{"services": "all"}],
        },
        {"product": "OTHER", "coverage": [{"services": "all"}]},
    )
]


def policy(
    code: str,
    family: str,
    product: str,
    enrolled: str | None,
    effective: str,
    expiry: str,
    status: str = "active",
    stage: str = "new",
    group: str | None = "A",
) -> dict[str, Any]:
    return {
        "policy": code,
        "family": family,
        "product": product,
        "enrolled": D(enrolled) if enrolled else None,
        "effective": D(effective),
        "expiry": D(expiry),
        "stage": int(Stage.of(stage)),
        "status": int(PolicyStatus.of(status)),
        "group": group,
    }


POLICIES = [
    # Expired in March, renewed as NEW in March, which OLD became.
    policy("P1", "F1", "OLD", "2024-03-01", "2024-03-11", "2025-03-10", "expired"),
    policy("P2", "F1", "NEW", "2025-03-05", "2025-03-11", "2026-03-10"),
    # New in March.
    policy("P3", "F2", "NEW", "2025-03-20", "2025-04-01", "2026-03-31", group="B"),
    # A family that had another product: new. Its enrolment is not known: the effective date stands for it.
    policy("P4", "F3", "OTHER", "2024-01-01", "2024-01-01", "2024-12-31", "expired", group="B"),
    policy("P5", "F3", "NEW", None, "2025-03-15", "2026-03-14", group="B"),
    # A renewal of a policy that the register does not have.
    policy("P6", "F4", "OLD", "2025-03-31", "2025-04-15", "2026-04-14", stage="renewal"),
    # Suspended: its month for paying ran out on 12 March.
    policy("P7", "F5", "NEW", "2025-02-01", "2025-02-12", "2026-02-11", "suspended"),
    # Never paid; expires in March all the same, and never covered.
    policy("P8", "F6", "OTHER", "2024-03-30", "2024-03-30", "2025-03-29", "idle", group=None),
    # In force throughout, until the last day of March included.
    policy("P9", "F7", "OLD", "2024-04-01", "2024-04-01", "2025-03-31", group=None),
]
COVERS = [
    ("P1", "a", "2024-03-11", "2025-03-10"),
    ("P2", "a", "2025-03-11", "2026-03-10"),
    ("P2", "b", "2025-03-20", "2026-03-10"),
    ("P2", "gone", "2025-03-11", "2025-03-30"),
    ("P5", "c", "2025-03-15", "2026-03-14"),
    ("P7", "suspended", "2025-03-01", "2026-02-11"),
    ("P9", "d", "2024-04-01", "2025-03-31"),
    # In two policies on the last day: one insuree.
    ("P9", "b", "2025-03-25", "2025-03-31"),
]
CONTRIBUTIONS = [
    # 365 days from 11 March, 21 of them in March.
    ("P2", "2025-03-01", 36500),
    # Paid on 22 March for a policy that took effect on the 15th: 358 days, 10 of them in March.
    ("P5", "2025-03-22", 35800),
    # Paid in March, earned from April.
    ("P3", "2025-03-31", 1000),
    # Paid before, 31 of 365 days.
    ("P9", "2024-02-01", 73000),
    # For a policy that the register does not have.
    ("GONE", "2025-03-02", 7),
]


def registers() -> Enrolled:
    covers = {
        "policy": [row[0] for row in COVERS],
        "insuree": [row[1] for row in COVERS],
        "effective": [D(row[2]) for row in COVERS],
        "expiry": [D(row[3]) for row in COVERS],
    }
    contributions = {
        "policy": [row[0] for row in CONTRIBUTIONS],
        "paid": [D(row[1]) for row in CONTRIBUTIONS],
        "amount": [row[2] for row in CONTRIBUTIONS],
    }
    schema = pa.schema(
        [(name, pa.string()) for name in ("policy", "family", "product")]
        + [(name, pa.date32()) for name in ("enrolled", "effective", "expiry")]
        + [(name, pa.int8()) for name in ("stage", "status")]
        + [("group", pa.string())]
    )
    policies = pa.Table.from_pylist(POLICIES, schema)
    return encode(policies, pa.table(covers), pa.table(contributions), PRODUCTS)


MARCH = day_number(D("2025-03-01")), day_number(D("2025-03-31"))


def test_primary_indicators_counted_by_hand() -> None:
    assert figures(registers(), *MARCH) == {
        "P1": 3,  # P2, P5, P9
        "P1_before": 2,  # P1 and P9; P8 was never paid, P7 is suspended
        "P2": 2,  # P3, P5
        "P3": 1,  # P7
        "P4": 2,  # P1, P9
        "P5": 2,  # P2 after P1, P6 by its stage
        "P6": 4,  # a, b (once), c, d
        "P7": 3,  # b, gone, c; a was covered before
        "P8": 36500 + 35800 + 1000 + 7,
        "P9": 2100 + 1000 + 6200,
    }


def test_groups_have_their_own_policies_people_and_contributions() -> None:
    of = registers()
    assert of.groups.values.to_pylist() == ["A", "B"]
    a, b, none = (figures(of, *MARCH, group) for group in (0, 1, -1))
    assert [one["P1"] for one in (a, b, none)] == [1, 1, 1]
    assert [one["P6"] for one in (a, b, none)] == [2, 1, 2]  # b is covered by a policy of A and one of none
    assert [one["P7"] for one in (a, b, none)] == [2, 1, 0]
    assert [one["P8"] for one in (a, b, none)] == [36500, 36800, 0]
    assert [one["P9"] for one in (a, b, none)] == [2100, 1000, 6200]


def test_no_rows_are_no_error() -> None:
    of = registers()
    empty = encode(
        pa.Table.from_pylist(POLICIES, schema=None)
        .slice(0, 0)
        .cast(
            pa.schema(
                [(n, pa.string()) for n in ("policy", "family", "product")]
                + [(n, pa.date32()) for n in ("enrolled", "effective", "expiry")]
                + [(n, pa.int8()) for n in ("stage", "status")]
                + [("group", pa.string())]
            )
        ),
        pa.table({n: pa.array([], t) for n, t in _COVER_TYPES}),
        pa.table({n: pa.array([], t) for n, t in _CONTRIBUTION_TYPES}),
        PRODUCTS,
    )
    assert set(figures(empty, *MARCH)) == set(figures(of, *MARCH))
    assert sum(figures(empty, *MARCH).values()) == 0


_COVER_TYPES = (
    ("policy", pa.string()),
    ("insuree", pa.string()),
    ("effective", pa.date32()),
    ("expiry", pa.date32()),
)
_CONTRIBUTION_TYPES = (("policy", pa.string()), ("paid", pa.date32()), ("amount", pa.int64()))


CLAIMS = {
    Cohort.SERVICE: ClaimFigures(claims=8, undecided=1, rejected=2, waiting=300, remunerated=1001),
    Cohort.DECISION: ClaimFigures(claims=10, undecided=None, rejected=3, waiting=0, remunerated=2000),
}


def values(of: GroupFigures) -> dict[tuple[str, Cohort | None], Any]:
    return {
        (one.code, one.cohort): one.value if one.reason is None else one.reason for one in indicators_of(of)
    }


def test_derived_indicators_are_exact_ratios() -> None:
    found = values(GroupFigures(None, figures(registers(), *MARCH), CLAIMS))
    service, decision = Cohort.SERVICE, Cohort.DECISION
    assert found["P10", service] == 8
    assert found["P10a", service] == 1
    assert ("P10a", decision) not in found
    assert found["D1", service] == Fraction(1001, 9300)
    assert found["D1", decision] == Fraction(2000, 9300)
    assert found["D2", None] == Fraction(2, 2)
    assert found["D3", None] == Fraction(2, 2)
    assert found["D5", service] == Fraction(6, 8)
    assert found["D5", decision] == Fraction(7, 10)
    assert found["D6", service] == Fraction(8, 4)
    assert found["D7", service] == Fraction(1001, 8)


def test_what_the_books_cannot_know_is_not_available_and_never_zero() -> None:
    nobody = dict.fromkeys(("P1_before", *(f"P{number}" for number in range(1, 10))), 0)
    no_claims = ClaimFigures(0, 0, 0, 0, 0)
    found = values(GroupFigures(None, nobody, dict.fromkeys(Cohort, no_claims)))
    assert found["D4", None] == "missing.none_handed_over"
    assert (found["D8", None], found["D9", None]) == ("missing.no_marks", "missing.none_asked")
    assert found["D1", Cohort.SERVICE] == "missing.no_contributions"
    assert found["D2", None] == "missing.none_expired"
    assert found["D3", None] == "missing.none_before"
    assert found["D5", Cohort.SERVICE] == found["D7", Cohort.SERVICE] == "missing.no_claims"
    assert found["D6", Cohort.SERVICE] == "missing.none_covered"


def test_rows_are_rounded_once_and_say_why_they_are_not_there() -> None:
    everybody = GroupFigures(None, figures(registers(), *MARCH), CLAIMS)
    of_facility = GroupFigures("H1", None, CLAIMS)
    whole, by_facility = indicators(everybody, [of_facility], Grouping.FACILITY)
    rows = {(row["indicator"], row["cohort"]): row for row in whole.rows.to_pylist()}
    assert rows["D1", "cohort.service"]["ratio"] == 1076  # 0.10763…
    assert rows["D7", "cohort.service"]["amount"] == 125  # 125.125 minor units
    assert rows["D4", None]["not_available"] == "missing.none_handed_over"
    assert [rows["D4", None][name] for name in ("count", "amount", "ratio")] == [None] * 3
    codes = {row["indicator"] for row in by_facility.rows.to_pylist()}
    assert codes == {"P10", "P10a", "P11", "P11a", "P12", "D4", "D5", "D7", "D8", "D9"}
    assert set(by_facility.rows["group"].to_pylist()) == {"H1"}


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (LocationLevel.REGION, {"R": "R", "D": "R", "V": "R"}),
        (LocationLevel.DISTRICT, {"D": "D", "V": "D"}),
    ],
)
def test_places_lie_in_regions_and_districts(level: LocationLevel, expected: dict[str, str]) -> None:
    rows = [
        {"code": "R", "level": int(LocationLevel.REGION), "parent": None},
        {"code": "D", "level": int(LocationLevel.DISTRICT), "parent": "R"},
        {"code": "V", "level": int(LocationLevel.VILLAGE), "parent": "D"},
        {"code": "ring", "level": int(LocationLevel.VILLAGE), "parent": "ring"},
        {"code": "lost", "level": int(LocationLevel.VILLAGE), "parent": "nowhere"},
    ]
    assert places_at(pa.Table.from_pylist(rows), level) == expected
