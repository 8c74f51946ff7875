"""Closing months of a scheme that is small enough to be worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from adjudicator.books.books import open_books
from adjudicator.books.closing.close import close
from adjudicator.books.closing.page import Page
from adjudicator.books.closing.payments import export
from adjudicator.books.closing.periods import all_closings, standing_closings
from adjudicator.books.closing.reopening import reopen
from adjudicator.books.closing.verification import check_closings
from adjudicator.books.readjudication import readjudicate
from adjudicator.problems import Refused
from adjudicator.remuneration.months import read_month
from adjudicator.remuneration.statements import Part
from adjudicator.store import journal
from adjudicator.store.journal import Act
from adjudicator.store.schema import CLAIMS, REMUNERATIONS, REVIEW_LINES, REVIEWS, STATEMENT_ROWS, STATEMENTS
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
from tests.books.dump import dump
from tests.books.folders import write_rows
from tests.books.states import BY, MADE, State

NewBooks = Callable[[Path, State], Path]


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scheme whose months can be closed by hand; not to be changed."""
    return write_clinic(tmp_path_factory.mktemp("clinic") / "scheme")


@pytest.fixture
def folder(new_books: NewBooks, clinic: Path) -> Path:
    """Its books with the claims of January decided."""
    return new_books(clinic, JANUARY_DECIDED)


def closed(folder: Path, month: str, by: str = BY, confirm: bool = True, propose: bool = False) -> Page:
    with open_books(folder) as books:
        return close(books, by, read_month(month), confirm=confirm, propose=propose)


def proposed(folder: Path, month: str, by: str) -> Page:
    return closed(folder, month, by, confirm=False, propose=True)


def reopened(folder: Path, month: str, reason: str = "a mistake") -> None:
    with open_books(folder) as books:
        reopen(books, BY, read_month(month), "", reason)


def refused(do: Callable[[], object]) -> list[str]:
    with pytest.raises(Refused) as caught:
        do()
    return [problem.what.key for problem in caught.value.problems]


def rows(folder: Path, closing: int) -> list[tuple[str, str, str, str, int]]:
    """Give the rows of the statements of a closing: facility, product, part, month of origin, amount."""
    table = STATEMENT_ROWS
    with open_books(folder) as books, books.database.reading() as connection:
        found = connection.execute(sa.select(table).where(table.c.closing == closing)).all()
    return sorted((row.facility, row.product, Part(row.part).word, row.origin, row.amount) for row in found)


def totals(folder: Path, closing: int) -> dict[str, int]:
    table = STATEMENTS
    with open_books(folder) as books, books.database.reading() as connection:
        found = connection.execute(sa.select(table).where(table.c.closing == closing)).all()
    return {row.facility: row.amount for row in found}


def receive_february(folder: Path) -> None:
    receive(
        folder,
        [claim("C", "H1", "2026-02-05"), claim("D", "C1", "2026-01-25")],
        [line("C", "H1", 1, "S1"), line("D", "C1", 1, "S1")],
    )


def test_a_quarter_worked_by_hand(folder: Path) -> None:
    # M earned 310.00 in January; half of it is 155.00 for lines of 100.00 + 200.00. A has 51.67 of it and B
    # 103.33, but B waits for the quarter of Q. X is rejected, and on the statement of C1 for nothing.
    january = closed(folder, "2026-01")
    (index,) = january.closing.indexes
    assert (index.allocated, index.valuated, str(index.shown)) == (31_000, 30_000, "0.5167")
    assert rows(folder, 1) == [("H1", "M", "relative_prices", "2026-01", 5167)]
    assert totals(folder, 1) == {"C1": 0, "H1": 5167}
    assert (january.settled.claims, january.rejected, january.held_back.waiting.claims) == (1, 1, 1)
    # In February M earned 280.00: 140.00 for C and for D, which came late and is of January.
    receive_february(folder)
    february = closed(folder, "2026-02")
    assert rows(folder, 2) == [
        ("C1", "M", "relative_prices", "2026-01", 7000),
        ("H1", "M", "relative_prices", "2026-02", 7000),
    ]
    assert [(one.claims, one.amount) for one in february.late] == [(1, 7000)]
    assert [(one.facility, one.before, one.now) for one in february.facilities] == [
        ("C1", 0, 7000),
        ("H1", 5167, 7000),
    ]
    # In March the quarter of Q closes: 31.00 + 28.00 + 31.00 for 40.00. B keeps its 103.33 of January.
    march = closed(folder, "2026-03")
    assert rows(folder, 3) == [
        ("C1", "M", "relative_prices", "2026-01", 10_333),
        ("C1", "Q", "relative_prices", "2026-01", 9000),
    ]
    assert march.held_back.waiting.claims == 0
    assert [index.allocated for index in march.closing.indexes] == [31_000, 9000]
    assert march.closing.total == 19_333
    assert closed(folder, "2026-04").closing.total == 0


