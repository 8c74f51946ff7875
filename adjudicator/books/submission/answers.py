"""What is answered about claims of the counter: as they stand in the books, or as they would be decided."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.claims import received
from adjudicator.books.fhir.claims import claim_of
from adjudicator.books.fhir.registers import rows_in_books
from adjudicator.books.ledger import current_decisions, rows_of_decisions
from adjudicator.books.submission.counter import Trial
from adjudicator.fhir.assembling import Known, decided_claims
from adjudicator.fhir.decided import DecidedClaim, Sent
from adjudicator.fhir.systems import claim_response_id
from adjudicator.store import runs
from adjudicator.store.journal import canonical
from adjudicator.store.schema import (
    APPLIED_REVIEWS,
    CLAIMS,
    JOURNAL,
    LINE_DECISIONS,
    LOADS,
    REVIEWS,
    RUNS,
    SETTLEMENTS,
    SUBMISSIONS,
)
from adjudicator.words import Message, message

Names = Mapping[tuple[int, str], str]
"""Of provisions, by kind and code."""

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_EMPTY: Final = pa.table({"claim_id": pa.array([], pa.int64())})


@dataclass(frozen=True)
class Answer:
    """What is said of a claim."""

    claim_id: int
    decided: DecidedClaim
    created: str
    """When it was decided; when it was received, where it waits. ISO 8601."""


def echo_of(sent: Sent) -> str:
    """Write down what a sender called things."""
    return canonical({name: element for name, element in asdict(sent).items() if element is not None})


def sent_of(echo: str) -> Sent:
    """Read what a sender called things."""
    return Sent(**json.loads(echo))


def provision_names(table: pa.Table) -> dict[tuple[int, str], str]:
    """Give the names of provisions, the latest of each.

    Args:
        table: the typed register.
    """
    columns = [table[name].to_pylist() for name in ("valid_from", "kind", "code", "name")]
    rows = sorted(zip(*columns, strict=True), key=lambda row: row[0].isoformat() if row[0] else "")
    return {(kind, code): name for _, kind, code, name in rows if name}


def answers(books: Books, claim_ids: Sequence[int], names: Names) -> dict[int, Answer]:
    """Read what stands in the books about some claims."""
    with books.database.reading() as connection:
        found = _read(books, connection, sorted(set(claim_ids)), names)
    # Claims that were reviewed, or stand on a statement, have more to them; they are read one by one.
    for number, answer in found.items():
        if answer is None:
            found[number] = _whole(books, number)
    return {number: answer for number, answer in found.items() if answer is not None}


def _read(
    books: Books, connection: sa.Connection, claim_ids: list[int], names: Names
) -> dict[int, Answer | None]:
    ids = np.array(claim_ids, np.int64)
    chosen = received(connection, sa.select(CLAIMS.c.claim_id).where(CLAIMS.c.claim_id.in_(claim_ids)))
    later = _later(connection, claim_ids)
    decisions = current_decisions(connection, ids, runs.last_run(connection))
    lines = rows_of_decisions(connection, LINE_DECISIONS, decisions)
    of_line = pa.array(chosen.claim_ids[chosen.lines["claim_index"].to_numpy()])
    numbers = pa.array(chosen.claim_ids)
    moments = _moments(connection, claim_ids, decisions)
    echoes = _echoes(connection, claim_ids)
    made = decided_claims(
        books.settings.scheme,
        books.settings.currency,
        chosen.claims.append_column("claim_id", numbers),
        chosen.lines.append_column("claim_id", of_line),
        decisions,
        lines,
        Known(
            names=names,
            held={number: message(held) for number, (_, held) in echoes.items() if held is not None},
            rows_of=rows_in_books(connection),
        ),
    )
    found: dict[int, Answer | None] = {}
    for number, (decided, _) in zip(chosen.claim_ids.tolist(), made, strict=True):
        echo, _ = echoes.get(number, ("{}", None))
        whole = replace(decided, sent=sent_of(echo))
        found[number] = None if number in later else Answer(number, whole, moments[number])
    return found


def _later(connection: sa.Connection, claim_ids: Sequence[int]) -> set[int]:
    """Find the claims about which more is known than their decision: settled ones, and reviewed ones."""
    settled = sa.select(SETTLEMENTS.c.claim_id).where(SETTLEMENTS.c.claim_id.in_(claim_ids))
    reviewed = (
        sa.select(REVIEWS.c.claim_id)
        .join(APPLIED_REVIEWS, APPLIED_REVIEWS.c.review == REVIEWS.c.review)
        .where(REVIEWS.c.claim_id.in_(claim_ids))
    )
    return {*connection.execute(settled).scalars(), *connection.execute(reviewed).scalars()}


def _moments(connection: sa.Connection, claim_ids: Sequence[int], decisions: pa.Table) -> dict[int, str]:
    """Tell when each claim was decided, or received."""
    query = (
        sa.select(CLAIMS.c.claim_id, JOURNAL.c.at)
        .join(LOADS, LOADS.c.load == CLAIMS.c.load)
        .join(JOURNAL, JOURNAL.c.number == LOADS.c.journal)
        .where(CLAIMS.c.claim_id.in_(claim_ids))
    )
    found: dict[int, str] = {row.claim_id: row.at for row in connection.execute(query)}
    run_of = dict(zip(decisions["claim_id"].to_pylist(), decisions["run"].to_pylist(), strict=True))
    query = sa.select(RUNS.c.run, JOURNAL.c.at).join(JOURNAL, JOURNAL.c.number == RUNS.c.journal)
    at = {row.run: row.at for row in connection.execute(query.where(RUNS.c.run.in_(set(run_of.values()))))}
    return found | {number: at[run] for number, run in run_of.items()}


def _echoes(connection: sa.Connection, claim_ids: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    table = SUBMISSIONS
    query = sa.select(table.c.claim_id, table.c.echo, table.c.held).where(table.c.claim_id.in_(claim_ids))
    return {row.claim_id: (row.echo, row.held) for row in connection.execute(query)}


def received_as(books: Books, responses: Sequence[str]) -> dict[str, tuple[Sent, Message | None]]:
    """Tell what senders called things, and why a claim waits where it is held.

    Args:
        books: the books.
        responses: the ids of the answers to the claims; those of claims that nobody sent to the counter are
            passed over.
    """
    table = SUBMISSIONS
    query = sa.select(table.c.response, table.c.echo, table.c.held).where(table.c.response.in_(responses))
    with books.database.reading() as connection:
        return {
            row.response: (sent_of(row.echo), None if row.held is None else message(row.held))
            for row in connection.execute(query)
        }


def _whole(books: Books, claim_id: int) -> Answer | None:
    query = sa.select(CLAIMS.c.facility, CLAIMS.c.claim).where(CLAIMS.c.claim_id == claim_id)
    with books.database.reading() as connection:
        row = connection.execute(query).one()
        echo, _ = _echoes(connection, [claim_id]).get(claim_id, ("{}", None))
    found = claim_of(books, row.facility, row.claim)
    if found is None:
        return None
    decided, created = found
    return Answer(claim_id, replace(decided, sent=sent_of(echo)), created)


def tried_out(books: Books, trial: Trial, sent: Sent, use: str, names: Names) -> DecidedClaim:
    """Give a claim as it would be decided."""
    number = pa.array(trial.received.claim_ids)
    of_line = pa.array(np.full(len(trial.received.lines), trial.received.claim_ids[0]))
    held = {int(trial.received.claim_ids[0]): message(trial.held)} if trial.held else {}
    with books.database.reading() as connection:
        (found,) = decided_claims(
            books.settings.scheme,
            books.settings.currency,
            trial.received.claims.append_column("claim_id", number),
            trial.received.lines.append_column("claim_id", of_line),
            trial.rows.get("claim_decisions", _EMPTY),
            trial.rows.get("line_decisions", _EMPTY_LINES),
            Known(names=names, held=held, rows_of=rows_in_books(connection)),
        )
    return replace(found[0], sent=sent, use=use)


_EMPTY_LINES: Final = _EMPTY.append_column("line", pa.array([], pa.int64()))


# Finding claims.


@dataclass(frozen=True)
class Asked:
    """Which claims of a facility are looked for; what is None may be anything."""

    facility: str
    response: str | None = None
    """The id of the answer."""
    claim: str | None = None
    """The claim's number."""
    insuree: str | None = None


