"""A plan of contributions for coming months: a CSV file with the columns month and contributions."""

from __future__ import annotations

import csv
from pathlib import Path

from adjudicator.problems import Place, Problem, Refused, refused
from adjudicator.remuneration.months import read_month
from adjudicator.units import scaled
from adjudicator.words import message

_COLUMNS = ("month", "contributions")


def read_plan(path: Path, decimals: int, product: str) -> dict[int, int]:
    """Read what a product is to earn by month.

    Args:
        path: a CSV file: ``month`` (2026-01), ``contributions`` (major units), and ``product`` where it has
            the plans of several; rows of others are left out.
        decimals: of the currency.
        product: the product.

    Returns:
        Month → minor units.

    Raises:
        Refused: the file cannot be read, lacks a column, or rows are wrong; all of them are told.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise refused("actuary.plan.unreadable", Place(path)) from None
    separator = ";" if lines and ";" in lines[0] else ","
    rows = csv.DictReader(lines, delimiter=separator)
    if missing := [name for name in _COLUMNS if name not in (rows.fieldnames or [])]:
        raise refused("actuary.plan.columns", Place(path, 1), missing=missing)
    plan: dict[int, int] = {}
    problems: list[Problem] = []
    for number, row in enumerate(rows, 2):
        if (row.get("product") or product) != product:
            continue
        try:
            month = read_month((row["month"] or "").strip())
        except ValueError:
            what = message("actuary.plan.month", given=row["month"] or "")
            problems.append(Problem(what, Place(path, row=number, field="month")))
            continue
        try:
            amount = scaled((row["contributions"] or "").strip(), decimals)
        except ValueError:
            what = message("actuary.plan.amount", given=row["contributions"] or "", decimals=decimals)
            problems.append(Problem(what, Place(path, row=number, field="contributions")))
            continue
        if amount < 0:
            what = message("actuary.plan.negative", given=row["contributions"])
            problems.append(Problem(what, Place(path, row=number, field="contributions")))
        if month in plan:
            what = message("actuary.plan.twice", given=row["month"])
            problems.append(Problem(what, Place(path, row=number, field="month")))
        plan[month] = amount
    if problems:
        raise Refused(problems)
    return plan
