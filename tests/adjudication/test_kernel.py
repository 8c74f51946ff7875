"""The kernel equals the reference, and nothing but the claims decides: no thread, cut, order or partition."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator import claims as claims_room
from adjudicator.adjudication.adjudicate import AmountTooLarge, adjudicate, compile_scheme
from adjudicator.adjudication.summary import Summary
from adjudicator.tables import ACCEPTED_BEFORE
from adjudicator.vocabulary import ClaimStatus, Reason, ReviewStatus
from tests.adjudication.comparison import kernel_rows, kernel_tables, opening_of, reference_rows
from tests.adjudication.reading import in_order, only, read
from tests.adjudication.worlds import RandomWorld, random_world

worlds = st.randoms(use_true_random=False).map(random_world)
seeds = st.integers(0, 2**32)


def shuffled(random: Random, claims: pa.Table, lines: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Put the rows of claims and lines in another order."""
    order = random.sample(range(len(claims)), len(claims))
    place = np.empty(len(claims), np.int32)
    place[order] = np.arange(len(claims))
    rows = random.sample(range(len(lines)), len(lines))
    index = place[lines["claim_index"].to_numpy()]
    lines = lines.set_column(lines.schema.get_field_index("claim_index"), "claim_index", pa.array(index))
    return claims.take(pa.array(order, pa.int64())), lines.take(pa.array(rows, pa.int64()))


@given(worlds, st.sampled_from((1, 5, 1000)))
def test_the_kernel_equals_the_reference(world: RandomWorld, lines_of_a_group: int) -> None:
    r = read(world)
    by_kernel = kernel_rows(kernel_tables(r.scheme, r.claims, r.lines, lines_of_a_group=lines_of_a_group))
    by_reference = reference_rows(world.products, r.registers, world.adult_age, r.claims, r.lines)
    assert by_kernel == by_reference


@pytest.mark.parametrize("first_seed", range(0, 400, 100))
def test_the_kernel_equals_the_reference_on_many_seeds(first_seed: int) -> None:
    """Thousands of claims a run; ``tests/adjudication/soak.py`` tries millions."""
    for seed in range(first_seed, first_seed + 100):
        test_the_kernel_equals_the_reference.hypothesis.inner_test(random_world(Random(seed)), 50)  # type: ignore[attr-defined]


CLAIM_REASONS = {Reason.TARGET_DATE, Reason.INSUREE, Reason.DIAGNOSIS, Reason.NO_COVERAGE}


@given(worlds, seeds)
def test_a_review_of_what_was_accepted_before_stands(world: RandomWorld, seed: int) -> None:
    """A line that the reviewer rejects carries -1 before all checks of lines (law, section 7)."""
    r = read(world)
    random = Random(seed)
    before = [bool(random.randrange(2)) for _ in range(len(r.claims))]
    claims = r.claims.append_column(ACCEPTED_BEFORE, pa.array(before, pa.bool_()))
    by_kernel = kernel_rows(kernel_tables(r.scheme, claims, r.lines))
    assert by_kernel == reference_rows(world.products, r.registers, world.adult_age, claims, r.lines)
    names = list(zip(claims["facility"].to_pylist(), claims["claim"].to_pylist(), strict=True))
    for line in r.lines.to_pylist():
        index = line["claim_index"]
        decided = by_kernel[0][names[index]]
        if (
            before[index]
            and line["review"] == ReviewStatus.REJECTED
            and decided["reason"] not in CLAIM_REASONS
        ):
            reasons = {one["line"]: one["reason"] for one in decided["lines"]}
            assert reasons[line["line"]] == Reason.MEDICAL_OFFICER


@given(worlds, seeds)
def test_order_threads_and_groups_leave_no_trace(world: RandomWorld, seed: int) -> None:
    r = read(world)
    expected = kernel_tables(r.scheme, r.claims, r.lines)
    random = Random(seed)
    claims, lines = shuffled(random, r.claims, r.lines)
    registers = {
        name: table.take(pa.array(random.sample(range(len(table)), len(table)), pa.int64()))
        for name, table in r.registers.items()
    }
    scheme = compile_scheme(registers, random.sample(world.products, len(world.products)), world.adult_age)
    again = kernel_tables(scheme, claims, lines, threads=2, lines_of_a_group=random.choice((1, 3, 40)))
    assert {name: table.to_pylist() for name, table in again.items()} == {
        name: table.to_pylist() for name, table in expected.items()
    }


