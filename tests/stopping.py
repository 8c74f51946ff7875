"""Stopping what runs at one chosen step of Python, as a signal may."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def stopped_at(step: int, files: set[str], work: Callable[[], None]) -> bool:
    """Run ``work`` and raise ``KeyboardInterrupt`` before the given step of the code in some files.

    Signals are heard between steps, and at fewer places than here.

    Args:
        step: the number of the step, from 0.
        files: whose steps are counted, as :func:`file_of` gives them.
        work: what is run.

    Returns:
        Whether there was such a step.
    """
    left = step

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in files:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return left < 0


def file_of(code: Any) -> str:
    """Give the file that a function or a class comes from, or that a module is."""
    return str(inspect.getsourcefile(inspect.unwrap(code)))
