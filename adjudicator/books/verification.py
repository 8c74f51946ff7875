"""Checking the books: that nothing was changed in them, that runs can be repeated, that it adds up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator import engine
from adjudicator.adjudication.booking import DECISION
from adjudicator.books.adjudication import KIND as ADJUDICATION
from adjudicator.books.adjudication import Progress, no_progress
from adjudicator.books.adjudication import work_on as work_of_adjudication
from adjudicator.books.basis import Basis, recorded_basis
from adjudicator.books.benefits.verification import check_benefits
from adjudicator.books.books import Books
from adjudicator.books.claims import CLAIM_COLUMNS, LINE_COLUMNS, Received, claim_digests, received
from adjudicator.books.closing.verification import check_closings
from adjudicator.books.ledger import AMOUNTS, find_balances, summed
from adjudicator.books.officers.verification import check_officers, unproven
from adjudicator.books.readjudication import decide_again, prepare_again
from adjudicator.books.review.verification import check_queue
from adjudicator.books.rules import recorded_rules
from adjudicator.books.submission.asking import KIND as ASKING
from adjudicator.books.submission.questions import flags_of
from adjudicator.books.submission.verification import check_asked
from adjudicator.books.work import people_of
from adjudicator.problems import Refused, refused
from adjudicator.rulebook.read import CompiledRule
from adjudicator.store import bulk, journal, loads, runs
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.runs import Run
from adjudicator.store.schema import (
    ACCEPTED_CLAIMS,
    ACCEPTED_LINES,
    CLAIM_DECISIONS,
    CLAIMS,
    JOURNAL,
    LEDGER,
    LOADS,
    REGISTERS,
    REMEMBERED,
    RUN_CLAIMS,
    RUNS,
)
from adjudicator.store.set_hashes import set_hash
from adjudicator.tables import ADJUDICATED_BY
from adjudicator.units import QUANTITY_ONE
from adjudicator.vocabulary import Cut
from adjudicator.words import Message, message

Int64s = npt.NDArray[np.int64]

NAMED: Final = 10
"""How many changed rows of a table are named; the others are counted."""

_PAYING: Final = ("policy", "insuree")


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be."""

    run: int | None
    what: Message
    adds_up: bool = True
    """False where amounts do not add up."""


@dataclass(frozen=True)
class Verification:
    """What was checked and what was found."""

    runs: tuple[int, ...]
    rows: int
    findings: tuple[Finding, ...]
    other_engine: tuple[int, ...] = ()
    """Runs that another state of the engine decided, and this one decided just the same (or not)."""
    unproven: Message | None = None
    """Which names were taken at their word."""


def verify(
    books: Books, run: int | None = None, threads: int = 1, progress: Progress = no_progress
) -> Verification:
    """Check the journal, and a run or all of them.

    Args:
        books: the books.
        run: the number of the run; all when left out.
        threads: decides nothing but the time.
        progress: told how far it is.

    Raises:
        Refused: there is no such run, or the database cannot.
    """
    findings: list[Finding] = []
    checked, rows, others = [], 0, []
    with books.database.reading() as connection:
        findings += _journal(connection)
        names = unproven(connection)
        if run is None:
            findings += [Finding(None, what) for what in check_closings(connection)]
            findings += [Finding(None, what) for what in check_queue(connection)]
            findings += [Finding(None, what) for what in check_benefits(books, connection)]
            findings += [Finding(None, what) for what in check_officers(connection)]
        listed = runs.published(connection, run)
        if run is not None and not listed:
            raise refused("books.no_run", run=run)
        if run is None:
            findings += [Finding(None, what) for what in check_asked(connection, listed)]
        bases: dict[str, Basis] = {}
        rulebooks: Rulebooks = {}
        registers: set[int] = set()
        for place, one in enumerate(listed):
            progress("books.verifying", place, len(listed))
            load = one.record["registers"]["load"]
            if load not in registers:
                registers.add(load)
                findings += _registers(connection, one.run, load)
            key = json.dumps([one.record["registers"], one.record["products"], one.record["adult_age"]])
            try:
                if key not in bases:
                    bases = {key: recorded_basis(books, connection, dict(one.record))}
                rows += _run(books, connection, one, bases[key], rulebooks, threads, findings)
            except Refused as refusal:
                findings += [Finding(one.run, problem.what) for problem in refusal.problems]
            if one.record["engine"]["fingerprint"] != engine.fingerprint():
                others.append(one.run)
            checked.append(one.run)
        progress("books.verifying", len(listed), max(1, len(listed)))
    return Verification(tuple(checked), rows, tuple(findings), tuple(others), names)


