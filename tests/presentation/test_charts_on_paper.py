"""Charts on paper: every shape that a chart is drawn of has its like on a sheet."""

from __future__ import annotations

import io

from reportlab.pdfgen.canvas import Canvas

from adjudicator.charts.columns import columns
from adjudicator.charts.lines import Axis, Curve, Mark, Point, lines
from adjudicator.presentation.month_paper import _Sheet


def drawn() -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(400, 500), invariant=1)
    sheet = _Sheet(canvas)
    banded = Curve("with a band", tuple(Point(at, at * at, at * at - 3, at * at + 3) for at in range(6)))
    base = Curve("as it is", (Point(0, 10), Point(5, 10)), dashed=True)
    axis = Axis("ceiling", ((0, "0"), (5, "5")))
    sheet.draw(lines([banded, base], axis, 372, str, marks=[Mark(18, "target")]), 10, 480, 1)
    sheet.draw(
        columns([(f"{at} k … {at + 1} k", at, at < 4) for at in range(9)], 372, str, "gain"), 10, 240, 0.9
    )
    canvas.save()
    return target.getvalue()


def test_every_shape_is_drawn_on_paper_and_always_alike() -> None:
    assert drawn().startswith(b"%PDF")
    assert drawn() == drawn()