def test_a_dry_run_changes_nothing_and_comes_to_the_same(folder: Path) -> None:
    before = dump(folder)
    page = closed(folder, "2026-01", confirm=False)
    assert dump(folder) == before
    assert page.booked is None
    booked = closed(folder, "2026-01")
    assert (booked.hash, booked.record) == (page.hash, page.record)
    with open_books(folder) as books, books.database.reading() as connection:
        (closing,) = all_closings(connection)
    assert closing.record == page.record


def test_a_month_is_closed_once_and_in_order(folder: Path) -> None:
    closed(folder, "2026-01")
    assert refused(lambda: closed(folder, "2026-01")) == ["closing.closed"]
    assert refused(lambda: closed(folder, "2026-01", confirm=False)) == ["closing.closed"]
    assert refused(lambda: closed(folder, "2026-03")) == ["closing.out_of_order"]
    assert refused(lambda: closed(folder, "2025-12")) == ["closing.out_of_order"]
    with open_books(folder) as books:
        assert refused(lambda: close(books, BY, read_month("2026-02"), "R1")) == ["closing.no_product_there"]


def test_closing_and_reopening_leaves_nothing(folder: Path) -> None:
    first = closed(folder, "2026-01")
    assert refused(lambda: reopened(folder, "2026-01", " ")) == ["closing.no_reason"]
    reopened(folder, "2026-01")
    table = REMUNERATIONS
    with open_books(folder) as books, books.database.reading() as connection:
        left = sa.select(sa.func.sum(table.c.amount), sa.func.sum(table.c.valuated))
        assert tuple(connection.execute(left).one()) == (0, 0)
        assert connection.execute(sa.select(sa.func.sum(STATEMENTS.c.amount))).scalar_one() == 0
        assert standing_closings(connection) == []
        assert [one.entry for one in all_closings(connection)] == [1, -1]
    assert refused(lambda: reopened(folder, "2026-01")) == ["closing.is_open"]
    again = closed(folder, "2026-01")
    assert again.record == first.record
    assert again.booked == 3
    receive_february(folder)
    closed(folder, "2026-02")
    assert refused(lambda: reopened(folder, "2026-01")) == ["closing.not_the_last"]
    assert rows(folder, 4)[0] == ("C1", "M", "relative_prices", "2026-01", 7000)


def test_a_claim_that_is_decided_again_is_corrected(folder: Path) -> None:
    closed(folder, "2026-01")
    provisions = [dict(row) for row in REGISTERED_ROWS["provisions"]]
    provisions[0]["price"] = "80.00"
    change(folder, "provisions", provisions)
    with open_books(folder) as books:
        readjudicate(books, BY, ["H1/A"], "a price put right")
    # In February half of 280.00 is for A alone, which gives back its 51.67.
    closed(folder, "2026-02")
    assert rows(folder, 2) == [("H1", "M", "corrections", "2026-01", 14_000 - 5167)]
    # Nothing of it is counted again.
    assert closed(folder, "2026-03").closing.settled.sum() == 2
    reopened(folder, "2026-03")
    reopened(folder, "2026-02")
    closed(folder, "2026-02")
    assert rows(folder, 6) == [("H1", "M", "corrections", "2026-01", 14_000 - 5167)]


def test_a_claim_that_is_rejected_later_is_taken_back(folder: Path) -> None:
    closed(folder, "2026-01")
    change(folder, "provisions", REGISTERED_ROWS["provisions"][1:])
    with open_books(folder) as books:
        readjudicate(books, BY, ["H1/A"], "not in the register")
    closed(folder, "2026-02")
    assert rows(folder, 2) == [("H1", "M", "corrections", "2026-01", -5167)]
    assert closed(folder, "2026-03", confirm=False).closing.total == 10_333 + 9000


