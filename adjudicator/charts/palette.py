"""The colours of all charts, and of the pages that they stand on."""

from __future__ import annotations

from typing import Final

INK: Final = "#1d2b36"
FAINT: Final = "#5f707b"
RULE: Final = "#cdd8dd"
GRID: Final = "#e2e8eb"
WHITE: Final = "#ffffff"
SOFT: Final = "#f4f7f8"
PALE: Final = "#e8f0f3"
LIGHT: Final = "#a9cdd6"
TEAL: Final = "#2f8296"
DEEP: Final = "#12495c"
SAND: Final = "#c98f2b"

GAIN: Final = "#2c7fb8"
LOSS: Final = "#c2571a"
"""Blue and orange, that nobody takes for one another, nor a printer without colours."""

BEFORE: Final = LIGHT
AFTER: Final = DEEP

SERIES: Final = (DEEP, LOSS, "#4c9a7d", "#8a5a9e", SAND, "#59636e", "#c2185b", GAIN)
"""Of the lines of a chart, in their order."""

STYLE: Final = f""":root {{ --ink: {INK}; --faint: {FAINT}; --rule: {RULE}; --grid: {GRID}; --soft: {SOFT};
  --pale: {PALE}; --deep: {DEEP}; --sand: {SAND};
  --letters: system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", "DejaVu Sans",
  sans-serif; }}
* {{ box-sizing: border-box; }}
svg {{ display: block; width: 100%; height: auto; font-family: var(--letters);
  font-variant-numeric: tabular-nums; }}
"""
"""What the styles of pages with charts begin with: colours and letters by name."""

_PALEST, _MIDDLE, _DEEPEST = (238, 245, 247), (98, 164, 181), (13, 62, 80)


def shade(part: float) -> tuple[str, str]:
    """Give the colour of a cell of a heat map, from pale to deep, and that of the text upon it.

    Args:
        part: from 0 to 1.
    """
    low, high, along = (_PALEST, _MIDDLE, part * 2) if part <= 0.5 else (_MIDDLE, _DEEPEST, part * 2 - 1)
    mixed = [round(a + (b - a) * along) for a, b in zip(low, high, strict=True)]
    return "#" + "".join(f"{one:02x}" for one in mixed), WHITE if part > 0.55 else INK
