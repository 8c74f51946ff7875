"""What closing a month comes to, as a person looks at it before it is booked, and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adjudicator.books.closing.held_back import Count, HeldBack
from adjudicator.remuneration.closing import Closing


@dataclass(frozen=True)
class Late:
    """Claims of an earlier month that this closing settles."""

    origin: int
    claims: int
    amount: int


@dataclass(frozen=True)
class FacilityTotal:
    """What a facility is owed, and what it was owed by the closing of the month before, minor units."""

    facility: str
    before: int
    now: int


@dataclass(frozen=True)
class Page:
    """A closing as it is looked at before it is booked, and after."""

    month: int
    location: str
    products: tuple[str, ...]
    closing: Closing
    allocated: Mapping[tuple[str, int], int]
    """Contributions earned by product and month, minor units."""
    settled: Count
    """The claims that are settled, rejected ones left out."""
    rejected: int
    """Rejected claims that are put on statements, for their facilities to see."""
    held_back: HeldBack
    late: tuple[Late, ...]
    facilities: tuple[FacilityTotal, ...]
    record: Mapping[str, Any]
    """What the books keep of how it came about, see :mod:`adjudicator.books.closing.record`."""
    hash: str
    """Of the record: two closings of the same hash come to the same."""
    others: tuple[str, ...]
    """Other locations with products for which the month is not closed."""
    booked: int | None = None
    """The number of the closing, once it is booked."""
    proposed_by: str | None = None
    """Who proposed it, while it waits for a second person."""
