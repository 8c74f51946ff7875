"""Which region or district each location lies in."""

from __future__ import annotations

import pyarrow as pa

from adjudicator.vocabulary import LocationLevel


def places_at(locations: pa.Table, level: LocationLevel) -> dict[str, str]:
    """Give for each location the one of a level that it lies in, or is; those above the level have none.

    Args:
        locations: the register, with ``code``, ``level`` and ``parent``.
        level: region or district, for example.
    """
    rows = {row["code"]: row for row in locations.select(["code", "level", "parent"]).to_pylist()}

    def found(code: str) -> str | None:
        seen: set[str] = set()
        at: str | None = code
        while at is not None and at in rows and at not in seen:
            if rows[at]["level"] == level:
                return at
            seen.add(at)
            at = rows[at]["parent"]
        return None

    return {code: place for code in rows if (place := found(code)) is not None}
