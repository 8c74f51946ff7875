"""Triangles and reserves as pandas tables, for a notebook.

>>> import pandas as pd
>>> booked = pd.DataFrame(
...     {
...         "service": ["2026-01", "2026-01", "2026-02", "2026-02", "2026-03"],
...         "paid_in": ["2026-01", "2026-02", "2026-02", "2026-03", "2026-03"],
...         "amount": [6000, 3000, 8000, 4000, 7000],
...     }
... )
>>> triangle = triangle_of(booked, origin="service", booked="paid_in", amount="amount")
>>> triangle_frame(triangle, cumulative=True)
age         0      1     2
origin
2026-01  6000   9000  9000
2026-02  8000  12000  <NA>
2026-03  7000   <NA>  <NA>
>>> factors_frame(triangle)
     factor  to_last  completion
age
0       1.5      1.5    0.666667
1       1.0      1.0         1.0
2      <NA>      1.0         1.0

Amounts are whole numbers of minor units and stay so; what is not known is ``<NA>``, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pandas as pd

from adjudicator.remuneration.months import read_month
from adjudicator.simulation.actuarial.development import development
from adjudicator.simulation.actuarial.grains import Grain
from adjudicator.simulation.actuarial.reserves import Reserve
from adjudicator.simulation.actuarial.triangles import Entries, Triangle, triangles


def triangle_of(
    frame: pd.DataFrame,
    *,
    origin: str,
    booked: str,
    amount: str,
    grain: Grain = Grain.MONTH,
    upto: str | None = None,
) -> Triangle:
    """Make a triangle of a table of what was booked.

    Args:
        frame: a row for each booking, in any order.
        origin: the column with the month that it is for, as ``2026-01``.
        booked: the column with the month in which it was booked.
        amount: the column with whole numbers: minor units, or claims.
        grain: of the periods.
        upto: the last month that is known; the last one booked when left out.

    Raises:
        ValueError: a month is not written so, an amount is no whole number, or there is no row.
    """
    if frame.empty:
        raise ValueError("a triangle is made of one row at least")
    amounts = frame[amount].to_numpy()
    if not np.issubdtype(amounts.dtype, np.integer):
        raise ValueError(f"{amount}: amounts are whole numbers of minor units")
    service, when = (
        np.array([read_month(str(one)) for one in frame[name]], np.int64) for name in (origin, booked)
    )
    known = int(when.max()) if upto is None else read_month(upto)
    entries = Entries(service, when, amounts.astype(np.int64), np.zeros(len(frame), np.int64), (None,), known)
    return triangles(entries, grain)[0]


def triangle_frame(triangle: Triangle, cumulative: bool = False) -> pd.DataFrame:
    """Give a triangle as a table: a row for each origin, a column for each age, ``Int64``."""
    cells = triangle.cumulative if cumulative else triangle.cells
    values = pd.arrays.IntegerArray(cells.ravel().copy(), ~triangle.known.ravel())
    columns = {age: values[age :: triangle.size] for age in range(triangle.size)}
    index = pd.Index(triangle.origins, name="origin", dtype="str")
    frame = pd.DataFrame(columns, index=index)
    frame.columns.name = "age"
    return frame


def factors_frame(triangle: Triangle) -> pd.DataFrame:
    """Give a triangle's development factors: from age to age, to the last age, and what is complete."""
    found = development(triangle)
    columns: dict[str, Sequence[Fraction | None]] = {
        "factor": [*found.factors, None],
        "to_last": found.to_last,
        "completion": found.completion,
    }
    frame = pd.DataFrame(
        {
            name: pd.array([None if one is None else float(one) for one in values], "Float64")
            for name, values in columns.items()
        }
    )
    frame.index.name = "age"
    return frame


def reserve_frame(reserve: Reserve) -> pd.DataFrame:
    """Give a reserve, a row for each origin: what was booked, what is still to come, its standard error."""
    names = ("age", "reported", "ibnr", "ultimate", "standard_error", "exposure")
    index = pd.Index([one.origin for one in reserve.origins], name="origin", dtype="str")
    return pd.DataFrame(
        {name: pd.array([getattr(one, name) for one in reserve.origins], "Int64") for name in names},
        index=index,
    )
