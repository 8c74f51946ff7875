"""Ageing and rejections of tables that are counted by hand."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from adjudicator.reporting.ageing import age_key, ageing
from adjudicator.reporting.rejections import rejections
from adjudicator.vocabulary import Reason

ON = dt.date(2026, 5, 31)


@pytest.mark.parametrize(
    ("days", "band"),
    [
        (0, "age.0_7"),
        (7, "age.0_7"),
        (8, "age.8_30"),
        (30, "age.8_30"),
        (31, "age.31_60"),
        (90, "age.61_90"),
        (91, "age.over_90"),
    ],
)
def test_bands_include_their_last_day(days: int, band: str) -> None:
    assert age_key(days) == band


def claims(*rows: tuple[str, int, int, int | None]) -> pa.Table:
    """Make rows of facility, age in days, claims and amount."""
    return pa.table(
        {
            "facility": pa.array([row[0] for row in rows], pa.string()),
            "date_claimed": pa.array([ON - dt.timedelta(days=row[1]) for row in rows], pa.date32()),
            "claims": pa.array([row[2] for row in rows], pa.int64()),
            "amount": pa.array([row[3] for row in rows], pa.int64()),
        }
    )


def test_what_waits_is_counted_by_age_and_facility() -> None:
    undecided = claims(("A", 0, 2, 500), ("A", 7, 1, 100), ("B", 8, 1, None), ("B", -1, 9, 900))
    waiting = claims(("A", 95, 4, 1000), ("A", 200, 1, 1), ("B", 3, 0, 0))
    by_band, by_facility = ageing(undecided, waiting, ON)
    rows = [tuple(row.values()) for row in by_band.rows.to_pylist()]
    assert rows == [
        ("state.undecided", "age.0_7", 3, 600, ON - dt.timedelta(days=7), 7),
        ("state.undecided", "age.8_30", 1, 0, ON - dt.timedelta(days=8), 8),
        ("state.waits_for_close", "age.over_90", 5, 1001, ON - dt.timedelta(days=200), 200),
    ]
    assert [row["facility"] for row in by_facility.rows.to_pylist()] == ["A", "A", "B"]
    assert sum(by_facility.rows["claims"].to_pylist()) == 9


def test_rejections_have_shares_of_what_was_rejected_and_claimed() -> None:
    frequency, cover = int(Reason.FREQUENCY), int(Reason.NO_COVERAGE)
    lines = pa.table(
        {
            "facility": ["A", "A", "B"],
            "reason": [frequency, cover, cover],
            "claims": [3, 1, 2],
            "lines": [4, 2, 5],
            "amount": [100, 200, 300],
        }
    )
    no_lines = int(Reason.NOT_IN_REGISTER)
    whole = pa.table({"facility": ["A", "B", "B"], "reason": [cover, cover, no_lines], "claims": [1, 2, 1]})
    claimed = pa.table({"facility": ["A", "B", "C"], "amount": [1000, 600, 400]})
    by_reason, by_facility = rejections(lines, whole, claimed)
    assert [tuple(row.values()) for row in by_reason.rows.to_pylist()] == [
        (cover, cover, 3, 3, 7, 500, 8333, 2500),
        (frequency, frequency, 3, 0, 4, 100, 1667, 500),
        # A claim without lines: it asked for nothing.
        (no_lines, no_lines, 0, 1, 0, 0, 0, 0),
    ]
    assert [tuple(row.values()) for row in by_facility.rows.to_pylist()] == [
        ("A", cover, cover, 1, 1, 2, 200, 6667, 2000),
        ("A", frequency, frequency, 3, 0, 4, 100, 3333, 1000),
        ("B", cover, cover, 2, 2, 5, 300, 10000, 5000),
        ("B", no_lines, no_lines, 0, 1, 0, 0, 0, 0),
    ]


def test_nothing_is_no_error() -> None:
    empty = claims()
    assert [len(part.rows) for part in ageing(empty, empty, ON)] == [0, 0]
