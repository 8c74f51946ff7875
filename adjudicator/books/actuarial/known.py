"""What was in the books at the end of a day: the last run, closing and load of that day, in days of UTC."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from adjudicator.problems import Problem, Refused
from adjudicator.remuneration.months import month_number, read_month
from adjudicator.store.schema import CLOSINGS, JOURNAL, LOADS, RUNS
from adjudicator.words import message


@dataclass(frozen=True)
class Known:
    """The state of the books on a day."""

    as_of: dt.date | None
    """None: as they are now."""
    run_months: Mapping[int, int]
    """The published runs, each with the month in which it was published."""
    closing_months: Mapping[int, int]
    """The closings and reopenings, each with the month that is closed or reopened."""
    booking_months: Mapping[int, int]
    """The same, each with the month in which it was booked."""
    load: int
    """The last load of registers."""
    last_run_day: dt.date | None
    """The day of the last run."""
    last_booking_day: dt.date | None
    """The day of the last closing or reopening."""

    @property
    def run(self) -> int:
        """The last published run, 0 where there is none."""
        return max(self.run_months, default=0)

    @property
    def closing(self) -> int:
        """The last closing, 0 where there is none."""
        return max(self.closing_months, default=0)


def known_on(connection: sa.Connection, as_of: dt.date | None) -> Known:
    """Find what was in the books at the end of a day.

    Raises:
        Refused: no registers were loaded by then.
    """
    runs = _booked(connection, RUNS, [RUNS.c.run], as_of)
    closings = _booked(connection, CLOSINGS, [CLOSINGS.c.closing, CLOSINGS.c.month], as_of)
    loads = _booked(connection, LOADS, [LOADS.c.load, LOADS.c.what], as_of)
    registers = [row.load for row in loads if row.what == "registers"]
    if not registers:
        key = "actuary.no_registers" if as_of is None else "actuary.no_registers_then"
        remedy = message("actuary.no_registers.remedy")
        raise Refused([Problem(message(key, day=as_of), remedy=remedy)])
    return Known(
        as_of,
        {row.run: _month_of(row.at) for row in runs},
        {row.closing: read_month(row.month) for row in closings},
        {row.closing: _month_of(row.at) for row in closings},
        max(registers),
        max((_moment(row.at).date() for row in runs), default=None),
        max((_moment(row.at).date() for row in closings), default=None),
    )


def _booked(
    connection: sa.Connection, table: sa.Table, columns: list[sa.Column[object]], as_of: dt.date | None
) -> list[sa.Row[tuple[object, ...]]]:
    query = sa.select(*columns, JOURNAL.c.at).join(JOURNAL, JOURNAL.c.number == table.c.journal)
    if as_of is not None:
        query = query.where(JOURNAL.c.at < (as_of + dt.timedelta(days=1)).isoformat())
    return list(connection.execute(query))


def _month_of(at: str) -> int:
    moment = _moment(at)
    return month_number(moment.year, moment.month)


def _moment(at: str) -> dt.datetime:
    return dt.datetime.fromisoformat(at).astimezone(dt.UTC)


def held(table: sa.Table, known: Known) -> sa.ColumnElement[bool]:
    """Give the condition on a register's rows that they were in force in that state of the books."""
    return sa.and_(table.c.since <= known.load, sa.or_(table.c.until.is_(None), table.c.until > known.load))
