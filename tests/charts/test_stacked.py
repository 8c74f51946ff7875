"""Columns of parts: drawn of any amounts, within their sheet, with how far the whole may be off."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adjudicator.charts.palette import LIGHT, SAND
from adjudicator.charts.shapes import Box, Drawing, Line, Said
from adjudicator.charts.stacked import Stack, stacked
from adjudicator.charts.svg import svg

AMOUNTS = st.integers(-(10**12), 10**12)


def draw(*stacks: Stack) -> Drawing:
    return stacked(stacks, ("booked", "to come"), (LIGHT, SAND), 480, str)


@given(st.lists(st.tuples(st.text(max_size=9), AMOUNTS, AMOUNTS, st.integers(0, 10**9)), max_size=80))
def test_columns_are_drawn_of_any_amounts(rows: list[tuple[str, int, int, int]]) -> None:
    drawing = draw(*(Stack(name, (a, b), a + b - error, a + b + error) for name, a, b, error in rows))
    assert "nan" not in svg(drawing, "")
    for one in drawing.shapes:
        if isinstance(one, Box):
            assert one.height >= 0
            assert one.x >= -0.01
            assert one.x + one.width <= drawing.width
            assert -0.01 <= one.y <= drawing.height
            assert one.y + one.height <= drawing.height


def test_parts_stand_upon_one_another() -> None:
    drawing = draw(Stack("2026", (300, 100), 350, 450))
    below, above = [one for one in drawing.shapes if isinstance(one, Box)][-2:]
    assert abs(below.height - 3 * above.height) < 1e-6
    assert abs(above.y + above.height - below.y) < 1e-6
    whiskers = [one for one in drawing.shapes if isinstance(one, Line) and one.width == 1.2]
    assert len(whiskers) == 3
    # From an eighth of the whole below its top to an eighth above it.
    assert whiskers[0].y2 < above.y < whiskers[0].y1


def test_labels_do_not_run_into_one_another() -> None:
    drawing = draw(*(Stack(f"20{year}-01", (1, 1)) for year in range(10, 90)))
    said = [one.text for one in drawing.shapes if isinstance(one, Said) and one.text.endswith("-01")]
    assert 4 <= len(said) <= 12
    assert said[0] == "2010-01"
