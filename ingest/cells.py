"""Cells of text read as whole numbers: amounts, quantities, counts and days.

Kernels go over the buffers of an Arrow column of text, so that no Python object is made for a cell. Every
cell gets a :class:`Cell` state; only cells in the state ``OK`` have a value. Blanks around a value are
tolerated, as are zeros after the last decimal place; nothing is ever rounded.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.compiled import compiled
from adjudicator.encoding import text_buffers
from adjudicator.units import INT64_MAX, day_of

Int64s = npt.NDArray[np.int64]
States = npt.NDArray[np.uint8]


class Cell(IntEnum):
    """What became of a cell."""

    OK = 0
    EMPTY = 1
    NOT_A_NUMBER = 2
    DECIMAL_COMMA = 3
    TOO_MANY_DECIMALS = 4
    NEGATIVE = 5
    TOO_LARGE = 6
    NOT_A_DATE = 7
    NO_SUCH_DAY = 8
    NOT_AT_MIDNIGHT = 9
    NOT_A_WORD = 10
    NOT_A_TRUTH = 11
    NUL = 12


OK: Final = int(Cell.OK)
_EMPTY: Final = int(Cell.EMPTY)
_NOT_A_NUMBER: Final = int(Cell.NOT_A_NUMBER)
_DECIMAL_COMMA: Final = int(Cell.DECIMAL_COMMA)
_TOO_MANY_DECIMALS: Final = int(Cell.TOO_MANY_DECIMALS)
_NEGATIVE: Final = int(Cell.NEGATIVE)
_TOO_LARGE: Final = int(Cell.TOO_LARGE)
_NOT_A_DATE: Final = int(Cell.NOT_A_DATE)
_NO_SUCH_DAY: Final = int(Cell.NO_SUCH_DAY)

_TENTH: Final = INT64_MAX // 10
_LAST_DIGIT: Final = INT64_MAX % 10
_BLANK: Final = ord(" ")
_ZERO: Final = ord("0")
_MINUS: Final = ord("-")
_POINT: Final = ord(".")
_COMMA: Final = ord(",")


def read_decimals(texts: pa.StringArray, decimals: int, largest: int) -> tuple[Int64s, States]:
    """Read cells as decimals with at most so many places.

    Args:
        texts: ``string``, shape (n,).
        decimals: the places allowed; zero for whole numbers.
        largest: the largest value allowed, in units of the last place; below zero nothing is allowed.

    Returns:
        The values in units of the last place and the states, each of shape (n,).
    """
    bounds, data = text_buffers(texts)
    return _read_decimals(bounds, data, decimals, largest)


def read_dates(texts: pa.StringArray) -> tuple[npt.NDArray[np.int32], States]:
    """Read cells as dates of the form ``2025-01-31``; the values are day numbers."""
    bounds, data = text_buffers(texts)
    return _read_dates(bounds, data)


def rescaled(numbers: Int64s, places: int, decimals: int, largest: int) -> tuple[Int64s, States]:
    """Turn whole numbers of one decimal place into those of another, as far as it is exact.

    Args:
        numbers: shape (n,).
        places: the decimal places that ``numbers`` have.
        decimals: the places of the result.
        largest: the largest value allowed, in units of the result's last place.

    """
    numbers = numbers.view()
    numbers.flags.writeable = False
    return _rescaled(numbers, 10 ** max(decimals - places, 0), 10 ** max(places - decimals, 0), largest)


def trimmed(texts: pa.StringArray) -> pa.StringArray:
    """Take blanks off both ends of each text; a text of blanks is none."""
    bounds, data = text_buffers(texts)
    if _needs_trimming(bounds, data):
        texts = pc.utf8_trim_whitespace(texts)
        bounds, data = text_buffers(texts)
    if len(texts) == texts.null_count or not _has_empty(bounds, texts.null_count):
        return texts
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _has_empty(bounds: npt.NDArray[np.int32], none: int) -> bool:
    return int(np.count_nonzero(bounds[1:] == bounds[:-1])) > none


@compiled
def _needs_trimming(bounds: Any, data: Any) -> bool:
    """Say whether a text may begin or end with a blank; letters beyond ASCII are taken for one."""
    for row in range(len(bounds) - 1):
        start = bounds[row]
        end = bounds[row + 1]
        if start < end:
            first = data[start]
            last = data[end - 1]
            if first <= _BLANK or first >= 128 or last <= _BLANK or last >= 128:
                return True
    return False


@compiled
def _within(bounds: Any, data: Any, row: int) -> tuple[int, int]:
    """Give where a cell's text begins and ends, without the blanks around it. *Compiled.*"""
    start = bounds[row]
    end = bounds[row + 1]
    while start < end and data[start] <= _BLANK:
        start += 1
    while start < end and data[end - 1] <= _BLANK:
        end -= 1
    return start, end


