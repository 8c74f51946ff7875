"""Plain tables for a terminal."""

from __future__ import annotations

from rich.table import Table


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
