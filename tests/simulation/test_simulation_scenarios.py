"""Scenarios: what changes nothing is the base, assumptions do what they say, and mistakes have places."""

from __future__ import annotations

import datetime as dt
from decimal import getcontext
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.problems import Refused
from adjudicator.product.definition import Product
from adjudicator.product.read import read_product
from adjudicator.product.scalars import Unit
from adjudicator.remuneration.index import Pool, RelativeIndex
from adjudicator.simulation import assumed, resampling
from adjudicator.simulation import walk as walk_room
from adjudicator.simulation.asking import ask
from adjudicator.simulation.bands import CHANGE, band
from adjudicator.simulation.desk import Desk, Wish
from adjudicator.simulation.fund import pool_paid
from adjudicator.simulation.order import reversed_within_days
from adjudicator.simulation.results import FIGURES, Simulation
from adjudicator.simulation.revising import revise
from adjudicator.simulation.scenario import read_scenario, scenario_of
from adjudicator.simulation.simulating import simulate_scenarios
from adjudicator.simulation.solving import Question, read_question, solve_for
from adjudicator.tables import REJECTED_BY_RULE
from adjudicator.vocabulary import Level
from tests.adjudication.reading import Read, read
from tests.adjudication.worlds import RandomWorld
from tests.simulation.simulation_examples import columns_equal, desk_of, read_kind, total

worlds = st.randoms(use_true_random=False).map(read_kind)

SHIPPED = Path(__file__).parents[2] / "scenarios"
PRODUCTS = Path(__file__).parents[2] / "products"


def simulated(desk: Desk, *scenarios: dict[str, Any], wish: Wish | None = None) -> Simulation:
    """Simulate some scenarios."""
    sources = [scenario_of(one, f"s{number}") for number, one in enumerate(scenarios)]
    return simulate_scenarios(desk, sources, wish or Wish())[0]


