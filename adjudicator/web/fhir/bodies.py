"""Bodies in bounds: how many bytes, packed and unpacked, how deep, how long in coming; and what they hold."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request

from adjudicator.web.fhir.replies import Declined, declined
from adjudicator.web.fhir.settings import Settings

_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[{\]}]")

_JSON: Final = ("application/fhir+json", "application/json", "text/json", "application/json+fhir")
_LINES: Final = ("application/fhir+ndjson", "application/ndjson", "application/x-ndjson")

_BUNDLES: Final = ("transaction", "batch", "collection", "message", "document")

ENTRIES: Final = 500
"""Entries of a Bundle that are looked at."""


class _Head(msgspec.Struct):
    type_: Any = msgspec.field(name="resourceType", default=None)
    id: Any = None


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw(b"")
    url: Any = msgspec.field(name="fullUrl", default=None)


class _Parameter(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw(b"")
    name: Any = None


class _Bundle(msgspec.Struct):
    type: Any = None
    entry: list[_Entry] = []


class _Parameters(msgspec.Struct):
    parameter: list[_Parameter] = []


@dataclass(frozen=True)
class Sent:
    """A resource that was sent, with those that came along."""

    body: bytes
    """Of the resource, as it came."""
    resource_type: str
    context: dict[str, Any] = field(default_factory=dict)
    """The other resources of its Bundle, as bytes, by their addresses."""


async def read_body(request: Request, settings: Settings) -> bytes:
    """Read a body of JSON.

    Raises:
        Declined: it is of another type, too large, too deep, or does not come.
    """
    _check_type(request, _JSON, "JSON")
    async with aclosing(unpacked(request, settings.largest, settings.slow_body)) as parts:
        whole = b"".join([part async for part in parts])
    body = whole.removeprefix(b"\xef\xbb\xbf")
    if not body.strip():
        raise declined(400, "required", "serve.no_body")
    check_depth(body, settings.deepest)
    return body


def check_lines(request: Request) -> None:
    """Make sure that a body is NDJSON.

    Raises:
        Declined: it says that it is something else.
    """
    _check_type(request, _LINES, "NDJSON")


def _check_type(request: Request, wanted: tuple[str, ...], name: str) -> None:
    given = request.headers.get("content-type", "")
    kind, _, rest = given.partition(";")
    if kind.strip().lower() not in wanted:
        raise declined(415, "not-supported", "serve.content_type", given=given, wanted=wanted[0], name=name)
    charset = rest.lower().partition("charset=")[2].strip(' "')
    if charset and charset not in ("utf-8", "utf8", "us-ascii"):
        raise declined(415, "not-supported", "serve.charset", given=charset)


async def unpacked(request: Request, largest: int, slow: float) -> AsyncGenerator[bytes, None]:
    """Give a body part by part, unpacked, as long as it stays in bounds.

    Args:
        request: that it comes with.
        largest: bytes that it may have, packed and unpacked.
        slow: seconds in which it must have come.

    Raises:
        Declined: it is too large, does not come, or cannot be unpacked.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", ""):
        raise declined(415, "not-supported", "serve.encoding", given=encoding)
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > largest:
        raise _too_large(largest)
    unpacking = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    came, out = 0, 0
    stream = request.stream()
    try:
        async with asyncio.timeout(slow):
            async for packed in stream:
                came += len(packed)
                if came > largest:
                    raise _too_large(largest)
                if unpacking is None:
                    yield packed
                    continue
                rest = packed
                while rest:
                    # No more is unpacked than may come; what is left over would be too much.
                    part = unpacking.decompress(rest, min(largest - out + 1, 1 << 16))
                    out += len(part)
                    if out > largest:
                        raise _too_large(largest)
                    rest = unpacking.unconsumed_tail
                    yield part
                    if unpacking.eof:
                        if unpacking.unused_data:
                            raise declined(400, "structure", "serve.not_gzip")
                        break
    except TimeoutError:
        raise declined(408, "timeout", "serve.slow_body", seconds=round(slow)) from None
    except zlib.error:
        raise declined(400, "structure", "serve.not_gzip") from None
    except ClientDisconnect:
        raise declined(400, "incomplete", "serve.cut_off") from None
    if unpacking is not None and not unpacking.eof:
        raise declined(400, "incomplete", "serve.not_gzip")


def _too_large(largest: int) -> Declined:
    return declined(413, "too-long", "serve.too_large", most=largest)


def check_depth(body: bytes, deepest: int) -> None:
    """Make sure that JSON is not nested deeper than any resource.

    Raises:
        Declined: it is.
    """
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", body)):
        depth += 1 if bracket[0] in (b"[", b"{") else -1
        if depth > deepest:
            raise declined(400, "structure", "serve.too_deep", most=deepest)


def resource_in(body: bytes, wanted: str) -> Sent:
    """Find the resource of a type in a body: itself, the one of its type in a Bundle, or a parameter.

    Raises:
        Declined: there is none, or there are several.
    """
    kind = type_of(body)
    if kind == wanted:
        return Sent(body, kind)
    if kind == "Bundle":
        return _in_bundle(body, wanted)
    if kind == "Parameters":
        return resource_in(_in_parameters(body), wanted)
    raise declined(400, "structure", "serve.other_type", given=kind or "–", wanted=wanted)


def type_of(body: bytes) -> str:
    """Give the type that a resource says it is; empty where it says none.

    Raises:
        Declined: it is no JSON object.
    """
    found = decoded(body, _Head).type_
    return found if isinstance(found, str) else ""


def _in_bundle(body: bytes, wanted: str) -> Sent:
    bundle = decoded(body, _Bundle)
    if bundle.type not in _BUNDLES:
        given = bundle.type if isinstance(bundle.type, str) else "–"
        raise declined(400, "structure", "serve.bundle_type", given=given)
    if len(bundle.entry) > ENTRIES:
        raise declined(400, "too-long", "serve.bundle_entries", most=ENTRIES)
    found: list[bytes] = []
    context: dict[str, Any] = {}
    for entry in bundle.entry:
        raw = bytes(entry.resource)
        if not raw.strip().startswith(b"{"):
            continue
        head = decoded(raw, _Head)
        if head.type_ == wanted:
            found.append(raw)
            continue
        if isinstance(entry.url, str):
            context[entry.url] = raw
        if isinstance(head.type_, str) and isinstance(head.id, str):
            context[f"{head.type_}/{head.id}"] = raw
    if len(found) != 1:
        raise declined(400, "structure", "serve.bundle_of_one", count=len(found), wanted=wanted)
    return Sent(found[0], wanted, context)


def _in_parameters(body: bytes) -> bytes:
    parameters = decoded(body, _Parameters)
    found = [bytes(one.resource) for one in parameters.parameter if one.name == "resource"]
    if len(found) != 1 or not found[0].strip() or type_of(found[0]) == "Parameters":
        raise declined(400, "structure", "serve.parameters")
    return found[0]


def decoded(body: bytes, shape: Any) -> Any:
    """Read JSON into a shape.

    Raises:
        Declined: it is none, or of another shape.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise declined(400, "structure", "serve.not_json", said=said) from None
