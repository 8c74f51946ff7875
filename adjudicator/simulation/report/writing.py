"""How the page writes the figures of a simulation, and what they change by, in the language of its reader."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from adjudicator.charts.numbers import Numbers
from adjudicator.simulation.report.contents import (
    CHANGE,
    bands_of,
    kind_of,
    share_of,
)
from adjudicator.simulation.report.pieces import note_of
from adjudicator.simulation.results import Simulation, VariantResult
from adjudicator.words import message, say


class Writer:
    """Writes words and figures of a simulation.

    Args:
        simulation: what it is about.
        language: ``en`` or ``fr``.
    """

    def __init__(self, simulation: Simulation, language: str) -> None:
        self.simulation = simulation
        self.language = language
        self.numbers = Numbers(language, simulation.decimals)
        self.bands = bands_of(simulation.bootstrap)

    def said(self, key: str, **values: Any) -> str:
        """Say a text of the report."""
        return say(message(f"simulation_report.{key}", **values), self.language)

    def heading(self, title: str, note: str, tag: str = "h3") -> str:
        """Write a heading with the note below it; keys of texts."""
        return f"<{tag}>{escape(self.said(title))}</{tag}>{note_of(self.said(note))}"

    def figure(self, name: str, value: int | None, short: bool = False) -> str:
        """Write a figure as its kind is written; amounts in few signs where they are to be short."""
        if value is None:
            return "–"
        match kind_of(name):
            case "ratio":
                return self.numbers.percent(value)
            case "count":
                return self.numbers.count(value)
            case _:
                return self.numbers.short_amount(value) if short else self.numbers.amount(value)

    def difference(self, name: str, before: int, after: int) -> str:
        """Say by how much a figure changes: points for ratios, a share beside an amount."""
        numbers, change = self.numbers, after - before
        if kind_of(name) == "ratio":
            points = percent(numbers, change).removesuffix("%").rstrip("\u00a0")
            return self.said("points", points=numbers.signed(points, change))
        written = numbers.signed(self.figure(name, change, short=True), change)
        share = share_of(change, before) if before > 0 and kind_of(name) == "amount" else None
        return written if share is None else f"{written} ({numbers.signed(percent(numbers, share), share)})"

    def change(self, key: str, before: int, after: int) -> str:
        """Say in a sentence how an amount changes: the text of the key for more, for less, for the same."""
        numbers = self.numbers
        share = share_of(after - before, before)
        change = numbers.signed(numbers.short_amount(after - before), after - before)
        if share is not None and after != before:
            change += f", {numbers.signed(percent(numbers, share), share)}"
        shown = {"before": numbers.short_amount(before), "after": numbers.short_amount(after)}
        if len(set(shown.values())) == 1 and before != after:
            # In few signs both are the same, which nobody would take for a change.
            shown = {"before": numbers.amount(before), "after": numbers.amount(after)}
        which = "same" if before == after else "more" if after > before else "less"
        return self.said(f"{key}.{which}", change=change, **shown)

    def beside(self, before: int, after: int) -> str:
        """Write an amount, and how much more or less it is than before."""
        numbers, change = self.numbers, after - before
        difference = numbers.signed(numbers.short_amount(change), change) if change else "±0"
        return f"{numbers.short_amount(after)} ({difference})"

    def within(self, variant: VariantResult, name: str) -> str:
        """Say where the change of a figure lies, or else the figure."""
        change = self.bands.get((variant.name, name + CHANGE))
        band = change or self.bands.get((variant.name, name))
        if band is None:
            return ""
        low, high = (self.end(name, value, change is not None) for value in (band.low, band.high))
        return f'<div class="small">{escape(self.said("within", low=low, high=high))}</div>'

    def end(self, name: str, value: int, of_change: bool) -> str:
        """Write an end of a band; of a change with its sign."""
        if not of_change:
            return self.figure(name, value, short=True)
        written = self.figure(name, value, short=True)
        if kind_of(name) == "ratio":
            written = written.removesuffix("%").rstrip("\u00a0")
        return self.numbers.signed(written, value)

    def certain(self, name: str, value: int | None) -> str:
        """Write a figure, its band or its error; what a ratio changes by is in points."""
        written = self.figure(name, value, short=True)
        if value is None or kind_of(name) != "ratio" or not name.endswith(CHANGE):
            return written
        return self.said("points", points=written.removesuffix("%").rstrip("\u00a0"))

    def bounds(self, above: int | None, up_to: int | None) -> str:
        """Write the ends of a band of amounts in minor units; it may be open at one."""
        numbers = self.numbers
        if above is None:
            return f"≤ {numbers.short_amount(up_to or 0)}".replace("-", "−")
        if up_to is None:
            return f"> {numbers.short_amount(above)}"
        # Bands of losses end a minor unit before nothing, which nobody needs to read.
        up_to = 0 if up_to == -1 else up_to
        return f"{numbers.short_amount(above)} … {numbers.short_amount(up_to)}"

    def on_axis(self, name: str) -> Callable[[float], str]:
        """Give what writes the values of a figure on an axis."""
        if kind_of(name) == "ratio":
            return self.numbers.tick_percent
        return self.numbers.tick if kind_of(name) == "count" else self.numbers.tick_amount


def percent(numbers: Numbers, hundredths: int) -> str:
    """Write a change in percent: what one decimal would make nothing of has two."""
    return numbers.percent(hundredths, 1 if abs(hundredths) >= 10 else 2)
