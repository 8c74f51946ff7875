"""The queue on both engines: who gets what, what is delivered, what stays unpaid, and what is on record."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from adjudicator.books.books import Books, open_books
from adjudicator.books.ledger import current_decisions
from adjudicator.books.officers.register import add_officer
from adjudicator.books.readjudication import readjudicate
from adjudicator.books.review import cases, queue
from adjudicator.books.review.applied import unapplied
from adjudicator.books.review.case_file import case_file
from adjudicator.books.review.cases import Case
from adjudicator.books.review.delivery import agree, apply_review, deliver, disagree, proposed, try_decision
from adjudicator.books.review.opening import open_cases
from adjudicator.books.review.queue import held_claims, take_next
from adjudicator.books.review.queue_figures import figures, usefulness_of_sources
from adjudicator.officers.roles import Role
from adjudicator.presentation.review import ReviewView
from adjudicator.problems import Refused
from adjudicator.review.cases import Event, State, What
from adjudicator.review.decision import Decision, LineChange, Verdict
from adjudicator.store import bulk, journal, lock, runs
from adjudicator.store.journal import Act
from adjudicator.store.schema import (
    CASE_EVENTS,
    CASE_STATES,
    CASES,
    JOURNAL,
    LINE_DECISIONS,
    REVIEWS,
    RULE_TEXTS,
)
from cli import main
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
    flag,
    key_of,
    run,
    select,
    with_settings,
)
from tests.books.states import BY


@pytest.fixture
def folder(decided_folder: Path) -> Path:
    """A scheme with a decided month, of which the ten dearest claims are flagged and two others drawn."""
    with open_books(decided_folder) as books:
        with books.database.reading() as connection:
            claims = accepted(connection)
        for number, claim_id in enumerate(claims[:10]):
            flag(books, claim_id, f"RULE-{number % 3}", 0, 90 - number)
        select(books, claims[9:12])
        select(books, claims[12:], purpose="feedback")
        open_cases(books, "the queue", NOON)
    return decided_folder


def first(books: Books, by: str = AMINA, minutes: int = 0) -> Case:
    case = take_next(books, by, after(minutes))
    assert case is not None
    return case


def valuated(books: Books, claim_id: int) -> int:
    with books.database.reading() as connection:
        last = runs.last_run(connection)
        return int(current_decisions(connection, np.array([claim_id]), last)["valuated"][0].as_py())


def held(books: Books) -> set[int]:
    with books.database.reading() as connection:
        return set(held_claims(connection).tolist())


def test_cases_are_opened_once_for_what_was_flagged_or_selected(folder: Path) -> None:
    with open_books(folder) as books:
        assert open_cases(books, AMINA).opened == 0
        with books.database.reading() as connection:
            opened = cases.open_ones(connection)
            claims = accepted(connection)
        assert {case.claim_id for case in opened} == set(claims[:12]) == held(books)
        by_claim = {case.claim_id: case for case in opened}
        assert by_claim[claims[9]].rules == ("RULE-0",)
        assert by_claim[claims[9]].selections == (1,)
        assert by_claim[claims[11]].rules == ()
        ranks = [(-(case.saving * 60 // case.minutes), case.standing.due, case.claim) for case in opened]
        assert ranks == sorted(ranks)
        assert {case.standing.due for case in opened} == {dt.date(2026, 3, 16)}


def test_the_stakes_of_a_line_are_the_highest_score_on_it_or_its_claim(decided_folder: Path) -> None:
    with open_books(decided_folder) as books:
        with books.database.reading() as connection:
            claim = accepted(connection)[0]
            lines = LINE_DECISIONS
            amounts = dict(
                connection.execute(
                    sa.select(lines.c.line, lines.c.valuated).where(lines.c.claim_id == claim)
                ).all()
            )
        dearest = max(amounts, key=lambda line: amounts[line])
        flag(books, claim, "A", 0, 10)
        flag(books, claim, "B", dearest, 60)
        flag(books, claim, "C", dearest, 40)
        assert open_cases(books, AMINA, NOON).opened == 1
        with books.database.reading() as connection:
            (case,) = cases.open_ones(connection)
        total = sum((60 if line == dearest else 10) * amount for line, amount in amounts.items())
        assert case.saving == (total + 50) // 100
        assert (case.score, case.rules) == (60, ("A", "B", "C"))


def test_a_rejected_claim_is_no_case_unless_it_was_selected(folder: Path) -> None:
    with open_books(folder) as books:
        case = first(books)
        apply_review(books, deliver(books, try_decision(books, case.name, REJECT), AMINA), AMINA)
        flag(books, case.claim_id, "RULE-NEW")
        assert open_cases(books, AMINA).opened == 0
        select(books, [case.claim_id])
        assert case.claim_id in held(books)
        assert open_cases(books, AMINA).opened == 1


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("{status: shadow, then: {flag: {queue: prices, score: 50}}}", 0),
        ("{then: {reject: {reason: {en: no, fr: non}}}}", 0),
        ("{then: {flag: {queue: prices, score: 50}}}", 1),
        ("{status: active, then: {sample: {queue: prices, share: 5%}}}", 1),
    ],
)
def test_only_rules_in_use_that_flag_or_draw_open_cases(decided_folder: Path, text: str, opened: int) -> None:
    with open_books(decided_folder) as books:
        with books.database.writing() as connection:
            claim = accepted(connection)[0]
            values = {"content_hash": "hash", "rule": "PRICE-01", "path": "price.yaml", "text": text}
            connection.execute(sa.insert(RULE_TEXTS).values(**values))
        flag(books, claim, version="hash", score=0)
        assert held(books) == ({claim} if opened else set())
        assert open_cases(books, AMINA, NOON).opened == opened
        if opened:
            assert take_next(books, AMINA, NOON, queue="others") is None
            given = take_next(books, AMINA, NOON, queue="prices")
            assert given is not None
            assert (given.queue, given.score) == ("prices", 5)


def test_a_flag_of_a_decision_that_was_changed_since_still_counts(folder: Path) -> None:
    with open_books(folder) as books:
        case = first(books)
        apply_review(books, deliver(books, try_decision(books, case.name, _less(books, case)), AMINA), AMINA)
        with books.database.writing() as connection:
            for table in (CASE_EVENTS, CASE_STATES, CASES):
                connection.execute(sa.delete(table))
        assert case.claim_id in held(books)


def test_next_gives_each_officer_another_case_in_order(folder: Path) -> None:
    with open_books(folder) as books:
        with books.database.reading() as connection:
            order = [case.case for case in cases.open_ones(connection)]
        given = [first(books, (AMINA, JOSEPH)[number % 2]).case for number in range(len(order))]
        assert given == order
        assert take_next(books, AMINA, after(29)) is None


def test_a_hold_runs_out_and_the_next_officer_has_the_case(folder: Path) -> None:
    with open_books(folder) as books:
        mine = first(books)
        assert mine.standing.until == after(30)
        assert key_of(lambda: queue.take(books, str(mine.case), JOSEPH, after(30))) == "review.held_by"
        theirs = first(books, JOSEPH, 31)
        assert (theirs.case, theirs.standing.officer) == (mine.case, JOSEPH)
        assert key_of(lambda: queue.put_back(books, str(mine.case), AMINA, after(32))) == "review.held_by"


def test_nobody_is_given_what_they_entered(folder: Path) -> None:
    with open_books(folder) as books:
        assert take_next(books, f" {BY.upper()}", NOON) is None
        case = first(books)
        queue.put_back(books, str(case.case), AMINA, NOON)
        for attempt in (
            lambda: queue.take(books, str(case.case), BY, NOON),
            lambda: queue.assign(books, str(case.case), BY, AMINA, NOON),
            lambda: queue.release(books, str(case.case), "REL-01", None, BY, NOON),
            lambda: deliver(books, try_decision(books, str(case.case), ACCEPT), BY, NOON),
        ):
            assert key_of(attempt) == "review.entered_by"


def test_what_is_assigned_comes_first_and_only_to_that_officer(folder: Path) -> None:
    with open_books(folder) as books:
        with books.database.reading() as connection:
            last = cases.open_ones(connection)[-1]
        queue.assign(books, last.name, JOSEPH, AMINA, NOON)
        assert key_of(lambda: queue.take(books, last.name, AMINA, NOON)) == "review.assigned_to"
        assert first(books, AMINA).case != last.case
        assert first(books, JOSEPH).case == last.case


def test_the_clock_stands_still_while_the_facility_has_a_case(folder: Path) -> None:
    with open_books(folder) as books:
        case = first(books)
        name = str(case.case)
        past = dt.date(2026, 3, 1)
        assert key_of(lambda: queue.return_to_facility(books, name, "XX", past, None, AMINA, NOON)) == (
            "review.unknown_reason"
        )
        queue.return_to_facility(books, name, "DOC-03", dt.date(2026, 3, 20), None, AMINA, after(days=1))
        assert case.claim_id in held(books)
        assert key_of(lambda: queue.take(books, name, JOSEPH, after(days=2))) == "review.not_now"
        back = queue.receive_back(books, name, "the desk", "report added", after(days=8))
        assert (back.standing.due, back.standing.officer) == (dt.date(2026, 3, 23), AMINA)
        assert key_of(lambda: queue.take(books, name, JOSEPH, after(days=8))) == "review.assigned_to"


def test_a_facility_that_does_not_answer_loses_the_case(folder: Path) -> None:
    with open_books(folder) as books:
        case = first(books)
        until = dt.date(2026, 3, 6)
        queue.return_to_facility(books, str(case.case), "DOC-01", until, None, AMINA, NOON)
        with books.database.reading() as connection:
            number = cases.count_open(connection, [State.OPEN])
        given = [take_next(books, JOSEPH, after(days=9)) for _ in range(number + 1)]
        assert case.case in {one.case for one in given if one}


def test_a_decision_is_tried_delivered_and_applied(folder: Path) -> None:
    with open_books(folder) as books:
        case = first(books)
        before = valuated(books, case.claim_id)
        trial = try_decision(books, case.name, REJECT)
        assert trial.amounts == (before, 0)
        assert valuated(books, case.claim_id) == before
        delivered = deliver(books, trial, AMINA, after(5))
        assert delivered.review == 1
        assert delivered.case.standing.state is State.DECIDED
        assert case.claim_id in held(books)
        done = apply_review(books, delivered, AMINA)
        assert done is not None
        assert done.booked
        assert valuated(books, case.claim_id) == 0
        assert case.claim_id not in held(books)
        with books.database.reading() as connection:
            assert not len(unapplied(connection))
            assert journal.broken_links(connection) == []
            entry = connection.execute(sa.select(JOURNAL).where(JOURNAL.c.what == "review decided")).one()
        content = json.loads(entry.content)
        assert (entry.by, content["claim"]) == (AMINA, case.name)
        assert content["valuated"] == {"before": before, "after": 0}
        assert content["decision"]["reason"] == "DUP-01"
        assert content["before"]["state"] == "held"
        assert content["after"]["state"] == "decided"
        assert key_of(lambda: try_decision(books, case.name, REJECT)) == "review.closed"


def test_lines_are_changed_as_they_were_tried(folder: Path) -> None:
    with open_books(folder) as books:
        case = first(books)
        trial = try_decision(books, case.name, ACCEPT)
        assert not trial.changes
        paid = max(trial.before, key=lambda line: line.valuated)
        change = LineChange(paid.line, price=0, reason="RP-22")
        trial = try_decision(books, case.name, Decision(Verdict.CHANGE, (change,)))
        delivered = deliver(books, trial, AMINA, NOON)
        apply_review(books, delivered, AMINA)
        assert valuated(books, case.claim_id) == trial.amounts[1] < trial.amounts[0]
        file = case_file(books, case.name)
        assert file.earlier[paid.line].reason == "RP-22"
        assert next(line.valuated for line in file.lines if line.line == paid.line) == 0


def test_accepting_a_claim_frees_it_without_a_run(folder: Path) -> None:
    with open_books(folder) as books:
        case = first(books)
        delivered = deliver(books, try_decision(books, case.name, ACCEPT), AMINA, NOON)
        done = apply_review(books, delivered, AMINA)
        assert done is not None
        assert not done.booked
        assert case.claim_id not in held(books)


def test_a_review_delivered_beside_a_run_waits_and_is_applied_once(folder: Path) -> None:
    with open_books(folder) as books:
        case = first(books)
        with lock.held(books.database, Act("operator", "adjudicate")):
            delivered = deliver(books, try_decision(books, case.name, REJECT), AMINA, NOON)
            assert apply_review(books, delivered, AMINA) is None
        assert case.claim_id in held(books)
        done = readjudicate(books, "operator", ["reviewed"], "reviews of the day")
        assert (done.looked_at, done.changed) == (1, 1)
        assert valuated(books, case.claim_id) == 0
        assert case.claim_id not in held(books)
        again = readjudicate(books, "operator", ["reviewed"], "reviews of the day")
        assert (again.looked_at, again.changed) == (0, 0)


def test_a_run_that_began_before_a_review_does_not_count_as_its_run(folder: Path) -> None:
    with open_books(folder) as books:
        one, other = first(books), first(books)
        delivered = deliver(books, try_decision(books, one.name, REJECT), AMINA, NOON)

        def between(stage: str, done: int, _total: int) -> None:
            if stage == "run.reading_claims" and done == 1 and other.claim_id not in waiting:
                later = deliver(books, try_decision(books, other.name, REJECT), AMINA, NOON)
                waiting[other.claim_id] = later.review

        waiting: dict[int, int | None] = {}
        names = [one.name, other.name]
        readjudicate(books, AMINA, names, f"review {delivered.review}", progress=between)
        with books.database.reading() as connection:
            assert unapplied(connection).tolist() == [other.claim_id]
        assert valuated(books, one.claim_id) == 0 < valuated(books, other.claim_id)
        readjudicate(books, AMINA, ["reviewed"], "what waits")
        assert valuated(books, other.claim_id) == 0


def test_a_claim_that_changed_since_the_trial_is_looked_at_again(folder: Path) -> None:
    with open_books(folder) as books:
        case = first(books)
        stale = try_decision(books, case.name, REJECT)
        apply_review(books, deliver(books, try_decision(books, case.name, REJECT), AMINA, NOON), AMINA)
        assert key_of(lambda: deliver(books, stale, AMINA, NOON)) == "review.changed_meanwhile"


def test_above_an_amount_another_officer_has_to_agree(folder: Path) -> None:
    with_settings(folder, "{second_opinion_above: 0, hold_minutes: 10, days: 3}")
    with open_books(folder) as books:
        case = first(books)
        assert case.standing.until == after(10)
        delivered = deliver(books, try_decision(books, case.name, REJECT), AMINA, after(1))
        assert (delivered.review, delivered.case.standing.state) == (None, State.SECOND_OPINION)
        assert case.claim_id in held(books)
        assert key_of(lambda: proposed(books, case.name, "amina")) == "review.own_opinion"
        assert key_of(lambda: proposed(books, case.name, BY)) == "review.entered_by"
        assert key_of(lambda: deliver(books, try_decision(books, case.name, ACCEPT), JOSEPH)) == (
            "review.waits_for_opinion"
        )
        disagree(books, case.name, "one visit was real", JOSEPH, after(2))
        queue.take(books, case.name, AMINA, after(3))
        deliver(books, try_decision(books, case.name, REJECT), AMINA, after(4))
        trial = proposed(books, case.name, JOSEPH)
        assert key_of(lambda: agree(books, trial, AMINA, after(5))) == "review.own_opinion"
        delivered = agree(books, trial, JOSEPH, after(6))
        apply_review(books, delivered, JOSEPH)
        assert valuated(books, case.claim_id) == 0
        with books.database.reading() as connection:
            assert connection.execute(sa.select(REVIEWS.c.officer)).scalars().all() == [AMINA]


def test_a_release_frees_a_claim_and_is_named(folder: Path) -> None:
    with open_books(folder) as books:
        with books.database.reading() as connection:
            case = cases.open_ones(connection)[0]
        assert key_of(lambda: queue.release(books, case.name, "MED-01", None, AMINA)) == (
            "review.reason_not_for"
        )
        done = queue.release(books, case.name, "REL-03", "seen on the spot", AMINA, NOON)
        assert done.standing.state is State.RELEASED
        assert case.claim_id not in held(books)
        assert open_cases(books, AMINA).opened == 0
        with books.database.reading() as connection:
            entry = connection.execute(sa.select(JOURNAL).where(JOURNAL.c.what == "review released")).one()
        assert (entry.by, json.loads(entry.content)["reason"]) == (AMINA, "REL-03")
        told = [
            key_of(lambda: queue.release(books, case.name, "REL-03", None, AMINA, NOON)),
            key_of(lambda: queue.take(books, case.name, AMINA, NOON)),
        ]
        assert told == ["review.over", "review.not_now"]


def test_a_release_above_an_amount_needs_two(folder: Path) -> None:
    with_settings(folder, "{second_opinion_above: 0}")
    with open_books(folder) as books:
        case = first(books)
        waits = queue.release(books, case.name, "REL-04", None, AMINA, NOON)
        assert waits.standing.state is State.SECOND_OPINION
        assert key_of(lambda: queue.release(books, case.name, "REL-04", None, AMINA)) == "review.own_opinion"
        assert key_of(lambda: proposed(books, case.name, JOSEPH)) == "review.other_proposal"
        assert queue.release(books, case.name, "REL-04", None, JOSEPH, NOON).standing.closed


def test_an_officer_agrees_to_nobody_whose_name_was_not_proven(folder: Path) -> None:
    with_settings(folder, "{second_opinion_above: 0}")
    with open_books(folder) as books:
        case, other = first(books), first(books)
        deliver(books, try_decision(books, case.name, REJECT), AMINA, after(1))
        queue.release(books, other.name, "REL-04", None, AMINA, NOON)
        add_officer(books, JOSEPH, [Role.ADMINISTRATOR, Role.MEDICAL_OFFICER], BY)
        trial = proposed(books, case.name, JOSEPH)
        assert key_of(lambda: agree(books, trial, JOSEPH)) == "officers.first_unproven"
        again = key_of(lambda: queue.release(books, other.name, "REL-04", None, JOSEPH))
        assert again == "officers.first_unproven"
        queue.put_back(books, case.name, AMINA)
        deliver(books, try_decision(books, case.name, REJECT), AMINA)
        assert agree(books, proposed(books, case.name, JOSEPH), JOSEPH).review == 1
        assert key_of(lambda: queue.assign(books, first(books).name, AMINA, JOSEPH)) == "officers.unknown"


def test_a_claim_is_a_case_again_only_for_something_new(folder: Path) -> None:
    with open_books(folder) as books:
        case = first(books)
        apply_review(books, deliver(books, try_decision(books, case.name, _less(books, case)), AMINA), AMINA)
        flag(books, case.claim_id, case.rules[0])
        assert open_cases(books, AMINA).opened == 0
        flag(books, case.claim_id, "RULE-NEW", score=80)
        assert case.claim_id in held(books)
        assert open_cases(books, AMINA).opened == 1
        with books.database.reading() as connection:
            again = cases.find_case(connection, case.name)
        assert (again.round, again.rules) == (2, ("RULE-NEW",))
        deliver(books, try_decision(books, case.name, ACCEPT), AMINA)
        assert open_cases(books, AMINA).opened == 0
        select(books, [case.claim_id])
        assert open_cases(books, AMINA).opened == 1


def _less(books: Books, case: Case) -> Decision:
    """Decide to pay half a price less for the dearest line."""
    dearest = max(try_decision(books, case.name, ACCEPT).before, key=lambda line: line.valuated)
    change = LineChange(dearest.line, price=(dearest.unit_price or 0) // 2, reason="RP-22")
    return Decision(Verdict.CHANGE, (change,))


def test_a_later_review_keeps_what_an_earlier_one_said(folder: Path) -> None:
    with open_books(folder) as books:
        case = first(books)
        before = valuated(books, case.claim_id)
        apply_review(books, deliver(books, try_decision(books, case.name, _less(books, case)), AMINA), AMINA)
        reduced = valuated(books, case.claim_id)
        select(books, [case.claim_id])
        open_cases(books, AMINA)
        assert not try_decision(books, case.name, ACCEPT).changes
        afresh = try_decision(books, case.name, Decision(Verdict.ACCEPT, afresh=True))
        assert afresh.amounts == (reduced, before)
        assert reduced < before


def test_figures_tell_what_rules_were_worth(folder: Path) -> None:
    with open_books(folder) as books:
        one = first(books)
        before = valuated(books, one.claim_id)
        deliver(books, try_decision(books, one.name, REJECT), AMINA, after(12))
        other = first(books, JOSEPH, 13)
        deliver(books, try_decision(books, other.name, ACCEPT), JOSEPH, after(17))
        with books.database.reading() as connection:
            found = figures(connection, after(days=30))
            sources, total = usefulness_of_sources(connection)
        assert (total.hits, total.decided, total.changed) == (12, 2, 1)
        assert (total.saved, total.seconds) == (before, 16 * 60)
        assert {one.source for one in sources} == {"RULE-0", "RULE-1", "RULE-2", ":random"}
        (waiting,) = found.waiting
        assert (waiting.state, waiting.cases, waiting.overdue) == (State.OPEN, 10, 10)
        for language in ("en", "fr"):
            ReviewView(books, language).figures(found, 3)


def test_a_case_file_shows_the_claim(folder: Path) -> None:
    with open_books(folder) as books:
        case = first(books)
        file = case_file(books, case.name)
        assert sum(line.valuated for line in file.lines) == file.valuated
        assert [flag.rule for flag in file.flags] == list(case.rules)
        assert [event.what for event in file.events] == [What.OPENED, What.TAKEN]
        assert any(line.list_price is not None for line in file.lines)
        for other in file.history:
            assert other.claim != case.claim


# A walk through everything that can be done.


def test_whatever_officers_do_the_queue_is_what_the_events_say(folder: Path) -> None:
    with_settings(folder, "{second_opinion_above: 100, hold_minutes: 5}")
    chance = random.Random(5)
    done: Counter[str] = Counter()
    with open_books(folder) as books:
        with books.database.reading() as connection:
            names = [case.name for case in cases.open_ones(connection)]
        now = NOON

        def act(name: str, by: str) -> object:
            match chance.choice(["next", "take", "back", "assign", "return", "receive", "release", "decide"]):
                case "next":
                    return take_next(books, by, now, chance.random() < 0.5)
                case "take":
                    return queue.take(books, name, by, now)
                case "back":
                    return queue.put_back(books, name, by, now)
                case "assign":
                    return queue.assign(books, name, chance.choice([AMINA, JOSEPH, None]), by, now)
                case "return":
                    until = now.date() + dt.timedelta(days=chance.randrange(4))
                    return queue.return_to_facility(books, name, "DOC-02", until, None, by, now)
                case "receive":
                    return queue.receive_back(books, name, by, None, now)
                case "release":
                    return queue.release(books, name, "REL-01", None, by, now)
                case _:
                    with books.database.reading() as connection:
                        state = cases.find_case(connection, name).standing.state
                    if state is not State.SECOND_OPINION:
                        return deliver(books, try_decision(books, name, REJECT), by, now)
                    if chance.random() < 0.5:
                        return disagree(books, name, "no", by, now)
                    return agree(books, proposed(books, name, by), by, now)

        for _ in range(80):
            now += dt.timedelta(minutes=chance.choice([0, 1, 6, 60 * 24]))
            try:
                act(chance.choice(names), chance.choice([AMINA, JOSEPH, "Chantal"]))
            except Refused as refused:
                done[refused.problems[0].what.key] += 1
            else:
                done["done"] += 1
        with books.database.reading() as connection:
            consistent(connection)
    assert done["done"] > 20
    assert all(key == "done" or key.startswith("review.") for key in done), done


# Many at once.


def test_no_case_is_given_to_two_officers(folder: Path) -> None:
    with open_books(folder) as books:
        with books.database.reading() as connection:
            claims = accepted(connection)
        select(books, claims)
        open_cases(books, "the queue")
        books.database.close()

    def worker(number: int) -> Callable[[Callable[[], None]], object]:
        def work(pause: Callable[[], None]) -> None:
            with open_books(folder) as books:
                pause()
                while take_next(books, f"officer {number}") is not None:
                    pass

        return work

    children = [Child(worker(number)) for number in range(4)]
    for child in children:
        child.arrived()
    for child in children:
        child.let_on()
    assert [child.ended() for child in children] == [0, 0, 0, 0]
    with open_books(folder) as books, books.database.reading() as connection:
        takes = sa.select(CASE_EVENTS.c.case, CASE_EVENTS.c.by).where(CASE_EVENTS.c.what == What.TAKEN.value)
        taken = connection.execute(takes).all()
        assert sorted(row.case for row in taken) == sorted(
            connection.execute(sa.select(CASES.c.case)).scalars()
        )
        consistent(connection)


def test_two_who_open_cases_open_each_once(decided_folder: Path) -> None:
    with open_books(decided_folder) as books:
        with books.database.reading() as connection:
            claims = accepted(connection)
        select(books, claims)
        books.database.close()

    def opening(pause: Callable[[], None]) -> None:
        with open_books(decided_folder) as books:
            pause()
            open_cases(books, "the queue")

    children = [Child(opening) for _ in range(3)]
    for child in children:
        child.arrived()
    for child in children:
        child.let_on()
    assert [child.ended() for child in children] == [0, 0, 0]
    with open_books(decided_folder) as books, books.database.reading() as connection:
        opened = connection.execute(sa.select(CASES.c.claim_id)).scalars().all()
        assert sorted(opened) == sorted(claims)


# From the command line.


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_commands(folder: Path, language: str) -> None:
    def said(*arguments: str, by: str | None = AMINA, exit_code: int = 0) -> str:
        who = ("--by", by) if by else ()
        return run(*arguments, *who, folder=folder, language=language, exit_code=exit_code)

    assert "PRICE" not in said("list")
    case = said("next").split()[1]
    assert said("next").split()[1] == case
    assert AMINA in said("show", case, by=None)
    assert "MED-01" in run_reasons(language)
    lines = ("--line", "1", "--quantity", "0", "--words", "none", "--reason", "RQ-12")
    said("decide", case, *lines)
    with open_books(folder) as books, books.database.reading() as connection:
        assert cases.find_case(connection, case).standing.state is State.HELD
    said("decide", case, *lines, "--confirm")
    problems = said("decide", case, "--accept", exit_code=3)
    assert case in problems
    other = said("next").split()[1]
    assert other != case
    said("return", other, "--reason", "DOC-03", "--until", "2999-01-01")
    said("received", other)
    said("take", other)
    said("put-back", other)
    said("assign", other, "--to", JOSEPH)
    said("assign", other)
    said("release", other, "--reason", "REL-01")
    said("decide", other, "--quantity", "x", "--reason", "RQ-12", exit_code=3)
    assert "RULE-1" in said("stats", by=None)


def run_reasons(language: str) -> str:
    done = CliRunner().invoke(main, ["review", "reasons", "--lang", language])
    assert done.exit_code == 0
    return done.output


def first_of_three_lines(folder: Path) -> Case:
    with open_books(folder) as books:
        for _ in range(12):
            case = first(books)
            if len(try_decision(books, case.name, ACCEPT).before) >= 3:
                return case
    raise AssertionError("no case has three lines")


def test_the_parts_of_a_decision_belong_to_the_line_before_them(folder: Path) -> None:
    case = first_of_three_lines(folder)
    run(
        *("decide", str(case.case), "--reason", "MED-01", "--reject-line", "1", "--line=2", "--quantity=0.5"),
        *("--reason", "RQ-12", "--words", "--line 3", "--reject-line", "3", "--confirm", "--by", AMINA),
        folder=folder,
    )
    with open_books(folder) as books:
        earlier = case_file(books, case.name).earlier
    assert [(line.reason, line.words) for line in earlier.values()] == [
        ("MED-01", None),
        ("RQ-12", "--line 3"),
        ("MED-01", None),
    ]
    assert earlier[2].quantity == 50


def test_what_is_said_before_any_line_is_said_of_all(folder: Path) -> None:
    case = first_of_three_lines(folder)
    run(
        *("decide", str(case.case), "--reason", "OTH-99", "--words", "all of it", "--reject-line", "1"),
        *("--reject-line", "2", "--reason", "MED-01", "--reject-line", "3", "--words", "this too"),
        *("--confirm", "--by", AMINA),
        folder=folder,
    )
    with open_books(folder) as books:
        earlier = case_file(books, case.name).earlier
    assert [(line.reason, line.words) for line in earlier.values()] == [
        ("OTH-99", "all of it"),
        ("MED-01", None),
        ("OTH-99", "this too"),
    ]


def test_a_name_that_nothing_has_is_answered_with_those_that_are(folder: Path) -> None:
    assert "in the queues RULE-0, RULE-1, RULE-2" in run(
        "list", "--queue", "RULE-9", "--by", "x", folder=folder
    )
    assert "12 others wait" in run("list", "--officer", "Nobody", "--by", "x", folder=folder)
    said = run("next", "--queue", "RULE-9", "--by", AMINA, folder=folder, language="fr")
    assert "RULE-1" in said


def test_a_second_officer_whom_routing_wants_is_not_put_down_to_an_amount(folder: Path) -> None:
    with open_books(folder) as books:
        case = first(books)
        queue.put_back(books, str(case.case), AMINA)
        content = {"queue": "prices", "second": True, "rules": ["some-route"]}
        with books.database.writing() as connection:
            locked = cases.locked(connection, case.case)
            cases.record(connection, locked, Event(What.ROUTED, "x", cases.this_moment(), content))
    said = run("decide", str(case.case), "--accept", "--confirm", "--by", AMINA, folder=folder)
    assert "the routing rules want another officer" in said


def test_figures_of_sources_add_up_with_those_that_wait(folder: Path) -> None:
    with open_books(folder) as books:
        decided, released, held = first(books), first(books), first(books)
        deliver(books, try_decision(books, decided.name, REJECT), AMINA, after(1))
        queue.release(books, released.name, "REL-01", None, AMINA, after(1))
        assert held
        with books.database.reading() as connection:
            found = figures(connection, NOON)
    assert sum(one.cases for one in found.waiting) == found.total.waiting == 10
    assert (found.total.hits, found.total.decided, found.total.released) == (12, 1, 1)


def test_a_table_of_reviews_reads_back(folder: Path) -> None:
    with open_books(folder) as books:
        case = first(books)
        deliver(books, try_decision(books, case.name, REJECT), AMINA, NOON)
        with books.database.reading() as connection:
            rows = bulk.read(connection, sa.select(*REVIEWS.c))
    assert isinstance(rows, pa.Table)
    assert rows["reason"].to_pylist() == ["DUP-01"]
