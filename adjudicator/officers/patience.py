"""How long somebody waits who tries wrong keys: a little, and never for good.

Keys are too long to be guessed. The wait makes trying a bother that is seen in the journal; nobody is locked
out by it, as anybody could then lock out anybody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

FREE: Final = 2
"""So many wrong keys cost no time: people mistype."""

MOST: Final = 8.0
"""The longest wait, in seconds."""

REMEMBERED: Final = dt.timedelta(minutes=10)
"""For so long a wrong key counts."""


def wait(wrong: Sequence[dt.datetime], now: dt.datetime) -> float:
    """Give the seconds to wait before a key is looked at.

    Args:
        wrong: when wrong keys were tried for the officer.
        now: the moment.

    Returns:
        Twice as long for each wrong key after the free ones, counted from the last one; 0 if that is over.
    """
    recent = [at for at in wrong if dt.timedelta() <= now - at <= REMEMBERED]
    if len(recent) <= FREE:
        return 0.0
    wanted = min(MOST, 2.0 ** min(len(recent) - FREE - 1, 10))
    return max(0.0, wanted - (now - max(recent)).total_seconds())
