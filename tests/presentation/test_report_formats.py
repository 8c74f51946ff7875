"""A report in every format and both languages: the same figures, exactly, and the same bytes each time."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from adjudicator.presentation import report_screen, report_workbook
from adjudicator.presentation.report import report_text, write_report
from adjudicator.presentation.report_screen import print_report
from adjudicator.problems import Refused
from adjudicator.reporting.claims import CLAIM_COLUMNS, LINE_COLUMNS
from adjudicator.reporting.report import Column, Parameter, Report, Unit, part_of_rows
from adjudicator.vocabulary import ClaimStatus
from adjudicator.words import LANGUAGES, message

COLUMNS = (
    Column("facility"),
    Column("status", Unit.WORD, ClaimStatus),
    Column("state", Unit.KEY),
    Column("claims", Unit.NUMBER),
    Column("amount", Unit.MONEY),
    Column("quantity", Unit.QUANTITY),
    Column("ratio", Unit.RATIO),
    Column("oldest", Unit.DATE),
)
LARGEST = 2**63 - 1


def report(decimals: int = 2) -> Report:
    rows: list[dict[str, Any]] = [
        {
            "facility": "007",
            "status": int(ClaimStatus.PROCESSED),
            "state": "state.undecided",
            "claims": 1234,
            "amount": 123456,
            "quantity": 250,
            "ratio": 8333,
            "oldest": dt.date(2026, 1, 31),
        },
        {"facility": '=1+1, "x"', "amount": -5},
        {"facility": "", "amount": LARGEST, "claims": 0},
    ]
    parameters = (
        Parameter("scheme", "MARUNDA"),
        Parameter("from", dt.date(2026, 1, 1)),
        Parameter("to", None),
        Parameter("status", ClaimStatus.PROCESSED),
        Parameter("dates", message("reporting.dates.claimed")),
        Parameter("journal", 12),
    )
    parts = (part_of_rows("ageing", COLUMNS, rows), part_of_rows("lines", COLUMNS[:2], rows[:1]))
    return Report("ageing", parameters, parts, decimals)


def test_json_has_the_projects_own_words_and_exact_decimals() -> None:
    read = json.loads(report_text(report(), "json", "fr"))
    assert read["report"] == "ageing"
    assert read["parameters"] == {
        "scheme": "MARUNDA",
        "from": "2026-01-01",
        "to": None,
        "status": "processed",
        "dates": "claimed",
        "journal": 12,
    }
    first, second, third = read["parts"]["ageing"]
    assert first == {
        "facility": "007",
        "status": "processed",
        "state": "undecided",
        "claims": 1234,
        "amount": "1234.56",
        "quantity": "2.50",
        "ratio": "0.8333",
        "oldest": "2026-01-31",
    }
    assert (second["amount"], third["amount"]) == ("-0.05", "92233720368547758.07")


@pytest.mark.parametrize("language", LANGUAGES)
def test_csv_has_headings_and_words_of_the_language(language: str) -> None:
    read = list(csv.DictReader(io.StringIO(report_text(report(), "csv", language).split("\n\n")[0])))
    names = {
        "en": ("Facility", "Status", "Amount", "processed"),
        "fr": ("Établissement", "État", "Montant", "traité"),
    }
    facility, status, amount, processed = names[language]
    assert [row[facility] for row in read] == ["007", '=1+1, "x"', ""]
    assert [row[amount] for row in read] == ["1234.56", "-0.05", "92233720368547758.07"]
    assert read[0]["Oldest" if language == "en" else "Plus ancien"] == "2026-01-31"
    if language == "en":
        assert read[0][status] == processed


def test_parquet_has_typed_columns(tmp_path: Path) -> None:
    first, second = write_report(report(), "parquet", tmp_path / "a.parquet", "en")
    assert second.name == "a-lines.parquet"
    table = pq.read_table(first)
    assert table.schema.field("amount").type == pa.decimal128(38, 2)
    assert table.schema.field("oldest").type == pa.date32()
    assert table["amount"].to_pylist() == [
        Decimal("1234.56"),
        Decimal("-0.05"),
        Decimal("92233720368547758.07"),
    ]
    assert json.loads(table.schema.metadata[b"parameters"])["scheme"] == "MARUNDA"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_workbook_has_typed_cells_and_a_sheet_of_parameters(tmp_path: Path, language: str) -> None:
    (path,) = write_report(report(), "xlsx", tmp_path / "a.xlsx", language)
    book = openpyxl.load_workbook(path)
    assert len(book.sheetnames) == 3
    sheet = book.worksheets[0]
    assert sheet.freeze_panes == "A2"
    rows = list(sheet.iter_rows(min_row=2))
    # Text that looks like a number or a formula stays text.
    assert [row[0].value for row in rows] == ["007", '=1+1, "x"', ""]
    assert {row[0].data_type for row in rows[:2]} == {"s"}
    assert rows[0][4].value == 1234.56
    assert rows[0][4].number_format == "#,##0.00"
    assert rows[0][7].value == dt.datetime(2026, 1, 31)
    # More digits than a spreadsheet can count in.
    assert rows[2][4].value == "92233720368547758.07"
    about = {row[0].value: row[1].value for row in book.worksheets[-1].iter_rows(min_row=2)}
    assert "MARUNDA" in about.values()
    assert dt.datetime(2026, 1, 1) in about.values()


@pytest.mark.parametrize("form", ["csv", "xlsx", "json", "parquet"])
def test_the_same_report_is_the_same_bytes(tmp_path: Path, form: str) -> None:
    once, again = (
        [path.read_bytes() for path in write_report(report(), form, tmp_path / name / "r", "en")]
        for name in ("one", "two")
    )
    assert once == again


def test_a_currency_without_decimals_has_none() -> None:
    read = json.loads(report_text(report(decimals=0), "json", "en"))
    assert read["parts"]["ageing"][0]["amount"] == "123456"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [60, 132, 300])
def test_a_table_never_breaks_a_number(language: str, width: int) -> None:
    row = {
        "facility": "HF0001",
        "claim": "HF0001-2026-000001",
        "asked": 123456789,
        "approved": 0,
        "date_claimed": dt.date(2026, 1, 1),
        "status": int(ClaimStatus.REJECTED),
        "reason": 7,
    }
    parts = (part_of_rows("claims", CLAIM_COLUMNS, [row]), part_of_rows("lines", LINE_COLUMNS, []))
    file = io.StringIO()
    shown = Report("claims", (Parameter("to", None),), parts, 2)
    print_report(Console(file=file, width=width), shown, language)
    amount = "1,234,567.89" if language == "en" else "1\u00a0234\u00a0567,89"
    if width > 60:
        assert amount in file.getvalue()
    assert ("nothing" if language == "en" else "rien") in file.getvalue()


def test_a_long_table_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_screen, "SHOWN_ROWS", 2)
    file = io.StringIO()
    print_report(Console(file=file, width=200), report(), "en")
    assert "1 more row:" in file.getvalue()
    assert "=1+1" in file.getvalue()


def test_a_workbook_that_cannot_hold_all_rows_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_workbook, "SHEET_ROWS", 2)
    with pytest.raises(Refused, match="holds 2 rows"):
        write_report(report(), "xlsx", tmp_path / "a.xlsx", "en")
    assert list(tmp_path.iterdir()) == []


def test_a_part_without_rows_is_a_heading() -> None:
    empty = Report("ageing", (), (part_of_rows("ageing", COLUMNS, []),), 2)
    assert report_text(empty, "csv", "en").count("\n") == 1
    assert json.loads(report_text(empty, "json", "en"))["parts"] == {"ageing": []}
