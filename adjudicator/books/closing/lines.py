"""The accepted lines of claims that wait to be settled: what they are worth, and what closings gave them."""

from __future__ import annotations

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

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.closing.unsettled import Unsettled
from adjudicator.encoding import integers, one_array
from adjudicator.product.definition import Product
from adjudicator.product.read import ProductSource, read_product, version_name
from adjudicator.remuneration.closing import NOT_YET, Lines, counted_in, kind_of_care
from adjudicator.remuneration.months import read_month
from adjudicator.remuneration.statements import Entries
from adjudicator.store import bulk
from adjudicator.store.schema import (
    LINE_DECISIONS,
    PRODUCT_TEXTS,
    REMUNERATIONS,
    SHARES_HELD,
)
from adjudicator.vocabulary import HospitalCare, LineStatus, PriceOrigin

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_VERSIONS_APART = ";"


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
        claims: some of those that :func:`~adjudicator.books.closing.unsettled.unsettled` gives.
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
