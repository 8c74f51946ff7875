"""Every message that a person reads, in English and French, from one catalogue.

The catalogue is the folder ``catalogue/``: one YAML file a room, each entry a key with an ``en`` and a
``fr`` text whose ``{names}`` are filled in with values. Rooms hand :class:`Message` objects around; only a
face (the command line, a report) turns them into text, in the language of its reader.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, Final

import yaml
from babel.dates import format_date
from babel.numbers import format_decimal

from adjudicator.units import unscaled
from adjudicator.vocabulary import Word

_LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""The quick one, where PyYAML was built with it."""

LANGUAGES: Final = ("en", "fr")
"""The languages that every message exists in; the first is the default."""

_LOCALE: Final = {"en": "en", "fr": "fr"}
_DATE_LOCALE: Final = {"en": "en_GB", "fr": "fr"}


@dataclass(frozen=True)
class Amount:
    """Money to be shown: minor units, and the decimals of the currency."""

    minor: int
    decimals: int


@dataclass(frozen=True)
class Quantity:
    """A quantity to be shown, in hundredths."""

    hundredths: int


@dataclass(frozen=True)
class Percentage:
    """A percentage to be shown, in hundredths of a percent."""

    hundredths: int


@dataclass(frozen=True)
class Message:
    """A key of the catalogue with the values that fill its text."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.key, tuple(sorted((name, str(value)) for name, value in self.values.items()))))


def message(key: str, **values: Any) -> Message:
    """Make a message; ``values`` fill the ``{names}`` of its text."""
    return Message(key, values)


@cache
def entries() -> dict[str, dict[str, str]]:
    """Read the catalogue: key → language → text.

    Raises:
        ValueError: a key stands in two files.

    """
    found: dict[str, dict[str, str]] = {}
    for file in sorted(resources.files("adjudicator").joinpath("catalogue").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        # Keys such as "no" and "on" are words here, so nothing but text is read.
        loaded: dict[str, dict[str, str]] = yaml.load(file.read_text("utf-8"), _LOADER)
        if twice := found.keys() & loaded.keys():
            raise ValueError(f"{file.name} repeats {', '.join(sorted(twice))}")
        found.update(loaded)
    return found


def text(key: str, language: str = "en", /, **values: Any) -> str:
    """Give the text of a key in a language, with its values filled in.

    Raises:
        KeyError: the catalogue has no such key, or a value is missing.

    """
    template = entries()[key][language]
    return template.format_map({name: shown(value, language) for name, value in values.items()})


def say(said: Message, language: str = "en") -> str:
    """Give a message's text in a language."""
    return text(said.key, language, **said.values)


def label(word: Word, language: str = "en") -> str:
    """Give the label of a vocabulary's word."""
    return entries()[f"{type(word).__name__}.{word.word}"][language]


def number(value: Decimal | int, decimals: int, language: str = "en") -> str:
    """Write a number with a fixed number of decimals, grouped as the language does."""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    written = format_decimal(value, format=pattern, locale=_LOCALE[language], decimal_quantization=False)
    # Babel groups French digits with U+202F, which many terminals and PDF fonts lack.
    return written.replace("\u202f", "\u00a0")


def shown(value: Any, language: str = "en") -> Any:
    """Write a value as a reader of the language expects it."""
    match value:
        case Message():
            return say(value, language)
        case Word():
            return label(value, language)
        case Amount():
            return number(unscaled(value.minor, value.decimals), value.decimals, language)
        case Quantity():
            return _short(unscaled(value.hundredths, 2), language)
        case Percentage():
            percent = _short(unscaled(value.hundredths, 2), language)
            return f"{percent}\u00a0%" if language == "fr" else f"{percent}%"
        case dt.date():
            return _date(value, language)
        case bool():
            return value
        case int():
            return number(value, 0, language)
        case list() | tuple():
            return ", ".join(str(shown(item, language)) for item in value)
        case _:
            return value


def _date(date: dt.date, language: str) -> str:
    written = format_date(date, format="long", locale=_DATE_LOCALE[language])
    # French counts the first of a month, and only the first.
    return f"1er {written[2:]}" if language == "fr" and date.day == 1 else written


def _short(value: Decimal, language: str) -> str:
    written: str = format_decimal(value, format="#,##0.##", locale=_LOCALE[language])
    return written.replace("\u202f", "\u00a0")
