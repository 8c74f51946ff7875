"""Actuarial figures as the tables of a report, with columns that know their units."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

from adjudicator.remuneration.months import written_month
from adjudicator.reporting.report import RATIO_DECIMALS, Column, Part, Unit, part_of_rows, shown_ratio
from adjudicator.simulation.actuarial.adequacy import Adequacy
from adjudicator.simulation.actuarial.back_testing import BackTest
from adjudicator.simulation.actuarial.development import Development, Factor, development
from adjudicator.simulation.actuarial.diagnostics import Finding
from adjudicator.simulation.actuarial.experience import Experience, MonthOfProduct
from adjudicator.simulation.actuarial.forecast import IndexMonth
from adjudicator.simulation.actuarial.reserves import Reserve
from adjudicator.simulation.actuarial.tails import NO_TAIL, Curve, Tail
from adjudicator.simulation.actuarial.triangles import Triangle
from adjudicator.units import divide_rounded
from adjudicator.vocabulary import Category, FacilityLevel
from adjudicator.words import message

Row = dict[str, Any]

GROUPS: Final = {
    "product": Column("product"),
    "region": Column("region"),
    "level": Column("level", Unit.WORD, FacilityLevel),
    "category": Column("category", Unit.WORD, Category),
    "age": Column("age_band"),
}
"""The column that says which group a row is of, by what groups are."""


def _grouped(by: str | None) -> tuple[Column, ...]:
    return () if by is None else (GROUPS[by],)


def _of_group(by: str | None, group: str | int | None) -> Row:
    return {} if by is None else {GROUPS[by].name: group}


def _ages(first: int, count: int, unit: Unit) -> tuple[Column, ...]:
    """Make a column for each age; a narrow screen leaves the oldest out."""
    return tuple(
        Column(f"age_{age}", unit, spare=age > first, said=message("actuary.age", age=age))
        for age in range(first, first + count)
    )


def triangle_parts(
    triangles: Sequence[Triangle], by: str | None, unit: Unit, cumulative: bool
) -> tuple[Part, ...]:
    """Give triangles, a row for each origin, and their development factors.

    Args:
        triangles: one a group, of the same periods.
        by: what the groups are; see :data:`GROUPS`.
        unit: of the cells: money or a number.
        cumulative: whether cells are what was booked up to each age.
    """
    size = triangles[0].size if triangles else 0
    ages = _ages(0, size, unit)
    columns = (*_grouped(by), Column("period"), *ages, Column("total", unit))
    rows: list[Row] = []
    for one in triangles:
        cells = (one.cumulative if cumulative else one.cells).tolist()
        for row, origin in enumerate(one.origins):
            known = zip(ages, cells[row][: size - row], strict=False)
            amounts = {age.name: amount for age, amount in known}
            total = sum(one.cells[row].tolist())
            rows.append(_of_group(by, one.group) | {"period": origin, "total": total} | amounts)
    factors = [row for one in triangles for row in factor_rows(development(one), by, one.group, 0)]
    return (
        part_of_rows("triangle_cumulative" if cumulative else "triangle", columns, rows),
        part_of_rows("factors", _factor_columns(by), factors),
    )


def _factor_columns(by: str | None, *, tail: bool = False) -> tuple[Column, ...]:
    of_tail = (Column("by_curve", Unit.RATIO, spare=True), Column("to_end", Unit.RATIO)) if tail else ()
    return (
        *_grouped(by),
        Column("development_age", Unit.NUMBER),
        Column("factor", Unit.RATIO),
        Column("to_last", Unit.RATIO),
        *of_tail,
        Column("completion", Unit.RATIO),
    )


def factor_rows(
    of: Development, by: str | None, group: str | int | None, youngest: int, tail: Tail = NO_TAIL
) -> list[Row]:
    """Give development factors as rows, one for each age; the last one has that of the tail, if any."""
    after = Fraction(tail.factor)
    factors: list[Factor] = [*of.factors, after if tail.there else None]
    by_curve = dict(tail.fitted)
    return [
        _of_group(by, group)
        | {
            "development_age": youngest + place,
            "factor": shown_ratio(factor),
            "to_last": shown_ratio(to_last),
            "by_curve": _ratio(by_curve.get(youngest + place)),
            "to_end": None if to_last is None else shown_ratio(to_last * after),
            "completion": None if completion is None else shown_ratio(completion / after),
        }
        for place, (factor, to_last, completion) in enumerate(
            zip(factors, of.to_last, of.completion, strict=True)
        )
    ]


def reserve_parts(reserves: Sequence[Reserve], by: str | None, unit: Unit) -> tuple[Part, ...]:
    """Give reserves: a summary, the tail if any, every origin, and the factors that they rest upon."""
    summary = [
        _of_group(by, one.group)
        | {
            "method": f"method.{one.method.value}",
            "reported": one.reported,
            "ibnr": one.ibnr,
            "ultimate": one.ultimate,
            "standard_error": one.standard_error,
            "error_share": None if one.standard_error is None else _share(one.standard_error, one.ibnr),
            "loss_ratio": None if one.loss_ratio is None else round(one.loss_ratio * 10_000),
            "not_projected": sum(origin.ultimate is None for origin in one.origins),
        }
        for one in reserves
    ]
    origins = [
        _of_group(by, one.group)
        | {
            "method": f"method.{one.method.value}",
            "period": origin.origin,
            "development_age": origin.age,
            "exposure": origin.exposure,
            "reported": origin.reported,
            "ibnr": origin.ibnr,
            "ultimate": origin.ultimate,
            "standard_error": origin.standard_error,
            "completion": None if not origin.ultimate else _share(origin.reported, origin.ultimate),
        }
        for one in reserves
        for origin in one.origins
    ]
    first = {one.group: one for one in reversed(reserves)}
    factors = [
        row
        for group, one in reversed(first.items())
        for row in factor_rows(one.development, by, group, one.youngest, one.tail)
    ]
    of_method = (*_grouped(by), Column("method", Unit.KEY))
    return (
        part_of_rows(
            "reserves",
            (
                *of_method,
                *(Column(name, unit) for name in ("reported", "ibnr", "ultimate", "standard_error")),
                Column("error_share", Unit.RATIO),
                Column("loss_ratio", Unit.RATIO),
                Column("not_projected", Unit.NUMBER),
            ),
            summary,
        ),
        *_tail_parts(reserves, list(first.values())[::-1], by, unit),
        part_of_rows(
            "reserves_by_origin",
            (
                *of_method,
                Column("period"),
                Column("development_age", Unit.NUMBER),
                Column("exposure", Unit.MONEY, spare=True),
                *(Column(name, unit) for name in ("reported", "ibnr", "ultimate", "standard_error")),
                Column("completion", Unit.RATIO, spare=True),
            ),
            origins,
        ),
        part_of_rows("factors", _factor_columns(by, tail=any(one.tail.there for one in reserves)), factors),
    )


def _tail_parts(
    reserves: Sequence[Reserve], of_groups: Sequence[Reserve], by: str | None, unit: Unit
) -> tuple[Part, ...]:
    """Give the tail that was asked for, and what it does to each estimate; nothing without one."""
    if all(one.tail.curve is Curve.NONE for one in reserves):
        return ()
    tails = [
        _of_group(by, one.group)
        | {
            "curve": f"curve.{one.tail.curve.value}",
            "tail": _ratio(one.tail.factor),
            "tail_error": _ratio(one.tail.error),
            "first_age": one.tail.fitted[0][0] if one.tail.fitted else None,
            "last_age": one.tail.fitted[-1][0] if one.tail.fitted else None,
            "fitted": len(one.tail.fitted) if one.tail.fitted else None,
            "not_fitted": len(one.tail.left_out) if one.tail.fitted else None,
            "r_squared": _ratio(one.tail.r_squared),
        }
        for one in of_groups
    ]
    effects = [
        _of_group(by, one.group)
        | {
            "method": f"method.{one.method.value}",
            "ibnr_without": before.ibnr,
            "ibnr": one.ibnr,
            "added": one.ibnr - before.ibnr,
            "error_without": before.standard_error,
            "standard_error": one.standard_error,
        }
        for one in reserves
        for before in (one.without_tail or one,)
    ]
    return (
        part_of_rows(
            "tails",
            (
                *_grouped(by),
                Column("curve", Unit.KEY),
                Column("tail", Unit.RATIO),
                Column("tail_error", Unit.RATIO),
                *(Column(name, Unit.NUMBER) for name in ("first_age", "last_age", "fitted", "not_fitted")),
                Column("r_squared", Unit.RATIO),
            ),
            tails,
        ),
        part_of_rows(
            "tail_effects",
            (
                *_grouped(by),
                Column("method", Unit.KEY),
                *(
                    Column(name, unit)
                    for name in ("ibnr_without", "ibnr", "added", "error_without", "standard_error")
                ),
            ),
            effects,
        ),
    )


def back_test_part(tests: Sequence[BackTest], by: str | None, unit: Unit) -> Part:
    """Give what methods would have said of the last diagonals, and what came."""
    rows = [
        _of_group(by, one.group)
        | {
            "left_out": one.diagonals,
            "shown_upto": one.upto,
            "method": f"method.{one.method.value}",
            "predicted": one.predicted,
            "actual": one.actual,
            "difference": one.difference,
            "difference_share": _share(one.difference, one.actual),
            "apart": one.apart,
        }
        for one in tests
    ]
    columns = (
        *_grouped(by),
        Column("left_out", Unit.NUMBER),
        Column("shown_upto", spare=True),
        Column("method", Unit.KEY),
        *(Column(name, unit) for name in ("predicted", "actual", "difference")),
        Column("difference_share", Unit.RATIO),
        Column("apart", unit, spare=True),
    )
    return part_of_rows("back_tests", columns, rows)


def finding_part(found: Sequence[tuple[str | int | None, Finding]], by: str | None) -> Part:
    """Give what tests of triangles found, each with the group that it is of."""
    rows = [
        _of_group(by, group)
        | {
            "diagnostic": f"diagnostic.{one.diagnostic.value}",
            "found": _ratio(one.value),
            "low": _ratio(one.low),
            "high": _ratio(one.high),
            "verdict": f"verdict.{one.diagnostic.value}_{one.verdict.value}",
        }
        for group, one in found
    ]
    columns = (
        *_grouped(by),
        Column("diagnostic", Unit.KEY),
        Column("verdict", Unit.KEY),
        *(Column(name, Unit.RATIO, spare=True) for name in ("found", "low", "high")),
    )
    return part_of_rows("diagnostics", columns, rows)


def _ratio(value: float | None) -> int | None:
    return None if value is None else round(value * 10**RATIO_DECIMALS)


def _share(part: int, whole: int) -> int | None:
    return divide_rounded(part * 10_000, whole) if whole > 0 else None


def experience_part(rows: Sequence[Experience], by: str | None) -> Part:
    """Give frequency and severity, a row for each group."""
    columns = (
        *_grouped(by),
        Column("claims", Unit.NUMBER),
        Column("insured_years", Unit.QUANTITY),
        Column("amount", Unit.MONEY),
        Column("frequency", Unit.RATIO),
        Column("severity", Unit.MONEY),
        Column("cost_per_insured_year", Unit.MONEY),
    )
    listed = [
        _of_group(by, one.group)
        | {
            "claims": one.claims,
            "insured_years": _rounded(one.insured_years * 100),
            "amount": one.amount,
            "frequency": shown_ratio(one.frequency),
            "severity": _rounded(one.severity),
            "cost_per_insured_year": _rounded(one.cost),
        }
        for one in rows
    ]
    return part_of_rows("experience" if by is None else f"experience_by_{by}", columns, listed)


def _rounded(value: Factor) -> int | None:
    return None if value is None else divide_rounded(value.numerator, value.denominator)


def loss_ratio_parts(rows: Sequence[MonthOfProduct]) -> tuple[Part, ...]:
    """Give contributions and claims by product, and by product and month."""
    amounts = ("earned", "valuated", "paid")
    columns = (*(Column(name, Unit.MONEY) for name in amounts), Column("loss_ratio", Unit.RATIO))

    def of(product: str, chosen: Sequence[MonthOfProduct]) -> Row:
        earned, valuated, paid = (sum(getattr(one, name) for one in chosen) for name in amounts)
        whole = MonthOfProduct(product, 0, earned, valuated, paid)
        return {
            "product": product,
            "earned": earned,
            "valuated": valuated,
            "paid": paid,
            "loss_ratio": shown_ratio(whole.ratio),
        }

    products = sorted({one.product for one in rows})
    summary = [of(product, [one for one in rows if one.product == product]) for product in products]
    months = [of(one.product, [one]) | {"month": written_month(one.month)} for one in rows]
    return (
        part_of_rows("loss_ratio", (Column("product"), *columns), summary),
        part_of_rows("loss_ratio_by_month", (Column("product"), Column("month"), *columns), months),
    )


def adequacy_part(rows: Sequence[Adequacy]) -> Part:
    """Give what contributions would have been adequate, a row for each product."""
    columns = (
        Column("product"),
        Column("first_period"),
        Column("last_period"),
        *(Column(name, Unit.MONEY) for name in ("earned", "ultimate", "prudent", "adequate")),
        Column("loss_ratio", Unit.RATIO),
        Column("change", Unit.RATIO),
        *(
            Column(name, Unit.MONEY, spare=True)
            for name in ("earned_by_insured", "adequate_by_insured", "reported", "standard_error")
        ),
    )
    listed = [
        {
            "product": one.product,
            "first_period": one.first,
            "last_period": one.last,
            "earned": one.earned,
            "ultimate": one.ultimate,
            "prudent": one.prudent,
            "adequate": one.adequate,
            "loss_ratio": shown_ratio(one.loss_ratio),
            "change": shown_ratio(one.change),
            "earned_by_insured": _rounded(one.earned_by_insured),
            "adequate_by_insured": _rounded(one.adequate_by_insured),
            "reported": one.reported,
            "standard_error": one.standard_error,
        }
        for one in rows
    ]
    return part_of_rows("adequacy", columns, listed)


def forecast_part(rows: Sequence[IndexMonth]) -> Part:
    """Give the forecast of indexes, a row for each pool."""
    indexes = ("index", "low", "middle", "high")
    columns = (
        Column("product"),
        Column("care", Unit.KEY),
        Column("first_period"),
        Column("last_period"),
        Column("contributions", Unit.MONEY),
        Column("share", Unit.RATIO),
        Column("expected_value", Unit.MONEY),
        *(Column(f"index_{name}" if name != "index" else name, Unit.RATIO) for name in indexes),
    )
    listed = [
        {
            "product": one.pool.product,
            "care": f"care.{'all' if one.pool.care is None else one.pool.care.word}",
            "first_period": written_month(one.pool.months[0]),
            "last_period": written_month(one.pool.months[-1]),
            "contributions": one.contributions,
            "share": one.pool.share,
            "expected_value": round(one.valuated),
        }
        | {
            f"index_{name}" if name != "index" else name: round(getattr(one, name) * 10_000)
            for name in indexes
        }
        for one in rows
    ]
    return part_of_rows("index_forecast", columns, listed)
