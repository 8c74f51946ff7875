"""What one scenario comes to, on the page: in sentences and tiles, by cause, and who gains and who loses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from adjudicator.charts.bars import Pair, before_and_after, to_both_sides
from adjudicator.charts.columns import columns
from adjudicator.charts.lines import Axis, Curve, Point, lines
from adjudicator.charts.shapes import Drawing
from adjudicator.simulation.report.contents import (
    CHANGE,
    Change,
    causes,
    changes_by,
    extremes,
    facility_changes,
    share_of,
    steps,
    title_of,
)
from adjudicator.simulation.report.pieces import (
    HALF,
    WIDE,
    figure_of,
    note_of,
    side_by_side,
    table,
)
from adjudicator.simulation.report.writing import Writer
from adjudicator.simulation.results import VariantResult
from adjudicator.words import say

_TILES = ("paid", "patient", "balance", "loss_ratio")

_BY = (
    "facility_level",
    "region",
    "age_band",
    "sex",
    "category",
    "product",
    "diagnosis_group",
    "family_size",
    "facility_region",
)
"""Who gains and who loses, in the order in which a board asks; of months, the fund tells."""

_MOST_BARS = 15
_MOST_FACILITIES = 8
_MOST_CLAIMS = 12


def scenario(writer: Writer, variant: VariantResult) -> str:
    """Write all about one scenario."""
    alone = len(writer.simulation.variants) == 1
    parts = ['<section class="scenario">' if not alone else "<section>"]
    if not alone:
        parts.append(f"<h2>{escape(title_of(variant, writer.language))}</h2>")
    else:
        parts.append(f"<h2>{escape(writer.said('section.what_changes'))}</h2>")
    if variant.changes:
        said = (say(one, writer.language) for one in variant.changes)
        items = "".join(f"<li>{escape(one[:1].upper() + one[1:])}</li>" for one in said)
        parts.append(f'<ul class="short">{items}</ul>')
    if not alone:
        parts += [short(writer, variant), tiles(writer, variant)]
    parts += [
        _causes(writer, variant),
        _families(writer, variant),
        _groups(writer, variant),
        _facilities(writer, variant),
        _months(writer, variant),
        _order(writer, variant),
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def short(writer: Writer, variant: VariantResult) -> str:
    """Say in sentences what a variant comes to."""
    base, families, numbers = writer.simulation.base, variant.families, writer.numbers
    said = []
    before, after = (one.figures.get("paid") for one in (base, variant))
    if before is None or after is None:
        before, after = base.totals["valuated"], variant.totals["valuated"]
    said.append(writer.change("short.paid", before, after))
    said.append(writer.change("short.patient", base.patient, variant.patient))
    share = share_of(families.losing, families.families)
    moved = ("lose" if families.losing else "") + ("gain" if families.gaining else "")
    said.append(
        writer.said(
            f"short.families.{moved or 'same'}",
            losing=families.losing,
            share=numbers.percent(share),
            lost=numbers.short_amount(families.lost),
            gaining=families.gaining,
            gained=numbers.short_amount(families.gained),
            families=families.families,
        )
    )
    ratios = [one.figures.get("loss_ratio") for one in (base, variant)]
    if None not in ratios:
        first, second = (numbers.percent(ratio) for ratio in ratios)
        said.append(writer.said("short.loss_ratio", before=first, after=second))
    change = writer.bands.get((variant.name, f"paid{CHANGE}"))
    band = change or writer.bands.get((variant.name, "paid"))
    bootstrap = writer.simulation.bootstrap
    if band is not None and bootstrap is not None:
        said.append(
            writer.said(
                "short.band" if change is None else "short.band_of_change",
                confidence=numbers.percent(bootstrap.confidence, 0),
                low=writer.end("paid", band.low, change is not None),
                high=writer.end("paid", band.high, change is not None),
            )
        )
    items = "".join(f"<li>{escape(one)}</li>" for one in said)
    return f'<ul class="short">{items}</ul>'


def tiles(writer: Writer, variant: VariantResult) -> str:
    """Write the few figures that a board asks for first, each with what it changes by."""
    written = []
    for name in _TILES:
        value, before = (one.figures.get(name) for one in (variant, writer.simulation.base))
        if value is None:
            continue
        change = ""
        if before is not None:
            told = writer.difference(name, before, value) if value != before else writer.said("unchanged")
            arrow = "" if value == before else "▲ " if value > before else "▼ "
            change = f'<div class="change">{arrow}{escape(told)}</div>'
        within = writer.within(variant, name)
        title, shown = escape(writer.said(f"figure.{name}")), escape(writer.figure(name, value, short=True))
        named = f'<div class="name">{title}</div><div class="value">{shown}</div>'
        written.append(f'<div class="tile">{named}{change}{within}</div>')
    return f'<div class="tiles">{"".join(written)}</div>'


def _causes(writer: Writer, variant: VariantResult) -> str:
    numbers = writer.numbers
    rows = [
        Pair(writer.said(f"cause.{one.name}"), one.before, one.after, writer.beside(one.before, one.after))
        for one in causes(writer.simulation.base, variant)
    ]
    if not rows:
        return ""
    names = (writer.said("before"), writer.said("after"))
    drawn = before_and_after(rows, names, WIDE, numbers.tick_amount)
    return writer.heading("section.causes", "note.causes") + figure_of(drawn, writer.said("chart.causes"))


def _families(writer: Writer, variant: VariantResult) -> str:
    families, numbers = variant.families, writer.numbers
    listed = steps(families.histogram)
    if not listed:
        return ""
    bands = [(writer.bounds(one.above, one.up_to), float(one.count), one.loses) for one in listed]
    drawn = columns(bands, WIDE, numbers.short, writer.said("axis.families"))
    even = families.families - families.gaining - families.losing
    note = writer.said("note.families", even=even, families=families.families)
    title = writer.said("chart.families")
    return f"<h3>{escape(writer.said('section.families'))}</h3>{note_of(note)}" + figure_of(drawn, title)


def _groups(writer: Writer, variant: VariantResult) -> str:
    """Draw who gains and loses, by each dimension that was asked for and in which anything changes."""
    drawn = []
    for dimension in _BY:
        if dimension not in writer.simulation.dimensions:
            continue
        changes = changes_by(dimension, writer.simulation.base, variant, writer.language)
        if not any(one.difference for one in changes):
            continue
        chosen = changes if len(changes) <= _MOST_BARS else extremes(changes, _MOST_BARS // 2)
        caption = writer.said("by", dimension=writer.said(f"dimension.{dimension}"))
        if len(chosen) < len(changes):
            caption += f" {writer.said('the_most', count=len(chosen), all=len(changes))}"
        drawn.append((caption, _both_sides(writer, chosen, HALF)))
    if not drawn:
        return ""
    return writer.heading("section.groups", "note.groups") + side_by_side(drawn)


def _both_sides(writer: Writer, changes: Iterable[Change], width: float) -> Drawing:
    numbers = writer.numbers
    rows = []
    for one in changes:
        told = numbers.signed(numbers.short_amount(one.difference), one.difference)
        if one.share is not None and one.difference:
            told += f" ({numbers.signed(numbers.percent(one.share), one.share)})"
        rows.append((one.label, float(one.difference), told if one.difference else "±0"))
    return to_both_sides(rows, width, numbers.tick_amount)


def _facilities(writer: Writer, variant: VariantResult) -> str:
    changes = facility_changes(writer.simulation.base, variant)
    moved = [one for one in changes if one.difference]
    if not moved:
        return ""
    losing = sum(one.difference < 0 for one in moved)
    note = writer.said(
        "note.facilities",
        all=len(changes),
        losing=losing,
        gaining=len(moved) - losing,
    )
    chosen = extremes(moved, _MOST_FACILITIES)
    drawn = figure_of(_both_sides(writer, chosen, WIDE), writer.said("chart.facilities"))
    return f"<h3>{escape(writer.said('section.facilities'))}</h3>{note_of(note)}{drawn}"


def _months(writer: Writer, variant: VariantResult) -> str:
    """Draw the fund's balance and the index by month, before and after."""
    numbers = writer.numbers
    drawn: list[tuple[str, Drawing]] = []
    pair = ((writer.said("before"), writer.simulation.base), (writer.said("after"), variant))
    if all(one.fund is not None and len(one.fund) for _, one in pair):
        by_month = [_sums(one.fund, "month", "balance") for _, one in pair]
        months = sorted(set().union(*by_month))
        if len(months) > 1:
            listed = [
                Curve(
                    name,
                    tuple(Point(at, amounts.get(month, 0)) for at, month in enumerate(months)),
                    dashed=place == 0,
                )
                for place, ((name, _), amounts) in enumerate(zip(pair, by_month, strict=True))
            ]
            title = writer.said("chart.balance")
            axis = Axis("", tuple((float(at), month) for at, month in enumerate(months)))
            drawn.append((title, lines(listed, axis, HALF, numbers.tick_amount, with_zero=True)))
    drawn += _indexes(writer, pair)
    if not drawn:
        return ""
    return f"<h3>{escape(writer.said('section.months'))}</h3>{side_by_side(drawn)}"


