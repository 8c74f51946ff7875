"""Reports say what the ledger says, on each engine: sums agree, groups add up, drafts are not seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rich.console import Console

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import Books, open_books
from adjudicator.books.reports import (
    Chosen,
    Dates,
    ageing_report,
    claims_report,
    history_report,
    indicators_report,
    rejections_report,
)
from adjudicator.presentation.report import FORMATS, report_text, write_report
from adjudicator.presentation.report_screen import print_report
from adjudicator.problems import Refused
from adjudicator.reporting.indicators import Grouping
from adjudicator.reporting.report import Report
from adjudicator.store import journal, runs
from adjudicator.store.schema import CLAIM_DECISIONS, CLAIMS, LINE_DECISIONS, UNDECIDED
from adjudicator.vocabulary import ClaimStatus
from adjudicator.words import LANGUAGES
from tests.books.conftest import NewBooks
from tests.books.states import (
    BY,
    DECIDED,
    DECIDED_AGAIN,
    RECEIVED,
    RECEIVED_AGAIN,
    REPRICED,
    State,
    decide,
    decide_again,
    receive,
)

Row = dict[str, Any]
FOREVER = dt.date(2023, 1, 1), dt.date(2030, 12, 31)

DECIDED_ANEW = State("decided anew", REPRICED, decide_again)
STATES = [DECIDED, RECEIVED_AGAIN, DECIDED_AGAIN, DECIDED_ANEW]
ALL = Chosen()


def rows(report: Report, part: str) -> list[Row]:
    """Give the rows of a part of a report."""
    (found,) = (one for one in report.parts if one.name == part)
    listed: list[Row] = found.rows.to_pylist()
    return listed


def total(listed: list[Row], name: str) -> int:
    return sum(row[name] or 0 for row in listed)


def ledger(books: Books, table: sa.Table, *columns: str) -> Row:
    """Add up a table of the ledger, published runs only."""
    with books.database.reading() as connection:
        sums = [sa.func.sum(table.c[name]).label(name) for name in columns]
        query = sa.select(*sums).where(table.c.run <= runs.last_run(connection))
        return {name: int(value or 0) for name, value in connection.execute(query).one()._mapping.items()}


@pytest.fixture(params=STATES, ids=lambda state: state.name.replace(" ", "_"))
def folder(request: pytest.FixtureRequest, new_books: NewBooks, village: Path) -> Path:
    """The village's books in one state after another."""
    return new_books(village, request.param)


def test_the_overview_adds_up_to_the_ledger_and_lines_to_their_claims(folder: Path) -> None:
    with open_books(folder) as books:
        report = claims_report(books, ALL, None, None, details=True)
        claims, lines = rows(report, "claims"), rows(report, "lines")
        assert rows(claims_report(books, ALL, None, None, details=False), "claims") == claims
        decided = [row for row in claims if row["run"] is not None]
        booked = ledger(books, CLAIM_DECISIONS, "entry", "claimed", "valuated", "remunerated")
        assert len(decided) == booked["entry"]
        assert total(decided, "asked") == booked["claimed"]
        assert total(claims, "valuated") == booked["valuated"]
        assert total(claims, "remunerated") == booked["remunerated"]
        assert total(lines, "valuated") == ledger(books, LINE_DECISIONS, "valuated")["valuated"]
        with books.database.reading() as connection:
            waiting = connection.execute(sa.select(sa.func.count()).select_from(UNDECIDED)).scalar_one()
            assert (
                len(claims) == connection.execute(sa.select(sa.func.count()).select_from(CLAIMS)).scalar_one()
            )
    entered = [row for row in claims if row["status"] == ClaimStatus.ENTERED]
    assert len(entered) == waiting == len(claims) - len(decided)
    for claim in claims:
        of_claim = [
            line for line in lines if (line["facility"], line["claim"]) == (claim["facility"], claim["claim"])
        ]
        for name in ("asked", "approved", "valuated", "remunerated"):
            if claim[name] is not None:
                assert total(of_claim, name) == claim[name], (name, claim)


