"""Contributions of a variant: for which product they are, what they come to, and when they are earned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa

from adjudicator.compiled import compiled
from adjudicator.encoding import days, integers
from adjudicator.registers import Int32s, Int64s, Registers, empty
from adjudicator.remuneration.allocation import Contributions, contributions, earned_by_month
from adjudicator.simulation.assumed import contribution_growth, scaled_prices
from adjudicator.simulation.owing import owed_instead
from adjudicator.simulation.variant import Variant
from adjudicator.tables import REGISTERS
from adjudicator.units import OPEN_START, PERCENT_ALL


@dataclass(frozen=True)
class Income:
    """Contributions of N payments, sorted by unit."""

    rows: Contributions
    product: Int64s
    """(N,): places among the variant's products, -1 for none of them."""
    unit: Int64s
    """(N,)."""
    _earned: dict[tuple[int, int, int], Int64s] = field(default_factory=dict, repr=False)

    def earned(self, products: int, first_month: int, months: int) -> Int64s:
        """Give what products earn in consecutive months: (products, months), minor units.

        A sweep asks it of the same contributions for every variant, so that it is kept.
        """
        key = (products, first_month, months)
        if key not in self._earned:
            self._earned[key] = earned_by_month(self.rows, self.product, products, first_month, months)
        return self._earned[key]

    def sampled(
        self, first_unit: int, end_unit: int, weights: Int64s, first_month: int, into: Int64s
    ) -> None:
        """Add what some units earn in samples.

        Args:
            first_unit: the first of the units.
            end_unit: where they end.
            weights: (units, samples), how often each is drawn.
            first_month: the first month.
            into: (products, months, samples), added to.
        """
        start, end = np.searchsorted(self.unit, (first_unit, end_unit)).tolist()
        rows = slice(start, end)
        these = Contributions(self.rows.amount[rows], self.rows.start[rows], self.rows.expiry[rows])
        by_month = earned_by_month(these, np.arange(end - start), end - start, first_month, into.shape[1])
        _spread(by_month, self.product[rows], self.unit[rows] - first_unit, weights, into)


@compiled
def _spread(by_month: Int64s, product: Int64s, unit: Int64s, weights: Int64s, into: Int64s) -> None:
    """Add what rows earn to the samples that draw their units. *Compiled.*"""
    for row in range(len(product)):
        if product[row] < 0:
            continue
        for month in range(by_month.shape[1]):
            amount = by_month[row, month]
            if amount != 0:
                for sample in range(weights.shape[1]):
                    into[product[row], month, sample] += amount * weights[unit[row], sample]


class Incomes:
    """The contributions of variants; those that are alike are laid out once."""

    def __init__(self, registers: Registers, tables: Mapping[str, pa.Table], base: Variant) -> None:
        self._registers, self._tables, self._base = registers, tables, base
        table = tables.get("contributions", empty(REGISTERS["contributions"]))
        code = registers.policy_keys.encode(table["policy"])
        known = np.flatnonzero(code >= 0)
        policy = registers.policy_place[code[known]] if len(known) else np.zeros(0, np.int32)
        order = np.argsort(policy, kind="stable")
        self._policy: Int32s = policy[order]
        rows = known[order]
        self._paid = days(table["paid"])[rows].astype(np.int64)
        self._amount: Int64s = integers(table["amount"], np.int64)[rows]
        first = registers.policies.first_of_unit
        self._unit: Int64s = np.searchsorted(first, self._policy, side="right").astype(np.int64) - 1
        self._kept: dict[Any, Income] = {}

    def of(self, variant: Variant, weight: Int32s) -> Income:
        """Give the contributions of a variant.

        Args:
            variant: the variant.
            weight: (units + 1,), for how many families each stands; (0,) where each stands for itself.
        """
        assume = variant.asked.assume
        owing = _owing(variant)
        same_terms = owing == _owing(self._base)
        key = (
            variant.codes,
            tuple(variant.asked.revision.switches),
            None if same_terms else owing,
            tuple(sorted(assume.contributions.items())),
            variant.asked.start if assume.contributions else None,
            (assume.enrolment.growth, assume.seed) if assume.enrolment else None,
        )
        if key not in self._kept:
            self._kept[key] = self._laid_out(variant, weight, same_terms)
        return self._kept[key]

    def _laid_out(self, variant: Variant, weight: Int32s, same_terms: bool) -> Income:
        policies = variant.scheme.registers.policies
        policy = self._policy
        product = policies.product[policy].astype(np.int64)
        amount = self._amount
        if not same_terms:
            amount = owed_instead(self._base, variant, self._registers, self._tables, policy, amount)
        amount = self._grown(variant, product, amount)
        if len(weight):
            amount = amount * weight[self._unit]
        rows = contributions(amount, self._paid, policies.effective[policy], policies.expiry[policy])
        return Income(rows, product, self._unit)

    def _grown(self, variant: Variant, product: Int64s, amount: Int64s) -> Int64s:
        """Let what families pay grow, for policies that take effect when the scenario has begun."""
        start = variant.asked.start if variant.asked.start is not None else OPEN_START
        begun = self._registers.policies.effective[self._policy] >= start
        base_codes = self._base.codes
        for place, code in enumerate(variant.codes):
            growth = contribution_growth(variant.asked.assume, code, base_codes[int(variant.reported[place])])
            mine = begun & (product == place)
            if growth and mine.any():
                amount = amount.copy()
                factor = Fraction(PERCENT_ALL + growth, PERCENT_ALL)
                sizes = np.abs(amount[mine])
                amount[mine] = np.sign(amount[mine]) * scaled_prices(sizes, factor)
        return amount


def _owing(variant: Variant) -> tuple[str, ...]:
    """Say what decides what families owe, to tell whether two variants agree in it."""
    return tuple(
        f"{version.product}|{version.valid!r}|{version.enrolment!r}|{version.contribution!r}"
        for version in variant.versions
    )
