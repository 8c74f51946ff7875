"""Patients' feedback in the books: what they said of a claim, once, and what of it contradicts the claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.ledger import current_decisions, rows_of_decisions
from adjudicator.books.readjudication import find_claims
from adjudicator.books.review.selection_plan import FEEDBACK as FOR_FEEDBACK
from adjudicator.problems import Place, Problem, Refused, problem_of, refused
from adjudicator.review.feedback import (
    ANSWERS,
    MARKS,
    QUESTIONS,
    Answer,
    Billed,
    Feedback,
    Finding,
    contradictions,
)
from adjudicator.store import bulk, journal
from adjudicator.store.journal import Act
from adjudicator.store.runs import last_run
from adjudicator.store.schema import (
    CLAIMS,
    FEEDBACK,
    JOURNAL,
    LINE_DECISIONS,
    REGISTERS,
    SELECTED,
    SELECTIONS,
)
from adjudicator.vocabulary import CARC_OF_CUT, Cut, Kind, LineStatus, ProvisionType, Severity
from adjudicator.words import message
from ingest.rows import faults, read_rows
from ingest.set_aside import SetAside
from ingest.sources import Findings, misspelt, open_table

Int64s = npt.NDArray[np.int64]

PATIENTS = tuple(cut for cut in Cut if CARC_OF_CUT[cut][0] == "PR")
"""What is cut off for the patient to pay."""

CORRECTED = "correct feedback"
"""What the journal calls it when feedback replaces what was put down before."""

CONTRADICTS = Severity.MEDIUM
"""From this severity on, a finding counts as a contradiction where claims are counted."""


@dataclass(frozen=True)
class Answered:
    """What a patient said of a claim, and what of it contradicts the claim as it is decided now."""

    facility: str
    claim: str
    said: Feedback
    findings: tuple[Finding, ...]
    by: str
    at: str
    asked: bool
    """Whether the claim was selected for feedback."""


def record_feedback(books: Books, name: str, said: Feedback, by: str, correct: str | None = None) -> Answered:
    """Put down what a patient said of a claim.

    Args:
        books: the books.
        name: of the claim; ``facility/number`` where several facilities use one number.
        said: what they said.
        by: who puts it down.
        correct: why what was put down before is replaced; the journal keeps both.

    Raises:
        Refused: nothing was said, there is no such claim, or it has feedback and this is no correction.
    """
    if said.empty:
        raise refused("review_selection.nothing_said")
    with books.database.writing() as connection:
        claim_ids = find_claims(connection, [name])
        if len(claim_ids) != 1:
            raise refused("books.claim_of_several", claim=name)
        claim_id = int(claim_ids[0])
        before = _said_of(connection, [claim_id]).get(claim_id)
        if before is not None and correct is None:
            raise refused("review_selection.answered_before", claim=name)
        _write(connection, {claim_id: said}, by, before, correct)
        return next(answers_of(connection, books.decimals, [claim_id]))


def _write(
    connection: sa.Connection,
    said: Mapping[int, Feedback],
    by: str,
    before: Feedback | None = None,
    reason: str | None = None,
) -> None:
    """Enter feedback, each in the journal with what it says."""
    for claim_id, one in said.items():
        content: dict[str, Any] = {"claim_id": claim_id, "said": asdict(one)}
        if before is None:
            number = journal.append(connection, Act(by, "feedback"), content)
            connection.execute(sa.insert(FEEDBACK).values(claim_id=claim_id, journal=number, **asdict(one)))
        else:
            content |= {"before": asdict(before), "reason": reason}
            journal.append(connection, Act(by, CORRECTED), content)
            # The row keeps the entry that it came with: the claim was answered then.
            change = sa.update(FEEDBACK).where(FEEDBACK.c.claim_id == claim_id)
            connection.execute(change.values(**asdict(one)))


# Files.


@dataclass(frozen=True)
class FeedbackLoad:
    """What a file of feedback brought."""

    added: int
    present: int
    """Rows that were in the books already, just the same."""
    answers: tuple[Answered, ...]
    """Those that were added."""
    warnings: tuple[Problem, ...] = ()
    """Columns that mean nothing here."""


def load_feedback(books: Books, path: Path, by: str) -> FeedbackLoad:
    """Load feedback from a CSV or Parquet file, see :data:`adjudicator.review.feedback.ANSWERS`.

    The file is loaded whole or not at all. The same file again changes nothing. Columns that mean nothing
    here are told; one that is meant as one of ours, by its letters, would take its answers with it.

    Raises:
        Refused: with everything that is wrong with the file.
    """
    rows, warnings = _read(path, books.decimals)
    with books.database.writing() as connection:
        ids = _claim_ids(connection, rows)
        said, problems = _checked(path, rows, ids)
        before = _said_of(connection, list(said))
        for claim_id, (row, one) in said.items():
            if claim_id in before and before[claim_id] != one:
                place, name = Place(path, row=row + 2), _name(rows[row])
                problems.append(problem_of("review_selection.answered_before", place, claim=name))
        if problems:
            raise Refused(sorted(problems, key=lambda problem: problem.place.row or 0))
        new = {claim_id: one for claim_id, (_, one) in said.items() if claim_id not in before}
        _write(connection, new, by)
        told = tuple(answers_of(connection, books.decimals, list(new)))
    return FeedbackLoad(len(new), len(before), told, warnings)


def _read(path: Path, decimals: int) -> tuple[list[dict[str, Any]], tuple[Problem, ...]]:
    """Read the rows of a file, and give its columns that mean nothing."""
    findings = Findings()
    opened = open_table(ANSWERS, [path], (), findings)
    findings.errors += [
        Problem(message("review_selection.misspelt"), one.place, one.remedy)
        for one in findings.warnings
        if misspelt(one)
    ]
    findings.refuse()
    rows = read_rows(opened, 0, decimals)
    found = SetAside([path], [faults(ANSWERS.name, bad, rows.origin) for bad in rows.bad])
    if len(found):
        raise Refused(found.problems())
    listed: list[dict[str, Any]] = pa.table(rows.columns).to_pylist()
    return listed, tuple(findings.warnings)


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['facility']}/{row['claim']}"


def _claim_ids(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Find claims by facility and number."""
    numbers = pa.table({"claim": pa.array(sorted({row["claim"] for row in rows}), pa.string())})
    wanted = bulk.wanted(connection, "wanted_answered", numbers)
    query = sa.select(CLAIMS.c.claim_id, CLAIMS.c.facility, CLAIMS.c.claim).join(
        wanted, wanted.c.claim == CLAIMS.c.claim
    )
    return {f"{row.facility}/{row.claim}": int(row.claim_id) for row in connection.execute(query)}


