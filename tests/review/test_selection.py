"""Methods of selection: who is selected, with which chance, compared with whom."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.review.selection import (
    AMOUNT,
    EVERYTHING,
    NOTHING,
    OUTSIDE,
    TAKE_ALL,
    Allocation,
    Frame,
    History,
    Labels,
    Selection,
    TooSmall,
    select_all,
    select_random,
    select_stratified,
    select_value,
    select_variance,
    total,
)
from adjudicator.review.strata import in_words
from adjudicator.vocabulary import FacilityLevel
from adjudicator.words import label, say, text

CLAIMS = st.lists(
    st.tuples(st.integers(0, 10**6), st.sampled_from(["A00", "B50", "Z34", ""]), st.sampled_from("HCD")),
    min_size=1,
    max_size=40,
)
Claim = tuple[int, str, str]


def frame_of(claims: Sequence[Claim]) -> Frame:
    amounts = np.array([claim[0] for claim in claims], np.int64)
    return Frame(
        [f"F{number % 2}" for number in range(len(claims))],
        [f"C{number}" for number in range(len(claims))],
        amounts,
        amounts // 2,
        labels_of(claims),
    )


def labels_of(claims: Sequence[Claim]) -> dict[str, Labels]:
    diagnosis, level = ([claim[place] for claim in claims] for place in (1, 2))
    return {"diagnosis": np.array(diagnosis, np.object_), "level": np.array(level, np.object_)}


def history_of(claims: Sequence[Claim]) -> History:
    return History(np.array([claim[0] for claim in claims], np.int64), labels_of(claims))


def check(frame: Frame, selection: Selection) -> None:
    """Check that strata are what the claims in them are."""
    for place, stratum in enumerate(selection.strata):
        here = selection.stratum == place
        assert stratum.claims == here.sum()
        assert stratum.drawn == (here & selection.drawn).sum()
        assert stratum.claimed == frame.claimed[here].sum()
        assert 0 < stratum.probability <= 1
    assert (selection.stratum[selection.drawn] != OUTSIDE).all()
    assert sum(stratum.drawn for stratum in selection.strata) == selection.drawn.sum()


@given(CLAIMS)
def test_all_are_certain(claims: list[Claim]) -> None:
    frame = frame_of(claims)
    selection = select_all(frame)
    check(frame, selection)
    assert selection.drawn.all()
    assert [stratum.probability for stratum in selection.strata] == [Fraction(1)]


@given(CLAIMS, st.integers(0, 10**6))
def test_value_takes_claims_of_that_much_or_more(claims: list[Claim], least: int) -> None:
    frame = frame_of(claims)
    selection = select_value(frame, least)
    check(frame, selection)
    assert selection.drawn.tolist() == [claim[0] >= least for claim in claims]


@given(CLAIMS, st.data())
def test_random_gives_each_the_same_chance(claims: list[Claim], data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(claims)))
    frame = frame_of(claims)
    selection = select_random(frame, size, "seed")
    check(frame, selection)
    assert [(one.name, one.probability) for one in selection.strata] == [
        (EVERYTHING, Fraction(size, len(claims)))
    ]


# Variance.


def far_above(claim: int, claims: list[Claim], excess: int, by_level: bool, fewest: int) -> tuple[str, bool]:
    """Tell the group a claim of a history is compared with and whether it is far above, one by one."""
    _, diagnosis, level = claims[claim]
    others = [other for place, other in enumerate(claims) if place != claim]
    steps = [
        ("diagnosis, level", [o for o in others if o[1:] == (diagnosis, level)] if by_level else []),
        ("diagnosis", [o for o in others if o[1] == diagnosis]),
    ]
    for name, peers in steps:
        if diagnosis and len(peers) >= fewest:
            return name, compared(claims[claim][0], peers, excess)
    of_level = [o for o in others if o[2] == level]
    if len(of_level) >= fewest:
        return "level", compared(claims[claim][0], of_level, excess)
    return (EVERYTHING, compared(claims[claim][0], others, excess)) if others else (NOTHING, True)


def compared(amount: int, peers: list[Claim], excess: int) -> bool:
    return amount >= Fraction(sum(peer[0] for peer in peers), len(peers)) * (10_000 + excess) / 10_000


@given(CLAIMS, st.integers(0, 20_000), st.booleans(), st.integers(1, 6))
def test_variance_compares_with_the_mean_of_the_others(
    claims: list[Claim], excess: int, by_level: bool, fewest: int
) -> None:
    frame = frame_of(claims)
    within = np.ones(len(claims), np.bool_)
    selection = select_variance(frame, history_of(claims), within, excess, by_level, fewest)
    check(frame, selection)
    for place in range(len(claims)):
        group, selected = far_above(place, claims, excess, by_level, fewest)
        assert selection.drawn[place] == selected
        if selected:
            name = selection.strata[selection.stratum[place]].name
            assert ", ".join(part.partition("=")[0] for part in name.split(", ")) == group


def test_a_rare_diagnosis_is_compared_with_its_level() -> None:
    # In openIMIS, nothing is an average of nothing, and such a claim is never selected (T46).
    history = history_of([(100, "B50", "H")] * 20 + [(10, "B50", "D")] * 20)
    frame = frame_of([(500, "Q99", "H"), (90, "Q99", "D"), (10, "Q99", "D")])
    selection = select_variance(frame, history, np.zeros(3, np.bool_), 1_000, False, 10)
    assert selection.drawn.tolist() == [True, True, False]
    assert [mean.group for mean in selection.means] == ["level=D", "level=H"]
    assert [(mean.claims, mean.total) for mean in selection.means] == [(20, 200), (20, 2000)]


def test_without_any_other_claim_a_claim_is_selected() -> None:
    frame = frame_of([(5, "B50", "H")])
    selection = select_variance(frame, history_of([(5, "B50", "H")]), np.ones(1, np.bool_), 1_000, True, 10)
    assert selection.drawn.tolist() == [True]
    assert [stratum.name for stratum in selection.strata] == [NOTHING]


def test_sums_past_64_bits_are_exact() -> None:
    large = 2**62
    history = history_of([(large, "B50", "H")] * 40)
    frame = frame_of([(large - 1, "B50", "H"), (large, "B50", "H")])
    selection = select_variance(frame, history, np.zeros(2, np.bool_), 0, False, 10)
    assert selection.drawn.tolist() == [False, True]
    assert total(history.claimed) == 40 * large


# Strata.


def least_size_of(frame: Frame, by: list[str], allocation: Allocation, take_all: int | None) -> int:
    """Find the smallest sample of some strata."""
    for size in range(1, len(frame) + 1):
        try:
            select_stratified(frame, size, "s", by, allocation, 3, take_all)
        except TooSmall as small:
            return small.least
        return size
    return len(frame)


@given(CLAIMS, st.data())
def test_strata_are_the_same_for_any_order_of_rows(claims: list[Claim], data: st.DataObject) -> None:
    by = data.draw(st.lists(st.sampled_from(["level", "diagnosis", AMOUNT]), min_size=1, unique=True))
    allocation = data.draw(st.sampled_from(Allocation))
    take_all = data.draw(st.none() | st.integers(0, 10**6))
    order = list(range(len(claims)))
    Random(1).shuffle(order)
    frame = frame_of(claims)
    places = np.array(order)
    shuffled = Frame(
        [frame.facility[place] for place in order],
        [frame.claim[place] for place in order],
        frame.claimed[places],
        frame.valuated[places],
        {name: column[places] for name, column in frame.labels.items()},
    )
    size = data.draw(st.integers(1, len(claims) + 2))
    size = max(size, least_size_of(frame, by, allocation, take_all))
    one = select_stratified(frame, size, "s", by, allocation, 3, take_all)
    other = select_stratified(shuffled, size, "s", by, allocation, 3, take_all)
    check(frame, one)
    assert one.drawn.sum() == min(size, len(claims))
    assert one.strata == other.strata
    assert one.drawn[places].tolist() == other.drawn.tolist()
    assert all(stratum.drawn >= min(2, stratum.claims) for stratum in one.strata)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_strata_have_names_for_people(language: str) -> None:
    named = say(in_words("level=hospital, amount=2, diagnosis="), language)
    hospital = label(FacilityLevel.HOSPITAL, language)
    expected = [("level", hospital), ("amount", "2"), ("diagnosis", "–")]
    parts = [f"{text(f'review_selection.by.{by}', language)} {value}" for by, value in expected]
    assert named == ", ".join(parts)
    for name in (EVERYTHING, TAKE_ALL, NOTHING):
        assert say(in_words(name), language) == text(f"review_selection.stratum.{name}", language)


def test_the_largest_are_all_taken() -> None:
    frame = frame_of([(number, "A00", "H") for number in range(100)])
    selection = select_stratified(frame, 30, "s", [AMOUNT], Allocation.NEYMAN, 4, 90)
    largest = next(stratum for stratum in selection.strata if stratum.name == TAKE_ALL)
    assert (largest.claims, largest.drawn) == (10, 10)
    assert selection.drawn.sum() == 30
    assert selection.bounds[-1] == 89
    with pytest.raises(TooSmall) as small:
        select_stratified(frame, 17, "s", [AMOUNT], Allocation.NEYMAN, 4, 90)
    assert small.value.least == 18