def test_rejections_are_those_of_the_overview(folder: Path) -> None:
    with open_books(folder) as books:
        overview = claims_report(books, ALL, None, None, details=True)
        rejected = rejections_report(books, ALL)
    lines = [row for row in rows(overview, "lines") if row["line_status"] == 2]
    whole = [row for row in rows(overview, "claims") if row["status"] == ClaimStatus.REJECTED]
    for part in ("rejections", "rejections_by_facility"):
        by_reason = rows(rejected, part)
        assert total(by_reason, "lines") == len(lines)
        assert total(by_reason, "amount") == total(lines, "asked")
        assert total(by_reason, "whole_claims") == len(whole)
    for row in rows(rejected, "rejections_by_facility"):
        mine = [line for line in lines if line["facility"] == row["facility"] and line["code"] == row["code"]]
        assert (len(mine), total(mine, "asked")) == (row["lines"], row["amount"])
        assert len({line["claim"] for line in mine}) == row["claims"]


def test_what_waits_is_what_is_not_decided_and_what_is_not_closed(folder: Path) -> None:
    with open_books(folder) as books:
        claims = rows(claims_report(books, ALL, None, None, details=False), "claims")
        waits = ageing_report(books, dt.date(2026, 6, 30))
    for part in ("ageing", "ageing_by_facility"):
        for state, status, amount in (
            ("state.undecided", ClaimStatus.ENTERED, "asked"),
            ("state.waits_for_close", ClaimStatus.PROCESSED, "valuated"),
        ):
            there = [row for row in rows(waits, part) if row["state"] == state]
            mine = [row for row in claims if row["status"] == status]
            assert (total(there, "claims"), total(there, "amount")) == (len(mine), total(mine, amount))
            if mine:
                assert min(row["oldest"] for row in there) == min(row["date_claimed"] for row in mine)


def indicator(listed: list[Row], code: str, cohort: str | None = "service") -> Any:
    """Give the one value of an indicator."""
    key = None if cohort is None else f"cohort.{cohort}"
    (row,) = (row for row in listed if row["indicator"] == code and row["cohort"] == key)
    given = [row[name] for name in ("count", "amount", "ratio") if row[name] is not None]
    assert len(given) + (row["not_available"] is not None) == 1
    return given[0] if given else None


def test_claim_indicators_are_those_of_the_overview(folder: Path) -> None:
    start, end = dt.date(2024, 4, 1), dt.date(2024, 12, 31)
    with open_books(folder) as books:
        chosen = Chosen(start, end, Dates.SERVICE)
        claims = [
            row
            for row in rows(claims_report(books, chosen, None, None, details=False), "claims")
            if row["date_from"] is not None
        ]
        found = rows(indicators_report(books, start, end, None), "indicators")
        ever = rows(indicators_report(books, *FOREVER, None), "indicators")
        booked = ledger(books, CLAIM_DECISIONS, "entry", "remunerated")
    assert indicator(found, "P10") == len(claims)
    assert indicator(found, "P10a") == sum(row["run"] is None for row in claims)
    assert indicator(found, "P11") == total(claims, "remunerated")
    assert indicator(found, "P11a") == total(
        [row for row in claims if row["status"] == ClaimStatus.PROCESSED], "valuated"
    )
    assert indicator(found, "P12") == sum(row["status"] == ClaimStatus.REJECTED for row in claims)
    # All runs together decided what the ledger holds.
    assert indicator(ever, "P10", "decision") == booked["entry"]
    assert indicator(ever, "P11", "decision") == booked["remunerated"]


