"""The forecast of a product's relative index, from what the books say of its lines and a plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from adjudicator.books.actuarial.exposure import earned_contributions
from adjudicator.books.actuarial.known import known_on
from adjudicator.books.actuarial.ledger import Group, RelativeLines, relative_lines
from adjudicator.books.actuarial.plans import read_plan
from adjudicator.books.actuarial.reports import report_of
from adjudicator.books.books import Books
from adjudicator.books.closing.periods import standing_closings
from adjudicator.books.reports.about import check_product
from adjudicator.problems import Problem, Refused, refused
from adjudicator.product.definition import Product
from adjudicator.product.read import read_products
from adjudicator.remuneration.closing import kind_of_care
from adjudicator.remuneration.index import Pool, pools_closing, version_for
from adjudicator.remuneration.months import month_number, written_month
from adjudicator.reporting.report import Column, Parameter, Part, Report, Unit, part_of_rows
from adjudicator.simulation.actuarial import tables
from adjudicator.simulation.actuarial.forecast import Assumptions, IndexMonth, expected_lines, forecast
from adjudicator.simulation.actuarial.grains import Grain
from adjudicator.simulation.actuarial.triangles import Entries, Triangle, triangles
from adjudicator.units import PERCENT_ALL
from adjudicator.vocabulary import Care
from adjudicator.words import Message, Percentage, message

Row = dict[str, Any]


def forecast_report(
    books: Books,
    product: str,
    year: int,
    plan: Path | None,
    assumptions: Assumptions,
    as_of: dt.date | None = None,
) -> Report:
    """Make the forecast of a product's relative index for the pools that close in a year.

    Args:
        books: the books.
        product: the product.
        year: the year.
        plan: the contributions that are planned (see :func:`read_plan`); None for those that were paid.
        assumptions: what is assumed.
        as_of: the state of the books; None for now.

    Raises:
        Refused: there is no such product, it has no pool in the year, the plan lacks a month, or the books
            know too little of the product.
    """
    versions = _versions(books, product)
    first = month_number(year, 1)
    pools = [
        pool
        for month in range(first, first + 12)
        if (version := version_for(versions, month)) is not None
        for pool in pools_closing(version, month)
    ]
    if not pools:
        raise refused("actuary.forecast.no_pool", product=product, year=str(year))
    with books.database.reading() as connection:
        known = known_on(connection, as_of)
        closings = [one for one in standing_closings(connection) if one.closing <= known.closing]
        past = _past(closings, product)
        closed = {(row["last_period"], row["care"]) for row in past.rows.to_pylist()}
        pools = [pool for pool in pools if (written_month(pool.months[-1]), _care(pool.care)) not in closed]
        if not pools:
            raise refused("actuary.forecast.all_closed", product=product, year=str(year))
        months = range(min(pool.months[0] for pool in pools), max(pool.months[-1] for pool in pools) + 1)
        earned = earned_contributions(connection, known, Group.PRODUCT, months[0], months[-1]).of(product)
        lines = relative_lines(connection, known, product)
        upto = int(lines.claimed.max(initial=-1))
        planned = {} if plan is None else read_plan(plan, books.decimals, product)
        if missing := [month for month in months if month > upto and month not in planned and plan]:
            raise refused("actuary.forecast.no_plan", months=[written_month(month) for month in missing])
        contributions = {month: planned.get(month, earned.get(month, 0)) for month in months}
        found, remarks = _forecast(pools, versions, lines, upto, contributions, assumptions)
        if plan is None:
            remarks.insert(0, message("actuary.forecast.without_plan"))
        said = [
            Parameter("product", product),
            Parameter("year", str(year)),
            Parameter("as_of", as_of or message("actuary.now")),
            Parameter("plan", message("actuary.forecast.no_plan_given") if plan is None else plan.name),
            Parameter(
                "trend", message("actuary.percent", share=Percentage(round(assumptions.trend * 10_000)))
            ),
            Parameter("draws", assumptions.draws),
            Parameter("seed", assumptions.seed),
            Parameter("band", message("actuary.percent", share=Percentage(assumptions.band))),
        ]
        parts = [tables.forecast_part(found), past]
        return report_of(books, connection, known, "index_forecast", said, parts, remarks)


def _versions(books: Books, product: str) -> list[Product]:
    check_product(books, product)
    sources = read_products(books.folder / books.settings.products, books.decimals)
    return [one.definition for one in sources if one.definition.product == product]


def _forecast(
    pools: Sequence[Pool],
    versions: Sequence[Product],
    lines: RelativeLines,
    upto: int,
    contributions: Mapping[int, int],
    assumptions: Assumptions,
) -> tuple[list[IndexMonth], list[Message]]:
    """Forecast the pools of each kind of care by lines of their own."""
    found: dict[tuple[int, str], IndexMonth] = {}
    remarks: list[Message] = []
    problems: list[Problem] = []
    for care in dict.fromkeys(pool.care for pool in pools):
        mine = [pool for pool in pools if pool.care == care]
        version = version_for(versions, mine[-1].months[-1])
        assert version is not None
        try:
            history = _history(lines, care, version, upto)
            learnt = expected_lines(history, assumptions)
        except Refused as why:
            # One kind of care may be forecast where the other cannot be.
            group = message(f"reporting.{_care(care)}")
            problems += [
                replace(one, what=message("actuary.of_group", group=group, what=one.what))
                for one in why.problems
            ]
            continue
        seasons = "actuary.forecast.seasons" if np.ptp(learnt.season) else "actuary.forecast.no_seasons"
        remarks += [
            message(
                "actuary.forecast.learnt",
                care=message(f"reporting.{_care(care)}"),
                months=learnt.months,
                upto=written_month(history.last),
                spread=Percentage(round(learnt.spread * PERCENT_ALL)),
            ),
            message(seasons),
        ]
        for one in forecast(history, mine, contributions, assumptions):
            found[one.pool.months[0], str(care)] = one
    if not found:
        raise Refused(problems)
    remarks += [*(problem.what for problem in problems), message("actuary.forecast.method")]
    return [found[key] for key in sorted(found)], list(dict.fromkeys(remarks))


def _history(lines: RelativeLines, care: Care | None, version: Product, upto: int) -> Triangle:
    """Lay out what relative lines of a kind of care are worth, by month of service and month of claim.

    Raises:
        Refused: there are none.
    """
    kept = np.ones(len(lines.origin), np.bool_)
    if care is not None:
        kept = kind_of_care(version.hospital_care, lines.in_patient, lines.level) == int(care)
    entries = Entries(
        lines.origin[kept],
        lines.claimed[kept],
        lines.valuated[kept],
        np.zeros(int(kept.sum()), np.int64),
        (None,),
        upto,
    )
    found = triangles(entries, Grain.MONTH)
    if not found:
        raise refused("actuary.forecast.no_lines", product=version.product)
    return found[0]


def _care(care: Care | str | None) -> str:
    """Give the report's word for a kind of care."""
    return f"care.{'all' if care is None else care.word if isinstance(care, Care) else care}"


def _past(closings: Iterable[Any], product: str) -> Part:
    """Give the indexes that closings found so far."""
    rows: list[Row] = []
    for closing in sorted(closings, key=lambda one: one.month):
        for index in closing.record["indexes"]:
            if index["product"] == product:
                above, _, below = index["index"].partition("/")
                shown = round(int(above) * 10_000 / int(below or 1))
                rows.append(
                    {
                        "care": _care(index["care"]),
                        "first_period": index["months"][0],
                        "last_period": index["months"][-1],
                        "contributions": index["allocated"],
                        "valuated": index["valuated"],
                        "index": shown,
                    }
                )
    columns = (
        Column("care", Unit.KEY),
        Column("first_period"),
        Column("last_period"),
        Column("contributions", Unit.MONEY),
        Column("valuated", Unit.MONEY),
        Column("index", Unit.RATIO),
    )
    return part_of_rows("index_past", columns, rows)
