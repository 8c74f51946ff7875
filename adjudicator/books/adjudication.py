"""Deciding the claims that wait: a run, written in partitions and published whole."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator import engine
from adjudicator.adjudication.adjudicate import AmountTooLarge
from adjudicator.adjudication.summary import Summary
from adjudicator.books.archive import Archive
from adjudicator.books.basis import Basis, keep_products, present_basis
from adjudicator.books.books import Books
from adjudicator.books.claims import Received, received
from adjudicator.books.ledger import find_opening
from adjudicator.books.memory import remember, remembered_by
from adjudicator.books.rules import keep_rules, present_rules, record_of_rules
from adjudicator.books.submission.rules import find_past
from adjudicator.books.work import HELD_AMOUNT, HELD_FACILITY, Work, without_valid_facility
from adjudicator.problems import DoesNotAddUp
from adjudicator.rulebook.read import CompiledRule
from adjudicator.store import lock, runs
from adjudicator.store.digests import table_hash
from adjudicator.store.journal import Act, canonical
from adjudicator.store.schema import UNDECIDED
from adjudicator.store.writers import Writers

Int64s = npt.NDArray[np.int64]
Progress = Callable[[str, int, int], None]

KIND: Final = "adjudication"

SIDE_BY_SIDE: Final = 2
"""How many partitions a server is given at a time."""


@dataclass(frozen=True)
class Held:
    """Claims that a run could not decide; they wait on."""

    claim_ids: Int64s
    reason: str
    """A key of the catalogue."""


@dataclass
class Outcome:
    """What a run comes to, booked or tried out."""

    run: int
    name: str
    summary: Summary
    held: list[Held]
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Rows and hash of what was decided, by table of the ledger."""
    booked: bool = False
    resumed: bool = False

    @property
    def net(self) -> dict[str, int]:
        """What the run adds to the books: claims and lines decided, and amounts in minor units."""
        summary = self.summary
        return {
            "claims": summary.claims.total(),
            "lines": summary.lines.total(),
            "claimed": summary.claimed,
            "valuated": summary.valuated,
        }