@pytest.mark.parametrize("by", list(Grouping), ids=lambda by: by.value)
def test_groups_add_up_to_the_whole(new_books: NewBooks, country: Path, by: Grouping) -> None:
    folder = new_books(country, DECIDED)
    with open_books(folder) as books:
        report = indicators_report(books, dt.date(2025, 10, 1), dt.date(2026, 1, 31), by)
    whole, groups = rows(report, "indicators"), rows(report, f"indicators_by_{by.value}")
    adding = {"P10", "P11", "P11a"} if by is Grouping.PRODUCT else {"P10", "P10a", "P11", "P11a", "P12"}
    policies = {"P1", "P2", "P3", "P4", "P5", "P7", "P8", "P9"}
    if by is Grouping.FACILITY:
        assert not [row for row in groups if row["indicator"] in policies]
    else:
        adding |= policies
    for row in whole:
        if row["indicator"] not in adding or (by is Grouping.PRODUCT and row["indicator"] == "P10"):
            continue
        unit = "count" if row["count"] is not None else "amount"
        mine = [g for g in groups if (g["indicator"], g["cohort"]) == (row["indicator"], row["cohort"])]
        assert total(mine, unit) == row[unit], row["indicator"]
    assert indicator(whole, "P11") > 0
    assert indicator(whole, "P1", None) > 0
    assert indicator(whole, "P9", None) > 0


