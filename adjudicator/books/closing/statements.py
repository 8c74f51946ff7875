"""Statements out of the books: what a closed month owes a facility, line by line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.closing.periods import REOPENED, ClosedMonth, closing_of, named
from adjudicator.books.joins import is_decision, is_owed
from adjudicator.books.registers import registers_at
from adjudicator.problems import Problem, Refused
from adjudicator.product.meant import NEAR_CODE, nearest
from adjudicator.remuneration.months import read_month, written_month
from adjudicator.remuneration.statements import Part, Row, Statement
from adjudicator.reporting.remittance import Remittance, checks_of, parts_of, remittance, with_cuts
from adjudicator.reporting.report import Column, Parameter, Report, Unit, part_of_rows
from adjudicator.store import bulk
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.schema import (
    CLAIM_LINES,
    CLAIMS,
    LINE_DECISIONS,
    PAID_STATEMENTS,
    REMUNERATIONS,
    SETTLEMENTS,
    STATEMENT_ROWS,
    STATEMENTS,
)
from adjudicator.vocabulary import Cut, PriceOrigin
from adjudicator.words import message

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class FacilityStatement:
    """A facility's statement of a closed month, ready to be written."""

    closing: ClosedMonth
    name: str
    """Of the facility."""
    made: Remittance
    payment: int | None
    """The number of the payment that settles it, where it was handed over for payment."""
    hash: str
    """Of all its lines, and of what is taken back."""

    @property
    def facility(self) -> str:
        """Its code."""
        return self.made.statement.facility


