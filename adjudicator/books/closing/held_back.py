"""What a closing does not settle, and why: under review, waiting for a pool, not decided, not readable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

import sqlalchemy as sa

from adjudicator.books.return_files import csv_reader
from adjudicator.books.sums import ONE, asked, total
from adjudicator.remuneration.months import last_day
from adjudicator.store.schema import CLAIM_LINES, CLAIMS, LOADS, SET_ASIDE_FILES, UNDECIDED
from adjudicator.units import LARGEST_AMOUNT, date_of, divide_rounded

_PROBED: Final = 400
"""Keys that are looked up at a time."""

Key = tuple[str, str]


@dataclass(frozen=True)
class Count:
    """How many claims, and what they are worth in nominal prices, minor units."""

    claims: int
    valuated: int


@dataclass(frozen=True)
class Asked:
    """How many claims, and what they ask for, minor units."""

    claims: int
    asked: int


@dataclass(frozen=True)
class HeldBack:
    """What a closing does not settle, and why."""

    in_review: Count
    waiting: Count
    """For the pool of a product, this one's or another one's."""
    entered: Asked
    """Claims that were received and not decided."""
    unread: Asked
    """Claims that could not be read and were not received since: loads set them aside."""


def entered(connection: sa.Connection, month: int) -> Asked:
    """Count the claims up to a month that were received and not decided yet."""
    upto = date_of(last_day(month))
    count = sa.select(total(ONE, "claims")).where(UNDECIDED.c.date_claimed <= upto)
    amount = (
        sa.select(total(asked(), "amount"))
        .select_from(UNDECIDED)
        .join(CLAIM_LINES, CLAIM_LINES.c.claim_id == UNDECIDED.c.claim_id)
        .where(UNDECIDED.c.date_claimed <= upto)
    )
    claims, money = (int(connection.execute(query).scalar_one()) for query in (count, amount))
    return Asked(claims, money)


def unread(connection: sa.Connection, month: int, decimals: int) -> Asked:
    """Count the claims up to a month that loads set aside and that did not come again since.

    What they ask for is told as far as it can be read.

    Args:
        connection: of a transaction.
        month: claims that say they were claimed later are left out.
        decimals: of the currency.
    """
    query = (
        sa.select(SET_ASIDE_FILES.c.load, SET_ASIDE_FILES.c.name, SET_ASIDE_FILES.c.content)
        .join(LOADS, LOADS.c.load == SET_ASIDE_FILES.c.load)
        .where(LOADS.c.what == "claims")
        .order_by(SET_ASIDE_FILES.c.load, SET_ASIDE_FILES.c.name)
    )
    after = date_of(last_day(month)).isoformat()
    claims: set[Key] = set()
    without_key, later = 0, set[Key]()
    lines: dict[tuple[Key, str], int] = {}
    for load, name, content in connection.execute(query):
        is_lines = name.startswith("claim_lines")
        if not (is_lines or name.startswith("claims")):
            continue
        for row in _rows(content):
            key = (row.get("facility", ""), row.get("claim", ""))
            if not all(key):
                without_key += not is_lines
                continue
            claims.add(key)
            if is_lines:
                # The same line may be set aside each time that its file is loaded.
                lines[key, row.get("line", "") or f"{load}/{len(lines)}"] = _asked(row, decimals)
            elif row.get("date_claimed", "") > after:
                later.add(key)
    waiting = claims - later
    waiting -= _received(connection, waiting)
    money = sum(amount for (key, _), amount in lines.items() if key in waiting)
    return Asked(len(waiting) + without_key, money)


def _rows(content: bytes) -> Iterator[Mapping[str, str]]:
    """Read rows as they came: whatever can be read of them."""
    text = content.decode("utf-8-sig", "replace")
    for row in csv_reader(text):
        yield {
            name.strip().lower(): value.strip()
            for name, value in row.items()
            if isinstance(name, str) and isinstance(value, str)
        }


def _asked(row: Mapping[str, str], decimals: int) -> int:
    """Give what a line asks for in minor units; nothing where that cannot be read."""
    try:
        quantity, price = (Decimal(row.get(name, "")) for name in ("quantity", "price_asked"))
        exact = (quantity * price).scaleb(decimals)
        if not exact.is_finite() or not 0 <= exact <= LARGEST_AMOUNT:
            return 0
        return divide_rounded(*exact.as_integer_ratio())
    except (InvalidOperation, ValueError):
        return 0


def _received(connection: sa.Connection, keys: Iterable[Key]) -> set[Key]:
    """Give those of some claims that are in the books."""
    found: set[Key] = set()
    listed = sorted(keys)
    for first in range(0, len(listed), _PROBED):
        part = listed[first : first + _PROBED]
        query = sa.select(CLAIMS.c.facility, CLAIMS.c.claim).where(
            sa.tuple_(CLAIMS.c.facility, CLAIMS.c.claim).in_(part)
        )
        found |= {(row.facility, row.claim) for row in connection.execute(query)}
    return found
