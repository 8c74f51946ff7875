"""What the kernel decides about claims and lines: columns, written once and in order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from adjudicator.compiled import step
from adjudicator.registers import Int8s, Int32s, Int64s
from adjudicator.vocabulary import Reason

_ACCEPTED = int(Reason.ACCEPTED)


class Results(NamedTuple):
    """What was decided about C claims and L lines. A rejected line has -1 for policy, version and price."""

    status: Int8s
    """(C,), :class:`ClaimStatus`; :data:`UNCOUNTABLE` where an amount cannot be counted."""
    reason: Int8s
    """(C,), :class:`Reason`."""
    line_reason: Int8s
    """(L,), :class:`Reason`; 0 for accepted."""
    policy: Int32s
    """(L,): index of the policy that pays."""
    version: Int32s
    """(L,): row of the product version."""
    price_origin: Int8s
    """(L,), :class:`PriceOrigin`."""
    quantity: Int64s
    """(L,), hundredths: what is valued."""
    unit_price: Int64s
    """(L,), minor units."""
    limit_excess: Int64s
    deductible: Int64s
    co_insurance: Int64s
    category_excess: Int64s
    ceiling_excess: Int64s
    valuated: Int64s
    """(L,), minor units."""


UNCOUNTABLE = -1
"""The status of a claim with an amount that cannot be counted (law, section 2); nobody is given it."""


def room_for(claims: int, lines: int) -> Results:
    """Make room for the results of a number of claims and lines; what stands there means nothing yet."""
    return Results(
        status=np.empty(claims, np.int8),
        reason=np.empty(claims, np.int8),
        line_reason=np.empty(lines, np.int8),
        policy=np.empty(lines, np.int32),
        version=np.empty(lines, np.int32),
        price_origin=np.empty(lines, np.int8),
        quantity=np.empty(lines, np.int64),
        unit_price=np.empty(lines, np.int64),
        limit_excess=np.empty(lines, np.int64),
        deductible=np.empty(lines, np.int64),
        co_insurance=np.empty(lines, np.int64),
        category_excess=np.empty(lines, np.int64),
        ceiling_excess=np.empty(lines, np.int64),
        valuated=np.empty(lines, np.int64),
    )


@step
def reject(results: Results, at: int, reason: int) -> None:
    """Write a rejected line: nothing pays it and it is worth nothing. *Compiled.*"""
    results.line_reason[at] = reason
    results.policy[at] = -1
    results.version[at] = -1
    results.price_origin[at] = -1
    results.quantity[at] = 0
    results.unit_price[at] = -1
    results.limit_excess[at] = 0
    results.deductible[at] = 0
    results.co_insurance[at] = 0
    results.category_excess[at] = 0
    results.ceiling_excess[at] = 0
    results.valuated[at] = 0