def a_year(**changes: Any) -> RandomWorld:
    """Make the smallest world: a family of two, one product, consultations of 100.00 each."""
    tree = {"product": "P", "coverage": [{"services": "all"}]} | changes
    product = Product.model_validate(tree, context={"decimals": 2})
    day = dt.date(2024, 3, 1)
    people = ("A", "B")
    claims = [
        {
            "claim": f"C{number}",
            "facility": "HF",
            "insuree": people[number % 2],
            "date_from": day + dt.timedelta(days=number // 2),
            "date_to": None,
            "date_claimed": day + dt.timedelta(days=number // 2),
            "visit_type": "other",
            "diagnosis": "A00",
        }
        for number in range(8)
    ]
    lines = [
        {"claim": claim["claim"], "facility": "HF", "line": 1, "kind": "service", "code": "SC"}
        | {"quantity": "1", "price_asked": "100"}
        for claim in claims
    ]
    registers: dict[str, list[dict[str, Any]]] = {
        "provisions": [
            {"kind": "service", "code": "SC", "name": "SC", "category": "consultation", "price": "100"}
        ],
        "price_lists": [{"price_list": "L", "kind": "service", "code": "SC", "price": None}],
        "facilities": [
            {"code": "HF", "name": "HF", "level": "hospital", "care_type": "both", "service_price_list": "L"}
            | {"item_price_list": "L", "location": "D"}
        ],
        "diagnoses": [{"code": "A00", "name": "a"}],
        "locations": [
            {"code": "R", "name": "R", "level": "region", "parent": None},
            {"code": "D", "name": "D", "level": "district", "parent": "R"},
        ],
        "families": [{"family": "F", "location": "D"}],
        "insurees": [
            {"insuree": person, "family": "F", "sex": "female", "birth_date": dt.date(1990, 1, 1)}
            for person in people
        ],
        "policies": [
            {"policy": "Y", "family": "F", "product": "P", "effective": dt.date(2024, 1, 1)}
            | {"expiry": dt.date(2024, 12, 31), "stage": "renewal", "status": "active"}
        ],
        "covers": [
            {"policy": "Y", "insuree": person, "effective": dt.date(2024, 1, 1)}
            | {"expiry": dt.date(2024, 12, 31)}
            for person in people
        ],
    }
    return RandomWorld((product,), registers, claims, lines, 18, 2)


def plain(**changes: Any) -> Desk:
    """Put the smallest world on a desk."""
    r = read(a_year(**changes))
    # No review rule rejects any of these.
    columns = [name for name in r.lines.column_names if name != REJECTED_BY_RULE]
    return desk_of(r, lines=r.lines.select(columns))


# What changes nothing.


@settings(max_examples=8)
@given(worlds)
def test_a_scenario_that_changes_nothing_is_the_base(r: Read) -> None:
    desk = desk_of(r)
    nothing = {"assume": {"seed": 9, "utilisation": {"elasticity": "-0.2"}, "enrolment": {"growth": "0%"}}}
    simulation = simulated(desk, {}, nothing, wish=Wish(samples=25))
    for variant in simulation.variants:
        base = simulation.base
        assert variant.totals == base.totals
        assert variant.figures == base.figures
        assert variant.families.winners.num_rows == variant.families.losers.num_rows == 0
        for name in ("facilities", "indexes", "fund", "order_sensitive"):
            assert columns_equal(getattr(base, name), getattr(variant, name)), name
        for dimension in simulation.dimensions:
            assert columns_equal(base.breakdowns[dimension], variant.breakdowns[dimension]), dimension
    assert simulation.bootstrap is not None
    rows = simulation.bootstrap.bands.to_pylist()
    changes = [row for row in rows if row["figure"].endswith(CHANGE)]
    assert all(row["low"] == row["high"] == row["value"] == 0 for row in changes)


@settings(max_examples=8)
@given(worlds, st.sampled_from(("60%", "0%", "100%")))
def test_every_claim_is_paired_and_differences_add_up(r: Read, cover: str) -> None:
    desk = desk_of(r)
    code = r.world.products[0].product
    change = {"change": {code: {"coverage": [{"services": "all", "items": "all", "cover": cover}]}}}
    simulation, paired = simulate_scenarios(desk, [scenario_of(change, "s")], Wish(pairs=True))
    assert paired is not None
    rows = paired.claims
    keys = list(zip(rows["facility"].to_pylist(), rows["claim"].to_pylist(), strict=True))
    received = (desk.claims.received[name].to_pylist() for name in ("facility", "claim"))
    assert sorted(keys) == sorted(zip(*received, strict=True))
    variant = simulation.variants[0]
    assert total(rows, "s") == variant.totals["valuated"]
    assert total(rows, "base") == simulation.base.totals["valuated"]
    differences = np.asarray(rows["s"].to_numpy()) - np.asarray(rows["base"].to_numpy())
    assert int(differences.sum()) == variant.totals["gained"] - variant.totals["lost"]
    assert int((differences != 0).sum()) == variant.totals["claims_changed"]


# When and where.


def test_a_change_holds_from_its_day_and_keeps_what_was_before() -> None:
    desk = plain()
    half = {"coverage": [{"services": "all", "cover": "50%"}]}
    simulation = simulated(desk, {"from": "2024-03-03", "change": {"P": half}})
    # Eight claims, two a day from 1 March: the last four are paid half.
    assert simulation.base.totals["valuated"] == 80_000
    assert simulation.variants[0].totals["valuated"] == 40_000 + 20_000
    before, after = simulation.variants[0].products
    assert "to: 2024-03-02" in before.text
    assert "from: 2024-03-03" in after.text


def test_a_change_for_a_place_is_a_product_of_its_own(tmp_path: Path) -> None:
    desk = plain()
    half = {"P": {"coverage": [{"services": "all", "cover": "50%"}]}}
    simulation = simulated(desk, {"where": {"region": "R"}, "change": half})
    variant = simulation.variants[0]
    assert variant.totals["valuated"] == 40_000
    assert variant.breakdowns["product"]["key"].to_pylist() == ["P", ""]
    assert variant.fund is not None
    assert set(variant.fund["product"].to_pylist()) == {"P", "P-R"}
    file = tmp_path / "p.yaml"
    file.write_text(variant.products[0].text, "utf-8")
    adopted = read_product(file, 2)
    assert adopted.definition.product == "P-R"
    assert adopted.content_hash == variant.products[0].content_hash


def test_a_plain_amount_keeps_what_it_is_counted_over() -> None:
    desk = plain(
        ceiling={
            "hospital": {"per": "insuree", "amount": "500"},
            "non_hospital": {"per": "policy", "amount": "300"},
        }
    )
    asked = ask(desk, scenario_of({"change": {"P": {"ceiling": {"non_hospital": 200}}}}, "s"))
    ceiling = asked.revision.changed[0].definition.ceiling
    assert ceiling is not None
    assert ceiling.non_hospital is not None
    assert (ceiling.non_hospital.amount, ceiling.non_hospital.per) == (20_000, Level.POLICY)
    assert (
        simulated(desk, {"change": {"P": {"ceiling": {"non_hospital": 200}}}}).variants[0].totals["valuated"]
        == 20_000
    )


# Mistakes.


def test_mistakes_are_told_at_their_place(tmp_path: Path) -> None:
    desk = plain()
    file = tmp_path / "wrong.yaml"
    file.write_text(
        "scenario: wrong\n"
        "frm: 2024-01-01\n"
        "change:\n"
        "  P:\n"
        "    ceiling: {per: policy, amont: 5}\n"
        "assume:\n"
        "  trend: {prices: 5}\n",
        "utf-8",
    )
    with pytest.raises(Refused) as found:
        read_scenario(file)
    told = [problem.told() for problem in found.value.problems]
    assert told[0].startswith(f"{file}:2:1: ")
    assert "`from`" in told[0]
    assert told[1].startswith(f"{file}:7:19: ")
    file.write_text(
        "scenario: wrong\nchange:\n  P:\n    ceiling: {per: policy, amont: 5}\n  Q: {}\n", "utf-8"
    )
    with pytest.raises(Refused) as found:
        ask(desk, read_scenario(file))
    told = [problem.told() for problem in found.value.problems]
    assert any(one.startswith(f"{file}:4:28: ") and "`amount`" in one for one in told), told
    assert any(one.startswith(f"{file}:5:") and "has no product Q" in one for one in told), told


def test_a_patch_cannot_say_which_product_it_is(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("scenario: w\nchange:\n  P: {valid: {from: 2024-01-01}, product: X}\n", "utf-8")
    with pytest.raises(Refused) as found:
        ask(plain(), read_scenario(file))
    told = [problem.told() for problem in found.value.problems]
    assert told[0].startswith(f"{file}:3:")
    assert len(told) == 2


def test_scenarios_that_are_called_alike_are_refused() -> None:
    with pytest.raises(Refused, match="two variants are called base"):
        simulate_scenarios(plain(), [scenario_of({}, "base")])


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenarios_are_for_shipped_products(file: Path) -> None:
    products = [read_product(path, 2) for path in sorted(PRODUCTS.glob("*.yaml"))]
    scenario = read_scenario(file)
    assert scenario.definition.title is not None
    said = scenario.definition
    revision = revise(products, scenario.patches, 2, said.start, said.where)
    assert bool(revision.changed) == bool(said.change)


# Assumptions.


@given(st.integers(-9_999, 20_000), st.integers(0, 8), st.lists(st.integers(0, 10**9), min_size=1))
def test_prices_grow_exactly(growth: int, years: int, prices: list[int]) -> None:
    factor = assumed.factor_of(growth, years)
    assert factor == Fraction(10_000 + growth, 10_000) ** years
    scaled = assumed.scaled_prices(np.array(prices, np.int64), factor).tolist()
    assert all(abs(2 * (now - then * factor)) <= 1 for then, now in zip(prices, scaled, strict=True))


def test_prices_of_a_later_year_meet_the_same_ceiling() -> None:
    desk = plain(ceiling={"per": "policy", "amount": "600"})
    grown = {"assume": {"trend": {"prices": "10%", "years": "2"}}}
    simulation = simulated(desk, grown)
    assert simulation.base.totals["claimed"] == 80_000
    assert simulation.variants[0].totals["claimed"] == 96_800
    assert simulation.variants[0].totals["valuated"] == simulation.base.totals["valuated"] == 60_000


def test_what_cannot_be_counted_any_more_is_refused() -> None:
    with pytest.raises(Refused, match=r"cannot be counted|more than can be counted"):
        simulated(plain(), {"assume": {"trend": {"prices": "1000%", "years": "15"}}})
    with pytest.raises(Refused, match="more than can be counted"):
        simulated(plain(), {"assume": {"trend": {"prices": "1000%", "years": "50"}}})


def test_claims_that_double_are_each_adjudicated_twice() -> None:
    desk = plain(ceiling={"per": "policy", "amount": "1000"})
    doubled = simulated(desk, {"assume": {"trend": {"claims": "100%"}}}).variants[0]
    assert doubled.totals["claims"] == 16
    assert doubled.totals["claimed"] == 160_000
    # The copies use up the ceiling like any other claim.
    assert doubled.totals["valuated"] == 100_000


def test_patients_who_pay_more_come_less() -> None:
    desk = plain()
    half = {"change": {"P": {"coverage": [{"services": "all", "cover": "50%"}]}}}
    response = {"assume": {"utilisation": {"elasticity": "-0.33"}, "seed": "4"}}
    simulation = simulated(desk, half, half | response)
    without, responding = simulation.variants
    assert without.totals["claims"] == 8
    # From nothing to half: a = 1, so that (1 − 0.33) ÷ (1 + 0.33) of the claims are made on average.
    assert 0 < responding.totals["claims"] < 8
    assert responding.totals["claimed"] == 10_000 * responding.totals["claims"]
    assert responding.totals["valuated"] == 5_000 * responding.totals["claims"]


@given(st.floats(0, 2), st.floats(0, 2), st.integers(0, 2**31))
def test_whoever_comes_less_comes_among_those_who_came(less: float, more: float, seed: int) -> None:
    less, more = sorted((less, more))
    drawn = np.random.default_rng(seed).integers(0, 2**32, 50, np.uint64)
    few = assumed.made_claims(np.full(50, less), drawn)
    many = assumed.made_claims(np.full(50, more), drawn)
    assert bool((few <= many).all())


@settings(max_examples=8)
@given(worlds, st.integers(-10_000, 10_000), st.integers(0, 1000))
def test_enrolment_grows_exactly(r: Read, growth: int, seed: int) -> None:
    registers = r.scheme.registers
    weights = assumed.family_weights(growth, seed, registers)
    families = len(np.unique(registers.people.unit))
    assert int(weights[np.unique(registers.people.unit)].sum()) == round(
        Fraction(families * (10_000 + growth), 10_000) + Fraction(1, 10**9) * (1 if growth > 0 else -1)
    )


def test_what_families_owe_changes_what_they_pay() -> None:
    desk = plain(contribution={"lump_sum": "100"})
    dearer = {"change": {"P": {"contribution": {"lump_sum": 150}}}}
    more = {"assume": {"contributions": "50%"}}
    simulation = simulated(desk, dearer, more)
    base = simulation.base.figures["contributions"]
    assert base
    assert all(abs(2 * one.figures["contributions"] - 3 * base) <= 2 for one in simulation.variants)  # type: ignore[operator]
    assert simulation.variants[0].figures["balance"] == (
        simulation.variants[0].figures["contributions"] or 0
    ) - (simulation.base.figures["paid"] or 0)


# How sure.


@settings(max_examples=8)
@given(worlds)
def test_a_sample_that_draws_every_family_once_is_what_happened(r: Read) -> None:
    def once(seed: int, first: int, end: int, samples: int) -> Any:
        return np.ones((end - first, samples), np.int64)

    desk = desk_of(r)
    change = {"change": {r.world.products[0].product: {"coverage": [{"items": "all", "cover": "10%"}]}}}
    with patch.object(walk_room, "weights_of", once):
        simulation = simulated(desk, change, wish=Wish(samples=3, order=False))
    assert simulation.bootstrap is not None
    by_name = simulation.named
    for row in simulation.bootstrap.bands.to_pylist():
        assert row["low"] == row["high"] == row["value"], row
        if row["figure"] in FIGURES:
            assert row["value"] == by_name[row["variant"]].figures[row["figure"]]


def test_draws_are_those_of_a_poisson_and_do_not_depend_on_where_families_are_cut() -> None:
    whole = resampling.weights_of(5, 0, 4 * resampling.BLOCK, 50)
    parts = [
        resampling.weights_of(5, block * resampling.BLOCK, (block + 1) * resampling.BLOCK, 50)
        for block in range(4)
    ]
    assert np.array_equal(whole, np.concatenate(parts))
    assert abs(whole.mean() - 1) < 0.02
    assert abs(whole.var() - 1) < 0.03
    # The bits are PCG64's, which NumPy never changes, so neither do these.
    assert whole[0, :8].tolist() == [1, 0, 2, 3, 0, 1, 0, 1]


def test_samples_change_nothing_about_how_others_reckon() -> None:
    before = getcontext().prec
    resampling._thresholds.cache_clear()
    resampling.weights_of(5, 0, resampling.BLOCK, 1)
    assert getcontext().prec == before


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=60), st.sampled_from((5_000, 9_000, 9_900)))
def test_bands_hold_the_part_of_the_samples_that_they_say(values: list[int], confidence: int) -> None:
    found = band(list(values), confidence)
    assert found is not None
    low, high, mean, error = found
    inside = sum(low <= value <= high for value in values)
    assert inside * 10_000 >= len(values) * confidence
    assert min(values) <= low <= high <= max(values)
    assert abs(2 * (mean * len(values) - sum(values))) <= len(values)
    assert error >= 0


@given(
    st.integers(-1000, 10**12),
    st.integers(0, 10**12),
    st.integers(0, 10_000),
    st.one_of(st.none(), st.integers(1, 20_000)),
)
def test_pools_pay_in_samples_what_they_pay_at_a_closing(
    allocated: int, valuated: int, share: int, cap: int | None
) -> None:
    pool = Pool("P", None, range(3), share, cap)
    index = RelativeIndex(pool, allocated, 1, valuated)
    paid = pool_paid(pool, np.array([allocated]), np.array([valuated]))
    assert paid.tolist() == [index.remunerated if valuated else 0]


# Order.


def test_claims_whose_amount_depends_on_their_order_are_named() -> None:
    desk = plain(ceiling={"per": "policy", "amount": "150"})
    order = reversed_within_days(desk.claims.batch)
    assert order.tolist() == [1, 0, 3, 2, 5, 4, 7, 6]
    table = simulated(desk, {}).base.order_sensitive
    assert table is not None
    assert sorted(table["claim"].to_pylist()) == ["C0", "C1"]
    assert total(table, "difference") == 0
    assert simulated(plain(), {}).base.order_sensitive.num_rows == 0  # type: ignore[union-attr]


# Solving.


def test_a_budget_is_met_to_the_last_step() -> None:
    desk = plain()
    question = Question("cover.services", 0, 10_000, Unit.PERCENT, "valuated", 33_334)
    solution = solve_for(desk, question).solution
    assert solution is not None
    assert solution.monotone
    assert solution.reached
    assert (solution.below, solution.above) == ("41.66%", "41.67%")
    assert (solution.best, solution.achieved) == ("41.67%", 33_336)


def test_a_budget_that_cannot_be_met_says_so() -> None:
    question = Question("cover.services", 5_000, 9_000, Unit.PERCENT, "valuated", 90_000)
    solution = solve_for(plain(), question).solution
    assert solution is not None
    assert not solution.reached
    assert (solution.best, solution.achieved) == ("90%", 72_000)


def test_an_amount_is_solved_for_as_well() -> None:
    desk = plain(deductible={"per": "policy", "amount": "0"})
    question = read_question("deductible.amount", "0..1000", "valuated=400", 2)
    assert question == Question("deductible.amount", 0, 100_000, Unit.MONEY, "valuated", 40_000)
    solution = solve_for(desk, question).solution
    assert solution is not None
    assert solution.monotone
    assert solution.best == "400"


@pytest.mark.parametrize(
    ("path", "between", "target", "said"),
    [
        ("price.services", "1..2", "paid=5", "price.services is no term with a number"),
        ("cover.all", "90%..50%", "paid=5", "90%..50% are no two values of the term"),
        ("cover.all", "50%..90%", "profit=5", "profit=5 is no target"),
        ("cover.all", "50%..90%", "loss_ratio=a lot", "loss_ratio=a lot is no target"),
    ],
)
def test_questions_that_make_no_sense_are_refused(path: str, between: str, target: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        read_question(path, between, target, 2)
