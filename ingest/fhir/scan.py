"""Looks once at every byte of resources, compiled: is this JSON of one meaning, its texts as R4 has them?

The look is quick and only ever says *sound*, *doubtful* or *too deep*. Sound means: no key twice in an
object, not more than one of ``value[x]``, nothing empty, no null, no control letter, no number in quotes
or with an exponent or with more digits than money has, every date a day, no blank in a URI. Whatever is
doubtful goes to :mod:`ingest.fhir.thorough`, which says what is wrong, or that nothing is. What is sound
still is to be decoded: the look does not know which elements a type has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from adjudicator.compiled import compiled, signed
from ingest.fhir.elements import elements_of, needed_choices, root_types

DEEPEST: Final = 48
"""Levels of nesting; R4's own resources need about fifteen."""

MOST_KEYS: Final = 192
"""Keys of one object that the quick look compares with each other."""

MOST_DIGITS: Final = 24
"""Digits of a number that the quick look lets pass."""


class Look(IntEnum):
    """What the look says of a resource."""

    SOUND = 0
    DOUBTFUL = 1
    TOO_DEEP = 2


class Kind(IntFlag):
    """What the text of an element must look like, as far as the look knows."""

    NO_BLANKS = 1
    ID = 2
    DAY = 4
    """A date or a part of one."""
    MOMENT = 8
    """A dateTime or an instant, with its zone."""
    NO_TEXT = 16
    """A number: it must not stand in quotes."""
    UNKNOWN = 32
    """The look cannot say: always doubtful."""
    MARKUP = 64
    REFERENCE = 128
    """Where a reference leads, as text: to a resource of a type that its element admits."""
    TYPE = 256
    """The type of resource that a reference says it leads to."""
    ANYWHERE = 512
    """Where a reference leads, as text: whether what is contained is there, the look cannot say."""


_KINDS: Final = {
    "code": Kind.NO_BLANKS,
    "uri": Kind.NO_BLANKS,
    "url": Kind.NO_BLANKS,
    "canonical": Kind.NO_BLANKS,
    "id": Kind.ID,
    "date": Kind.DAY,
    "dateTime": Kind.DAY | Kind.MOMENT,
    "instant": Kind.MOMENT,
    "decimal": Kind.NO_TEXT,
    "xhtml": Kind.MARKUP,
    "time": Kind.UNKNOWN,
    "oid": Kind.UNKNOWN,
    "uuid": Kind.UNKNOWN,
    "base64Binary": Kind.UNKNOWN,
}

_SOUND: Final = int(Look.SOUND)
_DOUBTFUL: Final = int(Look.DOUBTFUL)
_TOO_DEEP: Final = int(Look.TOO_DEEP)
_NO_BLANKS: Final = int(Kind.NO_BLANKS)
_ID: Final = int(Kind.ID)
_DAY: Final = int(Kind.DAY)
_MOMENT: Final = int(Kind.MOMENT)
_NO_TEXT: Final = int(Kind.NO_TEXT)
_UNKNOWN: Final = int(Kind.UNKNOWN)
_MARKUP: Final = int(Kind.MARKUP)
_REFERENCE: Final = int(Kind.REFERENCE)
_TYPE: Final = int(Kind.TYPE)
_ANYWHERE: Final = int(Kind.ANYWHERE)

_QUOTE: Final = ord('"')
_BACKSLASH: Final = ord("\\")
_OPEN_OBJECT: Final = ord("{")
_CLOSE_OBJECT: Final = ord("}")
_OPEN_LIST: Final = ord("[")
_CLOSE_LIST: Final = ord("]")
_COMMA: Final = ord(",")
_COLON: Final = ord(":")
_LINE_FEED: Final = ord("\n")
_ZERO: Final = ord("0")
_NINE: Final = ord("9")
_HASH_SIGN: Final = ord("#")
_SLASH: Final = ord("/")
_PLAIN: Final = np.array([sign >= 32 and sign < 128 and sign not in (34, 92) for sign in range(256)])
"""The signs in a text that are just themselves."""
_MASK: Final = (1 << 64) - 1
_START: Final = 0xCBF29CE484222325
_PRIME: Final = 0x100000001B3


def _hash(text: str) -> int:
    value = _START
    for byte in text.encode():
        value = ((value ^ byte) * _PRIME) & _MASK
    return value


def _pair(parent: int, key: int) -> int:
    return ((parent * 31) & _MASK) ^ key


