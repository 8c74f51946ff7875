"""Opening cases: which claims deserve a medical officer's look, why, and what a look is expected to save."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa
import yaml

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.books import Books
from adjudicator.books.ledger import current_decisions, rows_of_decisions
from adjudicator.books.review.cases import event_row, state_columns, this_moment
from adjudicator.books.review.feedback import contradicted
from adjudicator.review.cases import (
    Event,
    What,
    after,
)
from adjudicator.review.ranking import SCORE_ALL, expected_minutes, expected_saving, rank
from adjudicator.review.working_days import due_date
from adjudicator.scheme import ReviewSettings
from adjudicator.store import bulk, journal, runs
from adjudicator.store.journal import Act
from adjudicator.store.schema import (
    CASE_EVENTS,
    CASE_STATES,
    CASES,
    CLAIM_DECISIONS,
    CLAIMS,
    FEEDBACK,
    FLAGS,
    LINE_DECISIONS,
    RULE_TEXTS,
    SELECTED,
    SELECTIONS,
)
from adjudicator.units import PERCENT_ALL
from adjudicator.vocabulary import ClaimStatus

Int64s = npt.NDArray[np.int64]

ACTIVE: Final = "active"
"""The status of rules that are in use."""

PATIENT_FEEDBACK: Final = "patient-feedback"
"""What a case is put down to that a patient's answers brought up, and its queue."""

FEEDBACK_SCORE: Final = 80
"""How likely something is wrong where a patient contradicts a claim, from 0 to 100."""


@dataclass
class _Wanted:
    """A claim that deserves a case."""

    rules: dict[str, int]
    """By rule, its highest score."""
    queues: dict[str, str]
    """By rule, the queue that it puts claims into."""
    lines: dict[int, int]
    """By line, the highest score of the flags on it; 0 is the claim."""
    selections: dict[int, str]
    """By selection, its method."""

    @property
    def queue(self) -> str:
        """The queue of the rule that is surest, else the way in which the claim was selected."""
        if self.rules:
            return self.queues[max(sorted(self.rules), key=lambda rule: self.rules[rule])]
        return next(iter(self.selections.values()))


def waiting_for_a_case(connection: sa.Connection) -> dict[int, _Wanted]:
    """Find the claims that deserve a case and have none.

    They were selected for review since their last case was closed (or never had one), were contradicted by
    their patient since then, or were flagged by a rule that had not flagged them when it was closed. Shadow
    rules and rules that reject put nobody in the queue. A rejected claim has nothing left to save, and is a
    case only where it was selected.
    """
    last = runs.last_run(connection)
    found: dict[int, _Wanted] = defaultdict(lambda: _Wanted({}, {}, {}, {}))
    closings = _Closings(connection)
    queues = queues_of_versions(connection)
    silent = [version for version, queue in queues.items() if queue is None]
    for row in connection.execute(_flags_since_cases(last, silent)):
        if row.has_case and closings.answered_flag(row.claim_id, row.rule, row.run):
            continue
        wanted = found[row.claim_id]
        wanted.rules[row.rule] = max(wanted.rules.get(row.rule, 0), row.score)
        wanted.queues[row.rule] = queues.get(row.version) or row.rule
        wanted.lines[row.line] = max(wanted.lines.get(row.line, 0), row.score)
    for row in connection.execute(_selections_since_cases(last)):
        if not (row.has_case and closings.answered_selection(row.claim_id, row.journal)):
            found[row.claim_id].selections[row.selection] = row.method
    for claim_id in _contradicted_by_patients(connection, closings):
        wanted = found[claim_id]
        wanted.rules[PATIENT_FEEDBACK] = FEEDBACK_SCORE
        wanted.queues[PATIENT_FEEDBACK] = PATIENT_FEEDBACK
        wanted.lines[0] = max(wanted.lines.get(0, 0), FEEDBACK_SCORE)
    return dict(found)


def _contradicted_by_patients(connection: sa.Connection, closings: _Closings) -> list[int]:
    """Find the claims that a patient contradicted since their last case was closed, or that never had one."""
    query = sa.select(
        FEEDBACK.c.claim_id,
        FEEDBACK.c.journal,
        sa.exists().where(CASES.c.claim_id == FEEDBACK.c.claim_id).label("has_case"),
    )
    said = [
        int(row.claim_id)
        for row in connection.execute(query.order_by(FEEDBACK.c.claim_id))
        if not (row.has_case and closings.answered_selection(row.claim_id, row.journal))
    ]
    # Amounts are only told in findings, which are not looked at here.
    found = contradicted(connection, np.array(said, np.int64), 0)
    return [claim_id for claim_id in said if found.get(claim_id)]


def queues_of_versions(connection: sa.Connection) -> dict[str, str | None]:
    """Tell into which queue each version of a rule puts what it flags; None: into none."""
    rows = connection.execute(sa.select(RULE_TEXTS.c.content_hash, RULE_TEXTS.c.text))
    return {row.content_hash: _queue_of(row.text) for row in rows}


