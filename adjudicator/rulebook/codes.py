"""Sets of codes, words and days: single ones, ranges and beginnings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

_HYPHENS: Final = "-–—"
_ICD: Final = re.compile(rf"([A-Z][0-9][0-9A-Z](?:\.\w+)?)[{_HYPHENS}]([A-Z][0-9][0-9A-Z](?:\.\w+)?)")
"""A range of diagnoses as the books of the ICD write it: ``A00-A09``."""

_ALIKE: Final = re.compile(rf"(([A-Za-z]+)[0-9]+)[{_HYPHENS}](\2[0-9]+)")
_NUMBERED: Final = re.compile(r"([A-Za-z]+)([0-9]+)")


def looks_like_set(text: str) -> bool:
    """Tell whether a text is written as only a set can be: ``A0*``, ``A00..A09``."""
    return ".." in text or text.endswith("*")


def malformed(item: str, domain: str | None) -> tuple[str, dict[str, str]] | None:
    """Tell what is wrong with the form of an item of a set of codes, since it would silently hold nothing.

    Args:
        item: as it is written.
        domain: of the codes (see :class:`adjudicator.rulebook.fields.Field`).

    Returns:
        The key of what is wrong, and its values; None where nothing is.
    """
    by_hyphen = {"diagnosis": _ICD, "code": _ALIKE}.get(domain or "")
    if hyphen := by_hyphen and by_hyphen.fullmatch(item):
        groups = hyphen.groups()
        return "rules.range_hyphen", {"item": item, "meant": f"{groups[0]}..{groups[-1]}"}
    low, dots, high = item.partition("..")
    if not dots:
        return ("rules.star", {"item": item}) if "*" in item[:-1] else None
    if not low or not high or "*" in item or high.startswith(".") or ".." in high:
        return "rules.range", {"item": item}
    if low > high and not low.startswith(high):
        return "rules.range_reversed", {"low": low, "high": high}
    begins, ends = _NUMBERED.fullmatch(low), _NUMBERED.fullmatch(high)
    # As texts X2 comes after X10, so that it would be left out.
    uneven = begins and ends and begins[1] == ends[1] and len(begins[2]) != len(ends[2])
    return ("rules.range_uneven", {"low": low, "high": high}) if uneven and domain == "code" else None


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
