"""What facilities were paid by capitation in closed months, with every figure that it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adjudicator.remuneration.capitation import Criterion
from adjudicator.reporting.report import Column, Part, Unit, part_of_rows
from adjudicator.units import divide_rounded

_COUNTED: Final = (Criterion.VISITS, Criterion.ADJUSTED_AMOUNT)
"""Criteria whose figures are whole numbers; those of a catchment are in ten-thousandths."""

_UNITS: Final = {Criterion.VISITS: Unit.NUMBER, Criterion.ADJUSTED_AMOUNT: Unit.MONEY}

FACILITY_COLUMNS: Final = (
    Column("closed_month"),
    Column("product"),
    Column("region", spare=True),
    Column("district", spare=True),
    Column("facility"),
    Column("facility_name", spare=True),
    Column("facility_account", spare=True),
    *(Column(f"figure_{one.word}", _UNITS.get(one, Unit.QUANTITY), spare=True) for one in Criterion),
    *(Column(f"capitation_{one.word}", Unit.MONEY, spare=True) for one in Criterion),
    Column("capitation", Unit.MONEY),
)
"""``figure_…``: the facility's own; ``capitation_…``: what it is paid for it."""

POT_COLUMNS: Final = (
    Column("closed_month"),
    Column("product"),
    Column("allocated", Unit.MONEY),
    Column("share", Unit.RATIO),
    Column("pot", Unit.MONEY),
    Column("criterion", Unit.WORD, Criterion),
    Column("weight", Unit.RATIO),
    Column("amount", Unit.MONEY),
    Column("capitation", Unit.MONEY),
)
"""``amount``: the criterion's part of the pot; ``capitation``: what is paid where there are figures."""


@dataclass(frozen=True)
class Shared:
    """A capitation of a closed month, as its record has it."""

    month: str
    record: Mapping[str, Any]


def capitation(shared: Sequence[Shared], facilities: Mapping[str, Mapping[str, Any]]) -> tuple[Part, ...]:
    """Make the tables of the capitation report.

    Args:
        shared: capitations, in the order of months and products.
        facilities: by code ``region``, ``district``, ``facility_name`` and ``facility_account``.
    """
    rows: list[dict[str, Any]] = []
    pots: list[dict[str, Any]] = []
    for one in shared:
        key = {"closed_month": one.month, "product": one.record["product"]}
        for each in one.record["facilities"]:
            code = each["facility"]
            figures = {
                f"figure_{name}": _figure(Criterion.of(name), value)
                for name, value in each["figures"].items()
            }
            amounts = {f"capitation_{name}": value for name, value in each["amounts"].items()}
            row = {"facility": code, **facilities.get(code, {}), **figures, **amounts}
            rows.append(key | row | {"capitation": each["amount"]})
        pots += [key | _pot(one.record, criterion) for criterion in one.record["criteria"]]
    return (
        part_of_rows("capitation", FACILITY_COLUMNS, rows),
        part_of_rows("capitation_pots", POT_COLUMNS, pots),
    )


def _figure(criterion: Criterion, value: int) -> int:
    """Give a figure in the unit of its column: those of a catchment in hundredths."""
    return value if criterion in _COUNTED else divide_rounded(value, 100)


def _pot(record: Mapping[str, Any], criterion: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "allocated": record["allocated"],
        # Hundredths of a percent are the last decimal of a ratio.
        "share": record["share"],
        "pot": record["pot"],
        "criterion": int(Criterion.of(criterion["criterion"])),
        "weight": criterion["weight"],
        "amount": criterion["amount"],
        "capitation": criterion["amount"] if criterion["total"] else 0,
    }
