"""What speaks for a look at claims: flags of rules, selections, and what their patients said.

What an officer knew who closed a claim's last case speaks for no other one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa
import yaml

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.review.feedback import CORRECTED, contradictions_of
from adjudicator.review.cases import What
from adjudicator.review.grading import Grounds
from adjudicator.store import bulk, runs
from adjudicator.store.schema import (
    CASE_EVENTS,
    CASE_STATES,
    CASES,
    CLAIM_DECISIONS,
    FEEDBACK,
    FLAGS,
    JOURNAL,
    LINE_DECISIONS,
    RULE_TEXTS,
    RUNS,
    SELECTED,
    SELECTIONS,
)
from adjudicator.vocabulary import ClaimStatus, Severity

Int64s = npt.NDArray[np.int64]

ACTIVE: Final = "active"
"""The status of rules that are in use."""

PATIENT_FEEDBACK: Final = "patient-feedback"
"""What a case is put down to that a patient's answers brought up, and its queue."""

FEEDBACK_SCORE: Final = 80
"""How likely something is wrong where a patient contradicts a claim, from 0 to 100."""

FOR_REVIEW: Final = "review"
"""What claims are selected for that officers are to look at."""

_CLOSING: Final = tuple(what.value for what in (What.DECIDED, What.AGREED, What.RELEASED))


@dataclass(frozen=True)
class _Closing:
    """How much was known when the last case of a claim was closed."""

    run: int
    journal: int


def waiting_for_a_case(connection: sa.Connection) -> dict[int, Grounds]:
    """Find the claims that deserve a case and have none open.

    They were selected for review since their last case was closed (or never had one), were contradicted by
    their patient since then, or were flagged by a rule that had not flagged them when it was closed. Shadow
    rules and rules that reject put nobody in the queue. A rejected claim has nothing left to save, and is a
    case only where it was selected.
    """
    last = runs.last_run(connection)
    queues = queues_of_versions(connection)
    flags = connection.execute(_flags_since_cases(last, _silent(queues))).all()
    selections = connection.execute(_selections_since_cases(last)).all()
    without = ~sa.exists().where(CASE_STATES.c.claim_id == FEEDBACK.c.claim_id)
    said = connection.execute(_spoken(without)).all()
    closings = _closings(connection, {row.claim_id for row in (*flags, *selections, *said) if row.has_case})
    return _grounds(connection, queues, flags, selections, said, closings)


def grounds_of(connection: sa.Connection, claim_ids: Collection[int]) -> dict[int, Grounds]:
    """Give all that speaks for a look at some claims, of which those with nothing are left out."""
    last = runs.last_run(connection)
    queues = queues_of_versions(connection)
    wanted = bulk.wanted(connection, "wanted_grounds", _keys(claim_ids))
    flags = _flags().join(wanted, wanted.c.claim_id == FLAGS.c.claim_id)
    flags = flags.where(FLAGS.c.run <= last, FLAGS.c.version.not_in(_silent(queues)))
    selections = _selections().join(wanted, wanted.c.claim_id == SELECTED.c.claim_id)
    said = _spoken(FEEDBACK.c.claim_id.in_(sa.select(wanted.c.claim_id)))
    return _grounds(
        connection,
        queues,
        connection.execute(flags.order_by(FLAGS.c.claim_id, FLAGS.c.line, FLAGS.c.rule)).all(),
        connection.execute(selections.order_by(SELECTED.c.claim_id, SELECTED.c.selection)).all(),
        connection.execute(said).all(),
        _closings(connection, claim_ids),
    )


def _grounds(
    connection: sa.Connection,
    queues: Mapping[str, str | None],
    flags: Sequence[Any],
    selections: Sequence[Any],
    said: Sequence[Any],
    closings: Mapping[int, _Closing],
) -> dict[int, Grounds]:
    """Put together what was not known when the last case of its claim was closed."""
    never = _Closing(-1, -1)
    found: dict[int, Grounds] = defaultdict(Grounds)
    known = _known(connection, closings)
    for row in flags:
        if row.run > closings.get(row.claim_id, never).run and (row.claim_id, row.rule) not in known:
            queue, severity = queues.get(row.version) or row.rule, Severity(row.severity)
            found[row.claim_id].add(row.rule, queue, row.line, row.score, severity)
    for row in selections:
        if row.journal > closings.get(row.claim_id, never).journal:
            found[row.claim_id].selections[row.selection] = row.method
    since = _spoken_since(connection, said, closings)
    for claim_id, severity in contradictions_of(connection, np.array(since, np.int64)).items():
        found[claim_id].add(PATIENT_FEEDBACK, PATIENT_FEEDBACK, 0, FEEDBACK_SCORE, severity)
    return dict(found)


