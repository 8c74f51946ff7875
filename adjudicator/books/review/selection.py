"""Selections in the books: draws of claims for review or feedback that can be drawn again at any time.

A selection keeps its plan, its seed and the *moment* of the books that it was drawn from: the last run, the
last load of registers, and the place in the journal. Nothing before these ever changes, so that what could
be selected can be read again years later; the hash of it shows that it is the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.review.selection_frame import (
    Candidates,
    Moment,
    compared_with,
    present_moment,
    read_candidates,
    usual_history,
)
from adjudicator.books.review.selection_plan import Plan
from adjudicator.problems import Problem, Refused, refused
from adjudicator.review import sampling
from adjudicator.review import selection as methods
from adjudicator.review.selection import DRAWN_BY_LOT, Method, Selection, TooSmall, total
from adjudicator.store import bulk, journal
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.journal import Act
from adjudicator.store.schema import JOURNAL, SELECTED, SELECTIONS
from adjudicator.words import message, moment

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Drawn:
    """A draw: of which claims, and which of them."""

    number: int | None
    """Of the selection; None where it was only tried out, or nothing was selected."""
    plan: Plan
    candidates: Candidates
    selection: Selection
    record: Mapping[str, Any]

    @property
    def claim_ids(self) -> Int64s:
        """The claims that were selected."""
        return self.candidates.claim_ids[self.selection.drawn]


@dataclass(frozen=True)
class Kept:
    """A selection in the books."""

    selection: int
    purpose: str
    method: Method
    record: Mapping[str, Any]
    by: str
    at: str
    journal: int


def select(books: Books, plan: Plan, by: str, dry_run: bool = False) -> Drawn:
    """Select claims, and write the selection into the books.

    Args:
        books: the books.
        plan: what is selected, and how.
        by: who has it done.
        dry_run: draw, and write nothing.

    Raises:
        Refused: the same draw is in the books already, there is nothing to select from, or the sample is
            too small for its strata.
    """
    if dry_run:
        with books.database.reading() as connection:
            return _select(connection, plan)
    with books.database.writing() as connection:
        if connection.dialect.name == "postgresql":
            # Every act enters the journal: nothing else is done until this draw is in the books.
            connection.exec_driver_sql("LOCK TABLE journal IN SHARE ROW EXCLUSIVE MODE")
        drawn = _select(connection, plan)
        return _written(connection, drawn, by) if len(drawn.claim_ids) else drawn


def _select(connection: sa.Connection, plan: Plan) -> Drawn:
    moment = present_moment(connection)
    candidates = read_candidates(connection, plan.purpose, moment, plan.wanted)
    _refuse_same(connection, plan, candidates)
    if not len(candidates.claim_ids):
        key = f"review_selection.none_for_{plan.purpose}"
        raise Refused([Problem(message(key), remedy=message("review_selection.none.remedy"))])
    if plan.method is Method.VARIANCE:
        plan = replace(plan, history=usual_history(plan, candidates))
    selection = draw_as_planned(connection, plan, moment, candidates)
    return Drawn(None, plan, candidates, selection, _record(plan, moment, candidates, selection))


def draw_as_planned(
    connection: sa.Connection, plan: Plan, moment: Moment, candidates: Candidates
) -> Selection:
    """Draw from candidates as a plan says; the same gives the same.

    Raises:
        Refused: the sample is too small for its strata, or there is nothing to compare claims with.
    """
    frame = candidates.frame
    key = sampling.key_of(plan.seed or "", plan.purpose, candidates.hash)
    match plan.method:
        case Method.ALL:
            return methods.select_all(frame)
        case Method.VALUE:
            return methods.select_value(frame, plan.wanted.least or 0)
        case Method.RANDOM:
            return methods.select_random(frame, _size(plan, len(frame)), key)
        case Method.VARIANCE:
            history, within = compared_with(connection, plan, moment, candidates)
            if not len(history.claimed):
                start, end = (plan.history[0], plan.history[1]) if plan.history else (None, None)
                raise refused("review_selection.no_history", start=start, end=end)
            return methods.select_variance(frame, history, within, plan.excess, plan.by_level, plan.fewest)
        case Method.STRATIFIED:
            size = _size(plan, len(frame))
            try:
                return methods.select_stratified(
                    frame, size, key, plan.by, plan.allocation, plan.classes, plan.take_all
                )
            except TooSmall as small:
                raise refused("review_selection.too_small", size=size, least=small.least) from None


def _size(plan: Plan, count: int) -> int:
    if plan.percent is not None:
        return sampling.share_of(count, plan.percent)
    return min(plan.size or 0, count)


def _refuse_same(connection: sa.Connection, plan: Plan, candidates: Candidates) -> None:
    """Refuse to draw again what was drawn before, unless claims have come in since."""
    for kept in kept_selections(connection, plan.purpose):
        if Plan.of_record(kept.record).as_asked() != plan.as_asked():
            continue
        before = read_candidates(connection, plan.purpose, _moment(kept), plan.wanted)
        if np.isin(candidates.claim_ids, before.claim_ids).all():
            number, at = str(kept.selection), moment(kept.at)
            raise refused("review_selection.same", selection=number, by=kept.by, at=at)


def _record(plan: Plan, moment: Moment, candidates: Candidates, selection: Selection) -> dict[str, Any]:
    frame, drawn = candidates.frame, selection.drawn
    strata = [
        {
            "name": one.name,
            "claims": one.claims,
            "drawn": one.drawn,
            "claimed": one.claimed,
            "valuated": one.valuated,
        }
        for one in selection.strata
    ]
    return {
        **plan.as_record(),
        "moment": moment.as_record(),
        "hashed_by": sampling.HASH if plan.method in DRAWN_BY_LOT else None,
        "frame": _amounts(frame.claimed, frame.valuated) | {"hash": candidates.hash},
        "left_out": dict(candidates.left_out),
        "strata": strata,
        "bounds": list(selection.bounds),
        "means": [{"group": one.group, "claims": one.claims, "total": one.total} for one in selection.means],
        "selected": _amounts(frame.claimed[drawn], frame.valuated[drawn])
        | {"hash": hash_of_selected(_rows(candidates.claim_ids, selection))},
    }


def _amounts(claimed: Int64s, valuated: Int64s) -> dict[str, int]:
    return {"claims": len(claimed), "claimed": total(claimed), "valuated": total(valuated)}


def _rows(claim_ids: Int64s, selection: Selection) -> pa.Table:
    """Give the rows of selected claims, each with its stratum and its chance."""
    drawn = np.flatnonzero(selection.drawn)
    drawn = drawn[np.argsort(claim_ids[drawn])]
    strata = [selection.strata[place] for place in selection.stratum[drawn].tolist()]
    return pa.table(
        {
            "claim_id": pa.array(claim_ids[drawn], pa.int64()),
            "stratum": pa.array([one.name for one in strata], pa.string()),
            "probability": pa.array([one.drawn for one in strata], pa.int64()),
            "of": pa.array([one.claims for one in strata], pa.int64()),
        }
    )


def hash_of_selected(rows: pa.Table) -> str:
    """Give the hash of what was selected: claims, strata and chances."""
    return table_hash([row_digests(rows, ("claim_id", "stratum", "probability", "of"))])


def _written(connection: sa.Connection, drawn: Drawn, by: str) -> Drawn:
    query = sa.select(sa.func.coalesce(sa.func.max(SELECTIONS.c.selection), 0))
    number = int(connection.execute(query).scalar_one()) + 1
    content = {"selection": number, "record": drawn.record}
    entry = journal.append(connection, Act(by, f"select for {drawn.plan.purpose}"), content)
    connection.execute(
        sa.insert(SELECTIONS).values(
            selection=number,
            journal=entry,
            purpose=drawn.plan.purpose,
            method=drawn.plan.method.value,
            record=journal.canonical(drawn.record),
        )
    )
    rows = _rows(drawn.candidates.claim_ids, drawn.selection)
    numbered = pa.table(
        {"selection": np.full(len(rows), number, np.int64)} | {name: rows[name] for name in rows.column_names}
    )
    bulk.insert(connection, SELECTED, numbered)
    return replace(drawn, number=number)


# Looking back.


def kept_selections(connection: sa.Connection, purpose: str | None = None) -> list[Kept]:
    """Give the selections in the books, in order."""
    query = (
        sa.select(SELECTIONS, JOURNAL.c.by, JOURNAL.c.at)
        .join(JOURNAL, JOURNAL.c.number == SELECTIONS.c.journal)
        .order_by(SELECTIONS.c.selection)
    )
    if purpose is not None:
        query = query.where(SELECTIONS.c.purpose == purpose)
    return [_kept(row) for row in connection.execute(query)]


def find_selection(connection: sa.Connection, number: int) -> Kept:
    """Find a selection by its number.

    Raises:
        Refused: there is none.
    """
    found = [kept for kept in kept_selections(connection) if kept.selection == number]
    if not found:
        raise refused("review_selection.unknown", selection=str(number))
    return found[0]


def _kept(row: sa.Row[Any]) -> Kept:
    values = dict(row._mapping)
    values |= {"method": Method(values["method"]), "record": json.loads(values["record"])}
    return Kept(**values)


def _moment(kept: Kept) -> Moment:
    # What was entered before the selection itself was there when it was drawn.
    return Moment.of_record(kept.record["moment"], kept.journal)


def selected_rows(connection: sa.Connection, number: int) -> pa.Table:
    """Read the claims of a selection, each with its stratum and its chance, by claim."""
    columns = [SELECTED.c[name] for name in ("claim_id", "stratum", "probability", "of")]
    query = sa.select(*columns).where(SELECTED.c.selection == number).order_by(SELECTED.c.claim_id)
    return bulk.read(connection, query)


def draw_again(connection: sa.Connection, number: int) -> tuple[Kept, Drawn]:
    """Draw a selection of the books again, from what it was drawn from, and make sure that it is the same.

    Raises:
        Refused: there is no such selection, or the books no longer give what it was drawn from.
    """
    kept = find_selection(connection, number)
    plan, moment = Plan.of_record(kept.record), _moment(kept)
    candidates = read_candidates(connection, plan.purpose, moment, plan.wanted)
    selection = draw_as_planned(connection, plan, moment, candidates)
    drawn = (_rows(candidates.claim_ids, selection), selected_rows(connection, number))
    hashes = {hash_of_selected(rows) for rows in drawn}
    if candidates.hash != kept.record["frame"]["hash"] or hashes != {kept.record["selected"]["hash"]}:
        raise refused("review_selection.differs", selection=str(number))
    return kept, Drawn(number, plan, candidates, selection, kept.record)