def _journal(connection: sa.Connection) -> list[Finding]:
    """Check that the journal is one chain, and that runs and loads are what their entries say."""
    found = [
        Finding(None, message("books.journal_broken", number=number))
        for number in journal.broken_links(connection)
    ]
    entries = {
        row.number: json.loads(row.content)
        for row in connection.execute(sa.select(JOURNAL.c.number, JOURNAL.c.content))
    }
    for row in connection.execute(sa.select(RUNS)):
        record = json.loads(row.record)
        said = {"run": row.run, "kind": row.kind, "name": row.name, "record": record}
        if entries.get(row.journal) != said or any(
            record["booked"][name] != row._mapping[name] for name in record["booked"]
        ):
            found.append(Finding(row.run, message("books.run_record_changed", run=row.run)))
    for row in connection.execute(sa.select(LOADS)):
        said = {name: row._mapping[name] for name in row._mapping if name != "journal"}
        if entries.get(row.journal) != said:
            found.append(Finding(None, message("books.load_record_changed", load=row.load)))
    return found


def _registers(connection: sa.Connection, run: int, load: int) -> list[Finding]:
    """Check the registers that a run was decided by: each row, and that none is missing or too many."""
    state = loads.load_of(connection, load)
    hashes = state.summary["hashes"] if state else {}
    found = []
    for name in ADJUDICATED_BY:
        table = REGISTERS[name]
        left_out = ("since", "until")
        query = sa.select(*(column for column in table.c if column.name not in left_out)).where(
            table.c.since <= load, sa.or_(table.c.until.is_(None), table.c.until > load)
        )
        rows = bulk.read(connection, query)
        kept, now = _digests(rows)
        key = ADJUDICATED_BY[name].key
        names = [", ".join(map(str, values)) for values in _some(rows, kept != now, key)]
        found += _named("books.register_changed", run, name, names, int((kept != now).sum()))
        if name in hashes and not names and set_hash(now) != hashes[name]:
            found.append(Finding(run, message("books.register_rows", table=name, load=load)))
    return found


def _digests(rows: pa.Table) -> tuple[Int64s, Int64s]:
    """Give the digests that rows carry, and those that they have."""
    kept = np.asarray(rows["digest"].to_numpy(), np.int64)
    return kept, row_digests(rows.drop_columns(["digest"]))


def _some(rows: pa.Table, wrong: npt.NDArray[np.bool_], columns: Iterable[str]) -> list[tuple[Any, ...]]:
    places = pa.array(np.flatnonzero(wrong)[:NAMED])
    return list(zip(*(rows[name].take(places).to_pylist() for name in columns), strict=True))


def _named(key: str, run: int, table: str, names: list[str], count: int) -> list[Finding]:
    found = [Finding(run, message(key, table=table, row=name)) for name in names]
    if count > len(names):
        found.append(Finding(run, message("books.more_rows", table=table, count=count - len(names))))
    return found


Rulebooks = dict[str, tuple[CompiledRule, ...]]
"""The rules that were read last, by what the record of a run says of them."""


def _rules(books: Books, connection: sa.Connection, run: Run, known: Rulebooks) -> tuple[CompiledRule, ...]:
    """Take the rules of a run; those of the runs before it need not be read again."""
    key = json.dumps(run.record["rules"])
    if key not in known:
        known.clear()
        known[key] = recorded_rules(books, connection, run.record["rules"])
    return known[key]


def _run(
    books: Books,
    connection: sa.Connection,
    run: Run,
    basis: Basis,
    rulebooks: Rulebooks,
    threads: int,
    findings: list[Finding],
) -> int:
    """Check a run: its rows, what went into it, that it can be repeated, and that it adds up."""
    before = len(findings)
    held = _ledger_rows(connection, run)
    claims = _claims_of(connection, run)
    findings += _claims_as_received(connection, run, claims)
    for name, rows in held.items():
        findings += _rows_as_written(connection, run, name, rows)
    # A run that asks rules decides nothing.
    decides = run.kind != ASKING
    findings += _adds_up(connection, run, held) if decides else []
    accepted = _accepted_rows(connection, run, claims) if decides else {}
    for name, rows in accepted.items():
        findings += _all_there(run, name, row_digests(rows))
    stored = {name: rows.drop_columns(["digest"]) for name, rows in held.items()} | accepted
    explained = len(findings) > before
    for name, rows in _repeated(books, connection, run, basis, rulebooks, claims, threads).items():
        if table_hash([row_digests(rows)]) != run.record["outputs"][name]["hash"]:
            key = "books.not_repeated.after_changes" if explained else "books.not_repeated"
            findings += _differences(connection, run, name, rows, stored[name], key)
        elif len(stored[name]) < len(rows):
            findings += _differences(connection, run, name, rows, stored[name], "books.row_missing")
    return sum(len(rows) for rows in stored.values())


