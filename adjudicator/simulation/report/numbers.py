"""Numbers as a board reads them: short on charts, whole in tables, grouped as the language does."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from adjudicator.units import unscaled
from adjudicator.words import number, text

_STEPS = ((9, "billion"), (6, "million"), (3, "thousand"))


@dataclass(frozen=True)
class Numbers:
    """How numbers are written: the language, and the decimals of the currency."""

    language: str
    decimals: int

    def amount(self, minor: int) -> str:
        """Write an amount of minor units, whole."""
        written = number(unscaled(minor, self.decimals), self.decimals, self.language)
        return written.replace("-", "−")

    def count(self, value: int) -> str:
        """Write a whole number."""
        return number(value, 0, self.language)

    def percent(self, hundredths: int | None, decimals: int = 1) -> str:
        """Write a percentage of hundredths of a percent; a dash where there is none."""
        if hundredths is None:
            return "–"
        written = number(round(Decimal(hundredths) / 100, decimals), decimals, self.language)
        written = written.replace("-", "−")
        return f"{written}\u00a0%" if self.language == "fr" else f"{written}%"

    def short_amount(self, minor: float) -> str:
        """Write an amount of minor units in few signs: 3.4 M."""
        return self.short(minor / 10**self.decimals)

    def short(self, value: float) -> str:
        """Write a number in few signs: 950, 12.4 k, 3.41 M."""
        size = abs(value)
        for digits, word in _STEPS:
            if size >= 10**digits * 0.9995:
                scaled = value / 10**digits
                places = 2 if abs(scaled) < 9.995 else 1 if abs(scaled) < 99.95 else 0
                written = self._plain(scaled, places)
                return f"{written}\u00a0{text(f'simulation_report.unit.{word}', self.language)}"
        return self._plain(value, 0 if size >= 10 or value == round(value) else 2)

    def _plain(self, value: float, places: int) -> str:
        written = number(round(Decimal(repr(float(value))), places), places, self.language)
        point = "," if self.language == "fr" else "."
        if point in written:
            written = written.rstrip("0").rstrip(point)
        return "0" if written == "-0" else written.replace("-", "−")

    def signed(self, written: str, value: float) -> str:
        """Put a plus before what is more than nothing."""
        return f"+{written}" if value > 0 else written.replace("-", "−")
