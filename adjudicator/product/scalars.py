"""The scalars of a product file: how an amount, a percentage, a span or a date is read and written back.

A scalar comes as the text that stands in the file and becomes an integer in the units of the law
(section 2). Each type carries its reading, its JSON Schema and its :class:`Unit`, so that one definition
serves the reader, the published schema, the writer and the comparison of two versions.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from adjudicator.units import (
    LARGEST_AMOUNT,
    OPEN_END,
    OPEN_START,
    PERCENT_ALL,
    date_of,
    day_number,
    scaled,
    unscaled,
)
from adjudicator.vocabulary import Care, Word

NO_LIMIT: Final = -1
"""A limit that is lifted on purpose, among quantities, counts and amounts."""

OUTSIDE: Final = {
    "none": 0,
    "non_hospital": 1 << Care.NON_HOSPITAL,
    "hospital": 1 << Care.HOSPITAL,
    "both": (1 << Care.NON_HOSPITAL) | (1 << Care.HOSPITAL),
}
"""The kinds of care in which a provision stands outside ceilings, as a set of bits by :class:`Care`."""

INDEX_DECIMALS: Final = 4
"""The decimals of a relative index."""


class Unit(Enum):
    """What a scalar of a product file measures."""

    MONEY = "money"
    PERCENT = "percent"
    MONTHS = "months"
    QUANTITY = "quantity"
    COUNT = "count"
    DAY = "day"
    MONTH_DAY = "month_day"
    TRUTH = "truth"
    TEXT = "text"
    OUTSIDE = "outside"
    INDEX = "index"


def wrong(key: str, /, *, at: tuple[str | int, ...] = (), **values: Any) -> PydanticCustomError:
    """Make an error whose type is a key of the catalogue.

    Args:
        key: the catalogue's key of what is wrong; ``<key>.remedy`` says what would be right.
        at: the steps from the part that is being checked to the value that is at fault.
        values: what fills the message.
    """
    return PydanticCustomError(key, key, {**values, "at": at})


def written_shape(value: Any) -> str:
    """Write what was given where something else was expected, short enough for a message."""
    match value:
        case dict():
            return "{" + ", ".join(str(key) for key in value) + "}"
        case list():
            shown = ", ".join(written_shape(item) for item in value[:4])
            return f"[{shown}, …]" if len(value) > 4 else f"[{shown}]"
        case str() if len(value) > 60:
            return value[:59] + "…"
        case _:
            return str(value)


# The texts that a scalar may have. The published schema and the reader share them.
_AMOUNT: Final = r"[0-9]+(\.[0-9]+)?"
_PERCENTAGE: Final = r"0*(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?) ?%"
_ANY_PERCENTAGE: Final = r"-?[0-9]+(\.[0-9]{1,2})? ?%"
_MONTHS: Final = r"[0-9]{1,4} ?months?"
_QUANTITY: Final = r"[0-9]+(\.[0-9]{1,2})?"
_COUNT: Final = r"[0-9]{1,9}"
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DAY_31: Final = r"(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
_DAY_30: Final = r"(0[469]|11)-(0[1-9]|[12][0-9]|30)"
_MONTH_DAY: Final = rf"({_DAY_31}|{_DAY_30}|02-(0[1-9]|[12][0-9]))"
_INDEX: Final = r"[0-9]+(\.[0-9]{1,4})?"


def _given(value: Any, key: str, **values: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise wrong(key, given=written_shape(value), **values)
    return str(value)


def read_money(value: Any, info: ValidationInfo) -> int:
    """Read an amount in major units as minor units; the context holds the currency's ``decimals``."""
    decimals = info.context["decimals"] if info.context else 2
    given = _given(value, "product.expects_money", decimals=decimals)
    if not re.fullmatch("-?" + _AMOUNT, given):
        raise wrong("product.expects_money", given=given, decimals=decimals)
    try:
        amount = scaled(given, decimals)
    except ValueError:
        raise wrong("product.too_many_decimals", given=given, decimals=decimals) from None
    if given.startswith("-") or amount > LARGEST_AMOUNT:
        raise wrong("product.amount_out_of_range", given=given, most=str(unscaled(LARGEST_AMOUNT, decimals)))
    return amount


