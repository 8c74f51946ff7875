"""What an actuary types for reserves: tails, errors, back-tests and tests, from the books to a page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from click.testing import CliRunner, Result

from adjudicator.books.actuarial import reports
from adjudicator.books.actuarial.exposure import Earned
from adjudicator.books.actuarial.ledger import Group
from adjudicator.simulation.actuarial.estimation import reserve
from adjudicator.simulation.actuarial.reserves import Method
from adjudicator.simulation.actuarial.triangles import Entries
from adjudicator.words import say
from cli import main
from tests.books.clinic import write_clinic
from tests.simulation.triangle_examples import PUBLISHED_ERROR, PUBLISHED_TOTAL, TAYLOR_ASHE, triangle_of

FIRST = 2001
ALL = ("--method", "mack,bf,capecod", "--loss-ratio", "90", "--grain", "year")


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books with registers, and nothing else."""
    folder = write_clinic(tmp_path_factory.mktemp("clinic") / "scheme")
    for arguments in (("db", "init"), ("load", "registers", str(folder / "registers"))):
        result = CliRunner().invoke(main, [*arguments, "--scheme", str(folder)])
        assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def books(registered: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Books in which what is booked is a triangle that is published, in units of the currency."""
    years = [(row, age) for row, mine in enumerate(TAYLOR_ASHE) for age in range(len(mine))]
    origin = np.array([(FIRST + row - 1970) * 12 for row, _ in years], np.int64)
    booked = origin + np.array([12 * age for _, age in years], np.int64)
    amount = np.array([TAYLOR_ASHE[row][age] * 100 for row, age in years], np.int64)
    upto = (FIRST + 10 - 1970) * 12 - 1
    entries = Entries(origin, booked, amount, np.zeros(len(years), np.int64), (None,), upto)
    months = np.full((1, 120), 50_000_000, np.int64)
    earned = Earned((None,), (FIRST - 1970) * 12, months)
    monkeypatch.setattr(reports, "entries_of", lambda *_: entries)
    monkeypatch.setattr(reports, "earned_contributions", lambda *_: earned)
    return registered


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["actuary", "reserve", *arguments, "--scheme", str(folder)])


def parts(folder: Path, *arguments: str) -> dict[str, list[dict[str, Any]]]:
    result = run(folder, *arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    found: dict[str, list[dict[str, Any]]] = json.loads(result.output)["parts"]
    return found


def test_a_published_triangle_from_the_books(books: Path) -> None:
    found = parts(books, *ALL)
    mack, expected, cape_cod = found["reserves"]
    assert round(float(mack["ibnr"]) / 1000) == PUBLISHED_TOTAL
    assert round(float(mack["standard_error"]) / 1000) == PUBLISHED_ERROR
    for one in (expected, cape_cod):
        assert 0 < float(one["standard_error"]) < float(one["ibnr"])
    assert {(row["left_out"], row["method"]) for row in found["back_tests"]} == {
        (left_out, method) for left_out in (1, 2, 3) for method in ("mack", "bf", "capecod")
    }
    assert [row["verdict"] for row in found["diagnostics"]] == ["factors_doubtful", "calendar_fine"]
    assert "tails" not in found
    assert "back_tests" not in parts(books, *ALL, "--back-test", "0")


def test_a_tail_adds_what_it_says(books: Path) -> None:
    without = parts(books, *ALL)["reserves"]
    found = parts(books, *ALL, "--tail", "exponential", "--tail-fit", "3-")
    (tail,) = found["tails"]
    assert (tail["curve"], tail["first_age"], tail["last_age"]) == ("exponential", 3, 8)
    assert float(tail["tail"]) > 1
    for row, one, before in zip(found["tail_effects"], found["reserves"], without, strict=True):
        assert row["ibnr"] == one["ibnr"]
        assert row["ibnr_without"] == before["ibnr"]
        assert float(row["added"]) == pytest.approx(float(one["ibnr"]) - float(before["ibnr"]))
        assert float(row["standard_error"]) > float(row["error_without"])
    assert [row["by_curve"] is None for row in found["factors"]] == [True] * 3 + [False] * 6 + [True]
    assert found["factors"][-1]["factor"] == tail["tail"]


def test_without_a_tail_one_is_warned(books: Path) -> None:
    for language, told in (("en", "claims still grew by 1.77%"), ("fr", "ont encore crû de 1,77")):
        assert told in " ".join(run(books, *ALL, "--lang", language).output.split())


def test_remarks_name_the_groups_that_they_are_about() -> None:
    early, late = ([[100, 50, last], [100, 50], [100]] for last in (10, 0))
    reserves = [
        replace(reserve(triangle_of(rows), Method.MACK), group=group)
        for group, rows in (("A", early), ("B", late), ("C", late))
    ]
    told = [say(one) for one in reports.remarks_of(reserves, Group.PRODUCT)]
    assert any(one.startswith("A: claims still grew") for one in told)
    assert any(one.startswith("B, C: nothing is expected") for one in told)
    assert "with 3 periods there is no standard error" in told
    assert all(":" not in say(one).split()[0] for one in reports.remarks_of(reserves[1:], None))


def test_a_ratio_that_may_be_off_widens_the_error(books: Path) -> None:
    certain, doubted = (
        float(parts(books, *ALL, *more)["reserves"][1]["standard_error"])
        for more in ((), ("--loss-ratio-error", "10"))
    )
    assert doubted > certain


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_page_and_a_workbook_say_it_in_words(books: Path, tmp_path: Path, language: str) -> None:
    page, sheets = tmp_path / "r.html", tmp_path / "r.xlsx"
    for path in (page, sheets):
        assert run(books, *ALL, "--tail", "1.05", "--out", str(path), "--lang", language).exit_code == 0
    told = {"en": "Do steps of growth depend on one another?", "fr": "Les progressions dépendent-elles"}
    assert told[language] in page.read_text("utf-8")
    book = openpyxl.load_workbook(sheets)
    cells = [str(cell.value) for row in book["Tests"].iter_rows() for cell in row]
    assert any(told[language] in cell for cell in cells)
    assert {"en": "Back-test", "fr": "Test rétrospectif"}[language] in book.sheetnames


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--tail", "5%"), 2, "5%"),
        (("--tail", "0"), 2, "1.02"),
        (("--tail", "nan"), 2, "1.02"),
        (("--tail", "exponential", "--tail-fit", "9-3"), 2, "9-3"),
        (("--tail", "1.02", "--tail-fit", "3-"), 2, "--tail exponential"),
        (("--tail", "exponential", "--tail-fit", "7-"), 3, "--tail-fit"),
        (("--loss-ratio-error", "-5"), 2, "-5"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_what_makes_no_sense_is_told(books: Path, arguments: tuple[str, ...], code: int, told: str) -> None:
    result = run(books, *ALL, *arguments)
    assert result.exit_code == code, result.output
    assert told in result.output
