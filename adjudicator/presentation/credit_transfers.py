"""Transfers as a message for a bank: ISO 20022 ``pain.001.001.09``.

A copy has the same numbers as what it is a copy of, so that a bank that has had it refuses it; a remark in it
says that it is one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as Tree

from adjudicator.books.books import Books
from adjudicator.presentation.handed_over import amount_of
from adjudicator.scheme import Payer

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"

_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}")
_BIC: Final = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
_ALLOWED: Final = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
"""What banks do not take in names and remarks."""


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
    totals = {"NbOfTxs": str(len(transfers)), "CtrlSum": amount_of(books, total)}
    header = _put(initiation, "GrpHdr")
    _put(header, "MsgId", _reference(number, 35))
    _put(header, "CreDtTm", at)
    for name, value in totals.items():
        _put(header, name, value)
    _put(_put(header, "InitgPty"), "Nm", clean(payer.name)[:140].strip())
    information = _put(initiation, "PmtInf")
    _put(information, "PmtInfId", f"{_reference(number, 33)}-1")
    _put(information, "PmtMtd", "TRF")
    for name, value in totals.items():
        _put(information, name, value)
    _put(_put(information, "ReqdExctnDt"), "Dt", at[:10])
    _put(_put(information, "Dbtr"), "Nm", clean(payer.name)[:140].strip())
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
        _put(_put(identification, "Othr"), "Id", clean(account)[:34].strip())


def _agent(parent: Tree.Element, bank: str | None) -> None:
    institution = _put(parent, "FinInstnId")
    code = (bank or "").replace(" ", "").upper()
    if _BIC.fullmatch(code):
        _put(institution, "BICFI", code)
    else:
        # What is no BIC is the bank's own code.
        _put(_put(institution, "Othr"), "Id", clean(bank)[:35].strip() if bank else "NOTPROVIDED")


def _transfer(books: Books, information: Tree.Element, one: Transfer) -> None:
    transfer = _put(information, "CdtTrfTxInf")
    _put(_put(transfer, "PmtId"), "EndToEndId", _reference(one.number, 35))
    amount = _put(_put(transfer, "Amt"), "InstdAmt", amount_of(books, one.amount))
    amount.set("Ccy", books.settings.currency)
    _put(_put(transfer, "Cdtr"), "Nm", clean(one.name)[:140].strip())
    _account(_put(transfer, "CdtrAcct"), one.account)
    _put(_put(transfer, "RmtInf"), "Ustrd", clean(one.remark)[:140].strip())


def _reference(text: str, longest: int) -> str:
    """Give a number in the letters that banks take; a slash means something else to some."""
    return clean(text).replace("/", "-")[:longest].strip()


def clean(text: str) -> str:
    """Give a text in the letters that banks take."""
    bare = "".join(
        letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)
    )
    return _ALLOWED.sub(" ", bare).strip() or "-"
