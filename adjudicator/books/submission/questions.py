"""Asking rules about claims that were decided before: the same look back, and the same flags, as of a run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from adjudicator import claims as claims_room
from adjudicator.adjudication.adjudicate import Decided
from adjudicator.books.archive import Archive
from adjudicator.books.basis import Basis
from adjudicator.books.claims import Received
from adjudicator.books.flag_rows import flag_rows
from adjudicator.books.ledger import rows_of_decisions
from adjudicator.books.rules import look_back
from adjudicator.books.submission.as_decided import as_decided
from adjudicator.books.submission.unasked import LeftOut, first_decisions
from adjudicator.books.work import past_of
from adjudicator.claims import Claims
from adjudicator.rulebook.flags import Fired
from adjudicator.rulebook.month import flag
from adjudicator.rulebook.read import CompiledRule
from adjudicator.store.schema import LINE_DECISIONS

Int64s = npt.NDArray[np.int64]


def flags_of(
    connection: sa.Connection,
    run: int,
    basis: Basis,
    received: Received,
    rules: tuple[CompiledRule, ...],
    archive: Archive | None = None,
    threads: int = 1,
) -> pa.Table:
    """Ask rules about claims, each about those by whose run it was left out.

    What a rule asks about the decision is the first one: flags are of the claim as it came.

    Args:
        connection: of a transaction.
        run: the number of the run that asks; claims decided before it are looked back on.
        basis: registers and products of now.
        received: the claims, decided before the run.
        rules: that flag.
        archive: see :func:`adjudicator.books.rules.look_back`.
        threads: decides nothing but the time.

    Returns:
        Rows of the table ``flags``, without digests.

    Raises:
        Refused: decisions of the claims are gone.
    """
    first = first_decisions(connection, received.claim_ids)
    lines = rows_of_decisions(connection, LINE_DECISIONS, first)
    claims = claims_room.encode(basis.compiled.registers, received.claims, received.lines)
    decided = as_decided(basis.compiled, claims, received.claim_ids, first, lines)
    fired = _fired(connection, run, basis, received, rules, archive, claims, decided, threads)
    rows = flag_rows(run, fired, claims, received.claim_ids[claims.claim_row])
    place = np.searchsorted(received.claim_ids, rows["claim_id"].to_numpy())
    return rows.filter(pa.array(LeftOut.of(connection, first).is_among(place, rows["rule"].to_pylist())))


def _fired(
    connection: sa.Connection,
    run: int,
    basis: Basis,
    received: Received,
    rules: tuple[CompiledRule, ...],
    archive: Archive | None,
    claims: Claims,
    decided: Decided,
    threads: int,
) -> list[Fired]:
    """Look back, and ask: all that is taken from the room of the rules."""
    earlier = look_back(connection, run, received, archive)
    past = past_of(basis, earlier, rules) if earlier else None
    return flag(rules, basis.compiled, basis.tables, claims, [decided], past, threads)
