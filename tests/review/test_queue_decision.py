"""Decisions: each mistake is told, and what is delivered is what was decided on top of what was before."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.review.decision import (
    ClaimedLine,
    Decision,
    LineChange,
    ReviewedLine,
    Verdict,
    problems_of,
    reviewed_lines,
)
from adjudicator.review.reasons import REASONS, Use
from adjudicator.vocabulary import ReviewStatus
from adjudicator.words import say

CLAIMED = [ClaimedLine(1, "C1", 100, 5_00), ClaimedLine(2, "D1", 1000, 2_50)]

CHANGES = st.builds(
    LineChange,
    st.integers(0, 4),
    st.none() | st.integers(-100, 1200),
    st.none() | st.integers(-100, 600),
    st.booleans(),
    st.none() | st.sampled_from([*REASONS, "XX"]),
    st.none() | st.just("words"),
)
DECISIONS = st.builds(
    Decision,
    st.sampled_from(Verdict),
    st.lists(CHANGES, max_size=3).map(tuple),
    st.none() | st.sampled_from([*REASONS, "XX"]),
    st.none() | st.just("words"),
    st.booleans(),
    st.booleans(),
)
EARLIER = st.dictionaries(
    st.sampled_from([1, 2]),
    st.builds(
        lambda quantity, status: ReviewedLine(0, quantity, None, status, "RQ-12", None),
        st.none() | st.integers(0, 100),
        st.sampled_from(ReviewStatus),
    ),
).map(lambda lines: {number: dataclasses.replace(line, line=number) for number, line in lines.items()})


def change(line: int = 2, **values: object) -> Decision:
    return Decision(Verdict.CHANGE, (LineChange(line, **values),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("decision", "key"),
    [
        (change(quantity=1), "review.no_reason"),
        (change(quantity=1, reason="MED-99"), "review.unknown_reason"),
        (change(quantity=1, reason="DUP-01"), "review.reason_not_for"),
        (change(rejected=True, reason="RP-21"), "review.reason_not_for"),
        (change(quantity=1, reason="OTH-99"), "review.words_missing"),
        (change(3, quantity=1, reason="RQ-12"), "review.no_such_line"),
        (change(reason="RQ-12"), "review.line_unchanged"),
        (change(quantity=-1, reason="RQ-12"), "review.below_zero"),
        (change(quantity=1001, reason="RQ-12"), "review.quantity_above"),
        (change(price=251, reason="RP-21"), "review.price_above"),
        (change(quantity=1, rejected=True, reason="MED-01"), "review.rejected_and_changed"),
        (Decision(Verdict.REJECT), "review.no_reason"),
        (Decision(Verdict.CHANGE), "review.nothing_decided"),
        (Decision(Verdict.ACCEPT, change(quantity=1, reason="RQ-12").lines), "review.whole_and_lines"),
        (Decision(Verdict.CHANGE, change(quantity=1, reason="RQ-12").lines * 2), "review.line_twice"),
    ],
)
def test_mistakes(decision: Decision, key: str) -> None:
    problems = problems_of(decision, CLAIMED, 2)
    assert [problem.what.key for problem in problems] == [key]


@pytest.mark.parametrize(
    "decision",
    [
        change(quantity=500, reason="RQ-12"),
        change(quantity=0, price=0, reason="MED-01"),
        change(rejected=True, reason="OTH-99", words="for this"),
        Decision(Verdict.REJECT, reason="DUP-01"),
        Decision(Verdict.ACCEPT),
        dataclasses.replace(change(quantity=2000, reason="RQ-12"), above_claimed=True),
    ],
)
def test_decisions_without_mistakes(decision: Decision) -> None:
    assert problems_of(decision, CLAIMED, 2) == []


@given(DECISIONS, EARLIER)
def test_what_is_without_problems_is_delivered_whole(
    decision: Decision, earlier: dict[int, ReviewedLine]
) -> None:
    problems = problems_of(decision, CLAIMED, 2)
    if problems:
        assert all(problem.told(language) for problem in problems for language in ("en", "fr"))
        return
    lines = {line.line: line for line in reviewed_lines(decision, CLAIMED, earlier)}
    if decision.verdict is Verdict.REJECT:
        assert {line.status for line in lines.values()} == {ReviewStatus.REJECTED}
        assert set(lines) == {1, 2}
        return
    for changed in decision.lines:
        line = lines[changed.line]
        assert (line.status is ReviewStatus.REJECTED) == changed.rejected
        assert line.reason in REASONS
        if not changed.rejected:
            assert changed.quantity in (None, line.quantity)
            assert changed.price in (None, line.price)
    for number in set(earlier) - {changed.line for changed in decision.lines}:
        unsaid = ReviewedLine(number, None, None, ReviewStatus.ACCEPTED, None, None)
        assert lines[number] == (unsaid if decision.afresh else earlier[number])


@given(DECISIONS)
def test_a_decision_survives_the_record(decision: Decision) -> None:
    assert Decision.of_record(json.loads(json.dumps(decision.as_record()))) == decision


def test_every_reason_has_a_label_and_every_cut_a_carc() -> None:
    for language in ("en", "fr"):
        labels = [say(reason.label, language) for reason in REASONS.values()]
        assert len(set(labels)) == len(labels)
    for reason in REASONS.values():
        assert (reason.carc is not None) == bool(reason.uses & {Use.REDUCE, Use.REJECT})
    assert all(any(use in reason.uses for reason in REASONS.values()) for use in Use)
