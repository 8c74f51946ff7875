"""Cycles of a benefit plan: the spans that a family is paid for, each once."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from adjudicator.benefits.definition import MONTHS_OF_CYCLE, Plan
from adjudicator.problems import refused
from adjudicator.remuneration.months import first_day, last_day, month_number, month_of, written_month
from adjudicator.units import OPEN_END, OPEN_START, date_of, day_number

_OPEN: Final = (OPEN_START, OPEN_END)


@dataclass(frozen=True)
class Cycle:
    """A cycle: its name, the days that it spans (day numbers), and the day by which families are judged."""

    name: str
    first: int
    last: int
    judged: int


def cycle_of(plan: Plan, given: str) -> Cycle:
    """Give the cycle of a plan that somebody names.

    Args:
        plan: the plan.
        given: the name of a cycle (``2026-03``, ``2026-Q1``, ``2026-H1``, ``2026``, or the day on which it
            begins), or its number from the beginning of the plan (``4``).

    Raises:
        Refused: it has no such cycle, or is not in force on the day by which the cycle is judged.
    """
    cycle = _by_date(plan, given) if plan.cycle.dates else _by_months(plan, given)
    if cycle is None:
        raise refused("benefits.no_cycle", plan=plan.plan, given=given, known=examples(plan))
    if not plan.valid.holds(cycle.judged):
        day = date_of(cycle.judged)
        raise refused("benefits.not_in_force", plan=plan.plan, cycle=cycle.name, day=day)
    return cycle


def examples(plan: Plan) -> list[str]:
    """Name some cycles of a plan, as they are to be written."""
    if plan.cycle.dates:
        return [date_of(day).isoformat() for day in plan.cycle.dates[:4]]
    start = _anchor(plan)
    span = MONTHS_OF_CYCLE[plan.cycle.every or "month"]
    return [_name(plan.cycle.every or "month", start + span * number) for number in range(3)]


def _by_date(plan: Plan, given: str) -> Cycle | None:
    days = plan.cycle.dates
    if re.fullmatch(r"\d{1,3}", given) and 1 <= int(given) <= len(days):
        first = days[int(given) - 1]
    else:
        try:
            first = day_number(dt.date.fromisoformat(given))
        except ValueError:
            return None
        if first not in days:
            return None
    following = dict(pairwise(days)).get(first, first + 1)
    return _cycle(plan, date_of(first).isoformat(), first, following - 1)


def _by_months(plan: Plan, given: str) -> Cycle | None:
    every = plan.cycle.every or "month"
    span = MONTHS_OF_CYCLE[every]
    start = _anchor(plan)
    if re.fullmatch(r"\d{1,3}", given):
        fixed = plan.cycle.first is not None or plan.begins is not None
        month = start + span * (int(given) - 1) if fixed and int(given) else None
    else:
        month = _first_month(given)
    if month is None or (month - start) % span or not -12_000 < month < 12_000:
        return None
    return _cycle(plan, _name(every, month), first_day(month), last_day(month + span - 1))


def _cycle(plan: Plan, name: str, first: int, last: int) -> Cycle:
    return Cycle(name, first, last, first if plan.cycle.judged_on == "first_day" else last)


def _anchor(plan: Plan) -> int:
    """Give a month in which a cycle begins."""
    if plan.cycle.first is not None:
        return plan.cycle.first
    month = month_of(plan.begins) if plan.begins is not None else month_number(2026, 1)
    if plan.cycle.every in ("quarter", "half_year", "year"):
        return month - month % MONTHS_OF_CYCLE[plan.cycle.every]
    return month


def _name(every: str, month: int) -> str:
    year, of_year = divmod(month, 12)
    year += 1970
    if every == "year" and of_year == 0:
        return str(year)
    if every == "half_year" and of_year % 6 == 0:
        return f"{year}-H{of_year // 6 + 1}"
    if every == "quarter" and of_year % 3 == 0:
        return f"{year}-Q{of_year // 3 + 1}"
    return written_month(month)


def _first_month(given: str) -> int | None:
    found = re.fullmatch(r"(\d{4})(?:-(?:Q([1-4])|H([12])|(0[1-9]|1[0-2])))?", given.upper())
    if not found:
        return None
    quarter, half, month = (int(part or 0) for part in found.groups()[1:])
    of_year = (quarter - 1) * 3 if quarter else (half - 1) * 6 if half else month - 1 if month else 0
    return month_number(int(found[1]), of_year + 1)
