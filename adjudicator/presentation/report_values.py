"""How the values of reports are written: typed, with exact decimals and words, and as texts for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from adjudicator.reporting.report import RATIO_DECIMALS, Column, Parameter, Part, Unit
from adjudicator.vocabulary import Word
from adjudicator.words import Message, label, message, number, say, text

NUMBERS: Final = (Unit.NUMBER, Unit.MONEY, Unit.QUANTITY, Unit.RATIO)
"""The units of columns of numbers."""


def decimals_of(column: Column, decimals: int) -> int | None:
    """Give the decimals of a column's numbers; None where it has no decimals or no numbers."""
    match column.unit:
        case Unit.MONEY:
            return decimals
        case Unit.QUANTITY:
            return 2
        case Unit.RATIO:
            return RATIO_DECIMALS
        case _:
            return None


def heading(column: Column, language: str) -> str:
    """Give a column's heading."""
    if column.said is not None:
        return say(column.said, language)
    return text(f"reporting.column.{column.name}", language)


def typed(part: Part, decimals: int, language: str | None) -> pa.Table:
    """Give a part with exact decimals instead of minor units, and texts instead of numbers for words.

    Args:
        part: a table of a report.
        decimals: of the currency.
        language: of headings and words; None for the project's own names and words.
    """
    arrays, names = [], []
    for column in part.columns:
        if column.told and language is None:
            continue
        values = part.rows[column.name].combine_chunks()
        arrays.append(_typed_column(column, values, decimals, language))
        names.append(column.name if language is None else heading(column, language))
    return pa.Table.from_arrays(arrays, names=names)


def _typed_column(column: Column, values: pa.Array, decimals: int, language: str | None) -> pa.Array:
    places = decimals_of(column, decimals)
    if places is not None:
        return _decimal(values, places)
    if column.unit is Unit.WORD:
        assert column.words is not None
        words = {int(word): word.word if language is None else label(word, language) for word in column.words}
        return _replaced(values, words)
    if column.unit is Unit.KEY:
        keys = values.unique().drop_null().to_pylist()
        return _replaced(values, {key: _word_of(key, language) for key in keys})
    return values


def _word_of(key: str, language: str | None) -> str:
    """Give the text of a report's own word, or, for programs, the word."""
    return key.partition(".")[2] if language is None else text(f"reporting.{key}", language)


def _decimal(values: pa.Array, places: int) -> pa.Array:
    """Give whole numbers of their last place as decimals, without going through a float."""
    given = np.asarray(values.fill_null(0).to_numpy(zero_copy_only=False), np.int64)
    halves = np.stack([given, given >> 63], axis=1)
    mask = pa.array(np.asarray(values.is_valid().to_numpy(zero_copy_only=False)))
    buffers = [mask.buffers()[1], pa.py_buffer(np.ascontiguousarray(halves))]
    return pa.Array.from_buffers(pa.decimal128(38, places), len(values), buffers)


def _replaced(values: pa.Array, by: Mapping[Any, str]) -> pa.Array:
    encoded = values.dictionary_encode()
    words = pa.array([by[value] for value in encoded.dictionary.to_pylist()], pa.string())
    return words.take(encoded.indices)


# For people, on a screen.


def cell_text(column: Column, value: Any, decimals: int, language: str) -> str:
    """Write a value of a typed table for people."""
    if value is None:
        return ""
    if column.unit is Unit.DATE:
        return str(value.isoformat())
    if column.name in ("code", "run", "line"):
        return str(value)
    if column.unit is Unit.QUANTITY:
        value = value.normalize()
        return number(value, max(0, -value.as_tuple().exponent), language)
    if column.unit in NUMBERS:
        return number(value, decimals_of(column, decimals) or 0, language)
    return str(value)


def parameter_text(parameter: Parameter, language: str) -> tuple[str, Any]:
    """Give a parameter's name, and its value for people; dates stay dates, and numbers numbers."""
    value = parameter.value
    if value is None:
        value = message("reporting.all")
    if isinstance(value, Message):
        value = say(value, language)
    elif isinstance(value, Word):
        value = label(value, language)
    return text(f"reporting.parameter.{parameter.name}", language), value
