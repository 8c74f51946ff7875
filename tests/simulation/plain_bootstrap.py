"""The bootstrap of the over-dispersed Poisson chain ladder, from its paper: the yardstick for errors.

P. D. England and R. J. Verrall, "Analytic and bootstrap estimates of prediction errors in claims reserving",
Insurance: Mathematics and Economics 25 (1999). Residuals of the fitted triangle are drawn anew, with their
degrees of freedom made good; each triangle that results gives an estimate, around which the future is drawn.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def completions(sums: Floats) -> Floats:
    """Give the share of the last age that is there at each age: (…, m) of (…, m, m)."""
    size = sums.shape[-1]
    shares = [np.ones(sums.shape[:-2])]
    for age in reversed(range(size - 1)):
        rows = slice(0, size - 1 - age)
        shares.append(shares[-1] * sums[..., rows, age].sum(-1) / sums[..., rows, age + 1].sum(-1))
    return np.stack(shares[::-1], -1)


def bootstrapped(
    sums: Floats, still: Callable[[Floats, Floats], Floats], draws: int, seed: int
) -> tuple[float, float]:
    """Give the standard deviation of an estimate of what is still to come, and its prediction error.

    Args:
        sums: (m, m): cumulative; 0 where it is not known.
        still: gives what is still to come of each origin, of newest sums and completions; (…, m) each.
        draws: how many triangles are drawn.
        seed: of the draws.
    """
    size = len(sums)
    places = np.arange(size)
    known = places[:, None] + places[None, :] < size
    newest, shares = sums[places, size - 1 - places], completions(sums)
    fitted = np.outer(newest / shares[::-1], np.diff(shares, prepend=0.0))
    booked = np.diff(sums, axis=1, prepend=0.0)
    residuals = ((booked - fitted) / np.sqrt(fitted))[known]
    free = len(residuals) - (2 * size - 1)
    dispersion = float((residuals**2).sum()) / free
    # The two corners are fitted exactly, and have no residual.
    drawn_from = residuals[np.abs(residuals) > 1e-6] * np.sqrt(len(residuals) / free)
    source = np.random.default_rng(seed)
    drawn = source.choice(drawn_from - drawn_from.mean(), (draws, size, size))
    again = np.where(known, np.cumsum(fitted + drawn * np.sqrt(fitted), axis=-1), 0.0)
    estimates = still(again[:, places, size - 1 - places], completions(again))
    total = estimates.sum(-1)
    chance = dispersion * float(still(newest, shares).sum())
    return float(total.std()), float(np.sqrt(total.var() + chance))
