"""Plain tables for a terminal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap

from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from adjudicator.words import moment


@dataclass(frozen=True)
class Names:
    """Names one below the other, such as those of rules; where the place is narrow, they part at hyphens."""

    names: tuple[str, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """Lay them out."""
        for name in self.names:
            yield from map(Text, wrap(name, max(options.max_width, 1)))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Tell the longest part and the longest name."""
        parts = [part for name in self.names for part in wrap(name, 1, break_long_words=False)]
        longest = (max(map(len, some), default=0) for some in (parts, self.names))
        return Measurement(*longest)


def at(written: str) -> str:
    """Write a moment of the books as tables have it: the day and the minute, in UTC."""
    return f"{moment(written).astimezone(dt.UTC):%Y-%m-%d %H:%M}"


def plain_table(*columns: tuple[str, bool], title: str | None = None) -> Table:
    """Lay out a table without lines.

    Args:
        columns: of each its heading, and whether it holds numbers.
        title: what stands above.
    """
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        header_style="dim",
    )
    for heading, numbers in columns:
        table.add_column(heading, justify="right" if numbers else "left")
    return table
