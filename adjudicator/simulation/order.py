"""Claims whose amount depends on their order.

Claims are taken in the order of the day on which they were claimed (law, section 3); those of one day are in
the order of their numbers, which mean nothing. A claim is *order-sensitive* where it is worth something else
when the claims of its family that were claimed on the same day are taken the other way round. Where the
intake gives every claim a sequence number, it is that order that is reversed within the day.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from adjudicator.claims import Batch
from adjudicator.registers import Int64s
from adjudicator.simulation.assumed import claims_taken, line_rows, lines_taken


def runs_of(batch: Batch) -> Int64s:
    """Number the runs of claims of a family and a day that stand together: (C,)."""
    unit = np.repeat(np.arange(len(batch.first_of_unit) - 1), np.diff(batch.first_of_unit))
    changes = (np.diff(unit, prepend=-1) != 0) | (np.diff(batch.date_claimed, prepend=-1) != 0)
    runs: Int64s = np.cumsum(changes).astype(np.int64)
    return runs


def reversed_within_days(batch: Batch) -> Int64s:
    """Order claims with those of each family and day the other way round: (C,), places in the batch."""
    runs = runs_of(batch)
    order: Int64s = np.lexsort((-np.arange(len(runs)), runs)).astype(np.int64)
    return order


def reordered(batch: Batch, order: npt.NDArray[np.integer]) -> Batch:
    """Give claims in another order within their units."""
    lines = np.diff(batch.first_line)[order]
    return batch._replace(
        first_line=np.concatenate(([0], np.cumsum(lines))).astype(np.int64),
        **claims_taken(batch, order),
        **lines_taken(batch, line_rows(batch.first_line, order)),
    )
