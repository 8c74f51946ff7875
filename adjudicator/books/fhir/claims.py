"""Claims out of the books with all that stands about them, as FHIR resources need them.

Everything is read as it stands, in batches of claims, by facility and claim number, so that an export of the
same books has the same bytes on either database.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.claims import CLAIM_COLUMNS, LINE_COLUMNS
from adjudicator.books.closing.periods import CLOSED
from adjudicator.books.fhir.payments import check_facilities, payments_made
from adjudicator.books.fhir.registers import rows_in_books
from adjudicator.books.ledger import current_decisions, rows_of_decisions
from adjudicator.books.registers import registers_at
from adjudicator.fhir.assembling import Known, Share, decided_claims
from adjudicator.fhir.decided import DecidedClaim, Paid
from adjudicator.remuneration.statements import Part
from adjudicator.store import bulk, loads, runs
from adjudicator.store.schema import (
    APPLIED_REVIEWS,
    CLAIM_LINES,
    CLAIMS,
    CLOSINGS,
    JOURNAL,
    LINE_DECISIONS,
    LOADS,
    REMUNERATIONS,
    REVIEW_LINES,
    REVIEWS,
    RUNS,
    SETTLEMENTS,
)
from adjudicator.vocabulary import PriceOrigin

Int64s = npt.NDArray[np.int64]
Progress = Callable[[str, int, int], None]

BATCH: Final = 8192
"""Claims that are read at a time."""


@dataclass(frozen=True)
class Chosen:
    """Which claims are wanted: of some facilities, claimed between two days; None limits nothing."""

    facilities: Sequence[str] | None = None
    first: dt.date | None = None
    last: dt.date | None = None


def no_progress(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def claims_of(
    books: Books, connection: sa.Connection, chosen: Chosen, progress: Progress = no_progress
) -> Iterator[tuple[DecidedClaim, str]]:
    """Give claims with all that stands in the books about them, by facility and number.

    Args:
        books: the books.
        connection: of a transaction that reads.
        chosen: which claims.
        progress: told how far it is.

    Yields:
        A claim, and when it was decided; when it was received, where it waits.

    Raises:
        Refused: there is no such facility.
    """
    ids = _ids(connection, chosen)
    reader = _Reader(books, connection)
    for start in range(0, len(ids), BATCH):
        progress("fhir.stage.claims", start, len(ids))
        yield from reader.read(ids[start : start + BATCH])
    progress("fhir.stage.claims", len(ids), len(ids))


def claim_of(books: Books, facility: str, claim: str) -> tuple[DecidedClaim, str] | None:
    """Give one claim with all that stands in the books about it, and when it was decided or received.

    None where the facility has no claim of that number.
    """
    query = sa.select(CLAIMS.c.claim_id).where(CLAIMS.c.facility == facility, CLAIMS.c.claim == claim)
    with books.database.reading() as connection:
        found = connection.execute(query).scalar()
        if found is None:
            return None
        return next(_Reader(books, connection).read(np.array([found], np.int64)))


def _ids(connection: sa.Connection, chosen: Chosen) -> Int64s:
    """Choose claims, in the order of facility and number: of their bytes, whatever the database's own is."""
    query = sa.select(CLAIMS.c.claim_id, CLAIMS.c.facility, CLAIMS.c.claim)
    if chosen.facilities is not None:
        check_facilities(connection, chosen.facilities)
        query = query.where(CLAIMS.c.facility.in_(list(chosen.facilities)))
    if chosen.first is not None:
        query = query.where(CLAIMS.c.date_claimed >= chosen.first)
    if chosen.last is not None:
        query = query.where(CLAIMS.c.date_claimed <= chosen.last)
    rows = bulk.read(connection, query)
    rows = rows.sort_by([("facility", "ascending"), ("claim", "ascending")])
    return np.asarray(rows["claim_id"].to_numpy(), np.int64)


