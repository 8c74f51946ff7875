"""A reviewer's decision: tried out first, delivered in a transaction of its own, then applied.

Delivering needs no lock but that of the case, so that it never waits for a run nor gets lost beside one.
Applying decides the claim again, under the lock of the books; where that is taken, the review waits (see
:mod:`adjudicator.books.review.applied`) and the claim stays unpaid.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.adjudication.summary import Summary
from adjudicator.books.adjudication import Progress, no_progress
from adjudicator.books.basis import present_basis
from adjudicator.books.books import Books
from adjudicator.books.ledger import current_decisions, rows_of_decisions
from adjudicator.books.readjudication import (
    Again,
    Readjudication,
    decide_again,
    prepare_again,
    readjudicate,
)
from adjudicator.books.review.cases import Case, events_of, find_case, locked, record, this_moment
from adjudicator.books.review.opening import later_grades
from adjudicator.books.review.queue import in_hand, may_review, needs_second_opinion
from adjudicator.books.review.reviews import last_review, with_values
from adjudicator.books.rules import present_rules, rejecting
from adjudicator.problems import Refused, refused
from adjudicator.review.cases import Event, State, What, news, releases, same_person
from adjudicator.review.decision import (
    ClaimedLine,
    Decision,
    ReviewedLine,
    Verdict,
    problems_of,
    reviewed_lines,
)
from adjudicator.review.grading import Grade
from adjudicator.store import runs
from adjudicator.store.schema import CLAIM_LINES, LINE_DECISIONS, REVIEW_LINES, REVIEWS
from adjudicator.vocabulary import Reason, ReviewStatus


@dataclass(frozen=True)
class LineAmounts:
    """What is decided about a line; money in minor units, quantity in hundredths."""

    line: int
    code: str
    reason: Reason
    quantity: int
    unit_price: int | None
    valuated: int


@dataclass(frozen=True)
class Trial:
    """What a decision would change."""

    case: Case
    decision: Decision
    review: tuple[ReviewedLine, ...]
    """The lines of the review that it delivers."""
    before: tuple[LineAmounts, ...]
    after: tuple[LineAmounts, ...]
    run: int
    """The run of the decision that stands."""
    last_review: int
    """The claim's last review, 0 where it had none."""
    news: tuple[Grade, Grade] | None = None
    """How the case was graded when it was taken, or a decision proposed, and how it is now, where that is
    another."""

    @property
    def amounts(self) -> tuple[int, int]:
        """What the claim is valuated at, before and after."""
        before, after = (sum(line.valuated for line in lines) for lines in (self.before, self.after))
        return before, after

    @property
    def changes(self) -> bool:
        """Whether it changes anything that was decided."""
        return self.before != self.after


@dataclass(frozen=True)
class Delivered:
    """A decision that was delivered, or waits for a second opinion."""

    case: Case
    review: int | None
    """The number of the review; None while it waits for a second opinion."""


def claimed_lines(connection: sa.Connection, claim_id: int) -> list[ClaimedLine]:
    """Read what the lines of a claim ask."""
    lines = CLAIM_LINES
    query = (
        sa.select(lines.c.line, lines.c.code, lines.c.quantity, lines.c.price_asked)
        .where(lines.c.claim_id == claim_id)
        .order_by(lines.c.line)
    )
    return [ClaimedLine(*row) for row in connection.execute(query)]


def earlier_review(connection: sa.Connection, claim_id: int) -> tuple[int, dict[int, ReviewedLine]]:
    """Read the number of a claim's last review, 0 where it has none, and what it says by line."""
    query = sa.select(sa.func.coalesce(sa.func.max(REVIEWS.c.review), 0)).where(
        REVIEWS.c.claim_id == claim_id
    )
    number = int(connection.execute(query).scalar_one())
    columns = ("line", "quantity_approved", "price_approved", "review_status", "reason", "explanation")
    lines = sa.select(*(REVIEW_LINES.c[name] for name in columns)).where(REVIEW_LINES.c.review == number)
    found = {}
    for line, quantity, price, status, reason, words in connection.execute(lines):
        given = ReviewStatus.ACCEPTED if status is None else ReviewStatus(status)
        found[line] = ReviewedLine(line, quantity, price, given, reason, words)
    return number, found


