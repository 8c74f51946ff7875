"""A closing as the books keep it: how it came about, as a record, and its entries, as rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator import engine
from adjudicator.books.closing.contributions import as_record
from adjudicator.books.closing.lines import Codes
from adjudicator.books.closing.periods import CLOSED, REOPENED
from adjudicator.product.read import ProductSource, version_name
from adjudicator.remuneration.capitation import CapitationPayment
from adjudicator.remuneration.closing import Closing
from adjudicator.remuneration.index import RelativeIndex
from adjudicator.remuneration.months import written_month
from adjudicator.remuneration.statements import Entries, Part, Statement
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.loads import Load

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def record_of(
    closing: Closing,
    location: str,
    registers: Load,
    run: int,
    sources: Sequence[ProductSource],
    allocated: Mapping[tuple[str, int], int],
    settled: int,
    in_review: int,
    statements: Sequence[Statement],
    rows: pa.Table,
) -> dict[str, Any]:
    """Give the record of a closing: what it went by, and what it came to.

    Args:
        closing: what it comes to.
        location: of the products.
        registers: the load of registers that it goes by.
        run: the last run that it goes by.
        sources: the files of the products of the location.
        allocated: contributions earned by product and month, minor units.
        settled: how many claims it settles.
        in_review: how many claims are held back for a review.
        statements: those of all facilities.
        rows: its entries, as :func:`rows_of` gives them.
    """
    return {
        "month": written_month(closing.month),
        "location": location,
        "engine": engine.version(),
        "registers": {"load": registers.load, "hash": registers.content_hash},
        "run": run,
        "products": sorted([version_name(source.definition), source.content_hash] for source in sources),
        "allocated": as_record(allocated),
        "indexes": [_index(index) for index in closing.indexes],
        "capitation": [_capitation(payment) for payment in closing.capitation],
        "settled": settled,
        "in_review": in_review,
        "statements": [[one.facility, one.total] for one in statements],
        "entries": {"rows": len(rows), "hash": table_hash([row_digests(rows)])},
    }


def _index(index: RelativeIndex) -> dict[str, Any]:
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


def _capitation(payment: CapitationPayment) -> dict[str, Any]:
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


def rows_of(entries: Entries, codes: Codes) -> pa.Table:
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
