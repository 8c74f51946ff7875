"""What is handed to the payer of a list: a list of payments, and for a bank a pain.001 message."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from adjudicator.benefits.numbers import payment_number
from adjudicator.books.benefits.handing import BenefitFile
from adjudicator.books.benefits.payrolls import FACILITIES
from adjudicator.books.benefits.voucher_claims import vouchers_of_list
from adjudicator.books.books import Books
from adjudicator.files import replacing
from adjudicator.presentation.payment_files import Transfer, credit_transfers
from adjudicator.units import unscaled


def handed_number(transaction: int, attempt: int) -> str:
    """Write the number of a payment as it is handed over: every attempt has its own."""
    number = payment_number(transaction)
    return number if attempt == 1 else f"{number}/{attempt}"


def write_benefit_file(books: Books, file: BenefitFile, folder: Path) -> list[Path]:
    """Write what is handed to the payer into a folder; the message only where the payer's account is known.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"payroll-{file.payroll.payroll:04}-file-{file.file:04}" + ("-copy" if file.copy else "")
    contents = {f"{name}.csv": benefit_list(books, file)}
    if file.payroll.kind == FACILITIES:
        contents[f"{name}-vouchers.csv"] = voucher_list(books, file)
    if books.settings.closing.payer is not None:
        contents[f"{name}-pain.001.xml"] = benefit_message(books, file)
    written = []
    for file_name, content in contents.items():
        path = folder / file_name
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        written.append(path)
    return written


def benefit_list(books: Books, file: BenefitFile) -> bytes:
    """Write the list of payments as CSV: a row a payment.

    It comes back with ``status`` (paid or failed), and perhaps ``reference`` and ``reason``.
    """
    head = ["transaction", "payee", "name", "account", "amount", "currency", "plan", "cycle", "file", "copy"]
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(head)
    payroll = file.payroll
    same = [payroll.plan, payroll.cycle, str(file.file), "true" if file.copy else "false"]
    for row in file.rows.to_pylist():
        amount = format(unscaled(row["amount"], books.decimals), "f")
        number = handed_number(row["transaction"], row["attempt"])
        about = [row["payee"], row["name"] or "", row["account"] or ""]
        writer.writerow([number, *about, amount, books.settings.currency, *same])
    return target.getvalue().encode()


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
            *(one.date, one.claim or "", format(unscaled(one.amount, books.decimals), "f")),
            books.settings.currency,
        ]
        for one in sorted(paid, key=lambda one: (one.facility or "", one.voucher))
        if one.facility in numbers
    ]
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows([head, *rows])
    return target.getvalue().encode()


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
