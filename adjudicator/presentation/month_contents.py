"""What is on the month's page, on a screen or on paper: figures and drawings, in the reader's words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from babel.dates import format_date

from adjudicator.charts import palette
from adjudicator.charts.bars import Bar, bars
from adjudicator.charts.numbers import Numbers
from adjudicator.charts.shapes import Drawing
from adjudicator.charts.tables import Cell, table
from adjudicator.charts.waterfall import Fall, waterfall
from adjudicator.remuneration.months import year_and_month
from adjudicator.reporting.month import MonthFigures, OfFacility
from adjudicator.reporting.remittance import Step
from adjudicator.scheme import Settings
from adjudicator.units import unscaled
from adjudicator.words import label, text

SHOWN_PRODUCTS: Final = 7
SHOWN_REJECTIONS: Final = 4
"""Products and reasons that have a bar of their own; the others come together in one."""


@dataclass(frozen=True)
class Tile:
    """A figure to be read at a glance."""

    label: str
    value: str
    note: str
    change: str = ""
    """Against last month."""


@dataclass(frozen=True)
class Block:
    """A part of the page: a title, and a drawing."""

    title: str
    drawing: Drawing
    note: str = ""
    wide: bool = False


@dataclass(frozen=True)
class Page:
    """What is on the page, in the language of its reader."""

    scheme: str
    title: str
    subtitle: str
    warning: str
    tiles: tuple[Tile, ...]
    blocks: tuple[Block, ...]
    foot: str


class Words:
    """The page in the words and numbers of its reader."""

    def __init__(self, settings: Settings, language: str) -> None:
        self._settings, self._language = settings, language
        self._numbers = Numbers(language, settings.decimals)

    def page(self, figures: MonthFigures, half: float, whole: float, small: bool = False) -> Page:
        """Lay out the page.

        Args:
            figures: of the month.
            half: the width of a narrow block, in points.
            whole: the width of a wide one.
            small: with letters for paper.
        """
        size = 7.0 if small else 10.0
        settings = self._settings
        name = settings.name
        scheme = (getattr(name, self._language, None) or name.en) if name else settings.scheme
        closings = ", ".join(
            f"{number_} ({location or text('reporting.national', self._language)})"
            for number_, location, _, _ in figures.closings
        )
        last = max(figures.closings, key=lambda one: one[3])
        state = dict(figures.state)
        return Page(
            scheme=scheme,
            title=self._month(figures.month),
            subtitle=self._say("subtitle", currency=settings.currency),
            warning=self._warning(figures),
            tiles=self._tiles(figures),
            blocks=(
                self._came_in(figures, half, size),
                self._went_out(figures, half, size),
                self._was_cut(figures, whole, size),
                self._waits(figures, half, size),
                self._indexes(figures, half, size),
                self._largest(figures, half, size),
                self._unusual(figures, half, size),
            ),
            foot=self._say(
                "foot",
                closings=closings,
                by=last[2],
                at=last[3][:10],
                hash=state.get("journal_hash", "–")[:16],
            ),
        )

    # Words and numbers.

    def _say(self, key: str, **values: Any) -> str:
        return text(f"month.{key}", self._language, **values)

    def _money(self, minor: int) -> str:
        return self._numbers.amount(minor)

    def _count(self, value: int) -> str:
        return self._numbers.count(value)

    def _percent(self, part: int, whole: int) -> str:
        return self._numbers.part(part, whole)

    def _change(self, now: int, before: int) -> str:
        """Write how much more or less it is than last month."""
        if not before:
            return ""
        sign = "+" if now >= before else "−"
        return self._say("change", change=sign + self._percent(abs(now - before), abs(before)))

    def _month(self, month: int) -> str:
        year, of_year = year_and_month(month)
        written: str = format_date(dt.date(year, of_year, 1), "MMMM y", locale=self._language)
        return written[:1].upper() + written[1:]

    def _warning(self, figures: MonthFigures) -> str:
        if not figures.open_at:
            return ""
        places = [place or text("reporting.national", self._language) for place in figures.open_at]
        return self._say("open_at", places=places)

    # What is on the page.

    def _tiles(self, figures: MonthFigures) -> tuple[Tile, ...]:
        waits = [one for one in figures.waits if one.claims]
        claims, amount = (
            sum(values) for values in zip(*((w.claims, w.amount) for w in waits), (0, 0), strict=True)
        )
        received, before = figures.received, figures.received_before
        owed = [one for one in figures.facilities if one.now]
        return (
            Tile(
                self._say("tile.collected"),
                self._money(figures.collected),
                self._say("tile.allocated", amount=self._money(figures.allocated)),
                self._change(figures.collected, figures.collected_before),
            ),
            Tile(
                self._say("tile.received"),
                self._count(received.claims),
                self._say("tile.asked", amount=self._money(received.asked)),
                self._change(received.claims, before.claims),
            ),
            Tile(
                self._say("tile.owed"),
                self._money(figures.owed),
                self._say("tile.facilities", count=len(owed)),
                self._change(figures.owed, figures.owed_before),
            ),
            Tile(
                self._say("tile.cut"),
                self._money(figures.cut),
                self._say("tile.of_asked", share=self._percent(figures.cut, figures.asked) or "–"),
            ),
            Tile(
                self._say("tile.waits"),
                self._count(claims),
                self._say("tile.waiting_amount", amount=self._money(amount)),
            ),
        )

    def _came_in(self, figures: MonthFigures, width: float, size: float) -> Block:
        ordered = sorted(figures.products, key=lambda one: (-one.allocated, one.product, one.month))
        shown_ones, others = ordered[:SHOWN_PRODUCTS], ordered[SHOWN_PRODUCTS:]
        rows = [(one.product, one.collected, one.allocated) for one in shown_ones]
        if others:
            sums = (sum(one.collected for one in others), sum(one.allocated for one in others))
            rows.append((self._say("others", count=len(others)), *sums))
        drawn = [
            Bar(name, values, tuple(map(self._money, values)))
            for name, *both in rows
            for values in [tuple(both)]
        ]
        legend = (self._say("legend.collected"), self._say("legend.allocated"))
        drawing = bars(drawn, width, (palette.TEAL, palette.LIGHT), legend, width * 0.3, size * 1.15, size)
        return Block(self._say("block.in"), drawing)

    def _bar(self, name: str, *values: int, note: str = "", color: str | None = None) -> Bar:
        return Bar(name, values, tuple(self._money(value) for value in values), note, color)

    def _went_out(self, figures: MonthFigures, width: float, size: float) -> Block:
        rows = [
            self._bar(
                self._capital(label(one.category, self._language)),
                one.paid,
                note=self._say("claims", count=one.claims),
            )
            for one in figures.care
        ]
        if figures.capitation:
            rows.append(self._bar(self._say("capitation"), figures.capitation, color=palette.SAND))
        if figures.taken_back:
            rows.append(self._bar(self._say("taken_back"), figures.taken_back, color=palette.LOSS))
        drawing = bars(rows, width, (palette.DEEP,), (), width * 0.45, size * 1.5, size)
        return Block(self._say("block.out"), drawing)

    def _capital(self, said: str) -> str:
        return said[:1].upper() + said[1:]

    def _was_cut(self, figures: MonthFigures, width: float, size: float) -> Block:
        falls = [self._fall(step, figures) for step in self._short(figures.steps)]
        drawing = waterfall(falls, width, width * 0.37, size)
        return Block(self._say("block.cut"), drawing, wide=True)

    def _short(self, steps: Sequence[Step]) -> list[Step]:
        """Put the rejections that are smallest together, behind the others."""
        rejected = [step for step in steps if step.step == "rejected"]
        few = rejected[SHOWN_REJECTIONS:]
        if len(few) < 2:
            return list(steps)
        last = rejected[SHOWN_REJECTIONS - 1]
        together = Step("rejected", sum(step.amount for step in few), sum(step.lines or 0 for step in few))
        short: list[Step] = []
        for step in steps:
            if step not in few:
                short.append(step)
            if step is last:
                short.append(together)
        return short

    def _fall(self, step: Step, figures: MonthFigures) -> Fall:
        said = text(f"reporting.step.{step.step}", self._language)
        if step.reason is not None:
            colon = "\u00a0:" if self._language == "fr" else ":"
            said = f"{said}{colon} {label(step.reason, self._language)}"
        elif step.step == "rejected":
            said = self._say("rejected_otherwise")
        return Fall(
            said,
            step.amount,
            self._money(step.amount),
            step.is_sum,
            self._percent(abs(step.amount), figures.asked),
        )

    def _waits(self, figures: MonthFigures, width: float, size: float) -> Block:
        rows = [
            Bar(
                self._say(f"waits.{one.why}"),
                (one.amount,),
                (self._money(one.amount),),
                self._say("claims", count=one.claims),
            )
            for one in figures.waits
        ]
        drawing = bars(rows, width, (palette.SAND,), (), width * 0.45, size * 1.5, size)
        return Block(self._say("block.waits"), drawing)

    def _indexes(self, figures: MonthFigures, width: float, size: float) -> Block:
        heads = [self._say(f"index.{name}") for name in ("product", "care", "share", "value", "index")]
        rows = [
            [
                Cell(one.product),
                Cell(
                    label(one.care, self._language) if one.care is not None else self._say("index.all_care")
                ),
                Cell(self._money(one.share)),
                Cell(self._money(one.valuated)),
                Cell(
                    self._numbers.decimal(unscaled(one.shown, 4), 4) + ("*" if one.capped else ""),
                    palette.LOSS if one.shown < 10_000 else palette.INK,
                    True,
                ),
            ]
            for one in figures.indexes
        ]
        drawing = table(heads, rows, width, [False, False, True, True, True], size)
        if not rows:
            note = self._say("index.none")
        else:
            note = self._say("index.capped") if any(one.capped for one in figures.indexes) else ""
        return Block(self._say("block.indexes"), drawing, note)

    def _largest(self, figures: MonthFigures, width: float, size: float) -> Block:
        rows = [
            Bar(
                one.name, (one.now, one.before), (self._money(one.now), self._money(one.before)), one.facility
            )
            for one in figures.largest
        ]
        legend = (self._say("legend.now"), self._say("legend.before"))
        drawing = bars(rows, width, (palette.DEEP, palette.LIGHT), legend, width * 0.45, size * 0.95, size)
        return Block(self._say("block.largest"), drawing)

    def _unusual(self, figures: MonthFigures, width: float, size: float) -> Block:
        heads = [self._say(f"unusual.{name}") for name in ("facility", "before", "now", "difference")]
        rows = [self._facility(one) for one in figures.unusual]
        drawing = table(heads, rows, width, [False, True, True, True], size)
        note = self._say("unusual.why") if rows else self._say("unusual.none")
        return Block(self._say("block.unusual"), drawing, note)

    def _facility(self, one: OfFacility) -> list[Cell]:
        color = palette.DEEP if one.difference > 0 else palette.LOSS
        return [
            Cell(f"{one.facility} {one.name}"),
            Cell(self._money(one.before), palette.FAINT),
            Cell(self._money(one.now)),
            Cell(self._numbers.signed(self._money(one.difference), one.difference), color, True),
        ]
