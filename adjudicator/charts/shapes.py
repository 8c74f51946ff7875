"""What charts are drawn of: shapes on a sheet, to be put on a web page or on paper alike.

A drawing knows no fonts, files or libraries. Its units are pixels on a screen and points on paper, counted
from the upper left corner. The same figures give the same shapes.
"""

from __future__ import annotations

from dataclasses import dataclass

from adjudicator.charts.letters import SIZE
from adjudicator.charts.palette import INK, RULE

Place = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    round: float = 0.0


@dataclass(frozen=True)
class Line:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    color: str = RULE
    width: float = 0.5
    dashed: bool = False


@dataclass(frozen=True)
class Path:
    """A line through places."""

    places: tuple[Place, ...]
    color: str
    width: float = 2.0
    dashed: bool = False


@dataclass(frozen=True)
class Area:
    """What places go around, filled so that what lies behind shines through."""

    places: tuple[Place, ...]
    fill: str
    opacity: float = 0.16


@dataclass(frozen=True)
class Dot:
    """A filled circle, from its middle."""

    x: float
    y: float
    fill: str
    radius: float = 2.6


@dataclass(frozen=True)
class Said:
    """A text, from its base line; ``anchor`` is ``start``, ``middle`` or ``end``."""

    x: float
    y: float
    text: str
    size: float = SIZE
    color: str = INK
    anchor: str = "start"
    bold: bool = False
    turned: float = 0.0
    """Degrees to the right, around where it is anchored."""


Shape = Box | Line | Path | Area | Dot | Said


@dataclass(frozen=True)
class Drawing:
    """Shapes on a sheet of a size."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
