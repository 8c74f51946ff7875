"""The three methods, by the ``chainladder`` library, which is an optional part (the extra ``actuary``).

Estimates are floats, as statistics are, and become minor units once, at the end; what was booked stays exact.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adjudicator.problems import refused
from adjudicator.simulation.actuarial.errors import (
    Errors,
    Expectation,
    between_origins,
    errors_of,
    pattern_of,
)
from adjudicator.simulation.actuarial.extrapolation import tail_of
from adjudicator.simulation.actuarial.reserves import (
    LEAST_FOR_AN_ERROR,
    Method,
    OriginReserve,
    Ready,
    Reserve,
    made_ready,
)
from adjudicator.simulation.actuarial.tails import NO_TAIL, NO_TAIL_CHOSEN, Tail, TailChoice
from adjudicator.simulation.actuarial.triangles import Triangle
from adjudicator.words import message

Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_NEXT_TO_NOTHING: Final = 1e-6
"""What the library is given for a cumulative 0, in minor units: it takes 0 for a cell that is missing."""


@dataclass(frozen=True)
class Expected:
    """What Bornhuetter-Ferguson is told of the loss ratio: claims ÷ contributions, 0.85 for 85%."""

    ratio: float
    error: float | None = None
    """Its standard error; None where nobody says, and it is taken for certain."""


def reserve(
    triangle: Triangle,
    method: Method,
    exposure: Int64s | None = None,
    expected: Expected | None = None,
    tail: TailChoice = NO_TAIL_CHOSEN,
) -> Reserve:
    """Estimate what is still to come of a triangle.

    Args:
        triangle: the triangle.
        method: the method.
        exposure: (n,), contributions earned by origin, minor units; for all methods but Mack.
        expected: what is expected ÷ contributions; for Bornhuetter-Ferguson.
        tail: what is to be expected after the oldest age.

    Raises:
        Refused: the triangle, the exposure, the loss ratio or the tail cannot be used, or the library is not
            there.
    """
    ready = made_ready(triangle, method)
    after = tail_of(ready, tail)
    if method is not Method.MACK:
        if exposure is None:
            raise ValueError(f"{method.value} asks for contributions")
        if method is Method.BORNHUETTER_FERGUSON and (expected is None or expected.ratio <= 0):
            raise refused("actuary.reserve.no_loss_ratio")
        rows = range(ready.rows.start, triangle.size)
        if missing := [triangle.origins[row] for row in rows if exposure[row] <= 0]:
            raise refused("actuary.reserve.no_exposure", periods=missing[:6], count=len(missing))

    def by(after: Tail) -> Reserve:
        if exposure is None or method is Method.MACK:
            return _mack(ready, after)
        return _by_expectation(ready, method, exposure, expected, after)

    found = by(after)
    return replace(found, without_tail=by(NO_TAIL)) if after.there else found


@contextmanager
def _library() -> Iterator[Any]:
    """Give the library, without what it says about changes that pandas and numpy announce."""
    with warnings.catch_warnings():
        for kind in (FutureWarning, DeprecationWarning, PendingDeprecationWarning):
            warnings.filterwarnings("ignore", category=kind, module=r"(chainladder|pandas|sparse)(\..*)?")
        # Cells that are not known are divided as well, and left out afterwards.
        warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"(chainladder|numpy)(\..*)?")
        try:
            import chainladder  # noqa: PLC0415 - optional, and it takes two seconds to load
        except ImportError:
            raise refused("actuary.no_chainladder") from None
        yield chainladder


def _handed_over(library: Any, ready: Ready, tail: Tail) -> Any:
    """Hand a triangle to the library, with its development by the volume-weighted factors of all origins.

    A tail has the deviations that were found here: the library would take logarithms of none.

    Where ages are folded, an origin is handed over as if it had begun at the age that they are folded into:
    the library looks at differences of dates only.
    """
    import pandas as pd  # noqa: PLC0415 - nothing else here asks for it

    size, months = len(ready.rows), ready.triangle.grain.months
    first = ready.triangle.grain.first_month(ready.triangle.first + ready.rows.start)
    begins = np.datetime64(0, "M") + first + months * np.arange(size)
    # The library takes the day of a development for one in its period.
    days = begins.astype("datetime64[D]").astype("datetime64[ns]")
    places = [(row, age) for row in range(size) for age in range(size - row)]
    sums = np.maximum(ready.cumulative.astype(np.float64), _NEXT_TO_NOTHING)
    frame = pd.DataFrame(
        {
            "origin": [days[row] for row, _ in places],
            "development": [days[row + age] for row, age in places],
            "amount": [sums[place] for place in places],
        }
    )
    triangle = library.Triangle(
        frame, origin="origin", development="development", columns="amount", cumulative=True
    )
    if triangle.shape != (1, 1, size, size):
        raise AssertionError(f"the library made {triangle.shape} of {size} origins and ages")
    developed = library.Development(sigma_interpolation="mack").fit_transform(triangle)
    if tail.there:
        developed = library.TailConstant(tail.factor).fit_transform(developed)
        developed.sigma_.values[..., -1] = tail.sigma
        developed.std_err_.values[..., -1] = tail.error
    return developed


def _mack(ready: Ready, tail: Tail) -> Reserve:
    with _library() as library:
        fitted = library.MackChainladder().fit(_handed_over(library, ready, tail))
        ultimate = _column(fitted.ultimate_)
        error = np.nan_to_num(np.asarray(fitted.mack_std_err_.values, np.float64)[0, 0, :, -1])
        whole = float(np.nan_to_num(np.asarray(fitted.total_mack_std_err_, np.float64)).sum())
    enough = len(ready.rows) >= LEAST_FOR_AN_ERROR
    reported, origins = ready.triangle.reported, []
    for row, name in _told(ready):
        place = row - ready.rows.start
        projected = row in ready.rows
        comes_to = _comes_to(ultimate[place], int(reported[row])) if projected else None
        origins.append(
            OriginReserve(
                name,
                ready.triangle.size - 1 - row,
                int(reported[row]),
                comes_to,
                None if comes_to is None else comes_to - int(reported[row]),
                round(error[place]) if projected and enough else None,
                None,
            )
        )
    return _reserve(Method.MACK, ready, tail, origins, round(whole) if enough else None, None)


def _by_expectation(
    ready: Ready, method: Method, exposure: Int64s, given: Expected | None, tail: Tail
) -> Reserve:
    with _library() as library:
        handed = _handed_over(library, ready, tail)
        weight = handed.latest_diagonal.copy()
        used = exposure[ready.rows.start : ready.rows.stop].astype(np.float64)
        weight.values = used.reshape(1, 1, len(used), 1)
        if method is Method.CAPE_COD:
            fitted = library.CapeCod().fit(handed, sample_weight=weight)
            expected = float(_column(fitted.apriori_)[0])
        else:
            assert given is not None
            fitted = library.BornhuetterFerguson(apriori=given.ratio).fit(handed, sample_weight=weight)
            expected = given.ratio
        ultimate = _column(fitted.ultimate_)
    reported, start = ready.triangle.reported, ready.rows.start
    # Too young for the library's factors: what its age is known to have, else nothing, is developed.
    still = [
        1 - float(ready.completion[ready.triangle.size - 1 - row] or 0) / tail.factor
        for row, _ in _told(ready)
    ]
    errors = _errors(ready, method, expected, given, exposure[start:].astype(np.float64), still, tail)
    origins = []
    for place, (row, name) in enumerate(_told(ready)):
        if row in ready.rows:
            comes_to = _comes_to(ultimate[place], int(reported[row]))
        else:
            comes_to = int(reported[row]) + round(expected * float(exposure[row]) * still[place])
        origins.append(
            OriginReserve(
                name,
                ready.triangle.size - 1 - row,
                int(reported[row]),
                comes_to,
                comes_to - int(reported[row]),
                None if errors is None else round(errors.of_origins[place]),
                int(exposure[row]),
            )
        )
    whole = None if errors is None else round(errors.of_all)
    remarks = ready.remarks
    if (
        method is Method.BORNHUETTER_FERGUSON
        and whole is not None
        and given is not None
        and given.error is None
    ):
        remarks = (*remarks, message("actuary.remark.ratio_certain"))
    return _reserve(method, replace(ready, remarks=remarks), tail, origins, whole, expected)


def _errors(
    ready: Ready,
    method: Method,
    ratio: float,
    given: Expected | None,
    exposure: Floats,
    still: list[float],
    tail: Tail,
) -> Errors | None:
    """Give the errors of an estimate by expectation; None where the triangle is too small to judge them."""
    if len(ready.rows) < LEAST_FOR_AN_ERROR:
        return None
    pattern = pattern_of(ready.cumulative.astype(np.float64))
    if pattern is None:
        return None
    shares = np.array(still)
    shares[: len(ready.rows)] = 1 - pattern.of_origins / tail.factor
    of = Expectation(pattern, exposure, shares, ratio, tail.factor, tail.error)
    reported = ready.triangle.reported[ready.rows.start : ready.rows.stop].astype(np.float64)
    _, between = between_origins(of, reported)
    certain = None if method is Method.CAPE_COD else (given.error if given else None) or 0.0
    return errors_of(of, between, certain)


def _column(values: Any) -> Floats:
    """Give one figure an origin."""
    column: Floats = np.asarray(values.values, np.float64).reshape(values.shape[-2], -1)[:, 0]
    return column


def _comes_to(estimate: float, reported: int) -> int:
    """Round an estimate; what is next to nothing is nothing."""
    if not np.isfinite(estimate):
        raise refused("actuary.reserve.not_finite")
    return reported if abs(estimate - reported) <= 2 * _NEXT_TO_NOTHING else round(estimate)


def _told(ready: Ready) -> list[tuple[int, str]]:
    """Give the origins that are told of, each with its row in the triangle."""
    return [(row, ready.triangle.origins[row]) for row in range(ready.rows.start, ready.triangle.size)]


def _reserve(
    method: Method,
    ready: Ready,
    tail: Tail,
    origins: list[OriginReserve],
    standard_error: int | None,
    loss_ratio: float | None,
) -> Reserve:
    return Reserve(
        method,
        ready.triangle.group,
        tuple(origins),
        standard_error,
        loss_ratio,
        ready.development,
        ready.youngest,
        (*ready.remarks, *tail.remarks),
        tail,
    )
