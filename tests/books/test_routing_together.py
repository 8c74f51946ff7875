"""Cases that are routed together: what is known of them, and what is put down, is as if each came alone."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from adjudicator.books.books import Books, open_books
from adjudicator.books.review import dispatch as dispatch_room
from adjudicator.books.review.case_file import CaseFile, case_file
from adjudicator.books.review.cases import case_of, events_of, find_case, free_ones
from adjudicator.books.review.delivery import apply_review, deliver, try_decision
from adjudicator.books.review.dispatch import Dispatched, Step, dispatch
from adjudicator.books.review.opening import open_cases
from adjudicator.books.review.queue import put_back, release, take
from adjudicator.books.review.routing import facts_of_case, known_of_cases
from adjudicator.books.review.verification import check_queue
from adjudicator.books.rules import keep_rules
from adjudicator.review.cases import What
from adjudicator.review.routing.facts import Fact, fact, history, in_order
from adjudicator.review.routing.router import Router
from adjudicator.rulebook.read import read_rule
from adjudicator.shipped import shipped_rules
from adjudicator.store import journal, runs
from adjudicator.store.schema import CASES, CLAIMS, FLAGS, JOURNAL, REGISTERS
from adjudicator.vocabulary import Severity
from tests.books.conftest import NewBooks
from tests.books.queueing import ACCEPT, NOON, REJECT, accepted, select
from tests.books.states import DECIDED

KEPT = [path for path in shipped_rules() if path.stem in ("duplicate-claim", "filed-late")]
"""Rules whose texts the books have."""

MOVES = """\
route: elsewhere
title: {en: elsewhere, fr: ailleurs}
rationale: {en: a test, fr: un essai}
when: {some: flag where score >= 50}
then: {queue: {name: elsewhere, priority: 1}}
explanation: {en: likely, fr: probable}
examples:
  - {fires: true, facts: [flag: {rule: a, score: 50}]}
  - {fires: false, facts: [flag: {rule: a, score: 49}]}
"""

RELEASES = """\
route: at-once
title: {en: at once, fr: tout de suite}
rationale: {en: a test, fr: un essai}
when: {some: flag where score < 20}
then: {act: fast_track}
explanation: {en: unlikely, fr: improbable}
examples:
  - {fires: true, facts: [flag: {rule: a, score: 19}]}
  - {fires: false, facts: [flag: {rule: a, score: 20}]}
