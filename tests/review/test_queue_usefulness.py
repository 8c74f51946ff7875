"""What rules are worth adds up, and those that only cost are named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adjudicator.review.usefulness import ENOUGH, Look, Usefulness, usefulness

LOOKS = st.lists(
    st.builds(
        Look,
        st.sets(st.sampled_from("ABC"), min_size=1).map(lambda rules: tuple(sorted(rules))),
        st.booleans(),
        st.booleans(),
        st.integers(-100, 10_000),
        st.integers(0, 4000),
        st.integers(1, 5),
    )
)


@given(LOOKS)
def test_every_case_counts_whole_for_its_sources_and_once_among_all(looks: list[Look]) -> None:
    sources, total = usefulness(looks)
    decided = [look for look in looks if look.decided]
    hits, number = (sum(look.cases for look in some) for some in (looks, decided))
    assert (total.hits, total.decided) == (hits, number)
    assert total.waiting + total.released + total.decided == total.hits
    assert total.saved == sum(look.saved * look.cases for look in decided)
    assert total.seconds == sum(look.seconds * look.cases for look in looks)
    for one in sources:
        theirs = [look for look in decided if one.source in look.sources]
        assert one.decided == sum(look.cases for look in theirs)
        assert one.changed == sum(look.changed * look.cases for look in theirs)
        assert one.saved == sum(look.saved * look.cases for look in theirs)
        if one.decided:
            assert (one.agreement or 0) + (one.false_alarms or 0) == 10_000
        else:
            assert one.agreement is None
    assert [one.saved for one in sources] == sorted((one.saved for one in sources), reverse=True)


def test_cases_are_decided_released_or_waiting() -> None:
    looks = [Look(("A",), True), Look(("A",), False, released=True, cases=2), Look(("A",), False, cases=4)]
    (one,), total = usefulness(looks)
    assert (one.hits, one.decided, one.released, one.waiting) == (7, 1, 2, 4)
    assert (total.hits, total.decided, total.released, total.waiting) == (7, 1, 2, 4)


@given(LOOKS)
def test_the_order_of_cases_changes_nothing(looks: list[Look]) -> None:
    assert usefulness(looks) == usefulness(looks[::-1])


def test_what_only_costs_is_named_when_enough_was_decided() -> None:
    assert Usefulness("A", hits=9, decided=ENOUGH, seconds=60).only_costs()
    assert not Usefulness("A", hits=9, decided=ENOUGH - 1, seconds=60).only_costs()
    assert not Usefulness("A", hits=9, decided=ENOUGH, changed=1, saved=1, seconds=60).only_costs()
    assert Usefulness("A", decided=1, saved=100, seconds=1800).saved_an_hour == 200
