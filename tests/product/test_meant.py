"""A guess at what was meant is a text that the reader accepts, and means the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.product.meant import meant, nearest
from adjudicator.product.source import parse_source
from tests.product.strategies import defined


@pytest.mark.parametrize(
    ("wrong", "given_text", "guess"),
    [
        ("money", "1 500", "1500"),
        ("money", "1,500", "1500"),
        ("money", "1,500.50", "1500.50"),
        ("money", "1'234'567", "1234567"),
        ("money", "12,50", "12.50"),
        ("money", "XAF 1500", "1500"),
        ("money", "1500 F", "1500"),
        ("money", "1.500.000", None),
        ("money", "much", None),
        ("percentage", "80", "80%"),
        ("percentage", "12,5 %", "12.5%"),
        ("percentage", "80 percent", "80%"),
        ("percentage", "180", None),
        ("months", "6", "6 months"),
        ("months", "1 an", "12 months"),
        ("months", "1mo", "1 month"),
        ("months", "2 weeks", None),
        ("date", "2026/1/5", "2026-01-05"),
        ("date", "5.1.2026", "2026-01-05"),
        ("date", "13.13.2026", None),
        ("month_day", "31-12", "12-31"),
        ("month_day", "1/7", "01-07"),
        ("truth", "Oui", "true"),
        ("truth", "off", "false"),
        ("truth", "maybe", None),
        ("quantity", "unlimited", "none"),
        ("count", "4.0", "4"),
        ("index", "1,1", "1.1"),
        ("selector", "M1, M2", "[M1, M2]"),
        ("selector", "{codes}", None),
        ("text", "", None),
    ],
)
def test_guesses(wrong: str, given_text: str, guess: str | None) -> None:
    assert meant(f"product.expects_{wrong}", given_text) == guess


PLACES: dict[str, Any] = {
    "money": "contribution: {{lump_sum: {}}}",
    "percentage": "coverage: [{{services: all, cover: {}}}]",
    "months": "enrolment: {{insurance_period: {}}}",
    "date": "valid: {{from: {}}}",
    "month_day": "enrolment: {{cycles: [{}]}}",
    "truth": "coverage: [{{services: all, covered: {}}}]",
    "quantity": "coverage: [{{services: all, quantity: {}}}]",
    "count": "contribution: {{installments: {}}}",
    "selector": "coverage: [{{services: {}}}]",
}

NUMBERS = st.integers(1, 9999).map(str)
TEXTS = st.one_of(
    st.text("0123456789.,-/ %", max_size=9),
    st.tuples(
        NUMBERS,
        st.sampled_from(["", " ", ".", ",", "-", "/"]),
        NUMBERS,
        st.sampled_from(["", " m", "%", "ans"]),
    ).map("".join),
)


@given(st.sampled_from(sorted(PLACES)), TEXTS)
def test_what_is_suggested_can_be_written(kind: str, given_text: str) -> None:
    guess = meant(f"product.expects_{kind}", given_text)
    if guess is not None:
        text = f"product: A\n{PLACES[kind].format(guess)}\n"
        defined(parse_source(text, Path("p.yaml")).tree, 4 if kind == "money" else 2)


def test_the_nearest_word() -> None:
    assert nearest("ceilling", ["ceiling", "contribution"]) == "ceiling"
    assert nearest("Lump-Sum", ["lump_sum", "adult"]) == "lump_sum"
    assert nearest("m1", ["M10", "M1"]) == "M1"
    assert nearest("xyz", ["ceiling"]) is None
