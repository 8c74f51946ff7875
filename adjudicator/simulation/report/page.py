"""One page about a simulation, for a board: self-contained HTML with its charts, to be read or printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

from adjudicator.charts import palette
from adjudicator.charts.bars import Pair, before_and_after, to_both_sides
from adjudicator.charts.columns import columns
from adjudicator.charts.heat_map import heat_map
from adjudicator.charts.lines import Axis, Curve, Mark, Point, lines
from adjudicator.charts.numbers import Numbers
from adjudicator.charts.shapes import Drawing
from adjudicator.charts.svg import svg
from adjudicator.simulation.actuarial.triangles import Triangle
from adjudicator.simulation.report.contents import (
    CHANGE,
    DETAILED,
    Change,
    bands_of,
    causes,
    changes_by,
    extremes,
    facility_changes,
    figures_of,
    kind_of,
    said_figure,
    share_of,
    steps,
    title_of,
)
from adjudicator.simulation.report.curves import axis_of, convergence_lines, curve_lines, grid_cells
from adjudicator.simulation.report.parameters import parameter_rows
from adjudicator.simulation.report.style import STYLE
from adjudicator.simulation.results import Simulation, VariantResult
from adjudicator.words import message, say

_WIDE = 760.0
_HALF = 372.0
"""The widths of charts that stand alone, and side by side."""

_TILES = ("paid", "patient", "balance", "loss_ratio")

_IN_TABLE = ("paid", "patient", "balance", "loss_ratio", "families_losing")

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
_MOST_ROWS = 60
_MOST_CLAIMS = 12


def page(simulation: Simulation, language: str, triangle: Triangle | None = None) -> str:
    """Write the page.

    Args:
        simulation: what it is about.
        language: ``en`` or ``fr``.
        triangle: a loss triangle of the same scheme (minor units), for a heat map; none when left out.

    Returns:
        HTML, the same for the same simulation.
    """
    return _Page(simulation, language).written(triangle)


class _Page:
    """A page that is being written."""

    def __init__(self, simulation: Simulation, language: str) -> None:
        self._simulation = simulation
        self._language = language
        self._numbers = Numbers(language, simulation.decimals)
        self._bands = bands_of(simulation.bootstrap)

    def _said(self, key: str, **values: Any) -> str:
        return say(message(f"simulation_report.{key}", **values), self._language)

    def written(self, triangle: Triangle | None) -> str:
        simulation = self._simulation
        parts = [self._top()]
        if simulation.solution is not None:
            parts.append(self._solved())
        if simulation.axes and len(simulation.variants) > 1:
            parts.append(self._curves())
        parts.append(self._overview())
        if len(simulation.variants) <= DETAILED:
            parts += [self._scenario(variant) for variant in simulation.variants]
        if simulation.bootstrap is not None:
            parts.append(self._certainty())
        if triangle is not None:
            parts.append(self._triangle(triangle))
        parts.append(self._parameters())
        title = escape(f"{self._said('title')} – {simulation.scheme}")
        head = (
            f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
        )
        body = "\n".join(parts)
        return (
            f'<!DOCTYPE html>\n<html lang="{self._language}"><head>{head}'
            f"<style>{palette.STYLE}{STYLE}</style></head>\n"
            f"<body><main>\n{body}\n</main></body></html>\n"
        )

    # The top, and what it comes to.

    def _top(self) -> str:
        simulation = self._simulation
        period = self._said("period", first=simulation.first_month, last=simulation.last_month)
        about = self._said(
            "about",
            claims=simulation.claims,
            lines=simulation.lines,
            period=period,
            currency=simulation.currency,
        )
        named = (
            title_of(simulation.variants[0], self._language)
            if len(simulation.variants) == 1
            else self._said(f"kind.{simulation.kind}", count=len(simulation.variants))
        )
        kind = escape(f"{simulation.scheme} · {self._said('title')}")
        return (
            f'<header class="top"><div class="kind">{kind}</div>'
            f'<h1>{escape(named)}</h1><div class="about">{escape(about)}</div></header>'
        )

    def _overview(self) -> str:
        simulation = self._simulation
        figures = figures_of(simulation)
        listed = simulation.variants[:_MOST_ROWS]
        if len(simulation.variants) == 1:
            return self._short(simulation.variants[0]) + self._tiles(simulation.variants[0])
        figures = [name for name in figures if name in _IN_TABLE]
        terms = [axis.path for axis in simulation.axes] or [self._said("column.variant")]
        heads = [*terms, *(self._said(f"figure.{name}") for name in figures)]
        rows = [self._overview_row(one, figures) for one in (simulation.base, *listed)]
        more = len(simulation.variants) - len(listed)
        note = f'<p class="note">{escape(self._said("more_variants", more=more))}</p>' if more else ""
        return (
            f"<h2>{escape(self._said('section.overview'))}</h2>"
            + self._table(heads, rows, numeric=len(terms), first_is_base=True)
            + note
        )

    def _overview_row(self, variant: VariantResult, figures: Sequence[str]) -> list[str]:
        """Give a variant's row of the table that compares all of them."""
        base = self._simulation.base
        cells = [title_of(variant, self._language)]
        if self._simulation.axes:
            paths = [axis.path for axis in self._simulation.axes]
            cells = [variant.settings.get(path, "") for path in paths]
            if variant is base:
                cells[0] = self._said("base")
        for name in figures:
            value = variant.figures.get(name)
            cell = self._figure(name, value, short=True)
            before = base.figures.get(name)
            if variant is not base and value is not None and before is not None and value != before:
                cell += f"\n{self._difference(name, before, value)}"
            cells.append(cell)
        return cells

    def _short(self, variant: VariantResult) -> str:
        """Say in sentences what a variant comes to."""
        base, families, numbers = self._simulation.base, variant.families, self._numbers
        said = []
        before, after = (one.figures.get("paid") for one in (base, variant))
        if before is None or after is None:
            before, after = base.totals["valuated"], variant.totals["valuated"]
        said.append(self._change("short.paid", before, after))
        said.append(self._change("short.patient", base.patient, variant.patient))
        share = share_of(families.losing, families.families)
        moved = ("lose" if families.losing else "") + ("gain" if families.gaining else "")
        said.append(
            self._said(
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
            said.append(self._said("short.loss_ratio", before=first, after=second))
        change = self._bands.get((variant.name, f"paid{CHANGE}"))
        band = change or self._bands.get((variant.name, "paid"))
        bootstrap = self._simulation.bootstrap
        if band is not None and bootstrap is not None:
            said.append(
                self._said(
                    "short.band" if change is None else "short.band_of_change",
                    confidence=numbers.percent(bootstrap.confidence, 0),
                    low=self._end("paid", band.low, change is not None),
                    high=self._end("paid", band.high, change is not None),
                )
            )
        items = "".join(f"<li>{escape(one)}</li>" for one in said)
        return f'<ul class="short">{items}</ul>'

    def _change(self, key: str, before: int, after: int) -> str:
        numbers = self._numbers
        share = share_of(after - before, before)
        change = numbers.signed(numbers.short_amount(after - before), after - before)
        if share is not None and after != before:
            change += f", {numbers.signed(_percent(numbers, share), share)}"
        shown = {"before": numbers.short_amount(before), "after": numbers.short_amount(after)}
        if len(set(shown.values())) == 1 and before != after:
            # In few signs both are the same, which nobody would take for a change.
            shown = {"before": numbers.amount(before), "after": numbers.amount(after)}
        which = "same" if before == after else "more" if after > before else "less"
        return self._said(f"{key}.{which}", change=change, **shown)

    def _tiles(self, variant: VariantResult) -> str:
        tiles = []
        for name in _TILES:
            value, before = (one.figures.get(name) for one in (variant, self._simulation.base))
            if value is None:
                continue
            change = ""
            if before is not None:
                told = self._difference(name, before, value) if value != before else self._said("unchanged")
                arrow = "" if value == before else "▲ " if value > before else "▼ "
                change = f'<div class="change">{arrow}{escape(told)}</div>'
            within = self._within(variant, name)
            title, shown = escape(self._said(f"figure.{name}")), escape(self._figure(name, value, short=True))
            named = f'<div class="name">{title}</div><div class="value">{shown}</div>'
            tiles.append(f'<div class="tile">{named}{change}{within}</div>')
        return f'<div class="tiles">{"".join(tiles)}</div>'

    def _figure(self, name: str, value: int | None, short: bool = False) -> str:
        if value is None:
            return "–"
        match kind_of(name):
            case "ratio":
                return self._numbers.percent(value)
            case "count":
                return self._numbers.count(value)
            case _:
                return self._numbers.short_amount(value) if short else self._numbers.amount(value)

    def _difference(self, name: str, before: int, after: int) -> str:
        """Say by how much a figure changes: points for ratios, a share beside an amount."""
        numbers, change = self._numbers, after - before
        if kind_of(name) == "ratio":
            points = _percent(numbers, change).removesuffix("%").rstrip("\u00a0")
            return self._said("points", points=numbers.signed(points, change))
        written = numbers.signed(self._figure(name, change, short=True), change)
        share = share_of(change, before) if before > 0 and kind_of(name) == "amount" else None
        return written if share is None else f"{written} ({numbers.signed(_percent(numbers, share), share)})"

    def _within(self, variant: VariantResult, name: str) -> str:
        """Say where the change of a figure lies, or else the figure."""
        change = self._bands.get((variant.name, name + CHANGE))
        band = change or self._bands.get((variant.name, name))
        if band is None:
            return ""
        low, high = (self._end(name, value, change is not None) for value in (band.low, band.high))
        return f'<div class="small">{escape(self._said("within", low=low, high=high))}</div>'

    def _end(self, name: str, value: int, of_change: bool) -> str:
        """Write an end of a band; of a change with its sign."""
        if not of_change:
            return self._figure(name, value, short=True)
        written = self._figure(name, value, short=True)
        if kind_of(name) == "ratio":
            written = written.removesuffix("%").rstrip("\u00a0")
        return self._numbers.signed(written, value)

    # One scenario.

    def _scenario(self, variant: VariantResult) -> str:
        alone = len(self._simulation.variants) == 1
        parts = ['<section class="scenario">' if not alone else "<section>"]
        if not alone:
            parts.append(f"<h2>{escape(title_of(variant, self._language))}</h2>")
        else:
            parts.append(f"<h2>{escape(self._said('section.what_changes'))}</h2>")
        if variant.changes:
            said = (say(one, self._language) for one in variant.changes)
            items = "".join(f"<li>{escape(one[:1].upper() + one[1:])}</li>" for one in said)
            parts.append(f'<ul class="short">{items}</ul>')
        if not alone:
            parts += [self._short(variant), self._tiles(variant)]
        parts += [
            self._causes(variant),
            self._families(variant),
            self._groups(variant),
            self._facilities(variant),
            self._months(variant),
            self._order(variant),
            "</section>",
        ]
        return "\n".join(part for part in parts if part)

    def _causes(self, variant: VariantResult) -> str:
        numbers = self._numbers
        rows = [
            Pair(self._said(f"cause.{one.name}"), one.before, one.after, self._beside(one.before, one.after))
            for one in causes(self._simulation.base, variant)
        ]
        if not rows:
            return ""
        names = (self._said("before"), self._said("after"))
        drawn = before_and_after(rows, names, _WIDE, numbers.tick_amount)
        return self._heading("section.causes", "note.causes") + _figure_of(drawn, self._said("chart.causes"))

    def _beside(self, before: int, after: int) -> str:
        """Write an amount, and how much more or less it is than before."""
        numbers, change = self._numbers, after - before
        difference = numbers.signed(numbers.short_amount(change), change) if change else "±0"
        return f"{numbers.short_amount(after)} ({difference})"

    def _families(self, variant: VariantResult) -> str:
        families, numbers = variant.families, self._numbers
        listed = steps(families.histogram)
        if not listed:
            return ""
        bands = [(self._bounds(one.above, one.up_to), float(one.count), one.loses) for one in listed]
        drawn = columns(bands, _WIDE, numbers.short, self._said("axis.families"))
        even = families.families - families.gaining - families.losing
        note = self._said("note.families", even=even, families=families.families)
        title = self._said("chart.families")
        return f"<h3>{escape(self._said('section.families'))}</h3>{_note(note)}" + _figure_of(drawn, title)

    def _bounds(self, above: int | None, up_to: int | None) -> str:
        numbers = self._numbers
        if above is None:
            return f"≤ {numbers.short_amount(up_to or 0)}".replace("-", "−")
        if up_to is None:
            return f"> {numbers.short_amount(above)}"
        # Bands of losses end a minor unit before nothing, which nobody needs to read.
        up_to = 0 if up_to == -1 else up_to
        return f"{numbers.short_amount(above)} … {numbers.short_amount(up_to)}"

    def _groups(self, variant: VariantResult) -> str:
        """Draw who gains and loses, by each dimension that was asked for and in which anything changes."""
        drawn = []
        for dimension in _BY:
            if dimension not in self._simulation.dimensions:
                continue
            changes = changes_by(dimension, self._simulation.base, variant, self._language)
            if not any(one.difference for one in changes):
                continue
            chosen = changes if len(changes) <= _MOST_BARS else extremes(changes, _MOST_BARS // 2)
            caption = self._said("by", dimension=self._said(f"dimension.{dimension}"))
            if len(chosen) < len(changes):
                caption += f" {self._said('the_most', count=len(chosen), all=len(changes))}"
            drawn.append((caption, self._both_sides(chosen, _HALF)))
        if not drawn:
            return ""
        return self._heading("section.groups", "note.groups") + _side_by_side(drawn)

    def _both_sides(self, changes: Iterable[Change], width: float) -> Drawing:
        numbers = self._numbers
        rows = []
        for one in changes:
            told = numbers.signed(numbers.short_amount(one.difference), one.difference)
            if one.share is not None and one.difference:
                told += f" ({numbers.signed(numbers.percent(one.share), one.share)})"
            rows.append((one.label, float(one.difference), told if one.difference else "±0"))
        return to_both_sides(rows, width, numbers.tick_amount)

    def _facilities(self, variant: VariantResult) -> str:
        changes = facility_changes(self._simulation.base, variant)
        moved = [one for one in changes if one.difference]
        if not moved:
            return ""
        losing = sum(one.difference < 0 for one in moved)
        note = self._said(
            "note.facilities",
            all=len(changes),
            losing=losing,
            gaining=len(moved) - losing,
        )
        chosen = extremes(moved, _MOST_FACILITIES)
        drawn = _figure_of(self._both_sides(chosen, _WIDE), self._said("chart.facilities"))
        return f"<h3>{escape(self._said('section.facilities'))}</h3>{_note(note)}{drawn}"

    def _months(self, variant: VariantResult) -> str:
        """Draw the fund's balance and the index by month, before and after."""
        numbers = self._numbers
        drawn: list[tuple[str, Drawing]] = []
        pair = ((self._said("before"), self._simulation.base), (self._said("after"), variant))
        if all(one.fund is not None and len(one.fund) for _, one in pair):
            by_month = [self._sums(one.fund, "month", "balance") for _, one in pair]
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
                title = self._said("chart.balance")
                axis = Axis("", tuple((float(at), month) for at, month in enumerate(months)))
                drawn.append((title, lines(listed, axis, _HALF, numbers.tick_amount, with_zero=True)))
        drawn += self._indexes(pair)
        if not drawn:
            return ""
        return f"<h3>{escape(self._said('section.months'))}</h3>{_side_by_side(drawn)}"

    def _indexes(self, pair: Sequence[tuple[str, VariantResult]]) -> list[tuple[str, Drawing]]:
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
                        Point(at, indexes[month] / 10_000)
                        for at, month in enumerate(months)
                        if month in indexes
                    ),
                    dashed=place == 0,
                )
                for place, ((name, _), indexes) in enumerate(zip(pair, found, strict=True))
            ]
            title = self._said("chart.index", product=product, care=self._said(f"care.{care}"))
            axis = Axis("", tuple((float(at), month) for at, month in enumerate(months)))
            drawn.append((title, lines(listed, axis, _HALF, self._numbers.tick)))
        return drawn

    @staticmethod
    def _sums(table: Any, key: str, measure: str) -> dict[str, int]:
        sums: dict[str, int] = {}
        for row in table.select([key, measure]).to_pylist():
            sums[row[key]] = sums.get(row[key], 0) + row[measure]
        return sums

    def _order(self, variant: VariantResult) -> str:
        if variant.order_sensitive is None or not len(variant.order_sensitive):
            return ""
        numbers = self._numbers
        rows = variant.order_sensitive.slice(0, _MOST_CLAIMS).to_pylist()
        names = ("facility", "claim", "date_claimed", "valuated", "reversed", "difference")
        heads = [self._said(f"column.{name}") for name in names]
        cells = [
            [
                *(str(row[name]) for name in names[:3]),
                *(numbers.amount(row[name]) for name in names[3:]),
            ]
            for row in rows
        ]
        note = self._said("note.order", count=len(variant.order_sensitive), shown=len(rows))
        title = f"<h3>{escape(self._said('section.order'))}</h3>"
        return title + _note(note) + self._table(heads, cells, numeric=3)

    # Sweeps, solutions, certainty.

    def _curves(self) -> str:
        """Draw how figures go with the values of a grid."""
        simulation, numbers = self._simulation, self._numbers
        axis = axis_of(simulation, numbers)
        drawn = []
        for name in figures_of(simulation):
            listed = curve_lines(simulation, name, self._bands, self._said("base"))
            if not any(len(one.points) > 1 for one in listed):
                continue
            if len({point.value for one in listed for point in one.points}) < 2:
                continue
            drawn.append((self._said(f"figure.{name}"), lines(listed, axis, _HALF, self._writer(name))))
        maps = ""
        if len(simulation.axes) == 2:
            cells = grid_cells(simulation, "paid")
            down, across = (one.values for one in simulation.axes)
            corner = f"{simulation.axes[0].path} ↓"
            title = f"{self._said('figure.paid')} – {simulation.axes[1].path} →"
            found = heat_map(down, across, cells, _WIDE, numbers.short_amount, corner=corner, from_zero=False)
            maps = _figure_of(found, title, title)
        note = _note(self._said("note.bands")) if self._bands else ""
        return f"<h2>{escape(self._said('section.curves'))}</h2>{note}{_side_by_side(drawn)}{maps}"

    def _writer(self, name: str) -> Callable[[float], str]:
        if kind_of(name) == "ratio":
            return self._numbers.tick_percent
        return self._numbers.tick if kind_of(name) == "count" else self._numbers.tick_amount

    def _solved(self) -> str:
        solution = self._simulation.solution
        assert solution is not None
        wanted, achieved = (
            self._figure(solution.target, value) for value in (solution.wanted, solution.achieved)
        )
        figure = self._said(f"figure.{solution.target}")
        key = "solved.reached" if solution.reached else "solved.not_reached"
        said = [
            self._said(
                key, path=solution.path, best=solution.best, figure=figure, wanted=wanted, achieved=achieved
            )
        ]
        sides = (solution.below, solution.above)
        if solution.reached and None not in sides and sides[0] != sides[1]:
            said.append(self._said("solved.between", below=solution.below, above=solution.above))
        if not solution.monotone:
            said.append(self._said("solved.not_monotone", figure=figure))
        points = [
            Point(row["number"], row["figure"])
            for row in solution.tried.to_pylist()
            if row["figure"] is not None
        ]
        drawn = ""
        if len(points) > 1:
            ticks = tuple(
                (float(row["number"]), row["value"]) for row in _spread(solution.tried.to_pylist(), 6)
            )
            axis = Axis(solution.path, ticks)
            mark = Mark(solution.wanted, wanted)
            curves = [Curve(figure, tuple(points))]
            drawn = _figure_of(
                lines(curves, axis, _WIDE, self._writer(solution.target), marks=[mark]), figure
            )
        items = "".join(f"<li>{escape(one)}</li>" for one in said)
        return f"<h2>{escape(self._said('section.solved'))}</h2>" + f'<ul class="short">{items}</ul>{drawn}'

    def _certainty(self) -> str:
        bootstrap, numbers = self._simulation.bootstrap, self._numbers
        assert bootstrap is not None
        note = self._said(
            "note.certainty",
            replicates=bootstrap.replicates,
            confidence=numbers.percent(bootstrap.confidence, 0),
            seed=str(bootstrap.seed),
        )
        parts = [f"<h2>{escape(self._said('section.certainty'))}</h2>", _note(note)]
        if len(self._simulation.variants) <= DETAILED:
            names = ("variant", "figure", "value", "low", "high", "standard_error")
            heads = [self._said(f"column.{name}") for name in names]
            titles = {name: title_of(one, self._language) for name, one in self._simulation.named.items()}
            rows = [
                [
                    titles.get(row["variant"], row["variant"]),
                    say(said_figure(row["figure"]), self._language),
                    *(self._certain(row["figure"], row[name]) for name in names[2:]),
                ]
                for row in bootstrap.bands.to_pylist()
                if row["standard_error"]
            ]
            parts.append(self._table(heads, _named_once(rows), numeric=2))
        found = convergence_lines(self._simulation, "paid", self._said)
        if found is not None:
            listed, axis = found
            title = self._said("chart.convergence")
            parts.append(_figure_of(lines(listed, axis, _WIDE, numbers.tick_amount), title, title))
        return "".join(parts)

    def _certain(self, name: str, value: int | None) -> str:
        """Write a figure, its band or its error; what a ratio changes by is in points."""
        written = self._figure(name, value, short=True)
        if value is None or kind_of(name) != "ratio" or not name.endswith(CHANGE):
            return written
        return self._said("points", points=written.removesuffix("%").rstrip("\u00a0"))

    def _triangle(self, triangle: Triangle) -> str:
        cells = triangle.cells.tolist()
        size = triangle.size
        shown = [
            [float(cells[row][age]) if row + age < size else None for age in range(size)]
            for row in range(size)
        ]
        ages = [str(age) for age in range(size)]
        drawn = heat_map(
            triangle.origins,
            ages,
            shown,
            _WIDE,
            self._numbers.short_amount,
            corner=self._said("triangle.corner"),
        )
        heading = self._heading("section.triangle", "note.triangle", tag="h2")
        return heading + _figure_of(drawn, self._said("chart.triangle"))

    # What it was made of.

    def _parameters(self) -> str:
        simulation = self._simulation
        parts = [f"<h2>{escape(self._said('section.parameters'))}</h2>"]
        rows = parameter_rows(simulation.parameters)
        if rows:
            heads = [self._said("column.parameter"), self._said("column.value")]
            parts.append(self._table(heads, [list(row) for row in rows], code=1))
        if simulation.hashes:
            heads = [self._said("column.input"), self._said("column.hash")]
            hashes = [[name, value] for name, value in sorted(simulation.hashes.items())]
            parts.append(self._table(heads, hashes, code=1))
        foot = self._said("foot", scheme=simulation.scheme)
        parts.append(f"<footer>{escape(foot)}</footer>")
        return "".join(parts)

    # Pieces.

    def _heading(self, title: str, note: str, tag: str = "h3") -> str:
        return f"<{tag}>{escape(self._said(title))}</{tag}>{_note(self._said(note))}"

    @staticmethod
    def _table(
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        numeric: int | None = None,
        code: int | None = None,
        first_is_base: bool = False,
    ) -> str:
        """Write a table; columns from ``numeric`` on are numbers, that from ``code`` on is code."""

        def is_number(place: int) -> bool:
            return numeric is not None and place >= numeric

        def cell(place: int, value: str) -> str:
            first, _, second = value.partition("\n")
            written = escape(first) + (f'<br><span class="small">{escape(second)}</span>' if second else "")
            if code is not None and place >= code:
                written = f"<code>{written}</code>"
            return f'<td class="n">{written}</td>' if is_number(place) else f"<td>{written}</td>"

        head = "".join(
            f'<th class="n">{escape(one)}</th>' if is_number(place) else f"<th>{_breakable(one)}</th>"
            for place, one in enumerate(heads)
        )
        body = []
        for number, row in enumerate(rows):
            kind = ' class="base"' if first_is_base and number == 0 else ""
            body.append(f"<tr{kind}>{''.join(cell(place, value) for place, value in enumerate(row))}</tr>")
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _percent(numbers: Numbers, hundredths: int) -> str:
    """Write a change in percent: what one decimal would make nothing of has two."""
    return numbers.percent(hundredths, 1 if abs(hundredths) >= 10 else 2)


