"""Payments: made once, handed over once, and what the payer says of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as Tree

import pytest
import sqlalchemy as sa

from adjudicator.books.books import Books, open_books
from adjudicator.books.closing.close import close
from adjudicator.books.closing.payments import (
    PaymentState,
    all_payments,
    due,
    export,
    payment_file,
)
from adjudicator.books.closing.returns import Returned, reconcile
from adjudicator.books.readjudication import readjudicate
from adjudicator.books.reconciliation import Found, Reconciliation
from adjudicator.books.review.settled import settled
from adjudicator.presentation.credit_transfers import NAMESPACE
from adjudicator.presentation.payment_files import pain_001, write_payment_file
from adjudicator.problems import Refused
from adjudicator.remuneration.months import read_month
from adjudicator.scheme import Payer
from adjudicator.store.schema import CLAIMS, CLOSED_MONTHS, PAID_STATEMENTS, SETTLEMENTS
from tests.books.clinic import BOTH_DECIDED, REGISTERED_ROWS, change, claim, line, receive, write_clinic
from tests.books.states import BY, State

NewBooks = Callable[[Path, State], Path]


def close_months(folder: Path, *months: str) -> None:
    with open_books(folder) as books:
        for month in months:
            close(books, BY, read_month(month), confirm=True)


CLOSED = State("January closed for payment", BOTH_DECIDED, lambda folder: close_months(folder, "2026-01"))


@pytest.fixture(scope="session")
def till(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clinic(tmp_path_factory.mktemp("till") / "scheme")


@pytest.fixture
def folder(new_books: NewBooks, till: Path) -> Path:
    """Books with January closed: its pool of 155.00 is for A and D, and for B, which waits."""
    return new_books(till, CLOSED)


def returned(
    books: Books, *rows: str, head: str = "payment,status,amount,reference"
) -> Reconciliation[Returned]:
    path = books.folder / "returned.csv"
    path.write_text("\n".join([head, *rows]), "utf-8")
    return reconcile(books, BY, path)


def found(done: Reconciliation[Returned]) -> list[Found]:
    return [row.found for row in done.rows]


def states(books: Books) -> dict[int, PaymentState]:
    with books.database.reading() as connection:
        return {one.payment: one.state for one in all_payments(connection)}


def refused(do: Callable[[], object]) -> list[str]:
    with pytest.raises(Refused) as caught:
        do()
    return [problem.what.key for problem in caught.value.problems]


def test_everything_is_handed_over_once(folder: Path) -> None:
    with open_books(folder) as books:
        file = export(books, "Bola")
        assert [(one.payment, one.facility, one.amount) for one in file.payments] == [
            (1, "C1", 3875),
            (2, "H1", 3875),
        ]
        assert refused(lambda: export(books, "Bola")) == ["payment.nothing_left"]
        copy = payment_file(books, 1, copy=True)
        assert (copy.payments, copy.hash, copy.copy) == (file.payments, file.hash, True)
        assert refused(lambda: payment_file(books, 2)) == ["payment.no_file"]
        close(books, BY, read_month("2026-02"), confirm=True)
        close(books, BY, read_month("2026-03"), confirm=True)
        second = export(books, "Bola")
    # February pays C 140.00; March pays B its 77.50 of January and 90.00.
    assert [(one.payment, one.facility, one.amount) for one in second.payments] == [
        (3, "C1", 7750 + 9000),
        (4, "H1", 14_000),
    ]
    assert [owed.month for owed in second.payments[0].statements] == ["2026-03"]


@pytest.mark.parametrize(
    "row",
    [
        sa.insert(PAID_STATEMENTS).values(closing=1, facility="H1", payment=1),
        sa.insert(CLOSED_MONTHS).values(location="", month="2026-01", closing=1),
        sa.insert(SETTLEMENTS).from_select(
            ["claim_id", "run", "closing"], sa.select(SETTLEMENTS.c.claim_id, SETTLEMENTS.c.run, 1)
        ),
    ],
    ids=["payment", "month", "claim"],
)
def test_keys_let_nothing_be_paid_twice(folder: Path, row: sa.Insert) -> None:
    with open_books(folder) as books:
        export(books, "Bola")

        def again() -> None:
            with books.database.writing() as connection:
                connection.execute(row)

        assert refused(again) == ["store.constraint"]


def test_payers_say_it_in_their_language(folder: Path) -> None:
    with open_books(folder) as books:
        export(books, "Bola")
        # An accent may come as a letter of its own.
        assert found(returned(books, "1,Payé,,", "2,E\u0301CHOUE\u0301,,")) == [Found.PAID, Found.FAILED]


def test_what_the_payer_says(folder: Path) -> None:
    with open_books(folder) as books:
        export(books, "Bola")
        rows = ("1,paid,38.75,R1", "2,failed,,", "1,paid,,R1", "7,paid,,", "x,paid,,", "2,perhaps,,")
        done = returned(books, *rows)
        assert found(done) == [
            *(Found.PAID, Found.FAILED, Found.DUPLICATE, Found.UNKNOWN),
            *(Found.UNREADABLE, Found.UNREADABLE),
        ]
        assert done.open == 0
        assert states(books) == {1: PaymentState.PAID, 2: PaymentState.FAILED}
        # What failed is handed over again under its number.
        second = export(books, "Bola")
        assert [(one.payment, one.amount) for one in second.payments] == [(2, 3875)]
        # The first answer again says nothing about the second try.
        assert found(returned(books, *rows))[:3] == [Found.DUPLICATE] * 3
        assert states(books)[2] is PaymentState.EXPORTED
        assert found(returned(books, "1,2,failed", head="file,payment,status")) == [Found.DUPLICATE]
        assert found(returned(books, "2,paid,99.00,")) == [Found.DIFFERS]
        assert found(returned(books, "2,paid,38.75,R2", "1,failed,,", "1,paid,,R9")) == [
            *(Found.PAID, Found.CONTRADICTS, Found.CONTRADICTS),
        ]
        assert states(books) == {1: PaymentState.PAID, 2: PaymentState.PAID}
        assert refused(lambda: returned(books, "1", head="payment")) == ["return_file.no_columns"]


def test_claims_are_paid_when_their_payment_is(folder: Path) -> None:
    with open_books(folder) as books:

        def of_claims() -> dict[str, PaymentState | None]:
            with books.database.reading() as connection:
                found = {
                    row.claim: settled(connection, row.claim_id, row.facility)
                    for row in connection.execute(sa.select(CLAIMS))
                }
            return {claim: one.state for claim, one in found.items() if one is not None}

        # B waits for Q, and C is of February.
        assert of_claims() == {"A": None, "D": None, "X": None}
        export(books, "Bola")
        assert of_claims()["A"] is PaymentState.EXPORTED
        returned(books, "2,paid,,")
        assert of_claims() == {
            "A": PaymentState.PAID,
            "D": PaymentState.EXPORTED,
            "X": PaymentState.EXPORTED,
        }


def test_what_a_facility_owes_is_set_off(folder: Path) -> None:
    with open_books(folder) as books:
        export(books, "Bola")
    change(folder, "provisions", REGISTERED_ROWS["provisions"][1:])
    with open_books(folder) as books:
        readjudicate(books, BY, ["H1/A", "H1/C"], "not in the register")
        close(books, BY, read_month("2026-02"), confirm=True)
        with books.database.reading() as connection:
            assert [(one.facility, one.amount) for one in due(connection)] == [("H1", -3875)]
        assert refused(lambda: export(books, "Bola")) == ["payment.nothing_left"]
        close(books, BY, read_month("2026-03"), confirm=True)
        assert [(one.facility, one.amount) for one in export(books, "Bola").payments] == [("C1", 16_750)]
    # In April M earns 300.00, and half of it is for one claim of H1.
    change(folder, "provisions", REGISTERED_ROWS["provisions"])
    receive(folder, [claim("E", "H1", "2026-04-02")], [line("E", "H1", 1, "S1")])
    with open_books(folder) as books:
        close(books, BY, read_month("2026-04"), confirm=True)
        (payment,) = export(books, "Bola").payments
    assert (payment.facility, payment.amount) == ("H1", 15_000 - 3875)
    assert [owed.month for owed in payment.statements] == ["2026-02", "2026-04"]


def test_lists_and_bookings_add_up(folder: Path, tmp_path: Path) -> None:
    with open_books(folder) as books:
        file = export(books, "Bola")
        written = write_payment_file(books, file, tmp_path / "bank")
        copies = write_payment_file(books, payment_file(books, 1, copy=True), tmp_path / "bank")
    assert [path.name for path in written] == ["payments-0001.csv", "payments-0001-accounts.csv"]
    assert [path.name for path in copies] == ["payments-0001-copy.csv", "payments-0001-copy-accounts.csv"]
    listed, booked = (list(csv.DictReader(io.StringIO(path.read_text("utf-8")))) for path in written)
    assert [row["amount"] for row in listed] == ["38.75", "38.75"]
    assert [(row["facility_account"], row["product_account"], row["amount"]) for row in booked] == [
        ("4021", "6110", "38.75"),
        ("4011", "6110", "38.75"),
    ]
    assert "true" in copies[0].read_text("utf-8")


_STRUCTURE = {
    "Document": ["CstmrCdtTrfInitn"],
    "CstmrCdtTrfInitn": ["GrpHdr", "PmtInf"],
    "GrpHdr": ["MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "InitgPty"],
    "InitgPty": ["Nm"],
    "PmtInf": [
        *("PmtInfId", "PmtMtd", "NbOfTxs", "CtrlSum", "ReqdExctnDt", "Dbtr", "DbtrAcct", "DbtrAgt"),
        *("CdtTrfTxInf", "CdtTrfTxInf"),
    ],
    "ReqdExctnDt": ["Dt"],
    "Dbtr": ["Nm"],
    "DbtrAcct": ["Id"],
    "DbtrAgt": ["FinInstnId"],
    "CdtTrfTxInf": ["PmtId", "Amt", "Cdtr", "CdtrAcct", "RmtInf"],
    "PmtId": ["EndToEndId"],
    "Amt": ["InstdAmt"],
    "Cdtr": ["Nm"],
    "CdtrAcct": ["Id"],
    "RmtInf": ["Ustrd"],
}
"""The parts of the message, in the order in which the standard has them."""

_LONGEST = {"MsgId": 35, "PmtInfId": 35, "EndToEndId": 35, "Nm": 140, "Ustrd": 140}


@pytest.mark.parametrize(
    ("account", "kept"),
    [("GB33 BUKB 2020 1555 5555 55", "GB33BUKB20201555555555"), ("000/123-4", "000/123-4")],
)
def test_the_message_for_a_bank_is_as_the_standard_has_it(folder: Path, account: str, kept: str) -> None:
    payer = Payer.model_validate({"name": "Caisse d’Épargne & Santé " * 10, "account": account})
    with open_books(folder) as books:
        file = export(books, "Bola")
        content = pain_001(books, file, payer)
        assert pain_001(books, payment_file(books, 1), payer) == content
        assert b"COPY" in pain_001(books, payment_file(books, 1, copy=True), payer)
    root = Tree.fromstring(content)
    for element in root.iter():
        name = element.tag.removeprefix(f"{{{NAMESPACE}}}")
        children = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in element]
        if name in _STRUCTURE:
            assert children == _STRUCTURE[name]
        if not children:
            assert element.text
            assert element.text.isascii()
            assert len(element.text) <= _LONGEST.get(name, 50)
    space = {"x": NAMESPACE}
    amounts = root.findall(".//x:InstdAmt", space)
    assert [(amount.text, amount.get("Ccy")) for amount in amounts] == [("38.75", "KES")] * 2
    assert [one.text for one in root.findall(".//x:CtrlSum", space)] == ["77.50"] * 2
    numbers = [one.text for one in root.findall(".//x:EndToEndId", space)]
    assert len({*numbers}) == 2
    (debtor,) = root.findall(".//x:DbtrAcct/x:Id", space)
    assert [one.text for one in debtor.iter() if one.text and one.text.strip()] == [kept]
