"""Rejections: how much was turned down, why, and whose it was."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any, Final

import pyarrow as pa

from adjudicator.reporting.report import Column, Part, Unit, part_of_rows, ratio_of, shown_ratio
from adjudicator.vocabulary import Reason

_FIGURES: Final = (
    Column("claims", Unit.NUMBER),
    Column("whole_claims", Unit.NUMBER),
    Column("lines", Unit.NUMBER),
    Column("amount", Unit.MONEY),
    Column("share_of_rejected", Unit.RATIO),
    Column("share_of_claimed", Unit.RATIO),
)
_WHY: Final = (Column("code", Unit.NUMBER), Column("reason", Unit.WORD, Reason))

REASON_COLUMNS: Final = (*_WHY, *_FIGURES)
FACILITY_COLUMNS: Final = (Column("facility"), *_WHY, *_FIGURES)
"""``claims``: with a line that was rejected for it; ``whole_claims``: rejected whole for it; ``amount``: what
the rejected lines asked for. The shares are of all that was rejected and of all that was claimed, by
everybody or by the facility."""


def rejections(lines: pa.Table, whole: pa.Table, claimed: pa.Table) -> tuple[Part, ...]:
    """Make the tables of rejections: by reason, and by facility and reason.

    Args:
        lines: rejected lines by ``facility`` and ``reason``: ``claims``, ``lines``, ``amount``.
        whole: claims that were rejected whole, by ``facility`` and ``reason``: ``claims``.
        claimed: what was claimed by ``facility``: ``amount``.
    """
    counts: dict[tuple[str, int], Counter[str]] = {}
    for table, name in ((lines, "claims"), (whole, "whole_claims")):
        for row in table.to_pylist():
            counted = counts.setdefault((row["facility"], row["reason"]), Counter())
            counted[name] += row["claims"]
            for other in ("lines", "amount"):
                counted[other] += row.get(other, 0)
    of_facility = {row["facility"]: row["amount"] for row in claimed.to_pylist()}
    by_reason: dict[int, Counter[str]] = {}
    rejected: Counter[str] = Counter()
    for (facility, reason), counted in counts.items():
        by_reason.setdefault(reason, Counter()).update(counted)
        rejected[facility] += counted["amount"]
    all_rejected, all_claimed = sum(rejected.values()), sum(of_facility.values())
    reason_rows = [
        _row(reason, counted, all_rejected, all_claimed)
        for reason, counted in sorted(by_reason.items(), key=lambda item: (-item[1]["amount"], item[0]))
    ]
    facility_rows = [
        {"facility": facility} | _row(reason, counted, rejected[facility], of_facility.get(facility, 0))
        for (facility, reason), counted in sorted(
            counts.items(), key=lambda item: (item[0][0], -item[1]["amount"], item[0][1])
        )
    ]
    return (
        part_of_rows("rejections", REASON_COLUMNS, reason_rows),
        part_of_rows("rejections_by_facility", FACILITY_COLUMNS, facility_rows),
    )


def _row(reason: int, counted: Counter[str], rejected: int, claimed: int) -> dict[str, Any]:
    shares: dict[str, Fraction | None] = {
        "share_of_rejected": ratio_of(counted["amount"], rejected),
        "share_of_claimed": ratio_of(counted["amount"], claimed),
    }
    figures = {name: counted[name] for name in ("claims", "whole_claims", "lines", "amount")}
    return {"code": reason, "reason": reason} | figures | {k: shown_ratio(v) for k, v in shares.items()}