def test_a_decision_counts_in_the_period_of_its_run(
    new_books: NewBooks, village: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_books(village, DECIDED)
    days = {"2026-02-28T23:59:59+00:00": decide_later, "2026-03-01T00:00:00+00:00": decide_again}
    with open_books(folder) as books:
        first = ledger(books, CLAIM_DECISIONS, "entry", "remunerated")
    sums = []
    for now, act in days.items():
        monkeypatch.setattr(journal, "now", partial(str, now))
        act(folder)
        with open_books(folder) as books:
            sums.append(ledger(books, CLAIM_DECISIONS, "entry", "remunerated"))
    with open_books(folder) as books:
        february, march = (
            rows(indicators_report(books, *period, None), "indicators")
            for period in (
                (dt.date(2026, 2, 1), dt.date(2026, 2, 28)),
                (dt.date(2026, 3, 1), dt.date(2026, 3, 31)),
            )
        )
    assert indicator(february, "P10", "decision") == sums[0]["entry"] - first["entry"]
    assert indicator(february, "P11", "decision") == sums[0]["remunerated"] - first["remunerated"]
    # Decided anew: as many decisions taken back as taken; only the difference counts.
    assert indicator(march, "P10", "decision") == 0
    assert indicator(march, "P11", "decision") == sums[1]["remunerated"] - sums[0]["remunerated"]


def decide_later(folder: Path) -> None:
    receive(folder, 1)
    decide(folder)


def test_the_overview_of_a_product_has_its_lines_only(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, DECIDED_AGAIN)
    with open_books(folder) as books:
        everything = rows(claims_report(books, ALL, None, None, details=True), "lines")
        products = {row["product"] for row in everything if row["product"]}
        assert products
        for product in products:
            report = claims_report(books, ALL, product, None, details=True)
            lines = [row for row in everything if row["product"] == product]
            for part in ("claims", "lines"):
                for name in ("asked", "approved", "valuated"):
                    assert total(rows(report, part), name) == total(lines, name)


def test_filters_choose_claims(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, RECEIVED_AGAIN)
    with open_books(folder) as books:
        everything = rows(claims_report(books, ALL, None, None, details=False), "claims")

        def chosen(keep: Callable[[Row], bool], choice: Chosen = ALL, status: Any = None) -> None:
            found = rows(claims_report(books, choice, None, status, details=False), "claims")
            expected = [row for row in everything if keep(row)]
            assert found == expected
            assert expected

        for status in (ClaimStatus.ENTERED, ClaimStatus.REJECTED, ClaimStatus.VALUATED):
            chosen(partial(_is_of, status), status=status)
        facility = everything[0]["facility"]
        chosen(lambda row: row["facility"] == facility, Chosen(facility=facility))
        day = sorted(row["date_claimed"] for row in everything)[len(everything) // 2]
        chosen(lambda row: row["date_claimed"] == day, Chosen(day, day))
        chosen(lambda row: row["date_claimed"] > day, Chosen(day + dt.timedelta(days=1)))


def _is_of(status: ClaimStatus, row: Row) -> bool:
    return bool(row["status"] == status)


def test_a_history_is_the_claims_of_one(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, DECIDED_AGAIN)
    with open_books(folder) as books:
        everything = rows(claims_report(books, ALL, None, None, details=False), "claims")
        insuree = everything[0]["insuree"]
        report = history_report(books, insuree)
        assert rows(report, "claims") == [row for row in everything if row["insuree"] == insuree]
        assert rows(report, "lines")
        with pytest.raises(Refused) as refused:
            history_report(books, insuree[:-1] + "X")
        assert insuree in refused.value.problems[0].told()


def test_what_is_not_published_is_not_seen(
    new_books: NewBooks, village: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_books(village, RECEIVED_AGAIN)

    class Cut(Exception):  # noqa: N818
        """The power goes."""

    def cut(*_: object) -> int:
        raise Cut

    def all_reports(books: Books) -> list[Any]:
        made = [
            claims_report(books, ALL, None, None, details=True),
            rejections_report(books, ALL),
            ageing_report(books, dt.date(2026, 6, 30)),
            indicators_report(books, *FOREVER, Grouping.PRODUCT),
        ]
        return [[part.rows.to_pylist() for part in report.parts] for report in made]

    with open_books(folder) as books:
        before = all_reports(books)
        monkeypatch.setattr(runs, "publish", cut)
        with pytest.raises(Cut):
            adjudicate_books(books, BY)
        with books.database.reading() as connection:
            unseen = sa.select(sa.func.count()).where(CLAIM_DECISIONS.c.run > runs.last_run(connection))
            assert connection.execute(unseen).scalar_one() > 0
        assert all_reports(books) == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_report_is_written_in_every_format(
    new_books: NewBooks, village: Path, tmp_path: Path, language: str
) -> None:
    folder = new_books(village, RECEIVED_AGAIN)
    with open_books(folder) as books:
        insuree = rows(claims_report(books, ALL, None, None, details=False), "claims")[0]["insuree"]
        made = [
            claims_report(books, ALL, None, None, details=True),
            history_report(books, insuree),
            rejections_report(books, ALL),
            ageing_report(books, dt.date(2026, 6, 30)),
            *(indicators_report(books, *FOREVER, by) for by in (None, *Grouping)),
        ]
    for number, report in enumerate(made):
        names = {parameter.name for parameter in report.parameters}
        assert {"scheme", "currency", "last_run", "journal_hash"} <= names
        for form in FORMATS:
            if form == "table":
                file = StringIO()
                print_report(Console(file=file, width=150), report, language)
                assert "WORLD" in file.getvalue()
            else:
                written = write_report(report, form, tmp_path / f"{number}.{form}", language)
                assert all(path.stat().st_size for path in written)
        assert report_text(report, "json", language) == (tmp_path / f"{number}.json").read_text("utf-8")


def test_what_cannot_be_reported_says_why(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, DECIDED)
    with open_books(folder) as books:
        refusals: list[tuple[Callable[[], Report], str]] = [
            (lambda: indicators_report(books, dt.date(2026, 2, 1), dt.date(2026, 1, 1), None), "2026"),
            (lambda: rejections_report(books, Chosen(facility="HFX")), "HFX"),
            (lambda: ageing_report(books, dt.date(2026, 2, 1), "HFX"), "HFX"),
            (lambda: claims_report(books, ALL, "PX", None, details=False), "PX"),
        ]
        for make, word in refusals:
            with pytest.raises(Refused) as refused:
                make()
            told = [refused.value.problems[0].told(language) for language in LANGUAGES]
            assert all(word in text for text in told)
            assert told[0] != told[1]


def test_books_without_a_run_have_reports(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, RECEIVED)
    with open_books(folder) as books:
        claims = rows(claims_report(books, ALL, None, None, details=True), "claims")
        assert {row["status"] for row in claims} == {int(ClaimStatus.ENTERED)}
        assert total(claims, "asked") > 0
        assert rows(rejections_report(books, ALL), "rejections") == []
        assert indicator(rows(indicators_report(books, *FOREVER, None), "indicators"), "P11") == 0
