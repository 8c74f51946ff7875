"""All that was asked for, as rows of a name and a value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any


def parameter_rows(parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give parameters as rows in order of their names; what lies within others is named ``outer.inner``."""
    return sorted(_rows("", parameters))


def _rows(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _rows(f"{name}.{key}" if name else str(key), inner)
    elif isinstance(value, str):
        yield name, value
    else:
        yield name, json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
