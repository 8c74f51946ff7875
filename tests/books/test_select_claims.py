"""Selections in the books: drawn once, never of the same claims, drawn again the same, and estimated from."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

from adjudicator.books.books import open_books
from adjudicator.books.review.selection import Drawn, draw_again, draw_as_planned, select
from adjudicator.books.review.selection_estimate import Estimated, claims_of, done_so_far, estimate_selection
from adjudicator.books.review.selection_frame import Candidates, Moment
from adjudicator.books.review.selection_plan import Plan, Wanted
from adjudicator.problems import Refused
from adjudicator.review.selection import AMOUNT, Allocation, Frame, Method
from adjudicator.store import journal
from adjudicator.store.digests import row_digests, table_hash
from adjudicator.store.schema import CLAIM_DECISIONS, CLAIMS, JOURNAL, SELECTED, SELECTIONS
from adjudicator.vocabulary import ClaimStatus, ReviewStatus
from tests.books.conftest import NewBooks
from tests.books.states import BY, DECIDED, RECEIVED_AGAIN, decide
from tests.review.reviewing import apply, deliver, review, valuated

RANDOM = Plan("review", Method.RANDOM, seed="7", percent=2_000)
STRATIFIED = Plan(
    "review", Method.STRATIFIED, seed="7", size=20, by=(AMOUNT,), allocation=Allocation.NEYMAN, classes=2
)


def draw(folder: Path, plan: Plan, dry_run: bool = False) -> Drawn:
    with open_books(folder) as books:
        return select(books, plan, BY, dry_run)


def estimated(folder: Path, number: int, partial: bool = False) -> Estimated:
    with open_books(folder) as books:
        return estimate_selection(books, number, 0.95, partial)


def keys(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [problem.what.key for problem in refused.value.problems]


@pytest.fixture
def decided(new_books: NewBooks, country: Path) -> Path:
    return new_books(country, DECIDED)


def test_a_selection_is_written_with_all_that_it_takes_to_draw_it_again(decided: Path) -> None:
    tried = draw(decided, RANDOM, dry_run=True)
    assert tried.number is None
    done = draw(decided, RANDOM)
    assert done.number == 1
    assert done.record == tried.record
    with open_books(decided) as books, books.database.reading() as connection:
        row = connection.execute(sa.select(SELECTIONS)).one()
        entry = connection.execute(sa.select(JOURNAL).where(JOURNAL.c.number == row.journal)).one()
        selected = connection.execute(sa.select(SELECTED)).all()
        accepted = (
            connection.execute(
                sa.select(CLAIM_DECISIONS.c.claim_id).where(
                    CLAIM_DECISIONS.c.status != int(ClaimStatus.REJECTED)
                )
            )
            .scalars()
            .all()
        )
        kept, again = draw_again(connection, 1)
        assert not journal.broken_links(connection)
    count = len(accepted)
    size = -(-count // 5)
    assert json.loads(entry.content) == {"selection": 1, "record": json.loads(row.record)}
    assert (entry.by, entry.what) == (BY, "select for review")
    assert {(one.stratum, one.probability, one.of) for one in selected} == {("all", size, count)}
    assert {one.claim_id for one in selected} == set(done.claim_ids.tolist()) <= set(accepted)
    assert kept.selection == 1
    assert again.claim_ids.tolist() == done.claim_ids.tolist()


def test_anybody_can_draw_again_from_the_record(decided: Path) -> None:
    drawn = draw(decided, RANDOM)
    record, frame = drawn.record, drawn.candidates.frame
    parts = (record["seed"], record["purpose"], record["frame"]["hash"])
    key = hashlib.sha256("\x1f".join(parts).encode()).digest()

    def number(claim: tuple[str, str]) -> bytes:
        return hashlib.blake2b("\x1f".join(claim).encode(), key=key, digest_size=16).digest()

    listed = sorted(zip(frame.facility, frame.claim, strict=True), key=number)
    with open_books(decided) as books:
        rows = claims_of(books, 1)[1]
    assert {(row["facility"], row["claim"]) for row in rows} == set(listed[: record["selected"]["claims"]])


def test_the_same_draw_is_refused_until_other_claims_come_in(new_books: NewBooks, country: Path) -> None:
    folder = new_books(country, RECEIVED_AGAIN)
    first = draw(folder, RANDOM)
    with pytest.raises(Refused) as refused:
        draw(folder, RANDOM)
    assert keys(refused) == ["review_selection.same"]
    other = draw(folder, replace(RANDOM, seed="8"))
    assert not set(first.claim_ids.tolist()) & set(other.claim_ids.tolist())
    assert other.record["left_out"]["selected"] == len(first.claim_ids)
    decide(folder)
    later = draw(folder, RANDOM)
    assert not set(later.claim_ids.tolist()) & {*first.claim_ids.tolist(), *other.claim_ids.tolist()}
    for number in (1, 2, 3):
        with open_books(folder) as books:
            assert len(claims_of(books, number)[1]) == (first, other, later)[number - 1].selection.drawn.sum()


def candidates_of(names: Sequence[str]) -> Candidates:
    """Make candidates of claims of equal amounts."""
    amounts = np.full(len(names), 100, np.int64)
    frame = Frame(["F"] * len(names), names, amounts, amounts, {})
    digests = row_digests(pa.table({"claim": pa.array(names, pa.string())}))
    return Candidates(np.arange(len(names)), frame, amounts, {}, table_hash([digests]))


def test_one_seed_twice_is_fair_to_claims_that_were_not_drawn_before() -> None:
    # As scheme administrators do: one seed for all months, and what was not drawn last month is there again.
    old, new = ([f"{month}{number:02}" for number in range(40)] for month in "AB")
    drawn_again: Counter[str] = Counter()
    with sa.create_engine("sqlite://").connect() as connection:
        for seed in range(400):
            plan = replace(RANDOM, seed=str(seed), percent=2_500)
            first = draw_as_planned(connection, plan, Moment(1, 1, 1), candidates_of(old))
            left = [name for name, drawn in zip(old, first.drawn, strict=True) if not drawn]
            later = draw_as_planned(connection, plan, Moment(2, 1, 2), candidates_of([*left, *new]))
            chosen = [name for name, drawn in zip([*left, *new], later.drawn, strict=True) if drawn]
            drawn_again.update(name[0] for name in chosen)
    # Of 30 old and 40 new claims a quarter each, within four standard errors.
    assert drawn_again["A"] == pytest.approx(400 * 18 * 30 / 70, abs=4 * (400 * 18 * 0.24 * 0.75) ** 0.5)


def test_a_draw_for_review_says_nothing_of_one_for_feedback() -> None:
    among = candidates_of([str(number) for number in range(400)])
    with sa.create_engine("sqlite://").connect() as connection:
        plans = (RANDOM, replace(RANDOM, purpose="feedback"))
        review_, feedback = (draw_as_planned(connection, plan, Moment(1, 1, 1), among) for plan in plans)
    assert review_.strata == feedback.strata
    assert 3 <= (review_.drawn & feedback.drawn).sum() <= 32


def test_reviewed_claims_are_never_selected_and_each_purpose_counts_alone(decided: Path) -> None:
    everything = draw(decided, Plan("review", Method.ALL), dry_run=True)
    chosen = everything.claim_ids.tolist()
    review(decided, chosen[:5], [])
    left = draw(decided, Plan("review", Method.ALL))
    assert left.record["left_out"] == {"selected": 0, "reviewed": 5}
    assert sorted(left.claim_ids.tolist()) == sorted(chosen[5:])
    of_patients = draw(decided, Plan("feedback", Method.ALL))
    assert sorted(of_patients.claim_ids.tolist()) == sorted(chosen)


def test_what_can_be_selected_is_what_was_asked_for(decided: Path) -> None:
    with open_books(decided) as books, books.database.reading() as connection:
        rows = connection.execute(
            sa.select(CLAIMS.c.claim_id, CLAIMS.c.facility, CLAIMS.c.date_claimed, CLAIM_DECISIONS.c.claimed)
            .join(CLAIM_DECISIONS, CLAIM_DECISIONS.c.claim_id == CLAIMS.c.claim_id)
            .where(CLAIM_DECISIONS.c.status != int(ClaimStatus.REJECTED))
        ).all()
    facility = rows[0].facility
    day = sorted(row.date_claimed for row in rows)[len(rows) // 2]
    least = sorted(row.claimed for row in rows)[len(rows) // 3]
    for wanted, expected in (
        (Wanted(facility=facility), {row.claim_id for row in rows if row.facility == facility}),
        (Wanted(start=day), {row.claim_id for row in rows if row.date_claimed >= day}),
        (Wanted(end=day), {row.claim_id for row in rows if row.date_claimed <= day}),
        (Wanted(least=least), {row.claim_id for row in rows if row.claimed >= least}),
    ):
        drawn = draw(decided, Plan("review", Method.VALUE, wanted), dry_run=True)
        assert set(drawn.claim_ids.tolist()) == expected


@pytest.mark.parametrize(
    ("plan", "key"),
    [
        (Plan("review", Method.ALL, Wanted(facility="NOWHERE")), "unknown_facility"),
        (Plan("review", Method.ALL, Wanted(dt.date(2026, 2, 1), dt.date(2026, 1, 1))), "period_reversed"),
        (Plan("review", Method.ALL, Wanted(start=dt.date(2099, 1, 1))), "none_for_review"),
        (Plan("feedback", Method.ALL, Wanted(start=dt.date(2099, 1, 1))), "none_for_feedback"),
        (replace(STRATIFIED, size=1), "too_small"),
        (
            Plan("review", Method.VARIANCE, history_asked=(dt.date(1990, 1, 1), dt.date(1990, 2, 1))),
            "no_history",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_selected_is_refused(decided: Path, plan: Plan, key: str) -> None:
    with pytest.raises(Refused) as refused:
        draw(decided, plan)
    assert keys(refused) == [f"review_selection.{key}"]


def test_variance_keeps_the_window_and_the_means(decided: Path) -> None:
    drawn = draw(decided, Plan("review", Method.VARIANCE, excess=5_000, fewest=3))
    assert drawn.number == 1
    start, end = drawn.plan.history or (None, None)
    assert (start, end) != (None, None)
    assert {mean["group"] for mean in drawn.record["means"]} == {
        one["name"] for one in drawn.record["strata"]
    }
    with open_books(decided) as books:
        _, rows = claims_of(books, 1)
    assert {(row["probability"], row["of"]) for row in rows if row["of"] == 1} <= {(1, 1)}
    assert all(row["probability"] == row["of"] for row in rows)


def test_an_estimate_waits_for_all_reviews(decided: Path) -> None:
    drawn = draw(decided, STRATIFIED)
    chosen = drawn.claim_ids.tolist()
    with pytest.raises(Refused) as refused:
        estimated(decided, 1)
    assert keys(refused) == ["review_selection.waiting_for_review"]
    before = valuated(decided, chosen)
    rejected = chosen[::3]
    with open_books(decided) as books:
        deliver(
            books,
            dict.fromkeys(chosen[:-4], ReviewStatus.ACCEPTED)
            | dict.fromkeys(rejected, ReviewStatus.REJECTED),
        )
    with pytest.raises(Refused) as refused:
        estimated(decided, 1)
    assert keys(refused) == ["review_selection.waiting_for_review", "review_selection.unapplied"]
    with open_books(decided) as books:
        apply(books)
    part = estimated(decided, 1, partial=True)
    assert part.waiting == len(set(chosen[-4:]) - set(rejected))
    strata = drawn.selection.strata
    missing = sum(
        amount * strata[stratum].claims / strata[stratum].drawn
        for claim, stratum, amount in zip(
            chosen,
            drawn.selection.stratum[drawn.selection.drawn].tolist(),
            drawn.candidates.frame.valuated[drawn.selection.drawn].tolist(),
            strict=True,
        )
        if claim in set(chosen[-4:]) - set(rejected)
    )
    assert part.if_all - part.if_none == pytest.approx(missing)
    review(decided, sorted(set(chosen[-4:]) - set(rejected)), [])
    whole = estimated(decided, 1)
    after = valuated(decided, chosen)
    assert whole.waiting == whole.unapplied == 0
    assert whole.if_none == whole.if_all == pytest.approx(whole.estimate.expansion.estimate)
    assert whole.estimate.found == sum(before[claim] - after[claim] for claim in chosen)
    assert whole.estimate.claims == drawn.record["frame"]["claims"]
    assert whole.estimate.valuated == drawn.record["frame"]["valuated"]
    with open_books(decided) as books, books.database.reading() as connection:
        kept, _ = draw_again(connection, 1)
        assert done_so_far(connection, kept) == len(chosen)


def test_a_changed_selection_is_found_out(decided: Path) -> None:
    draw(decided, STRATIFIED)
    with open_books(decided) as books:
        with books.database.writing() as connection:
            connection.execute(sa.update(SELECTED).values(of=SELECTED.c.of + 1))
        with pytest.raises(Refused) as refused:
            claims_of(books, 1)
        assert keys(refused) == ["review_selection.differs"]
        with pytest.raises(Refused) as refused:
            claims_of(books, 2)
        assert keys(refused) == ["review_selection.unknown"]


def test_a_plan_is_kept_whole() -> None:
    plan = replace(
        STRATIFIED,
        wanted=Wanted(dt.date(2026, 1, 1), None, "F", 5),
        history=(dt.date(2025, 1, 1), dt.date(2026, 1, 1)),
        history_asked=(None, dt.date(2026, 1, 1)),
    )
    assert Plan.of_record(json.loads(journal.canonical(plan.as_record()))) == plan
