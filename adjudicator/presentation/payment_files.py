"""What is handed to the payer of facilities: a list, its bookings by account, and a message for the bank.

The name of a copy says that it is one.
"""

from __future__ import annotations

from pathlib import Path

from adjudicator.books.books import Books
from adjudicator.books.closing.payments import PaymentFile
from adjudicator.presentation.credit_transfers import Transfer, clean, credit_transfers
from adjudicator.presentation.handed_over import amount_of, as_csv, write_contents
from adjudicator.scheme import Payer


def write_payment_file(books: Books, file: PaymentFile, folder: Path) -> list[Path]:
    """Write what is handed to the payer into a folder; the message only where the payer is known.

    Returns:
        The files.
    """
    name = f"payments-{file.file:04}" + ("-copy" if file.copy else "")
    contents = {
        f"{name}.csv": payment_list(books, file),
        f"{name}-accounts.csv": booking_list(books, file),
    }
    if books.settings.closing.payer is not None:
        contents[f"{name}-pain.001.xml"] = pain_001(books, file, books.settings.closing.payer)
    return write_contents(folder, contents)


def payment_list(books: Books, file: PaymentFile) -> bytes:
    """Write the list of payments as CSV: a row a payment."""
    head = ["file", "payment", "facility", "name", "account", "months", "amount", "currency", "copy"]
    rows = [
        [
            str(file.file),
            str(one.payment),
            one.facility,
            one.name,
            one.account or "",
            ";".join(owed.month for owed in one.statements),
            amount_of(books, one.amount),
            books.settings.currency,
            "true" if file.copy else "false",
        ]
        for one in file.payments
    ]
    return as_csv([head, *rows])


def booking_list(books: Books, file: PaymentFile) -> bytes:
    """Write payments by account as CSV, for the accounting system; they add up to the list."""
    head = [
        "file",
        "payment",
        "facility",
        "facility_account",
        "product",
        "product_account",
        "amount",
        "currency",
    ]
    rows = [
        [
            str(file.file),
            str(one.payment),
            one.facility,
            one.account or "",
            one.product,
            one.product_account or "",
            amount_of(books, one.amount),
            books.settings.currency,
        ]
        for one in file.bookings
    ]
    return as_csv([head, *rows])


def pain_001(books: Books, file: PaymentFile, payer: Payer) -> bytes:
    """Write the message for the bank."""
    scheme = clean(books.settings.scheme)[:20]
    transfers = [
        Transfer(
            f"{scheme}-P{one.payment:09}",
            one.amount,
            one.name,
            one.account or one.facility,
            f"{one.payment} {one.facility} {' '.join(owed.month for owed in one.statements)}",
        )
        for one in file.payments
    ]
    return credit_transfers(books, f"{scheme}-{file.file:06}", file.at, payer, transfers, file.copy)
