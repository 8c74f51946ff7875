"""Charts: texts find their room, scales are round, and every drawing is well-formed whatever it is of."""

from __future__ import annotations

import ast
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import adjudicator.charts
from adjudicator.charts.axes import legend, scale
from adjudicator.charts.bars import Bar, Pair, bars, before_and_after, to_both_sides
from adjudicator.charts.columns import columns
from adjudicator.charts.heat_map import heat_map
from adjudicator.charts.letters import fitted, width_of
from adjudicator.charts.lines import Axis, Curve, Mark, Point, lines
from adjudicator.charts.numbers import Numbers
from adjudicator.charts.palette import SERIES, shade
from adjudicator.charts.shapes import Box, Drawing, Said
from adjudicator.charts.svg import svg
from adjudicator.charts.tables import Cell, table
from adjudicator.charts.waterfall import Fall, waterfall
from adjudicator.words import number

AMOUNTS = st.integers(-(10**12), 10**12)
VALUES = st.floats(-1e12, 1e12)
LABELS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=40)


def test_the_room_knows_words_and_units_and_nothing_else_of_the_house() -> None:
    known = ("adjudicator.charts", "adjudicator.words", "adjudicator.units")
    (folder,) = map(Path, adjudicator.charts.__path__)
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("adjudicator"):
                assert (node.module or "").startswith(known), path.name


# Texts and numbers.


@given(LABELS, st.floats(30, 400), st.floats(5, 20))
def test_texts_are_cut_to_their_room(text: str, room: float, size: float) -> None:
    cut = fitted(text, room, size)
    assert width_of(cut, size) <= room
    assert cut == text or cut.endswith("…")


def test_short_texts_are_left_as_they_are() -> None:
    assert fitted("short", 200) == "short"


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (0, "0", "0"),
        (950.0, "950", "950"),
        (1234.5, "1.23 k", "1,23 k"),
        (-48_900.0, "−48.9 k", "−48,9 k"),
        (999_960.0, "1 M", "1 M"),
        (3_410_000.0, "3.41 M", "3,41 M"),
        (24_020_000_000.0, "24 bn", "24 Md"),
        (0.5, "0.5", "0,5"),
        (-0.001, "0", "0"),
    ],
)
def test_numbers_are_short(value: float, english: str, french: str) -> None:
    for language, expected in (("en", english), ("fr", french)):
        assert Numbers(language, 2).short(value).replace("\u00a0", " ") == expected


def test_signs_and_percentages() -> None:
    numbers = Numbers("fr", 0)
    assert numbers.percent(1234).replace("\u00a0", " ") == "12,3 %"
    assert numbers.percent(None) == "–"
    assert numbers.part(1, 8).replace("\u00a0", " ") == "12,5 %"
    assert numbers.part(1, 0) == ""
    assert numbers.signed("5", 5) == "+5"
    assert numbers.signed("-5", -5) == "−5"
    assert numbers.amount(-1234) == f"−{number(1234, 0, 'fr')}"
    assert Numbers("en", 2).decimal(Decimal("0.8613"), 4) == "0.8613"


# Scales, legends, colours.


@example([5e-324], True)
@example([-5e-324, 0.0], False)
@given(st.lists(VALUES, min_size=1, max_size=20), st.booleans())
def test_a_scale_holds_its_values_between_round_ticks(values: list[float], with_zero: bool) -> None:
    made = scale(values, 100, 300, with_zero=with_zero)
    assert made.low <= min(values) + abs(made.high - made.low) * 1e-9
    assert made.high >= max(values) - abs(made.high - made.low) * 1e-9
    assert 2 <= len(made.ticks) <= 14
    assert made(made.low) == pytest.approx(100)
    assert made(made.high) == pytest.approx(300)


@given(st.lists(st.text("abcdefg ", min_size=1, max_size=12), max_size=12))
def test_a_legend_stays_in_its_room(names: list[str]) -> None:
    shapes, height = legend([(name, SERIES[0]) for name in names], 20, 300)
    for shape in shapes:
        assert isinstance(shape, Box | Said)
        assert shape.x >= 20
        assert 0 <= shape.y <= height
        if isinstance(shape, Said):
            assert shape.x + width_of(shape.text, shape.size) <= 300