def _closings(connection: sa.Connection, claim_ids: Collection[int]) -> dict[int, _Closing]:
    """Tell how the last cases of claims were closed; of claims that had none before, nothing."""
    if not claim_ids:
        return {}
    keys = bulk.wanted(connection, "wanted_closings", _keys(claim_ids))
    query = (
        sa.select(CASES.c.claim_id, CASE_EVENTS.c.journal, CASE_EVENTS.c.content)
        .join(keys, keys.c.claim_id == CASES.c.claim_id)
        .join(CASE_EVENTS, CASE_EVENTS.c.case == CASES.c.case)
        .where(CASE_EVENTS.c.what.in_(_CLOSING))
        .order_by(CASES.c.claim_id, CASES.c.round)
    )
    last = {row.claim_id: row for row in connection.execute(query)}
    return {
        claim_id: _Closing(int(json.loads(row.content)["run"]), int(row.journal))
        for claim_id, row in last.items()
    }


def _known(connection: sa.Connection, closings: Mapping[int, _Closing]) -> set[tuple[int, str]]:
    """Give claims with the rules that had flagged them when their last case was closed."""
    if not closings:
        return set()
    keys = bulk.wanted(connection, "wanted_known", _keys(closings))
    query = sa.select(FLAGS.c.claim_id, FLAGS.c.rule, FLAGS.c.run).join(
        keys, keys.c.claim_id == FLAGS.c.claim_id
    )
    return {
        (row.claim_id, row.rule) for row in connection.execute(query) if row.run <= closings[row.claim_id].run
    }


# Flags.


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


def _silent(queues: Mapping[str, str | None]) -> list[str]:
    """Give the versions of rules that put nobody in the queue."""
    return sorted(version for version, queue in queues.items() if queue is None)


def _flags() -> sa.Select[Any]:
    names = ("claim_id", "line", "rule", "version", "severity", "score", "run")
    return sa.select(*(FLAGS.c[name] for name in names))


def _flags_since_cases(last: int, silent: Sequence[str]) -> sa.Select[Any]:
    """Choose flags of accepted claims without an open case whose cases are all older than the flags are."""
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
        _flags()
        .add_columns(_has_case(FLAGS.c.claim_id))
        .where(
            FLAGS.c.run <= last,
            FLAGS.c.version.not_in(silent),
            ~sa.exists().where(CASE_STATES.c.claim_id == FLAGS.c.claim_id),
            ~sa.exists().where(CASES.c.claim_id == FLAGS.c.claim_id, CASES.c.run >= FLAGS.c.run),
            ~rejected,
        )
        .order_by(FLAGS.c.claim_id, FLAGS.c.line, FLAGS.c.rule)
    )


def _has_case(claim_id: sa.ColumnElement[Any]) -> sa.Label[bool]:
    return sa.exists().where(CASES.c.claim_id == claim_id).label("has_case")


# Selections.


def _selections() -> sa.Select[Any]:
    return (
        sa.select(SELECTED.c.claim_id, SELECTED.c.selection, SELECTIONS.c.journal, SELECTIONS.c.method)
        .join(SELECTIONS, SELECTIONS.c.selection == SELECTED.c.selection)
        .where(SELECTIONS.c.purpose == FOR_REVIEW)
    )


def _selections_since_cases(last: int) -> sa.Select[Any]:
    """Choose selections for review of decided claims whose cases are all older than they are."""
    claim_id = SELECTED.c.claim_id
    return (
        _selections()
        .add_columns(_has_case(claim_id))
        .where(
            ~sa.exists().where(CASE_STATES.c.claim_id == claim_id),
            ~sa.exists().where(CASES.c.claim_id == claim_id, CASES.c.journal > SELECTIONS.c.journal),
            sa.exists().where(CLAIM_DECISIONS.c.claim_id == claim_id, CLAIM_DECISIONS.c.run <= last),
        )
        .order_by(claim_id, SELECTED.c.selection)
    )


# Patients.


