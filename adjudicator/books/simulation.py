"""Claims of the books on the actuary's desk: what was claimed between two days, under other terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from adjudicator import claims as claims_room
from adjudicator import engine
from adjudicator.adjudication.opening import nothing
from adjudicator.books.basis import present_basis
from adjudicator.books.books import open_books
from adjudicator.books.claims import received
from adjudicator.books.ledger import current_decisions, find_opening
from adjudicator.books.registers import registers_at
from adjudicator.books.rules import look_back, present_rules, rejecting
from adjudicator.books.work import past_of
from adjudicator.manifest import file_hashes, relative
from adjudicator.problems import Problem, Refused, problem_of, refused
from adjudicator.rulebook.month import reject
from adjudicator.simulate import BESIDE, Opened
from adjudicator.simulation.desk import Desk
from adjudicator.store import runs
from adjudicator.store.digests import table_hash
from adjudicator.store.schema import CLAIMS
from adjudicator.words import message


def open_desk_of_books(
    folder: Path,
    first: dt.date | None,
    last: dt.date | None,
    out: Path,
    before: Mapping[str, Any] | None = None,
) -> Opened:
    """Take claims that were claimed between two days out of the books.

    They are decided as if nothing that was claimed since the first day had used anything: balances, counts
    and quantities are those of the claims before. Reviews that were delivered are left out, as they may not
    fit other terms.

    Args:
        folder: of the scheme.
        first: the first day; from the beginning when left out.
        last: the last day, included; to the end when left out.
        out: the folder that places are told relative to.
        before: what an earlier simulation says that it took; it has to be the same now.

    Raises:
        Refused: there are no such claims, products or registers are not in order, or the books changed.
    """
    with open_books(folder) as books, books.database.reading() as connection:
        settings = books.settings
        basis = present_basis(books, connection)
        run = runs.last_run(connection)
        since = CLAIMS.c.date_claimed >= first if first else sa.true()
        upto = CLAIMS.c.date_claimed <= last if last else sa.true()
        batch = received(connection, sa.select(CLAIMS.c.claim_id).where(since, upto))
        if not len(batch.claim_ids):
            raise Refused([_no_claims(first, last)])
        later = connection.execute(sa.select(CLAIMS.c.claim_id).where(since)).scalars()
        given_back = _decided(np.array(sorted(later), np.int64), connection, run)
        opening = (
            find_opening(connection, basis.compiled, batch, run, given_back)
            if run
            else nothing(basis.compiled.registers)
        )
        rules = rejecting(present_rules(books))
        earlier = look_back(connection, run + 1, batch, None, batch.claim_ids) if rules else ()
        beside = registers_at(connection, basis.registers_load, BESIDE)
    tables = {**basis.tables, **beside}
    claims = claims_room.encode(basis.compiled.registers, batch.claims, batch.lines)
    past = past_of(basis, earlier, rules) if earlier else None
    claims, _ = reject(rules, basis.compiled, basis.tables, claims, past)
    taken = {
        "from": first.isoformat() if first else None,
        "to": last.isoformat() if last else None,
        "run": run,
        "registers": basis.registers_hash,
        "claims": table_hash([batch.digests]),
    }
    if before is not None:
        _check_same(before, taken)
    hashes = {
        "engine": engine.fingerprint(),
        "registers": basis.registers_hash,
        "claims": table_hash([batch.digests]),
    }
    desk = Desk(
        scheme=settings.scheme,
        currency=settings.currency,
        decimals=settings.decimals,
        sources=basis.sources,
        compiled=basis.compiled,
        tables=tables,
        claims=claims,
        opening=opening,
        hashes=hashes,
    )
    where = {"scheme": relative(folder, out), "books": taken}
    files = [source.path for source in basis.sources] + [rule.source.file for rule in rules]
    return Opened(desk, where, file_hashes(path.resolve() for path in files))


def open_again(folder: Path, taken: Mapping[str, Any], out: Path) -> Opened:
    """Take the same claims out of the books as an earlier simulation did.

    Raises:
        Refused: they are not the same any more.
    """
    first, last = (dt.date.fromisoformat(taken[name]) if taken[name] else None for name in ("from", "to"))
    return open_desk_of_books(folder, first, last, out, taken)


def _decided(claim_ids: Any, connection: sa.Connection, run: int) -> Any:
    """Give those of some claims that were decided by a run."""
    if not len(claim_ids) or not run:
        return np.zeros(0, np.int64)
    decided = current_decisions(connection, claim_ids, run)
    return np.asarray(decided["claim_id"].to_numpy(), np.int64)


def _no_claims(first: dt.date | None, last: dt.date | None) -> Problem:
    return problem_of(
        "simulation.no_claims",
        first=first or message("simulation.the_beginning"),
        last=last or message("simulation.the_end"),
    )


def _check_same(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    different = [name for name in ("registers", "claims", "run") if before.get(name) != now[name]]
    if different:
        words = [message(f"simulation.books_changed.{name}") for name in different]
        raise refused("simulation.books_changed", what=words)
