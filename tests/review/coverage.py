"""How often confidence intervals hold the truth: made-up claims, drawn and reviewed many times over.

Run ``python -m tests.review.coverage`` for the table; it is the same for the same seed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from adjudicator.review.estimate import Interval, Reviewed, estimate
from adjudicator.review.selection import (
    AMOUNT,
    Allocation,
    Frame,
    Selection,
    select_random,
    select_stratified,
)

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Population:
    """Made-up claims: how many, how often they are overpaid, and how."""

    name: str
    rate: float
    """Of claims that are overpaid."""
    whole: float
    """Of the overpaid claims, those that should not have been paid at all; others lose a part."""
    claims: int = 4000
    skew: float = 1.0
    """The spread of the logarithm of amounts."""
    by_size: bool = False
    """Whether large claims are overpaid more often."""
    largest: int = 0
    """How many of the largest claims are overpaid whole, whatever the others are."""

    def made(self, seed: int) -> tuple[Frame, Int64s]:
        """Make the claims, and what is overpaid of each."""
        random = np.random.default_rng([seed, *self.name.encode()])
        amounts = np.maximum(1, np.exp(random.normal(9.5, self.skew, self.claims))).astype(np.int64)
        weight = amounts / amounts.mean() if self.by_size else np.ones(self.claims)
        wrong = random.random(self.claims) < np.minimum(1, self.rate * weight)
        part = np.where(random.random(self.claims) < self.whole, 1.0, random.beta(1.5, 3, self.claims))
        overpaid = np.where(wrong, np.ceil(amounts * part), 0).astype(np.int64)
        worst = np.argsort(amounts, kind="stable")[len(amounts) - self.largest :]
        overpaid[worst] = amounts[worst]
        names = [f"{number:06d}" for number in range(self.claims)]
        return Frame(["F"] * self.claims, names, amounts, amounts, {}), overpaid


POPULATIONS = (
    Population("one in 100", 0.01, 0.5),
    Population("one in 30", 0.03, 0.5),
    Population("one in 10", 0.1, 0.5),
    Population("one in 10, whole", 0.1, 1.0),
    Population("one in 3", 0.3, 0.5),
    Population("large ones", 0.1, 0.5, by_size=True),
    Population("very skewed", 0.1, 0.5, skew=1.6),
    Population("even amounts", 0.05, 0.5, skew=0.3),
    Population("the 40 largest", 0.03, 0.5, largest=40),
    Population("nearly all, whole", 0.97, 1.0),
    Population("none", 0.0, 0.5),
)


def _simple(frame: Frame, size: int, seed: str) -> Selection:
    return select_random(frame, size, seed)


def _by_amount(frame: Frame, size: int, seed: str, allocation: Allocation, take_all: bool) -> Selection:
    largest = int(np.sort(frame.claimed)[-size // 10]) if take_all else None
    return select_stratified(frame, size, seed, [AMOUNT], allocation, 4, largest)


DESIGNS: dict[str, Callable[[Frame, int, str], Selection]] = {
    "simple": _simple,
    "proportional": partial(_by_amount, allocation=Allocation.PROPORTIONAL, take_all=False),
    "Neyman": partial(_by_amount, allocation=Allocation.NEYMAN, take_all=False),
    "Neyman, largest all": partial(_by_amount, allocation=Allocation.NEYMAN, take_all=True),
}


@dataclass(frozen=True)
class Coverage:
    """How intervals did against the truth."""

    covered: float
    student: float
    """How often Student's interval alone held the truth."""
    too_low: float
    """How often the truth lay above the interval."""
    too_high: float
    """How often the truth lay below it."""
    width: float
    """Half the mean width, as a share of what all claims were valued at."""
    bias: float
    """The mean of the estimates less the truth, as a share of what all claims were valued at."""


def measure(
    population: Population, design: str, size: int, confidence: float, draws: int, seed: int
) -> dict[str, Coverage]:
    """Draw and estimate many times; give the coverage of each estimator."""
    frame, overpaid = population.made(seed)
    truth, whole = int(overpaid.sum()), int(frame.valuated.sum())
    intervals: dict[str, list[Interval]] = {"expansion": [], "ratio": []}
    for number in range(draws):
        selection = DESIGNS[design](frame, size, f"{seed}/{number}")
        reviewed = list(_reviewed(frame, selection, overpaid))
        done = estimate(reviewed, confidence)
        assert done.ratio is not None
        intervals["expansion"].append(done.expansion)
        intervals["ratio"].append(done.ratio)
    return {name: _coverage(found, truth, whole) for name, found in intervals.items()}


def _reviewed(frame: Frame, selection: Selection, overpaid: Int64s) -> Iterator[Reviewed]:
    for place, stratum in enumerate(selection.strata):
        here = selection.stratum == place
        drawn = here & selection.drawn
        others = frame.valuated[here & ~selection.drawn]
        yield Reviewed(stratum.name, overpaid[drawn], frame.valuated[drawn], others)


def _coverage(found: list[Interval], truth: int, whole: int) -> Coverage:
    low, high, estimated, student = (
        np.array([getattr(one, name) for one in found]) for name in ("low", "high", "estimate", "student")
    )
    return Coverage(
        float(((low <= truth) & (truth <= high)).mean()),
        float((np.abs(truth - estimated) <= student * (1 + 1e-12)).mean()),
        float((truth > high).mean()),
        float((truth < low).mean()),
        float((high - low).mean() / 2 / whole),
        float((estimated.mean() - truth) / whole),
    )


def main() -> None:
    """Print the table of coverage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--confidence", type=float, default=95.0, help="percent")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 400])
    given = parser.parse_args()
    print(_title(given))
    table = Table(box=None, header_style="dim")
    for heading in ("overpaid", "sample", "size"):
        table.add_column(heading, justify="right" if heading == "size" else "left", no_wrap=True)
    for estimator in ("e", "r"):
        for heading in ("held", "alone", "above", "below", "±", "bias"):
            table.add_column(f"{estimator}.{heading}", justify="right", no_wrap=True)
    for population in POPULATIONS:
        for design in DESIGNS:
            for size in given.sizes:
                done = measure(population, design, size, given.confidence / 100, given.draws, given.seed)
                cells = (cell for one in done.values() for cell in _cells(one))
                table.add_row(population.name, design, str(size), *cells)
    Console(width=150).print(table)


def _title(given: argparse.Namespace) -> str:
    return (
        f"Intervals of {given.confidence:g}%, {given.draws} draws each, seed {given.seed}; "
        "e: expansion, r: combined ratio.\n"
        "held: how often the interval held the truth; alone: how often Student's alone would have;\n"
        "above, below: how often the truth lay there;\n"
        "±: half its mean width; bias: of the mean estimate, both as shares of what was valued."
    )


def _cells(one: Coverage) -> Iterator[str]:
    for share in (one.covered, one.student, one.too_low, one.too_high):
        yield f"{share:.1%}"
    yield f"{one.width:.2%}"
    yield f"{one.bias:+.2%}"


if __name__ == "__main__":
    main()