def _indexes(writer: Writer, pair: Sequence[tuple[str, VariantResult]]) -> list[tuple[str, Drawing]]:
    """Draw the index of each product and kind of care that has one for several periods."""
    series: dict[tuple[str, str], list[dict[str, int]]] = {}
    for place, (_, variant) in enumerate(pair):
        rows = [] if variant.indexes is None else variant.indexes.to_pylist()
        for row in rows:
            found = series.setdefault((row["product"], row["care"]), [{}, {}])
            found[place][row["last_month"]] = row["index"]
    drawn = []
    for (product, care), found in sorted(series.items()):
        months = sorted({*found[0], *found[1]})
        if len(months) < 2 or found[0] == found[1]:
            continue
        listed = [
            Curve(
                name,
                tuple(
                    Point(at, indexes[month] / 10_000) for at, month in enumerate(months) if month in indexes
                ),
                dashed=place == 0,
            )
            for place, ((name, _), indexes) in enumerate(zip(pair, found, strict=True))
        ]
        title = writer.said("chart.index", product=product, care=writer.said(f"care.{care}"))
        axis = Axis("", tuple((float(at), month) for at, month in enumerate(months)))
        drawn.append((title, lines(listed, axis, HALF, writer.numbers.tick)))
    return drawn


def _sums(table: Any, key: str, measure: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in table.select([key, measure]).to_pylist():
        sums[row[key]] = sums.get(row[key], 0) + row[measure]
    return sums


def _order(writer: Writer, variant: VariantResult) -> str:
    if variant.order_sensitive is None or not len(variant.order_sensitive):
        return ""
    numbers = writer.numbers
    rows = variant.order_sensitive.slice(0, _MOST_CLAIMS).to_pylist()
    names = ("facility", "claim", "date_claimed", "valuated", "reversed", "difference")
    heads = [writer.said(f"column.{name}") for name in names]
    cells = [
        [
            *(str(row[name]) for name in names[:3]),
            *(numbers.amount(row[name]) for name in names[3:]),
        ]
        for row in rows
    ]
    note = writer.said("note.order", count=len(variant.order_sensitive), shown=len(rows))
    title = f"<h3>{escape(writer.said('section.order'))}</h3>"
    return title + note_of(note) + table(heads, cells, numeric=3)
