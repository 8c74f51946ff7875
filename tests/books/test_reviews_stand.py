"""Reviews in the books: they stand, and when they are applied makes no difference (law, section 7)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import Books, make_books, open_books
from adjudicator.books.claims import load_claims
from adjudicator.books.ledger import current_decisions
from adjudicator.books.readjudication import readjudicate
from adjudicator.books.registers import load_registers
from adjudicator.books.verification import verify
from adjudicator.product.definition import Product
from adjudicator.store.database import VARIABLE
from adjudicator.store.runs import last_run
from adjudicator.store.schema import REVIEW_LINES, REVIEWS
from adjudicator.vocabulary import ReviewStatus
from tests.adjudication.worlds import RandomWorld
from tests.books.folders import write_claims, write_world
from tests.review.reviewing import apply, deliver, valuated

BY = "tester"
ONE_VISIT = {
    "product": "P",
    "coverage": [{"services": "all"}],
    "claim_categories": {"visit": {"claims": "1"}},
}
YEAR = {"effective": dt.date(2026, 1, 1), "expiry": dt.date(2026, 12, 31)}
FACILITY = {"code": "H", "name": "H", "level": "dispensary", "care_type": "both", "service_price_list": "L"}
REGISTERS: dict[str, list[dict[str, Any]]] = {
    "provisions": [{"kind": "service", "code": "S", "name": "S", "category": "visit", "price": "100"}],
    "price_lists": [{"price_list": "L", "kind": "service", "code": "S"}],
    "facilities": [FACILITY],
    "diagnoses": [{"code": "A00", "name": "a"}],
    "families": [{"family": "F"}],
    "insurees": [{"insuree": "1", "family": "F", "sex": "male"}],
    "policies": [
        {"policy": "X", "family": "F", "product": "P", "stage": "renewal", "status": "active"} | YEAR
    ],
    "covers": [{"policy": "X", "insuree": "1"} | YEAR],
}


def visit(name: str, day: int) -> tuple[dict[str, Any], dict[str, Any]]:
    date = dt.date(2026, 3, day)
    claim = {"claim": name, "facility": "H", "insuree": "1", "diagnosis": "A00", "date_from": date}
    line = {"claim": name, "facility": "H", "line": 1, "kind": "service", "code": "S"}
    return claim | {"date_claimed": date}, line | {"quantity": "1", "price_asked": "100"}


def books_with(terms: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make books of one family under one product."""
    monkeypatch.delenv(VARIABLE, raising=False)
    product = Product.model_validate(terms, context={"decimals": 2})
    folder = write_world(tmp_path / "scheme", RandomWorld((product,), REGISTERS, [], [], 18, 2))
    make_books(folder, BY)
    with open_books(folder) as books:
        load_registers(books, folder / "registers", BY)
    return folder


def decide(folder: Path, name: str, day: int) -> None:
    claim, line = visit(name, day)
    with open_books(folder) as books:
        load_claims(books, [write_claims(folder / "claims" / name, [claim], [line])], BY)
        adjudicate_books(books, BY)


def approve(books: Books, claim_id: int, price: int) -> None:
    """Deliver a review that sets the price of a claim's lines."""
    deliver(books, {claim_id: ReviewStatus.ACCEPTED})
    with books.database.writing() as connection:
        review = sa.select(sa.func.max(REVIEWS.c.review)).scalar_subquery()
        connection.execute(
            sa.update(REVIEW_LINES).where(REVIEW_LINES.c.review == review).values(price_approved=price)
        )


def reasons(folder: Path) -> list[int | None]:
    """Give the reasons of the decisions that hold, by claim."""
    with open_books(folder) as books, books.database.reading() as connection:
        held = current_decisions(connection, np.array([1, 2], np.int64), last_run(connection))
    found: list[int | None] = held.sort_by("claim_id")["reason"].to_pylist()
    return found


def test_a_rejection_by_an_officer_outlasts_what_others_used_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = books_with(ONE_VISIT, tmp_path, monkeypatch)
    decide(folder, "A", 2)
    with open_books(folder) as books:
        deliver(books, {1: ReviewStatus.REJECTED})
        apply(books)
    # The one visit of the year is free again, and B has it.
    decide(folder, "B", 9)
    assert reasons(folder) == [-1, None]
    # As claimed A would be one visit too many by now; the officer's word stands, and nothing changes.
    with open_books(folder) as books:
        assert readjudicate(books, BY, ["A"], "looked at once more").changed == 0
        assert not verify(books).findings
    assert reasons(folder) == [-1, None]


ONE_CEILING = {
    "product": "P",
    "coverage": [{"services": "all", "price": "claimed"}],
    "ceiling": {"per": "policy", "amount": "120"},
}


@pytest.mark.parametrize("waits", [False, True])
def test_reviews_that_waited_come_to_what_they_would_have_come_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    """Claims adjudicated in between keep their balances, whenever a review is applied (law, section 7)."""
    folder = books_with(ONE_CEILING, tmp_path, monkeypatch)
    decide(folder, "A", 2)
    decide(folder, "B", 9)
    assert valuated(folder, [1, 2]) == {1: 100_00, 2: 20_00}
    with open_books(folder) as books:
        # Both are approved at 110: A gives back its 100, and finds that the 20 of B are kept.
        for claim in (1, 2):
            approve(books, claim, 110_00)
            if not waits:
                apply(books)
        if waits:
            tried = readjudicate(books, BY, ["reviewed"], "reviews", dry_run=True)
            assert (tried.looked_at, tried.later, tried.runs) == (1, 1, ())
            done = readjudicate(books, BY, ["reviewed"], "reviews")
            assert (done.looked_at, done.later) == (2, 0)
        assert not verify(books).findings
        assert not readjudicate(books, BY, ["reviewed"], "reviews").looked_at
    assert valuated(folder, [1, 2]) == {1: 100_00, 2: 20_00}