def try_decision(books: Books, name: str, decision: Decision) -> Trial:
    """Find out what a decision about a case would change; nothing is written.

    Args:
        books: the books.
        name: of the case.
        decision: what the officer wants.

    Raises:
        Refused: with everything that is wrong with the decision; or there is no such case, or it is closed.
    """
    with books.database.reading() as connection:
        case = find_case(connection, name)
        if case.standing.closed:
            raise refused("review.closed", case=case.case, state=case.standing.state.label)
        claimed = claimed_lines(connection, case.claim_id)
        if problems := problems_of(decision, claimed, books.decimals):
            raise Refused(problems)
        number, earlier = earlier_review(connection, case.claim_id)
        lines = reviewed_lines(decision, claimed, earlier)
        last = runs.last_run(connection)
        claim_ids = np.array([case.claim_id], np.int64)
        basis, rules = present_basis(books, connection), rejecting(present_rules(books))
        again = prepare_again(connection, last + 1, basis, claim_ids, last_review(connection), rules)
        rows, _ = decide_again(connection, _with_pending(again, case.claim_id, lines), 1)
        standing = rows_of_decisions(connection, LINE_DECISIONS, again.before)
        since = _since(connection, books, case)
    before = _line_amounts(standing)
    decided = rows["line_decisions"]
    booked = decided.filter(pa.array(decided["entry"].to_numpy() == DECISION))
    run = int(again.before["run"][0].as_py())
    after = _line_amounts(booked) if len(booked) else before
    return Trial(case, decision, tuple(lines), before, after, run, number, since)


def _since(connection: sa.Connection, books: Books, case: Case) -> tuple[Grade, Grade] | None:
    """Tell what came up since an officer took a case, or proposed something, whether or not it was noted."""
    if case.standing.state not in (State.HELD, State.SECOND_OPINION):
        return None
    unseen = news(events_of(connection, [case.case])[case.case])
    before = Grade.of_record(unseen[0].content["was"]) if unseen else case.grade
    now = later_grades(connection, books.settings.review, [case]).get(case.case, case.grade)
    return (before, now) if before != now else None


def _with_pending(again: Again, claim_id: int, lines: Sequence[ReviewedLine]) -> Again:
    """Put the values of a review that is not delivered yet on the lines of its claim."""
    pending = pa.table(
        {
            "claim_id": pa.array([claim_id] * len(lines), pa.int64()),
            "line": pa.array([line.line for line in lines], pa.int64()),
            "quantity_approved": pa.array([line.quantity for line in lines], pa.int64()),
            "price_approved": pa.array([line.price for line in lines], pa.int64()),
            "review_status": pa.array([int(line.status) for line in lines], pa.int8()),
        }
    )
    received = with_values(again.work.received, pending)
    return replace(again, work=replace(again.work, received=received, summary=Summary()))


def _line_amounts(rows: pa.Table) -> tuple[LineAmounts, ...]:
    names = ("line", "code", "reason", "quantity", "unit_price", "valuated")
    lines = zip(*(rows[name].to_pylist() for name in names), strict=True)
    return tuple(
        sorted(
            (
                LineAmounts(line, code, Reason(reason or 0), *amounts)
                for line, code, reason, *amounts in lines
            ),
            key=lambda one: one.line,
        )
    )


def deliver(books: Books, trial: Trial, by: str, at: dt.datetime | None = None) -> Delivered:
    """Deliver a decision as it was tried out.

    A claim that is valuated above the amount that one officer may decide alone, before or after, waits for
    another officer's agreement.

    Raises:
        Refused: somebody else has the case, the officer entered the claim, or the claim was decided or
            reviewed anew since the trial.
    """
    now = at or this_moment()
    with books.database.writing() as connection:
        case = _unchanged(connection, trial)
        if case.standing.state is State.SECOND_OPINION:
            raise refused("review.waits_for_opinion", officer=case.standing.officer, case=case.case)
        case = in_hand(connection, books.settings.review, case, by, now)
        content = _content(connection, trial)
        if needs_second_opinion(books.settings.review, case, max(trial.amounts)):
            case, _ = record(connection, case, Event(What.PROPOSED, by, now, content))
            return Delivered(case, None)
        case, number = record(connection, case, Event(What.DECIDED, by, now, content))
        return Delivered(case, _add_review(connection, case, trial, by, number))