def test_contributions_that_come_to_be_known_late_are_counted_once(folder: Path) -> None:
    closed(folder, "2026-01")
    # 365.00 more for M, paid in January: 31.00 of January and 28.00 of February are counted in February.
    more = {"contribution": "K3", "policy": "PM", "paid": "2026-01-01", "amount": "365.00"}
    change(folder, "contributions", [*REGISTERED_ROWS["contributions"], more])
    receive_february(folder)
    page = closed(folder, "2026-02")
    assert page.allocated["M", read_month("2026-02")] == 28_000 + 3100 + 2800
    # It is taken out again: March takes back what was counted, and counts nothing more of it.
    change(folder, "contributions", REGISTERED_ROWS["contributions"])
    page = closed(folder, "2026-03")
    assert page.allocated["M", read_month("2026-03")] == 31_000 - 3100 - 2800
    assert page.allocated["Q", read_month("2026-02")] == 2800


def test_a_second_person_confirms(folder: Path) -> None:
    assert refused(lambda: proposed(folder, "2026-01", "Bola")) == ["closing.no_second_person"]
    settings = folder / "scheme.yaml"
    settings.write_text(f"closing: {{second_person: true}}\n{settings.read_text('utf-8')}", "utf-8")
    assert refused(lambda: closed(folder, "2026-01", "Bola")) == ["closing.not_proposed"]
    page = proposed(folder, "2026-01", "Amina")
    assert (page.booked, page.proposed_by) == (None, "Amina")
    assert refused(lambda: closed(folder, "2026-01", " amina")) == ["closing.same_person"]
    receive(folder, [claim("E", "H1", "2026-01-30")], [line("E", "H1", 1, "S1")])
    assert refused(lambda: closed(folder, "2026-01", "Bola")) == ["closing.changed"]
    proposed(folder, "2026-01", "Amina")
    page = closed(folder, "2026-01", "Bola")
    assert page.booked == 1
    assert refused(lambda: closed(folder, "2026-01", "Bola")) == ["closing.closed"]


def test_a_month_that_is_being_paid_stays_closed(folder: Path) -> None:
    closed(folder, "2026-01")
    with open_books(folder) as books:
        export(books, BY)
    assert refused(lambda: reopened(folder, "2026-01")) == ["closing.being_paid"]


def test_the_order_of_facilities_does_not_matter(new_books: NewBooks, clinic: Path) -> None:
    folders = [new_books(clinic, BOTH_DECIDED) for _ in range(2)]
    change(folders[1], "facilities", [dict(row, name="Other") for row in REGISTERED_ROWS["facilities"][::-1]])
    pages = [closed(folder, "2026-01") for folder in folders]
    assert pages[0].closing.statements == pages[1].closing.statements
    assert pages[0].record["entries"] == pages[1].record["entries"]


def test_claims_of_products_of_two_locations_wait_for_both(new_books: NewBooks, clinic: Path) -> None:
    folder = new_books(clinic, MADE)
    product = folder / "products" / "q.yaml"
    product.write_text(f"{product.read_text('utf-8')}location: {{region: R1}}\n", "utf-8")
    JANUARY_DECIDED.reach(folder)
    closed(folder, "2026-01")
    with open_books(folder) as books:
        # Q is closed at R1, for the first time in the last month of its quarter.
        page = close(books, BY, read_month("2026-03"), "R1", confirm=True)
    assert page.products == ("Q",)
    assert rows(folder, 2) == [
        ("C1", "M", "relative_prices", "2026-01", 10_333),
        ("C1", "Q", "relative_prices", "2026-01", 9000),
    ]
    assert refused(lambda: reopened(folder, "2026-01")) == ["closing.used"]
    with open_books(folder) as books:
        reopen(books, BY, read_month("2026-03"), "R1", "too early")
    reopened(folder, "2026-01")


