"""Process notes: what a decision says to the facility, each sentence once, numbered for the lines to name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from adjudicator.adjudication.explanation import Explanation
from adjudicator.fhir.account import ADJUSTMENTS, Part, reason_of
from adjudicator.fhir.decided import DecidedClaim, DecidedLine, Note
from adjudicator.fhir.elements import Json, spoken
from adjudicator.fhir.systems import reason_code
from adjudicator.vocabulary import Reason
from adjudicator.words import Quantity, say, text

Account = Mapping[Part, int]

_TOLD: Final = frozenset((*ADJUSTMENTS, Part.WAITING))
"""The parts that deserve a word."""


def notes_of_explanation(explanation: Explanation) -> tuple[Note, ...]:
    """Give all that an explanation says of a claim and of its lines, as notes."""
    about_claim = [Note(None, sentence.said) for sentence in explanation.sentences]
    about_lines = [
        Note(line.decided.line.number, sentence.said)
        for line in explanation.lines
        for sentence in line.sentences
    ]
    return (*about_claim, *about_lines)


@dataclass(frozen=True)
class Numbered:
    """Notes as a resource has them, and which of them speak of a line."""

    elements: list[Json]
    of_line: Mapping[int, list[int]]


def numbered(decided: DecidedClaim, accounts: Sequence[Account], language: str) -> Numbered:
    """Number the notes of a claim; what is said of several lines in the same words is said once.

    Args:
        decided: the claim.
        accounts: of its lines, in their order.
        language: of the notes.
    """
    notes = decided.notes
    said: Iterator[tuple[int | None, str]] = (
        _of_amounts(decided, accounts, language)
        if notes is None
        else ((note.line, _begun(say(note.said, language))) for note in notes)
    )
    numbers: dict[str, int] = {}
    of_line: dict[int, list[int]] = {}
    for line, words in said:
        number = numbers.setdefault(words, len(numbers) + 1)
        if line is not None:
            mine = of_line.setdefault(line, [])
            if number not in mine:
                mine.append(number)
    elements = [
        {"number": number, "type": "display", "text": words, "language": spoken(language)}
        for words, number in numbers.items()
    ]
    return Numbered(elements, of_line)


def _begun(words: str) -> str:
    """Begin a sentence as sentences begin."""
    return words[:1].upper() + words[1:]


def _of_amounts(
    decided: DecidedClaim, accounts: Sequence[Account], language: str
) -> Iterator[tuple[int | None, str]]:
    """Tell what amounts and reasons themselves say."""
    if decided.held is not None:
        yield None, say(decided.held, language)
    for line, account in zip(decided.lines, accounts, strict=True):
        for part in account:
            if part in _TOLD:
                yield line.line, _note(part, line, language)


def _note(part: Part, line: DecidedLine, language: str) -> str:
    if part is Part.QUANTITY_CUT:
        key = "fhir.note.quantity_reviewed" if line.quantity_reviewed else "fhir.note.quantity_cut"
        return text(key, language, paid=Quantity(line.quantity), asked=Quantity(line.quantity_asked))
    if part is Part.PRICE_CUT and line.price_reviewed:
        return text("fhir.note.price_reviewed", language)
    return _usual_note(part, reason_of(part, line), language)


@cache
def _usual_note(part: Part, reason: Reason | None, language: str) -> str:
    """Give what is said of a part, whatever the line."""
    if reason is None:
        return text(f"fhir.note.{part.name.lower()}", language)
    return text("fhir.note.rejected", language, reason=reason, code=reason_code(reason))
