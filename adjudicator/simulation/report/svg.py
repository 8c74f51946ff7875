"""Drawing: a few shapes as SVG text, scales with round ticks, and the colours of all charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

INK: Final = "#1f2933"
FAINT: Final = "#6b7785"
GRID: Final = "#e4e8ec"
PAPER: Final = "#ffffff"
BEFORE: Final = "#a9b4bf"
AFTER: Final = "#1b5e7b"
GAIN: Final = "#2c7fb8"
LOSS: Final = "#d1602b"
"""Blue and orange, that nobody takes for one another, nor a printer without colours."""

SERIES: Final = ("#1b5e7b", "#d1602b", "#4c9a7d", "#8a5a9e", "#b8860b", "#59636e", "#c2185b", "#2c7fb8")

_SIZE: Final = 12
_NARROW: Final = frozenset("iljtfrI.,:;'|!()[] \u00a0")
_WIDE: Final = frozenset("mwMW%@")


def width_of(text: str, size: float = _SIZE) -> float:
    """Estimate how wide a text is, in pixels; no font is asked, so that it is the same everywhere."""
    # As wide as the widest of the fonts that the page asks for, lest anything runs over.
    signs = sum(0.38 if sign in _NARROW else 0.95 if sign in _WIDE else 0.63 for sign in text)
    return signs * size


def cut(text: str, room: float, size: float = _SIZE) -> str:
    """Cut a text to a room, with an ellipsis."""
    if width_of(text, size) <= room:
        return text
    while text and width_of(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def at(value: float) -> str:
    """Write a coordinate."""
    written = f"{value:.1f}"
    return written.removesuffix(".0") if written != "-0.0" else "0"


def rectangle(x: float, y: float, width: float, height: float, colour: str, *, round_: float = 0) -> str:
    """Draw a filled rectangle."""
    corner = f' rx="{at(round_)}"' if round_ else ""
    size = f'width="{at(max(width, 0))}" height="{at(max(height, 0))}"'
    return f'<rect x="{at(x)}" y="{at(y)}" {size} fill="{colour}"{corner}/>'


def line(
    x1: float, y1: float, x2: float, y2: float, colour: str = GRID, width: float = 1, dash: str = ""
) -> str:
    """Draw a straight line."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    ends = f'x1="{at(x1)}" y1="{at(y1)}" x2="{at(x2)}" y2="{at(y2)}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{at(width)}"{dashed}/>'


def words(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    colour: str = INK,
    size: float = _SIZE,
    weight: str = "",
) -> str:
    """Write a text, its base line at a place."""
    bold = f' font-weight="{weight}"' if weight else ""
    about = f'text-anchor="{anchor}" fill="{colour}" font-size="{at(size)}"{bold}'
    return f'<text x="{at(x)}" y="{at(y)}" {about}>{escape(text)}</text>'


def path(points: Sequence[tuple[float, float]], colour: str, width: float = 2, dash: str = "") -> str:
    """Draw a line through points."""
    drawn = "M" + "L".join(f"{at(x)} {at(y)}" for x, y in points)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    style = f'fill="none" stroke="{colour}" stroke-width="{at(width)}" stroke-linejoin="round"{dashed}'
    return f'<path d="{drawn}" {style}/>'


def area(points: Sequence[tuple[float, float]], colour: str, opacity: float = 0.16) -> str:
    """Fill the shape that points go around."""
    drawn = "M" + "L".join(f"{at(x)} {at(y)}" for x, y in points) + "Z"
    return f'<path d="{drawn}" fill="{colour}" fill-opacity="{opacity}"/>'


def dot(x: float, y: float, colour: str, radius: float = 3) -> str:
    """Draw a dot."""
    return f'<circle cx="{at(x)}" cy="{at(y)}" r="{at(radius)}" fill="{colour}"/>'


def drawing(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    """Put shapes together to a drawing that grows with its page; ``title`` is read out instead of it."""
    about = f'viewBox="0 0 {at(width)} {at(height)}" role="img" aria-label="{escape(title)}"'
    body = "".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {about}><title>{escape(title)}</title>{body}</svg>'


@dataclass(frozen=True)
class Scale:
    """A scale from values to pixels, with round ticks."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]

    def __call__(self, value: float) -> float:
        """Give the place of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def scale(
    values: Sequence[float], start: float, end: float, *, count: int = 5, with_zero: bool = True
) -> Scale:
    """Make a scale that holds values, from one round number to another.

    Args:
        values: finite numbers.
        start: the pixel of the low end.
        end: the pixel of the high end.
        count: about how many ticks.
        with_zero: whether 0 is on it.
    """
    low, high = min(values, default=0.0), max(values, default=0.0)
    if with_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= abs(high) * 1e-9:
        low, high = (low - 1, high + 1) if low else (0.0, 1.0)
    step = _round_step((high - low) / count)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(place * step for place in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], start, end, ticks)


def _round_step(step: float) -> float:
    size = float(10 ** math.floor(math.log10(step)))
    return next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= step * 0.999)


def shade(part: float) -> tuple[str, str]:
    """Give the colour of a cell of a heat map, from pale to deep, and that of the text upon it.

    Args:
        part: from 0 to 1.
    """
    pale, middle, deep = (240, 246, 250), (103, 169, 207), (8, 64, 104)
    ends = (pale, middle, part * 2) if part <= 0.5 else (middle, deep, part * 2 - 1)
    colour = [round(a + (b - a) * ends[2]) for a, b in zip(ends[0], ends[1], strict=True)]
    return "#" + "".join(f"{one:02x}" for one in colour), PAPER if part > 0.55 else INK
