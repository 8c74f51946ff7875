"""What a benefit plan can speak of: families and their members, each field with its type.

The language of rules has two levels. Of claims they are a claim and its lines; here they are a family and
its members.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adjudicator.rulebook.fields import Field, Level, Type
from adjudicator.vocabulary import Sex

FAMILY: Final = Level.CLAIM
MEMBER: Final = Level.LINE

ATTRIBUTE: Final = "attribute."
"""What the paths of further columns of the register of families begin with."""

ATTRIBUTE_TYPES: Final = {
    "text": Type.TEXT,
    "number": Type.NUMBER,
    "day": Type.DAY,
    "truth": Type.TRUTH,
}
"""What a plan can say that an attribute is; it is text where it says nothing."""

CHILDREN_UNDER: Final = {"family.children_under_2": 2, "family.children_under_5": 5}
"""Counts of members who have not completed so many years."""

ELDERLY: Final = 60
"""Completed years from which on a member is elderly."""

COUNTS: Final = ("family.members", "family.adults", "family.children", *CHILDREN_UNDER, "family.elderly")
"""How many members there are, by age; those without a date of birth are members only."""

PLACES: Final = ("village", "ward", "district", "region")


def _of(level: Level, type_: Type, *paths: str) -> list[Field]:
    return [Field(path, level, type_) for path in paths]


def _places() -> list[Field]:
    paths = ("family.location", *(f"family.{place}" for place in PLACES))
    return [Field(path, FAMILY, Type.TEXT, domain="location") for path in paths]


_ALL: Final = (
    Field("family.number", FAMILY, Type.TEXT, domain="family"),
    *_places(),
    *_of(FAMILY, Type.NUMBER, *COUNTS),
    *_of(FAMILY, Type.TRUTH, "family.insured"),
    Field("family.products", FAMILY, Type.TEXT, domain="product", several=True),
    *_of(FAMILY, Type.DAY, "family.enrolled"),
    Field("head.sex", FAMILY, Type.WORD, Sex),
    *_of(FAMILY, Type.NUMBER, "head.age"),
    *_of(FAMILY, Type.DAY, "head.birth_date", "cycle.day"),
    Field("member.insuree", MEMBER, Type.TEXT, domain="insuree"),
    Field("member.sex", MEMBER, Type.WORD, Sex),
    *_of(MEMBER, Type.NUMBER, "member.age", "member.age_days"),
    *_of(MEMBER, Type.DAY, "member.birth_date"),
    *_of(MEMBER, Type.TRUTH, "member.head"),
)

FIELDS: Final = {field.path: field for field in _ALL}
"""Every field by its path; attributes come on top."""


def fields_with(attributes: Mapping[str, Type]) -> dict[str, Field]:
    """Give every field, with the attributes of families by their names."""
    added = {}
    for name, type_ in attributes.items():
        path = f"{ATTRIBUTE}{name}"
        added[path] = Field(path, FAMILY, type_, domain=path if type_ is Type.TEXT else None)
    return FIELDS | added
