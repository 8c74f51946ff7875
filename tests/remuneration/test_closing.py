"""Closing a month: claims worked by hand, pots that are shared exactly, and reversals that leave nothing."""

from __future__ import annotations

from dataclasses import fields
from itertools import groupby
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.product.definition import Product
from adjudicator.remuneration.capitation import Activity, Facility, Figures, Insured, figures_of
from adjudicator.remuneration.closing import NOT_YET, Closing, Lines, close_month, counted_in, kind_of_care
from adjudicator.remuneration.statements import (
    Entries,
    Part,
    Row,
    joined,
    negated,
    no_entries,
    statements_of,
    taken_back,
)
from adjudicator.vocabulary import Care, FacilityLevel, HospitalCare
from adjudicator.words import LANGUAGES, label
from tests.remuneration.examples import month, product, whole

JANUARY, FEBRUARY, MARCH = (month(f"2026-0{number}") for number in (1, 2, 3))

HOSPITAL, CENTRE = (
    Facility("H1", FacilityLevel.HOSPITAL, account="4011"),
    Facility("C1", FacilityLevel.HEALTH_CENTRE),
)
FACILITIES = (HOSPITAL, CENTRE)

MONTHLY = product("remuneration: {relative_prices: {all: {share: 50%}}}\naccounts: {remuneration: 6110}", "M")
QUARTERLY = product("remuneration: {relative_prices: {period: quarter, all: {share: 100%}}}", "Q")
BY_HEAD = product(
    """
remuneration:
  relative_prices: {hospital: {share: 100%}}
  capitation:
    facilities: [{level: health_centre}]
    share: 10%
    weights: {visits: 100%}
""",
    "C",
)
PRODUCTS = ("Q", "M", "C")
TERMS = {"M": MONTHLY, "Q": QUARTERLY, "C": BY_HEAD}
ACCOUNTS = {"M": "6110", "Q": None, "C": None}


def line(
    claim: int,
    code: str,
    valuated: int,
    number: int = 1,
    relative: bool = True,
    facility: int = 0,
    care: Care = Care.HOSPITAL,
    origin: int = MARCH,
    counted: int | None = None,
    paid: int = NOT_YET,
    corrects: bool = False,
) -> tuple[int, ...]:
    """Make a line, as the fields of :class:`Lines` in their order."""
    counted = origin if counted is None else counted
    part = Part.RELATIVE_PRICES
    return (
        *(claim, number, facility, PRODUCTS.index(code), care, relative, valuated, origin, counted, paid),
        *(part, corrects),
    )


def lines(*rows: tuple[int, ...]) -> Lines:
    """Lay lines out in columns."""
    columns: dict[str, Any] = {
        column.name: whole(row[place] for row in rows) for place, column in enumerate(fields(Lines))
    }
    truths = {name: columns[name].astype(np.bool_) for name in ("relative", "corrects")}
    return Lines(**(columns | truths))


def close(
    at: int,
    rows: Lines,
    earned: int = 0,
    codes: str = "MQC",
    figures: dict[str, list[Figures]] | None = None,
    corrections: Entries | None = None,
) -> Closing:
    """Close a month in which each product earned the same."""
    terms: dict[str, Product] = {code: TERMS[code] for code in codes}
    allocated = {(code, one): earned for code in TERMS for one in range(JANUARY, MARCH + 1)}
    return close_month(
        *(at, PRODUCTS, ACCOUNTS, terms, FACILITIES, allocated, figures or {}, rows),
        corrections or no_entries(),
    )


def rows_of(closing: Closing, facility: str = "H1") -> list[Row]:
    """Give the rows of a facility's statement."""
    return [
        row for statement in closing.statements if statement.facility == facility for row in statement.rows
    ]


