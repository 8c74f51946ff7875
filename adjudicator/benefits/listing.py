"""Who is on a list and what they receive: a plan asked of all families at once, and of one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adjudicator.benefits.amount import Share, amounts, capped, shares
from adjudicator.benefits.fields import FAMILY, MEMBER
from adjudicator.benefits.read import CompiledPlan
from adjudicator.problems import refused
from adjudicator.rulebook.evaluate import Evaluator
from adjudicator.rulebook.plain import Plain
from adjudicator.rulebook.rows import ClaimRow
from adjudicator.rulebook.universe import Universe

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Entitled:
    """The families that a plan gives something to."""

    rows: Int64s
    """(n,): their places among the families, rising."""
    amounts: Int64s
    """(n,): minor units, each above zero."""
    qualifying: int
    """How many the criteria hold of; some may come to nothing."""


def entitled(plan: CompiledPlan, universe: Universe) -> Entitled:
    """Ask a plan of all families of a universe.

    Raises:
        Refused: a number in the registers is too large to be computed with.
    """
    evaluator = Evaluator(universe)
    everyone = np.arange(universe.claims, dtype=np.int64)
    rows = everyone[evaluator.truth(plan.criteria, FAMILY, everyone)]
    if plan.with_member is not None:
        members, family = universe.lines_of(rows)
        held = evaluator.truth(plan.with_member, MEMBER, members)
        rows = rows[np.bincount(family[held], minlength=len(rows)) > 0]
    found = amounts(plan.amount, evaluator, universe, rows)
    if len(evaluator.take_odd()):
        raise refused("benefits.too_large", plan=plan.code)
    worth = found > 0
    return Entitled(rows[worth], found[worth], len(rows))


@dataclass(frozen=True)
class Answer:
    """What a plan says of one family."""

    criteria: bool
    with_member: bool
    shares: tuple[Share, ...]
    amount: int
    """Minor units; 0 where it receives nothing."""


def answer(plan: CompiledPlan, family: ClaimRow) -> Answer:
    """Ask a plan of one family: the reference for :func:`entitled`."""
    plain = Plain([family])
    criteria = plain.truth(plan.criteria, (0, None))
    with_member = plan.with_member is None or any(
        plain.truth(plan.with_member, (0, place)) for place in range(len(family.lines))
    )
    parts = tuple(shares(plan.amount, family)) if criteria and with_member else ()
    return Answer(criteria, with_member, parts, capped(plan.amount, parts))