def _ledger_rows(connection: sa.Connection, run: Run) -> dict[str, pa.Table]:
    """Read the rows that a run added to the ledger."""
    held = {}
    for table in LEDGER:
        if table.name not in runs.DIGESTED or table.name not in run.record["outputs"]:
            continue
        held[table.name] = bulk.read(connection, sa.select(*table.c).where(table.c.run == run.run))
    return held


def _rows_as_written(connection: sa.Connection, run: Run, name: str, rows: pa.Table) -> list[Finding]:
    kept, now = _digests(rows)
    wrong = kept != now
    found = _named(
        "books.row_changed", run.run, name, _row_names(connection, name, rows, wrong), int(wrong.sum())
    )
    return found or _all_there(run, name, now)


def _all_there(run: Run, name: str, digests: Int64s) -> list[Finding]:
    """Check that the rows of a table are those that the run's record speaks of."""
    recorded = run.record["outputs"][name]
    if table_hash([digests]) == recorded["hash"]:
        return []
    what = message("books.rows_missing", table=name, recorded=recorded["rows"], held=len(digests))
    return [Finding(run.run, what)]


def _accepted_rows(connection: sa.Connection, run: Run, claims: Received) -> dict[str, pa.Table]:
    """Read what a run added for later ones to look back on: by its people, as these tables are ordered."""
    people = bulk.wanted(connection, "wanted_people", pa.table({"insuree": people_of(claims)}))
    held = {}
    for table in (ACCEPTED_CLAIMS, ACCEPTED_LINES):
        query = sa.select(*table.c).join(people, people.c.insuree == table.c.insuree)
        if table is ACCEPTED_LINES:
            # Lines of provisions that a product began to limit later were taken out of the ledger then.
            query = query.join(
                REMEMBERED,
                sa.and_(
                    REMEMBERED.c.kind == table.c.kind,
                    REMEMBERED.c.code == table.c.code,
                    REMEMBERED.c.run <= run.run,
                ),
            )
        held[table.name] = bulk.read(connection, query.where(table.c.run == run.run))
    return held


def _row_names(
    connection: sa.Connection, name: str, rows: pa.Table, wrong: npt.NDArray[np.bool_]
) -> list[str]:
    """Name rows as people would: by facility, claim and line, or by policy and insuree."""
    if "claim_id" not in rows.column_names:
        return [" / ".join(values) for values in _some(rows, wrong, _PAYING)]
    extra = [
        column for column in ("line", "policy") if column in rows.column_names and name != "claim_decisions"
    ]
    named = []
    for claim_id, *others in _some(rows, wrong, ("claim_id", *extra[:1])):
        query = sa.select(CLAIMS.c.facility, CLAIMS.c.claim).where(CLAIMS.c.claim_id == claim_id)
        claim = connection.execute(query).first()
        whose = f"{claim.facility} / {claim.claim}" if claim else f"#{claim_id}"
        named.append(" / ".join([whose, *map(str, others)]))
    return named


def _claims_of(connection: sa.Connection, run: Run) -> Received:
    """Read the claims that a run looked at, as they were received."""
    if run.kind == ADJUDICATION:
        table = CLAIM_DECISIONS
        chosen = sa.select(table.c.claim_id).where(table.c.run == run.run, table.c.entry == DECISION)
    else:
        chosen = sa.select(RUN_CLAIMS.c.claim_id).where(RUN_CLAIMS.c.run == run.run)
    return received(connection, chosen)


def _claims_as_received(connection: sa.Connection, run: Run, claims: Received) -> list[Finding]:
    now = claim_digests(
        claims.claims.select(list(CLAIM_COLUMNS)), claims.lines.select(["claim_index", *LINE_COLUMNS])
    )
    wrong = now != claims.digests
    names = [" / ".join(map(str, values)) for values in _some(claims.claims, wrong, ("facility", "claim"))]
    found = _named("books.claim_changed", run.run, "claims", names, int(wrong.sum()))
    if not found and table_hash([now]) != run.record["claims_hash"]:
        found.append(Finding(run.run, message("books.claims_missing", run=run.run)))
    return found


