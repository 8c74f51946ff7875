"""The primitive types of R4, as msgspec reads them and as their texts must look.

msgspec checks what is cheap: JSON type, range, no empty text. What a text must look like (a date, a URI)
is in :data:`PATTERNS`; :mod:`ingest.fhir.scan` lets only texts pass unseen that cannot offend against it.
"""

from __future__ import annotations

import re
from decimal import Decimal as ExactDecimal
from typing import Annotated, Any, Final

from msgspec import Meta

LONGEST_TEXT: Final = 1 << 20
"""Letters of the longest string that R4 allows."""


def _text(kind: str, longest: int = LONGEST_TEXT) -> Any:
    return Meta(min_length=1, max_length=longest, extra={"fhir": kind})


def _number(kind: str, least: int) -> Any:
    return Meta(ge=least, le=_LARGEST, extra={"fhir": kind})


_LARGEST: Final = 2**31 - 1

Boolean = Annotated[bool, Meta(extra={"fhir": "boolean"})]
Integer = Annotated[int, _number("integer", -_LARGEST - 1)]
PositiveInt = Annotated[int, _number("positiveInt", 1)]
UnsignedInt = Annotated[int, _number("unsignedInt", 0)]
Decimal = Annotated[ExactDecimal, Meta(extra={"fhir": "decimal"})]
String = Annotated[str, _text("string")]
Markdown = Annotated[str, _text("markdown")]
Xhtml = Annotated[str, _text("xhtml")]
Code = Annotated[str, _text("code")]
Id = Annotated[str, _text("id", 64)]
Uri = Annotated[str, _text("uri")]
Url = Annotated[str, _text("url")]
Canonical = Annotated[str, _text("canonical")]
Oid = Annotated[str, _text("oid")]
Uuid = Annotated[str, _text("uuid")]
Base64Binary = Annotated[str, _text("base64Binary", 1 << 26)]
Date = Annotated[str, _text("date", 10)]
DateTime = Annotated[str, _text("dateTime", 40)]
Instant = Annotated[str, _text("instant", 40)]
Time = Annotated[str, _text("time", 20)]

_YEAR: Final = r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_MONTH: Final = r"(0[1-9]|1[0-2])"
_DAY_OF_MONTH: Final = r"(0[1-9]|[1-2][0-9]|3[0-1])"
_CLOCK: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]{1,12})?"
_ZONE: Final = r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_PART_OF_DAY: Final = f"{_YEAR}(-{_MONTH}(-{_DAY_OF_MONTH})?)?"
_WHOLE_DAY: Final = f"{_YEAR}-{_MONTH}-{_DAY_OF_MONTH}"

PATTERNS: Final = {
    # Control letters are looked for by themselves; blanks beyond ASCII may stand among others, not alone.
    "string": re.compile(r"[\s\S]*[ \r\n\t\S][\s\S]*"),
    "markdown": re.compile(r"[\s\S]*[ \r\n\t\S][\s\S]*"),
    "xhtml": re.compile(r"\s*<div[\s>][\s\S]*</div>\s*"),
    "code": re.compile(r"[^\s]+(\s[^\s]+)*"),
    "id": re.compile(r"[A-Za-z0-9\-.]{1,64}"),
    "uri": re.compile(r"\S+"),
    "url": re.compile(r"\S+"),
    "canonical": re.compile(r"\S+"),
    "oid": re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+"),
    "uuid": re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    "base64Binary": re.compile(r"(\s*([0-9a-zA-Z+/=]){4}\s*)+"),
    "date": re.compile(_PART_OF_DAY),
    # A time without a zone breaks R4; whether it is let pass is for the profile to say.
    "dateTime": re.compile(rf"{_PART_OF_DAY}|{_WHOLE_DAY}T{_CLOCK}{_ZONE}?"),
    "instant": re.compile(rf"{_WHOLE_DAY}T{_CLOCK}{_ZONE}"),
    "time": re.compile(_CLOCK),
}
"""What a text of each kind must match as a whole."""

ZONED: Final = re.compile(r".*(Z|[+-][0-9][0-9]:[0-9][0-9])$")
"""A dateTime with a zone."""