@given(worlds, seeds)
def test_months_carry_over(world: RandomWorld, seed: int) -> None:
    """Cut into months at any place of its order, a batch gives what it gives at once."""
    r = read(world)
    whole = kernel_rows(kernel_tables(r.scheme, r.claims, r.lines))
    order = claims_room.encode(r.scheme.registers, r.claims, r.lines).claim_row
    rows = in_order(r.claims)
    assert len(order) == len(rows)
    cut = Random(seed).randint(0, len(rows))
    first = kernel_tables(r.scheme, *only(rows[:cut], r.claims, r.lines))
    second = kernel_tables(
        r.scheme, *only(rows[cut:], r.claims, r.lines), opening=opening_of(r.scheme, first)
    )
    together: dict[tuple[str, str], dict[str, Any]] = kernel_rows(first)[0] | kernel_rows(second)[0]
    assert together == whole[0]
    assert kernel_rows(second)[1] == whole[1]


@given(worlds, seeds)
def test_any_groups_of_families_together_are_the_whole(world: RandomWorld, seed: int) -> None:
    r = read(world)
    whole = kernel_rows(kernel_tables(r.scheme, r.claims, r.lines))
    registers = r.scheme.registers
    code = registers.insuree_keys.encode(r.claims["insuree"])
    unit = np.where(code < 0, -1, registers.people.unit[code])
    group_of_unit = {int(u): Random(seed + int(u)).randrange(3) for u in np.unique(unit)}
    claims: dict[tuple[str, str], dict[str, Any]] = {}
    balances = []
    for group in range(3):
        rows = [row for row, u in enumerate(unit) if group_of_unit[int(u)] == group]
        decided, left = kernel_rows(kernel_tables(r.scheme, *only(rows, r.claims, r.lines)))
        claims |= decided
        balances += left
    assert claims == whole[0]
    assert sorted(balances, key=lambda row: (row["policy"], row["insuree"])) == whole[1]


@given(worlds)
def test_money_is_neither_made_nor_lost(world: RandomWorld) -> None:
    r = read(world)
    encoded = claims_room.encode(r.scheme.registers, r.claims, r.lines)
    summary = Summary()
    for group in adjudicate(r.scheme, encoded, lines_of_a_group=7):
        summary.add(encoded, group)
    summary.check()
    assert summary.claims.total() == len(r.claims)
    tables = kernel_tables(r.scheme, r.claims, r.lines)
    lines = tables["line_decisions"].to_pylist()
    for line in lines:
        parts = (
            "limit_excess",
            "deductible",
            "co_insurance",
            "category_excess",
            "ceiling_excess",
            "valuated",
        )
        assert line["gross"] == sum(line[part] for part in parts)
        assert min(line[part] for part in parts) >= 0
    assert summary.valuated == sum(line["valuated"] for line in lines)
    by_status = tables["claim_decisions"].to_pylist()
    assert all(row["valuated"] == 0 for row in by_status if row["status"] == ClaimStatus.REJECTED)


@given(worlds, st.sampled_from(("quantity", "price_asked")), st.integers(10**12, 9 * 10**14))
def test_an_amount_that_cannot_be_counted_names_its_claim(world: RandomWorld, column: str, size: int) -> None:
    r = read(world)
    if len(r.lines) == 0:
        return
    other = "price_asked" if column == "quantity" else "quantity"
    lines = r.lines
    for name, value in ((column, size), (other, 10**6)):
        values = lines[name].to_numpy().copy()
        values[0] = value
        lines = lines.set_column(lines.schema.get_field_index(name), name, pa.array(values))
    encoded = claims_room.encode(r.scheme.registers, r.claims, lines)
    with pytest.raises(AmountTooLarge) as found:
        list(adjudicate(r.scheme, encoded))
    assert encoded.claim_row[found.value.claims].tolist() == [lines["claim_index"][0].as_py()]
