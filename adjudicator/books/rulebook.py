"""The review rules of the books: as they are, as a run had them, and what they look back on."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.archive import Archive
from adjudicator.books.books import Books
from adjudicator.books.claims import Received, received
from adjudicator.problems import Problem, Refused
from adjudicator.rulebook.read import CompiledRule, read_rule, read_rules
from adjudicator.store.schema import CLAIM_DECISIONS, CLAIMS, RULE_TEXTS, UNDECIDED
from adjudicator.words import message

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
    query = sa.select(RULE_TEXTS).where(RULE_TEXTS.c.content_hash.in_(hashes))
    rows = {row.content_hash: row for row in connection.execute(query)}
    rules = []
    with tempfile.TemporaryDirectory() as folder:
        for content_hash in hashes:
            row = rows.get(content_hash)
            if row is not None:
                path = Path(folder) / f"{content_hash}.yaml"
                path.write_text(row.text, "utf-8")
                rule = read_rule(path, books.decimals)
            if row is None or rule.content_hash != content_hash:
                what = message("books.rule_changed", hash=content_hash)
                raise Refused([Problem(what, remedy=message("books.product_changed.remedy"))])
            rules.append(rule)
    return tuple(rules)


def record_of_rules(rules: Sequence[CompiledRule]) -> list[list[str]]:
    """Give what a run's record says of its rules, in their order."""
    return [[rule.name, rule.content_hash] for rule in rules]


def keep_rules(connection: sa.Connection, rules: Sequence[CompiledRule]) -> None:
    """Keep the texts of rules in the books, each once."""
    present = set(connection.execute(sa.select(RULE_TEXTS.c.content_hash)).scalars())
    for rule in rules:
        if rule.content_hash not in present:
            values = {
                "content_hash": rule.content_hash,
                "rule": rule.name,
                "path": rule.source.file.name,
                "text": rule.source.text,
            }
            connection.execute(sa.insert(RULE_TEXTS).values(**values))


def rejecting(rules: Sequence[CompiledRule]) -> tuple[CompiledRule, ...]:
    """Give the rules that reject: they hold as well where a claim is decided again."""
    return tuple(rule for rule in rules if rule.definition.then.reject is not None)


def look_back(
    connection: sa.Connection,
    run: int,
    claims: Received,
    archive: Archive | None,
    but: Int64s | None = None,
) -> Received | None:
    """Read the earlier claims that rules look at: those decided before a run, of about a year.

    Args:
        connection: of a transaction.
        run: the number of the run.
        claims: that it decides.
        archive: where claims are kept as columns; none for a run that is repeated, which trusts only the
            books. With it the run must be the next one.
        but: claims to be left out, because they are decided again.
    """
    if run == 1 or not len(claims.claim_ids):
        return None
    first = pc.min(claims.claims["date_claimed"]).cast(pa.int32())
    since = pc.subtract(first, pa.scalar(LOOK_BACK, pa.int32())).cast(pa.date32())
    left_out = claims.claim_ids if but is None else but
    if archive is None:
        earlier = received(connection, _decided_before(run, since.as_py()))
    else:
        # What is not waiting was decided; the claims of this run are waiting themselves.
        waiting = np.array(connection.execute(sa.select(UNDECIDED.c.claim_id)).scalars().all(), np.int64)
        left_out = np.concatenate((waiting, left_out))
        earlier = archive.since(connection, since)
    return earlier.only(~np.isin(earlier.claim_ids, left_out))


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
