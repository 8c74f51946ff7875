"""Which case comes first: what a look at it is expected to save, against the minutes that it takes.

Whole numbers only, so that the order is the same on any machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from adjudicator.units import INT64_MAX, divide_rounded

SCORE_ALL: Final = 100
"""The score of something that a look is certain to change; scores are whole percents."""

MINUTES_A_CASE: Final = 3
"""What it takes to open a case and read what it is about."""

MINUTES_A_LINE: Final = 1
"""What it takes to look at one line."""


def expected_saving(stakes: Iterable[tuple[int, int]]) -> int:
    """Give what a look is expected to save, in minor units.

    Args:
        stakes: a score (see :data:`SCORE_ALL`) and the amount at stake (minor units), of each line.
    """
    return divide_rounded(sum(score * amount for score, amount in stakes), SCORE_ALL)


def expected_minutes(lines: int) -> int:
    """Give how long a look at a claim takes: never nothing."""
    return MINUTES_A_CASE + MINUTES_A_LINE * lines


def rank(saving: int, minutes: int) -> int:
    """Rank a case by its expected saving for an hour of review; the lower, the sooner.

    Cases of one rank follow by due date, then by claim number.

    Args:
        saving: in minor units.
        minutes: above 0.
    """
    return max(-(saving * 60 // minutes), -INT64_MAX)
