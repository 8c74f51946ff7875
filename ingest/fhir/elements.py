"""What the types of R4 consist of, as :mod:`ingest.fhir.structs` declares it, for walks over resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import inspect

from ingest.fhir import structs

RAW: Final = "Resource"
"""The inner type of an element that holds any resource."""

_OPEN: Final = frozenset(("valueReference",))
"""Names of elements that in some types lead anywhere."""


@dataclass(frozen=True)
class Element:
    """One element of a type."""

    name: str
    attribute: str
    many: bool
    required: bool
    primitive: str | None
    """The name of its primitive type, where it has one."""
    inner: str | None
    """The name of its type otherwise."""
    values: tuple[str, ...] = ()
    """The words of its value set, where R4 binds it to one."""
    choice: str | None = None
    """The beginning of its name, where it is one of many: ``value`` of ``valueString``."""
    targets: tuple[str, ...] = ()
    """The resources that a reference may lead to; any, where there is none.

    Of elements that have the name of one that admits any (``valueReference``), nothing is said.
    """


def root_types() -> list[str]:
    """Name the resources that are read."""
    return list(structs.RESOURCES)


@cache
def elements_of(type_name: str) -> tuple[Element, ...]:
    """Give the elements of a type."""
    if type_name == RAW:
        return ()
    return tuple(_elements(getattr(structs, type_name)))


@cache
def required_of(type_name: str) -> tuple[Element, ...]:
    """Give the elements of a type that must be there."""
    return tuple(element for element in elements_of(type_name) if element.required)


@cache
def needed_choices(type_name: str) -> tuple[str, ...]:
    """Name the choices of a type of which one must be there."""
    return tuple(choice for choice, (must, _) in structs.CHOICES.get(type_name, {}).items() if must)


@cache
def elements_by_name(type_name: str) -> Mapping[str, Element]:
    """Give the elements of a type by their names in JSON."""
    return {element.name: element for element in elements_of(type_name)}


def _elements(struct: type[msgspec.Struct]) -> list[Element]:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    choices = {
        member: choice
        for choice, (_, members) in structs.CHOICES.get(struct.__name__, {}).items()
        for member in members
    }
    targets = structs.TARGETS.get(struct.__name__, {})
    found = []
    for field in info.fields:
        kind, many, primitive, values = _kind(field.type)
        found.append(
            Element(
                field.encode_name,
                field.name,
                many,
                field.required,
                primitive,
                kind,
                values,
                choices.get(field.encode_name),
                () if field.encode_name in _OPEN else targets.get(field.encode_name, ()),
            )
        )
    return found


def _kind(type_: inspect.Type) -> tuple[str | None, bool, str | None, tuple[str, ...]]:
    """Give the inner type, whether it is a list, the primitive type, and the words of its value set."""
    match type_:
        case inspect.UnionType(types):
            held = next(one for one in types if not isinstance(one, inspect.NoneType))
            return _kind(held)
        case inspect.ListType(item_type):
            inner, _, primitive, values = _kind(item_type)
            return inner, True, primitive, values
        case inspect.Metadata(type=held, extra=extra):
            inner, many, _, values = _kind(held)
            return inner, many, _primitive(extra), values
        case inspect.LiteralType(values):
            return None, False, "code", tuple(str(value) for value in values)
        case inspect.StructType(cls):
            return cls.__name__, False, None, ()
        case inspect.RawType():
            return RAW, False, None, ()
        case _:
            return None, False, None, ()


def _primitive(extra: dict[str, Any] | None) -> str | None:
    return str(extra["fhir"]) if extra else None