def proposed(books: Books, name: str, by: str) -> Trial:
    """Try out the decision that waits for a second opinion, for the officer who is asked for theirs.

    Raises:
        Refused: none waits, or it is this officer's own.
    """
    with books.database.reading() as connection:
        case = find_case(connection, name)
        standing = case.standing
        if standing.proposal is None or releases(standing):
            key = "review.other_proposal" if releases(standing) else "review.no_proposal"
            raise refused(key, case=case.case)
        if same_person(standing.officer, by):
            raise refused("review.own_opinion", officer=standing.officer)
        may_review(connection, case, by)
    return try_decision(books, str(case.case), Decision.of_record(standing.proposal.content["decision"]))


def agree(books: Books, trial: Trial, by: str, at: dt.datetime | None = None) -> Delivered:
    """Agree to the decision that waits for a second opinion, which delivers it.

    Raises:
        Refused: it is this officer's own, they entered the claim, or the claim was decided or reviewed anew.
    """
    with books.database.writing() as connection:
        case = _unchanged(connection, trial)
        may_review(connection, case, by)
        officer = case.standing.officer or ""
        event = Event(What.AGREED, by, at or this_moment(), _content(connection, trial))
        case, number = record(connection, case, event, {"proposed_by": officer})
        return Delivered(case, _add_review(connection, case, trial, officer, number))


def disagree(books: Books, name: str, words: str, by: str, at: dt.datetime | None = None) -> Case:
    """Refuse a second opinion: the case goes back into the queue, with what was proposed on its record.

    Raises:
        Refused: nothing waits for a second opinion, or it is this officer's own.
    """
    with books.database.writing() as connection:
        case = locked(connection, find_case(connection, name).case)
        may_review(connection, case, by)
        event = Event(What.DISAGREED, by, at or this_moment(), {"words": words})
        case, _ = record(connection, case, event)
        return case


def _unchanged(connection: sa.Connection, trial: Trial) -> Case:
    """Lock a case whose claim must still be as it was when the decision was tried out."""
    case = locked(connection, trial.case.case)
    last = runs.last_run(connection)
    standing = current_decisions(connection, np.array([case.claim_id], np.int64), last)
    number, _ = earlier_review(connection, case.claim_id)
    if (int(standing["run"][0].as_py()), number) != (trial.run, trial.last_review):
        raise refused("review.changed_meanwhile", claim=case.name)
    return case


def _content(connection: sa.Connection, trial: Trial) -> dict[str, Any]:
    before, after = trial.amounts
    return {
        "decision": trial.decision.as_record(),
        "changed": trial.decision.verdict is not Verdict.ACCEPT or trial.changes,
        "valuated": {"before": before, "after": after},
        "run": runs.last_run(connection),
    }


def _add_review(connection: sa.Connection, case: Case, trial: Trial, officer: str, entry: int) -> int:
    query = sa.select(sa.func.coalesce(sa.func.max(REVIEWS.c.review), 0))
    review = int(connection.execute(query).scalar_one()) + 1
    connection.execute(
        sa.insert(REVIEWS).values(
            review=review,
            journal=entry,
            claim_id=case.claim_id,
            officer=officer,
            reason=trial.decision.reason,
            explanation=trial.decision.words,
        )
    )
    rows: list[Mapping[str, Any]] = [
        {
            "review": review,
            "line": line.line,
            "quantity_approved": line.quantity,
            "price_approved": line.price,
            "review_status": int(line.status),
            "reason": line.reason,
            "explanation": line.words,
        }
        for line in trial.review
    ]
    if rows:
        connection.execute(sa.insert(REVIEW_LINES), rows)
    return review


def apply_review(
    books: Books, delivered: Delivered, by: str, threads: int = 1, progress: Progress = no_progress
) -> Readjudication | None:
    """Decide a reviewed claim again.

    Returns:
        What it changed; None where somebody else is at work on the books, and the review waits.

    Raises:
        Refused: the claim cannot be decided again; the review is delivered all the same, and waits.
    """
    try:
        return readjudicate(
            books, by, [delivered.case.name], f"review {delivered.review}", threads=threads, progress=progress
        )
    except Refused as refusal:
        if all(problem.what.key.startswith("store.locked") for problem in refusal.problems):
            return None
        raise
