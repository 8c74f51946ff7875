"""Statements: every line from what was asked to what is paid, in every format."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from adjudicator.books.books import open_books
from adjudicator.books.closing.close import close
from adjudicator.books.closing.statements import as_report, statements
from adjudicator.presentation.report import report_text
from adjudicator.presentation.statement import write_statement
from adjudicator.problems import Refused
from adjudicator.remuneration.months import read_month
from adjudicator.reporting.remittance import CUTS
from cli import main
from tests.books.clinic import BOTH_DECIDED, write_clinic
from tests.books.states import BY, DECIDED, State

NewBooks = Callable[[Path, State], Path]
JANUARY = read_month("2026-01")


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clinic(tmp_path_factory.mktemp("office") / "scheme")


def _close(folder: Path) -> None:
    with open_books(folder) as books:
        close(books, BY, JANUARY, confirm=True)


CLOSED = State("January closed for statements", BOTH_DECIDED, _close)


@pytest.fixture
def folder(new_books: NewBooks, office: Path) -> Path:
    return new_books(office, CLOSED)


def test_a_statement_leads_from_what_was_asked_to_what_is_paid(folder: Path) -> None:
    # C1 asked 110.00 for D, whose price is 100.00 and whose index 155 / 400, and 110.00 for X, which is in
    # no register.
    with open_books(folder) as books:
        (one,) = statements(books, JANUARY, "", ["C1"])
    assert [(step.step, step.amount, step.lines) for step in one.made.steps] == [
        ("asked", 22_000, 2),
        ("rejected", -11_000, 1),
        ("price", -1000, 1),
        ("index", -6125, 1),
        ("for_claims", 3875, None),
        ("to_pay", 3875, None),
    ]
    assert one.name == "Facility C1"
    for row in one.made.lines.to_pylist():
        assert row["asked"] - sum(row[f"cut_{cut}"] for cut in CUTS) == row["paid"]


def test_there_is_none_for_others(folder: Path) -> None:
    with open_books(folder) as books:
        with pytest.raises(Refused) as caught:
            statements(books, JANUARY, "", ["C2", "H1"])
        assert [problem.what.key for problem in caught.value.problems] == ["statement.none"]
        with pytest.raises(Refused):
            statements(books, JANUARY + 1, "")
        assert [one.facility for one in statements(books, JANUARY, "")] == ["C1", "H1"]


def test_statements_of_a_country_add_up(new_books: NewBooks, country: Path) -> None:
    """Capitation, several products, rejections: the steps of every statement lead to its amount."""
    folder = new_books(country, DECIDED)
    for location in ("", "R4"):
        with open_books(folder) as books:
            page = close(books, BY, JANUARY, location, confirm=True)
            made = statements(books, JANUARY, location)
        assert [[one.facility, one.made.statement.total] for one in made] == page.record["statements"]
        assert page.closing.total == sum(one.made.steps[-1].amount for one in made)


def test_files_hold_the_same(folder: Path, tmp_path: Path) -> None:
    with open_books(folder) as books:
        (one,) = statements(books, JANUARY, "", ["C1"])
        (workbook,) = write_statement(books, one, "xlsx", tmp_path, "en")
        written = write_statement(books, one, "csv", tmp_path, "en")
        text = report_text(as_report(books, one), "json", "en")
    book: Any = openpyxl.load_workbook(workbook)
    assert book.sheetnames == ["Statement", "Asked to paid", "Lines", "Control", "Parameters"]
    control = {row[0]: row[1:] for row in book["Control"].iter_rows(min_row=2, values_only=True)}
    assert control["To pay"] == (1, 38.75, None)
    assert control["Lines"] == (2, 38.75, None)
    assert control["Hash of all lines"] == (None, None, one.hash)
    about = dict(row[:2] for row in book["Parameters"].iter_rows(min_row=2, values_only=True))
    assert about["Hash of the lines (SHA-256)"] == one.hash
    assert one.hash in text
    lines = next(path for path in written if path.name.endswith("statement_lines.csv"))
    rows = list(csv.DictReader(io.StringIO(lines.read_text("utf-8"))))
    assert [(row["Claim"], row["Paid"], row["Reason"]) for row in rows] == [
        ("X", "0.00", "not in the register"),
        ("D", "38.75", ""),
    ]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_paper(folder: Path, tmp_path: Path, language: str) -> None:
    pdfium: Any = pytest.importorskip("pypdfium2")
    with open_books(folder) as books:
        (one,) = statements(books, JANUARY, "", ["C1"])
        (path,) = write_statement(books, one, "pdf", tmp_path, language)
        content = path.read_bytes()
        write_statement(books, one, "pdf", tmp_path, language)
    assert path.read_bytes() == content
    document = pdfium.PdfDocument(path)
    said = "\n".join(page.get_textpage().get_text_range() for page in document)
    wanted = {
        "en": (
            "Remittance advice",
            "38.75 KES",
            "Thirty-eight",
            "not in the register",
            "page 2 of 2",
            "4021",
        ),
        "fr": ("Bordereau de règlement", "38,75 KES", "Trente-huit", "hors nomenclature", "page 2 sur 2"),
    }
    for text in wanted[language]:
        assert text in said
    document.close()


def test_commands(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADJUDICATOR_SCHEME", str(folder))

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, [*arguments, "--lang", "en"])
        assert result.exit_code == code, result.output
        return result.output

    assert "31/80" in run("close", "show", "2026-01")
    assert "Nothing was booked" in run("close", "2026-02")
    assert "--by" in run("close", "2026-02", "--confirm", code=2)
    assert "Closing 2" in run("close", "2026-02", "--confirm", "--by", "Amina")
    assert "To pay" in run("statement", "C1", "2026-01")
    assert "no statement" in run("statement", "C9", "2026-01", code=3)
    out = tmp_path / "out"
    run("statement", "2026-01", "--all", "--format", "pdf", "--out", str(out))
    assert sorted(path.name for path in out.iterdir()) == ["2026-01-C1.pdf", "2026-01-H1.pdf"]
    assert "open again" in run("close", "reopen", "2026-02", "--reason", "test", "--by", "Amina")
    assert "reopened" in run("close", "list")
    assert "due: 2" in run("pay", "list")
    assert "File 1" in run("pay", "export", "--out", str(out), "--by", "Bola")
    assert "COPY" in run("pay", "export", "--out", str(out), "--copy", "1")
    (out / "r.csv").write_text("payment,status\n1,paid\n9,paid\n", "utf-8")
    assert "unknown 1" in run("pay", "reconcile", str(out / "r.csv"), "--by", "Bola", code=1)
