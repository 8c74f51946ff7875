"""The families of the books on a day, by the registers as they were after a load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from adjudicator.benefits.read import AnyPlan
from adjudicator.benefits.universe import NEEDED, Families
from adjudicator.problems import refused
from adjudicator.store import bulk, loads
from adjudicator.store.loads import Load
from adjudicator.store.schema import REGISTERS
from adjudicator.tables import REGISTERS as SHAPES


def last_registers(connection: sa.Connection) -> Load:
    """Give the load that registers were loaded by last.

    Raises:
        Refused: there are no registers.
    """
    state = loads.last_load(connection, "registers")
    if state is None:
        raise refused("books.no_state")
    return state


def rows_at(
    connection: sa.Connection, load: int, name: str, wanted: Mapping[str, str] | None = None
) -> pa.Table:
    """Read a register as it was after a load, typed, with further columns as JSON.

    Args:
        connection: of a transaction.
        load: the number of the load.
        name: of the register.
        wanted: what columns must say; everything is read when left out.
    """
    table = REGISTERS[name]
    columns: Sequence[Any] = [table.c[column.name] for column in SHAPES[name].columns]
    if SHAPES[name].keeps_other_columns:
        columns = [*columns, table.c.attributes]
    query = sa.select(*columns).where(
        table.c.since <= load, sa.or_(table.c.until.is_(None), table.c.until > load)
    )
    for column, value in (wanted or {}).items():
        query = query.where(table.c[column] == value)
    return bulk.read(connection, query)


def families_on(
    connection: sa.Connection, load: int, day: int, adult_age: int, plan: AnyPlan, family: str | None = None
) -> Families:
    """Take families as a plan sees them.

    Args:
        connection: of a transaction.
        load: by which registers.
        day: the day by which they are judged.
        adult_age: of the scheme.
        plan: which attributes there are.
        family: one family alone; all when left out.
    """
    tables = {
        name: rows_at(connection, load, name, {"family": family} if family and name != "locations" else None)
        for name in NEEDED
    }
    return Families(tables, day, adult_age, plan.attributes)
