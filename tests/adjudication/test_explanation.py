"""Explanations: every decision can be told in both languages, and every amount can be done again by its steps."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.adjudication import reference
from adjudicator.adjudication.explanation import Explanation, LineExplanation, explain
from adjudicator.adjudication.records import claim_records, world
from adjudicator.adjudication.reference import ClaimDecision
from adjudicator.adjudication.steps import ExplainedStep, replay
from adjudicator.adjudication.telling import places_in
from adjudicator.presentation.explanation import as_record, explanation_text
from adjudicator.presentation.explanation import told as told_in
from adjudicator.product.definition import Product
from adjudicator.product.read import read_product
from adjudicator.units import times_quantity
from adjudicator.vocabulary import Cut, Kind, Reason
from adjudicator.words import LANGUAGES, shown
from ingest.openimis import import_records
from ingest.tables import claims_from_rows, registers_from_rows
from tests.adjudication.worlds import RandomWorld, random_world

Row = dict[str, Any]

PARTS = 4
"""The cases of conformance are told in so many tests, which can run side by side."""

worlds = st.randoms(use_true_random=False).map(random_world)


def nowhere(version: Product, path: Sequence[str | int]) -> None:
    """Find the place of nothing: these products come from no file."""


def decisions(
    products: Sequence[Product],
    registers: dict[str, list[Row]],
    claims: Sequence[Row],
    lines: Sequence[Row],
    decimals: int,
    adult_age: int = 18,
) -> list[ClaimDecision]:
    tables = registers_from_rows(registers, decimals).tables
    reading = claims_from_rows(list(claims), list(lines), decimals, tables["facilities"])
    return decided(products, tables, reading.claims, reading.lines, adult_age)


def decided(
    products: Sequence[Product],
    tables: dict[str, pa.Table],
    claims: pa.Table,
    lines: pa.Table,
    adult_age: int,
) -> list[ClaimDecision]:
    return reference.adjudicate(world(products, tables, adult_age), claim_records(claims, lines))


def of_world(random: RandomWorld) -> list[ClaimDecision]:
    return decisions(
        random.products,
        random.registers,
        random.claims,
        random.claim_lines,
        random.decimals,
        random.adult_age,
    )


def with_review(explanation: Explanation) -> Iterator[Explanation]:
    """Give an explanation, and that of the decision before the review."""
    yield explanation
    if explanation.before_review is not None:
        yield explanation.before_review


# What holds for every decision.


@given(worlds)
def test_the_steps_of_every_line_make_its_amount(random: RandomWorld) -> None:
    for decision in of_world(random):
        for explanation in with_review(explain(decision, nowhere, random.decimals, "KES")):
            for line in explanation.lines:
                check_steps(line)


def check_steps(line: LineExplanation) -> None:
    assert replay(line.steps) == line.decided.valuated
    if line.decided.reason is not Reason.ACCEPTED:
        assert not line.steps
        return
    gross = line.steps[0]
    assert line.decided.unit_price is not None
    assert gross.after == times_quantity(line.decided.unit_price, line.decided.quantity) == line.decided.gross
    amount = gross.after
    for step in line.steps[1:]:
        assert step.cut is not None
        assert (step.before, step.after) == (amount, step.replay(amount))
        assert step.taken == amount - step.after == line.decided.cuts[step.cut]
        check_balance(step)
        amount = step.after


def check_balance(step: ExplainedStep) -> None:
    """A deductible's balance falls by what is taken off; a ceiling's by what passes."""
    if step.left_before is None:
        assert step.cut in (Cut.LIMIT_EXCESS, Cut.CO_INSURANCE)
        return
    used = step.taken if step.cut is Cut.DEDUCTIBLE else step.after
    assert step.left_after == step.left_before - used >= 0


@given(worlds)
def test_what_was_claimed_is_accounted_for(random: RandomWorld) -> None:
    for decision in of_world(random):
        first, *parts, last = explain(decision, nowhere, random.decimals, "KES").account
        assert (first.amount, last.amount) == (decision.claimed, decision.valuated)
        assert first.amount + sum(part.amount for part in parts) == last.amount


@given(worlds)
def test_every_decision_can_be_told(random: RandomWorld) -> None:
    for decision in of_world(random):
        check_words(explain(decision, nowhere, random.decimals, "KES"))


def check_words(explanation: Explanation) -> None:
    for language in LANGUAGES:
        record = as_record(explanation, language)
        assert json.loads(json.dumps(record)) == record
        for whole in filter(None, (record, record["before_review"])):
            sentences = [*whole["sentences"], *(told for line in whole["lines"] for told in line["sentences"])]
            labels = [step["label"] for line in whole["lines"] for step in line["steps"]]
            for text in (*(sentence["text"] for sentence in sentences), *labels):
                assert text
                assert not {"{", "}"} & set(text)
                assert "None" not in text
            assert all(sentence["text"].endswith(".") for sentence in sentences)
            assert all(sentence["text"][0].isupper() for sentence in sentences)


@settings(max_examples=10)
@given(worlds, st.sampled_from(LANGUAGES), st.integers(40, 120))
def test_every_sentence_is_in_the_text(random: RandomWorld, language: str, width: int) -> None:
    for decision in of_world(random):
        explanation = explain(decision, nowhere, random.decimals, "KES")
        text = explanation_text(explanation, language, width)
        assert max(map(len, text.splitlines())) <= width
        words = text.split()
        if not decision.struck:
            told = [s for line in explanation.lines for s in line.sentences]
            for sentence in (*explanation.sentences, *told):
                assert in_order(told_in(sentence, language).split(), words)


def in_order(wanted: list[str], words: list[str]) -> bool:
    """Tell whether words stand together among others."""
    starts = (place for place, word in enumerate(words) if word == wanted[0])
    return any(words[start : start + len(wanted)] == wanted for start in starts)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_case_of_conformance_can_be_told(pytestconfig: pytest.Config, part: int) -> None:
    folder = Path(pytestconfig.getoption("--cases"))
    files = sorted(folder.glob("*.json"))
    if not files:
        pytest.skip(f"no cases in {folder}")
    for file in files[part::PARTS]:
        case = json.loads(file.read_text("utf-8"), parse_float=Decimal)
        imported = import_records(case["input"], 2)
        for decision in decisions(
            imported.products,
            imported.registers,
            imported.claims,
            imported.claim_lines,
            2,
            imported.adult_age,
        ):
            explanation = explain(decision, nowhere, 2, "NPR")
            check_words(explanation)
            for whole in with_review(explanation):
                for line in whole.lines:
                    check_steps(line)
