"""Where the cases of the books should go: what is known of cases, as facts that routing rules speak of.

Cases are read together: some thousands of them cost little more of the database than one does.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.ledger import current_decisions
from adjudicator.books.review.cases import Case, cases_of, events_of, find_case
from adjudicator.books.review.flags import Flag, by_rule, flags_of_claims
from adjudicator.review.cases import Event, What
from adjudicator.review.routing.facts import Fact, Outcome, fact, history, in_order
from adjudicator.review.routing.read import read_routing
from adjudicator.review.routing.router import BackEnd, Router
from adjudicator.review.routing.rules import Routing
from adjudicator.store import bulk, runs
from adjudicator.store.schema import CASES, CLAIM_LINES, CLAIMS, REGISTERS

_DAYS: Final = ("date_to", "date_from", "date_claimed")
"""The days of a claim: the first that is known is the one that it is looked at on."""


@dataclass(frozen=True)
class Known:
    """A case with what is known of it at one moment."""

    case: Case
    events: Sequence[Event]
    """What happened to it, in order."""
    facts: tuple[Fact, ...]


def routing_of_books(books: Books) -> Routing:
    """Take the routing rules as they are in the scheme's folder; none if there is no such folder.

    Raises:
        Refused: with everything that is wrong with them.
    """
    return read_routing(books.folder / books.settings.routing, books.decimals)


def router_of_books(books: Books) -> Router:
    """Make a router for the cases of the books, with the back end that the scheme asks for; close it.

    Raises:
        Refused: with everything that is wrong with the routing rules.
    """
    back_end = BackEnd.DURABLE if books.settings.review.chaining else BackEnd.PLAIN
    return Router.by(back_end, routing_of_books(books))


def facts_of_case(books: Books, name: str) -> tuple[Fact, ...]:
    """Gather what is known of a case.

    Args:
        books: the books.
        name: of the case, see :func:`adjudicator.books.review.cases.find_case`.

    Raises:
        Refused: there is no such case.
    """
    with books.database.reading() as connection:
        [known] = known_of_cases(books, connection, [find_case(connection, name).case])
    return known.facts


def known_of_cases(books: Books, connection: sa.Connection, numbers: Sequence[int]) -> list[Known]:
    """Gather what is known of cases.

    Args:
        books: the books.
        connection: of a transaction.
        numbers: of cases that are there, each once.

    Returns:
        One for each case, in the order that they were asked for.
    """
    cases = cases_of(connection, numbers)
    events = events_of(connection, numbers)
    claims = _claims(connection, cases)
    flags = flags_of_claims(books, connection, claims.keys(), runs.last_run(connection))
    reviews = _reviews(connection, cases)
    found = {}
    for case in cases:
        said = flags.get(case.claim_id, [])
        facts = (
            _case(case, said),
            claims[case.claim_id],
            *_flags(said),
            *history(events[case.case]),
            *reviews[case.case],
        )
        found[case.case] = Known(case, events[case.case], in_order(facts))
    return [found[number] for number in numbers]


def _case(case: Case, flags: Sequence[Flag]) -> Fact:
    return fact(
        "case",
        queue=case.queue,
        score=case.score,
        saving=case.saving,
        minutes=case.minutes,
        round=case.round,
        flags=len({flag.rule for flag in flags}),
        selections=len(case.selections),
    )


def _claims(connection: sa.Connection, cases: Sequence[Case]) -> dict[int, Fact]:
    """Tell what the claims of cases are, and what is decided about them, by their numbers."""
    claim_ids = np.unique(np.array([case.claim_id for case in cases], np.int64))
    decided = current_decisions(connection, claim_ids, runs.last_run(connection))
    wanted = bulk.wanted(connection, "wanted_routed", pa.table({"claim_id": claim_ids}))
    columns = [CLAIMS.c[name] for name in ("claim_id", "facility", "visit_type", *_DAYS)]
    of_claims = sa.select(*columns).join(wanted, wanted.c.claim_id == CLAIMS.c.claim_id)
    received = {row.claim_id: row for row in connection.execute(of_claims)}
    of_lines = (
        sa.select(CLAIM_LINES.c.claim_id, sa.func.count().label("lines"))
        .join(wanted, wanted.c.claim_id == CLAIM_LINES.c.claim_id)
        .group_by(CLAIM_LINES.c.claim_id)
    )
    lines = {row.claim_id: row.lines for row in connection.execute(of_lines)}
    facilities = _facilities(connection, {row.facility for row in received.values()})
    names = ("claim_id", "status", "category", "claimed", "valuated")
    found = {}
    for claim_id, status, category, claimed, valuated in zip(
        *(decided[name].to_pylist() for name in names), strict=True
    ):
        row = received[claim_id]
        found[claim_id] = fact(
            "claim",
            facility=row.facility,
            level=_level(facilities.get(row.facility, ()), row.date_to or row.date_from or row.date_claimed),
            status=status,
            category=category,
            visit=row.visit_type,
            claimed=claimed,
            valuated=valuated,
            lines=lines.get(claim_id, 0),
        )
    return found


def _facilities(connection: sa.Connection, codes: Iterable[str]) -> Mapping[str, Sequence[Any]]:
    """Read the rows of the register about facilities, by their codes."""
    table = REGISTERS["facilities"]
    wanted = bulk.wanted(
        connection, "wanted_facilities", pa.table({"code": pa.array(sorted(codes), pa.string())})
    )
    query = sa.select(table.c.code, table.c.level, table.c.valid_from, table.c.valid_to).join(
        wanted, wanted.c.code == table.c.code
    )
    found: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(query.where(table.c.until.is_(None))):
        found[row.code].append(row)
    return found


def _level(rows: Sequence[Any], day: dt.date) -> int | None:
    """Give the level that a facility has on the day of the claim, else the last one that is known."""

    def place(row: Any) -> tuple[bool, dt.date]:
        start, end = row.valid_from or dt.date.min, row.valid_to or dt.date.max
        return start <= day <= end, start

    return max(rows, key=place).level if rows else None


def _flags(flags: Sequence[Flag]) -> Iterable[Fact]:
    """Tell what each rule said: its highest score, and on how many lines; 0 where it speaks of the claim."""
    for rule, of_rule in by_rule(flags).items():
        text = of_rule[0].text
        then = (text.definition.then.flag or text.definition.then.sample) if text is not None else None
        yield fact(
            "flag",
            rule=rule,
            queue=then.queue if then is not None else None,
            severity=max(flag.severity for flag in of_rule),
            score=max(flag.score for flag in of_rule),
            lines=len({flag.line for flag in of_rule} - {0}),
        )


def _reviews(connection: sa.Connection, cases: Sequence[Case]) -> dict[int, list[Fact]]:
    """Tell how the earlier cases of the claims of cases ended, by case."""
    of_claims: dict[int, list[Any]] = defaultdict(list)
    if again := {case.claim_id for case in cases if case.round > 1}:
        wanted = bulk.wanted(connection, "wanted_again", pa.table({"claim_id": sorted(again)}))
        query = sa.select(CASES.c.claim_id, CASES.c.round, CASES.c.case).join(
            wanted, wanted.c.claim_id == CASES.c.claim_id
        )
        for row in connection.execute(query.order_by(CASES.c.claim_id, CASES.c.round)):
            of_claims[row.claim_id].append(row)
    earlier = {
        case.case: [row.case for row in of_claims[case.claim_id] if row.round < case.round] for case in cases
    }
    events = events_of(connection, sorted({number for numbers in earlier.values() for number in numbers}))
    return {
        case: [_review(events[number][-1], place) for place, number in enumerate(numbers, 1)]
        for case, numbers in earlier.items()
    }


def _review(closing: Event, number: int) -> Fact:
    """Tell how an earlier case of the claim ended."""
    if closing.what is What.RELEASED:
        return fact("review", outcome=Outcome.RELEASE.value, by=closing.by, round=number)
    valuated = closing.content["valuated"]
    return fact(
        "review",
        outcome=closing.content["decision"]["verdict"],
        by=closing.by,
        saved=valuated["before"] - valuated["after"],
        round=number,
    )
