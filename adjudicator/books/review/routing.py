"""Where the cases of the books should go: what is known of a case, as facts that routing rules speak of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.review.case_file import CaseFile, Flag, case_file
from adjudicator.books.review.cases import events_of
from adjudicator.review.cases import Event, What
from adjudicator.review.routing.facts import Fact, Outcome, fact, history, in_order
from adjudicator.review.routing.read import read_routing
from adjudicator.review.routing.router import BackEnd, Router
from adjudicator.review.routing.rules import Routing
from adjudicator.store.schema import CASES, CLAIMS, REGISTERS


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
    file = case_file(books, name)
    with books.database.reading() as connection:
        query = sa.select(CLAIMS.c.visit_type).where(CLAIMS.c.claim_id == file.case.claim_id)
        visit = connection.execute(query).scalar_one()
        level = _level(connection, file)
        query = sa.select(CASES.c.case).where(
            CASES.c.claim_id == file.case.claim_id, CASES.c.round < file.case.round
        )
        earlier = events_of(connection, connection.execute(query.order_by(CASES.c.round)).scalars().all())
    claim = fact(
        "claim",
        facility=file.case.facility,
        level=level,
        status=file.status,
        category=file.category,
        visit=visit,
        claimed=file.claimed,
        valuated=file.valuated,
        lines=len(file.lines),
    )
    rounds = enumerate(earlier.values(), 1)
    reviews = (_review(events[-1], number) for number, events in rounds)
    return in_order([_case(file), claim, *_flags(file.flags), *history(file.events), *reviews])


def _case(file: CaseFile) -> Fact:
    case = file.case
    return fact(
        "case",
        queue=case.queue,
        score=case.score,
        saving=case.saving,
        minutes=case.minutes,
        round=case.round,
        flags=len({flag.rule for flag in file.flags}),
        selections=len(case.selections),
    )


def _level(connection: sa.Connection, file: CaseFile) -> int | None:
    """Give the level that the facility has on the day of the claim, else the last one that is known."""
    day = file.date_to or file.date_from or file.date_claimed
    table = REGISTERS["facilities"]
    query = sa.select(table.c.level).where(table.c.code == file.case.facility, table.c.until.is_(None))
    within = sa.and_(
        sa.or_(table.c.valid_from.is_(None), table.c.valid_from <= day),
        sa.or_(table.c.valid_to.is_(None), table.c.valid_to >= day),
    )
    first = sa.case((within, 0), else_=1)
    row = connection.execute(query.order_by(first, table.c.valid_from.desc()).limit(1)).first()
    return None if row is None else row.level


def _flags(flags: Sequence[Flag]) -> Iterable[Fact]:
    """Tell what each rule said: its highest score, and on how many lines; 0 where it speaks of the claim."""
    for rule in {flag.rule: None for flag in flags}:
        of_rule = [flag for flag in flags if flag.rule == rule]
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
