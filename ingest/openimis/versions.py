"""The versions of a register's rows: since when each holds, and until when.

openIMIS says of a row when it was typed in and when it was replaced. Rows under one code are its versions:
each holds until the day before the next one, the last one until the day before it was deleted. Of two that
begin on one day the later typed one holds; versions that say the same are one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ingest.openimis.cells import SourceRow
from ingest.openimis.world import LEGACY

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Version:
    """A row of a register as it held from a day on."""

    key: Hashable
    said: Mapping[str, Any]
    """What the register's row says, without its period."""
    start: dt.date | None
    end: dt.date | None
    """The last day; None: it holds on."""
    live: bool
    sources: tuple[SourceRow, ...]
    chain: int
    """The number that the row has carried through its versions."""


def version(key: Hashable, said: Mapping[str, Any], row: SourceRow) -> Version:
    """Make a version of a row."""
    replaced = row.date("ValidityTo")
    legacy = row.reference(LEGACY)
    chain = row.id if legacy is None or replaced is None else legacy
    end = None if replaced is None else replaced - DAY
    return Version(key, said, row.date("ValidityFrom"), end, replaced is None, (row,), chain)


def in_order(found: Iterable[Version], from_the_beginning: bool = False) -> Iterator[Version]:
    """Put versions after each other, key by key, so that none overlap.

    Args:
        found: versions, in any order.
        from_the_beginning: whether the first version of each key holds since ever, because openIMIS never
            asked when it was typed in.

    Yields:
        Versions with their periods, in the order of keys and days. Two rows that hold under one key are both
        given; a reader that judges overlaps sets one aside.
    """
    by_key: dict[Hashable, list[Version]] = {}
    for one in found:
        by_key.setdefault(one.key, []).append(one)
    for key in sorted(by_key, key=str):
        live = [one for one in by_key[key] if one.live]
        past = _past([one for one in by_key[key] if not one.live], live)
        together = _joined([*past, *live])
        if from_the_beginning and together:
            together[0] = replace(together[0], start=None)
        yield from together


def _past(past: list[Version], live: list[Version]) -> list[Version]:
    """Cut versions that were replaced so that each ends before the next begins; empty ones go."""
    ends_before = min((one.start or dt.date.min for one in live), default=None)
    kept: list[Version] = []
    ordered = sorted(
        past, key=lambda one: (one.start or dt.date.min, one.end or dt.date.max, one.sources[0].id)
    )
    following: Version | None = None
    for one in reversed(ordered):
        end, begins = one.end, following.start if following else ends_before
        if begins is not None:
            before = begins - DAY if begins > dt.date.min else None
            if before is None:
                continue
            neighbour = following.chain if following else next((row.chain for row in live), None)
            # What replaced a row in its own chain follows it without a gap.
            end = before if end is None or end > before or one.chain == neighbour else end
        if end is not None and one.start is not None and end < one.start:
            continue
        following = replace(one, end=end)
        kept.append(following)
    return kept[::-1]


def _joined(ordered: list[Version]) -> list[Version]:
    joined: list[Version] = []
    for one in ordered:
        before = joined[-1] if joined else None
        if (
            before is not None
            and not before.live
            and before.said == one.said
            and before.end is not None
            and one.start == before.end + DAY
        ):
            joined[-1] = replace(one, start=before.start, sources=(*before.sources, *one.sources))
        else:
            joined.append(one)
    return joined


def period(one: Version) -> dict[str, Any]:
    """Give the period of a version as a register's columns."""
    return {"valid_from": one.start, "valid_to": one.end}
