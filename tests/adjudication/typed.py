"""Rows as typed tables, at once: for tests that make hundreds of worlds and are not about reading them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from adjudicator.tables import CLAIM_LINES, CLAIMS, REGISTERS, Column, Table, Type
from adjudicator.units import scaled

Row = Mapping[str, Any]

_ARROW = {Type.TEXT: pa.string(), Type.WORD: pa.int8(), Type.DATE: pa.date32(), Type.TRUTH: pa.bool_()}


def typed_registers(registers: Mapping[str, Sequence[Row]], decimals: int) -> dict[str, pa.Table]:
    """Make the typed tables of registers; every row is taken to be right."""
    return {name: _table(REGISTERS[name], rows, decimals) for name, rows in registers.items()}


def typed_claims(claims: Sequence[Row], lines: Sequence[Row], decimals: int) -> tuple[pa.Table, pa.Table]:
    """Make the typed tables of claims and their lines; every row is taken to be right."""
    places = {(row["facility"], row["claim"]): place for place, row in enumerate(claims)}
    index = [places[row["facility"], row["claim"]] for row in lines]
    table = _table(CLAIM_LINES, lines, decimals)
    return _table(CLAIMS, claims, decimals), table.append_column("claim_index", pa.array(index, pa.int32()))


def _table(table: Table, rows: Sequence[Row], decimals: int) -> pa.Table:
    return pa.table(
        {
            column.name: pa.array(
                [_cell(column, row.get(column.name), decimals) for row in rows],
                _ARROW.get(column.type, pa.int64()),
            )
            for column in table.columns
        }
    )


def _cell(column: Column, value: Any, decimals: int) -> Any:
    if value is None or value == "":
        return None if column.default is None else int(column.default)
    match column.type:
        case Type.WORD:
            assert column.words is not None
            return int(column.words.of(value))
        case Type.DATE:
            return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
        case Type.MONEY:
            return _scaled(value, decimals)
        case Type.QUANTITY | Type.PERCENTAGE:
            return _scaled(value, 2)
        case Type.NUMBER:
            return int(value)
        case _:
            return value


def _scaled(value: Any, decimals: int) -> int:
    return scaled(format(value, "f") if isinstance(value, Decimal) else str(value), decimals)
