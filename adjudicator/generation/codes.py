"""Columns of codes such as ``HF0123-2026-000457``, made of numbers without a loop over rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def codes(pattern: str, **numbers: npt.NDArray[np.integer]) -> Any:
    """Fill a pattern with columns of numbers.

    Args:
        pattern: text with ``{name:width}`` wherever a number stands, with leading zeros.
        numbers: the columns, all of one length n; no number is wider than its place.

    Returns:
        An Arrow array of n strings.
    """
    pieces: list[tuple[str, int]] = []
    rest = pattern
    while rest:
        before, brace, rest = rest.partition("{")
        if before:
            pieces.append((before, 0))
        if brace:
            field, _, rest = rest.partition("}")
            number, _, digits = field.partition(":")
            pieces.append((number, int(digits)))
    length = sum(width or len(name) for name, width in pieces)
    count = len(next(iter(numbers.values())))
    signs = np.empty((count, length), np.uint8)
    place = 0
    for name, width in pieces:
        if not width:
            signs[:, place : place + len(name)] = np.frombuffer(name.encode("ascii"), np.uint8)
            place += len(name)
            continue
        left = numbers[name].astype(np.uint32)
        for digit in range(place + width - 1, place - 1, -1):
            left, shown = np.divmod(left, np.uint32(10))
            signs[:, digit] = shown + ord("0")
        place += width
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(length)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(signs))


def chosen(indices: npt.NDArray[np.integer], values: list[str] | Any) -> Any:
    """Take texts by their place in a list, as a dictionary array; a negative place is "none"."""
    places = pa.array(np.maximum(indices, 0).astype(np.int32), mask=indices < 0)
    dictionary = pa.array(values, pa.string()) if isinstance(values, list) else values
    return pa.DictionaryArray.from_arrays(places, dictionary)
