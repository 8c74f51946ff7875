"""Deciding again what was decided: the old decision is taken back and the new one booked, both to be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator import engine
from adjudicator.adjudication.booking import DECISION, REVERSAL
from adjudicator.books.adjudication import Outcome, Progress, carry_out, no_progress
from adjudicator.books.basis import Basis, present_basis
from adjudicator.books.books import Books
from adjudicator.books.claims import Received, received
from adjudicator.books.ledger import (
    AMOUNTS,
    current_decisions,
    find_balances,
    find_opening,
    negated,
    rows_of_decisions,
    standing,
    summed,
)
from adjudicator.books.memory import remember, remembered_by
from adjudicator.books.review.applied import REVIEWED, note_applied, unapplied
from adjudicator.books.review.reviews import last_review, with_reviews
from adjudicator.books.review.rounds import rounds_of_waiting
from adjudicator.books.rules import look_back, present_rules, record_of_rules, rejecting
from adjudicator.books.work import Work, people_of
from adjudicator.problems import Refused, problem_of, refused
from adjudicator.rulebook.read import CompiledRule
from adjudicator.store import bulk, lock, runs
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.journal import Act
from adjudicator.store.schema import (
    ACCEPTED_CLAIMS,
    ACCEPTED_LINES,
    BALANCE_ENTRIES,
    CLAIM_DECISIONS,
    CLAIMS,
    LINE_DECISIONS,
)
from adjudicator.tables import ACCEPTED_BEFORE
from adjudicator.vocabulary import ClaimStatus, Cut

Int64s = npt.NDArray[np.int64]

KIND: Final = "readjudication"

_AMOUNTS: Final[Mapping[str, Sequence[str]]] = {
    "claim_decisions": ("claimed", "valuated", "remunerated"),
    "line_decisions": ("quantity", *(cut.word for cut in Cut), "valuated", "remunerated"),
    "balance_entries": AMOUNTS,
    "accepted_claims": (),
    "accepted_lines": (),
}
"""What is negated when a row is taken back, by table of the ledger."""

_IDENTITY: Final = ("run", "entry", "version")
"""Columns that say which decision a row is of, not what was decided."""


@dataclass(frozen=True)
class Difference:
    """What a readjudication changes for a facility; amounts in minor units."""

    facility: str
    claims: int
    before: int
    after: int

    @property
    def net(self) -> int:
        """What the facility is valued more (or less)."""
        return self.after - self.before

    def plus(self, other: Difference) -> Difference:
        """Add what other claims of the facility change."""
        return Difference(
            self.facility, self.claims + other.claims, self.before + other.before, self.after + other.after
        )


@dataclass
class Readjudication(Outcome):
    """A readjudication, booked or tried out."""

    looked_at: int = 0
    changed: int = 0
    lines_changed: int = 0
    differences: tuple[Difference, ...] = ()
    earlier: tuple[int, ...] = ()
    """The runs that rounds before this one booked."""
    later: int = 0
    """Claims of later rounds, whose decisions depend on this one; tried out, they are not told of."""

    @property
    def runs(self) -> tuple[int, ...]:
        """What was booked, in order."""
        return (*self.earlier, self.run) if self.booked else self.earlier

    def following(self, before: Readjudication) -> Readjudication:
        """Put this round and the ones before it together; no claim is in two of them."""
        by_facility: dict[str, Difference] = {}
        for one in (*before.differences, *self.differences):
            known = by_facility.get(one.facility)
            by_facility[one.facility] = one.plus(known) if known else one
        return replace(
            self,
            looked_at=before.looked_at + self.looked_at,
            changed=before.changed + self.changed,
            lines_changed=before.lines_changed + self.lines_changed,
            differences=tuple(by_facility[name] for name in sorted(by_facility)),
            earlier=before.runs,
        )

    @property
    def net(self) -> dict[str, int]:
        """What the run adds to the books: decisions that changed, and the difference in amounts."""
        difference = sum(one.net for one in self.differences)
        return {"claims": self.changed, "lines": self.lines_changed, "claimed": 0, "valuated": difference}


def find_claims(connection: sa.Connection, names: Sequence[str]) -> Int64s:
    """Find claims by what people call them.

    Args:
        connection: of a transaction.
        names: claim numbers; ``facility/number`` where several facilities use one; the path of a file with
            one of these on each line; ``all``; or ``reviewed``, those with a review that still waits.

    Raises:
        Refused: claims that are not there, or not clear; all of them at once.
    """
    if list(names) == ["all"]:
        query = sa.select(CLAIM_DECISIONS.c.claim_id).distinct()
        return np.asarray(bulk.read(connection, query)["claim_id"].to_numpy(), np.int64)
    if list(names) == [REVIEWED]:
        return unapplied(connection)
    wanted: dict[str, None] = {}
    for name in names:
        if Path(name).is_file():
            wanted |= dict.fromkeys(line.strip() for line in Path(name).read_text("utf-8-sig").splitlines())
        else:
            wanted[name] = None
    wanted.pop("", None)
    numbers = {name for given in wanted for name in (given, given.partition("/")[2]) if name}
    table = bulk.wanted(connection, "wanted_numbers", pa.table({"claim": pa.array(sorted(numbers))}))
    query = sa.select(CLAIMS.c.claim_id, CLAIMS.c.facility, CLAIMS.c.claim).join(
        table, table.c.claim == CLAIMS.c.claim
    )
    by_name: dict[str, list[int]] = {}
    for row in connection.execute(query):
        by_name.setdefault(row.claim, []).append(row.claim_id)
        by_name.setdefault(f"{row.facility}/{row.claim}", []).append(row.claim_id)
    problems = []
    for given in wanted:
        found = by_name.get(given, [])
        if len(found) != 1:
            key = "books.claim_of_several" if found else "books.no_such_claim"
            problems.append(problem_of(key, claim=given))
    if problems:
        raise Refused(problems)
    return np.array(sorted({by_name[given][0] for given in wanted}), np.int64)


def readjudicate(
    books: Books,
    by: str,
    names: Sequence[str],
    reason: str,
    dry_run: bool = False,
    threads: int = 1,
    progress: Progress = no_progress,
) -> Readjudication:
    """Decide claims again with the registers, products and delivered reviews of today.

    The claims give back what they used, and are decided in adjudication order; claims adjudicated in
    between keep their balances (law, section 7). A claim whose decision stays the same is left alone.

    Reviews that wait are applied in rounds, so that they come to what they would have come to when they
    were delivered (:mod:`adjudicator.books.review.rounds`); each round is a run, and one that is stopped
    leaves the reviews of the next ones waiting. Tried out, only the first round can be told.

    Args:
        books: the books.
        by: who has it done.
        names: of the claims, see :func:`find_claims`.
        reason: why, for the books.
        dry_run: decide, and write nothing.
        threads: decides nothing but the time.
        progress: told how far it is.

    Raises:
        Refused: no reason is given, a claim is not there or was not decided yet, somebody else is at work,
            products or registers are not in order, or the database cannot.
    """
    if not reason.strip():
        raise refused("books.no_reason")
    act = Act(by, "readjudicate")
    with nullcontext() if dry_run else lock.held(books.database, act):
        progress("run.reading_claims", 0, 1)
        with books.database.reading() as connection:
            basis = present_basis(books, connection)
            waiting = list(names) == [REVIEWED]
            rounds = rounds_of_waiting(connection, basis) if waiting else [find_claims(connection, names)]
        asked = _Asked(act, reason, basis, dry_run, threads, progress)
        done = _decide_round(books, rounds[0], asked)
        if dry_run:
            return replace(done, later=sum(map(len, rounds[1:])))
        for claim_ids in rounds[1:]:
            done = _decide_round(books, claim_ids, asked).following(done)
        return done


@dataclass(frozen=True)
class _Asked:
    """What a readjudication was asked to do, and on which basis."""

    act: Act
    reason: str
    basis: Basis
    dry_run: bool
    threads: int
    progress: Progress


def _decide_round(books: Books, claim_ids: Int64s, asked: _Asked) -> Readjudication:
    basis, progress = asked.basis, asked.progress
    with books.database.reading() as connection:
        run = runs.last_run(connection) + 1
        reviews = last_review(connection)
    rules = rejecting(present_rules(books))
    plan = {
        "kind": KIND,
        "rules": record_of_rules(rules),
        "reason": asked.reason,
        "claims": table_hash([claim_ids]),
        "reviews_upto": reviews,
        "engine": engine.fingerprint(),
        **basis.record(),
    }
    if not asked.dry_run:
        remember(books.database, basis.compiled, run)
    with books.database.reading() as connection:
        again = prepare_again(connection, run, basis, claim_ids, reviews, rules)
        rows, outcome = decide_again(connection, again, asked.threads)
    outcome.name = asked.reason
    progress("run.reading_claims", 1, 1)
    if outcome.changed:
        carry_out(books, asked.act, again.work, [rows], outcome, plan, progress, asked.dry_run)
    if not asked.dry_run:
        note_applied(books.database, claim_ids, reviews)
    return outcome


@dataclass(frozen=True)
class Again:
    """What is decided again, and what was decided before."""

    work: Work
    before: pa.Table
    """The decisions about the claims that hold now."""


def prepare_again(
    connection: sa.Connection,
    run: int,
    basis: Basis,
    claim_ids: Int64s,
    reviews: int,
    rules: tuple[CompiledRule, ...],
) -> Again:
    """Read the claims to be decided again, and what they find when each has given back what it used.

    Raises:
        Refused: some of them were not decided yet.
    """
    before = current_decisions(connection, claim_ids, run - 1)
    undecided = len(claim_ids) - len(before)
    if undecided:
        raise refused("books.not_decided", count=undecided)
    chosen = bulk.wanted(connection, "chosen_claims", pa.table({"claim_id": claim_ids}))
    claims = received(connection, sa.select(chosen.c.claim_id))
    claims = _with_what_was_accepted(connection, with_reviews(connection, claims, reviews), run)
    opening = find_opening(connection, basis.compiled, claims, run - 1, claim_ids)
    versions = np.asarray(before["version"].to_numpy(), np.int64) + 1
    remembered = remembered_by(connection, basis.compiled, run)
    past = look_back(connection, run, claims, None, claim_ids) if rules else ()
    return Again(Work(run, basis, claims, versions, opening, remembered, rules, past), before)


def _with_what_was_accepted(connection: sa.Connection, received: Received, run: int) -> Received:
    """Mark the claims that a run before accepted: reviews of them stand, though as claimed they fail now."""
    wanted = bulk.wanted(connection, "maybe_accepted", pa.table({"claim_id": received.claim_ids}))
    decisions = CLAIM_DECISIONS
    query = (
        sa.select(decisions.c.claim_id)
        .join(wanted, wanted.c.claim_id == decisions.c.claim_id)
        .where(
            decisions.c.entry == DECISION,
            decisions.c.run < run,
            decisions.c.status != int(ClaimStatus.REJECTED),
        )
        .distinct()
    )
    accepted = np.isin(received.claim_ids, bulk.read(connection, query)["claim_id"].to_numpy())
    claims = received.claims.append_column(ACCEPTED_BEFORE, pa.array(accepted))
    return replace(received, claims=claims)


def decide_again(
    connection: sa.Connection, again: Again, threads: int
) -> tuple[dict[str, pa.Table], Readjudication]:
    """Decide, and give the rows of the ledger: what is taken back, what is booked, and new balances."""
    work = again.work
    # Flags stay with the first decision: they are of the claim as it came.
    groups = [group for group in work.groups(threads) if "claim_decisions" in group]
    new = {name: pa.concat_tables([group[name] for group in groups]) for name in groups[0]}
    old = _old_rows(connection, again)
    changed = _changed(work.received.claim_ids, old, new)
    rows = {name: _only(new[name], changed) for name in _AMOUNTS}
    back = {name: _taken_back(name, _only(old[name], changed), work.run) for name in _AMOUNTS}
    booked = {
        name: pa.concat_tables([back[name].cast(_plain(rows[name]).schema), _plain(rows[name])])
        for name in _AMOUNTS
    }
    booked["balances"] = _balances(connection, work.run, booked["balance_entries"])
    looked_at = work.received.claim_ids
    booked["run_claims"] = pa.table({"run": np.full(len(looked_at), work.run), "claim_id": looked_at})
    outcome = Readjudication(
        work.run,
        "",
        work.summary,
        [],
        looked_at=len(work.received.claim_ids),
        changed=len(changed),
        lines_changed=len(rows["line_decisions"]),
        differences=_differences(work, old["claim_decisions"], new["claim_decisions"], changed),
    )
    return booked, outcome


def _plain(rows: pa.Table) -> pa.Table:
    """Give a table whose texts are no dictionaries, so that tables can be put together."""
    columns = {
        name: rows[name].cast(pa.string()) if pa.types.is_dictionary(rows[name].type) else rows[name]
        for name in rows.column_names
    }
    return pa.table(columns)


def _old_rows(connection: sa.Connection, again: Again) -> dict[str, pa.Table]:
    before = again.before
    old = {
        "claim_decisions": before.drop_columns(["digest"]),
        "line_decisions": rows_of_decisions(connection, LINE_DECISIONS, before).drop_columns(["digest"]),
        "balance_entries": rows_of_decisions(connection, BALANCE_ENTRIES, before).drop_columns(["digest"]),
    }
    people = bulk.wanted(connection, "wanted_people", pa.table({"insuree": people_of(again.work.received)}))
    for table, key in (
        (ACCEPTED_CLAIMS, ("insuree", "claim_id")),
        (ACCEPTED_LINES, ("insuree", "claim_id", "line")),
    ):
        query = (
            sa.select(*table.c)
            .join(people, people.c.insuree == table.c.insuree)
            .where(table.c.run < again.work.run)
        )
        rows = bulk.read(connection, query)
        rows = rows.filter(pa.array(np.isin(rows["claim_id"].to_numpy(), again.work.received.claim_ids)))
        old[table.name] = standing(rows, key)
    return old


def _changed(claim_ids: Int64s, old: Mapping[str, pa.Table], new: Mapping[str, pa.Table]) -> Int64s:
    """Find the claims about which something is decided otherwise than before."""
    totals = []
    for rows in (old, new):
        total = np.zeros(len(claim_ids), np.uint64)
        for name in ("claim_decisions", "line_decisions", "balance_entries"):
            columns = sorted(set(rows[name].column_names) - set(_IDENTITY))
            place = np.searchsorted(claim_ids, rows[name]["claim_id"].to_numpy())
            np.add.at(total, place, row_digests(rows[name], columns).view(np.uint64))
        totals.append(total)
    changed: Int64s = claim_ids[totals[0] != totals[1]]
    return changed


def _only(rows: pa.Table, claim_ids: Int64s) -> pa.Table:
    return rows.filter(pa.array(np.isin(rows["claim_id"].to_numpy(), claim_ids)))


def _taken_back(name: str, rows: pa.Table, run: int) -> pa.Table:
    """Give the rows that take earlier ones back."""
    count = len(rows)
    for column, value in (("run", run), ("entry", REVERSAL)):
        place = rows.column_names.index(column)
        kind = rows[column].type
        rows = rows.set_column(place, column, pa.array(np.full(count, value), kind))
    return negated(rows, _AMOUNTS[name])


def _balances(connection: sa.Connection, run: int, entries: pa.Table) -> pa.Table:
    """Give the balances after a run that takes entries back and books others."""
    key = ("policy", "insuree")
    policies = pc.unique(entries["policy"].combine_chunks())
    before = find_balances(connection, policies, run - 1)
    after = summed([before, entries], key, AMOUNTS)
    touched = summed([entries], key, AMOUNTS)
    pairs = [
        pc.binary_join_element_wise(*(table[name] for name in key), "\x1f") for table in (after, touched)
    ]
    kept = after.filter(pc.is_in(pairs[0], value_set=pairs[1].combine_chunks()))
    return kept.append_column("run", pa.array(np.full(len(kept), run, np.int64)))


def _differences(work: Work, old: pa.Table, new: pa.Table, changed: Int64s) -> tuple[Difference, ...]:
    facility = work.received.claims["facility"]
    place = np.searchsorted(work.received.claim_ids, changed)
    facilities = facility.take(pa.array(place)).cast(pa.string()).to_pylist()
    amounts = []
    for rows in (old, new):
        by_claim = dict(zip(rows["claim_id"].to_pylist(), rows["valuated"].to_pylist(), strict=True))
        amounts.append([by_claim[claim] for claim in changed.tolist()])
    found: dict[str, list[int]] = {}
    for name, before, after in zip(facilities, *amounts, strict=True):
        total = found.setdefault(name, [0, 0, 0])
        total[0] += 1
        total[1] += before
        total[2] += after
    return tuple(Difference(name, *found[name]) for name in sorted(found))
