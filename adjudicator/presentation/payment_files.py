"""What is handed to the payer: a list, its bookings by account, and a pain.001 message for the bank.

The message is ISO 20022 ``pain.001.001.09``. A copy has the same numbers as what it is a copy of, so that a
bank that has had it refuses it; its name and a remark in it say that it is one.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as Tree

from adjudicator.books.books import Books
from adjudicator.books.closing.payments import PaymentFile
from adjudicator.files import replacing
from adjudicator.scheme import Payer
from adjudicator.units import unscaled

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"

_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}")
_BIC: Final = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
_ALLOWED: Final = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
"""What banks do not take in names and remarks."""


def write_payment_file(books: Books, file: PaymentFile, folder: Path) -> list[Path]:
    """Write what is handed to the payer into a folder; the message only where the payer is known.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"payments-{file.file:04}" + ("-copy" if file.copy else "")
    contents = {
        f"{name}.csv": payment_list(books, file),
        f"{name}-accounts.csv": booking_list(books, file),
    }
    if books.settings.closing.payer is not None:
        contents[f"{name}-pain.001.xml"] = pain_001(books, file, books.settings.closing.payer)
    written = []
    for file_name, content in contents.items():
        path = folder / file_name
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        written.append(path)
    return written


def _csv(rows: list[list[str]]) -> bytes:
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows(rows)
    return target.getvalue().encode()


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
            _amount(books, one.amount),
            books.settings.currency,
            "true" if file.copy else "false",
        ]
        for one in file.payments
    ]
    return _csv([head, *rows])


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
            _amount(books, one.amount),
            books.settings.currency,
        ]
        for one in file.bookings
    ]
    return _csv([head, *rows])


def _amount(books: Books, minor: int) -> str:
    return format(unscaled(minor, books.decimals), "f")


def pain_001(books: Books, file: PaymentFile, payer: Payer) -> bytes:
    """Write the message for the bank."""
    scheme = _clean(books.settings.scheme)[:20]
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


@dataclass(frozen=True)
class Transfer:
    """One payment of a message: its number for the bank, who receives it and where, and a remark."""

    number: str
    amount: int
    """Minor units."""
    name: str
    account: str
    remark: str


def credit_transfers(
    books: Books, number: str, at: str, payer: Payer, transfers: Sequence[Transfer], copy: bool = False
) -> bytes:
    """Write a message of transfers for a bank.

    Args:
        books: whose currency it is in.
        number: of the message.
        at: when it was made, as ISO text.
        payer: who pays.
        transfers: what is paid, in order.
        copy: whether it is a copy of a message that was handed over before.
    """
    Tree.register_namespace("", NAMESPACE)
    document = Tree.Element(f"{{{NAMESPACE}}}Document")
    if copy:
        document.append(Tree.Comment(" COPY of a message that was handed over before "))
    initiation = _put(document, "CstmrCdtTrfInitn")
    total = sum(one.amount for one in transfers)
    totals = {"NbOfTxs": str(len(transfers)), "CtrlSum": _amount(books, total)}
    header = _put(initiation, "GrpHdr")
    _put(header, "MsgId", _reference(number, 35))
    _put(header, "CreDtTm", at)
    for name, value in totals.items():
        _put(header, name, value)
    _put(_put(header, "InitgPty"), "Nm", _clean(payer.name)[:140].strip())
    information = _put(initiation, "PmtInf")
    _put(information, "PmtInfId", f"{_reference(number, 33)}-1")
    _put(information, "PmtMtd", "TRF")
    for name, value in totals.items():
        _put(information, name, value)
    _put(_put(information, "ReqdExctnDt"), "Dt", at[:10])
    _put(_put(information, "Dbtr"), "Nm", _clean(payer.name)[:140].strip())
    _account(_put(information, "DbtrAcct"), payer.account)
    _agent(_put(information, "DbtrAgt"), payer.bank)
    for one in transfers:
        _transfer(books, information, one)
    Tree.indent(document)
    return bytes(Tree.tostring(document, "utf-8", xml_declaration=True)) + b"\n"


def _put(parent: Tree.Element, name: str, value: str | None = None) -> Tree.Element:
    child = Tree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = value
    return child


def _account(parent: Tree.Element, account: str) -> None:
    bare = account.replace(" ", "")
    identification = _put(parent, "Id")
    if _IBAN.fullmatch(bare):
        _put(identification, "IBAN", bare)
    else:
        _put(_put(identification, "Othr"), "Id", _clean(account)[:34].strip())


def _agent(parent: Tree.Element, bank: str | None) -> None:
    institution = _put(parent, "FinInstnId")
    code = (bank or "").replace(" ", "").upper()
    if _BIC.fullmatch(code):
        _put(institution, "BICFI", code)
    else:
        # What is no BIC is the bank's own code.
        _put(_put(institution, "Othr"), "Id", _clean(bank)[:35].strip() if bank else "NOTPROVIDED")


def _transfer(books: Books, information: Tree.Element, one: Transfer) -> None:
    transfer = _put(information, "CdtTrfTxInf")
    _put(_put(transfer, "PmtId"), "EndToEndId", _reference(one.number, 35))
    amount = _put(_put(transfer, "Amt"), "InstdAmt", _amount(books, one.amount))
    amount.set("Ccy", books.settings.currency)
    _put(_put(transfer, "Cdtr"), "Nm", _clean(one.name)[:140].strip())
    _account(_put(transfer, "CdtrAcct"), one.account)
    _put(_put(transfer, "RmtInf"), "Ustrd", _clean(one.remark)[:140].strip())


def _reference(text: str, longest: int) -> str:
    """Give a number in the letters that banks take; a slash means something else to some."""
    return _clean(text).replace("/", "-")[:longest].strip()


def _clean(text: str) -> str:
    """Give a text in the letters that banks take."""
    bare = "".join(
        letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)
    )
    return _ALLOWED.sub(" ", bare).strip() or "-"
