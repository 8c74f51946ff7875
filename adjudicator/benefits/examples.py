"""A plan's own examples: each must come out as it says, by the columns and by the reference alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjudicator.benefits.definition import NOTHING
from adjudicator.benefits.fields import MEMBER
from adjudicator.benefits.listing import answer, entitled
from adjudicator.benefits.read import AnyPlan, CompiledPlan, CompiledVouchers
from adjudicator.problems import Problem, problem_of
from adjudicator.rulebook.evaluate import Evaluator
from adjudicator.rulebook.plain import Plain
from adjudicator.rulebook.rows import universe_of
from adjudicator.words import Amount, Message, message


@dataclass(frozen=True)
class Tried:
    """What came of a plan's examples."""

    plan: str
    examples: int
    problems: tuple[Problem, ...]


def try_examples(plan: AnyPlan) -> Tried:
    """Try the examples of a plan."""
    tried = _of_families(plan) if isinstance(plan, CompiledPlan) else _of_women(plan)
    return Tried(plan.code, len(plan.examples), tuple(tried))


def _of_families(plan: CompiledPlan) -> list[Problem]:
    problems = []
    for place, (wanted, family) in enumerate(plan.examples):
        found = answer(plan, family).amount
        columns = entitled(plan, universe_of([family], plan.language.fields))
        if [found] * bool(found) != columns.amounts.tolist():
            raise AssertionError(f"example {place + 1} of {plan.code}: columns and reference differ")
        if found != max(wanted, NOTHING + 1):
            values = {"wanted": _amount(max(wanted, NOTHING + 1), plan), "given": _amount(found, plan)}
            where = plan.source.place_of(("examples", place, "receives"))
            problems.append(problem_of("benefits.example_differs", where, number=place + 1, **values))
    return problems


def _amount(minor: int, plan: CompiledPlan) -> Message | Amount:
    return Amount(minor, plan.language.decimals) if minor else message("benefits.nothing")


def _of_women(plan: CompiledVouchers) -> list[Problem]:
    problems = []
    for place, (wanted, family) in enumerate(plan.examples):
        found = Plain([family]).truth(plan.given_to, (0, 0))
        universe = universe_of([family], plan.language.fields)
        columns = Evaluator(universe).truth(plan.given_to, MEMBER, np.zeros(1, np.int64))
        if bool(columns[0]) is not found:
            raise AssertionError(f"example {place + 1} of {plan.code}: columns and reference differ")
        if found is not wanted:
            key = "benefits.example_given" if found else "benefits.example_not_given"
            where = plan.source.place_of(("examples", place, "receives"))
            problems.append(problem_of(key, where, number=place + 1))
    return problems
