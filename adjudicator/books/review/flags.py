"""What rules that put claims into the queue said of claims, with their texts as they were then."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.review.grounds import queues_of_versions
from adjudicator.books.rules import recorded_rules
from adjudicator.problems import Refused
from adjudicator.rulebook.read import CompiledRule
from adjudicator.store import bulk
from adjudicator.store.schema import FLAGS, RUNS
from adjudicator.vocabulary import Severity

_FEW: Final = 20
"""Of so many claims flags are looked up one by one; of more, all flags are gone through once."""


@dataclass(frozen=True)
class Flag:
    """What a rule said; ``line`` is 0 where it speaks of the claim."""

    rule: str
    line: int
    severity: Severity
    score: int
    values: Mapping[str, Any]
    text: CompiledRule | None
    """The rule as it was; None where its text is not kept."""


def flags_of_claims(
    books: Books, connection: sa.Connection, claim_ids: Collection[int], last: int
) -> dict[int, list[Flag]]:
    """Read what was said of claims up to a run, what is surest first.

    Args:
        books: the books.
        connection: of a transaction.
        claim_ids: the claims; those that no rule put into the queue are left out of the answer.
        last: the number of the last run that counts. Of each rule and line the last one of these holds.
    """
    silent = {version for version, queue in queues_of_versions(connection).items() if queue is None}
    query = (
        _chosen(connection, claim_ids)
        .where(FLAGS.c.run <= last)
        .order_by(FLAGS.c.claim_id, FLAGS.c.run, FLAGS.c.line, FLAGS.c.rule)
    )
    rows = [row for row in connection.execute(query) if row.version not in silent]
    texts = _texts(books, connection, {(row.rule, row.version) for row in rows})
    said: dict[int, dict[tuple[str, int], Flag]] = defaultdict(dict)
    for row in rows:
        said[row.claim_id][row.rule, row.line] = Flag(
            row.rule,
            row.line,
            Severity(row.severity),
            row.score,
            json.loads(row._mapping["values"]),
            texts.get(row.version),
        )
    return {
        claim_id: sorted(flags.values(), key=lambda flag: (-flag.score, flag.rule, flag.line))
        for claim_id, flags in said.items()
    }


def _chosen(connection: sa.Connection, claim_ids: Collection[int]) -> sa.Select[Any]:
    query = sa.select(FLAGS)
    if len(claim_ids) <= _FEW:
        # Flags are kept run by run: naming these finds a claim's at once.
        return query.where(FLAGS.c.run.in_(sa.select(RUNS.c.run)), FLAGS.c.claim_id.in_(sorted(claim_ids)))
    keys = pa.table({"claim_id": pa.array(sorted(set(claim_ids)), pa.int64())})
    wanted = bulk.wanted(connection, "wanted_flagged", keys)
    return query.join(wanted, wanted.c.claim_id == FLAGS.c.claim_id)


def by_rule(flags: Sequence[Flag]) -> dict[str, list[Flag]]:
    """Give the flags of a claim by their rules, in the order in which these come first."""
    found: dict[str, list[Flag]] = {}
    for flag in flags:
        found.setdefault(flag.rule, []).append(flag)
    return found


def _texts(
    books: Books, connection: sa.Connection, versions: Set[tuple[str, str]]
) -> dict[str, CompiledRule]:
    """Read rules as they were when they fired, by version."""
    found = {}
    for name, version in sorted(versions):
        try:
            (rule,) = recorded_rules(books, connection, [[name, version]])
        except Refused:
            # Its values are told in its stead; to find what is damaged is another command's task.
            continue
        found[version] = rule
    return found
