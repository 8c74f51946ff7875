"""Resources as bytes: equal resources give equal bytes, and a decimal keeps its digits."""

from __future__ import annotations

from typing import Any, Final

import msgspec

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def encoded(resource: dict[str, Any]) -> bytes:
    """Write a resource as JSON on one line, its elements in the order in which they were made.

    >>> from decimal import Decimal
    >>> encoded({"value": Decimal("1250.50")})
    b'{"value":1250.50}'
    """
    return _ENCODER.encode(resource)


def laid_out(resource: dict[str, Any]) -> bytes:
    """Write a resource as JSON for people to read; the digits are the same."""
    return msgspec.json.format(encoded(resource), indent=2) + b"\n"
