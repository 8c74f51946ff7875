"""Finding the claim that a line belongs to, by facility and claim number, without a Python object a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.compiled import compiled
from ingest.cells import text_buffers

NO_CLAIM: Final = -1
"""The index of a line whose claim is not there."""

AMBIGUOUS: Final = -2
"""The index of a line that names no facility, where several have a claim of its number, is this − the first."""

_NONE: Final = -1
_ANY_FACILITY: Final = -1
_OTHER_FACILITY: Final = -2

Int32s = npt.NDArray[np.int32]


@dataclass(frozen=True)
class ClaimIndex:
    """Claims by number: a hash table, in which claims of one number follow each other.

    ``numbers`` and ``facilities`` are the claims' own columns. ``following`` gives for each claim the next
    one of the same number, ``first`` the first.
    """

    numbers: pa.StringArray
    facilities: pa.DictionaryArray
    slots: Int32s
    following: Int32s
    first: Int32s

    def find(self, numbers: pa.StringArray, facilities: pa.DictionaryArray | None) -> Int32s:
        """Find the claims of lines.

        Args:
            numbers: the lines' claim numbers, shape (n,).
            facilities: the lines' facilities; none where a line does not say.

        Returns:
            Shape (n,): the claim's position, :data:`NO_CLAIM`, or from :data:`AMBIGUOUS` down.
        """
        size = len(numbers)
        wanted = np.full(size, _ANY_FACILITY, np.int32)
        if facilities is not None:
            wanted = facility_codes(facilities, self.facilities.dictionary, _OTHER_FACILITY, _ANY_FACILITY)
        return _find(
            text_buffers(numbers),
            wanted,
            text_buffers(self.numbers),
            facility_codes(self.facilities, self.facilities.dictionary, _OTHER_FACILITY, _OTHER_FACILITY),
            (self.slots, self.following, self.first),
        )

    def shared_numbers(self) -> npt.NDArray[np.int64]:
        """Give the claims whose number is also another's."""
        return np.flatnonzero((self.following != _NONE) | (self.first != np.arange(len(self.first))))


def index_claims(numbers: pa.StringArray, facilities: pa.DictionaryArray) -> ClaimIndex:
    """Index claims by their number; a claim without one is found by no line."""
    size = 1 << max(2 * len(numbers) - 1, 1).bit_length()
    slots, following, first = _index(*text_buffers(numbers), size)
    return ClaimIndex(numbers, facilities, slots, following, first)


def facility_codes(facilities: pa.DictionaryArray, known: pa.StringArray, other: int, none: int) -> Int32s:
    """Number facilities by their place among the known ones, those of a dictionary at a time."""
    places = pc.index_in(facilities.dictionary, known).fill_null(other).to_numpy()
    places = np.append(places, np.int32(none)).astype(np.int32)
    indices = facilities.indices.cast(pa.int32())
    if indices.null_count:
        indices = indices.fill_null(len(places) - 1)
    return places[indices.to_numpy()]  # type: ignore[no-any-return]


@compiled
def _hash(letters: Any, start: int, stop: int) -> int:
    """Hash a text to a number that is not negative (FNV-1a)."""
    number = np.uint64(14_695_981_039_346_656_037)
    for at in range(start, stop):
        number = (number ^ np.uint64(letters[at])) * np.uint64(1_099_511_628_211)
    # The low bits, which choose the slot, take part of the high ones.
    return np.int64((number ^ (number >> np.uint64(32))) & np.uint64(0x7FFF_FFFF))


@compiled
def _same(letters: Any, start: int, stop: int, others: Any, start_of_other: int, stop_of_other: int) -> bool:
    if stop - start != stop_of_other - start_of_other:
        return False
    for at in range(stop - start):
        if letters[start + at] != others[start_of_other + at]:
            return False
    return True


@compiled
def _index(bounds: Any, letters: Any, size: int) -> tuple[Int32s, Int32s, Int32s]:
    slots = np.full(size, _NONE, np.int32)
    claims = len(bounds) - 1
    following = np.full(claims, _NONE, np.int32)
    first = np.arange(claims).astype(np.int32)
    last = np.arange(claims).astype(np.int32)
    for claim in range(claims):
        start = bounds[claim]
        stop = bounds[claim + 1]
        if start == stop:
            continue
        slot = _hash(letters, start, stop) & (size - 1)
        while True:
            other = slots[slot]
            if other == _NONE:
                slots[slot] = claim
                break
            if _same(letters, start, stop, letters, bounds[other], bounds[other + 1]):
                first[claim] = other
                following[last[other]] = claim
                last[other] = claim
                break
            slot = (slot + 1) & (size - 1)
    return slots, following, first


@compiled
def _find(lines: Any, wanted: Any, claims: Any, facilities: Any, index: Any) -> Int32s:
    line_bounds, line_letters = lines
    bounds, letters = claims
    slots, following, first = index
    size = len(slots)
    found = np.full(len(wanted), NO_CLAIM, np.int32)
    for line in range(len(wanted)):
        start = line_bounds[line]
        stop = line_bounds[line + 1]
        if start == stop:
            continue
        facility = wanted[line]
        # Lines of a claim follow each other.
        if (
            line
            and facility == wanted[line - 1]
            and _same(line_letters, start, stop, line_letters, line_bounds[line - 1], start)
        ):
            found[line] = found[line - 1]
            continue
        slot = _hash(line_letters, start, stop) & (size - 1)
        claim = slots[slot]
        while claim != _NONE and not _same(line_letters, start, stop, letters, bounds[claim], bounds[claim + 1]):
            slot = (slot + 1) & (size - 1)
            claim = slots[slot]
        if claim == _NONE:
            continue
        if facility == _ANY_FACILITY:
            found[line] = claim
            other = following[claim]
            while other != _NONE:
                if facilities[other] != facilities[claim]:
                    found[line] = AMBIGUOUS - claim
                    break
                other = following[other]
        else:
            while claim != _NONE and facilities[claim] != facility:
                claim = following[claim]
            found[line] = claim
    return found
