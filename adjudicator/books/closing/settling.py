"""Which claims a closing settles, and what it does not: pure functions of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.books.closing.held_back import Count
from adjudicator.books.closing.lines import Accepted, Codes
from adjudicator.books.closing.page import Late
from adjudicator.books.closing.unsettled import Unsettled
from adjudicator.product.definition import Product
from adjudicator.remuneration.capitation import Activity, Facility
from adjudicator.remuneration.closing import NOT_YET, Closing, Lines
from adjudicator.remuneration.statements import Entries, Part, Statement

Bools = npt.NDArray[np.bool_]


def has_lines(claims: Unsettled, accepted: Accepted) -> Bools:
    """Tell which claims have accepted lines: (claims,)."""
    found = np.zeros(len(claims.claim_id), np.bool_)
    found[accepted.row] = True
    return found


def settled_claims(
    claims: Unsettled,
    accepted: Accepted,
    closing: Closing,
    before: pa.Table,
    terms: Mapping[str, Product],
) -> Bools:
    """Tell which claims a closing settles: (claims,).

    Those all of whose lines have their amount. One without accepted lines is settled with nothing; where it
    was paid something before, by a closing of a product that paid it.

    Args:
        claims: that are not settled.
        accepted: their accepted lines.
        closing: what it comes to.
        before: what earlier closings paid for the claims, with ``claim_id`` and ``product``.
        terms: the products that are closed.
    """
    with_lines = has_lines(claims, accepted)
    settled = ~with_lines
    settled[accepted.row[closing.settled]] = True
    paid_by = before["product"].to_pylist()
    ids = before["claim_id"].to_numpy()
    ours = {int(claim) for claim, code in zip(ids.tolist(), paid_by, strict=True) if code in terms}
    others = set(ids.tolist()) - ours
    waits = np.isin(claims.claim_id, np.array(sorted(others), np.int64))
    settled[waits & ~with_lines] = False
    return settled


def waiting_claims(
    claims: Unsettled, accepted: Accepted, settled: Bools, terms: Mapping[str, Product]
) -> Bools:
    """Tell which claims of the products that are closed are not settled: (claims,)."""
    ours = pc.is_in(accepted.product, value_set=pa.array(sorted(terms), pa.string()))
    found = np.zeros(len(claims.claim_id), np.bool_)
    found[accepted.row[ours.to_numpy(zero_copy_only=False)]] = True
    return found & ~settled


def count_of(claims: Unsettled, chosen: Bools) -> Count:
    """Count some of the claims, and what they are worth in nominal prices."""
    return Count(int(chosen.sum()), int(claims.valuated[chosen].sum()))


def activity_of(lines: Lines, codes: Codes, product: str, month: int) -> dict[str, Activity]:
    """Count what facilities did for a product: claims and their worth that are counted in the month.

    A claim that is corrected was counted when it was settled first.
    """
    mine = (
        (lines.product == codes.products.index(product))
        & (lines.month <= month)
        & (lines.paid == NOT_YET)
        & ~lines.corrects
    )
    facility, claim = lines.facility[mine], lines.claim[mine]
    worth = np.zeros(len(codes.facilities), np.int64)
    np.add.at(worth, facility, lines.valuated[mine])
    visits = np.zeros(len(codes.facilities), np.int64)
    _, first = np.unique(claim, return_index=True)
    np.add.at(visits, facility[first], 1)
    return {
        code: Activity(int(visits[place]), int(worth[place])) for place, code in enumerate(codes.facilities)
    }


def with_empty(
    made: tuple[Statement, ...],
    claims: Unsettled,
    settled: Bools,
    facilities: Sequence[Facility],
    month: int,
) -> tuple[Statement, ...]:
    """Add statements of nothing, for facilities all of whose claims were rejected."""
    present = {one.facility for one in made}
    seen = set(pc.unique(claims.facility.filter(pa.array(settled))).to_pylist()) - present
    accounts = {one.code: one.account for one in facilities}
    empty = [Statement(code, accounts[code], month, ()) for code in seen]
    return tuple(sorted([*made, *empty], key=lambda one: one.facility))


def late_claims(entries: Entries, month: int) -> tuple[Late, ...]:
    """Give what is settled of earlier months, by month; corrections left out."""
    late = (entries.origin < month) & (entries.part != int(Part.CORRECTIONS)) & (entries.claim > 0)
    found = []
    for origin in np.unique(entries.origin[late]).tolist():
        mine = late & (entries.origin == origin)
        found.append(Late(origin, len(np.unique(entries.claim[mine])), int(entries.amount[mine].sum())))
    return tuple(found)
