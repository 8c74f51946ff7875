"""The summary of a run: what its lines add up to, and what is found where they do not."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator import claims as claims_room
from adjudicator.adjudication.adjudicate import adjudicate
from adjudicator.adjudication.results import Results, room_for
from adjudicator.adjudication.summary import Summary
from adjudicator.problems import DoesNotAddUp
from adjudicator.units import LARGEST_AMOUNT, QUANTITY_ONE, times_quantity
from adjudicator.vocabulary import ClaimStatus, Cut, PriceOrigin, Reason
from tests.adjudication.comparison import kernel_tables
from tests.adjudication.reading import read
from tests.adjudication.worlds import RandomWorld, random_world


@given(st.randoms(use_true_random=False).map(random_world))
def test_it_is_what_the_lines_add_up_to_one_by_one(world: RandomWorld) -> None:
    r = read(world)
    encoded = claims_room.encode(r.scheme.registers, r.claims, r.lines)
    summary = Summary()
    for group in adjudicate(r.scheme, encoded, lines_of_a_group=7):
        summary.add(encoded, group)
    claims = r.claims.to_pylist()
    asked = {}
    for line in r.lines.to_pylist():
        claim = claims[line["claim_index"]]
        asked[claim["facility"], claim["claim"], line["line"]] = times_quantity(
            line["price_asked"], line["quantity"]
        )
    tables = kernel_tables(r.scheme, r.claims, r.lines)
    status = {(row["facility"], row["claim"]): row["status"] for row in tables["claim_decisions"].to_pylist()}
    lines: Counter[Reason] = Counter()
    rejected: Counter[Reason] = Counter()
    cuts: Counter[Cut] = Counter()
    cut_by: Counter[Cut] = Counter()
    repriced = below = valuated = waiting = 0
    for row in tables["line_decisions"].to_pylist():
        reason = Reason(row["reason"] or 0)
        claim = row["facility"], row["claim"]
        lines[reason] += 1
        valuated += row["valuated"]
        waiting += row["valuated"] if status[claim] == ClaimStatus.PROCESSED else 0
        for cut in Cut:
            cuts[cut] += row[cut.word]
            cut_by[cut] += row[cut.word] != 0
        over = asked[*claim, row["line"]] - row["gross"]
        if reason is Reason.ACCEPTED:
            repriced += over
            below += min(0, over)
        else:
            rejected[reason] += over
    assert (summary.lines, summary.rejected) == (lines, rejected)
    assert (summary.cuts, summary.lines_cut_by) == (cuts, cut_by)
    assert (summary.repriced, summary.below_price) == (repriced, below)
    assert (summary.valuated, summary.waiting) == (valuated, waiting)
    assert summary.claimed == sum(asked.values())


def _one_claim(lines: int, amount: int, asked: int) -> tuple[Any, Any, Results]:
    """Make a claim of lines that are accepted, each for an amount, with what the summary looks at."""
    results = room_for(1, lines)
    for column in results:
        column[:] = 0
    results.status[:] = ClaimStatus.VALUATED
    results.price_origin[:] = PriceOrigin.PRICE_LIST
    results.quantity[:] = QUANTITY_ONE
    results.unit_price[:] = results.valuated[:] = amount
    batch = SimpleNamespace(
        first_line=np.array([0, lines]),
        price_asked=np.full(lines, asked),
        quantity=np.full(lines, QUANTITY_ONE),
    )
    facts = SimpleNamespace(claimed=np.array([0]))
    decided = SimpleNamespace(
        first_claim=0, end_claim=1, first_line=0, end_line=lines, facts=facts, results=results
    )
    return SimpleNamespace(batch=batch), decided, results


def test_sums_pass_what_64_bits_hold() -> None:
    lines = 100_000
    claims, decided, _ = _one_claim(lines, LARGEST_AMOUNT, LARGEST_AMOUNT - 7)
    summary = Summary()
    summary.add(claims, decided)
    assert summary.valuated == lines * LARGEST_AMOUNT > 2**63
    assert summary.repriced == summary.below_price == -7 * lines


@pytest.mark.parametrize(
    ("column", "by", "said"),
    [
        ("valuated", 1, "1 lines are not quantity × unit price"),
        ("unit_price", -1, "1 lines are not quantity × unit price"),
        ("line_reason", int(Reason.NOT_COVERED), "1 lines are not quantity × unit price"),
        ("price_origin", PriceOrigin.RELATIVE - PriceOrigin.PRICE_LIST, "does not wait for its period"),
    ],
)
def test_a_line_that_does_not_add_up_is_found(column: str, by: int, said: str) -> None:
    claims, decided, results = _one_claim(5, 1000, 1000)
    Summary().add(claims, decided)
    getattr(results, column)[3] += by
    with pytest.raises(DoesNotAddUp, match=said):
        Summary().add(claims, decided)


@pytest.mark.parametrize("cut", Cut)
def test_a_part_below_zero_is_found(cut: Cut) -> None:
    claims, decided, results = _one_claim(5, 1000, 1000)
    getattr(results, cut.word)[3] -= 1
    results.valuated[3] += 1
    with pytest.raises(DoesNotAddUp, match="below zero"):
        Summary().add(claims, decided)
