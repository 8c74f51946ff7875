"""Causes of differences carry the names of what openIMIS is known to do, where a real one has done it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adjudicator.openimis.differences import parts_of
from adjudicator.units import times_quantity
from adjudicator.vocabulary import Cut, Kind
from ingest.openimis.theirs import TheirLine, minor

CASES = Path(__file__).parents[3] / "shared" / "conformance" / "cases"

Row = dict[str, Any]

CAUSE_OF = {
    "whole units": "whole_units",
    "deductible paid as well": "deductible_paid_as_well",
    "0% is 100%": "zero_percent",
    "fixed limit 0 is no limit": "zero_fixed",
    "approved quantity 0 ignored": "approved_zero_ignored",
}
"""What a case says that openIMIS did, and our name for it."""


@dataclass(frozen=True)
class Ours:
    """A line as the law decides it."""

    unit_price: int
    gross: int
    cuts: dict[Cut, int]
    valuated: int


def ours(line: Row) -> Ours:
    def amount(name: str) -> int:
        return minor(Decimal(line[name]), 2)

    return Ours(
        amount("unit_price"), amount("gross"), {cut: amount(cut.word) for cut in Cut}, amount("valuated")
    )


def theirs(line: Row, asked: Row, kind: Kind) -> TheirLine:
    """Give a line as openIMIS recorded it; an officer's values stand with what was asked."""

    def amount(name: str) -> int:
        return minor(Decimal(line.get(name, 0)), 2)

    said = line | {name: asked[name] for name in ("qty_approved", "price_approved") if name in asked}
    quantity = minor(Decimal(said.get("qty_approved") or 0), 2)
    if "qty_approved" not in said:
        quantity = minor(Decimal(said["qty_provided"]), 2)
    unit = minor(Decimal(said["price_approved"]), 2) if "price_approved" in said else amount("price_adjusted")
    valuated = amount("price_valuated")
    gross = times_quantity(unit, quantity)
    cuts = dict.fromkeys(Cut, 0)
    cuts[Cut.DEDUCTIBLE], cuts[Cut.CEILING_EXCESS] = (
        amount("deductable_amount"),
        amount("exceed_ceiling_amount"),
    )
    rest = Cut.LIMIT_EXCESS if line.get("limitation") == "F" else Cut.CO_INSURANCE
    cuts[rest] = gross - valuated - sum(cuts.values())
    limit = line.get("limitation_value")
    return TheirLine(
        1,
        kind,
        line[f"{kind.word}_code"],
        line["status"] == 1,
        line["rejection_reason"],
        None,
        None,
        None,
        line.get("limitation"),
        None if limit is None else Decimal(limit),
        0,
        quantity,
        unit,
        gross,
        cuts,
        valuated,
        None,
        1,
    )


def pairs(case: Row) -> Iterator[tuple[TheirLine, Ours]]:
    decided = (case["openimis"]["as_deployed"]["claims"], case["expected"]["claims"])
    for asked, their_claim, our_claim in zip(case["input"]["claims"], *decided, strict=True):
        lines = [
            theirs(line, row, kind)
            for kind, name in ((Kind.ITEM, "items"), (Kind.SERVICE, "services"))
            for line, row in zip(their_claim.get(name, ()), asked.get(name, ()), strict=True)
        ]
        for one, other in zip(lines, our_claim["lines"], strict=True):
            if one.accepted and other["status"] == "accepted" and other["price_origin"] != "relative":
                yield one, ours(other)


@pytest.mark.skipif(not CASES.is_dir(), reason="the conformance cases are not here")
@pytest.mark.parametrize(("departure", "cause"), CAUSE_OF.items())
def test_what_a_real_openimis_did_is_called_by_its_name(departure: str, cause: str) -> None:
    found: Counter[str] = Counter()
    for file in sorted(CASES.glob("*.json")):
        text = file.read_text("utf-8")
        if f'"{departure}"' not in text:
            continue
        case = json.loads(text, parse_float=Decimal)
        if (
            not {departure}
            <= set((case["openimis"] or {}).get("departures", ()))
            <= {departure, "whole units"}
        ):
            continue
        for one, other in pairs(case):
            parts = [part for part in parts_of(one, other, 100) if part.amount]
            assert sum(part.amount for part in parts) == other.valuated - one.valuated
            found.update(part.cause for part in parts)

    assert found[cause] > 0
    # What a wrong amount used up is missing later on: that is a cause of its own.
    assert set(found) <= {cause, "whole_units", "deductible", "ceiling", "category_ceiling"}
