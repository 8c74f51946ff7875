"""The claims that can be selected, and those that they are compared with, as of a moment of the books.

What can be selected are the claims that stand decided, were not rejected whole, and are *idle* for the
purpose: not selected for it before, not reviewed (or answered by their patients) yet.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION, REVERSAL
from adjudicator.books.registers import registers_at
from adjudicator.books.review.selection_plan import FEEDBACK, REVIEW, Plan, Wanted
from adjudicator.encoding import one_array
from adjudicator.problems import refused
from adjudicator.review.selection import Frame, History
from adjudicator.store import bulk
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.loads import last_load
from adjudicator.store.runs import last_run
from adjudicator.store.schema import (
    CLAIM_DECISIONS,
    CLAIM_LINES,
    CLAIMS,
    JOURNAL,
    REGISTERS,
    REVIEWS,
    SELECTED,
    SELECTIONS,
)
from adjudicator.store.schema import (
    FEEDBACK as ANSWERS,
)
from adjudicator.units import add_months, date_of, day_number
from adjudicator.vocabulary import Category, ClaimStatus, FacilityLevel, VisitType, Word

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LABELS: Final = ("level", "facility", "diagnosis", "category", "visit_type", "month")
"""What strata can go by, besides the size of the amount; ``month`` is that of the claim."""

MONTHS_OF_HISTORY: Final = 12


@dataclass(frozen=True)
class Moment:
    """A moment of the books: nothing that was there then is ever changed."""

    run: int
    """The last run."""
    registers: int
    """The last load of registers."""
    journal: int
    """The number that the next entry of the journal had."""

    def as_record(self) -> dict[str, int]:
        """Give the moment as the books keep it."""
        return {"run": self.run, "registers": self.registers}

    @classmethod
    def of_record(cls, record: Mapping[str, int], journal: int) -> Self:
        """Read a moment; its place in the journal is that of what was entered then."""
        return cls(record["run"], record["registers"], journal)


def present_moment(connection: sa.Connection) -> Moment:
    """Give the present moment of the books."""
    registers = last_load(connection, "registers")
    last = connection.execute(sa.select(sa.func.max(JOURNAL.c.number))).scalar()
    return Moment(last_run(connection), registers.load if registers else 0, int(last or 0) + 1)


@dataclass(frozen=True)
class Candidates:
    """The claims that can be selected."""

    claim_ids: Int64s
    frame: Frame
    days: Int64s
    """(n,): the day numbers on which they were claimed."""
    left_out: Mapping[str, int]
    """How many others there are, by why they cannot be selected."""
    hash: str
    """Of all that a draw goes by, whatever the order of the rows."""


def read_candidates(connection: sa.Connection, purpose: str, moment: Moment, wanted: Wanted) -> Candidates:
    """Read the claims that can be selected for a purpose.

    Raises:
        Refused: there is no such facility, or the period ends before it begins.
    """
    _check(connection, wanted)
    rows = _decided(connection, moment, _conditions(wanted))
    claim_ids = np.asarray(rows["claim_id"].to_numpy(), np.int64)
    idle = np.ones(len(rows), np.bool_)
    left_out = {}
    for why, busy in _busy(connection, purpose, moment).items():
        here = idle & np.isin(claim_ids, busy)
        left_out[why] = int(here.sum())
        idle &= ~here
    rows = rows.filter(pa.array(idle))
    labels = _labels(connection, moment, rows)
    plain = {name: rows[name] for name in ("facility", "claim", "claimed", "valuated")}
    others = {name: labels[name] for name in LABELS if name not in plain}
    return Candidates(
        claim_ids[idle],
        Frame(
            rows["facility"].to_pylist(),
            rows["claim"].to_pylist(),
            np.asarray(rows["claimed"].to_numpy(), np.int64),
            np.asarray(rows["valuated"].to_numpy(), np.int64),
            {name: column.to_numpy(zero_copy_only=False) for name, column in labels.items()},
        ),
        _days(rows),
        left_out,
        table_hash([row_digests(pa.table(plain | others))]),
    )


def _check(connection: sa.Connection, wanted: Wanted) -> None:
    if wanted.start and wanted.end and wanted.end < wanted.start:
        raise refused("review_selection.period_reversed", start=wanted.start, end=wanted.end)
    if wanted.facility is not None:
        codes = REGISTERS["facilities"].c.code
        if connection.execute(sa.select(codes).where(codes == wanted.facility)).first() is None:
            raise refused("review_selection.unknown_facility", code=wanted.facility)


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.start is not None:
        conditions.append(CLAIMS.c.date_claimed >= wanted.start)
    if wanted.end is not None:
        conditions.append(CLAIMS.c.date_claimed <= wanted.end)
    if wanted.facility is not None:
        conditions.append(CLAIMS.c.facility == wanted.facility)
    if wanted.least is not None:
        conditions.append(CLAIM_DECISIONS.c.claimed >= sa.literal_column(str(wanted.least), sa.BigInteger()))
    return conditions


def _decided(
    connection: sa.Connection, moment: Moment, conditions: Sequence[sa.ColumnElement[bool]]
) -> pa.Table:
    """Read claims that stood decided and were not rejected whole."""
    decision, taken_back = CLAIM_DECISIONS, CLAIM_DECISIONS.alias("taken_back")
    reversal = sa.exists().where(
        taken_back.c.claim_id == decision.c.claim_id,
        taken_back.c.version == decision.c.version,
        taken_back.c.entry == REVERSAL,
        taken_back.c.run <= moment.run,
    )
    query = (
        sa.select(
            *(
                CLAIMS.c[name]
                for name in ("claim_id", "facility", "claim", "diagnosis", "visit_type", "date_claimed")
            ),
            *(decision.c[name] for name in ("category", "claimed", "valuated")),
        )
        .join(decision, decision.c.claim_id == CLAIMS.c.claim_id)
        .where(
            decision.c.run <= moment.run,
            decision.c.entry == DECISION,
            decision.c.status != int(ClaimStatus.REJECTED),
            ~reversal,
            *conditions,
        )
    )
    return bulk.read(connection, query)


def _busy(connection: sa.Connection, purpose: str, moment: Moment) -> dict[str, Int64s]:
    """Give the claims that are not idle for a purpose, by why."""
    selected = (
        sa.select(SELECTED.c.claim_id)
        .join(SELECTIONS, SELECTIONS.c.selection == SELECTED.c.selection)
        .where(SELECTIONS.c.purpose == purpose, SELECTIONS.c.journal < moment.journal)
    )
    if purpose == REVIEW:
        lines = CLAIM_LINES
        # A review may have come with the claim itself.
        came = sa.or_(
            lines.c.review.is_not(None),
            lines.c.quantity_approved.is_not(None),
            lines.c.price_approved.is_not(None),
        )
        done = [
            sa.select(REVIEWS.c.claim_id).where(REVIEWS.c.journal < moment.journal),
            sa.select(lines.c.claim_id).where(came).distinct(),
        ]
    else:
        done = [sa.select(ANSWERS.c.claim_id).where(ANSWERS.c.journal < moment.journal)]
    return {
        "selected": _claim_ids(connection, [selected]),
        {REVIEW: "reviewed", FEEDBACK: "answered"}[purpose]: _claim_ids(connection, done),
    }


def _claim_ids(connection: sa.Connection, queries: Sequence[sa.Select[Any]]) -> Int64s:
    read = [bulk.read(connection, query)["claim_id"].to_numpy() for query in queries]
    return np.unique(np.concatenate([np.asarray(found, np.int64) for found in read]))


def _labels(connection: sa.Connection, moment: Moment, rows: pa.Table) -> dict[str, pa.Array]:
    """Give what strata and means go by, as texts; an empty one where a claim has none."""
    labels = {name: rows[name] for name in ("facility", "diagnosis")}
    labels["level"] = _words_of(_levels(connection, moment, rows["facility"]), FacilityLevel)
    labels["category"] = _words_of(rows["category"], Category)
    labels["visit_type"] = _words_of(rows["visit_type"], VisitType)
    labels["month"] = pc.utf8_slice_codeunits(rows["date_claimed"].cast(pa.string()), 0, 7)
    return {name: pc.fill_null(one_array(labels[name]).cast(pa.string()), "") for name in LABELS}


def _words_of(numbers: Any, words: type[Word]) -> Any:
    known = pa.array([int(word) for word in words], pa.int64())
    place = pc.index_in(one_array(numbers).cast(pa.int64()), value_set=known)
    return pa.array([word.word for word in words]).take(place)


def _levels(connection: sa.Connection, moment: Moment, facilities: Any) -> Any:
    """Give the level of each facility, by the last version that the register had of it."""
    register = registers_at(connection, moment.registers, ("facilities",))["facilities"]
    rows = sorted(
        zip(*(register[name].to_pylist() for name in ("code", "valid_from", "level")), strict=True),
        key=lambda row: (row[0], row[1] or dt.date.min, row[2]),
    )
    level_of = {code: level for code, _, level in rows}
    known = sorted(level_of)
    place = pc.index_in(one_array(facilities), value_set=pa.array(known, pa.string()))
    return pa.array([level_of[code] for code in known], pa.int64()).take(place)


def _days(rows: pa.Table) -> Int64s:
    return np.asarray(rows["date_claimed"].cast(pa.int32()).to_numpy(), np.int64)


# What claims are compared with.


def usual_history(plan: Plan, candidates: Candidates) -> tuple[dt.date, dt.date]:
    """Give the first and last day of the claims to compare with.

    As they were asked for; else the twelve months up to the last day that claims are selected of, or, where
    that is open, up to the last day on which one of them was claimed. No clock is asked.
    """
    start, end = plan.history_asked
    end = end or plan.wanted.end or date_of(int(candidates.days.max()))
    if start is None:
        start = date_of(int(add_months(day_number(end) + 1, -MONTHS_OF_HISTORY)))
    return start, end


def compared_with(
    connection: sa.Connection, plan: Plan, moment: Moment, candidates: Candidates
) -> tuple[History, Bools]:
    """Read the claims that others are compared with, and say which candidates are among them.

    They are those that stand decided and were not rejected whole, of all facilities and amounts.
    """
    start, end = plan.history or (None, None)
    rows = _decided(connection, moment, _conditions(Wanted(start, end)))
    labels = _labels(connection, moment, rows)
    history = History(
        np.asarray(rows["claimed"].to_numpy(), np.int64),
        {name: labels[name].to_numpy(zero_copy_only=False) for name in ("diagnosis", "level")},
    )
    within = np.isin(candidates.claim_ids, np.asarray(rows["claim_id"].to_numpy(), np.int64))
    return history, within
