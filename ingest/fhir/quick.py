"""The quick way into a resource: one look, one decoding into generated structs; it says yes, or nothing.

What it says yes to is what :mod:`ingest.fhir.thorough` finds nothing wrong with; a test sees to it. What
a sender is known to leave out (``tolerates: required`` of its profile) need not be there, so that such
senders are as quick.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec

from ingest.fhir import structs
from ingest.fhir.elements import Element, elements_by_name
from ingest.fhir.scan import Look, Seen

_REFUSED: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(body: bytes | memoryview, resource_type: str, seen: Seen, missing: frozenset[str]) -> Any:
    """Decode a resource that looks sound.

    Args:
        body: the resource.
        resource_type: one of those that are read.
        seen: what :func:`ingest.fhir.scan.look_at` said of it.
        missing: elements that need not be there, such as ``Claim.insurance``.

    Returns:
        The struct, or None where the thorough way must be gone.
    """
    # A decoder takes what does not say its type for the one that is expected.
    if seen.look is not Look.SOUND or seen.resource_type != resource_type:
        return None
    try:
        resource = decoder(resource_type, missing).decode(body)
    except _REFUSED:
        return None
    # What is within is not decoded here.
    return None if resource_type == "Bundle" or resource.contained is not None else resource


@cache
def decoder(resource_type: str, missing: frozenset[str] = frozenset()) -> msgspec.json.Decoder[Any]:
    """Give the decoder of a type of resource."""
    return msgspec.json.Decoder(_without(resource_type, resource_type, missing))


def _without(type_name: str, path: str, missing: frozenset[str]) -> type[msgspec.Struct]:
    """Give a type in which some elements need not be there; itself, where that is no matter."""
    struct: type[msgspec.Struct] = getattr(structs, type_name)
    mine = {name for name in missing if name.startswith(f"{path}.")}
    if not mine:
        return struct
    known = elements_by_name(type_name)
    fields: list[Any] = []
    for field in msgspec.structs.fields(struct):
        element = known[field.encode_name]
        here = f"{path}.{field.encode_name}"
        kind = field.type
        if element.inner and any(name.startswith(f"{here}.") for name in mine):
            kind = _typed(_without(element.inner, here, missing), element)
        if field.required and here not in mine:
            fields.append((field.name, kind, msgspec.field(name=field.encode_name)))
        else:
            default = None if field.required else field.default
            fields.append((field.name, kind | None, msgspec.field(default=default, name=field.encode_name)))
    config = struct.__struct_config__
    return msgspec.defstruct(
        type_name,
        fields,
        kw_only=True,
        forbid_unknown_fields=True,
        gc=False,
        tag=config.tag,
        tag_field=config.tag_field,
    )


def _typed(struct: type[msgspec.Struct], element: Element) -> Any:
    kind: Any = list[struct] if element.many else struct  # type: ignore[valid-type]  # made at run time
    return kind if element.required else kind | None