def statements(
    books: Books,
    month: int,
    location: str,
    facilities: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> list[FacilityStatement]:
    """Give statements of a closed month.

    Args:
        books: the books.
        month: the month.
        location: of the products that were closed.
        facilities: their codes; all that have one when left out.
        progress: is told how far it is.

    Raises:
        Refused: the month is not closed, or a facility has no statement.
        DoesNotAddUp: lines do not come to what the statement says.
    """
    with books.database.reading() as connection:
        closing = closing_of(connection, month, location)
        heads = _heads(connection, closing)
        missing = [code for code in facilities or () if code not in heads]
        if missing:
            raise Refused([_no_statement(code, closing, list(heads)) for code in missing])
        chosen = sorted(heads if facilities is None else set(facilities))
        lines = with_cuts(_lines(connection, closing.closing, chosen))
        lines = _with_names(connection, closing, lines)
        back = _back(connection, closing.closing, chosen)
        names = _names(connection, closing)
        payments = _payments(connection, closing.closing)
    made = []
    for number, code in enumerate(chosen, 1):
        if progress is not None:
            progress("closing.statements", number, len(chosen))
        mine, taken = (_of_facility(rows, code) for rows in (lines, back))
        hashed = table_hash([row_digests(mine), row_digests(taken)])
        whole = remittance(heads[code], mine, taken)
        made.append(FacilityStatement(closing, names.get(code, code), whole, payments.get(code), hashed))
    return made


def _of_facility(rows: pa.Table, code: str) -> pa.Table:
    """Give the rows of a facility out of a table that is in the order of facilities."""
    codes = rows["facility"].combine_chunks()
    first, end = (_place(codes, code, side) for side in ("left", "right"))
    return rows.slice(first, end - first)


def _place(codes: pa.Array, code: str, side: Literal["left", "right"]) -> int:
    low, high = 0, len(codes)
    while low < high:
        middle = (low + high) // 2
        here = codes[middle].as_py()
        if here < code or (side == "right" and here == code):
            low = middle + 1
        else:
            high = middle
    return low


def _no_statement(code: str, closing: ClosedMonth, known: Sequence[str]) -> Problem:
    near = nearest(code, known, NEAR_CODE)
    what = message("statement.none", facility=code, month=closing.name)
    remedy = message("reporting.did_you_mean", near=near) if near else message("statement.none.remedy")
    return Problem(what, remedy=remedy)


def _heads(connection: sa.Connection, closing: ClosedMonth) -> dict[str, Statement]:
    rows: dict[str, list[Row]] = {}
    table = STATEMENT_ROWS
    query = sa.select(table).where(table.c.closing == closing.closing)
    for row in connection.execute(query.order_by(table.c.product, table.c.part, table.c.origin)):
        rows.setdefault(row.facility, []).append(
            Row(
                row.product,
                row.account,
                Part(row.part),
                read_month(row.origin),
                row.claims,
                row.lines,
                row.valuated,
                row.amount,
            )
        )
    query = sa.select(STATEMENTS).where(STATEMENTS.c.closing == closing.closing)
    return {
        row.facility: Statement(row.facility, row.account, closing.month, tuple(rows.get(row.facility, ())))
        for row in connection.execute(query)
    }


def _payments(connection: sa.Connection, closing: int) -> dict[str, int]:
    table = PAID_STATEMENTS
    query = sa.select(table.c.facility, table.c.payment).where(table.c.closing == closing)
    return {row.facility: row.payment for row in connection.execute(query)}


def _lines(connection: sa.Connection, closing: int, facilities: Sequence[str]) -> pa.Table:
    """Read the lines that a closing settles, accepted or not, as they were asked, decided and paid."""
    asked, decided, owed, settled = CLAIM_LINES, LINE_DECISIONS, REMUNERATIONS, SETTLEMENTS
    chosen = bulk.wanted(connection, "chosen_facilities", pa.table({"facility": pa.array(facilities)}))
    # A correction hides what it is of: a line that is paid nothing, and not by an index, is paid by head.
    hidden = sa.and_(
        owed.c.part == int(Part.CORRECTIONS),
        owed.c.amount == 0,
        decided.c.price_origin != int(PriceOrigin.RELATIVE),
    )
    by_head = sa.or_(owed.c.part == int(Part.CAPITATION), hidden)
    query = (
        sa.select(
            CLAIMS.c.facility,
            CLAIMS.c.claim,
            CLAIMS.c.date_claimed,
            CLAIMS.c.date_from,
            CLAIMS.c.date_to,
            CLAIMS.c.insuree,
            asked.c.line,
            asked.c.kind,
            asked.c.code.label("provision"),
            asked.c.quantity.label("quantity_asked"),
            asked.c.price_asked,
            decided.c.status,
            decided.c.reason,
            decided.c.product,
            decided.c.price_origin,
            decided.c.quantity,
            decided.c.unit_price,
            *(decided.c[cut.word] for cut in Cut),
            decided.c.valuated,
            owed.c.amount,
            owed.c.part,
            sa.type_coerce(sa.case((by_head, 1), else_=0), sa.BigInteger()).label("by_head"),
        )
        .select_from(settled)
        .join(CLAIMS, CLAIMS.c.claim_id == settled.c.claim_id)
        .join(chosen, chosen.c.facility == CLAIMS.c.facility)
        .join(decided, is_decision(decided, settled))
        .join(asked, sa.and_(asked.c.claim_id == settled.c.claim_id, asked.c.line == decided.c.line))
        .outerjoin(owed, sa.and_(is_owed(owed, settled), owed.c.line == decided.c.line))
        .where(settled.c.closing == closing)
    )
    rows = bulk.read(connection, query)
    return rows.sort_by([(name, "ascending") for name in ("facility", "date_claimed", "claim", "line")])


def _back(connection: sa.Connection, closing: int, facilities: Sequence[str]) -> pa.Table:
    """Read what a closing takes back of what earlier ones paid."""
    owed = REMUNERATIONS
    chosen = bulk.wanted(connection, "chosen_facilities", pa.table({"facility": pa.array(facilities)}))
    query = (
        sa.select(owed.c.facility, CLAIMS.c.claim, owed.c.line, owed.c.product, owed.c.origin, owed.c.amount)
        .join(CLAIMS, CLAIMS.c.claim_id == owed.c.claim_id)
        .join(chosen, chosen.c.facility == owed.c.facility)
        .where(owed.c.closing == closing, owed.c.entry == REOPENED)
    )
    rows = bulk.read(connection, query)
    return rows.sort_by([(name, "ascending") for name in ("facility", "claim", "line", "product")])


def _with_names(connection: sa.Connection, closing: ClosedMonth, lines: pa.Table) -> pa.Table:
    load = closing.record["registers"]["load"]
    rows = registers_at(connection, load, ("provisions",))["provisions"]
    names = {
        (kind, code): name
        for kind, code, name in zip(
            *(rows[column].to_pylist() for column in ("kind", "code", "name")), strict=True
        )
    }
    keys = zip(lines["kind"].to_pylist(), lines["provision"].to_pylist(), strict=True)
    return lines.append_column("provision_name", pa.array([names.get(key) for key in keys], pa.string()))


def _names(connection: sa.Connection, closing: ClosedMonth) -> dict[str, str]:
    load = closing.record["registers"]["load"]
    rows = registers_at(connection, load, ("facilities",))["facilities"]
    return dict(zip(rows["code"].to_pylist(), rows["name"].to_pylist(), strict=True))


def as_report(books: Books, one: FacilityStatement) -> Report:
    """Give a statement as a report, with a control sheet: totals, and a hash of its lines."""
    statement, closing = one.made.statement, one.closing
    written = {row.origin: written_month(row.origin) for row in statement.rows}
    control: list[dict[str, Any]] = [
        {"control": f"control.{name}", "rows": rows, "amount": amount}
        for name, rows, amount in checks_of(one.made)
    ]
    control.append({"control": "control.hash", "hash": one.hash})
    numbers = (Column("rows", Unit.NUMBER), Column("amount", Unit.MONEY))
    columns = (Column("control", Unit.KEY), *numbers, Column("hash"))
    about: list[tuple[str, Any]] = [
        ("scheme", books.settings.scheme),
        ("currency", books.settings.currency),
        ("facility", f"{statement.facility} {one.name}"),
        ("account", statement.account or "–"),
        ("month", named(closing.month, closing.location)),
        ("closing", closing.closing),
        ("closed_by", f"{closing.by}, {closing.at}"),
        ("payment", one.payment if one.payment is not None else "–"),
        ("statement_hash", one.hash),
    ]
    return Report(
        "statement",
        tuple(Parameter(name, value) for name, value in about),
        (*parts_of(one.made, written), part_of_rows("statement_control", columns, control)),
        books.decimals,
    )
