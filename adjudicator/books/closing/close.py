"""Closing a month of a location, and reopening it (law, section 6).

A month is closed in one transaction, under the lock of the books, by what is in them at that moment: the
same books give the same closing. The months of a location are closed one after the other, and only the last
one can be reopened, so that every contribution and every claim is counted once.

What is settled is a *decision*: a claim that is decided again after it was settled is taken back with what
it was paid, and settled anew, by the closing that knows all amounts of the new decision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator import engine
from adjudicator.books.basis import keep_products
from adjudicator.books.books import Books
from adjudicator.books.closing.contributions import allocated_contributions, as_record
from adjudicator.books.closing.held_back import Count, HeldBack, entered, unread
from adjudicator.books.closing.lines import (
    Accepted,
    Codes,
    Unsettled,
    accepted_lines,
    bases_of_care,
    entries_of,
    give_back_settled,
    keep_unsettled,
    lines_of,
    seen_by_closings,
    settled_amounts,
    unsettled,
)
from adjudicator.books.closing.periods import (
    CLOSED,
    NATIONAL,
    REOPENED,
    ClosedMonth,
    closing_of,
    named,
    standing_closings,
)
from adjudicator.books.closing.registers import Facilities, catchments_on, insured_on, places
from adjudicator.books.officers.register import check_first_person
from adjudicator.books.review.queue import held_claims
from adjudicator.problems import DoesNotAddUp, Problem, Refused
from adjudicator.product.definition import Product
from adjudicator.product.read import ProductSource, read_products, version_name
from adjudicator.remuneration.capitation import (
    Activity,
    CapitationPayment,
    Facility,
    Figures,
    figures_of,
    pays_by_head,
    sold_at,
)
from adjudicator.remuneration.closing import NOT_YET, Closing, Lines, close_month
from adjudicator.remuneration.index import RelativeIndex, pools_closing, version_for
from adjudicator.remuneration.months import last_day, written_month
from adjudicator.remuneration.statements import (
    Entries,
    Part,
    Statement,
    joined,
    no_entries,
    statements_of,
    taken_back,
)
from adjudicator.store import bulk, journal, loads, lock
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.journal import Act
from adjudicator.store.runs import last_run
from adjudicator.store.schema import (
    CLOSED_MONTHS,
    CLOSING_PROPOSALS,
    CLOSINGS,
    PAID_STATEMENTS,
    REMUNERATIONS,
    SETTLEMENTS,
    SHARES_HELD,
    STATEMENT_ROWS,
    STATEMENTS,
)
from adjudicator.words import message, moment

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

Progress = Callable[[str, int, int], None]

STAGES: Final = 5
"""Of computing a month: claims, lines, contributions, figures and pools, statements."""

ATTEMPTS: Final = 3
"""How often a month is computed again because something was booked meanwhile, before that is told."""


@dataclass(frozen=True)
class Late:
    """Claims of an earlier month that this closing settles."""

    origin: int
    claims: int
    amount: int


@dataclass(frozen=True)
class FacilityTotal:
    """What a facility is owed, and what it was owed by the closing of the month before, minor units."""

    facility: str
    before: int
    now: int


@dataclass(frozen=True)
class Page:
    """A closing as it is looked at before it is booked, and after."""

    month: int
    location: str
    products: tuple[str, ...]
    closing: Closing
    allocated: Mapping[tuple[str, int], int]
    """Contributions earned by product and month, minor units."""
    settled: Count
    """The claims that are settled, rejected ones left out."""
    rejected: int
    """Rejected claims that are put on statements, for their facilities to see."""
    held_back: HeldBack
    late: tuple[Late, ...]
    facilities: tuple[FacilityTotal, ...]
    record: Mapping[str, Any]
    hash: str
    others: tuple[str, ...]
    """Other locations with products for which the month is not closed."""
    booked: int | None = None
    """The number of the closing, once it is booked."""
    proposed_by: str | None = None
    """Who proposed it, while it waits for a second person."""


@dataclass(frozen=True)
class _Prepared:
    """A closing that is computed and not booked."""

    page: Page
    state: tuple[Any, ...]
    """What it was computed from."""
    entries: pa.Table
    settlements: pa.Table
    shares: pa.Table
    statements: tuple[Statement, ...]
    sources: tuple[ProductSource, ...]
    version: int


def close(
    books: Books,
    by: str,
    month: int,
    location: str = NATIONAL,
    propose: bool = False,
    confirm: bool = False,
    progress: Progress | None = None,
) -> Page:
    """Close a month of a location, or show what closing it comes to.

    Where ``scheme.yaml`` asks for a second person, somebody proposes the closing, and somebody else confirms
    it; it must come to the same then.

    Args:
        books: the books.
        by: who closes.
        month: the month.
        location: of the products that are closed; :data:`NATIONAL` for those that are sold everywhere.
        propose: have somebody else confirm it.
        confirm: book it; where a second person is asked for, what somebody else proposed.
        progress: is told what is being done, and how far it is.

    Raises:
        Refused: the month is closed, or an earlier one is open; no product is of the location; the books
            are in use; or there is nothing to confirm, or not by this person, or it would come to other
            than was proposed.
    """
    if not propose and not confirm:
        with books.database.reading() as connection:
            return _prepare(books, connection, month, location, progress).page
    if propose and not books.settings.closing.second_person:
        raise _refused("closing.no_second_person")
    with lock.held(books.database, Act(by, "close")):
        for _ in range(ATTEMPTS):
            with books.database.reading() as connection:
                prepared = _prepare(books, connection, month, location, progress)
            with books.database.writing() as connection:
                if _state(connection) != prepared.state:
                    continue
                if propose:
                    return _proposed(connection, by, prepared)
                if books.settings.closing.second_person:
                    return _confirmed(books, connection, by, prepared)
                return _booked(books, connection, by, prepared, None)
    raise _refused("closing.unquiet")


def _refused(key: str, **values: Any) -> Refused:
    return Refused([Problem(message(key, **values), remedy=message(f"{key}.remedy", **values))])


def _state(connection: sa.Connection) -> tuple[Any, ...]:
    """Give what decides about a closing, besides the products: what was loaded, decided, held, closed."""
    registers = loads.last_load(connection, "registers")
    held = held_claims(connection)
    closings = connection.execute(sa.select(sa.func.max(CLOSINGS.c.closing))).scalar()
    return registers and registers.load, last_run(connection), hash(held.tobytes()), closings


# Computing.


def _prepare(
    books: Books, connection: sa.Connection, month: int, location: str, progress: Progress | None
) -> _Prepared:
    sources = tuple(read_products(books.folder / books.settings.products, books.decimals))
    registers = loads.last_load(connection, "registers")
    if registers is None:
        raise _refused("books.no_state")
    standing = standing_closings(connection)
    versions = _versions(sources, month)
    terms = {code: one for code, one in versions.items() if location_of(one) == location}
    _check_location(versions, location, month)
    _check_month(standing, month, location)
    last = last_run(connection)
    stages = iter(range(1, STAGES + 1))

    def tell() -> None:
        if progress is not None:
            progress("closing.computing", next(stages), STAGES)

    tell()
    waiting = unsettled(connection, last, month)
    held = np.isin(waiting.claim_id, held_claims(connection))
    in_review = Count(int(held.sum()), int(waiting.valuated[held].sum()))
    claims = waiting.only(~held)
    tell()
    accepted = accepted_lines(connection, claims)
    tell()
    before = settled_amounts(connection, claims.claim_id[claims.settled_before])
    register = Facilities(connection, registers.load)
    codes = _codes(terms, claims, accepted, before, register, month)
    facilities = register.on(codes.facilities, last_day(month))
    bases = bases_of_care(connection, claims, codes.products, sources, books.decimals)
    closed = _closed_by_product(versions, standing)
    lines = lines_of(claims, accepted, codes, bases, register.levels(claims), closed)
    pool_months = {
        one for version in terms.values() for pool in pools_closing(version, month) for one in pool.months
    }
    allocated = allocated_contributions(
        connection, sorted(terms), month, pool_months, registers.load, standing, location
    )
    tell()
    figures = _figures(connection, registers.load, terms, facilities, codes, lines, register, month)
    accounts = {code: version.accounts.remuneration for code, version in versions.items()}
    closing = close_month(
        *(month, codes.products, accounts, terms, facilities, allocated, figures, lines, no_entries())
    )
    tell()
    settled = _settled(claims, accepted, closing, before, terms)
    corrected = before.filter(pa.array(np.isin(before["claim_id"].to_numpy(), claims.claim_id[settled])))
    entries = joined(closing.entries, taken_back(entries_of(corrected, codes)))
    made = statements_of(month, codes.products, accounts, facilities, entries)
    closing = replace(closing, entries=entries, statements=made)
    statements = _with_empty(made, claims, settled, facilities, month)
    rows = _rows_of(entries, codes)
    record = {
        "month": written_month(month),
        "location": location,
        "engine": engine.version(),
        "registers": {"load": registers.load, "hash": registers.content_hash},
        "run": last,
        "products": sorted(
            [version_name(source.definition), source.content_hash]
            for source in sources
            if source.definition.product in terms
        ),
        "allocated": as_record(allocated),
        "indexes": [_index_record(index) for index in closing.indexes],
        "capitation": [_capitation_record(payment) for payment in closing.capitation],
        "settled": int(settled.sum()),
        "in_review": in_review.claims,
        "statements": [[one.facility, one.total] for one in statements],
        "entries": {"rows": len(rows), "hash": table_hash([row_digests(rows)])},
    }
    page = Page(
        month=month,
        location=location,
        products=tuple(sorted(terms)),
        closing=closing,
        allocated=allocated,
        settled=_count(claims, settled & _has_lines(claims, accepted)),
        rejected=int((settled & ~_has_lines(claims, accepted)).sum()),
        held_back=HeldBack(
            in_review,
            _count(claims, _waiting(claims, accepted, settled, terms)),
            entered(connection, month),
            unread(connection, month, books.decimals),
        ),
        late=_late(closing.entries, month),
        facilities=_totals(connection, standing, statements, month, location),
        record=record,
        hash=hashlib.sha256(journal.canonical(record).encode()).hexdigest(),
        others=_others(versions, standing, month, location),
    )
    shares = np.flatnonzero((lines.paid == NOT_YET) & (closing.paid != NOT_YET) & ~closing.settled)
    return _Prepared(
        page,
        _state(connection),
        rows,
        pa.table({"claim_id": claims.claim_id[settled], "run": claims.run[settled]}),
        pa.table(
            {
                "claim_id": lines.claim[shares],
                "line": lines.line[shares],
                "run": claims.run[accepted.row[shares]],
                "part": pa.array(closing.part[shares], pa.int8()),
                "amount": closing.paid[shares],
            }
        ),
        statements,
        sources,
        _version(connection, month, location),
    )


def location_of(product: Product) -> str:
    """Give the location by which a product is closed: its district, else its region, else the nation."""
    return sold_at(product) or NATIONAL


def _versions(sources: Sequence[ProductSource], month: int) -> dict[str, Product]:
    """Give the version of each product that closes a month."""
    by_code: dict[str, list[Product]] = {}
    for source in sources:
        by_code.setdefault(source.definition.product, []).append(source.definition)
    found = {code: version_for(versions, month) for code, versions in by_code.items()}
    return {code: version for code, version in sorted(found.items()) if version is not None}


def _check_location(versions: Mapping[str, Product], location: str, month: int) -> None:
    known = sorted({location_of(version) for version in versions.values()})
    if location not in known:
        others = [one for one in known if one]
        key = "closing.no_product_there" if location else "closing.no_national_product"
        raise _refused(key, location=location, month=written_month(month), known=others or ["–"])


def _others(
    versions: Mapping[str, Product], standing: Collection[ClosedMonth], month: int, location: str
) -> tuple[str, ...]:
    """Give the other locations with products for which a month is not closed."""
    closed = {one.location for one in standing if one.month == month}
    return tuple(sorted({location_of(version) for version in versions.values()} - closed - {location}))


def _check_month(standing: Collection[ClosedMonth], month: int, location: str) -> None:
    """Make sure that a month is the one after the last that is closed for a location."""
    closed = {one.month: one for one in standing if one.location == location}
    if month in closed:
        by = closed[month]
        raise _refused("closing.closed", month=by.name, by=by.by, at=moment(by.at), closing=str(by.closing))
    if closed and month != max(closed) + 1:
        following = named(max(closed) + 1, location)
        raise _refused("closing.out_of_order", month=named(month, location), next=following)


def _closed_by_product(
    versions: Mapping[str, Product], standing: Collection[ClosedMonth]
) -> dict[str, set[int]]:
    return {
        code: {one.month for one in standing if one.location == location_of(version)}
        for code, version in versions.items()
    }


def _codes(
    terms: Mapping[str, Product],
    claims: Unsettled,
    accepted: Accepted,
    before: pa.Table,
    register: Facilities,
    month: int,
) -> Codes:
    """Give the codes of all facilities and products that a closing may speak of, in order."""
    products = {*terms, *pc.unique(accepted.product).to_pylist(), *before["product"].to_pylist()}
    facilities = {*pc.unique(claims.facility).to_pylist(), *before["facility"].to_pylist()}
    capitated = [one.remuneration.capitation for one in terms.values()]
    if any(capitated):
        facilities |= set(register.valid(last_day(month)))
    return Codes(tuple(sorted(facilities)), tuple(sorted(products)))


def _figures(
    connection: sa.Connection,
    load: int,
    terms: Mapping[str, Product],
    facilities: Sequence[Facility],
    codes: Codes,
    lines: Lines,
    register: Facilities,
    month: int,
) -> dict[str, list[Figures]]:
    """Count the figures of the facilities that products pay by capitation."""
    day = last_day(month)
    valid = set(register.valid(day))
    found = {}
    for code, version in terms.items():
        if version.remuneration.capitation is None:
            continue
        mine = [one for one in facilities if one.code in valid and pays_by_head(version, one)]
        found[code] = figures_of(
            mine,
            catchments_on(connection, load, day),
            places(connection, load),
            insured_on(connection, load, code, day),
            _activity(lines, codes, code, month),
        )
    return found


def _activity(lines: Lines, codes: Codes, product: str, month: int) -> dict[str, Activity]:
    """Count what facilities did for a product: claims and their worth that are counted in the month.

    A claim that is corrected was counted when it was settled first.
    """
    mine = (
        (lines.product == codes.products.index(product))
        & (lines.month <= month)
        & (lines.paid == NOT_YET)
        & ~lines.corrects
    )
    facility, claim = lines.facility[mine], lines.claim[mine]
    worth = np.zeros(len(codes.facilities), np.int64)
    np.add.at(worth, facility, lines.valuated[mine])
    visits = np.zeros(len(codes.facilities), np.int64)
    _, first = np.unique(claim, return_index=True)
    np.add.at(visits, facility[first], 1)
    return {
        code: Activity(int(visits[place]), int(worth[place])) for place, code in enumerate(codes.facilities)
    }


def _has_lines(claims: Unsettled, accepted: Accepted) -> Bools:
    found = np.zeros(len(claims.claim_id), np.bool_)
    found[accepted.row] = True
    return found


def _settled(
    claims: Unsettled,
    accepted: Accepted,
    closing: Closing,
    before: pa.Table,
    terms: Mapping[str, Product],
) -> Bools:
    """Tell which claims this closing settles: (claims,).

    Those all of whose lines have their amount. One without accepted lines is settled with nothing; where it
    was paid something before, by a closing of a product that paid it.
    """
    has_lines = _has_lines(claims, accepted)
    settled = ~has_lines
    settled[accepted.row[closing.settled]] = True
    paid_by = before["product"].to_pylist()
    ids = before["claim_id"].to_numpy()
    ours = {int(claim) for claim, code in zip(ids.tolist(), paid_by, strict=True) if code in terms}
    others = set(ids.tolist()) - ours
    waits = np.isin(claims.claim_id, np.array(sorted(others), np.int64))
    settled[waits & ~has_lines] = False
    return settled


def _waiting(claims: Unsettled, accepted: Accepted, settled: Bools, terms: Mapping[str, Product]) -> Bools:
    """Tell which claims of the products that are closed are not settled: (claims,)."""
    ours = pc.is_in(accepted.product, value_set=pa.array(sorted(terms), pa.string()))
    found = np.zeros(len(claims.claim_id), np.bool_)
    found[accepted.row[ours.to_numpy(zero_copy_only=False)]] = True
    return found & ~settled


def _count(claims: Unsettled, chosen: Bools) -> Count:
    return Count(int(chosen.sum()), int(claims.valuated[chosen].sum()))


def _with_empty(
    made: tuple[Statement, ...],
    claims: Unsettled,
    settled: Bools,
    facilities: Sequence[Facility],
    month: int,
) -> tuple[Statement, ...]:
    """Add statements of nothing, for facilities all of whose claims were rejected."""
    present = {one.facility for one in made}
    seen = set(pc.unique(claims.facility.filter(pa.array(settled))).to_pylist()) - present
    accounts = {one.code: one.account for one in facilities}
    empty = [Statement(code, accounts[code], month, ()) for code in seen]
    return tuple(sorted([*made, *empty], key=lambda one: one.facility))


def _late(entries: Entries, month: int) -> tuple[Late, ...]:
    late = (entries.origin < month) & (entries.part != int(Part.CORRECTIONS)) & (entries.claim > 0)
    found = []
    for origin in np.unique(entries.origin[late]).tolist():
        mine = late & (entries.origin == origin)
        found.append(Late(origin, len(np.unique(entries.claim[mine])), int(entries.amount[mine].sum())))
    return tuple(found)


def _totals(
    connection: sa.Connection,
    standing: Collection[ClosedMonth],
    statements: Sequence[Statement],
    month: int,
    location: str,
) -> tuple[FacilityTotal, ...]:
    earlier = [one.closing for one in standing if (one.month, one.location) == (month - 1, location)]
    query = sa.select(STATEMENTS.c.facility, STATEMENTS.c.amount).where(STATEMENTS.c.closing.in_(earlier))
    before = {row.facility: row.amount for row in connection.execute(query)}
    now = {one.facility: one.total for one in statements}
    return tuple(
        FacilityTotal(code, before.get(code, 0), now.get(code, 0)) for code in sorted({*before, *now})
    )


def _index_record(index: RelativeIndex) -> dict[str, Any]:
    pool = index.pool
    return {
        "product": pool.product,
        "care": pool.care.word if pool.care is not None else None,
        "months": [written_month(one) for one in pool.months],
        "share": pool.share,
        "maximum": pool.maximum,
        "allocated": index.allocated,
        "lines": index.lines,
        "valuated": index.valuated,
        "index": str(index.index),
        "remunerated": index.remunerated,
    }


def _capitation_record(payment: CapitationPayment) -> dict[str, Any]:
    return {
        "product": payment.product,
        "allocated": payment.allocated,
        "share": payment.share,
        "pot": payment.pot,
        "paid": payment.paid,
        "criteria": [
            {
                "criterion": part.criterion.word,
                "weight": part.weight,
                "amount": part.amount,
                "total": part.total,
            }
            for part in payment.parts
        ],
        "facilities": [
            {
                "facility": one.facility,
                "figures": {criterion.word: value for criterion, value in one.figures.values.items()},
                "amounts": {criterion.word: amount for criterion, amount in one.amounts.items()},
                "amount": one.amount,
            }
            for one in payment.facilities
        ],
    }


def _rows_of(entries: Entries, codes: Codes) -> pa.Table:
    """Give entries as rows of the books, in the order of their key."""
    rows = pa.table(
        {
            "claim_id": entries.claim,
            "line": entries.line,
            "entry": pa.array(np.where(_takes_back(entries), REOPENED, CLOSED).astype(np.int8), pa.int8()),
            "facility": pa.array(codes.facilities, pa.string()).take(pa.array(entries.facility)),
            "product": pa.array(codes.products, pa.string()).take(pa.array(entries.product)),
            "part": pa.array(entries.part.astype(np.int8), pa.int8()),
            "origin": _written(entries.origin),
            "valuated": entries.valuated,
            "amount": entries.amount,
        }
    )
    key = ("claim_id", "line", "entry", "facility", "product")
    return rows.sort_by([(name, "ascending") for name in key])


def _takes_back(entries: Entries) -> Bools:
    """Tell which entries take back what was paid: what is taken back was worth or paid more than nothing."""
    back: Bools = (entries.part == int(Part.CORRECTIONS)) & ((entries.valuated < 0) | (entries.amount < 0))
    return back


def _written(months: Int64s) -> pa.Array:
    different, place = np.unique(months, return_inverse=True)
    return pa.array([written_month(one) for one in different.tolist()], pa.string()).take(pa.array(place))


def _version(connection: sa.Connection, month: int, location: str) -> int:
    query = sa.select(sa.func.coalesce(sa.func.max(CLOSINGS.c.version), 0)).where(
        CLOSINGS.c.month == written_month(month), CLOSINGS.c.location == location
    )
    return int(connection.execute(query).scalar_one()) + 1


# Proposing, confirming, booking.


def _proposed(connection: sa.Connection, by: str, prepared: _Prepared) -> Page:
    page = prepared.page
    key = {"month": written_month(page.month), "location": page.location}
    number = journal.append(connection, Act(by, "propose closing"), {**key, "hash": page.hash})
    connection.execute(_of_month(sa.delete(CLOSING_PROPOSALS), page))
    connection.execute(sa.insert(CLOSING_PROPOSALS).values(**key, journal=number, by=by, hash=page.hash))
    return replace(page, proposed_by=by)


def _of_month(statement: Any, page: Page) -> Any:
    table = CLOSING_PROPOSALS
    return statement.where(table.c.month == written_month(page.month), table.c.location == page.location)


def _confirmed(books: Books, connection: sa.Connection, by: str, prepared: _Prepared) -> Page:
    page = prepared.page
    proposal = connection.execute(_of_month(sa.select(CLOSING_PROPOSALS), page)).first()
    month = named(page.month, page.location)
    if proposal is None:
        raise _refused("closing.not_proposed", month=month)
    if proposal.by.strip().casefold() == by.strip().casefold():
        raise _refused("closing.same_person", by=by, month=month)
    check_first_person(connection, proposal.journal, proposal.by)
    if proposal.hash != page.hash:
        raise _refused("closing.changed", month=month, by=proposal.by)
    return _booked(books, connection, by, prepared, proposal.by)


def _booked(
    books: Books, connection: sa.Connection, by: str, prepared: _Prepared, proposed_by: str | None
) -> Page:
    page = prepared.page
    key = {"month": written_month(page.month), "location": page.location, "version": prepared.version}
    total = sum(one.total for one in prepared.statements)
    if total != page.closing.total or total != pc.sum(prepared.entries["amount"], min_count=0).as_py():
        raise DoesNotAddUp(f"{page.closing.total} is owed, and {total} is on statements")
    number, seen = _next(connection), seen_by_closings(connection)
    content = {"closing": number, **key, "entry": CLOSED, "proposed_by": proposed_by, "record": page.record}
    entry = journal.append(connection, Act(by, "close"), content)
    _insert_closing(connection, number, entry, key, CLOSED, None, total, page.record)
    connection.execute(
        sa.insert(CLOSED_MONTHS).values(
            location=page.location, month=written_month(page.month), closing=number
        )
    )
    keep_products(connection, prepared.sources, books.folder)
    _insert(connection, REMUNERATIONS, prepared.entries, number)
    _insert(connection, SETTLEMENTS, prepared.settlements, number)
    _insert(connection, SHARES_HELD, prepared.shares, number)
    _insert_statements(connection, number, prepared.statements)
    connection.execute(_of_month(sa.delete(CLOSING_PROPOSALS), page))
    bulk.measure(connection, REMUNERATIONS, SETTLEMENTS, SHARES_HELD)
    keep_unsettled(connection, number, page.record["run"], seen)
    return replace(page, booked=number)


def _next(connection: sa.Connection) -> int:
    return (
        int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(CLOSINGS.c.closing), 0))).scalar_one())
        + 1
    )


def _insert_closing(
    connection: sa.Connection,
    number: int,
    entry: int,
    key: Mapping[str, Any],
    sign: int,
    reverses: int | None,
    total: int,
    record: Mapping[str, Any],
) -> None:
    connection.execute(
        sa.insert(CLOSINGS).values(
            closing=number,
            journal=entry,
            **key,
            entry=sign,
            reverses=reverses,
            total=total,
            record=journal.canonical(record),
        )
    )


def _insert(connection: sa.Connection, table: sa.Table, rows: pa.Table, closing: int) -> None:
    numbers = pa.array(np.full(len(rows), closing, np.int64))
    bulk.insert(connection, table, rows.append_column("closing", numbers))


def _insert_statements(connection: sa.Connection, closing: int, statements: Sequence[Statement]) -> None:
    heads = [{"facility": one.facility, "account": one.account, "amount": one.total} for one in statements]
    rows = [
        {
            "facility": one.facility,
            "product": row.product,
            "part": int(row.part),
            "origin": written_month(row.origin),
            "account": row.account,
            "claims": row.claims,
            "lines": row.lines,
            "valuated": row.valuated,
            "amount": row.amount,
        }
        for one in statements
        for row in one.rows
    ]
    for table, values in ((STATEMENTS, heads), (STATEMENT_ROWS, rows)):
        columns = {
            column.name: pa.array([row[column.name] for row in values], bulk.arrow_type(column))
            for column in table.c
            if column.name != "closing"
        }
        _insert(connection, table, pa.table(columns), closing)


# Reopening.


def reopen(books: Books, by: str, month: int, location: str, reason: str) -> ClosedMonth:
    """Reopen the last month that is closed for a location, by a closing that takes it back.

    Both stay in the books.

    Args:
        books: the books.
        by: who reopens it.
        month: the month.
        location: of the products; :data:`NATIONAL` for those that are sold everywhere.
        reason: why, for the books.

    Returns:
        The closing that was taken back.

    Raises:
        Refused: the month is not closed, or a later one is; it is being paid; another closing goes by it;
            no reason is given; or the books are in use.
    """
    if not reason.strip():
        raise _refused("closing.no_reason")
    with lock.held(books.database, Act(by, "reopen")), books.database.writing() as connection:
        closing = closing_of(connection, month, location)
        _check_last(standing_closings(connection), closing)
        _check_unpaid(connection, closing)
        _check_unused(connection, closing)
        number = _next(connection)
        key = {"month": written_month(month), "location": location, "version": closing.version}
        record = {"reason": reason.strip()}
        content = {"closing": number, **key, "entry": REOPENED, "reverses": closing.closing, "record": record}
        entry = journal.append(connection, Act(by, "reopen"), content)
        _insert_closing(connection, number, entry, key, REOPENED, closing.closing, -closing.total, record)
        for table, amounts in (
            (REMUNERATIONS, ("entry", "valuated", "amount")),
            (STATEMENTS, ("amount",)),
            (STATEMENT_ROWS, ("valuated", "amount")),
        ):
            _take_back(connection, table, amounts, closing.closing, number)
        give_back_settled(connection, closing.closing)
        for table in (CLOSED_MONTHS, SETTLEMENTS, SHARES_HELD):
            connection.execute(sa.delete(table).where(table.c.closing == closing.closing))
    return closing


def _take_back(
    connection: sa.Connection, table: sa.Table, amounts: Sequence[str], closing: int, number: int
) -> None:
    """Book the rows of a closing again, under another number and with their amounts negated."""
    columns = [
        sa.literal(number).label("closing")
        if column.name == "closing"
        else (-column).label(column.name)
        if column.name in amounts
        else column
        for column in table.c
    ]
    query = sa.select(*columns).where(table.c.closing == closing)
    connection.execute(sa.insert(table).from_select([column.name for column in table.c], query))


def _check_last(standing: Collection[ClosedMonth], closing: ClosedMonth) -> None:
    later = [one for one in standing if one.location == closing.location and one.month > closing.month]
    if later:
        raise _refused("closing.not_the_last", month=closing.name, last=later[-1].name)


def _check_unpaid(connection: sa.Connection, closing: ClosedMonth) -> None:
    count = connection.execute(
        sa.select(sa.func.count()).where(PAID_STATEMENTS.c.closing == closing.closing)
    ).scalar_one()
    if count:
        raise _refused("closing.being_paid", month=closing.name, count=int(count))


def _check_unused(connection: sa.Connection, closing: ClosedMonth) -> None:
    """Make sure that no later closing settles claims by what this one gave or settled."""
    later = SETTLEMENTS.alias("later")
    used = [
        sa.select(later.c.closing)
        .join(table, table.c.claim_id == later.c.claim_id)
        .where(table.c.closing == closing.closing, later.c.closing > closing.closing)
        for table in (SETTLEMENTS, SHARES_HELD)
    ]
    found = connection.execute(sa.union(*used)).scalars().all()
    if found:
        names = [one.name for one in standing_closings(connection) if one.closing in found]
        raise _refused("closing.used", month=closing.name, by=names)