def test_a_month_worked_by_hand() -> None:
    # M earned 1,000.00, half of it is 500.00 for lines of 300.00 + 100.00 relative: an index of 1.25, which
    # nothing caps: 375.00 and 125.00. The line at the price list is paid its 70.00.
    made = close(
        MARCH,
        lines(line(1, "M", 30_000), line(2, "M", 10_000, facility=1), line(1, "M", 7_000, 2, relative=False)),
        100_000,
        "M",
    )
    assert made.paid.tolist() == [37_500, 12_500, 7_000]
    assert made.settled.all()
    (index,) = made.indexes
    assert (str(index.shown), index.lines, index.valuated, index.allocated) == ("1.2500", 2, 40_000, 100_000)
    centre, hospital = made.statements
    assert (centre.facility, centre.total, hospital.facility, hospital.total) == ("C1", 12_500, "H1", 44_500)
    assert hospital.account == "4011"
    assert hospital.rows == (
        Row("M", "6110", Part.FEE_FOR_SERVICE, MARCH, 1, 1, 7_000, 7_000),
        Row("M", "6110", Part.RELATIVE_PRICES, MARCH, 1, 1, 30_000, 37_500),
    )
    assert made.total == 57_000


def test_a_quarter_waits_for_its_last_month() -> None:
    rows = lines(line(1, "Q", 100, origin=JANUARY), line(2, "Q", 300, origin=MARCH))
    assert close(FEBRUARY, rows, 100).paid.tolist() == [NOT_YET, NOT_YET]
    assert not close(FEBRUARY, rows, 100).statements
    # Three months earned 100 each: 300 for 400.
    assert close(MARCH, rows, 100).paid.tolist() == [75, 225]


def test_a_claim_with_lines_of_two_products_waits_for_both_and_loses_neither() -> None:
    rows = [line(1, "M", 100, 1, origin=FEBRUARY), line(1, "Q", 100, 2, origin=FEBRUARY)]
    february = close(FEBRUARY, lines(*rows), 100)
    # M pays half of 100 for its line now, but the claim waits for the quarter of Q.
    assert february.paid.tolist() == [50, NOT_YET]
    assert (february.settled.tolist(), february.statements) == ([False, False], ())
    # In March its first line keeps the 50, whatever the pool of March is; Q earned 300 for 100.
    rows[0] = line(1, "M", 100, 1, origin=FEBRUARY, paid=50)
    march = close(MARCH, lines(*rows, line(2, "M", 10)), 100)
    assert march.paid.tolist() == [50, 300, 50]
    assert [(row.product, row.origin, row.amount) for row in rows_of(march)] == [
        ("M", FEBRUARY, 50),
        ("M", MARCH, 50),
        ("Q", FEBRUARY, 300),
    ]


def test_a_claim_waits_for_a_product_of_another_location() -> None:
    rows = lines(line(1, "M", 100, 1), line(1, "C", 40, 2, relative=False), line(2, "M", 100))
    made = close(MARCH, rows, 400, "M")
    assert made.paid.tolist() == [100, NOT_YET, 100]
    assert made.settled.tolist() == [False, False, True]


def test_a_facility_paid_by_head_is_paid_nothing_for_its_lines() -> None:
    rows = lines(
        line(1, "C", 100, facility=1),
        line(2, "C", 50, facility=1, relative=False, care=Care.NON_HOSPITAL),
        line(3, "C", 200),
        line(4, "C", 60, care=Care.NON_HOSPITAL),
    )
    figures = {"C": figures_of([CENTRE], [], [], Insured(), {"C1": Activity(visits=2)})}
    made = close(MARCH, rows, 1000, "C", figures)
    # The centre has a tenth of the 1,000 and nothing for its lines; they are not in the pool, in which the
    # hospital's line of 200 has all of the 1,000. No pool speaks of other than hospital care: an index of 1.
    assert made.paid.tolist() == [0, 0, 1000, 60]
    assert made.settled.all()
    assert rows_of(made, "C1") == [Row("C", None, Part.CAPITATION, MARCH, 2, 2, 150, 100)]
    assert [row.amount for row in rows_of(made, "H1")] == [1060]
    (payment,) = made.capitation
    assert (payment.pot, payment.paid) == (100, 100)


