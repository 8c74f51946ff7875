"""A facility's statement in figures: from what it asked for to what it is paid, with every cut between.

Of each line, ``asked`` less its cuts is ``paid``; the sums of the lines lead to the amount to pay, by way of
capitation and of what earlier months paid and this one takes back. Nothing is left over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.problems import DoesNotAddUp
from adjudicator.remuneration.statements import Part as StatementPart
from adjudicator.remuneration.statements import Statement
from adjudicator.reporting.amounts import asked
from adjudicator.reporting.report import Column, Part, Unit, part, part_of_rows
from adjudicator.vocabulary import Cut, Kind, LineStatus, PriceOrigin, Reason

Int64s = npt.NDArray[np.int64]

CUTS: Final = ("rejected", "price", *(cut.word for cut in Cut), "index", "by_head")
"""What is cut from a line, in the order of the law: a rejected line is cut whole; ``price`` is what price or
quantity was asked above what is paid (negative where it was below); ``index`` what the relative index takes
(negative where it gives); ``by_head`` what a facility is paid by capitation instead."""

LINE_COLUMNS: Final = (
    Column("claim"),
    Column("date_claimed", Unit.DATE, spare=True),
    Column("date_from", Unit.DATE),
    Column("date_to", Unit.DATE, spare=True),
    Column("insuree"),
    Column("line", Unit.NUMBER),
    Column("kind", Unit.WORD, Kind, spare=True),
    Column("provision"),
    Column("provision_name", spare=True),
    Column("quantity_asked", Unit.QUANTITY),
    Column("price_asked", Unit.MONEY, spare=True),
    Column("asked", Unit.MONEY),
    Column("code", Unit.NUMBER, spare=True),
    Column("reason", Unit.WORD, Reason),
    Column("product"),
    Column("quantity", Unit.QUANTITY, spare=True),
    Column("unit_price", Unit.MONEY, spare=True),
    *(Column(f"cut_{name}", Unit.MONEY, spare=True) for name in CUTS),
    Column("paid", Unit.MONEY),
)
"""One row a line that is on the statement."""

ROW_COLUMNS: Final = (
    Column("product"),
    Column("account"),
    Column("statement_part", Unit.WORD, StatementPart),
    Column("origin"),
    Column("claims", Unit.NUMBER),
    Column("lines", Unit.NUMBER),
    Column("valuated", Unit.MONEY),
    Column("amount", Unit.MONEY),
)

BALANCE_COLUMNS: Final = (
    Column("step", Unit.KEY),
    Column("code", Unit.NUMBER),
    Column("reason", Unit.WORD, Reason),
    Column("lines", Unit.NUMBER),
    Column("amount", Unit.MONEY),
)

BACK_COLUMNS: Final = (
    Column("claim"),
    Column("line", Unit.NUMBER),
    Column("product"),
    Column("origin"),
    Column("amount", Unit.MONEY),
)


@dataclass(frozen=True)
class Step:
    """A step from what was asked to what is paid; amounts in minor units."""

    step: str
    amount: int
    lines: int | None = None
    reason: Reason | None = None

    @property
    def is_sum(self) -> bool:
        """Whether it says what the steps before it come to."""
        return self.step in ("asked", "for_claims", "to_pay")


@dataclass(frozen=True)
class Remittance:
    """A statement with all that it is made of."""

    statement: Statement
    lines: pa.Table
    """With the columns of :data:`LINE_COLUMNS`, by claim and line."""
    back: pa.Table
    """What earlier closings paid and this one takes back: the columns of :data:`BACK_COLUMNS`."""
    steps: tuple[Step, ...]


def with_cuts(lines: pa.Table) -> pa.Table:
    """Give lines with what they asked for and every cut.

    Args:
        lines: what was asked and decided, and ``amount``, what the closing pays (none for a rejected line).

    Raises:
        DoesNotAddUp: cuts do not lead to what is paid.
    """
    status = np.asarray(lines["status"].to_numpy(), np.int64)
    accepted = status == int(LineStatus.ACCEPTED)
    asked_for = _numbers(asked(lines["quantity_asked"], lines["price_asked"]))
    paid, valuated = _numbers(lines["amount"]), _numbers(lines["valuated"])
    cuts = {cut.word: _numbers(lines[cut.word]) for cut in Cut}
    gross = valuated + sum(cuts.values(), start=np.zeros(len(lines), np.int64))
    relative = _numbers(lines["price_origin"], -1) == int(PriceOrigin.RELATIVE)
    by_head = _numbers(lines["by_head"].cast(pa.int64())) > 0
    last = np.where(accepted, valuated - paid, 0)
    cuts |= {
        "rejected": np.where(accepted, 0, asked_for),
        "price": np.where(accepted, asked_for - gross, 0),
        "index": np.where(relative & ~by_head, last, 0),
        "by_head": np.where(by_head, last, 0),
    }
    left = asked_for - sum(cuts.values(), start=np.zeros(len(lines), np.int64))
    if (left != paid).any():
        place = int(np.flatnonzero(left != paid)[0])
        where = " / ".join(str(lines[name][place].as_py()) for name in ("facility", "claim", "line"))
        raise DoesNotAddUp(
            f"{where}: {int(left[place])} is left of what was asked, {int(paid[place])} is paid"
        )
    columns = {name: lines[name] for name in lines.column_names if name not in (*cuts, "amount")}
    columns |= {"asked": pa.array(asked_for), "paid": pa.array(paid)}
    columns |= {f"cut_{name}": pa.array(cuts[name]) for name in CUTS}
    columns["code"] = lines["reason"].cast(pa.int64())
    columns["reason"] = lines["reason"].cast(pa.int8())
    return pa.table(columns)


def _numbers(column: pa.ChunkedArray | pa.Array, none: int = 0) -> Int64s:
    return np.asarray(pc.fill_null(column.cast(pa.int64()), none).to_numpy(zero_copy_only=False), np.int64)


def remittance(statement: Statement, lines: pa.Table, back: pa.Table) -> Remittance:
    """Put a statement together with its lines.

    Args:
        statement: of a facility.
        lines: its lines, as :func:`with_cuts` gives them.
        back: what is taken back.

    Raises:
        DoesNotAddUp: lines, capitation and what is taken back do not come to the statement's amount.
    """
    steps = [Step("asked", _sum(lines["asked"]), len(lines))]
    reasons = _numbers(lines["code"])
    rejected = _numbers(lines["cut_rejected"])
    is_rejected = _numbers(lines["status"]) != int(LineStatus.ACCEPTED)
    for code in np.unique(reasons[is_rejected]).tolist():
        mine = is_rejected & (reasons == code)
        steps.append(Step("rejected", -int(rejected[mine].sum()), int(mine.sum()), Reason(code)))
    for name in CUTS[1:]:
        amounts = _numbers(lines[f"cut_{name}"])
        if amounts.any():
            steps.append(Step(name, -int(amounts.sum()), int(np.count_nonzero(amounts))))
    steps.append(Step("for_claims", _sum(lines["paid"])))
    of_heads = sum(row.amount for row in statement.rows if row.part is StatementPart.CAPITATION) - _sum(
        lines.filter(_of_part(lines, StatementPart.CAPITATION))["paid"]
    )
    if of_heads:
        steps.append(Step("capitation", of_heads))
    if len(back):
        steps.append(Step("taken_back", _sum(back["amount"]), len(back)))
    steps.append(Step("to_pay", statement.total))
    come_to = sum(step.amount for step in steps if not step.is_sum) + steps[0].amount
    if come_to != statement.total:
        raise DoesNotAddUp(f"{statement.facility}: steps come to {come_to}, not {statement.total}")
    return Remittance(statement, lines, back, tuple(steps))


def _of_part(lines: pa.Table, wanted: StatementPart) -> pa.Array:
    return pc.fill_null(pc.equal(lines["part"].cast(pa.int64()), int(wanted)), False)


def _sum(column: pa.ChunkedArray) -> int:
    return int(pc.sum(column, min_count=0).as_py())


def parts_of(made: Remittance, written: Mapping[int, str]) -> tuple[Part, ...]:
    """Give the tables of a statement as a report.

    Args:
        made: the statement.
        written: months of origin as they are written.
    """
    rows = [
        {
            "product": row.product,
            "account": row.account,
            "statement_part": int(row.part),
            "origin": written[row.origin],
            "claims": row.claims,
            "lines": row.lines,
            "valuated": row.valuated,
            "amount": row.amount,
        }
        for row in made.statement.rows
    ]
    steps = [
        {
            "step": f"step.{one.step}",
            "code": int(one.reason) if one.reason is not None else None,
            "reason": int(one.reason) if one.reason is not None else None,
            "lines": one.lines,
            "amount": one.amount,
        }
        for one in made.steps
    ]
    parts = [
        part_of_rows("statement_rows", ROW_COLUMNS, rows),
        part_of_rows("statement_steps", BALANCE_COLUMNS, steps),
        part("statement_lines", LINE_COLUMNS, made.lines),
    ]
    if len(made.back):
        parts.append(part("statement_back", BACK_COLUMNS, made.back))
    return tuple(parts)


def checks_of(made: Remittance) -> Sequence[tuple[str, int, int]]:
    """Give what a control sheet holds: name of a figure, number of rows, amount in minor units."""
    statement = made.statement
    return (
        ("rows", len(statement.rows), sum(row.amount for row in statement.rows)),
        ("lines", len(made.lines), _sum(made.lines["paid"])),
        ("back", len(made.back), _sum(made.back["amount"])),
        ("to_pay", 1, statement.total),
    )