"""


def busy_queue(books: Books) -> None:
    """Flag claims at random by rules that are kept and by one that is not, and let officers be at work."""
    chance = Random(4)
    kept = [read_rule(path, books.decimals) for path in KEPT]
    versions = [(rule.name, rule.content_hash) for rule in kept] + [("gone", "no longer kept")]
    with books.database.writing() as connection:
        keep_rules(connection, kept)
        claim_ids = accepted(connection)[:36]
        run = runs.last_run(connection)
        rows = [
            {"run": run, "claim_id": claim_id, "line": line, "rule": rule, "version": version, "digest": 0}
            | {"severity": int(chance.choice(list(Severity))), "score": chance.randrange(100), "values": "{}"}
            for claim_id in claim_ids
            for line in range(3)
            for rule, version in versions
            if chance.random() < 0.2
        ]
        connection.execute(sa.insert(FLAGS), rows)
    select(books, claim_ids[::3])
    open_cases(books, "the queue", NOON)
    with books.database.reading() as connection:
        first, second, third = free_ones(connection)[:3]
    for _ in range(2):
        take(books, str(first), "Amina", NOON)
        put_back(books, str(first), "Amina", NOON)
    for number, decision in ((second, ACCEPT), (third, REJECT)):
        trial = try_decision(books, str(number), decision)
        apply_review(books, deliver(books, trial, "Joseph", NOON), "Joseph")
    release(books, str(first), "REL-05", None, "Amina", NOON)
    with books.database.reading() as connection:
        again = [find_case(connection, str(number)).claim_id for number in (first, second, third)]
    select(books, again)
    open_cases(books, "the queue", NOON)


def facts_of_file(books: Books, file: CaseFile) -> tuple[Fact, ...]:
    """Tell what is known of a case by what an officer is shown of it."""
    case = file.case
    with books.database.reading() as connection:
        of_visit = sa.select(CLAIMS.c.visit_type).where(CLAIMS.c.claim_id == case.claim_id)
        facilities = REGISTERS["facilities"]
        of_level = sa.select(facilities.c.level).where(facilities.c.code == case.facility)
        visit, level = (connection.execute(query).scalar() for query in (of_visit, of_level))
        of_rounds = sa.select(CASES.c.case).where(
            CASES.c.claim_id == case.claim_id, CASES.c.round < case.round
        )
        earlier = list(connection.execute(of_rounds.order_by(CASES.c.round)).scalars())
        closings = [events[-1] for events in events_of(connection, earlier).values()]
    facts = [
        fact(
            "case",
            queue=case.queue,
            score=case.score,
            saving=case.saving,
            minutes=case.minutes,
            round=case.round,
            flags=len({flag.rule for flag in file.flags}),
            selections=len(case.selections),
        ),
        fact(
            "claim",
            facility=case.facility,
            level=level,
            status=file.status,
            category=file.category,
            visit=visit,
            claimed=file.claimed,
            valuated=file.valuated,
            lines=len(file.lines),
        ),
        *history(file.events),
    ]
    for rule in {flag.rule for flag in file.flags}:
        flags = [flag for flag in file.flags if flag.rule == rule]
        then = flags[0].text.definition.then.flag if flags[0].text else None
        facts.append(
            fact(
                "flag",
                rule=rule,
                queue=then.queue if then else None,
                severity=max(flag.severity for flag in flags),
                score=max(flag.score for flag in flags),
                lines=sum(flag.line > 0 for flag in flags),
            )
        )
    for number, closing in enumerate(closings, 1):
        if closing.what is What.RELEASED:
            facts.append(fact("review", outcome="release", by=closing.by, round=number))
        else:
            amounts, verdict = closing.content["valuated"], closing.content["decision"]["verdict"]
            saved = amounts["before"] - amounts["after"]
            facts.append(fact("review", outcome=verdict, by=closing.by, saved=saved, round=number))
    return in_order(facts)


def test_what_is_known_of_many_is_what_is_known_of_each(decided_folder: Path) -> None:
    with open_books(decided_folder) as books:
        busy_queue(books)
        with books.database.reading() as connection:
            numbers = list(connection.execute(sa.select(CASES.c.case)).scalars())[::-1]
            together = known_of_cases(books, connection, numbers)
        assert [known.case.case for known in together] == numbers
        assert len(numbers) > 20
        kinds = {(one.kind, one.get("outcome")) for known in together for one in known.facts}
        assert {("flag", None), ("review", "accept"), ("review", "reject"), ("review", "release")} <= kinds
        queues = {one.get("queue") for known in together for one in known.facts if one.kind == "flag"}
        assert None in queues
        assert len(queues) > 1
        for known in together:
            name = str(known.case.case)
            assert facts_of_case(books, name) == known.facts
            assert facts_of_file(books, case_file(books, name)) == known.facts


def routed_folder(folder: Path) -> Path:
    """Have a scheme route by the two rules of this file, and by no others."""
    shutil.rmtree(folder / "routing")
    (folder / "routing").mkdir()
    (folder / "routing" / "elsewhere.yaml").write_text(MOVES, "utf-8")
    (folder / "routing" / "at-once.yaml").write_text(RELEASES, "utf-8")
    return folder


def entries(books: Books, after: int = 0) -> list[tuple[object, ...]]:
    """Give what the journal says after an entry, but for the moments at which it was written."""
    with books.database.reading() as connection:
        assert not check_queue(connection)
        assert not journal.broken_links(connection)
        columns = (JOURNAL.c.number, JOURNAL.c.by, JOURNAL.c.what, JOURNAL.c.content)
        query = sa.select(*columns).where(JOURNAL.c.number > after).order_by(JOURNAL.c.number)
        return [tuple(row) for row in connection.execute(query)]


def test_what_is_put_down_of_many_is_what_is_put_down_of_each(
    new_books: NewBooks, country: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, written = [], []
    for alone in (True, False):
        with open_books(routed_folder(new_books(country, DECIDED))) as books:
            busy_queue(books)
            before = len(entries(books))
            with books.database.reading() as connection:
                numbers = free_ones(connection)
            if alone:
                each = (dispatch(books, "Ada", [str(number)], True, NOON) for number in numbers)
                done.append([one for [one] in each])
            else:
                monkeypatch.setattr(dispatch_room, "AT_A_TIME", 7)
                monkeypatch.setattr(dispatch_room, "MOVED_AT_A_TIME", 3)
                told = list(dispatch(books, "Ada", at=NOON))
                done.append(list(dispatch(books, "Ada", confirm=True, at=NOON)))
                assert told == done[-1]
            written.append(entries(books, before))
    assert done[0] == done[1]
    assert written[0] == written[1]
    assert {one.step for one in done[0]} == {Step.MOVE, Step.NOTHING, Step.RELEASE}
    assert len(written[0]) > 20


def test_a_case_that_was_taken_meanwhile_stays_and_the_others_are_moved(
    decided_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposed = dispatch_room._proposed

    def taken_after(books: Books, router: Router, numbers: Sequence[int]) -> list[Dispatched]:
        found = proposed(books, router, numbers)
        moves = [str(one.case.case) for one in found if one.step is Step.MOVE]
        take(books, moves[len(moves) // 2], "Amina")
        return found

    monkeypatch.setattr(dispatch_room, "_proposed", taken_after)
    with open_books(routed_folder(decided_folder)) as books:
        busy_queue(books)
        done = [one for one in dispatch(books, "Ada", confirm=True) if one.step is Step.MOVE]
        [refused] = [one for one in done if one.refused]
        assert [problem.what.key for problem in refused.refused] == ["review.not_now"]
        with books.database.reading() as connection:
            queues = {one.case.case: case_of(connection, one.case.case).queue for one in done}
        assert {queues.pop(refused.case.case)} == {refused.case.queue}
        assert set(queues.values()) == {"elsewhere"}
        entries(books)


def test_a_case_that_is_named_twice_is_routed_once(decided_folder: Path) -> None:
    with open_books(routed_folder(decided_folder)) as books:
        busy_queue(books)
        move = next(one for one in dispatch(books, "Ada") if one.step is Step.MOVE)
        before = len(entries(books))
        done = list(dispatch(books, "Ada", [str(move.case.case), move.case.name], confirm=True))
        assert [one.step for one in done] == [Step.MOVE]
        assert len(entries(books, before)) == 1
