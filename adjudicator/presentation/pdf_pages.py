"""Pages of A4 that are drawn from the top: texts, rules, tables that go on over pages, numbered feet."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from adjudicator.charts import palette
from adjudicator.presentation.pdf_letters import BOLD, PLAIN, fitted, printable, small_enough

WIDTH, HEIGHT = A4
MARGIN: Final = 12 * mm
INNER: Final = WIDTH - 2 * MARGIN
FOOT: Final = 15 * mm

INK: Final = HexColor(palette.INK)
DEEP: Final = HexColor(palette.DEEP)
PALE: Final = HexColor(palette.PALE)
FAINT: Final = HexColor(palette.FAINT)
WHITE: Final = HexColor(palette.WHITE)
RULE: Final = HexColor("#c3d0d6")
"""A little darker than that of pages on a screen, so that it is seen in print."""
RED: Final = HexColor("#a3342b")


@dataclass(frozen=True)
class Column:
    """A column of a table on paper."""

    heading: str
    width: float
    right: bool = False


class _Numbered(Canvas):
    """A canvas that knows at the end how many pages there are, and writes it on each."""

    def __init__(self, file: io.BytesIO, foot: str, of_pages: str) -> None:
        super().__init__(file, pagesize=A4, invariant=1, pageCompression=1)
        self._foot, self._of_pages = foot, of_pages
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - the library's name
        """Keep a page until all are drawn."""
        self._kept.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]  # the stubs lack it

    def save(self) -> None:
        """Write the feet of all pages, and the file."""
        for place, page in enumerate(self._kept, 1):
            self.__dict__.update(page)
            self.setFont(PLAIN, 7)
            self.setFillColor(FAINT)
            self.drawString(MARGIN, 9 * mm, self._foot)
            said = self._of_pages.format(page=place, pages=len(self._kept))
            self.drawRightString(WIDTH - MARGIN, 9 * mm, said)
            super().showPage()
        super().save()


class Pages:
    """Pages that are drawn from the top.

    Args:
        foot: stands at the foot of each.
        of_pages: as well; ``{page}`` and ``{pages}`` are filled in when all are drawn.
    """

    def __init__(self, foot: str, of_pages: str) -> None:
        self._file = io.BytesIO()
        self.canvas = _Numbered(self._file, printable(foot), printable(of_pages))
        self.y = HEIGHT - MARGIN
        """How far down the page is drawn, points from its bottom."""
        self._pen: tuple[str, float, Color] | None = None
        """What is written with now, unless something was filled since."""

    def written(self) -> bytes:
        """End the last page, and give the file."""
        self.canvas.showPage()
        self.canvas.save()
        return self._file.getvalue()

    def write(
        self,
        x: float,
        said: str,
        font: str = PLAIN,
        size: float = 8,
        color: Color = INK,
        right: bool = False,
        width: float | None = None,
        y: float | None = None,
    ) -> None:
        """Write a text.

        Args:
            x: where it begins; where it ends, if it is ``right``.
            said: the text.
            font: one of the fonts.
            size: of the letters, points.
            color: of the letters.
            right: whether it ends at ``x``, as numbers do.
            width: how wide it may be: a longer text is cut, a longer number written smaller.
            y: how far up; where the page is drawn now when left out.
        """
        if width and right:
            said, size = printable(said), small_enough(said, font, size, width)
        else:
            said = fitted(said, font, size, width) if width else printable(said)
        pen = (font, size, color)
        if pen != self._pen:
            self.canvas.setFont(font, size)
            self.canvas.setFillColor(color)
            self._pen = pen
        draw = self.canvas.drawRightString if right else self.canvas.drawString
        draw(x, self.y if y is None else y, said)

    def fill(self, color: Color) -> None:
        """Choose what areas are filled with."""
        self.canvas.setFillColor(color)
        self._pen = None

    def new_page(self) -> None:
        """Go on at the top of another page."""
        self.canvas.showPage()
        self._pen = None
        self.y = HEIGHT - MARGIN

    def room(self, height: float) -> bool:
        """Make sure that there is room; tell whether a page was begun for it."""
        if self.y - height >= FOOT:
            return False
        self.new_page()
        return True

    def heading(self, said: str, room: float = 24 * mm) -> None:
        """Write a heading, on a page that has room for what follows it."""
        self.room(room)
        self.y -= 8 * mm
        self.write(MARGIN, said, BOLD, 10, DEEP)
        self.y -= 2 * mm

    def table_head(self, columns: Sequence[Column], size: float = 7) -> None:
        """Write the headings of columns, with a rule below."""
        self.y -= 4 * mm
        self.cells(columns, [column.heading for column in columns], BOLD, size, FAINT)
        self.y -= 1.4 * mm
        self.rule(DEEP, 0.8)

    def rule(self, color: Color = RULE, width: float = 0.4) -> None:
        """Draw a line across the page."""
        self.canvas.setStrokeColor(color)
        self.canvas.setLineWidth(width)
        self.canvas.line(MARGIN, self.y, WIDTH - MARGIN, self.y)

    def cells(
        self,
        columns: Sequence[Column],
        cells: Sequence[str],
        font: str = PLAIN,
        size: float = 8,
        color: Color = INK,
    ) -> None:
        """Write a row of a table, where the page is drawn now."""
        x = MARGIN
        for column, cell in zip(columns, cells, strict=True):
            if cell:
                at = x + column.width - 1 * mm if column.right else x + 1 * mm
                self.write(at, cell, font, size, color, column.right, column.width - 1.5 * mm)
            x += column.width

    def table(
        self, columns: Sequence[Column], rows: Sequence[Sequence[str]], total: Sequence[str] | None = None
    ) -> None:
        """Write a table; its headings come again on each page that it goes on to."""
        self.table_head(columns)
        for cells in rows:
            if self.room(6 * mm):
                self.table_head(columns)
            self.y -= 4.2 * mm
            self.cells(columns, cells)
            self.y -= 1.3 * mm
            self.rule()
        if total is not None:
            self.y -= 4.4 * mm
            self.cells(columns, total, BOLD, 8.5, DEEP)
            self.y -= 1.6 * mm
            self.rule(DEEP, 0.8)
