"""Reports on closed months: worked by hand for the clinic, and adding up for a country."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from adjudicator.books.books import open_books
from adjudicator.books.closing.close import close
from adjudicator.books.closing.payments import export
from adjudicator.books.closing.returns import reconcile
from adjudicator.books.reports import (
    Chosen,
    Months,
    ageing_report,
    capitation_report,
    claims_report,
    contributions_report,
    indicators_report,
    month_figures,
    month_report,
    process_batch_report,
)
from adjudicator.presentation.month_page import month_html
from adjudicator.presentation.month_paper import month_pdf
from adjudicator.presentation.report import FORMATS, write_report
from adjudicator.problems import Refused
from adjudicator.remuneration.months import read_month
from adjudicator.reporting.indicators import Grouping
from adjudicator.reporting.process_batch import By
from adjudicator.reporting.report import Report
from adjudicator.store import journal
from adjudicator.store.journal import Act
from adjudicator.store.schema import CLAIMS, FEEDBACK, SELECTED, SELECTIONS
from adjudicator.vocabulary import ClaimStatus, LocationLevel
from adjudicator.words import LANGUAGES
from cli import main
from tests.books.clinic import BOTH_DECIDED, write_clinic
from tests.books.states import BY, DECIDED, State

NewBooks = Callable[[Path, State], Path]
Row = dict[str, Any]
JANUARY = read_month("2026-01")
MONTH = Months(JANUARY, JANUARY)


def _close(folder: Path, *locations: str) -> None:
    with open_books(folder) as books:
        for location in locations:
            close(books, BY, JANUARY, location, confirm=True)


CLOSED = State("January closed for reports", BOTH_DECIDED, lambda folder: _close(folder, ""))
COUNTRY_CLOSED = State("a country closed", DECIDED, lambda folder: _close(folder, "", "R4"))


@pytest.fixture(scope="session")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clinic(tmp_path_factory.mktemp("ward") / "scheme")


@pytest.fixture
def folder(new_books: NewBooks, ward: Path) -> Path:
    """The clinic with January closed: A and D have 38.75 each of 155.00, B waits, X is rejected."""
    return new_books(ward, CLOSED)


def rows(report: Report, part: str) -> list[Row]:
    (found,) = (one for one in report.parts if one.name == part)
    listed: list[Row] = found.rows.to_pylist()
    return listed


def some(listed: list[Row], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in listed]


def test_the_clinic_worked_by_hand(folder: Path) -> None:
    with open_books(folder) as books:
        paid = process_batch_report(books, MONTH, By.FACILITY, with_claims=True)
        came = contributions_report(books, MONTH)
        nothing = capitation_report(books, MONTH)
    assert some(
        rows(paid, "process_batch"), "facility", "facility_account", "product", "product_account"
    ) == [
        ("C1", "4021", "M", "6110"),
        ("H1", "4011", "M", "6110"),
    ]
    amounts = ("claims", "valuated", "part_relative_prices", "remunerated")
    assert some(rows(paid, "process_batch"), *amounts) == [(1, 10_000, 3875, 3875)] * 2
    assert some(
        rows(paid, "process_batch_claims"), "claim", "asked", "approved", "valuated", "remunerated"
    ) == [
        ("D", 11_000, 10_000, 10_000, 3875),
        ("A", 11_000, 10_000, 10_000, 3875),
    ]
    # M earned 310.00, half of it for relative prices, of which B's 77.50 wait; Q earned 31.00.
    names = ("product", "collected", "allocated", "for_relative_prices", "remunerated", "left_over")
    assert some(rows(came, "contributions"), *names) == [
        ("M", 365_000, 31_000, 15_500, 7750, 23_250),
        ("Q", 36_500, 3100, 0, 0, 3100),
    ]
    places = some(rows(came, "contributions_by_place"), "product", "place", "place_name", "allocated")
    assert places == [("M", "R1", "Region", 31_000), ("Q", "R1", "Region", 3100)]
    assert rows(nothing, "capitation") == []


def test_the_month_worked_by_hand(folder: Path) -> None:
    with open_books(folder) as books:
        figures = month_figures(books, JANUARY)
    # A and D asked 110.00 each, X 110.00 for nothing that is in the register.
    assert [(step.step, step.amount) for step in figures.steps] == [
        ("asked", 33_000),
        ("rejected", -11_000),
        ("price", -2000),
        ("index", -12_250),
        ("for_claims", 7750),
        ("to_pay", 7750),
    ]
    assert (figures.asked, figures.cut, figures.owed) == (33_000, 25_250, 7750)
    assert {one.why: (one.claims, one.amount) for one in figures.waits} == {
        "in_review": (0, 0),
        "unread": (0, 0),
        "entered": (0, 0),
        "held_back": (1, 20_000 + 4000),
    }
    assert (figures.received.claims, figures.received.asked) == (4, 3 * 11_000 + 26_000)
    assert sum(one.paid for one in figures.care) == 7750


def test_only_closed_months_are_reported(folder: Path) -> None:
    with open_books(folder) as books:
        for months in (Months(JANUARY + 1, JANUARY + 1), Months(JANUARY, JANUARY, "R1")):
            with pytest.raises(Refused) as caught:
                process_batch_report(books, months, By.PRODUCT)
            assert caught.value.problems[0].what.key == "closing.is_open"
        with pytest.raises(Refused) as caught:
            capitation_report(books, Months(JANUARY + 1, JANUARY))
        assert caught.value.problems[0].what.key == "reporting.period_reversed"


def test_closings_and_payments_say_what_became_of_claims(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def claims(status: ClaimStatus | None = None) -> list[tuple[Any, ...]]:
        with open_books(folder) as books:
            found = claims_report(books, Chosen(), None, status, details=True)
        return sorted(some(rows(found, "claims"), "claim", "status", "remunerated"))

    processed, valuated = int(ClaimStatus.PROCESSED), int(ClaimStatus.VALUATED)
    assert claims() == [
        ("A", valuated, 3875),
        ("B", processed, None),
        ("C", processed, None),
        ("D", valuated, 3875),
        ("X", int(ClaimStatus.REJECTED), 0),
    ]
    assert [name for name, *_ in claims(ClaimStatus.VALUATED)] == ["A", "D"]
    with open_books(folder) as books:
        waits = rows(ageing_report(books, dt.date(2026, 3, 1)), "ageing")
    assert sum(row["claims"] for row in waits) == 2
    # A was claimed on 10 January and D on the 25th; both are handed over on the 30th.
    monkeypatch.setattr(journal, "now", partial(str, "2026-01-30T08:00:00+00:00"))
    with open_books(folder) as books:
        export(books, "Bola")
        returned = books.folder / "returned.csv"
        returned.write_text("payment,status\n2,paid\n", "utf-8")
        reconcile(books, BY, returned)
        _feedback(books.database)
        found = rows(indicators_report(books, dt.date(2026, 1, 1), dt.date(2026, 1, 31), None), "indicators")
        by_product = rows(
            indicators_report(books, dt.date(2026, 1, 1), dt.date(2026, 1, 31), Grouping.PRODUCT),
            "indicators_by_product",
        )
    assert claims(ClaimStatus.PAID) == [("A", int(ClaimStatus.PAID), 3875)]
    values = {
        (row["indicator"], row["cohort"]): next(
            (row[name] for name in ("count", "amount", "ratio") if row[name] is not None), None
        )
        for row in found
    }
    service = "cohort.service"
    assert values["P11", service] == 7750
    assert values["P11a", service] == 24_000
    assert values["D4", None] == (20 + 5) * 10_000 // 2
    assert (values["D8", None], values["D9", None]) == (35_000, 5000)
    of_m = {
        (row["indicator"], row["cohort"]): row["count"] if row["amount"] is None else row["amount"]
        for row in by_product
        if row["group"] == "M"
    }
    # X is rejected; M and Q covered the patient.
    assert (of_m["P10", service], of_m["P12", service], of_m["P11", service]) == (4, 1, 7750)
    of_q = {(row["indicator"], row["cohort"]): row for row in by_product if row["group"] == "Q"}
    assert (of_q["P12", service]["count"], of_q["D5", service]["ratio"]) == (1, 5000)


def _feedback(database: Any) -> None:
    """Ask about A and B; A's patient gives 4, and D's 3 without being asked."""
    with database.writing() as connection:
        ids = {row.claim: row.claim_id for row in connection.execute(sa.select(CLAIMS))}
        entry = journal.append(connection, Act(BY, "select"), {"test": 1})
        drawn = {"selection": 1, "journal": entry, "purpose": "feedback", "method": "all", "record": "{}"}
        connection.execute(sa.insert(SELECTIONS).values(**drawn))
        for name in "AB":
            row = {"selection": 1, "claim_id": ids[name], "probability": 1, "of": 1}
            connection.execute(sa.insert(SELECTED).values(**row))
        for place, (name, mark) in enumerate((("A", 4), ("D", 3))):
            entry = journal.append(connection, Act(BY, "feedback"), {"test": 2 + place})
            connection.execute(sa.insert(FEEDBACK).values(claim_id=ids[name], journal=entry, mark=mark))


@pytest.fixture
def land(new_books: NewBooks, country: Path) -> Path:
    return new_books(country, COUNTRY_CLOSED)


def test_a_country_adds_up(land: Path) -> None:
    with open_books(land) as books:
        figures = month_figures(books, JANUARY)
        batch = process_batch_report(books, MONTH, By.PRODUCT, with_claims=True)
        by_head = capitation_report(books, MONTH)
        came = contributions_report(books, MONTH, level=LocationLevel.DISTRICT)
        service = rows(indicators_report(books, *YEARS, None), "indicators")
        products = rows(indicators_report(books, *YEARS, Grouping.PRODUCT), "indicators_by_product")

    def total(listed: list[Row], name: str) -> int:
        return sum(row[name] or 0 for row in listed)

    assert figures.owed > 0
    for part in ("process_batch", "process_batch_product"):
        assert total(rows(batch, part), "remunerated") == figures.owed
    assert total(rows(batch, "process_batch_claims"), "remunerated") == figures.owed - figures.capitation
    assert sum(one.paid for one in figures.care) + figures.capitation == figures.owed
    assert total(rows(by_head, "capitation"), "capitation") == figures.capitation > 0
    assert total(rows(by_head, "capitation_pots"), "capitation") == figures.capitation
    assert {row["region"] for row in rows(by_head, "capitation")} == {"R4"}
    for name in ("collected", "allocated"):
        of_products = total(rows(came, "contributions"), name)
        assert total(rows(came, "contributions_by_place"), name) == of_products > 0
    # What closings paid for claims is what the indicators say that claims were paid, whole and by product.
    for listed in (service, products):
        paid = [row["amount"] for row in listed if (row["indicator"], row["cohort"]) == ("P11", SERVICE)]
        assert sum(paid) == figures.owed - figures.capitation


SERVICE = "cohort.service"
YEARS = dt.date(2023, 1, 1), dt.date(2030, 12, 31)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_and_every_format(land: Path, tmp_path: Path, language: str) -> None:
    pdfium: Any = pytest.importorskip("pypdfium2")
    with open_books(land) as books:
        figures, settings = month_figures(books, JANUARY), books.settings
        made = [
            month_report(books, JANUARY),
            process_batch_report(books, MONTH, By.FACILITY),
            capitation_report(books, MONTH),
            contributions_report(books, MONTH),
        ]
    page = month_html(settings, figures, language)
    paper = month_pdf(settings, figures, language)
    assert (page, paper) == (month_html(settings, figures, language), month_pdf(settings, figures, language))
    assert page.count("<svg") == 7
    for outside in ("http://", "https://", "<script", "<link", "url("):
        assert outside not in page.replace("http://www.w3.org/2000/svg", "")
    title = {"en": "January 2026", "fr": "Janvier 2026"}[language]
    document = pdfium.PdfDocument(paper)
    assert len(document) == 1
    said = document[0].get_textpage().get_text_range()
    for text in (title, {"en": "What was cut", "fr": "Ce qui a été retranché"}[language]):
        assert text in page
        assert text in said
    document.close()
    for number, report in enumerate(made):
        for form in FORMATS[1:]:
            for path in write_report(report, form, tmp_path / f"{number}.{form}", language):
                assert path.stat().st_size


def test_commands(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADJUDICATOR_SCHEME", str(folder))

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, ["report", *arguments, "--lang", "en"])
        assert result.exit_code == code, result.output
        return result.output

    assert "38.75" in run("process-batch", "2026-01", "--with-claims")
    assert "310.00" in run("contributions", "2026-01")
    assert "by capitation" in run("capitation", "2026-01")
    assert "not closed" in run("month", "2026-02", code=3)
    assert "To pay" in run("month", "2026-01")
    assert run("month", "2026-01", "--format", "html").startswith("<!DOCTYPE html>")
    run("month", "2026-01", "--out", str(tmp_path / "m.pdf"))
    assert (tmp_path / "m.pdf").read_bytes().startswith(b"%PDF")
    run("month", "2026-01", "--format", "pdf", code=2)
