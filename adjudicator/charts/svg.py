"""Drawings as SVG text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from adjudicator.charts.shapes import Area, Box, Dot, Drawing, Line, Path, Place, Said, Shape

DASHES: Final = (4, 3)
"""A dash and a gap of a dashed line; the same on paper."""


def svg(drawing: Drawing, title: str) -> str:
    """Write a drawing as SVG that stands in a page, and grows and shrinks with it.

    Args:
        drawing: what is drawn.
        title: what is read out instead of it.
    """
    box = f"0 0 {_at(drawing.width)} {_at(drawing.height)}"
    about = f'viewBox="{box}" role="img" aria-label="{escape(title)}"'
    body = "".join(map(_element, drawing.shapes))
    return f'<svg xmlns="http://www.w3.org/2000/svg" {about}>{body}</svg>'


def _element(shape: Shape) -> str:
    match shape:
        case Box():
            ends = _numbers(x=shape.x, y=shape.y, width=shape.width, height=shape.height)
            corner = _numbers(rx=shape.round) if shape.round else ""
            return f'<rect{ends} fill="{shape.fill}"{corner}/>'
        case Line():
            ends = _numbers(x1=shape.x1, y1=shape.y1, x2=shape.x2, y2=shape.y2)
            return f"<line{ends}{_stroke(shape)}/>"
        case Path():
            return f'<path d="{_through(shape.places)}" fill="none"{_stroke(shape)} stroke-linejoin="round"/>'
        case Area():
            fill = f'fill="{shape.fill}" fill-opacity="{_at(shape.opacity)}"'
            return f'<path d="{_through(shape.places)}Z" {fill}/>'
        case Dot():
            return f'<circle{_numbers(cx=shape.x, cy=shape.y, r=shape.radius)} fill="{shape.fill}"/>'
        case Said():
            return _text(shape)


def _text(said: Said) -> str:
    style = f'{_numbers(x=said.x, y=said.y)} font-size="{_at(said.size)}" fill="{said.color}"'
    if said.anchor != "start":
        style += f' text-anchor="{said.anchor}"'
    if said.bold:
        style += ' font-weight="600"'
    if said.turned:
        style += f' transform="rotate({_at(said.turned)} {_at(said.x)} {_at(said.y)})"'
    return f"<text{style}>{escape(said.text)}</text>"


def _stroke(line: Line | Path) -> str:
    dashes = f' stroke-dasharray="{" ".join(map(str, DASHES))}"' if line.dashed else ""
    return f' stroke="{line.color}" stroke-width="{_at(line.width)}"{dashes}'


def _through(places: Iterable[Place]) -> str:
    return "M" + "L".join(f"{_at(x)} {_at(y)}" for x, y in places)


def _numbers(**attributes: float) -> str:
    return "".join(f' {name}="{_at(value)}"' for name, value in attributes.items())


def _at(number: float) -> str:
    """Write a number with two decimals at most, the same everywhere."""
    written = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written
