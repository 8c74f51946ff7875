"""Where what a line asked for went: parts that add up, in the order of the law (section 5).

*Submitted* less every adjustment is *benefit*, or what waits for its period to be closed. The patient or the
facility bears an adjustment; its group code says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from adjudicator.fhir.decided import DecidedLine
from adjudicator.fhir.grounds import Code, Ground, code_of
from adjudicator.problems import DoesNotAddUp
from adjudicator.units import times_quantity
from adjudicator.vocabulary import CARC_OF_CUT, Cut, PriceOrigin, Reason


class Part(StrEnum):
    """A part of a line's account; the value is its code in our own system."""

    SUBMITTED = "submitted"
    """What was asked for: quantity × price asked."""
    REJECTED = "rejected"
    """All of a line that failed a check (law, section 4)."""
    QUANTITY_CUT = "quantity-cut"
    """What the quantity that is not paid would have come to, at the price asked."""
    PRICE_CUT = "price-cut"
    """What the price asked is above the price that is paid; below zero where it is under it."""
    ELIGIBLE = "eligible"
    """Quantity × unit price as decided, which the product's terms are applied to."""
    LIMIT_EXCESS = "limit-excess"
    DEDUCTIBLE = "deductible"
    CO_INSURANCE = "co-insurance"
    CATEGORY_EXCESS = "category-excess"
    CEILING_EXCESS = "ceiling-excess"
    INDEX = "relative-index"
    """What the relative index takes (law, section 6); below zero where it gives."""
    CAPITATION = "capitation"
    """What the facility is paid by head, and so not by the line."""
    WAITING = "waiting-for-index"
    """The nominal value of a line whose period is not closed yet."""
    BENEFIT = "benefit"
    """What the line is paid."""


PART_OF_CUT: Final = {cut: Part[cut.name] for cut in Cut}

ADJUSTMENTS: Final = (
    Part.REJECTED,
    Part.QUANTITY_CUT,
    Part.PRICE_CUT,
    *PART_OF_CUT.values(),
    Part.INDEX,
    Part.CAPITATION,
)
"""What is taken off, in the order of the law."""

_CODES: Final[dict[Part, Code]] = {
    Part.PRICE_CUT: Code("CO", "45"),
    **{part: Code(*CARC_OF_CUT[cut]) for cut, part in PART_OF_CUT.items()},
    Part.INDEX: Code("CO", "45"),
    Part.CAPITATION: Code("CO", "24"),
}


def account_of(line: DecidedLine) -> dict[Part, int]:
    """Tell where what a line asked for went, in minor units.

    Adjustments that took nothing are left out. A line that was not decided has *submitted* alone.

    Raises:
        DoesNotAddUp: it is paid another amount than it was valuated, for no reason.
    """
    if line.status is None:
        return {Part.SUBMITTED: line.asked}
    if not line.accepted:
        return {Part.SUBMITTED: line.asked, Part.REJECTED: line.asked, Part.ELIGIBLE: 0, Part.BENEFIT: 0}
    account = {Part.SUBMITTED: line.asked}
    gross = line.gross
    at_price_asked = times_quantity(line.price_asked, line.quantity)
    if line.asked != at_price_asked:
        account[Part.QUANTITY_CUT] = line.asked - at_price_asked
    if at_price_asked != gross:
        account[Part.PRICE_CUT] = at_price_asked - gross
    account[Part.ELIGIBLE] = gross
    for cut, part in PART_OF_CUT.items():
        if amount := line.cuts.get(cut):
            account[part] = amount
    if line.remunerated is None:
        account[Part.WAITING] = line.valuated
        return account
    if line.remunerated != line.valuated:
        account[_last_step(line)] = line.valuated - line.remunerated
    account[Part.BENEFIT] = line.remunerated
    return account


def _last_step(line: DecidedLine) -> Part:
    if line.by_head:
        return Part.CAPITATION
    if line.price_origin is PriceOrigin.RELATIVE:
        return Part.INDEX
    raise DoesNotAddUp(f"line {line.line} is valuated {line.valuated} and paid {line.remunerated}")


def totals_of(accounts: Iterable[Mapping[Part, int]]) -> dict[Part, int]:
    """Add up accounts part by part, in the order of the parts."""
    sums: dict[Part, int] = {}
    for account in accounts:
        for part, amount in account.items():
            sums[part] = sums.get(part, 0) + amount
    return {part: sums[part] for part in Part if part in sums}


def left_over(account: Mapping[Part, int]) -> int:
    """Give what no part of an account tells of: nothing, where it adds up and was decided."""
    taken = sum(account.get(part, 0) for part in ADJUSTMENTS)
    return account[Part.SUBMITTED] - taken - account.get(Part.WAITING, 0) - account.get(Part.BENEFIT, 0)


def reason_of(part: Part, line: DecidedLine) -> Reason | None:
    """Give the reason of the law for an adjustment of a line, where it has one of those numbers."""
    if part is Part.REJECTED:
        return line.reason
    if part is Part.QUANTITY_CUT:
        return Reason.MEDICAL_OFFICER if line.quantity_reviewed else Reason.QUANTITY
    if part is Part.PRICE_CUT and line.price_reviewed:
        return Reason.MEDICAL_OFFICER
    return None


def x12_of(part: Part, reason: Reason | None, ground: Ground | None = None) -> Code | None:
    """Give X12's codes for an adjustment."""
    return code_of(reason, ground) if reason is not None else _CODES.get(part)
