"""The value of a term that meets a budget: which co-insurance keeps the loss ratio at 85%?

Values are whole numbers of the term's smallest step, so that there is an answer to the last digit. Each pass
over the claims tries several values at once between the two that the answer lies between, until these are
neighbours. All values that were tried show whether the figure only rises or only falls with the term; where
it does neither, there may be other answers, and the result says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import pyarrow as pa

from adjudicator.problems import Problem, Refused, problem_of, refused
from adjudicator.product.scalars import Unit, write_scalar
from adjudicator.simulation.asking import ask_grid
from adjudicator.simulation.desk import SWEEP_WISH, Desk, Wish
from adjudicator.simulation.grid import number_of, read_term, unit_of
from adjudicator.simulation.results import COUNTS, FIGURES, RATIOS, Axis, Simulation, Solution
from adjudicator.simulation.scenario import ScenarioSource
from adjudicator.simulation.simulating import simulate_asked
from adjudicator.simulation.walk import Progress
from adjudicator.units import scaled

FIRST_TRIED: Final = 17
"""How many values the first pass tries, both ends included."""

TRIED: Final = 9
"""How many values each later pass tries between two."""

MEASURED: Final = (Unit.MONEY, Unit.PERCENT, Unit.MONTHS, Unit.QUANTITY, Unit.COUNT)
"""What a term that is solved for can measure."""


@dataclass(frozen=True)
class Question:
    """What is asked: a term, the values between which it may lie, and what a figure is to be."""

    path: str
    low: int
    high: int
    unit: Unit
    figure: str
    wanted: int


def read_question(path: str, between: str, target: str, decimals: int) -> Question:
    """Read a question.

    Args:
        path: of a term (see :mod:`adjudicator.simulation.grid`).
        between: two values of the product format, ``50%..100%``.
        target: ``figure=value``, such as ``loss_ratio=85%`` or ``paid=1250000.00``.
        decimals: of the currency.

    Raises:
        Refused: with what is wrong with it.
    """
    problems: list[Problem] = []
    term = read_term(path)
    unit = unit_of(term)
    first, dots, last = between.partition("..")
    ends = [number_of(term, end, decimals) for end in (first, last)]
    if unit not in MEASURED:
        problems.append(problem_of("simulation.term_has_no_number", path=path))
    elif not dots or not first.strip() or not last.strip() or ends[0] >= ends[1]:
        problems.append(problem_of("simulation.between_form", given=between))
    figure, equals, value = target.partition("=")
    figure = figure.strip()
    wanted = 0
    if not equals or figure not in FIGURES:
        problems.append(problem_of("simulation.target_form", given=target, figures=list(FIGURES)))
    else:
        text = value.strip().removesuffix("%").strip() if figure in RATIOS else value.strip()
        digits = 2 if figure in RATIOS else 0 if figure in COUNTS else decimals
        try:
            wanted = scaled(text, digits)
        except ValueError:
            problems.append(problem_of("simulation.target_form", given=target, figures=list(FIGURES)))
    if problems:
        raise Refused(problems)
    return Question(path, ends[0], ends[1], unit, figure, wanted)


def solve_for(
    desk: Desk,
    question: Question,
    scenario: ScenarioSource | None = None,
    wish: Wish | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> Simulation:
    """Find the value of a term that brings a figure to what is wanted.

    Args:
        desk: the scheme and its claims.
        question: what is asked.
        scenario: what is changed before the term is; nothing when left out.
        wish: what is asked of the answer's variants; small sums when left out.
        threads: decides nothing but the time.
        progress: told how far each pass is.

    Returns:
        A simulation whose variants are the two neighbours that the answer lies between, or the one that
        meets it.

    Raises:
        Refused: the term is not one, a value of it is not allowed, or the figure cannot be had.
    """
    tried: dict[int, int] = {}
    bracket = (question.low, question.high)
    numbers = _between(*bracket, FIRST_TRIED)
    while True:
        tried |= _figures(desk, question, scenario, numbers, threads, progress)
        found = _bracket(tried, question.wanted)
        if found is None:
            break
        bracket = found
        if bracket[1] - bracket[0] <= 1:
            break
        numbers = [number for number in _between(*bracket, TRIED + 2) if number not in tried]
    ends = [] if found is None else [bracket[0], bracket[1]]
    nearest = min(tried, key=lambda number: (abs(tried[number] - question.wanted), number))
    shown = sorted({*ends, nearest})
    simulation = _simulate(desk, question, scenario, shown, wish or SWEEP_WISH, threads, progress)
    solution = _solution(desk, question, tried, found, nearest)
    axis = Axis(
        question.path,
        tuple(_written(desk, question, number) for number in sorted(tried)),
        tuple(sorted(tried)),
    )
    return replace(simulation, kind="solve", solution=solution, axes=(axis,))


def _between(low: int, high: int, count: int) -> list[int]:
    """Give about so many whole numbers from one to another, evenly apart, both included."""
    steps = max(count - 1, 1)
    return sorted({low + (high - low) * step // steps for step in range(steps + 1)})


def _bracket(tried: dict[int, int], wanted: int) -> tuple[int, int] | None:
    """Give the first two neighbours among those tried that the target lies between."""
    for one, other in pairwise(sorted(tried)):
        if (tried[one] - wanted) * (tried[other] - wanted) <= 0:
            if tried[one] == wanted:
                return one, one
            if tried[other] == wanted:
                return other, other
            return one, other
    return None


def _written(desk: Desk, question: Question, number: int) -> str:
    return write_scalar(question.unit, number, desk.decimals)


def _simulate(
    desk: Desk,
    question: Question,
    scenario: ScenarioSource | None,
    numbers: Sequence[int],
    wish: Wish,
    threads: int,
    progress: Progress | None,
) -> Simulation:
    values = ",".join(_written(desk, question, number) for number in numbers)
    axes, asked = ask_grid(desk, [f"{question.path}={values}"], scenario)
    return simulate_asked(desk, "solve", asked, axes, wish, threads, progress)


def _figures(
    desk: Desk,
    question: Question,
    scenario: ScenarioSource | None,
    numbers: Sequence[int],
    threads: int,
    progress: Progress | None,
) -> dict[int, int]:
    """Give what the figure is for some values of the term."""
    if not numbers:
        return {}
    simulation = _simulate(desk, question, scenario, numbers, SWEEP_WISH, threads, progress)
    found = {}
    for number, variant in zip(numbers, simulation.variants, strict=True):
        figure = variant.figures[question.figure]
        if figure is None:
            raise refused("simulation.figure_unknown", figure=question.figure)
        found[number] = figure
    return found


def _solution(
    desk: Desk,
    question: Question,
    tried: dict[int, int],
    found: tuple[int, int] | None,
    nearest: int,
) -> Solution:
    numbers = sorted(tried)
    steps = [tried[other] - tried[one] for one, other in pairwise(numbers)]
    monotone = all(step >= 0 for step in steps) or all(step <= 0 for step in steps)
    table = pa.table(
        {
            "value": pa.array([_written(desk, question, number) for number in numbers], pa.string()),
            "number": pa.array(numbers, pa.int64()),
            "figure": pa.array([tried[number] for number in numbers], pa.int64()),
        }
    )
    sides = sorted(found or (), key=lambda number: tried[number])
    return Solution(
        path=question.path,
        target=question.figure,
        wanted=question.wanted,
        monotone=monotone,
        reached=found is not None,
        below=_written(desk, question, sides[0]) if found else None,
        above=_written(desk, question, sides[1]) if found else None,
        best=_written(desk, question, nearest),
        achieved=tried[nearest],
        tried=table,
    )
