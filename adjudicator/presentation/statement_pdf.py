"""A statement on paper: what an accountant can reconcile line by line, with the reason for every cut.

The same statement gives the same bytes. Pages are drawn, not laid out by a typesetter: a hospital's month has
tens of thousands of lines.
"""

from __future__ import annotations

import datetime as dt
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

from babel.dates import format_date
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from adjudicator.books.books import Books
from adjudicator.books.closing.statements import FacilityStatement
from adjudicator.remuneration.amount_in_words import amount_in_words
from adjudicator.remuneration.capitation import Criterion
from adjudicator.remuneration.months import read_month, year_and_month
from adjudicator.reporting.remittance import CUTS, Step
from adjudicator.units import PERCENT_ALL, unscaled
from adjudicator.vocabulary import Care, LineStatus, Reason
from adjudicator.words import Amount, Percentage, Quantity, label, number, shown, text

_WIDTH, _HEIGHT = A4
_MARGIN: Final = 12 * mm
_INNER: Final = _WIDTH - 2 * _MARGIN
_FOOT: Final = 15 * mm

_INK: Final = HexColor("#1d2b36")
_DEEP: Final = HexColor("#12495c")
_PALE: Final = HexColor("#e8f0f3")
_RULE: Final = HexColor("#c3d0d6")
_FAINT: Final = HexColor("#5f707b")
_RED: Final = HexColor("#a3342b")
_WHITE: Final = HexColor("#ffffff")

_REMEMBERED: Final = 1 << 14
"""Texts that are kept as they were cut or written: most of a hospital's lines say the same few things."""

_PLAIN, _BOLD, _SLANTED = "Helvetica", "Helvetica-Bold", "Helvetica-Oblique"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Column:
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
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        """Write the feet of all pages, and the file."""
        for place, page in enumerate(self._kept, 1):
            self.__dict__.update(page)
            self.setFont(_PLAIN, 7)
            self.setFillColor(_FAINT)
            self.drawString(_MARGIN, 9 * mm, self._foot)
            said = self._of_pages.format(page=place, pages=len(self._kept))
            self.drawRightString(_WIDTH - _MARGIN, 9 * mm, said)
            super().showPage()
        super().save()


def statement_pdf(books: Books, one: FacilityStatement, language: str) -> bytes:
    """Draw a statement.

    Args:
        books: the books.
        one: the statement.
        language: of its reader.
    """
    return _Paper(books, one, language).drawn()


def _printable(said: str) -> str:
    """Give a text in the letters that the font has: others lose their accents, or become question marks."""
    try:
        said.encode("cp1252")
    except UnicodeEncodeError:
        bare = "".join(letter if _has(letter) else unicodedata.normalize("NFKD", letter) for letter in said)
        return "".join(
            letter if _has(letter) else "" if unicodedata.combining(letter) else "?" for letter in bare
        )
    return said


def _has(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=_REMEMBERED)
def _fitted(said: str, font: str, size: float, width: float) -> str:
    """Cut a text that is wider than there is room for."""
    said = _printable(said)
    if stringWidth(said, font, size) <= width:
        return said
    while said and stringWidth(said + "…", font, size) > width:
        said = said[:-1]
    return said.rstrip() + "…"


@lru_cache(maxsize=_REMEMBERED)
def _small_enough(said: str, font: str, size: float, width: float) -> float:
    """Give a size in which a number has room: a text may be cut, an amount never."""
    wide = stringWidth(_printable(said), font, size)
    return size if wide <= width else size * width / wide


def _wrapped(said: str, font: str, size: float, width: float) -> list[str]:
    """Break a text into lines."""
    lines, line = [], ""
    for word in _printable(said).split(" "):
        longer = f"{line} {word}".strip()
        if line and stringWidth(longer, font, size) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


@lru_cache(maxsize=_REMEMBERED)
def _written(minor: int, decimals: int, language: str) -> str:
    return str(shown(Amount(minor, decimals), language))


