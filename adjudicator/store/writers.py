"""Writing side by side with deciding, a few transactions at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self


class Writers:
    """Threads that write; a context manager whose end waits for them.

    An error of one of them is raised where more is given, or at the end. Leaving with an error waits for
    what is under way and drops what is not.

    Args:
        count: how many write at a time.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(count)
        self._under_way: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def give(self, write: Callable[..., None], *arguments: Any) -> None:
        """Have something written; waits while as many wait as write, so that memory stays small."""
        while len(self._under_way) > self._count:
            self._under_way.popleft().result()
        self._under_way.append(self._pool.submit(write, *arguments))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=error is not None)
        if error is None:
            while self._under_way:
                self._under_way.popleft().result()