def find_claims(books: Books, asked: Asked, most: int, skipped: int = 0) -> tuple[list[int], int]:
    """Find claims of a facility, the last ones first.

    Args:
        books: the books.
        asked: which.
        most: how many are given at most.
        skipped: how many are passed over.

    Returns:
        Their numbers in the books, and how many there are in all.
    """
    chosen: list[Any] = [CLAIMS.c.facility == asked.facility]
    if asked.claim is not None:
        chosen.append(CLAIMS.c.claim == asked.claim)
    if asked.insuree is not None:
        chosen.append(CLAIMS.c.insuree == asked.insuree)
    with books.database.reading() as connection:
        if asked.response is not None:
            number = _by_response(books, connection, asked.facility, asked.response)
            chosen.append(CLAIMS.c.claim_id == (-1 if number is None else number))
        total = connection.execute(sa.select(sa.func.count()).select_from(CLAIMS).where(*chosen)).scalar_one()
        query = sa.select(CLAIMS.c.claim_id).where(*chosen).order_by(CLAIMS.c.claim_id.desc())
        found = connection.execute(query.limit(most).offset(skipped)).scalars().all()
    return [int(number) for number in found], int(total)


def _by_response(books: Books, connection: sa.Connection, facility: str, response: str) -> int | None:
    """Find the claim whose answer goes by an id."""
    query = sa.select(SUBMISSIONS.c.claim_id).where(SUBMISSIONS.c.response == response)
    number: int | None = connection.execute(query).scalar()
    if number is not None:
        return number
    if not _UUID.fullmatch(response):
        return None
    # Claims that were not sent to the counter: their ids are not kept, and follow from their numbers.
    query = sa.select(CLAIMS.c.claim_id, CLAIMS.c.claim).where(CLAIMS.c.facility == facility)
    scheme = books.settings.scheme
    for row in connection.execute(query):
        if claim_response_id(scheme, facility, row.claim) == response:
            return int(row.claim_id)
    return None