@dataclass(frozen=True)
class _Tables:
    """Open addressing: hashes, and what belongs to each; a place without a hash is zero."""

    groups: npt.NDArray[np.uint64]
    group_of: npt.NDArray[np.uint64]
    pairs: npt.NDArray[np.uint64]
    kind_of: npt.NDArray[np.uint16]
    needing: npt.NDArray[np.uint64]
    needed: npt.NDArray[np.uint64]
    targets: npt.NDArray[np.uint64]


@cache
def _tables() -> _Tables:
    groups: dict[int, int] = {}
    kinds: dict[int, int] = {}
    needs: dict[int, int] = {}
    targets: dict[tuple[str, str], set[str]] = {}
    parents: dict[str, set[str]] = {name: {"", "contained", "resource"} for name in root_types()}
    waiting = list(parents)
    while waiting:
        owner = waiting.pop()
        for element in elements_of(owner):
            if element.inner is not None:
                known = parents.setdefault(element.inner, set())
                if element.name not in known:
                    known.add(element.name)
                    waiting.append(element.inner)
    for owner, leading in parents.items():
        for element in elements_of(owner):
            if element.choice is not None:
                groups[_hash(element.name)] = _hash(f"{element.choice}[x]")
                groups[_hash(f"_{element.name}")] = _hash(f"_{element.choice}[x]")
            kind = _KINDS.get(element.primitive or "")
            if kind is not None:
                for parent in leading:
                    pair = _pair(_hash(parent), _hash(element.name))
                    kinds[pair] = kinds.get(pair, 0) | int(kind)
            if element.inner == "Reference":
                pair = _pair(_hash(element.name), _hash("reference"))
                kinds[pair] = kinds.get(pair, 0) | int(Kind.ANYWHERE)
            if element.targets:
                for inner, kind_of_inner in (("reference", Kind.REFERENCE), ("type", Kind.TYPE)):
                    pair = _pair(_hash(element.name), _hash(inner))
                    kinds[pair] = kinds.get(pair, 0) | int(kind_of_inner)
                # The look does not know whose element it is: what not all of that name admit is doubtful.
                for parent in leading:
                    admitted = targets.setdefault((parent, element.name), set(element.targets))
                    admitted.intersection_update(element.targets)
        for choice in needed_choices(owner):
            for parent in leading:
                needs[_hash(parent)] = _hash(f"{choice}[x]")
    group_keys, group_values = _open_addressing(groups)
    pair_keys, pair_values = _open_addressing(kinds)
    need_keys, need_values = _open_addressing(needs)
    leading_to = {
        _pair(_pair(_hash(parent), _hash(name)), _hash(target)): 1
        for (parent, name), admitted in targets.items()
        for target in admitted
    }
    target_keys, _ = _open_addressing(leading_to)
    kinds_of_pairs = pair_values.astype(np.uint16)
    return _Tables(group_keys, group_values, pair_keys, kinds_of_pairs, need_keys, need_values, target_keys)


