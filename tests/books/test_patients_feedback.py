"""Patients' feedback in the books: once a claim, corrected on the record, held against the claim."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from adjudicator.books.books import open_books
from adjudicator.books.review.feedback import Answered, all_feedback, load_feedback, record_feedback
from adjudicator.books.review.grounds import PATIENT_FEEDBACK
from adjudicator.books.review.opening import open_cases
from adjudicator.books.review.selection import select
from adjudicator.books.review.selection_estimate import estimate_selection
from adjudicator.books.review.selection_plan import Plan
from adjudicator.problems import Refused
from adjudicator.review.feedback import Feedback
from adjudicator.review.selection import Method
from adjudicator.store import journal
from adjudicator.store.schema import CASES, CLAIM_DECISIONS, CLAIMS, FEEDBACK, JOURNAL
from tests.books.states import BY
from tests.review.reviewing import review

HEADER = "facility,claim,care_rendered,payment_asked,drugs_prescribed,drugs_received,mark,words\n"


def names(folder: Path, count: int) -> list[str]:
    """Name claims that were valued at something."""
    with open_books(folder) as books, books.database.reading() as connection:
        query = (
            sa.select(CLAIMS.c.facility, CLAIMS.c.claim)
            .join(CLAIM_DECISIONS, CLAIM_DECISIONS.c.claim_id == CLAIMS.c.claim_id)
            .where(CLAIM_DECISIONS.c.valuated > 0)
            .order_by(CLAIMS.c.claim_id)
            .limit(count)
        )
        return [f"{facility}/{claim}" for facility, claim in connection.execute(query)]


def record(folder: Path, name: str, said: Feedback, correct: str | None = None) -> Answered:
    with open_books(folder) as books:
        return record_feedback(books, name, said, BY, correct)


def test_feedback_is_recorded_once_and_corrected_on_the_record(decided_folder: Path) -> None:
    (name,) = names(decided_folder, 1)
    wrong, right = Feedback(care_rendered=False), Feedback(care_rendered=True, mark=4, words="kind")
    first = record(decided_folder, name, wrong)
    assert [finding.what.key for finding in first.findings] == ["review_selection.finding.care"]
    assert not first.asked
    with pytest.raises(Refused) as refused:
        record(decided_folder, name, right)
    assert [problem.what.key for problem in refused.value.problems] == ["review_selection.answered_before"]
    assert record(decided_folder, name, right, "a slip").findings == ()
    with open_books(decided_folder) as books:
        (one,) = all_feedback(books)
        assert all_feedback(books, contradictions_only=True) == []
        with books.database.reading() as connection:
            query = sa.select(JOURNAL.c.what, JOURNAL.c.content).order_by(JOURNAL.c.number.desc()).limit(2)
            entries = connection.execute(query).all()
            assert not journal.broken_links(connection)
    assert one.said == right
    assert [entry.what for entry in entries] == ["correct feedback", "feedback"]
    corrected = json.loads(entries[0].content)
    assert (corrected["before"]["care_rendered"], corrected["reason"]) == (False, "a slip")


@pytest.mark.parametrize(("name", "said"), [("nobody", Feedback(mark=1)), (None, Feedback())])
def test_what_says_nothing_or_of_no_claim_is_refused(
    decided_folder: Path, name: str | None, said: Feedback
) -> None:
    with pytest.raises(Refused):
        record(decided_folder, name or names(decided_folder, 1)[0], said)


def test_a_file_is_loaded_whole_or_not_at_all_and_once(decided_folder: Path, tmp_path: Path) -> None:
    one, other, third = (name.replace("/", ",") for name in names(decided_folder, 3))
    file = tmp_path / "feedback.csv"
    bad = f"{one},no,,,,6,\n{other},yes,,,,,\n{other},no,,,,,\nX,Y,no,,,,,\n{third},,,,,,\n"
    file.write_text(HEADER + bad, "utf-8")
    with open_books(decided_folder) as books:
        with pytest.raises(Refused) as refused:
            load_feedback(books, file, BY)
        told = [(p.what.key.partition(".")[2], p.place.row) for p in refused.value.problems]
        assert told == [("mark", 2), ("twice", 4), ("no_such_claim", 5), ("nothing_said", 6)]
        assert all_feedback(books) == []
        file.write_text(HEADER + f'{one},no,,,,0,"never, ever"\n{other},yes,no,,,5,\n', "utf-8")
        done = load_feedback(books, file, BY)
        again = load_feedback(books, file, BY)
        listed = all_feedback(books)
    assert (done.added, done.present) == (2, 0)
    assert (again.added, again.present) == (0, 2)
    assert [answer.said.words for answer in done.answers] == ["never, ever", None]
    assert [len(answer.findings) for answer in listed] == [1, 0]


@pytest.mark.parametrize(
    "text", ["facility\nF1\n", HEADER + "F1,C1,perhaps,,,,,\n", HEADER + "F1,C1,,,,x,,\n"]
)
def test_a_file_that_cannot_be_read_is_refused(decided_folder: Path, tmp_path: Path, text: str) -> None:
    file = tmp_path / "feedback.csv"
    file.write_text(text, "utf-8")
    with open_books(decided_folder) as books, pytest.raises(Refused) as refused:
        load_feedback(books, file, BY)
    assert all(problem.place.file == file for problem in refused.value.problems)


def test_a_column_that_is_misspelt_is_refused_and_one_of_no_meaning_told(
    decided_folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "feedback.csv"
    [name] = (name.replace("/", ",") for name in names(decided_folder, 1))
    with open_books(decided_folder) as books:
        file.write_text(f"facility,claim,mark,payment_askd\n{name},5,yes\n", "utf-8")
        with pytest.raises(Refused) as refused:
            load_feedback(books, file, BY)
        [problem] = refused.value.problems
        assert (problem.what.key, problem.place.field) == ("review_selection.misspelt", "payment_askd")
        file.write_text(f"facility,claim,mark,asked_by\n{name},5,Amina\n", "utf-8")
        done = load_feedback(books, file, BY)
    assert done.added == 1
    assert [warning.place.field for warning in done.warnings] == ["asked_by"]


def test_what_patients_contradict_is_estimated(decided_folder: Path) -> None:
    with open_books(decided_folder) as books:
        drawn = select(books, Plan("feedback", Method.RANDOM, seed="s", size=12), BY)
        frame, selection = drawn.candidates.frame, drawn.selection
        places = selection.drawn.nonzero()[0].tolist()
        for number, place in enumerate(places):
            name = f"{frame.facility[place]}/{frame.claim[place]}"
            answer = record_feedback(books, name, Feedback(care_rendered=number % 2 == 0), BY)
            assert answer.asked
        done = estimate_selection(books, 1, 0.95)
        with books.database.reading() as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(FEEDBACK)).scalar_one()
    assert count == 12
    assert done.estimate.found == sum(int(frame.valuated[place]) for place in places[1::2])
    assert done.estimate.claims == len(frame)


def test_a_review_that_agrees_with_patients_does_not_make_them_wrong(decided_folder: Path) -> None:
    with open_books(decided_folder) as books:
        drawn = select(books, Plan("feedback", Method.ALL), BY)
        for facility, claim in zip(
            drawn.candidates.frame.facility, drawn.candidates.frame.claim, strict=True
        ):
            record_feedback(books, f"{facility}/{claim}", Feedback(drugs_received=False), BY)
        before = estimate_selection(books, 1, 0.95).estimate
    assert before.overpaid_claims
    review(decided_folder, drawn.claim_ids.tolist(), drawn.claim_ids.tolist())
    with open_books(decided_folder) as books:
        assert all(not one.findings for one in all_feedback(books))
        assert estimate_selection(books, 1, 0.95).estimate == before


def test_what_contradicts_a_claim_brings_it_before_an_officer(decided_folder: Path) -> None:
    denied, praised = names(decided_folder, 2)
    record(decided_folder, denied, Feedback(care_rendered=False))
    record(decided_folder, praised, Feedback(care_rendered=True, mark=5))
    with open_books(decided_folder) as books:
        open_cases(books, BY)
        with books.database.reading() as connection:
            query = sa.select(CLAIMS.c.facility, CLAIMS.c.claim, CASES.c.why).join(
                CASES, CASES.c.claim_id == CLAIMS.c.claim_id
            )
            why = {f"{row.facility}/{row.claim}": json.loads(row.why) for row in connection.execute(query)}
        assert open_cases(books, BY).opened == 0
    assert PATIENT_FEEDBACK in why[denied]["rules"]
    assert praised not in why or PATIENT_FEEDBACK not in why[praised]["rules"]
