"""The contributions report: what closed months allocated, by product and by where families live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.closing.contributions import paid_for
from adjudicator.books.closing.periods import ClosedMonth
from adjudicator.books.registers import registers_at
from adjudicator.books.reports.about import check_product, report_of
from adjudicator.books.reports.months import Months, closings_of, load_of
from adjudicator.books.sums import total
from adjudicator.encoding import Keys, integers
from adjudicator.product.definition import Product
from adjudicator.product.read import read_products
from adjudicator.remuneration.allocation import contributions as over_days
from adjudicator.remuneration.allocation import earned_by_month
from adjudicator.remuneration.index import version_for
from adjudicator.remuneration.months import months_of, written_month
from adjudicator.reporting.contributions import OfPlace, OfProduct, contributions
from adjudicator.reporting.places import places_at
from adjudicator.reporting.report import Parameter, Report
from adjudicator.store.schema import STATEMENT_ROWS
from adjudicator.units import PERCENT_ALL
from adjudicator.vocabulary import LocationLevel


def contributions_report(
    books: Books, months: Months, product: str | None = None, level: LocationLevel = LocationLevel.REGION
) -> Report:
    """Make the report of contributions that closed months collected and allocated.

    Args:
        books: the books.
        months: which closed months.
        product: only of this one.
        level: of the places that families live in.

    Raises:
        Refused: no such month is closed, or there is no such product.
    """
    with books.database.reading() as connection:
        check_product(books, product)
        closings = closings_of(connection, months)
        of_products, of_places = _read(books, connection, closings, product, level)
        parts = contributions(of_products, of_places, _names(connection, load_of(closings)))
        said = months.parameters(closings)
        said += [Parameter("product", product)] if product else []
        return report_of(books, connection, "contributions", said, parts)


def products_of(books: Books, connection: sa.Connection, closings: Sequence[ClosedMonth]) -> list[OfProduct]:
    """Give what closed months came to, by product."""
    return _read(books, connection, closings, None, LocationLevel.REGION)[0]


def _read(
    books: Books,
    connection: sa.Connection,
    closings: Sequence[ClosedMonth],
    product: str | None,
    level: LocationLevel,
) -> tuple[list[OfProduct], list[OfPlace]]:
    of_products: list[OfProduct] = []
    of_places: list[OfPlace] = []
    accounts = _accounts(books, closings)
    for closing in closings:
        codes = [code for code in closing.record["allocated"] if product in (None, code)]
        collected, places = _of_families(connection, closing, codes, level)
        paid = _remunerated(connection, closing)
        of_products += [
            _of_product(closing, code, accounts.get(code), collected.get(code, 0), paid.get(code, 0))
            for code in codes
        ]
        of_places += places
    return of_products, of_places


def _accounts(books: Books, closings: Sequence[ClosedMonth]) -> dict[str, str | None]:
    """Give the account codes of contributions, by the versions that closed the last month."""
    by_code: dict[str, list[Product]] = {}
    for source in read_products(books.folder / books.settings.products, books.decimals):
        by_code.setdefault(source.definition.product, []).append(source.definition)
    last = max((one.month for one in closings), default=0)
    found = {code: version_for(versions, last) for code, versions in by_code.items()}
    return {code: version.accounts.contribution for code, version in found.items() if version}


def _of_product(closing: ClosedMonth, code: str, account: str | None, collected: int, paid: int) -> OfProduct:
    record = closing.record
    shares = [
        Fraction(max(one["allocated"], 0) * one["share"], PERCENT_ALL)
        for one in record["indexes"]
        if one["product"] == code
    ]
    pots = [one["pot"] for one in record["capitation"] if one["product"] == code]
    return OfProduct(
        month=closing.name,
        product=code,
        account=account,
        collected=collected,
        allocated=record["allocated"][code].get(written_month(closing.month), 0),
        for_relative_prices=int(sum(shares)),
        for_capitation=sum(pots),
        remunerated=paid,
    )


def _remunerated(connection: sa.Connection, closing: ClosedMonth) -> Mapping[str, int]:
    rows = STATEMENT_ROWS
    query = sa.select(rows.c.product, total(rows.c.amount, "amount")).where(rows.c.closing == closing.closing)
    return {row.product: int(row.amount) for row in connection.execute(query.group_by(rows.c.product))}


def _of_families(
    connection: sa.Connection, closing: ClosedMonth, codes: Sequence[str], level: LocationLevel
) -> tuple[dict[str, int], list[OfPlace]]:
    """Give what was collected by product, and what was collected and earned by product and place."""
    load = int(closing.record["registers"]["load"])
    rows = paid_for(connection, load, codes, with_location=True)
    locations = registers_at(connection, load, ("locations",))["locations"]
    inside = places_at(locations, level)
    # Families live in few places, and pay often: what a place lies in is found once for each.
    lived = rows["location"].combine_chunks().dictionary_encode()
    found = pa.array([inside.get(code) for code in lived.dictionary.to_pylist()], pa.string())
    places, products = Keys.of(found), Keys.of(pa.array(sorted(codes), pa.string()))
    of_code = np.append(places.encode(found), -1).astype(np.int64)
    place = of_code[lived.indices.fill_null(len(found)).to_numpy()]
    product = products.encode(rows["product"]).astype(np.int64)
    width = len(places) + 1
    group = product * width + np.where(place < 0, len(places), place)
    amount = integers(rows["amount"], np.int64)
    days = [integers(rows[name].cast(pa.int32()), np.int64) for name in ("paid", "effective", "expiry")]
    earned = earned_by_month(over_days(amount, *days), group, len(products) * width, closing.month, 1)[:, 0]
    collected = np.zeros(len(products) * width, np.int64)
    now = months_of(days[0]) == closing.month
    np.add.at(collected, group[now], amount[now])
    named = [*places.values.to_pylist(), None]
    of_places = [
        OfPlace(closing.name, code, name, int(collected[cell]), int(earned[cell]))
        for at, code in enumerate(products.values.to_pylist())
        for cell, name in enumerate(named, at * width)
    ]
    by_product = collected.reshape(len(products), width).sum(axis=1)
    return dict(zip(products.values.to_pylist(), by_product.tolist(), strict=True)), of_places


def _names(connection: sa.Connection, load: int) -> dict[str, str]:
    rows = registers_at(connection, load, ("locations",))["locations"]
    return dict(zip(rows["code"].to_pylist(), rows["name"].to_pylist(), strict=True))
