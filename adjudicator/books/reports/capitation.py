"""The capitation report: from the records of closed months."""

from __future__ import annotations

from adjudicator.books.books import Books
from adjudicator.books.reports.about import check_product, report_of
from adjudicator.books.reports.months import Months, closings_of, load_of, seats
from adjudicator.reporting.capitation import Shared, capitation
from adjudicator.reporting.report import Parameter, Report


def capitation_report(books: Books, months: Months, product: str | None = None) -> Report:
    """Make the report of what facilities were paid by capitation, and by what figures.

    Args:
        books: the books.
        months: which closed months.
        product: only of this one.

    Raises:
        Refused: no such month is closed, or there is no such product.
    """
    with books.database.reading() as connection:
        check_product(books, product)
        closings = closings_of(connection, months)
        shared = [
            Shared(closing.name, payment)
            for closing in closings
            for payment in closing.record["capitation"]
            if product in (None, payment["product"])
        ]
        found = seats(connection, load_of(closings))
        parts = capitation(
            shared,
            {
                code: {
                    "region": seat.region,
                    "district": seat.district,
                    "facility_name": seat.name,
                    "facility_account": seat.account,
                }
                for code, seat in found.items()
            },
        )
        said = months.parameters(closings)
        said += [Parameter("product", product)] if product else []
        return report_of(books, connection, "capitation", said, parts)
