"""What is handed to the payer of a list: a list of payments, and for a bank a pain.001 message."""

from __future__ import annotations

from pathlib import Path

from adjudicator.benefits.numbers import payment_number
from adjudicator.books.benefits.handing import BenefitFile
from adjudicator.books.benefits.payrolls import FACILITIES
from adjudicator.books.benefits.voucher_claims import vouchers_of_list
from adjudicator.books.books import Books
from adjudicator.presentation.credit_transfers import Transfer, credit_transfers
from adjudicator.presentation.handed_over import amount_of, as_csv, write_contents


def handed_number(transaction: int, attempt: int) -> str:
    """Write the number of a payment as it is handed over: every attempt has its own."""
    number = payment_number(transaction)
    return number if attempt == 1 else f"{number}/{attempt}"


def write_benefit_file(books: Books, file: BenefitFile, folder: Path) -> list[Path]:
    """Write what is handed to the payer into a folder; the message only where the payer's account is known.

    Returns:
        The files.
    """
    name = f"payroll-{file.payroll.payroll:04}-file-{file.file:04}" + ("-copy" if file.copy else "")
    contents = {f"{name}.csv": benefit_list(books, file)}
    if file.payroll.kind == FACILITIES:
        contents[f"{name}-vouchers.csv"] = voucher_list(books, file)
    if books.settings.closing.payer is not None:
        contents[f"{name}-pain.001.xml"] = benefit_message(books, file)
    return write_contents(folder, contents)


def benefit_list(books: Books, file: BenefitFile) -> bytes:
    """Write the list of payments as CSV: a row a payment.

    It comes back with ``status`` (paid or failed), and perhaps ``reference`` and ``reason``.
    """
    head = ["transaction", "payee", "name", "account", "amount", "currency", "plan", "cycle", "file", "copy"]
    payroll, currency = file.payroll, books.settings.currency
    same = [payroll.plan, payroll.cycle, str(file.file), "true" if file.copy else "false"]
    rows = [
        [
            handed_number(row["transaction"], row["attempt"]),
            *(row["payee"], row["name"] or "", row["account"] or ""),
            *(amount_of(books, row["amount"]), currency, *same),
        ]
        for row in file.rows.to_pylist()
    ]
    return as_csv([head, *rows])


def voucher_list(books: Books, file: BenefitFile) -> bytes:
    """Write the vouchers that a list of facilities pays as CSV; they add up to its payments."""
    with books.database.reading() as connection:
        paid = vouchers_of_list(connection, file.payroll.payroll)
    numbers = {
        row["payee"]: handed_number(row["transaction"], row["attempt"]) for row in file.rows.to_pylist()
    }
    head = ["transaction", "facility", "voucher", "visit", "insuree", "date", "claim", "amount", "currency"]
    rows = [
        [
            *(numbers[one.facility or ""], one.facility, one.number, one.visit, one.insuree),
            *(one.date, one.claim or "", amount_of(books, one.amount)),
            books.settings.currency,
        ]
        for one in sorted(paid, key=lambda one: (one.facility or "", one.voucher))
        if one.facility in numbers
    ]
    return as_csv([head, *rows])


def benefit_message(books: Books, file: BenefitFile) -> bytes:
    """Write the message for the bank."""
    payer = books.settings.closing.payer
    assert payer is not None
    scheme = books.settings.scheme[:12]
    transfers = [
        Transfer(
            f"{scheme}-{handed_number(row['transaction'], row['attempt'])}",
            row["amount"],
            row["name"] or row["payee"],
            row["account"] or row["payee"],
            f"{file.payroll.plan} {file.payroll.cycle} {row['payee']}",
        )
        for row in file.rows.to_pylist()
    ]
    number = f"{scheme}-benefits-{file.file:06}"
    return credit_transfers(books, number, file.at, payer, transfers, file.copy)
