"""Pieces of which the page is made: notes, tables, charts with their captions, as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from adjudicator.charts.shapes import Drawing
from adjudicator.charts.svg import svg

WIDE = 760.0
HALF = 372.0
"""The widths of charts that stand alone, and side by side."""


def note_of(note: str) -> str:
    """Write a note below a heading."""
    return f'<p class="note">{escape(note)}</p>'


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numeric: int | None = None,
    code: int | None = None,
    first_is_base: bool = False,
) -> str:
    """Write a table; columns from ``numeric`` on are numbers, that from ``code`` on is code."""

    def is_number(place: int) -> bool:
        return numeric is not None and place >= numeric

    def cell(place: int, value: str) -> str:
        first, _, second = value.partition("\n")
        written = escape(first) + (f'<br><span class="small">{escape(second)}</span>' if second else "")
        if code is not None and place >= code:
            written = f"<code>{written}</code>"
        return f'<td class="n">{written}</td>' if is_number(place) else f"<td>{written}</td>"

    head = "".join(
        f'<th class="n">{escape(one)}</th>' if is_number(place) else f"<th>{_breakable(one)}</th>"
        for place, one in enumerate(heads)
    )
    body = []
    for number, row in enumerate(rows):
        kind = ' class="base"' if first_is_base and number == 0 else ""
        body.append(f"<tr{kind}>{''.join(cell(place, value) for place, value in enumerate(row))}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _breakable(path: str) -> str:
    """Let a long path of a term break after its signs."""
    return re.sub(r"([:._/])", r"\1<wbr>", escape(path))


def named_once(rows: Sequence[list[str]]) -> list[list[str]]:
    """Leave out the first cell of rows where it says what that of the row above does."""
    before = [None, *(row[0] for row in rows)]
    return [["", *row[1:]] if row[0] == name else row for row, name in zip(rows, before, strict=False)]


def figure_of(drawing: Drawing, title: str, caption: str = "") -> str:
    """Write a chart; its title is for those who cannot see it, its caption for all."""
    told = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    # On a telephone, a broad chart is moved aside rather than made too small to be read.
    kind = ' class="broad"' if drawing.width > HALF else ""
    return f"<figure{kind}>{told}{svg(drawing, title)}</figure>"


def side_by_side(drawings: Iterable[tuple[str, Drawing]]) -> str:
    """Write charts with their captions, two in a row where there is room."""
    figures = "".join(figure_of(drawing, title, title) for title, drawing in drawings)
    return f'<div class="two">{figures}</div>'
