"""Resources as plain JSON values, seen with the attributes of :mod:`ingest.fhir.structs`.

Whoever maps resources need not know whether they came the quick way, as structs, or the thorough way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any


class View:
    """An object of JSON; what it has not is None."""

    __slots__ = ("_tree",)

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._tree = tree

    def __getattr__(self, name: str) -> Any:
        return _viewed(self._tree.get(_written(name)))


def _viewed(value: Any) -> Any:
    if isinstance(value, dict):
        return View(value)
    if isinstance(value, list):
        return [_viewed(one) for one in value]
    return value


@cache
def _written(attribute: str) -> str:
    if attribute.endswith("_ext"):
        return f"_{_written(attribute.removesuffix('_ext'))}"
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), attribute.rstrip("_"))
