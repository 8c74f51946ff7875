"""What the reviews (or the feedback) of a selection say of all claims that it was drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from adjudicator.adjudication.booking import DECISION
from adjudicator.books.books import Books
from adjudicator.books.review.feedback import contradicted
from adjudicator.books.review.selection import Drawn, Kept, draw_again
from adjudicator.books.review.selection_plan import REVIEW
from adjudicator.problems import Problem, Refused
from adjudicator.review.estimate import Estimate, NotEnough, Reviewed, estimate
from adjudicator.review.strata import in_words
from adjudicator.store import bulk
from adjudicator.store.schema import (
    APPLIED_REVIEWS,
    CASE_EVENTS,
    CASE_STATES,
    CASES,
    CLAIM_DECISIONS,
    FEEDBACK,
    REVIEWS,
    SELECTED,
)
from adjudicator.words import message


@dataclass(frozen=True)
class Estimated:
    """An estimate from a selection."""

    kept: Kept
    estimate: Estimate
    waiting: int
    """Selected claims that have no review (or no answer) yet."""
    unapplied: int
    """Of these, claims whose review was delivered, but which were not decided again by it yet."""
    released: int
    """Of these, claims that were released from review since they were drawn: nobody will review them."""
    if_none: float
    """What the expansion estimate would be if of the claims that wait nothing were found; minor units."""
    if_all: float
    """What it would be if all of them were found to be overpaid (or contradicted) whole."""


def estimate_selection(books: Books, number: int, confidence: float, partial: bool = False) -> Estimated:
    """Estimate from the reviews that were delivered of a selection, or from the answers of patients.

    What a claim is overpaid is what it was valued at when it was drawn, less what it is valued at with its
    last review. Of a selection for feedback, it is all that a claim was valued at which its patient
    contradicts, as it was decided when it was drawn.

    Args:
        books: the books.
        number: of the selection.
        confidence: of the intervals, between 0 and 1.
        partial: estimate although claims still wait: as if those that were reviewed were drawn from the
            others, which they are not where the most suspicious come first.

    Raises:
        Refused: there is no such selection, the books no longer give it, claims still wait, or of some strata
            too few were reviewed.
    """
    with books.database.reading() as connection:
        kept, drawn = draw_again(connection, number)
        valuated = _when_drawn(drawn)
        if kept.purpose == REVIEW:
            found, unapplied = _overpaid(connection, kept, valuated)
            released = _released(connection, kept)
        else:
            answers = contradicted(connection, drawn.claim_ids, kept.record["moment"]["run"])
            found = {claim: valuated[claim] * answer for claim, answer in answers.items()}
            unapplied = released = 0
    waiting = len(drawn.claim_ids) - len(found)
    if waiting and not partial:
        values = {"selection": str(number), "waiting": waiting, "selected": len(drawn.claim_ids)}
        problems = [
            Problem(
                message(f"review_selection.waiting_for_{kept.purpose}", **values),
                remedy=message("review_selection.waiting.remedy", selection=str(number)),
            )
        ]
        if unapplied:
            what = message("review_selection.unapplied", claims=unapplied)
            problems.append(Problem(what, remedy=message("review_selection.unapplied.remedy")))
        if released:
            what = message("review_selection.released", claims=released)
            problems.append(Problem(what, remedy=message("review_selection.released.remedy")))
        raise Refused(problems)
    try:
        done = estimate(list(_strata(drawn, found)), confidence)
    except NotEnough as lacking:
        strata = [in_words(name) for name in lacking.names]
        what = message(f"review_selection.not_enough_for_{kept.purpose}", strata=strata)
        raise Refused([Problem(what, remedy=message("review_selection.not_enough.remedy"))]) from None
    return Estimated(kept, done, waiting, unapplied, released, *_extremes(drawn, found))


def if_nothing_is_found(drawn: Drawn, confidence: float) -> int | None:
    """Give how much may be overpaid nevertheless if nothing is found in a sample; minor units, rounded.

    That says before any review what the sample can tell at best. None where it cannot tell anything: of some
    stratum fewer than two claims were drawn.
    """
    nothing = dict.fromkeys(drawn.claim_ids.tolist(), 0)
    try:
        return round(estimate(list(_strata(drawn, nothing)), confidence).expansion.high)
    except NotEnough:
        return None


def done_so_far(connection: sa.Connection, kept: Kept) -> int:
    """Count the claims of a selection that were reviewed since, or answered by their patients."""
    query = sa.select(sa.func.count()).select_from(_done(kept).subquery())
    return int(connection.execute(query).scalar_one())


def _when_drawn(drawn: Drawn) -> dict[int, int]:
    """Give what each selected claim was valued at when it was drawn."""
    amounts = drawn.candidates.frame.valuated[drawn.selection.drawn]
    return dict(zip(drawn.claim_ids.tolist(), amounts.tolist(), strict=True))


def claims_of(books: Books, number: int) -> tuple[Kept, list[dict[str, Any]]]:
    """Give a selection, drawn again to be sure of it, and its claims by facility and number.

    Returns:
        The selection, and of each claim ``facility``, ``claim``, ``stratum``, ``probability``, ``of``,
        ``claimed``, ``valuated`` (minor units, when it was drawn) and whether it is ``done``.

    Raises:
        Refused: there is no such selection, or the books no longer give it.
    """
    with books.database.reading() as connection:
        kept, drawn = draw_again(connection, number)
        done = set(connection.execute(_done(kept)).scalars())
    frame, strata = drawn.candidates.frame, drawn.selection.strata
    rows = []
    for place in np.flatnonzero(drawn.selection.drawn).tolist():
        stratum = strata[drawn.selection.stratum[place]]
        rows.append(
            {
                "facility": frame.facility[place],
                "claim": frame.claim[place],
                "stratum": stratum.name,
                "probability": stratum.drawn,
                "of": stratum.claims,
                "claimed": int(frame.claimed[place]),
                "valuated": int(frame.valuated[place]),
                "done": int(drawn.candidates.claim_ids[place]) in done,
            }
        )
    return kept, sorted(rows, key=lambda row: (row["facility"], row["claim"]))


def _done(kept: Kept) -> sa.Select[Any]:
    """Choose the claims of a selection that were reviewed since, or answered by their patients."""
    if kept.purpose == REVIEW:
        return sa.select(_last_reviews(kept).subquery().c.claim_id)
    return (
        sa.select(FEEDBACK.c.claim_id)
        .join(SELECTED, SELECTED.c.claim_id == FEEDBACK.c.claim_id)
        .where(SELECTED.c.selection == kept.selection)
    )


def _last_reviews(kept: Kept) -> sa.Select[Any]:
    """Choose the last review of each selected claim since it was selected."""
    return (
        sa.select(REVIEWS.c.claim_id, sa.func.max(REVIEWS.c.review).label("review"))
        .join(SELECTED, SELECTED.c.claim_id == REVIEWS.c.claim_id)
        .where(SELECTED.c.selection == kept.selection, REVIEWS.c.journal > kept.journal)
        .group_by(REVIEWS.c.claim_id)
    )


def _overpaid(connection: sa.Connection, kept: Kept, before: dict[int, int]) -> tuple[dict[int, int], int]:
    """Give what each reviewed claim was overpaid, and how many reviews were not applied yet."""
    last = _last_reviews(kept).subquery()
    query = sa.select(last.c.claim_id, APPLIED_REVIEWS.c.run).outerjoin(
        APPLIED_REVIEWS, APPLIED_REVIEWS.c.review == last.c.review
    )
    rows = connection.execute(query).all()
    run_of = {int(claim): int(run) for claim, run in rows if run is not None}
    after = _valuated(connection, run_of)
    return {claim: before[claim] - amount for claim, amount in after.items()}, len(rows) - len(run_of)


def _released(connection: sa.Connection, kept: Kept) -> int:
    """Count the selected claims whose cases were all closed since they were drawn, without any review."""
    case = sa.select(CASES.c.claim_id).join(CASE_EVENTS, CASE_EVENTS.c.case == CASES.c.case)
    query = (
        sa.select(sa.func.count())
        .select_from(SELECTED)
        .where(
            SELECTED.c.selection == kept.selection,
            SELECTED.c.claim_id.in_(case.where(CASE_EVENTS.c.journal > kept.journal)),
            SELECTED.c.claim_id.not_in(sa.select(CASE_STATES.c.claim_id)),
            SELECTED.c.claim_id.not_in(sa.select(_last_reviews(kept).subquery().c.claim_id)),
        )
    )
    return int(connection.execute(query).scalar_one())


def _valuated(connection: sa.Connection, run_of: dict[int, int]) -> dict[int, int]:
    """Give what each claim was valued at after a run of its own."""
    if not run_of:
        return {}
    wanted = bulk.wanted(
        connection, "wanted_reviewed", pa.table({"claim_id": pa.array(sorted(run_of), pa.int64())})
    )
    decision = CLAIM_DECISIONS
    query = (
        sa.select(decision.c.claim_id, decision.c.run, decision.c.valuated)
        .join(wanted, wanted.c.claim_id == decision.c.claim_id)
        .where(decision.c.entry == DECISION)
        .order_by(decision.c.claim_id, decision.c.version)
    )
    return {claim: int(amount) for claim, run, amount in connection.execute(query) if run <= run_of[claim]}


def _extremes(drawn: Drawn, found: dict[int, int]) -> tuple[float, float]:
    """Give the estimates from all drawn claims, with nothing and with everything found in those that wait."""
    selection = drawn.selection
    weight = {place: one.claims / one.drawn for place, one in enumerate(selection.strata) if one.drawn}
    if_none = if_all = 0.0
    for claim, place, valuated in zip(
        drawn.claim_ids.tolist(),
        selection.stratum[selection.drawn].tolist(),
        drawn.candidates.frame.valuated[selection.drawn].tolist(),
        strict=True,
    ):
        if_none += weight[place] * found.get(claim, 0)
        if_all += weight[place] * found.get(claim, valuated)
    return if_none, if_all


def _strata(drawn: Drawn, found: dict[int, int]) -> Iterator[Reviewed]:
    claim_ids, frame = drawn.candidates.claim_ids, drawn.candidates.frame
    selection = drawn.selection
    reviewed = np.isin(claim_ids, np.fromiter(found, np.int64, len(found))) & selection.drawn
    for place, stratum in enumerate(selection.strata):
        here = selection.stratum == place
        known = here & reviewed
        amounts = [found[claim] for claim in claim_ids[known].tolist()]
        yield Reviewed(
            stratum.name,
            np.array(amounts, np.int64),
            frame.valuated[known],
            frame.valuated[here & ~known],
        )
