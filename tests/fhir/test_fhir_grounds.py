"""The ground of a rejection is what the explanation says of it, and has the code that fits."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.adjudication import reference
from adjudicator.adjudication.records import claim_records, world
from adjudicator.adjudication.reference import Struck
from adjudicator.fhir.grounds import Code, Ground, code_of, grounds_of, rows_in, where_in
from adjudicator.units import date_of
from adjudicator.vocabulary import LineStatus, PolicyStatus, Reason
from tests.adjudication.typed import typed_claims, typed_registers
from tests.adjudication.worlds import RandomWorld, random_world

worlds = st.randoms(use_true_random=False).map(random_world)


def found_and_told(random: RandomWorld) -> list[tuple[Ground | None, Struck]]:
    """Decide a world's claims; give the ground of each rejection with what the explanation knows of it."""
    registers = typed_registers(random.registers, random.decimals)
    claims, lines = typed_claims(random.claims, random.claim_lines, random.decimals)
    decisions = reference.adjudicate(
        world(random.products, registers, random.adult_age), claim_records(claims, lines)
    )
    rows = [row | {"claim_id": number} for number, row in enumerate(claims.to_pylist())]
    number_of = {(row["facility"], row["claim"]): row["claim_id"] for row in rows}
    lines_of: dict[int, list[dict[str, Any]]] = {}
    for line in lines.to_pylist():
        lines_of.setdefault(line["claim_index"], []).append(line)
    of_claims, of_lines = {}, {}
    told: list[tuple[int, int | None, Struck]] = []
    for decision in decisions:
        number = number_of[decision.claim.facility, decision.claim.claim]
        of_claims[number] = {"status": int(decision.status), "reason": int(decision.reason), "run": 1}
        told += [(number, None, struck) for struck in decision.struck]
        for line in decision.lines:
            rejected = line.status is LineStatus.REJECTED
            status = LineStatus.REJECTED if rejected else LineStatus.ACCEPTED
            place = (number, line.line.number)
            of_lines[place] = {"status": int(status), "reason": int(line.reason)}
            if rejected:
                told += [(*place, struck) for struck in line.struck if struck.reason is line.reason]
    grounds = grounds_of(rows, lines_of, of_claims, of_lines, rows_in(registers))
    return [
        (
            grounds.of_claim.get(number) if line is None else grounds.of_line.get((number, line)),
            struck,
        )
        for number, line, struck in told
    ]


@settings(max_examples=40)
@given(worlds)
def test_the_ground_is_what_the_explanation_says(random: RandomWorld) -> None:
    for ground, struck in found_and_told(random):
        check(ground, struck)


def check(ground: Ground | None, struck: Struck) -> None:
    facts = struck.facts
    match struck.reason:
        case Reason.PATIENT_CATEGORY:
            assert ground is (Ground.SEX if facts["sex"] is not None else Ground.AGE)
        case Reason.TARGET_DATE:
            assert ground is {
                "no_date": Ground.NO_DATE,
                "ends_before_start": Ground.ENDS_BEFORE_IT_STARTS,
                "claimed_before_start": Ground.CLAIMED_BEFORE_IT_STARTS,
            }.get(facts["why"])
        case Reason.INSUREE:
            assert (ground is Ground.UNKNOWN) is (facts["why"] == "unknown")
            assert ground in (Ground.UNKNOWN, Ground.BEFORE, Ground.AFTER, Ground.BETWEEN)
        case Reason.NO_COVERAGE:
            assert (ground is Ground.UNKNOWN) is (not facts["covers"])
            if ground is Ground.NOT_ACTIVE:
                statuses = {cover.policy.status for cover in facts["covers"]}
                assert statuses - {PolicyStatus.ACTIVE, PolicyStatus.EXPIRED}
            if ground is Ground.BEFORE:
                assert all(date_of(cover.effective) for cover in facts["covers"])
        case Reason.NOT_IN_REGISTER if facts.get("why") == "no_lines":
            assert ground is Ground.NO_LINES
        case _:
            assert ground is None


def test_random_worlds_have_all_grounds() -> None:
    """Else what is above would say little."""
    seen = Counter(ground for seed in range(60) for ground, _ in found_and_told(random_world(Random(seed))))
    assert {*Ground} - {*seen} <= {Ground.BETWEEN}, seen


@pytest.mark.parametrize(
    ("reason", "ground", "code"),
    [
        (Reason.PATIENT_CATEGORY, Ground.SEX, Code("CO", "7")),
        (Reason.PATIENT_CATEGORY, Ground.AGE, Code("CO", "6")),
        (Reason.PATIENT_CATEGORY, None, Code("CO", "6")),
        (Reason.TARGET_DATE, Ground.CLAIMED_BEFORE_IT_STARTS, Code("CO", "110")),
        (Reason.TARGET_DATE, Ground.NO_DATE, Code("CO", "16", "M52")),
        (Reason.INSUREE, Ground.UNKNOWN, Code("PR", "31")),
        (Reason.INSUREE, Ground.AFTER, Code("PR", "27")),
        (Reason.NO_COVERAGE, Ground.BEFORE, Code("PR", "26")),
        (Reason.NO_COVERAGE, Ground.BETWEEN, Code("PR", "200")),
        (Reason.NO_COVERAGE, Ground.NOT_ACTIVE, Code("PR", "177")),
        (Reason.NOT_IN_PRICE_LIST, None, Code("CO", "96", "N448")),
        (Reason.QUANTITY, None, Code("CO", "119")),
        (Reason.ACCEPTED, None, None),
    ],
)
def test_codes(reason: Reason, ground: Ground | None, code: Code | None) -> None:
    assert code_of(reason, ground) == code


def test_where_a_day_lies() -> None:
    def day(number: int) -> dt.date:
        return dt.date(2024, 1, number)

    periods = [(day(5), day(10)), (day(15), day(20))]
    found = [where_in(day(number), periods) for number in (1, 5, 10, 12, 20, 21)]
    assert found == [Ground.BEFORE, None, None, Ground.BETWEEN, None, Ground.AFTER]
    assert where_in(day(1), []) is Ground.UNKNOWN
