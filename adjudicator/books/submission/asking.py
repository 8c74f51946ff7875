"""Asking the rules that the counter leaves out about what it decided: a run that flags, and decides nothing.

The counter asks only what looks no farther than a family, for nobody can wait there while a year of the
country is looked at. The other rules that flag are asked here, about all claims at once, and about each claim
once. No amount changes, and no rule that rejects acts: a claim that was paid already is flagged all the same.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator import engine
from adjudicator.books.adjudication import Progress, months, no_progress
from adjudicator.books.archive import Archive
from adjudicator.books.basis import Basis, keep_products, present_basis
from adjudicator.books.books import Books
from adjudicator.books.claims import Received, received
from adjudicator.books.ledger import current_decisions
from adjudicator.books.rules import keep_rules, present_rules, record_of_rules
from adjudicator.books.submission.questions import flags_of
from adjudicator.books.submission.rules import ASLEEP
from adjudicator.books.submission.unasked import LeftOut, first_decisions, forget_asked, unasked
from adjudicator.encoding import integers
from adjudicator.rulebook.read import CompiledRule
from adjudicator.store import bulk, lock, runs
from adjudicator.store.digests import table_hash
from adjudicator.store.journal import Act, canonical
from adjudicator.store.schema import SETTLEMENTS
from adjudicator.vocabulary import ClaimStatus

KIND: Final = "asking"
"""The kind of a run that only flags."""

_NOTHING_DECIDED: Final = {"claims": 0, "lines": 0, "claimed": 0, "valuated": 0}


@dataclass(frozen=True)
class OfRule:
    """What a rule said when it was asked."""

    rule: CompiledRule
    flags: int
    claims: int


@dataclass(frozen=True)
class Asked:
    """What rules said about claims, booked or tried out."""

    run: int
    name: str
    """The months in which the claims came in."""
    claims: int
    """How many claims the rules were asked about."""
    rules: tuple[OfRule, ...]
    """Those that were asked, in their order; none where all that were left out are gone, or sleep."""
    flagged: int
    """How many accepted claims have a flag of a rule that puts them into the queue."""
    settled: int
    """How many of these are on a statement already."""
    booked: bool = False

    @property
    def flags(self) -> int:
        """How many flags there are, those of rules on trial among them."""
        return sum(one.flags for one in self.rules)


def ask(
    books: Books,
    by: str,
    start: dt.date | None = None,
    end: dt.date | None = None,
    dry_run: bool = False,
    threads: int = 1,
    progress: Progress = no_progress,
) -> Asked | None:
    """Ask the rules that were left out about the claims that were decided without them.

    Each claim is asked about once; a rule that is gone, sleeps or rejects by now is not asked.

    Args:
        books: the books.
        by: who has it done.
        start: only claims that were claimed on this day or later.
        end: only claims that were claimed up to this day.
        dry_run: ask, and write nothing.
        threads: decides nothing but the time.
        progress: told how far it is.

    Returns:
        What the rules said; None where no claim waits.

    Raises:
        Refused: somebody else is at work, products, rules or registers are not in order, or the database
            cannot.
    """
    if dry_run:
        return _ask(books, by, start, end, True, threads, progress)
    with lock.held(books.database, Act(by, "ask rules")):
        return _ask(books, by, start, end, False, threads, progress)


def _ask(
    books: Books,
    by: str,
    start: dt.date | None,
    end: dt.date | None,
    dry_run: bool,
    threads: int,
    progress: Progress,
) -> Asked | None:
    progress("run.reading_claims", 0, 1)
    with books.database.reading() as connection:
        run = runs.last_run(connection) + 1
        claims = received(connection, unasked(start, end))
        if not len(claims.claim_ids):
            return None
        left_out = LeftOut.of(connection, first_decisions(connection, claims.claim_ids))
        rules = asked_now(present_rules(books), left_out)
        if not rules:
            return Asked(run, months(claims), len(claims.claim_ids), (), 0, 0)
        basis = present_basis(books, connection)
        progress("run.reading_claims", 1, 1)
        progress("run.flagging", 0, 1)
        flags = flags_of(connection, run, basis, claims, rules, Archive(books), threads)
        progress("run.flagging", 1, 1)
        asked = _told(connection, run, claims, rules, flags)
    if dry_run:
        return asked
    plan = {
        "kind": KIND,
        "rules": record_of_rules(rules),
        "since": start.isoformat() if start else None,
        "until": end.isoformat() if end else None,
        "engine": engine.fingerprint(),
        **basis.record(),
    }
    _book(books, Act(by, "ask rules"), asked, plan, basis, claims, rules, flags)
    return replace(asked, booked=True)


def asked_now(rules: Sequence[CompiledRule], left_out: LeftOut) -> tuple[CompiledRule, ...]:
    """Give the rules that were left out and can be asked now: they are awake, and do not reject."""
    return tuple(
        rule
        for rule in rules
        if rule.name in left_out.names
        and rule.definition.then.reject is None
        and rule.definition.status not in ASLEEP
    )


def _told(
    connection: sa.Connection, run: int, claims: Received, rules: Sequence[CompiledRule], flags: pa.Table
) -> Asked:
    named = list(zip(flags["rule"].to_pylist(), flags["claim_id"].to_pylist(), strict=True))
    count, of_claims = Counter(name for name, _ in named), Counter(name for name, _ in set(named))
    told = tuple(OfRule(rule, count[rule.name], of_claims[rule.name]) for rule in rules)
    awake = {rule.name for rule in rules if rule.definition.status == "active"}
    flagged = np.array(sorted({claim for name, claim in named if name in awake}), np.int64)
    # There is nothing left to save on a claim that was rejected: it is no case.
    decided = current_decisions(connection, flagged, run - 1)
    accepted = decided.filter(pc.not_equal(decided["status"], int(ClaimStatus.REJECTED)))
    flagged = np.sort(integers(accepted["claim_id"], np.int64))
    wanted = bulk.wanted(connection, "wanted_flagged", pa.table({"claim_id": flagged}))
    query = sa.select(sa.func.count(SETTLEMENTS.c.claim_id.distinct())).join(
        wanted, wanted.c.claim_id == SETTLEMENTS.c.claim_id
    )
    settled = int(connection.execute(query).scalar_one())
    return Asked(run, months(claims), len(claims.claim_ids), told, len(flagged), settled)


def _book(
    books: Books,
    act: Act,
    asked: Asked,
    plan: dict[str, Any],
    basis: Basis,
    claims: Received,
    rules: Sequence[CompiledRule],
    flags: pa.Table,
) -> None:
    """Write the flags, which claims were asked about, and the run's record, within one transaction."""
    run, said = asked.run, canonical(plan)
    stored, digests = runs.digested({"flags": flags})
    claim_ids = claims.claim_ids
    stored["run_claims"] = pa.table({"run": np.full(len(claim_ids), run), "claim_id": claim_ids})
    record = {
        **plan,
        "engine": {"version": engine.version(), "fingerprint": plan["engine"]},
        "claims": len(claim_ids),
        "claims_hash": table_hash([claims.digests]),
        "outputs": {name: {"rows": len(rows), "hash": table_hash([rows])} for name, rows in digests.items()},
        "booked": _NOTHING_DECIDED,
    }
    with books.database.writing() as connection:
        runs.open_run(connection, run, said)
        keep_products(connection, basis.sources, books.folder)
        keep_rules(connection, rules)
        runs.write_partition(connection, run, said, 0, stored, runs.partition_hash(digests))
        runs.publish(connection, act, run, said, KIND, asked.name, record)
        forget_asked(connection, run)
