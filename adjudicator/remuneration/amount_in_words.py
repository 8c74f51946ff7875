"""An amount of money in words, as statements and remittances carry it, in English and French.

The numerals are num2words', the names of currencies Unicode's (through Babel). What a currency's hundredth or
thousandth is called differs from country to country, so that it is written as a fraction, as on a cheque.
"""

from __future__ import annotations

from typing import Final

from babel.numbers import get_currency_name
from num2words import num2words

from adjudicator.units import currency_decimals

_MINUS: Final = {"en": "minus", "fr": "moins"}
_AND: Final = {"en": "and", "fr": "et"}

_FEMININE: Final = frozenset(
    (
        *("couronne", "devise", "drachme", "gourde", "hryvnia", "lire", "livre", "once", "pataca"),
        *("peseta", "roupie", "unité", "kuna"),
    )
)
"""French names of currencies that are feminine: one says *vingt et une roupies*, but *vingt et un francs*."""

_BIG_NUMBERS: Final = tuple(f"{number}{end}" for number in ("lion", "liard") for end in ("", "s"))
"""How *million*, *milliard*, *billion* and so on end, after which French puts *de* before what is counted."""

_VOWELS: Final = "aàâeéèêiîoôuû"


def amount_in_words(amount: int, currency: str, language: str = "en") -> str:
    """Write an amount in words.

    >>> amount_in_words(2_150, "NPR", "fr")
    'vingt et une roupies népalaises et 50/100'

    Args:
        amount: minor units.
        currency: its ISO 4217 code.
        language: ``en`` or ``fr``.
    """
    decimals = currency_decimals(currency)
    whole, minor = divmod(abs(amount), 10**decimals)
    numeral: str = num2words(whole, lang=language)
    name = _name_of(currency, whole, language)
    said = _in_french(numeral, name) if language == "fr" else f"{numeral} {name}"
    if minor:
        said = f"{said} {_AND[language]} {minor:0{decimals}}/{10**decimals}"
    return f"{_MINUS[language]} {said}" if amount < 0 else said


def _name_of(currency: str, count: int, language: str) -> str:
    """Name a currency, singular or plural, without the bank of issue that Unicode puts after some."""
    name = get_currency_name(currency, count=count, locale=language)
    return name.partition(" (")[0]


def _in_french(numeral: str, name: str) -> str:
    noun = name.split(maxsplit=1)[0].removesuffix("s")
    if noun in _FEMININE and (numeral == "un" or numeral.endswith((" un", "-un"))):
        numeral += "e"
    if numeral.endswith(_BIG_NUMBERS):
        return f"{numeral} d’{name}" if name[0] in _VOWELS else f"{numeral} de {name}"
    return f"{numeral} {name}"
