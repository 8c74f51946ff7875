"""Routing of the cases that are in the books."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from adjudicator.books.books import Books, open_books
from adjudicator.books.ledger import current_decisions
from adjudicator.books.review.cases import Case, events_of, find_case
from adjudicator.books.review.delivery import apply_review, deliver, try_decision
from adjudicator.books.review.dispatch import Step, dispatch
from adjudicator.books.review.opening import open_cases
from adjudicator.books.review.queue import assign, put_back, receive_back, take, take_next
from adjudicator.books.review.routing import facts_of_case, router_of_books
from adjudicator.books.review.verification import check_queue
from adjudicator.problems import Refused
from adjudicator.review.cases import State, What
from adjudicator.review.decision import Decision, Verdict
from adjudicator.review.routing.facts import Fact
from adjudicator.shipped import shipped_routing
from adjudicator.store import journal, runs
from adjudicator.store.journal import Act
from adjudicator.store.schema import CASE_EVENTS, CASE_STATES, CLAIM_DECISIONS, FLAGS, SELECTED, SELECTIONS
from adjudicator.vocabulary import ClaimStatus, FacilityLevel, Severity

UP = """\
route: up
title: {en: up, fr: haut}
rationale: {en: a test, fr: un essai}
when: {grave: flag where severity = critical}
then: {act: escalate}
explanation: {en: grave, fr: grave}
examples:
  - {fires: true, facts: [flag: {rule: a, severity: critical}]}
  - {fires: false, facts: [flag: {rule: a, severity: low}]}