class _Reader:
    """Reads batches of claims; what is the same for all of them is read once."""

    def __init__(self, books: Books, connection: sa.Connection) -> None:
        self._books, self._connection = books, connection
        self._last = runs.last_run(connection)
        self._run_at = _moments(connection, RUNS.c.run, RUNS.c.journal)
        self._load_at = _moments(connection, LOADS.c.load, LOADS.c.journal)
        self._closing_at = _moments(connection, CLOSINGS.c.closing, CLOSINGS.c.journal)
        self._names = _provision_names(connection)
        self._paid = payments_made(connection)

    def read(self, ids: Int64s) -> Iterator[tuple[DecidedClaim, str]]:
        connection = self._connection
        wanted = bulk.wanted(connection, "exported_claims", pa.table({"claim_id": np.sort(ids)}))
        claims = self._in_order(ids, wanted)
        columns = [CLAIM_LINES.c[name] for name in LINE_COLUMNS]
        lines = bulk.read(
            connection,
            sa.select(CLAIM_LINES.c.claim_id, *columns).join(
                wanted, wanted.c.claim_id == CLAIM_LINES.c.claim_id
            ),
        )
        decisions = current_decisions(connection, ids, self._last)
        line_decisions = rows_of_decisions(connection, LINE_DECISIONS, decisions)
        known = self._known(wanted, claims, decisions, line_decisions)
        settings = self._books.settings
        decided = decided_claims(
            settings.scheme, settings.currency, claims, lines, decisions, line_decisions, known
        )
        for (claim, run), load in zip(decided, claims["load"].to_pylist(), strict=True):
            yield claim, self._load_at[load] if run is None else self._run_at[run]

    def _in_order(self, ids: Int64s, wanted: Any) -> pa.Table:
        columns = [CLAIMS.c[name] for name in (*CLAIM_COLUMNS, "load")]
        query = sa.select(CLAIMS.c.claim_id, *columns).join(wanted, wanted.c.claim_id == CLAIMS.c.claim_id)
        rows = bulk.read(self._connection, query)
        return rows.take(pc.index_in(pa.array(ids), value_set=rows["claim_id"].combine_chunks()))

    def _known(self, wanted: Any, claims: pa.Table, decisions: pa.Table, line_decisions: pa.Table) -> Known:
        facility_of = dict(zip(claims["claim_id"].to_pylist(), claims["facility"].to_pylist(), strict=True))
        closings = self._settlements(wanted, decisions)
        shares, amounts, corrected = self._shares(wanted, closings, line_decisions)
        paid = {}
        for claim, closing in closings.items():
            payment = self._paid.get((closing, facility_of[claim]))
            if payment is not None:
                number, at = payment
                made = Paid(str(number), dt.date.fromisoformat(at[:10]), amounts[claim], corrected[claim])
                paid[claim] = (made, at)
        return Known(
            names=self._names,
            shares=shares,
            settled={claim: self._closing_at[closing] for claim, closing in closings.items()},
            paid=paid,
            reviewed=self._reviewed(wanted),
            rows_of=rows_in_books(self._connection),
        )

    def _settlements(self, wanted: Any, decisions: pa.Table) -> dict[int, int]:
        """Find the closings that settle the decisions that hold now."""
        run_of = dict(zip(decisions["claim_id"].to_pylist(), decisions["run"].to_pylist(), strict=True))
        table = SETTLEMENTS
        query = sa.select(table.c.claim_id, table.c.run, table.c.closing).join(
            wanted, wanted.c.claim_id == table.c.claim_id
        )
        rows = self._connection.execute(query)
        return {row.claim_id: row.closing for row in rows if run_of.get(row.claim_id) == row.run}

    def _shares(
        self, wanted: Any, closings: dict[int, int], line_decisions: pa.Table
    ) -> tuple[dict[tuple[int, int], Share], dict[int, int], dict[int, int]]:
        """Read what those closings pay lines, what they hold for each claim, and take back for it."""
        origins = {
            (row["claim_id"], row["line"]): row["price_origin"]
            for row in line_decisions.select(["claim_id", "line", "price_origin"]).to_pylist()
        }
        table = REMUNERATIONS
        names = ("claim_id", "line", "closing", "entry", "part", "amount")
        query = sa.select(*(table.c[name] for name in names)).join(
            wanted, wanted.c.claim_id == table.c.claim_id
        )
        shares: dict[tuple[int, int], Share] = {}
        amounts: dict[int, int] = defaultdict(int)
        corrected: dict[int, int] = defaultdict(int)
        for row in bulk.read(self._connection, query).to_pylist():
            claim, line = row["claim_id"], row["line"]
            if closings.get(claim) != row["closing"]:
                continue
            amounts[claim] += row["amount"]
            if row["entry"] != CLOSED:
                corrected[claim] += row["amount"]
                continue
            relative = origins.get((claim, line)) == PriceOrigin.RELATIVE
            # A correction hides what it is of: a line paid nothing, and not by an index, is paid by head.
            hidden = row["part"] == Part.CORRECTIONS and row["amount"] == 0 and not relative
            shares[claim, line] = Share(row["amount"], hidden or row["part"] == Part.CAPITATION)
        return shares, amounts, corrected

    def _reviewed(self, wanted: Any) -> dict[tuple[int, int], tuple[int | None, int | None]]:
        """Read what the last review of each claim, by which it was decided again, set."""
        last = (
            sa.select(REVIEWS.c.claim_id, sa.func.max(REVIEWS.c.review).label("review"))
            .join(wanted, wanted.c.claim_id == REVIEWS.c.claim_id)
            .join(APPLIED_REVIEWS, APPLIED_REVIEWS.c.review == REVIEWS.c.review)
            .group_by(REVIEWS.c.claim_id)
            .subquery()
        )
        table = REVIEW_LINES
        query = sa.select(
            last.c.claim_id, table.c.line, table.c.quantity_approved, table.c.price_approved
        ).join(last, last.c.review == table.c.review)
        return {
            (row.claim_id, row.line): (row.quantity_approved, row.price_approved)
            for row in self._connection.execute(query)
        }


def _moments(connection: sa.Connection, number: Any, entry: Any) -> dict[int, str]:
    query = sa.select(number, JOURNAL.c.at).join(JOURNAL, JOURNAL.c.number == entry)
    return {int(key): str(at) for key, at in connection.execute(query)}


def _provision_names(connection: sa.Connection) -> dict[tuple[int, str], str]:
    state = loads.last_load(connection, "registers")
    if state is None:
        return {}
    rows = registers_at(connection, state.load, ("provisions",))["provisions"]
    ordered = sorted(rows.to_pylist(), key=lambda row: row["valid_from"] or dt.date.min)
    return {(row["kind"], row["code"]): row["name"] for row in ordered if row["name"]}
