"""Cells as openIMIS's databases and their exports write them: numbers, days, truths, references, letters."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol

from adjudicator.vocabulary import OPENIMIS_LETTERS, Word
from adjudicator.words import Message, message

NULLS: Final = frozenset(("", "NULL", r"\N", "(null)", "<NULL>"))
"""How exports write that there is nothing."""

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}(?:[.,][0-9]{1,12})?")
_ISO: Final = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[T ][0-9:.,]*(?:Z|[+-][0-9:]+)?)?")
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})(?: .*)?")
_MONTH_NAMED: Final = re.compile(r"([A-Z][a-z]{2}) {1,2}([0-9]{1,2}) ([0-9]{4})(?: .*)?")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TRUTHS: Final = {"1": True, "0": False, "true": True, "false": False, "t": True, "f": False}


class Unfit(Exception):  # noqa: N818 - a row does not fit; nothing of the program's is in error
    """A row does not fit for what stands in one of its fields.

    The reason is a key of the catalogue; what to do about it stands there under the key with ``.remedy``.
    """

    def __init__(self, field: str | None, value: str | None, key: str, /, **values: object) -> None:
        self.field, self.value, self.key, self.values = field, value, key, values
        super().__init__(f"{field}: {key}")

    @property
    def reason(self) -> Message:
        """What does not fit."""
        return message(self.key, **self.values)

    @property
    def remedy(self) -> Message:
        """What to do about it."""
        return message(f"{self.key}.remedy", **self.values)


def cleaned(text: str | None) -> str | None:
    """Give the text of a cell without the blanks around it; None where nothing is said."""
    stripped = text.strip() if text is not None else ""
    return None if stripped in NULLS else stripped


def read_number(text: str) -> Decimal | None:
    """Read a number, with a decimal point or comma; None where it is none."""
    return Decimal(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def read_date(text: str) -> dt.date | None:
    """Read a day in any of the styles of database exports; a time behind it is left out; None for others."""
    year, month, day = "", "", ""
    if matched := _ISO.fullmatch(text):
        year, month, day = matched.groups()
    elif matched := _DAY_FIRST.fullmatch(text):
        day, month, year = matched.groups()
    elif (matched := _MONTH_NAMED.fullmatch(text)) and matched[1] in _MONTHS:
        year, month, day = matched[3], str(_MONTHS.index(matched[1]) + 1), matched[2]
    try:
        return dt.date(int(year), int(month), int(day)) if year else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a row by their columns, held close together: installations have millions of rows."""

    columns: Mapping[str, int]
    """The place of each column; all rows of a table share it."""
    values: tuple[str | None, ...]

    def get(self, column: str) -> str | None:
        """Give what stands in a column; None for nothing, or for a column that the table lacks."""
        place = self.columns.get(column)
        return None if place is None else self.values[place]


class Held(Protocol):
    """Cells by their columns."""

    def get(self, column: str, /) -> str | None:
        """Give what stands in a column."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of a table of openIMIS, its cells as text.

    The readers of cells raise :class:`Unfit` for what cannot be read.
    """

    table: str
    id: int
    cells: Held

    def text(self, column: str) -> str | None:
        """Give a text; None where the cell is empty or the table lacks the column."""
        return self.cells.get(column)

    def needed(self, column: str) -> str:
        """Give a text that must be there."""
        if (given := self.cells.get(column)) is None:
            raise Unfit(column, None, "openimis.empty")
        return given

    def number(self, column: str) -> Decimal | None:
        """Give a number."""
        if (given := self.cells.get(column)) is None:
            return None
        if (number := read_number(given)) is None:
            raise Unfit(column, given, "openimis.no_number")
        return number

    def positive(self, column: str) -> Decimal | None:
        """Give a number that must not be below zero."""
        number = self.number(column)
        if number is not None and number < 0:
            raise Unfit(column, self.cells.get(column), "openimis.negative")
        return number

    def whole(self, column: str) -> int | None:
        """Give a whole number."""
        number = self.number(column)
        if number is None:
            return None
        if number != int(number):
            raise Unfit(column, self.cells.get(column), "openimis.no_whole_number")
        return int(number)

    def reference(self, column: str) -> int | None:
        """Give the number of a row of another table."""
        return self.whole(column)

    def link(self, column: str) -> int | None:
        """Give the number of a row of another table, for looking around; None where it cannot be read."""
        number = read_number(self.cells.get(column) or "")
        return int(number) if number is not None and number == int(number) else None

    def date(self, column: str) -> dt.date | None:
        """Give a day."""
        if (given := self.cells.get(column)) is None:
            return None
        if (day := read_date(given)) is None:
            raise Unfit(column, given, "openimis.no_date")
        return day

    def truth(self, column: str) -> bool | None:
        """Give a truth value."""
        if (given := self.cells.get(column)) is None:
            return None
        if (truth := _TRUTHS.get(given.lower())) is None:
            raise Unfit(column, given, "openimis.no_truth")
        return truth

    def letter(self, column: str, words: type[Word], default: Word | None = None) -> Word:
        """Give the word that a letter stands for."""
        given = self.cells.get(column)
        if given is None:
            if default is None:
                raise Unfit(column, None, "openimis.empty")
            return default
        letters = OPENIMIS_LETTERS[words]
        if (word := letters.get(given.upper())) is None:
            raise Unfit(column, given, "openimis.no_letter", known=sorted(letters))
        return word
