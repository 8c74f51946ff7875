"""The rows that are measured, and the table that they make."""

from __future__ import annotations

import datetime as dt
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One thing measured: how many lines it took how long, and the most memory where that was looked at."""

    what: str
    lines: int
    seconds: float
    mebibytes: float | None = None


@dataclass(frozen=True)
class Part:
    """Rows that belong together, with what has to be known to read them."""

    title: str
    about: str
    rows: Sequence[Row]


def median_seconds(work: Callable[[], object], repeat: int) -> float:
    """Do something once to warm up, then ``repeat`` times; give the median of its seconds."""
    work()
    return statistics.median(_seconds(work) for _ in range(repeat))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def document(parts: Sequence[Part], kernel: Row, command: str) -> str:
    """Write the parts as Markdown; ``kernel`` is what every row is compared with, line by line."""
    head = (
        "# Measured\n\n"
        f"`{command}`, {dt.date.today().isoformat()}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores.\n\n"
        f"Seconds are medians. The last column is the time of a line as a multiple of *{kernel.what}*.\n"
    )
    return "\n".join([head, *(_part(part, kernel) for part in parts)])


def _part(part: Part, kernel: Row) -> str:
    memory = any(row.mebibytes is not None for row in part.rows)
    names = ["what", "lines", "seconds", "lines/s", *(["peak MiB"] if memory else []), "× kernel"]
    table = [names, ["---", *["---:"] * (len(names) - 1)]]
    table += [_cells(row, kernel, memory) for row in part.rows]
    lines = [f"| {' | '.join(cells)} |" for cells in table]
    return "\n".join([f"## {part.title}\n", f"{part.about}\n", *lines, ""])


def _cells(row: Row, kernel: Row, memory: bool) -> list[str]:
    of_kernel = (row.seconds / row.lines) / (kernel.seconds / kernel.lines)
    peak = "" if row.mebibytes is None else f"{row.mebibytes:,.0f}"
    return [
        row.what,
        f"{row.lines:,}",
        f"{row.seconds:.4f}" if row.seconds < 0.1 else f"{row.seconds:,.2f}",
        f"{row.lines / row.seconds:,.0f}",
        *([peak] if memory else []),
        f"{of_kernel:,.2f}" if of_kernel < 100 else f"{of_kernel:,.0f}",
    ]
