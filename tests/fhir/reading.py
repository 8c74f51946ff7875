"""What a receiver does with resources: read them with exact decimals, let the referee look, add up."""

from __future__ import annotations

import importlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from adjudicator.fhir.account import ADJUSTMENTS
from adjudicator.fhir.systems import ADJUDICATION, OUR_ADJUDICATION
from adjudicator.fhir.writing import encoded

Resource = dict[str, Any]


def as_received(resource: Mapping[str, Any]) -> Resource:
    """Read a resource as it is written, with its digits."""
    read: Resource = json.loads(encoded(dict(resource)), parse_float=Decimal)
    return read


def judged(resource: Mapping[str, Any]) -> Resource:
    """Let the referee check a resource as it is written; give it as received."""
    kind = resource["resourceType"]
    module = importlib.import_module(f"fhir.resources.R4B.{kind.lower()}")
    getattr(module, kind).model_validate_json(encoded(dict(resource)))
    return as_received(resource)


def lines_of(path: Path) -> list[Resource]:
    """Read an NDJSON file."""
    return [json.loads(line, parse_float=Decimal) for line in path.read_text("utf-8").splitlines()]


def code_of(adjudication: Resource) -> str:
    """Give what a category is called: our code where there is one, else HL7's."""
    codes = {coding["system"]: coding["code"] for coding in adjudication["category"]["coding"]}
    found: str = codes.get(OUR_ADJUDICATION) or codes[ADJUDICATION]
    return found


def amounts(adjudications: list[Resource]) -> dict[str, Decimal]:
    """Give amounts by category; no category stands twice."""
    found = {}
    for one in adjudications:
        if "amount" in one:
            assert code_of(one) not in found
            found[code_of(one)] = Decimal(one["amount"]["value"])
    return found


def left_over(account: Mapping[str, Decimal]) -> Decimal:
    """Give what no part of an account tells of."""
    taken = sum((account.get(part.value, Decimal(0)) for part in ADJUSTMENTS), Decimal(0))
    waiting, benefit = account.get("waiting-for-index", Decimal(0)), account.get("benefit", Decimal(0))
    return account["submitted"] - taken - waiting - benefit


def summed(accounts: list[dict[str, Decimal]]) -> dict[str, Decimal]:
    """Add accounts up, category by category."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for account in accounts:
        for code, amount in account.items():
            sums[code] += amount
    return dict(sums)


def monies(element: Any) -> Iterator[Resource]:
    """Find all amounts of money in a resource."""
    if isinstance(element, dict):
        if set(element) == {"value", "currency"}:
            yield element
        for value in element.values():
            yield from monies(value)
    elif isinstance(element, list):
        for value in element:
            yield from monies(value)