def test_what_is_changed_in_the_books_is_found(folder: Path) -> None:
    closed(folder, "2026-01")
    closed(folder, "2026-02")
    reopened(folder, "2026-02")
    with open_books(folder) as books:
        export(books, BY)
        with books.database.reading() as connection:
            assert check_closings(connection) == []
        with books.database.writing() as connection:
            for change_of in (
                "UPDATE remunerations SET amount = amount + 1 WHERE closing = 1",
                "UPDATE payments SET amount = amount + 1",
                'UPDATE closings SET record = \'{"reason": "none"}\' WHERE closing = 3',
                "DELETE FROM closed_months WHERE closing = 1",
            ):
                connection.exec_driver_sql(change_of)
        with books.database.reading() as connection:
            found = sorted(found.key.rpartition(".")[2] for found in check_closings(connection))
    assert found == ["closed_months", "journal", "payments", "rows", "sums"]


def test_what_is_under_review_is_held_back_and_settled_later(folder: Path) -> None:
    with open_books(folder) as books, books.database.writing() as connection:
        query = sa.select(CLAIMS.c.claim_id).where(CLAIMS.c.claim == "A")
        reviewed = connection.execute(query).scalar_one()
        entry = journal.append(connection, Act("Dr. Chanda", "review"), {"claim": "A"})
        review = {"review": 1, "journal": entry, "claim_id": reviewed, "officer": "Dr. Chanda"}
        connection.execute(sa.insert(REVIEWS).values(**review))
        row = {"review": 1, "line": 1, "price_approved": 6000}
        connection.execute(sa.insert(REVIEW_LINES).values(**row))
    page = closed(folder, "2026-01")
    # B has all of the 155.00 of January for its 200.00.
    assert (page.held_back.in_review.claims, page.held_back.in_review.valuated) == (1, 10_000)
    assert [index.valuated for index in page.closing.indexes] == [20_000]
    with open_books(folder) as books:
        readjudicate(books, BY, ["reviewed"], "the review")
    page = closed(folder, "2026-02")
    # A, at 60.00, is the only line of February: it is no correction, for it was never settled.
    assert rows(folder, 2) == [("H1", "M", "relative_prices", "2026-01", 14_000)]
    assert [(one.claims, one.amount) for one in page.late] == [(1, 14_000)]


def test_capitation_worked_by_hand(new_books: NewBooks, clinic: Path) -> None:
    folder = new_books(clinic, MADE)
    product = folder / "products" / "m.yaml"
    terms = "{facilities: [{level: health_centre}], share: 20%, weights: {population: 50%, visits: 50%}}"
    relative = "{relative_prices: {all: {share: 50%}}"
    text = product.read_text("utf-8").replace(relative, f"{relative}, capitation: {terms}")
    product.write_text(text, "utf-8")
    centre = dict(REGISTERED_ROWS["facilities"][1], code="C2", account_code="4022")
    write_rows(
        folder / "registers" / "facilities.csv",
        REGISTERS["facilities"],
        [*REGISTERED_ROWS["facilities"], centre],
    )
    write_rows(
        folder / "registers" / "catchments.csv",
        REGISTERS["catchments"],
        [
            {"facility": code, "location": "R1", "percent": percent}
            for code, percent in (("C1", "75"), ("C2", "25"))
        ],
    )
    JANUARY_DECIDED.reach(folder)
    page = closed(folder, "2026-01")
    # A fifth of 310.00 is 62.00: 31.00 by population, three quarters of it to C1, and 31.00 for the one claim
    # with a line that M pays, B of C1. That line is paid nothing; A has all of the 155.00 for lines.
    (payment,) = page.closing.capitation
    assert {one.facility: one.amount for one in payment.facilities} == {"C1": 2325 + 3100, "C2": 775}
    assert rows(folder, 1) == [
        ("C1", "M", "capitation", "2026-01", 5425),
        ("C2", "M", "capitation", "2026-01", 775),
        ("H1", "M", "relative_prices", "2026-01", 15_500),
    ]
    closed(folder, "2026-02")
    # When the quarter of Q closes, B is settled: 90.00 for its item, and nothing for its service.
    closed(folder, "2026-03")
    assert ("C1", "M", "capitation", "2026-01", 0) in rows(folder, 3)
    assert ("C1", "Q", "relative_prices", "2026-01", 9000) in rows(folder, 3)
