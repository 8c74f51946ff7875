"""What closed months paid, by facility or by product, with or without the claims: the process-batch reports.

Rows add up to the totals below them, and those to the statements of the months.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import pyarrow as pa

from adjudicator.remuneration.statements import Part as StatementPart
from adjudicator.reporting.report import Column, Part, Unit, part, part_of_rows


class By(Enum):
    """What the rows are ordered and added up by."""

    FACILITY = "facility"
    PRODUCT = "product"


@dataclass(frozen=True)
class Paid:
    """A row of a statement, as a report reads it; amounts in minor units."""

    facility: str
    product: str
    account: str | None
    """The account code of the product."""
    part: StatementPart
    lines: int
    valuated: int
    amount: int


_FACILITY: Final = (
    Column("region", spare=True),
    Column("district", spare=True),
    Column("facility"),
    Column("facility_name", spare=True),
    Column("facility_account", spare=True),
)
_PRODUCT: Final = (Column("product"), Column("product_account", spare=True))
_AMOUNTS: Final = (
    Column("claims", Unit.NUMBER),
    Column("lines", Unit.NUMBER, spare=True),
    Column("valuated", Unit.MONEY, spare=True),
    *(Column(f"part_{one.word}", Unit.MONEY, spare=True) for one in StatementPart),
    Column("remunerated", Unit.MONEY),
)

ROW_COLUMNS: Final = {
    By.FACILITY: (*_FACILITY, *_PRODUCT, *_AMOUNTS),
    By.PRODUCT: (*_PRODUCT, *_FACILITY, *_AMOUNTS),
}
TOTAL_COLUMNS: Final = {By.FACILITY: (*_FACILITY, *_AMOUNTS), By.PRODUCT: (*_PRODUCT, *_AMOUNTS)}
CLAIM_COLUMNS: Final = (
    Column("facility"),
    Column("product"),
    Column("closed_month"),
    Column("origin", spare=True),
    Column("claim"),
    Column("administrator", spare=True),
    Column("insuree"),
    Column("date_claimed", Unit.DATE, spare=True),
    Column("date_from", Unit.DATE),
    Column("date_to", Unit.DATE, spare=True),
    *(Column(name, Unit.MONEY) for name in ("asked", "approved", "valuated", "remunerated")),
)
"""``asked``, ``approved``: of the lines that the product pays; ``remunerated``: with what was taken back."""


def process_batch(
    rows: Iterable[Paid],
    claims: Mapping[tuple[str, str], int],
    facilities: Mapping[str, Mapping[str, Any]],
    by: By,
    listed: pa.Table | None,
) -> tuple[Part, ...]:
    """Make the tables of a process-batch report.

    Args:
        rows: of the statements of the months.
        claims: how many claims were settled, by facility and product.
        facilities: by code ``region``, ``district``, ``facility_name`` and ``facility_account``.
        by: what the rows are ordered by.
        listed: the claims, with the columns of :data:`CLAIM_COLUMNS`; None to leave them out.
    """
    figures: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row.facility, row.product)
        held = figures.setdefault(key, {"product_account": row.account} | _nothing())
        held["lines"] += row.lines
        held["valuated"] += row.valuated
        held[f"part_{row.part.word}"] += row.amount
        held["remunerated"] += row.amount
    for key, held in figures.items():
        held["claims"] = claims.get(key, 0)
    place = (0, 1) if by is By.FACILITY else (1, 0)
    order = sorted(figures, key=lambda key: (key[place[0]], key[place[1]]))
    made = [
        {"facility": key[0], "product": key[1], **facilities.get(key[0], {}), **figures[key]} for key in order
    ]
    parts = [
        part_of_rows("process_batch", ROW_COLUMNS[by], made),
        part_of_rows(f"process_batch_{by.value}", TOTAL_COLUMNS[by], _totals(made, by.value)),
    ]
    if listed is not None:
        keys = ("facility", "product") if by is By.FACILITY else ("product", "facility")
        ordered = [(name, "ascending") for name in (*keys, "closed_month", "date_claimed", "claim")]
        parts.append(part("process_batch_claims", CLAIM_COLUMNS, listed.sort_by(ordered)))
    return tuple(parts)


def _nothing() -> dict[str, int]:
    return {column.name: 0 for column in _AMOUNTS}


def _totals(rows: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    """Add rows up by facility or product. A claim with lines of two products counts for each of them."""
    totals: dict[str, dict[str, Any]] = {}
    for row in rows:
        held = totals.setdefault(row[key], {**row, **_nothing()})
        for column in _AMOUNTS:
            held[column.name] += row[column.name]
    return list(totals.values())
