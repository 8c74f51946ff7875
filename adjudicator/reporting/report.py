"""What every report is made of: what it was asked for, and tables whose columns know their units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any, Final

import pyarrow as pa

from adjudicator.units import divide_rounded
from adjudicator.vocabulary import Word
from adjudicator.words import Message

RATIO_DECIMALS: Final = 4
"""Decimals that a ratio is shown with; it is computed exactly."""


class Unit(Enum):
    """What the values of a column are, and so how they are held and written.

    TEXT ``string``; WORD ``int8``, of a vocabulary; KEY ``string``, a word of the report's own, whose
    text is in the catalogue; NUMBER ``int64``; MONEY ``int64``, minor units; QUANTITY ``int64``, hundredths;
    RATIO ``int64``, in its last shown decimal; DATE ``date32``.
    """

    TEXT = "text"
    WORD = "word"
    KEY = "key"
    NUMBER = "number"
    MONEY = "money"
    QUANTITY = "quantity"
    RATIO = "ratio"
    DATE = "date"


ARROW: Final[Mapping[Unit, Any]] = {
    Unit.TEXT: pa.string(),
    Unit.WORD: pa.int8(),
    Unit.KEY: pa.string(),
    Unit.NUMBER: pa.int64(),
    Unit.MONEY: pa.int64(),
    Unit.QUANTITY: pa.int64(),
    Unit.RATIO: pa.int64(),
    Unit.DATE: pa.date32(),
}
"""The Arrow type of the values of each unit."""


@dataclass(frozen=True)
class Column:
    """A column of a report; its heading is the catalogue's ``reporting.column.<name>``."""

    name: str
    unit: Unit = Unit.TEXT
    words: type[Word] | None = None
    """The vocabulary of a WORD."""
    spare: bool = False
    """A screen that is too narrow leaves it out."""
    told: bool = False
    """It says in words what another column says; only people are given it."""
    said: Message | None = None
    """Its heading, where the catalogue has none of its name, as of columns that are counted."""


@dataclass(frozen=True)
class Part:
    """One table of a report; its title is the catalogue's ``reporting.part.<name>``."""

    name: str
    columns: tuple[Column, ...]
    rows: pa.Table
    """With the columns, in their order, each of the type of its unit."""


@dataclass(frozen=True)
class Parameter:
    """Something that a report was made for or from: ``reporting.parameter.<name>``, and its value.

    A value is a text, number or date, a word of a vocabulary, or a message.
    """

    name: str
    value: Any


@dataclass(frozen=True)
class Report:
    """A report, ready to be written in any format; its title is ``reporting.report.<name>``."""

    name: str
    parameters: tuple[Parameter, ...]
    parts: tuple[Part, ...]
    decimals: int
    """Of the scheme's currency."""


def part(name: str, columns: Iterable[Column], values: Mapping[str, Any] | pa.Table) -> Part:
    """Make a table of a report of columns of values; further ones are left out."""
    listed = tuple(columns)
    rows = {column.name: _typed(values[column.name], ARROW[column.unit]) for column in listed}
    return Part(name, listed, pa.table(rows))


def part_of_rows(name: str, columns: Iterable[Column], rows: Sequence[Mapping[str, Any]]) -> Part:
    """Make a table of a report of rows; what a row lacks is none."""
    listed = tuple(columns)
    return part(name, listed, {column.name: [row.get(column.name) for row in rows] for column in listed})


def _typed(values: Any, kind: Any) -> Any:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.cast(kind)
    return pa.array(values, kind)


def shown_ratio(ratio: Fraction | None) -> int | None:
    """Round an exact ratio to the decimals that it is shown with; none stays none."""
    if ratio is None:
        return None
    return divide_rounded(ratio.numerator * 10**RATIO_DECIMALS, ratio.denominator)


def ratio_of(part_: int, whole: int) -> Fraction | None:
    """Give an exact ratio; none where there is nothing to compare with."""
    return Fraction(part_, whole) if whole else None
