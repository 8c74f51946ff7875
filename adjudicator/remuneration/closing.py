"""Closing a month for the products of a location: what lines and facilities are paid (law, section 6).

The order of the law: the pools that close in the month get their index, their lines are paid by it, other
lines are paid what they are worth, and facilities paid by capitation share their pot instead. Then:

* A **line** gets its amount when its product's month is closed; a relative one when its pool is.
* A **claim** is settled, and on a statement, when all its lines have their amount: one with lines of two
  products waits for both. A line that has its amount keeps it (:attr:`Lines.paid`) until then.
* A claim of a month that is closed is counted in the next that is not (:func:`counted_in`); its own month
  stays its *origin*.
* A facility that a product pays by capitation is paid nothing for its lines, relative or not.
* A settled claim that is adjudicated again is taken back with what it was paid, and its new amounts are
  counted like those of any claim; both are *corrections* on the statement.

A reversing closing is the same with every amount negated (see
:func:`adjudicator.remuneration.statements.negated`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.product.definition import Product
from adjudicator.remuneration.capitation import (
    CapitationPayment,
    Facility,
    Figures,
    pay_by_capitation,
    pays_by_head,
)
from adjudicator.remuneration.index import (
    RelativeIndex,
    pools_closing,
    relative_index,
    remunerate,
    waits_for_pool,
)
from adjudicator.remuneration.statements import Entries, Part, Statement, joined, statements_of
from adjudicator.vocabulary import Care, FacilityLevel, HospitalCare

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NOT_YET: Final = -1
"""The amount of a line that has none yet."""

_NO_PART: Final = -1


@dataclass(frozen=True)
class Lines:
    """Accepted lines of claims that are not settled, by columns of shape (n,), ``int64`` unless it says so.

    All lines of a claim are there, whichever location closes.
    """

    claim: Int64s
    """Numbers of claims, which name a claim once in the books."""
    line: Int64s
    """Numbers of lines."""
    facility: Int64s
    """Places of facilities."""
    product: Int64s
    """Places of products."""
    care: Int64s
    """The kind of care by the product (see :func:`kind_of_care`)."""
    relative: Bools
    """Whether the price origin is *relative*; ``bool``."""
    valuated: Int64s
    """Minor units."""
    origin: Int64s
    """The month that the claim is of."""
    month: Int64s
    """The month that it is counted in, for the location of the product (see :func:`counted_in`)."""
    paid: Int64s
    """What an earlier closing gave it while its claim waited; :data:`NOT_YET` otherwise."""
    part: Int64s
    """The :class:`~adjudicator.remuneration.statements.Part` by which it was; anything where it was not."""
    corrects: Bools
    """Whether the claim was settled before and is decided anew; ``bool``."""


@dataclass(frozen=True)
class Closing:
    """What closing a month comes to."""

    month: int
    indexes: tuple[RelativeIndex, ...]
    """Of the pools that close, by product and kind of care."""
    capitation: tuple[CapitationPayment, ...]
    """By product."""
    paid: Int64s
    """(n,), what each line is paid, minor units; :data:`NOT_YET` where it waits."""
    part: Int64s
    """(n,), the part of the statement that pays it; -1 where it waits."""
    settled: Bools
    """(n,), whether its claim is settled: then it is on a statement of this closing."""
    entries: Entries
    """All that the statements are made of."""
    statements: tuple[Statement, ...]
    """By facility, in the order of their codes."""

    @property
    def total(self) -> int:
        """What all facilities are owed together, minor units."""
        return sum(statement.total for statement in self.statements)


def kind_of_care(basis: HospitalCare, in_patient: Bools, level: npt.NDArray[np.integer]) -> Int64s:
    """Give the kind of care of claims by what the product goes by (law, section 3).

    Args:
        basis: of the version that valued them.
        in_patient: (n,), whether the claim is in-patient.
        level: (n,), levels of facilities.
    """
    hospital = in_patient if basis is HospitalCare.BY_CLAIM else level == int(FacilityLevel.HOSPITAL)
    return np.where(hospital, int(Care.HOSPITAL), int(Care.NON_HOSPITAL)).astype(np.int64)


def counted_in(origin: Int64s, closed: Collection[int]) -> Int64s:
    """Give the months that claims are counted in: their own, or the next after it that is not closed.

    Args:
        origin: (n,), their own months.
        closed: the months that are closed for the location, and not reopened.
    """
    months, place = np.unique(origin, return_inverse=True)
    moved = []
    for month in months.tolist():
        open_month = month
        while open_month in closed:
            open_month += 1
        moved.append(open_month)
    return np.array(moved, np.int64)[place]


def close_month(
    month: int,
    products: Sequence[str],
    accounts: Mapping[str, str | None],
    terms: Mapping[str, Product],
    facilities: Sequence[Facility],
    allocated: Mapping[tuple[str, int], int],
    figures: Mapping[str, Sequence[Figures]],
    lines: Lines,
    taken_back: Entries,
) -> Closing:
    """Close a month for the products of a location (law, section 6).

    The order of products, facilities and lines changes nothing but the order of what is given back by line.

    Args:
        month: the month.
        products: codes of all products, those of the location and those that lines name, by place.
        accounts: their account codes for payments to facilities.
        terms: for each product of the location its version for the month
            (see :func:`adjudicator.remuneration.index.version_for`).
        facilities: all facilities that lines or figures name, by place, as on the last day of the month.
        allocated: contributions earned by product and month, minor units, for the months of each pool that
            closes and for the month where the product pays by capitation.
        figures: by product that pays by capitation, the figures of the facilities that it pays so.
        lines: what is not settled.
        taken_back: what earlier closings paid for claims that were adjudicated again since, made by
            :func:`adjudicator.remuneration.statements.taken_back`.
    """
    paid, part = lines.paid.copy(), np.where(lines.paid == NOT_YET, _NO_PART, lines.part)
    indexes: list[RelativeIndex] = []
    payments: list[CapitationPayment] = []
    for code in sorted(terms):
        here = np.flatnonzero(
            (paid == NOT_YET) & (lines.product == products.index(code)) & (lines.month <= month)
        )
        indexes += _pay_lines(code, terms[code], month, facilities, allocated, lines, here, paid, part)
        capitation = terms[code].remuneration.capitation
        if capitation is not None:
            earned = allocated[code, month]
            payments.append(pay_by_capitation(code, capitation, earned, figures.get(code, ())))
    settled = _settled(lines.claim, paid != NOT_YET)
    entries = joined(
        _entries_of_lines(lines, paid, part, settled),
        _entries_of_capitation(month, payments, products, facilities),
        taken_back,
    )
    made = statements_of(month, products, accounts, facilities, entries)
    return Closing(
        month, tuple(indexes), tuple(payments), paid, part.astype(np.int64), settled, entries, made
    )


def _pay_lines(
    code: str,
    version: Product,
    month: int,
    facilities: Sequence[Facility],
    allocated: Mapping[tuple[str, int], int],
    lines: Lines,
    here: Int64s,
    paid: Int64s,
    part: Int64s,
) -> list[RelativeIndex]:
    """Pay the lines of a product that can be paid now; give the indexes of its pools."""
    by_head = np.array([pays_by_head(version, one) for one in facilities], np.bool_)
    capitated = by_head[lines.facility[here]]
    _book(here[capitated], 0, Part.CAPITATION, paid, part)
    rest = here[~capitated]
    relative = lines.relative[rest]
    plain = rest[~relative]
    _book(plain, lines.valuated[plain], Part.FEE_FOR_SERVICE, paid, part)
    waiting = waits_for_pool(version, lines.care[rest])
    without_pool = rest[relative & ~waiting]
    _book(without_pool, lines.valuated[without_pool], Part.RELATIVE_PRICES, paid, part)
    pooled = rest[relative & waiting]
    indexes = []
    for pool in pools_closing(version, month):
        mine = pooled[pool.holds(lines.care[pooled])]
        earned = sum(allocated[code, one] for one in pool.months)
        index = relative_index(pool, earned, lines.valuated[mine])
        shares = remunerate(index, lines.valuated[mine], lines.claim[mine], lines.line[mine])
        _book(mine, shares, Part.RELATIVE_PRICES, paid, part)
        indexes.append(index)
    return indexes


def _book(rows: Int64s, amount: Int64s | int, by: Part, paid: Int64s, part: Int64s) -> None:
    paid[rows] = amount
    part[rows] = int(by)


def _settled(claim: Int64s, known: Bools) -> Bools:
    """Tell which lines are of claims all of whose lines are known."""
    claims, place = np.unique(claim, return_inverse=True)
    complete = np.bincount(place[~known], minlength=len(claims)) == 0
    settled: Bools = complete[place]
    return settled


def _entries_of_lines(lines: Lines, paid: Int64s, part: Int64s, settled: Bools) -> Entries:
    rows = np.flatnonzero(settled)
    return Entries(
        facility=lines.facility[rows],
        product=lines.product[rows],
        part=np.where(lines.corrects[rows], int(Part.CORRECTIONS), part[rows]),
        origin=lines.origin[rows],
        claim=lines.claim[rows],
        line=lines.line[rows],
        valuated=lines.valuated[rows],
        amount=paid[rows],
    )


def _entries_of_capitation(
    month: int,
    payments: Sequence[CapitationPayment],
    products: Sequence[str],
    facilities: Sequence[Facility],
) -> Entries:
    place = {facility.code: number for number, facility in enumerate(facilities)}
    rows = [
        (place[share.facility], products.index(payment.product), share.amount)
        for payment in payments
        for share in payment.facilities
        if share.amount
    ]
    columns = np.array(rows, np.int64).reshape(-1, 3)
    none = np.zeros(len(columns), np.int64)
    return Entries(
        facility=columns[:, 0],
        product=columns[:, 1],
        part=none + int(Part.CAPITATION),
        origin=none + month,
        claim=none,
        line=none,
        valuated=none,
        amount=columns[:, 2],
    )
