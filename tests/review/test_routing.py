"""Routing: what follows does not depend on any order, ends, and only grows with what is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.product.source import read_source
from adjudicator.review.cases import Event, What
from adjudicator.review.routing.facts import FINDING, KINDS, Fact, Type, fact, history, in_order
from adjudicator.review.routing.outcome import explanation, proposals
from adjudicator.review.routing.plain import chain, fires
from adjudicator.review.routing.read import routing_of
from adjudicator.review.routing.router import BackEnd, Router, route
from adjudicator.review.routing.rules import Earlier, Routing
from adjudicator.shipped import shipped_routing
from adjudicator.vocabulary import FacilityLevel, Severity
from adjudicator.words import LANGUAGES, entries, say
from tests.review.routing_worlds import FINDINGS, some_case, some_fact, some_routing
from tests.review.test_queue_cases import event

randoms = st.integers(0, 1 << 32).map(Random)
SHIPPED = routing_of(shipped_routing(), 2)


def grave(rule: str, queue: str, score: int = 90) -> Fact:
    return fact("flag", rule=rule, queue=queue, severity=Severity.HIGH, score=score)


@given(randoms)
def test_neither_the_order_of_facts_nor_that_of_rules_matters(random: Random) -> None:
    routing, case = some_routing(random, 8), some_case(random)
    expected = route(case, routing)
    rules = random.sample(routing.rules, len(routing.rules))
    again = [*random.sample(case, len(case)), *case]
    assert route(again, Routing(tuple(rules))) == expected


@given(randoms)
def test_more_facts_never_make_a_rule_silent(random: Random) -> None:
    routing, case = some_routing(random, 8), some_case(random)
    before = {firing.rule for firing in chain(routing.rules, case)}
    after = {firing.rule for firing in chain(routing.rules, [*case, some_fact(random)])}
    assert before <= after


@given(randoms)
def test_more_rules_never_make_a_rule_silent(random: Random) -> None:
    routing, case = some_routing(random, 8), some_case(random)
    few = {firing.rule for firing in chain(routing.rules[:4], case)}
    assert few <= {firing.rule for firing in chain(routing.rules, case)}


@given(randoms)
def test_it_ends_where_nothing_more_follows(random: Random) -> None:
    routing, case = some_routing(random, 8), some_case(random)
    firings = chain(routing.rules, case)
    found = [name for one in firings if (name := routing.by_name[one.rule].finding) is not None]
    everything = in_order([*case, *(fact(FINDING, name=name) for name in found)])
    assert chain(routing.rules, everything) == firings
    assert {one.rule for one in firings} == {
        rule.name for rule in routing.rules if fires(rule, everything) is not None
    }


@given(randoms)
def test_each_firing_names_different_facts_of_the_kinds_that_it_asks_for(random: Random) -> None:
    routing, case = some_routing(random, 8), some_case(random)
    known = {*case, *(fact(FINDING, name=name) for name in FINDINGS)}
    for firing in chain(routing.rules, case):
        patterns = routing.by_name[firing.rule].patterns
        assert [one.kind for one in firing.facts] == [pattern.kind for pattern in patterns]
        assert len(set(firing.facts)) == len(firing.facts)
        assert set(firing.facts) <= known


def test_rules_that_conclude_each_other_end() -> None:
    two = SHIPPED.by_name["two-grave-flags"], SHIPPED.by_name["hospital-suspicion"]
    first, second = two
    circle = replace(second, definition=first.definition, patterns=second.patterns[:1])
    assert chain([circle], []) == ()
    [firing] = chain([circle], [fact(FINDING, name="strong-suspicion")])
    assert firing.facts == (fact(FINDING, name="strong-suspicion"),)


def test_two_grave_flags_lead_further_where_the_claim_is_a_hospitals() -> None:
    flags = [grave("duplicate-claim", "duplicates"), grave("care-after-death", "identity")]
    result = route([*flags, fact("claim", level=FacilityLevel.HOSPITAL, facility="H042")], SHIPPED)
    assert result.findings == ("strong-suspicion",)
    assert (result.second_officer, result.escalate, result.fast_track) == (True, False, False)
    assert result.queue == "duplicates"
    assert [say(said) for said in proposals(result)] == [
        "into the queue duplicates",
        "a second medical officer is asked",
    ]
    assert not route([*flags, fact("claim", level=FacilityLevel.DISPENSARY)], SHIPPED).second_officer


def test_a_slight_flag_on_what_was_accepted_is_a_fast_track_unless_anything_speaks_against_it() -> None:
    case = [
        fact("case", flags=1, selections=0),
        fact("flag", rule="holiday-visits", queue="facilities", severity=Severity.LOW, score=0),
        fact("review", outcome="accept", by="Amina"),
    ]
    assert route(case, SHIPPED).fast_track
    held = route([*case, fact("history", event="disagreed", times=1, by="Joseph")], SHIPPED)
    assert held.escalate
    assert not held.fast_track
    assert "slight-and-known" in {firing.rule for firing in held.why}


def test_a_case_of_which_nothing_is_known_stays_where_it_is() -> None:
    result = route([], SHIPPED)
    assert (result.queue, result.why, list(proposals(result))) == (None, (), [])


def test_the_history_of_a_case_tells_each_kind_of_event_once() -> None:
    events: list[Event] = [
        event(What.OPENED, "the queue"),
        event(What.TAKEN),
        event(What.PUT_BACK),
        event(What.TAKEN, "Joseph"),
        event(What.PUT_BACK, "Joseph"),
    ]
    assert set(history(events)) == {
        fact("history", event="opened", times=1, by="the queue"),
        fact("history", event="taken", times=2, by="Joseph"),
        fact("history", event="put_back", times=2, by="Joseph"),
    }


def test_a_queue_of_higher_priority_wins_and_the_first_name_among_equals() -> None:
    [rule] = [rule for rule in SHIPPED.rules if rule.name == "duplicates-first"]

    def to(name: str, queue: str, priority: int) -> object:
        queued = rule.definition.then.queue
        assert queued is not None
        then = rule.definition.then.model_copy(
            update={"queue": queued.model_copy(update={"name": queue, "priority": priority})}
        )
        return replace(rule, definition=rule.definition.model_copy(update={"route": name, "then": then}))

    rules = (to("one", "y", 5), to("two", "b", 7), to("three", "a", 7))
    result = route([grave("duplicate-claim", "duplicates")], Routing(rules))  # type: ignore[arg-type]
    assert result.queue == "a"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_rule_tells_why_it_spoke(language: str) -> None:
    for rule in SHIPPED.rules:
        facts = next(facts for wanted, facts in rule.examples if wanted)
        [firing] = chain([replace(rule, definition=rule.definition)], facts)
        told = explanation(rule, firing, 2, language)
        assert "{" not in told
        assert "–" not in told or rule.name == "silent-facility"


def test_the_words_of_facts_are_in_the_catalogue_and_no_field_is_called_as_the_back_end_calls_its_own() -> (
    None
):
    for fields in KINDS.values():
        assert not fields.keys() & {"id", "sid", "kind", "always"}
        for field in fields.values():
            if field.type is Type.WORD and field.list == "Outcome":
                assert all(f"routing.outcome.{word}" in entries() for word in field.words)


def test_a_fact_has_only_fields_of_its_kind() -> None:
    with pytest.raises(KeyError):
        fact("flag", amount=3)


def test_the_plain_back_end_starts_nothing() -> None:
    with Router(SHIPPED) as router:
        assert router.route([]).back_end == BackEnd.PLAIN.value


def test_the_shipped_routing_speaks_of_rules_and_queues_that_are_shipped() -> None:
    texts = [path.read_text("utf-8") for path in (Path(__file__).parents[2] / "rules").glob("*.yaml")]
    loaded = [yaml.load(text, yaml.BaseLoader) for text in texts]
    known = {
        "rule": {rule["rule"] for rule in loaded},
        "queue": {then["queue"] for rule in loaded for then in rule["then"].values() if "queue" in then},
    }
    compared = [
        (test.field.list, test.to)
        for rule in SHIPPED.rules
        for pattern in rule.patterns
        for test in pattern.tests
        if test.field.list in known and not isinstance(test.to, Earlier)
    ]
    compared += [
        (name, value)
        for rule in SHIPPED.rules
        for _, facts in rule.examples
        for one in facts
        if one.kind == "flag"
        for name, value in one.values
        if name in known
    ]
    assert [one for one in compared if one[1] not in known[one[0]]] == []


def test_shipped_routing_is_no_folder_of_rules() -> None:
    assert all(path.parent.name == "routing" for path in shipped_routing())
    assert all("route" in read_source(path).tree for path in shipped_routing())
