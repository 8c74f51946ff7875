"""Mack's method written down from his paper, in plain Python: the yardstick for the library.

T. Mack, "Distribution-free calculation of the standard error of chain ladder reserve estimates", ASTIN
Bulletin 23 (1993). Triangles are cumulative lists, row *i* as long as it is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Triangle = Sequence[Sequence[float]]


def factors(rows: Triangle) -> list[float]:
    """f_k: what all had at the next age ÷ what the same had at this one."""
    size = len(rows)
    return [
        sum(rows[i][k + 1] for i in range(size - 1 - k)) / sum(rows[i][k] for i in range(size - 1 - k))
        for k in range(size - 1)
    ]


def sigmas(rows: Triangle) -> list[float]:
    """Sigma_k squared, the last one as Mack extends them."""
    size, f = len(rows), factors(rows)
    found = [
        sum(rows[i][k] * (rows[i][k + 1] / rows[i][k] - f[k]) ** 2 for i in range(size - 1 - k))
        / (size - k - 2)
        for k in range(size - 2)
    ]
    if found[-2] > 0:
        found.append(min(found[-1] ** 2 / found[-2], found[-2], found[-1]))
    else:
        found.append(0.0)
    return found


def mack(rows: Triangle) -> tuple[list[float], list[float], float]:
    """Ultimates, their standard errors, and the standard error of the sum of what is still to come."""
    size, f, s = len(rows), factors(rows), sigmas(rows)
    full = [[float(value) for value in row] for row in rows]
    for row in full:
        while len(row) < size:
            row.append(row[-1] * f[len(row) - 1])
    sums = [sum(rows[j][k] for j in range(size - 1 - k)) for k in range(size - 1)]
    squares = [0.0] * size
    for i in range(1, size):
        squares[i] = full[i][-1] ** 2 * sum(
            s[k] / f[k] ** 2 * (1 / full[i][k] + 1 / sums[k]) for k in range(size - 1 - i, size - 1)
        )
    total = 0.0
    for i in range(1, size):
        later = sum(full[j][-1] for j in range(i + 1, size))
        shared = sum(2 * s[k] / f[k] ** 2 / sums[k] for k in range(size - 1 - i, size - 1))
        total += squares[i] + full[i][-1] * later * shared
    return [row[-1] for row in full], [math.sqrt(one) for one in squares], math.sqrt(total)
