"""What waits to be settled: the decisions that stand and are on no statement, and their accepted lines."""

from __future__ import annotations

import datetime as dt
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
    LINE_DECISIONS,
    PRODUCT_TEXTS,
    REMUNERATIONS,
    SETTLEMENTS,
    SHARES_HELD,
    UNDECIDED,
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


def _chosen(last: int, month: int) -> sa.Subquery:
    """Choose the decisions that stand, are of claims up to a month, and are on no statement."""
    table, taken_back = CLAIM_DECISIONS, CLAIM_DECISIONS.alias("taken_back")
    reversal = sa.exists().where(
        taken_back.c.claim_id == table.c.claim_id,
        taken_back.c.version == table.c.version,
        taken_back.c.entry == REVERSAL,
        taken_back.c.run <= last,
    )
    settled = sa.exists().where(SETTLEMENTS.c.claim_id == table.c.claim_id, SETTLEMENTS.c.run == table.c.run)
    upto: dt.date = date_of(last_day(month))
    query = (
        sa.select(table.c.claim_id, table.c.run, table.c.valuated, table.c.product_versions)
        .join(CLAIMS, CLAIMS.c.claim_id == table.c.claim_id)
        .where(
            table.c.run <= last,
            table.c.entry == DECISION,
            CLAIMS.c.date_claimed <= upto,
            ~reversal,
            ~settled,
        )
    )
    return query.subquery("chosen")


def unsettled(connection: sa.Connection, last: int, month: int) -> Unsettled:
    """Read the claims up to a month whose decision waits to be settled.

    Args:
        connection: of a transaction.
        last: the last run that counts.
        month: claims that were claimed after it are left out.
    """
    chosen = _chosen(last, month)
    query = sa.select(
        *chosen.c, CLAIMS.c.facility, CLAIMS.c.date_from, CLAIMS.c.date_to, CLAIMS.c.date_claimed
    ).join(CLAIMS, CLAIMS.c.claim_id == chosen.c.claim_id)
    rows = bulk.read(connection, query)
    rows = rows.take(pc.sort_indices(rows["claim_id"]))
    ids = integers(rows["claim_id"], np.int64)
    date_from, date_to = (days(rows[name]).astype(np.int64) for name in ("date_from", "date_to"))
    given = (date_from != NO_DATE) & (date_to != NO_DATE)
    before = bulk.read(
        connection,
        sa.select(SETTLEMENTS.c.claim_id).join(chosen, chosen.c.claim_id == SETTLEMENTS.c.claim_id),
    )
    return Unsettled(
        claim_id=ids,
        run=integers(rows["run"], np.int64),
        valuated=integers(rows["valuated"], np.int64),
        facility=one_array(rows["facility"]),
        versions=one_array(rows["product_versions"]),
        in_patient=given & (date_to > date_from),
        target=np.where(date_to != NO_DATE, date_to, date_from),
        origin=months_of(days(rows["date_claimed"])),
        settled_before=np.isin(ids, before["claim_id"].to_numpy()),
    )


def undecided_claims(connection: sa.Connection, month: int) -> int:
    """Count the claims up to a month that were received and not decided yet."""
    query = (
        sa.select(sa.func.count())
        .select_from(UNDECIDED)
        .where(UNDECIDED.c.date_claimed <= date_of(last_day(month)))
    )
    return int(connection.execute(query).scalar_one())


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


def accepted_lines(connection: sa.Connection, claims: Unsettled, last: int, month: int) -> Accepted:
    """Read the accepted lines of claims.

    Args:
        connection: of a transaction.
        claims: some of those that :func:`unsettled` gives for the same run and month.
        last: the last run that counts.
        month: as there.
    """
    chosen, table, held = _chosen(last, month), LINE_DECISIONS, SHARES_HELD
    query = (
        sa.select(table.c.claim_id, table.c.line, table.c.product, table.c.price_origin, table.c.valuated)
        .join(chosen, sa.and_(chosen.c.run == table.c.run, chosen.c.claim_id == table.c.claim_id))
        .where(table.c.entry == DECISION, table.c.status == int(LineStatus.ACCEPTED))
    )
    rows = bulk.read(connection, query)
    rows = rows.filter(pa.array(np.isin(integers(rows["claim_id"], np.int64), claims.claim_id)))
    rows = rows.take(pc.sort_indices(rows, [("claim_id", "ascending"), ("line", "ascending")]))
    ids, line = (integers(rows[name], np.int64) for name in ("claim_id", "line"))
    row = np.searchsorted(claims.claim_id, ids)
    paid, part = np.full(len(rows), NOT_YET, np.int64), np.zeros(len(rows), np.int64)
    given = {
        (one.claim_id, one.line, one.run): (one.amount, one.part)
        for one in connection.execute(
            sa.select(held).join(
                chosen, sa.and_(chosen.c.run == held.c.run, chosen.c.claim_id == held.c.claim_id)
            )
        )
    }
    if given:
        of_claims = np.isin(ids, np.array([key[0] for key in given], np.int64))
        for place in np.flatnonzero(of_claims).tolist():
            found = given.get((int(ids[place]), int(line[place]), int(claims.run[row[place]])))
            if found is not None:
                paid[place], part[place] = found
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