@cache
def _queue_of(text: str) -> str | None:
    # The text was checked when it was kept: it has a shape that need not be read as a whole here.
    rule = yaml.load(text, yaml.BaseLoader)
    if rule.get("status", ACTIVE) != ACTIVE:
        return None
    then = rule["then"].get("flag") or rule["then"].get("sample")
    return str(then["queue"]) if then else None


def _flags_since_cases(last: int, silent: Sequence[str]) -> sa.Select[Any]:
    """Choose flags of accepted claims whose cases are all older than the flags are."""
    later, standing = CLAIM_DECISIONS.alias("later"), CLAIM_DECISIONS.alias("standing")
    rejected = sa.exists().where(
        standing.c.claim_id == FLAGS.c.claim_id,
        standing.c.entry == DECISION,
        standing.c.run <= last,
        standing.c.status == int(ClaimStatus.REJECTED),
        ~sa.exists().where(
            later.c.claim_id == standing.c.claim_id,
            later.c.entry == DECISION,
            later.c.run > standing.c.run,
            later.c.run <= last,
        ),
    )
    return (
        sa.select(
            FLAGS.c.claim_id,
            FLAGS.c.line,
            FLAGS.c.rule,
            FLAGS.c.version,
            FLAGS.c.score,
            FLAGS.c.run,
            sa.exists().where(CASES.c.claim_id == FLAGS.c.claim_id).label("has_case"),
        )
        .where(
            FLAGS.c.run <= last,
            FLAGS.c.version.not_in(silent),
            ~rejected,
            ~sa.exists().where(CASES.c.claim_id == FLAGS.c.claim_id, CASES.c.run >= FLAGS.c.run),
        )
        .order_by(FLAGS.c.claim_id, FLAGS.c.line, FLAGS.c.rule)
    )


def _selections_since_cases(last: int) -> sa.Select[Any]:
    """Choose selections for review of decided claims whose cases are all older than they are."""
    return (
        sa.select(
            SELECTED.c.claim_id,
            SELECTED.c.selection,
            SELECTIONS.c.journal,
            SELECTIONS.c.method,
            sa.exists().where(CASES.c.claim_id == SELECTED.c.claim_id).label("has_case"),
        )
        .join(SELECTIONS, SELECTIONS.c.selection == SELECTED.c.selection)
        .where(
            SELECTIONS.c.purpose == "review",
            sa.exists().where(
                CLAIM_DECISIONS.c.claim_id == SELECTED.c.claim_id, CLAIM_DECISIONS.c.run <= last
            ),
            ~sa.exists().where(
                CASES.c.claim_id == SELECTED.c.claim_id, CASES.c.journal > SELECTIONS.c.journal
            ),
        )
        .order_by(SELECTED.c.claim_id, SELECTED.c.selection)
    )


class _Closings:
    """Tells what the cases of claims that have some have answered already."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._found: dict[int, tuple[int, int] | None] = {}

    def answered_flag(self, claim_id: int, rule: str, run: int) -> bool:
        """Tell whether a case is open, or an officer who closed one knew that the rule had fired."""
        closing = self._closing(claim_id)
        if closing is None or run <= closing[0]:
            return True
        query = sa.select(FLAGS.c.run).where(
            FLAGS.c.run <= closing[0], FLAGS.c.claim_id == claim_id, FLAGS.c.rule == rule
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def answered_selection(self, claim_id: int, number: int) -> bool:
        """Tell whether a case is open, or one was closed after the journal's entry of a selection."""
        closing = self._closing(claim_id)
        return closing is None or closing[1] > number

    def _closing(self, claim_id: int) -> tuple[int, int] | None:
        """Give the last run and the journal's entry of the last closing; None while a case is open."""
        if claim_id not in self._found:
            opened = sa.select(CASE_STATES.c.case).where(CASE_STATES.c.claim_id == claim_id)
            query = (
                sa.select(CASE_EVENTS.c.content, CASE_EVENTS.c.journal)
                .join(CASES, CASES.c.case == CASE_EVENTS.c.case)
                .where(CASES.c.claim_id == claim_id)
                .order_by(CASES.c.round.desc(), CASE_EVENTS.c.number.desc())
                .limit(1)
            )
            is_open = self._connection.execute(opened).first() is not None
            row = None if is_open else self._connection.execute(query).first()
            self._found[claim_id] = (int(json.loads(row.content)["run"]), int(row.journal)) if row else None
        return self._found[claim_id]


def open_cases(books: Books, by: str, at: dt.datetime | None = None) -> int:
    """Open a case for every claim that deserves one and has none.

    Returns:
        How many were opened.
    """
    with books.database.reading() as connection:
        if not waiting_for_a_case(connection):
            return 0
    with books.database.writing() as connection:
        if connection.dialect.name == "postgresql":
            # Two who open cases would open the same ones.
            connection.exec_driver_sql("LOCK TABLE cases IN SHARE ROW EXCLUSIVE MODE")
        wanted = waiting_for_a_case(connection)
        if wanted:
            _open(connection, books.settings.review, wanted, by, at or this_moment())
    return len(wanted)


