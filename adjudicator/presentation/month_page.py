"""The month as a web page: a file that asks nothing of any network. The same figures give the same bytes."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib import resources

from adjudicator.charts import palette
from adjudicator.charts.svg import svg
from adjudicator.presentation.month_contents import Tile, Words
from adjudicator.reporting.month import MonthFigures
from adjudicator.scheme import Settings


def month_html(settings: Settings, figures: MonthFigures, language: str) -> str:
    """Write the page as one HTML file."""
    page = Words(settings, language).page(figures, half=380, whole=792)
    tiles = "".join(
        f'<div class="tile"><span>{escape(tile.label)}</span><b>{escape(tile.value)}</b>'
        f"<small>{escape(tile.note)}{_change(tile)}</small></div>"
        for tile in page.tiles
    )
    blocks = "".join(
        f'<section class="{"wide" if block.wide else "half"}"><h2>{escape(block.title)}</h2>'
        f"{svg(block.drawing, block.title)}"
        + (f"<p>{escape(block.note)}</p>" if block.note else "")
        + "</section>"
        for block in page.blocks
    )
    warning = f'<p class="warning">{escape(page.warning)}</p>' if page.warning else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(page.title)} – {escape(page.scheme)}</title>\n<style>\n{_style()}</style>\n</head>\n"
        f"<body>\n<header><div><h1>{escape(page.title)}</h1><p>{escape(page.subtitle)}</p></div>"
        f"<p>{escape(page.scheme)}</p></header>\n<main>\n{warning}"
        f'<div class="tiles">{tiles}</div>\n<div class="blocks">{blocks}</div>\n</main>\n'
        f"<footer>{escape(page.foot)}</footer>\n</body>\n</html>\n"
    )


def _change(tile: Tile) -> str:
    return f" <i>{escape(tile.change)}</i>" if tile.change else ""


@cache
def _style() -> str:
    own = resources.files("adjudicator.presentation").joinpath("month_page.css").read_text("utf-8")
    return palette.STYLE + own
