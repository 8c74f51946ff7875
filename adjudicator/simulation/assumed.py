"""What assumptions make of claims: prices of a later year, claims not made, and claims made twice."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.adjudication.facts import Facts
from adjudicator.adjudication.results import Results
from adjudicator.claims import Batch
from adjudicator.compiled import kernel
from adjudicator.registers import Int8s, Int32s, Int64s, Registers
from adjudicator.simulation.drawing import ONE, draws
from adjudicator.simulation.scenario import Assumptions, Trend
from adjudicator.units import PERCENT_ALL, divide_rounded, multiply
from adjudicator.vocabulary import Reason

_ACCEPTED = int(Reason.ACCEPTED)

ABSENT: Final = 127
"""The reason of a claim that is not made, among facts: the law does not look at it, and nobody is told."""


def factor_of(growth: int, years: int) -> Fraction:
    """Give what growth by a percentage a year (hundredths of a percent) comes to over years, exactly."""
    return Fraction(PERCENT_ALL + growth, PERCENT_ALL) ** years


def scaled_prices(prices: Int64s, factor: Fraction) -> Int64s:
    """Multiply prices by a factor, rounded once, half away from zero; those below zero stay as they are.

    Raises:
        OverflowError: a price would pass 64 bits.
    """
    different, place = np.unique(prices, return_inverse=True)
    scaled = [
        price if price < 0 else divide_rounded(price * factor.numerator, factor.denominator)
        for price in different.tolist()
    ]
    return np.array(scaled, np.int64)[place]


def with_prices(batch: Batch, trend: Trend) -> Batch:
    """Give claims with the prices of a later year."""
    factor = factor_of(trend.prices, trend.years)
    if factor == 1:
        return batch
    approved = batch.price_approved
    return batch._replace(
        price_asked=scaled_prices(batch.price_asked, factor),
        price_approved=scaled_prices(approved, factor) if len(approved) else approved,
    )


def with_list_prices(facts: Facts, trend: Trend) -> Facts:
    """Give facts with the list prices of a later year."""
    factor = factor_of(trend.prices, trend.years)
    return facts if factor == 1 else facts._replace(list_price=scaled_prices(facts.list_price, factor))


# Claims that are made twice.


def with_copies(batch: Batch) -> Batch:
    """Give each claim a copy that directly follows it; the lines of both stand with them."""
    lines = np.diff(batch.first_line)
    twice = np.repeat(np.arange(len(lines)), 2)
    return batch._replace(
        first_of_unit=batch.first_of_unit * np.int32(2),
        first_line=np.concatenate(([0], np.cumsum(lines[twice]))).astype(np.int64),
        **claims_taken(batch, twice),
        **lines_taken(batch, line_rows(batch.first_line, twice)),
    )


def line_rows(first_line: Int64s, claims: npt.NDArray[np.integer]) -> Int64s:
    """Give the rows of the lines of some claims, claim by claim in their order."""
    counts = np.diff(first_line)[claims]
    starts = np.repeat(first_line[:-1][claims] - np.concatenate(([0], np.cumsum(counts)))[:-1], counts)
    rows: Int64s = (starts + np.arange(int(counts.sum()))).astype(np.int64)
    return rows


def claims_taken(batch: Batch, row: npt.NDArray[np.integer]) -> dict[str, Any]:
    """Give the columns of some claims."""
    names = (
        "insuree",
        "facility",
        "date_from",
        "date_to",
        "date_claimed",
        "visit_type",
        "diagnoses",
        "reviewed",
    )
    return {name: np.ascontiguousarray(getattr(batch, name)[row]) for name in names}


def lines_taken(batch: Batch, row: Int64s) -> dict[str, Any]:
    """Give the columns of some lines."""
    names = (
        "provision",
        "quantity",
        "price_asked",
        "quantity_approved",
        "price_approved",
        "rejected_by_reviewer",
        "rejected_by_rule",
    )
    columns = {name: getattr(batch, name) for name in names}
    return {name: column[row] if len(column) else column for name, column in columns.items()}


def originals(count: int) -> Int8s:
    """Tell the originals from the copies among so many claims with copies."""
    present: Int8s = (np.arange(count) % 2 == 0).astype(np.int8)
    return present


# How often claims are made.


@kernel
def bear(
    first_claim: int, end_claim: int, batch: Batch, results: Results, patient: Int64s, claimed: Int64s
) -> None:
    """Add up what patients bear of claims, and what is claimed. *Compiled.*

    Args:
        first_claim: the first of the claims.
        end_claim: where they end.
        batch: the claims.
        results: of these claims.
        patient: what the patient bears of each, filled in.
        claimed: filled in.
    """
    zero_line = batch.first_line[first_claim]
    for claim in range(first_claim, end_claim):
        borne = np.int64(0)
        total = np.int64(0)
        for line in range(batch.first_line[claim], batch.first_line[claim + 1]):
            at = line - zero_line
            asked = multiply(batch.price_asked[line], batch.quantity[line])
            total += asked
            if results.line_reason[at] == _ACCEPTED:
                borne += results.limit_excess[at] + results.deductible[at] + results.co_insurance[at]
                borne += results.category_excess[at] + results.ceiling_excess[at]
            else:
                borne += asked
        patient[claim - first_claim] = borne
        claimed[claim - first_claim] = total


def times_made(
    assume: Assumptions,
    before: tuple[Int64s, Int64s] | None,
    after: tuple[Int64s, Int64s] | None,
    count: int,
) -> npt.NDArray[np.float64]:
    """Give how often each claim is made, on average: (count,), at most 2.

    Args:
        assume: what is assumed.
        before: what patients bear of each claim in the base, and what is claimed; None without a response.
        after: the same in the variant, if every claim were made.
        count: of claims.
    """
    growth = float(factor_of(assume.trend.claims, assume.trend.years))
    made = np.full(count, growth)
    if assume.utilisation is not None and before is not None and after is not None:
        old, new = (borne / np.maximum(claimed, 1) for borne, claimed in (before, after))
        change = np.divide(new - old, new + old, out=np.zeros(count), where=(new + old) > 0)
        effect = change * (assume.utilisation.elasticity / 100)
        made *= (1 + effect) / (1 - effect)
    limited: npt.NDArray[np.float64] = np.clip(made, 0.0, 2.0)
    return limited


def made_claims(times: npt.NDArray[np.float64], drawn: npt.NDArray[np.uint64]) -> Int8s:
    """Choose which claims are made, and which are made twice.

    Args:
        times: (C,), how often each is made on average.
        drawn: (C,), draws.

    Returns:
        (2C,), 1 for each claim and each copy that is made.
    """
    chance = drawn.astype(np.float64) / ONE
    present = np.empty(2 * len(times), np.int8)
    present[0::2] = chance < times
    present[1::2] = chance < times - 1
    return present


# Families that are more, or fewer.


def family_weights(growth: int, seed: int, registers: Registers) -> Int32s:
    """Give for how many families each stands, so that their number grows by a percentage exactly.

    Args:
        growth: hundredths of a percent, from −100% to 100%.
        seed: of the draw.
        registers: the registers.

    Returns:
        (units + 1,). Claims of unknown insurees stand for themselves.
    """
    weights = np.ones(registers.units + 1, np.int32)
    families = np.unique(registers.people.unit)
    more = divide_rounded(len(families) * growth, PERCENT_ALL)
    drawn = draws(seed, first_insurees(registers))
    chosen = families[np.lexsort((families, drawn))[: abs(more)]]
    weights[chosen] += 1 if more > 0 else -1
    return weights


def first_insurees(registers: Registers) -> pa.Array:
    """Give the first insuree of each unit that has one, which names it whatever the order of the rows."""
    _, first = np.unique(registers.people.unit, return_index=True)
    return registers.insuree_keys.values.take(pa.array(first))


def contribution_growth(assume: Assumptions, code: str, reported: str) -> int:
    """Give by how much contributions for a product change, in hundredths of a percent."""
    growth = assume.contributions
    return growth.get(code, growth.get(reported, growth.get("", 0)))
