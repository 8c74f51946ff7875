"""Processes beside the test's own: forks that say where they are, and wait to be let on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import open_books
from tests.books.crashes import AT_THE_MOST


class Child:
    """A process that was started and may be waiting for a word."""

    def __init__(self, do: Callable[[Callable[[], None]], object]) -> None:
        """Start it; it is given a function that tells that it is there, and waits to be let on."""
        here, there = os.pipe()
        self._go, go = os.pipe()[::-1]
        self.number = os.fork()
        if self.number == 0:
            status = 1
            try:
                signal.alarm(AT_THE_MOST)
                os.close(here)
                os.close(self._go)

                def pause() -> None:
                    os.write(there, b".")
                    os.read(go, 1)

                do(pause)
                status = 0
            finally:
                os._exit(status)
        os.close(there)
        os.close(go)
        self._here = here

    def arrived(self) -> None:
        """Wait until it tells that it is there."""
        assert os.read(self._here, 1) == b"."

    def let_on(self) -> None:
        """Let it go on."""
        os.write(self._go, b".")

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        ended = os.waitid(os.P_PID, self.number, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return ended is None

    def ended(self) -> int:
        """Wait for its end; give its exit code, or the signal that ended it, negative."""
        return os.waitstatus_to_exitcode(os.waitpid(self.number, 0)[1])

    def kill(self) -> int:
        """Kill it, and give what :meth:`ended` gives."""
        os.kill(self.number, signal.SIGKILL)
        return self.ended()


def adjudicating(folder: Path, at: str = "run.adjudicating") -> Child:
    """Start a run that pauses when it first tells of a stage being under way."""

    def run(pause: Callable[[], None]) -> None:
        paused = False

        def progress(stage: str, done: int, total: int) -> None:
            nonlocal paused
            if stage == at and done and not paused:
                paused = True
                pause()

        with open_books(folder) as books:
            adjudicate_books(books, "Amina", progress=progress)

    return Child(run)
