"""What lines asked for, for whole columns: quantity × price, rounded once a line (law, section 2)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.units import LARGEST_AMOUNT, QUANTITY_ONE

Int64s = npt.NDArray[np.int64]


def asked(quantity: pa.ChunkedArray, price: pa.ChunkedArray) -> pa.Array:
    """Give what lines ask for, in minor units; none where that cannot be counted (law, section 2).

    Args:
        quantity: (n,), hundredths.
        price: (n,), minor units per unit.
    """
    quantities, prices = (np.asarray(column.to_numpy(), np.int64) for column in (quantity, price))
    most = LARGEST_AMOUNT * QUANTITY_ONE // np.maximum(quantities, 1)
    counted = prices <= most
    amounts: Any = np.where(counted, prices, 0) * quantities
    return pa.array((amounts + QUANTITY_ONE // 2) // QUANTITY_ONE, pa.int64(), mask=~counted)
