"""Handing a list to the payer: all of it once, and later what has failed, under a new attempt.

The books know it before any file is written: a file that was lost is written again as a copy.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.benefits.read import CompiledPlan
from adjudicator.books.benefits.families import last_registers, rows_at
from adjudicator.books.benefits.payrolls import (
    FAMILIES,
    Payroll,
    approved_payroll,
    next_of,
    payroll_of,
    rows_of,
)
from adjudicator.books.benefits.plans import recorded_plan
from adjudicator.books.books import Books
from adjudicator.problems import refused
from adjudicator.store import bulk, journal, lock
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.journal import Act
from adjudicator.store.schema import BENEFIT_EVENTS, BENEFIT_TRANSACTIONS, JOURNAL, PAYROLL_FILES

EXPORT: Final = "export payroll"

COLUMNS: Final = ("transaction", "attempt", "payee", "name", "account", "amount")


@dataclass(frozen=True)
class BenefitFile:
    """What is handed to the payer of a list."""

    file: int
    payroll: Payroll
    at: str
    by: str
    rows: pa.Table
    """:data:`COLUMNS`, by transaction."""
    hash: str
    copy: bool = False

    @property
    def total(self) -> int:
        """Minor units."""
        return sum(self.rows["amount"].to_pylist())

    @property
    def again(self) -> bool:
        """Whether it is of payments that failed before."""
        return self.file != self.payroll.files[0]


def export(books: Books, by: str, number: int) -> BenefitFile:
    """Hand over a list that was approved; when it was handed over, what has failed of it.

    What is handed over first goes to the accounts that were approved; what failed, to the accounts that the
    registers have now.

    Raises:
        Refused: it was not approved, or nothing of it is left to be handed over; or the books are in use.
    """
    with lock.held(books.database, Act(by, EXPORT)):
        with books.database.reading() as connection:
            payroll = approved_payroll(connection, number)
            rows = _left(books, connection, payroll)
        if not len(rows):
            raise refused("benefits.nothing_left", payroll=str(number), file=str(payroll.files[-1]))
        with books.database.writing() as connection:
            file = next_of(connection, PAYROLL_FILES.c.file)
            handed = rows.select(COLUMNS)
            content = {
                "file": file,
                "payroll": number,
                "attempts": len(rows),
                "total": sum(rows["amount"].to_pylist()),
                "hash": table_hash([row_digests(handed)]),
            }
            entry = journal.append(connection, Act(by, EXPORT), content)
            connection.execute(sa.insert(PAYROLL_FILES).values(journal=entry, **content))
            bulk.insert(connection, BENEFIT_EVENTS, _events(rows, file, entry))
    return benefit_file(books, file)


def _left(books: Books, connection: sa.Connection, payroll: Payroll) -> pa.Table:
    """Give what of a list is to be handed over: the columns of a file, and ``last``, its last event."""
    rows = rows_of(connection, payroll.payroll)
    if not payroll.files:
        ones = pa.array(np.ones(len(rows), np.int64))
        none = pa.nulls(len(rows), pa.int64())
        return _with(rows, ones).append_column("last", none)
    failed = rows.filter(pa.array([what == "failed" for what in rows["what"].to_pylist()], pa.bool_()))
    if not len(failed):
        return failed
    events = BENEFIT_EVENTS
    wanted = bulk.wanted(connection, "again", pa.table({"number": failed["transaction"]}))
    query = (
        sa.select(events.c.transaction, sa.func.max(events.c.number).label("last"))
        .join(wanted, wanted.c.number == events.c.transaction)
        .group_by(events.c.transaction)
    )
    last = {row.transaction: int(row.last) for row in connection.execute(query)}
    attempts = pa.array([attempt + 1 for attempt in failed["attempt"].to_pylist()], pa.int64())
    # To the account that it was sent to before, where the registers have none now.
    accounts = _accounts_now(books, connection, payroll, failed)
    failed = failed.set_column(failed.schema.get_field_index("account"), "account", accounts)
    numbers = pa.array([last[one] for one in failed["transaction"].to_pylist()], pa.int64())
    return _with(failed, attempts).append_column("last", numbers)


def _with(rows: pa.Table, attempts: pa.Array) -> pa.Table:
    columns = {name: rows[name] for name in COLUMNS if name != "attempt"}
    return pa.table(columns | {"attempt": attempts}).select(COLUMNS)


def _accounts_now(books: Books, connection: sa.Connection, payroll: Payroll, rows: pa.Table) -> pa.Array:
    load = last_registers(connection).load
    now: dict[str, str | None] = {}
    if payroll.kind == FAMILIES:
        plan = recorded_plan(books, connection, payroll.record["plan"], CompiledPlan)
        name = plan.definition.payment.account
        if name is not None:
            table = rows_at(connection, load, "families")
            pairs = zip(table["family"].to_pylist(), table["attributes"].to_pylist(), strict=True)
            asked = set(rows["payee"].to_pylist())
            now = {family: json.loads(text).get(name) for family, text in pairs if family in asked and text}
    else:
        table = rows_at(connection, load, "facilities")
        now = dict(zip(table["code"].to_pylist(), table["account_code"].to_pylist(), strict=True))
    pairs = zip(rows["payee"].to_pylist(), rows["account"].to_pylist(), strict=True)
    return pa.array([(now.get(payee) or "").strip() or before for payee, before in pairs], pa.string())


def _events(rows: pa.Table, file: int, entry: int) -> pa.Table:
    count = len(rows)
    before = rows["last"]
    failed = [None if last is None else "failed" for last in before.to_pylist()]
    numbers = [1 if last is None else last + 1 for last in before.to_pylist()]
    return pa.table(
        {
            "transaction": rows["transaction"],
            "number": pa.array(numbers, pa.int64()),
            "what": pa.array(["exported"] * count, pa.string()),
            "attempt": rows["attempt"],
            "journal": pa.array(np.full(count, entry, np.int64)),
            "file": pa.array(np.full(count, file, np.int64)),
            "account": rows["account"],
            "before": before,
            "came_to": pa.array(failed, pa.string()),
        }
    )


def benefit_file(books: Books, file: int, copy: bool = False) -> BenefitFile:
    """Give what was handed over with a file.

    Args:
        books: the books.
        file: its number.
        copy: whether it is given again, and is to be marked so.

    Raises:
        Refused: there is no such file.
    """
    with books.database.reading() as connection:
        query = sa.select(PAYROLL_FILES, JOURNAL.c.by, JOURNAL.c.at).join(
            JOURNAL, JOURNAL.c.number == PAYROLL_FILES.c.journal
        )
        row = connection.execute(query.where(PAYROLL_FILES.c.file == file)).first()
        if row is None:
            raise refused("benefits.no_file", file=str(file))
        payroll = payroll_of(connection, row.payroll)
        rows = file_rows(connection, file)
    return BenefitFile(file, payroll, row.at, row.by, rows, row.hash, copy)


def file_rows(connection: sa.Connection, file: int) -> pa.Table:
    """Give the rows that were handed over with a file: :data:`COLUMNS`, by transaction."""
    events, table = BENEFIT_EVENTS, BENEFIT_TRANSACTIONS
    query = (
        sa.select(
            events.c.transaction,
            events.c.attempt,
            table.c.payee,
            table.c.name,
            events.c.account,
            table.c.amount,
        )
        .join(table, table.c.transaction == events.c.transaction)
        .where(events.c.file == file)
        .order_by(events.c.transaction)
    )
    return bulk.read(connection, query)


def files_of(connection: sa.Connection, payroll: int) -> Sequence[Any]:
    """Give the files of a list: file, at, by, attempts, total."""
    table = PAYROLL_FILES
    query = (
        sa.select(table.c.file, JOURNAL.c.at, JOURNAL.c.by, table.c.attempts, table.c.total)
        .join(JOURNAL, JOURNAL.c.number == table.c.journal)
        .where(table.c.payroll == payroll)
        .order_by(table.c.file)
    )
    return connection.execute(query).all()
