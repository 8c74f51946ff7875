"""Every message that a person reads, in English and French, from one catalogue.

The catalogue is the folder ``catalogue/``: one YAML file a room, each entry a key with an ``en`` and a
``fr`` text whose ``{names}`` are filled in with values. Rooms hand :class:`Message` objects around; only a
face (the command line, a report) turns them into text, in the language of its reader.

Where a noun follows a number, the text gives both forms, and the number by its name chooses::

    en: '{count} {count:claim was|claims were} set aside'
    fr: '{count} {count:prestation a été écartée|prestations ont été écartées}'

Each language has its own singular: English speaks so of 1 alone, French of 0 and of 1.5 too.

French puts a space before ``: ; ? ! %`` and within ``« »``. The files have plain ones there, which one can
see and type; they are made unbreakable as they are read, so that no line begins with a sign. So are those of
the texts that rules and products bring along, as they are shown (:func:`unbroken`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, lru_cache
from importlib import resources
from string import Formatter
from typing import Any, Final

import yaml
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from adjudicator.vocabulary import Word

_LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""The quick one, where PyYAML was built with it."""

LANGUAGES: Final = ("en", "fr")
"""The languages that every message exists in; the first is the default."""

_UNBROKEN: Final = re.compile(r" (?=[:;?!»]|%(?![\w(]))|(?<=«) ")
"""The spaces of French at which no line may be broken."""

_LOCALE: Final = {"en": "en", "fr": "fr"}
_DATE_LOCALE: Final = {"en": "en_GB", "fr": "fr"}


@dataclass(frozen=True)
class Amount:
    """Money to be shown: minor units, and the decimals of the currency."""

    minor: int
    decimals: int

    @property
    def exact(self) -> Decimal:
        """In major units."""
        return Decimal(self.minor).scaleb(-self.decimals)


@dataclass(frozen=True)
class Quantity:
    """A quantity to be shown, in hundredths."""

    hundredths: int

    @property
    def exact(self) -> Decimal:
        """In units."""
        return Decimal(self.hundredths).scaleb(-2)


@dataclass(frozen=True)
class Percentage:
    """A percentage to be shown, in hundredths of a percent."""

    hundredths: int

    @property
    def exact(self) -> Decimal:
        """In percent."""
        return Decimal(self.hundredths).scaleb(-2)


_WITH_DECIMALS: Final = (Amount, Quantity, Percentage, Decimal, float)
"""What is written with decimals."""


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


@dataclass(frozen=True)
class Blank:
    """A blank of a text, that is filled in."""

    name: str
    """Of the value."""
    forms: tuple[str, str] | None = None
    """The singular and the plural, one of which the value chooses; None where the value itself is shown."""


@lru_cache(4096)
def parts(template: str) -> tuple[str | Blank, ...]:
    """Take a text apart: what stands in it as it is, and the blanks.

    Raises:
        ValueError: a brace stands alone, or a blank has something else than two different forms.

    """
    found: list[str | Blank] = []
    # Names may have dots in them, which str.format would take for attributes.
    for before, name, forms, conversion in Formatter().parse(template):
        found += [before] if before else []
        if name is None:
            continue
        one, bar, many = (forms or "").partition("|")
        if conversion or (forms and (not bar or one == many or set("{|}") & set(one + many))):
            raise ValueError(f"{{{name}}} wants two forms, such as {{{name}:day|days}}")
        found.append(Blank(name, (one, many) if bar else None))
    return tuple(found)


@lru_cache(4096)
def unbroken(said: str, language: str) -> str:
    """Make the spaces unbreakable at which no line of a language may end."""
    return _UNBROKEN.sub("\u00a0", said) if language == "fr" else said


def fill(template: str, values: Mapping[str, Any], language: str = "en") -> str:
    """Fill in a text: the catalogue's, or one that a rule brings along.

    Raises:
        KeyError: a value is missing.

    """
    return "".join(
        part if isinstance(part, str) else _put(part, values[part.name], language)
        for part in parts(unbroken(template, language))
    )


def _put(blank: Blank, value: Any, language: str) -> str:
    if blank.forms is None:
        return str(shown(value, language))
    return blank.forms[0 if singular(value, language) else 1]


def singular(value: Any, language: str = "en") -> bool:
    """Tell whether a language speaks in the singular of so many; of a list, as many as it has.

    What is no number counts as many.
    """
    match value:
        case Amount() | Quantity() | Percentage():
            number = value.exact
        case int() | float() | Decimal():
            number = Decimal(str(value))
        case list() | tuple():
            number = Decimal(len(value))
        case _:
            return False
    # 1.00 is shown as 1, and spoken of so.
    return _locale(language).plural_form(number.normalize()) == "one"


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALE[language])


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
        for texts in loaded.values():
            if "fr" in texts:
                texts["fr"] = unbroken(texts["fr"], "fr")
        found.update(loaded)
    return found


def text(key: str, language: str = "en", /, **values: Any) -> str:
    """Give the text of a key in a language, with its values filled in.

    Raises:
        KeyError: the catalogue has no such key, or a value is missing.

    """
    return fill(entries()[key][language], values, language)


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
            return number(value.exact, value.decimals, language)
        case Quantity():
            return _short(value.exact, language)
        case Percentage():
            percent = _short(value.exact, language)
            return f"{percent}\u00a0%" if language == "fr" else f"{percent}%"
        case dt.datetime():
            utc = value.astimezone(dt.UTC)
            return f"{_date(utc.date(), language)}, {utc:%H:%M} UTC"
        case dt.date():
            return _date(value, language)
        case bool():
            return value
        case int():
            return number(value, 0, language)
        case list() | tuple():
            # French has commas in its numbers.
            comma = language != "fr" or not any(isinstance(item, _WITH_DECIMALS) for item in value)
            return (", " if comma else "\u00a0; ").join(str(shown(item, language)) for item in value)
        case _:
            return value


def moment(written: str) -> dt.datetime:
    """Read a moment as the books keep it (ISO 8601), to be shown as its reader writes it."""
    return dt.datetime.fromisoformat(written)


def _date(date: dt.date, language: str) -> str:
    written = format_date(date, format="long", locale=_DATE_LOCALE[language])
    # French counts the first of a month, and only the first.
    return f"1er {written[2:]}" if language == "fr" and date.day == 1 else written


def _short(value: Decimal, language: str) -> str:
    written: str = format_decimal(value, format="#,##0.##", locale=_LOCALE[language])
    return written.replace("\u202f", "\u00a0")
