"""The registers as runs found them, looked into for the few rows that a resource speaks of."""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import cache
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from adjudicator.fhir.grounds import RowsOf
from adjudicator.store import bulk, loads
from adjudicator.store.schema import REGISTERS, RUNS
from adjudicator.tables import REGISTERS as SHAPES


def rows_in_books(connection: sa.Connection) -> RowsOf:
    """Look into the registers in the books, as each run found them.

    Args:
        connection: of a transaction. A run that is not published is one that decides by the registers of now.
    """

    @cache
    def load_of(run: int | None) -> int:
        found = connection.execute(sa.select(RUNS.c.record).where(RUNS.c.run == run)).scalar()
        if found is not None:
            return int(json.loads(found)["registers"]["load"])
        last = loads.last_load(connection, "registers")
        return 0 if last is None else last.load

    def rows(run: Any, register: str, column: str, values: Collection[str]) -> pa.Table:
        table, load = REGISTERS[register], load_of(run)
        sought = bulk.wanted(
            connection, "spoken_of", pa.table({column: pa.array(sorted(values), pa.string())})
        )
        columns = [table.c[declared.name] for declared in SHAPES[register].columns]
        query = (
            sa.select(*columns)
            .join(sought, sought.c[column] == table.c[column])
            .where(table.c.since <= load, sa.or_(table.c.until.is_(None), table.c.until > load))
        )
        return bulk.read(connection, query)

    return rows