def _checked(
    path: Path, rows: Sequence[Mapping[str, Any]], ids: Mapping[str, int]
) -> tuple[dict[int, tuple[int, Feedback]], list[Problem]]:
    """Give by claim the row and what it says, and what is wrong with rows."""
    said: dict[int, tuple[int, Feedback]] = {}
    problems = []

    def wrong(row: int, key: str, field: str | None, **values: Any) -> None:
        place = Place(path, row=row + 2, field=field)
        problems.append(problem_of(f"review_selection.{key}", place, **values))

    for place, row in enumerate(rows):
        claim_id = ids.get(_name(row))
        one = _feedback(row)
        if claim_id is None:
            wrong(place, "no_such_claim", "claim", claim=_name(row))
        elif claim_id in said:
            wrong(place, "twice", "claim", claim=_name(row), first=str(said[claim_id][0] + 2))
        elif one.mark is not None and not MARKS[0] <= one.mark <= MARKS[1]:
            wrong(place, "mark", "mark", mark=one.mark, least=MARKS[0], most=MARKS[1])
        elif one.empty:
            wrong(place, "nothing_said", None)
        else:
            said[claim_id] = (place, one)
    return said, problems


def _feedback(row: Mapping[str, Any]) -> Feedback:
    yes = {name: None if row[name] is None else row[name] == Answer.YES for name in QUESTIONS}
    return Feedback(**yes, mark=row["mark"], words=row["words"])


# Looking at it.


def all_feedback(books: Books, contradictions_only: bool = False) -> list[Answered]:
    """Give all feedback, by facility and claim, with what contradicts the claims as they are decided now."""
    with books.database.reading() as connection:
        answers = list(answers_of(connection, books.decimals))
    return [one for one in answers if one.findings or not contradictions_only]


def contradicted(connection: sa.Connection, claim_ids: Int64s, upto: int) -> dict[int, bool]:
    """Tell, of the claims that patients answered about, whether what they said contradicts them.

    The answers are held against the claims as they were decided after the run ``upto``: a review that agrees
    with a patient, and takes off what was not received, does not make the patient wrong.
    """
    worst = _worst(connection, claim_ids, upto)
    return {claim_id: severity is not None for claim_id, severity in worst.items()}


def contradictions_of(connection: sa.Connection, claim_ids: Int64s) -> dict[int, Severity]:
    """Give the claims that their patients contradict, with how gravely at worst."""
    worst = _worst(connection, claim_ids)
    return {claim_id: severity for claim_id, severity in worst.items() if severity is not None}


