"""Messages as plain values and back, so that a result that is read says what it said, in any language."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from adjudicator import vocabulary
from adjudicator.vocabulary import Word
from adjudicator.words import Amount, Message, Percentage, Quantity

_KIND: Final = "is"


def as_record(value: Any) -> Any:
    """Give a message, or a value of one, as what JSON can hold.

    Raises:
        TypeError: it is nothing that a message can hold.
    """
    match value:
        case Message():
            values = {name: as_record(inner) for name, inner in sorted(value.values.items())}
            return {_KIND: "message", "key": value.key, "values": values}
        case Amount():
            return {_KIND: "amount", "minor": value.minor, "decimals": value.decimals}
        case Quantity():
            return {_KIND: "quantity", "hundredths": value.hundredths}
        case Percentage():
            return {_KIND: "percentage", "hundredths": value.hundredths}
        case Word():
            return {_KIND: "word", "of": type(value).__name__, "word": value.word}
        case dt.date():
            return {_KIND: "date", "date": value.isoformat()}
        case list() | tuple():
            return [as_record(inner) for inner in value]
        case None | bool() | int() | str():
            return value
        case _:
            raise TypeError(f"a message cannot hold {value!r}")


def of_record(record: Any) -> Any:
    """Give back what :func:`as_record` was given.

    Raises:
        KeyError, ValueError: it is no such record.
    """
    if isinstance(record, list):
        return [of_record(inner) for inner in record]
    if not isinstance(record, dict):
        return record
    match record[_KIND]:
        case "message":
            return Message(
                record["key"], {name: of_record(inner) for name, inner in record["values"].items()}
            )
        case "amount":
            return Amount(record["minor"], record["decimals"])
        case "quantity":
            return Quantity(record["hundredths"])
        case "percentage":
            return Percentage(record["hundredths"])
        case "word":
            words: type[Word] = getattr(vocabulary, record["of"])
            return words.of(record["word"])
        case "date":
            return dt.date.fromisoformat(record["date"])
        case other:
            raise ValueError(f"unknown record: {other}")
