"""Amounts in words, against numerals that are spelt out here by the rules of each language."""

from __future__ import annotations

import re

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from adjudicator.remuneration.amount_in_words import amount_in_words
from adjudicator.units import LARGEST_AMOUNT

_FR = re.split(
    r"[ \n]+",
    """zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept
    dix-huit dix-neuf""",
)
_FR_TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante", 8: "quatre-vingt"}
_EN = re.split(
    r"[ \n]+",
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen""",
)
_EN_TENS = re.split(" ", "twenty thirty forty fifty sixty seventy eighty ninety")


def french(number: int) -> str:
    """Spell a number out by the rules of French spelling before 1990."""
    if number == 0:
        return _FR[0]
    parts = []
    for power, name in ((15, "billiard"), (12, "billion"), (9, "milliard"), (6, "million")):
        count, number = divmod(number, 10**power)
        if count:
            parts.append(f"{_french_hundreds(count, True)} {name}{'s' if count > 1 else ''}")
    thousands, number = divmod(number, 1000)
    if thousands:
        # Before mille, cent and vingt have no plural, and one thousand is mille alone.
        parts.append("mille" if thousands == 1 else f"{_french_hundreds(thousands, False)} mille")
    if number:
        parts.append(_french_hundreds(number, True))
    return " ".join(parts)


def _french_hundreds(number: int, plural: bool) -> str:
    hundreds, rest = divmod(number, 100)
    words = [] if hundreds == 0 else ["cent"] if hundreds == 1 else [_FR[hundreds], "cent"]
    if hundreds > 1 and not rest and plural:
        words[-1] += "s"
    if rest:
        words.append(_french_tens(rest, plural))
    return " ".join(words)


def _french_tens(number: int, plural: bool) -> str:
    if number < 20:
        return _FR[number]
    tens = number // 10 - (number // 10 in (7, 9))
    rest = number - tens * 10
    if not rest:
        return _FR_TENS[tens] + ("s" if tens == 8 and plural else "")
    return _FR_TENS[tens] + (" et " if rest in (1, 11) and tens != 8 else "-") + _FR[rest]


def english(number: int) -> str:
    """Spell a number out as British English does."""
    if number < 1000:
        return _english_hundreds(number)
    parts = []
    for power, name in (
        (15, "quadrillion"),
        (12, "trillion"),
        (9, "billion"),
        (6, "million"),
        (3, "thousand"),
    ):
        count, number = divmod(number, 10**power)
        if count:
            parts.append(f"{_english_hundreds(count)} {name}")
    said = ", ".join(parts)
    if not number:
        return said
    return said + (" and " if number < 100 else ", ") + _english_hundreds(number)


def _english_hundreds(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    said = f"{_EN[hundreds]} hundred" if hundreds else ""
    if rest or not hundreds:
        tens = (
            _EN[rest] if rest < 20 else _EN_TENS[rest // 10 - 2] + (f"-{_EN[rest % 10]}" if rest % 10 else "")
        )
        said = f"{said} and {tens}" if said else tens
    return said


@pytest.mark.parametrize("numbers", [range(2_200), range(79_900, 81_200), range(999_000, 1_001_200)])
def test_small_numerals_are_right(numbers: range) -> None:
    for number in numbers:
        assert num2words(number, lang="fr") == french(number)
        assert num2words(number, lang="en") == english(number)


@given(
    st.integers(0, LARGEST_AMOUNT) | st.integers(0, 10**9) | st.integers(0, 2000).map(lambda n: n * 100_000)
)
def test_any_numeral_is_right(number: int) -> None:
    assert num2words(number, lang="fr") == french(number)
    assert num2words(number, lang="en") == english(number)


@pytest.mark.parametrize(
    ("amount", "currency", "en", "fr"),
    [
        (0, "NPR", "zero Nepalese rupees", "zéro roupie népalaise"),
        (100, "NPR", "one Nepalese rupee", "une roupie népalaise"),
        (2_150, "NPR", "twenty-one Nepalese rupees and 50/100", "vingt et une roupies népalaises et 50/100"),
        (8_105, "GBP", "eighty-one British pounds and 05/100", "quatre-vingt-une livres sterling et 05/100"),
        (21, "XAF", "twenty-one Central African CFA francs", "vingt et un francs CFA"),
        (80_000, "XOF", "eighty thousand West African CFA francs", "quatre-vingt mille francs CFA"),
        (1_000_000, "RWF", "one million Rwandan francs", "un million de francs rwandais"),
        (
            3_000_200,
            "XAF",
            "three million, two hundred Central African CFA francs",
            "trois millions deux cents francs CFA",
        ),
        (200_000_000, "MGA", "two million Malagasy ariaries", "deux millions d’ariarys malgaches"),
        (5 * 10**11, "EUR", "five billion euros", "cinq milliards d’euros"),
        (1_001, "TND", "one Tunisian dinar and 001/1000", "un dinar tunisien et 001/1000"),
        (-1_250, "GMD", "minus twelve Gambian dalasis and 50/100", "moins douze dalasis gambiens et 50/100"),
    ],
)
def test_amounts_read_well(amount: int, currency: str, en: str, fr: str) -> None:
    assert (amount_in_words(amount, currency), amount_in_words(amount, currency, "fr")) == (en, fr)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_currency_is_written(language: str) -> None:
    codes_for_none = {"XXX", "XTS"}
    for currency in Locale("en").currencies.keys() - codes_for_none:
        assert re.fullmatch(r"[^()0-9]+", amount_in_words(2_100_000_000, currency, language))