def _spoken(*chosen: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Choose what patients said that can contradict a claim at all."""
    said = FEEDBACK.c
    suspicious = (
        said.care_rendered.is_(False),
        said.drugs_prescribed.is_(False),
        said.drugs_received.is_(False),
        said.payment_asked.is_(True),
    )
    return (
        sa.select(said.claim_id, said.journal, _has_case(said.claim_id))
        .where(sa.or_(*suspicious), *chosen)
        .order_by(said.claim_id)
    )


def _spoken_since(
    connection: sa.Connection, said: Sequence[Any], closings: Mapping[int, _Closing]
) -> list[int]:
    """Give the claims whose patients answered, or were understood otherwise, after their last case."""
    never = _Closing(-1, -1)
    before = {row.claim_id for row in said if row.journal <= closings.get(row.claim_id, never).journal}
    corrected = _corrections(connection, min(closings[one].journal for one in before)) if before else {}
    return [
        row.claim_id
        for row in said
        if row.claim_id not in before or corrected.get(row.claim_id, -1) > closings[row.claim_id].journal
    ]


def _corrections(connection: sa.Connection, after: int) -> dict[int, int]:
    """Give the claims whose feedback was corrected after an entry of the journal, each with its last."""
    query = sa.select(JOURNAL.c.number, JOURNAL.c.content).where(
        JOURNAL.c.what == CORRECTED, JOURNAL.c.number > after
    )
    rows = connection.execute(query.order_by(JOURNAL.c.number))
    return {int(json.loads(row.content)["claim_id"]): int(row.number) for row in rows}


# What came up while a case was open.


def with_later_grounds(connection: sa.Connection, claim_ids: Collection[int] | None = None) -> list[int]:
    """Find claims with an open case about which something came up since the case was graded last.

    They were valuated or flagged otherwise by a run, selected, or contradicted by their patient since then.

    Args:
        connection: of a transaction.
        claim_ids: only of these; of all, if left out.
    """
    last = runs.last_run(connection)
    silent = _silent(queues_of_versions(connection))
    graded = CASE_STATES.join(CASES, CASES.c.case == CASE_STATES.c.case)
    # Only such runs say anything of claims that were decided before.
    again = sa.select(RUNS.c.run).where(RUNS.c.kind != "adjudication", RUNS.c.run <= last)
    before = FLAGS.alias("before")
    said_before = sa.exists().where(
        before.c.run.in_(sa.select(RUNS.c.run)),
        before.c.claim_id == FLAGS.c.claim_id,
        before.c.line == FLAGS.c.line,
        before.c.rule == FLAGS.c.rule,
        before.c.score >= FLAGS.c.score,
        before.c.severity >= FLAGS.c.severity,
        before.c.version.not_in(silent),
        before.c.run <= CASES.c.run,
    )
    flagged = (
        sa.select(FLAGS.c.claim_id)
        .join_from(FLAGS, graded, CASE_STATES.c.claim_id == FLAGS.c.claim_id)
        .where(
            FLAGS.c.run.in_(again), FLAGS.c.run > CASES.c.run, FLAGS.c.version.not_in(silent), ~said_before
        )
    )
    line = LINE_DECISIONS.c
    of_decision = (line.run == CLAIM_DECISIONS.c.run, line.claim_id == CLAIM_DECISIONS.c.claim_id)
    # A run that decides a claim again takes back what it was valuated at before.
    differs = sa.exists(
        sa.select(line.line).where(*of_decision).group_by(line.line).having(sa.func.sum(line.valuated) != 0)
    )
    decided = (
        sa.select(CLAIM_DECISIONS.c.claim_id)
        .join_from(CLAIM_DECISIONS, graded, CASE_STATES.c.claim_id == CLAIM_DECISIONS.c.claim_id)
        .where(
            CLAIM_DECISIONS.c.run.in_(again),
            CLAIM_DECISIONS.c.run > CASES.c.run,
            CLAIM_DECISIONS.c.entry == DECISION,
            differs,
        )
    )
    selected = (
        _selections()
        .with_only_columns(SELECTED.c.claim_id)
        .join(graded, CASE_STATES.c.claim_id == SELECTED.c.claim_id)
        .where(SELECTIONS.c.journal > CASES.c.journal)
    )
    said = (
        _spoken(CASES.c.why.not_like(f'%"{PATIENT_FEEDBACK}":%'))
        .with_only_columns(FEEDBACK.c.claim_id)
        .join(graded, CASE_STATES.c.claim_id == FEEDBACK.c.claim_id)
    )
    found: set[int] = set()
    for query, column in (
        (flagged, FLAGS.c.claim_id),
        (decided, CLAIM_DECISIONS.c.claim_id),
        (selected, SELECTED.c.claim_id),
        (said, FEEDBACK.c.claim_id),
    ):
        of_some = query if claim_ids is None else query.where(column.in_(list(claim_ids)))
        found.update(connection.execute(of_some.order_by(None)).scalars())
    return sorted(found)


def amounts_of_lines(
    connection: sa.Connection, claim_ids: Iterable[int], last: int
) -> dict[int, dict[int, int]]:
    """Give what the lines of some claims are valuated at, by claim and line."""
    keys = bulk.wanted(connection, "wanted_amounts", _keys(claim_ids))
    decision, line = CLAIM_DECISIONS.c, LINE_DECISIONS.c
    standing = (
        sa.select(decision.claim_id, sa.func.max(decision.run, type_=decision.run.type).label("run"))
        .join(keys, keys.c.claim_id == decision.claim_id)
        .where(decision.run <= last, decision.entry == DECISION)
        .group_by(decision.claim_id)
    )
    decisions = bulk.wanted(connection, "wanted_standing", bulk.read(connection, standing))
    query = (
        sa.select(line.claim_id, line.line, line.valuated)
        .join(decisions, sa.and_(decisions.c.run == line.run, decisions.c.claim_id == line.claim_id))
        .where(line.entry == DECISION)
    )
    rows = bulk.read(connection, query)
    found: dict[int, dict[int, int]] = {claim_id: {} for claim_id in claim_ids}
    columns = (rows[name].to_pylist() for name in ("claim_id", "line", "valuated"))
    for claim_id, line, valuated in zip(*columns, strict=True):
        found[claim_id][line] = valuated
    return found


def _keys(claim_ids: Iterable[int]) -> pa.Table:
    return pa.table({"claim_id": pa.array(sorted(set(claim_ids)), pa.int64())})
