"""What closings leave is found again without a look at all that was ever decided; what they hold back."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import sqlalchemy as sa

from adjudicator.books.books import open_books
from adjudicator.books.claims import load_claims
from adjudicator.books.closing.close import close
from adjudicator.books.closing.contributions import paid_for
from adjudicator.books.closing.page import Page
from adjudicator.books.closing.periods import standing_closings
from adjudicator.books.closing.reopening import reopen
from adjudicator.books.closing.unsettled import unsettled, unsettled_is_right
from adjudicator.books.closing.verification import check_closings
from adjudicator.books.readjudication import readjudicate
from adjudicator.books.reports import Months, capitation_report
from adjudicator.remuneration.allocation import contributions, earned_by_month
from adjudicator.remuneration.months import read_month
from adjudicator.store.runs import last_run
from adjudicator.store.schema import CLAIM_DECISIONS, REMUNERATIONS, SETTLEMENTS, UNSETTLED
from adjudicator.tables import REGISTERS
from tests.books.clinic import (
    BOTH_DECIDED,
    JANUARY_DECIDED,
    REGISTERED_ROWS,
    change,
    claim,
    line,
    receive,
    write_clinic,
)
from tests.books.folders import write_claims, write_rows
from tests.books.states import BY, DECIDED, MADE, State

Int64s = npt.NDArray[np.int64]
NewBooks = Callable[[Path, State], Path]
JANUARY = read_month("2026-01")


@pytest.fixture(scope="session")
def post(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clinic(tmp_path_factory.mktemp("post") / "scheme")


def waiting(folder: Path, month: int) -> set[tuple[int, int]]:
    """Find what waits to be settled by looking at all decisions."""
    with open_books(folder) as books, books.database.reading() as connection:
        last = last_run(connection)
        found = unsettled(connection, last, month)
        table = CLAIM_DECISIONS
        standing: dict[int, int] = {}
        for row in connection.execute(
            sa.select(table).where(table.c.run <= last).order_by(table.c.run, table.c.entry)
        ):
            if row.entry == 1:
                standing[row.claim_id] = row.run
        settled = {
            tuple(row) for row in connection.execute(sa.select(SETTLEMENTS.c.claim_id, SETTLEMENTS.c.run))
        }
        assert unsettled_is_right(connection)
        assert check_closings(connection) == []
    given = set(zip(found.claim_id.tolist(), found.run.tolist(), strict=True))
    everything = set(standing.items()) - settled
    assert given <= everything
    return everything - given


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_left_is_what_a_look_at_everything_finds(new_books: NewBooks, post: Path, seed: int) -> None:
    """Months are closed and reopened, claims come and are decided again, in any order."""
    folder = new_books(post, BOTH_DECIDED)
    chance = random.Random(seed)
    far = read_month("2030-01")
    price, number = 100, 0
    for _ in range(9):
        act = chance.choice(["close", "close", "reopen", "again", "receive"])
        with open_books(folder) as books, books.database.reading() as connection:
            months = [one.month for one in standing_closings(connection)]
        if act == "close":
            with open_books(folder) as books:
                close(books, BY, max(months, default=JANUARY - 1) + 1, confirm=True)
        elif act == "reopen" and months:
            with open_books(folder) as books:
                reopen(books, BY, max(months), "", "tried out")
        elif act == "again":
            price -= 10
            rows = [dict(row) for row in REGISTERED_ROWS["provisions"]]
            rows[0]["price"] = f"{price}.00"
            change(folder, "provisions", rows)
            with open_books(folder) as books:
                readjudicate(books, BY, ["all"], "a price")
        elif act == "receive":
            number += 1
            receive(folder, [claim(f"N{number}", "H1", "2026-01-15")], [line(f"N{number}", "H1", 1, "S1")])
        assert waiting(folder, far) == set()
    with open_books(folder) as books:
        for month in sorted(_closed(folder), reverse=True):
            reopen(books, BY, month, "", "all again")
        with books.database.reading() as connection:
            assert connection.execute(sa.select(sa.func.sum(REMUNERATIONS.c.amount))).scalar() in (0, None)
            assert connection.execute(sa.select(sa.func.count()).select_from(SETTLEMENTS)).scalar() == 0
    assert waiting(folder, far) == set()


def _closed(folder: Path) -> list[int]:
    with open_books(folder) as books, books.database.reading() as connection:
        return [one.month for one in standing_closings(connection)]


def test_closed_years_are_not_looked_at(new_books: NewBooks, post: Path) -> None:
    folder = new_books(post, JANUARY_DECIDED)
    with open_books(folder) as books:
        for month in range(JANUARY, JANUARY + 3):
            close(books, BY, month, confirm=True)
        with books.database.reading() as connection:
            assert connection.execute(sa.select(sa.func.count()).select_from(UNSETTLED)).scalar() == 0
            assert len(unsettled(connection, last_run(connection), JANUARY + 12).claim_id) == 0


def test_what_is_held_back_says_what_it_is_about(new_books: NewBooks, post: Path) -> None:
    folder = new_books(post, JANUARY_DECIDED)
    claims = [claim("E", "H1", "2026-01-30"), claim("F", "H1", "2026-01-30"), claim("G", "H1", "2026-03-01")]
    lines = [line("E", "H1", 1, "S1", 2), line("F", "H1", 1, "S1"), line("G", "H1", 1, "S1")]
    spoiled = [*lines[:1], dict(lines[1], quantity="-1"), dict(lines[2], quantity="-1")]
    with open_books(folder) as books:
        written = write_claims(folder / "spoiled", claims, spoiled)
        load_claims(books, [written], BY)
        page = close(books, BY, JANUARY)
    # E was received and asks 220.00. F cannot be read; G neither, and is of March.
    assert (page.held_back.entered.claims, page.held_back.entered.asked) == (1, 22_000)
    assert page.held_back.unread.claims == 1
    with open_books(folder) as books:
        mended = write_claims(folder / "mended", claims[1:2], lines[1:2])
        load_claims(books, [mended], BY)
        page = close(books, BY, JANUARY)
    assert (page.held_back.entered.claims, page.held_back.entered.asked) == (2, 33_000)
    assert (page.held_back.unread.claims, page.held_back.unread.asked) == (0, 0)


def test_a_product_of_a_region_pays_facilities_there_by_head(new_books: NewBooks, post: Path) -> None:
    """A health centre elsewhere that treats the insured is paid for what it does."""
    folder = new_books(post, MADE)
    product = folder / "products" / "m.yaml"
    terms = "{facilities: [{level: health_centre}], share: 20%, weights: {visits: 50%, population: 50%}}"
    relative = "{relative_prices: {all: {share: 50%}}"
    text = product.read_text("utf-8").replace(relative, f"{relative}, capitation: {terms}")
    product.write_text(f"{text}location: {{region: R1}}\n", "utf-8")
    places = [*REGISTERED_ROWS["locations"]]
    places += [{"code": "R2", "name": "Elsewhere", "level": "region", "male": 900}]
    places += [{"code": "R1D", "name": "District", "level": "district", "parent": "R1"}]
    hospital, centre = REGISTERED_ROWS["facilities"]
    facilities = [
        dict(hospital, location="R1"),
        dict(centre, location="R2"),
        dict(centre, code="C2", location="R1D"),
        dict(centre, code="C3"),
    ]
    for name, rows in (("locations", places), ("facilities", facilities)):
        write_rows(folder / "registers" / f"{name}.csv", REGISTERS[name], rows)
    write_rows(
        folder / "registers" / "catchments.csv",
        REGISTERS["catchments"],
        [{"facility": code, "location": "R2", "percent": "100"} for code in ("C1", "C2")],
    )
    JANUARY_DECIDED.reach(folder)
    with open_books(folder) as books:
        page = close(books, BY, JANUARY, "R1", confirm=True)
        report = capitation_report(books, Months(JANUARY, JANUARY))
    (payment,) = page.closing.capitation
    # C1 lies in R2; nobody knows where C3 lies. A fifth of 310.00 is 62.00, half of it by population.
    assert {one.facility: one.amount for one in payment.facilities} == {"C2": 3100, "C3": 0}
    assert report.parts[0].rows["facility"].to_pylist() == ["C2", "C3"]
    # A and B, at C1, share the 155.00 for lines: what C1 did is no visit that is paid by head.
    (index,) = page.closing.indexes
    assert (index.lines, index.valuated, index.remunerated) == (2, 30_000, 15_500)


def test_locations_can_be_closed_in_any_order(new_books: NewBooks, country: Path) -> None:
    made: list[dict[str, list[list[object]]]] = []
    for order in (("", "R4"), ("R4", "")):
        folder = new_books(country, DECIDED)
        pages: dict[str, Page] = {}
        for location in order:
            with open_books(folder) as books:
                pages[location] = close(books, BY, JANUARY, location, confirm=True)
        made.append({location: page.record["statements"] for location, page in pages.items()})
    assert made[0] == made[1]


def test_contributions_of_old_are_left_out_without_a_difference(new_books: NewBooks, country: Path) -> None:
    folder = new_books(country, DECIDED)
    codes = ["BASIC", "FAMILY", "PRIMARY"]

    def earned(rows: pa.Table) -> Int64s:
        days = [
            rows[name].cast(pa.int32()).to_numpy().astype(np.int64)
            for name in ("paid", "effective", "expiry")
        ]
        laid = contributions(rows["amount"].to_numpy(), *days)
        group = np.array([codes.index(code) for code in rows["product"].to_pylist()], np.int64)
        return earned_by_month(laid, group, len(codes), JANUARY, 6)

    with open_books(folder) as books, books.database.reading() as connection:
        everything = paid_for(connection, 1, codes)
        recent = paid_for(connection, 1, codes, since=dt.date(2026, 1, 1), changed_after=1)
        assert paid_for(connection, 1, codes, since=dt.date(2026, 1, 1)).num_rows == len(everything)
    assert 0 < len(recent) < len(everything)
    assert (earned(recent) == earned(everything)).all()


def test_a_month_that_is_handed_over_cannot_hide_what_is_left(new_books: NewBooks, post: Path) -> None:
    """Rows that are taken out of the list of what is left are found."""
    folder = new_books(post, JANUARY_DECIDED)
    with open_books(folder) as books:
        close(books, BY, JANUARY, confirm=True)
        with books.database.writing() as connection:
            assert connection.execute(sa.delete(UNSETTLED)).rowcount == 1
        with books.database.reading() as connection:
            keys = [found.key for found in check_closings(connection)]
    assert keys == ["closing.check.unsettled"]
