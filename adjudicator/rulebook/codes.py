"""Sets of codes, words and days: single ones, ranges and beginnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class CodeSet:
    """Codes that are named, lie in a range, or begin like something.

    A range holds what begins like its last code: ``A00..A09`` holds A09.1.
    """

    named: frozenset[str]
    ranges: tuple[tuple[str, str], ...] = ()
    beginnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, items: Sequence[str]) -> CodeSet:
        """Read a set as it is written: ``A00``, ``A00..A09``, ``A*``."""
        named, ranges, beginnings = set(), [], []
        for item in items:
            low, dots, high = item.partition("..")
            if dots:
                ranges.append((low, high))
            elif item.endswith("*"):
                beginnings.append(item[:-1])
            else:
                named.add(item)
        return cls(frozenset(named), tuple(ranges), tuple(beginnings))

    def __contains__(self, code: str) -> bool:
        return (
            code in self.named
            or any(low <= code and (code <= high or code.startswith(high)) for low, high in self.ranges)
            or code.startswith(self.beginnings or ("\x00",))
        )

    def among(self, codes: Sequence[str | None]) -> npt.NDArray[np.bool_]:
        """Tell of each of some codes whether it is in the set."""
        return np.array([code is not None and code in self for code in codes], np.bool_)


@dataclass(frozen=True)
class DaySet:
    """Days: whole ones as day numbers, and those of every year as (month, day)."""

    days: frozenset[int]
    yearly: frozenset[tuple[int, int]]
