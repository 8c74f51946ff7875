"""What patients say against what was billed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.review.feedback import Billed, Feedback, contradictions
from adjudicator.vocabulary import Severity
from adjudicator.words import LANGUAGES, say

ANSWER = st.none() | st.booleans()
SAID = st.builds(Feedback, ANSWER, ANSWER, ANSWER, ANSWER, st.none() | st.integers(0, 5))
BILLED = st.builds(Billed, *(st.integers(0, 10**6) for _ in range(2)), st.integers(0, 3), st.integers(0, 99))

WITH_DRUGS = Billed(valuated=1000, patient_share=0, drug_lines=2, drugs_valuated=400)
WITH_SHARE = Billed(valuated=1000, patient_share=200, drug_lines=0, drugs_valuated=0)


def keys(said: Feedback, billed: Billed) -> list[tuple[str, Severity, int]]:
    return [
        (found.what.key.rpartition(".")[2], found.severity, found.amount)
        for found in contradictions(said, billed, 2)
    ]


@pytest.mark.parametrize(
    ("said", "billed", "expected"),
    [
        (Feedback(care_rendered=False), WITH_DRUGS, [("care", Severity.HIGH, 1000)]),
        (Feedback(care_rendered=False, drugs_received=False), WITH_DRUGS, [("care", Severity.HIGH, 1000)]),
        (Feedback(drugs_received=False), WITH_DRUGS, [("drugs_received", Severity.HIGH, 400)]),
        (Feedback(drugs_received=False), WITH_SHARE, []),
        (Feedback(drugs_prescribed=False), WITH_DRUGS, [("drugs_prescribed", Severity.LOW, 400)]),
        (Feedback(payment_asked=True), WITH_DRUGS, [("payment", Severity.MEDIUM, 0)]),
        (Feedback(payment_asked=True), WITH_SHARE, []),
        (
            Feedback(payment_asked=True, drugs_prescribed=False, drugs_received=False),
            WITH_DRUGS,
            [("drugs_received", Severity.HIGH, 400), ("payment", Severity.MEDIUM, 0)],
        ),
        (Feedback(mark=0, words="dreadful"), WITH_DRUGS, []),
    ],
)
def test_what_contradicts_a_claim(
    said: Feedback, billed: Billed, expected: list[tuple[str, Severity, int]]
) -> None:
    assert keys(said, billed) == expected


@given(SAID, BILLED)
def test_findings_are_told_in_both_languages_the_gravest_first(said: Feedback, billed: Billed) -> None:
    found = contradictions(said, billed, 2)
    assert [one.severity for one in found] == sorted((one.severity for one in found), reverse=True)
    assert all(say(one.what, language) for one in found for language in LANGUAGES)


@given(BILLED)
def test_no_answer_and_only_good_ones_say_nothing(billed: Billed) -> None:
    good = Feedback(
        care_rendered=True, payment_asked=False, drugs_prescribed=True, drugs_received=True, mark=5
    )
    assert contradictions(Feedback(), billed, 2) == contradictions(good, billed, 2) == ()
    assert Feedback().empty
