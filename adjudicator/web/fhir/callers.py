"""Who asks, and how often: tokens of facilities, and the rates at which they may come."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from adjudicator.books.books import Books
from adjudicator.books.submission.tokens import Token, bearer

KEPT: Final = 10_000
"""Callers whose rates are kept in mind."""

TRUSTED: Final = 2.0
"""Seconds for which a token that was looked up is not looked up again: so soon does revoking take effect."""


@dataclass
class _Bucket:
    left: float
    at: float


class Rates:
    """Buckets that fill at a rate: who finds none left comes too often.

    Args:
        rate: that a bucket fills at, a second.
        burst: what a full one holds.
        clock: seconds that only go on.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = Lock()

    def take(self, name: str, much: float = 1.0) -> float:
        """Take from a caller's bucket.

        Returns:
            0 where there was enough; else the seconds after which there will be.
        """
        with self._lock:
            now = self._clock()
            bucket = self._buckets.pop(name, None) or _Bucket(self._burst, now)
            self._buckets[name] = bucket
            while len(self._buckets) > KEPT:
                self._buckets.popitem(last=False)
            bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._rate)
            bucket.at = now
            if bucket.left < much:
                return (much - bucket.left) / self._rate
            bucket.left -= much
            return 0.0

    def left(self, name: str) -> float:
        """Tell how much a caller's bucket holds."""
        with self._lock:
            bucket = self._buckets.get(name)
            if bucket is None:
                return self._burst
            return min(self._burst, bucket.left + (self._clock() - bucket.at) * self._rate)


class Callers:
    """Tokens as they are looked up, each for a moment.

    Args:
        books: that they are in.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self._known: OrderedDict[str, tuple[float, Token]] = OrderedDict()
        self._lock = Lock()

    def known(self, given: str) -> Token | None:
        """Give a token that was looked up a moment ago; None where it must be looked up."""
        with self._lock:
            at, token = self._known.get(_name(given), (0.0, None))
        if token is None or time.monotonic() - at > TRUSTED:
            return None
        return token

    def look_up(self, given: str) -> Token | None:
        """Find whose token this is, in the books.

        Raises:
            Refused: the books cannot be read.
        """
        found = bearer(self._books, given, dt.datetime.now(dt.UTC).date())
        with self._lock:
            self._known.pop(_name(given), None)
            if found is not None:
                self._known[_name(given)] = (time.monotonic(), found)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found


def _name(given: str) -> str:
    # No secret stays in memory longer than its request.
    return hashlib.sha256(given.encode("utf-8", "replace")).hexdigest()