def _open_addressing(held: dict[int, int]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    size = 1 << (4 * len(held)).bit_length()
    keys = np.zeros(size, np.uint64)
    values = np.zeros(size, np.uint64)
    for key, value in held.items():
        place = key & (size - 1)
        while keys[place]:
            place = (place + 1) & (size - 1)
        keys[place], values[place] = key, value
    return keys, values


class Seen(NamedTuple):
    """A resource that was looked at: where it stands, what it says it is, and the look's word."""

    start: int
    stop: int
    look: Look
    resource_type: str
    """Empty where it says none at its top."""


def look_at(data: bytes, lines: bool) -> Iterator[Seen]:
    """Look at resources.

    Args:
        data: one resource, or with ``lines`` one in each line.
        lines: blank lines are passed over.
    """
    tables = _tables()
    array = np.frombuffer(data, np.uint8)
    starts, stops, looks, type_starts, type_stops = _look(
        array,
        lines,
        tables.groups,
        tables.group_of,
        tables.pairs,
        tables.kind_of,
        tables.needing,
        tables.needed,
        tables.targets,
    )
    for start, stop, look, type_start, type_stop in zip(
        starts.tolist(),
        stops.tolist(),
        looks.tolist(),
        type_starts.tolist(),
        type_stops.tolist(),
        strict=True,
    ):
        yield Seen(start, stop, _LOOKS[look], data[type_start:type_stop].decode("ascii", "replace"))


_LOOKS: Final = tuple(Look)


@compiled
def _found(keys: Any, key: Any) -> int:
    """Find the place of a hash, or below zero. *Compiled.*"""
    mask = np.uint64(len(keys) - 1)
    place = key & mask
    while keys[place] != np.uint64(0):
        if keys[place] == key:
            return signed(int(place))
        place = (place + np.uint64(1)) & mask
    return -1


@compiled
def _two(data: Any, at: int) -> int:
    """Read two digits, or below zero. *Compiled.*"""
    first = signed(data[at]) - _ZERO
    second = signed(data[at + 1]) - _ZERO
    if first < 0 or first > 9 or second < 0 or second > 9:
        return -1
    return first * 10 + second


@compiled
def _is_moment(data: Any, start: int, stop: int, kind: int) -> bool:
    """Say whether a text surely is a date, or a time with its zone. *Compiled.*"""
    size = stop - start
    if size < 4:
        return False
    century, year = _two(data, start), _two(data, start + 2)
    if century < 0 or year < 0 or century + year == 0:
        return False
    if size == 4:
        return kind & _DAY != 0
    if size < 7 or data[start + 4] != 45:
        return False
    month = _two(data, start + 5)
    if month < 1 or month > 12:
        return False
    if size == 7:
        return kind & _DAY != 0
    if size < 10 or data[start + 7] != 45:
        return False
    day = _two(data, start + 8)
    # Whether there is a 29th, 30th or 31st is for the thorough way, but for the months that surely have it.
    if day < 1 or day > 31 or (day > 28 and month == 2) or (day > 30 and month in (4, 6, 9, 11)):
        return False
    if size == 10:
        return kind & _DAY != 0
    if kind & _MOMENT == 0 or size < 20 or data[start + 10] != 84:
        return False
    hour, minute, second = _two(data, start + 11), _two(data, start + 14), _two(data, start + 17)
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        return False
    if data[start + 13] != 58 or data[start + 16] != 58:
        return False
    at = start + 19
    if data[at] == 46:
        at += 1
        begin = at
        while at < stop and data[at] >= _ZERO and data[at] <= _NINE:
            at += 1
        if at == begin or at - begin > 9:
            return False
    if stop - at == 1:
        return bool(data[at] == 90)
    if stop - at != 6 or data[at] not in (43, 45) or data[at + 3] != 58:
        return False
    hour, minute = _two(data, at + 1), _two(data, at + 4)
    return hour >= 0 and hour <= 13 and minute >= 0 and minute <= 59


@compiled
def _is_text(data: Any, start: int, stop: int, kind: int, plain: bool) -> bool:
    """Say whether a text surely is as its element wants it; ``plain``: ASCII without escapes. *Compiled.*"""
    if kind & (_NO_TEXT | _UNKNOWN) != 0:
        return False
    if kind & _MARKUP != 0:
        if stop - start < 11 or data[start] != 60 or data[start + 1] != 100 or data[start + 2] != 105:
            return False
        # From "<div>" or "<div " to "</div>".
        if data[start + 3] != 118 or data[start + 4] not in (32, 62):
            return False
        end = stop - 6
        ends = data[end] == 60 and data[end + 1] == 47 and data[end + 2] == 100 and data[end + 3] == 105
        return bool(ends and data[end + 4] == 118 and data[end + 5] == 62)
    if not plain:
        return False
    if kind & (_DAY | _MOMENT) != 0 and not _is_moment(data, start, stop, kind):
        return False
    if kind & _NO_BLANKS != 0:
        for at in range(start, stop):
            if data[at] <= 32:
                return False
    if kind & _ID != 0:
        if stop - start > 64:
            return False
        for at in range(start, stop):
            sign = data[at]
            letter = (sign >= 65 and sign <= 90) or (sign >= 97 and sign <= 122)
            if not (letter or (sign >= _ZERO and sign <= _NINE) or sign in (45, 46)):
                return False
    return True


@compiled
def _names(data: Any, start: int, stop: int, element: Any, targets: Any) -> bool:
    """Say whether a text is the name of a type that an element admits. *Compiled.*"""
    hashed = np.uint64(_START)
    for at in range(start, stop):
        hashed = (hashed ^ np.uint64(data[at])) * np.uint64(_PRIME)
    return _found(targets, (element * np.uint64(31)) ^ hashed) >= 0


@compiled
def _leads(data: Any, start: int, stop: int, element: Any, targets: Any) -> bool:
    """Say whether a reference surely leads where its element admits, or nowhere that shows. *Compiled.*"""
    if stop - start > 4 and data[start] == 117 and data[start + 1] == 114 and data[start + 2] == 110:
        return True
    last = stop - 1
    while last >= start and data[last] != _SLASH:
        last -= 1
    if last <= start or last == stop - 1:
        return False
    first = last - 1
    while first >= start and data[first] != _SLASH:
        first -= 1
    return _names(data, first + 1, last, element, targets)


@compiled
def _may_be_blank(number: int) -> bool:
    """Say whether a letter beyond ASCII may be a blank. *Compiled.*"""
    return number in (0x85, 0xA0, 0x1680, 0x3000) or (number >= 0x2000 and number < 0x2070)


@compiled
def _hex(sign: int) -> int:
    """Read a hexadecimal digit, or give a number that is far too large. *Compiled.*"""
    if sign >= _ZERO and sign <= _NINE:
        return sign - _ZERO
    sign |= 32
    if sign >= 97 and sign <= 102:
        return sign - 87
    return 1 << 20


@compiled
def _look(
    data: Any,
    lines: bool,
    groups: Any,
    group_of: Any,
    pairs: Any,
    kind_of: Any,
    needing: Any,
    needed: Any,
    targets: Any,
) -> Any:
    """Look at every resource. *Compiled.*

    Returns:
        Of each: where it starts and stops, the look, where the name of its type starts and stops.
    """
    size = len(data)
    starts = [np.int64(0) for _ in range(0)]
    stops = [np.int64(0) for _ in range(0)]
    looks = [np.int64(0) for _ in range(0)]
    type_starts = [np.int64(0) for _ in range(0)]
    type_stops = [np.int64(0) for _ in range(0)]
    is_object = np.zeros(DEEPEST + 2, np.bool_)
    lead = np.zeros(DEEPEST + 2, np.uint64)
    outer = np.zeros(DEEPEST + 2, np.uint64)
    key = np.zeros(DEEPEST + 2, np.uint64)
    first_key = np.zeros(DEEPEST + 2, np.int64)
    filled = np.zeros(DEEPEST + 2, np.bool_)
    keys = np.zeros((DEEPEST + 2) * MOST_KEYS, np.uint64)
    start_hash = np.uint64(_START)
    prime = np.uint64(_PRIME)
    resource_type = start_hash
    for sign in (114, 101, 115, 111, 117, 114, 99, 101, 84, 121, 112, 101):
        resource_type = (resource_type ^ np.uint64(sign)) * prime
    at = 0
    while at < size:
        begin = at
        look = _SOUND
        depth = 0
        held = 0
        expects_key = False
        type_start = 0
        type_stop = 0
        blank = True
        lead[0] = start_hash
        outer[0] = start_hash
        key[0] = start_hash
        is_object[0] = False
        filled[0] = False
        while at < size:
            sign = data[at]
            if sign == _LINE_FEED and lines:
                break
            if sign <= 32:
                at += 1
                continue
            blank = False
            if sign == _QUOTE:
                at += 1
                text = at
                hashed = start_hash
                plain = True
                solid = False
                while True:
                    if expects_key:
                        while at < size and _PLAIN[data[at]]:
                            hashed = (hashed ^ np.uint64(data[at])) * prime
                            solid = True
                            at += 1
                    elif at < size and _PLAIN[data[at]]:
                        solid = True
                        at += 1
                        while at < size and _PLAIN[data[at]]:
                            at += 1
                    if at >= size or data[at] == _QUOTE:
                        break
                    sign = data[at]
                    if sign < 32:
                        look = max(look, _DOUBTFUL)
                        if sign == _LINE_FEED and lines:
                            break
                    if sign == _BACKSLASH:
                        plain = False
                        at += 1
                        if at >= size:
                            break
                        sign = data[at]
                        if sign == 117:
                            if at + 4 < size:
                                number = 0
                                for place in range(1, 5):
                                    number = number * 16 + _hex(signed(data[at + place]))
                                if not _may_be_blank(number):
                                    solid = True
                                if number < 32 or (number >= 0xD800 and number <= 0xDFFF) or number > 0xFFFF:
                                    look = max(look, _DOUBTFUL)
                                if number <= 0xFFFF:
                                    at += 4
                            else:
                                look = max(look, _DOUBTFUL)
                        elif sign not in (98, 102):
                            solid = True
                        if sign in (98, 102) or sign < 32:
                            look = max(look, _DOUBTFUL)
                            if sign == _LINE_FEED and lines:
                                break
                    elif sign >= 128:
                        plain = False
                        # Blanks beyond ASCII begin with one of these.
                        if sign >= 0xC3 and sign not in (0xE1, 0xE2, 0xE3):
                            solid = True
                    else:
                        solid = True
                    if expects_key:
                        hashed = (hashed ^ np.uint64(sign)) * prime
                    at += 1
                stop = at
                if at >= size or data[at] != _QUOTE:
                    look = max(look, _DOUBTFUL)
                    continue
                at += 1
                if expects_key:
                    expects_key = False
                    if not plain:
                        look = max(look, _DOUBTFUL)
                    key[depth] = hashed
                    place = _found(groups, hashed)
                    named = group_of[place] if place >= 0 else hashed
                    first = first_key[depth]
                    if held - first >= MOST_KEYS or held >= len(keys):
                        look = max(look, _DOUBTFUL)
                    else:
                        for other in range(first, held):
                            if keys[other] == named:
                                look = max(look, _DOUBTFUL)
                        keys[held] = named
                        held += 1
                else:
                    filled[depth] = True
                    if not solid:
                        look = max(look, _DOUBTFUL)
                    if is_object[depth]:
                        pair = (lead[depth] * np.uint64(31)) ^ key[depth]
                        if depth == 1 and key[1] == resource_type:
                            type_start, type_stop = text, stop
                    else:
                        pair = (outer[depth] * np.uint64(31)) ^ lead[depth]
                    place = _found(pairs, pair)
                    if place >= 0:
                        kind = signed(kind_of[place])
                        if not _is_text(data, text, stop, kind, plain):
                            look = max(look, _DOUBTFUL)
                        element = (outer[depth] * np.uint64(31)) ^ lead[depth]
                        if kind & _REFERENCE != 0 and not _leads(data, text, stop, element, targets):
                            look = max(look, _DOUBTFUL)
                        if kind & _ANYWHERE != 0 and text < stop and data[text] in (_HASH_SIGN, _BACKSLASH):
                            look = max(look, _DOUBTFUL)
                        if kind & _TYPE != 0 and not _names(data, text, stop, element, targets):
                            look = max(look, _DOUBTFUL)
            elif sign in (_OPEN_OBJECT, _OPEN_LIST):
                filled[depth] = True
                if depth >= DEEPEST:
                    look = _TOO_DEEP
                    # Nothing more is to be learnt of it.
                    at = size if not lines else at
                    while at < size and data[at] != _LINE_FEED:
                        at += 1
                    break
                if is_object[depth]:
                    within, name = lead[depth], key[depth]
                else:
                    within, name = outer[depth], lead[depth]
                depth += 1
                is_object[depth] = sign == _OPEN_OBJECT
                lead[depth] = name
                outer[depth] = within
                key[depth] = start_hash
                first_key[depth] = held
                filled[depth] = False
                expects_key = sign == _OPEN_OBJECT
                at += 1
            elif sign in (_CLOSE_OBJECT, _CLOSE_LIST):
                if depth == 0 or is_object[depth] != (sign == _CLOSE_OBJECT) or not filled[depth]:
                    look = max(look, _DOUBTFUL)
                if depth > 0:
                    if is_object[depth]:
                        place = _found(needing, lead[depth])
                        if place >= 0:
                            there = False
                            for other in range(first_key[depth], held):
                                if keys[other] == needed[place]:
                                    there = True
                            if not there:
                                look = max(look, _DOUBTFUL)
                    held = first_key[depth]
                    depth -= 1
                expects_key = False
                at += 1
            elif sign == _COMMA:
                expects_key = is_object[depth]
                at += 1
            elif sign == _COLON:
                at += 1
            elif sign == 116 or sign == 102:
                filled[depth] = True
                at += 1
                while at < size and data[at] >= 97 and data[at] <= 122:
                    at += 1
            elif sign == 45 or (sign >= _ZERO and sign <= _NINE):
                filled[depth] = True
                digits = 0
                while at < size:
                    sign = data[at]
                    if sign >= _ZERO and sign <= _NINE:
                        digits += 1
                    elif sign in (69, 101):
                        look = max(look, _DOUBTFUL)
                    elif sign not in (43, 45, 46):
                        break
                    at += 1
                if digits > MOST_DIGITS:
                    look = max(look, _DOUBTFUL)
            else:
                # A null, or no JSON.
                filled[depth] = True
                look = max(look, _DOUBTFUL)
                at += 1
        if depth != 0 and look == _SOUND:
            look = _DOUBTFUL
        if not blank:
            starts.append(np.int64(begin))
            stops.append(np.int64(at))
            looks.append(np.int64(look))
            type_starts.append(np.int64(type_start))
            type_stops.append(np.int64(type_stop))
        at += 1
    return (
        np.array(starts, np.int64),
        np.array(stops, np.int64),
        np.array(looks, np.int64),
        np.array(type_starts, np.int64),
        np.array(type_stops, np.int64),
    )
