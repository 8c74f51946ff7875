"""Capitation: six criteria, catchments, levels; worked by hand, and exact whatever the order."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.product.definition import Capitation
from adjudicator.remuneration.capitation import (
    Activity,
    Catchment,
    Criterion,
    Facility,
    Figures,
    Insured,
    Place,
    figures_of,
    is_paid_by,
    pay_by_capitation,
)
from adjudicator.units import PERCENT_ALL
from adjudicator.vocabulary import FacilityLevel
from adjudicator.words import LANGUAGES, label
from tests.remuneration.examples import product


def terms(share: str, **weights: str) -> Capitation:
    """Make terms of capitation for health centres and dispensaries of sublevel I."""
    text = ", ".join(f"{name}: {weight}" for name, weight in weights.items())
    found = product(
        f"""
remuneration:
  capitation:
    facilities: [{{level: health_centre}}, {{level: dispensary, sublevel: I}}]
    share: {share}
    weights: {{{text}}}
"""
    ).remuneration.capitation
    assert found
    return found


CENTRE, DISPENSARY = (
    Facility("C1", FacilityLevel.HEALTH_CENTRE),
    Facility("D1", FacilityLevel.DISPENSARY, "I"),
)

PLACES = [
    Place("R", None),
    Place("D", "R"),
    Place("V1", "D", population=1000, families=200),
    Place("V2", "D", population=600, families=150),
    Place("V3", "D", population=400, families=100),
]

INSURED = Insured(persons={"V1": 300, "V2": 100, "D": 7}, families={"V1": 60, "V2": 25, "D": 1})


def test_levels_and_sublevels_say_who_is_paid_so() -> None:
    paid = terms("20%", population="100%")
    assert is_paid_by(paid, FacilityLevel.HEALTH_CENTRE, None)
    assert is_paid_by(paid, FacilityLevel.HEALTH_CENTRE, "II")
    assert is_paid_by(paid, FacilityLevel.DISPENSARY, "I")
    assert not is_paid_by(paid, FacilityLevel.DISPENSARY, "II")
    assert not is_paid_by(paid, FacilityLevel.DISPENSARY, None)
    assert not is_paid_by(paid, FacilityLevel.HOSPITAL, None)
    assert not is_paid_by(None, FacilityLevel.HOSPITAL, None)


def test_figures_follow_the_catchment() -> None:
    # C1 has V1 whole and half of V2: 1000 + 300 persons, 200 + 75 families, 300 + 50 and 60 + 12.5 insured.
    # D1 has half of V2 and a quarter of V3: 300 + 100, 75 + 25, 50 + 0 and 12.5 + 0.
    catchments = [
        Catchment("C1", "V1", 10_000),
        *(Catchment(code, "V2", 5_000) for code in ("C1", "D1")),
        Catchment("D1", "V3", 2_500),
        Catchment("X9", "V3", 7_500),
    ]
    activity = {"C1": Activity(40, 123_456)}
    centre, dispensary = figures_of([DISPENSARY, CENTRE], catchments, PLACES, INSURED, activity)
    shown = [[one.shown(criterion, 2) for criterion in Criterion] for one in (centre, dispensary)]
    assert shown == [
        [1300, 275, 350, Decimal("72.5"), 40, Decimal("1234.56")],
        [400, 100, 50, Decimal("12.5"), 0, 0],
    ]


def test_a_larger_place_has_those_of_the_places_within_it() -> None:
    (figures,) = figures_of([CENTRE], [Catchment("C1", "R", 1_000)], PLACES, INSURED, {})
    # A tenth of 1000 + 600 + 400 persons, of 450 families, of 300 + 100 + 7 and 60 + 25 + 1 insured.
    assert [figures.shown(one, 0) for one in list(Criterion)[:4]] == [
        200,
        45,
        Decimal("40.7"),
        Decimal("8.6"),
    ]
    own = [*PLACES[2:], Place("D", None, population=5_000)]
    (figures,) = figures_of([CENTRE], [Catchment("C1", "D", 10_000)], own, INSURED, {})
    assert [figures.shown(one, 0) for one in list(Criterion)[:2]] == [5000, 450]
    (figures,) = figures_of([CENTRE], [Catchment("C1", "nowhere", 10_000)], own, INSURED, {})
    assert not any(figures.values.values())


def test_places_within_each_other_come_to_an_end() -> None:
    circle = [Place("A", "B", 5), Place("B", "A", 7)]
    (figures,) = figures_of([CENTRE], [Catchment("C1", "A", 10_000)], circle, Insured(), {})
    assert figures.shown(Criterion.POPULATION, 0) == 5


def some(facility: str, **values: int) -> Figures:
    """Make figures; what is left out is 0."""
    return Figures(facility, {one: values.get(one.word, 0) for one in Criterion})


def test_a_pot_worked_by_hand() -> None:
    # 10,000.00 earned, 20% of it is 2,000.00: by population 30% 600.00, insured population 40% 800.00, visits
    # 30% 600.00. Population 1300 : 700, so 390.00 and 210.00; insured 350 : 50, 700.00 and 100.00;
    # visits 2 : 1, 400.00 and 200.00.
    paid = pay_by_capitation(
        "P",
        terms("20%", population="30%", insured_population="40%", visits="30%"),
        1_000_000,
        [
            some("D1", population=700, insured_population=50, visits=1),
            some("C1", population=1300, insured_population=350, visits=2),
        ],
    )
    assert paid.pot == paid.paid == 200_000
    assert [(part.criterion.word, part.amount, part.total) for part in paid.parts] == [
        ("population", 60_000, 2000),
        ("insured_population", 80_000, 400),
        ("visits", 60_000, 3),
    ]
    assert [(one.facility, *one.amounts.values(), one.amount) for one in paid.facilities] == [
        ("C1", 39_000, 70_000, 40_000, 149_000),
        ("D1", 21_000, 10_000, 20_000, 51_000),
    ]


def test_a_criterion_without_a_figure_pays_nothing_and_is_reported() -> None:
    halves = terms("100%", families="50%", adjusted_amount="50%")
    paid = pay_by_capitation("P", halves, 1001, [some("C1", families=3), some("C2", families=3)])
    # 1001 × 50% twice is 500 each and one left, which the first criterion has: 501, of which C1 has 251.
    families, adjusted = paid.parts
    assert (families.amount, families.paid, families.unpaid) == (501, 501, False)
    assert (adjusted.amount, adjusted.paid, adjusted.unpaid) == (500, 0, True)
    assert [one.amount for one in paid.facilities] == [251, 250]
    nobody = pay_by_capitation("P", halves, 1001, [])
    assert (nobody.paid, [part.unpaid for part in nobody.parts]) == (0, [True, True])


def test_nothing_is_shared_out_of_nothing() -> None:
    paid = pay_by_capitation("P", terms("10%", visits="100%"), -500, [some("C1", visits=3)])
    assert (paid.pot, paid.paid, [part.unpaid for part in paid.parts]) == (0, 0, [False])


_WEIGHTS = ("population", "families", "insured_population", "insured_families", "visits", "adjusted_amount")


@given(
    st.integers(0, 10**11),
    st.integers(0, 100),
    st.lists(st.integers(0, 20), min_size=6, max_size=6),
    st.lists(st.lists(st.integers(0, 40) | st.integers(0, 10**9), min_size=6, max_size=6), max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_pot_is_shared_exactly_and_as_openimis_has_it_whatever_the_order(
    allocated: int, share: int, weights: list[int], numbers: list[list[int]], random: Random
) -> None:
    weights[0] += 120 - sum(weights)
    by_name = {name: f"{weight * 100 // 120}%" for name, weight in zip(_WEIGHTS, weights, strict=True)}
    by_name["population"] = f"{100 - sum(int(text[:-1]) for text in list(by_name.values())[1:])}%"
    capitation = terms(f"{share}%", **by_name)
    facilities = [
        Figures(f"C{number}", dict(zip(Criterion, each, strict=True))) for number, each in enumerate(numbers)
    ]
    paid = pay_by_capitation("P", capitation, allocated, facilities)
    assert pay_by_capitation("P", capitation, allocated, random.sample(facilities, len(facilities))) == paid
    assert sum(part.amount for part in paid.parts) == paid.pot
    assert sum(one.amount for one in paid.facilities) == paid.paid
    assert paid.paid + sum(part.amount for part in paid.parts if part.unpaid) == paid.pot
    # openIMIS: Σ figure × (allocated × share × weight) ÷ Σ figures, to a minor unit for each criterion and
    # one for the pot.
    for one in paid.facilities:
        exact = sum(
            Fraction(one.figures.values[part.criterion] * allocated * share * part.weight, part.total)
            for part in paid.parts
            if part.total
        ) / (100 * PERCENT_ALL)
        assert abs(one.amount - exact) <= 2 * len(paid.parts) + 1


@pytest.mark.parametrize("criterion", list(Criterion))
def test_criteria_are_those_of_the_format_and_have_labels(criterion: Criterion) -> None:
    assert criterion.word == _WEIGHTS[criterion]
    assert all(label(criterion, language) for language in LANGUAGES)
