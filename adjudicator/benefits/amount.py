"""What a family receives: the parts of a plan's amount, added up and capped, in whole minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adjudicator.benefits.fields import FAMILY, MEMBER
from adjudicator.rulebook import typed
from adjudicator.rulebook.evaluate import Evaluator
from adjudicator.rulebook.plain import Plain
from adjudicator.rulebook.rows import ClaimRow
from adjudicator.rulebook.universe import Universe

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CompiledTier:
    """An amount, and of whom it is; ``when`` is None where it is of all others."""

    amount: int
    when: typed.Condition | None


@dataclass(frozen=True)
class CompiledEach:
    """An amount for each of some members."""

    each: int
    at_most: int | None
    count: str | None
    """The field that counts them; None where ``where`` says who they are."""
    where: typed.Condition | None = None


@dataclass(frozen=True)
class CompiledAmount:
    """A plan's amount; everything in minor units."""

    fixed: int
    tiers: tuple[CompiledTier, ...]
    per: tuple[CompiledEach, ...]
    at_most: int | None


@dataclass(frozen=True)
class Share:
    """What one part of an amount comes to: how many times what."""

    what: str
    """``fixed``, ``tier``, ``member``, ``child`` or ``some``."""
    count: int
    each: int

    @property
    def amount(self) -> int:
        """Minor units."""
        return self.count * self.each


def amounts(formula: CompiledAmount, evaluator: Evaluator, universe: Universe, rows: Int64s) -> Int64s:
    """Compute what some families of a universe receive.

    Args:
        formula: the plan's.
        evaluator: of the universe.
        universe: families and members.
        rows: (n,): the families.

    Returns:
        (n,): minor units, not negative.
    """
    total = np.full(len(rows), formula.fixed, np.int64)
    left = np.arange(len(rows))
    for tier in formula.tiers:
        if tier.when is None:
            held = np.ones(len(left), np.bool_)
        else:
            held = evaluator.truth(tier.when, FAMILY, rows[left])
        total[left[held]] += tier.amount
        left = left[~held]
    for one in formula.per:
        count = _counted(one, evaluator, universe, rows)
        total += one.each * (count if one.at_most is None else np.minimum(count, one.at_most))
    return total if formula.at_most is None else np.minimum(total, formula.at_most)


def _counted(one: CompiledEach, evaluator: Evaluator, universe: Universe, rows: Int64s) -> Int64s:
    if one.count is not None:
        values, _ = universe.column(one.count).at(rows)
        return values
    assert one.where is not None
    members, family = universe.lines_of(rows)
    held = evaluator.truth(one.where, MEMBER, members)
    return np.bincount(family[held], minlength=len(rows)).astype(np.int64)


def shares(formula: CompiledAmount, row: ClaimRow) -> list[Share]:
    """Say what each part of a family's amount comes to, before the cap: the reference for :func:`amounts`."""
    plain = Plain([row])
    found = [Share("fixed", 1, formula.fixed)] if formula.fixed else []
    for tier in formula.tiers:
        if tier.when is None or plain.truth(tier.when, (0, None)):
            found.append(Share("tier", 1, tier.amount))
            break
    for one in formula.per:
        if one.where is not None:
            what, count = "some", sum(plain.truth(one.where, (0, place)) for place in range(len(row.lines)))
        else:
            assert one.count is not None
            what = "child" if one.count == "family.children" else "member"
            count = int(row.fields.get(one.count, 0))
        found.append(Share(what, count if one.at_most is None else min(count, one.at_most), one.each))
    return found


def capped(formula: CompiledAmount, parts: Sequence[Share]) -> int:
    """Add the parts of an amount up, and cap them."""
    total = sum(part.amount for part in parts)
    return total if formula.at_most is None else min(total, formula.at_most)