def read_percentage(value: Any) -> int:
    """Read a percentage, written with its sign, as hundredths of a percent."""
    given = _given(value, "product.expects_percentage")
    if not re.fullmatch(_ANY_PERCENTAGE, given):
        raise wrong("product.expects_percentage", given=given)
    percentage = scaled(given.removesuffix("%"), 2)
    if given.startswith("-") or percentage > PERCENT_ALL:
        raise wrong("product.percentage_out_of_range", given=given)
    return percentage


def _read_months(value: Any) -> int:
    given = _given(value, "product.expects_months")
    if not re.fullmatch(_MONTHS, given):
        raise wrong("product.expects_months", given=given)
    return int(given.partition("m")[0])


def _read_quantity(value: Any) -> int:
    given = _given(value, "product.expects_quantity")
    if given == "none":
        return NO_LIMIT
    if not re.fullmatch(_QUANTITY, given) or (quantity := scaled(given, 2)) > LARGEST_AMOUNT:
        raise wrong("product.expects_quantity", given=given)
    return quantity


def _read_count(value: Any) -> int:
    given = _given(value, "product.expects_count")
    if not re.fullmatch(_COUNT, given):
        raise wrong("product.expects_count", given=given)
    return int(given)


def _read_day(value: Any) -> int:
    given = _given(value, "product.expects_date")
    try:
        if not re.fullmatch(_DAY, given):
            raise ValueError(given)
        return day_number(dt.date.fromisoformat(given))
    except ValueError:
        raise wrong("product.expects_date", given=given) from None


def _read_month_day(value: Any) -> tuple[int, int]:
    given = _given(value, "product.expects_month_day")
    if not re.fullmatch(_MONTH_DAY, given):
        raise wrong("product.expects_month_day", given=given)
    month, day = given.split("-")
    return int(month), int(day)


def _read_truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    given = _given(value, "product.expects_truth")
    if given not in ("true", "false"):
        raise wrong("product.expects_truth", given=given)
    return given == "true"


def read_text(value: Any) -> str:
    """Read a code or a text, without the blanks around it."""
    given = _given(value, "product.expects_text").strip()
    if not given:
        raise wrong("product.expects_text", given=given)
    return given


def _read_index(value: Any) -> int:
    given = _given(value, "product.expects_index")
    if not re.fullmatch(_INDEX, given) or not 0 < (index := scaled(given, INDEX_DECIMALS)) <= LARGEST_AMOUNT:
        raise wrong("product.expects_index", given=given)
    return index


def one_of(words: tuple[str, ...]) -> Callable[[Any], str]:
    """Make a reader of one word among several, which stays a word."""

    def read(value: Any) -> str:
        given = _given(value, "product.expects_word", words=list(words))
        if given not in words:
            raise wrong("product.expects_word", given=given, words=list(words))
        return given

    return read


_OUTSIDE_WORD: Final = one_of(tuple(OUTSIDE))


def word_of(*members: Word) -> BeforeValidator:
    """Make a reader of some words of a vocabulary."""
    by_word = {member.word: member for member in members}
    read_word = one_of(tuple(by_word))

    def read(value: Any) -> Word:
        return value if isinstance(value, Word) else by_word[read_word(value)]

    return BeforeValidator(read)


def words_schema(*members: Word) -> WithJsonSchema:
    """Give the JSON Schema of some words of a vocabulary."""
    return WithJsonSchema({"enum": [member.word for member in members]})


def _number_or(pattern: str, **bounds: Any) -> WithJsonSchema:
    return WithJsonSchema(
        {"anyOf": [{"type": "number", **bounds}, {"type": "string", "pattern": f"^{pattern}$"}]}
    )


