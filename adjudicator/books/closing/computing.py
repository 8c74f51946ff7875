"""Computing what closing a month of a location comes to, from what is in the books (law, section 6).

Everything is read here, and decided by pure functions; nothing is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.closing.contributions import allocated_contributions
from adjudicator.books.closing.held_back import Count, HeldBack, entered, unread
from adjudicator.books.closing.lines import (
    Accepted,
    Codes,
    accepted_lines,
    bases_of_care,
    entries_of,
    lines_of,
    settled_amounts,
)
from adjudicator.books.closing.locations import (
    check_location,
    check_month,
    closed_by_product,
    location_of,
    still_open,
    versions_closing,
)
from adjudicator.books.closing.page import FacilityTotal, Page
from adjudicator.books.closing.periods import ClosedMonth, standing_closings
from adjudicator.books.closing.record import record_of, rows_of
from adjudicator.books.closing.registers import Facilities, catchments_on, insured_on, places
from adjudicator.books.closing.settling import (
    activity_of,
    count_of,
    has_lines,
    late_claims,
    settled_claims,
    waiting_claims,
    with_empty,
)
from adjudicator.books.closing.unsettled import Unsettled, unsettled
from adjudicator.books.review.queue import held_claims
from adjudicator.problems import refused
from adjudicator.product.definition import Product
from adjudicator.product.read import ProductSource, read_products
from adjudicator.remuneration.capitation import Facility, Figures, figures_of, pays_by_head
from adjudicator.remuneration.closing import NOT_YET, Closing, Lines, close_month
from adjudicator.remuneration.index import pools_closing
from adjudicator.remuneration.months import last_day, written_month
from adjudicator.remuneration.statements import Statement, joined, no_entries, statements_of, taken_back
from adjudicator.store import journal, loads
from adjudicator.store.runs import last_run
from adjudicator.store.schema import CLOSINGS, STATEMENTS

Bools = npt.NDArray[np.bool_]

Progress = Callable[[str, int, int], None]

STAGES: Final = 5
"""Of computing a month: claims, lines, contributions, figures and pools, statements."""

State = tuple[int | None, int, int, int | None]
"""What decides about a closing besides the products: what was loaded, decided, held back, closed."""


@dataclass(frozen=True)
class Prepared:
    """A closing that is computed and not booked."""

    page: Page
    state: State
    """What it was computed from."""
    entries: pa.Table
    """Rows of ``remunerations``, as :func:`~adjudicator.books.closing.record.rows_of` gives them."""
    settlements: pa.Table
    """The decisions that it settles: ``claim_id`` and ``run``."""
    shares: pa.Table
    """What it gives lines of claims that wait for another pool."""
    statements: tuple[Statement, ...]
    sources: tuple[ProductSource, ...]
    version: int
    """How many closings of the month and location there are with it."""


@dataclass(frozen=True)
class _Basis:
    """What a closing goes by, besides the claims."""

    month: int
    location: str
    sources: tuple[ProductSource, ...]
    versions: Mapping[str, Product]
    """The version of each product that closes the month."""
    terms: Mapping[str, Product]
    """Those of the location."""
    registers: loads.Load
    standing: Sequence[ClosedMonth]
    last: int
    """The last run that counts."""

    @property
    def accounts(self) -> dict[str, str | None]:
        """The account codes of the products."""
        return {code: version.accounts.remuneration for code, version in self.versions.items()}

    @property
    def pool_months(self) -> set[int]:
        """The months of all pools that close."""
        pools = (pool for version in self.terms.values() for pool in pools_closing(version, self.month))
        return {month for pool in pools for month in pool.months}


@dataclass(frozen=True)
class _Waiting:
    """What waits to be settled up to the month."""

    claims: Unsettled
    in_review: Count
    """Those left out of ``claims``, as they are under review."""
    accepted: Accepted
    before: pa.Table
    """What statements hold now for those of the claims that were settled before."""
    register: Facilities
    codes: Codes
    facilities: list[Facility]
    """As on the last day of the month, by place."""
    lines: Lines


def state_of(connection: sa.Connection) -> State:
    """Give what decides about a closing, besides the products: what was loaded, decided, held, closed."""
    registers = loads.last_load(connection, "registers")
    held = held_claims(connection)
    closings = connection.execute(sa.select(sa.func.max(CLOSINGS.c.closing))).scalar()
    load = registers.load if registers is not None else None
    return load, last_run(connection), hash(held.tobytes()), closings


def compute(
    books: Books, connection: sa.Connection, month: int, location: str, progress: Progress | None
) -> Prepared:
    """Compute what closing a month of a location comes to.

    Args:
        books: the books.
        connection: of a transaction, all of which sees the same books.
        month: the month.
        location: of the products that are closed.
        progress: is told what is being done, and how far it is.

    Raises:
        Refused: the month is closed, or an earlier one is open; no product is of the location; or there are
            no registers.
    """
    basis = _basis(books, connection, month, location)
    stages = iter(range(1, STAGES + 1))

    def tell() -> None:
        if progress is not None:
            progress("closing.computing", next(stages), STAGES)

    waiting = _waiting(books, connection, basis, tell)
    allocated = allocated_contributions(
        *(connection, sorted(basis.terms), month, basis.pool_months, basis.registers.load),
        *(basis.standing, location),
    )
    tell()
    closing = _closing(connection, basis, waiting, allocated)
    tell()
    settled = settled_claims(waiting.claims, waiting.accepted, closing, waiting.before, basis.terms)
    closing = _corrected(closing, basis, waiting, settled)
    statements = with_empty(closing.statements, waiting.claims, settled, waiting.facilities, month)
    rows = rows_of(closing.entries, waiting.codes)
    record = record_of(
        closing,
        location=location,
        registers=basis.registers,
        run=basis.last,
        sources=[source for source in basis.sources if source.definition.product in basis.terms],
        allocated=allocated,
        settled=int(settled.sum()),
        in_review=waiting.in_review.claims,
        statements=statements,
        rows=rows,
    )
    claims = waiting.claims
    return Prepared(
        page=_page(books, connection, basis, waiting, closing, allocated, settled, statements, record),
        state=state_of(connection),
        entries=rows,
        settlements=pa.table({"claim_id": claims.claim_id[settled], "run": claims.run[settled]}),
        shares=_shares(waiting, closing),
        statements=statements,
        sources=basis.sources,
        version=_version(connection, month, location),
    )


def _basis(books: Books, connection: sa.Connection, month: int, location: str) -> _Basis:
    sources = tuple(read_products(books.folder / books.settings.products, books.decimals))
    registers = loads.last_load(connection, "registers")
    if registers is None:
        raise refused("books.no_state")
    standing = standing_closings(connection)
    versions = versions_closing(sources, month)
    terms = {code: one for code, one in versions.items() if location_of(one) == location}
    check_location(versions, location, month)
    check_month(standing, month, location)
    return _Basis(
        *(month, location, sources, versions, terms, registers, standing),
        last=last_run(connection),
    )


def _waiting(books: Books, connection: sa.Connection, basis: _Basis, tell: Callable[[], None]) -> _Waiting:
    """Read what waits to be settled, and lay it out for closing."""
    tell()
    all_claims = unsettled(connection, basis.last, basis.month)
    held = np.isin(all_claims.claim_id, held_claims(connection))
    claims = all_claims.only(~held)
    tell()
    accepted = accepted_lines(connection, claims)
    tell()
    before = settled_amounts(connection, claims.claim_id[claims.settled_before])
    register = Facilities(connection, basis.registers.load)
    codes = _codes(basis, claims, accepted, before, register)
    bases = bases_of_care(connection, claims, codes.products, basis.sources, books.decimals)
    closed = closed_by_product(basis.versions, basis.standing)
    return _Waiting(
        claims=claims,
        in_review=count_of(all_claims, held),
        accepted=accepted,
        before=before,
        register=register,
        codes=codes,
        facilities=register.on(codes.facilities, last_day(basis.month)),
        lines=lines_of(claims, accepted, codes, bases, register.levels(claims), closed),
    )


def _codes(
    basis: _Basis, claims: Unsettled, accepted: Accepted, before: pa.Table, register: Facilities
) -> Codes:
    """Give the codes of all facilities and products that a closing may speak of, in order."""
    products = {*basis.terms, *pc.unique(accepted.product).to_pylist(), *before["product"].to_pylist()}
    facilities = {*pc.unique(claims.facility).to_pylist(), *before["facility"].to_pylist()}
    if any(one.remuneration.capitation for one in basis.terms.values()):
        facilities |= set(register.valid(last_day(basis.month)))
    return Codes(tuple(sorted(facilities)), tuple(sorted(products)))


def _closing(
    connection: sa.Connection,
    basis: _Basis,
    waiting: _Waiting,
    allocated: Mapping[tuple[str, int], int],
) -> Closing:
    """Close the month, before what earlier closings paid for its claims is taken back."""
    figures = _figures(connection, basis, waiting)
    return close_month(
        *(basis.month, waiting.codes.products, basis.accounts, basis.terms, waiting.facilities),
        *(allocated, figures, waiting.lines, no_entries()),
    )


def _figures(connection: sa.Connection, basis: _Basis, waiting: _Waiting) -> dict[str, list[Figures]]:
    """Count the figures of the facilities that products pay by capitation."""
    day, load = last_day(basis.month), basis.registers.load
    valid = set(waiting.register.valid(day))
    found = {}
    for code, version in basis.terms.items():
        if version.remuneration.capitation is None:
            continue
        found[code] = figures_of(
            [one for one in waiting.facilities if one.code in valid and pays_by_head(version, one)],
            catchments_on(connection, load, day),
            places(connection, load),
            insured_on(connection, load, code, day),
            activity_of(waiting.lines, waiting.codes, code, basis.month),
        )
    return found


def _corrected(closing: Closing, basis: _Basis, waiting: _Waiting, settled: Bools) -> Closing:
    """Take back what earlier closings paid for the claims that are settled anew."""
    ids = waiting.before["claim_id"].to_numpy()
    again = waiting.before.filter(pa.array(np.isin(ids, waiting.claims.claim_id[settled])))
    entries = joined(closing.entries, taken_back(entries_of(again, waiting.codes)))
    made = statements_of(basis.month, waiting.codes.products, basis.accounts, waiting.facilities, entries)
    return replace(closing, entries=entries, statements=made)


def _page(
    books: Books,
    connection: sa.Connection,
    basis: _Basis,
    waiting: _Waiting,
    closing: Closing,
    allocated: Mapping[tuple[str, int], int],
    settled: Bools,
    statements: Sequence[Statement],
    record: Mapping[str, Any],
) -> Page:
    claims, with_lines = waiting.claims, has_lines(waiting.claims, waiting.accepted)
    still_waiting = waiting_claims(claims, waiting.accepted, settled, basis.terms)
    return Page(
        month=basis.month,
        location=basis.location,
        products=tuple(sorted(basis.terms)),
        closing=closing,
        allocated=allocated,
        settled=count_of(claims, settled & with_lines),
        rejected=int((settled & ~with_lines).sum()),
        held_back=HeldBack(
            waiting.in_review,
            count_of(claims, still_waiting),
            entered(connection, basis.month),
            unread(connection, basis.month, books.decimals),
        ),
        late=late_claims(closing.entries, basis.month),
        facilities=_totals(connection, basis, statements),
        record=record,
        hash=hashlib.sha256(journal.canonical(record).encode()).hexdigest(),
        others=still_open(basis.versions, basis.standing, basis.month, basis.location),
    )


def _totals(
    connection: sa.Connection, basis: _Basis, statements: Sequence[Statement]
) -> tuple[FacilityTotal, ...]:
    """Set what facilities are owed beside what the closing of the month before owed them."""
    month_before = (basis.month - 1, basis.location)
    earlier = [one.closing for one in basis.standing if (one.month, one.location) == month_before]
    query = sa.select(STATEMENTS.c.facility, STATEMENTS.c.amount).where(STATEMENTS.c.closing.in_(earlier))
    before = {row.facility: row.amount for row in connection.execute(query)}
    now = {one.facility: one.total for one in statements}
    return tuple(
        FacilityTotal(code, before.get(code, 0), now.get(code, 0)) for code in sorted({*before, *now})
    )


def _shares(waiting: _Waiting, closing: Closing) -> pa.Table:
    """Give what the closing gives lines whose claims it does not settle, as rows of ``shares_held``."""
    lines, accepted = waiting.lines, waiting.accepted
    given = np.flatnonzero((lines.paid == NOT_YET) & (closing.paid != NOT_YET) & ~closing.settled)
    return pa.table(
        {
            "claim_id": lines.claim[given],
            "line": lines.line[given],
            "run": waiting.claims.run[accepted.row[given]],
            "part": pa.array(closing.part[given], pa.int8()),
            "amount": closing.paid[given],
        }
    )


def _version(connection: sa.Connection, month: int, location: str) -> int:
    query = sa.select(sa.func.coalesce(sa.func.max(CLOSINGS.c.version), 0)).where(
        CLOSINGS.c.month == written_month(month), CLOSINGS.c.location == location
    )
    return int(connection.execute(query).scalar_one()) + 1
