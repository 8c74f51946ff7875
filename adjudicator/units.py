"""Money, quantities, percentages and days as whole numbers, and the one way in which they are rounded.

Follows sections 2 and 3 of the law. Money is in minor units of the scheme's currency, a quantity in
hundredths, a percentage in hundredths of a percent, a day in days since 1970-01-01. Scalar functions
serve the reference and the readers; functions marked *compiled* serve the kernels as well.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from adjudicator.compiled import compiled, signed, unsigned

INT64_MAX: Final = 2**63 - 1

QUANTITY_ONE: Final = 100
"""One unit of a provision, in hundredths."""

PERCENT_ALL: Final = 10_000
"""100%, in hundredths of a percent."""

LARGEST_AMOUNT: Final = INT64_MAX // PERCENT_ALL
"""The largest amount of a line, in minor units, whose co-insurance can still be computed in ``int64``."""

MOST: Final = INT64_MAX
"""More than any balance: what is left where nothing limits it."""

TOO_LARGE: Final = -1
"""What :func:`multiply` gives instead of an amount that it will not count."""

NO_DATE: Final = -(2**31)
"""A date that was not given, among days."""

OPEN_START: Final = -(2**31) + 1
"""The start of a period that has none."""

OPEN_END: Final = 2**31 - 1
"""The end of a period that has none."""

EPOCH: Final = dt.date(1970, 1, 1)

# ISO 4217 lists these currencies with other than two decimals.
_DECIMALS_OTHER_THAN_TWO: Final = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV"), 0
    ),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


def currency_decimals(code: str) -> int:
    """Give the number of decimals of a currency's amounts, after ISO 4217 (law, section 2)."""
    return _DECIMALS_OTHER_THAN_TWO.get(code, 2)


def divide_rounded(number: int, divisor: int) -> int:
    """Divide and round half away from zero; ``divisor`` is positive.

    >>> divide_rounded(25, 10), divide_rounded(-25, 10), divide_rounded(24, 10)
    (3, -3, 2)
    """
    if number >= 0:
        return (number + divisor // 2) // divisor
    return -((-number + divisor // 2) // divisor)


def times_quantity(amount: int, quantity: int) -> int:
    """Multiply an amount per unit (minor units) by a quantity (hundredths), rounded to the minor unit."""
    return divide_rounded(amount * quantity, QUANTITY_ONE)


@compiled
def _divide(number: int, divisor: int) -> int:
    """Divide numbers that are not negative, which takes a third of the time of others. *Compiled.*"""
    return signed(unsigned(number) // unsigned(divisor))


@compiled
def multiply(amount: int, quantity: int) -> int:
    """Multiply as :func:`times_quantity` does, but never past ``int64``. *Compiled.*

    Both are not negative. Gives :data:`TOO_LARGE` above :data:`LARGEST_AMOUNT` (law, section 2).
    """
    # The two comparisons are all that an ordinary line pays for its safety.
    large = amount >= 2**31 or quantity >= 2**31
    if large and amount != 0 and quantity > LARGEST_AMOUNT * QUANTITY_ONE // amount:
        return TOO_LARGE
    product = _divide(amount * quantity + QUANTITY_ONE // 2, QUANTITY_ONE)
    if product > LARGEST_AMOUNT:
        return TOO_LARGE
    return product


@compiled
def take_percentage(amount: int, percentage: int) -> int:
    """Take a percentage as :func:`times_percentage` does. *Compiled.*

    The amount is not negative, and at most :data:`LARGEST_AMOUNT`.
    """
    return _divide(amount * percentage + PERCENT_ALL // 2, PERCENT_ALL)


def times_percentage(amount: int, percentage: int) -> int:
    """Take a percentage (hundredths of a percent) of an amount (minor units), rounded to the minor unit."""
    return divide_rounded(amount * percentage, PERCENT_ALL)


def scaled(text: str, decimals: int) -> int:
    """Read a decimal as a whole number of its last allowed decimal place.

    >>> scaled("1250.5", 2)
    125050

    Raises:
        ValueError: the text is no plain decimal number, or has more than ``decimals`` decimals.

    """
    whole, point, fraction = text.strip().partition(".")
    digits = whole.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or (
        point and not (fraction.isascii() and fraction.isdigit())
    ):
        raise ValueError(text)
    if len(fraction) > decimals:
        raise ValueError(text)
    number = int(digits + fraction.ljust(decimals, "0"))
    return -number if whole.startswith("-") else number


def unscaled(number: int, decimals: int) -> Decimal:
    """Give a whole number of minor units (or hundredths) back as the decimal that it stands for."""
    return Decimal(number).scaleb(-decimals)


def largest_remainder(pot: int, weights: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Share a pot over weights so that the shares add up to it exactly (law, section 2).

    Args:
        pot: minor units, not negative.
        weights: shape (n,), ``int64``, not negative, with a sum above zero unless the pot is zero.

    Returns:
        Shape (n,), ``int64``, minor units. Equal remainders go to the earlier place first.

    """
    total = sum(int(weight) for weight in weights)
    if total == 0:
        if pot:
            raise ValueError("a pot cannot be shared over weights that are all zero")
        return np.zeros(len(weights), np.int64)
    exact = [divmod(pot * int(weight), total) for weight in weights]
    shares = np.array([whole for whole, _ in exact], np.int64)
    left = pot - int(shares.sum())
    order = sorted(range(len(exact)), key=lambda place: (-exact[place][1], place))
    shares[order[:left]] += 1
    return shares


def day_number(date: dt.date) -> int:
    """Give a date as days since 1970-01-01."""
    return (date - EPOCH).days


def date_of(day: int) -> dt.date:
    """Give the date of a day number."""
    return EPOCH + dt.timedelta(days=day)


@compiled
def year_month_day(day: int) -> tuple[int, int, int]:
    """Split a day number into year, month and day of the Gregorian calendar. *Compiled.*"""
    # Years are counted from 1 March, so that the leap day is a year's last; 400 years have 146,097 days.
    shifted = day + 719_468
    era = shifted // 146_097
    day_of_era = shifted - era * 146_097
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    return year, month, day_of_year - (153 * shifted_month + 2) // 5 + 1


@compiled
def day_of(year: int, month: int, day: int) -> int:
    """Give the day number of a year, month and day of the Gregorian calendar. *Compiled.*"""
    shifted_year = year - 1 if month <= 2 else year
    era = shifted_year // 400
    year_of_era = shifted_year - era * 400
    shifted_month = month - 3 if month > 2 else month + 9
    day_of_year = (153 * shifted_month + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146_097 + day_of_era - 719_468


@compiled
def add_months(day: int, months: int) -> int:
    """Add calendar months to a day number; a day that the month lacks becomes its last (law, section 2).

    *Compiled.* 31 January + 1 month is 28 or 29 February.
    """
    year, month, day_of_month = year_month_day(day)
    month_count = year * 12 + month - 1 + months
    year = month_count // 12
    month = month_count - year * 12 + 1
    last = 31
    if month in (4, 6, 9, 11):
        last = 30
    elif month == 2:
        leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
        last = 29 if leap else 28
    return day_of(year, month, min(day_of_month, last))


@compiled
def completed_years(birth: int, day: int) -> int:
    """Count the years completed since birth (law, section 3). *Compiled.*

    Born on 29 February, one completes a year on 1 March where there is no 29th.
    """
    birth_year, birth_month, birth_day = year_month_day(birth)
    year, month, day_of_month = year_month_day(day)
    years = year - birth_year
    if month < birth_month or (month == birth_month and day_of_month < birth_day):
        years -= 1
    return years
