"""Decisions of the books as the rules take them: what was booked, not what would be decided now."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from adjudicator.adjudication.adjudicate import CompiledScheme, Decided, facts_of
from adjudicator.adjudication.results import Results
from adjudicator.claims import Claims
from adjudicator.encoding import integers
from adjudicator.problems import refused
from adjudicator.vocabulary import Cut

Int64s = npt.NDArray[np.int64]

NOTHING = -1
"""Stands where a rejected line has no price or origin, and for policies and versions, which no rule sees."""


def as_decided(
    scheme: CompiledScheme, claims: Claims, claim_ids: Int64s, decisions: pa.Table, lines: pa.Table
) -> Decided:
    """Turn booked decisions about a batch into those that the kernel would hand on.

    Args:
        scheme: that the batch is encoded by.
        claims: the batch.
        claim_ids: (rows received,): the books' number of each claim as received.
        decisions: rows of ``claim_decisions``, one for each claim.
        lines: their rows of ``line_decisions``.

    Raises:
        Refused: there is not just one decision about each claim and line.
    """
    batch = claims.batch
    facts = facts_of(scheme, batch)
    claim_id = claim_ids[claims.claim_row]
    of_claim = _places(decisions, (claim_id,), ("claim_id",))
    claim_of_line = np.repeat(claim_id, np.diff(batch.first_line))
    of_line = _places(lines, (claim_of_line, claims.line_number), ("claim_id", "line"))

    def claim_values(name: str) -> npt.NDArray[np.int8]:
        return integers(decisions[name], np.int8, 0)[of_claim]

    def line_values(name: str, missing: int = 0) -> Int64s:
        return integers(lines[name], np.int64, missing)[of_line]

    nobody = np.full(len(of_line), NOTHING, np.int32)
    results = Results(
        status=claim_values("status"),
        reason=claim_values("reason"),
        line_reason=line_values("reason").astype(np.int8),
        policy=nobody,
        version=nobody,
        price_origin=line_values("price_origin", NOTHING).astype(np.int8),
        quantity=line_values("quantity"),
        unit_price=line_values("unit_price", NOTHING),
        **{cut.word: line_values(cut.word) for cut in Cut},
        valuated=line_values("valuated"),
    )
    untouched = np.zeros(0, np.int32), np.zeros((0, 2, 0), np.int64)
    return Decided(0, len(of_claim), 0, len(of_line), facts, results, *untouched)


def _places(rows: pa.Table, wanted: tuple[Int64s, ...], columns: tuple[str, ...]) -> Int64s:
    """Give the place of each wanted key among rows that have just these keys."""
    held = [integers(rows[name], np.int64) for name in columns]
    given, order = np.lexsort(held[::-1]), np.lexsort(wanted[::-1])
    same = len(given) == len(order) and all(
        np.array_equal(one[given], other[order]) for one, other in zip(held, wanted, strict=True)
    )
    if not same:
        raise refused("asking.decisions_gone")
    place = np.empty(len(given), np.int64)
    place[order] = given
    return place
