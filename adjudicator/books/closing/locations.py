"""Which products are closed together, and whether a month may be closed for them: pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from adjudicator.books.closing.periods import NATIONAL, ClosedMonth, named
from adjudicator.problems import refused
from adjudicator.product.definition import Product
from adjudicator.product.read import ProductSource
from adjudicator.remuneration.capitation import sold_at
from adjudicator.remuneration.index import version_for
from adjudicator.remuneration.months import written_month
from adjudicator.words import moment


def location_of(product: Product) -> str:
    """Give the location by which a product is closed: its district, else its region, else the nation."""
    return sold_at(product) or NATIONAL


def versions_closing(sources: Sequence[ProductSource], month: int) -> dict[str, Product]:
    """Give the version of each product that closes a month, in the order of their codes."""
    by_code: dict[str, list[Product]] = {}
    for source in sources:
        by_code.setdefault(source.definition.product, []).append(source.definition)
    found = {code: version_for(versions, month) for code, versions in by_code.items()}
    return {code: version for code, version in sorted(found.items()) if version is not None}


def check_location(versions: Mapping[str, Product], location: str, month: int) -> None:
    """Make sure that a product is closed by a location.

    Raises:
        Refused: none is.
    """
    known = sorted({location_of(version) for version in versions.values()})
    if location not in known:
        others = [one for one in known if one]
        key = "closing.no_product_there" if location else "closing.no_national_product"
        raise refused(key, location=location, month=written_month(month), known=others or ["–"])


def check_month(standing: Collection[ClosedMonth], month: int, location: str) -> None:
    """Make sure that a month is the one after the last that is closed for a location.

    Raises:
        Refused: it is closed, or an earlier one is open.
    """
    closed = {one.month: one for one in standing if one.location == location}
    if month in closed:
        by = closed[month]
        raise refused("closing.closed", month=by.name, by=by.by, at=moment(by.at), closing=str(by.closing))
    if closed and month != max(closed) + 1:
        following = named(max(closed) + 1, location)
        raise refused("closing.out_of_order", month=named(month, location), next=following)


def still_open(
    versions: Mapping[str, Product], standing: Collection[ClosedMonth], month: int, location: str
) -> tuple[str, ...]:
    """Give the other locations with products for which a month is not closed."""
    closed = {one.location for one in standing if one.month == month}
    return tuple(sorted({location_of(version) for version in versions.values()} - closed - {location}))


def closed_by_product(
    versions: Mapping[str, Product], standing: Collection[ClosedMonth]
) -> dict[str, set[int]]:
    """Give the months that are closed for each product."""
    return {
        code: {one.month for one in standing if one.location == location_of(version)}
        for code, version in versions.items()
    }
