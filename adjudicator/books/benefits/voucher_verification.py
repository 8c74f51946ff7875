"""Checking vouchers: numbers, what was done to them by the journal, and what facilities are paid for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa

from adjudicator.benefits.numbers import voucher_number
from adjudicator.books.benefits.voucher_claims import CLAIM
from adjudicator.books.benefits.vouchers import CANCEL, ISSUE, USE
from adjudicator.store.schema import (
    BENEFIT_TRANSACTIONS,
    JOURNAL,
    SETTLED_VOUCHERS,
    VOUCHER_CLAIMS,
    VOUCHER_ENDS,
    VOUCHER_ISSUES,
    VOUCHER_SEED,
    VOUCHERS,
)
from adjudicator.words import Message, message

NAMED: Final = 10
"""How many numbers are named."""


def check_vouchers(connection: sa.Connection) -> list[Message]:
    """Check all vouchers; give what is wrong with them."""
    return [*_numbers(connection), *_acts(connection), *_sums(connection)]


def _numbers(connection: sa.Connection) -> list[Message]:
    seed = connection.execute(sa.select(VOUCHER_SEED.c.seed)).scalar()
    rows = connection.execute(sa.select(VOUCHERS.c.voucher, VOUCHERS.c.number))
    wrong = [row.number for row in rows if seed is None or voucher_number(seed, row.voucher) != row.number]
    return [message("benefits.check.voucher_numbers", numbers=wrong[:NAMED])] if wrong else []


def _acts(connection: sa.Connection) -> list[Message]:
    """Check that vouchers were issued, used, cancelled and claimed as the journal says, and not otherwise."""
    said = set(_said(connection))
    held: set[tuple[Any, ...]] = set()
    issues = sa.select(
        VOUCHER_ISSUES.c.journal, VOUCHER_ISSUES.c.insuree, VOUCHER_ISSUES.c.plan, VOUCHERS.c.voucher
    ).join(VOUCHERS, VOUCHERS.c.issue == VOUCHER_ISSUES.c.issue)
    held |= {("issued", *row) for row in connection.execute(issues)}
    for row in connection.execute(sa.select(VOUCHER_ENDS)):
        if row.what == "cancelled":
            held.add(("cancelled", row.journal, row.voucher))
        else:
            held.add(("used", row.journal, row.voucher, row.facility, row.date.isoformat(), row.claim))
    for row in connection.execute(sa.select(VOUCHER_CLAIMS)):
        held.add(("claimed", row.journal, row.voucher, row.facility))
    serials = {one[-1] if one[0] == "issued" else one[2] for one in said ^ held}
    if not serials:
        return []
    known = {row.voucher: row.number for row in connection.execute(sa.select(VOUCHERS))}
    numbers = [known.get(serial, f"#{serial}") for serial in sorted(serials)[:NAMED]]
    return [message("benefits.check.voucher_acts", numbers=numbers)]


def _said(connection: sa.Connection) -> Iterator[tuple[Any, ...]]:
    """Give what the journal says, in the form of what the tables hold."""
    entries = sa.select(JOURNAL).where(JOURNAL.c.what.in_((ISSUE, USE, CANCEL, CLAIM)))
    for row in connection.execute(entries):
        content = json.loads(row.content)
        if row.what == ISSUE:
            for serial in range(content["first"], content["first"] + content["vouchers"]):
                yield ("issued", row.number, content["insuree"], content["plan"], serial)
        elif row.what == USE:
            used = (content["facility"], content["date"], content["claim"])
            yield ("used", row.number, content["voucher"], *used)
        elif row.what == CANCEL:
            yield from (("cancelled", row.number, serial) for serial in content["vouchers"])
        else:
            for serial, date, claim in content["used"]:
                yield ("used", row.number, serial, content["facility"], date, claim)
            yield from (("claimed", row.number, serial, content["facility"]) for serial in content["claimed"])


def _sums(connection: sa.Connection) -> list[Message]:
    """Check that facilities are paid the sum of their vouchers."""
    rows, settled = BENEFIT_TRANSACTIONS, SETTLED_VOUCHERS
    amount = sa.type_coerce(sa.cast(sa.func.sum(VOUCHERS.c.amount), sa.BigInteger()), sa.BigInteger())
    query = (
        sa.select(rows.c.transaction, rows.c.amount, amount.label("owed"))
        .join(settled, settled.c.transaction == rows.c.transaction)
        .join(VOUCHERS, VOUCHERS.c.voucher == settled.c.voucher)
        .group_by(rows.c.transaction, rows.c.amount)
    )
    differ = [str(row.transaction) for row in connection.execute(query) if row.amount != row.owed]
    return [message("benefits.check.voucher_sums", payments=differ)] if differ else []
