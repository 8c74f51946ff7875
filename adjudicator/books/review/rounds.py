"""In which order reviews that wait are applied: one after the other where their claims share balances.

A review that is applied as soon as it is delivered finds the balances of every other claim as they are (law,
section 7). Reviews that waited come to the same amounts: those of one unit of people are applied in the order
in which they were delivered, each in a round of its own. Units share no balances, and go through the rounds
side by side.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from adjudicator.books.basis import Basis
from adjudicator.books.review.applied import unapplied
from adjudicator.encoding import UNKNOWN
from adjudicator.store import bulk
from adjudicator.store.schema import CLAIMS, REVIEWS

Int64s = npt.NDArray[np.int64]


def rounds_of_waiting(connection: sa.Connection, basis: Basis) -> list[Int64s]:
    """Give the claims whose review waits, round after round.

    Args:
        connection: of a transaction.
        basis: its registers say who shares balances with whom.

    Returns:
        For each round the numbers of its claims, in order; one round without claims where none waits.
    """
    query = (
        sa.select(REVIEWS.c.claim_id, CLAIMS.c.insuree, sa.func.max(REVIEWS.c.review).label("review"))
        .join(CLAIMS, CLAIMS.c.claim_id == REVIEWS.c.claim_id)
        .group_by(REVIEWS.c.claim_id, CLAIMS.c.insuree)
    )
    rows = bulk.read(connection, query)
    claim_ids = np.asarray(rows["claim_id"].to_numpy(), np.int64)
    waiting = np.isin(claim_ids, unapplied(connection))
    rows, claim_ids = rows.filter(waiting), claim_ids[waiting]
    if not len(rows):
        return [claim_ids]
    registers = basis.compiled.registers
    insuree = registers.insuree_keys.encode(rows["insuree"])
    unit = np.where(insuree == UNKNOWN, registers.units, registers.people.unit[insuree])
    turn = turns(unit, np.asarray(rows["review"].to_numpy(), np.int64))
    return [np.sort(claim_ids[turn == number]) for number in range(int(turn.max()) + 1)]


def turns(unit: npt.NDArray[np.integer], review: Int64s) -> Int64s:
    """Give each review its place among those of its unit, in the order of their numbers.

    Args:
        unit: (R,) integers.
        review: (R,) int64, all different.

    Returns:
        (R,) int64, from 0.
    """
    order = np.lexsort((review, unit))
    sorted_units = unit[order]
    starts = np.flatnonzero(np.r_[True, sorted_units[1:] != sorted_units[:-1]])
    first = np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    turn = np.empty(len(order), np.int64)
    turn[order] = np.arange(len(order)) - first
    return turn
