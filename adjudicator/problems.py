"""What is wrong with an input, where, and what to do: several problems at once, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from adjudicator.words import Message, message, say, text

Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Place:
    """Where something is wrong: a file, and as much of line, column, row and field as is known.

    Lines, columns and rows count from 1; the header of a table is row 1.
    """

    file: Path | None = None
    line: int | None = None
    column: int | None = None
    row: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        return self.told()

    def told(self, language: str = "en") -> str:
        """Write the place as editors and terminals can follow it."""
        parts = [str(self.file)] if self.file else []
        parts += [str(number) for number in (self.line, self.column) if number is not None]
        written = ":".join(parts)
        if self.row is not None:
            written += " " + text("problem.row", language, row=str(self.row))
        if self.field is not None:
            written += f" [{self.field}]"
        return written


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: what, where, and what would be right (``remedy``).

    An error stops the work; a warning says that something is probably not meant.
    """

    what: Message
    place: Place = Place()
    remedy: Message | None = None
    severity: Literal["error", "warning"] = "error"

    def told(self, language: str = "en") -> str:
        """Write the problem as one line for a person."""
        place = f"{told}: " if (told := self.place.told(language)) else ""
        what = self.what if self.severity == "error" else message("problem.warning", what=self.what)
        remedy = f" → {say(self.remedy, language)}" if self.remedy else ""
        return f"{place}{say(what, language)}{remedy}"


class Refused(Exception):  # noqa: N818 - an input is refused; nothing of the program's is in error
    """An input is refused for the problems that it carries; nothing was written."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(problem.told() for problem in self.problems))


def problem_of(key: str, place: Place = Place(), /, **values: Any) -> Problem:
    """Say what is wrong, in words of the catalogue.

    Args:
        key: of the text that says what is wrong; what to do is the text of the same key with ``.remedy``.
        place: where it is wrong, where there is such a place.
        values: what fills both texts.
    """
    return Problem(message(key, **values), place, message(f"{key}.remedy", **values))


def refused(key: str, place: Place = Place(), /, **values: Any) -> Refused:
    """Refuse an input for one reason, as :func:`problem_of` says it."""
    return Refused([problem_of(key, place, **values)])


def of_all(do: Callable[[Item], Made], items: Iterable[Item]) -> list[Made]:
    """Do something with each of several, and refuse them for what is wrong with any of them.

    Raises:
        Refused: with all problems of all.
    """
    made: list[Made] = []
    problems: list[Problem] = []
    for item in items:
        try:
            made.append(do(item))
        except Refused as refusal:
            problems += refusal.problems
    if problems:
        raise Refused(problems)
    return made


class DoesNotAddUp(Exception):  # noqa: N818 - it says what is the matter
    """Amounts or rows were lost or made: an error of the program, never of its input. Nothing may be used."""