def no_progress(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def adjudicate_books(
    books: Books,
    by: str,
    until: dt.date | None = None,
    dry_run: bool = False,
    threads: int = 1,
    progress: Progress = no_progress,
) -> Outcome | None:
    """Decide the claims that were received and not decided yet.

    Args:
        books: the books.
        by: who has it done.
        until: only claims that were claimed up to this day; all when left out.
        dry_run: decide, and write nothing.
        threads: decides nothing but the time.
        progress: told how far it is.

    Returns:
        What the run comes to; None where no claim waits.

    Raises:
        Refused: somebody else is at work, products or registers are not in order, or the database cannot.
        DoesNotAddUp: amounts do not add up, which must never happen; nothing was published.
    """
    if dry_run:
        return _adjudicate(books, by, until, True, threads, progress)
    with lock.held(books.database, Act(by, "adjudicate")):
        return _adjudicate(books, by, until, False, threads, progress)


def _adjudicate(
    books: Books, by: str, until: dt.date | None, dry_run: bool, threads: int, progress: Progress
) -> Outcome | None:
    progress("run.reading_claims", 0, 1)
    with books.database.reading() as connection:
        run = runs.last_run(connection) + 1
        upto = connection.execute(sa.select(sa.func.max(UNDECIDED.c.claim_id))).scalar()
        if upto is None:
            return None
        basis = present_basis(books, connection)
    rules = present_rules(books)
    plan = {
        "kind": KIND,
        "rules": record_of_rules(rules),
        "until": until.isoformat() if until else None,
        "claims_upto": int(upto),
        "engine": engine.fingerprint(),
        **basis.record(),
    }
    if not dry_run:
        plan = _resumed(books, run, plan)
        remember(books.database, basis.compiled, run)
    with books.database.reading() as connection:
        chosen = waiting(plan["until"], plan["claims_upto"])
        work, held = prepare(connection, run, basis, chosen, rules, Archive(books))
    progress("run.reading_claims", 1, 1)
    if not len(work.received.claim_ids):
        return Outcome(run, "", work.summary, held) if held else None
    outcome = Outcome(run, months(work.received), work.summary, held)
    act = Act(by, "adjudicate")
    return carry_out(books, act, work, work.groups(threads), outcome, plan, progress, dry_run)


def _resumed(books: Books, run: int, plan: dict[str, Any]) -> dict[str, Any]:
    """Go on with the claims of a run that was killed, where everything else is as it was.

    Claims that came in since wait for the next run, so that this one ends as it would have.
    """
    with books.database.reading() as connection:
        present = runs.open_plan(connection)
    if present is None:
        return plan
    before = json.loads(present[1])
    changed = {key for key in plan if key != "claims_upto" and before.get(key) != plan[key]}
    return before if present[0] == run and not changed and set(before) == set(plan) else plan


def waiting(until: str | None, claims_upto: int) -> sa.Select[tuple[int]]:
    """Choose the claims that wait, up to a day and a number."""
    query = sa.select(UNDECIDED.c.claim_id).where(UNDECIDED.c.claim_id <= claims_upto)
    return query.where(UNDECIDED.c.date_claimed <= dt.date.fromisoformat(until)) if until else query


def prepare(
    connection: sa.Connection,
    run: int,
    basis: Basis,
    chosen: sa.Select[tuple[int]],
    rules: tuple[CompiledRule, ...] = (),
    archive: Archive | None = None,
) -> tuple[Work, list[Held]]:
    """Read what a run decides about and what it finds; claims that cannot be decided are held."""
    claims = received(connection, chosen)
    held = []
    if len(claims.claim_ids):
        homeless = without_valid_facility(basis, claims)
        if homeless.any():
            held.append(Held(claims.claim_ids[homeless], HELD_FACILITY))
            claims = claims.only(~homeless)
    work = work_on(connection, run, basis, claims, rules, archive)
    while len(claims.claim_ids):
        too_large = _too_large(work)
        if not len(too_large):
            break
        kept = np.ones(len(claims.claim_ids), np.bool_)
        kept[too_large] = False
        held.append(Held(claims.claim_ids[~kept], HELD_AMOUNT))
        claims = claims.only(kept)
        work = work_on(connection, run, basis, claims, rules, archive)
    return work, held


def work_on(
    connection: sa.Connection,
    run: int,
    basis: Basis,
    claims: Received,
    rules: tuple[CompiledRule, ...] = (),
    archive: Archive | None = None,
) -> Work:
    """Find what claims that are decided for the first time are opened with."""
    opening = find_opening(connection, basis.compiled, claims, run - 1, np.zeros(0, np.int64))
    versions = np.ones(len(claims.claim_ids), np.int64)
    remembered = remembered_by(connection, basis.compiled, run)
    past = find_past(connection, run, claims, basis.tables, rules, archive)
    return Work(run, basis, claims, versions, opening, remembered, rules, past)


def _too_large(work: Work) -> Int64s:
    """Find claims whose amounts cannot be counted; only amounts that are very large are tried out."""
    lines = work.received.lines
    largest = max((abs(v) for name in ("quantity", "price_asked") for v in _ends(lines[name])), default=0)
    if largest < 1 << 30:
        return np.zeros(0, np.int64)
    try:
        for _ in replace(work, rules=(), summary=Summary()).groups():
            pass
    except AmountTooLarge as found:
        return np.array(found.claims, np.int64)
    return np.zeros(0, np.int64)


def _ends(column: Any) -> list[int]:
    ends = pc.min_max(column).as_py()
    return [value for value in ends.values() if value is not None]


def carry_out(
    books: Books,
    act: Act,
    work: Work,
    groups: Iterable[Mapping[str, pa.Table]],
    outcome: Outcome,
    plan: Mapping[str, Any],
    progress: Progress,
    dry_run: bool = False,
) -> Outcome:
    """Decide, write partition by partition, and publish; or only decide.

    Raises:
        Refused: the database could not do it; what was written is not published, and is gone on with by
            the next run.
        DoesNotAddUp: not every claim was decided; nothing was published.
    """
    run, said = work.run, canonical(plan)
    written: dict[int, str] = {}
    if not dry_run:
        with books.database.writing() as connection:
            written = runs.open_run(connection, run, said)
            keep_products(connection, work.basis.sources, books.folder)
            keep_rules(connection, work.rules)
    outcome.resumed = bool(written)
    digests: dict[str, list[Int64s]] = defaultdict(list)
    total = work.received.lines.num_rows
    progress("run.adjudicating", 0, total)
    # A server takes partitions side by side; the embedded file one at a time, while the next is decided.
    with Writers(1 if books.database.embedded else SIDE_BY_SIDE) as writers:
        for partition, rows in enumerate(groups):
            stored, row_digests = runs.digested(rows)
            for table, of_rows in row_digests.items():
                digests[table].append(of_rows)
            if not dry_run:
                digest = runs.partition_hash(row_digests)
                if partition not in written:
                    writers.give(_write_partition, books, run, said, partition, stored, digest)
                elif written[partition] != digest:
                    raise DoesNotAddUp(f"partition {partition} of run {run} was written otherwise before")
            progress("run.adjudicating", work.summary.lines.total(), total)
    outcome.outputs = {
        table: {"rows": sum(map(len, parts)), "hash": table_hash(parts)}
        for table, parts in sorted(digests.items())
    }
    summary = work.summary
    if summary.claims.total() != len(work.received.claim_ids) or summary.lines.total() != total:
        raise DoesNotAddUp(
            f"{len(work.received.claim_ids)} claims to decide, {summary.claims.total()} decided"
        )
    if not dry_run:
        record = run_record(plan, work, outcome)
        with books.database.writing() as connection:
            runs.publish(connection, act, run, said, str(plan["kind"]), outcome.name, record)
        outcome.booked = True
    return outcome


def _write_partition(
    books: Books, run: int, plan: str, partition: int, rows: Mapping[str, pa.Table], digest: str
) -> None:
    with books.database.writing() as connection:
        runs.write_partition(connection, run, plan, partition, rows, digest)


def run_record(plan: Mapping[str, Any], work: Work, outcome: Outcome) -> dict[str, Any]:
    """Give the record of a run: what went in and what came out, with hashes and without a clock."""
    return {
        **plan,
        "engine": {"version": engine.version(), "fingerprint": plan["engine"]},
        "claims_hash": table_hash([work.received.digests]),
        "held": {held.reason: held.claim_ids.tolist() for held in outcome.held},
        "outputs": outcome.outputs,
        "booked": outcome.net,
        "summary": outcome.summary.as_record(),
    }


def months(claims: Received) -> str:
    """Name a run after the months in which its claims came in."""
    days = claims.claims["date_claimed"].to_numpy()
    first, last = (str(np.datetime64(day, "M")) for day in (days.min(), days.max()))
    return first if first == last else f"{first}..{last}"
