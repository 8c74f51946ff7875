"""How sure figures are: their values in samples of families, the bands between them, and how they settle.

Everything is whole numbers: sums of a sample are scaled to the number of families and rounded once, bands
are order statistics (nearest rank), and the standard error is a whole root. So bands are the same to the
last digit on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isqrt

import pyarrow as pa

from adjudicator.registers import Int64s
from adjudicator.simulation.fund import Terms, paid_in_samples
from adjudicator.simulation.results import COUNTS
from adjudicator.simulation.tally import OfReplicate, Replicates
from adjudicator.units import PERCENT_ALL, divide_rounded

Sampled = dict[str, list[int | None]]
"""By figure: its value in each sample."""

CHANGE = "_change"
"""What is added to a figure's name for its difference to the base in the same samples."""


def sampled_figures(
    replicates: Replicates, terms: Terms, earned: Int64s, drawn: Int64s, families: int
) -> Sampled:
    """Give the figures of a variant in samples.

    Args:
        replicates: the sums of samples.
        terms: how the variant closes its months.
        earned: (P, M, samples), contributions.
        drawn: (samples,), how many families each sample has.
        families: how many there are.
    """

    def scaled(sums: Int64s) -> list[int | None]:
        return [
            divide_rounded(total * families, size) if size else None
            for total, size in zip(sums.tolist(), drawn.tolist(), strict=True)
        ]

    paid, contributions = paid_in_samples(terms, earned, replicates.paid), earned.sum(axis=(0, 1))
    others = replicates.others
    return {
        "valuated": scaled(replicates.paid.sum(axis=(0, 1, 2, 3))),
        "paid": scaled(paid),
        "patient": scaled(others[OfReplicate.PATIENT]),
        "contributions": scaled(contributions),
        "balance": scaled(contributions - paid),
        "loss_ratio": [
            ratio(one, other) for one, other in zip(paid.tolist(), contributions.tolist(), strict=True)
        ],
        "families_over_ceiling": scaled(others[OfReplicate.OVER_CEILING]),
        "families_gaining": scaled(others[OfReplicate.GAINING]),
        "families_losing": scaled(others[OfReplicate.LOSING]),
    }


def ratio(paid: int, contributions: int) -> int | None:
    """Give a loss ratio in hundredths of a percent; None where nothing was contributed."""
    return divide_rounded(paid * PERCENT_ALL, contributions) if contributions > 0 else None


def with_changes(sampled: Sampled, base: Sampled) -> Sampled:
    """Add the differences to the base, sample by sample."""
    changes = {
        name + CHANGE: [
            None if one is None or other is None else one - other
            for one, other in zip(values, base[name], strict=True)
        ]
        for name, values in sampled.items()
        if name not in COUNTS
    }
    return sampled | changes


def band(values: Sequence[int | None], confidence: int) -> tuple[int, int, int, int] | None:
    """Give low, high, mean and standard error of a figure; None where some sample has none.

    Args:
        values: of the samples.
        confidence: hundredths of a percent of the samples lie within.
    """
    given = sorted(value for value in values if value is not None)
    count = len(given)
    if count < len(values) or not count:
        return None
    outside = PERCENT_ALL - confidence
    low = max(-(-count * outside // (2 * PERCENT_ALL)), 1)
    high = max(-(-count * (2 * PERCENT_ALL - outside) // (2 * PERCENT_ALL)), 1)
    total = sum(given)
    spread = count * sum(value * value for value in given) - total * total
    error = isqrt(spread // (count * (count - 1))) if count > 1 else 0
    return given[low - 1], given[high - 1], divide_rounded(total, count), error


def bands_table(
    sampled: Mapping[str, Sampled],
    values: Mapping[str, Mapping[str, int | None]],
    figures: Sequence[str],
    confidence: int,
) -> pa.Table:
    """Give the bands of variants.

    Args:
        sampled: by variant.
        values: the figures themselves, by variant.
        figures: those asked for, without changes, which follow by themselves.
        confidence: hundredths of a percent.
    """
    rows = []
    for variant, samples in sampled.items():
        for name in _wanted(samples, figures):
            found = band(samples[name], confidence)
            if found is None:
                continue
            low, high, mean, error = found
            rows.append(
                {
                    "variant": variant,
                    "figure": name,
                    "value": values[variant][name],
                    "low": low,
                    "high": high,
                    "mean": mean,
                    "standard_error": error,
                }
            )
    numbers = ("value", "low", "high", "mean", "standard_error")
    return pa.Table.from_pylist(rows, _schema(numbers))


def convergence_table(sampled: Mapping[str, Sampled], figures: Sequence[str], confidence: int) -> pa.Table:
    """Give how bands settle as samples become more: 25, 50, 100, … and all of them."""
    rows = []
    for variant, samples in sampled.items():
        for name in _wanted(samples, figures):
            values = samples[name]
            for count in _steps(len(values)):
                found = band(values[:count], confidence)
                if found is not None:
                    low, high, mean, _ = found
                    rows.append(
                        {
                            "variant": variant,
                            "figure": name,
                            "replicates": count,
                            "low": low,
                            "high": high,
                            "mean": mean,
                        }
                    )
    return pa.Table.from_pylist(rows, _schema(("replicates", "low", "high", "mean")))


def _wanted(samples: Sampled, figures: Sequence[str]) -> list[str]:
    return [name for name in samples if name.removesuffix(CHANGE) in figures]


def _steps(count: int) -> list[int]:
    steps = [25]
    while steps[-1] * 2 < count:
        steps.append(steps[-1] * 2)
    return [step for step in steps if step < count] + [count]


def _schema(numbers: Sequence[str]) -> pa.Schema:
    return pa.schema(
        [("variant", pa.string()), ("figure", pa.string()), *((name, pa.int64()) for name in numbers)]
    )