def _repeated(
    books: Books,
    connection: sa.Connection,
    run: Run,
    basis: Basis,
    rulebooks: Rulebooks,
    claims: Received,
    threads: int,
) -> dict[str, pa.Table]:
    """Decide again from what is recorded."""
    if not len(claims.claim_ids):
        return {}
    rules = _rules(books, connection, run, rulebooks)
    if run.kind == ASKING:
        return {"flags": flags_of(connection, run.run, basis, claims, rules, threads=threads)}
    if run.kind == ADJUDICATION:
        groups = list(work_of_adjudication(connection, run.run, basis, claims, rules).groups(threads))
        names = dict.fromkeys(name for group in groups for name in group)
        rows = {name: pa.concat_tables([g[name] for g in groups if name in g]) for name in names}
    else:
        upto = run.record["reviews_upto"]
        again = prepare_again(connection, run.run, basis, claims.claim_ids, upto, rules)
        rows, _ = decide_again(connection, again, threads)
        del rows["run_claims"]
    return rows


def _differences(
    connection: sa.Connection, run: Run, name: str, again: pa.Table, stored: pa.Table, key: str
) -> list[Finding]:
    """Name rows that come out when the run is repeated, and are not in the books."""
    wrong = ~np.isin(row_digests(again), row_digests(stored))
    names = _row_names(connection, name, again, wrong)
    return _named(key, run.run, name, names, int(wrong.sum()))


def _adds_up(connection: sa.Connection, run: Run, held: Mapping[str, pa.Table]) -> list[Finding]:
    """Check that amounts add up: per line, claim, policy, and for the run."""
    lines, claims = held["line_decisions"], held["claim_decisions"]
    found = []

    def wrong(key: str, count: int) -> None:
        if count:
            found.append(Finding(run.run, message(key, run=run.run, count=count), adds_up=False))

    amounts = {name: lines[name].to_numpy() for name in (*(cut.word for cut in Cut), "valuated")}
    gross = sum(amounts.values(), start=np.zeros(len(lines), np.int64))
    price = lines["unit_price"].fill_null(0).to_numpy()
    quantity, entry = lines["quantity"].to_numpy(), lines["entry"].to_numpy()
    expected = (price * np.abs(quantity) + QUANTITY_ONE // 2) // QUANTITY_ONE * entry
    wrong("books.line_sums", int((gross != expected).sum()))
    place, total = _by_claim(lines, claims)
    np.add.at(total, place, amounts["valuated"])
    wrong("books.claim_sums", int((total != np.append(claims["valuated"].to_numpy(), 0)).sum()))
    entries = held["balance_entries"]
    deducted = sum((entries[name].to_numpy() for name in AMOUNTS if name.startswith("deducted")), start=0)
    place, total = _by_claim(entries, claims)
    np.add.at(total, place, deducted)
    place, of_lines = _by_claim(lines, claims)
    np.add.at(of_lines, place, amounts["deductible"])
    wrong("books.deductible_sums", int((total != of_lines).sum()))
    wrong("books.balance_sums", _balances_off(connection, run, held))
    valuated = int(claims["valuated"].to_numpy().sum())
    wrong("books.run_sums", int(valuated != run.valuated))
    return found


def _by_claim(rows: pa.Table, claims: pa.Table) -> tuple[Int64s, Int64s]:
    """Give the place of each row's claim decision, and a total of zero for each of these.

    Rows whose claim decision is gone have a place, and a total, of their own at the end.
    """
    keys = np.asarray(claims["claim_id"].to_numpy() * 2 + (claims["entry"].to_numpy() > 0))
    order = np.argsort(keys, kind="stable")
    wanted = rows["claim_id"].to_numpy() * 2 + (rows["entry"].to_numpy() > 0)
    found = np.append(keys[order], -1)
    at = np.searchsorted(found[:-1], wanted)
    place = np.where(found[at] == wanted, np.append(order, len(keys))[at], len(keys))
    return place, np.zeros(len(keys) + 1, np.int64)


def _balances_off(connection: sa.Connection, run: Run, held: Mapping[str, pa.Table]) -> int:
    """Count the balances that are not those before the run and the run's entries together."""
    after = held["balances"].drop_columns(["run", "digest"])
    entries = held["balance_entries"]
    policies = pc.unique(
        pa.concat_tables([t.select(["policy"]) for t in (after, entries)])["policy"].combine_chunks()
    )
    before = find_balances(connection, policies, run.run - 1)
    expected = summed([before, entries], _PAYING, AMOUNTS)
    present = summed([find_balances(connection, policies, run.run)], _PAYING, AMOUNTS)
    same = set(row_digests(expected).tolist()) ^ set(row_digests(present).tolist())
    return (len(same) + 1) // 2
