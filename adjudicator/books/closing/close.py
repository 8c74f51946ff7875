"""Closing a month of a location (law, section 6): tried out, proposed, confirmed, booked.

A month is closed in one transaction, under the lock of the books, by what is in them at that moment: the
same books give the same closing. The months of a location are closed one after the other, and only the last
one can be reopened, so that every contribution and every claim is counted once.

What is settled is a *decision*: a claim that is decided again after it was settled is taken back with what
it was paid, and settled anew, by the closing that knows all amounts of the new decision.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.closing.booking import book
from adjudicator.books.closing.computing import Prepared, Progress, compute, state_of
from adjudicator.books.closing.page import Page
from adjudicator.books.closing.periods import NATIONAL, named
from adjudicator.books.officers.register import check_first_person
from adjudicator.problems import refused
from adjudicator.remuneration.months import written_month
from adjudicator.store import journal, lock
from adjudicator.store.journal import Act
from adjudicator.store.schema import CLOSING_PROPOSALS

ATTEMPTS: Final = 3
"""How often a month is computed again because something was booked meanwhile, before that is told."""


def close(
    books: Books,
    by: str,
    month: int,
    location: str = NATIONAL,
    propose: bool = False,
    confirm: bool = False,
    progress: Progress | None = None,
) -> Page:
    """Close a month of a location, or show what closing it comes to.

    Where ``scheme.yaml`` asks for a second person, somebody proposes the closing, and somebody else confirms
    it; it must come to the same then.

    Args:
        books: the books.
        by: who closes.
        month: the month.
        location: of the products that are closed; :data:`NATIONAL` for those that are sold everywhere.
        propose: have somebody else confirm it.
        confirm: book it; where a second person is asked for, what somebody else proposed.
        progress: is told what is being done, and how far it is.

    Raises:
        Refused: the month is closed, or an earlier one is open; no product is of the location; the books
            are in use; or there is nothing to confirm, or not by this person, or it would come to other
            than was proposed.
    """
    if not propose and not confirm:
        with books.database.reading() as connection:
            return compute(books, connection, month, location, progress).page
    if propose and not books.settings.closing.second_person:
        raise refused("closing.no_second_person")
    with lock.held(books.database, Act(by, "close")):
        for _ in range(ATTEMPTS):
            with books.database.reading() as connection:
                prepared = compute(books, connection, month, location, progress)
            with books.database.writing() as connection:
                if state_of(connection) != prepared.state:
                    continue
                if propose:
                    return _proposed(connection, by, prepared)
                if books.settings.closing.second_person:
                    return _confirmed(books, connection, by, prepared)
                return _booked(books, connection, by, prepared, None)
    raise refused("closing.unquiet")


def _proposed(connection: sa.Connection, by: str, prepared: Prepared) -> Page:
    page = prepared.page
    key = {"month": written_month(page.month), "location": page.location}
    number = journal.append(connection, Act(by, "propose closing"), {**key, "hash": page.hash})
    connection.execute(sa.delete(CLOSING_PROPOSALS).where(_of_month(page)))
    connection.execute(sa.insert(CLOSING_PROPOSALS).values(**key, journal=number, by=by, hash=page.hash))
    return replace(page, proposed_by=by)


def _of_month(page: Page) -> sa.ColumnElement[bool]:
    """Choose the proposal for the month and location of a page."""
    table = CLOSING_PROPOSALS
    return sa.and_(table.c.month == written_month(page.month), table.c.location == page.location)


def _confirmed(books: Books, connection: sa.Connection, by: str, prepared: Prepared) -> Page:
    page = prepared.page
    proposal = connection.execute(sa.select(CLOSING_PROPOSALS).where(_of_month(page))).first()
    month = named(page.month, page.location)
    if proposal is None:
        raise refused("closing.not_proposed", month=month)
    if proposal.by.strip().casefold() == by.strip().casefold():
        raise refused("closing.same_person", by=by, month=month)
    check_first_person(connection, proposal.journal, proposal.by)
    if proposal.hash != page.hash:
        raise refused("closing.changed", month=month, by=proposal.by)
    return _booked(books, connection, by, prepared, proposal.by)


def _booked(
    books: Books, connection: sa.Connection, by: str, prepared: Prepared, proposed_by: str | None
) -> Page:
    page = book(books, connection, by, prepared, proposed_by)
    connection.execute(sa.delete(CLOSING_PROPOSALS).where(_of_month(page)))
    return page