class _Paper:
    """The pages of a statement, drawn from the top."""

    def __init__(self, books: Books, one: FacilityStatement, language: str) -> None:
        self._books, self._one, self._language = books, one, language
        self._file = io.BytesIO()
        statement = one.made.statement
        self._month = _month_in_words(statement.month, language)
        foot = f"{books.settings.scheme} · {statement.facility} {one.name} · {self._month} · {one.hash[:16]}"
        # The numbers of pages are filled in when all are drawn.
        of_pages = self._say("page", page="{page}", pages="{pages}")
        self._paper = _Numbered(self._file, _printable(foot), _printable(of_pages))
        self._paper.setTitle(f"{self._say('title')} {statement.facility} {self._month}")
        self._paper.setAuthor(books.settings.scheme)
        self._y = _HEIGHT - _MARGIN
        self._pen: tuple[str, float, Color] | None = None
        """What is written with now, unless something was filled since."""

    def drawn(self) -> bytes:
        """Draw everything."""
        self._head()
        self._amount()
        self._owed()
        self._steps()
        self._pools()
        self._heads()
        self._notice()
        self._lines()
        self._back()
        self._paper.showPage()
        self._paper.save()
        return self._file.getvalue()

    # Words and numbers.

    def _say(self, key: str, **values: Any) -> str:
        return text(f"statement.pdf.{key}", self._language, **values)

    def _money(self, minor: int) -> str:
        return _written(minor, self._books.decimals, self._language)

    def _date(self, given: dt.date | None) -> str:
        if given is None:
            return "–"
        return given.strftime("%d/%m/%Y") if self._language == "fr" else given.isoformat()

    # Drawing.

    def _write(
        self,
        x: float,
        said: str,
        font: str = _PLAIN,
        size: float = 8,
        color: Color = _INK,
        right: bool = False,
        width: float | None = None,
        y: float | None = None,
    ) -> None:
        if width and right:
            said, size = _printable(said), _small_enough(said, font, size, width)
        else:
            said = _fitted(said, font, size, width) if width else _printable(said)
        pen = (font, size, color)
        if pen != self._pen:
            self._paper.setFont(font, size)
            self._paper.setFillColor(color)
            self._pen = pen
        draw = self._paper.drawRightString if right else self._paper.drawString
        draw(x, self._y if y is None else y, said)

    def _fill(self, color: Color) -> None:
        """Choose what areas are filled with."""
        self._paper.setFillColor(color)
        self._pen = None

    def _new_page(self) -> None:
        self._paper.showPage()
        self._pen = None
        self._y = _HEIGHT - _MARGIN

    def _room(self, height: float) -> bool:
        """Make sure that there is room; tell whether a page was begun for it."""
        if self._y - height >= _FOOT:
            return False
        self._new_page()
        return True

    def _heading(self, said: str, room: float = 24 * mm) -> None:
        self._room(room)
        self._y -= 8 * mm
        self._write(_MARGIN, said, _BOLD, 10, _DEEP)
        self._y -= 2 * mm

    def _table_head(self, columns: Sequence[_Column], size: float = 7) -> None:
        self._y -= 4 * mm
        self._cells(columns, [column.heading for column in columns], _BOLD, size, _FAINT)
        self._y -= 1.4 * mm
        self._rule(_DEEP, 0.8)

    def _rule(self, color: Color = _RULE, width: float = 0.4) -> None:
        self._paper.setStrokeColor(color)
        self._paper.setLineWidth(width)
        self._paper.line(_MARGIN, self._y, _WIDTH - _MARGIN, self._y)

    def _cells(
        self,
        columns: Sequence[_Column],
        cells: Sequence[str],
        font: str = _PLAIN,
        size: float = 8,
        color: Color = _INK,
    ) -> None:
        x = _MARGIN
        for column, cell in zip(columns, cells, strict=True):
            if cell:
                at = x + column.width - 1 * mm if column.right else x + 1 * mm
                self._write(at, cell, font, size, color, column.right, column.width - 1.5 * mm)
            x += column.width

    def _table(
        self, columns: Sequence[_Column], rows: Sequence[Sequence[str]], total: Sequence[str] | None = None
    ) -> None:
        self._table_head(columns)
        for cells in rows:
            if self._room(6 * mm):
                self._table_head(columns)
            self._y -= 4.2 * mm
            self._cells(columns, cells)
            self._y -= 1.3 * mm
            self._rule()
        if total is not None:
            self._y -= 4.4 * mm
            self._cells(columns, total, _BOLD, 8.5, _DEEP)
            self._y -= 1.6 * mm
            self._rule(_DEEP, 0.8)

    # The first page.

    def _head(self) -> None:
        settings, statement, closing = self._books.settings, self._one.made.statement, self._one.closing
        band = 24 * mm
        self._fill(_DEEP)
        self._paper.rect(0, _HEIGHT - band, _WIDTH, band, stroke=0, fill=1)
        name = settings.name
        title = (getattr(name, self._language, None) or settings.scheme) if name else settings.scheme
        half = _INNER / 2
        self._write(_MARGIN, title, _BOLD, 13, _WHITE, width=half, y=_HEIGHT - 12 * mm)
        self._write(_MARGIN, settings.scheme, _PLAIN, 8, _PALE, width=half, y=_HEIGHT - 17.5 * mm)
        right = _WIDTH - _MARGIN
        self._write(right, self._say("title"), _BOLD, 13, _WHITE, True, half, _HEIGHT - 12 * mm)
        self._write(right, self._month, _PLAIN, 10, _PALE, True, half, _HEIGHT - 17.5 * mm)
        self._y = _HEIGHT - band - 9 * mm
        self._write(_MARGIN, self._one.name, _BOLD, 12, _INK, width=half)
        facts = [
            ("facility", statement.facility),
            ("account", statement.account or "–"),
        ]
        others = [
            ("closing", f"{closing.closing} · {closing.at[:10]}"),
            ("location", closing.location or self._say("national")),
            ("payment", str(self._one.payment) if self._one.payment is not None else "–"),
        ]
        top = self._y
        for place, (key, value) in enumerate(facts, 1):
            self._fact(_MARGIN, top - (place * 4.8 + 0.6) * mm, key, value)
        for place, (key, value) in enumerate(others):
            self._fact(_MARGIN + half + 8 * mm, top - place * 4.8 * mm, key, value)
        self._y = top - 14 * mm

    def _fact(self, x: float, y: float, key: str, value: str) -> None:
        self._write(x, self._say(f"fact.{key}"), _PLAIN, 8, _FAINT, y=y)
        self._write(x + 30 * mm, value, _PLAIN, 8.5, _INK, width=_INNER / 2 - 40 * mm, y=y)

    def _amount(self) -> None:
        total, currency = self._one.made.statement.total, self._books.settings.currency
        words = amount_in_words(total, currency, self._language)
        lines = _wrapped(words[:1].upper() + words[1:], _SLANTED, 9, _INNER - 12 * mm)
        height = (17 + 4.4 * len(lines)) * mm
        self._fill(_PALE)
        self._paper.roundRect(_MARGIN, self._y - height, _INNER, height, 2 * mm, stroke=0, fill=1)
        key = "to_pay" if total >= 0 else "owes"
        self._y -= 9.5 * mm
        self._write(_MARGIN + 6 * mm, self._say(key), _BOLD, 10, _DEEP)
        written = f"{self._money(abs(total))} {currency}"
        self._write(_WIDTH - _MARGIN - 6 * mm, written, _BOLD, 18, _DEEP, True)
        self._y -= 2.6 * mm
        for line in lines:
            self._y -= 4.4 * mm
            self._write(_MARGIN + 6 * mm, line, _SLANTED, 9, _INK)
        self._y -= 4.2 * mm

    def _owed(self) -> None:
        statement = self._one.made.statement
        self._heading(self._say("owed"))
        columns = self._columns(
            ("product", 24), ("account", 20), ("part", 52), ("month", 18),
            ("claims", -14), ("lines", -16), ("valuated", -21), ("amount", -21),
        )  # fmt: skip
        rows = [
            [
                row.product,
                row.account or "–",
                label(row.part, self._language),
                _month_short(row.origin),
                str(shown(row.claims, self._language)) if row.claims else "",
                str(shown(row.lines, self._language)) if row.lines else "",
                self._money(row.valuated) if row.lines else "",
                self._money(row.amount),
            ]
            for row in statement.rows
        ]
        total = [self._say("total"), *[""] * 6, self._money(statement.total)]
        self._table(columns, rows, total)

    def _columns(self, *given: tuple[str, float]) -> list[_Column]:
        """Make columns of headings and widths in millimetres; a negative one is of numbers."""
        return [_Column(self._say(f"column.{key}"), abs(width) * mm, width < 0) for key, width in given]

    def _steps(self) -> None:
        steps = self._one.made.steps
        self._heading(self._say("steps"), (14 + 5.5 * len(steps)) * mm)
        bar = 52 * mm
        columns = self._columns(("step", 76), ("lines", -16), ("amount", -30))
        self._table_head(columns)
        most = max((abs(step.amount) for step in steps), default=0)
        level = 0
        for step in steps:
            self._y -= 4.2 * mm
            font, color = (_BOLD, _DEEP) if step.is_sum else (_PLAIN, _INK)
            said = text(f"reporting.step.{step.step}", self._language)
            if step.reason is not None:
                colon = "\u00a0:" if self._language == "fr" else ":"
                said = f"{said}{colon} {int(step.reason)} {label(step.reason, self._language)}"
            lines = "" if step.lines is None else str(shown(step.lines, self._language))
            cells = [said if step.is_sum else f"   {said}", lines, self._money(step.amount)]
            self._cells(columns, cells, font, 8, color)
            level = self._bar(step, level, most, _WIDTH - _MARGIN - bar, bar)
            self._y -= 1.3 * mm
            self._rule()

    def _bar(self, step: Step, level: int, most: int, x: float, width: float) -> int:
        """Draw a step of a waterfall; give the level that it leads to."""
        after = step.amount if step.is_sum else level + step.amount
        start, end = (0, after) if step.is_sum else (min(level, after), max(level, after))
        if most and end >= 0:
            left = max(0, start)
            self._fill(_DEEP if step.is_sum else _RED if step.amount < 0 else _FAINT)
            first, last = (x + width * one / most for one in (left, min(end, most)))
            self._paper.rect(first, self._y - 0.6 * mm, max(0.3, last - first), 3.2 * mm, stroke=0, fill=1)
        return after

    def _pools(self) -> None:
        """Show how the indexes came about that lines of the statement are paid by."""
        products = {row.product for row in self._one.made.statement.rows}
        indexes = [one for one in self._one.closing.record["indexes"] if one["product"] in products]
        if not indexes:
            return
        self._heading(self._say("pools"), (16 + 6 * len(indexes)) * mm)
        columns = self._columns(
            ("product", 24), ("care", 34), ("months", 30), ("earned", -30),
            ("share", -16), ("valuated", -30), ("index", -22),
        )  # fmt: skip
        rows = []
        for one in indexes:
            months = [_month_short(read_month(month)) for month in one["months"]]
            care = label(Care.of(one["care"]), self._language) if one["care"] else self._say("all_care")
            index = Fraction(one["index"])
            scaled = (index.numerator * 20_000 + index.denominator) // (2 * index.denominator)
            rows.append(
                [
                    one["product"],
                    care,
                    months[0] if len(months) == 1 else f"{months[0]} – {months[-1]}",
                    self._money(one["allocated"]),
                    str(shown(Percentage(one["share"]), self._language)),
                    self._money(one["valuated"]),
                    str(number(unscaled(scaled, 4), 4, self._language)),
                ]
            )
        self._table(columns, rows)

    def _heads(self) -> None:
        """Show the figures that the facility is paid by capitation for."""
        for payment in self._one.closing.record["capitation"]:
            mine = [one for one in payment["facilities"] if one["facility"] == self._one.facility]
            if not mine or not mine[0]["amount"]:
                continue
            said = self._say("heads", product=payment["product"], pot=self._money(payment["pot"]))
            self._heading(said, (16 + 6 * len(payment["criteria"])) * mm)
            columns = self._columns(
                ("criterion", 56), ("weight", -20), ("figure", -30), ("all_figures", -40), ("amount", -40)
            )
            rows = [
                [
                    label(Criterion.of(one["criterion"]), self._language),
                    str(shown(Percentage(one["weight"]), self._language)),
                    self._figure(one["criterion"], mine[0]["figures"][one["criterion"]]),
                    self._figure(one["criterion"], one["total"]),
                    self._money(mine[0]["amounts"][one["criterion"]]),
                ]
                for one in payment["criteria"]
            ]
            total = [self._say("total"), "", "", "", self._money(mine[0]["amount"])]
            self._table(columns, rows, total)

    def _figure(self, criterion: str, value: int) -> str:
        if criterion == Criterion.ADJUSTED_AMOUNT.word:
            return self._money(value)
        if criterion == Criterion.VISITS.word:
            return str(shown(value, self._language))
        return str(number(Decimal(value) / PERCENT_ALL, 2, self._language))

    def _notice(self) -> None:
        days = self._books.settings.closing.appeal_days
        closing = self._one.closing
        until = dt.date.fromisoformat(closing.at[:10]) + dt.timedelta(days)
        said = self._say("appeal", days=days, until=until, facility=self._one.facility)
        lines = _wrapped(said, _PLAIN, 8, _INNER - 12 * mm)
        height = (12 + 4 * len(lines)) * mm
        self._room(height + 26 * mm)
        self._y -= 7 * mm
        self._paper.setStrokeColor(_RULE)
        self._paper.setLineWidth(0.8)
        self._paper.roundRect(_MARGIN, self._y - height, _INNER, height, 2 * mm, stroke=1, fill=0)
        self._y -= 5.5 * mm
        self._write(_MARGIN + 6 * mm, self._say("appeal_title"), _BOLD, 8.5, _DEEP)
        for line in lines:
            self._y -= 4 * mm
            self._write(_MARGIN + 6 * mm, line, _PLAIN, 8)
        self._y -= 16 * mm
        self._write(_MARGIN, self._say("closed_by", by=closing.by, day=closing.at[:10]), _PLAIN, 8)
        self._paper.setStrokeColor(_FAINT)
        self._paper.line(_WIDTH - _MARGIN - 70 * mm, self._y, _WIDTH - _MARGIN, self._y)
        self._write(
            _WIDTH - _MARGIN - 70 * mm, self._say("signature"), _PLAIN, 7, _FAINT, y=self._y - 3.6 * mm
        )

    # Line by line.

    def _lines(self) -> None:
        lines = self._one.made.lines
        if not len(lines):
            return
        self._new_page()
        self._y -= 2 * mm
        self._write(_MARGIN, self._say("lines_title"), _BOLD, 12, _DEEP)
        columns = self._columns(
            ("line", 8), ("code", 15), ("name", 47), ("quantity", -12), ("asked", -22),
            ("why", 40), ("cut", -20), ("paid", -22),
        )  # fmt: skip
        self._table_head(columns, 6.5)
        for _, rows in groupby(_rows(lines), key=lambda row: row["claim"]):
            self._claim(columns, list(rows))
        self._room(10 * mm)
        self._y -= 5 * mm
        asked, paid = (sum(lines[name].to_pylist()) for name in ("asked", "paid"))
        cells = ["", "", self._say("total"), "", self._money(asked), "", self._money(paid - asked)]
        self._cells(columns, [*cells, self._money(paid)], _BOLD, 8, _DEEP)

    def _claim(self, columns: Sequence[_Column], rows: list[Row]) -> None:
        if self._room(12 * mm):
            self._table_head(columns, 6.5)
        self._claim_head(rows, False)
        for row in rows:
            whys = list(self._whys(row))
            height = (3.4 * max(1, len(whys)) + 1.2) * mm
            if self._room(height):
                self._table_head(columns, 6.5)
                self._claim_head(rows, True)
            self._line(columns, row, whys)

    def _claim_head(self, rows: list[Row], again: bool) -> None:
        first = rows[0]
        self._y -= 5.4 * mm
        self._fill(_PALE)
        self._paper.rect(_MARGIN, self._y - 1.2 * mm, _INNER, 4.8 * mm, stroke=0, fill=1)
        begins, ends = first["date_from"], first["date_to"]
        days = self._date(begins) if ends in (None, begins) else f"{self._date(begins)} – {self._date(ends)}"
        claimed = self._say("claimed", day=self._date(first["date_claimed"]))
        said = f"{first['claim']}   ·   {first['insuree']}   ·   {days}   ·   {claimed}"
        if again:
            said = f"{said}   ({self._say('continued')})"
        self._write(_MARGIN + 1 * mm, said, _BOLD, 7, _DEEP, width=_INNER - 30 * mm)
        if not again:
            paid = self._money(sum(row["paid"] for row in rows))
            self._write(_WIDTH - _MARGIN - 1 * mm, paid, _BOLD, 7, _DEEP, True)
        self._y -= 1 * mm

    def _whys(self, row: Row) -> Iterator[tuple[str, int]]:
        """Give every cut of a line with its reason; together they are what was asked less what is paid."""
        for cut in CUTS:
            amount = row[f"cut_{cut}"]
            if cut == "rejected" and row["status"] != int(LineStatus.ACCEPTED):
                yield f"{row['code']} {label(Reason(row['reason']), self._language)}", amount
            elif amount:
                key = "price_below" if cut == "price" and amount < 0 else cut
                yield self._say(f"why.{key}"), amount

    def _line(self, columns: Sequence[_Column], row: Row, whys: list[tuple[str, int]]) -> None:
        rejected = row["status"] != int(LineStatus.ACCEPTED)
        color = _RED if rejected else _INK
        self._y -= 3.8 * mm
        cells = [
            str(row["line"]),
            row["provision"],
            row["provision_name"] or "",
            str(shown(Quantity(row["quantity_asked"]), self._language)),
            self._money(row["asked"]),
            "",
            "",
            self._money(row["paid"]),
        ]
        self._cells(columns, cells, _PLAIN, 7, color)
        for place, (why, amount) in enumerate(whys):
            if place:
                self._y -= 3.4 * mm
            self._cells(columns, ["", "", "", "", "", why, self._money(-amount), ""], _PLAIN, 6.5, color)
        self._y -= 1 * mm
        self._rule(_RULE, 0.25)

    def _back(self) -> None:
        back = self._one.made.back
        if not len(back):
            return
        self._heading(self._say("back"))
        columns = self._columns(("claim", 60), ("line", 16), ("product", 40), ("month", 30), ("amount", -40))
        rows = [
            [
                row["claim"],
                str(row["line"]) if row["line"] else "",
                row["product"],
                _month_short(read_month(row["origin"])),
                self._money(row["amount"]),
            ]
            for row in back.to_pylist()
        ]
        total = [self._say("total"), "", "", "", self._money(sum(back["amount"].to_pylist()))]
        self._table(columns, rows, total)


def _rows(lines: Any) -> Iterator[Row]:
    for batch in lines.to_batches(max_chunksize=4096):
        yield from batch.to_pylist()


def _month_in_words(month: int, language: str) -> str:

    year, of_year = year_and_month(month)
    said: str = format_date(dt.date(year, of_year, 1), "MMMM y", locale=language)
    return said[:1].upper() + said[1:]


def _month_short(month: int) -> str:
    year, of_year = year_and_month(month)
    return f"{of_year:02}/{year}"
