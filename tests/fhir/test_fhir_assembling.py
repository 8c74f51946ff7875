"""Claims are put together with what was decided about them, and with nothing that holds no longer."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa

from adjudicator.fhir.assembling import Known, decided_claims
from adjudicator.tables import CLAIMS
from adjudicator.vocabulary import Category, ClaimStatus, Reason
from adjudicator.words import message

CLAIM: dict[str, Any] = {
    **dict.fromkeys((column.name for column in CLAIMS.columns), None),
    "claim_id": 7,
    "claim": "C1",
    "facility": "H1",
    "insuree": "I1",
    "date_claimed": dt.date(2026, 1, 31),
}
DECISION: dict[str, Any] = {
    "claim_id": 7,
    "status": int(ClaimStatus.REJECTED),
    "reason": int(Reason.INSUREE),
    "category": int(Category.VISIT),
    "product_versions": None,
}
NO_LINES = pa.table({"claim_id": pa.array([], pa.int64()), "line": pa.array([], pa.int64())})


def test_why_a_claim_waited_is_not_told_once_it_is_decided() -> None:
    said = message("eligibility.adult")
    for decisions, status, held in (
        ([], ClaimStatus.ENTERED, said),
        ([DECISION], ClaimStatus.REJECTED, None),
    ):
        table = pa.Table.from_pylist(decisions, pa.schema([(name, pa.int64()) for name in DECISION]))
        ((found, _),) = decided_claims(
            "KHIF", "KES", pa.Table.from_pylist([CLAIM]), NO_LINES, table, NO_LINES, Known(held={7: said})
        )
        assert (found.status, found.held) == (status, held)