def test_cells_go_from_pale_to_deep() -> None:
    depths = [sum(bytes.fromhex(shade(part / 10)[0][1:])) for part in range(11)]
    assert depths == sorted(depths, reverse=True)


# Drawings.


def _written(drawing: Drawing) -> list[ElementTree.Element]:
    written = svg(drawing, 'a "title" & <more>')
    assert "nan" not in written
    assert written == svg(drawing, 'a "title" & <more>')
    root = ElementTree.fromstring(written)
    assert root.tag.endswith("svg")
    assert root.get("aria-label") == 'a "title" & <more>'
    for one in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(one.get("width", "0")) >= 0
        assert float(one.get("height", "0")) >= 0
    return list(root)


NOTHING: dict[str, Callable[[], Drawing]] = {
    "bars": lambda: bars([], 300, SERIES),
    "before_and_after": lambda: before_and_after([], ("a", "b"), 300, str),
    "to_both_sides": lambda: to_both_sides([], 300, str),
    "columns": lambda: columns([], 300, str, "axis"),
    "waterfall": lambda: waterfall([], 300),
    "lines": lambda: lines([], Axis(), 300, str),
    "heat_map": lambda: heat_map([], [], [], 300, str),
    "table": lambda: table(["a", "b"], [], 300, [False, True]),
}


@pytest.mark.parametrize("chart", NOTHING)
def test_charts_of_nothing_are_drawn(chart: str) -> None:
    _written(NOTHING[chart]())


@given(st.lists(st.tuples(LABELS, AMOUNTS, AMOUNTS), max_size=6))
def test_bars_are_drawn_of_any_amounts(rows: list[tuple[str, int, int]]) -> None:
    written = Numbers("en", 2).short_amount
    amounts = [Bar(label, (a, b), (written(a), written(b)), label) for label, a, b in rows]
    drawn = [one for one in _written(bars(amounts, 300, SERIES)) if one.tag.endswith("rect")]
    assert len(drawn) == 2 * len(rows)
    for one in drawn:
        assert float(one.get("x", "")) + float(one.get("width", "")) <= 300.01
    _written(before_and_after([Pair(label, a, b, label) for label, a, b in rows], ("a", "b"), 700, written))
    _written(to_both_sides([(label, a, written(a)) for label, a, _ in rows], 300, written))
    _written(columns([(label, abs(a), a < 0) for label, a, _ in rows], 700, written, "axis"))
    _written(waterfall([Fall(label, a, written(a), b > 0) for label, a, b in rows], 700))


@given(st.lists(st.lists(st.tuples(VALUES, VALUES), max_size=5), max_size=4))
def test_lines_are_drawn_through_any_points(curves: list[list[tuple[float, float]]]) -> None:
    drawn = [
        Curve("a & b", tuple(Point(x, y, y - 1, y + 1) for x, y in sorted(points)), dashed=at == 0)
        for at, points in enumerate(curves)
    ]
    ticks = tuple((x, str(x)) for points in curves for x, _ in points)
    short = Numbers("en", 2).short
    _written(lines(drawn, Axis("axis", ticks), 372, short, marks=[Mark(5, "target")]))


def test_an_unknown_cell_stays_empty() -> None:
    drawn = _written(heat_map(["r"], ["a", "b", "c"], [[1.0, None, 3.0]], 300, str))
    assert sum(one.tag.endswith("rect") for one in drawn) == 2


def test_numbers_of_a_table_are_whole_and_names_are_cut() -> None:
    long = "a very long name of a health centre far away"
    drawn = table(["name", "amount"], [[Cell(long), Cell("1,234,567.89", bold=True)]], 150, [False, True])
    said = [shape.text for shape in drawn.shapes if isinstance(shape, Said)]
    assert "1,234,567.89" in said
    assert long not in said
    _written(drawn)
