"""The month on a sheet of A4, with the same blocks as the web page. The same figures give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from adjudicator.charts import palette
from adjudicator.charts.shapes import Area, Box, Dot, Drawing, Line, Path, Place, Said, Shape
from adjudicator.charts.svg import DASHES
from adjudicator.presentation.month_contents import Block, Page, Tile, Words
from adjudicator.presentation.pdf_letters import BOLD, PLAIN, printable, small_enough
from adjudicator.reporting.month import MonthFigures
from adjudicator.scheme import Settings

_WIDTH, _HEIGHT = A4
_MARGIN: Final = 11 * mm
_GAP: Final = 4 * mm
_INNER: Final = _WIDTH - 2 * _MARGIN
_PAD: Final = 3 * mm
_BAND: Final = 19 * mm
_WARNING: Final = 4 * mm
_TILE: Final = 17.5 * mm
_TITLE: Final = 7 * mm
_NOTE: Final = 3.4 * mm
"""Heights: of the band at the top, of what is not closed, of a tile, and of a block's title and note."""

_WHOLE: Final = _INNER - 2 * _PAD
_HALF: Final = (_INNER - _GAP) / 2 - 2 * _PAD
"""Room for drawings in wide and narrow blocks, points."""


def month_pdf(settings: Settings, figures: MonthFigures, language: str) -> bytes:
    """Draw the page on one sheet of A4."""
    words = Words(settings, language)
    scale = _scale_of(words.page(figures, half=_HALF, whole=_WHOLE, small=True))
    # What is drawn smaller, for all to find room, is laid out wider.
    page = words.page(figures, half=_HALF / scale, whole=_WHOLE / scale, small=True)
    target = io.BytesIO()
    _paper(target, page, scale)
    return target.getvalue()


def _scale_of(page: Page) -> float:
    """Give how much smaller the blocks of a page must be for all to find room on the sheet."""
    top = _BAND + _GAP + (_WARNING if page.warning else 0) + _TILE + _GAP * 0.8
    rows = _rows(page.blocks)
    needed = sum(max(map(_height, row)) for row in rows) + _GAP * 0.8 * len(rows)
    return min(1.0, (_HEIGHT - top - 9.5 * mm) / needed)


def _rows(blocks: Sequence[Block]) -> list[list[Block]]:
    """Put blocks in rows: wide ones alone, narrow ones in pairs."""
    rows: list[list[Block]] = []
    for block in blocks:
        if not block.wide and rows and len(rows[-1]) == 1 and not rows[-1][0].wide:
            rows[-1].append(block)
        else:
            rows.append([block])
    return rows


def _height(block: Block) -> float:
    return _TITLE + block.drawing.height + (_NOTE if block.note else 0) + _PAD


def _paper(target: io.BytesIO, page: Page, scale: float) -> None:
    """Draw the page into a file; its blocks are laid out for a scale."""
    canvas = Canvas(target, pagesize=A4, invariant=1, pageCompression=1)
    canvas.setTitle(printable(f"{page.title} – {page.scheme}"))
    canvas.setAuthor(printable(page.scheme))
    sheet = _Sheet(canvas)
    sheet.head(page)
    sheet.tiles(page.tiles)
    sheet.blocks(page.blocks, scale)
    sheet.foot(page.foot)
    canvas.showPage()
    canvas.save()


