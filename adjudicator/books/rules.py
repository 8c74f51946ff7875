"""The review rules of the books: as they are, as a run had them, and what they look back on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.books import texts
from adjudicator.books.archive import Archive
from adjudicator.books.books import Books
from adjudicator.books.claims import Received, received
from adjudicator.rulebook.read import CompiledRule, read_rule, read_rules
from adjudicator.store.schema import CLAIM_DECISIONS, CLAIMS, RULE_TEXTS, UNDECIDED

Int64s = npt.NDArray[np.int64]

LOOK_BACK: Final = 366
"""Days before the first claim of a run from which on earlier claims are looked at."""


def present_rules(books: Books) -> tuple[CompiledRule, ...]:
    """Take the rules as they are in the scheme's folder.

    Raises:
        Refused: with everything that is wrong with them.
    """
    return tuple(read_rules(books.folder / books.settings.rules, books.decimals))


def recorded_rules(
    books: Books, connection: sa.Connection, record: Sequence[Sequence[str]]
) -> tuple[CompiledRule, ...]:
    """Take the rules that a run was flagged by.

    Raises:
        Refused: a rule's text is gone, or no longer says what it said.
    """
    hashes = [content_hash for _, content_hash in record]

    def read(path: Path) -> CompiledRule:
        return read_rule(path, books.decimals)

    return texts.recorded(connection, RULE_TEXTS, hashes, read, "books.rule_changed")


def record_of_rules(rules: Sequence[CompiledRule]) -> list[list[str]]:
    """Give what a run's record says of its rules, in their order."""
    return [[rule.name, rule.content_hash] for rule in rules]


def keep_rules(connection: sa.Connection, rules: Sequence[CompiledRule]) -> None:
    """Keep the texts of rules in the books, each once."""
    rows = (
        {
            "content_hash": rule.content_hash,
            "rule": rule.name,
            "path": rule.source.file.name,
            "text": rule.source.text,
        }
        for rule in rules
    )
    texts.keep(connection, RULE_TEXTS, rows)


def rejecting(rules: Sequence[CompiledRule]) -> tuple[CompiledRule, ...]:
    """Give the rules that reject: they hold as well where a claim is decided again."""
    return tuple(rule for rule in rules if rule.definition.then.reject is not None)


def look_back(
    connection: sa.Connection,
    run: int,
    claims: Received,
    archive: Archive | None,
    but: Int64s | None = None,
) -> tuple[Received, ...]:
    """Read the earlier claims that rules look at: those decided before a run, of about a year.

    They come in parts, so that they can be made small one after the other.

    Args:
        connection: of a transaction.
        run: the number of the run.
        claims: that it decides.
        archive: where claims are kept as columns; none for a run that is repeated, which trusts only the
            books. With it the run must be the next one.
        but: claims to be left out, because they are decided again.
    """
    if run == 1 or not len(claims.claim_ids):
        return ()
    first = pc.min(claims.claims["date_claimed"]).cast(pa.int32())
    since = pc.subtract(first, pa.scalar(LOOK_BACK, pa.int32())).cast(pa.date32())
    left_out = claims.claim_ids if but is None else but
    if archive is None:
        parts = [received(connection, _decided_before(run, since.as_py()))]
    else:
        # What is not waiting was decided; the claims of this run are waiting themselves.
        waiting = np.array(connection.execute(sa.select(UNDECIDED.c.claim_id)).scalars().all(), np.int64)
        left_out = np.concatenate((waiting, left_out))
        parts = archive.since(connection, since)
    kept = (part.only(~np.isin(part.claim_ids, left_out)) for part in parts)
    return tuple(part for part in kept if len(part.claim_ids))


def _decided_before(run: int, since: Any) -> sa.Select[tuple[int]]:
    decisions = CLAIM_DECISIONS
    return (
        sa.select(CLAIMS.c.claim_id)
        .join(decisions, decisions.c.claim_id == CLAIMS.c.claim_id)
        .where(
            decisions.c.run < run,
            decisions.c.version == 1,
            decisions.c.entry == DECISION,
            CLAIMS.c.date_claimed >= since,
        )
    )
