"""The contributions that a closing counts: what is earned in its month, and what earlier closings missed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.closing.periods import ClosedMonth
from adjudicator.encoding import integers, one_array
from adjudicator.remuneration.allocation import Contributions, allocated, contributions, earned_by_month
from adjudicator.remuneration.months import first_day, last_day, read_month, written_month
from adjudicator.store import bulk
from adjudicator.store.digests import row_digests
from adjudicator.store.schema import REGISTERS
from adjudicator.units import date_of

Int64s = npt.NDArray[np.int64]

_DATED = ("paid", "effective", "expiry")


def allocated_contributions(
    connection: sa.Connection,
    products: Sequence[str],
    month: int,
    months: Iterable[int],
    load: int,
    standing: Sequence[ClosedMonth],
    location: str,
) -> dict[tuple[str, int], int]:
    """Give the contributions that products earn in the month that is closed, and in the months of its pools.

    What came into the books after the last closing of the location, and was earned before, is counted in
    this month; what was taken out of them, or is earned otherwise now, is taken back in it. So months that
    were closed keep what they counted, and every contribution is counted once in all.

    Args:
        connection: of a transaction.
        products: codes of the products that are closed.
        month: the month that is closed.
        months: earlier months of the pools that close with it.
        load: the number of the registers' last load.
        standing: the closings of the months that are closed now.
        location: the location that is closed.

    Returns:
        Product and month → minor units.
    """
    before = max((one for one in standing if one.location == location), key=_month, default=None)
    seen = before.record["registers"]["load"] if before else load
    # What was earned before all of it, and has not changed, need not be looked at.
    wanted = {month, *months}
    since = date_of(first_day(min(wanted)))
    now = paid_for(connection, load, products, since=since, changed_after=seen)
    rows, missed = (
        (now, np.zeros(len(now), np.bool_))
        if seen == load
        else _changed_since(paid_for(connection, seen, products, since=since, changed_after=seen), now)
    )
    of_month = _group_totals(rows, products, month, missed)
    counted = _counted(standing)
    result = {(code, month): of_month[code] for code in products}
    for earlier in sorted(wanted - {month}):
        present = _group_months(now, products, earlier)
        result |= {(code, earlier): counted.get((code, earlier), present[code]) for code in products}
    return result


def _month(closing: ClosedMonth) -> int:
    return closing.month


def _counted(standing: Collection[ClosedMonth]) -> dict[tuple[str, int], int]:
    """Give what earlier closings counted, by product and month."""
    return {
        (code, one.month): amount
        for one in standing
        for code, by_month in one.record["allocated"].items()
        for written, amount in by_month.items()
        if read_month(written) == one.month
    }


def as_record(amounts: Mapping[tuple[str, int], int]) -> dict[str, dict[str, int]]:
    """Give allocated contributions as a closing's record holds them."""
    record: dict[str, dict[str, int]] = {}
    for (code, month), amount in sorted(amounts.items()):
        record.setdefault(code, {})[written_month(month)] = amount
    return record


def paid_for(
    connection: sa.Connection,
    load: int,
    products: Sequence[str],
    with_location: bool = False,
    since: dt.date | None = None,
    changed_after: int = 0,
) -> pa.Table:
    """Read the contributions of products as they were after a load, each with the period that it is for.

    Args:
        connection: of a transaction.
        load: its number.
        products: their codes.
        with_location: also where the family lives, as it was known then.
        since: leave out what is earned before this day, unless it came into the books, or was taken out of
            them, after the load ``changed_after``.
        changed_after: the number of that load.
    """
    paid, policies, families = (REGISTERS[name] for name in ("contributions", "policies", "families"))

    def held(table: sa.Table) -> sa.ColumnElement[bool]:
        return sa.and_(table.c.since <= load, sa.or_(table.c.until.is_(None), table.c.until > load))

    columns = [paid.c.contribution, policies.c.product, paid.c.amount, paid.c.paid]
    columns += [policies.c.effective, policies.c.expiry]
    joined: sa.FromClause = paid.join(policies, policies.c.policy == paid.c.policy)
    if with_location:
        columns.append(families.c.location)
        joined = joined.outerjoin(families, sa.and_(families.c.family == policies.c.family, held(families)))
    query = sa.select(*columns).select_from(joined)
    query = query.where(held(paid), held(policies), policies.c.product.in_(list(products)))
    if since is not None:
        changed = (
            sa.or_(table.c.since > changed_after, table.c.until > changed_after) for table in (paid, policies)
        )
        query = query.where(sa.or_(policies.c.expiry >= since, paid.c.paid >= since, *changed))
    return bulk.read(connection, query)


def _changed_since(before: pa.Table, now: pa.Table) -> tuple[pa.Table, npt.NDArray[np.bool_]]:
    """Put what is paid for now together with what was taken out of the books since.

    A row that is gone stands twice: as it was counted, and with its amount negated among those that were
    missed, so that it leaves nothing in the month and takes back what was earned before it.

    Returns:
        The rows, and which of them no closing has counted.
    """
    digests = [row_digests(table) for table in (before, now)]
    gone = before.filter(pa.array(~np.isin(digests[0], digests[1])))
    place = gone.column_names.index("amount")
    back = gone.set_column(place, "amount", pa.array(-integers(gone["amount"], np.int64)))
    new = ~np.isin(digests[1], digests[0])
    missed = np.concatenate([new, np.zeros(len(gone), np.bool_), np.ones(len(back), np.bool_)])
    return pa.concat_tables([now, gone, back]), missed


def _laid_out(rows: pa.Table, products: Sequence[str]) -> tuple[Contributions, Int64s]:
    days = [integers(rows[name].cast(pa.int32()), np.int64) for name in _DATED]
    place: dict[Any, int] = {code: number for number, code in enumerate(products)}
    codes = one_array(rows["product"]).dictionary_encode()
    of_code = np.array([place[code] for code in codes.dictionary.to_pylist()], np.int64)
    group = of_code[codes.indices.to_numpy()] if len(of_code) else np.zeros(0, np.int64)
    return contributions(integers(rows["amount"], np.int64), *days), group


def _group_totals(
    rows: pa.Table, products: Sequence[str], month: int, missed: npt.NDArray[np.bool_]
) -> dict[str, int]:
    laid, group = _laid_out(rows, products)
    totals = allocated(laid, group, len(products), first_day(month), last_day(month), missed)
    return dict(zip(products, totals.tolist(), strict=True))


def _group_months(rows: pa.Table, products: Sequence[str], month: int) -> dict[str, int]:
    laid, group = _laid_out(rows, products)
    totals = earned_by_month(laid, group, len(products), month, 1)
    return dict(zip(products, totals[:, 0].tolist(), strict=True))