class _Sheet:
    """A sheet that is drawn from the top."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._y = _HEIGHT

    def _write(
        self,
        x: float,
        y: float,
        said: str,
        size: float,
        color: str,
        anchor: str = "start",
        bold: bool = False,
        width: float | None = None,
    ) -> None:
        said, font = printable(said), BOLD if bold else PLAIN
        if width is not None:
            size = small_enough(said, font, size, width)
        self._canvas.setFont(font, size)
        self._canvas.setFillColor(HexColor(color))
        draw = {
            "start": self._canvas.drawString,
            "middle": self._canvas.drawCentredString,
            "end": self._canvas.drawRightString,
        }[anchor]
        draw(x, y, said)

    def _card(self, x: float, y: float, width: float, height: float) -> None:
        self._canvas.setFillColor(HexColor(palette.WHITE))
        self._canvas.setStrokeColor(HexColor(palette.RULE))
        self._canvas.setLineWidth(0.5)
        self._canvas.roundRect(x, y, width, height, 1.5 * mm, stroke=1, fill=1)

    def head(self, page: Page) -> None:
        """Draw the band at the top, and what is not closed yet."""
        self._canvas.setFillColor(HexColor(palette.DEEP))
        self._canvas.rect(0, _HEIGHT - _BAND, _WIDTH, _BAND, stroke=0, fill=1)
        half = _INNER / 2
        self._write(_MARGIN, _HEIGHT - 10.5 * mm, page.title, 17, palette.WHITE, bold=True, width=half)
        self._write(_MARGIN, _HEIGHT - 15.5 * mm, page.subtitle, 8, palette.PALE, width=half)
        right = _WIDTH - _MARGIN
        self._write(right, _HEIGHT - 10.5 * mm, page.scheme, 10, palette.WHITE, "end", width=half - 6 * mm)
        self._y = _HEIGHT - _BAND - _GAP
        if page.warning:
            self._write(_MARGIN, self._y - 1.5 * mm, page.warning, 8, palette.LOSS, width=_INNER)
            self._y -= _WARNING

    def tiles(self, tiles: Sequence[Tile]) -> None:
        """Draw the figures to be read at a glance, side by side."""
        gap, height = 2.2 * mm, _TILE
        width = (_INNER - gap * (len(tiles) - 1)) / len(tiles)
        for place, tile in enumerate(tiles):
            x, room = _MARGIN + place * (width + gap), width - 4 * mm
            self._card(x, self._y - height, width, height)
            at = x + 2 * mm
            self._write(at, self._y - 4.2 * mm, tile.label, 6.8, palette.FAINT, width=room)
            self._write(at, self._y - 9 * mm, tile.value, 11.5, palette.DEEP, bold=True, width=room)
            self._write(at, self._y - 12.4 * mm, tile.note, 6.4, palette.FAINT, width=room)
            self._write(at, self._y - 15.6 * mm, tile.change, 6.4, palette.INK, width=room)
        self._y -= height + _GAP * 0.8

    def blocks(self, blocks: Sequence[Block], scale: float) -> None:
        """Draw the blocks."""
        for row in _rows(blocks):
            height = max(map(_height, row)) * scale
            for place, block in enumerate(row):
                width = _INNER if block.wide else (_INNER - _GAP) / 2
                self._block(block, _MARGIN + place * (width + _GAP), width, height, scale)
            self._y -= height + _GAP * 0.8 * scale

    def _block(self, block: Block, x: float, width: float, height: float, scale: float) -> None:
        self._card(x, self._y - height, width, height)
        self._write(x + _PAD, self._y - 4.6 * mm * scale, block.title, 8.8 * scale, palette.DEEP, bold=True)
        self.draw(block.drawing, x + _PAD, self._y - _TITLE * scale, scale)
        if block.note:
            y = self._y - height + 2 * mm * scale
            self._write(x + _PAD, y, block.note, 6 * scale, palette.FAINT, width=width - 2 * _PAD)

    def draw(self, drawing: Drawing, x: float, y: float, scale: float) -> None:
        """Draw shapes with their upper left corner at a place of the sheet."""
        canvas = self._canvas
        canvas.saveState()
        canvas.translate(x, y)
        canvas.scale(scale, scale)
        for shape in drawing.shapes:
            self._shape(shape)
        canvas.restoreState()

    def _shape(self, shape: Shape) -> None:
        """Draw a shape; on paper, what is above is more."""
        canvas = self._canvas
        match shape:
            case Box():
                canvas.setFillColor(HexColor(shape.fill))
                low = -shape.y - shape.height
                round_ = min(shape.round, shape.width / 2, shape.height / 2)
                canvas.roundRect(shape.x, low, shape.width, shape.height, round_, stroke=0, fill=1)
            case Line():
                self._stroke([(shape.x1, shape.y1), (shape.x2, shape.y2)], shape)
            case Path():
                self._stroke(shape.places, shape)
            case Area():
                canvas.setFillColor(HexColor(shape.fill), shape.opacity)
                canvas.drawPath(self._through(shape.places), stroke=0, fill=1)
                canvas.setFillAlpha(1)
            case Dot():
                canvas.setFillColor(HexColor(shape.fill))
                canvas.circle(shape.x, -shape.y, shape.radius, stroke=0, fill=1)
            case Said():
                canvas.saveState()
                canvas.translate(shape.x, -shape.y)
                canvas.rotate(-shape.turned)
                self._write(0, 0, shape.text, shape.size, shape.color, shape.anchor, shape.bold)
                canvas.restoreState()

    def _stroke(self, places: Sequence[Place], style: Line | Path) -> None:
        self._canvas.setStrokeColor(HexColor(style.color))
        self._canvas.setLineWidth(style.width)
        self._canvas.setDash(DASHES if style.dashed else ())
        self._canvas.drawPath(self._through(places), stroke=1, fill=0)

    def _through(self, places: Sequence[Place]) -> Any:
        path = self._canvas.beginPath()
        path.moveTo(places[0][0], -places[0][1])
        for x, y in places[1:]:
            path.lineTo(x, -y)
        return path

    def foot(self, said: str) -> None:
        """Write what the page is from."""
        self._write(_MARGIN, 6.5 * mm, said, 6.2, palette.FAINT, width=_INNER)
