"""What lines claim: quantity × price asked, added up without loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.compiled import compiled
from adjudicator.units import TOO_LARGE, multiply

_UNREAD: Final = -1
_TOO_LARGE: Final = -2


def claimed(lines: Mapping[str, pa.Array]) -> tuple[int, int]:
    """Add up what lines claim, in minor units, and count those whose amount is not known.

    Args:
        lines: typed columns, among them quantity and price_asked.

    """
    high, low, unread = _added_up(*_asked(lines))
    return (high << 32) + low, unread


def too_large(lines: Mapping[str, pa.Array]) -> npt.NDArray[np.bool_]:
    """Say which lines claim more than the largest amount (law, section 2)."""
    return _too_large(*_asked(lines))


def _asked(lines: Mapping[str, pa.Array]) -> tuple[Any, Any]:
    quantity, price = (lines[name].fill_null(_UNREAD).to_numpy() for name in ("quantity", "price_asked"))
    return quantity, price


@compiled
def _amount(quantity: int, price: int) -> int:
    """Multiply; below zero where a number is not known or the product is too large."""
    if quantity < 0 or price < 0:
        return _UNREAD
    amount = multiply(price, quantity)
    return _TOO_LARGE if amount == TOO_LARGE else amount


@compiled
def _added_up(quantities: Any, prices: Any) -> tuple[int, int, int]:
    """Add amounts up, in two halves, as their sum may pass what 64 bits hold; count those not known."""
    high = 0
    low = 0
    unread = 0
    for line in range(len(quantities)):
        amount = _amount(quantities[line], prices[line])
        if amount < 0:
            unread += 1
        else:
            high += amount >> 32
            low += amount & 0xFFFF_FFFF
    return high, low, unread


@compiled
def _too_large(quantities: Any, prices: Any) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(quantities), np.bool_)
    for line in range(len(quantities)):
        found[line] = _amount(quantities[line], prices[line]) == _TOO_LARGE
    return found