def _open(
    connection: sa.Connection,
    settings: ReviewSettings,
    wanted: Mapping[int, _Wanted],
    by: str,
    at: dt.datetime,
) -> None:
    last = runs.last_run(connection)
    numbers = _claim_numbers(connection, wanted)
    amounts = amounts_of_lines(connection, wanted, last)
    ordered = sorted(wanted, key=lambda claim_id: (numbers[claim_id][1], numbers[claim_id][0]))
    first = 1 + int(
        connection.execute(sa.select(sa.func.coalesce(sa.func.max(CASES.c.case), 0))).scalar_one()
    )
    rounds = _rounds(connection, wanted)
    due = due_date(at.date(), settings.days, calendar=settings.calendar)
    event = Event(What.OPENED, by, at, {"due": due.isoformat()})
    standing = after(None, event)
    cases = [
        _case_row(first + place, claim_id, wanted[claim_id], amounts[claim_id], settings)
        | {"round": rounds.get(claim_id, 0) + 1, "run": last, "due": due}
        for place, claim_id in enumerate(ordered)
    ]
    content = {
        "cases": [first, first + len(cases) - 1],
        "run": last,
        "due": due.isoformat(),
        "saving": sum(case["saving"] for case in cases),
    }
    number = journal.append(connection, Act(by, "review opened"), content)
    for table, rows in (
        (CASES, [case | {"journal": number} for case in cases]),
        (CASE_EVENTS, [event_row(case["case"], 1, number, event) for case in cases]),
        (
            CASE_STATES,
            [
                {
                    "case": case["case"],
                    "claim_id": case["claim_id"],
                    "rank": rank(case["saving"], case["minutes"]),
                    "claim": numbers[case["claim_id"]][1],
                    "queue": wanted[case["claim_id"]].queue,
                }
                | state_columns(standing)
                for case in cases
            ],
        ),
    ):
        bulk.insert(connection, table, _arrow(table, rows))


def _arrow(table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    names = [column.name for column in table.columns if column.name in rows[0]]
    kinds = {name: bulk.arrow_type(table.c[name]) for name in names}
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()})


def _claim_numbers(connection: sa.Connection, claim_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Give the facility and number of some claims."""
    keys = bulk.wanted(connection, "wanted_cases", pa.table({"claim_id": sorted(claim_ids)}))
    query = sa.select(CLAIMS.c.claim_id, CLAIMS.c.facility, CLAIMS.c.claim).join(
        keys, keys.c.claim_id == CLAIMS.c.claim_id
    )
    return {row.claim_id: (row.facility, row.claim) for row in connection.execute(query)}


def _rounds(connection: sa.Connection, claim_ids: Iterable[int]) -> dict[int, int]:
    """Give how many cases some claims had already."""
    keys = bulk.wanted(connection, "wanted_cases", pa.table({"claim_id": sorted(claim_ids)}))
    query = (
        sa.select(CASES.c.claim_id, sa.func.max(CASES.c.round).label("round"))
        .join(keys, keys.c.claim_id == CASES.c.claim_id)
        .group_by(CASES.c.claim_id)
    )
    return {row.claim_id: row.round for row in connection.execute(query)}


def amounts_of_lines(
    connection: sa.Connection, claim_ids: Iterable[int], last: int
) -> dict[int, dict[int, int]]:
    """Give what the lines of some claims are valuated at, by claim and line."""
    decisions = current_decisions(connection, np.array(sorted(claim_ids), np.int64), last)
    rows = rows_of_decisions(connection, LINE_DECISIONS, decisions)
    found: dict[int, dict[int, int]] = {claim_id: {} for claim_id in claim_ids}
    columns = (rows[name].to_pylist() for name in ("claim_id", "line", "valuated"))
    for claim_id, line, valuated in zip(*columns, strict=True):
        found[claim_id][line] = valuated
    return found


def _case_row(
    case: int, claim_id: int, wanted: _Wanted, amounts: Mapping[int, int], settings: ReviewSettings
) -> dict[str, Any]:
    # A rule that draws a sample says nothing of how likely something is wrong, as a selection does.
    is_drawn = bool(wanted.selections) or 0 in wanted.rules.values()
    drawn = settings.selected_score * SCORE_ALL // PERCENT_ALL if is_drawn else 0
    of_claim = max(wanted.lines.get(0, 0), drawn)
    stakes = [(max(of_claim, wanted.lines.get(line, 0)), amount) for line, amount in amounts.items()]
    why = {"rules": wanted.rules, "selections": sorted(wanted.selections), "queue": wanted.queue}
    return {
        "case": case,
        "claim_id": claim_id,
        "why": journal.canonical(why),
        "score": max((of_claim, *wanted.lines.values())),
        "saving": expected_saving(stakes),
        "minutes": expected_minutes(len(amounts)),
    }
