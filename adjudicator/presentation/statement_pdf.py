"""A statement on paper: what an accountant can reconcile line by line, with the reason for every cut.

The same statement gives the same bytes. Pages are drawn, not laid out by a typesetter: a hospital's month has
tens of thousands of lines.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

from babel.dates import format_date
from reportlab.lib.units import mm

from adjudicator.books.books import Books
from adjudicator.books.closing.statements import FacilityStatement
from adjudicator.presentation.pdf_letters import BOLD, PLAIN, SLANTED, wrapped
from adjudicator.presentation.pdf_pages import (
    DEEP,
    FAINT,
    HEIGHT,
    INK,
    INNER,
    MARGIN,
    PALE,
    RED,
    RULE,
    WHITE,
    WIDTH,
    Column,
    Pages,
)
from adjudicator.remuneration.amount_in_words import amount_in_words
from adjudicator.remuneration.capitation import Criterion
from adjudicator.remuneration.months import read_month, year_and_month
from adjudicator.reporting.remittance import CUTS, Step
from adjudicator.units import PERCENT_ALL, unscaled
from adjudicator.vocabulary import Care, LineStatus, Reason
from adjudicator.words import Amount, Percentage, Quantity, label, number, shown, text

_REMEMBERED: Final = 1 << 14
"""Amounts that are kept as they were written: most of a hospital's lines say the same few."""

Row = Mapping[str, Any]


def statement_pdf(books: Books, one: FacilityStatement, language: str) -> bytes:
    """Draw a statement.

    Args:
        books: the books.
        one: the statement.
        language: of its reader.
    """
    return _Paper(books, one, language).drawn()


@lru_cache(maxsize=_REMEMBERED)
def _written(minor: int, decimals: int, language: str) -> str:
    return str(shown(Amount(minor, decimals), language))


