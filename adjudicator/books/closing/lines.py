"""What waits to be settled: the decisions that stand and are on no statement, and their accepted lines."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION, REVERSAL
from adjudicator.books.closing.periods import CLOSED
from adjudicator.encoding import days, integers, one_array
from adjudicator.product.definition import Product
from adjudicator.product.read import ProductSource, read_product, version_name
from adjudicator.remuneration.closing import NOT_YET, Lines, counted_in, kind_of_care
from adjudicator.remuneration.months import last_day, months_of, read_month
from adjudicator.remuneration.statements import Entries
from adjudicator.store import bulk
from adjudicator.store.schema import (
    CLAIM_DECISIONS,
    CLAIMS,
    CLOSINGS,
    LINE_DECISIONS,
    PRODUCT_TEXTS,
    REMUNERATIONS,
    SETTLEMENTS,
    SHARES_HELD,
    UNSETTLED,
)
from adjudicator.units import NO_DATE, date_of
from adjudicator.vocabulary import HospitalCare, LineStatus, PriceOrigin

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_VERSIONS_APART = ";"


@dataclass(frozen=True)
class Unsettled:
    """Claims whose decision stands and is on no statement, in the order of their numbers."""

    claim_id: Int64s
    run: Int64s
    """The run that took the decision."""
    valuated: Int64s
    """Minor units."""
    facility: pa.Array
    versions: pa.Array
    """The product versions that paid for each, as decisions name them."""
    in_patient: Bools
    target: Int64s
    """Days."""
    origin: Int64s
    """The months that they are of: those in which they were claimed."""
    settled_before: Bools
    """Whether an earlier decision about the claim is on a statement."""

    def only(self, kept: Bools) -> Unsettled:
        """Give some of them."""
        mask = pa.array(kept)
        return Unsettled(
            *(
                column.filter(mask) if isinstance(column, pa.Array) else column[kept]
                for column in (getattr(self, name) for name in self.__dataclass_fields__)
            )
        )


def _waiting(last: int, seen: int) -> sa.Subquery:
    """Choose the decisions that stand and are on no statement: ``claim_id``, ``run``.

    They are what the last closing left, and what was decided since; a decision that was taken back since is
    of neither. So the years before the last closing are not looked at.

    Args:
        last: the last run that counts.
        seen: the last run that the last closing went by.
    """
    table, taken_back = CLAIM_DECISIONS, CLAIM_DECISIONS.alias("taken_back")
    left = sa.select(UNSETTLED.c.claim_id, UNSETTLED.c.run)
    since = sa.select(table.c.claim_id, table.c.run).where(
        table.c.run > seen, table.c.run <= last, table.c.entry == DECISION
    )
    both = sa.union_all(left, since).subquery("left_and_new")
    reversal = sa.exists().where(
        taken_back.c.run > seen,
        taken_back.c.run <= last,
        taken_back.c.entry == REVERSAL,
        taken_back.c.claim_id == table.c.claim_id,
        taken_back.c.version == table.c.version,
    )
    query = (
        sa.select(table.c.claim_id, table.c.run, table.c.valuated, table.c.product_versions, table.c.version)
        .join(both, sa.and_(both.c.run == table.c.run, both.c.claim_id == table.c.claim_id))
        .where(table.c.entry == DECISION, ~reversal)
    )
    return query.subquery("waiting")


def seen_by_closings(connection: sa.Connection) -> int:
    """Give the last run that the last closing went by; 0 where no month was closed yet."""
    query = sa.select(CLOSINGS.c.record).where(CLOSINGS.c.entry == CLOSED)
    record = connection.execute(query.order_by(CLOSINGS.c.closing.desc()).limit(1)).scalar()
    return int(json.loads(record)["run"]) if record else 0


def unsettled(connection: sa.Connection, last: int, month: int) -> Unsettled:
    """Read the claims up to a month whose decision waits to be settled.

    Args:
        connection: of a transaction.
        last: the last run that counts.
        month: claims that were claimed after it are left out.
    """
    waiting = _waiting(last, seen_by_closings(connection))
    upto: dt.date = date_of(last_day(month))
    query = (
        sa.select(*waiting.c, CLAIMS.c.facility, CLAIMS.c.date_from, CLAIMS.c.date_to, CLAIMS.c.date_claimed)
        .join(CLAIMS, CLAIMS.c.claim_id == waiting.c.claim_id)
        .where(CLAIMS.c.date_claimed <= upto)
    )
    rows = bulk.read(connection, query)
    rows = rows.take(pc.sort_indices(rows["claim_id"]))
    ids = integers(rows["claim_id"], np.int64)
    date_from, date_to = (days(rows[name]).astype(np.int64) for name in ("date_from", "date_to"))
    given = (date_from != NO_DATE) & (date_to != NO_DATE)
    # A claim that was decided once only is on no statement yet.
    again = ids[integers(rows["version"], np.int64) > 1]
    return Unsettled(
        claim_id=ids,
        run=integers(rows["run"], np.int64),
        valuated=integers(rows["valuated"], np.int64),
        facility=one_array(rows["facility"]),
        versions=one_array(rows["product_versions"]),
        in_patient=given & (date_to > date_from),
        target=np.where(date_to != NO_DATE, date_to, date_from),
        origin=months_of(days(rows["date_claimed"])),
        settled_before=np.isin(ids, _ever_settled(connection, again)),
    )


def _ever_settled(connection: sa.Connection, claims: Int64s) -> Int64s:
    """Give those of some claims that an earlier decision put on a statement."""
    if not len(claims):
        return claims
    wanted = bulk.wanted(connection, "decided_again", pa.table({"claim_id": claims}))
    query = sa.select(SETTLEMENTS.c.claim_id).join(wanted, wanted.c.claim_id == SETTLEMENTS.c.claim_id)
    return integers(bulk.read(connection, query)["claim_id"], np.int64)


def keep_unsettled(connection: sa.Connection, closing: int, last: int, seen: int) -> None:
    """Note what a closing leaves, after its settlements were written.

    Args:
        connection: of a transaction that writes.
        closing: its number.
        last: the last run that it went by.
        seen: the last run that the closing before it went by.
    """
    waiting = _waiting(last, seen)
    settled = sa.exists().where(
        SETTLEMENTS.c.closing == closing,
        SETTLEMENTS.c.claim_id == waiting.c.claim_id,
        SETTLEMENTS.c.run == waiting.c.run,
    )
    left = bulk.read(connection, sa.select(waiting.c.claim_id, waiting.c.run).where(~settled))
    connection.execute(sa.delete(UNSETTLED))
    bulk.insert(connection, UNSETTLED, left)
    bulk.measure(connection, UNSETTLED)


def give_back_settled(connection: sa.Connection, closing: int) -> None:
    """Put what a closing settled among what is not settled, before its settlements are taken out.

    What was decided again before the last closing is not: that closing knew that it does not stand.
    """
    table, taken_back = CLAIM_DECISIONS, CLAIM_DECISIONS.alias("taken_back")
    reversal = sa.exists().where(
        taken_back.c.claim_id == table.c.claim_id,
        taken_back.c.version == table.c.version,
        taken_back.c.entry == REVERSAL,
        taken_back.c.run <= seen_by_closings(connection),
    )
    settled = (
        sa.select(SETTLEMENTS.c.claim_id, SETTLEMENTS.c.run)
        .join(
            table,
            sa.and_(
                table.c.run == SETTLEMENTS.c.run,
                table.c.claim_id == SETTLEMENTS.c.claim_id,
                table.c.entry == DECISION,
            ),
        )
        .where(SETTLEMENTS.c.closing == closing, ~reversal)
    )
    connection.execute(sa.insert(UNSETTLED).from_select(["claim_id", "run"], settled))


def unsettled_is_right(connection: sa.Connection) -> bool:
    """Tell whether what the last closing left is what ledger and settlements say."""
    seen = seen_by_closings(connection)
    table, taken_back = CLAIM_DECISIONS, CLAIM_DECISIONS.alias("taken_back")
    reversal = sa.exists().where(
        taken_back.c.claim_id == table.c.claim_id,
        taken_back.c.version == table.c.version,
        taken_back.c.entry == REVERSAL,
        taken_back.c.run <= seen,
    )
    settled = sa.exists().where(SETTLEMENTS.c.claim_id == table.c.claim_id, SETTLEMENTS.c.run == table.c.run)
    should = sa.select(table.c.claim_id, table.c.run).where(
        table.c.run <= seen, table.c.entry == DECISION, ~reversal, ~settled
    )
    kept = sa.select(UNSETTLED.c.claim_id, UNSETTLED.c.run)
    return all(
        connection.execute(one.except_(other).limit(1)).first() is None
        for one, other in ((should, kept), (kept, should))
    )


@dataclass(frozen=True)
class Codes:
    """Places of facilities and products: the codes, by place."""

    facilities: tuple[str, ...]
    products: tuple[str, ...]

    @staticmethod
    def place(codes: Sequence[str], column: pa.Array) -> Int64s:
        """Give the places of a column of codes."""
        encoded = column.dictionary_encode()
        places = {code: number for number, code in enumerate(codes)}
        of_word = np.array([places[word] for word in encoded.dictionary.to_pylist()], np.int64)
        return of_word[encoded.indices.to_numpy()] if len(column) else np.zeros(0, np.int64)


@dataclass(frozen=True)
class Accepted:
    """The accepted lines of claims, as the ledger has them, with what earlier closings gave them."""

    row: Int64s
    """The row of the claim among those unsettled."""
    line: Int64s
    product: pa.Array
    relative: Bools
    valuated: Int64s
    paid: Int64s
    part: Int64s


def accepted_lines(connection: sa.Connection, claims: Unsettled) -> Accepted:
    """Read the accepted lines of claims.

    Args:
        connection: of a transaction.
        claims: some of those that :func:`unsettled` gives.
    """
    table, held = LINE_DECISIONS, SHARES_HELD
    chosen = bulk.wanted(
        connection, "closing_claims", pa.table({"run": claims.run, "claim_id": claims.claim_id})
    )
    query = (
        sa.select(table.c.claim_id, table.c.line, table.c.product, table.c.price_origin, table.c.valuated)
        .join(chosen, sa.and_(chosen.c.run == table.c.run, chosen.c.claim_id == table.c.claim_id))
        .where(table.c.entry == DECISION, table.c.status == int(LineStatus.ACCEPTED))
    )
    rows = bulk.read(connection, query)
    rows = rows.take(pc.sort_indices(rows, [("claim_id", "ascending"), ("line", "ascending")]))
    ids, line = (integers(rows[name], np.int64) for name in ("claim_id", "line"))
    row = np.searchsorted(claims.claim_id, ids)
    paid, part = np.full(len(rows), NOT_YET, np.int64), np.zeros(len(rows), np.int64)
    shares = sa.select(held.c.claim_id, held.c.line, held.c.part, held.c.amount).join(
        chosen, sa.and_(chosen.c.run == held.c.run, chosen.c.claim_id == held.c.claim_id)
    )
    given = bulk.read(connection, shares)
    if len(given):
        places = _places(ids, line, *(integers(given[name], np.int64) for name in ("claim_id", "line")))
        paid[places] = integers(given["amount"], np.int64)
        part[places] = integers(given["part"], np.int64)
    origin = integers(rows["price_origin"], np.int64, -1)
    return Accepted(
        row=row,
        line=line,
        product=one_array(rows["product"]),
        relative=origin == int(PriceOrigin.RELATIVE),
        valuated=integers(rows["valuated"], np.int64),
        paid=paid,
        part=part,
    )


def _places(claims: Int64s, lines: Int64s, claim: Int64s, line: Int64s) -> Int64s:
    """Find lines among lines in the order of their claims and numbers; all of them are there."""
    most = max(int(lines.max(initial=0)), int(line.max(initial=0))) + 1
    dense, at = np.unique(claims, return_inverse=True)
    return np.searchsorted(at * most + lines, np.searchsorted(dense, claim) * most + line)


def settled_amounts(connection: sa.Connection, claims: Int64s) -> pa.Table:
    """Read what statements hold for claims now: by claim, line, facility, product and month of origin."""
    wanted = bulk.wanted(connection, "settled_claims", pa.table({"claim_id": np.unique(claims)}))
    table = REMUNERATIONS
    key = (table.c.claim_id, table.c.line, table.c.facility, table.c.product, table.c.origin)

    def total(column: sa.Column[Any]) -> sa.ColumnElement[int]:
        return sa.type_coerce(sa.cast(sa.func.sum(column), sa.BigInteger()), sa.BigInteger()).label(
            column.name
        )

    query = (
        sa.select(*key, total(table.c.valuated), total(table.c.amount))
        .join(wanted, wanted.c.claim_id == table.c.claim_id)
        .group_by(*key)
    )
    rows = bulk.read(connection, query)
    nothing = (rows["valuated"].to_numpy() == 0) & (rows["amount"].to_numpy() == 0)
    order = [(name, "ascending") for name in ("claim_id", "line", "facility", "product")]
    return rows.filter(pa.array(~nothing)).sort_by(order)


def entries_of(rows: pa.Table, codes: Codes) -> Entries:
    """Give what statements hold for claims as entries; their part is of no account."""
    origin = one_array(rows["origin"]).dictionary_encode()
    of_word = np.array([read_month(word) for word in origin.dictionary.to_pylist()], np.int64)
    none = np.zeros(len(rows), np.int64)
    return Entries(
        facility=Codes.place(codes.facilities, one_array(rows["facility"])),
        product=Codes.place(codes.products, one_array(rows["product"])),
        part=none,
        origin=of_word[origin.indices.to_numpy()] if len(rows) else none,
        claim=integers(rows["claim_id"], np.int64),
        line=integers(rows["line"], np.int64),
        valuated=integers(rows["valuated"], np.int64),
        amount=integers(rows["amount"], np.int64),
    )


def lines_of(
    claims: Unsettled,
    accepted: Accepted,
    codes: Codes,
    bases: Mapping[tuple[str, str], HospitalCare],
    level: Int64s,
    closed: Mapping[str, set[int]],
) -> Lines:
    """Lay out what waits to be settled for closing.

    Args:
        claims: the claims.
        accepted: their accepted lines.
        codes: places.
        bases: what makes care hospital care, by product and by the versions that a decision names.
        level: (claims,): the level of the facility on the target date.
        closed: by product, the months that are closed for its location.
    """
    row, product = accepted.row, Codes.place(codes.products, accepted.product)
    origin = claims.origin[row]
    month = np.empty(len(row), np.int64)
    for place, code in enumerate(codes.products):
        mine = product == place
        if mine.any():
            month[mine] = counted_in(origin[mine], closed.get(code, set()))
    named = claims.versions.fill_null("").dictionary_encode()
    names = named.dictionary.to_pylist()
    care = np.empty(len(row), np.int64)
    by_facility = np.zeros(len(row), np.bool_)
    pair = product * max(1, len(names)) + named.indices.to_numpy()[row]
    pairs, at = np.unique(pair, return_inverse=True)
    of_pair = [
        bases[codes.products[one // len(names)], names[one % len(names)]] is HospitalCare.BY_FACILITY
        for one in pairs.tolist()
    ]
    by_facility = np.array(of_pair, np.bool_)[at] if len(row) else by_facility
    for basis, rows in ((HospitalCare.BY_CLAIM, ~by_facility), (HospitalCare.BY_FACILITY, by_facility)):
        care[rows] = kind_of_care(basis, claims.in_patient[row[rows]], level[row[rows]])
    return Lines(
        claim=claims.claim_id[row],
        line=accepted.line,
        facility=Codes.place(codes.facilities, claims.facility)[row],
        product=product,
        care=care,
        relative=accepted.relative,
        valuated=accepted.valuated,
        origin=origin,
        month=month,
        paid=accepted.paid,
        part=accepted.part,
        corrects=claims.settled_before[row],
    )


def bases_of_care(
    connection: sa.Connection,
    claims: Unsettled,
    products: Sequence[str],
    sources: Sequence[ProductSource],
    decimals: int,
) -> dict[tuple[str, str], HospitalCare]:
    """Tell what makes care hospital care, by product and by the versions that decisions name.

    The version that valued a claim says it: as the scheme's folder has it, or as the books kept it.
    """
    by_name: dict[str, Product] = {
        version_name(source.definition, source.content_hash): source.definition for source in sources
    }
    found: dict[tuple[str, str], HospitalCare] = {}
    for named in pc.unique(claims.versions.fill_null("")).to_pylist():
        for name in filter(None, named.split(_VERSIONS_APART)):
            version = by_name.get(name) or _kept(connection, name, decimals)
            if version is not None:
                by_name[name] = version
                found[version.product, named] = version.hospital_care
        for code in products:
            found.setdefault((code, named), HospitalCare.BY_CLAIM)
    return found


def _kept(connection: sa.Connection, name: str, decimals: int) -> Product | None:
    """Read a version that is in the scheme's folder no more, as a run kept it."""
    content_hash = name.rpartition("#")[2]
    row = connection.execute(
        sa.select(PRODUCT_TEXTS.c.text).where(PRODUCT_TEXTS.c.content_hash.startswith(content_hash))
    ).first()
    if row is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "product.yaml"
        path.write_text(row.text, "utf-8")
        return read_product(path, decimals).definition
