"""What the payer says of payments to facilities: paid or failed.

Each row stands for itself: what can be booked is booked, and the others are told. The same file again changes
nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.closing.payments import Payment, PaymentState, all_payments, happened
from adjudicator.books.reconciliation import Found, Reconciliation
from adjudicator.books.return_files import amount_in, read_rows, said_in
from adjudicator.store import journal, lock
from adjudicator.store.journal import Act
from adjudicator.store.schema import JOURNAL

RECONCILE: Final = "reconcile payments"

NEEDED: Final = ("payment", "status")
"""The columns that a return file must have; ``amount`` and ``reference`` it may have."""


BOOKED: Final = (Found.PAID, Found.FAILED)


@dataclass(frozen=True)
class Returned:
    """A row of a return file, and what it means."""

    row: int
    payment: str
    found: Found
    facility: str | None = None
    amount: int | None = None
    """Of the payment, minor units."""


def reconcile(books: Books, by: str, path: Path) -> Reconciliation[Returned]:
    """Take in what the payer says of payments. The same file again changes nothing.

    Args:
        books: the books.
        by: who does it.
        path: a CSV file with the columns ``payment`` and ``status`` (``paid`` or ``failed``), and perhaps
            ``file``, ``amount`` in major units, and ``reference``.

    Raises:
        Refused: the file cannot be read; nothing was changed.
    """
    content = path.read_bytes()
    rows, digest = read_rows(path, content, NEEDED), hashlib.sha256(content).hexdigest()
    with lock.held(books.database, Act(by, RECONCILE)), books.database.writing() as connection:
        known = {one.payment: one for one in all_payments(connection)}
        states = {number: one.state for number, one in known.items()}
        seen = _seen(connection, digest)
        told = []
        references: dict[int, str | None] = {}
        for place, row in enumerate(rows, 2):
            one = _meant(row, known, states, books.decimals, seen)
            told.append(Returned(place, row["payment"], *one))
            if one[0] in BOOKED:
                number = int(row["payment"])
                states[number] = PaymentState(one[0].value)
                references[number] = row.get("reference") or None
        booked = {
            state: sorted(number for number in references if states[number] is state)
            for state in (PaymentState.PAID, PaymentState.FAILED)
        }
        if references:
            entry = journal.append(
                connection,
                Act(by, RECONCILE),
                {state.value: numbers for state, numbers in booked.items()} | {"file_hash": digest},
            )
            for state, numbers in booked.items():
                happened(connection, numbers, state, entry, references=references)
        waiting = sum(state is PaymentState.EXPORTED for state in states.values())
    return Reconciliation(tuple(told), waiting)


def _seen(connection: sa.Connection, digest: str) -> bool:
    """Tell whether a return file was taken in before.

    What it says of failures is of an earlier time: those payments may have been handed over again since.
    """
    query = sa.select(JOURNAL.c.content).where(JOURNAL.c.what == RECONCILE)
    return any(json.loads(text)["file_hash"] == digest for text in connection.execute(query).scalars())


def _meant(
    row: Mapping[str, str],
    known: Mapping[int, Payment],
    states: Mapping[int, PaymentState],
    decimals: int,
    seen: bool,
) -> tuple[Found, str | None, int | None]:
    """Tell what a row of a return file means; with the facility and amount of its payment."""
    if not row["payment"].isdecimal():
        return Found.UNREADABLE, None, None
    payment = known.get(int(row["payment"]))
    if payment is None:
        return Found.UNKNOWN, None, None
    about = payment.facility, payment.amount
    word = said_in(row)
    if word is None:
        return Found.UNREADABLE, *about
    try:
        amount = amount_in(row, decimals)
    except ValueError:
        return Found.UNREADABLE, *about
    said = PaymentState(word)
    state = states[payment.payment]
    reference = row.get("reference") or None
    if state is said is PaymentState.PAID and reference and payment.reference not in (None, reference):
        return Found.CONTRADICTS, *about
    earlier = seen or row.get("file", "") not in ("", str(payment.file))
    if state is said or (said is PaymentState.FAILED and state is PaymentState.EXPORTED and earlier):
        return Found.DUPLICATE, *about
    if said is PaymentState.FAILED and state is PaymentState.PAID:
        return Found.CONTRADICTS, *about
    if said is PaymentState.PAID and amount not in (None, payment.amount):
        return Found.DIFFERS, *about
    return Found(said.value), *about
