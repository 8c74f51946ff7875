"""Contributions in closed months: what was collected, what was allocated, and what it was spent on.

What a month *allocated* to a product is what its closing counted: earned in it by days, and what came to be
known late of earlier months. By place the two stand apart, and add up to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adjudicator.reporting.report import Column, Part, Unit, part_of_rows

_KEY: Final = (Column("closed_month"), Column("product"))

PRODUCT_COLUMNS: Final = (
    *_KEY,
    Column("product_account", spare=True),
    Column("collected", Unit.MONEY),
    Column("allocated", Unit.MONEY),
    Column("for_relative_prices", Unit.MONEY, spare=True),
    Column("for_capitation", Unit.MONEY, spare=True),
    Column("remunerated", Unit.MONEY),
    Column("left_over", Unit.MONEY),
)
"""``collected``: by the day of payment; ``for_…``: the shares that the product sets apart, where its pool
closes in the month; ``left_over``: allocated less what facilities are owed, corrections included."""

PLACE_COLUMNS: Final = (
    *_KEY,
    Column("place"),
    Column("place_name", spare=True),
    Column("remark", Unit.KEY),
    Column("collected", Unit.MONEY),
    Column("allocated", Unit.MONEY),
)

COUNTED_LATE: Final = "place.counted_late"
"""The remark of a row for what of earlier months the closing counted late, or took back."""

UNKNOWN: Final = "place.unknown"
"""The remark of a row for families of whom nobody knows where they live."""


@dataclass(frozen=True)
class OfProduct:
    """What a closed month came to for a product, minor units."""

    month: str
    product: str
    account: str | None
    collected: int
    allocated: int
    for_relative_prices: int
    for_capitation: int
    remunerated: int


@dataclass(frozen=True)
class OfPlace:
    """What families of a place paid for a product, and what was earned of it in a month, minor units."""

    month: str
    product: str
    place: str | None
    collected: int
    earned: int


def contributions(
    products: Sequence[OfProduct], places: Iterable[OfPlace], names: Mapping[str, str]
) -> tuple[Part, ...]:
    """Make the tables of the contributions report.

    Args:
        products: by month and product.
        places: what is so of places.
        names: of places.
    """
    by_key: dict[tuple[str, str], list[OfPlace]] = {}
    for place in places:
        by_key.setdefault((place.month, place.product), []).append(place)
    rows = []
    for one in products:
        mine = sorted(
            by_key.get((one.month, one.product), ()), key=lambda p: (p.place is None, p.place or "")
        )
        rows += [
            {
                "closed_month": one.month,
                "product": one.product,
                "place": each.place,
                "place_name": names.get(each.place or ""),
                "remark": UNKNOWN if each.place is None else None,
                "collected": each.collected,
                "allocated": each.earned,
            }
            for each in mine
            if each.collected or each.earned
        ]
        difference = one.allocated - sum(each.earned for each in mine)
        if difference:
            rows.append(
                {
                    "closed_month": one.month,
                    "product": one.product,
                    "remark": COUNTED_LATE,
                    "collected": 0,
                    "allocated": difference,
                }
            )
    return (
        part_of_rows("contributions", PRODUCT_COLUMNS, [_row(one) for one in products]),
        part_of_rows("contributions_by_place", PLACE_COLUMNS, rows),
    )


def _order(one: OfPlace) -> tuple[bool, str]:
    """Order by place; what is of none comes last."""
    return one.place is None, one.place or ""


def _row(one: OfProduct) -> dict[str, object]:
    return {
        "closed_month": one.month,
        "product": one.product,
        "product_account": one.account,
        "collected": one.collected,
        "allocated": one.allocated,
        "for_relative_prices": one.for_relative_prices,
        "for_capitation": one.for_capitation,
        "remunerated": one.remunerated,
        "left_over": one.allocated - one.remunerated,
    }