"""


def flag(books: Books, claim_id: int, rule: str, line: int, severity: Severity, score: int) -> None:
    with books.database.writing() as connection:
        decisions = current_decisions(connection, np.array([claim_id]), runs.last_run(connection))
        row = {"run": decisions["run"][0].as_py(), "claim_id": claim_id, "line": line, "rule": rule}
        row |= {"version": "1", "severity": int(severity), "score": score, "values": "{}", "digest": 0}
        connection.execute(sa.insert(FLAGS).values(row))


def draw(books: Books, claim_id: int) -> None:
    with books.database.writing() as connection:
        entry = journal.append(connection, Act("auditor", "select"), {"selection": 1})
        values = {"selection": 1, "journal": entry, "purpose": "review", "method": "random", "record": "{}"}
        connection.execute(sa.insert(SELECTIONS).values(values))
        row = {"selection": 1, "claim_id": claim_id, "probability": 1, "of": 20}
        connection.execute(sa.insert(SELECTED).values(row))


def accepted_claim(books: Books) -> int:
    query = sa.select(CLAIM_DECISIONS.c.claim_id).where(
        CLAIM_DECISIONS.c.status != int(ClaimStatus.REJECTED), CLAIM_DECISIONS.c.entry == 1
    )
    with books.database.reading() as connection:
        ordered = query.order_by(CLAIM_DECISIONS.c.valuated.desc(), CLAIM_DECISIONS.c.claim_id)
        return int(connection.execute(ordered.limit(1)).scalar_one())


def first(books: Books) -> Case:
    case = take_next(books, "Amina")
    assert case is not None
    return case


def of_kind(facts: tuple[Fact, ...], kind: str) -> list[dict[str, int | str]]:
    return [dict(one.values) for one in facts if one.kind == kind]


def test_a_case_is_routed_by_what_the_books_know_of_it(decided_folder: Path) -> None:
    shutil.rmtree(decided_folder / "routing")
    shutil.copytree(shipped_routing()[0].parent, decided_folder / "routing")
    with open_books(decided_folder) as books:
        claim_id = accepted_claim(books)
        flag(books, claim_id, "care-after-death", 0, Severity.CRITICAL, 95)
        flag(books, claim_id, "price", 1, Severity.MEDIUM, 40)
        open_cases(books, "the queue")
        for _ in range(3):
            case = first(books)
            put_back(books, case.name, "Amina")
        facts = facts_of_case(books, str(case.case))
        assert of_kind(facts, "flag") == [
            {"rule": "care-after-death", "severity": 3, "score": 95, "lines": 0},
            {"rule": "price", "severity": 1, "score": 40, "lines": 1},
        ]
        assert {"event": "put_back", "times": 3, "by": "Amina"} in of_kind(facts, "history")
        [claim] = of_kind(facts, "claim")
        assert claim["facility"] == case.facility
        assert claim["level"] in set(FacilityLevel)
        assert of_kind(facts, "case")[0]["flags"] == 2
        with router_of_books(books) as router:
            routed = router.route(facts)
        assert routed.escalate
        assert {firing.rule for firing in routed.why} >= {"critical-flag", "passed-around"}


def test_how_the_earlier_case_of_a_claim_ended_is_known(decided_folder: Path) -> None:
    with open_books(decided_folder) as books:
        claim_id = accepted_claim(books)
        flag(books, claim_id, "first", 0, Severity.LOW, 40)
        open_cases(books, "the queue")
        case = first(books)
        trial = try_decision(books, case.name, Decision(Verdict.ACCEPT))
        apply_review(books, deliver(books, trial, "Amina"), "Amina")
        draw(books, claim_id)
        assert open_cases(books, "the queue").opened == 1
        [review] = of_kind(facts_of_case(books, case.name), "review")
        saved = trial.amounts[0] - trial.amounts[1]
        assert review == {"outcome": "accept", "by": "Amina", "saved": saved, "round": 1}
        with router_of_books(books) as router:
            assert router.route(facts_of_case(books, case.name)).why == ()


def escalating_folder(folder: Path) -> Path:
    """Put one routing rule into a scheme: what is critical is escalated."""
    shutil.rmtree(folder / "routing")
    (folder / "routing").mkdir()
    (folder / "routing" / "up.yaml").write_text(UP, "utf-8")
    return folder


def test_routing_is_told_before_it_is_done_and_done_once(decided_folder: Path) -> None:
    with open_books(escalating_folder(decided_folder)) as books:
        claim_id = accepted_claim(books)
        flag(books, claim_id, "care-after-death", 0, Severity.CRITICAL, 95)
        open_cases(books, "the queue")
        [told] = dispatch(books, "Ada")
        assert told.step is Step.MOVE
        [unmoved] = dispatch(books, "Ada")
        assert unmoved == told
        [done] = dispatch(books, "Ada", confirm=True)
        assert not done.refused
        [again] = dispatch(books, "Ada", confirm=True)
        assert again.step is Step.NOTHING
        with books.database.reading() as connection:
            case = find_case(connection, str(done.case.case))
            events = events_of(connection, [case.case])[case.case]
        assert (case.queue, case.standing.second) == (done.queue, done.second)
        assert [event.what for event in events] == [What.OPENED, What.ROUTED]
        assert events[-1].by == "Ada"
        assert events[-1].content["rules"]
        assert not found_wrong(books)


def test_an_escalated_case_is_for_seniors(decided_folder: Path) -> None:
    folder = escalating_folder(decided_folder)
    settings = folder / "scheme.yaml"
    settings.write_text("review: {seniors: [Grace]}\n" + settings.read_text("utf-8"), "utf-8")
    with open_books(folder) as books:
        flag(books, accepted_claim(books), "care-after-death", 0, Severity.CRITICAL, 95)
        open_cases(books, "the queue")
        [done] = dispatch(books, "Ada", confirm=True)
        assert (done.queue, done.second) == ("seniors", False)
        assert take_next(books, "Amina") is None
        with pytest.raises(Refused, match="Grace"):
            take(books, done.case.name, "Amina")
        case = take_next(books, "grace")
        assert case is not None
        assert case.case == done.case.case


def test_a_second_officer_has_to_agree_whatever_the_amount(decided_folder: Path) -> None:
    folder = escalating_folder(decided_folder)
    with open_books(folder) as books:
        flag(books, accepted_claim(books), "care-after-death", 0, Severity.CRITICAL, 95)
        open_cases(books, "the queue")
        [done] = dispatch(books, "Ada", confirm=True)
        assert done.second
        trial = try_decision(books, done.case.name, Decision(Verdict.ACCEPT))
        delivered = deliver(books, trial, "Amina")
        assert delivered.case.standing.state is State.SECOND_OPINION


def found_wrong(books: Books) -> list[str]:
    with books.database.reading() as connection:
        return [what.key for what in check_queue(connection)]


def test_a_tampered_queue_is_found(decided_folder: Path) -> None:
    with open_books(decided_folder) as books:
        flag(books, accepted_claim(books), "care-after-death", 0, Severity.CRITICAL, 95)
        open_cases(books, "the queue")
        first(books)
        assert not found_wrong(books)
        with books.database.writing() as connection:
            connection.execute(sa.update(CASE_STATES).values(officer="Mallory"))
        assert found_wrong(books) == ["review.check.state"]
        with books.database.writing() as connection:
            connection.execute(sa.update(CASE_STATES).values(officer="Amina"))
            taken = CASE_EVENTS.c.number == 2
            connection.execute(sa.update(CASE_EVENTS).where(taken).values(by="Mallory"))
        assert "review.check.journal" in found_wrong(books)


def test_a_claim_is_returned_once_and_released_where_nothing_speaks_against_it(decided_folder: Path) -> None:
    folder = escalating_folder(decided_folder)
    rule = folder / "routing" / "up.yaml"
    rule.write_text(UP.replace("{act: escalate}", "{return: {reason: DOC-01}}"), "utf-8")
    with open_books(folder) as books:
        flag(books, accepted_claim(books), "care-after-death", 0, Severity.CRITICAL, 95)
        open_cases(books, "the queue")
        [returned] = dispatch(books, "Ada", confirm=True)
        assert (returned.step, returned.refused) == (Step.RETURN, ())
        receive_back(books, returned.case.name, "Ada")
        assign(books, returned.case.name, None, "Ada")
        [again] = dispatch(books, "Ada", confirm=True)
        assert again.step is Step.NOTHING
        rule.write_text(UP.replace("{act: escalate}", "{act: fast_track}"), "utf-8")
        [released] = dispatch(books, "Ada", confirm=True)
        assert (released.step, released.refused) == (Step.RELEASE, ())
        with books.database.reading() as connection:
            case = find_case(connection, released.case.name)
        assert case.standing.state is State.RELEASED
        assert not found_wrong(books)