def _worst(
    connection: sa.Connection, claim_ids: Int64s, upto: int | None = None
) -> dict[int, Severity | None]:
    """Give, of the claims that patients answered about, how grave a contradiction is; None: there is none."""
    said = _said_of(connection, claim_ids.tolist())
    billed = billed_of(connection, np.array(sorted(said), np.int64), upto)
    # Amounts are only told in findings, whose words are not looked at here.
    found = {claim_id: contradictions(one, billed[claim_id], 0) for claim_id, one in said.items()}
    return {
        claim_id: max((one.severity for one in of_claim if one.severity >= CONTRADICTS), default=None)
        for claim_id, of_claim in found.items()
    }


def _said_of(connection: sa.Connection, claim_ids: Sequence[int]) -> dict[int, Feedback]:
    if not claim_ids:
        return {}
    keys = pa.table({"claim_id": pa.array(sorted(set(claim_ids)), pa.int64())})
    wanted = bulk.wanted(connection, "wanted_said", keys)
    query = sa.select(FEEDBACK).join(wanted, wanted.c.claim_id == FEEDBACK.c.claim_id)
    return {int(row.claim_id): _said(row) for row in connection.execute(query)}


def _said(row: sa.Row[Any]) -> Feedback:
    return Feedback(**{name: row._mapping[name] for name in (*QUESTIONS, "mark", "words")})


def answers_of(
    connection: sa.Connection, decimals: int, claim_ids: Sequence[int] | None = None
) -> Iterator[Answered]:
    """Give what patients said of some claims, or of all, by facility and claim."""
    asked = sa.exists().where(
        SELECTED.c.claim_id == FEEDBACK.c.claim_id,
        SELECTIONS.c.selection == SELECTED.c.selection,
        SELECTIONS.c.purpose == FOR_FEEDBACK,
    )
    query = (
        sa.select(
            FEEDBACK, CLAIMS.c.facility, CLAIMS.c.claim, JOURNAL.c.by, JOURNAL.c.at, asked.label("asked")
        )
        .join(CLAIMS, CLAIMS.c.claim_id == FEEDBACK.c.claim_id)
        .join(JOURNAL, JOURNAL.c.number == FEEDBACK.c.journal)
        .order_by(CLAIMS.c.facility, CLAIMS.c.claim)
    )
    if claim_ids is not None:
        keys = pa.table({"claim_id": pa.array(sorted(claim_ids), pa.int64())})
        wanted = bulk.wanted(connection, "wanted_answers", keys)
        query = query.join(wanted, wanted.c.claim_id == FEEDBACK.c.claim_id)
    rows = connection.execute(query).all()
    billed = billed_of(connection, np.array([row.claim_id for row in rows], np.int64))
    for row in rows:
        said = _said(row)
        findings = contradictions(said, billed[row.claim_id], decimals)
        yield Answered(row.facility, row.claim, said, findings, row.by, row.at, bool(row.asked))


def billed_of(connection: sa.Connection, claim_ids: Int64s, upto: int | None = None) -> dict[int, Billed]:
    """Give the facts of claims that feedback is held against, as they are decided now or were after a run."""
    nothing = Billed(0, 0, 0, 0)
    if not len(claim_ids):
        return {}
    decisions = current_decisions(connection, claim_ids, last_run(connection) if upto is None else upto)
    lines = rows_of_decisions(connection, LINE_DECISIONS, decisions) if len(decisions) else None
    found: dict[int, list[dict[str, Any]]] = {}
    for line in [] if lines is None else lines.to_pylist():
        if line["status"] == LineStatus.ACCEPTED:
            found.setdefault(line["claim_id"], []).append(line)
    consumables = _consumables(connection)
    return dict.fromkeys(claim_ids.tolist(), nothing) | {
        claim_id: _billed(accepted, consumables) for claim_id, accepted in found.items()
    }


def _billed(lines: Sequence[Mapping[str, Any]], consumables: frozenset[str]) -> Billed:
    drugs = [
        line
        for line in lines
        if line["kind"] == Kind.ITEM and line["quantity"] > 0 and line["code"] not in consumables
    ]
    return Billed(
        sum(line["valuated"] for line in lines),
        sum(line[cut.word] for line in lines for cut in PATIENTS),
        len(drugs),
        sum(line["valuated"] for line in drugs),
    )


def _consumables(connection: sa.Connection) -> frozenset[str]:
    """Give the codes of items that are known to be consumables, not drugs."""
    register = REGISTERS["provisions"]
    query = sa.select(register.c.code).where(
        register.c.kind == int(Kind.ITEM),
        register.c.type == int(ProvisionType.CONSUMABLE),
        register.c.until.is_(None),
    )
    return frozenset(connection.execute(query).scalars())