@compiled
def _read_decimals(bounds: Any, data: Any, decimals: int, largest: int) -> tuple[Int64s, States]:
    values = np.zeros(len(bounds) - 1, np.int64)
    states = np.zeros(len(bounds) - 1, np.uint8)
    for row in range(len(bounds) - 1):
        start, end = _within(bounds, data, row)
        if start == end:
            states[row] = _EMPTY
            continue
        negative = data[start] == _MINUS
        if negative:
            start += 1
        number = 0
        whole_digits = 0
        places = 0
        state = OK
        mark = 0
        for at in range(start, end):
            sign = data[at]
            digit = sign - _ZERO
            if 0 <= digit <= 9:
                if mark:
                    places += 1
                    if places > decimals:
                        if digit and state == OK:
                            state = _TOO_MANY_DECIMALS
                        continue
                else:
                    whole_digits += 1
                if number > _TENTH or (number == _TENTH and digit > _LAST_DIGIT):
                    state = _TOO_LARGE
                else:
                    number = number * 10 + digit
            elif (sign in (_POINT, _COMMA)) and not mark:
                mark = sign
            else:
                state = _NOT_A_NUMBER
                break
        if state == _NOT_A_NUMBER or whole_digits == 0 or (mark and places == 0):
            states[row] = _NOT_A_NUMBER
            continue
        if mark == _COMMA:
            states[row] = _DECIMAL_COMMA
            continue
        if state == OK:
            for _ in range(places, decimals):
                if number > _TENTH:
                    state = _TOO_LARGE
                    break
                number *= 10
        if negative and (number or state != OK):
            state = _NEGATIVE
        elif state == OK and number > largest:
            state = _TOO_LARGE
        states[row] = state
        if state == OK:
            values[row] = number
    return values, states


@compiled
def _rescaled(numbers: Any, factor: int, divisor: int, largest: int) -> tuple[Int64s, States]:
    values = np.zeros(len(numbers), np.int64)
    states = np.zeros(len(numbers), np.uint8)
    for row in range(len(numbers)):
        number = numbers[row]
        if number < 0:
            states[row] = _NEGATIVE
            continue
        # Division is dear, and mostly there is nothing to divide by.
        whole = number if divisor == 1 else number // divisor
        if whole * divisor != number:
            states[row] = _TOO_MANY_DECIMALS
        elif whole > largest // factor:
            states[row] = _TOO_LARGE
        else:
            values[row] = whole * factor
    return values, states


@compiled
def _digits(data: Any, start: int, end: int) -> int:
    number = 0
    for at in range(start, end):
        digit = data[at] - _ZERO
        if digit < 0 or digit > 9:
            return -1
        number = number * 10 + digit
    return number


@compiled
def _last_day(year: int, month: int) -> int:
    if month == 2:
        leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31


@compiled
def _read_dates(bounds: Any, data: Any) -> tuple[npt.NDArray[np.int32], States]:
    values = np.zeros(len(bounds) - 1, np.int32)
    states = np.zeros(len(bounds) - 1, np.uint8)
    for row in range(len(bounds) - 1):
        start, end = _within(bounds, data, row)
        if start == end:
            states[row] = _EMPTY
            continue
        if end - start != 10 or data[start + 4] != _MINUS or data[start + 7] != _MINUS:
            states[row] = _NOT_A_DATE
            continue
        year = _digits(data, start, start + 4)
        month = _digits(data, start + 5, start + 7)
        day = _digits(data, start + 8, end)
        if year < 0 or month < 0 or day < 0:
            states[row] = _NOT_A_DATE
        elif year == 0 or not 1 <= month <= 12 or not 1 <= day <= _last_day(year, month):
            states[row] = _NO_SUCH_DAY
        else:
            values[row] = day_of(year, month, day)
    return values, states
