"""How good rules are where it is known what is wrong: hits, precision and recall against planted faults.

The unit is the claim, since that is what an officer opens. A flag is right if the claim has a fault that the
rule means to find; where both the flag and the fault name a line, it has to be the same line. Flags on
claims with some other fault are counted apart: they were worth the look, but prove nothing about the rule.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from adjudicator.problems import Problem
from adjudicator.product.meant import nearest
from adjudicator.rulebook.flags import WHOLE_CLAIM, Fired
from adjudicator.rulebook.read import CompiledRule
from adjudicator.words import message

Int64s = npt.NDArray[np.int64]

WHOLE: int = 10_000
"""A rate of one, in hundredths of a percent."""


@dataclass(frozen=True)
class Faults:
    """What is known to be wrong with some claims: N labels."""

    claim: Int64s
    """(N,): places among the claims."""
    line: Int64s
    """(N,): places among the lines, or ``WHOLE_CLAIM``."""
    fault: tuple[str, ...]
    """(N,): the names of the faults."""

    def of(self, names: Collection[str]) -> Faults:
        """Keep the labels of some faults."""
        kept = np.array([one in names for one in self.fault], np.bool_)
        return Faults(self.claim[kept], self.line[kept], tuple(one for one in self.fault if one in names))


@dataclass(frozen=True)
class Measured:
    """What came of a rule; all counts are of claims."""

    rule: str
    hits: int
    """Claims that it flags."""
    right: int
    """Those with a fault that it means to find."""
    beside: int
    """Those with another fault."""
    wanted: int
    """Claims with a fault that it means to find, flagged or not."""
    found: Mapping[str, tuple[int, int]]
    """Of each fault that it means to find: claims flagged, and claims that have it."""

    @property
    def false(self) -> int:
        """Claims that it flags although nothing is known to be wrong with them."""
        return self.hits - self.right - self.beside

    @property
    def precision(self) -> int | None:
        """The share of right flags among right and false ones, in hundredths of a percent."""
        return _rate(self.right, self.right + self.false)

    @property
    def recall(self) -> int | None:
        """The share of what it means to find that it finds, in hundredths of a percent."""
        return _rate(self.right, self.wanted)


def unknown_faults(rules: Iterable[CompiledRule], known: Sequence[str]) -> list[Problem]:
    """Find the faults that rules mean to find and that nobody ever plants: such a rule would look useless.

    Args:
        rules: with their files.
        known: the names of all faults.

    Returns:
        What is wrong, in the order of the rules, with its place and the faults that there are.
    """
    problems = []
    for rule in rules:
        for place, name in enumerate(rule.definition.finds):
            if name not in known:
                near = nearest(name, known)
                key = "rules.unknown_fault.near" if near else "rules.unknown_fault"
                remedy = message(f"{key}.remedy", near=near or "", known=sorted(known))
                where = rule.source.place_of(("finds", place))
                problems.append(Problem(message(key, name=name), where, remedy))
    return problems


def measured(fired: Fired, faults: Faults) -> Measured:
    """Hold a rule's flags against the faults that are known.

    Args:
        fired: where the rule fired.
        faults: places among the same claims and lines.
    """
    hits = np.unique(fired.claim)
    names = fired.rule.definition.finds
    meant = faults.of(names)
    right = np.unique(meant.claim[_flagged(fired, meant)])
    others = np.setdiff1d(np.intersect1d(hits, faults.claim), right)
    found = {}
    for name in names:
        one = meant.of({name})
        found[name] = (len(np.unique(one.claim[_flagged(fired, one)])), len(np.unique(one.claim)))
    return Measured(fired.rule.name, len(hits), len(right), len(others), len(np.unique(meant.claim)), found)


def together(fired: Sequence[Fired], faults: Faults, claims: int) -> Mapping[str, tuple[int, int]]:
    """Count of each fault the claims that any rule flags that means to find it, and all that have it.

    Args:
        fired: where rules fired.
        faults: what is known.
        claims: how many claims there are.
    """
    counted = {}
    for name in sorted(set(faults.fault)):
        one = faults.of({name})
        seen = np.zeros(claims, np.bool_)
        for rule in fired:
            if name in rule.rule.definition.finds:
                seen[one.claim[_flagged(rule, one)]] = True
        counted[name] = (int(seen.sum()), len(np.unique(one.claim)))
    return counted


def _flagged(fired: Fired, faults: Faults) -> npt.NDArray[np.bool_]:
    """Tell of each label whether a flag meets it."""
    by_claim = np.isin(faults.claim, fired.claim)
    whole = (faults.line == WHOLE_CLAIM) | bool((fired.line == WHOLE_CLAIM).all())
    met: npt.NDArray[np.bool_] = by_claim & (whole | np.isin(faults.line, fired.line))
    return met


def _rate(part: int, whole: int) -> int | None:
    return (2 * WHOLE * part + whole) // (2 * whole) if whole else None