def _named_once(rows: Sequence[list[str]]) -> list[list[str]]:
    """Leave out the first cell of rows where it says what that of the row above does."""
    before = [None, *(row[0] for row in rows)]
    return [["", *row[1:]] if row[0] == name else row for row, name in zip(rows, before, strict=False)]


def _breakable(path: str) -> str:
    """Let a long path of a term break after its signs."""
    return re.sub(r"([:._/])", r"\1<wbr>", escape(path))


def _note(note: str) -> str:
    return f'<p class="note">{escape(note)}</p>'


def _figure_of(drawing: Drawing, title: str, caption: str = "") -> str:
    told = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    # On a telephone, a broad chart is moved aside rather than made too small to be read.
    kind = ' class="broad"' if drawing.width > _HALF else ""
    return f"<figure{kind}>{told}{svg(drawing, title)}</figure>"


def _side_by_side(drawings: Iterable[tuple[str, Drawing]]) -> str:
    figures = "".join(_figure_of(drawing, title, title) for title, drawing in drawings)
    return f'<div class="two">{figures}</div>'


def _spread(rows: Sequence[Any], count: int) -> list[Any]:
    """Choose about so many rows whose numbers lie evenly apart, as far as they do."""
    low, high = (end(row["number"] for row in rows) for end in (min, max))
    places = [low + (high - low) * place / (count - 1) for place in range(count)]
    chosen = {min(rows, key=lambda row: abs(row["number"] - place))["number"] for place in places}
    return [row for row in rows if row["number"] in chosen]