def test_late_claims_are_counted_in_the_next_open_month_and_keep_their_own() -> None:
    closed = {JANUARY, FEBRUARY}
    assert counted_in(whole([JANUARY, FEBRUARY, MARCH, JANUARY - 1]), closed).tolist() == [
        *(MARCH, MARCH, MARCH, JANUARY - 1),
    ]
    rows = lines(line(1, "M", 100, origin=JANUARY, counted=MARCH), line(2, "M", 100))
    made = close(MARCH, rows, 200, "M")
    assert [(row.origin, row.amount) for row in rows_of(made)] == [(JANUARY, 50), (MARCH, 50)]
    # A claim that is counted later does not count now.
    early = close(FEBRUARY, rows, 200, "M")
    assert early.paid.tolist() == [NOT_YET, NOT_YET]


def test_a_claim_adjudicated_again_is_corrected() -> None:
    january = close(JANUARY, lines(line(1, "M", 100, origin=JANUARY)), 120, "M")
    assert january.total == 60
    again = line(1, "M", 80, origin=JANUARY, counted=MARCH, corrects=True)
    made = close(MARCH, lines(again), 200, "M", corrections=taken_back(january.entries))
    # 60 are taken back, and the new 80 have all of March's 100.
    assert rows_of(made) == [Row("M", "6110", Part.CORRECTIONS, JANUARY, 1, 2, -20, 40)]


def test_hospital_care_goes_by_the_stay_or_by_the_facility() -> None:
    in_patient = np.array([True, False, False])
    level = whole([FacilityLevel.DISPENSARY, FacilityLevel.HOSPITAL, FacilityLevel.HEALTH_CENTRE])
    by_claim, by_facility = (kind_of_care(basis, in_patient, level).tolist() for basis in HospitalCare)
    assert by_claim == [Care.HOSPITAL, Care.NON_HOSPITAL, Care.NON_HOSPITAL]
    assert by_facility == [Care.NON_HOSPITAL, Care.HOSPITAL, Care.NON_HOSPITAL]


def test_contributions_that_nobody_counted_are_missed() -> None:
    with pytest.raises(KeyError):
        close_month(
            *(MARCH, PRODUCTS, ACCOUNTS, {"M": MONTHLY}, FACILITIES, {}, {}, lines(line(1, "M", 5))),
            no_entries(),
        )


@st.composite
def months_of_claims(draw: st.DrawFn) -> list[tuple[int, ...]]:
    """Draw lines of claims, some with several products, at two facilities."""
    rows = []
    for claim in range(draw(st.integers(0, 7))):
        facility, origin = draw(st.integers(0, 1)), draw(st.integers(JANUARY, MARCH))
        care = draw(st.sampled_from(Care))
        for number in range(draw(st.integers(1, 4))):
            valuated = draw(st.integers(0, 9) | st.integers(0, 10**9))
            code, relative = draw(st.sampled_from("MQC")), draw(st.booleans())
            rows.append(line(claim + 1, code, valuated, number, relative, facility, care, origin))
    return rows


FIGURES = {"C": figures_of([CENTRE], [], [], Insured(), {"C1": Activity(visits=2)})}


