"""The actuary's figures are the ledger's: totals agree, earlier states are what was booked then."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from adjudicator.books.actuarial.known import known_on
from adjudicator.books.actuarial.ledger import Booking, Chosen, Group, Measure, Origin, entries_of
from adjudicator.books.actuarial.reports import TriangleAsked, read_triangles, triangle_report
from adjudicator.books.books import open_books
from adjudicator.books.closing.close import close
from adjudicator.books.closing.reopening import reopen
from adjudicator.presentation.frames import frames_of
from adjudicator.problems import Refused
from adjudicator.remuneration.months import read_month
from adjudicator.simulation.actuarial import forecast
from adjudicator.simulation.actuarial.grains import Grain
from adjudicator.simulation.actuarial.triangles import Entries
from adjudicator.store import journal
from adjudicator.store.schema import CLAIM_DECISIONS, CLAIMS, REMUNERATIONS
from cli import main
from tests.books.clinic import BOTH_DECIDED, JANUARY_DECIDED, write_clinic
from tests.books.conftest import NewBooks
from tests.books.states import BY, DECIDED_AGAIN, REPRICED, Shelf, State, decide_again
from tests.databases import engine_of

JANUARY, FEBRUARY = read_month("2026-01"), read_month("2026-02")


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clinic's folder; not to be changed."""
    return write_clinic(tmp_path_factory.mktemp("clinic") / "scheme")


def read(folder: Path, chosen: Chosen, as_of: dt.date | None = None) -> Entries:
    with open_books(folder) as books, books.database.reading() as connection:
        return entries_of(connection, known_on(connection, as_of), chosen)


def ledger(folder: Path, column: sa.Column[Any], *conditions: Any) -> int:
    with open_books(folder) as books, books.database.reading() as connection:
        return int(connection.execute(sa.select(sa.func.sum(column)).where(*conditions)).scalar() or 0)


def rows_of(entries: Entries) -> Counter[tuple[Any, ...]]:
    """Give what was booked, by month of service, month of booking and group."""
    found: Counter[tuple[Any, ...]] = Counter()
    columns = (entries.origin, entries.booked, entries.group, entries.amount)
    for origin, booked, group, amount in zip(*(one.tolist() for one in columns), strict=True):
        found[origin, booked, entries.groups[group]] += amount
    return Counter({key: amount for key, amount in found.items() if amount})


def close_month(folder: Path, month: int) -> None:
    with open_books(folder) as books:
        close(books, BY, month, confirm=True)


DECIDED_ANEW = State("decided anew", REPRICED, decide_again)


def test_triangles_of_decisions_add_up_to_the_ledger(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, DECIDED_ANEW)
    worth = ledger(folder, CLAIM_DECISIONS.c.valuated)
    claims = ledger(folder, CLAIM_DECISIONS.c.entry, CLAIM_DECISIONS.c.valuated != 0)
    assert worth > 0
    for booking in (Booking.DECISION_MONTH, Booking.CLAIM_MONTH):
        for by in (None, *Group):
            entries = read(folder, Chosen(Origin.SERVICE_MONTH, booking, Measure.VALUATED, by))
            assert entries.total == worth, (booking, by)
        for by in (None, Group.LEVEL):
            entries = read(folder, Chosen(Origin.CLAIM_MONTH, booking, Measure.CLAIMS, by))
            assert entries.total == claims, (booking, by)


def test_triangles_of_closings_add_up_to_the_ledger(new_books: NewBooks, clinic: Path) -> None:
    folder = new_books(clinic, BOTH_DECIDED)
    for month in (JANUARY, FEBRUARY):
        close_month(folder, month)
    with open_books(folder) as books:
        reopen(books, BY, FEBRUARY, "", "a late correction")
    of_claims = REMUNERATIONS.c.claim_id > 0
    for measure, column in (
        (Measure.PAID, REMUNERATIONS.c.amount),
        (Measure.VALUATED, REMUNERATIONS.c.valuated),
    ):
        total = ledger(folder, column, of_claims)
        assert total > 0
        for booking in (Booking.PAYMENT_MONTH, Booking.BOOKING_MONTH):
            for by in (None, *Group):
                assert read(folder, Chosen(booking=booking, measure=measure, by=by)).total == total
    # What was reopened is owed no more: February's statements are as if they had never been.
    paid = read(folder, Chosen(measure=Measure.PAID))
    assert {booked for _, booked, _ in rows_of(paid)} == {JANUARY}


