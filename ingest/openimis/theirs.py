"""What openIMIS decided about claims and lines, with the amounts that it keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from adjudicator.units import times_quantity
from adjudicator.vocabulary import OPENIMIS_LETTERS, ClaimStatus, Cut, Kind, PriceOrigin
from ingest.openimis.cells import SourceRow, Unfit
from ingest.openimis.names import Names

Row = dict[str, Any]
Key = tuple[str, str]
"""A claim: its facility and its number."""

LINES: Final = {
    Kind.ITEM: ("tblClaimItems", "ClaimItemStatus"),
    Kind.SERVICE: ("tblClaimServices", "ClaimServiceStatus"),
}
"""Where lines are: the table, and the column of their status."""

REJECTED_LINE: Final = 2


@dataclass(frozen=True)
class TheirLine:
    """What openIMIS decided about a line. Amounts are minor units, the quantity hundredths."""

    line: int
    kind: Kind
    code: str
    accepted: bool
    reason: int
    policy: str | None
    product: str | None
    price_origin: PriceOrigin | None
    limitation: str | None
    limit: Decimal | None
    asked: int
    """Quantity provided × price asked."""
    quantity: int
    unit_price: int
    gross: int
    cuts: Mapping[Cut, int]
    valuated: int
    remunerated: int | None
    id: int


@dataclass(frozen=True)
class TheirClaim:
    """What openIMIS decided about a claim."""

    facility: str
    claim: str
    status: ClaimStatus
    reason: int
    category: str | None
    claimed: int
    lines: tuple[TheirLine, ...]
    id: int
    total: int | None = None
    """What the claim itself says that it is worth; None where it says nothing."""

    @property
    def key(self) -> Key:
        """Which claim it is."""
        return self.facility, self.claim

    @property
    def valuated(self) -> int:
        """What the lines are worth to openIMIS."""
        return sum(line.valuated for line in self.lines)


def minor(amount: Decimal | None, decimals: int) -> int:
    """Give an amount of openIMIS in minor units; its databases keep two decimals, whatever the currency."""
    return int((amount or Decimal(0)).scaleb(decimals).quantize(Decimal(1), ROUND_HALF_UP))


def their_line(line: Row, source: SourceRow, names: Names, decimals: int) -> TheirLine:
    """Read what openIMIS decided about a line.

    Args:
        line: the row of our tables.
        source: the row of openIMIS that it comes from.
        names: finds codes by numbers.
        decimals: of the currency.
    """

    def money(column: str) -> int:
        return minor(source.number(column), decimals)

    accepted = source.whole(LINES[line["kind"]][1]) != REJECTED_LINE
    reason = source.whole("RejectionReason") or 0
    provided = minor(source.number("QtyProvided"), 2)
    approved = source.number("QtyApproved")
    quantity = (provided if approved is None else minor(approved, 2)) if accepted else 0
    adjusted, officer = source.number("PriceAdjusted"), source.number("PriceApproved")
    unit = minor(
        officer if officer is not None else adjusted if adjusted is not None else line["price_asked"],
        decimals,
    )
    cuts = dict.fromkeys(Cut, 0)
    valuated = gross = 0
    if accepted:
        valuated = money("PriceValuated")
        cuts[Cut.DEDUCTIBLE] = money("DeductableAmount")
        cuts[Cut.CATEGORY_EXCESS] = money("ExceedCeilingAmountCategory")
        cuts[Cut.CEILING_EXCESS] = money("ExceedCeilingAmount")
        gross = times_quantity(unit, quantity)
        # openIMIS does not keep what its limitation left to the patient: it is the rest.
        by_limit = Cut.LIMIT_EXCESS if source.text("Limitation") == "F" else Cut.CO_INSURANCE
        cuts[by_limit] = gross - valuated - sum(cuts.values())
    origin = source.text("PriceOrigin")
    remunerated = source.number("RemuneratedAmount")
    return TheirLine(
        line["line"],
        line["kind"],
        line["code"],
        accepted,
        reason,
        _or_none(names.policy, source),
        _or_none(names.product, source),
        OPENIMIS_LETTERS[PriceOrigin].get(origin or ""),  # type: ignore[arg-type]  # its letters are its words
        source.text("Limitation"),
        source.number("LimitationValue"),
        times_quantity(minor(source.number("PriceAsked"), decimals), provided),
        quantity,
        unit,
        gross,
        cuts,
        valuated,
        None if remunerated is None else minor(remunerated, decimals),
        source.id,
    )


def _or_none(find: Callable[[SourceRow], str | None], source: SourceRow) -> str | None:
    try:
        return find(source)
    except Unfit:
        return None
