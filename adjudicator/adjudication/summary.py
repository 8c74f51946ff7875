"""What a run comes to: counts and amounts that a person reads at a glance, and that add up to the cent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adjudicator.adjudication.adjudicate import Decided
from adjudicator.claims import Claims
from adjudicator.problems import DoesNotAddUp
from adjudicator.units import QUANTITY_ONE
from adjudicator.vocabulary import ClaimStatus, Cut, PriceOrigin, Reason


@dataclass
class Summary:
    """The totals of a run; amounts in minor units.

    What was claimed is what was valuated, and all that was taken away on the way there:
    ``claimed = rejected + repriced + cuts + valuated``.
    """

    claims: Counter[ClaimStatus] = field(default_factory=Counter)
    lines: Counter[Reason] = field(default_factory=Counter)
    """By reason; accepted lines under ``ACCEPTED``."""
    rejected_claims: Counter[Reason] = field(default_factory=Counter)
    rejected: Counter[Reason] = field(default_factory=Counter)
    """What rejected lines asked."""
    claimed: int = 0
    repriced: int = 0
    """What accepted lines asked above their gross amount: prices and quantities that were not allowed."""
    below_price: int = 0
    """Within ``repriced``: what lines asked below the price that they are paid at (not positive)."""
    cuts: Counter[Cut] = field(default_factory=Counter)
    valuated: int = 0
    waiting: int = 0
    """Within ``valuated``: claims that wait for their period to be closed."""
    lines_cut_by: Counter[Cut] = field(default_factory=Counter)

    def add(self, claims: Claims, decided: Decided) -> None:
        """Add the decisions of a group.

        Raises:
            DoesNotAddUp: a line's parts are not its quantity × unit price, or a claim's lines not the claim.
        """
        facts, results, batch = decided.facts, decided.results, claims.batch
        here = slice(decided.first_line, decided.end_line)
        asked = _times(batch.price_asked[here], batch.quantity[here])
        accepted = results.line_reason == Reason.ACCEPTED
        cuts = {cut: getattr(results, cut.word) for cut in Cut}
        gross = sum(cuts.values(), start=results.valuated)
        expected = np.where(accepted, _times(results.unit_price, results.quantity), 0)
        if (gross != expected).any():
            raise DoesNotAddUp(f"{int((gross != expected).sum())} lines are not quantity × unit price")
        if any((amounts < 0).any() for amounts in (*cuts.values(), results.valuated)):
            raise DoesNotAddUp("a part of an amount is below zero")
        self.claims.update(_counted(results.status, ClaimStatus))
        self.lines.update(_counted(results.line_reason, Reason))
        rejected = results.status == ClaimStatus.REJECTED
        self.rejected_claims.update(_counted(results.reason[rejected], Reason))
        for reason in self.lines:
            if reason is not Reason.ACCEPTED:
                self.rejected[reason] += _sum(asked[results.line_reason == reason])
        self.claimed += _sum(facts.claimed)
        over = (asked - gross)[accepted]
        self.repriced += _sum(over)
        self.below_price += _sum(over[over < 0])
        for cut, amounts in cuts.items():
            self.cuts[cut] += _sum(amounts)
            self.lines_cut_by[cut] += int(np.count_nonzero(amounts))
        self.valuated += _sum(results.valuated)
        lines_of_claim = np.diff(batch.first_line[decided.first_claim : decided.end_claim + 1])
        waits = np.repeat(results.status == ClaimStatus.PROCESSED, lines_of_claim)
        self.waiting += _sum(results.valuated[waits])
        if (results.price_origin[accepted & ~waits] == PriceOrigin.RELATIVE).any():
            raise DoesNotAddUp("a claim with a relative price does not wait for its period")

    def check(self) -> None:
        """Make sure that the run adds up.

        Raises:
            DoesNotAddUp: it does not.
        """
        parts = self.rejected.total() + self.repriced + self.cuts.total() + self.valuated
        if self.claimed != parts:
            raise DoesNotAddUp(f"claimed {self.claimed}, but the parts make {parts}")

    def as_record(self) -> dict[str, Any]:
        """Give the summary as plain values with the project's words; amounts in minor units."""
        return {
            "claims": {status.word: self.claims[status] for status in sorted(self.claims)},
            "claims_rejected": _by_code(self.rejected_claims),
            "lines": {"accepted": self.lines[Reason.ACCEPTED], "rejected": _by_code(self.lines)},
            "claimed": self.claimed,
            "rejected": _by_code(self.rejected),
            "price_and_quantity": self.repriced,
            "cuts": {cut.word: self.cuts[cut] for cut in Cut},
            "valuated": self.valuated,
            "waiting_for_close": self.waiting,
            "remunerated": self.valuated - self.waiting,
        }


def _times(amounts: Any, quantities: Any) -> Any:
    """Multiply as the law rounds it; the amounts are not negative and were found countable."""
    return (amounts * quantities + QUANTITY_ONE // 2) // QUANTITY_ONE


def _sum(amounts: Any) -> int:
    """Add up in Python's integers where ``int64`` might not do."""
    if len(amounts) and int(np.abs(amounts).max()) * len(amounts) >= 2**63:
        return sum(int(amount) for amount in amounts)
    return int(amounts.sum())


def _counted(values: Any, words: Any) -> dict[Any, int]:
    found, counts = np.unique(values, return_counts=True)
    return {words(int(value)): int(count) for value, count in zip(found, counts, strict=True)}


def _by_code(counter: Counter[Reason]) -> dict[str, int]:
    return {str(int(reason)): counter[reason] for reason in sorted(counter) if reason is not Reason.ACCEPTED}