@given(months_of_claims(), st.integers(0, 10**9), st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(rows: list[tuple[int, ...]], earned: int, random: Random) -> None:
    order = random.sample(range(len(rows)), len(rows))
    made = close(MARCH, lines(*rows), earned, figures=FIGURES)
    shuffled = close(MARCH, lines(*(rows[place] for place in order)), earned, figures=FIGURES)
    assert shuffled.statements == made.statements
    assert shuffled.indexes == made.indexes
    assert shuffled.paid.tolist() == made.paid[order].tolist()


@given(months_of_claims(), st.integers(0, 10**9))
def test_the_order_of_facilities_and_products_does_not_matter(
    rows: list[tuple[int, ...]], earned: int
) -> None:
    made = close(MARCH, lines(*rows), earned, figures=FIGURES)
    product_at, facility_at = 3, 2
    turned = [
        tuple(
            len(PRODUCTS) - 1 - value if at == product_at else 1 - value if at == facility_at else value
            for at, value in enumerate(row)
        )
        for row in rows
    ]
    allocated = {(code, one): earned for code in TERMS for one in range(JANUARY, MARCH + 1)}
    again = close_month(
        *(MARCH, PRODUCTS[::-1], ACCOUNTS, dict(reversed(TERMS.items())), FACILITIES[::-1], allocated),
        *(FIGURES, lines(*turned), no_entries()),
    )
    assert again.statements == made.statements
    assert again.paid.tolist() == made.paid.tolist()


@given(months_of_claims(), st.integers(0, 10**9))
def test_every_line_is_paid_once_and_everything_adds_up(rows: list[tuple[int, ...]], earned: int) -> None:
    """Close January, February and March one after the other."""
    total, settled = 0, set()
    pending = rows
    for at in (JANUARY, FEBRUARY, MARCH):
        # Claims of later months are not in the books yet.
        known = [row for row in pending if row[7] <= at]
        made = close(at, lines(*known), earned, figures=FIGURES)
        of_pools = sum(index.remunerated for index in made.indexes)
        new = [place for place, row in enumerate(known) if row[9] == NOT_YET and made.paid[place] != NOT_YET]
        pooled = [place for place in new if known[place][5] and made.part[place] == Part.RELATIVE_PRICES]
        plain = sum(
            known[place][6]
            for place in pooled
            if known[place][3] == 2 and known[place][4] == Care.NON_HOSPITAL
        )
        assert sum(int(made.paid[place]) for place in pooled) == of_pools + plain
        assert made.total == sum(statement.total for statement in made.statements)
        total += made.total - sum(payment.paid for payment in made.capitation)
        assert made.entries.amount.sum() == made.total
        still = []
        for place, row in enumerate(known):
            if made.settled[place]:
                assert (row[0], row[1]) not in settled
                settled.add((row[0], row[1]))
            else:
                still.append((*row[:9], int(made.paid[place]), max(int(made.part[place]), 0), row[11]))
        pending = still + [row for row in rows if row[7] > at]
    # The quarter closes in March, so that nothing waits any more.
    assert pending == []
    assert len(settled) == len(rows)
    assert total >= 0


@given(months_of_claims(), st.integers(0, 10**9))
def test_closing_and_reversing_leaves_nothing(rows: list[tuple[int, ...]], earned: int) -> None:
    made = close(MARCH, lines(*rows), earned, figures=FIGURES)
    both = joined(made.entries, negated(made.entries))
    left = statements_of(MARCH, PRODUCTS, ACCOUNTS, FACILITIES, both)
    assert all(row.amount == row.valuated == 0 for statement in left for row in statement.rows)
    assert len(left) == len(made.statements)
    # Closed again, it comes to the same.
    assert close(MARCH, lines(*rows), earned, figures=FIGURES).statements == made.statements


@given(months_of_claims(), st.integers(0, 10**9))
def test_rows_are_the_sums_of_their_entries(rows: list[tuple[int, ...]], earned: int) -> None:
    made = close(MARCH, lines(*rows), earned, figures=FIGURES)
    columns = [getattr(made.entries, column.name).tolist() for column in fields(Entries)]
    by_row = sorted(
        zip(*columns, strict=True),
        key=lambda one: (FACILITIES[one[0]].code, PRODUCTS[one[1]], one[2], one[3]),
    )
    wanted = []
    for key, group in groupby(by_row, key=lambda one: one[:4]):
        of_row = list(group)
        claims = {one[4] for one in of_row} - {0}
        amounts = (sum(one[6] for one in of_row), sum(one[7] for one in of_row))
        lines_of_row = sum(one[4] > 0 for one in of_row)
        wanted.append(
            (FACILITIES[key[0]].code, PRODUCTS[key[1]], key[2], key[3], len(claims), lines_of_row, *amounts)
        )
    assert wanted == [
        (one.facility, *(row.product, row.part, row.origin, row.claims, row.lines, row.valuated, row.amount))
        for one in made.statements
        for row in one.rows
    ]


def test_nothing_to_close_gives_no_statements() -> None:
    assert close(MARCH, lines(), 5).statements == ()


@pytest.mark.parametrize("part", list(Part))
def test_parts_have_labels(part: Part) -> None:
    assert all(label(part, language) for language in LANGUAGES)
