"""Numbers as charts write them: short on axes, whole in tables, grouped as the language does."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from adjudicator.units import divide_rounded, unscaled
from adjudicator.words import number, text

_ENOUGH: Final = 4
"""Decimals of a thousand, a million … that tell the ticks of any axis apart; noughts at their end go."""

_STEPS = ((9, "billion"), (6, "million"), (3, "thousand"))


@dataclass(frozen=True)
class Numbers:
    """How numbers are written: the language, and the decimals of the currency."""

    language: str
    decimals: int

    def amount(self, minor: int) -> str:
        """Write an amount of minor units, whole."""
        return self.decimal(unscaled(minor, self.decimals), self.decimals)

    def count(self, value: int) -> str:
        """Write a whole number."""
        return self.decimal(value, 0)

    def decimal(self, value: Decimal | int, decimals: int) -> str:
        """Write a number with a fixed number of decimals."""
        return number(value, decimals, self.language).replace("-", "−")

    def percent(self, hundredths: int | None, decimals: int = 1) -> str:
        """Write a percentage of hundredths of a percent; a dash where there is none."""
        if hundredths is None:
            return "–"
        return self._percent(round(Decimal(hundredths) / 100, decimals), decimals)

    def part(self, part: int, whole: int) -> str:
        """Write a part of a whole in percent, with one decimal; nothing of nothing."""
        return self._percent(unscaled(divide_rounded(1000 * part, whole), 1), 1) if whole else ""

    def _percent(self, value: Decimal, decimals: int) -> str:
        written = self.decimal(value, decimals)
        return f"{written}\u00a0%" if self.language == "fr" else f"{written}%"

    def short_amount(self, minor: float) -> str:
        """Write an amount of minor units in few signs: 3.4 M."""
        return self.short(minor / 10**self.decimals)

    def short(self, value: float) -> str:
        """Write a number in few signs: 950, 12.4 k, 3.41 M."""
        return self._short(value, None)

    def _short(self, value: float, exact: int | None) -> str:
        """Write a number in thousands, millions …; with so many decimals at most, or three signs in all."""
        size = abs(value)
        for digits, word in _STEPS:
            if size >= 10**digits * 0.9995:
                scaled = value / 10**digits
                places = 2 if abs(scaled) < 9.995 else 1 if abs(scaled) < 99.95 else 0
                written = self._plain(scaled, places if exact is None else exact)
                return f"{written}\u00a0{text(f'charts.unit.{word}', self.language)}"
        return self._plain(value, exact or (0 if size >= 10 or value == round(value) else 2))

    def tick(self, value: float) -> str:
        """Write a number on an axis: as short, with all the decimals that tell it from its neighbours."""
        return self._short(value, _ENOUGH)

    def tick_amount(self, minor: float) -> str:
        """Write an amount of minor units on an axis."""
        return self.tick(minor / 10**self.decimals)

    def tick_percent(self, hundredths: float) -> str:
        """Write a percentage of hundredths of a percent on an axis."""
        written = self._plain(hundredths / 100, 2)
        return f"{written}\u00a0%" if self.language == "fr" else f"{written}%"

    def _plain(self, value: float, places: int) -> str:
        written = self.decimal(round(Decimal(repr(float(value))), places), places)
        point = "," if self.language == "fr" else "."
        if point in written:
            written = written.rstrip("0").rstrip(point)
        return "0" if written == "−0" else written

    def signed(self, written: str, value: float) -> str:
        """Put a plus before what is more than nothing."""
        return f"+{written}" if value > 0 else written.replace("-", "−")
