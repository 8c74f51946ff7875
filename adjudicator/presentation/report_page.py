"""A report as one web page, to be read on any screen or printed: its charts, its tables, what it was made of.

The page is self-contained and asks nothing of any network. The same report gives the same bytes.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

from adjudicator.charts import palette
from adjudicator.charts.svg import svg
from adjudicator.presentation.report_figures import NARROW, figures_of
from adjudicator.presentation.report_values import NUMBERS, cell_text, heading, parameter_text, typed
from adjudicator.reporting.report import Column, Part, Report, Unit
from adjudicator.simulation.report.style import STYLE
from adjudicator.words import shown, text

PAGE_ROWS: Final = 400
"""Rows of a part that a page shows."""

_BEHIND: Final = ("last_run", "journal", "journal_hash")
"""Parameters that say where figures come from; they stand at the foot of the page."""

_GROWN: Final = 1.25
"""By how much a narrow chart may grow."""

_OWN_STYLE: Final = """main{max-width:1200px}
.wide{overflow-x:auto}
.wide th,.wide td{padding-right:2px;padding-left:14px}
.wide th:first-child,.wide td:first-child{padding-left:0}
table.about th{border-bottom:1px solid var(--grid);white-space:nowrap;width:1%;padding-right:18px}
table.about td{overflow-wrap:anywhere}
td.words{min-width:76px}
td{white-space:nowrap}td.words,table.about td{white-space:normal}
@media(max-width:640px){.spare{display:none}}
@media print{.wide{overflow:visible}table{font-size:9px}td{white-space:normal}}
"""


def report_page(report: Report, language: str) -> str:
    """Write a report as a page.

    Args:
        report: the report.
        language: ``en`` or ``fr``.
    """
    title = _written(text(f"reporting.report.{report.name}", language))
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    body = [_top(report, title, language)]
    for part in report.parts:
        body.append(f"<h2>{_written(text(f'reporting.part.{part.name}', language))}</h2>")
        for figure in figures_of(report, part, language):
            drawn, wide = svg(figure.drawing, figure.title), figure.drawing.width
            kind = ' class="broad"' if wide > NARROW else f' style="max-width:{wide * _GROWN:g}px"'
            caption = _written(figure.title)
            body.append(f"<figure{kind}><figcaption>{caption}</figcaption>{drawn}</figure>")
        body.append(_table(part, report.decimals, language))
    body.append(_foot(report, language))
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head>{head}<title>{title}</title>'
        f"<style>{palette.STYLE}{STYLE}{_OWN_STYLE}</style></head>\n<body><main>\n"
        + "\n".join(body)
        + "\n</main></body></html>\n"
    )


def _written(said: str) -> str:
    """Escape a text; French signs that stand apart from their word never begin a line."""
    return re.sub(r" ([:;?!»])", "\u00a0\\1", escape(said))


def _top(report: Report, title: str, language: str) -> str:
    scheme, about, remarks = "", [], []
    for parameter in report.parameters:
        name, value = parameter_text(parameter, language)
        said = _written(str(shown(value, language)))
        if parameter.name == "scheme":
            scheme = said
        elif parameter.name.startswith("remark_"):
            remarks.append(f"<li>{said[:1].upper()}{said[1:].removesuffix('.')}.</li>")
        elif parameter.name not in _BEHIND:
            separator = "\u00a0:" if language == "fr" else ":"
            about.append(f"{escape(name)}{separator} {said}")
    to_mind = ""
    if remarks:
        named = escape(text("reporting.to_mind", language))
        to_mind = f'<h3>{named}</h3><ul class="short">{"".join(remarks)}</ul>'
    return (
        f'<header class="top"><div class="kind">{scheme}</div><h1>{title}</h1>'
        f'<div class="about">{" · ".join(about)}</div></header>{to_mind}'
    )


def _table(part: Part, decimals: int, language: str) -> str:
    if not len(part.rows):
        return f'<p class="note">{escape(text("reporting.nothing", language))}</p>'
    rows = part.rows.slice(0, PAGE_ROWS)
    kept = [column for column in part.columns if rows[column.name].null_count < len(rows)]
    short = Part(part.name, tuple(kept), rows.select([column.name for column in kept]))
    columns = [
        [cell_text(column, value, decimals, language) for value in values.to_pylist()]
        for column, values in zip(kept, typed(short, decimals, language).columns, strict=True)
    ]
    heads = "".join(f"<th{_kind(column)}>{escape(heading(column, language))}</th>" for column in kept)
    body = "".join(
        "<tr>"
        + "".join(f"<td{_kind(column)}>{_written(cell)}</td>" for column, cell in zip(kept, row, strict=True))
        + "</tr>"
        for row in zip(*columns, strict=True)
    )
    table = f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
    more = len(part.rows) - PAGE_ROWS
    note = (
        f'<p class="note">{escape(text("reporting.more_rows", language, more=more))}</p>' if more > 0 else ""
    )
    return table + note


def _kind(column: Column) -> str:
    kinds = [
        *(["n"] if column.unit in NUMBERS else []),
        *(["words"] if column.unit in (Unit.KEY, Unit.TEXT) else []),
        *(["spare"] if column.spare else []),
    ]
    return f' class="{" ".join(kinds)}"' if kinds else ""


def _foot(report: Report, language: str) -> str:
    rows = []
    for parameter in report.parameters:
        if parameter.name in _BEHIND:
            name, value = parameter_text(parameter, language)
            rows.append(f"<tr><th>{escape(name)}</th><td>{escape(str(shown(value, language)))}</td></tr>")
    return f'<footer><table class="about"><tbody>{"".join(rows)}</tbody></table></footer>' if rows else ""
