"""A report as a page: its figures, in words that nobody can mistake for markup, the same each time."""

from __future__ import annotations

from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from adjudicator.presentation.report import write_report
from adjudicator.presentation.report_page import report_page
from adjudicator.presentation.report_values import typed
from adjudicator.reporting.report import Parameter, Report, Unit
from adjudicator.simulation.actuarial import tables
from adjudicator.simulation.actuarial.back_testing import back_tests
from adjudicator.simulation.actuarial.diagnostics import findings
from adjudicator.simulation.actuarial.estimation import Expected, reserve
from adjudicator.simulation.actuarial.reserves import Method, made_ready
from adjudicator.simulation.actuarial.tails import Curve, TailChoice
from adjudicator.words import LANGUAGES, message
from tests.simulation.triangle_examples import TAYLOR_ASHE, triangle_of

VOID = ("meta", "rect", "line", "path", "circle")


class Reader(HTMLParser):
    """Reads a page: its text, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.said: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)


@pytest.fixture(scope="module")
def reserves() -> Report:
    """Make a report with every part that a reserve can have."""
    triangle, exposure = triangle_of(TAYLOR_ASHE), np.full(10, 6_000_000, np.int64)
    tail = TailChoice(Curve.EXPONENTIAL)
    found = [reserve(triangle, method, exposure, Expected(0.9), tail) for method in Method]
    parts = (
        *tables.reserve_parts(found, None, Unit.MONEY),
        tables.back_test_part(back_tests(triangle, list(Method), tail, exposure, 0.9), None, Unit.MONEY),
        tables.finding_part([(None, one) for one in findings(made_ready(triangle, Method.MACK))], None),
        *tables.triangle_parts([triangle], None, Unit.MONEY, cumulative=True),
    )
    parameters = (
        Parameter("scheme", "<b>MARUNDA & Co</b>"),
        Parameter("tail", message("actuary.tail.exponential", periods=100)),
        Parameter("journal", 7),
        Parameter("remark_1", message("actuary.remark.ratio_certain")),
    )
    return Report("reserve", parameters, parts, 2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_holds_every_figure_and_asks_no_network(reserves: Report, language: str) -> None:
    page = report_page(reserves, language)
    assert page == report_page(reserves, language)
    reader = Reader(page)
    assert reader.open == []
    assert reader.links == []
    assert "<b>MARUNDA" not in page
    assert "<b>MARUNDA & Co</b>" in reader.said
    cells = {one.replace("\u00a0", " ") for one in reader.said}
    for part in reserves.parts:
        for column, values in zip(
            part.columns, typed(part, reserves.decimals, language).columns, strict=True
        ):
            if column.unit is Unit.KEY:
                assert {unescape(one).replace("\u00a0", " ") for one in values.to_pylist()} <= cells
    # The summary, what was predicted, the periods of the first method, and the triangle are drawn.
    assert page.count("<svg") == 4


def test_a_page_is_written_where_it_is_asked_for(reserves: Report, tmp_path: Path) -> None:
    (path,) = write_report(reserves, "html", tmp_path / "new" / "reserves.html", "fr")
    assert path.read_text("utf-8") == report_page(reserves, "fr")


def test_parts_without_rows_say_so() -> None:
    empty = Report("reserve", (), (tables.back_test_part([], None, Unit.MONEY),), 0)
    assert "nothing" in report_page(empty, "en")
