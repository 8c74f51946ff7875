"""The report for a board: whole, self-contained, the same every time, and adding up with what it is about."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.simulation.folder import write_simulation
from adjudicator.simulation.report.contents import changes_by, extremes, share_of, steps
from adjudicator.simulation.report.parameters import parameter_rows
from adjudicator.simulation.report.write import FORMS, report_bytes
from adjudicator.simulation.results import FIGURES, Simulation
from adjudicator.words import LANGUAGES
from cli import main
from tests.simulation import report_examples
from tests.simulation.triangle_examples import TAYLOR_ASHE, triangle_of

EXAMPLES: list[Callable[[], Simulation]] = [
    report_examples.scenario,
    report_examples.scenarios,
    report_examples.sweep,
    report_examples.solve,
]
examples = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.__name__)
languages = pytest.mark.parametrize("language", LANGUAGES)
TRIANGLE = triangle_of(TAYLOR_ASHE)


class Whole(HTMLParser):
    """Checks that whatever is opened is closed, and collects what is drawn and where links go."""

    EMPTY = frozenset(("meta", "br", "wbr"))

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.EMPTY:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def text_of(simulation: Simulation, language: str) -> str:
    return report_bytes(simulation, "html", language, TRIANGLE).decode()


@examples
@languages
def test_a_page_is_whole_and_needs_nothing_else(example: Callable[[], Simulation], language: str) -> None:
    page = text_of(example(), language)
    reader = Whole()
    reader.feed(page)
    assert (reader.open, reader.links) == ([], [])
    assert "url(" not in page
    assert "<script" not in page
    assert set(re.findall(r"https?://[^\"' <]*", page)) == {"http://www.w3.org/2000/svg"}
    drawn = re.findall(r"<svg.*?</svg>", page, re.S)
    assert len(drawn) >= 5
    for one in drawn:
        root = ElementTree.fromstring(one)
        assert root.get("role") == "img"
        assert root.get("aria-label")
        width = float((root.get("viewBox") or "").split()[2])
        for element in root.iter():
            for name in ("x", "x1", "x2", "cx"):
                assert -1 <= float(element.get(name, "0")) <= width + 1, (element.attrib, one)
    assert "nan" not in re.findall(r"[a-z]+", " ".join(drawn).lower())


@examples
@languages
@pytest.mark.parametrize("form", FORMS)
def test_the_same_simulation_gives_the_same_bytes(
    example: Callable[[], Simulation], language: str, form: str
) -> None:
    first, second = (report_bytes(example(), form, language, TRIANGLE) for _ in range(2))
    assert first == second


def test_languages_differ_and_names_are_escaped() -> None:
    english, french = (text_of(report_examples.scenarios(), language) for language in LANGUAGES)
    assert "No co-insurance below 5 &lt;years&gt;" in english
    assert "<years>" not in english
    assert "Gratuité avant 5 ans" in french
    assert "Who gains and who loses" in english
    assert "Qui gagne et qui perd" in french


@examples
def test_parameters_and_hashes_are_told(example: Callable[[], Simulation]) -> None:
    simulation = example()
    page = text_of(simulation, "en")
    for value in simulation.hashes.values():
        assert value in page
    for name, _ in parameter_rows(simulation.parameters):
        assert name in page


def sheets(simulation: Simulation, language: str = "en") -> dict[str, list[tuple[Any, ...]]]:
    content = io.BytesIO(report_bytes(simulation, "xlsx", language, TRIANGLE))
    book = openpyxl.load_workbook(content)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


@examples
@languages
def test_workbooks_have_numbers_and_agree(example: Callable[[], Simulation], language: str) -> None:
    simulation = example()
    found = sheets(simulation, language)
    heads, *rows = found["Control" if language == "en" else "Contrôle"]
    assert len(rows) >= len(simulation.variants) * 8
    assert {row[-1] for row in rows} == {"yes" if language == "en" else "oui"}
    overview = next(iter(found.values()))
    for row, variant in zip(overview[1:], (simulation.base, *simulation.variants), strict=True):
        values = row[1 + len(simulation.axes) :]
        assert all(isinstance(value, int | float) for value in values)
        paid = Decimal(str(values[FIGURES.index("paid")]))
        assert paid * 100 == variant.figures["paid"]
    assert heads[0]


def test_a_workbook_says_what_does_not_add_up() -> None:
    simulation = report_examples.scenario()
    wrong = replace(simulation.base, totals={**simulation.base.totals, "claimed": 1})
    rows = sheets(replace(simulation, base=wrong))["Control"]
    assert [row[-1] for row in rows].count("NO") == 1


def test_text_is_never_taken_for_a_formula_and_no_digit_is_lost() -> None:
    simulation = report_examples.scenario()
    large = {**simulation.base.figures, "valuated": 10**17 + 1}
    base = replace(simulation.base, figures=large, title=type(simulation.base.title)(en="=1+1", fr="=1+1"))
    row = sheets(replace(simulation, base=base))["Overview"][1]
    assert row[0] == "=1+1"
    assert row[1] == "1000000000000000.01"


# What a report says.


def test_gains_and_losses_add_up_to_the_difference() -> None:
    simulation = report_examples.scenario()
    (variant,) = simulation.variants
    difference = variant.totals["valuated"] - simulation.base.totals["valuated"]
    for dimension in simulation.dimensions:
        changes = changes_by(dimension, simulation.base, variant, "fr")
        assert sum(one.difference for one in changes) == difference
        assert len({one.label for one in changes}) == len(changes)


def test_the_largest_changes_are_shown() -> None:
    simulation = report_examples.scenario()
    changes = changes_by("family_size", simulation.base, simulation.variants[0], "en")
    shown = extremes(changes, 2)
    ordered = sorted(changes, key=lambda one: -one.difference)
    assert shown[0] == ordered[0]
    assert shown[-1] == ordered[-1]
    assert len(shown) <= 4


def test_a_distribution_leaves_out_those_who_see_no_change() -> None:
    families = report_examples.scenario().variants[0].families
    listed = steps(families.histogram)
    assert sum(one.count for one in listed if one.loses) == families.losing
    assert all(one.amount for one in listed if one.count)


@given(st.integers(-(10**15), 10**15), st.integers(-(10**15), 10**15))
def test_shares_are_rounded_half_away_from_zero(part: int, whole: int) -> None:
    share = share_of(part, whole)
    assert (share is None) == (whole == 0)
    if share is not None:
        assert abs(Decimal(share) - Decimal(part) * 10_000 / Decimal(whole)) <= Decimal("0.5") + Decimal(
            "1e-9"
        )


# As a user.


def test_a_report_is_written_from_the_folder_of_a_simulation(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    simulation = report_examples.sweep()
    write_simulation(folder, simulation)

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(main, ["simulate", "report", str(folder), *arguments])

    result = run("--lang", "fr")
    assert result.exit_code == 0, result.output
    written = folder / "report-fr.html"
    assert result.output.strip() == str(written)
    assert written.read_bytes() == report_bytes(simulation, "html", "fr")
    book = tmp_path / "new" / "board.xlsx"
    assert run("--out", str(book)).exit_code == 0
    assert book.read_bytes() == report_bytes(simulation, "xlsx", "en")
    (folder / "simulation.json").unlink()
    assert run().exit_code == 3
