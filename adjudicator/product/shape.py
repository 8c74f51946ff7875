"""The shape of the product format, walked: the keys of each part, their order, defaults and units.

What the models of :mod:`adjudicator.product.definition` declare, in the form that the writer, the
comparison of versions and the messages about unknown keys ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, get_args, get_origin

from pydantic.fields import FieldInfo

from adjudicator.product.definition import CoverageEntry, CoverLimit, Part, Product, Selector
from adjudicator.product.scalars import Unit
from adjudicator.vocabulary import CLAIM_CATEGORIES

_ORDER: Final[dict[type[Part], tuple[str, ...]]] = {
    CoverageEntry: (
        "services",
        "items",
        "covered",
        "cover",
        "price",
        "emergency",
        "referral",
        "waiting",
        "quantity",
        "outside_ceiling",
    )
}
"""Keys of a part in the order in which people write them, where the declaration's is another."""

_UNWRITTEN: Final[dict[type[Part], tuple[str, ...]]] = {Selector: ("all", "codes")}
"""Fields that stand for a shorthand and are no keys."""


@dataclass(frozen=True)
class Key:
    """A key of a part: its name in files and on the model, and what its value is."""

    key: str
    name: str
    default: Any
    """What silence means; :data:`REQUIRED` where it must be said."""
    example: str | None
    unit: Unit | None
    """What a scalar, or each of a list of scalars, measures; None for words and parts."""
    part: type[Part] | None
    """The part that the value, or each of a list, or each of a mapping, is."""
    by_category: bool
    """Whether the value maps categories of claims to parts."""


REQUIRED: Final = object()
"""The default of a key that must be given."""


@cache
def keys_of(part: type[Part]) -> tuple[Key, ...]:
    """Give the keys of a part, in the order in which people write them."""
    fields = part.model_fields
    names = _ORDER.get(part, tuple(fields))
    return tuple(_key(name, fields[name]) for name in names if name not in _UNWRITTEN.get(part, ()))


def _key(name: str, field: FieldInfo) -> Key:
    notes = [*field.metadata, *_notes(field.annotation)]
    inner = next((note for note in notes if isinstance(note, type) and issubclass(note, Part)), None)
    return Key(
        key=field.alias or name,
        name=name,
        default=REQUIRED if field.is_required() else field.get_default(call_default_factory=True),
        example=str(field.examples[0]) if field.examples else None,
        unit=next((note for note in notes if isinstance(note, Unit)), None),
        part=None if inner is CoverLimit else inner,
        by_category=get_origin(field.annotation) is Mapping,
    )


def _notes(annotation: Any) -> Iterator[Any]:
    """Walk an annotation: its types, and what is noted on them."""
    yield annotation
    yield from getattr(annotation, "__metadata__", ())
    for argument in get_args(annotation):
        yield from _notes(argument)


def key_at(steps: tuple[str | int, ...], root: type[Part] = Product) -> Key | None:
    """Give the key whose value stands at a place of a file; None where its format has none."""
    part: type[Part] | None = root
    found: Key | None = None
    categories_next = False
    for step in steps:
        if isinstance(step, int):
            continue
        if categories_next:
            categories_next = False
            continue
        found = next((key for key in keys_of(part) if step in (key.key, key.name)), None) if part else None
        if found is None:
            return None
        part, categories_next = found.part, found.by_category
    return found


def keys_at(steps: tuple[str | int, ...], root: type[Part] = Product) -> tuple[str, ...]:
    """Give the keys that are known at a place of a file; none where it is no mapping."""
    found = key_at(steps, root)
    if found and found.by_category and steps[-1] == found.key:
        return tuple(category.word for category in CLAIM_CATEGORIES)
    part = found.part if found else None if steps else root
    return tuple(key.key for key in keys_of(part)) if part else ()


@cache
def key_homes(root: type[Part] = Product) -> dict[str, tuple[str, ...]]:
    """Give every key of a format with the parts that have it, as dotted paths (``enrolment.members``)."""
    homes: dict[str, tuple[str, ...]] = {}

    def walk(part: type[Part], path: tuple[str, ...]) -> None:
        for key in keys_of(part):
            homes[key.key] = (*homes.get(key.key, ()), ".".join(path))
            if key.part is not None:
                walk(key.part, (*path, key.key))

    walk(root, ())
    return homes