def _text_like(pattern: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", **more})


Money = Annotated[int, BeforeValidator(read_money), _number_or(_AMOUNT, minimum=0), Unit.MONEY]
"""An amount, in minor units."""

Percent = Annotated[int, BeforeValidator(read_percentage), _text_like(_PERCENTAGE), Unit.PERCENT]
"""A percentage written with its sign, in hundredths of a percent."""

Months = Annotated[int, BeforeValidator(_read_months), _text_like(_MONTHS), Unit.MONTHS]
"""A span of calendar months."""

QuantityLimit = Annotated[
    int, BeforeValidator(_read_quantity), _number_or(rf"({_QUANTITY}|none)", minimum=0), Unit.QUANTITY
]
"""A quantity, in hundredths; :data:`NO_LIMIT` where it says ``none``."""

Count = Annotated[
    int,
    BeforeValidator(_read_count),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": f"^{_COUNT}$"}]}
    ),
    Unit.COUNT,
]
"""A number of things."""

Day = Annotated[int, BeforeValidator(_read_day), _text_like(_DAY, format="date"), Unit.DAY]
"""A date, as a day number."""

MonthDay = Annotated[
    tuple[int, int], BeforeValidator(_read_month_day), _text_like(_MONTH_DAY), Unit.MONTH_DAY
]
"""A day of every year, month first. 29 February is one."""

Truth = Annotated[
    bool, BeforeValidator(_read_truth), WithJsonSchema({"enum": [True, False, "true", "false"]}), Unit.TRUTH
]
"""Yes or no, written ``true`` or ``false``."""

Code = Annotated[
    str,
    BeforeValidator(read_text),
    WithJsonSchema({"type": ["string", "number", "boolean"], "pattern": r"\S"}),
    Unit.TEXT,
]
"""A code or a text, kept as written: ``0012`` and ``no`` are codes like any other."""

OutsideCare = Annotated[
    int,
    BeforeValidator(lambda value: OUTSIDE[_OUTSIDE_WORD(value)]),
    WithJsonSchema({"enum": list(OUTSIDE)}),
    Unit.OUTSIDE,
]
"""Kinds of care, as a set of bits (see :data:`OUTSIDE`)."""

Index = Annotated[int, BeforeValidator(_read_index), _number_or(_INDEX, exclusiveMinimum=0), Unit.INDEX]
"""A relative index, in ten-thousandths."""


def _decimal(value: int, decimals: int) -> str:
    """Write a decimal without a fraction that is zero."""
    number = unscaled(value, decimals)
    return str(int(number)) if number == int(number) else str(number)


def _written_percent(value: int) -> str:
    return f"{unscaled(value, 2).normalize():f}%"


def write_scalar(unit: Unit, value: Any, decimals: int) -> str:
    """Write a scalar as it stands in a file: the inverse of reading it.

    Args:
        unit: what it measures.
        value: the value that reading gave.
        decimals: the decimals of the scheme's currency.

    Raises:
        ValueError: the value has no text: an open end of a period.
    """
    match unit:
        case Unit.MONEY:
            return _decimal(value, decimals)
        case Unit.PERCENT:
            return _written_percent(value)
        case Unit.MONTHS:
            return "1 month" if value == 1 else f"{value} months"
        case Unit.QUANTITY:
            return "none" if value == NO_LIMIT else f"{unscaled(value, 2).normalize():f}"
        case Unit.DAY:
            if value in (OPEN_START, OPEN_END):
                raise ValueError("an open end of a period is not written")
            return date_of(value).isoformat()
        case Unit.MONTH_DAY:
            return f"{value[0]:02}-{value[1]:02}"
        case Unit.TRUTH:
            return "true" if value else "false"
        case Unit.OUTSIDE:
            return next(word for word, care in OUTSIDE.items() if care == value)
        case Unit.INDEX:
            return f"{unscaled(value, INDEX_DECIMALS).normalize():f}"
        case Unit.COUNT | Unit.TEXT:
            return str(value)
