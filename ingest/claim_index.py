"""Finding the claim that a line belongs to, by facility and claim number, without a Python object a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.compiled import compiled
from adjudicator.encoding import text_buffers

NO_CLAIM: Final = -1
"""The index of a line whose claim is not there."""

AMBIGUOUS: Final = -2
"""Where several facilities have a claim of a line's number, the line has this less the first's index."""

_NONE: Final = -1
_ANY_FACILITY: Final = -1
_OTHER_FACILITY: Final = -2
_NO_FACILITY: Final = -3

_CLAIM: Final = 0xFFFF_FFFF

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ClaimIndex:
    """Claims by number: a hash table, in which claims of one number follow each other."""

    numbers: tuple[Any, Any]
    """The claims' numbers: bounds and letters."""
    known: pa.StringArray
    """The facilities that have claims."""
    facilities: Int32s
    """The facility of each claim, by its place among these; below zero where it has none."""
    slots: Int64s
    following: Int32s
    """For each claim the next one of the same number."""
    first: Int32s
    """For each claim the first of its number."""

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
            wanted = _places(facilities, self.known, _OTHER_FACILITY, _ANY_FACILITY)
        return _find(
            text_buffers(numbers),
            wanted,
            self.numbers,
            self.facilities,
            (self.slots, self.following, self.first),
        )

    def repeated(self) -> list[Int64s]:
        """Give the claims that share both facility and number: one array for each such key, rising."""
        shared = (self.following != _NONE) | (self.first != np.arange(len(self.first)))
        claims = np.flatnonzero(shared & (self.facilities >= 0))
        order = claims[np.lexsort((claims, self.facilities[claims], self.first[claims]))]
        keys = np.stack([self.first[order], self.facilities[order]])
        new = np.flatnonzero((keys[:, 1:] != keys[:, :-1]).any(axis=0)) + 1
        return [group for group in np.split(order, new) if len(group) > 1]

    def sharing_number(self, claims: Int32s) -> Int64s:
        """Give all claims with the numbers of some."""
        return np.flatnonzero(np.isin(self.first, self.first[claims]))


def index_claims(numbers: pa.StringArray, facilities: pa.DictionaryArray) -> ClaimIndex:
    """Index claims by their number; a claim without one is found by no line."""
    size = 1 << max(2 * len(numbers) - 1, 1).bit_length()
    texts = text_buffers(numbers)
    known = facilities.dictionary
    return ClaimIndex(
        texts, known, _places(facilities, known, _NO_FACILITY, _NO_FACILITY), *_index(*texts, size)
    )


def _places(facilities: pa.DictionaryArray, known: pa.StringArray, other: int, none: int) -> Int32s:
    """Number facilities by their place among the known ones, those of a dictionary at a time."""
    found = pc.index_in(facilities.dictionary, known).fill_null(other).to_numpy()
    places = np.append(found, np.int32(none)).astype(np.int32)
    indices = facilities.indices.cast(pa.int32())
    if indices.null_count:
        indices = indices.fill_null(len(places) - 1)
    numbered: Int32s = places[indices.to_numpy()]
    return numbered


@compiled
def _hash(letters: Any, start: int, stop: int) -> int:
    """Hash a text to a number of 31 bits (FNV-1a)."""
    number = np.uint64(14_695_981_039_346_656_037)
    for at in range(start, stop):
        number = (number ^ np.uint64(letters[at])) * np.uint64(1_099_511_628_211)
    # The low bits, which choose the slot, take part of the high ones.
    return np.int64((number ^ (number >> np.uint64(32))) & np.uint64(0x7FFF_FFFF))  # type: ignore[return-value]  # in a kernel, an integer


@compiled
def _same(letters: Any, text: tuple[int, int], others: Any, other: tuple[int, int]) -> bool:
    """Say whether two texts, each from where to where among its letters, are the same."""
    size = text[1] - text[0]
    if size != other[1] - other[0]:
        return False
    for at in range(size):  # noqa: SIM110 - a kernel has no generators
        if letters[text[0] + at] != others[other[0] + at]:
            return False
    return True


@compiled
def _look_up(slots: Any, hashed: int, text: Any, letters: Any, claims: Any) -> tuple[int, int]:
    """Find the slot of a text: with the first claim of that number, or empty and for it to take.

    A slot holds a claim below and its hash above, so that few other texts need be looked at.
    """
    bounds, claim_letters = claims
    slot = hashed & (len(slots) - 1)
    while True:
        held = slots[slot]
        if held == _NONE:
            return slot, _NONE
        claim = held & _CLAIM
        if held >> 32 == hashed and _same(letters, text, claim_letters, (bounds[claim], bounds[claim + 1])):
            return slot, claim
        slot = (slot + 1) & (len(slots) - 1)


@compiled
def _index(bounds: Any, letters: Any, size: int) -> tuple[Int64s, Int32s, Int32s]:
    slots = np.full(size, _NONE, np.int64)
    claims = len(bounds) - 1
    following = np.full(claims, _NONE, np.int32)
    first = np.arange(claims).astype(np.int32)
    last = first.copy()
    for claim in range(claims):
        text = (bounds[claim], bounds[claim + 1])
        if text[0] == text[1]:
            continue
        hashed = _hash(letters, text[0], text[1])
        slot, other = _look_up(slots, hashed, text, letters, (bounds, letters))
        if other == _NONE:
            slots[slot] = (hashed << 32) | claim
        else:
            first[claim] = other
            following[last[other]] = claim
            last[other] = claim
    return slots, following, first


@compiled
def _find(lines: Any, wanted: Any, claims: Any, facilities: Any, index: Any) -> Int32s:
    line_bounds, line_letters = lines
    bounds, letters = claims
    slots, following, first = index
    found = np.full(len(wanted), NO_CLAIM, np.int32)
    before = NO_CLAIM
    for line in range(len(wanted)):
        text = (line_bounds[line], line_bounds[line + 1])
        if text[0] == text[1]:
            continue
        facility = wanted[line]
        # Lines of a claim follow each other, and often those of the next claim follow them.
        if (
            line
            and facility == wanted[line - 1]
            and _same(line_letters, text, line_letters, (line_bounds[line - 1], text[0]))
        ):
            found[line] = found[line - 1]
            continue
        guess = before + 1
        if (
            0 < guess < len(facilities)
            and np.int64(facility) in (_ANY_FACILITY, np.int64(facilities[guess]))
            and first[guess] == guess
            and following[guess] == _NONE
            and _same(line_letters, text, letters, (bounds[guess], bounds[guess + 1]))
        ):
            before = guess
            found[line] = guess
            continue
        hashed = _hash(line_letters, text[0], text[1])
        _, claim = _look_up(slots, hashed, text, line_letters, claims)
        if claim == _NONE:
            continue
        before = claim
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
