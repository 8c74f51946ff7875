"""What rules and selections are worth: how often reviewers agree, what they save, what they cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from adjudicator.units import PERCENT_ALL, divide_rounded

ENOUGH: Final = 5
"""Decided cases from which on something that never changed an amount is named as a mere cost."""


@dataclass(frozen=True)
class Look:
    """A case, or several alike: what brought it into the queue, and what came of it so far."""

    sources: tuple[str, ...]
    """Rules, and selections by their method."""
    decided: bool
    changed: bool = False
    """Whether the reviewer changed anything, whatever became of the amount."""
    saved: int = 0
    """What the decision took off the valuated amount, in minor units; below 0 where it added to it."""
    seconds: int = 0
    """How long officers held the case."""
    cases: int = 1
    released: bool = False
    """Whether somebody took the claim out of review."""


@dataclass(frozen=True)
class Usefulness:
    """What came of the cases of one source."""

    source: str
    hits: int = 0
    decided: int = 0
    released: int = 0
    changed: int = 0
    """Decided cases in which the reviewer agreed that something was to be changed."""
    saved: int = 0
    seconds: int = 0

    @property
    def waiting(self) -> int:
        """The cases that are not over."""
        return self.hits - self.decided - self.released

    @property
    def agreement(self) -> int | None:
        """The share of decided cases that were changed, in hundredths of a percent."""
        return divide_rounded(self.changed * PERCENT_ALL, self.decided) if self.decided else None

    @property
    def false_alarms(self) -> int | None:
        """The share of decided cases that were left as they were, in hundredths of a percent."""
        return None if self.agreement is None else PERCENT_ALL - self.agreement

    @property
    def saved_an_hour(self) -> int | None:
        """What an hour of review saved, in minor units."""
        return divide_rounded(self.saved * 3600, self.seconds) if self.seconds else None

    def only_costs(self, enough: int = ENOUGH) -> bool:
        """Tell whether so many cases were decided for nothing."""
        return self.decided >= enough and self.saved <= 0

    def and_(self, look: Look) -> Usefulness:
        """Count one more case, or as many as are alike."""
        decided = look.decided * look.cases
        return Usefulness(
            self.source,
            self.hits + look.cases,
            self.decided + decided,
            self.released + look.released * look.cases,
            self.changed + look.changed * decided,
            self.saved + look.saved * decided,
            self.seconds + look.seconds * look.cases,
        )


def usefulness(looks: Iterable[Look]) -> tuple[list[Usefulness], Usefulness]:
    """Count what came of cases, source by source.

    A case of several sources counts whole for each: each of them would have found it alone. So the sources
    do not add up to the total, in which every case counts once.

    Returns:
        The sources, those that saved most first, and the total.
    """
    found: dict[str, Usefulness] = {}
    total = Usefulness("")
    for look in looks:
        total = total.and_(look)
        for source in look.sources:
            found[source] = found.get(source, Usefulness(source)).and_(look)
    return sorted(found.values(), key=lambda one: (-one.saved, one.source)), total
