"""What a closed month owes each facility, part by part, so that the parts add up (law, section 6, step 5).

A statement is made of *entries*: what one line, one facility's capitation, or one correction comes to. Its
rows add entries up by product, part and the month that they are of; late claims stand in a row of their own
month. Any sum over rows is the sum over their entries, and a reversed closing is its entries negated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.remuneration.capitation import Facility
from adjudicator.vocabulary import Word

Int64s = npt.NDArray[np.int64]

NO_CLAIM: Final = 0
"""The number of the claim, and of the line, of an entry that is of none, such as capitation."""


class Part(Word):
    """A part of a statement, in the order in which it is written."""

    FEE_FOR_SERVICE = 0
    RELATIVE_PRICES = 1
    CAPITATION = 2
    CORRECTIONS = 3
    """Of what earlier closings paid."""


@dataclass(frozen=True)
class Entries:
    """What statements are made of, by columns of shape (n,), ``int64``."""

    facility: Int64s
    """Places of facilities."""
    product: Int64s
    """Places of products."""
    part: Int64s
    """Members of :class:`Part`."""
    origin: Int64s
    """The months that they are of."""
    claim: Int64s
    """Numbers of claims; :data:`NO_CLAIM` where an entry is of none."""
    line: Int64s
    """Numbers of lines, likewise."""
    valuated: Int64s
    """What a line is worth in nominal prices, minor units."""
    amount: Int64s
    """What it is paid, minor units; negative where something is taken back."""


def no_entries() -> Entries:
    """Give no entries at all."""
    return Entries(*(np.zeros(0, np.int64) for _ in fields(Entries)))


def joined(*several: Entries) -> Entries:
    """Put entries together."""
    return Entries(
        *(np.concatenate([getattr(one, column.name) for one in several]) for column in fields(Entries))
    )


def negated(entries: Entries) -> Entries:
    """Take entries back: the same with their amounts negated, as a reversing closing books them."""
    return replace(entries, valuated=-entries.valuated, amount=-entries.amount)


def taken_back(entries: Entries) -> Entries:
    """Take entries of claims back in a later month: corrections of the months that they are of."""
    part = np.full(len(entries.amount), int(Part.CORRECTIONS), np.int64)
    return replace(negated(entries), part=part)


@dataclass(frozen=True)
class Row:
    """A row of a statement."""

    product: str
    account: str | None
    """The account code of the product."""
    part: Part
    origin: int
    """The month that it is of."""
    claims: int
    """How many claims have lines in it."""
    lines: int
    """How many lines."""
    valuated: int
    """What they are worth in nominal prices, minor units."""
    amount: int
    """What is paid, minor units."""


@dataclass(frozen=True)
class Statement:
    """What a closed month owes a facility."""

    facility: str
    account: str | None
    """The account code of the facility."""
    month: int
    rows: tuple[Row, ...]
    """By product, part and month of origin."""

    @property
    def total(self) -> int:
        """The amount to pay, minor units; negative where the facility owes it."""
        return sum(row.amount for row in self.rows)


def statements_of(
    month: int,
    products: Sequence[str],
    accounts: Mapping[str, str | None],
    facilities: Sequence[Facility],
    entries: Entries,
) -> tuple[Statement, ...]:
    """Make the statements of a closed month.

    Args:
        month: the month.
        products: codes of products, by place.
        accounts: account codes of products.
        facilities: by place.
        entries: in any order.

    Returns:
        One for each facility with an entry, in the order of their codes.
    """
    if not len(entries.amount):
        return ()
    # One number says what row an entry is of. Ordered by it and then by claim, rows are stretches, and so
    # are claims within them.
    first_origin = int(entries.origin.min())
    months = int(entries.origin.max()) - first_origin + 1
    row_of = _ranks([one.code for one in facilities])[entries.facility] * len(products)
    row_of = (row_of + _ranks(products)[entries.product]) * len(Part) + entries.part
    row_of = row_of * months + entries.origin - first_origin
    order = np.lexsort((entries.claim, row_of))
    begins = _changes(row_of[order])
    new_claim = begins | _changes(entries.claim[order])
    of_claims = entries.claim[order] != NO_CLAIM
    starts = np.flatnonzero(begins)
    columns = (
        np.add.reduceat((new_claim & of_claims).astype(np.int64), starts),
        np.add.reduceat(of_claims.astype(np.int64), starts),
        np.add.reduceat(entries.valuated[order], starts),
        np.add.reduceat(entries.amount[order], starts),
    )
    made: dict[int, list[Row]] = {}
    for place, first in enumerate(order[starts].tolist()):
        code = products[int(entries.product[first])]
        claims, lines, valuated, amount = (int(column[place]) for column in columns)
        part, origin = Part(int(entries.part[first])), int(entries.origin[first])
        row = Row(code, accounts.get(code), part, origin, claims, lines, valuated, amount)
        made.setdefault(int(entries.facility[first]), []).append(row)
    return tuple(
        Statement(facilities[place].code, facilities[place].account, month, tuple(rows))
        for place, rows in made.items()
    )


def _ranks(codes: Sequence[str]) -> Int64s:
    """Give the place of each code in their order."""
    ranks = np.empty(len(codes), np.int64)
    ranks[sorted(range(len(codes)), key=codes.__getitem__)] = np.arange(len(codes))
    return ranks


def _changes(column: Int64s) -> npt.NDArray[np.bool_]:
    """Tell where a row differs from the one before it; the first does."""
    return np.concatenate(([True], column[1:] != column[:-1]))