def test_a_clinic_by_hand(new_books: NewBooks, clinic: Path) -> None:
    folder = new_books(clinic, JANUARY_DECIDED)
    close_month(folder, JANUARY)
    BOTH_DECIDED.reach(folder)
    close_month(folder, FEBRUARY)
    asked = TriangleAsked(measure=Measure.CLAIMS)
    with open_books(folder) as books:
        (one,) = read_triangles(books, asked)
    # A is paid in January. B waits for the quarter of Q; C and D, which is late, are paid in February.
    assert one.origins == ["2026-01", "2026-02"]
    assert one.cells.tolist() == [[1, 1], [1, 0]]


def test_an_earlier_state_is_what_was_booked_then(
    new_books: NewBooks, village: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_books(village, DECIDED_AGAIN)
    last = dt.date(2030, 4, 30)
    chosen = Chosen(booking=Booking.DECISION_MONTH, measure=Measure.VALUATED, by=Group.PRODUCT)
    before = read(folder, chosen, last)
    monkeypatch.setattr(journal, "now", lambda: "2030-05-01T00:00:00+00:00")
    decide_repriced(folder)
    then, now = read(folder, chosen, last), read(folder, chosen)
    assert rows_of(then) == rows_of(before)
    may = read_month("2030-05")
    assert rows_of(then) == Counter({key: n for key, n in rows_of(now).items() if key[1] < may})
    assert any(amount < 0 for (_, booked, _), amount in rows_of(now).items() if booked == may)
    assert then.upto == read_month("2030-04")
    assert then.over
    assert not now.over
    with pytest.raises(Refused), open_books(folder) as books, books.database.reading() as connection:
        known_on(connection, dt.date(2001, 1, 1))


def decide_repriced(folder: Path) -> None:
    REPRICED.reach(folder)
    decide_again(folder)


def test_what_is_paid_is_not_known_by_runs(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, DECIDED_AGAIN)
    with pytest.raises(Refused) as refused:
        read(folder, Chosen(booking=Booking.DECISION_MONTH))
    assert refused.value.problems[0].remedy is not None


def test_a_product_and_a_first_month_choose(new_books: NewBooks, village: Path) -> None:
    folder = new_books(village, DECIDED_AGAIN)
    whole = Chosen(booking=Booking.CLAIM_MONTH, measure=Measure.VALUATED, by=Group.PRODUCT)
    everything = read(folder, whole)
    for place, product in enumerate(everything.groups):
        assert product is not None
        mine = Chosen(booking=Booking.CLAIM_MONTH, measure=Measure.VALUATED, product=str(product))
        assert read(folder, mine).total == int(everything.amount[everything.group == place].sum())
    month = int(np.median(everything.origin))
    later = Chosen(booking=Booking.CLAIM_MONTH, measure=Measure.VALUATED, first=month)
    assert read(folder, later).total == int(everything.amount[everything.origin >= month].sum())


# As a user.


@pytest.fixture(scope="module")
def books(shelf: Shelf, country: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up scheme whose two months are decided."""
    return shelf.books(engine_of("sqlite"), country, DECIDED_AGAIN, tmp_path_factory.mktemp("actuary") / "s")


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["actuary", *arguments, "--scheme", str(folder)])


BY_CLAIMS = ("--development", "claim_month", "--measure", "valuated")


@pytest.mark.parametrize(
    "arguments",
    [
        ("triangle", *BY_CLAIMS, "--cumulative"),
        ("triangle", *BY_CLAIMS, "--per", "level", "--grain", "quarter"),
        ("triangle", *BY_CLAIMS, "--per", "region", "--measure", "claims"),
        ("reserve", *BY_CLAIMS, "--method", "mack,capecod,bf", "--loss-ratio", "80"),
        ("frequency", "--from", "2025-10-01", "--to", "2026-03-31"),
        ("frequency", "--from", "2025-10-01", "--to", "2026-03-31", "--product", "FAMILY"),
        ("loss-ratio", "--from", "2025-10", "--to", "2026-03"),
        ("adequacy", *BY_CLAIMS, "--margin", "12.5"),
    ],
    ids=" ".join,
)
def test_figures_are_printed_in_both_languages(books: Path, arguments: tuple[str, ...]) -> None:
    for language in ("en", "fr"):
        result = run(books, *arguments, "--lang", language)
        assert result.exit_code == 0, result.output
        assert "MARUNDA" in result.output
    assert json.loads(run(books, *arguments, "--format", "json").output)["parts"]


def test_figures_agree_with_one_another(books: Path) -> None:
    period = ("--from", "2025-01-01", "--to", "2026-12-31")
    parts = json.loads(run(books, "frequency", *period, "--format", "json").output)["parts"]
    (whole,) = parts["experience"]
    assert whole["claims"] > 0
    for by in ("level", "category", "age"):
        assert sum(row["claims"] for row in parts[f"experience_by_{by}"]) == whole["claims"]
    cents = [round(float(row["amount"]) * 100) for row in parts["experience_by_product"]]
    assert sum(cents) == round(float(whole["amount"]) * 100) == ledger(books, CLAIM_DECISIONS.c.valuated)
    months = ("--from", "2024-01", "--to", "2027-12")
    ratios = json.loads(run(books, "loss-ratio", *months, "--format", "json").output)["parts"]["loss_ratio"]
    assert sum(round(float(row["valuated"]) * 100) for row in ratios) == sum(cents)
    with open_books(books) as opened:
        asked = TriangleAsked(booking=Booking.CLAIM_MONTH, measure=Measure.VALUATED)
        frames = frames_of(triangle_report(opened, asked, cumulative=False))
    assert round(float(frames["triangle"]["total"].sum()) * 100) == sum(cents)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("reserve", "--development", "decision_month"), 3),
        (("reserve",), 3),
        (("reserve", *BY_CLAIMS, "--method", "bf"), 3),
        (("reserve", *BY_CLAIMS, "--method", "capecod", "--per", "level"), 3),
        (("reserve", *BY_CLAIMS, "--method", "macck"), 2),
        (("frequency", "--from", "2026-02-01", "--to", "2026-01-01"), 3),
        (("loss-ratio", "--from", "2026-13", "--to", "2026-01"), 2),
        (("adequacy", *BY_CLAIMS, "--margin", "100"), 2),
        (("forecast-index", "--product", "FAMILYY", "--year", "2026"), 3),
        (("forecast-index", "--product", "BASIC", "--year", "2026"), 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_what_cannot_be_told_says_why(books: Path, arguments: tuple[str, ...], code: int) -> None:
    result = run(books, *arguments)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output


def test_a_plan_is_read_and_its_mistakes_are_told(books: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text(
        "month,contributions\n2026-13,5\n2026-02,1.234\n2026-03,5\n2026-03,6\n2026-04,-1\n", "utf-8"
    )
    arguments = ("forecast-index", "--product", "FAMILY", "--year", "2026", "--contributions", str(plan))
    wrong = run(books, *arguments)
    assert wrong.exit_code == 3
    for told in ("2026-13", "1.234", "row 5", "-1"):
        assert told in wrong.output
    plan.write_text("month\n", "utf-8")
    assert "contributions" in run(books, *arguments).output


def test_unclaimed_months_are_zero_rows(new_books: NewBooks, clinic: Path) -> None:
    folder = new_books(clinic, JANUARY_DECIDED)
    with open_books(folder) as books, books.database.reading() as connection:
        claimed = connection.execute(sa.select(sa.func.count()).select_from(CLAIMS)).scalar()
    with open_books(folder) as books:
        asked = TriangleAsked(booking=Booking.CLAIM_MONTH, measure=Measure.CLAIMS, grain=Grain.YEAR)
        (one,) = read_triangles(books, asked)
        assert read_triangles(books, TriangleAsked()) == ()
    # X was rejected.
    assert (one.origins, one.cells.tolist()) == (["2026"], [[(claimed or 0) - 1]])


def test_the_index_is_forecast_from_the_books(
    books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two months of claims are too few for anybody but a test.
    arguments = ("forecast-index", "--product", "FAMILY", "--year", "2026")
    assert run(books, *arguments).exit_code == 3
    monkeypatch.setattr(forecast, "LEAST_MONTHS", 2)
    plan = tmp_path / "plan.csv"
    rows = [f"2026-{month:02},9000.00,FAMILY\n" for month in range(1, 13)]
    plan.write_text("".join(["month,contributions,product\n", *rows, "2026-01,1.00,BASIC\n"]), "utf-8")
    planned = (*arguments, "--contributions", str(plan), "--trend", "5", "--draws", "200")
    first, second = (run(books, *planned, "--format", "json").output for _ in range(2))
    assert first == second
    rows_of_forecast = json.loads(first)["parts"]["index_forecast"]
    assert rows_of_forecast
    for row in rows_of_forecast:
        assert row["contributions"] == "9000.00"
        assert float(row["index_low"]) <= float(row["index_middle"]) <= float(row["index_high"])
    assert "Cape Cod" in run(books, *planned, "--lang", "fr").output
    plan.write_text("month,contributions\n2026-05,1.00\n", "utf-8")
    missing = run(books, *planned)
    assert missing.exit_code == 3
    assert "2026-12" in missing.output