class _Paper(Pages):
    """The pages of a statement, drawn from the top."""

    def __init__(self, books: Books, one: FacilityStatement, language: str) -> None:
        self._books, self._one, self._language = books, one, language
        statement = one.made.statement
        self._month = _month_in_words(statement.month, language)
        foot = f"{books.settings.scheme} · {statement.facility} {one.name} · {self._month} · {one.hash[:16]}"
        # The numbers of pages are filled in when all are drawn.
        of_pages = self._say("page", page="{page}", pages="{pages}")
        super().__init__(foot, of_pages)
        self.canvas.setTitle(f"{self._say('title')} {statement.facility} {self._month}")
        self.canvas.setAuthor(books.settings.scheme)

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
        return self.written()

    # Words and numbers.

    def _say(self, key: str, **values: Any) -> str:
        return text(f"statement.pdf.{key}", self._language, **values)

    def _money(self, minor: int) -> str:
        return _written(minor, self._books.decimals, self._language)

    def _date(self, given: dt.date | None) -> str:
        if given is None:
            return "–"
        return given.strftime("%d/%m/%Y") if self._language == "fr" else given.isoformat()

    # The first page.

    def _head(self) -> None:
        settings, statement, closing = self._books.settings, self._one.made.statement, self._one.closing
        band = 24 * mm
        self.fill(DEEP)
        self.canvas.rect(0, HEIGHT - band, WIDTH, band, stroke=0, fill=1)
        name = settings.name
        title = (getattr(name, self._language, None) or settings.scheme) if name else settings.scheme
        half = INNER / 2
        self.write(MARGIN, title, BOLD, 13, WHITE, width=half, y=HEIGHT - 12 * mm)
        self.write(MARGIN, settings.scheme, PLAIN, 8, PALE, width=half, y=HEIGHT - 17.5 * mm)
        right = WIDTH - MARGIN
        self.write(right, self._say("title"), BOLD, 13, WHITE, True, half, HEIGHT - 12 * mm)
        self.write(right, self._month, PLAIN, 10, PALE, True, half, HEIGHT - 17.5 * mm)
        self.y = HEIGHT - band - 9 * mm
        self.write(MARGIN, self._one.name, BOLD, 12, INK, width=half)
        facts = [
            ("facility", statement.facility),
            ("account", statement.account or "–"),
        ]
        others = [
            ("closing", f"{closing.closing} · {self._date(_day(closing.at))}"),
            ("location", closing.location or self._say("national")),
            ("payment", str(self._one.payment) if self._one.payment is not None else "–"),
        ]
        top = self.y
        for place, (key, value) in enumerate(facts, 1):
            self._fact(MARGIN, top - (place * 4.8 + 0.6) * mm, key, value)
        for place, (key, value) in enumerate(others):
            self._fact(MARGIN + half + 8 * mm, top - place * 4.8 * mm, key, value)
        self.y = top - 14 * mm

    def _fact(self, x: float, y: float, key: str, value: str) -> None:
        self.write(x, self._say(f"fact.{key}"), PLAIN, 8, FAINT, y=y)
        self.write(x + 30 * mm, value, PLAIN, 8.5, INK, width=INNER / 2 - 40 * mm, y=y)

    def _amount(self) -> None:
        total, currency = self._one.made.statement.total, self._books.settings.currency
        words = amount_in_words(total, currency, self._language)
        lines = wrapped(words[:1].upper() + words[1:], SLANTED, 9, INNER - 12 * mm)
        height = (17 + 4.4 * len(lines)) * mm
        self.fill(PALE)
        self.canvas.roundRect(MARGIN, self.y - height, INNER, height, 2 * mm, stroke=0, fill=1)
        key = "to_pay" if total >= 0 else "owes"
        self.y -= 9.5 * mm
        self.write(MARGIN + 6 * mm, self._say(key), BOLD, 10, DEEP)
        written = f"{self._money(abs(total))} {currency}"
        self.write(WIDTH - MARGIN - 6 * mm, written, BOLD, 18, DEEP, True)
        self.y -= 2.6 * mm
        for line in lines:
            self.y -= 4.4 * mm
            self.write(MARGIN + 6 * mm, line, SLANTED, 9, INK)
        self.y -= 4.2 * mm

    def _owed(self) -> None:
        statement = self._one.made.statement
        self.heading(self._say("owed"))
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
        self.table(columns, rows, total)

    def _columns(self, *given: tuple[str, float]) -> list[Column]:
        """Make columns of headings and widths in millimetres; a negative one is of numbers."""
        return [Column(self._say(f"column.{key}"), abs(width) * mm, width < 0) for key, width in given]

    def _steps(self) -> None:
        steps = self._one.made.steps
        self.heading(self._say("steps"), (14 + 5.5 * len(steps)) * mm)
        bar = 52 * mm
        columns = self._columns(("step", 76), ("lines", -16), ("amount", -30))
        self.table_head(columns)
        most = max((abs(step.amount) for step in steps), default=0)
        level = 0
        for step in steps:
            self.y -= 4.2 * mm
            font, color = (BOLD, DEEP) if step.is_sum else (PLAIN, INK)
            said = text(f"reporting.step.{step.step}", self._language)
            if step.reason is not None:
                colon = "\u00a0:" if self._language == "fr" else ":"
                said = f"{said}{colon} {int(step.reason)} {label(step.reason, self._language)}"
            lines = "" if step.lines is None else str(shown(step.lines, self._language))
            cells = [said if step.is_sum else f"   {said}", lines, self._money(step.amount)]
            self.cells(columns, cells, font, 8, color)
            level = self._bar(step, level, most, WIDTH - MARGIN - bar, bar)
            self.y -= 1.3 * mm
            self.rule()

    def _bar(self, step: Step, level: int, most: int, x: float, width: float) -> int:
        """Draw a step of a waterfall; give the level that it leads to."""
        after = step.amount if step.is_sum else level + step.amount
        start, end = (0, after) if step.is_sum else (min(level, after), max(level, after))
        if most and end >= 0:
            left = max(0, start)
            self.fill(DEEP if step.is_sum else RED if step.amount < 0 else FAINT)
            first, last = (x + width * one / most for one in (left, min(end, most)))
            self.canvas.rect(first, self.y - 0.6 * mm, max(0.3, last - first), 3.2 * mm, stroke=0, fill=1)
        return after

    def _pools(self) -> None:
        """Show how the indexes came about that lines of the statement are paid by."""
        products = {row.product for row in self._one.made.statement.rows}
        indexes = [one for one in self._one.closing.record["indexes"] if one["product"] in products]
        if not indexes:
            return
        self.heading(self._say("pools"), (16 + 6 * len(indexes)) * mm)
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
        self.table(columns, rows)

    def _heads(self) -> None:
        """Show the figures that the facility is paid by capitation for."""
        for payment in self._one.closing.record["capitation"]:
            mine = [one for one in payment["facilities"] if one["facility"] == self._one.facility]
            if not mine or not mine[0]["amount"]:
                continue
            said = self._say("heads", product=payment["product"], pot=self._money(payment["pot"]))
            self.heading(said, (16 + 6 * len(payment["criteria"])) * mm)
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
            self.table(columns, rows, total)

    def _figure(self, criterion: str, value: int) -> str:
        if criterion == Criterion.ADJUSTED_AMOUNT.word:
            return self._money(value)
        if criterion == Criterion.VISITS.word:
            return str(shown(value, self._language))
        return str(number(Decimal(value) / PERCENT_ALL, 2, self._language))

    def _notice(self) -> None:
        days = self._books.settings.closing.appeal_days
        closing = self._one.closing
        until = _day(closing.at) + dt.timedelta(days)
        said = self._say("appeal", days=days, until=until, facility=self._one.facility)
        lines = wrapped(said, PLAIN, 8, INNER - 12 * mm)
        height = (12 + 4 * len(lines)) * mm
        self.room(height + 26 * mm)
        self.y -= 7 * mm
        self.canvas.setStrokeColor(RULE)
        self.canvas.setLineWidth(0.8)
        self.canvas.roundRect(MARGIN, self.y - height, INNER, height, 2 * mm, stroke=1, fill=0)
        self.y -= 5.5 * mm
        self.write(MARGIN + 6 * mm, self._say("appeal_title"), BOLD, 8.5, DEEP)
        for line in lines:
            self.y -= 4 * mm
            self.write(MARGIN + 6 * mm, line, PLAIN, 8)
        self.y -= 16 * mm
        self.write(MARGIN, self._say("closed_by", by=closing.by, day=self._date(_day(closing.at))), PLAIN, 8)
        self.canvas.setStrokeColor(FAINT)
        self.canvas.line(WIDTH - MARGIN - 70 * mm, self.y, WIDTH - MARGIN, self.y)
        self.write(WIDTH - MARGIN - 70 * mm, self._say("signature"), PLAIN, 7, FAINT, y=self.y - 3.6 * mm)

    # Line by line.

    def _lines(self) -> None:
        lines = self._one.made.lines
        if not len(lines):
            return
        self.new_page()
        self.y -= 2 * mm
        self.write(MARGIN, self._say("lines_title"), BOLD, 12, DEEP)
        columns = self._columns(
            ("line", 8), ("code", 15), ("name", 47), ("quantity", -12), ("asked", -22),
            ("why", 40), ("cut", -20), ("paid", -22),
        )  # fmt: skip
        self.table_head(columns, 6.5)
        for _, rows in groupby(_rows(lines), key=lambda row: row["claim"]):
            self._claim(columns, list(rows))
        self.room(10 * mm)
        self.y -= 5 * mm
        asked, paid = (sum(lines[name].to_pylist()) for name in ("asked", "paid"))
        cells = ["", "", self._say("total"), "", self._money(asked), "", self._money(paid - asked)]
        self.cells(columns, [*cells, self._money(paid)], BOLD, 8, DEEP)

    def _claim(self, columns: Sequence[Column], rows: list[Row]) -> None:
        if self.room(12 * mm):
            self.table_head(columns, 6.5)
        self._claim_head(rows, False)
        for row in rows:
            whys = list(self._whys(row))
            height = (3.4 * max(1, len(whys)) + 1.2) * mm
            if self.room(height):
                self.table_head(columns, 6.5)
                self._claim_head(rows, True)
            self._line(columns, row, whys)

    def _claim_head(self, rows: list[Row], again: bool) -> None:
        first = rows[0]
        self.y -= 5.4 * mm
        self.fill(PALE)
        self.canvas.rect(MARGIN, self.y - 1.2 * mm, INNER, 4.8 * mm, stroke=0, fill=1)
        begins, ends = first["date_from"], first["date_to"]
        days = self._date(begins) if ends in (None, begins) else f"{self._date(begins)} – {self._date(ends)}"
        claimed = self._say("claimed", day=self._date(first["date_claimed"]))
        said = f"{first['claim']}   ·   {first['insuree']}   ·   {days}   ·   {claimed}"
        if again:
            said = f"{said}   ({self._say('continued')})"
        self.write(MARGIN + 1 * mm, said, BOLD, 7, DEEP, width=INNER - 30 * mm)
        if not again:
            paid = self._money(sum(row["paid"] for row in rows))
            self.write(WIDTH - MARGIN - 1 * mm, paid, BOLD, 7, DEEP, True)
        self.y -= 1 * mm

    def _whys(self, row: Row) -> Iterator[tuple[str, int]]:
        """Give every cut of a line with its reason; together they are what was asked less what is paid."""
        for cut in CUTS:
            amount = row[f"cut_{cut}"]
            if cut == "rejected" and row["status"] != int(LineStatus.ACCEPTED):
                yield f"{row['code']} {label(Reason(row['reason']), self._language)}", amount
            elif amount:
                key = "price_below" if cut == "price" and amount < 0 else cut
                yield self._say(f"why.{key}"), amount

    def _line(self, columns: Sequence[Column], row: Row, whys: list[tuple[str, int]]) -> None:
        rejected = row["status"] != int(LineStatus.ACCEPTED)
        color = RED if rejected else INK
        self.y -= 3.8 * mm
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
        self.cells(columns, cells, PLAIN, 7, color)
        for place, (why, amount) in enumerate(whys):
            if place:
                self.y -= 3.4 * mm
            self.cells(columns, ["", "", "", "", "", why, self._money(-amount), ""], PLAIN, 6.5, color)
        self.y -= 1 * mm
        self.rule(RULE, 0.25)

    def _back(self) -> None:
        back = self._one.made.back
        if not len(back):
            return
        self.heading(self._say("back"))
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
        self.table(columns, rows, total)


def _rows(lines: Any) -> Iterator[Row]:
    for batch in lines.to_batches(max_chunksize=4096):
        yield from batch.to_pylist()


def _day(moment: str) -> dt.date:
    return dt.date.fromisoformat(moment[:10])


def _month_in_words(month: int, language: str) -> str:
    year, of_year = year_and_month(month)
    said: str = format_date(dt.date(year, of_year, 1), "MMMM y", locale=language)
    return said[:1].upper() + said[1:]


def _month_short(month: int) -> str:
    year, of_year = year_and_month(month)
    return f"{of_year:02}/{year}"
