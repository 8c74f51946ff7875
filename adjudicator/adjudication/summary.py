"""What a run comes to: counts and amounts that a person reads at a glance, and that add up to the cent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from adjudicator.adjudication.adjudicate import Decided
from adjudicator.adjudication.results import Results
from adjudicator.claims import Claims
from adjudicator.compiled import kernel, signed, step, unsigned
from adjudicator.problems import DoesNotAddUp
from adjudicator.registers import Int8s, Int64s
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
        results, batch = decided.results, claims.batch
        here = slice(decided.first_line, decided.end_line)
        lines = _Lines.none()
        _add_up(
            results.status,
            batch.first_line[decided.first_claim : decided.end_claim + 1],
            batch.price_asked[here],
            batch.quantity[here],
            results,
            tuple(getattr(results, cut.word) for cut in Cut),
            lines,
        )
        unequal, negative, unclosed = lines.faults.tolist()
        if unequal:
            raise DoesNotAddUp(f"{unequal} lines are not quantity × unit price")
        if negative:
            raise DoesNotAddUp("a part of an amount is below zero")
        if unclosed:
            raise DoesNotAddUp("a claim with a relative price does not wait for its period")
        self.claims.update(_counted(results.status, ClaimStatus))
        rejected = results.status == ClaimStatus.REJECTED
        self.rejected_claims.update(_counted(results.reason[rejected], Reason))
        self.claimed += _sum(decided.facts.claimed)
        for place in np.flatnonzero(lines.of_reason).tolist():
            reason = Reason(place + _LEAST)
            self.lines[reason] += int(lines.of_reason[place])
            if reason is not Reason.ACCEPTED:
                self.rejected[reason] += _whole(lines.asked[place])
        for cut in Cut:
            self.cuts[cut] += _whole(lines.amounts[cut])
            self.lines_cut_by[cut] += int(lines.cut[cut])
        self.valuated += _whole(lines.amounts[_VALUATED])
        self.waiting += _whole(lines.amounts[_WAITING])
        self.repriced += _whole(lines.amounts[_REPRICED])
        self.below_price += _whole(lines.amounts[_BELOW])

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


class _Lines(NamedTuple):
    """What the lines of a group add up to: amounts in two halves, since a sum may pass what 64 bits hold."""

    of_reason: Int64s
    """(256,): how many lines there are of each reason; a reason has its place above :data:`_LEAST`."""
    asked: Int64s
    """(256, 2): what they asked."""
    cut: Int64s
    """(cuts,): how many lines each cut took something from."""
    amounts: Int64s
    """(cuts + 4, 2): what each cut took, and the amounts named below."""
    faults: Int64s
    """(3,): lines that are not quantity × unit price, that have a part below zero, and that are paid a
    relative price on a claim that does not wait."""

    @classmethod
    def none(cls) -> _Lines:
        """Begin with no line."""
        shapes = (256, (256, 2), len(Cut), (len(Cut) + 4, 2), 3)
        return cls(*(np.zeros(shape, np.int64) for shape in shapes))


_VALUATED, _WAITING, _REPRICED, _BELOW = range(len(Cut), len(Cut) + 4)
_UNEQUAL, _NEGATIVE, _UNCLOSED = range(3)
_LEAST = -128
_ACCEPTED, _PROCESSED, _RELATIVE = int(Reason.ACCEPTED), int(ClaimStatus.PROCESSED), int(PriceOrigin.RELATIVE)


@kernel
def _add_up(
    status: Int8s,
    first_line: Int64s,
    price_asked: Int64s,
    quantity_asked: Int64s,
    results: Results,
    cuts: tuple[Int64s, ...],
    lines: _Lines,
) -> None:
    """Walk the lines of a group, claim by claim, and add them up. *Compiled.*"""
    for claim in range(len(status)):
        waits = status[claim] == _PROCESSED
        for line in range(first_line[claim] - first_line[0], first_line[claim + 1] - first_line[0]):
            reason = np.int64(results.line_reason[line])
            asked = _times(price_asked[line], quantity_asked[line])
            valuated = results.valuated[line]
            gross = valuated
            negative = valuated < 0
            for cut in range(len(cuts)):
                amount = cuts[cut][line]
                gross += amount
                negative |= amount < 0
                lines.cut[cut] += amount != 0
                _add(lines.amounts[cut], amount)
            lines.faults[_NEGATIVE] += negative
            lines.of_reason[reason - _LEAST] += 1
            _add(lines.asked[reason - _LEAST], asked)
            _add(lines.amounts[_VALUATED], valuated)
            if waits:
                _add(lines.amounts[_WAITING], valuated)
            expected = 0
            if reason == _ACCEPTED:
                expected = _times(results.unit_price[line], results.quantity[line])
                _add(lines.amounts[_REPRICED], asked - gross)
                _add(lines.amounts[_BELOW], min(0, asked - gross))
                lines.faults[_UNCLOSED] += not waits and results.price_origin[line] == _RELATIVE
            lines.faults[_UNEQUAL] += gross != expected


@step
def _times(amount: int, quantity: int) -> int:
    """Multiply as the law rounds it; the numbers are not negative and were found countable. *Compiled.*"""
    return signed(unsigned(amount * quantity + QUANTITY_ONE // 2) // unsigned(QUANTITY_ONE))


@step
def _add(halves: Int64s, amount: int) -> None:
    """Add an amount to a sum in two halves. *Compiled.*"""
    halves[0] += amount >> 32
    halves[1] += amount & 0xFFFF_FFFF


def _whole(halves: Int64s) -> int:
    high, low = halves.tolist()
    return (int(high) << 32) + int(low)


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
