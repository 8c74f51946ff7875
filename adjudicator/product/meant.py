"""What a person probably meant: a guess at the right text for a wrong one, and the nearest known word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection
from typing import Final

NEAR: Final = 0.7
"""How alike a word must be to one that is known to be suggested, between 0 and 1."""

NEAR_CODE: Final = 0.6
"""The same for codes, which are shorter: ``D3O`` is near to ``D30``."""

_YES: Final = frozenset(("yes", "y", "on", "true", "oui", "vrai", "1"))
_NO: Final = frozenset(("no", "n", "off", "false", "non", "faux", "0"))


def nearest(given: str, known: Collection[str], near: float = NEAR) -> str | None:
    """Give the known word nearest to a given one; None where none is near enough."""
    folded: dict[str, str] = {}
    for word in known:
        folded.setdefault(_folded(word), word)
    found = difflib.get_close_matches(_folded(given), folded, n=1, cutoff=near)
    return folded[found[0]] if found else None


def _folded(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")


def _amount(given: str) -> str | None:
    """Take grouping and a currency off an amount: ``1 500``, ``1,500.50``, ``XAF 1500``, ``12,50``."""
    number = re.sub(r"^[A-Za-z$€£]{1,4} ?| ?[A-Za-z$€£]{1,4}$", "", given)
    if re.fullmatch(r"[0-9]{1,3}([ ,_'’\u00a0\u202f][0-9]{3})+(\.[0-9]+)?", number):
        return re.sub(r"[^0-9.]", "", number)
    if re.fullmatch(r"[0-9]+,[0-9]{1,2}", number):
        return number.replace(",", ".")
    return number if re.fullmatch(r"[0-9]+(\.[0-9]+)?", number) else None


def _percentage(given: str) -> str | None:
    number = re.sub(r" ?(%|percent|per cent|pour cent)$", "", given).replace(",", ".")
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", number) and float(number) <= 100:
        return f"{number}%"
    return None


def _months(given: str) -> str | None:
    matched = re.fullmatch(r"([0-9]{1,4}) ?(m|mo|months?|mois|y|years?|ans?|années?)?\.?", given.lower())
    if matched is None:
        return None
    number = int(matched[1]) * (12 if (matched[2] or "m")[0] in "ya" else 1)
    return f"{number} month" if number == 1 else f"{number} months"


def _date(given: str) -> str | None:
    if matched := re.fullmatch(r"([0-9]{4})[-/. ]?([0-9]{1,2})[-/. ]?([0-9]{1,2})", given):
        year, month, day = matched.groups()
    elif matched := re.fullmatch(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})", given):
        # Day before month, as the administrations that use the format write it.
        day, month, year = matched.groups()
    else:
        return None
    text = f"{year}-{int(month):02}-{int(day):02}"
    return text if _is_day(int(month), int(day)) else None


def _month_day(given: str) -> str | None:
    matched = re.fullmatch(r"([0-9]{1,2})[-/. ]([0-9]{1,2})", given)
    if matched is None:
        return None
    month, day = int(matched[1]), int(matched[2])
    if month > 12:
        month, day = day, month
    return f"{month:02}-{day:02}" if _is_day(month, day) else None


def _is_day(month: int, day: int) -> bool:
    """Tell whether every year has the day; a guess leaves 29 February alone."""
    return 1 <= month <= 12 and 1 <= day <= (28 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


def _truth(given: str) -> str | None:
    word = given.lower()
    return "true" if word in _YES else "false" if word in _NO else None


def _number(given: str) -> str | None:
    if given.lower() in ("unlimited", "no limit", "illimité", "∞"):
        return "none"
    return _with_decimals(_amount(given), 2)


def _index(given: str) -> str | None:
    return _with_decimals(_amount(given), 4)


def _with_decimals(number: str | None, most: int) -> str | None:
    return number if number and len(number.partition(".")[2]) <= most else None


def _whole(given: str) -> str | None:
    matched = re.fullmatch(r"([0-9]{1,9})(\.0+| .*)?", given)
    return matched[1] if matched else None


def _codes(given: str) -> str | None:
    return f"[{given}]" if re.fullmatch(r"\w[\w./-]*( *, *\w[\w./-]*)*", given) else None


_GUESSES: Final[dict[str, Callable[[str], str | None]]] = {
    "product.expects_money": _amount,
    "product.expects_percentage": _percentage,
    "product.expects_cover": _percentage,
    "product.expects_months": _months,
    "product.expects_date": _date,
    "product.expects_month_day": _month_day,
    "product.expects_truth": _truth,
    "product.expects_quantity": _number,
    "product.expects_count": _whole,
    "product.expects_index": _index,
    "product.expects_selector": _codes,
}


def meant(wrong: str, given: str) -> str | None:
    """Guess the right text for a wrong one.

    Args:
        wrong: the catalogue's key of what is wrong with it.
        given: the text that was given.

    Returns:
        Another text that says the same in the right form, or None where there is no telling.
    """
    guess = _GUESSES.get(wrong)
    guessed = guess(given.strip()) if guess else None
    return None if guessed == given else guessed
