"""Lists of families: made by one, approved by another, handed over once, and what comes back."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as Tree

import pytest
import sqlalchemy as sa

from adjudicator.benefits.numbers import payment_number
from adjudicator.books.benefits.handing import BenefitFile, benefit_file, export
from adjudicator.books.benefits.payrolls import (
    Payroll,
    Proposal,
    State,
    all_payrolls,
    approve,
    cancel,
    make,
    payroll_of,
    rows_of,
)
from adjudicator.books.benefits.returns import Returned, reconcile
from adjudicator.books.benefits.tracing import trace
from adjudicator.books.benefits.why import why
from adjudicator.books.books import Books, open_books
from adjudicator.books.reconciliation import Found, Reconciliation
from adjudicator.books.verification import verify
from adjudicator.presentation.benefit_files import write_benefit_file
from adjudicator.presentation.credit_transfers import NAMESPACE
from adjudicator.problems import Refused
from adjudicator.store.schema import (
    BENEFIT_EVENTS,
    BENEFIT_TRANSACTIONS,
    ENTITLED,
    PAYROLL_APPROVALS,
    PAYROLL_FILES,
)
from tests.books import states
from tests.books.grants import GRANTS, LISTED, change_families, refused, write_grants, wrong

NewBooks = Callable[[Path, states.State], Path]


@pytest.fixture(scope="session")
def grants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_grants(tmp_path_factory.mktemp("grants") / "scheme")


@pytest.fixture
def folder(new_books: NewBooks, grants: Path) -> Path:
    return new_books(grants, GRANTS)


def amounts(proposal: Proposal) -> dict[str, int]:
    rows = proposal.rows
    return dict(zip(rows["payee"].to_pylist(), rows["amount"].to_pylist(), strict=True))


def made(books: Books, cycle: str = "2026-01") -> int:
    number = make(books, "Amina", "GRANT", cycle, confirm=True).payroll
    assert number is not None
    return number


def handed(books: Books, cycle: str = "2026-01") -> BenefitFile:
    number = made(books, cycle)
    approve(books, "Bola", number)
    return export(books, "Bola", number)


def state(books: Books, number: int) -> State:
    with books.database.reading() as connection:
        return payroll_of(connection, number).state


def returned(
    books: Books, *rows: str, head: str = "transaction,status,amount,reference"
) -> Reconciliation[Returned]:
    path = books.folder / "returned.csv"
    path.write_text("\n".join([head, *rows]), "utf-8")
    return reconcile(books, "Bola", path)


def found(done: Reconciliation[Returned]) -> list[Found]:
    return [row.found for row in done.rows]


N1, N2, N3 = (payment_number(serial) for serial in (1, 2, 3))


def test_a_list_is_shown_then_made_then_nothing_is_left(folder: Path) -> None:
    with open_books(folder) as books:
        shown = make(books, "Amina", "GRANT", "2026-01")
        assert amounts(shown) == LISTED
        assert (shown.families, shown.qualifying, shown.unpayable, shown.payroll) == (6, 4, ("F4",), None)
        assert shown.rows["name"].to_pylist() == ["Name of I-1", "Name of I-3", "Name of I-6"]
        assert shown.rows["account"].to_pylist() == ["071", "072", "073"]
        with books.database.reading() as connection:
            assert all_payrolls(connection) == []
        assert made(books) == 1
        again = make(books, "Amina", "GRANT", "2026-01")
        assert (amounts(again), again.listed) == ({}, 3)
        assert refused(lambda: made(books)) == ["all_listed"]
        # Another cycle is another list; cycles of the same days under another name are none.
        assert made(books, "2026-02") == 2
        plan = folder / "benefits" / "grant.yaml"
        plan.write_text(plan.read_text("utf-8").replace("cycle: month", "cycle: quarter"), "utf-8")
        assert refused(lambda: made(books, "2026-Q1")) == ["overlaps"]
        assert made(books, "2026-Q2") == 3
        assert wrong(books) == []


def test_families_that_qualify_later_are_on_a_second_list(folder: Path) -> None:
    with open_books(folder) as books:
        handed(books)
    change_families(folder, F4={"mobile": " 074 "}, F5={"score": "0"}, F1={"score": "9"})
    with open_books(folder) as books:
        second = make(books, "Amina", "GRANT", "2026-01", confirm=True)
        assert amounts(second) == {"F4": 1000, "F5": 1000}
        assert second.rows["account"].to_pylist() == ["074", "075"]
        assert wrong(books) == []


def test_four_eyes(folder: Path) -> None:
    with open_books(folder) as books:
        number = made(books)
        assert refused(lambda: export(books, "Bola", number)) == ["not_approved"]
        assert refused(lambda: approve(books, " AMINA ", number)) == ["same_person"]
        assert refused(lambda: approve(books, "Bola", 7)) == ["no_payroll"]
        assert approve(books, "Bola", number).state is State.APPROVED
        assert refused(lambda: approve(books, "Chidi", number)) == ["approved"]


def test_a_list_is_handed_over_once(folder: Path) -> None:
    with open_books(folder) as books:
        file = handed(books)
        assert file.rows["amount"].to_pylist() == list(LISTED.values())
        assert (file.total, file.again, state(books, 1)) == (3500, False, State.EXPORTED)
        assert refused(lambda: export(books, "Bola", 1)) == ["nothing_left"]
        copy = benefit_file(books, 1, copy=True)
        assert (copy.rows, copy.hash, copy.copy) == (file.rows, file.hash, True)
        assert refused(lambda: benefit_file(books, 2)) == ["no_file"]
        assert refused(lambda: cancel(books, "Amina", 1, "a mistake")) == ["handed_over"]


def test_a_list_is_cancelled_and_made_again(folder: Path) -> None:
    with open_books(folder) as books:
        number = made(books)
        approve(books, "Bola", number)
        assert refused(lambda: cancel(books, "Amina", number, " ")) == ["no_reason"]
        assert cancel(books, "Amina", number, "a wrong register").state is State.CANCELLED
        assert refused(lambda: export(books, "Bola", number)) == ["cancelled"]
        assert refused(lambda: cancel(books, "Amina", number, "again")) == ["cancelled"]
        assert made(books) == 2
        with books.database.reading() as connection:
            assert [one.number for one in trace(connection, "F1")] == [N1, payment_number(4)]
            assert [one.state for one in trace(connection, "F1")] == ["cancelled", "made"]
        assert wrong(books) == []


def test_what_the_payer_says(folder: Path) -> None:
    with open_books(folder) as books:
        handed(books)
        rows = (f"{N1},paid,12.00,R1", f"{N2.lower()},Échoué,,", f"{N1},paid,,R1", "B00000001-11,paid,,")
        done = returned(books, *rows, f"{payment_number(9)},paid,,", f"{N3},perhaps,,", f"{N3}/2,paid,,")
        assert found(done) == [
            *(Found.PAID, Found.FAILED, Found.DUPLICATE, Found.UNREADABLE),
            *(Found.UNKNOWN, Found.UNREADABLE, Found.NOT_HANDED_OVER),
        ]
        assert (done.open, done.amount(Found.PAID), len(done.findings)) == (1, 1200, 4)
        assert found(returned(books, *rows))[:3] == [Found.DUPLICATE] * 3
        # What failed is handed over again, under a new attempt.
        second = export(books, "Bola", 1)
        assert (second.again, second.rows["attempt"].to_pylist(), second.total) == (True, [2], 1300)
        assert refused(lambda: export(books, "Bola", 1)) == ["nothing_left"]
        # The first answer again says nothing about the second attempt.
        assert found(returned(books, *rows))[:3] == [Found.DUPLICATE] * 3
        assert found(returned(books, f"{N2}/2,failed,,", f"{N3},paid,9.00,", f"{N1},failed,,")) == [
            *(Found.FAILED, Found.DIFFERS, Found.CONTRADICTS)
        ]
        assert export(books, "Bola", 1).rows["attempt"].to_pylist() == [3]
        assert found(returned(books, f"{N2}/3,paid,,R2", f"{N3},paid,,R3", f"{N1},paid,,R9")) == [
            *(Found.PAID, Found.PAID, Found.CONTRADICTS)
        ]
        assert state(books, 1) is State.SETTLED
        with books.database.reading() as connection:
            (one,) = trace(connection, f"{N2}/3")
        steps = [(step.what, step.attempt) for step in one.steps]
        assert steps[2:] == [
            *(("exported", 1), ("failed", 1), ("exported", 2), ("failed", 2)),
            *(("exported", 3), ("paid", 3)),
        ]
        assert refused(lambda: returned(books, "1", head="transaction")) == ["return_file.no_columns"]
        assert wrong(books) == []


def test_what_was_paid_after_all_is_never_paid_again(folder: Path) -> None:
    with open_books(folder) as books:
        handed(books)
        returned(books, f"{N1},failed,,", f"{N2},failed,,", f"{N3},failed,,")
        assert found(returned(books, f"{N1},paid,,R1")) == [Found.AFTER_ALL]
        assert export(books, "Bola", 1).rows["payee"].to_pylist() == ["F2", "F3"]
        # F2's first attempt arrives while the second is under way.
        assert found(returned(books, f"{N2},paid,,R2", f"{N2}/2,failed,,")) == [
            *(Found.AFTER_ALL, Found.DUPLICATE)
        ]
        assert found(returned(books, f"{N2}/2,paid,,R3", f"{N3}/2,failed,,")) == [
            *(Found.CONTRADICTS, Found.FAILED)
        ]
        assert export(books, "Bola", 1).rows["payee"].to_pylist() == ["F3"]
        assert wrong(books) == []


def test_what_failed_goes_to_the_account_that_is_registered_now(folder: Path) -> None:
    with open_books(folder) as books:
        made(books)
        approve(books, "Bola", 1)
    change_families(folder, F1={"mobile": "099"}, F2={"mobile": ""})
    with open_books(folder) as books:
        # What was approved is what is handed over.
        assert export(books, "Bola", 1).rows["account"].to_pylist() == ["071", "072", "073"]
        returned(books, f"{N1},failed,,", f"{N2},failed,,")
        assert export(books, "Bola", 1).rows["account"].to_pylist() == ["099", "072"]
        assert benefit_file(books, 1).rows["account"].to_pylist() == ["071", "072", "073"]
        assert wrong(books) == []


def _event(transaction: int, number: int, what: str, **values: object) -> sa.Insert:
    before = {1: None}.get(number, number - 1)
    row = {"transaction": transaction, "number": number, "what": what, "attempt": 1, "journal": 1}
    return sa.insert(BENEFIT_EVENTS).values(**row | {"before": before} | values)


FORBIDDEN: list[sa.Insert | sa.Delete] = [
    sa.insert(ENTITLED).values(plan="GRANT", cycle="2026-01", payee="F1", transaction=4),
    _event(1, 1, "exported", file=1),
    _event(1, 3, "exported", file=1, came_to="paid"),
    _event(1, 3, "exported", file=1, came_to="failed"),
    _event(1, 3, "paid", came_to="paid"),
    _event(3, 2, "exported", file=1, came_to="exported"),
    _event(3, 2, "exported", file=1, came_to=None),
    _event(3, 2, "exported", file=1, came_to="failed"),
    _event(3, 3, "exported", file=1, came_to="failed"),
    _event(4, 1, "exported", file=1),
    _event(4, 1, "paid"),
    sa.delete(ENTITLED).where(ENTITLED.c.payee == "F1"),
    sa.insert(PAYROLL_APPROVALS).values(payroll=2, journal=1, maker="Amina", by="Amina"),
    sa.insert(PAYROLL_APPROVALS).values(payroll=2, journal=1, maker="Bola", by="Amina"),
    sa.insert(PAYROLL_FILES).values(file=2, payroll=2, journal=1, attempts=1, total=1, hash=""),
]
"""What the keys of the database refuse, whatever a program does."""


def test_keys_let_nobody_be_paid_twice(folder: Path) -> None:
    with open_books(folder) as books:
        handed(books)
        returned(books, f"{N1},paid,,", f"{N2},failed,,")
        made(books, "2026-02")
        cancel(books, "Amina", 2, "a mistake")
        for row in FORBIDDEN:
            with pytest.raises(Refused) as caught, books.database.writing() as connection:
                connection.execute(row)
            assert [problem.what.key for problem in caught.value.problems] == ["store.constraint"], row


def test_verification_finds_what_was_changed(folder: Path) -> None:
    rows = BENEFIT_TRANSACTIONS
    changes = {
        "check.rows": sa.update(rows).where(rows.c.payee == "F1").values(amount=1300),
        "check.outcomes": sa.update(BENEFIT_EVENTS)
        .where(BENEFIT_EVENTS.c.what == "paid")
        .values(reference="R2"),
        "check.file": sa.update(BENEFIT_EVENTS)
        .where(BENEFIT_EVENTS.c.what == "exported", BENEFIT_EVENTS.c.transaction == 3)
        .values(account="1"),
        "check.entitled": sa.delete(ENTITLED).where(ENTITLED.c.cycle == "2026-02", ENTITLED.c.payee == "F1"),
    }
    with open_books(folder) as books:
        handed(books)
        returned(books, f"{N1},paid,,R1")
        made(books, "2026-02")
        assert wrong(books) == []
        for key, change in changes.items():
            with books.database.writing() as connection:
                connection.execute(change)
            told = [finding.what.key.removeprefix("benefits.") for finding in verify(books).findings]
            assert key in told


def test_files_for_the_payer(folder: Path, tmp_path: Path) -> None:
    settings = folder / "scheme.yaml"
    payer = "closing: {payer: {name: Scheme, account: GB33 BUKB 2020 1555 5555 55}}\n"
    settings.write_text(payer + settings.read_text("utf-8"), "utf-8")
    with open_books(folder) as books:
        handed(books)
        returned(books, f"{N1},failed,,")
        again = export(books, "Bola", 1)
        first, message = write_benefit_file(books, benefit_file(books, 1), tmp_path)
        listed = list(csv.DictReader(io.StringIO(first.read_text("utf-8"))))
        assert [row["transaction"] for row in listed] == [N1, N2, N3]
        assert [row["amount"] for row in listed] == ["12.00", "13.00", "10.00"]
        root = Tree.fromstring(message.read_text("utf-8"))
        space = {"x": NAMESPACE}
        assert [one.text for one in root.findall(".//x:CtrlSum", space)] == ["35.00"] * 2
        numbers = [one.text or "" for one in root.findall(".//x:EndToEndId", space)]
        second, message = write_benefit_file(books, again, tmp_path)
        assert f"{N1}/2" in second.read_text("utf-8")
        root = Tree.fromstring(message.read_text("utf-8"))
        numbers += [one.text or "" for one in root.findall(".//x:EndToEndId", space)]
        assert len({*numbers}) == 4
        assert max(map(len, numbers)) <= 35
        copies = write_benefit_file(books, benefit_file(books, 1, copy=True), tmp_path)
        assert [path.name for path in copies] == [
            "payroll-0001-file-0001-copy.csv",
            "payroll-0001-file-0001-copy-pain.001.xml",
        ]
        assert "true" in copies[0].read_text("utf-8")


def test_why(folder: Path) -> None:
    with open_books(folder) as books:
        told = why(books, "GRANT", "2026-01", "F2")
        assert (told.answer.amount, [share.amount for share in told.answer.shares]) == (1300, [1000, 400])
        assert [(field.path, cell) for field, cell in told.seen] == [("attribute.score", 0)]
        assert len(told.members) == 3
        assert why(books, "GRANT", "2026-01", "F6").answer.amount == 0
        assert refused(lambda: why(books, "GRANT", "2026-01", "F9")) == ["no_family"]
        assert refused(lambda: why(books, "GRNT", "2026-01", "F1")) == ["no_plan"]
        assert refused(lambda: why(books, "BIRTH", "2026-01", "F1")) == ["other_kind.vouchers"]


def test_everything_about_a_list(folder: Path) -> None:
    with open_books(folder) as books:
        handed(books)
        returned(books, f"{N1},paid,,R1", f"{N2},failed,,")
        with books.database.reading() as connection:
            (payroll,) = all_payrolls(connection)
            rows = rows_of(connection, 1)
            assert refused(lambda: trace(connection, "F9")) == ["nothing_traced"]
        assert isinstance(payroll, Payroll)
        assert {name: (one.count, one.amount) for name, one in payroll.tallies.items()} == {
            "paid": (1, 1200),
            "failed": (1, 1300),
            "exported": (1, 1000),
        }
        assert rows["what"].to_pylist() == ["paid", "failed", "exported"]
        assert rows["reference"].to_pylist() == ["R1", None, None]
