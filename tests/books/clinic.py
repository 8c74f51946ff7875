"""A scheme so small that its months can be closed by hand.

Product M pays services: half of what it earns each month goes to their relative prices. Product Q pays items,
and all that it earns in a quarter goes to them. One family has both; its contributions are 10.00 a day for M
and 1.00 a day for Q, all of 2026. A service is 100.00, an item 40.00.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adjudicator.books.books import open_books
from adjudicator.books.claims import load_claims
from adjudicator.books.registers import load_registers
from adjudicator.tables import REGISTERS
from tests.books.folders import write_claims, write_rows
from tests.books.states import BY, MADE, State, decide

_M = """
product: M
name: {en: Services, fr: Services}
enrolment: {insurance_period: 12 months}
coverage: [{services: all, price: relative}]
remuneration: {relative_prices: {all: {share: 50%}}}
accounts: {remuneration: 6110}
"""
_Q = """
product: Q
name: {en: Items, fr: Articles}
enrolment: {insurance_period: 12 months}
coverage: [{items: all, price: relative}]
remuneration: {relative_prices: {period: quarter, all: {share: 100%}}}
accounts: {remuneration: 6120}
"""

Row = dict[str, Any]


def _facility(code: str, level: str, account: str) -> Row:
    return {
        "code": code,
        "name": f"Facility {code}",
        "level": level,
        "care_type": "both",
        "service_price_list": "PL",
        "item_price_list": "PL",
        "account_code": account,
    }


def _policy(product: str) -> Row:
    return {
        "policy": f"P{product}",
        "family": "F1",
        "product": product,
        "enrolled": "2026-01-01",
        "effective": "2026-01-01",
        "expiry": "2026-12-31",
        "stage": "renewal",
        "status": "active",
    }


REGISTERED_ROWS: dict[str, list[Row]] = {
    "provisions": [
        {"kind": "service", "code": "S1", "name": "Visit", "category": "other", "price": "100.00"},
        {"kind": "item", "code": "I1", "name": "Tablets", "type": "drug", "price": "40.00"},
    ],
    "price_lists": [
        {"price_list": "PL", "kind": "service", "code": "S1"},
        {"price_list": "PL", "kind": "item", "code": "I1"},
    ],
    "locations": [{"code": "R1", "name": "Region", "level": "region", "male": 50, "female": 50}],
    "facilities": [_facility("H1", "hospital", "4011"), _facility("C1", "health_centre", "4021")],
    "catchments": [],
    "diagnoses": [{"code": "A00", "name": "Illness"}],
    "families": [{"family": "F1", "location": "R1"}],
    "insurees": [
        {"insuree": "I-1", "family": "F1", "head": "true", "sex": "female", "birth_date": "1980-01-01"}
    ],
    "policies": [_policy("M"), _policy("Q")],
    "covers": [
        {"policy": f"P{product}", "insuree": "I-1", "effective": "2026-01-01", "expiry": "2026-12-31"}
        for product in "MQ"
    ],
    "contributions": [
        {"contribution": "K1", "policy": "PM", "paid": "2026-01-01", "amount": "3650.00"},
        {"contribution": "K2", "policy": "PQ", "paid": "2026-01-01", "amount": "365.00"},
    ],
}


def claim(number: str, facility: str, day: str) -> Row:
    """Make a claim of the one who is insured."""
    return {
        "claim": number,
        "facility": facility,
        "insuree": "I-1",
        "date_from": day,
        "date_claimed": day,
        "diagnosis": "A00",
    }


def line(number: str, facility: str, place: int, code: str, quantity: int = 1) -> Row:
    """Make a line: of a service, or of an item."""
    service = code.startswith("S")
    return {
        "claim": number,
        "facility": facility,
        "line": place,
        "kind": "service" if service else "item",
        "code": code,
        "quantity": quantity,
        "price_asked": "110.00" if service else "40.00",
    }


JANUARY = (
    [claim("A", "H1", "2026-01-10"), claim("B", "C1", "2026-01-20"), claim("X", "C1", "2026-01-21")],
    [
        line("A", "H1", 1, "S1"),
        line("B", "C1", 1, "S1", 2),
        line("B", "C1", 2, "I1"),
        line("X", "C1", 1, "S9"),
    ],
)
"""A is of one product, B of two; nothing of X is in the register."""

FEBRUARY = (
    [claim("C", "H1", "2026-02-05"), claim("D", "C1", "2026-01-25")],
    [line("C", "H1", 1, "S1"), line("D", "C1", 1, "S1")],
)
"""D is late."""


def write_clinic(folder: Path) -> Path:
    """Write the scheme's folder; give it."""
    (folder / "products").mkdir(parents=True)
    (folder / "registers").mkdir()
    (folder / "scheme.yaml").write_text("scheme: CLINIC\ncurrency: KES\n", "utf-8")
    for name, text in (("m", _M), ("q", _Q)):
        (folder / "products" / f"{name}.yaml").write_text(text.lstrip(), "utf-8")
    for name, rows in REGISTERED_ROWS.items():
        write_rows(folder / "registers" / f"{name}.csv", REGISTERS[name], rows)
    for number, (claims, lines) in enumerate((JANUARY, FEBRUARY), 1):
        write_claims(folder / "claims" / f"month-{number}", claims, lines)
    return folder


def change(folder: Path, name: str, rows: Sequence[Row]) -> None:
    """Load a register anew, with other rows."""
    changed = folder / "changed"
    changed.mkdir(exist_ok=True)
    for old in changed.iterdir():
        old.unlink()
    write_rows(changed / f"{name}.csv", REGISTERS[name], rows)
    with open_books(folder) as books:
        load_registers(books, changed, BY)


def receive(folder: Path, claims: Sequence[Row], lines: Sequence[Row], name: str = "more") -> None:
    """Load claims and decide them."""
    written = write_claims(folder / name, claims, lines)
    with open_books(folder) as books:
        load_claims(books, [written], BY)
    decide(folder)


def _first_month(folder: Path) -> None:
    with open_books(folder) as books:
        load_registers(books, folder / "registers", BY)
        load_claims(books, [folder / "claims" / "month-1"], BY)
    decide(folder)


def _second_month(folder: Path) -> None:
    with open_books(folder) as books:
        load_claims(books, [folder / "claims" / "month-2"], BY)
    decide(folder)


JANUARY_DECIDED = State("January decided", MADE, _first_month)
BOTH_DECIDED = State("both months decided", JANUARY_DECIDED, _second_month)
