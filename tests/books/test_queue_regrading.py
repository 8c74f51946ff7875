"""Open cases follow what comes up about their claims, on both engines: rank, due date, and the record."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from rich.console import Console

from adjudicator.books.books import Books, open_books
from adjudicator.books.ledger import current_decisions
from adjudicator.books.officers.register import add_officer
from adjudicator.books.readjudication import readjudicate
from adjudicator.books.review import cases, queue
from adjudicator.books.review.case_file import case_file
from adjudicator.books.review.cases import Case
from adjudicator.books.review.delivery import agree, deliver, proposed, try_decision
from adjudicator.books.review.feedback import record_feedback
from adjudicator.books.review.grounds import PATIENT_FEEDBACK
from adjudicator.books.review.opening import open_cases
from adjudicator.books.review.queue_figures import figures
from adjudicator.books.review.verification import check_queue
from adjudicator.officers.roles import Role
from adjudicator.presentation.review import ReviewView
from adjudicator.review.cases import State, What
from adjudicator.review.feedback import Feedback
from adjudicator.store import journal, runs
from adjudicator.store.journal import Act
from adjudicator.store.schema import CASE_EVENTS, CASE_STATES, CASES, CLAIMS, FLAGS, JOURNAL, RUNS
from adjudicator.vocabulary import Severity
from tests.books.children import Child
from tests.books.queueing import (
    ACCEPT,
    AMINA,
    JOSEPH,
    NOON,
    REJECT,
    accepted,
    after,
    consistent,
    key_of,
    run,
    select,
    with_settings,
)
from tests.review.reviewing import review

WEEK_LATER = NOON + dt.timedelta(days=7)
"""A Monday, six working days before what was opened at noon is due."""


def asked(books: Books, claim_id: int, rule: str, score: int, severity: Severity = Severity.LOW) -> None:
    """Let a later run say something of a claim, as ``rules ask`` does."""
    with books.database.writing() as connection:
        last = runs.last_run(connection)
        entry = journal.append(connection, Act("operator", "rules ask"), {"run": last + 1})
        values = {"run": last + 1, "journal": entry, "kind": "asking", "name": "asked", "record": "{}"}
        amounts = dict.fromkeys(("claims", "lines", "claimed", "valuated"), 0)
        connection.execute(sa.insert(RUNS).values(**values, **amounts))
        row = {"run": last + 1, "claim_id": claim_id, "line": 0, "rule": rule, "version": "1", "digest": 0}
        row |= {"severity": int(severity), "score": score, "values": "{}"}
        connection.execute(sa.insert(FLAGS).values(row))


@pytest.fixture
def folder(decided_folder: Path) -> Path:
    """A scheme with a decided month, of which five claims are flagged alike."""
    with open_books(decided_folder) as books:
        with books.database.reading() as connection:
            claims = accepted(connection)[:5]
        for claim_id in claims:
            asked(books, claim_id, "slight", 20)
        assert open_cases(books, "the queue", NOON).opened == 5
    return decided_folder


def listed(books: Books) -> list[Case]:
    with books.database.reading() as connection:
        return cases.open_ones(connection)


def checked(books: Books) -> None:
    """Make sure that the queue is what its events say, and that the journal says the same."""
    with books.database.reading() as connection:
        assert check_queue(connection) == []
        consistent(connection)
        for row in connection.execute(
            sa.select(CASE_STATES.c.rank, CASES.c.saving, CASES.c.minutes).join(
                CASES, CASES.c.case == CASE_STATES.c.case
            )
        ):
            assert row.rank == -(row.saving * 60 // row.minutes)


def test_a_later_flag_moves_an_open_case_up_and_is_on_record(folder: Path) -> None:
    with open_books(folder) as books:
        last = listed(books)[-1]
        asked(books, last.claim_id, "grave", 90, Severity.CRITICAL)
        brought = open_cases(books, AMINA, WEEK_LATER)
        assert (brought.opened, brought.regraded) == (0, 1)
        found = next(case for case in listed(books) if case.case == last.case)
        assert (found.rules, found.queue, found.score) == (("grave", "slight"), "grave", 90)
        # The shares of 90 and 20 percent are rounded one by one.
        assert abs(found.saving * 2 - last.saving * 9) <= 9
        assert (last.standing.due, found.standing.due) == (dt.date(2026, 3, 16), dt.date(2026, 3, 16))
        with books.database.reading() as connection:
            entry = connection.execute(sa.select(JOURNAL).where(JOURNAL.c.what == "review regraded")).one()
        said = json.loads(entry.content)["cases"][str(last.case)]
        assert entry.by == AMINA
        assert (said["was"]["rules"], said["is"]["rules"]) == ({"slight": 20}, {"grave": 90, "slight": 20})
        assert (said["was"]["saving"], said["is"]["saving"]) == (last.saving, found.saving)
        again = open_cases(books, JOSEPH, WEEK_LATER)
        assert (again.opened, again.regraded) == (0, 0)
        assert listed(books) == sorted(
            listed(books), key=lambda case: (case.grade.rank, case.standing.due, case.claim, case.case)
        )
        checked(books)


def test_what_is_grave_is_due_sooner_and_never_later(folder: Path) -> None:
    with open_books(folder) as books:
        one, other, third, *_ = listed(books)
        asked(books, one.claim_id, "grave", 90, Severity.HIGH)
        asked(books, other.claim_id, "medium", 90, Severity.MEDIUM)
        asked(books, third.claim_id, "slight", 90, Severity.LOW)
        assert open_cases(books, AMINA, after(days=1)).regraded == 3
        due = {case.case: case.standing.due for case in listed(books)}
        # Five working days from the Tuesday on; the others stay where they were.
        assert (due[one.case], due[other.case]) == (dt.date(2026, 3, 10), dt.date(2026, 3, 16))
        assert due[third.case] == dt.date(2026, 3, 16)
        assert listed(books)[0].case in {one.case, other.case, third.case}
        asked(books, one.claim_id, "graver", 95, Severity.CRITICAL)
        assert open_cases(books, AMINA, after(days=3)).regraded == 1
        assert listed(books)[0].standing.due <= dt.date(2026, 3, 16)
        with books.database.reading() as connection:
            assert cases.find_case(connection, str(one.case)).standing.due == dt.date(2026, 3, 10)
        checked(books)


def test_a_case_that_something_grave_opens_is_due_as_soon(decided_folder: Path) -> None:
    with_settings(decided_folder, "{days: 8, grave_days: 2}")
    with open_books(decided_folder) as books:
        with books.database.reading() as connection:
            one, other = accepted(connection)[:2]
        asked(books, one, "grave", 50, Severity.CRITICAL)
        asked(books, other, "slight", 50)
        open_cases(books, AMINA, NOON)
        due = {case.claim_id: case.standing.due for case in listed(books)}
        assert due == {one: dt.date(2026, 3, 4), other: dt.date(2026, 3, 12)}
        checked(books)


def test_an_officer_keeps_a_case_and_is_told_before_they_decide(folder: Path) -> None:
    with open_books(folder) as books:
        case = queue.take_next(books, AMINA, NOON)
        assert case is not None
        asked(books, case.claim_id, "grave", 90, Severity.HIGH)
        trial = try_decision(books, str(case.case), ACCEPT)
        assert trial.news is not None
        for attempt in (
            lambda: deliver(books, trial, AMINA, after(5)),
            lambda: queue.release(books, str(case.case), "REL-01", None, AMINA, after(5)),
        ):
            assert key_of(attempt) == "review.news"
        assert open_cases(books, JOSEPH, after(6)).regraded == 1
        assert key_of(lambda: deliver(books, trial, AMINA, after(7))) == "review.news"
        with books.database.reading() as connection:
            held = cases.find_case(connection, str(case.case)).standing
        assert (held.state, held.officer, held.until) == (State.HELD, AMINA, after(30))
        queue.take(books, str(case.case), AMINA, after(8))
        trial = try_decision(books, str(case.case), ACCEPT)
        assert trial.news is None
        assert deliver(books, trial, AMINA, after(9)).case.standing.state is State.DECIDED
        with books.database.reading() as connection:
            events = cases.events_of(connection, [case.case])[case.case]
        assert [event.what for event in events] == [
            What.OPENED,
            What.TAKEN,
            What.REGRADED,
            What.TAKEN,
            What.DECIDED,
        ]
        for language in ("en", "fr"):
            ReviewView(books, language).trial(trial)
            ReviewView(books, language).file(case_file(books, str(case.case)), NOON.date())
        checked(books)


def test_taking_a_case_takes_in_what_came_up(folder: Path) -> None:
    with open_books(folder) as books:
        case = listed(books)[-1]
        asked(books, case.claim_id, "grave", 90, Severity.HIGH)
        taken = queue.take(books, str(case.case), AMINA, NOON)
        assert (taken.rules, taken.score, taken.standing.officer) == (("grave", "slight"), 90, AMINA)
        assert deliver(books, try_decision(books, str(case.case), REJECT), AMINA, after(1)).review == 1
        assert open_cases(books, AMINA, after(2)).opened == 0
        checked(books)


def test_what_waits_for_a_second_opinion_goes_on_waiting(folder: Path) -> None:
    with_settings(folder, "{second_opinion_above: 0}")
    with open_books(folder) as books:
        case = queue.take_next(books, AMINA, NOON)
        assert case is not None
        deliver(books, try_decision(books, str(case.case), REJECT), AMINA, after(1))
        asked(books, case.claim_id, "grave", 90, Severity.HIGH)
        assert open_cases(books, JOSEPH, after(2)).regraded == 1
        trial = proposed(books, str(case.case), JOSEPH)
        assert trial.news is not None
        assert [grade.score for grade in trial.news] == [20, 90]
        assert agree(books, trial, JOSEPH, after(3)).review == 1
        checked(books)


def test_the_clock_that_stands_still_goes_on_from_the_sooner_day(folder: Path) -> None:
    with open_books(folder) as books:
        case = listed(books)[0]
        name = str(case.case)
        queue.return_to_facility(books, name, "DOC-01", dt.date(2026, 3, 20), None, AMINA, after(days=1))
        asked(books, case.claim_id, "grave", 90, Severity.HIGH)
        assert open_cases(books, JOSEPH, after(days=2)).regraded == 1
        back = queue.receive_back(books, name, "the desk", None, after(days=7))
        # Five working days that begin when the facility has answered, on the Monday.
        assert (back.standing.state, back.standing.officer) == (State.OPEN, AMINA)
        assert back.standing.due == dt.date(2026, 3, 13)
        checked(books)


def test_a_patient_who_contradicts_an_open_case_moves_it_up(folder: Path) -> None:
    with open_books(folder) as books:
        case = listed(books)[-1]
        record_feedback(books, case.name, Feedback(care_rendered=True), "the desk")
        assert open_cases(books, AMINA, NOON).regraded == 0
        record_feedback(books, case.name, Feedback(care_rendered=False), "the desk", "misheard")
        assert open_cases(books, AMINA, NOON).regraded == 1
        (found,) = (one for one in listed(books) if one.case == case.case)
        assert (found.queue, found.score) == (PATIENT_FEEDBACK, 80)
        file = case_file(books, case.name)
        assert file.answered is not None
        assert file.answered.findings
        record_feedback(books, case.name, Feedback(care_rendered=True), "the desk", "misheard again")
        assert open_cases(books, AMINA, NOON).regraded == 0
        checked(books)


def test_a_correction_after_a_case_was_closed_opens_another(folder: Path) -> None:
    with open_books(folder) as books:
        case = listed(books)[0]
        record_feedback(books, case.name, Feedback(care_rendered=True), "the desk")
        queue.release(books, str(case.case), "REL-01", None, AMINA, NOON)
        assert open_cases(books, AMINA, NOON).opened == 0
        record_feedback(books, case.name, Feedback(care_rendered=False), "the desk", "misheard")
        assert open_cases(books, AMINA, NOON).opened == 1
        with books.database.reading() as connection:
            again = cases.find_case(connection, case.name)
        assert (again.round, again.rules) == (2, (PATIENT_FEEDBACK,))
        queue.release(books, case.name, "REL-01", None, AMINA, NOON)
        assert open_cases(books, AMINA, NOON).opened == 0
        checked(books)


def test_a_draw_and_a_new_decision_count_too(folder: Path) -> None:
    with open_books(folder) as books:
        one, other = listed(books)[:2]
        select(books, [one.claim_id])
        assert open_cases(books, AMINA, NOON).regraded == 1
        (drawn,) = (case for case in listed(books) if case.case == one.case)
        assert (drawn.selections, drawn.saving) == ((1,), one.saving)
        # A review that was delivered for another case of the claim decides it again.
        trial = try_decision(books, str(other.case), REJECT)
        delivered = deliver(books, trial, AMINA, NOON)
        readjudicate(books, AMINA, [other.name], f"review {delivered.review}")
        assert open_cases(books, AMINA, NOON).regraded == 0
        checked(books)


def test_figures_add_up_after_cases_were_graded_anew(folder: Path) -> None:
    with open_books(folder) as books:
        for number, case in enumerate(listed(books)[:3]):
            asked(books, case.claim_id, f"rule-{number}", 60, Severity.HIGH)
        queue.take_next(books, JOSEPH, NOON)
        open_cases(books, AMINA, NOON)
        with books.database.reading() as connection:
            found = figures(connection, NOON)
            last = runs.last_run(connection)
            claim_ids = np.array(sorted(case.claim_id for case in listed(books)))
            valuated = current_decisions(connection, claim_ids, last)["valuated"].to_pylist()
        assert sum(one.cases for one in found.waiting) == 5 == found.total.hits
        assert sum(one.saving for one in found.waiting) == sum(case.saving for case in listed(books))
        assert sum(one.held_back for one in found.waiting) == sum(valuated)
        assert {one.source: one.hits for one in found.sources} == {
            "slight": 5,
            "rule-0": 1,
            "rule-1": 1,
            "rule-2": 1,
        }
        checked(books)


def test_the_check_finds_a_rank_and_a_grading_that_were_changed(folder: Path) -> None:
    with open_books(folder) as books:
        one, other, third, *_ = listed(books)
        asked(books, one.claim_id, "grave", 90, Severity.HIGH)
        open_cases(books, AMINA, NOON)
        checked(books)

        def found(change: sa.Update) -> set[str]:
            with books.database.engine.connect() as connection:
                connection.execute(change)
                keys = {message.key for message in check_queue(connection)}
                connection.rollback()
            return keys

        state, journalled = "review.check.state", "review.check.journal"
        assert found(sa.update(CASE_STATES).where(CASE_STATES.c.case == other.case).values(rank=-1)) == {
            state
        }
        assert found(sa.update(CASE_STATES).where(CASE_STATES.c.case == other.case).values(queue="x")) == {
            state
        }
        assert state in found(sa.update(CASES).where(CASES.c.case == one.case).values(saving=1))
        assert journalled in found(sa.update(CASES).where(CASES.c.case == third.case).values(saving=1))
        event = sa.and_(CASE_EVENTS.c.case == one.case, CASE_EVENTS.c.what == What.REGRADED.value)
        assert journalled in found(sa.update(CASE_EVENTS).where(event).values(by="nobody"))


def test_the_commands_say_so(folder: Path) -> None:
    with open_books(folder) as books:
        case = listed(books)[-1]
        asked(books, case.claim_id, "grave", 90, Severity.HIGH)
    assert "1 open case was ranked anew" in run("list", "--by", AMINA, folder=folder)
    assert "reclassé" in run("show", str(case.case), folder=folder, language="fr")
    assert "ranked anew, Amina: grave, expected saving" in run("show", str(case.case), folder=folder)


def test_officers_are_known_whatever_letters_their_names_have(folder: Path) -> None:
    with open_books(folder) as books:
        first = queue.take_next(books, "Éléonore", NOON)
        assert first is not None
        with books.database.reading() as connection:
            assert [one.case for one in queue.held_by(connection, "éléonore ", after(1))] == [first.case]
        last = listed(books)[-1]
        queue.assign(books, str(last.case), "ÉLÉONORE", AMINA, NOON)
        given = queue.take_next(books, "Éléonore", NOON)
        assert given is not None
        assert given.case == last.case
        checked(books)


def test_the_list_says_whose_time_is_over(folder: Path) -> None:
    with open_books(folder) as books:
        taken = queue.take_next(books, JOSEPH, NOON)
        assert taken is not None
        for now, over in ((after(29), False), (after(31), True)):
            shown = StringIO()
            Console(width=200, file=shown).print(ReviewView(books, "en").cases(listed(books), now))
            assert ("time over" in shown.getvalue()) == over


def test_names_are_kept_as_they_are_registered(folder: Path) -> None:
    with open_books(folder) as books:
        case = listed(books)[0]
        assigned = queue.assign(books, str(case.case), "  Éléonore   Ba ", AMINA, NOON)
        assert assigned.standing.officer == "Éléonore Ba"
        assert queue.assign(books, str(case.case), "  ", AMINA, NOON).standing.officer is None
        add_officer(books, "Boss", [Role.ADMINISTRATOR], "Boss")
        add_officer(books, "Éléonore", [Role.MEDICAL_OFFICER], "Boss")
        # The letters of this one are decomposed: they look the same.
        assigned = queue.assign(books, str(case.case), "E\u0301LE\u0301ONORE", "Boss", NOON)
        assert assigned.standing.officer == "Éléonore"


def test_nobody_is_given_what_they_made_out_whatever_letters_their_names_have(folder: Path) -> None:
    with open_books(folder) as books:
        cases_in_order = listed(books)
        with books.database.writing() as connection:
            mine = [case.claim_id for case in cases_in_order[:-1]]
            change = sa.update(CLAIMS).where(CLAIMS.c.claim_id.in_(mine))
            connection.execute(change.values(administrator="Éléonore"))
        given = queue.take_next(books, "éléonore", NOON)
        assert given is not None
        assert given.case == cases_in_order[-1].case
        assert queue.take_next(books, "éléonore", NOON) is None


def test_a_claim_that_was_decided_otherwise_meanwhile_moves_too(folder: Path) -> None:
    with open_books(folder) as books:
        first, second, *_ = listed(books)
    review(folder, [first.claim_id, second.claim_id], rejected=[first.claim_id])
    with open_books(folder) as books:
        assert open_cases(books, AMINA, NOON).regraded == 1
        last = listed(books)[-1]
        assert (last.case, last.saving, last.rules) == (first.case, 0, first.rules)
        with books.database.reading() as connection:
            events = cases.events_of(connection, [first.case])[first.case]
        assert events[-1].content["was"]["saving"] == first.saving
        assert open_cases(books, AMINA, NOON).regraded == 0
        checked(books)


def somebody_waits(connection: sa.Connection) -> None:
    """Wait until another session waits for a lock; the embedded engine lets nobody as far as that."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    while connection.dialect.name == "postgresql" and not connection.exec_driver_sql(waiting).scalar():
        time.sleep(0.01)


def test_who_opens_cases_and_who_takes_one_do_not_wait_for_each_other(folder: Path) -> None:
    with open_books(folder) as books:
        case = listed(books)[0]
        asked(books, case.claim_id, "grave", 90, Severity.HIGH)
        books.database.close()

    def taking(pause: Callable[[], None]) -> None:
        with open_books(folder) as books, books.database.writing() as connection:
            locked = cases.locked(connection, case.case)
            pause()
            somebody_waits(connection)
            queue.taken(connection, books.settings.review, locked, AMINA, NOON)

    def opening(pause: Callable[[], None]) -> None:
        with open_books(folder) as books:
            pause()
            open_cases(books, "the queue", NOON)

    children = [Child(taking), Child(opening)]
    children[0].arrived()
    children[1].arrived()
    for child in reversed(children):
        child.let_on()
    assert [child.ended() for child in children] == [0, 0]
    with open_books(folder) as books:
        with books.database.reading() as connection:
            events = cases.events_of(connection, [case.case])[case.case]
        assert [event.what for event in events] == [What.OPENED, What.REGRADED, What.TAKEN]
        checked(books)
