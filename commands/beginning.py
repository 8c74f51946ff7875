"""The first that is imported: what is stopped while all the rest is imported ends without a traceback too.

Only the standard library is needed here. A command that has begun is looked after by
:mod:`commands.stopping`.
"""

from __future__ import annotations

import os
import signal
import sys
from types import TracebackType

INTERRUPTED = 128 + signal.SIGINT
"""The exit code of what was stopped at the keyboard."""


def stopped(code: int = INTERRUPTED) -> None:
    """Say in one line that the command was stopped, and end at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        print(_said(), file=sys.stderr, flush=True)
    finally:
        os._exit(code)


def _said() -> str:
    try:
        from commands.shared import t
    except Exception:
        # What was stopped while it was imported may not come a second time, and with it the catalogue.
        return "Stopped. Interrompu."
    return t("stopped")


def interrupted(error: BaseException | None) -> bool:
    """Whether an error is that somebody stopped it, or came of that.

    What is imported in the middle of it may say that it cannot be imported.
    """
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if interrupted(error):
        stopped()
    sys.__excepthook__(kind, error, trace)


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    """Python can only tell of what is raised while it tidies up; Ctrl-C ends the command then too."""
    if interrupted(found.exc_value):
        stopped()
    sys.__unraisablehook__(found)


sys.excepthook = _uncaught
sys.unraisablehook = _unraisable
