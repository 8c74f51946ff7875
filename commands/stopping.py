"""Stopping: Ctrl-C and SIGTERM end a command in one line, and a reader who has had enough in none.

What a command does, it does whole or not at all: what it began is taken back on the way out, and by the next
command where there is no way out (see :mod:`adjudicator.folders`, and the transactions of the books).
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final

import click

from commands.beginning import INTERRUPTED, interrupted, stopped
from commands.shared import EXIT_DATA, LANGUAGE, err, fail, t

CLOSED: Final = 128 + signal.SIGPIPE
"""The exit code of what printed to nobody, as of any program."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_A_MOMENT: Final = 0.01
"""Seconds."""


class Stoppable(click.Group):
    """Commands that can be stopped at any moment."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command; there is somewhere to print to, even where the caller has closed it."""
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:
                setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - for as long as it runs
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            # What was printed could not be written, as on a disk that is full.
            _print_nowhere()
            _tell(error)
            sys.exit(EXIT_DATA)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command until it ends, or is ended."""
        with _heard() as signals:
            try:
                try:
                    return super().invoke(ctx)
                finally:
                    # What is still to be printed is printed here, where it is known what to do about errors.
                    sys.stdout.flush()
            except BrokenPipeError:
                _print_nowhere()
                raise click.exceptions.Exit(CLOSED) from None
            except BaseException as error:
                if not signals and not interrupted(error):
                    raise
                err().print(t("stopped"))
                raise click.exceptions.Exit(128 + signals[0] if signals else INTERRUPTED) from None


def _tell(error: OSError) -> None:
    from adjudicator.system import problem

    with suppress(click.exceptions.Exit):
        fail([problem(error)], LANGUAGE)


def _print_nowhere() -> None:
    """Let what waits to be printed go nowhere, as Python would try it once more at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    # What tests put in its place has no number.
    with suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


@contextmanager
def _heard() -> Iterator[list[int]]:
    """Let a signal raise ``KeyboardInterrupt``, and the next one end the program at once.

    Yields:
        The signals that came.
    """
    came: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        came.append(number)
        # What closes connections and files is interrupted too, and would tell of it at length.
        logging.disable()
        if len(came) > 1:
            stopped(128 + number)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    before = {number: signal.signal(number, hear) for number in _SIGNALS}
    try:
        with _raised_again():
            yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        logging.disable(logging.NOTSET)


@contextmanager
def _raised_again() -> Iterator[None]:
    """Let a ``KeyboardInterrupt`` that Python can only tell of be raised once more, a moment later.

    Python has nobody to give it to where it comes in the middle of tidying up, as at the end of each import.
    A command that ended at once would leave behind what it takes back on its way out.
    """
    if sys.platform == "win32":
        yield
        return

    def again(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def unraisable(found: sys.UnraisableHookArgs) -> None:
        if interrupted(found.exc_value):
            signal.setitimer(signal.ITIMER_REAL, _A_MOMENT)
        else:
            hook(found)

    hook, sys.unraisablehook = sys.unraisablehook, unraisable
    alarm = signal.signal(signal.SIGALRM, again)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
        sys.unraisablehook = hook
